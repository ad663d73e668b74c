"""farshorectl compare finds each row that two regions do not have alike, and no other, while both are written to."""

import concurrent.futures
import contextlib
import json
import shlex
import subprocess
import threading

import pytest
import yaml

from lab_lib import tools
from services import write_config
from wait import eventually

TABLES = """
CREATE TABLE shop.compared (
  tenant VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, id INT NOT NULL, name VARCHAR(50), price DECIMAL(10,2), weight DOUBLE,
  at DATETIME(6), seen TIMESTAMP(3) NULL, data BLOB, long_text MEDIUMTEXT, state ENUM('new','old'), flags SET('a','b','c'),
  bits BIT(40), small TINYINT, year YEAR, PRIMARY KEY (tenant, id));
CREATE TABLE shop.compared_latin1 (code CHAR(10) CHARACTER SET latin1 NOT NULL PRIMARY KEY, note VARCHAR(100) CHARACTER SET latin1);
CREATE TABLE shop.compared_bytes (id VARBINARY(30) NOT NULL PRIMARY KEY, n BIGINT UNSIGNED)
"""
ROW = ("'{tenant}', {id}, 'Käse {id}', {id}.50, {id}e-3, '2026-01-02 03:04:05.678900', '2026-01-02 03:04:05.120', X'00FF{id:04x}', "
       "REPEAT('long {id} ', 2000), 'old', 'a,c', {id}, -{id} % 100, 2026")
ROWS = 1500


@pytest.fixture(scope="module")
def tables(regions):
    regions.load_everywhere(TABLES)
    east = regions.east.database
    for tenant in ("a", "Z"):
        for first in range(0, ROWS, 500):
            east.execute("INSERT INTO shop.compared VALUES " +
                         ", ".join(f"({ROW.format(tenant=tenant, id=number)})" for number in range(first, first + 500)))
    east.execute("INSERT INTO shop.compared_latin1 VALUES ('é', 'ü'), ('b', NULL), ('c', '')",
                 "INSERT INTO shop.compared_bytes VALUES (X'00', 18446744073709551615), (X'0000', 0), ('it''s', 3)")
    regions.wait()
    yield regions
    regions.everywhere("DROP TABLE shop.compared, shop.compared_latin1, shop.compared_bytes")
    for region in regions:
        for other in regions.others(region):
            settle_drops(region, other)


def settle_drops(region, origin):
    """What was dropped everywhere is said to be done, until nothing waits."""
    def done():
        for row in region.progress(origin.name):
            if row["state"] == "waiting-for-statement":
                region.ctl("ddl", "done", "--origin", origin.name, "--epoch", row["reason"].split("--epoch ")[1].split()[0], "--execute")
        return region.states(origin.name) == {"applying"}
    eventually("nothing waits", done, 60)


def answer_of(regions, *words, tables="shop.compared*"):
    done = regions.west.ctl("compare", "--peer", str(regions.east.config_file), "--table", tables, "--output", "json", *words,
                            timeout_s=180)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["equal"] and (answer["declared"] or "--declare" not in words)) == (done.returncode == 0)
    return answer


def compare(regions, *words):
    return {table["table"]: table for table in answer_of(regions, *words)["tables"]}


def declares(regions, *words):
    """Whether all is equal and is declared. A doubt that is told while it compares is not covered, and comes with a watermark."""
    answer = answer_of(regions, *words)
    assert answer["equal"], answer
    return answer["declared"]


def unseen(region, *statements):
    """As no binlog tells."""
    region.database.execute("SET SESSION sql_log_bin = 0", *statements, "SET SESSION sql_log_bin = 1")


def test_tables_of_two_kinds_of_server_are_equal(tables):
    found = compare(tables)
    assert {name: (table["rows_here"], table["rows_at_peer"], table["differing"], table["columns_not_compared"], table["not_compared"])
            for name, table in found.items()} == {
        "shop.compared": (2 * ROWS, 2 * ROWS, 0, [], ""), "shop.compared_latin1": (3, 3, 0, [], ""),
        "shop.compared_bytes": (3, 3, 0, [], "")}


