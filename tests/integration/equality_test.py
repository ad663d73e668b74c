"""A gate is open only over tables that somebody has vouched for."""

import concurrent.futures
import json

import pytest

from declarations import begin_equal
from wait import eventually


@pytest.fixture(autouse=True)
def open_gates(regions):
    regions.all_gates_open()
    yield
    regions.west.declare_equal(regions.east)
    regions.all_gates_open()


def said(region, *words):
    done = region.ctl("equal", *words, "--why", "a test")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def detail(region):
    """Of not-yet-equal; empty while that does not close the gate."""
    return next((reason["detail"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]
                 if reason["reason"] == "not-yet-equal"), "")


def history(region):
    return json.loads(region.ctl("equal", "list", "--origin", "east", "--all", "--output", "json").stdout)


def test_what_is_taken_back_closes_the_gate_and_what_is_said_again_opens_it(regions):
    west = regions.west
    before = history(west)
    assert "would be said" in said(west, "revoke", "--origin", "east")
    assert history(west) == before, "a dry run writes nothing"
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("the gate names the table", lambda: "shop.account (a test)" in detail(west))
    assert west.ctl("gate").returncode == 3
    west.declare_equal(regions.east, "shop.account")
    regions.all_gates_open()
    said(west, "revoke", "--origin", "east", "--execute")
    eventually("the gate is closed", lambda: "a test" in detail(west))
    entries = history(west)[len(before):]
    assert [(entry["table"], entry["state"]) for entry in entries] == [
        ("shop.account", "not-yet-equal"), ("shop.account", "begun"), ("shop.account", "equal"), ("", "not-yet-equal")]
    assert all("@" in entry["who"] for entry in entries)
    assert [entry["why"] for entry in entries] == ["a test", "", "the test compared them", "a test"]


def declared(region, *words):
    return region.ctl("equal", "declare", "--origin", "east", *words, "--why", "a test", "--execute")


def test_a_declaration_covers_no_doubt_that_came_after_its_comparison_began(regions):
    """Whoever says it: here a person, elsewhere apply at an epoch or at a row."""
    west = regions.west
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    refused = declared(west)
    assert refused.returncode == 4 and "shop.account (a test)" in refused.stderr, refused.stderr
    dry = west.ctl("equal", "begin", "--origin", "east")
    assert dry.returncode == 0 and "would be said: all of its tables are copied or compared from here on" in dry.stdout
    assert declared(west).returncode == 4, "a dry run writes nothing"
    begun = begin_equal(west.ctl, ("--origin", "east", "--execute"))
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    for words in ((), ("--table", "shop.account")):
        refused = declared(west, *words, "--begun", begun)
        assert refused.returncode == 4 and f"after comparison {begun} that" in refused.stderr, refused.stderr
    eventually("the gate names the table", lambda: "shop.account (a test)" in detail(west))
    west.declare_equal(regions.east, "shop.account")
    regions.all_gates_open()
    assert declared(west).returncode == 0, "nothing is doubted: nothing needs to be begun"


def test_a_comparison_that_somebody_else_began_is_not_declared(regions):
    """A compares a table; what comes meanwhile refuses it, also when B has begun to copy everything."""
    west = regions.west
    table = ("--table", "shop.account")
    mine = begin_equal(west.ctl, ("--origin", "east", *table, "--execute"))
    said(west, "revoke", "--origin", "east", *table, "--execute")
    assert declared(west, *table, "--begun", mine).returncode == 4
    others = west.ctl("equal", "begin", "--origin", "east", "--execute")
    number = others.stdout.split("--begun ")[-1].split()[0]
    assert f"equal declare --origin east --begun {number} --why" in others.stdout
    for words in ((), ("--begun", mine)):
        refused = declared(west, *table, *words)
        assert refused.returncode == 4, refused.stderr
    listed = declared(west, *table).stderr
    assert f"{number} of all tables, begun by" in listed and f"{mine} of shop.account, begun by" in listed
    unknown = declared(west, "--begun", "1")
    assert unknown.returncode == 2 and number in unknown.stderr, unknown.stderr
    assert declared(west, "--begun", number).returncode == 0
    regions.all_gates_open()


