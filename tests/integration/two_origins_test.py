"""One row whose home moves between two origins: a third region gets its changes over two ways, in no order of its own."""

import pytest

from circuit import Circuit, reasons
from lab_lib.services import get
from wait import eventually

ROWS = 20


@pytest.mark.parametrize("key", ["PRIMARY KEY (id)", "PRIMARY KEY (id), UNIQUE (v, id)"])
def test_each_change_of_a_row_is_compared_whoever_made_the_one_before(regions, sources, folder, key):
    """Each home moves after the other has all. Apply finds the changes of both in one work set: rows are right, or the gate is closed."""
    one = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources["target"])
    other = Circuit(sources["mysql"], regions.east.bootstrap, folder, sources["target"])
    schema = other.schema = one.schema
    for server in (one.source, other.source, one.target):
        server.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE IF NOT EXISTS {schema}",
                       f"CREATE TABLE {schema}.t (id INT NOT NULL, v INT NOT NULL, {key})",
                       f"INSERT INTO {schema}.t VALUES {', '.join(f'({row}, 0)' for row in range(ROWS))}")
    other.config["streams"]["main"]["tables"] = [f"{schema}.*"]
    both = {**one.config, "origins": one.config["origins"] + other.config["origins"],
            "apply": {**one.config["apply"], "origins": [one.name, other.name], "workers": 1}}

    def moves(home, beside, value):
        home.source.execute(f"UPDATE {schema}.t SET v = {value}")
        beside.source.execute("SET SESSION sql_log_bin = 0", f"UPDATE {schema}.t SET v = {value}")  # as its apply would

    def newest():
        names = f"'{one.name}', '{other.name}'"
        return min(row["safe_time"] for row in one.target.records(
            f"SELECT safe_time FROM farshore.progress WHERE part >= 0 AND origin IN ({names})"))

    with one.capture() as first, other.capture() as second, one.gate(config=both) as gate:
        first.wait_ready()
        second.wait_ready()
        with one.apply(config=both):
            for circuit in (one, other):
                for words in (("begin",), ("declare", "--why", "the test made them")):
                    said = one.ctl("equal", *words, "--origin", circuit.name, "--execute", config=both)
                    assert said.returncode == 0, said.stderr
            eventually("the gate is open", lambda: get(gate.url + "/v1/gate")[0] == 200, 60, explain=lambda: str(reasons(gate)))
        moves(one, other, 1)
        moves(other, one, 2)
        moves(one, other, 3)
        one.wait_published(2 * ROWS)
        other.wait_published(ROWS)
        now = one.target.value("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)")
        with one.apply(config=both):
            eventually("both ways are there", lambda: newest() > now, 60)
            wrong = one.target.rows(f"SELECT id, v FROM {schema}.t WHERE v <> 3")
            if wrong:
                eventually("the gate is closed", lambda: "not-yet-equal" in (reasons(gate) or {}), explain=lambda: f"{wrong} {reasons(gate)}")
