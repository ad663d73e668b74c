"""Foreign keys of MariaDB, whose cascades it does not log, that are gone again before capture has read what they did."""

import json
import subprocess

import pytest

from circuit import Circuit, make_accounts
from lab_lib import tools
from lab_lib.services import get
from plain_servers import PlainServer
from services import write_config
from wait import eventually

PARENT = "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY)"
CHILD = "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent INT NOT NULL)"
ADD = "ALTER TABLE child ADD CONSTRAINT tie FOREIGN KEY (parent) REFERENCES {parent} (id) ON DELETE CASCADE"
DROP = "ALTER TABLE child DROP FOREIGN KEY tie"


@pytest.fixture
def case(regions, sources, folder):
    """Both regions have two parents and a child of each, which no key ties yet."""
    case = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources["target"])
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
    """The detail of the reason; empty: it is none. None: the gate does not answer."""
    _, answer = get(gate.url + "/v1/gate")
    if not answer:
        return None
    return "; ".join(reason["detail"] for stream in json.loads(answer).get("streams", []) for reason in stream["reasons"]
                     if reason["reason"] == "not-yet-equal")


def is_open(gate):
    return get(gate.url + "/v1/gate")[0] == 200


def begin_equal(case, gate):
    """Rows in both regions, and the gate open."""
    case.execute("INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (10, 1), (20, 2)")
    case.source.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {case.outside}.parent VALUES (1), (2)")
    eventually("the rows arrive", lambda: case.rows("child") == [(10, 1), (20, 2)])
    declare(case)
    eventually("the gate is open", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))


def declare(case):
    done = subprocess.run(
        [str(tools.farshore_binary("farshorectl")), "--config", str(write_config(case.folder, case.config, "ctl.yaml")), "equal", "declare",
         "--origin", case.name, "--why", "the test compared them", "--execute"],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def closes_for_the_child(case, gate):
    eventually("the gate closes for the child", lambda: f"{case.schema}.child" in (not_yet_equal(gate) or ""), 60,
               explain=lambda: f"{case.rows('child')} there, open: {is_open(gate)}, {get(gate.url + '/v1/gate')}")


def delete_outside(case):
    """By a cascade from a table that no stream takes a row of the child goes at the source alone."""
    case.source.execute(f"DELETE FROM {case.outside}.parent WHERE id = 1")
    assert case.source.rows(f"SELECT id FROM {case.schema}.child") == [(20,)]


def test_a_key_that_was_made_and_dropped_while_capture_was_behind_is_repeated(case):
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
        case.execute(ADD.format(parent="parent"), "DELETE FROM parent WHERE id = 1", DROP, "INSERT INTO child VALUES (21, 2)")
        with case.capture() as capture:
            capture.wait_ready()
            reason = case.wait_state("waiting-for-schema", 60)["reason"]
            assert f"a foreign key of {case.schema}.child to {case.schema}.parent cascades" in reason
            case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", ADD.format(parent="parent"))  # what the sentence says
            eventually("the delete is repeated", lambda: (10, 1) not in case.rows("child"), 60)
            case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", DROP)
            eventually("both are equal", lambda: case.rows("child") == [(20, 2), (21, 2)] and case.rows("parent") == [(2,)], 60,
                       explain=lambda: str((case.rows("child"), case.progress())))
            eventually("the gate is open", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))


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
        case.execute("INSERT INTO child VALUES (21, 2)")
        eventually("capture goes on", lambda: (21, 2) in case.rows("child"), 60)
        closes_for_the_child(case, gate)
        case.target.execute("SET SESSION sql_log_bin = 0", f"DELETE FROM {case.schema}.child WHERE id = 10")
        declare(case)
        eventually("the gate is open", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))


