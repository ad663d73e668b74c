"""What a table's rule and its other keys ask of apply: immutable tables, second unique keys, parked changes, order groups."""

import json

import pytest

from scenario import behind_farshores_back, caught_up
from wait import eventually, holds_for

SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_immutable CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS test_rules CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS test_group CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS test_entity CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS test_immutable.event (id INT NOT NULL PRIMARY KEY, body VARCHAR(40) NOT NULL);
CREATE TABLE IF NOT EXISTS test_rules.person (id INT NOT NULL PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_rules.refused (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);
CREATE TABLE IF NOT EXISTS test_entity.cart (user_id INT NOT NULL, item INT NOT NULL, n INT NOT NULL, PRIMARY KEY (user_id, item));
CREATE TABLE IF NOT EXISTS test_entity.visit (user_id INT NOT NULL, at INT NOT NULL, PRIMARY KEY (user_id, at));
CREATE TABLE IF NOT EXISTS test_group.parent (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE IF NOT EXISTS test_group.child (id INT NOT NULL PRIMARY KEY, parent_id INT NOT NULL,
  FOREIGN KEY (parent_id) REFERENCES test_group.parent (id) ON DELETE CASCADE ON UPDATE CASCADE);
"""
TABLES = ["test_immutable.event", "test_rules.person", "test_rules.refused", "test_entity.cart", "test_entity.visit",
          "test_group.child", "test_group.parent"]


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


# merge: immutable

def test_an_immutable_row_that_is_there_with_the_same_content_is_a_duplicate(regions, pair):
    source, target = pair
    behind_farshores_back(target, "INSERT INTO test_immutable.event VALUES (1, 'same')")
    source.database.as_application("INSERT INTO test_immutable.event VALUES (1, 'same'), (2, 'other')")
    caught_up(regions)
    assert rows(target, "test_immutable.event") == [(1, "same"), (2, "other")]
    assert target.conflicts() == []


def test_an_immutable_row_with_other_content_is_a_conflict_and_keeps_both_images(regions, pair):
    source, target = pair
    behind_farshores_back(target, "INSERT INTO test_immutable.event VALUES (1, 'theirs')")
    source.database.as_application("INSERT INTO test_immutable.event VALUES (1, 'ours')",
                                   "INSERT INTO test_immutable.event VALUES (2, 'next')")
    conflict = eventually("the conflict is kept", target.conflicts)[0]
    assert (conflict["schema_name"], conflict["table_name"], conflict["origin"]) == ("test_immutable", "event", source.name)
    assert b"ours" in conflict["change_bytes"] and "theirs" in conflict["target_image"]
    eventually("later rows are applied", lambda: (2, "next") in rows(target, "test_immutable.event"))
    assert (1, "theirs") in rows(target, "test_immutable.event")
    eventually("the gate closes", lambda: closed_by(target, "conflict"))


def test_a_change_of_an_immutable_row_is_a_conflict(regions, pair):
    source, target = pair
    source.database.as_application("INSERT INTO test_immutable.event VALUES (1, 'first')")
    caught_up(regions)
    source.database.as_application("UPDATE test_immutable.event SET body = 'second' WHERE id = 1",
                                   "DELETE FROM test_immutable.event WHERE id = 1")
    ended = lambda: target.database.records("SELECT * FROM farshore.conflict_history WHERE table_name = 'event'")  # noqa: E731
    eventually("the update is a conflict, and the delete takes its place",
               lambda: ended() and "delete" in str([row["reason"] for row in target.conflicts()]))
    assert len(target.conflicts()) == 1 and ended()[-1]["how"] == "superseded"
    assert rows(target, "test_immutable.event") == [(1, "first")]


# a second unique key

def test_unique_values_that_change_hands_arrive(regions, pair):
    source, target = pair
    source.database.as_application(
        "INSERT INTO test_rules.person VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)",
        "BEGIN", "UPDATE test_rules.person SET email = 'x', n = 1 WHERE id = 1",
        "UPDATE test_rules.person SET email = 'a', n = 1 WHERE id = 2",
        "UPDATE test_rules.person SET email = 'b', n = 1 WHERE id = 3",
        "UPDATE test_rules.person SET email = 'c', n = 2 WHERE id = 1", "COMMIT",
        "DELETE FROM test_rules.person WHERE id = 3", "INSERT INTO test_rules.person VALUES (4, 'b', 1)",
        "INSERT INTO test_rules.person VALUES (5, 'd', 0)", "UPDATE test_rules.person SET id = 6 WHERE id = 5")
    caught_up(regions)
    assert rows(target, "test_rules.person") == [(1, "c", 2), (2, "a", 1), (4, "b", 1), (6, "d", 0)]


def test_unique_values_that_go_round_while_apply_is_away_arrive(regions, pair):
    """Apply sees it all at once, spread over partitions."""
    source, target = pair
    source.database.as_application(*(f"INSERT INTO test_rules.person VALUES ({n}, 'u{n}', 0)" for n in range(1, 31)))
    caught_up(regions)
    regions.lab.stop(f"{target.name}.apply")
    for turn in range(1, 4):
        source.database.as_application(
            "BEGIN", "UPDATE test_rules.person SET email = CONCAT('t', id)",
            f"UPDATE test_rules.person SET email = CONCAT('u', 1 + (id + {turn}) MOD 30), n = {turn}", "COMMIT")
    regions.lab.start(f"{target.name}.apply", wait=False)
    caught_up(regions)
    assert rows(target, "test_rules.person") == rows(source, "test_rules.person")


OWN = {"a": ("VARCHAR(20) CHARACTER SET latin1", "'q\\'x\\\\'"), "b": ("VARBINARY(9)", "x'00FF27'"), "c": ("DOUBLE", "1e0/3"), "d": ("FLOAT", "1.1"),
       "e": ("DECIMAL(30,10)", "12345678901234567890.0123456789"), "f": ("BIT(9)", "b'100000001'"), "g": ("DATETIME(6)", "'2026-01-02 03:04:05.000006'"),
       "h": ("ENUM('x','y''z')", "'y\\'z'"), "i": ("JSON", "'{\"a\": [1, null, \"t\\\\\\\\n\"]}'"), "j": ("BIGINT UNSIGNED", "18446744073709551615"),
       "k": ("INT", "NULL"), "l": ("TEXT CHARACTER SET utf8mb4", "'😀'"),
       "o": ("TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP", "'2026-01-02 03:04:05'")}


def test_unique_values_that_change_hands_leave_the_targets_own_columns_alone(regions, pair):
    """The source has no such key and makes the circle in one statement, so that no row gives its value up by itself."""
    source, target = pair
    table = f"test_rules.owned_by_{target.name}"
    plain = f"CREATE TABLE IF NOT EXISTS {table} (id INT NOT NULL PRIMARY KEY, email VARCHAR(40) NOT NULL, n INT NOT NULL"
    behind_farshores_back(source, plain + ")")
    behind_farshores_back(target, plain + ", UNIQUE (email)" + "".join(f", {name} {kind}" for name, (kind, _) in OWN.items()) + ")")
    for region in regions:
        regions.lab.databases[region.name].grant_app()
    source.database.as_application(*(f"INSERT INTO {table} VALUES ({n}, 'u{n}', 0)" for n in range(1, 11)))
    caught_up(regions)
    behind_farshores_back(target, f"UPDATE {table} SET " + ", ".join(f"{name} = {value}" for name, (_, value) in OWN.items()))
    own = lambda: target.database.rows(f"SELECT id, {', '.join(OWN)} FROM {table} ORDER BY id", as_sent=True)  # noqa: E731
    before = own()
    assert len(before) == 10 and all(value is not None for name, value in zip(OWN, before[0][1:]) if name != "k")
    regions.lab.stop(f"{target.name}.apply")
    source.database.as_application(
        f"UPDATE {table} SET email = CONCAT('u', 1 + (id + 1) MOD 10), n = 1")
    regions.lab.start(f"{target.name}.apply", wait=False)
    caught_up(regions)
    assert rows_of(target, table) == rows(source, table)
    assert [row[:-1] for row in own()] == [row[:-1] for row in before]


def rows_of(region, table):
    return region.database.rows(f"SELECT id, email, n FROM {table} ORDER BY 1")


def test_nobody_elses_row_is_overwritten_through_a_unique_key(regions, pair):
    source, target = pair
    behind_farshores_back(target, "INSERT INTO test_rules.person VALUES (100, 'taken', 7)")
    source.database.as_application("INSERT INTO test_rules.person VALUES (1, 'taken', 0)",
                                   "INSERT INTO test_rules.person VALUES (2, 'free', 0)")
    eventually("it is a conflict", target.conflicts)
    eventually("other rows arrive", lambda: (2, "free", 0) in rows(target, "test_rules.person"))
    assert rows(target, "test_rules.person") == [(2, "free", 0), (100, "taken", 7)]
    eventually("the gate closes", lambda: not target.gate()[0])
    behind_farshores_back(target, "DELETE FROM test_rules.person WHERE id = 100")


# parked

def test_a_refused_change_is_parked_replaced_by_a_later_one_and_applied_at_last(regions, pair):
    source, target = pair
    target.database.execute("ALTER TABLE test_rules.refused ADD CONSTRAINT small CHECK (n < 100)")
    try:
        source.database.as_application("INSERT INTO test_rules.refused VALUES (1, 500)",
                                       "INSERT INTO test_rules.refused VALUES (2, 5)")
        first = eventually("it is parked", target.parked)[0]
        assert (first["table_name"], first["origin"]) == ("refused", source.name) and first["reason"]
        eventually("the other row is there", lambda: rows(target, "test_rules.refused") == [(2, 5)])
        eventually("the gate closes", lambda: closed_by(target, "parked"))
        source.database.as_application("UPDATE test_rules.refused SET n = 600 WHERE id = 1")
        eventually("the later change replaces it", lambda: [row["seq"] for row in target.parked()] > [first["seq"]])
        assert len(target.parked()) == 1
    finally:
        target.database.execute("ALTER TABLE test_rules.refused DROP CONSTRAINT small")
    eventually("it is applied by itself", lambda: rows(target, "test_rules.refused") == [(1, 600), (2, 5)])
    eventually("nothing is parked", lambda: not target.parked())


def test_a_change_that_fits_again_replaces_the_parked_one(regions, pair):
    source, target = pair
    target.database.execute("ALTER TABLE test_rules.refused ADD CONSTRAINT small CHECK (n < 100)")
    try:
        source.database.as_application("INSERT INTO test_rules.refused VALUES (1, 500)")
        eventually("it is parked", target.parked)
        source.database.as_application("UPDATE test_rules.refused SET n = 6 WHERE id = 1")
        eventually("the later image is there", lambda: rows(target, "test_rules.refused") == [(1, 6)])
        eventually("nothing is parked", lambda: not target.parked())
        holds_for("the old image does not come back", lambda: rows(target, "test_rules.refused") == [(1, 6)], 2)
    finally:
        target.database.execute("ALTER TABLE test_rules.refused DROP CONSTRAINT small")


# schema at the target

def waiting(target, source):
    return [row for row in target.progress(source.name) if row["state"] == "waiting-for-schema"]


def test_a_missing_table_makes_its_partitions_wait_and_go_on(regions, pair):
    source, target = pair
    regions.everywhere("SET SESSION sql_log_bin = 0", "DROP TABLE IF EXISTS test_rules.late")
    create = "CREATE TABLE test_rules.late (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)"
    source.database.execute(create)
    begins = len(target.log("apply"))
    source.database.as_application("INSERT INTO test_rules.late VALUES (1, 1), (2, 2), (3, 3)")
    row = eventually("partitions wait", lambda: waiting(target, source))[0]
    assert "test_rules.late" in row["reason"].replace("`", "")
    eventually("the gate closes", lambda: closed_by(target, "waiting-for-schema"))
    says = lambda: "waiting-for-schema: table test_rules.late" in target.ready("apply")[1]  # noqa: E731
    eventually("apply is not ready for it", says, 10)
    holds_for("nor while it tries again", says, 3)
    target.database.execute(create)
    caught_up(regions)
    assert rows(target, "test_rules.late") == [(1, 1), (2, 2), (3, 3)]

    def lines_of(partition):     # one when it stands, one when it goes on
        lines = map(json.loads, target.log("apply")[begins:].splitlines())
        return [line["msg"] for line in lines if line.get("partition") == partition and line["level"] in ("warn", "info")]
    told = ["table test_rules.late does not exist here", "the partition goes on"]
    eventually("the log says it once, and that it is over", lambda: lines_of(int(row["part"])) == told, 10,
               explain=lambda: lines_of(int(row["part"])))


@pytest.mark.parametrize("there,change", [("a VARCHAR(10)", "ADD COLUMN b INT"), ("a VARCHAR(3), b INT", "MODIFY a VARCHAR(10)"),
                                          ("a VARCHAR(10), b TINYINT", "MODIFY b INT")],
                         ids=["missing column", "too short", "too narrow"])
def test_a_column_that_does_not_fit_makes_the_partition_wait_and_go_on(regions, pair, there, change):
    source, target = pair
    regions.everywhere("SET SESSION sql_log_bin = 0", "DROP TABLE IF EXISTS test_rules.narrow")
    source.database.execute("CREATE TABLE test_rules.narrow (id INT NOT NULL PRIMARY KEY, a VARCHAR(10), b INT)")
    target.database.execute(f"CREATE TABLE test_rules.narrow (id INT NOT NULL PRIMARY KEY, {there})")
    source.database.as_application("INSERT INTO test_rules.narrow VALUES (1, 'abcdef', 70000)")
    row = eventually("the partition waits", lambda: waiting(target, source))[0]
    assert "narrow" in row["reason"]
    assert rows(target, "test_rules.narrow") == []
    behind_farshores_back(target, f"ALTER TABLE test_rules.narrow {change}")
    caught_up(regions)
    assert rows(target, "test_rules.narrow") == [(1, "abcdef", 70000)]


# order groups and entities

def test_cascades_in_an_order_group_end_the_same_on_both_sides(regions, pair):
    source, target = pair
    source.database.as_application(
        "INSERT INTO test_group.parent VALUES (1, 'one'), (2, 'two'), (3, 'three')",
        "INSERT INTO test_group.child VALUES (10, 1), (11, 1), (20, 2), (30, 3)",
        "UPDATE test_group.parent SET id = 5, name = 'five' WHERE id = 1",
        "BEGIN", "DELETE FROM test_group.parent WHERE id = 2", "INSERT INTO test_group.child VALUES (31, 3)",
        "UPDATE test_group.child SET parent_id = 5 WHERE id = 30", "COMMIT")
    caught_up(regions)
    for table, wanted in (("test_group.parent", [(3, "three"), (5, "five")]),
                          ("test_group.child", [(10, 5), (11, 5), (30, 5), (31, 3)])):
        assert rows(source, table) == wanted
        assert rows(target, table) == wanted


def test_what_a_session_without_foreign_key_checks_left_alone_is_left_alone_at_the_target(regions, pair):
    source, target = pair
    orphans = [(700, 70), (710, 71), (720, 72)]
    source.database.as_application(
        "INSERT INTO test_group.parent VALUES (70, 'deleted'), (71, 'replaced'), (72, 'moved')",
        "INSERT INTO test_group.child VALUES " + ", ".join(str(row) for row in orphans),
        "SET foreign_key_checks = 0",
        "DELETE FROM test_group.parent WHERE id = 70", "REPLACE INTO test_group.parent VALUES (71, 'new')",
        "UPDATE test_group.parent SET id = 75 WHERE id = 72")
    caught_up(regions)
    for region in (source, target):
        assert [row for row in rows(region, "test_group.parent") if row[0] >= 70] == [(71, "new"), (75, "moved")]
        assert [row for row in rows(region, "test_group.child") if row[0] >= 700] == orphans


def test_a_cascade_that_an_online_schema_change_brings_is_repeated(regions, pair):
    """Its key is added to a table that no stream takes, which is renamed then; all of it without the binlog, as careful loaders
    do: capture learns of the key when it meets the table's rows."""
    source, target = pair
    key = f"CONSTRAINT note_of_{source.name} FOREIGN KEY (parent_id) REFERENCES test_group.parent (id) ON DELETE CASCADE"
    for region in regions:
        behind_farshores_back(region, "DROP TABLE IF EXISTS test_group.note, test_group._note_new, test_group._note_old",
                              f"CREATE TABLE test_group.note (id INT NOT NULL PRIMARY KEY, parent_id INT NOT NULL{', ' + key if region is target else ''})")
    behind_farshores_back(
        source, "CREATE TABLE test_group._note_new LIKE test_group.note", f"ALTER TABLE test_group._note_new ADD {key}",
        "RENAME TABLE test_group.note TO test_group._note_old, test_group._note_new TO test_group.note")
    source.database.as_application("INSERT INTO test_group.parent VALUES (80, 'stays'), (81, 'goes')",
                                   "INSERT INTO test_group.note VALUES (800, 80), (810, 81)")
    caught_up(regions)
    source.database.as_application("DELETE FROM test_group.parent WHERE id = 81")
    caught_up(regions)
    for region in regions:
        assert rows(region, "test_group.note") == [(800, 80)]
    # What came without the binlog is not known to be equal, on either side.
    for region, origin in ((target, source), (source, target)):
        if origin.database.logs_cascades():
            continue
        eventually(f"the gate of {region.name} closes", lambda region=region: closed_by(region, "test_group.note"))
        region.declare_equal(origin, "test_group.note")


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_what_a_key_made_without_the_binlog_has_cascaded_closes_the_gate(regions, pair):
    """A careful loader makes a table and fills it without the binlog, in both regions; then its parent loses rows. No row of the table is ever seen."""
    source, target = pair
    assert not source.database.logs_cascades()
    page = "CREATE TABLE test_rules.page (id INT NOT NULL PRIMARY KEY, book_id INT NOT NULL, FOREIGN KEY (book_id) REFERENCES test_rules.book (id) ON DELETE CASCADE)"
    try:
        for region in regions:
            behind_farshores_back(region, "CREATE TABLE test_rules.book (id INT NOT NULL PRIMARY KEY)")
        source.database.as_application("INSERT INTO test_rules.book VALUES (1), (2)")
        caught_up(regions)
        for region in regions:
            behind_farshores_back(region, page, "INSERT INTO test_rules.page VALUES (10, 1), (20, 2)")
        source.database.as_application("DELETE FROM test_rules.book WHERE id = 1")
        eventually("the gate closes for the table", lambda: closed_by(target, "not-yet-equal") and closed_by(target, "test_rules.page"))
        assert "no statement in the binlog made it" in source.log("capture")
        caught_up(regions)
        assert rows(source, "test_rules.page") == [(20, 2)]
        behind_farshores_back(target, "DELETE FROM test_rules.page WHERE id = 10")
        target.declare_equal(source, "test_rules.page")
        source.database.as_application("DELETE FROM test_rules.book WHERE id = 2")
        caught_up(regions)
        assert rows(target, "test_rules.page") == rows(source, "test_rules.page") == []
        regions.all_gates_open()
    finally:
        for region in regions:
            behind_farshores_back(region, "DROP TABLE IF EXISTS test_rules.page, test_rules.book")


def test_a_parents_change_waits_until_every_key_that_cascades_from_it_is_at_the_target(regions, pair):
    """One of two children has its key there: that is not enough. Keys within a group come and go without a new epoch."""
    source, target = pair
    key = "CONSTRAINT twin_key FOREIGN KEY (parent_id) REFERENCES test_group.parent (id) ON DELETE CASCADE"
    add, drop = f"ALTER TABLE test_group.twin ADD {key}", "ALTER TABLE test_group.twin DROP FOREIGN KEY twin_key"
    for region in regions:
        behind_farshores_back(region, "DROP TABLE IF EXISTS test_group.twin",
                              "CREATE TABLE test_group.twin (id INT NOT NULL PRIMARY KEY, parent_id INT NOT NULL)")
    source.database.as_application(
        "INSERT INTO test_group.parent VALUES (90, 'goes'), (91, 'goes later'), (92, 'stays')",
        "INSERT INTO test_group.child VALUES (900, 90), (910, 91), (920, 92)",
        "INSERT INTO test_group.twin VALUES (901, 90), (911, 91), (921, 92)")
    caught_up(regions)
    source.database.as_application(add, "DELETE FROM test_group.parent WHERE id = 90")
    if not source.database.logs_cascades():
        reason = eventually("the parent's delete waits", lambda: waiting(target, source))[0]["reason"]
        assert "table test_group.parent: a foreign key of test_group.twin (parent_id) to test_group.parent (id) (on update RESTRICT" in reason
        assert (90, "goes") in rows(target, "test_group.parent")
        behind_farshores_back(target, add)
    caught_up(regions)
    for region in (source, target):
        assert rows(region, "test_group.twin") == [(911, 91), (921, 92)]

    epochs = {row["epoch"] for row in target.progress(source.name)}
    source.database.as_application(drop)
    if not source.database.logs_cascades():
        behind_farshores_back(target, drop)
    source.database.as_application("DELETE FROM test_group.parent WHERE id = 91")
    caught_up(regions)
    for region in (source, target):
        assert rows(region, "test_group.twin") == [(911, 91), (921, 92)]
        assert rows(region, "test_group.child") == [(920, 92)]
    assert {row["epoch"] for row in target.progress(source.name)} == epochs


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_a_key_that_was_dropped_before_capture_read_what_it_had_cascaded_is_still_waited_for(regions, pair):
    """Capture asks the live source, which is ahead of what it reads: what it knew before says what the delete went through."""
    source, target = pair
    assert not source.database.logs_cascades()
    key = "CONSTRAINT late_key FOREIGN KEY (parent_id) REFERENCES test_group.parent (id) ON DELETE CASCADE"
    add, drop = f"ALTER TABLE test_group.late ADD {key}", "ALTER TABLE test_group.late DROP FOREIGN KEY late_key"
    for region in regions:
        behind_farshores_back(region, "DROP TABLE IF EXISTS test_group.late")
    make = f"CREATE TABLE test_group.late (id INT NOT NULL PRIMARY KEY, parent_id INT NOT NULL, {key})"
    behind_farshores_back(target, make)
    source.database.as_application(make)
    source.database.as_application("INSERT INTO test_group.parent VALUES (60, 'goes'), (62, 'stays')",
                                   "INSERT INTO test_group.late VALUES (600, 60), (620, 62)")
    caught_up(regions)
    regions.lab.stop(f"{source.name}.capture")
    source.database.as_application(
        "DELETE FROM test_group.parent WHERE id = 60", drop, "INSERT INTO test_group.child VALUES (630, 62)")
    behind_farshores_back(target, drop)
    regions.restart(f"{source.name}.capture")
    row = eventually("the delete waits", lambda: waiting(target, source), 60,
                     explain=lambda: f"{rows(target, 'test_group.late')} are there, the gate is open: {target.gate()[0]}")[0]
    assert "a foreign key of test_group.late (parent_id) to test_group.parent (id) (on update RESTRICT" in row["reason"]
    eventually("the gate closes", lambda: closed_by(target, "waiting-for-schema"))
    assert (60, "goes") in rows(target, "test_group.parent")
    behind_farshores_back(target, add)  # what the sentence says
    caught_up(regions)
    for region in regions:
        assert (600, 60) not in rows(region, "test_group.late")
    behind_farshores_back(target, drop)

    source.database.as_application("INSERT INTO test_group.parent VALUES (63, 'goes')", "INSERT INTO test_group.late VALUES (630, 63)")
    caught_up(regions)
    source.database.as_application("DELETE FROM test_group.parent WHERE id = 63")
    caught_up(regions)
    for region in regions:
        assert (630, 63) in rows(region, "test_group.late"), "nobody waits for it any more"


@pytest.mark.parametrize("pair", ["west"], indirect=True)
def test_a_key_that_the_source_has_dropped_does_not_cascade_here_alone(regions, pair):
    """As the page says: the source first, then the targets; under traffic."""
    source, target = pair
    key = "CONSTRAINT alone_key FOREIGN KEY (parent_id) REFERENCES test_group.parent (id) ON DELETE CASCADE"
    drop = "ALTER TABLE test_group.alone DROP FOREIGN KEY alone_key"
    make = f"CREATE TABLE test_group.alone (id INT NOT NULL PRIMARY KEY, parent_id INT NOT NULL, {key})"
    for region in regions:
        behind_farshores_back(region, "DROP TABLE IF EXISTS test_group.alone")
    behind_farshores_back(target, make)
    source.database.as_application(make, "INSERT INTO test_group.parent VALUES (40, 'goes')", "INSERT INTO test_group.alone VALUES (400, 40)",
                                   "INSERT INTO test_group.child VALUES (401, 40)")
    caught_up(regions)
    source.database.as_application(drop, "DELETE FROM test_group.parent WHERE id = 40")
    row = eventually("the delete waits", lambda: waiting(target, source))[0]
    assert "would cascade here alone. Drop it here" in row["reason"] and "alone" in row["reason"]
    behind_farshores_back(target, drop)
    caught_up(regions)
    for region in regions:
        assert rows(region, "test_group.alone") == [(400, 40)] and not [one for one in rows(region, "test_group.child") if one[0] == 401]


def test_an_order_group_is_in_one_partition_and_an_entity_too(regions, pair):
    source, target = pair
    source.database.as_application(
        *(f"INSERT INTO test_group.parent VALUES ({n}, 'p')" for n in range(50, 60)),
        *(f"INSERT INTO test_group.child VALUES ({n}, {n})" for n in range(50, 60)),
        *(f"INSERT INTO test_entity.cart VALUES ({n % 3}, {n}, 1)" for n in range(12)),
        *(f"INSERT INTO test_entity.visit VALUES ({n % 3}, {n})" for n in range(12)))
    caught_up(regions)
    changes = decoded(source)
    group = {change["partition"] for change in changes if change["table"].startswith("test_group.")}
    assert len(group) == 1
    users = {}
    for change in changes:
        if change["table"].startswith("test_entity."):
            users.setdefault(column(change, "user_id"), set()).add(change["partition"])
    assert len(users) == 3 and all(len(partitions) == 1 for partitions in users.values())


def decoded(source):
    """Every change that the source published, as farshorectl decode prints it."""
    done = source.ctl("decode", "--topic", f"farshore.changes.{source.name}.main")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line["kind"] in ("insert", "update", "delete")]


def column(change, name):
    return (change.get("after") or change.get("before"))[name]


# several apply processes

def test_two_apply_processes_share_the_partitions_and_one_takes_over_from_the_other(regions, pair):
    source, target = pair
    regions.lab.start(f"{target.name}.apply-2")
    try:
        owners = lambda: {row["owner"].rsplit("/", 1)[0] for row in target.progress(source.name) if row["state"] == "applying"}  # noqa: E731
        beat(source, 1)
        eventually("both own partitions", lambda: beat(source) and len(owners()) == 2, 40, poll_s=0.5)
        regions.lab.kill(f"{target.name}.apply-2")
        eventually("the other one owns all", lambda: beat(source) and len(owners()) == 1, 40, poll_s=0.5)
        caught_up(regions)
        assert rows(target, "test_rules.refused") == rows(source, "test_rules.refused")
    finally:
        if regions.lab.component(f"{target.name}.apply-2").running():
            regions.lab.stop(f"{target.name}.apply-2")


def beat(source, first=None):
    """A write to every partition, near enough."""
    start = first or source.database.value("SELECT MAX(id) FROM test_rules.refused") + 1
    source.database.as_application(*(f"INSERT INTO test_rules.refused VALUES ({start + n}, 1)" for n in range(30)))
    return True
