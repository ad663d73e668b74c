"""A transaction counts as an echo when its first row is one of farshore.progress, whoever wrote it; no other transaction does.

No application has the right to write there (docs/operating/grants.md). What is seen here was done by hand.
"""

import json

import pytest

from circuit import Circuit
from lab_lib import tools
from wait import eventually

MYSQL, MARIADB = "mysql", "mariadb"
BOTH = (MYSQL, MARIADB) if tools.mysql_root() else (MARIADB,)

MARK = "UPDATE farshore.progress SET writes = writes + 1 WHERE origin = '{origin}' AND stream = 'main'"
NEW_MARK = ("INSERT INTO farshore.progress (region, origin, stream, part, epoch, incarnation, seq, origin_position, state, reason) "
            "VALUES ('there', '{origin}', '{stream}', 0, 1, 1, 1, '', 'applying', '')")
ROW = "INSERT INTO t VALUES ({number})"
HOME = "INSERT INTO farshore.home (scope, region, home_epoch) VALUES ('{origin} {number}', 'here', 1)"

# {what: (echoes, whether its captured row is published, statements)}
TRANSACTIONS = {
    "the marker alone": (1, False, [MARK]),
    "the marker, then a row": (1, False, ["BEGIN", MARK, ROW, "COMMIT"]),
    "a new marker, then a row": (1, False, ["BEGIN", NEW_MARK, ROW, "COMMIT"]),
    "the marker deleted, then a row": (
        1, False, ["BEGIN", "DELETE FROM farshore.progress WHERE origin = '{origin}' AND stream = 'old'", ROW, "COMMIT"]),
    "the marker on both sides of a row": (1, False, ["BEGIN", MARK, ROW, MARK, "COMMIT"]),
    "a row taken back, the marker, then a row": (
        1, False, ["BEGIN", "SAVEPOINT one", "INSERT INTO t VALUES (-1)", "ROLLBACK TO one", MARK, ROW, "COMMIT"]),
    "a row in a transaction behind the marker's": (1, True, [MARK, ROW]),
    "a row, then the marker": (0, True, ["BEGIN", ROW, MARK, "COMMIT"]),
    "a row of a table that no stream takes, the marker, then a row": (
        0, True, ["BEGIN", "INSERT INTO elsewhere.other VALUES (1)", MARK, ROW, "COMMIT"]),
    "another table of farshore, the marker, then a row": (0, True, ["BEGIN", HOME, MARK, ROW, "COMMIT"]),
    "another table of farshore, then a row": (0, True, ["BEGIN", HOME, ROW, "COMMIT"]),
    "another schema's progress, then a row": (0, True, ["BEGIN", "INSERT INTO elsewhere.progress VALUES (1)", ROW, "COMMIT"]),
    "that of a schema that differs in the case of letters, then a row": (
        0, True, ["BEGIN", "INSERT INTO Farshore.progress VALUES (1)", ROW, "COMMIT"]),
    "a marker that changes nothing, then a row": (
        0, True, ["BEGIN", "UPDATE farshore.progress SET writes = writes WHERE origin = '{origin}'",
                  "DELETE FROM farshore.progress WHERE origin = 'nobody'", ROW, "COMMIT"]),
    "the marker taken back, then a row": (0, True, ["BEGIN", "SAVEPOINT one", MARK, "ROLLBACK TO one", ROW, "COMMIT"]),
    "the marker rolled back, then a row": (0, True, ["BEGIN", MARK, "ROLLBACK", ROW]),
}
LAST, BEHIND = 1000, 1001   # rows of their own, behind all of them


@pytest.fixture
def circuit(regions, sources, folder):
    return lambda kind: Circuit(sources[kind], regions.east.bootstrap, folder)


def published_rows(case):
    """Their ids, as often as each is in the topic."""
    decoded = case.ctl("decode", "--topic", case.topic)
    assert decoded.returncode == 0, decoded.stderr
    return sorted(line["after"]["id"] for line in map(json.loads, decoded.stdout.splitlines()) if line["kind"] == "insert")


@pytest.mark.parametrize("kind", BOTH)
def test_the_first_row_alone_says_whether_a_transaction_is_an_echo(circuit, kind):
    case = circuit(kind)
    case.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)", "CREATE DATABASE IF NOT EXISTS elsewhere",
                 "CREATE DATABASE IF NOT EXISTS Farshore", "CREATE TABLE IF NOT EXISTS elsewhere.other (n INT)",
                 *(f"CREATE TABLE IF NOT EXISTS {schema}.progress (n INT)" for schema in ("elsewhere", "Farshore")),
                 *(NEW_MARK.format(origin=case.name, stream=stream) for stream in ("main", "old")))
    # Checkpoints are far apart: the second capture reads all of it again, under the numbers of then.
    config = {**case.capture_config(), "capture": {"checkpoint_interval": "60s"}}
    with case.capture(config=config) as capture:
        capture.wait_ready()
        for number, (_, _, statements) in enumerate(TRANSACTIONS.values()):
            case.execute(*(one.format(origin=case.name, stream="new", number=number) for one in statements))
        case.execute(f"INSERT INTO t VALUES ({LAST})")
        eventually("the last row is published", lambda: LAST in published_rows(case), explain=lambda: capture.readiness()[1])
        found = published_rows(case)
        assert {what: number in found for number, what in enumerate(TRANSACTIONS)} == {
            what: is_published for what, (_, is_published, _) in TRANSACTIONS.items()}
        assert capture.metrics().total("farshore_capture_echo_transactions_total", origin=case.name) == sum(
            echoes for echoes, _, _ in TRANSACTIONS.values())
        assert capture.is_ready()
    with case.capture(config=config) as again:
        again.wait_ready()
        case.execute(f"INSERT INTO t VALUES ({BEHIND})")
        eventually("the next row is published", lambda: BEHIND in published_rows(case), explain=lambda: again.readiness()[1])
        assert published_rows(case) == [*found, BEHIND], "nothing is published twice, nor what was left out"
