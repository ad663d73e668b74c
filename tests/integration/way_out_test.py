"""A stop because of one table ends when that table is left out, as the stop's own sentence says, and the rest goes on.

What was left out and is taken in again has missed rows: the gate stays closed over it until somebody vouches for it.
"""

import contextlib
import copy

import pytest

from circuit import Circuit, reasons
from declarations import begin_equal
from lab_lib import tools
from wait import eventually

MYSQL, MARIADB = "mysql", "mariadb"
BOTH = (MYSQL, MARIADB) if tools.mysql_root() else (MARIADB,)
KEPT = "CREATE TABLE kept (id INT NOT NULL PRIMARY KEY, body VARCHAR(250) NOT NULL)"
LOG = "CREATE TABLE log (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)"
LARGE = 40_000  # rows of a transaction whose first parts are acknowledged before its end is read


@pytest.fixture
def circuit(regions, sources, folder):
    return lambda kind, target=None: Circuit(sources[kind], regions.east.bootstrap, folder, target and sources[target])


def with_tables(case, tables, capture=False, rules=()):
    config = copy.deepcopy(case.capture_config() if capture else case.config)
    config["streams"]["main"]["tables"] = [table.format(s=case.schema) for table in tables]
    config["tables"] = [{**rule, "match": rule["match"].format(s=case.schema)} for rule in rules]
    if capture:
        # Checkpoints are far apart: what was published is read again, under the numbering of then.
        config["capture"] = {"batch_bytes": "64KiB", "checkpoint_interval": "60s"}
    return config


# narrowed and widened

def all_tables_are_meant(gate, case):
    detail = reasons(gate).get("not-yet-equal", "")
    return "the stream's tables" in detail and "not all that changed in it before epoch" in detail and case.schema not in detail


def is_open(gate):
    eventually("the gate is open", lambda: reasons(gate) == {}, 60, explain=lambda: str(reasons(gate)))


@pytest.mark.parametrize("kind", BOTH)
def test_a_table_that_was_left_out_for_a_while_is_not_yet_equal(circuit, kind):
    case = circuit(kind, "target")
    case.execute(KEPT, LOG)
    case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", KEPT, LOG)
    narrow = with_tables(case, ["{s}.*", "!{s}.log"], capture=True)
    wide = with_tables(case, ["{s}.*"], capture=True)
    with case.apply(), case.gate() as gate:
        with case.capture(config=narrow) as capture:
            capture.wait_ready()
            case.execute("INSERT INTO log VALUES (1, 1)", "INSERT INTO kept VALUES (1, 'x')")
            eventually("what is taken arrives", lambda: case.rows("kept") == [(1, "x")])
            case.declare_equal()
            is_open(gate)
            assert case.published_changes() == 1 and case.rows("log") == []
        with case.capture(config=wide) as capture:
            capture.wait_ready()
            case.execute("INSERT INTO log VALUES (2, 2)")
            eventually("what is written from here on arrives", lambda: case.rows("log") == [(2, 2)])
            eventually("the gate names the table alone", lambda: f"{case.schema}.log" in reasons(gate).get("not-yet-equal", ""),
                       explain=lambda: str(reasons(gate)))
            assert "kept" not in reasons(gate)["not-yet-equal"]
            assert f"{case.schema}.log" in capture.said(), "capture warns"
            case.target.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {case.schema}.log VALUES (1, 1)")
            case.declare_equal("--stream", "main", "--table", f"{case.schema}.log")
            is_open(gate)
        # What a server wrote before it counted as the origin's own was not published, of whatever table.
        wide["origins"][0]["own_servers"] = ["3e11fa47-71ca-11e1-9e33-c80aa9429562" if kind == MYSQL else "4711"]
        with case.capture(config=wide) as capture:
            capture.wait_ready()
            case.execute("INSERT INTO kept VALUES (2, 'y')")
            eventually("changes arrive", lambda: (2, "y") in case.rows("kept"))
            eventually("the gate says it of all tables", lambda: all_tables_are_meant(gate, case),
                       explain=lambda: str(reasons(gate)))
            case.declare_equal()
            is_open(gate)


