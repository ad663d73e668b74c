"""The target's tables as apply finds them: what changes there is known before the next row, and what it may not write it does not."""

import itertools

import pytest

from scenario import behind_farshores_back, caught_up
from wait import eventually

NUMBERS = itertools.count(1)


def says(region, *words):
    """The reason of a partition that does not go on, once it has all the words."""
    def found():
        reasons = [row["reason"] for row in region.progress() if row["state"] != "applying"]
        return [reason for reason in reasons if all(word in reason for word in words)]
    return eventually(f"{region.name} says {words}", found, 20, explain=region.progress)[0]


@pytest.fixture(params=["east", "west"])
def pair(regions, request):
    source = regions.by_name[request.param]
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_target CHARACTER SET utf8mb4")
    yield source, regions.others(source)[0]
    regions.all_gates_open()


@pytest.fixture
def table(pair):
    """A new table's name; make it with make()."""
    return f"test_target.t{next(NUMBERS)}_{pair[0].name}"


def make(pair, table, at_source, at_target=None, warm=None):
    """The table on both sides, and (to fill apply's knowledge of it) a row that has arrived."""
    source, target = pair
    for region, columns in ((source, at_source), (target, at_target or at_source)):
        behind_farshores_back(region, f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} ({columns})")
    if warm:
        source.database.as_application(f"INSERT INTO {table} VALUES {warm}")
        eventually("the row has arrived", lambda: target.database.value(f"SELECT COUNT(*) FROM {table}") == 1, 30,
                   explain=target.progress)


def mend(regions, pair, table, *statements):
    behind_farshores_back(pair[1], *statements)
    caught_up(regions)
    regions.all_gates_open()


def same(pair, table, columns="*"):
    query = f"SELECT {columns} FROM {table} ORDER BY 1"
    assert [region.database.rows(query) for region in pair][0] == pair[1].database.rows(query)


def test_a_column_that_was_narrowed_a_moment_ago_takes_no_rounded_value(regions, pair, table):
    source, target = pair
    make(pair, table, "id INT NOT NULL PRIMARY KEY, v DECIMAL(10,4) NOT NULL", warm="(0, 1.2345)")
    behind_farshores_back(target, f"ALTER TABLE {table} MODIFY v DECIMAL(10,2) NOT NULL")
    source.database.as_application(*(f"INSERT INTO {table} VALUES ({number}, 9.8765)" for number in range(1, 41)))
    says(target, table, "column v keeps 2 digits after the point, the source's has 4")
    assert target.database.rows(f"SELECT id FROM {table} WHERE v = 9.88") == []
    mend(regions, pair, table, f"ALTER TABLE {table} MODIFY v DECIMAL(10,4) NOT NULL", f"UPDATE {table} SET v = 1.2345 WHERE id = 0")
    same(pair, table)


def test_a_unique_key_that_was_added_a_moment_ago_turns_no_row_into_another(regions, pair, table):
    source, target = pair
    make(pair, table, "id INT NOT NULL PRIMARY KEY, v INT NOT NULL", warm="(100, 7)")
    behind_farshores_back(target, f"ALTER TABLE {table} ADD UNIQUE KEY (v)")
    source.database.as_application(f"INSERT INTO {table} VALUES (2, 7)")
    eventually("the row is parked", lambda: target.parked(), 20, explain=target.progress)
    assert target.database.rows(f"SELECT id FROM {table}") == [(100,)]
    behind_farshores_back(target, f"ALTER TABLE {table} DROP KEY v")
    eventually("nothing is parked", lambda: not target.parked(), 30)
    same(pair, table)


OLD_TIME = "SET timestamp = 1000000000"


@pytest.mark.parametrize("history", ["new", "of an old time", "behind another", "made anew at the same time"])
def test_a_trigger_that_was_made_a_moment_ago_fires_for_no_row(regions, pair, table, history):
    """MariaDB takes a trigger for new by the time that it bears, and looks at the first one of an event and time alone."""
    source, target = pair
    harmless = (f"CREATE TRIGGER {table}_harmless BEFORE INSERT ON {table} FOR EACH ROW "
                "SET NEW.v = IF(USER() LIKE 'farshore_apply@%', NEW.v, -1)")
    fires = f"CREATE TRIGGER {table}_fires BEFORE INSERT ON {table} FOR EACH ROW SET NEW.v = NEW.v + 100"
    before, then, name = {
        "new": ([], [fires], "fires"),
        "of an old time": ([], [OLD_TIME, fires], "fires"),
        "behind another": ([harmless], [fires], "fires"),
        "made anew at the same time": ([OLD_TIME, harmless], [OLD_TIME, f"DROP TRIGGER {table}_harmless",
                                                              fires.replace("_fires", "_harmless")], "harmless"),
    }[history]
    make(pair, table, "id INT NOT NULL PRIMARY KEY, v INT NOT NULL")
    behind_farshores_back(target, *before)
    source.database.as_application(f"INSERT INTO {table} VALUES (0, 1)")
    caught_up(regions)
    behind_farshores_back(target, *then)
    source.database.as_application(*(f"INSERT INTO {table} VALUES ({number}, 1)" for number in range(1, 41)))
    says(target, table, f"it has the trigger {table.removeprefix('test_target.')}_{name} here")
    assert target.database.rows(f"SELECT * FROM {table} WHERE v <> 1") == []
    mend(regions, pair, table, f"DROP TRIGGER {table}_{name}")
    same(pair, table)


