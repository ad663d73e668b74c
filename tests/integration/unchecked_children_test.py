"""Children that a session without foreign key checks writes beside a change of their parent that is not committed yet, where the
source does not log what cascades: the gate closes for them."""

import contextlib

import pytest

from cascades_test import CHILD, PARENT, TIE, at_target, begin_equal, begin_with_key, case, closes_for_the_child, ddl_done, goes_on_when_made_equal, is_open, opens, own_server  # noqa: F401
from lab_lib import tools
from wait import eventually, holds_for

BESIDE = {
    "an insert beside a delete": ("DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (11, 1)"),
    "an update beside a delete": ("DELETE FROM parent WHERE id = 1", "UPDATE child SET parent = 1 WHERE id = 20"),
    "an insert beside an update": ("UPDATE parent SET id = 9 WHERE id = 1", "INSERT INTO child VALUES (11, 1)"),
    "a key beside a delete": ("DELETE FROM parent WHERE id = 1", TIE),
}


@contextlib.contextmanager
def open_change(case, statement, prepared):
    """One that has cascaded already; committed at the end."""
    name = f"'{case.name}', 'beside'"
    session = case.source.root(database=case.schema)
    with session.cursor() as cursor:
        for line in ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", f"XA START {name}" if prepared else "BEGIN", statement,
                     *((f"XA END {name}", f"XA PREPARE {name}") if prepared else ())):
            cursor.execute(line)
        yield
        cursor.execute(f"XA COMMIT {name}" if prepared else "COMMIT")
    session.close()


def a_second_passes(case):
    """The binlog has when a statement began in whole seconds of the source's clock."""
    now = lambda: case.source.value("SELECT UNIX_TIMESTAMP()")
    before = now()
    eventually("the next second begins", lambda: now() > before)


def checkpoints(capture, case):
    return capture.metrics().total("farshore_capture_written_checkpoints_total", origin=case.name)


def closes_the_gate(case, way, prepared=False, killed=False):
    """The source's cascade has not met it, and the target's does."""
    change, beside = BESIDE[way]
    tie = TIE + " ON UPDATE CASCADE"
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
            at_target(case, tie)
            if beside != TIE:
                case.execute(tie)
            case.execute("INSERT INTO child VALUES (22, 2)")
            eventually("the rows arrive", lambda: (22, 2) in case.rows("child"))
            opens(gate)
            a_second_passes(case)
            with open_change(case, change, prepared):
                case.execute("SET foreign_key_checks = 0", tie if beside == TIE else beside)
                case.execute("INSERT INTO child VALUES (23, 2)")
                eventually("the rows arrive", lambda: (ddl_done(case), (23, 2) in case.rows("child"))[1], 60)
                for number in (24, 25):  # the first may have been begun before
                    written = checkpoints(capture, case)
                    case.execute(f"INSERT INTO child VALUES ({number}, 2)")
                    eventually("a checkpoint is behind it", lambda: checkpoints(capture, case) > written)
                if killed:
                    capture.process.kill()
            if not killed:
                closes_for_the_child(case, gate)
        with case.capture() as capture:
            capture.wait_ready()
            case.execute("INSERT INTO child VALUES (21, 2)")
            eventually("capture goes on", lambda: (ddl_done(case), (21, 2) in case.rows("child"))[1], 60)
            assert case.rows("child") != case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1")
            closes_for_the_child(case, gate)
            goes_on_when_made_equal(case, gate)


@pytest.mark.parametrize("way, prepared, killed", [
    *((way, False, False) for way in BESIDE), ("an insert beside a delete", False, True), ("an update beside a delete", True, False),
    ("a key beside a delete", True, True)])
def test_a_child_that_came_beside_an_open_change_of_its_parent_closes_the_gate(case, way, prepared, killed):
    closes_the_gate(case, way, prepared, killed)


@pytest.mark.skipif(not tools.mysql_root(), reason="there is no MySQL on this machine")
@pytest.mark.parametrize("prepared", [False, True], ids=["plain", "prepared"])
def test_so_it_does_at_a_mysql_that_does_not_log_cascades(regions, sources, folder, prepared):
    with own_server("mysql", regions, sources, folder, "--innodb-native-foreign-keys=ON") as case:
        at_target(case, PARENT, CHILD)
        case.execute(PARENT, CHILD)
        closes_the_gate(case, "an insert beside a delete", prepared)


def test_children_that_are_written_without_checks_and_go_with_their_parents_leave_the_gate_open(case):
    unchecked = "SET foreign_key_checks = 0"
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        begin_equal(case, gate)
        begin_with_key(case, gate)
        case.execute("INSERT INTO parent VALUES (3), (4)", unchecked, "INSERT INTO child VALUES (11, 1), (31, 3)")
        a_second_passes(case)
        case.execute(unchecked, "INSERT INTO child VALUES (41, 4)")
        case.execute("DELETE FROM parent WHERE id = 3")  # beside what is written of another
        a_second_passes(case)
        case.execute("DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (24, 2)")
        eventually("the rows arrive", lambda: (24, 2) in case.rows("child"))
        assert case.rows("child") == case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1") == [(20, 2), (22, 2), (24, 2), (41, 4)]
        holds_for("the gate is open", lambda: is_open(gate), 2)


def test_so_they_do_while_capture_is_stopped(case):
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
            begin_with_key(case, gate)
        case.execute("INSERT INTO parent VALUES (3)", "SET foreign_key_checks = 0", "INSERT INTO child VALUES (31, 3)")
        a_second_passes(case)
        case.execute("DELETE FROM parent WHERE id = 3", "INSERT INTO child VALUES (24, 2)")
        with case.capture() as capture:
            capture.wait_ready()
            eventually("the rows arrive", lambda: (24, 2) in case.rows("child"))
            opens(gate)
            holds_for("the gate is open", lambda: is_open(gate), 2)