# a table that only the origin takes

def test_a_table_that_the_other_region_does_not_take_waits_until_the_files_are_equal(circuit):
    case = circuit(MARIADB, "target")
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", KEPT, LOG)
    both, one = with_tables(case, ["{s}.*"]), with_tables(case, ["{s}.*", "!{s}.log"])
    with case.capture(config=with_tables(case, ["{s}.*"], capture=True)) as capture, case.gate() as gate:
        capture.wait_ready()
        with case.apply(config=one):
            case.execute("INSERT INTO log VALUES (1, 1)")
            reason = case.wait_state("stopped")["reason"]
            assert f"changes of table {case.schema}.log" in reason and "make streams and tables of the regions' files equal" in reason
            eventually("the gate says it", lambda: f"{case.schema}.log" in (reasons(gate) or {}).get("stopped", ""),
                       explain=lambda: str(reasons(gate)))
            assert case.rows("log") == []
        with case.apply(config=both):
            eventually("its rows arrive", lambda: case.rows("log") == [(1, 1)], explain=case.progress)
            case.declare_equal()
            is_open(gate)


# a table without a key

def rows_of_kept(first, count=1):
    rows = (f"({n}, REPEAT('x', 220))" for n in range(first, first + count))
    return f"INSERT INTO kept VALUES {', '.join(rows)}"


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("tables,rules", [(["{s}.*", "!{s}.nokey"], []), (["{s}.*"], [{"match": "{s}.nokey", "merge": "local"}])],
                         ids=["left out", "local"])
@pytest.mark.parametrize("rows", [1, LARGE], ids=["small", "sent in parts"])
def test_capture_goes_on_when_a_table_without_a_key_is_left_out(circuit, kind, tables, rules, rows):
    """Also when a part of the transaction is published already."""
    case = circuit(kind)
    case.execute(KEPT, "CREATE TABLE nokey (n INT)")
    with case.capture(config=with_tables(case, ["{s}.*"], capture=True)) as capture:
        capture.wait_ready()
        assert "without a primary key" in capture.said(), "it is told at the start"
        case.execute(rows_of_kept(1))
        case.wait_published(1)
        case.execute("BEGIN", rows_of_kept(2, rows), "INSERT INTO nokey VALUES (1)", rows_of_kept(100_000), "COMMIT")
        answer = capture.wait_unready("stopped", f"{case.schema}.nokey has no primary key", f"!{case.schema}.nokey", "merge: local")
        assert "leave the table out" in answer
    assert (case.published_changes() > 1) == (rows == LARGE), "the stop found the transaction as the test wants it"
    with case.capture(config=with_tables(case, tables, capture=True, rules=rules)) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO nokey VALUES (2)", rows_of_kept(200_000))
        eventually("the last row is published", lambda: any(b"nokey" not in record.value for record in case.published()[-1:])
                   and distinct(case) == rows + 3, explain=lambda: str((distinct(case), capture.readiness(), capture.said()[-1500:])))
        assert f"table {case.schema}.nokey is left out of every stream" in capture.said()
        capture.wait_ready()


def distinct(case):
    """Rows of `kept` that arrive: an epoch that begins in a transaction repeats what was published of it."""
    ended = max((record.header.epoch for record in case.published()), default=1)
    return 1 + sum(record.header.count for record in case.published() if record.header.epoch == ended)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("bound,length", [("64KiB", 80_000), ("9MiB", 11_000_000)], ids=["above the bound", "above every bound"])