def test_an_alter_waits_for_the_transaction_that_has_looked_and_the_next_one_sees_it(regions, pair, table):
    """Rows flow while the table goes to and fro: each row is exact, whenever it came."""
    source, target = pair
    make(pair, table, "id INT NOT NULL PRIMARY KEY, v DECIMAL(10,4) NOT NULL, w INT NULL", warm="(0, 1.2345, NULL)")
    for round_ in range(6):
        source.database.as_application(*(f"INSERT INTO {table} VALUES ({1000 * round_ + number}, 9.8765, NULL)" for number in range(1, 60)))
        change = "DROP COLUMN w" if round_ % 2 == 0 else "ADD COLUMN w INT NULL"
        behind_farshores_back(target, f"ALTER TABLE {table} {change}")
    caught_up(regions)
    same(pair, table, "id, v")


def test_keys_that_would_be_one_here_and_are_two_there_wait_until_both_sides_agree(regions, pair, table):
    """'a' and 'a ', and two emoji: MySQL's default collation tells them apart, MariaDB's does not."""
    source, target = pair
    apart = "utf8mb4_0900_ai_ci" if source.database.server == "mysql" else "utf8mb4_nopad_bin"
    columns = "word VARCHAR(20) COLLATE {} NOT NULL PRIMARY KEY, n INT NOT NULL"
    make(pair, table, columns.format(apart), columns.format("utf8mb4_general_ci"))
    source.database.as_application(f"INSERT INTO {table} VALUES ('a', 1), ('a ', 2), ('😀', 3), ('🎉', 4)")
    says(target, table, "its key column word has the collation utf8mb4_general_ci here")
    assert target.database.rows(f"SELECT * FROM {table}") == []
    eventually("the gate is closed for it", lambda: not target.gate()[0], 20, explain=target.gate)
    exact = "utf8mb4_nopad_bin" if target.database.server == "mariadb" else "utf8mb4_0900_bin"
    mend(regions, pair, table, f"ALTER TABLE {table} MODIFY word VARCHAR(20) COLLATE {exact} NOT NULL")
    assert [set(region.database.rows(f"SELECT * FROM {table}")) for region in pair][0] == set(target.database.rows(f"SELECT * FROM {table}"))
    assert target.database.value(f"SELECT COUNT(*) FROM {table}") == 4


def test_json_numbers_that_the_type_here_cannot_hold_are_parked_with_the_columns_name(regions, pair, table):
    source, target = pair
    make(pair, table, "id INT NOT NULL PRIMARY KEY, v LONGTEXT NULL", "id INT NOT NULL PRIMARY KEY, v JSON NULL")
    source.database.as_application(f"INSERT INTO {table} VALUES (1, '[12345678901234567890.12]'), (2, '[1.5]')")
    if target.database.server == "mariadb":   # JSON is a text there
        caught_up(regions)
        same(pair, table)
        return
    eventually("the row is parked", lambda: target.parked(), 20, explain=target.progress)
    assert "column `v`: its text has a number" in target.parked()[0]["reason"]
    assert target.database.rows(f"SELECT id FROM {table}") == [(2,)]
    source.database.as_application(f"DELETE FROM {table} WHERE id = 1")
    eventually("nothing is parked", lambda: not target.parked(), 30)


