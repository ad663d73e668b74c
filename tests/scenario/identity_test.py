"""Who is who: a paused capture and its standby, a lost checkpoint, a filtered marker, a source that went back in time.

Each is told apart as design.md says, with the gate closed where truth is in doubt, and no row lost, doubled, or
overwritten by an older one. The last test leaves the lab broken on purpose.
"""

import shutil

import pytest

from ledger import differences
from lab_lib import account
from lab_lib.services import get
from metrics import Metrics
from scenario import (Before, assert_all_equal, assert_nothing_left_over, assert_nothing_lost_in_the_topics, caught_up,
                      published, writing)
from target_binlog import WORKLOAD_VERSIONS, TargetBinlog
from wait import eventually, holds_for

GATE_CLOSES_WITHIN_S = 25     # max_age, and what it takes to notice
TAKE_OVER_WITHIN_S = 30


@pytest.fixture(scope="module")
def lab(make_regions, long_form):
    """Everything is done to east: MySQL in the short form, in the long one MariaDB, whose positions are by domain."""
    regions = make_regions(server="mariadb" if long_form else "mixed", settings=["apply.retry_interval=1s"])
    regions.all_gates_open()
    return regions


@pytest.fixture
def emptied(lab):
    lab.east.database.execute(*(f"DELETE FROM shop.{table}" for table in ("account", "orders", "order_line", "label")))
    caught_up(lab)
    return lab


def some_transactions(workloads, region, count):
    ledger = workloads[region].ledger
    wanted = ledger.transactions + count
    eventually(f"{count} more transactions in {region}", lambda: ledger.transactions >= wanted)


def capture_says(lab, name, *words, timeout_s=TAKE_OVER_WITHIN_S):
    def says():
        _, answer = lab.east.ready(name)
        return all(word.lower() in answer.lower() for word in words)
    lab.east.urls[name] = lab.lab.env()["regions"]["east"]["services"][name]["url"]
    eventually(f"east.{name} says {words}", says, timeout_s, explain=lambda: lab.east.ready(name)[1])


def assert_rows_are_right(lab, ledgers, before):
    caught_up(lab)
    assert_all_equal(lab, ledgers)
    assert_nothing_lost_in_the_topics(lab)
    assert_nothing_left_over(lab)
    seen = TargetBinlog(lab.west.database, WORKLOAD_VERSIONS, before.binlogs["west"])
    assert seen.faults == [], "\n".join(seen.faults[:20])


def test_a_standby_takes_over_from_a_paused_capture_which_then_steps_back(emptied, seed):
    lab, before = emptied, Before(emptied)
    lab.lab.start("east.capture-2")
    capture_says(lab, "capture-2", "standby")
    with writing(lab, seed) as workloads:
        some_transactions(workloads, "east", 30)
        lab.lab.pause("east.capture")
        eventually("the standby has taken over", lambda: active(lab, "capture-2") == 1, TAKE_OVER_WITHIN_S)
        some_transactions(workloads, "east", 30)
        lab.lab.resume("east.capture")
        eventually("the first one steps back", lambda: active(lab, "capture") == 0, TAKE_OVER_WITHIN_S)
        some_transactions(workloads, "east", 30)
    ledgers = [workload.ledger for workload in workloads.values()]
    assert_rows_are_right(lab, ledgers, before)
    assert published(lab.east).distinct - before.published["east"] == ledgers[0].published_changes
    assert len(published(lab.east).epochs) == 1, "the same numbers go on"
    lab.lab.stop("east.capture-2")
    eventually("the first one captures again", lambda: active(lab, "capture") == 1, TAKE_OVER_WITHIN_S)
    lab.all_gates_open()


def active(lab, name):
    """1 when it captures, 0 when it does not, None when it does not answer."""
    status, text = get(lab.lab.component(f"east.{name}").url + "/metrics")
    return Metrics(text).total("farshore_capture_active", origin="east") if status == 200 else None


