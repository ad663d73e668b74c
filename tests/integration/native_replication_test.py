"""A captured source that replicates natively from another server: refused, unless the configuration names that server.

What came in that way is not the origin's own: it is left out and counted, or published where it is listed as its own.
"""

import itertools
import json
import signal

import pytest

from circuit import Circuit, make_accounts, reasons
from declarations import begin_equal
from lab_lib import tools
from plain_servers import PlainServer
from wait import eventually

BOTH = ("mysql", "mariadb") if tools.mysql_root() else ("mariadb",)
TABLE = "CREATE TABLE {}.t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)"
ACCOUNT = "replica"
PASSWORD = "replica-Pass1"
numbers = itertools.count(88)


class Pair:
    """A source, and the server that it replicates from, of one kind."""

    def __init__(self, kind, folder, source):
        self.kind = kind
        self.source = source
        number = next(numbers)  # a source remembers how far it was in a domain
        options = [f"--gtid-domain-id={number}"] if kind == "mariadb" else []
        self.upstream = PlainServer(kind, folder / f"upstream-{kind}", server_id=number, options=options).start()
        self.unlogged(f"CREATE USER {ACCOUNT}@'%' IDENTIFIED BY '{PASSWORD}'", f"GRANT REPLICATION SLAVE ON *.* TO {ACCOUNT}@'%'")
        self.name = self.upstream.value("SELECT @@server_uuid" if kind == "mysql" else "SELECT @@server_id")

    def unlogged(self, *statements):
        self.upstream.execute("SET SESSION sql_log_bin = 0", *statements)

    def replicate(self):
        if self.kind == "mysql":
            self.source.execute(
                f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={self.upstream.port}, SOURCE_USER='{ACCOUNT}', "
                f"SOURCE_PASSWORD='{PASSWORD}', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1", "START REPLICA")
        else:
            self.source.execute(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={self.upstream.port}, MASTER_USER='{ACCOUNT}', "
                                f"MASTER_PASSWORD='{PASSWORD}', MASTER_USE_GTID=slave_pos", "START SLAVE")

    def stop(self):
        if self.kind == "mysql":
            self.source.execute("STOP REPLICA", "RESET REPLICA ALL")
        else:
            self.source.execute("STOP SLAVE", "RESET SLAVE ALL")

    def end(self):
        self.stop()
        self.upstream.kill()


@pytest.fixture(params=BOTH)
def pair(request, sources, folder):
    made = Pair(request.param, folder, sources[request.param])
    yield made
    made.end()


def config_of(case, **origin):
    config = case.capture_config()
    return {**config, "origins": [{**config["origins"][0], **origin}]}


def test_what_came_by_native_replication_is_left_out_and_counted(regions, pair, folder):
    case = Circuit(pair.source, regions.east.bootstrap, folder)
    case.execute("SET SESSION sql_log_bin = 0", TABLE.format(case.schema))
    pair.unlogged(f"CREATE DATABASE {case.schema}", TABLE.format(case.schema))
    pair.replicate()
    with case.capture(config=config_of(case, foreign_servers=[str(pair.name)])) as capture:
        capture.wait_ready()
        pair.upstream.execute(*(f"INSERT INTO {case.schema}.t VALUES ({n}, 1)" for n in range(100, 150)))
        eventually("the source has it", lambda: pair.source.value(f"SELECT COUNT(*) FROM {case.schema}.t") == 50)
        case.execute("INSERT INTO t VALUES (1, 1), (2, 2)", "UPDATE t SET n = 5 WHERE id = 100")
        case.wait_published(3)
        assert capture.metrics().total("farshore_capture_foreign_transactions_total") >= 50
        capture.stop(signal.SIGKILL)
    with case.capture(config=config_of(case, foreign_servers=[str(pair.name)])) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO t VALUES (3, 3)")
        case.wait_published(4)
        assert case.published_changes() == 4, "also after a restart between foreign transactions"
        assert "came by native replication" in capture.log.read_text()
        pair.upstream.execute(f"TRUNCATE TABLE {case.schema}.t")
        eventually("the source's own rows are gone too, and the other regions are told",
                   lambda: any(record.header.kind == 3 and record.header.epoch == 2 for record in case.topics.read(case.topic)), 20)