@pytest.mark.parametrize("is_logged", [True, False], ids=["logged", "unlogged"])
def test_what_a_cascade_from_elsewhere_changed_while_capture_was_stopped_closes_the_gate(case, is_logged):
    """Unlogged, the key is seen by a start that refuses it; logged, its statements are read when it is gone."""
    logs = f"SET SESSION sql_log_bin = {int(is_logged)}"
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            begin_equal(case, gate)
        case.source.execute(logs, f"USE {case.schema}", ADD.format(parent=f"{case.outside}.parent"))
        delete_outside(case)
        if not is_logged:
            for _ in range(2):
                with case.capture() as capture:
                    eventually("it refuses", lambda: f"changed by a cascade from {case.outside}.parent" in capture.said())
                    assert not capture.is_ready()
        case.source.execute(logs, f"USE {case.schema}", DROP)
        with case.capture() as capture:
            capture.wait_ready()
            case.execute("INSERT INTO child VALUES (21, 2)")
            eventually("capture goes on", lambda: (21, 2) in case.rows("child"), 60)
            closes_for_the_child(case, gate)
            begun = epoch(case)
            declare(case)
            eventually("the gate is open", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))
        with case.capture() as capture:
            capture.wait_ready()
            eventually("the gate is open again", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))
            assert epoch(case) == begun, "it is told once"


def epoch(case):
    return max(row["epoch"] for row in case.progress())


def test_a_key_that_was_dropped_behind_the_position_of_a_first_start_closes_the_gate(case):
    """A dump, its position, and changes since: the key was there for some of them."""
    case.execute("INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (10, 1), (20, 2)", ADD.format(parent="parent"))
    position = case.source.value("SELECT @@gtid_current_pos")
    case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", "INSERT INTO parent VALUES (1), (2)",
                        "INSERT INTO child VALUES (10, 1), (20, 2)")
    case.execute("DELETE FROM parent WHERE id = 1", DROP)
    with case.apply(), case.gate() as gate, case.capture("--from", position) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO child VALUES (21, 2)")
        eventually("the rows arrive", lambda: (21, 2) in case.rows("child"))
        assert case.rows("child") != case.source.rows(f"SELECT * FROM {case.schema}.child ORDER BY 1")
        told = case.target.rows(f"SELECT state FROM farshore.equality WHERE epoch > 1 AND table_name = '{case.schema}.child'")
        assert told == [("not-yet-equal",)] and not is_open(gate)


@pytest.mark.skipif(not tools.mysql_root(), reason="there is no MySQL on this machine")
def test_what_a_source_cascaded_before_it_began_to_log_it_closes_the_gate(regions, sources, folder):
    """As when MySQL goes from 8.4 to 9.7, with capture behind: the end of the old binlog lacks what cascaded."""
    server = PlainServer("mysql", folder / "native", server_id=79, options=["--innodb-native-foreign-keys=ON"]).start()
    try:
        make_accounts(server)
        case = Circuit(server, regions.east.bootstrap, folder, sources["target"])
        key = ADD.format(parent="parent")
        case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", PARENT, CHILD, key)
        case.execute(PARENT, CHILD, key)
        case.source.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE outside_{case.name}")
        case.outside = f"outside_{case.name}"
        case.source.execute("SET SESSION sql_log_bin = 0", f"USE {case.outside}", PARENT)
        with case.apply(), case.gate() as gate:
            with case.capture() as capture:
                capture.wait_ready()
                begin_equal(case, gate)
            case.execute("DELETE FROM parent WHERE id = 1")
            server.stop()
            server.options = []
            server.start()
            with case.capture() as capture:
                capture.wait_ready()
                case.execute("INSERT INTO child VALUES (21, 2)")
                eventually("capture goes on", lambda: (21, 2) in case.rows("child"), 60)
                closes_for_the_child(case, gate)
                begun = epoch(case)
                case.target.execute("SET SESSION sql_log_bin = 0", f"DELETE FROM {case.schema}.child WHERE id = 10")
                declare(case)
                case.execute("DELETE FROM parent WHERE id = 2")
                eventually("the cascade is logged", lambda: case.rows("child") == [], 60)
            with case.capture() as capture:
                capture.wait_ready()
                eventually("the gate is open", lambda: is_open(gate), 60, explain=lambda: str(get(gate.url + "/v1/gate")))
                assert epoch(case) == begun, "it is told once"
    finally:
        server.stop()