def test_rows_behind_a_row_that_is_left_out_are_named(circuit, kind, bound, length):
    """Without the table's rows those of the others count otherwise in their transaction, of which a part is applied."""
    case = circuit(kind, "target")
    tables = (KEPT, "CREATE TABLE doc (id INT NOT NULL PRIMARY KEY, body LONGTEXT NOT NULL)", LOG)
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", *tables)
    wide, narrow = (with_tables(case, ["{s}.*", *more], capture=True) for more in ([], ["!{s}.doc"]))
    for config in (wide, narrow):
        config["capture"]["max_row_bytes"] = bound
    with case.apply(), case.gate() as gate:
        with case.capture(config=wide) as capture:
            capture.wait_ready()
            case.declare_equal()
            is_open(gate)
            case.execute("BEGIN", "INSERT INTO doc VALUES (1, 'small'), (2, 'small')", rows_of_kept(1, LARGE),
                         f"INSERT INTO doc VALUES (6, REPEAT('y', {length}))", rows_of_kept(100_000), "COMMIT")
            capture.wait_unready("stopped", f"{case.schema}.doc", "max_row_bytes")
            assert 2 < case.published_changes() <= LARGE + 2
        with case.capture(config=narrow) as capture:
            capture.wait_ready()
            case.execute(rows_of_kept(200_000))
            eventually("the last row arrives", lambda: case.target.value(f"SELECT COUNT(*) FROM {case.schema}.kept WHERE id = 200000"),
                       60, explain=lambda: str((capture.readiness(), case.progress())))
            eventually("the gate names the table whose rows may lack", lambda: f"{case.schema}.kept" in reasons(gate).get("not-yet-equal", ""),
                       explain=lambda: str(reasons(gate)))
            assert ".log" not in reasons(gate)["not-yet-equal"] and ".doc" not in reasons(gate)["not-yet-equal"]
            assert "inside the transaction" in capture.said(), "capture warns"
            safe_times = lambda: [row["safe_time"] for row in case.progress()]
            before = max(safe_times())
            eventually("what is still on its way arrives", lambda: min(safe_times()) > before, 60, explain=lambda: str(case.progress()))
            ids = lambda server: {row[0] for row in server.rows(f"SELECT id FROM {case.schema}.kept")}
            missing = ", ".join(f"({n}, REPEAT('x', 220))" for n in ids(case.source) - ids(case.target))
            if missing:
                case.target.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {case.schema}.kept VALUES {missing}")
            case.declare_equal("--stream", "main", "--table", f"{case.schema}.kept")
            is_open(gate)


# rows that are rolled back

TEMPORARY = "CREATE TEMPORARY TABLE beside (n INT)"
ONE_ROW = "INSERT INTO log VALUES (1, 1)"
BEFORE = "INSERT INTO log VALUES (7, 7)"
LEFT_OUT = {
    "whole": ["BEGIN", ONE_ROW, TEMPORARY, "ROLLBACK"],
    "to a savepoint": ["BEGIN", BEFORE, "SAVEPOINT one", ONE_ROW, TEMPORARY, "ROLLBACK TO one", "COMMIT"],
    "to a savepoint before all rows": ["BEGIN", "SAVEPOINT one", ONE_ROW, TEMPORARY, "ROLLBACK TO one", "COMMIT"],
    # What a table that is not transactional keeps is logged on its own, and arrives. MySQL refuses such a transaction (1785).
    "beside rows that stay": ["BEGIN", ONE_ROW, "INSERT INTO stays VALUES (1, 1)", TEMPORARY, "ROLLBACK"],
}
# Which of its rows came to be is not known before some of them are sent.
NAMED = {
    "to a name of two savepoints": ("BEGIN", BEFORE, "SAVEPOINT one", "SAVEPOINT One", ONE_ROW, TEMPORARY, "ROLLBACK TO one", "COMMIT"),
    "sent in parts": ("BEGIN", "INSERT INTO log SELECT seq, 1 FROM seq_1_to_600000", TEMPORARY, "ROLLBACK"),
}