def told(region):
    """What `equal list` shows of the other region's doubts."""
    listed = json.loads(region.ctl("equal", "list", "--output", "json").stdout)
    return [(entry["origin"], entry["table"]) for entry in listed if entry["who"].startswith("region of ")]


def safe_times(region):
    return [row["safe_time"] for row in region.progress()]


def later_safe_times(region):
    before = max(safe_times(region))
    eventually("later watermarks are applied", lambda: min(safe_times(region)) > before)


def test_a_doubt_of_an_origin_that_is_applied_no_more_still_closes_the_gate_elsewhere(regions):
    """What west has of it is what east would take over."""
    east, west = regions.east, regions.west
    west.database.execute(
        "INSERT INTO farshore.equality (region, origin, stream, table_name, state, why, who) "
        "VALUES ('west', 'gone', 'main', 'shop.orders', 'not-yet-equal', 'another row', 'apply')")
    eventually("the gate of east names the table", lambda: "the region of west does not know" in detail(east) and "shop.orders" in detail(east))
    words = ("--origin", "gone", "--stream", "main", "--execute")
    begun = begin_equal(west.ctl, words)
    done = west.ctl("equal", "declare", *words, "--begun", begun, "--why", "a test")
    assert done.returncode == 0, done.stdout + done.stderr
    regions.all_gates_open()


def test_what_one_region_doubts_closes_the_gate_of_the_other_too(regions):
    """Until it is declared equal where it was doubted."""
    east, west = regions.east, regions.west
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("the gate of east names the table", lambda: "the region of west does not know" in detail(east)
               and "shop.account" in detail(east))
    assert "a test" in detail(west)
    assert told(east) == [("west", "shop.account")]
    regions.restart("east.apply", "west.capture")
    later_safe_times(east)
    assert "shop.account" in detail(east)
    west.declare_equal(east, "shop.account")
    regions.all_gates_open()
    assert told(east) == []


def test_where_the_region_that_doubts_is_lost_the_other_may_say_that_all_is_equal(regions):
    east, west = regions.east, regions.west
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("the gate of east is closed", lambda: "shop.account" in detail(east))
    refused = east.ctl("equal", "declare", "--origin", "west", "--why", "a test", "--execute")
    assert refused.returncode == 4 and "shop.account by the region of west" in refused.stderr, refused.stderr
    east.declare_equal(west, "shop.account")
    eventually("the gate of east is open", lambda: east.gate()[0])
    regions.restart("east.apply")
    later_safe_times(east)
    eventually("the gate of east is open still", lambda: east.gate()[0])
    assert told(east) == [("west", "shop.account")], "what was told is the same, and was answered"
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("what is said again closes it again", lambda: "shop.account" in detail(east))


def test_a_schema_of_before_says_init(regions):
    west = regions.west
    west.database.execute("RENAME TABLE farshore.equality TO farshore.equality_aside")
    try:
        eventually("the gate says what to do", lambda: "`farshorectl init`" in detail(west))
        refused = west.ctl("equal", "list")
        assert refused.returncode == 1 and "farshorectl init" in refused.stderr
        assert west.ctl("init").returncode == 0
        eventually("nobody has said anything", lambda: "nobody has said yet" in detail(west))
    finally:
        west.database.execute("DROP TABLE IF EXISTS farshore.equality",
                              "RENAME TABLE farshore.equality_aside TO farshore.equality")


def test_words_that_cannot_be_are_refused(regions):
    for words, sentence in ((["--origin", "north"], "apply.origins"), (["--origin", "east", "--stream", "no"], "is not in streams"),
                            (["--origin", "east", "--table", "account"], "SCHEMA.TABLE")):
        refused = regions.west.ctl("equal", "declare", *words, "--why", "a test", "--execute")
        assert refused.returncode == 2 and sentence in refused.stderr, refused.stderr
    refused = regions.west.ctl("ddl", "done", "--origin", "east", "--epoch", "77", "--execute")
    assert refused.returncode == 1 and "no statement of origin east is waited for" in refused.stderr
    assert regions.west.ctl("ddl", "list", "--origin", "east").returncode == 0


