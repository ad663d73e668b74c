"""An epoch waits until nothing is parked from before it, says so everywhere, and is entered when that is settled."""

import json
import time

import pytest

from scenario import caught_up
from wait import eventually

# The lab outlives a test process.
UNIQUE = f"{time.time_ns() // 1_000_000 % 100_000_000:x}"


def barrier_of(target, origin):
    """A row that stands there and says what it waits for."""
    return next((row for row in target.progress(origin) if row["state"] == "at-barrier" and "parked" in row["reason"]), None)


def refused_again(west, table):
    """A request is taken while the partition stands at the barrier, and answered."""
    again = west.ctl("parked", "retry", "--table", table, "--execute")
    assert again.returncode == 3 and "refused again" in again.stdout, again.stdout + again.stderr


def tried_now(west, table):
    """What refused it is gone, and apply may have been faster."""
    done = west.ctl("parked", "retry", "--table", table, "--execute")
    assert "applied" in done.stdout or "nothing of that kind" in done.stderr, done.stdout + done.stderr


def discarded(west, table):
    """While the target refuses it still."""
    done = west.ctl("parked", "discard", "--table", table, "--execute")
    assert done.returncode == 0 and "not-yet-equal" in done.stdout, done.stdout + done.stderr


def made_equal(west, east, table):
    """What the operator does about a row that was given up."""
    eventually("the gate names the table", lambda: table in json.dumps(west.gate()[1]) and not west.gate()[0])
    west.database.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {table} VALUES (1, 500)")
    west.declare_equal(east, table)


@pytest.mark.parametrize("way", ["mended", "retried", "discarded"])
def test_an_epoch_waits_for_what_is_parked_and_says_for_what(regions, way):
    east, west = regions.east, regions.west
    unique = UNIQUE + way
    other, refused = f"test_barrier.other{unique}", f"test_barrier.refused{unique}"
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_barrier CHARACTER SET utf8mb4",
                       f"CREATE TABLE {other} (id DECIMAL(9,2) NOT NULL PRIMARY KEY, n INT NOT NULL)",
                       f"CREATE TABLE {refused} (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)")
    regions.all_gates_open()
    west.database.execute(f"ALTER TABLE {refused} ADD CONSTRAINT small{unique} CHECK (n < 100)")
    try:
        east.database.as_application(f"INSERT INTO {refused} VALUES (1, 500)", f"INSERT INTO {other} VALUES (1, 1)")
        eventually("it is parked", west.parked)
        regions.everywhere("SET SESSION sql_log_bin = 0", f"ALTER TABLE {other} MODIFY id DECIMAL(12,4) NOT NULL")
        east.database.as_application(f"INSERT INTO {other} VALUES (2, 2)")
        row = eventually("the barrier says what it waits for", lambda: barrier_of(west, "east"), 60,
                         explain=lambda: str(west.progress("east")))
        assert f"1 changes are (1 of {refused})" in row["reason"]
        assert "`farshorectl parked list --origin east`" in row["reason"]
        eventually("the gate says it", lambda: row["reason"] in json.dumps(west.gate()[1]))
        assert not west.gate()[0]
        eventually("apply says it too", lambda: "are tried again until they fit" in west.ready("apply")[1])
        status = west.ctl("status")
        assert status.returncode == 3 and f"1 of {refused}" in status.stdout
        assert west.database.rows(f"SELECT COUNT(*) FROM {other}") == [(1,)], "nothing behind the barrier is applied"
        refused_again(west, refused)
        if way == "discarded":
            discarded(west, refused)
            eventually("the barrier is over", lambda: west.database.rows(f"SELECT COUNT(*) FROM {other}") == [(2,)], 30,
                       explain=lambda: str(west.progress("east")))
    finally:
        west.database.execute(f"ALTER TABLE {refused} DROP CONSTRAINT small{unique}")
    if way == "retried":
        tried_now(west, refused)
    caught_up(regions)
    assert west.database.rows(f"SELECT n FROM {refused}") == ([] if way == "discarded" else [(500,)])
    assert west.database.rows(f"SELECT COUNT(*) FROM {other}") == [(2,)]
    if way == "discarded":
        made_equal(west, east, refused)
    regions.all_gates_open()


