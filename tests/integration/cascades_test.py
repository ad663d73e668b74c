"""What a source changes and does not log closes the gate, also when its cause is gone before capture reads of it: cascades of
foreign keys, and filters of the binlog."""

import concurrent.futures
import contextlib

import pytest

from circuit import Circuit, make_accounts, reasons
from lab_lib import tools
from lab_lib.services import get
from plain_servers import PlainServer
from wait import eventually

PARENT = "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY)"
CHILD = "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent INT NOT NULL)"
ADD = "ALTER TABLE child ADD CONSTRAINT tie FOREIGN KEY (parent) REFERENCES {parent} (id) ON DELETE CASCADE"
DROP = "ALTER TABLE child DROP FOREIGN KEY tie"


@pytest.fixture
def case(request, regions, sources, folder):
    """Both regions have two parents and a child of each, which no key ties yet."""
    case = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources[getattr(request, "param", "target")])
    case.outside = f"outside_{case.name}"
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE {case.outside}", f"USE {case.outside}", PARENT,
                       f"USE {case.schema}", CHILD)
    case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", PARENT)
    case.execute(PARENT)
    yield case
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"DROP DATABASE {case.schema}", f"DROP DATABASE {case.outside}")


def not_yet_equal(gate):
    """The detail of the reason; empty: it is none, or the gate does not answer."""
    return (reasons(gate) or {}).get("not-yet-equal", "")


def is_open(gate):
    return get(gate.url + "/v1/gate")[0] == 200


def begin_equal(case, gate):
    """Rows in both regions, and the gate open."""
    case.execute("INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (10, 1), (20, 2)")
    case.source.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {case.outside}.parent VALUES (1), (2)")
    eventually("the rows arrive", lambda: case.rows("child") == [(10, 1), (20, 2)])
    case.declare_equal()
    opens(gate)


def opens(gate):
    eventually("the gate is open", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))


def closes_for_the_child(case, gate):
    eventually("the gate closes for the child", lambda: f"{case.schema}.child" in not_yet_equal(gate), 60,
               explain=lambda: f"{case.rows('child')} there, open: {is_open(gate)}, {get(gate.url + '/v1/gate')}")


def delete_outside(case):
    """By a cascade from a table that no stream takes a row of the child goes at the source alone."""
    case.source.execute(f"DELETE FROM {case.outside}.parent WHERE id = 1")
    assert case.source.rows(f"SELECT id FROM {case.schema}.child") == [(20,)]


def at_target(case, *statements):
    case.target.execute("SET SESSION sql_log_bin = 0", "SET foreign_key_checks = 0", f"USE {case.schema}", *statements)


def ddl_done(case):
    """What the barrier asks for, said once for each epoch that asks."""
    said = case.__dict__.setdefault("said", set())
    asked = {int(row["reason"].split("--epoch ")[1].split()[0]) for row in case.progress() if row["state"] == "waiting-for-statement"}
    for epoch in asked - said:
        said.add(epoch)
        done = case.ctl("ddl", "done", "--origin", case.name, "--epoch", str(epoch), "--execute")
        assert done.returncode == 0, done.stderr


def arrives(case, row):
    """And all else that the source has."""
    def there():
        ddl_done(case)
        return {row, *case.source.rows(f"SELECT * FROM {case.schema}.child")} <= set(case.rows("child"))
    eventually("capture goes on", there, 60, explain=lambda: str((case.rows("child"), case.progress())))


def goes_on_with_the_gate_closed(case, gate):
    """Capture goes on, and the other region knows of the child."""
    case.execute("INSERT INTO child VALUES (21, 2)")
    arrives(case, (21, 2))
    closes_for_the_child(case, gate)


def goes_on_when_made_equal(case, gate):
    rows = case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1")
    if case.rows("child") != rows:
        at_target(case, "DELETE FROM child", *(f"INSERT INTO child VALUES {row}" for row in rows))
    case.declare_equal()
    opens(gate)
    assert case.rows("child") == rows


