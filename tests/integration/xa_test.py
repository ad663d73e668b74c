"""XA transactions are logged when they are prepared, and count when they are committed: then their rows are published.

What no stream takes never matters; what is rolled back is nothing; neither does a capture that is killed in between.
"""

import contextlib
import itertools
import random

import pytest

from circuit import Circuit, reasons
from lab_lib import tools
from wait import eventually, holds_for

MYSQL, MARIADB = "mysql", "mariadb"
BOTH = (MYSQL, MARIADB) if tools.mysql_root() else (MARIADB,)
T = "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v VARCHAR(20) NOT NULL)"
BIG = "CREATE TABLE big (id INT NOT NULL PRIMARY KEY, body LONGTEXT NOT NULL)"
names = itertools.count(1)
formats = itertools.cycle([7, 0, 2147483647])
numbers = itertools.count(1)
FOREIGN = {MYSQL: "3e11fa47-71ca-11e1-9e33-c80aa9429562", MARIADB: "4711"}


def as_server(server):
    """The session's next transaction is one of that server, as a replica's are of its source."""
    if server == FOREIGN[MYSQL]:
        return [f"SET SESSION gtid_next = '{server}:{next(numbers)}'"]
    return [f"SET SESSION server_id = {server}"] if server else []


class Xa:
    """One XA transaction, on a connection of its own."""

    def __init__(self, case, server=""):
        """`server`: as foreign_servers names it; empty: the source itself."""
        format = next(formats) + ((1 << 32) if case.source.server == MYSQL else 0)
        self.name = f"'{case.name}', 'branch {next(names)}', {format}"
        self.connection = case.source.root(database=case.schema)
        self.case = case
        # Without locks of gaps, which others would wait for.
        self.run(*as_server(server), "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.run(f"XA START {self.name}")

    def run(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return self

    def end(self, *how):
        self.run(f"XA END {self.name}", *(f"XA {word}" for word in how))
        return self

    def prepare(self, *statements):
        return self.run(*statements).end(f"PREPARE {self.name}")

    def commit(self, server=""):
        return self.by_another(*as_server(server), f"XA COMMIT {self.name}")

    def roll_back(self):
        return self.by_another(f"XA ROLLBACK {self.name}")

    def by_another(self, *statements):
        """As a coordinator does that found it prepared."""
        self.connection.close()
        eventually(statements[-1], lambda: self.tried(*statements))
        return self

    def tried(self, *statements):
        try:
            self.case.source.execute(*statements)
        except Exception as error:  # its own session is not gone yet
            if "1397" in str(error):
                return False
            raise
        return True


@pytest.fixture
def circuit(regions, sources, folder):
    made = []

    def make(kind, target=True):
        made.append(Circuit(sources[kind], regions.east.bootstrap, folder, sources["target"] if target else None))
        return made[-1]

    yield make
    for case in made:
        with contextlib.closing(case.source.root()) as connection, connection.cursor() as cursor:
            cursor.execute("XA RECOVER")
            for number, first, _, name in cursor.fetchall():
                name = name if isinstance(name, bytes) else name.encode()
                if case.name.encode() in name:
                    cursor.execute(f"XA ROLLBACK X'{name[:first].hex()}', X'{name[first:].hex()}', {number}")


def with_tables(case, *tables):
    case.execute(*tables)
    case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", *tables)
    return case


def at_source(case, table):
    return case.source.rows(f"SELECT * FROM {case.schema}.{table} ORDER BY 1")


def arrives(case, table):
    eventually(f"{table} is equal", lambda: case.rows(table) == at_source(case, table), 60,
               explain=lambda: f"{case.rows(table)} there, {at_source(case, table)} here, {case.progress()}")


@pytest.mark.parametrize("kind", BOTH)
def test_on_tables_that_no_stream_takes_it_passes(circuit, kind):
    case = circuit(kind, target=False)
    case.source.execute("CREATE DATABASE IF NOT EXISTS elsewhere", "CREATE TABLE IF NOT EXISTS elsewhere.log (n INT, p POINT)")
    case.execute(T)
    insert = "INSERT INTO elsewhere.log VALUES (1, NULL)"
    with case.capture() as capture:
        capture.wait_ready()
        Xa(case).prepare(insert).commit()
        Xa(case).prepare(insert).roll_back()
        one_phase = Xa(case).run(insert)
        one_phase.end(f"COMMIT {one_phase.name} ONE PHASE")
        left = Xa(case).prepare(insert)
        case.execute("INSERT INTO t VALUES (1, 'x')")
        case.wait_published(1)
        holds_for("it is ready", capture.is_ready, 1)
    with case.capture() as again:
        again.wait_ready()
        left.commit()
        case.execute("INSERT INTO t VALUES (2, 'x')")
        case.wait_published(2)
        assert {record.header.epoch for record in case.published()} == {1}, "nothing is told of it"


@pytest.mark.parametrize("kind", BOTH)
def test_its_rows_are_published_when_it_is_committed(circuit, kind):
    case = with_tables(circuit(kind), T, BIG)
    case.execute("INSERT INTO t VALUES (1, 'old'), (2, 'old'), (3, 'old'), (4, 'old')")
    case.target.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {case.schema}.t VALUES (1, 'old'), (2, 'old'), (3, 'old'), (4, 'old')")
    with case.apply(), case.gate() as gate:
        with case.capture() as capture:
            capture.wait_ready()
            case.declare_equal()
            eventually("the gate is open", lambda: reasons(gate) == {}, explain=lambda: str(reasons(gate)))
            committed = Xa(case).prepare("UPDATE t SET v = 'new' WHERE id = 1", "UPDATE t SET id = 20 WHERE id = 2",
                                         "SAVEPOINT s", "INSERT INTO t VALUES (50, 'no')", "ROLLBACK TO s", "INSERT INTO t VALUES (5, 'new')")
            undone = Xa(case).prepare("DELETE FROM t WHERE id = 3")
            large = Xa(case).prepare(f"INSERT INTO big VALUES (1, REPEAT('x', {3 << 20}))")
            before = Xa(case).prepare("DELETE FROM t WHERE id = 4").commit()
            case.execute("INSERT INTO t VALUES (6, 'after')")
            eventually("what came after arrives", lambda: (6, "after") in case.rows("t"))
            assert case.rows("t") == [(1, "old"), (2, "old"), (3, "old"), (6, "after")], before.name
            capture.stop()
        if kind == MARIADB:  # MySQL 9.7 may lose what is prepared
            case.source.kill()
            case.source.start()
        with case.capture() as again:
            again.wait_ready()
            eventually("all are known", lambda: again.metrics().total("farshore_capture_prepared_xa_transactions", origin=case.name) == 3)
            assert again.metrics().total("farshore_capture_prepared_xa_bytes", origin=case.name) > 3 << 20
            committed.commit()
            undone.roll_back()
            large.commit()
            one_phase = Xa(case).run("INSERT INTO t VALUES (7, 'at once')")
            one_phase.end(f"COMMIT {one_phase.name} ONE PHASE")
            eventually("it is committed here", lambda: len(at_source(case, "t")) == 6)
            arrives(case, "t")
            arrives(case, "big")
        assert case.rows("t") == [(1, "new"), (3, "old"), (5, "new"), (6, "after"), (7, "at once"), (20, "old")]
        assert {record.header.epoch for record in case.published()} == {1}
        assert reasons(gate).get("not-yet-equal") is None


@pytest.mark.parametrize("kind", BOTH)
def test_what_is_not_known_of_it_closes_the_gate_and_stops_nothing(circuit, kind):
    case = with_tables(circuit(kind), T, BIG)
    early, undone = Xa(case).prepare("INSERT INTO t VALUES (1, 'early')"), Xa(case).prepare("INSERT INTO t VALUES (2, 'early')")
    not_yet = lambda gate: reasons(gate).get("not-yet-equal", "")
    with case.capture() as capture, case.apply(), case.gate() as gate:
        capture.wait_ready()
        case.declare_equal()
        eventually("the gate is open", lambda: reasons(gate) == {}, explain=lambda: str(reasons(gate)))
        undone.roll_back()
        large = Xa(case).prepare("INSERT INTO t VALUES (3, 'large')", f"INSERT INTO big VALUES (1, REPEAT('x', {5 << 20}))")
        case.execute("INSERT INTO t VALUES (9, 'x')")
        arrives(case, "t")
        assert not_yet(gate) == "" and capture.is_ready()
        large.commit()
        eventually("the gate names its tables", lambda: f"{case.schema}.big" in not_yet(gate) and f"{case.schema}.t" in not_yet(gate),
                   explain=lambda: str(reasons(gate)))
        assert "were not kept" in capture.said()
        case.target.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", "INSERT INTO t VALUES (3, 'large')",
                            f"INSERT INTO big VALUES (1, REPEAT('x', {5 << 20}))")
        case.declare_equal()
        eventually("the gate is open", lambda: reasons(gate) == {}, explain=lambda: str(reasons(gate)))
        early.commit()
        eventually("any table may have changed", lambda: "before this origin began" in capture.said() and not_yet(gate),
                   explain=lambda: str(reasons(gate)))
        case.execute("INSERT INTO t VALUES (10, 'x')")
        eventually("capture goes on", lambda: (10, "x") in case.rows("t"))
        capture.wait_ready()


@pytest.mark.parametrize("kind", BOTH)
def test_where_another_server_prepares_or_commits_it_nothing_is_left_out_in_silence(circuit, kind):
    foreign = FOREIGN[kind]
    case = with_tables(circuit(kind), T)
    config = case.capture_config()
    config["origins"][0]["foreign_servers"] = [foreign]
    doubted = lambda: reasons(gate).get("not-yet-equal", "")
    with case.capture(config=config) as capture, case.apply(), case.gate() as gate:
        capture.wait_ready()
        case.declare_equal()
        eventually("the gate is open", lambda: reasons(gate) == {}, explain=lambda: str(reasons(gate)))
        Xa(case, foreign).prepare("INSERT INTO t VALUES (1, 'theirs')").commit(foreign)
        Xa(case).prepare("INSERT INTO t VALUES (2, 'ours')").commit()
        eventually("what is the source's own arrives", lambda: case.rows("t") == [(2, "ours")])
        assert doubted() == ""
        Xa(case).prepare("INSERT INTO t VALUES (3, 'ours, then theirs')").commit(foreign)
        eventually("the table is doubted", lambda: f"{case.schema}.t" in doubted() and "were prepared by another server" in capture.said(),
                   explain=lambda: f"{reasons(gate)} {capture.said()}")
        case.declare_equal()
        eventually("the gate is open", lambda: reasons(gate) == {}, explain=lambda: str(reasons(gate)))
        Xa(case, foreign).prepare("INSERT INTO t VALUES (4, 'theirs, then ours')").commit()
        eventually("all tables are doubted", lambda: "the stream's tables" in doubted(), explain=lambda: str(reasons(gate)))
        case.execute("INSERT INTO t VALUES (5, 'x')")
        eventually("capture goes on", lambda: (5, "x") in case.rows("t"))


@pytest.mark.parametrize("kind", BOTH)
def test_with_captures_that_are_killed_the_regions_end_equal(circuit, kind, seed):
    chosen = random.Random(seed)
    case = with_tables(circuit(kind), T)
    case.execute("CREATE TABLE log (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))", *(f"INSERT INTO t VALUES ({id}, 'x')" for id in range(0, 200, 10)))
    case.target.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {case.schema}.t VALUES " + ", ".join(f"({id}, 'x')" for id in range(0, 200, 10)))
    config = case.capture_config()
    config["streams"]["main"]["tables"].append(f"!{case.schema}.log")
    free, open_ones = list(range(0, 200, 10)), []

    def step(number):
        """One prepared transaction more over ten keys of its own, or an end of one, or a plain change."""
        if free and chosen.random() < 0.5:
            first = free.pop(chosen.randrange(len(free)))
            xa = Xa(case).run(f"INSERT INTO log VALUES ({number}, 'x')")
            for _ in range(chosen.randrange(3)):
                xa.run(f"REPLACE INTO t VALUES ({first + chosen.randrange(10)}, '{number}')")
            open_ones.append((first, xa.prepare(f"DELETE FROM t WHERE id = {first + chosen.randrange(10)}")))
        elif open_ones:
            first, xa = open_ones.pop(chosen.randrange(len(open_ones)))
            chosen.choice([xa.commit, xa.roll_back])()
            free.append(first)
        if free:
            case.execute(f"REPLACE INTO t VALUES ({chosen.choice(free)}, 'plain {number}')")

    with case.apply(config={**config, "region": "there", "apply": case.config["apply"]}):
        for round_number in range(4):
            with case.capture(config=config) as capture:
                capture.wait_ready()
                for number in range(15):
                    step(100 * round_number + number)
                capture.process.kill()
                capture.process.wait()
            step(100 * round_number + 50)
        with case.capture(config=config) as capture:
            capture.wait_ready()
            while open_ones:
                open_ones.pop()[1].commit()
            arrives(case, "t")
        assert {record.header.epoch for record in case.published()} == {1}
