"""What the target refuses: whole transactions of groups wait, single rows are parked, clashes become conflicts, and people settle them."""

import json
import re
import urllib.request

import pytest

from scenario import caught_up
from wait import eventually, holds_for

SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_parking CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS test_group CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS test_parking.named (name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_parking.phone (id INT NOT NULL PRIMARY KEY, number VARCHAR(40) NOT NULL UNIQUE, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_parking.large (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, body VARCHAR(5000) NOT NULL);
CREATE TABLE IF NOT EXISTS test_group.account (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_group.owner (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE IF NOT EXISTS test_group.pet (id INT NOT NULL PRIMARY KEY, owner_id INT NOT NULL, n INT NOT NULL,
  FOREIGN KEY (owner_id) REFERENCES test_group.owner (id) ON DELETE CASCADE ON UPDATE CASCADE);
"""
TABLES = ["test_parking.named", "test_parking.phone", "test_parking.large", "test_group.account", "test_group.pet",
          "test_group.owner"]
SECRET = "s3cret-0171-5550123"


@pytest.fixture(scope="module", autouse=True)
def tables(regions):
    regions.load_everywhere(SCHEMA)
    return regions


@pytest.fixture(params=["east", "west"])
def pair(regions, request):
    """(source, target), both ways round; the tables are empty."""
    for region in regions:
        region.database.execute("SET SESSION sql_log_bin = 0", *(f"DELETE FROM {table}" for table in TABLES))
    source = regions.by_name[request.param]
    yield source, regions.others(source)[0]
    for region in regions:
        region.database.execute("DELETE FROM farshore.conflict", "DELETE FROM farshore.parked")
    regions.all_gates_open()


def behind_farshores_back(region, *statements):
    region.database.execute("SET SESSION sql_log_bin = 0", *statements)


def rows(region, table):
    return region.database.rows(f"SELECT * FROM {table} ORDER BY 1, 2")


def closed_by(region, reason):
    is_open, answer = region.gate()
    return not is_open and reason in str(answer)


class refusing:
    """The target's table takes no row that breaks `condition`."""

    def __init__(self, target, table, condition):
        self.target, self.table, self.condition = target, table, condition

    def __enter__(self):
        self.target.database.execute(f"ALTER TABLE {self.table} ADD CONSTRAINT not_now CHECK ({self.condition})")
        return self

    def __exit__(self, *_):
        self.target.database.execute(f"ALTER TABLE {self.table} DROP CONSTRAINT not_now")


def stopped(target, source):
    return [row for row in target.progress(source.name) if row["state"] == "stopped"]


# groups

def test_half_of_a_transfer_is_never_seen(regions, pair):
    source, target = pair
    source.database.as_application("INSERT INTO test_group.account VALUES (1, 100), (2, 0)")
    caught_up(regions)
    total = lambda: target.database.value("SELECT SUM(n) FROM test_group.account")  # noqa: E731
    with refusing(target, "test_group.account", "id <> 1 OR n >= 50"):
        source.database.as_application("BEGIN", "UPDATE test_group.account SET n = n - 60 WHERE id = 1",
                                       "UPDATE test_group.account SET n = n + 60 WHERE id = 2", "COMMIT")
        row = eventually("the group's partition waits", lambda: stopped(target, source))[0]
        assert "test_group.account" in row["reason"] and "not_now" in row["reason"]
        eventually("the gate closes", lambda: closed_by(target, "stopped"))
        source.database.as_application("INSERT INTO test_parking.named VALUES ('elsewhere', 1)")
        eventually("other partitions go on", lambda: rows(target, "test_parking.named"))
        holds_for("the sum is what it was", lambda: total() == 100, 2)
        assert target.parked() == []
    eventually("it goes on by itself", lambda: rows(target, "test_group.account") == [(1, 40), (2, 60)])


def test_a_refused_child_does_not_outlive_its_parent(regions, pair):
    source, target = pair
    source.database.as_application("INSERT INTO test_group.owner VALUES (1, 'goes')")
    caught_up(regions)
    with refusing(target, "test_group.pet", "n < 100"):
        source.database.as_application("INSERT INTO test_group.pet VALUES (10, 1, 500)")
        eventually("the group's partition waits", lambda: stopped(target, source))
        source.database.as_application("DELETE FROM test_group.owner WHERE id = 1",
                                       "INSERT INTO test_group.owner VALUES (1, 'another')")
        assert rows(source, "test_group.pet") == []
    caught_up(regions)
    assert rows(target, "test_group.owner") == [(1, "another")]
    assert rows(target, "test_group.pet") == []


# the key of what is parked

def test_a_newer_change_finds_the_parked_one_whatever_the_targets_collation_is_by_then(regions, pair):
    source, target = pair
    column = "ALTER TABLE test_parking.named MODIFY name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE {} NOT NULL"
    no_pad = "utf8mb4_nopad_bin" if "MariaDB" in target.database.value("SELECT VERSION()") else "utf8mb4_0900_bin"
    with refusing(target, "test_parking.named", "n < 100"):
        source.database.as_application("INSERT INTO test_parking.named VALUES ('a ', 500)")
        eventually("it is parked", target.parked)
        target.database.execute(column.format(no_pad))
        try:
            source.database.as_application("DELETE FROM test_parking.named")
            eventually("the delete arrives, or waits for the column",
                       lambda: not target.parked() or closed_by(target, "waiting-for-schema"))
        finally:
            target.database.execute(column.format("utf8mb4_bin"))
    caught_up(regions)
    eventually("nothing is parked", lambda: not target.parked())
    assert rows(target, "test_parking.named") == []


# values

def test_a_value_stands_in_no_reason_no_log_and_no_answer(regions, pair):
    source, target = pair
    behind_farshores_back(target, f"INSERT INTO test_parking.phone VALUES (100, '{SECRET}', 7)")
    source.database.as_application(f"INSERT INTO test_parking.phone VALUES (1, '{SECRET}', 0)")
    eventually("the gate closes", lambda: closed_by(target, "parked") or closed_by(target, "conflict"))
    kept = [*target.parked(), *target.conflicts()]
    assert kept and all("number" in row["reason"] and "Duplicate entry" in row["reason"] for row in kept)
    said = [row["reason"] for row in kept] + [row["reason"] for row in target.progress()]
    said += [target.log(name) for name in ("apply", "gate", "capture")]
    said += [urllib.request.urlopen(f"{target.urls['apply']}{path}").read().decode() for path in ("/readyz", "/metrics")]
    said += [str(target.gate()), target.ctl("status").stdout, target.ctl("status", "--output", "json").stdout]
    assert not [text for text in said if SECRET in text]
    behind_farshores_back(target, "DELETE FROM test_parking.phone WHERE id = 100")