def waiting(target, table):
    """The statement of that table that waits here; None while there is none."""
    found = target.database.records(f"SELECT * FROM farshore.statement WHERE table_names = '{table}' AND state = 'waiting'")
    return found[0] if found else None


def ddl(region, origin, epoch, *words):
    return region.ctl("ddl", "done", "--origin", origin.name, "--epoch", str(epoch), *words)


def reason_of(region, word):
    return next((reason["detail"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]
                 if reason["reason"] == word), "")


@pytest.mark.parametrize("is_logged", [False, True], ids=["not logged here", "logged here"])
@pytest.mark.parametrize("way", ["mended", "discarded"])
def test_a_truncate_waits_for_the_rows_that_are_parked_from_before_it(regions, way, is_logged):
    """The runbook: first what is parked, then the statement here, `ddl done`, and where it was logged once more for its echo."""
    east, west = regions.east, regions.west
    unique = f"{UNIQUE}{way}{'logged' if is_logged else ''}"
    table = f"test_barrier.emptied{unique}"
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_barrier CHARACTER SET utf8mb4",
                       f"CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)")
    regions.all_gates_open()
    rows = lambda region: region.database.rows(f"SELECT id, n FROM {table} ORDER BY id")  # noqa: E731
    west.database.execute("SET SESSION sql_log_bin = 0", f"ALTER TABLE {table} ADD CONSTRAINT small{unique} CHECK (n < 100)")
    try:
        east.database.as_application(f"INSERT INTO {table} VALUES (1, 500), (2, 2)")
        eventually("one is parked", lambda: len(west.parked()) == 1 and rows(west) == [(2, 2)])
        east.database.execute(f"TRUNCATE TABLE {table}")
        east.database.as_application(f"INSERT INTO {table} VALUES (1, 7), (3, 3)")
        eventually("the barrier says what it waits for", lambda: f"(1 of {table})" in reason_of(west, "at-barrier"), 60,
                   explain=lambda: str(west.progress("east")))
        epoch = int(east.metrics("capture").total("farshore_capture_epoch_number", origin="east"))
        early = ddl(west, east, epoch, "--execute")
        assert early.returncode != 0 and "is waited for" in early.stderr and waiting(west, table) is None, early.stdout + early.stderr
        if way == "discarded":
            discarded(west, table)
    finally:
        west.database.execute("SET SESSION sql_log_bin = 0", f"ALTER TABLE {table} DROP CONSTRAINT small{unique}")
    eventually("the statement is waited for", lambda: waiting(west, table), 60, explain=lambda: str(west.progress("east")))
    eventually("the gate says it", lambda: table in reason_of(west, "waiting-for-statement"), explain=lambda: str(west.gate()))
    assert west.parked() == []
    assert rows(west) == ([(1, 500), (2, 2)] if way == "mended" else [(2, 2)]), "all before the statement, and nothing behind it"
    west.database.execute(*([] if is_logged else ["SET SESSION sql_log_bin = 0"]), f"TRUNCATE TABLE {table}")
    done = ddl(west, east, epoch, "--execute")
    assert done.returncode == 0, done.stderr
    if is_logged:
        echo = eventually("its echo is waited for in east", lambda: waiting(east, table), 60, explain=lambda: str(east.progress("west")))
        done = ddl(east, west, echo["epoch"], "--execute")
        assert done.returncode == 0, done.stderr
    caught_up(regions)
    assert rows(west) == rows(east) == [(1, 7), (3, 3)]
    assert west.parked() == [] and west.conflicts() == []
    assert west.database.value(f"SELECT COUNT(*) FROM farshore.parked_first WHERE CONCAT(schema_name, '.', table_name) = '{table}'") == 0
    if way == "discarded":
        eventually("the gate names the table", lambda: table in reason_of(west, "not-yet-equal"))
        west.declare_equal(east, table)
    regions.all_gates_open()