def test_what_was_said_of_an_origin_that_is_applied_no_more_can_be_forgotten_and_settled(regions):
    west = regions.west
    west.database.execute(
        "SET SESSION sql_log_bin = 0",
        "INSERT INTO farshore.equality (region, origin, stream, table_name, state, why, who) "
        "VALUES ('west', 'gone', 'bulk', 'shop.orders', 'not-yet-equal', 'another row', 'apply')",
        "INSERT INTO farshore.mismatch (region, origin, stream, part, schema_name, table_name, kind, changes) VALUES "
        "('west', 'gone', 'bulk', 0, 'shop', 'orders', 'before-differs', 3), ('west', 'gone', 'bulk', 0, 'shop', 'orders', 'closing', 3)")
    try:
        assert west.ctl("equal", "begin", "--origin", "never", "--execute").returncode == 2
        done = west.ctl("mismatches", "clear", "--origin", "gone", "--execute")
        assert done.returncode == 4 and "shop.orders (origin gone, stream bulk)" in done.stderr, done.stdout + done.stderr
        words = ("--origin", "gone", "--stream", "bulk", "--execute")
        assert west.ctl("equal", "declare", *words, "--why", "a test").returncode == 4, "a comparison is to be named"
        begun = begin_equal(west.ctl, words)
        done = west.ctl("equal", "declare", *words, "--begun", begun, "--why", "its tables were dropped")
        assert done.returncode == 0, done.stdout + done.stderr
        done = west.ctl("mismatches", "clear", "--origin", "gone", "--execute")
        assert done.returncode == 0 and "3 forgotten" in done.stdout, done.stdout + done.stderr
    finally:
        west.database.execute("SET SESSION sql_log_bin = 0", "DELETE FROM farshore.equality WHERE origin = 'gone'",
                              "DELETE FROM farshore.mismatch WHERE origin = 'gone'")


def test_what_is_parked_of_an_origin_that_is_applied_no_more_is_taken_away(regions):
    west = regions.west
    west.database.execute(
        "SET SESSION sql_log_bin = 0",
        "INSERT INTO farshore.parked (region, origin, stream, part, schema_name, table_name, key_hash, key_text, epoch, incarnation, seq, gtid, "
        "change_bytes, error_code, reason) VALUES ('west', 'gone', 'main', 0, 'shop', 'orders', REPEAT('x', 16), '5', 1, 1, 7, '', '', 1062, 'taken')")
    try:
        done = west.ctl("parked", "discard", "--origin", "gone", "--execute", timeout_s=20)
        assert done.returncode == 3 and "`farshorectl origin reset --origin gone`" in done.stdout, done.stdout + done.stderr
        assert west.ctl("origin", "reset", "--origin", "never").returncode == 2
        done = west.ctl("origin", "reset", "--origin", "gone", "--execute")
        assert done.returncode == 0, done.stdout + done.stderr
        assert west.database.value("SELECT COUNT(*) FROM farshore.parked WHERE origin = 'gone'") == 0
        words = ("--origin", "gone", "--execute")
        done = west.ctl("equal", "declare", *words, "--begun", begin_equal(west.ctl, words), "--why", "it was closed down")
        assert done.returncode == 0, done.stdout + done.stderr
        regions.all_gates_open()
    finally:
        west.database.execute("SET SESSION sql_log_bin = 0", "DELETE FROM farshore.parked WHERE origin = 'gone'",
                              "DELETE FROM farshore.equality WHERE origin = 'gone'")


def test_words_that_are_said_at_once_are_all_said(regions):
    """Each locks what is there, and adds its own into what the others have locked: a deadlock, after which it is said again."""
    west = regions.west
    forget = ("SET SESSION sql_log_bin = 0", "DELETE FROM farshore.equality WHERE origin = 'gone'")
    west.database.execute(*forget, "INSERT INTO farshore.equality (region, origin, stream, table_name, state, why, who) "
                                   "VALUES ('west', 'gone', 'bulk', '', 'equal', 'compared', 'someone')")
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            words = ("equal", "revoke", "--origin", "gone", "--why", "a test", "--execute")
            said_at_once = list(pool.map(lambda n: west.ctl(*words, "--stream", "bulk", "--table", f"shop.t{n}"), range(16)))
        assert [done.stderr for done in said_at_once if done.returncode != 0] == []
        assert west.database.value("SELECT COUNT(*) FROM farshore.equality WHERE origin = 'gone' AND state = 'not-yet-equal'") == 16
    finally:
        west.database.execute(*forget)