def test_a_lost_checkpoint_stops_capture_until_it_is_rebuilt(emptied, seed):
    lab, before = emptied, Before(emptied)
    with writing(lab, seed + 1) as workloads:
        some_transactions(workloads, "east", 40)
        lab.lab.stop("east.capture")
        lab.east.topics.delete_topic("farshore.checkpoint.east")
        lab.lab.start("east.capture", wait=False)
        capture_says(lab, "capture", "checkpoint", "--rebuild-checkpoint")
        some_transactions(workloads, "east", 20)
        eventually("the gate of west closes", lambda: not lab.west.gate()[0], GATE_CLOSES_WITHIN_S)
        epochs = published(lab.east).epochs
        lab.lab.stop("east.capture")
        lab.lab.start("east.capture", ["--rebuild-checkpoint"])
        some_transactions(workloads, "east", 20)
    assert_rows_are_right(lab, [workload.ledger for workload in workloads.values()], before)
    assert len(published(lab.east).epochs) == len(epochs) + 1
    lab.restart("east.capture")
    lab.all_gates_open()


def test_a_filtered_marker_stops_apply_before_it_writes(emptied, seed):
    """West's database leaves the farshore schema out of its binlog: what apply writes there could be captured again."""
    lab, before = emptied, Before(emptied)
    echoes = published(lab.west).distinct
    set_db_option(lab, "west", "binlog-ignore-db", "farshore")
    with writing([lab.east], seed + 2) as workloads:
        some_transactions(workloads, "east", 30)
        eventually("apply says that its marker is filtered", lambda: lab.west.states("east") == {"marker-filtered"}, 30,
                   explain=lambda: str(lab.west.progress("east")))
        eventually("the gate of west closes", lambda: not lab.west.gate()[0], GATE_CLOSES_WITHIN_S)
        assert "marker" in str(lab.west.gate()[1])
        eventually("west's own capture refuses too", lambda: "binlog filter is binlog_ignore_db=farshore, and has to be none"
                   in lab.west.ready("capture")[1], TAKE_OVER_WITHIN_S, explain=lambda: lab.west.ready("capture")[1])
        rows = lab.west.database.value("SELECT COUNT(*) FROM shop.account")
        some_transactions(workloads, "east", 10)
        holds_for("apply writes nothing", lambda: lab.west.database.value("SELECT COUNT(*) FROM shop.account") == rows, 1)
    set_db_option(lab, "west", "binlog-ignore-db", None)
    lab.all_gates_open()
    assert_rows_are_right(lab, [workloads["east"].ledger], before)
    assert published(lab.west).distinct == echoes, "nothing came back from west"


def set_db_option(lab, region, name, value):
    with lab.lab.state.changed() as data:
        options = data.setdefault("db_settings", {}).setdefault(region, {})
        options.pop(name, None)
        if value is not None:
            options[name] = value
    lab.restart(f"{region}.db")


def test_a_source_put_back_to_an_older_copy_and_grown_past_the_checkpoint_is_noticed(emptied, seed):
    """Same GTIDs, another history: resuming by GTID would lose what was replaced, without any error."""
    lab = emptied
    data = lab.lab.databases["east"].data
    lab.lab.stop("east.db")
    shutil.copytree(data, data.with_name("copy"))
    lab.lab.start("east.db")
    with writing([lab.east], seed + 3) as workloads:
        some_transactions(workloads, "east", 40)
    caught_up(lab)
    lost = workloads["east"].ledger
    lab.lab.stop("east.capture")
    lab.lab.stop("east.db")
    put_back(data)
    lab.lab.start("east.db")
    with writing([lab.east], seed + 4) as workloads:
        some_transactions(workloads, "east", lost.transactions + 60)
    lab.lab.start("east.capture", wait=False)
    capture_says(lab, "capture", "history")
    eventually("the gate of west closes", lambda: not lab.west.gate()[0], GATE_CLOSES_WITHIN_S)
    holds_for("capture stays stopped", lambda: not lab.east.ready("capture")[0], 2)
    assert differences(lab.west.database, [lost]) == [], "west keeps what was acknowledged before"


def put_back(data):
    shutil.rmtree(data)
    data.with_name("copy").rename(data)
    account.give(data)
    for path in data.rglob("*"):
        account.give(path)
