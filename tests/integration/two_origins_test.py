"""One row whose home moves between two origins: a third region gets its changes over two ways, in no order of its own."""

import contextlib

import pytest

from circuit import Circuit, reasons
from lab_lib.services import get
from wait import eventually


@contextlib.contextmanager
def row_held(server, table, row):
    """Another session has locked the row meanwhile."""
    with contextlib.closing(server.root()) as session, session.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT * FROM {table} WHERE id = {row} FOR UPDATE")
        yield


@pytest.mark.parametrize("key", ["PRIMARY KEY (id)", "PRIMARY KEY (id), UNIQUE (v, id)"])
def test_a_change_that_comes_before_the_other_origins_that_it_follows_closes_the_gate(regions, sources, folder, key):
    """A row goes from one home to the other and back, each time when that one has all. Apply finds the first's two
    changes before the other's one, in one work set: it waits for a lock with the work set before."""
    one = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources["target"])
    other = Circuit(sources["mysql"], regions.east.bootstrap, folder, sources["target"])
    schema = other.schema = one.schema
    for server in (one.source, other.source, one.target):
        server.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE IF NOT EXISTS {schema}",
                       f"CREATE TABLE {schema}.t (id INT NOT NULL, v INT NOT NULL, {key})", f"INSERT INTO {schema}.t VALUES (1, 0), (100, 0)")
    other.config["streams"]["main"]["tables"] = [f"{schema}.*"]
    both = {**one.config, "origins": one.config["origins"] + other.config["origins"],
            "apply": {**one.config["apply"], "origins": [one.name, other.name], "workers": 1}}

    def moves(home, beside, value):
        home.source.execute(f"UPDATE {schema}.t SET v = {value} WHERE id = 1")
        beside.source.execute("SET SESSION sql_log_bin = 0", f"UPDATE {schema}.t SET v = {value} WHERE id = 1")  # as its apply would

    with one.capture() as first, one.apply(config=both), one.gate(config=both) as gate:
        first.wait_ready()
        with other.capture() as second:
            second.wait_ready()
            for circuit in (one, other):
                for words in (("begin",), ("declare", "--why", "the test made them")):
                    said = one.ctl("equal", *words, "--origin", circuit.name, "--execute", config=both)
                    assert said.returncode == 0, said.stderr
            eventually("the gate is open", lambda: get(gate.url + "/v1/gate")[0] == 200, 60, explain=lambda: str(reasons(gate)))
        with row_held(one.target, f"{schema}.t", 100):
            one.execute("UPDATE t SET v = 1 WHERE id = 100")
            one.wait_published(1)
            moves(one, other, 1)
            moves(other, one, 2)
            moves(one, other, 3)
            one.wait_published(3)
            with other.capture() as second:
                second.wait_ready()
                other.wait_published(1)
        with other.capture():
            eventually("all is applied", lambda: one.target.value(f"SELECT v FROM {schema}.t WHERE id = 1") == 2)
            eventually("the gate is closed", lambda: "not-yet-equal" in (reasons(gate) or {}), explain=lambda: str(reasons(gate)))
            assert one.target.value("SELECT SUM(changes) FROM farshore.mismatch WHERE "
                                    f"schema_name = '{schema}' AND kind = 'before-differs'") == 2