def test_a_row_that_holds_a_unique_value_keeps_its_key_where_null_is_the_present_time(regions, pair, table):
    """Many rows by one upsert: one that finds another row refuses the whole, also where the key is a TIMESTAMP."""
    source, target = pair
    make(pair, table, "at TIMESTAMP NOT NULL PRIMARY KEY, v INT NOT NULL, UNIQUE KEY (v)", warm="('2026-01-01 10:00:00', 7)")
    behind_farshores_back(target, f"INSERT INTO {table} VALUES ('2026-01-01 11:00:00', 8)")
    source.database.as_application(f"INSERT INTO {table} VALUES ('2026-01-01 12:00:00', 9), ('2026-01-01 13:00:00', 8), "
                                   "('2026-01-01 14:00:00', 10)")
    eventually("the row is parked", lambda: target.parked() or target.conflicts(), 20, explain=target.progress)
    assert target.database.rows(f"SELECT v FROM {table} WHERE at = '2026-01-01 11:00:00'") == [(8,)]
    behind_farshores_back(target, f"DELETE FROM {table} WHERE v = 8")
    source.database.as_application(f"UPDATE {table} SET v = 18 WHERE v = 8")
    eventually("nothing is parked", lambda: not target.parked() and not target.conflicts(), 30)
    same(pair, table)


def test_a_key_that_the_target_would_set_to_the_time_of_an_update_stays(regions, pair, table):
    source, target = pair
    make(pair, table, "at TIMESTAMP(6) NOT NULL PRIMARY KEY, v INT NOT NULL",
         "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6) PRIMARY KEY, v INT NOT NULL",
         warm="('2026-01-01 10:00:00', 7)")
    source.database.as_application(f"UPDATE {table} SET v = 8")
    caught_up(regions)
    same(pair, table)


def test_a_column_that_only_the_target_has_keeps_its_time(regions, pair, table):
    """The column was added here first; rows of the shape before are still written."""
    source, target = pair
    unique = "id INT NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, n INT"
    for number, columns in enumerate(("id INT NOT NULL PRIMARY KEY, n INT, m INT", unique)):
        name = f"{table}_{number}"
        make(pair, name, columns, warm="(1, 1, 1)")
        behind_farshores_back(target, f"ALTER TABLE {name} ADD at DATETIME NULL ON UPDATE CURRENT_TIMESTAMP")
        source.database.as_application(f"INSERT INTO {name} VALUES (2, 2, 2)", f"UPDATE {name} SET {columns.split(',')[-1].split()[0]} = 5")
        if number == 1:  # each through the other's value
            source.database.as_application("BEGIN", f"UPDATE {name} SET code = 'x' WHERE id = 1", f"UPDATE {name} SET code = '1' WHERE id = 2",
                                           f"UPDATE {name} SET code = '2' WHERE id = 1", "COMMIT")
        caught_up(regions)
        assert target.database.rows(f"SELECT at FROM {name}") == [(None,), (None,)]
        behind_farshores_back(source, f"ALTER TABLE {name} ADD at DATETIME NULL ON UPDATE CURRENT_TIMESTAMP")
        same(pair, name)


def test_a_circle_of_values_leaves_the_sources_own_times_as_they_are(regions, pair, table):
    """The rows are taken away and put back, with what only the target has of them."""
    source, target = pair
    columns = "id INT NOT NULL PRIMARY KEY, code INT NOT NULL, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"
    make(pair, table, columns, f"{columns}, note VARCHAR(20) NOT NULL DEFAULT '', UNIQUE (code)", warm="(0, 0, '2026-01-01 10:00:00')")
    source.database.as_application(f"INSERT INTO {table} (id, code) VALUES {', '.join(f'({n}, {n})' for n in range(1, 11))}")
    caught_up(regions)
    behind_farshores_back(target, f"UPDATE {table} SET note = 'kept', at = at")
    source.database.as_application(f"UPDATE {table} SET code = (id + 1) MOD 11")
    caught_up(regions)
    assert set(target.database.rows(f"SELECT note FROM {table}")) == {("kept",)}
    times = f"SELECT id, code, at FROM {table} ORDER BY id"
    assert source.database.rows(times) == target.database.rows(times)
    behind_farshores_back(target, f"ALTER TABLE {table} DROP note")
    same(pair, table)


def test_rows_are_found_by_a_set_whose_labels_stand_in_another_order_here(regions, pair, table):
    source, target = pair
    make(pair, table, "flags SET('a','b','c') NOT NULL PRIMARY KEY, v INT NOT NULL",
         "flags SET('c','z','b','a') NOT NULL PRIMARY KEY, v INT NOT NULL", warm="('a,c', 1)")
    source.database.as_application(f"INSERT INTO {table} VALUES ('a,b', 2), ('a,b,c', 3), ('b,c', 4)")
    caught_up(regions)
    source.database.as_application(f"DELETE FROM {table} WHERE flags IN ('a,c', 'a,b,c')", f"UPDATE {table} SET v = 5 WHERE flags = 'a,b'",
                                   f"UPDATE {table} SET flags = 'b' WHERE flags = 'b,c'")
    caught_up(regions)
    assert sorted(target.database.rows(f"SELECT v FROM {table}")) == [(4,), (5,)]
    mend(regions, pair, table, f"ALTER TABLE {table} MODIFY flags SET('a','b','c') NOT NULL")
    same(pair, table)