TIE = ADD.format(parent="parent")
GONE = {
    "it cascaded": [TIE, "DELETE FROM parent WHERE id = 1", DROP],
    "nothing cascaded": [TIE, DROP, "DELETE FROM parent WHERE id = 1"],
    "an orphan behind it": [TIE, DROP, "INSERT INTO child VALUES (30, 99)"],
    "renamed into place": ["CREATE TABLE _child_new (id INT NOT NULL PRIMARY KEY, parent INT NOT NULL)", TIE.replace("child", "_child_new"),
                           "INSERT INTO _child_new SELECT * FROM child", "RENAME TABLE child TO _child_old, _child_new TO child",
                           "DELETE FROM parent WHERE id = 1", DROP],
    "with a new column": [TIE + ", MODIFY id INT NOT NULL COMMENT 'as before'", "DELETE FROM parent WHERE id = 1", DROP],
}


@pytest.mark.parametrize("way", GONE)
def test_a_key_that_was_made_and_dropped_while_capture_was_behind_closes_the_gate(case, way):
    """Nobody waits for a key that may never have been."""
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
        case.execute(*GONE[way], "INSERT INTO child VALUES (21, 2)")
        with case.capture() as capture:
            capture.wait_ready()
            arrives(case, (21, 2))
            closes_for_the_child(case, gate)
            goes_on_when_made_equal(case, gate)


def test_a_line_break_in_a_name_hides_no_key(case):
    """The source prints it as it is, where a key's own line was read before."""
    tie = TIE.replace("CONSTRAINT tie", "CONSTRAINT `ti\ne`")
    at_target(case, tie)
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        case.execute(tie)
        begin_equal(case, gate)
        case.execute("DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (21, 2)")
        eventually("the cascade is repeated", lambda: case.rows("child") == [(20, 2), (21, 2)],
                   explain=lambda: str((case.rows("child"), case.progress())))
        assert case.source.rows(f"SELECT * FROM {case.schema}.child") == [(20, 2), (21, 2)]


@pytest.mark.parametrize("name", ["child, b", "child: b"])
def test_a_name_with_what_parts_names_in_the_numbering_ties_once(case, name):
    """Such a group was read back as another one, and an epoch followed on each other."""
    make, tie = CHILD.replace("child", f"`{name}`"), TIE.replace("child", f"`{name}`")
    at_target(case, make, tie)
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        case.execute(make, tie)
        begin_equal(case, gate)
        case.execute(f"INSERT INTO `{name}` VALUES (10, 1), (20, 2)", "DELETE FROM parent WHERE id = 1")
        eventually("the cascade is repeated", lambda: case.rows(f"`{name}`") == [(20, 2)], explain=lambda: str(case.progress()))
        assert max(row["epoch"] for row in case.progress()) <= 2
        opens(gate)


def begin_with_key(case, gate, *more):
    """The key and what else is asked for is known, and repeated."""
    at_target(case, TIE, *more)
    case.execute(TIE, *more, "INSERT INTO child VALUES (22, 2)")
    eventually("the rows arrive", lambda: (22, 2) in case.rows("child"))
    opens(gate)


@pytest.mark.parametrize("captured", [False, True], ids=["capture stopped", "capture runs"])
def test_a_known_key_that_was_dropped_without_the_binlog_closes_the_gate(case, captured):
    """What lies behind the drop cascades at the target alone."""
    def change():
        case.execute("SET SESSION sql_log_bin = 0", DROP)
        case.execute("DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (21, 2)")
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
            begin_with_key(case, gate)
            if captured:
                change()
                closes_for_the_child(case, gate)
        if not captured:
            change()
        with case.capture() as capture:
            capture.wait_ready()
            eventually("capture goes on", lambda: (21, 2) in case.rows("child"), 60)
            assert case.rows("child") != case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1")
            closes_for_the_child(case, gate)
            at_target(case, DROP)
            goes_on_when_made_equal(case, gate)


def test_a_key_that_became_another_one_without_the_binlog_closes_the_gate(case):
    """Under the same name, of the same columns: it does something else."""
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        begin_equal(case, gate)
        begin_with_key(case, gate)
        case.execute("SET SESSION sql_log_bin = 0", DROP, TIE.replace("ON DELETE CASCADE", "ON UPDATE CASCADE"))
        case.execute("INSERT INTO child VALUES (21, 2)")
        closes_for_the_child(case, gate)


