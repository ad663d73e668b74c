"""A storm, and design.md's invariants held against it: one test for each, of its name.

Both regions write, a row beats in each, each gate is asked all the time; meanwhile every component in turn is killed
or stopped and continued at random moments. A failure shows seed and faults.
"""

import time

import pytest

import told
from faults import FaultInjector
from probe import Beats, GateWatch
from processes import MemoryWatch
from sanitizers import sanitized
from scenario import (Before, assert_all_equal, assert_no_echo, assert_nothing_left_over, assert_nothing_lost_in_the_topics,
                      assert_nothing_twice, caught_up, published, topic_of, what_is_missing, writing)
from target_binlog import WORKLOAD_VERSIONS, TargetBinlog
from wait import eventually, holds_for

SHORT_FAULTS, LONG_FAULTS = 11, 36
CAUGHT_UP_WITHIN_S = 60
MEMORY_BOUND_MB = 160     # also of a debug build; benchmarks hold the release build to less
SANITIZED_BOUND_MB = 640  # AddressSanitizer keeps 256 MB of what was freed, ThreadSanitizer a shadow of all
MAX_AGE_S = 10


class Storm:
    def __init__(self, regions, seed, faults):
        self.regions = regions
        regions.all_gates_open()
        self.before = Before(regions)
        with MemoryWatch(regions.service_pids) as self.memory, writing(regions, seed) as workloads:
            self.beats = {region.name: Beats(region.database, workloads[region.name].ledger) for region in regions}
            self.watches = [GateWatch(region, self.beats[other.name], MAX_AGE_S)
                            for region in regions for other in regions.others(region)]
            for thread in [*self.beats.values(), *self.watches]:
                thread.start()
            injector = FaultInjector(regions.lab, seed)
            self.faults = injector.run(faults)
            for beats in self.beats.values():
                beats.stop()
        last_fault = time.monotonic()
        eventually("all are caught up", lambda: injector.supervise() or not what_is_missing(regions), CAUGHT_UP_WITHIN_S,
                   explain=lambda: what_is_missing(regions))
        self.caught_up_s = time.monotonic() - last_fault
        regions.all_gates_open()
        for watch in self.watches:
            watch.stop()
        self.ledgers = [workload.ledger for workload in workloads.values()]
        for ledger in self.ledgers:
            told.say(f"{ledger.region}: {ledger.transactions} transactions, {ledger.row_changes} rows, "
                     f"{ledger.unknown_outcomes} unknown outcomes")
        told.say(f"caught up {self.caught_up_s:.1f} s after the last of {len(self.faults)} faults; "
                 f"memory {({name: round(mb) for name, mb in self.memory.greatest_mb.items()})}")


@pytest.fixture(scope="module")
def storm(make_regions, seed, long_form):
    return Storm(make_regions(settings=["apply.retry_interval=1s"]), seed, LONG_FAULTS if long_form else SHORT_FAULTS)


def invariant_1_nothing_acknowledged_is_lost(storm):
    assert_all_equal(storm.regions, storm.ledgers)
    assert_nothing_lost_in_the_topics(storm.regions)


def invariant_2_twice_is_once(storm):
    assert_nothing_twice(storm.regions, storm.ledgers, storm.before)
    repeat_the_past(storm.regions.east, storm.regions.west)
    caught_up(storm.regions)
    assert_all_equal(storm.regions, storm.ledgers)


def invariant_3_per_key_the_origins_order(storm):
    for region in storm.regions:
        seen = TargetBinlog(region.database, WORKLOAD_VERSIONS, storm.before.binlogs[region.name])
        assert seen.applied_rows > 0
        assert seen.order_faults == []


def invariant_4_no_echo(storm):
    assert_no_echo(storm.regions, storm.ledgers, storm.before)
    for region in storm.regions:
        assert region.metrics("capture").total("farshore_capture_echo_transactions_total", origin=region.name) > 0


def invariant_5_no_resurrection(storm):
    deleted = {place for ledger in storm.ledgers for place in ledger.deleted}
    assert deleted
    repeat_the_past(storm.regions.west, storm.regions.east)
    caught_up(storm.regions)
    assert_all_equal(storm.regions, storm.ledgers)


def repeat_the_past(origin, target):
    """Puts the oldest records of an origin's mirrored topic there once more, and sees them dropped."""
    topic = topic_of(origin.name)
    dropped = target.metrics("apply").total("farshore_apply_duplicate_rows_total", origin=origin.name)
    old = [record for record in target.topics.read(topic, keep_values=True) if record.header.kind == 1][:200]
    target.topics.produce_all(topic, [(record.partition, record.value, record.raw_header) for record in old])
    repeated = sum(record.header.count for record in old)
    eventually("the repeated changes are dropped", lambda: target.metrics("apply").total(
        "farshore_apply_duplicate_rows_total", origin=origin.name) >= dropped + repeated)


def invariant_6_the_gate_tells_the_truth(storm):
    for watch in storm.watches:
        assert watch.checked > 0 and watch.answers_open > 0
        assert watch.lies == [], "\n".join(watch.lies[:10])
    west = storm.regions.west
    storm.regions.lab.kill("east.capture")
    eventually("the gate closes when the evidence is old", lambda: not west.gate()[0], MAX_AGE_S + 5)
    storm.regions.lab.start("east.capture")
    eventually("the gate opens again", lambda: west.gate()[0], 30)


def invariant_8_memory_is_bounded(storm):
    assert storm.memory.greatest_mb
    for name, mb in storm.memory.greatest_mb.items():
        assert mb < (SANITIZED_BOUND_MB if sanitized() else MEMORY_BOUND_MB), f"{name} grew to {mb:.0f} MB"


def invariant_7_nothing_is_dropped_in_silence(storm):
    """Last, since it ends with a partition that stands still."""
    assert_nothing_left_over(storm.regions)
    east, west = storm.regions.east, storm.regions.west
    topic = topic_of("east")
    west.topics.produce(topic, 0, b"neither a batch nor anything else")
    eventually("the partition stops", lambda: progress_of(west, "east", 0)["state"] == "unreadable-batch")
    eventually("the gate closes", lambda: not west.gate()[0], 3)
    stood_at = progress_of(west, "east", 0)
    assert stood_at["reason"]
    numbers = published(east).distinct
    east.database.as_application(*(f"INSERT INTO shop.account VALUES ({10**17 + n}, 'late', 0, NULL, 1)" for n in range(40)))
    eventually("the rows are published", lambda: published(east).distinct == numbers + 40)
    eventually("other partitions go on", lambda: west.database.value(
        "SELECT COUNT(*) FROM shop.account WHERE owner = 'late'") > 0)
    holds_for("nothing of the stopped partition is applied", lambda: progress_of(west, "east", 0)["seq"] == stood_at["seq"], 1)
    assert west.database.value("SELECT COUNT(*) FROM shop.account WHERE owner = 'late'") < 40


def progress_of(region, origin, part):
    return next(row for row in region.progress(origin) if row["part"] == part)
