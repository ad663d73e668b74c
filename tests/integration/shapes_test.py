"""A captured table's key takes another shape in mid-stream: its rows move to other partitions, and nothing is overtaken.

The statement is run at both sides, as it is not carried. The oracle: both sides hold the same rows at the end.
"""

import itertools
import random
import threading
import time

import pytest

from scenario import caught_up
from wait import eventually

SCHEMA = "test_shapes"
numbers = itertools.count(1)
# The lab outlives a test process, and a table is not made anew in it: that changes rows without row events.
UNIQUE = f"{time.time_ns() // 1_000_000 % 100_000_000:x}"
STEPS_S = 60


@pytest.fixture(scope="module", autouse=True)
def schema(regions):
    regions.everywhere(f"CREATE DATABASE IF NOT EXISTS {SCHEMA} CHARACTER SET utf8mb4")


@pytest.fixture(params=["east", "west"])
def pair(regions, request):
    """(source, target), both ways round."""
    source = regions.by_name[request.param]
    yield source, regions.others(source)[0]
    regions.all_gates_open()


def make_table(regions, columns, schema=SCHEMA):
    table = f"{schema}.t{UNIQUE}n{next(numbers)}"
    regions.everywhere(f"CREATE TABLE {table} ({columns})")
    return table


def alter(region, table, change):
    """Hidden from the binlog, as some tools do it: only the rows that follow show the new shape."""
    region.database.execute("SET SESSION sql_log_bin = 0", f"ALTER TABLE {table} {change}")


def alter_everywhere(regions, table, change):
    for region in regions:
        alter(region, table, change)


def rows(region, table):
    return sorted(region.database.rows(f"SELECT * FROM {table}"))


def epoch(source):
    return int(source.metrics("capture").total("farshore_capture_epoch_number", origin=source.name))


def end_equal(regions, source, target, table):
    caught_up(regions, STEPS_S)
    there, here = rows(target, table), rows(source, table)
    back = [row for row in there if row not in here]
    lost = [row for row in here if row not in there]
    assert not back and not lost, f"{len(back)} rows only at the target, {len(lost)} only at the source: {(back + lost)[:5]}"
    return here


def without_apply(regions, target, *steps):
    """What the steps do is found by apply as one backlog."""
    regions.lab.stop(f"{target.name}.apply")
    try:
        for step in steps:
            step()
    finally:
        regions.lab.start(f"{target.name}.apply", wait=False)


def renamed_collation(regions, source, target):
    """The issue's first history: a table of one partition becomes one that is hashed by its key."""
    table = make_table(regions, "name VARCHAR(40) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, n INT NOT NULL")
    apply = source.database.as_application
    steps = (lambda: apply(*(f"INSERT INTO {table} VALUES ('row {n}', {n})" for n in range(100))),
             lambda: alter_everywhere(regions, table, "MODIFY name VARCHAR(40) COLLATE utf8mb4_bin NOT NULL"),
             lambda: apply(*(f"DELETE FROM {table} WHERE name = 'row {n}'" for n in range(50)),
                           *(f"UPDATE {table} SET n = n + 1000 WHERE name = 'row {n}'" for n in range(50, 100))))
    return table, steps


def test_rows_whose_collation_becomes_bytewise_while_apply_is_away(regions, pair):
    source, target = pair
    table, steps = renamed_collation(regions, source, target)
    before = epoch(source)
    without_apply(regions, target, *steps)
    assert len(end_equal(regions, source, target, table)) == 50
    assert epoch(source) == before + 1
    assert f"the key of table {table} changed" in source.log("capture")


def test_rounds_of_another_scale_with_everything_running(regions, pair):
    source, target = pair
    table = make_table(regions, "at DATETIME(6) NOT NULL PRIMARY KEY, n INT NOT NULL")
    for turn in range(8):
        alter(source, table, f"MODIFY at DATETIME({6 if turn % 2 else 0}) NOT NULL")
        first = 50 * turn
        source.database.as_application(
            *(f"INSERT INTO {table} VALUES (TIMESTAMPADD(SECOND, {first + n}, '2026-01-01'), {turn})" for n in range(50)))
        alter(source, table, f"MODIFY at DATETIME({0 if turn % 2 else 6}) NOT NULL")
        source.database.as_application(
            *(f"DELETE FROM {table} WHERE at = TIMESTAMPADD(SECOND, {first + n}, '2026-01-01')" for n in range(25)))
    assert len(end_equal(regions, source, target, table)) == 8 * 25