def test_a_key_that_was_dropped_and_made_again_while_capture_was_stopped_cascades_where_it_was(case):
    """The parent is loaded anew while it has no child by a key: its children stay, at the target too."""
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
            begin_with_key(case, gate)
        case.execute(DROP, "DELETE FROM parent WHERE id = 1", "INSERT INTO parent VALUES (1)", TIE, "DELETE FROM parent WHERE id = 2",
                     "INSERT INTO child VALUES (11, 1)")
        with case.capture() as capture:
            capture.wait_ready()
            eventually("both are equal", lambda: case.rows("child") == [(10, 1), (11, 1)], 60,
                       explain=lambda: str((case.rows("child"), case.progress())))
            opens(gate)


SECOND = "ALTER TABLE child ADD CONSTRAINT second FOREIGN KEY (payer) REFERENCES parent (id) ON DELETE {does}"
NO_SECOND = "ALTER TABLE child DROP FOREIGN KEY second"
OTHER_KEYS = {  # statements at the source, and the child's rows when parent 1 is gone behind them
    "a second key": ([SECOND.format(does="CASCADE")], [(20, 2, None)]),
    "another action": ([SECOND.format(does="CASCADE"), NO_SECOND, SECOND.format(does="SET NULL")], [(20, 2, None), (40, 2, None)]),
    "another column": ([DROP, SECOND.format(does="CASCADE")], [(10, 1, None), (20, 2, None)]),
    "in one statement": ([SECOND.format(does="CASCADE"), NO_SECOND + ", ADD CONSTRAINT other FOREIGN KEY (payer) REFERENCES parent (id) "
                          "ON DELETE SET NULL"], [(20, 2, None), (40, 2, None)]),
}


@pytest.mark.parametrize("way, captured", [("a second key", True), ("another action", False), ("another column", True), ("in one statement", True)],
                         ids=lambda value: value if isinstance(value, str) else "capture runs" if value else "capture stopped")
def test_keys_that_tie_the_same_tables_are_told_apart(case, way, captured):
    """The source gets its keys first, as the page has it, and the target's are asked for: by columns and what they do."""
    statements, rows = OTHER_KEYS[way]
    rows = [*rows, (50, 2, None)]
    at_target(case, "ALTER TABLE child ADD COLUMN payer INT")
    case.execute("ALTER TABLE child ADD COLUMN payer INT")

    def change():
        case.execute(*statements[:-1])
        case.execute("INSERT INTO child VALUES (40, 2, 1)")
        case.execute(statements[-1], "DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (50, 2, NULL)")
        assert case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1") == rows
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            case.execute("INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (10, 1, NULL), (20, 2, NULL)")
            eventually("the rows arrive", lambda: len(case.rows("child")) == 2)
            case.declare_equal()
            at_target(case, TIE)
            case.execute(TIE, "INSERT INTO parent VALUES (3)")
            eventually("the key is known", lambda: (3,) in case.rows("parent"))
            opens(gate)
            if captured:
                change()
        if not captured:
            change()
        with case.capture() as capture:
            capture.wait_ready()
            asked = make_keys_that_are_asked_for(case, gate, statements, rows)
            assert any("(payer)" in reason for reason in asked), asked
            case.declare_equal()  # keys that were there and gone while capture was stopped
            opens(gate)


def make_keys_that_are_asked_for(case, gate, statements, rows):
    """An operator does at the target what the source did, a statement each time that the partition waits for a key."""
    pending, asked = list(statements), []

    def equal():
        reason = next((row["reason"] for row in case.progress() if row["state"] == "waiting-for-schema"), None)
        if reason and pending and asked[-1:] != [reason]:
            asked.append(reason)
            eventually("the gate closes", lambda: not is_open(gate), 60)
            at_target(case, pending.pop(0))
        return case.rows("child") == rows
    eventually("both are equal", equal, 60, explain=lambda: str((asked, case.rows("child"), case.progress())))
    return asked


