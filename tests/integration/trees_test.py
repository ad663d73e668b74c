"""Rows that go and change with others of their own table, by cascades that the source does not log, are as expected."""

import pytest

from circuit import Circuit, reasons
from lab_lib import tools
from wait import eventually

TREE = "CREATE TABLE {name} (id INT NOT NULL PRIMARY KEY, above INT, FOREIGN KEY (above) REFERENCES {name} (id) ON DELETE {does})"
TREES = {
    "at_once": ("CASCADE", ["DELETE FROM at_once ORDER BY id DESC"]),
    "leaves": ("CASCADE", ["BEGIN", *(f"DELETE FROM leaves WHERE id = {n}" for n in (3, 2, 1)), "COMMIT"]),
    "nulls": ("SET NULL", ["DELETE FROM nulls ORDER BY id"]),
}


def is_open(gate):
    eventually("the gate is open", lambda: reasons(gate) == {}, 60, explain=lambda: str(reasons(gate)))


@pytest.mark.parametrize("there", ["target", *(["mysql"] if tools.mysql_root() else [])])
def test_rows_of_one_table_that_go_and_change_with_each_other_are_as_expected(regions, sources, folder, there):
    case = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources[there])
    trees = [TREE.format(name=name, does=does) for name, (does, _) in TREES.items()]
    with case.apply(), case.gate() as gate, case.capture() as capture:
        capture.wait_ready()
        case.declare_equal()
        is_open(gate)
        case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", *trees)
        case.execute(*trees, *(f"INSERT INTO {name} VALUES (1, NULL), (2, 1), (3, 2), (9, NULL)" for name in TREES))
        eventually("the trees arrive", lambda: all(len(case.rows(name)) == 4 for name in TREES), 60, explain=lambda: str(case.progress()))
        case.execute(*(each for _, statements in TREES.values() for each in statements), *(f"INSERT INTO {name} VALUES (10, NULL)" for name in TREES))
        eventually("what is behind it arrives", lambda: all((10, None) in case.rows(name) for name in TREES), 60, explain=lambda: str(case.progress()))
        for name in TREES:
            assert case.rows(name) == case.source.rows(f"SELECT * FROM {case.schema}.{name}")
        assert case.target.rows(f"SELECT table_name, kind, changes FROM farshore.mismatch WHERE origin = '{case.name}'") == []
        is_open(gate)