CHANGES = {
    "another scale": ("k DATETIME NOT NULL", "MODIFY k DATETIME(6) NOT NULL", ["'2026-01-02 03:04:05'", "'2026-01-02 03:04:06'"]),
    "labels in another order": ("k ENUM('a') NOT NULL", "MODIFY k ENUM('b', 'a') NOT NULL", ["'a'", "'b'"]),
    "digits behind the point": ("k DECIMAL(10, 2) NOT NULL", "MODIFY k DECIMAL(12, 4) NOT NULL", ["1.50", "2.50"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_that_comes_under_one_shape_and_goes_under_another(regions, pair, change):
    """One backlog holds both: what it merges by the key's bytes must not mix them."""
    source, target = pair
    column, alter, (first, second) = CHANGES[change]
    table = make_table(regions, f"{column}, n INT NOT NULL, PRIMARY KEY (k)")
    is_enum = "ENUM" in column
    without_apply(
        regions, target, lambda: source.database.as_application(f"INSERT INTO {table} VALUES ({first}, 1)"),
        lambda: alter_everywhere(regions, table, alter),
        lambda: source.database.as_application(f"INSERT INTO {table} VALUES ({second}, 2)",
                                               *([] if is_enum else [f"DELETE FROM {table} WHERE n = 1"])))
    assert len(end_equal(regions, source, target, table)) == (2 if is_enum else 1)


def test_a_key_in_another_order(regions, pair):
    source, target = pair
    table = make_table(regions, "a INT NOT NULL, b INT NOT NULL, n INT NOT NULL, PRIMARY KEY (a, b)")
    apply = source.database.as_application
    without_apply(
        regions, target, lambda: apply(*(f"INSERT INTO {table} VALUES ({n}, {n % 7}, 0)" for n in range(60))),
        lambda: alter_everywhere(regions, table, "DROP PRIMARY KEY, ADD PRIMARY KEY (b, a)"),
        lambda: apply(f"DELETE FROM {table} WHERE a < 30", f"UPDATE {table} SET n = 1", f"INSERT INTO {table} VALUES (1, 1, 2)"))
    assert len(end_equal(regions, source, target, table)) == 31


def test_a_transaction_that_is_published_in_part_when_the_new_shape_shows(regions, pair):
    """It changes other tables first, more of them than a batch holds: one plain, one in an order group."""
    source, target = pair
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_group CHARACTER SET utf8mb4")
    plain = make_table(regions, "id INT NOT NULL PRIMARY KEY, body VARCHAR(400) NOT NULL")
    grouped = make_table(regions, "id INT NOT NULL PRIMARY KEY, body VARCHAR(400) NOT NULL", "test_group")
    table = make_table(regions, "at DATETIME NOT NULL PRIMARY KEY, n INT NOT NULL")
    apply = source.database.as_application
    apply(f"INSERT INTO {table} VALUES ('2026-01-01', 1)")
    before = epoch(source)
    alter_everywhere(regions, table, "MODIFY at DATETIME(6) NOT NULL")
    values = ", ".join(f"({n}, REPEAT('x', 300))" for n in range(3000))
    apply("BEGIN", f"INSERT INTO {plain} VALUES {values}", f"INSERT INTO {grouped} VALUES {values}",
          f"UPDATE {plain} SET body = 'second' WHERE id < 1500", f"DELETE FROM {grouped} WHERE id >= 1500",
          f"UPDATE {table} SET n = 2", f"INSERT INTO {table} VALUES ('2026-01-02', 3)", "COMMIT")
    for one in (plain, grouped, table):
        end_equal(regions, source, target, one)
    assert epoch(source) == before + 1


def test_capture_killed_around_the_statement(regions, pair, seed):
    source, target = pair
    chance = random.Random(f"shapes/{seed}")
    table = make_table(regions, "at DATETIME(6) NOT NULL PRIMARY KEY, n INT NOT NULL")
    capture = f"{source.name}.capture"
    for turn in range(6):
        scale = 6 if turn % 2 else 0
        first = 40 * turn
        killing = threading.Timer(chance.uniform(0, 1.2), regions.lab.kill, [capture])
        source.database.as_application(
            *(f"INSERT INTO {table} VALUES (TIMESTAMPADD(SECOND, {first + n}, '2026-01-01'), {turn})" for n in range(40)))
        killing.start()
        alter(source, table, f"MODIFY at DATETIME({scale}) NOT NULL")
        source.database.as_application(
            *(f"DELETE FROM {table} WHERE at = TIMESTAMPADD(SECOND, {first + n}, '2026-01-01')" for n in range(20)),
            f"UPDATE {table} SET n = n + 100 WHERE n = {turn}")
        killing.join()
        regions.lab.start(capture, wait=False)
    eventually("capture is ready", lambda: source.ready("capture")[0], STEPS_S, explain=lambda: source.ready("capture")[1])
    assert len(end_equal(regions, source, target, table)) == 6 * 20


def test_a_truncate_is_waited_for_and_what_follows_it_comes_behind(regions, pair):
    source, target = pair
    table = make_table(regions, "id INT NOT NULL PRIMARY KEY, n INT NOT NULL")
    source.database.as_application(*(f"INSERT INTO {table} VALUES ({n}, 1)" for n in range(20)))
    caught_up(regions)
    before = epoch(source)
    source.database.execute(f"TRUNCATE TABLE {table}")
    regions.lab.kill(f"{source.name}.capture")
    source.database.as_application(*(f"INSERT INTO {table} VALUES ({n}, 2)" for n in range(5)))
    regions.lab.start(f"{source.name}.capture", wait=False)
    eventually("all of the origin waits", lambda: target.states(source.name) == {"waiting-for-statement"}, STEPS_S,
               explain=lambda: str(target.states(source.name)))
    assert len(rows(target, table)) == 20
    eventually("the gate is closed", lambda: not target.gate()[0], 3)
    waiting = target.database.records(f"SELECT * FROM farshore.statement WHERE origin = '{source.name}' AND state = 'waiting'")
    assert [(one["table_names"], one["epoch"]) for one in waiting] == [(table, before + 1)]
    target.database.execute("SET SESSION sql_log_bin = 0", f"TRUNCATE TABLE {table}")
    done = target.ctl("ddl", "done", "--origin", source.name, "--epoch", str(before + 1), "--execute")
    assert done.returncode == 0, done.stderr
    assert end_equal(regions, source, target, table) == [(n, 2) for n in range(5)]
    assert epoch(source) == before + 1


def test_values_that_a_column_rounds_when_it_is_altered_are_rounded_everywhere(regions, pair):
    """No row event shows it, and the column here would take what comes afterwards."""
    source, target = pair
    table = make_table(regions, "id INT NOT NULL PRIMARY KEY, v DECIMAL(10,4) NOT NULL")
    source.database.as_application(*(f"INSERT INTO {table} VALUES ({n}, 9.8765)" for n in range(10)))
    caught_up(regions)
    before = epoch(source)
    source.database.execute(f"ALTER TABLE {table} MODIFY v DECIMAL(10,2) NOT NULL")
    source.database.as_application(f"INSERT INTO {table} VALUES (10, 1.25)")
    eventually("the gate is closed for it", lambda: "waiting-for-statement" in str(target.gate()[1]), STEPS_S)
    assert target.database.value(f"SELECT COUNT(*) FROM {table} WHERE v = 9.8765") == 10
    target.database.execute("SET SESSION sql_log_bin = 0", f"ALTER TABLE {table} MODIFY v DECIMAL(10,2) NOT NULL")
    done = target.ctl("ddl", "done", "--origin", source.name, "--epoch", str(before + 1), "--execute")
    assert done.returncode == 0, done.stderr
    assert len(end_equal(regions, source, target, table)) == 11


def answer_statements(regions, table):
    """The runbook, once in a while: each first statement of the other region is run here, each second is an echo. How many are done."""
    done = 0
    for region in regions:
        other = regions.others(region)[0]
        told = region.database.records(f"SELECT * FROM farshore.statement WHERE origin = '{other.name}' AND table_names = '{table}' "
                                       "ORDER BY epoch")
        for number, one in enumerate(told):
            done += one["state"] == "done"
            if one["state"] == "waiting":
                region.database.execute(*([one["statement_text"]] if number == 0 else []))
                said = region.ctl("ddl", "done", "--origin", other.name, "--epoch", str(one["epoch"]), "--execute")
                assert said.returncode == 0, said.stderr
    return done


def test_two_regions_that_dropped_a_column_while_rows_were_on_their_way_have_a_way_out(regions):
    """docs/operating/changing-tables.md, "When it was done in the other order", line by line."""
    table = make_table(regions, "id INT NOT NULL PRIMARY KEY, v INT NULL, w INT NULL")
    applies = [f"{region.name}.apply" for region in regions]
    for one in applies:
        regions.lab.stop(one)
    for number, region in enumerate(regions):
        region.database.as_application(f"INSERT INTO {table} VALUES ({number}, 1, 1)")
        region.database.execute(f"ALTER TABLE {table} DROP COLUMN w")
        region.database.as_application(f"INSERT INTO {table} VALUES ({number + 10}, 2)")
    for one in applies:
        regions.lab.start(one, wait=False)
    for region in regions:
        eventually(f"{region.name} waits for the column", lambda region=region: f"{table}: it has no column w here" in str(region.gate()[1]),
                   STEPS_S, explain=lambda region=region: str(region.progress()))
    for region in regions:
        region.database.execute(f"ALTER TABLE {table} ADD COLUMN w INT NULL")
    eventually("both regions have done both statements", lambda: answer_statements(regions, table) == 4, 2 * STEPS_S,
               explain=lambda: str([region.progress() for region in regions]))
    regions.all_gates_open()
    caught_up(regions)
    east, west = regions
    assert rows(east, table) == rows(west, table) == [(0, 1), (1, 1), (10, 2), (11, 2)]