GRAND_TIE = TIE.replace("child", "grand").replace("tie", "of_child").replace("parent (id)", "child (id)")
GRAND_DROP = DROP.replace("child", "grand").replace("tie", "of_child")
ALONE = TIE.replace("child", "other").replace("tie", "alone")
ALONE_GOES = DROP.replace("child", "other").replace("tie", "alone")
TO_PARENT, TO_CHILD = "a foreign key of {0}.child (parent) to {0}.parent (id)", "a foreign key of {0}.grand (parent) to {0}.child (id)"
KEYS_HERE = {
    "goes": ([DROP], [TIE], TO_PARENT),
    "becomes another": ([DROP, TIE.replace("tie", "other_tie").replace("CASCADE", "SET NULL")], [DROP.replace("tie", "other_tie"), TIE], TO_PARENT),
    "comes": ([ALONE], [ALONE_GOES], "would cascade here alone"),
    "goes a step further": ([GRAND_DROP], [GRAND_TIE], TO_CHILD),
    "comes a step further": ([ALONE.replace("parent (id)", "child (id)")], [ALONE_GOES], "would cascade here alone"),
}


@pytest.mark.parametrize("case", ["target", "mysql"], indirect=True)
@pytest.mark.parametrize("way", KEYS_HERE)
def test_a_key_of_the_target_that_comes_or_goes_is_known_before_the_next_row(case, way):
    """However long apply would keep what it knows of the tables, and of whichever of them the key is."""
    changes, mends, says = KEYS_HERE[way]
    for execute in (at_target, Circuit.execute):
        execute(case, CHILD.replace("child", "other"), CHILD.replace("child", "grand"), "ALTER TABLE child MODIFY parent INT NULL")
        execute(case, TIE, GRAND_TIE)
    before = {"parent": [(1,), (2,)], "child": [(10, 1), (20, 2)], "grand": [(100, 10), (200, 20)], "other": [(11, 1), (21, 2), (31, 10)]}
    there = lambda: {table: case.rows(table) for table in before}  # noqa: E731
    config = {**case.config, "apply": {**case.config["apply"], "retry_interval": "1h"}}
    with case.apply(config=config), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO parent VALUES (1), (2), (3)", "INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)",
                     "INSERT INTO grand VALUES (100, 10), (200, 20), (300, 30)", "INSERT INTO other VALUES (11, 1), (21, 2), (31, 10)",
                     "DELETE FROM parent WHERE id = 3")
        eventually("the rows arrive", lambda: there() == before, 60, explain=lambda: str((there(), case.progress())))
        case.declare_equal()
        opens(gate)
        at_target(case, *changes)
        case.execute("DELETE FROM parent WHERE id = 1")
        eventually("apply waits", lambda: any(says.format(case.schema) in row["reason"] for row in case.progress()), 20,
                   explain=lambda: f"{there()}, the gate is open: {is_open(gate)}, {case.progress()}")
        assert there() == before
        eventually("the gate closes", lambda: not is_open(gate), 20)
        at_target(case, *mends)
        eventually("the delete arrives", lambda: case.rows("parent") == [(2,)], 30, explain=lambda: str(case.progress()))
        assert there() == {table: case.source.rows(f"SELECT * FROM {case.schema}.{table} ORDER BY 1") for table in before}
        opens(gate)


def holding(server, *statements):
    """A session whose transaction keeps the locks of what it has read, until it is closed."""
    session = server.root()
    with session.cursor() as cursor:
        for statement in ("BEGIN", *statements):
            cursor.execute(statement)
    return session


def is_deleted(server, table, number):
    """Also by a transaction that is not through."""
    with contextlib.closing(server.root()) as session, session.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
        return not cursor.execute(f"SELECT 1 FROM {table} WHERE id = {number}")


