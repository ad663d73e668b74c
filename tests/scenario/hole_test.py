"""A hole made on purpose: the partition stops there, the gate says so within 3 s, nothing after the hole is applied.

When the missing records come back, the partition goes on by itself.
"""

import pytest

from ledger import differences
from scenario import topic_of, writing
from wait import eventually, holds_for

TOPIC = topic_of("east")
GATE_CLOSES_WITHIN_S = 3


@pytest.fixture(scope="module")
def lab(make_regions):
    regions = make_regions(settings=["apply.retry_interval=1s"])
    regions.all_gates_open()
    return regions


def ends(topics):
    return {partition: high for partition, (_, high) in topics.offsets(TOPIC).items()}


def write_while_apply_is_away(lab, seed, transactions=60):
    """East writes, the mirror copies, and west applies nothing of it. Gives the ledger and the offsets before and after."""
    lab.wait()
    lab.lab.stop("west.apply")
    before = ends(lab.west.topics)
    with writing([lab.east], seed, clients=2, mean_pause_s=0.005) as workloads:
        ledger = workloads["east"].ledger
        eventually("east has written", lambda: ledger.transactions >= transactions)
    wanted = changes_in(lab.east)
    eventually("the mirror has copied it", lambda: changes_in(lab.west) >= wanted)
    return ledger, before, ends(lab.west.topics)


def changes_in(region):
    return {(record.partition, record.header.epoch, record.header.first_seq + at)
            for record in region.topics.read(TOPIC) if record.header.kind == 1 for at in range(record.header.count)}


def start_apply(lab):
    lab.lab.start("west.apply", wait=False)


def partitions_at_a_hole(lab):
    return {row["part"] for row in lab.west.progress("east") if row["state"] == "hole"}


def assert_gate_says_hole(lab):
    eventually("the gate is closed and says hole", lambda: gate_names(lab.west, "hole"), GATE_CLOSES_WITHIN_S,
               explain=lambda: str(lab.west.gate()))


def gate_names(region, reason):
    is_open, answer = region.gate()
    return not is_open and reason in str(answer)


def refilled(lab):
    done = lab.west.ctl("refill", "--origin", "east", "--peer", str(lab.east.config_file), "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    return True


def seqs(lab):
    return {row["part"]: row["seq"] for row in lab.west.progress("east")}


def test_records_deleted_from_the_mirrored_topic(lab, seed):
    ledger, before, after = write_while_apply_is_away(lab, seed)
    applied = seqs(lab)
    victims = sorted(partition for partition in after if after[partition] - before[partition] > 3)[:2]
    assert victims
    lab.west.topics.delete_records(TOPIC, {partition: after[partition] - 1 for partition in victims})
    start_apply(lab)
    eventually("the partitions stop at the hole", lambda: partitions_at_a_hole(lab) == set(victims))
    assert_gate_says_hole(lab)
    for row in lab.west.progress("east"):
        if row["part"] in victims:
            assert str(row["seq"] + 1) in row["reason"], "the reason names the number that is missing"
    eventually("the metric counts them",
               lambda: lab.west.metrics("apply").total("farshore_apply_hole_partitions", origin="east") == len(victims), 5)
    holds_for("nothing after the hole is applied",
              lambda: all(seqs(lab)[partition] == applied[partition] for partition in victims), 2)

    refill = ("refill", "--origin", "east", "--peer", str(lab.east.config_file))
    dry = lab.west.ctl(*refill)
    assert dry.returncode == 0 and dry.stdout.count("would copy") == len(victims), dry.stdout + dry.stderr
    assert partitions_at_a_hole(lab) == set(victims), "a dry run changes nothing"
    refilled(lab)
    lab.wait()
    lab.all_gates_open()
    assert differences(lab.west.database, [ledger]) == []


def test_the_mirrored_topic_is_recreated(lab, seed):
    empty(lab)
    ledger, _, _ = write_while_apply_is_away(lab, seed + 1)
    applied = seqs(lab)
    lab.lab.stop("mirror")
    lab.west.topics.delete_topic(TOPIC)
    lab.lab.start("mirror")
    eventually("the mirror made the topic again", lambda: TOPIC in lab.west.topics.names())
    start_apply(lab)
    lab.east.database.as_application(*(f"INSERT INTO shop.label VALUES ('after-{n}', {n}, 1)" for n in range(40)))
    eventually("every partition that has a number to miss stops", lambda: partitions_at_a_hole(lab))
    assert_gate_says_hole(lab)
    holds_for("nothing after the hole is applied", lambda: all(seqs(lab)[part] == applied[part]
                                                               for part in partitions_at_a_hole(lab)), 2)
    eventually("refill ends every hole", lambda: refilled(lab) and not partitions_at_a_hole(lab), poll_s=1)
    lab.wait()
    lab.east.database.execute("DELETE FROM shop.label WHERE code LIKE 'after-%'")
    lab.wait()
    assert differences(lab.west.database, [ledger]) == []
    assert differences(lab.east.database, [ledger]) == []


def empty(lab):
    lab.east.database.execute(*(f"DELETE FROM shop.{table}" for table in ("account", "orders", "order_line", "label")))
    lab.wait()
