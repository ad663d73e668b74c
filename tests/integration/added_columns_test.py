"""A column that is added has one constant in all rows of before, and no row event tells which: two regions compare theirs."""

import itertools
import json

import pytest

from mismatches import why_closed
from scenario import behind_farshores_back, caught_up
from wait import eventually

NUMBERS = itertools.count(1)
SAME = ["i INT", "j INT NOT NULL", "k BIGINT DEFAULT -5", "d DECIMAL(8,3) NOT NULL DEFAULT 1.50", "f FLOAT DEFAULT 0.1",
        "g DOUBLE DEFAULT 1.5e3", "b BIT(8) DEFAULT b'101'", "y YEAR DEFAULT 1999", "v VARCHAR(40) DEFAULT 'it''s \\\\ \\n ä'",
        "c CHAR(9) NOT NULL", "e VARCHAR(9) DEFAULT ''", "n VARCHAR(9) DEFAULT 'NULL'", "x VARCHAR(9) DEFAULT x'4142'",
        "w VARBINARY(9) DEFAULT x'0142'", "z BINARY(4) DEFAULT 'ab'", "t DATE DEFAULT 20200102", "u DATETIME(3) DEFAULT '2020-1-2 3:04:05'",
        "s TIME DEFAULT '1:02'", "a ENUM('New','old') DEFAULT 'old'", "o SET('p','q') DEFAULT 'q,p'", "l TINYINT(1) DEFAULT TRUE",
        "m TIMESTAMP NULL", "q TEXT NOT NULL", "r BLOB", "h INT DEFAULT 0x1F", "p VARCHAR(9) DEFAULT 7"]
# At the source, at the target.
OTHER = [("a INT DEFAULT 1", "a INT DEFAULT 2"), ("b INT", "b INT DEFAULT 0"), ("c INT DEFAULT 5", "c INT"), ("d INT NOT NULL", "d INT NOT NULL DEFAULT 7"),
         ("e VARCHAR(9) DEFAULT 'x'", "e VARCHAR(9) DEFAULT 'y'"), ("f DATE DEFAULT '2020-01-02'", "f DATE DEFAULT '2020-01-03'"),
         ("g ENUM('a','b') DEFAULT 'a'", "g ENUM('a','b') DEFAULT 'b'")]


@pytest.fixture(params=["east", "west"])
def pair(regions, request):
    """(source, target), both ways round: they are of two kinds of server."""
    source = regions.by_name[request.param]
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_added CHARACTER SET utf8mb4")
    yield source, regions.others(source)[0]
    regions.all_gates_open()


@pytest.fixture
def make(regions, pair):
    """Makes a table that has a row on both sides; its name."""
    def make():
        table = f"test_added.t{next(NUMBERS)}"
        regions.everywhere(f"CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY)")
        pair[0].database.as_application(f"INSERT INTO {table} VALUES (1)")
        caught_up(regions)
        return table
    return make


def add(region, table, columns):
    region.database.execute(f"ALTER TABLE {table} " + ", ".join(f"ADD COLUMN {column}" for column in columns))


def doubts(region, table):
    return [why for (why,) in region.database.rows(
        f"SELECT why FROM farshore.equality WHERE table_name = '{table}' AND state = 'not-yet-equal' ORDER BY id")]


def awaited(region, table):
    return region.database.value(f"SELECT COUNT(*) FROM farshore.added_column WHERE CONCAT(schema_name, '.', table_name) = '{table}'")


def same_rows(pair, table):
    query = f"SELECT * FROM {table} ORDER BY id"
    return pair[0].database.rows(query) == pair[1].database.rows(query)


def compared(region, peer, table):
    done = region.ctl("compare", "--peer", str(peer.config_file), "--table", table, "--declare", "--why", "a test", "--execute",
                      "--output", "json", timeout_s=120)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    return json.loads(done.stdout)["equal"]


def test_the_same_constant_says_nothing_whichever_side_comes_first(regions, pair, make):
    source, target = pair
    first, last = make(), make()
    add(target, first, SAME)
    add(source, first, SAME)
    add(source, last, SAME)
    caught_up(regions)
    eventually("the columns are awaited", lambda: awaited(target, last) == len(SAME), 30)
    source.database.as_application(f"INSERT INTO {last} (id, k, j, c, q) VALUES (2, 8, 1, 'x', 'y')")
    eventually("the row waits for them", lambda: f"{last}: it has no column" in str(target.progress()), 30, explain=target.progress)
    add(target, last, SAME)
    eventually("the row is here", lambda: same_rows(pair, last), 30, explain=target.progress)
    assert awaited(target, last) == 0, "they were compared with the first row"
    caught_up(regions)
    # What comes later is no constant of before.
    target.database.execute(f"ALTER TABLE {first} ALTER k SET DEFAULT 6")
    add(source, first, ["late INT DEFAULT 1"])
    add(target, first, ["late INT DEFAULT 1"])
    eventually("nothing is awaited", lambda: all(awaited(region, table) == 0 for region in pair for table in (first, last)), 30)
    assert [doubts(region, table) for region in pair for table in (first, last)] == [[], [], [], []]
    assert same_rows(pair, first)
    regions.all_gates_open()