def test_a_key_of_the_target_that_goes_and_comes_back_around_a_delete_is_there_for_it(case):
    """MariaDB lets it go and come within a transaction of apply, which looks at the keys at its end."""
    for execute in (at_target, Circuit.execute):
        execute(case, CHILD.replace("child", "grand"), TIE, GRAND_TIE)
    waits = lambda: case.target.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%`parent`%' AND "  # noqa: E731
                                      "ID <> CONNECTION_ID() AND COMMAND = 'Query' AND TIME_MS > 200")
    config = {**case.config, "apply": {**case.config["apply"], "retry_interval": "1h"}}
    with case.apply(config=config), case.gate() as gate, case.capture() as capture, concurrent.futures.ThreadPoolExecutor() as beside:
        capture.wait_ready()
        case.execute("INSERT INTO parent VALUES (1), (2), (3), (4)", "INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)",
                     "INSERT INTO grand VALUES (100, 10), (200, 20), (300, 30)", "DELETE FROM parent WHERE id = 3")
        eventually("the rows arrive", lambda: case.rows("grand") == [(100, 10), (200, 20)], 60, explain=lambda: str(case.progress()))
        case.declare_equal()
        opens(gate)
        second = holding(case.target, f"SELECT * FROM {case.schema}.parent WHERE id = 2 FOR UPDATE")
        first = holding(case.target, f"SELECT * FROM {case.schema}.parent WHERE id = 0 FOR UPDATE")
        case.execute("BEGIN", "INSERT INTO parent VALUES (0)", "DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (40, 4)",
                     "DELETE FROM parent WHERE id = 2", "COMMIT")
        eventually("apply knows the tables and waits at the first row", waits, explain=lambda: str(case.progress()))
        goes = beside.submit(at_target, case, GRAND_DROP)
        concurrent.futures.wait([goes], 2)
        first.close()
        eventually("apply waits before its second delete", lambda: waits() and is_deleted(case.target, f"{case.schema}.parent", 1),
                   explain=lambda: str(case.progress()))
        comes = beside.submit(lambda: (goes.result(), at_target(case, GRAND_TIE)))
        concurrent.futures.wait([comes], 2)
        second.close()
        eventually("the deletes arrive", lambda: case.rows("parent") == [(0,), (4,)], 60, explain=lambda: str(case.progress()))
        comes.result(30)
        tables = ("parent", "child", "grand")
        assert {table: case.rows(table) for table in tables} == \
            {table: case.source.rows(f"SELECT * FROM {case.schema}.{table} ORDER BY 1") for table in tables}
        opens(gate)


def test_a_right_that_is_granted_is_had_by_the_next_session_alone(case):
    """The server shows it to apply's session, which goes without it: its foreign keys stay unseen."""
    hidden = f"hidden_{case.name}"
    for execute in (at_target, Circuit.execute):
        execute(case, TIE)
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        begin_equal(case, gate)
        at_target(case, f"CREATE DATABASE {hidden}", f"CREATE TABLE {hidden}.link (id INT NOT NULL PRIMARY KEY, parent INT NOT NULL, "
                  f"CONSTRAINT hides FOREIGN KEY (parent) REFERENCES {case.schema}.parent (id) ON DELETE CASCADE)",
                  f"INSERT INTO {hidden}.link VALUES (1, 1)")
        case.target.execute("REVOKE REFERENCES ON *.* FROM 'farshore_apply'@'%'", *(
            f"KILL {session}" for (session,) in case.target.rows("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'farshore_apply'")))
        try:
            case.execute("DELETE FROM parent WHERE id = 1")
            eventually("apply names the right", lambda: any("GRANT REFERENCES ON *.*" in row["reason"] for row in case.progress()), 30,
                       explain=lambda: str(case.progress()))
        finally:
            case.target.execute("GRANT REFERENCES ON *.* TO 'farshore_apply'@'%'")
        eventually("apply sees the key", lambda: any(f"{hidden}.link" in row["reason"] for row in case.progress()), 30,
                   explain=lambda: f"{case.rows('parent')}, the gate is open: {is_open(gate)}, {case.progress()}")
        assert (1,) in case.rows("parent") and not is_open(gate)
        at_target(case, f"DROP DATABASE {hidden}")
        eventually("the delete arrives", lambda: case.rows("parent") == [(2,)], 60, explain=lambda: str(case.progress()))
        opens(gate)


