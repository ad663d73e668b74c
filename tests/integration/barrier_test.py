"""An epoch waits until nothing is parked from before it, says so everywhere, and is entered when that is settled."""

import json
import time

from scenario import caught_up
from wait import eventually

# The lab outlives a test process.
UNIQUE = f"{time.time_ns() // 1_000_000 % 100_000_000:x}"


def barrier_of(target, origin):
    """A row that stands there and says what it waits for."""
    return next((row for row in target.progress(origin) if row["state"] == "at-barrier" and "parked" in row["reason"]), None)


def test_an_epoch_waits_for_what_is_parked_and_says_for_what(regions):
    east, west = regions.east, regions.west
    other, refused = f"test_barrier.other{UNIQUE}", f"test_barrier.refused{UNIQUE}"
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_barrier CHARACTER SET utf8mb4",
                       f"CREATE TABLE {other} (id DECIMAL(9,2) NOT NULL PRIMARY KEY, n INT NOT NULL)",
                       f"CREATE TABLE {refused} (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)")
    regions.all_gates_open()
    west.database.execute(f"ALTER TABLE {refused} ADD CONSTRAINT small{UNIQUE} CHECK (n < 100)")
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
    finally:
        west.database.execute(f"ALTER TABLE {refused} DROP CONSTRAINT small{UNIQUE}")
    caught_up(regions)
    assert west.database.rows(f"SELECT n FROM {refused}") == [(500,)]
    assert west.database.rows(f"SELECT COUNT(*) FROM {other}") == [(2,)]
    regions.all_gates_open()