def test_a_server_may_move_from_the_foreign_to_the_own(regions, pair, folder):
    """Also where what was published of before is read again: its transactions between were left out then, and are so again."""
    case = Circuit(pair.source, regions.east.bootstrap, folder)
    case.execute("SET SESSION sql_log_bin = 0", TABLE.format(case.schema))
    pair.unlogged(f"CREATE DATABASE {case.schema}", TABLE.format(case.schema))
    pair.replicate()

    def config(**origin):
        return {**config_of(case, **origin), "capture": {"checkpoint_interval": "60s"}}
    with case.capture(config=config(foreign_servers=[str(pair.name)])) as capture:
        capture.wait_ready()
        for n in range(1, 6):
            case.execute(f"INSERT INTO t VALUES ({n}, 1)")
            pair.upstream.execute(f"INSERT INTO {case.schema}.t VALUES ({100 + n}, 1)")
            eventually("the source has it", lambda n=n: pair.source.value(f"SELECT COUNT(*) FROM {case.schema}.t") == 2 * n)
        case.execute("INSERT INTO t VALUES (6, 1)")
        case.wait_published(6)
        capture.stop(signal.SIGKILL)
    with case.capture(config=config(own_servers=[str(pair.name)])) as capture:
        capture.wait_ready()
        pair.upstream.execute(f"INSERT INTO {case.schema}.t VALUES (200, 1)")
        case.wait_published(7)
        assert case.published_changes() == 7


@pytest.mark.parametrize("pair", ["mariadb"], indirect=True)
def test_another_primary_begins_the_origin_anew_as_the_page_has_it(regions, pair, sources, folder):
    """pair.upstream is the server that takes the place of the captured one, with the same rows."""
    case = Circuit(pair.source, regions.east.bootstrap, folder, sources["target"])
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", TABLE.format(case.schema))
    make_accounts(pair.upstream)
    pair.unlogged(f"CREATE DATABASE {case.schema}", TABLE.format(case.schema), f"INSERT INTO {case.schema}.t VALUES (1, 1)")
    reset, words = ("origin", "reset", "--origin", case.name, "--execute"), ("--origin", case.name, "--execute")
    moved = config_of(case, address=f"127.0.0.1:{pair.upstream.port}", own_servers=[str(case.source.value("SELECT @@server_id"))])
    with case.gate() as gate:
        with case.apply() as apply:
            with case.capture() as capture:
                capture.wait_ready()
                case.execute("INSERT INTO t VALUES (1, 1)")
                eventually("the row arrives", lambda: case.rows("t") == [(1, 1)], 60)
            with case.capture(config=moved) as capture:
                capture.wait_unready("was captured from server", "origin reset", timeout_s=60)
            case.says(*reset, config=moved)
            apply.stop()
        case.says(*reset)
        begun = begin_equal(case.ctl, words)
        with case.apply(), case.capture("--from", "end", config=moved) as capture:
            capture.wait_ready()
            pair.upstream.execute(f"INSERT INTO {case.schema}.t VALUES (2, 2)")
            eventually("changes of the new primary arrive", lambda: case.rows("t") == [(1, 1), (2, 2)], 60,
                       explain=lambda: str((capture.readiness(), case.progress())))
            eventually("the gate is closed by nothing else", lambda: set(reasons(gate) or {}) == {"not-yet-equal"}, 60,
                       explain=lambda: str(reasons(gate)))
            case.says("equal", "declare", *words, "--begun", begun, "--why", "compared")
            eventually("the gate is open", lambda: reasons(gate) == {}, 60, explain=lambda: str(reasons(gate)))


def test_rows_of_a_server_that_nobody_listed_stop_capture_until_it_is_listed(regions, pair, folder):
    case = Circuit(pair.source, regions.east.bootstrap, folder)
    case.execute("SET SESSION sql_log_bin = 0", TABLE.format(case.schema))
    pair.unlogged(f"CREATE DATABASE {case.schema}", TABLE.format(case.schema))
    with case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO t VALUES (1, 1)")
        case.wait_published(1)
    pair.replicate()
    pair.upstream.execute(f"INSERT INTO {case.schema}.t VALUES (100, 1)")
    eventually("the source has it", lambda: pair.source.value(f"SELECT COUNT(*) FROM {case.schema}.t") == 2)
    pair.stop()
    with case.capture() as capture:
        eventually("it stops and names the lists", lambda: "foreign_servers" in str(capture.readiness()[1]), 20)
    with case.capture(config=config_of(case, foreign_servers=[str(pair.name)])) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO t VALUES (2, 2)")
        case.wait_published(2)
        assert case.published_changes() == 2


def test_a_source_that_replicates_is_refused_and_one_that_begins_to_is_stopped(regions, pair, folder):
    case = Circuit(pair.source, regions.east.bootstrap, folder)
    with case.capture() as capture:
        capture.wait_ready()
        pair.replicate()
        eventually("it stops with the reason", lambda: "replication is from" in str(capture.readiness()[1]), 20)
    told = json.loads(case.ctl("preflight", "--output", "json", config=case.capture_config()).stdout)
    (found,) = [one for one in told["findings"] if one["what"].endswith("replication")]
    assert found["verdict"] == "mend" and "foreign_servers" in found["mend"], found
    with case.capture() as capture:
        assert capture.exit_code() == 1
        assert "foreign_servers" in capture.log.read_text()