def test_a_conflict_brings_no_child_back_that_a_cascade_took(case):
    """Whether the origin has the row still, nobody here knows."""
    at_target(case, TIE)
    case.execute(TIE)
    config = {**case.config, "tables": [{"match": f"{case.schema}.child", "merge": "immutable"}]}
    capture_config = {**case.capture_config(), "tables": config["tables"]}
    conflicts = lambda: case.target.records(f"SELECT * FROM farshore.conflict WHERE origin = '{case.name}'")  # noqa: E731
    with case.apply(config=config), case.gate(config=config), case.capture(config=capture_config) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO parent VALUES (1), (2)")
        eventually("the rows arrive", lambda: case.rows("parent") == [(1,), (2,)])
        at_target(case, "INSERT INTO child VALUES (10, 2)")
        case.execute("INSERT INTO child VALUES (10, 1)")
        eventually("they clash", conflicts, 30, explain=lambda: str(case.progress()))
        case.execute("DELETE FROM parent WHERE id = 1", "INSERT INTO parent VALUES (1), (3)")
        eventually("the delete arrives", lambda: (3,) in case.rows("parent"))
        case.config = config
        done = case.ctl("conflicts", "take-source", "--table", f"{case.schema}.child", "--key", "10", "--execute")
        assert "foreign keys that cascade" in done.stdout + done.stderr, done
        assert case.rows("child") == [(10, 2)] and conflicts()
        at_target(case, "DELETE FROM child WHERE id = 10")   # as at the origin
        done = case.ctl("conflicts", "discard", "--table", f"{case.schema}.child", "--key", "10", "--execute")
        assert not conflicts(), done
        assert case.rows("child") == case.source.rows(f"SELECT * FROM {case.schema}.child") == []


def test_a_parent_that_gets_a_name_that_no_stream_takes_closes_the_gate(case):
    moved = [f"DROP TABLE {case.outside}.parent", f"RENAME TABLE parent TO {case.outside}.parent"]
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
            begin_with_key(case, gate)
        case.execute(*moved, f"DELETE FROM {case.outside}.parent WHERE id = 1", DROP, "INSERT INTO child VALUES (21, 2)")
        with case.capture() as capture:
            capture.wait_ready()
            case.wait_state("waiting-for-statement", 60)
            at_target(case, *moved, DROP)
            arrives(case, (21, 2))
            closes_for_the_child(case, gate)
            goes_on_when_made_equal(case, gate)


def test_what_hangs_on_a_child_is_doubted_with_it(case):
    grand = ("CREATE TABLE grand (id INT NOT NULL PRIMARY KEY, child INT NOT NULL, "
             "CONSTRAINT of_child FOREIGN KEY (child) REFERENCES child (id) ON DELETE CASCADE)")
    with case.apply(), case.gate() as gate:
        at_target(case, grand)
        case.execute(grand)
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
            case.execute("INSERT INTO grand VALUES (100, 10), (200, 20)")
            eventually("the rows arrive", lambda: len(case.rows("grand")) == 2)
        case.execute(ADD.format(parent=f"{case.outside}.parent"))
        delete_outside(case)
        case.execute(DROP)
        with case.capture() as capture:
            capture.wait_ready()
            goes_on_with_the_gate_closed(case, gate)
            assert f"{case.schema}.grand" in not_yet_equal(gate)


def test_what_a_cascade_from_elsewhere_changed_closes_the_gate_when_its_key_is_gone(case):
    """Capture stops, its sentence says to drop the key: what the key has done by then is published by nobody."""
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        begin_equal(case, gate)
        case.execute(ADD.format(parent=f"{case.outside}.parent"))
        capture.wait_unready(f"changed by a cascade from {case.outside}.parent")
        delete_outside(case)
        case.source.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", DROP)
        capture.wait_ready()
        goes_on_with_the_gate_closed(case, gate)
        goes_on_when_made_equal(case, gate)


@pytest.mark.parametrize("is_logged", [True, False], ids=["logged", "unlogged"])
def test_what_a_cascade_from_elsewhere_changed_while_capture_was_stopped_closes_the_gate(case, is_logged):
    """Unlogged, the key is seen by a start that refuses it; logged, its statements are read when it is gone. Who says
    meanwhile that the table is equal speaks of what was before."""
    logs = f"SET SESSION sql_log_bin = {int(is_logged)}"
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
        case.source.execute(logs, f"USE {case.schema}", ADD.format(parent=f"{case.outside}.parent"))
        if not is_logged:
            for code in (1, 1):
                with case.capture() as capture:
                    assert capture.exit_code() == code
                    assert f"changed by a cascade from {case.outside}.parent" in capture.said()
            case.declare_equal()
        delete_outside(case)
        case.source.execute(logs, f"USE {case.schema}", DROP)
        with case.capture() as capture:
            capture.wait_ready()
            goes_on_with_the_gate_closed(case, gate)
            begun = epoch(case)
            goes_on_when_made_equal(case, gate)
        is_told_once(case, gate, begun)