def logged(case):
    """What SHOW BINLOG EVENTS says of each event of the source's last file."""
    (file, *_), = case.source.rows("SHOW MASTER STATUS")
    return " | ".join(str(event[5]) for event in case.source.rows(f"SHOW BINLOG EVENTS IN '{file}'"))


@contextlib.contextmanager
def rolled_back(circuit, statements):
    """The origin is declared, the statements are run, and a row behind them has arrived: (case, capture, gate, config)."""
    case = circuit(MARIADB, "target")
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", KEPT, LOG, LOG.replace("log", "stays"))
    case.source.execute("SET SESSION sql_log_bin = 0", f"ALTER TABLE {case.schema}.stays ENGINE=MyISAM")
    config = with_tables(case, ["{s}.*"], capture=True)
    with case.apply(), case.gate() as gate, case.capture(config=config) as capture:
        capture.wait_ready()
        case.declare_equal()
        is_open(gate)
        case.execute(*statements)
        case.execute(rows_of_kept(1))
        eventually("what is behind it arrives", lambda: case.rows("kept"), 90, explain=lambda: str((capture.readiness(), case.progress())))
        yield case, capture, gate, config


def test_rows_that_are_logged_and_rolled_back_are_left_out(circuit):
    with rolled_back(circuit, [each for way in LEFT_OUT.values() for each in (*way, "DROP TEMPORARY TABLE beside")]) as (case, _, gate, _):
        assert logged(case).count(f"({case.schema}.log) | ") == 5 and logged(case).count("ROLLBACK") == 4, "the test makes what it is about"
        eventually("what is not rolled back arrives", lambda: case.rows("stays") == [(1, 1)] and case.rows("log") == [(7, 7)],
                   explain=lambda: str((case.rows("log"), case.progress())))
        assert case.source.rows(f"SELECT * FROM {case.schema}.log") == [(7, 7)]
        assert {record.header.epoch for record in case.published()} == {1}, "nothing is told"
        is_open(gate)


@pytest.mark.parametrize("statements", NAMED.values(), ids=NAMED)
def test_rows_of_which_it_is_not_known_whether_they_were_rolled_back_are_named_and_nothing_stops(circuit, statements):
    with rolled_back(circuit, statements) as (case, capture, gate, config):
        eventually("the gate names the table", lambda: f"{case.schema}.log" in (reasons(gate) or {}).get("not-yet-equal", ""),
                   explain=lambda: str(reasons(gate)))
        assert ".kept" not in reasons(gate)["not-yet-equal"] and "rolled back" in capture.said()
        assert case.source.rows(f"SELECT * FROM {case.schema}.log") != case.rows("log"), "the test makes what it is about"
        capture.stop()
        with case.capture(config=config) as capture:
            capture.wait_ready()
            case.execute(rows_of_kept(2))
            eventually("it goes on", lambda: len(case.rows("kept")) == 2, explain=lambda: str(capture.readiness()))
            assert max(record.header.epoch for record in case.published()) == 2, "it is told once"
            assert case.ctl("equal", "begin", "--origin", case.name, "--execute").returncode == 0
            case.target.execute("SET SESSION sql_log_bin = 0", f"DELETE FROM {case.schema}.log WHERE id <> 7")
            case.declare_equal("--stream", "main", "--table", f"{case.schema}.log")
            is_open(gate)


# a cascade that cannot be repeated

def test_capture_goes_on_when_the_child_of_a_cascade_from_elsewhere_is_left_out(circuit):
    """Rows of the child from before the key are published, and are read again before the new numbering begins."""
    case = circuit(MARIADB)
    outside = f"outside_{case.name}"
    case.source.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE {outside}", f"CREATE TABLE {outside}.parent (id INT NOT NULL PRIMARY KEY)")
    case.execute(KEPT, "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent INT)")
    with case.capture(config=with_tables(case, ["{s}.*"], capture=True)) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO child VALUES (1, NULL)")
        case.wait_published(1)
        case.execute(f"ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES {outside}.parent (id) ON DELETE CASCADE", rows_of_kept(1))
        capture.wait_unready(f"changed by a cascade from {outside}.parent", "out of every stream")
    with case.capture(config=with_tables(case, ["{s}.*", "!{s}.child"], capture=True)) as capture:
        capture.wait_ready()
        eventually("the rest goes on", lambda: any(b"kept" in record.value for record in case.published()),
                   explain=lambda: str(capture.readiness()))