CHANGES = {
    "name": "name = CONCAT(name, ' ')", "price": "price = price + 0.01", "weight": "weight = weight * 1.0000001", "at": "at = at + INTERVAL 1 MICROSECOND",
    "seen": "seen = NULL", "data": "data = CONCAT(data, X'00')", "long_text": "long_text = CONCAT(LEFT(long_text, CHAR_LENGTH(long_text) - 1), 'x')",
    "state": "state = 'new'", "flags": "flags = 'a'", "bits": "bits = bits | (1 << 39)", "small": "small = 0", "year": "year = 1999"}


def test_each_row_that_differs_is_named_while_both_regions_are_written_to(tables):
    west = tables.west
    columns = list(CHANGES)
    ended = threading.Event()

    def write(region, tenant):
        number = 0
        while not ended.is_set():
            number += 1
            region.database.execute(f"REPLACE INTO shop.compared VALUES ({ROW.format(tenant=tenant, id=number % 200)})",
                                    f"UPDATE shop.compared SET name = 'name {number}' WHERE tenant = '{tenant}' AND id = {number % 150}",
                                    f"DELETE FROM shop.compared WHERE tenant = '{tenant}' AND id = {number % 190}")

    writers = [threading.Thread(target=write, args=(region, region.name)) for region in tables]
    with contextlib.ExitStack() as undo:
        undo.callback(lambda: [writer.join() for writer in writers])
        undo.callback(ended.set)
        for writer in writers:
            writer.start()
        unseen(west, *(f"UPDATE shop.compared SET {change} WHERE tenant = 'Z' AND id = {700 + index}"
                       for index, change in enumerate(CHANGES.values())),
               "DELETE FROM shop.compared WHERE tenant = 'a' AND id IN (0, 1499)",
               f"INSERT INTO shop.compared VALUES ({ROW.format(tenant='A', id=0)}), ({ROW.format(tenant='zz', id=9)})",
               "UPDATE shop.compared_latin1 SET note = 'u' WHERE code = 'é'", "DELETE FROM shop.compared_bytes WHERE id = X'00'")
        found = compare(tables)
    rows = {row["key"]: (row["columns"], row["here"], row["peer"]) for row in found["shop.compared"]["differences"]}
    wanted = {f"Z, {700 + index}": ([column], True, True) for index, column in enumerate(columns)}
    wanted |= {"a, 0": ([], False, True), "a, 1499": ([], False, True), "A, 0": ([], True, False), "zz, 9": ([], True, False)}
    assert rows == wanted
    assert found["shop.compared"]["undecided"] == 0
    assert [(row["key"], row["columns"]) for row in found["shop.compared_latin1"]["differences"]] == [("é", ["note"])]
    assert [row["key"] for row in found["shop.compared_bytes"]["differences"]] == ["\\x00"]


def test_what_is_not_equal_is_not_declared_and_what_is_equal_again_is(tables):
    east, west = tables.east, tables.west
    west.ctl("equal", "revoke", "--origin", "east", "--table", "shop.compared", "--why", "a test", "--execute")
    eventually("the gate is closed", lambda: not west.gate()[0])
    words = ("--declare", "--why", "compared", "--execute")
    assert compare(tables, *words)["shop.compared"]["differing"] > 0
    assert not west.gate()[0]
    # The origin's rows are the ones that count.
    for table in ("compared", "compared_latin1", "compared_bytes"):
        east.database.execute(f"CREATE TEMPORARY TABLE shop.kept AS SELECT * FROM shop.{table}", f"DELETE FROM shop.{table}",
                              f"INSERT INTO shop.{table} SELECT * FROM shop.kept", "DROP TEMPORARY TABLE shop.kept")
    unseen(west, "DELETE FROM shop.compared WHERE (tenant, id) IN (('A', 0), ('zz', 9))")
    tables.wait()
    for region in tables:
        region.ctl("mismatches", "clear", "--execute")
    eventually("it is declared", lambda: declares(tables, *words), 60)
    tables.all_gates_open()
    assert ["begun", "equal"] == [row["state"] for row in json.loads(
        west.ctl("equal", "list", "--all", "--origin", "east", "--output", "json").stdout) if row["table"] == "shop.compared"][-2:]