def epoch(case):
    return max(row["epoch"] for row in case.progress())


def is_told_once(case, gate, begun):
    with case.capture() as capture:
        capture.wait_ready()
        opens(gate)
        assert epoch(case) == begun


def test_a_key_that_was_dropped_behind_the_position_of_a_first_start_closes_the_gate(case):
    """A dump, its position, and changes since: the key was there for some of them."""
    case.execute("INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (10, 1), (20, 2)", TIE)
    position = case.source.value("SELECT @@gtid_current_pos")
    at_target(case, "INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (10, 1), (20, 2)")
    case.execute("DELETE FROM parent WHERE id = 1", DROP)
    with case.apply(), case.gate() as gate, case.capture("--from", position) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO child VALUES (21, 2)")
        arrives(case, (21, 2))
        assert case.rows("child") != case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1")
        told = case.target.rows(f"SELECT DISTINCT state FROM farshore.equality WHERE epoch > 1 AND table_name = '{case.schema}.child'")
        assert told == [("not-yet-equal",)] and not is_open(gate)


# servers of their own, which are restarted with other options

@contextlib.contextmanager
def own_server(kind, regions, sources, folder, *options):
    server = PlainServer(kind, folder / f"own-{kind}", server_id=79, options=options).start()
    try:
        make_accounts(server)
        case = Circuit(server, regions.east.bootstrap, folder, sources["target"])
        case.outside = f"outside_{case.name}"
        server.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE {case.outside}", f"USE {case.outside}", PARENT)
        yield case
    finally:
        server.stop()


def restart(server, *options):
    server.stop()
    server.options = list(options)
    server.start()


@pytest.mark.skipif(not tools.mysql_root(), reason="there is no MySQL on this machine")
@pytest.mark.parametrize("is_known", [True, False], ids=["known key", "unread key"])
def test_what_a_source_cascaded_before_it_began_to_log_it_closes_the_gate(regions, sources, folder, is_known):
    """As when MySQL goes from 8.4 to 9.7, with capture behind: the end of the old binlog lacks what cascaded."""
    with own_server("mysql", regions, sources, folder, "--innodb-native-foreign-keys=ON") as case:
        at_target(case, PARENT, CHILD, TIE)
        case.execute(PARENT, CHILD, *([TIE] if is_known else []))
        with case.apply(), case.gate() as gate:
            with case.capture() as capture:
                capture.wait_ready()
                begin_equal(case, gate)
            case.execute(*([] if is_known else [TIE]), "DELETE FROM parent WHERE id = 1")
            restart(case.source)
            with case.capture() as capture:
                capture.wait_ready()
                goes_on_with_the_gate_closed(case, gate)
                begun = epoch(case)
                goes_on_when_made_equal(case, gate)
                case.execute("DELETE FROM parent WHERE id = 2")
                eventually("the cascade is logged", lambda: case.rows("child") == [], 60)
            is_told_once(case, gate, begun)


def test_what_a_filter_has_hidden_closes_the_gate_when_it_is_gone(regions, sources, folder):
    with own_server("mariadb", regions, sources, folder) as case:
        at_target(case, PARENT, CHILD)
        case.execute(PARENT, CHILD)
        with case.apply(), case.gate() as gate:
            with case.capture() as capture:
                capture.wait_ready()
                begin_equal(case, gate)
            restart(case.source, f"--binlog-ignore-db={case.schema}")
            with case.capture() as capture:
                assert capture.exit_code() == 1 and "binlog_ignore_db" in capture.said()
            case.execute("DELETE FROM child WHERE id = 10")
            restart(case.source)
            with case.capture() as capture:
                capture.wait_ready()
                case.execute("INSERT INTO child VALUES (21, 2)")
                arrives(case, (21, 2))
                eventually("the gate closes for all tables", lambda: not_yet_equal(gate), 60,
                           explain=lambda: f"{case.rows('child')} there, open: {is_open(gate)}, {get(gate.url + '/v1/gate')}")
                goes_on_when_made_equal(case, gate)