# system versioning

VERSIONED = [
    ["CREATE TABLE v (id INT NOT NULL PRIMARY KEY, n INT NOT NULL) WITH SYSTEM VERSIONING"],
    ["CREATE TABLE v (id INT NOT NULL PRIMARY KEY, n INT NOT NULL WITH SYSTEM VERSIONING)"],
    ["CREATE TABLE v (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)", "INSERT INTO v VALUES (9, 9)", "ALTER TABLE v ADD SYSTEM VERSIONING"],
    ["SET SESSION sql_log_bin = 0", "CREATE TABLE v (id INT NOT NULL PRIMARY KEY, n INT NOT NULL) WITH SYSTEM VERSIONING",
     "SET SESSION sql_log_bin = 1"],
    ["SET SESSION sql_log_bin = 0", "CREATE TABLE _v_old (id INT NOT NULL PRIMARY KEY, n INT NOT NULL) WITH SYSTEM VERSIONING",
     "SET SESSION sql_log_bin = 1", "CREATE TABLE v LIKE _v_old"],
]


@pytest.mark.skipif(MYSQL not in BOTH, reason="needs MySQL")
def test_transactions_added_to_gtid_purged_are_told_of_until_the_origin_begins_anew(circuit):
    """The source counts them as executed, and nobody will ever read them."""
    case = circuit(MYSQL, "target")
    added = "3e11fa47-71ca-11e1-9e33-%012x:1-5" % case.number
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", KEPT)
    words = ("--origin", case.name, "--execute")
    with case.gate() as gate:
        with case.apply() as apply:
            with case.capture() as capture:
                capture.wait_ready()
                case.execute("INSERT INTO kept VALUES (1, 'x')")
                eventually("the row arrives", lambda: case.rows("kept") == [(1, "x")])
                case.declare_equal()
                is_open(gate)
                case.source.execute(f"SET GLOBAL gtid_purged = '+{added}'")
                case.execute("INSERT INTO kept VALUES (2, 'y')")
                capture.wait_unready("no watermark", added, "gtid_purged", "origin reset")
                eventually("changes go on", lambda: (2, "y") in case.rows("kept"))
            with case.capture() as capture:
                capture.wait_unready(added, "gtid_purged", "origin reset")
            case.says("origin", "reset", *words, config=case.capture_config())
            apply.stop()
        case.says("origin", "reset", *words)
        begun = begin_equal(case.ctl, words)
        with case.apply(), case.capture("--from", "end") as capture:
            capture.wait_ready()
            case.execute("INSERT INTO kept VALUES (3, 'z')")
            eventually("changes arrive", lambda: (3, "z") in case.rows("kept"), explain=lambda: str(case.progress()))
            case.says("equal", "declare", *words, "--begun", begun, "--why", "compared")
            is_open(gate)
            assert case.source.rows(f"SELECT * FROM {case.schema}.kept") == case.rows("kept")