# What apply waits for

class holding:
    """A session that holds a lock of the target, and the account's view of who it is."""

    def __init__(self, target, *statements):
        self.target, self.statements = target, statements

    def __enter__(self):
        self.connection = self.target.database.root()
        with self.connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            for statement in self.statements:
                cursor.execute(statement)
        self.id = self.connection.thread_id()
        return self

    def __exit__(self, *_):
        self.connection.close()


@pytest.fixture
def seeing(pair):
    """Apply's account may see who holds locks; its sessions are new, as rights over all count from a session's start."""
    target = pair[1].database
    what = "PROCESS ON *.*" if target.server == "mariadb" else "SELECT ON performance_schema.*"
    target.execute(f"GRANT {what} TO 'farshore_apply'@'%'")
    sessions = lambda: {row[0] for row in target.rows(  # noqa: E731
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'farshore_apply'")}
    old = sessions()
    for connection in old:
        target.execute(f"KILL {connection}")
    eventually("all sessions are new", lambda: len(sessions() - old) == len(old) and pair[1].ready("apply")[0], 20)
    yield
    target.execute(f"REVOKE {what} FROM 'farshore_apply'@'%'")


def details(region):
    return " ".join(reason["detail"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"])


@pytest.mark.parametrize("kind", ["row", "metadata", "server", "backup"])
def test_a_lock_that_apply_waits_for_is_named_with_its_table_and_holder(regions, pair, table, seeing, kind):
    source, target = pair
    make(pair, table, "id INT NOT NULL PRIMARY KEY, v INT NOT NULL", warm="(1, 0)")
    statements, words = {
        "row": (["BEGIN", f"UPDATE {table} SET v = -1 WHERE id = 1"], [f"table {table}: a row lock is waited for"]),
        "metadata": ([f"LOCK TABLES {table} READ"], [f"table {table}: its metadata lock is waited for"]),
        "server": (["FLUSH TABLES WITH READ LOCK"], ["a lock over the whole server"]),
        "backup": ([f"BACKUP STAGE {stage}" for stage in ("START", "FLUSH", "BLOCK_DDL", "BLOCK_COMMIT")],
                   ["COMMIT waits for a lock over the whole server"]),
    }[kind]
    if kind == "backup" and target.database.server == "mysql":
        with holding(target, "LOCK INSTANCE FOR BACKUP"):
            source.database.as_application(f"UPDATE {table} SET v = 1 WHERE id = 1")
            eventually("the row arrives meanwhile", lambda: target.database.value(f"SELECT v FROM {table}") == 1, 20)
        return
    begins = len(target.log("apply"))
    with holding(target, *statements) as holder:
        source.database.as_application(f"UPDATE {table} SET v = 1 WHERE id = 1")
        told = eventually("apply says it", lambda: all(word in target.ready("apply")[1] for word in words), 10,
                          explain=lambda: target.ready("apply")[1])
        assert told
        if kind == "row" or target.database.server == "mysql":
            assert f"connection {holder.id}" in target.ready("apply")[1]
        if kind in ("row", "metadata"):     # under the others nobody writes, nor does apply its progress
            assert any(all(word in row["reason"] for word in words) for row in target.progress(source.name))
        said = words if kind != "backup" else ["a lock over the whole server"]
        eventually("the gate says it", lambda: all(word in details(target) for word in ["safe time", *said]), 30,
                   explain=lambda: details(target))
        assert words[0] in target.ctl("status").stdout
        answers = target.ready("apply")[1] + str([row["reason"] for row in target.progress(source.name)])
        assert "gone away" not in answers and "Lost connection" not in answers
    eventually("the row arrives", lambda: target.database.value(f"SELECT v FROM {table}") == 1, 20, explain=target.progress)
    eventually("nothing is waited for", lambda: not any(row["reason"] for row in target.progress(source.name)), 10)
    eventually("apply is ready", lambda: target.ready("apply")[0], 10)
    log = target.log("apply")[begins:]
    log = log[log.index(words[0]):]  # before it: what still went on at the test's start
    assert log.count(words[0]) == 1 and log.count('"msg":"the target is written again"') == 1, log
    assert "gone away" not in log and "Lost connection" not in log