def test_a_table_that_one_file_alone_captures_is_said_and_not_equal(tables, folder):
    config = yaml.safe_load(tables.east.config_file.read_text())
    config["streams"] = {"main": {"tables": ["*.*", "!shop.compared_bytes"]}}
    peer = write_config(folder, config)
    done = tables.west.ctl("compare", "--peer", str(peer), "--table", "shop.compared_bytes,shop.compared_latin1")
    assert done.returncode == 4 and "shop.compared_latin1: 3 rows in west, 3 in east: equal" in done.stdout, done.stdout + done.stderr
    assert f"shop.compared_bytes: not compared: {peer} does not capture it, and {tables.west.config_file} does" in done.stdout


def not_yet_equal(region):
    """What the gate says of it; empty while that does not close it."""
    return "; ".join(reason["detail"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]
                     if reason["reason"] == "not-yet-equal")


def test_what_differs_unseen_closes_both_gates_when_it_is_found_until_it_is_mended_and_declared(tables):
    west = tables.west
    where = "shop.compared_latin1 SET note = '{}' WHERE code = 'é'"
    tables.all_gates_open()
    unseen(west, "UPDATE " + where.format("u"))
    try:
        words = ("compare", "--peer", str(tables.east.config_file), "--table", "shop.compared*", "--revoke")
        assert "--why" in west.ctl(*words).stderr
        dry = west.ctl(*words, "--why", "nightly")
        assert dry.returncode == 4, dry.stdout + dry.stderr
        for region, origin in (("west", "east"), ("east", "west")):
            assert (f"Would be said in region {region}, of origin {origin}: shop.compared_latin1 is not known to be equal "
                    "(compared: 1 row differs; nightly)") in dry.stdout
        assert all(region.gate()[0] for region in tables), "a dry run closes nothing"
        answer = answer_of(tables, "--revoke", "--why", "nightly", "--execute")
        assert answer["revoked"] == ["shop.compared_latin1"] and not answer["declared"]
        for region in tables:
            eventually(f"the gate of {region.name} names the table and why",
                       lambda region=region: "shop.compared_latin1 (compared: 1 row differs; nightly)" in not_yet_equal(region))
    finally:
        unseen(west, "UPDATE " + where.format("ü"))
    answer = answer_of(tables, "--revoke", "--why", "nightly", "--execute")
    assert answer["equal"] and answer["revoked"] == []
    assert not any(region.gate()[0] for region in tables), "who only revokes opens nothing"
    eventually("it is declared", lambda: declares(tables, "--revoke", "--declare", "--why", "nightly", "--execute"), 60)
    tables.all_gates_open()


def test_a_region_that_cannot_be_told_is_named_with_what_to_do_and_the_other_is_told(tables):
    east, west = tables.east, tables.west
    where = "shop.compared_latin1 SET note = '{}' WHERE code = 'é'"
    right = "INSERT ON farshore.* {} 'farshore_ctl'@'%'"
    unseen(west, "UPDATE " + where.format("u"))
    unseen(east, "REVOKE " + right.format("FROM"))
    try:
        done = west.ctl("compare", "--peer", str(east.config_file), "--table", "shop.compared_latin1", "--revoke", "--why", "nightly",
                        "--execute")
        assert done.returncode == 1 and "NOT said in region east, of origin west: shop.compared_latin1" in done.stdout, done.stdout + done.stderr
        assert "Said in region west, of origin east: shop.compared_latin1" in done.stdout
        mend = next(line.strip() for line in done.stdout.splitlines() if "equal revoke" in line)
        assert mend.startswith(f"farshorectl --config {east.config_file} equal revoke --origin west --stream main --table shop.compared_latin1")
        eventually("the gate of west names the table", lambda: "shop.compared_latin1 (compared: 1 row differs; nightly)" in not_yet_equal(west))
    finally:
        unseen(east, "GRANT " + right.format("TO"))
        unseen(west, "UPDATE " + where.format("ü"))
    eventually("it is declared", lambda: declares(tables, "--declare", "--why", "nightly", "--execute"), 60)
    tables.all_gates_open()


def file_with(folder, region, **changes):
    return write_config(folder, yaml.safe_load(region.config_file.read_text()) | changes, f"{region.name}.yaml")