def test_a_schema_with_a_point_in_its_name_stops_capture_until_it_is_left_out(circuit):
    """Its tables' names could be taken for others': a key between them would not be repeated, or hold watermarks back."""
    case = circuit(MARIADB, "target")
    pointed = f"{case.schema}.eu"
    parent, child = "CREATE TABLE p (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE c (id INT NOT NULL PRIMARY KEY, p INT NOT NULL)"
    key = "ALTER TABLE c ADD CONSTRAINT tie FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE"
    case.execute(KEPT)
    case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", KEPT)
    wide = with_tables(case, ["{s}*.*"], capture=True)
    narrow = with_tables(case, ["{s}*.*", "!{s}.eu.*"], capture=True)
    try:
        with case.apply(config=with_tables(case, ["{s}*.*", "!{s}.eu.*"])), case.gate() as gate:
            with case.capture(config=wide) as capture:
                capture.wait_ready()
                case.source.execute(f"CREATE DATABASE `{pointed}`", f"USE `{pointed}`", parent, child, key)
                case.source.execute(f"USE `{pointed}`", "ALTER TABLE c DROP FOREIGN KEY tie", "ALTER TABLE p MODIFY id BIGINT NOT NULL",
                                    "ALTER TABLE p MODIFY id INT NOT NULL", "CREATE TABLE d (id INT PRIMARY KEY)", "TRUNCATE d", "DROP TABLE d")
                case.execute("INSERT INTO kept VALUES (0, 'w')")
                eventually("what has no rows passes", lambda: case.rows("kept") == [(0, "w")], explain=lambda: str(capture.readiness()))
            with case.capture(config=wide) as capture:
                capture.wait_ready()
                assert f"!{pointed}.p" in capture.said()
                case.source.execute(f"USE `{pointed}`", "INSERT INTO p VALUES (1)")
                capture.wait_unready(f"{pointed}.p", f"!{pointed}.p")
            with case.capture(config=narrow) as capture:
                capture.wait_ready()
                case.execute("INSERT INTO kept VALUES (1, 'x')")
                eventually("the rest goes on", lambda: case.rows("kept") == [(0, "w"), (1, "x")], explain=lambda: str(capture.readiness()))
                case.declare_equal()
                is_open(gate)
                case.source.execute("SET SESSION sql_log_bin = 0", f"USE `{pointed}`", key)
                case.source.execute(f"USE `{pointed}`", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p", f"DROP DATABASE `{pointed}`")
                published = capture.metrics().total("farshore_capture_published_watermarks_total")
                eventually("watermarks go on", lambda: capture.metrics().total("farshore_capture_published_watermarks_total") > published + 4)
                is_open(gate)
    finally:
        case.source.execute("SET SESSION sql_log_bin = 0", f"DROP DATABASE IF EXISTS `{pointed}`")


def test_a_system_versioned_table_refuses_the_start_until_it_is_left_out(circuit):
    case = circuit(MARIADB)
    case.execute(KEPT, *VERSIONED[0])
    with case.capture() as capture:
        assert capture.exit_code() == 1
        assert f"table {case.schema}.v is system-versioned" in capture.said() and f'\\"!{case.schema}.v\\"' in capture.said()
    with case.capture(config=with_tables(case, ["{s}.*", "!{s}.v"], capture=True)) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO v VALUES (1, 1)", "UPDATE v SET n = 2", rows_of_kept(1))
        case.wait_published(1)


@pytest.mark.parametrize("statements", VERSIONED, ids=["created", "by a column", "altered", "not logged", "like another"])
def test_a_table_that_becomes_system_versioned_stops_capture_until_it_is_left_out(circuit, statements):
    case = circuit(MARIADB)
    case.execute(KEPT)
    with case.capture(config=with_tables(case, ["{s}.*"], capture=True)) as capture:
        capture.wait_ready()
        case.execute(*statements, "INSERT INTO v VALUES (1, 1)", "UPDATE v SET n = 2", "DELETE FROM v", rows_of_kept(1))
        capture.wait_unready(f"{case.schema}.v", "system-versioned", f"!{case.schema}.v")
    assert not any(b"row_start" in record.value for record in case.published()), "no other region waits for columns of its history"
    with case.capture(config=with_tables(case, ["{s}.*", "!{s}.v"], capture=True)) as capture:
        capture.wait_ready()
        eventually("the rest goes on", lambda: any(b"kept" in record.value for record in case.published()),
                   explain=lambda: str(capture.readiness()))
