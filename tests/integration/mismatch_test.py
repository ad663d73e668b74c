"""Changes that find another row at the target than the origin had: counted, shown with both images, and the gate closes."""

import contextlib
import json

import pytest

from declarations import begin_equal
from mismatches import counted, forget, why_closed
from scenario import behind_farshores_back, caught_up
from wait import eventually

SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_mismatch CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS test_mismatch.plain (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, word VARCHAR(40));
CREATE TABLE IF NOT EXISTS test_mismatch.uniq (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, word VARCHAR(40) UNIQUE);
CREATE TABLE IF NOT EXISTS test_mismatch.textual (word VARCHAR(40) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_mismatch.made (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, twice INT);
CREATE TABLE IF NOT EXISTS test_mismatch.warned (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_mismatch.document (id INT NOT NULL PRIMARY KEY, doc JSON, other JSON);
"""
TABLES = [f"test_mismatch.{name}" for name in ("plain", "uniq", "textual", "made", "warned", "document")]


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


@contextlib.contextmanager
def within_the_lag(regions):
    """Apply of both sides stands still meanwhile."""
    for region in regions:
        regions.lab.stop(f"{region.name}.apply")
    yield
    for region in regions:
        regions.lab.start(f"{region.name}.apply")


def shown(region, table):
    out = region.ctl("mismatches", "show", "--table", f"test_mismatch.{table}", "--output", "json").stdout
    return [json.loads(line) for line in out.splitlines()]


def closed_for(region, table):
    return f"test_mismatch.{table}" in why_closed(region)


def test_what_finds_its_rows_is_never_counted(pair, regions):
    source, target = pair
    for name in ("plain", "uniq"):
        source.database.execute(
            f"INSERT INTO test_mismatch.{name} VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')",
            f"UPDATE test_mismatch.{name} SET n = n + 10", f"UPDATE test_mismatch.{name} SET n = n - 10 WHERE id = 2",
            f"UPDATE test_mismatch.{name} SET id = 9 WHERE id = 3", f"DELETE FROM test_mismatch.{name} WHERE id = 1",
            f"REPLACE INTO test_mismatch.{name} VALUES (2, 20, 'b')", f"INSERT INTO test_mismatch.{name} VALUES (1, 5, 'e')",
            f"DELETE FROM test_mismatch.{name} WHERE id = 1")
    source.database.execute("INSERT INTO test_mismatch.textual VALUES ('one', 1), ('two', 2)",
                            "UPDATE test_mismatch.textual SET word = 'ONE' WHERE word = 'one'",
                            "DELETE FROM test_mismatch.textual WHERE word = 'two'", "INSERT INTO test_mismatch.textual VALUES ('TWO', 3)")
    caught_up(regions)
    assert counted(target, source) == {}
    assert "found the row" in target.ctl("mismatches", "list").stdout
    regions.all_gates_open()


def test_one_id_given_in_both_regions_closes_both_gates_and_shows_both_rows(pair, regions):
    """The seen fault: the rows are swapped for good. Apply of both sides stands still, as a lag."""
    here, there = pair
    for name in ("plain", "uniq"):
        with within_the_lag(regions):
            here.database.execute(f"INSERT INTO test_mismatch.{name} VALUES (7, 1, 'here')")
            there.database.execute(f"INSERT INTO test_mismatch.{name} VALUES (7, 2, 'there')")
        caught_up(regions)
        assert here.database.rows(f"SELECT word FROM test_mismatch.{name}") != there.database.rows(f"SELECT word FROM test_mismatch.{name}")
        for region, other, own, foreign in ((here, there, "here", "there"), (there, here, "there", "here")):
            assert counted(region, other)[(name, "insert-exists")] == 1
            eventually(f"the gate of {region.name} is closed for {name}", lambda region=region, name=name: closed_for(region, name))
            (example,) = shown(region, name)
            assert example["target"]["word"] == own and foreign in json.dumps(example["source"]) and example["reason"] == "insert-exists"


def test_another_rows_unique_value_is_never_taken(pair, regions):
    """Into an AUTO_INCREMENT key, the NULL that was to refuse the upsert went as 0: the other row was written over, and lost its key."""
    source, target = pair
    behind_farshores_back(target, "INSERT INTO test_mismatch.uniq VALUES (3, 5, 'c')")
    source.database.execute("INSERT INTO test_mismatch.uniq VALUES (8, 1, 'h'), (9, 1, 'c')")
    eventually("the row is refused", lambda: not target.gate()[0], 30)
    eventually("the other is there", lambda: target.database.value("SELECT n FROM test_mismatch.uniq WHERE id = 8") == 1)
    assert target.database.rows("SELECT * FROM test_mismatch.uniq ORDER BY id") == [(3, 5, "c"), (8, 1, "h")]
    source.database.execute("DELETE FROM test_mismatch.uniq WHERE id = 9")
    eventually("nothing is left to settle", lambda: target.gate()[0], 60)


def test_keys_that_the_collation_holds_equal_given_in_both_regions_close_the_gates(pair, regions):
    here, there = pair
    with within_the_lag(regions):
        here.database.execute("INSERT INTO test_mismatch.textual VALUES ('Anna', 1)")
        there.database.execute("INSERT INTO test_mismatch.textual VALUES ('anna', 2)")
    caught_up(regions)
    assert here.database.rows("SELECT * FROM test_mismatch.textual") != there.database.rows("SELECT * FROM test_mismatch.textual")
    for region, other in ((here, there), (there, here)):
        assert counted(region, other) == {("textual", "insert-exists"): 1}
        eventually(f"the gate of {region.name} is closed", lambda region=region: closed_for(region, "textual"))


def test_many_rows_go_in_one_statement(pair, regions):
    source, target = pair
    rows = ", ".join(f"({n}, 0, 'w{n}')" for n in range(1, 401))

    def statements(what, *changes):
        name = f"SHOW GLOBAL STATUS LIKE 'Com_{what}'"
        before = int(target.database.rows(name)[0][1])
        source.database.execute(*changes)
        caught_up(regions)
        return int(target.database.rows(name)[0][1]) - before

    for table in ("plain", "uniq"):
        assert statements("insert", f"INSERT INTO test_mismatch.{table} VALUES {rows}") < 200
        assert statements("delete", f"DELETE FROM test_mismatch.{table} WHERE id > 200") < 100
        assert target.database.value(f"SELECT COUNT(*) FROM test_mismatch.{table}") == 200


@pytest.mark.parametrize("table", ["plain", "uniq"])
def test_updates_and_deletes_that_find_no_row_are_counted(pair, regions, table):
    source, target = pair
    source.database.execute(f"INSERT INTO test_mismatch.{table} VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, 4, 'd')")
    caught_up(regions)
    behind_farshores_back(target, f"DELETE FROM test_mismatch.{table} WHERE id IN (1, 2)")
    source.database.execute(f"DELETE FROM test_mismatch.{table} WHERE id IN (2, 4)")
    caught_up(regions)
    assert counted(target, source) == {(table, "delete-missing"): 1}
    eventually("the gate is closed", lambda: closed_for(target, table))
    declare = ["equal", "declare", "--origin", source.name, "--why", "compared before the update came"]
    refused = target.ctl(*declare, "--table", f"test_mismatch.{table}", "--execute")
    assert refused.returncode == 4 and f"test_mismatch.{table} (DELETEs that found no row" in refused.stderr, refused.stderr
    begun = begin_equal(target.ctl, ("--origin", source.name, "--execute"))
    source.database.execute(f"UPDATE test_mismatch.{table} SET n = n + 100 WHERE id IN (1, 3)")
    caught_up(regions)
    assert target.database.rows(f"SELECT * FROM test_mismatch.{table} ORDER BY id") == \
        source.database.rows(f"SELECT * FROM test_mismatch.{table} ORDER BY id")
    eventually("the look is over and counted", lambda: counted(target, source).get((table, "update-missing")) == 1)
    eventually("the gate is closed", lambda: closed_for(target, table))
    assert [one["target"] for one in shown(target, table) if one["reason"] == "update-missing"] == [None]
    assert "UPDATEs that found no row here: 1" in target.log("apply")
    for words in (["--table", f"test_mismatch.{table}"], []):
        assert "and refused" in target.ctl(*declare, *words, "--begun", begun).stdout
        refused = target.ctl(*declare, *words, "--begun", begun, "--execute")
        assert refused.returncode == 4 and f"test_mismatch.{table} (UPDATEs that found no row" in refused.stderr, refused.stderr
        assert f"after comparison {begun} that" in refused.stderr and "Nothing was written" in refused.stderr
    assert closed_for(target, table)
    target.declare_equal(source, f"test_mismatch.{table}")
    regions.all_gates_open()


def test_one_row_updated_in_both_regions_within_the_lag_closes_the_gate_that_looks(regions):
    """Each side ends with the other's value, and no number tells. West compares every row, which is the default."""
    forget(regions, TABLES)
    here, there = regions.by_name["east"], regions.by_name["west"]
    for name in ("plain", "uniq", "textual"):
        column = "id" if name != "textual" else "word"
        rows = ", ".join(f"({number}, 0, 'w{number}')" if name != "textual" else f"('w{number}', 0)" for number in range(1, 51))
        here.database.execute(f"INSERT INTO test_mismatch.{name} VALUES {rows}")
        caught_up(regions)
        assert counted(there, here) == {}
        with within_the_lag(regions):
            for region, value in ((here, 1), (there, 2)):
                key = "'w7'" if name == "textual" else "7"
                region.database.execute(f"UPDATE test_mismatch.{name} SET n = {value} WHERE {column} = {key}")
            # And what is nobody else's, in the same work set.
            here.database.execute(f"UPDATE test_mismatch.{name} SET n = 9 WHERE {column} <> {key}")
        caught_up(regions)
        assert here.database.rows(f"SELECT * FROM test_mismatch.{name}") != there.database.rows(f"SELECT * FROM test_mismatch.{name}")
        assert counted(there, here) == {(name, "before-differs"): 1}
        eventually(f"the gate of west is closed for {name}", lambda name=name: closed_for(there, name))
        (example,) = shown(there, name)
        assert example["target"]["n"] == 2
        forget(regions, TABLES)


def differ_behind_closed_gates(regions, table, source, target, what="*"):
    caught_up(regions)
    here, there = (region.database.rows(f"SELECT {what} FROM test_mismatch.{table}") for region in (source, target))
    assert here != there, "they differ"
    for region in (source, target):
        eventually(f"the gate of {region.name} is closed", lambda region=region: closed_for(region, table))


def test_a_row_changed_and_changed_back_within_the_lag_closes_both_gates(pair, regions):
    """Only the target's change finds a row that is not as before; only the source's region ever sees it."""
    source, target = pair
    source.database.execute("INSERT INTO test_mismatch.plain VALUES (7, 1, 'one')")
    caught_up(regions)
    with within_the_lag(regions):
        source.database.execute("UPDATE test_mismatch.plain SET n = 2 WHERE id = 7",
                                "UPDATE test_mismatch.plain SET n = 1 WHERE id = 7")
        target.database.execute("UPDATE test_mismatch.plain SET n = 3 WHERE id = 7")
    differ_behind_closed_gates(regions, "plain", source, target)
    values = [region.database.value("SELECT n FROM test_mismatch.plain WHERE id = 7") for region in pair]
    assert values == [3, 1]
    assert counted(source, target) == {} and counted(target, source) == {("plain", "before-differs"): 1}


def test_the_same_value_written_in_both_regions_and_taken_back_closes_both_gates(pair, regions):
    source, target = pair
    source.database.execute("INSERT INTO test_mismatch.textual VALUES ('w', 1)")
    caught_up(regions)
    with within_the_lag(regions):
        source.database.execute("UPDATE test_mismatch.textual SET n = 2", "UPDATE test_mismatch.textual SET n = 1")
        target.database.execute("UPDATE test_mismatch.textual SET n = 2")
    differ_behind_closed_gates(regions, "textual", source, target)


def test_a_document_that_both_regions_write_closes_both_gates(pair, regions):
    """JSON of MySQL is text in MariaDB, spelled in another way. West compares every row; east, at first, a sample."""
    source, target = pair
    source.database.execute("""INSERT INTO test_mismatch.document VALUES (7, '{"bb":1,"a":[2.50,"\\u00e9"]}', NULL)""")
    caught_up(regions)
    with within_the_lag(regions):
        source.database.execute("UPDATE test_mismatch.document SET doc = JSON_SET(doc, '$.bb', 2)",
                                "UPDATE test_mismatch.document SET doc = JSON_SET(doc, '$.bb', 1)")
        target.database.execute("UPDATE test_mismatch.document SET doc = JSON_SET(doc, '$.bb', 3)")
    differ_behind_closed_gates(regions, "document", source, target, "JSON_EXTRACT(doc, '$.bb')")


@pytest.mark.parametrize("pair", ["east"], indirect=True)
def test_a_text_that_is_no_document_is_another_row(pair, regions):
    """East's MySQL takes documents only; west's column takes any text once it has no CHECK."""
    source, target = pair
    loose, strict = "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "JSON"
    change = "ALTER TABLE test_mismatch.document MODIFY other {}"
    target.database.execute("SET SESSION sql_log_bin = 0", change.format(loose))
    try:
        source.database.execute("INSERT INTO test_mismatch.document VALUES (7, NULL, '[1]')")
        caught_up(regions)
        behind_farshores_back(target, "UPDATE test_mismatch.document SET other = ''")
        source.database.execute("UPDATE test_mismatch.document SET other = '[2]'")
        caught_up(regions)
        assert counted(target, source) == {("document", "before-differs"): 1}
    finally:
        target.database.execute("SET SESSION sql_log_bin = 0", change.format(strict))


def test_a_document_is_the_same_however_it_is_spelled(pair, regions):
    source, target = pair
    spelled = """{ "bb" :1.50, "a": [1e1, "\\u00e9\\/", {"y":null,"x":[]}],"long": 9007199254740993 }"""
    source.database.execute(f"INSERT INTO test_mismatch.document VALUES (7, '{spelled}', '[]'), (8, '{spelled}', NULL)")
    caught_up(regions)
    for writes, number in ((target, 5), (source, 6), (target, 7)):
        writes.database.execute(f"UPDATE test_mismatch.document SET doc = JSON_SET(doc, '$.bb', {number})")
        caught_up(regions)
    target.database.execute("UPDATE test_mismatch.document SET other = JSON_ARRAY(1)", "DELETE FROM test_mismatch.document WHERE id = 8")
    caught_up(regions)
    assert counted(target, source) == {} and counted(source, target) == {}
    eventually("the gates are open", lambda: target.gate()[0] and source.gate()[0])


@contextlib.contextmanager
def refusing(target):
    """The target takes no number from 100 on."""
    table = "ALTER TABLE test_mismatch.plain {} CONSTRAINT not_now"
    target.database.execute("SET SESSION sql_log_bin = 0", table.format("ADD") + " CHECK (n < 100)")
    try:
        yield
    finally:
        target.database.execute("SET SESSION sql_log_bin = 0", table.format("DROP"))


@pytest.mark.parametrize("mends_before_the_next_change", [True, False])
def test_a_row_written_here_while_a_change_of_it_is_parked_closes_both_gates(pair, regions, mends_before_the_next_change):
    """The other region sees nothing: its row is what the write from here expects, since it was changed back."""
    source, target = pair
    source.database.execute("INSERT INTO test_mismatch.plain VALUES (7, 1, 'one')")
    caught_up(regions)
    with contextlib.ExitStack() as constraint:
        constraint.enter_context(refusing(target))
        regions.lab.stop(f"{source.name}.apply")
        source.database.execute("UPDATE test_mismatch.plain SET n = 100 WHERE id = 7")
        eventually("it is parked", target.parked)
        target.database.execute("UPDATE test_mismatch.plain SET n = 50 WHERE id = 7")
        if mends_before_the_next_change:
            constraint.close()
            eventually("it is tried again", lambda: not target.parked(), 30)
            assert target.database.value("SELECT n FROM test_mismatch.plain") == 100
        source.database.execute("UPDATE test_mismatch.plain SET n = 1 WHERE id = 7")
        eventually("it is written over", lambda: target.database.value("SELECT n FROM test_mismatch.plain") == 1)
        regions.lab.start(f"{source.name}.apply")
    differ_behind_closed_gates(regions, "plain", source, target)
    assert counted(source, target) == {} and counted(target, source) == {("plain", "before-differs"): 1}
    (example,) = shown(target, "plain")
    assert example["target"]["n"] == 50
    assert target.database.records("SELECT * FROM farshore.parked_first WHERE schema_name = 'test_mismatch'") == []


def test_a_row_that_stays_as_it_was_while_changes_of_it_are_parked_is_not_counted(pair, regions):
    source, target = pair
    source.database.execute("INSERT INTO test_mismatch.plain VALUES (7, 1, 'one'), (8, 2, 'two'), (9, 3, 'three')")
    caught_up(regions)
    with refusing(target):
        source.database.execute("UPDATE test_mismatch.plain SET n = n + 100", "INSERT INTO test_mismatch.plain VALUES (10, 100, 'x')")
        eventually("they are parked", lambda: len(target.parked()) == 4)
        source.database.execute("UPDATE test_mismatch.plain SET n = n + 100 WHERE id <> 9",
                                "UPDATE test_mismatch.plain SET n = 5 WHERE id = 9", "DELETE FROM test_mismatch.plain WHERE id = 8",
                                "INSERT INTO test_mismatch.plain VALUES (8, 500, 'again')")
        eventually("newer ones are applied, or parked", lambda: len(target.parked()) == 3 and
                   target.database.value("SELECT n FROM test_mismatch.plain WHERE id = 9") == 5)
    eventually("they are tried again", lambda: not target.parked(), 30)
    caught_up(regions)
    rows = [region.database.rows("SELECT * FROM test_mismatch.plain ORDER BY id") for region in pair]
    assert rows[0] == rows[1] and counted(target, source) == {}
    assert target.database.records("SELECT * FROM farshore.parked_first WHERE schema_name = 'test_mismatch'") == []
    eventually("the gate is open", lambda: target.gate()[0])


def test_a_row_inserted_and_deleted_within_the_lag_does_not_take_anothers_in_silence(pair, regions):
    source, target = pair
    with within_the_lag(regions):
        source.database.execute("INSERT INTO test_mismatch.plain VALUES (7, 1, 'a')", "DELETE FROM test_mismatch.plain WHERE id = 7")
        target.database.execute("INSERT INTO test_mismatch.plain VALUES (7, 2, 'b')")
    differ_behind_closed_gates(regions, "plain", source, target)


def test_a_row_deleted_in_both_regions_and_put_back_in_one_closes_both_gates(pair, regions):
    source, target = pair
    source.database.execute("INSERT INTO test_mismatch.textual VALUES ('w', 1)")
    caught_up(regions)
    with within_the_lag(regions):
        source.database.execute("DELETE FROM test_mismatch.textual")
        target.database.execute("DELETE FROM test_mismatch.textual", "INSERT INTO test_mismatch.textual VALUES ('w', 1)")
    differ_behind_closed_gates(regions, "textual", source, target)


def test_a_table_altered_between_two_changes_of_a_row_is_compared_by_each(regions):
    """West compares every row."""
    forget(regions, TABLES)
    source, target = regions.by_name["east"], regions.by_name["west"]
    source.database.execute("INSERT INTO test_mismatch.made (id, n) VALUES (7, 1)")
    caught_up(regions)
    try:
        target.database.execute("SET SESSION sql_log_bin = 0", "ALTER TABLE test_mismatch.made ADD COLUMN late INT")
        with within_the_lag(regions):
            source.database.execute("UPDATE test_mismatch.made SET n = 2", "ALTER TABLE test_mismatch.made ADD COLUMN late INT",
                                    "UPDATE test_mismatch.made SET n = 1")
            target.database.execute("UPDATE test_mismatch.made SET n = 3")
        differ_behind_closed_gates(regions, "made", source, target)
    finally:
        caught_up(regions)
        for region in regions:
            region.database.execute("SET SESSION sql_log_bin = 0", "ALTER TABLE test_mismatch.made DROP COLUMN late")
        forget(regions, TABLES)


def test_a_row_that_is_not_as_before_is_found_by_the_sample(pair, regions):
    """An UPDATE of both regions at once: each ends with the other's value. No number tells; a row a second is compared."""
    source, target = pair
    source.database.execute("INSERT INTO test_mismatch.plain VALUES (1, 1, 'a')")
    caught_up(regions)
    behind_farshores_back(target, "UPDATE test_mismatch.plain SET n = 50")

    def found():
        source.database.execute("UPDATE test_mismatch.plain SET word = CONCAT(LEFT(word, 8), 'x')")
        caught_up(regions)
        behind_farshores_back(target, "UPDATE test_mismatch.plain SET n = 50")
        return counted(target, source).get(("plain", "before-differs"), 0) > 0

    eventually("a sample finds it", found, 30)
    eventually("the gate is closed", lambda: closed_for(target, "plain"))
    assert shown(target, "plain")[0]["target"]["n"] == 50


def test_a_column_that_is_generated_here_alone_is_compared_with_what_the_origin_has(pair, regions):
    """Its values are not written, and the binlog does not say which columns the origin generates."""
    source, target = pair
    behind_farshores_back(target, "ALTER TABLE test_mismatch.made DROP COLUMN twice", "ALTER TABLE test_mismatch.made ADD twice INT AS (n * 2) STORED")
    try:
        source.database.execute("INSERT INTO test_mismatch.made VALUES (1, 1, 2)")
        caught_up(regions)
        assert counted(target, source) == {}
        source.database.execute("UPDATE test_mismatch.made SET n = n + 1, twice = 7")
        caught_up(regions)
        assert counted(target, source) == {("made", "generated-other"): 1}
        eventually("the gate is closed", lambda: closed_for(target, "made"))
    finally:
        behind_farshores_back(target, "ALTER TABLE test_mismatch.made DROP COLUMN twice", "ALTER TABLE test_mismatch.made ADD twice INT")


def test_a_rule_may_leave_the_gate_open(pair, regions):
    source, target = pair
    behind_farshores_back(target, "INSERT INTO test_mismatch.warned VALUES (1, 9)")
    source.database.execute("INSERT INTO test_mismatch.warned VALUES (1, 1)")
    caught_up(regions)
    assert counted(target, source) == {("warned", "insert-exists"): 1}
    assert not closed_for(target, "warned")
    eventually("the gate is open", lambda: target.gate()[0])


@pytest.mark.parametrize("pair", ["east"], indirect=True)
def test_a_row_that_is_there_already_is_counted_although_it_is_the_same(pair, regions):
    """Somebody else wrote it: what each region got from the other may have come in another order. West compares every row."""
    source, target = pair
    behind_farshores_back(target, "INSERT INTO test_mismatch.plain VALUES (1, 1, 'a')", "INSERT INTO test_mismatch.uniq VALUES (1, 1, 'a')")
    source.database.execute("INSERT INTO test_mismatch.plain VALUES (1, 1, 'a')", "INSERT INTO test_mismatch.uniq VALUES (1, 1, 'a')")
    caught_up(regions)
    assert counted(target, source) == {("plain", "already-as-after"): 1, ("uniq", "already-as-after"): 1}
    eventually("the gate is closed", lambda: closed_for(target, "plain") and closed_for(target, "uniq"))


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_a_sample_finds_rows_that_are_there_already(pair, regions):
    """An INSERT that finds its row as it leaves it says the same number as one that finds none: only a look tells."""
    source, target = pair
    for name in ("plain", "uniq"):
        ids = iter(range(1, 1000))

        def found(name=name, ids=ids):
            row = f"INSERT INTO test_mismatch.{name} VALUES ({next(ids)}, 1, NULL)"
            behind_farshores_back(target, row)
            source.database.execute(row)
            caught_up(regions)
            return counted(target, source).get((name, "already-as-after"), 0) > 0

        eventually(f"a look finds it in {name}", found, 60)
        eventually("the gate is closed", lambda name=name: closed_for(target, name))


def test_what_is_only_counted_makes_no_doubt_a_new_one(pair, regions):
    """Two regions that doubt a table which both may write would each wait for ever until the other says nothing new."""
    source, target = pair
    words = ("--origin", source.name, "--table", "test_mismatch.warned", "--execute")
    assert target.ctl("equal", "revoke", *words, "--why", "a test").returncode == 0
    told = lambda: source.database.rows("SELECT part, said_at_us, heard FROM farshore.told_doubt ORDER BY part")  # noqa: E731
    eventually("the other region is told", lambda: len(told()) == len(source.progress(target.name)))
    before = told()
    behind_farshores_back(target, "INSERT INTO test_mismatch.warned VALUES (1, 9)")
    source.database.execute("INSERT INTO test_mismatch.warned VALUES (1, 1)")
    caught_up(regions)
    assert counted(target, source) == {("warned", "insert-exists"): 1}
    target.database.as_application("INSERT INTO test_mismatch.plain VALUES (1, 1, 'after it')")
    caught_up(regions)
    assert told() == before
    target.declare_equal(source, "test_mismatch.warned")
    regions.all_gates_open()


def test_examples_are_bounded_and_forgotten_when_asked(pair, regions):
    source, target = pair
    values = ", ".join(f"({n}, 0, NULL)" for n in range(1, 2001))
    behind_farshores_back(target, f"INSERT INTO test_mismatch.plain VALUES {values}")
    source.database.execute(f"INSERT INTO test_mismatch.plain VALUES {values.replace(', 0,', ', 1,')}")
    caught_up(regions)
    assert counted(target, source)[("plain", "insert-exists")] == 2000
    examples = target.database.value("SELECT COUNT(*) FROM farshore.mismatch_example")
    assert 20 <= examples <= 20 * 8
    assert target.ctl("mismatches", "clear").returncode == 2
    for words in ((), ("--execute",)):  # what is told of the doubt would be an older one again
        refused = target.ctl("mismatches", "clear", "--table", "test_mismatch.plain", *words)
        assert refused.returncode == 4 and f"test_mismatch.plain (origin {source.name}, stream main)" in refused.stderr, refused.stderr
    assert counted(target, source) and shown(target, "plain")
    target.declare_equal(source, "test_mismatch.plain")
    assert "Nothing was done" in target.ctl("mismatches", "clear", "--table", "test_mismatch.plain").stdout
    assert counted(target, source)
    assert target.ctl("mismatches", "clear", "--table", "test_mismatch.plain", "--execute").returncode == 0
    assert counted(target, source) == {} and shown(target, "plain") == []