def test_each_region_goes_by_its_own_rule_and_a_command_that_is_printed_can_be_run(tables, folder):
    east, west = tables.east, tables.west
    warns = file_with(folder, west, tables=[{"match": "shop.odd*", "on_mismatch": "warn"}])
    right = "INSERT ON farshore.* {} 'farshore_ctl'@'%'"
    for region, value in ((west, 1), (east, 2)):
        unseen(region, "CREATE TABLE shop.`odd name$x` (id INT NOT NULL PRIMARY KEY, v INT)", f"INSERT INTO shop.`odd name$x` VALUES (1, {value})")
    words = ("compare", "--peer", str(east.config_file), "--table", "shop.odd*", "--why", "it's tried", "--execute")
    unseen(east, "REVOKE " + right.format("FROM"))
    try:
        done = west.ctl(*words, "--revoke", config_file=warns)
        assert done.returncode == 1, done.stdout + done.stderr
        assert f"shop.odd name$x closes no gate in region west, by its rule in {warns} (on_mismatch: warn)" in done.stdout
        mend = next(line.strip() for line in done.stdout.splitlines() if "equal revoke" in line)
    finally:
        unseen(east, "GRANT " + right.format("TO"))
    try:
        program, *arguments = shlex.split(mend)
        told = subprocess.run([str(tools.farshore_binary(program)), *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert told.returncode == 0, told.stdout + told.stderr
        eventually("the gate of east names the table", lambda: "shop.odd name$x (compared)" in not_yet_equal(east))
        done = west.ctl(*words, "--revoke", "--output", "json", config_file=warns)
        assert done.returncode == 4 and json.loads(done.stdout)["revoked"] == ["shop.odd name$x"], done.stdout + done.stderr
        eventually("the gate of east says why", lambda: "shop.odd name$x (compared: 1 row differs; it's tried)" in not_yet_equal(east))
        own = json.loads(west.ctl("equal", "list", "--output", "json").stdout)
        assert "shop.odd name$x" not in {row["table"] for row in own if not row["who"].startswith("region of")}, own
        unseen(west, "UPDATE shop.`odd name$x` SET v = 2")
        done = west.ctl(*words, "--declare")
        assert done.returncode == 0, done.stdout + done.stderr
        tables.all_gates_open()
    finally:
        for region in tables:
            unseen(region, "DROP TABLE shop.`odd name$x`")


MEMBERS = ",".join(f"'v{number}'" for number in range(64))


def test_what_a_server_cannot_give_or_ask_for_exactly_is_not_equal(tables):
    for region, value in ((tables.west, 1), (tables.east, 0)):
        unseen(region, f"CREATE TABLE shop.odd_set (k SET({MEMBERS}) NOT NULL PRIMARY KEY, v INT)",
               "INSERT INTO shop.odd_set VALUES " + ",".join(f"({(1 << 62) + row}, {value if row in (500, 501) else 7})" for row in range(1203)),
               "CREATE TABLE shop.odd_json (id INT NOT NULL PRIMARY KEY, j JSON, v INT)",
               f"INSERT INTO shop.odd_json VALUES (1, CONCAT('[', REPEAT('1,', 300000), '{value}]'), 1), (2, '[]', {value}), (3, NULL, 1)")
    try:
        for region in tables:
            unseen(region, "SET GLOBAL max_allowed_packet = 700000")
        found = {table["table"]: table for table in answer_of(tables, tables="shop.odd_*")["tables"]}
    finally:
        for region in tables:
            unseen(region, "SET GLOBAL max_allowed_packet = 67108864", "DROP TABLE shop.odd_set, shop.odd_json")
    assert "its key column k is of a type whose values cannot be asked for exactly" in found["shop.odd_set"]["not_compared"]
    of_json = found["shop.odd_json"]
    assert [(row["key"], row["columns"]) for row in of_json["differences"]] == [("2", ["v"])], of_json
    (unread,) = of_json["columns_not_compared"]
    assert unread.startswith("j: of the row with the key 1 its text is longer than max_allowed_packet")


def test_what_cannot_be_compared_is_said_and_not_equal(tables):
    east, west = tables.east, tables.west
    unseen(east, "ALTER TABLE shop.compared_bytes ADD COLUMN only_there INT")
    unseen(west, "CREATE TABLE shop.compared_here (id INT NOT NULL PRIMARY KEY)")
    try:
        found = compare(tables)
        assert found["shop.compared_bytes"]["columns_not_compared"] == ["only_there: only at the peer"]
        assert found["shop.compared_here"]["not_compared"] == "it is only in west"
        assert not found["shop.compared_bytes"]["equal"] and not found["shop.compared_here"]["equal"]
    finally:
        unseen(east, "ALTER TABLE shop.compared_bytes DROP COLUMN only_there")
        unseen(west, "DROP TABLE shop.compared_here")


def test_what_no_change_carries_is_compared_too(tables):
    east, west = tables.east, tables.west
    for region in tables:
        unseen(region, "CREATE TABLE shop.compared_odd (id INT NOT NULL PRIMARY KEY, p POINT, j JSON, c TEXT CHARACTER SET cp1250, a VARCHAR(5) CHARACTER SET ascii)",
               "INSERT INTO shop.compared_odd VALUES (1, ST_GeomFromText('POINT(1 2)'), '{\"a\": 1, \"b\": 2.5}', _binary X'4181', NULL), "
               "(2, NULL, NULL, 'č', NULL), (3, ST_GeomFromText('POINT(1 2)'), '[0.12345678901234568]', REPEAT('č', 5000), NULL), "
               "(4, NULL, NULL, CONCAT(X'81', REPEAT(X'E8', 5000)), NULL), (5, NULL, NULL, NULL, '?')")
    try:
        unseen(west, "UPDATE shop.compared_odd SET j = '{\"b\":2.50,\"a\":1}' WHERE id = 1")
        (same,) = answer_of(tables, tables="shop.compared_odd")["tables"]
        assert same["equal"] and same["rows_here"] == 5 and same["columns_not_compared"] == [], same
        unseen(west, "UPDATE shop.compared_odd SET p = ST_GeomFromText('POINT(1 3)') WHERE id = 1",
               "UPDATE shop.compared_odd SET c = 'ć' WHERE id = 2",
               "UPDATE shop.compared_odd SET j = '[0.1234567890123456789]' WHERE id = 3",
               "UPDATE shop.compared_odd SET c = CONCAT(X'83', REPEAT(X'E8', 5000)) WHERE id = 4",
               "UPDATE shop.compared_odd SET a = X'E9' WHERE id = 5")
        (other,) = answer_of(tables, tables="shop.compared_odd")["tables"]
        assert {row["key"]: row["columns"] for row in other["differences"]} == {
            "1": ["p"], "2": ["c"], "3": ["j"], "4": ["c"], "5": ["a"]}
    finally:
        for region in (east, west):
            unseen(region, "DROP TABLE IF EXISTS shop.compared_odd")


@contextlib.contextmanager
def held(region, table):
    """A session that has the table to itself, in which compare stands in front of it: gives its execute()."""
    with contextlib.closing(region.database.root()) as session, session.cursor() as cursor:
        cursor.execute("SET SESSION sql_log_bin = 0")
        cursor.execute(f"LOCK TABLES {table} WRITE")
        yield cursor.execute


def stands_in_front(region, table):
    return lambda: region.database.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'farshore_ctl' AND "
                                         f"STATE LIKE '%metadata lock%' AND INFO LIKE '%`{table}`%'") == 1


def done_meanwhile(regions, region, table, act, *words):
    """How compare --declare ended of a table with which act(execute, comparing) does something in the region after it has begun with it."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with held(region, f"shop.{table}") as execute:
            comparing = pool.submit(regions.west.ctl, "compare", "--peer", str(regions.east.config_file), "--table", f"shop.{table}",
                                    "--declare", "--why", "a test", "--execute", *words, timeout_s=180)
            eventually(f"compare stands in front of {table} in {region.name}", stands_in_front(region, table), 15)
            act(execute, comparing)
        return comparing.result()


def compared_meanwhile(regions, region, table, act):
    """What compare says of the table then."""
    done = done_meanwhile(regions, region, table, act, "--output", "json")
    assert done.returncode == 4, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert not answer["equal"] and not answer["declared"]
    return answer["tables"][0]["not_compared"]


def test_a_table_that_is_altered_meanwhile_is_not_equal(tables):
    def add_and_drop(execute, _):
        execute("ALTER TABLE shop.compared_bytes ADD COLUMN meanwhile INT")
        execute("ALTER TABLE shop.compared_bytes DROP COLUMN meanwhile")
    for region in tables:
        assert "it was altered, truncated or dropped" in compared_meanwhile(tables, region, "compared_bytes", add_and_drop)


def test_a_table_that_a_statement_holds_is_not_equal(tables):
    held_by = compared_meanwhile(tables, tables.east, "compared_bytes", lambda _, comparing: comparing.result(timeout=60))
    assert held_by.startswith("a statement held it at the peer for more than 20 s")


def test_a_declaration_that_one_region_refuses_is_told_region_by_region(tables):
    def revoke(*_):
        tables.east.ctl("equal", "revoke", "--origin", "west", "--table", "shop.compared_bytes", "--why", "meanwhile", "--execute")
    done = done_meanwhile(tables, tables.east, "compared_bytes", revoke)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "declared equal in region west, of origin east" in done.stdout  # refused too, where the doubt of east has come already
    assert "NOT declared equal in region east, of origin west: " in done.stdout and "not declared equal in region east" in done.stderr
    eventually("it is declared", lambda: declares(tables, "--declare", "--why", "again", "--execute"), 60)
    tables.all_gates_open()


def test_what_the_account_may_not_see_is_said_and_not_equal(tables):
    east, west = tables.east, tables.west
    some = answer_of(tables, tables="shop.compared_*,sho?.compared_bytes")
    assert not some["equal"] and all(table["equal"] for table in some["tables"])
    assert [region in sentence and "may not read every schema of sho?.compared_bytes" in sentence
            for region, sentence in zip(("west", "east"), some["unseen"])] == [True, True]
    (account,) = {row[0] for row in east.database.rows("SELECT Host FROM mysql.user WHERE User = 'farshore_ctl'")}
    account = f"'farshore_ctl'@'{account}'"
    for region in tables:
        unseen(region, "CREATE DATABASE compared_part", "CREATE TABLE compared_part.t (id INT PRIMARY KEY, a INT)",
               f"GRANT SELECT (id) ON compared_part.t TO {account}")
    try:
        part = answer_of(tables, tables="compared_part.t")
        assert "not all of its columns are seen in west: GRANT SELECT ON `compared_part`.`t` TO" in part["tables"][0]["not_compared"]
        for region in tables:
            unseen(region, f"GRANT SELECT ON compared_part.t TO {account}")
        whole = answer_of(tables, tables="compared_part.t")
        assert whole["equal"] and whole["unseen"] == []
    finally:
        for region in tables:
            unseen(region, f"REVOKE SELECT, SELECT (id) ON compared_part.t FROM {account}", "DROP DATABASE compared_part")


def test_what_is_asked_wrongly_is_refused(tables, folder):
    west = tables.west
    own = west.ctl("compare", "--peer", str(west.config_file))
    assert own.returncode == 2 and "wanted another region's file" in own.stderr
    config = yaml.safe_load(tables.east.config_file.read_text())
    config["database"] = yaml.safe_load(west.config_file.read_text())["database"]
    same = west.ctl("compare", "--peer", str(write_config(folder, config)))
    assert same.returncode == 2 and "is one and the same server" in same.stderr, same.stderr
    # A region that applies nothing, whose database has the progress of the other region alone: as a replica of that one has it.
    config["region"], config["apply"] = "north", {"origins": []}
    next(origin for origin in config["origins"] if origin["name"] == "east")["region"] = "north"
    at_east = file_with(folder, west, database=yaml.safe_load(tables.east.config_file.read_text())["database"])
    copy = west.ctl("compare", "--peer", str(write_config(folder, config, "north.yaml")), config_file=at_east)
    assert copy.returncode == 1 and "has the progress of region west and none of north: it is a replica or a copy" in copy.stderr, copy.stderr
    none = west.ctl("compare", "--peer", str(tables.east.config_file), "--table", "shop.nothing")
    assert none.returncode == 2 and "--table shop.nothing matches no table" in none.stderr
    unseen_schemas = west.ctl("compare", "--peer", str(tables.east.config_file), "--declare", "--why", "all of it")
    assert unseen_schemas.returncode == 1 and "may not read every schema of *.*" in unseen_schemas.stderr
