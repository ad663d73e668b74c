"""What is written is read back: columns that the target generates, and of one row a second all. What is other is told, and has a way out."""

import json

import pytest

from mismatches import counted, forget, why_closed
from scenario import behind_farshores_back, caught_up
from wait import eventually

SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_read_back CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS test_read_back.zoned (id INT NOT NULL PRIMARY KEY, at TIMESTAMP NULL, hour INT AS (HOUR(at)) STORED, n INT);
CREATE TABLE IF NOT EXISTS test_read_back.seen (id INT NOT NULL PRIMARY KEY, at TIMESTAMP NULL, hour INT AS (HOUR(at)) VIRTUAL);
CREATE TABLE IF NOT EXISTS test_read_back.text (id INT NOT NULL PRIMARY KEY, word VARCHAR(40), at DATETIME);
CREATE TABLE IF NOT EXISTS test_read_back.parent (id INT NOT NULL PRIMARY KEY, n INT, twice INT AS (n * 2) STORED);
CREATE TABLE IF NOT EXISTS test_read_back.child (id INT NOT NULL PRIMARY KEY, parent INT, n INT, twice INT AS (n * 2) STORED,
    FOREIGN KEY (parent) REFERENCES test_read_back.parent (id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS test_read_back.fired (id INT NOT NULL PRIMARY KEY, n INT);
"""
TABLES = [f"test_read_back.{name}" for name in ("zoned", "seen", "text", "child", "parent", "fired")]
ELSEWHERE = "SET time_zone = '+08:00'"


@pytest.fixture(scope="module", autouse=True)
def tables(regions):
    regions.load_everywhere(SCHEMA)
    return regions


@pytest.fixture(params=["east", "west"])
def pair(regions, request):
    """(source, target), both ways round; the tables are empty, nothing is noted, the gates are open."""
    forget(regions, TABLES)
    source = regions.by_name[request.param]
    yield source, regions.others(source)[0]
    forget(regions, TABLES)


def test_a_stored_column_that_the_session_decides_is_told_and_a_plain_one_is_the_way_out(pair, regions):
    source, target = pair
    source.database.execute("INSERT INTO test_read_back.zoned (id, at, n) VALUES (1, '2024-01-01 10:00:00', 1)")
    caught_up(regions)
    assert counted(target, source) == {}, "both sessions write in UTC"
    source.database.execute(ELSEWHERE, "INSERT INTO test_read_back.zoned (id, at, n) VALUES (2, '2024-01-01 10:00:00', 1), (3, NULL, 1)")
    caught_up(regions)
    assert counted(target, source) == {("zoned", "generated-other"): 1}
    eventually("the gate is closed", lambda: "column hour is generated here" in why_closed(target), explain=lambda: why_closed(target))
    assert "test_read_back.zoned" in why_closed(target)
    shown = json.loads(target.ctl("mismatches", "show", "--table", "test_read_back.zoned", "--output", "json").stdout)
    assert (shown["source"]["after"]["hour"], shown["target"]["hour"]) == (10, 2)
    behind_farshores_back(target, "ALTER TABLE test_read_back.zoned DROP COLUMN hour", "ALTER TABLE test_read_back.zoned ADD hour INT AFTER at",
                          "UPDATE test_read_back.zoned SET hour = 10 WHERE at IS NOT NULL")
    try:
        target.declare_equal(source, "test_read_back.zoned")
        source.database.execute(ELSEWHERE, "UPDATE test_read_back.zoned SET n = 2", "UPDATE test_read_back.zoned SET at = '2024-01-01 11:00:00' WHERE id = 3")
        caught_up(regions)
        rows = "SELECT id, hour, n FROM test_read_back.zoned ORDER BY id"
        assert target.database.rows(rows) == source.database.rows(rows)
        assert counted(target, source) == {("zoned", "generated-other"): 1}
        eventually("the gate is open", lambda: why_closed(target) == "", explain=lambda: why_closed(target))
    finally:
        behind_farshores_back(target, "ALTER TABLE test_read_back.zoned DROP COLUMN hour",
                              "ALTER TABLE test_read_back.zoned ADD hour INT AS (HOUR(at)) STORED AFTER at")


def test_a_virtual_column_that_the_session_decides_is_told_too(pair, regions):
    source, target = pair
    source.database.execute(ELSEWHERE, "INSERT INTO test_read_back.seen (id, at) VALUES (1, '2024-01-01 10:00:00')")
    caught_up(regions)
    assert counted(target, source) == {("seen", "generated-other"): 1}


@pytest.mark.parametrize("theirs,ours,value", [("VARCHAR(20)", "INT AS (IF(word = 'a', 0, 1)) STORED", "'no'"),
                                                ("VARCHAR(20)", "INT AS (LENGTH(word)) STORED", "'01'"),
                                                ("VARCHAR(20)", "DATE AS (IF(word = 'a', '2024-01-05', NULL)) STORED", "'n/a'"),
                                                ("BIGINT", "DOUBLE AS (IF(word = 'a', 9007199254740992, 0)) VIRTUAL", "9007199254740993")])
def test_a_value_of_another_type_is_told_though_the_server_holds_them_equal(pair, regions, theirs, ours, value):
    source, target = pair
    behind_farshores_back(source, "ALTER TABLE test_read_back.text DROP COLUMN at", f"ALTER TABLE test_read_back.text ADD at {theirs}")
    behind_farshores_back(target, "ALTER TABLE test_read_back.text DROP COLUMN at", f"ALTER TABLE test_read_back.text ADD at {ours}")
    try:
        source.database.execute(f"INSERT INTO test_read_back.text VALUES (1, 'a', {value})")
        caught_up(regions)
        assert counted(target, source) == {("text", "generated-other"): 1}
        eventually("the gate is closed", lambda: "column at is generated here" in why_closed(target), explain=lambda: why_closed(target))
    finally:
        for region in pair:
            behind_farshores_back(region, "ALTER TABLE test_read_back.text DROP COLUMN at", "ALTER TABLE test_read_back.text ADD at DATETIME")


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_a_character_that_the_generated_column_lacks_is_told(pair, regions):
    """MySQL writes a question mark; MariaDB refuses the row."""
    source, target = pair
    assert target.server == "mysql"
    behind_farshores_back(source, "ALTER TABLE test_read_back.text DROP COLUMN at", "ALTER TABLE test_read_back.text ADD at VARCHAR(20)")
    behind_farshores_back(target, "ALTER TABLE test_read_back.text DROP COLUMN at",
                          "ALTER TABLE test_read_back.text ADD at VARCHAR(20) CHARACTER SET latin1 AS (CONVERT(word USING latin1)) STORED")
    try:
        source.database.execute("INSERT INTO test_read_back.text VALUES (1, 'für', 'für')")
        caught_up(regions)
        assert counted(target, source) == {}
        source.database.execute("INSERT INTO test_read_back.text VALUES (2, 'λ', 'λ')")
        caught_up(regions)
        assert counted(target, source) == {("text", "generated-other"): 1}
    finally:
        for region in pair:
            behind_farshores_back(region, "ALTER TABLE test_read_back.text DROP COLUMN at", "ALTER TABLE test_read_back.text ADD at DATETIME")


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_a_text_with_an_offset_that_becomes_a_datetime_is_told(pair, regions):
    """Only MySQL takes the offset, and generates a stored column of it."""
    source, target = pair
    assert target.server == "mysql"
    behind_farshores_back(target, "ALTER TABLE test_read_back.text DROP COLUMN at",
                          "ALTER TABLE test_read_back.text ADD at DATETIME AS (CAST(word AS DATETIME)) STORED")
    try:
        source.database.execute("INSERT INTO test_read_back.text VALUES (1, '2024-01-01 10:00:00', '2024-01-01 10:00:00'), "
                                "(2, '2024-01-01 10:00:00+02:00', '2024-01-01 08:00:00')")
        caught_up(regions)
        assert counted(target, source) == {}
        source.database.execute("INSERT INTO test_read_back.text VALUES (3, '2024-01-01 10:00:00+02:00', '2024-01-01 16:00:00')")
        caught_up(regions)
        assert counted(target, source) == {("text", "generated-other"): 1}
        eventually("the gate is closed", lambda: "column at is generated here" in why_closed(target), explain=lambda: why_closed(target))
    finally:
        behind_farshores_back(target, "ALTER TABLE test_read_back.text DROP COLUMN at", "ALTER TABLE test_read_back.text ADD at DATETIME")


def test_rows_that_a_cascade_takes_away_are_not_other(pair, regions):
    source, target = pair
    source.database.execute("BEGIN", "INSERT INTO test_read_back.parent (id, n) VALUES (1, 1), (2, 2)",
                            "INSERT INTO test_read_back.child (id, parent, n) VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3)",
                            "UPDATE test_read_back.child SET n = n + 1", "UPDATE test_read_back.parent SET n = 7 WHERE id = 2",
                            "DELETE FROM test_read_back.parent WHERE id = 1", "COMMIT")
    caught_up(regions)
    assert target.database.rows("SELECT id, n, twice FROM test_read_back.child") == [(3, 4, 8)]
    assert counted(target, source) == {}


def test_what_a_trigger_makes_of_a_row_is_told(pair, regions):
    source, target = pair
    behind_farshores_back(target, "CREATE TRIGGER test_read_back.fires BEFORE INSERT ON test_read_back.fired FOR EACH ROW "
                                  "SET NEW.n = NEW.n + IF(USER() LIKE 'farshore_apply@%', 100, 0)")
    try:
        source.database.execute("INSERT INTO test_read_back.fired VALUES (1, 1)")
        caught_up(regions)
        assert counted(target, source) == {("fired", "written-other"): 1}
        eventually("the gate is closed", lambda: "column n read back otherwise" in why_closed(target), explain=lambda: why_closed(target))
    finally:
        behind_farshores_back(target, "DROP TRIGGER test_read_back.fires")