def test_another_constant_closes_the_gate_until_the_rows_are_compared(regions, pair, make):
    source, target = pair
    table = make()
    add(target, table, [there for _, there in OTHER])
    add(source, table, [here for here, _ in OTHER])
    eventually("the gates name the table", lambda: all(table in why_closed(region) for region in pair), 30,
               explain=lambda: [region.progress() for region in pair])
    why = doubts(target, table)
    assert len(set(why)) == 1, why    # each partition's own word
    for name, said in (("a", "1"), ("b", "NULL"), ("c", "5"), ("d", "0"), ("e", "'x'"), ("f", "'2020-01-02'"), ("g", "'a'")):
        assert f"column {name} was added with {said} for all rows at the origin, and " in why[0]
    assert "column a was added with 1 for all rows at the origin, and has the default 2 here" in why[0]
    assert not same_rows(pair, table)
    caught_up(regions)
    assert not compared(target, source, table)
    behind_farshores_back(target, f"UPDATE {table} SET a = 1, b = NULL, c = 5, d = 0, e = 'x', f = '2020-01-02', g = 'a'")
    assert compared(target, source, table)
    regions.all_gates_open()


def test_one_constant_that_is_two_values_in_two_types_closes_the_gate(regions, pair, make):
    source, target = pair
    same, other = make(), make()
    alike = [("a INT DEFAULT 7", "a DECIMAL(4,1) DEFAULT 7.0"), ("b DECIMAL(4,1) DEFAULT 1.5", "b DECIMAL(6,3) DEFAULT 1.5"),
             ("c CHAR(9) DEFAULT 'x'", "c VARCHAR(9) DEFAULT 'x'"), ("d FLOAT DEFAULT 0.5", "d DOUBLE DEFAULT 0.5")]
    apart = [("a INT DEFAULT 1.5", "a DECIMAL(3,1) DEFAULT 1.5"), ("b DECIMAL(5,1) DEFAULT 1.25", "b DECIMAL(5,2) DEFAULT 1.25"),
             ("c CHAR(9) DEFAULT 'x '", "c VARCHAR(9) DEFAULT 'x '"), ("d FLOAT DEFAULT 0.1", "d DOUBLE DEFAULT 0.1")]
    for table, columns in ((same, alike), (other, apart)):
        add(target, table, [there for _, there in columns])
        add(source, table, [here for here, _ in columns])
    eventually("the gates name the table", lambda: all(other in why_closed(region) for region in pair), 30,
               explain=lambda: [region.progress() for region in pair])
    caught_up(regions)
    why = doubts(target, other)[0]
    for name, there, constant, here in (("a", "int", "1.5", "decimal(3,1)"), ("b", "decimal(5,1)", "1.25", "decimal(5,2)"),
                                        ("c", "char(9)", "'x '", "varchar(9)"), ("d", "float", "0.1", "double")):
        assert f"column {name} was added as {there} with {constant} for all rows at the origin, and is {here} here" in why
    assert [doubts(region, same) for region in pair] == [[], []]
    behind_farshores_back(target, f"UPDATE {other} SET a = 2, b = 1.3, c = 'x', d = 0.10000000149011612")
    assert compared(target, source, other)
    regions.all_gates_open()


@pytest.mark.parametrize("row_waits", [False, True])
def test_a_column_that_comes_later_with_another_constant_closes_the_gate(regions, pair, make, row_waits):
    source, target = pair
    table = make()
    add(source, table, ["c INT DEFAULT 1"])
    eventually("the column is awaited", lambda: awaited(target, table) == 1, 30, explain=target.progress)
    regions.all_gates_open()
    if row_waits:
        source.database.as_application(f"INSERT INTO {table} VALUES (2, 3)")
        eventually("the row waits", lambda: f"{table}: it has no column c here" in str(target.progress()), 30)
    behind_farshores_back(target, f"ALTER TABLE {table} ADD COLUMN c INT DEFAULT 2")
    if row_waits:
        eventually("the row is here", lambda: target.database.value(f"SELECT COUNT(*) FROM {table}") == 2, 30, explain=target.progress)
        assert doubts(target, table), "with the first row"
    eventually("the gate names the table", lambda: table in why_closed(target), 30)
    assert awaited(target, table) == 0
    behind_farshores_back(target, f"UPDATE {table} SET c = 1 WHERE id = 1")
    assert compared(target, source, table)
    regions.all_gates_open()
