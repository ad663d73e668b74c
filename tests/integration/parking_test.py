"""What the target refuses: whole transactions of groups wait, single rows are parked, clashes become conflicts, and people settle them."""

import json
import signal
import subprocess
import time
import urllib.request

import pytest

from lab_lib import tools
from scenario import behind_farshores_back, caught_up
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
CREATE TABLE IF NOT EXISTS test_parking.shelf (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_group.toy (id INT NOT NULL PRIMARY KEY, owner_id INT NOT NULL, shelf_id INT NOT NULL,
  FOREIGN KEY (owner_id) REFERENCES test_group.owner (id) ON DELETE CASCADE,
  FOREIGN KEY (shelf_id) REFERENCES test_parking.shelf (id));
"""
TABLES = ["test_group.toy", "test_parking.shelf", "test_parking.named", "test_parking.phone", "test_parking.large", "test_group.account", "test_group.pet",
          "test_group.owner"]
# The lab outlives a test process.
UNIQUE = f"{time.time_ns() // 1_000_000 % 100_000_000:x}"
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
        region.database.execute("DELETE FROM farshore.conflict", "DELETE FROM farshore.parked", "DELETE FROM farshore.parked_first")
    regions.all_gates_open()


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


def test_a_value_that_no_enum_takes_stops_no_group_for_good(regions, pair):
    """ENUM's invalid value, which a lax sql_mode stores: the sentence's own way leads on."""
    source, target = pair
    for region in regions:
        behind_farshores_back(region, "DROP TABLE IF EXISTS test_group.state",
                              "CREATE TABLE test_group.state (id INT NOT NULL PRIMARY KEY, v ENUM('a','b') NULL)")
    source.database.as_application("SET SESSION sql_mode = ''", "INSERT INTO test_group.state VALUES (1, 'neither'), (2, 'a')")
    row = eventually("the group's partition waits", lambda: stopped(target, source))[0]
    assert "ENUM's invalid value" in row["reason"] and "give the column here a text type" in row["reason"]
    source.database.as_application("UPDATE test_group.state SET v = 'b' WHERE id = 1")
    behind_farshores_back(target, "ALTER TABLE test_group.state MODIFY v VARCHAR(10) NULL")
    eventually("it goes on", lambda: rows(target, "test_group.state") == [(1, "b"), (2, "a")], 30, explain=target.progress)
    behind_farshores_back(target, "ALTER TABLE test_group.state MODIFY v ENUM('a','b') NULL")
    caught_up(regions)
    regions.all_gates_open()


def test_a_key_to_a_table_of_another_order_stops_no_group(regions, pair):
    """What the row refers to may come later, or be gone again: its table keeps an order of its own."""
    source, target = pair
    source.database.as_application("INSERT INTO test_group.owner VALUES (1, 'stays')")
    caught_up(regions)
    regions.lab.stop(f"{target.name}.apply")
    for number in range(10, 60):
        source.database.as_application(f"INSERT INTO test_parking.shelf VALUES ({number}, 0)",
                                       f"INSERT INTO test_group.toy VALUES ({number}, 1, {number})",
                                       f"DELETE FROM test_group.toy WHERE id = {number}",
                                       f"DELETE FROM test_parking.shelf WHERE id = {number}")
    source.database.as_application("INSERT INTO test_parking.shelf VALUES (6, 0)", "INSERT INTO test_group.toy VALUES (2, 1, 6)")
    regions.lab.start(f"{target.name}.apply")
    caught_up(regions)
    assert rows(target, "test_group.toy") == [(2, 1, 6)] and rows(target, "test_parking.shelf") == [(6, 0)]
    source.database.as_application("DELETE FROM test_group.owner WHERE id = 1")
    caught_up(regions)
    assert rows(target, "test_group.toy") == []


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_a_parent_that_is_not_here_stops_the_group_whatever_else_is_missing(regions, pair):
    """As when one region deletes the parent while the other gives it a child. Where the source logs what cascades, no order between the tables could tell."""
    source, target = pair
    assert "MariaDB" in source.database.value("SELECT VERSION()")
    source.database.as_application("INSERT INTO test_group.owner VALUES (1, 'goes'), (2, 'stays')", "INSERT INTO test_parking.shelf VALUES (5, 0)")
    caught_up(regions)
    behind_farshores_back(target, "DELETE FROM test_group.owner WHERE id = 1", "DELETE FROM test_parking.shelf WHERE id = 5")
    source.database.as_application("INSERT INTO test_group.toy VALUES (1, 2, 5), (2, 1, 5)")
    row = eventually("the group's partition waits", lambda: stopped(target, source))[0]
    assert "test_group.toy" in row["reason"] and "1452" in row["reason"]
    assert rows(target, "test_group.toy") == []
    behind_farshores_back(target, "INSERT INTO test_group.owner VALUES (1, 'goes')")
    caught_up(regions)
    assert rows(target, "test_group.toy") == [(1, 2, 5), (2, 1, 5)]


# the key of what is parked

def test_a_newer_change_finds_the_parked_one_whatever_the_targets_collation_is_by_then(regions, pair):
    source, target = pair
    column = "ALTER TABLE test_parking.named MODIFY name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE {} NOT NULL"
    no_pad = "utf8mb4_nopad_bin" if "MariaDB" in target.database.value("SELECT VERSION()") else "utf8mb4_0900_bin"
    with refusing(target, "test_parking.named", "n < 100"):
        source.database.as_application("INSERT INTO test_parking.named VALUES ('a ', 500)")
        eventually("it is parked", target.parked)
        target.database.execute("SET SESSION sql_log_bin = 0", column.format(no_pad))
        try:
            source.database.as_application("DELETE FROM test_parking.named")
            eventually("the delete arrives, or waits for the column",
                       lambda: not target.parked() or closed_by(target, "waiting-for-schema"))
        finally:
            target.database.execute("SET SESSION sql_log_bin = 0", column.format("utf8mb4_bin"))
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


# trying again

def test_many_parked_rows_cost_little_under_traffic_on_other_keys(regions, pair):
    source, target = pair
    with refusing(target, "test_parking.large", "n < 100"):
        source.database.as_application(
            "BEGIN", *(f"INSERT INTO test_parking.large VALUES ({n}, 500, REPEAT('x', 4000))" for n in range(300)), "COMMIT")
        eventually("all are parked", lambda: len(target.parked()) == 300)
        first = {row["seq"] for row in target.parked()}
        eventually("the first tries are over", lambda: target.database.value("SELECT COUNT(*) FROM farshore.parked_try WHERE attempts >= 4") == 300)
        written = lambda: sum(row["File_size"] for row in target.database.records("SHOW BINARY LOGS"))  # noqa: E731
        before, n = written(), 0

        def traffic():
            nonlocal n
            n += 1
            source.database.as_application(f"INSERT INTO test_parking.large VALUES ({1000 + n}, 1, 'y')")
            return True

        holds_for("traffic", traffic, 5, poll_s=0.05)
        grown = written() - before
        assert grown < 1_000_000, f"the binlog grew by {grown} bytes in 5 s of {n} small rows"
        assert {row["seq"] for row in target.parked()} == first
    eventually("all are applied", lambda: not target.parked())
    caught_up(regions)
    assert rows(target, "test_parking.large") == rows(source, "test_parking.large")


# conflicts and commands

def command(region, *words):
    done = region.ctl(*words, "--output", "json")
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def say_equal(target, source, table):
    """What the operator says once the row is equal."""
    eventually("the gate says that the table is not yet equal", lambda: closed_by(target, "not-yet-equal") and closed_by(target, table))
    target.declare_equal(source, table)


def clash(source, target):
    """A number that was taken in both regions."""
    behind_farshores_back(target, "INSERT INTO test_parking.phone VALUES (100, '0171', 7)")
    source.database.as_application("INSERT INTO test_parking.phone VALUES (1, '0171', 0)")
    return eventually("the clash is a conflict", target.conflicts)[0]


def test_a_number_that_both_regions_took_is_a_conflict_and_take_source_settles_it(regions, pair):
    source, target = pair
    found = clash(source, target)
    assert "number" in found["reason"] and json.loads(found["target_image"])[0]["id"] == 100
    assert target.parked() == []
    listed = command(target, "conflicts", "list")[0]
    assert [(row["table"], row["key"]) for row in listed] == [("test_parking.phone", "1")]
    shown = command(target, "conflicts", "show", "--table", "test_parking.phone")[0]
    assert shown["source"]["after"]["number"] == "0171" and shown["target"][0]["n"] == 7
    dry = command(target, "conflicts", "take-source", "--key", "1")[0]
    plan = json.loads(dry["outcome"])
    assert not dry["done"] and plan["deletes_other_rows"][0]["id"] == 100 and "not-yet-equal" in plan["then"]
    assert rows(target, "test_parking.phone") == [(100, "0171", 7)]
    assert command(target, "conflicts", "take-source", "--key", "1", "--execute")[0]["done"]
    assert rows(target, "test_parking.phone") == [(1, "0171", 0)]
    caught_up(regions)
    assert rows(source, "test_parking.phone") == [(1, "0171", 0)], "what settles a conflict does not echo"
    say_equal(target, source, "test_parking.phone")
    regions.all_gates_open()
    kept = target.database.records("SELECT * FROM farshore.audit WHERE command = 'conflicts take-source' ORDER BY id")
    assert [(row["dry_run"], row["done"]) for row in kept][-2:] == [(1, 0), (0, 1)] and "@" in kept[-1]["who"]


def test_a_conflict_that_is_equal_by_somebodys_word_is_discarded_and_nothing_is_written(regions, pair):
    source, target = pair
    clash(source, target)
    behind_farshores_back(target, "DELETE FROM test_parking.phone", "INSERT INTO test_parking.phone VALUES (1, '0171', 0)")
    dry = command(target, "conflicts", "discard", "--key", "1")[0]
    assert not dry["done"] and "nothing is written" in dry["outcome"] and target.conflicts()
    assert command(target, "conflicts", "discard", "--key", "1", "--execute")[0]["done"]
    assert rows(target, "test_parking.phone") == [(1, "0171", 0)] and not target.conflicts()
    ended = target.database.records("SELECT * FROM farshore.conflict_history WHERE table_name = 'phone' ORDER BY id")
    assert ended[-1]["how"] == "discard"
    regions.all_gates_open()


def test_a_command_that_was_interrupted_is_not_carried_out_later(regions, pair):
    source, target = pair
    clash(source, target)
    regions.lab.stop(f"{target.name}.apply")
    asks = subprocess.Popen([str(tools.farshore_binary("farshorectl")), "--config", str(target.config_file), "conflicts", "discard",
                             "--key", "1", "--execute", "--wait", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    last = lambda: target.database.records("SELECT * FROM farshore.audit ORDER BY id DESC LIMIT 1")[0]  # noqa: E731
    eventually("it is asked", lambda: (last()["command"], last()["done_at"]) == ("conflicts discard", None))
    asks.send_signal(signal.SIGINT)
    asks.wait(10)
    regions.lab.start(f"{target.name}.apply")
    eventually("it is answered", lambda: last()["done_at"], 30)
    assert last()["done"] == 0 and "who asked has gone" in last()["outcome"]
    assert target.conflicts() and rows(target, "test_parking.phone") == [(100, "0171", 7)]
    assert command(target, "conflicts", "take-source", "--key", "1", "--execute")[0]["done"], "whoever waits is answered"
    say_equal(target, source, "test_parking.phone")
    regions.all_gates_open()


@pytest.mark.parametrize("altered", ["its table's key", "another table's key"])
def test_a_conflict_of_an_older_numbering_takes_an_update_at_the_origin_first(regions, pair, altered):
    """What was numbered before may be older than changes of the key that went through other partitions."""
    source, target = pair
    own = altered.startswith("its")
    table, other = (f"test_parking.{name}{UNIQUE}{source.name}{own}" for name in ("numbered", "other"))
    regions.everywhere(*(f"CREATE TABLE {name} (id DECIMAL(9,2) NOT NULL PRIMARY KEY, number VARCHAR(40) NOT NULL UNIQUE, n INT NOT NULL)"
                         for name in (table, other)))
    behind_farshores_back(target, f"INSERT INTO {table} VALUES (100, '0171', 7)")
    source.database.as_application(f"INSERT INTO {table} VALUES (1, '0171', 0)", f"INSERT INTO {other} VALUES (1, '0171', 0)")
    old = eventually("the clash is a conflict", target.conflicts)[0]
    moved = table if own else other
    regions.everywhere("SET SESSION sql_log_bin = 0", f"ALTER TABLE {moved} MODIFY id DECIMAL(12,4) NOT NULL")
    source.database.as_application(f"INSERT INTO {moved} VALUES (2, '0172', 0)")
    eventually("the new epoch is entered", lambda: "0172" in [row[1] for row in rows(target, moved)], 60,
               explain=lambda: str(target.progress(source.name)))
    refused = target.ctl("conflicts", "take-source", "--table", table, "--execute")
    assert refused.returncode == 3 and "Update the row at the origin once more" in refused.stdout, refused.stdout + refused.stderr
    assert (100, "0171", 7) in [(int(row[0]), *row[1:]) for row in rows(target, table)] and target.conflicts()
    source.database.as_application(f"UPDATE {table} SET n = 1 WHERE id = 1")
    new = eventually("the newer change is in conflict", lambda: [row for row in target.conflicts() if row["epoch"] > old["epoch"]],
                     explain=lambda: str(target.conflicts()))[0]
    if own:  # the key is spelled otherwise now, so the old one is not known to be of the same row
        assert new["key_text"] != old["key_text"] and len(target.conflicts()) == 2
        assert "discard this one when the newer change is in" in refused.stdout
        assert command(target, "conflicts", "discard", "--table", table, "--key", old["key_text"], "--execute")[0]["done"]
    assert target.conflicts() == [new], "it took the place of the other one"
    assert command(target, "conflicts", "take-source", "--table", table, "--execute")[0]["done"]
    caught_up(regions)
    assert rows(target, table) == rows(source, table)
    say_equal(target, source, table)  # a row that stood here alone was deleted
    regions.all_gates_open()


def test_a_newer_change_takes_the_place_of_a_conflict(regions, pair):
    source, target = pair
    clash(source, target)
    source.database.as_application("UPDATE test_parking.phone SET number = '0172', n = 1 WHERE id = 1")
    eventually("the newer image is applied", lambda: (1, "0172", 1) in rows(target, "test_parking.phone"))
    eventually("the conflict is over", lambda: not target.conflicts())
    done = target.ctl("conflicts", "take-source", "--all", "--execute")
    assert done.returncode == 3 and "nothing of that kind" in done.stderr
    behind_farshores_back(target, "DELETE FROM test_parking.phone WHERE id = 100")


def test_keep_target_ends_a_conflict_and_writes_nothing(regions, pair):
    source, target = pair
    clash(source, target)
    assert not command(target, "conflicts", "keep-target", "--table", "test_parking.phone")[0]["done"]
    assert command(target, "conflicts", "keep-target", "--table", "test_parking.phone", "--execute")[0]["done"]
    assert rows(target, "test_parking.phone") == [(100, "0171", 7)] and not target.conflicts()
    behind_farshores_back(target, "DELETE FROM test_parking.phone")
    behind_farshores_back(source, "DELETE FROM test_parking.phone")
    say_equal(target, source, "test_parking.phone")


def test_a_parked_row_is_tried_and_discarded_by_command(regions, pair):
    source, target = pair
    with refusing(target, "test_parking.large", "n < 100"):
        source.database.as_application("INSERT INTO test_parking.large VALUES (1, 500, 'x'), (2, 600, 'x')")
        eventually("both are parked", lambda: len(target.parked()) == 2)
        shown = command(target, "parked", "show", "--key", "2")
        assert [(row["table"], row["source"]["after"]["n"], row["source"]["after"]["body"]) for row in shown] == [("test_parking.large", 600, "x")]
        assert "600" in target.ctl("parked", "show", "--key", "2").stdout and "600" not in target.ctl("parked", "list").stdout
        again = target.ctl("parked", "retry", "--key", "1", "--execute")
        assert again.returncode == 3 and "refused again" in again.stdout and "not_now" in again.stdout
        assert "Nothing was done" in target.ctl("parked", "discard", "--key", "2").stderr
        assert command(target, "parked", "discard", "--key", "2", "--execute")[0]["done"]
        assert [row["key_text"] for row in target.parked()] == ["1"]
    eventually("the other one is applied", lambda: rows(target, "test_parking.large") == [(1, 500, "x")])
    ended = target.database.records("SELECT * FROM farshore.conflict_history WHERE table_name = 'large' ORDER BY id")
    assert ended[-1]["how"] == "discard" and b"600" not in ended[-1]["reason"].encode()
    behind_farshores_back(target, "INSERT INTO test_parking.large VALUES (2, 600, 'x')")
    say_equal(target, source, "test_parking.large")
    assert target.ctl("parked", "discard", "--execute").returncode == 2, "which, it has to be told"
