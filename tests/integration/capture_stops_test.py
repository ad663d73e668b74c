"""What capture cannot give a record stops it, at its exact position, with the table and the event named.

It stays stopped when it is started again, and nothing after that position is published.
"""

import re
import threading
from collections import Counter

import pytest

from circuit import Circuit, make_accounts
from lab_lib import tools
from plain_servers import PlainServer
from wait import eventually, holds_for

MYSQL, MARIADB = "mysql", "mariadb"
BOTH = (MYSQL, MARIADB) if tools.mysql_root() else (MARIADB,)
TABLES = ["CREATE TABLE good (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
          "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, j LONGTEXT) PARTITION BY RANGE (id) "
          "(PARTITION low VALUES LESS THAN (100), PARTITION high VALUES LESS THAN MAXVALUE)",
          "CREATE TABLE flat (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
          "INSERT INTO t VALUES (1, 1, NULL), (200, 2, NULL)", "INSERT INTO flat VALUES (1, 1)"]

# name, servers, what the sentence names beside file and position, statements
STOPS = [
    ("no primary key", BOTH, ["nokey", "primary key"], ["CREATE TABLE nokey (n INT)", "INSERT INTO nokey VALUES (1)"]),
    ("statement format", (MARIADB,), ["flat", "statement"],
     ["SET SESSION binlog_format = 'STATEMENT'", "UPDATE flat SET n = 5"]),
    ("statement format, MySQL", (MYSQL,), ["flat", "statement"],
     ["SET SESSION binlog_format = 'STATEMENT'", "UPDATE flat SET n = 5"]),
    ("the marker's table as a statement", BOTH, ["farshore.progress", "statement"],
     ["SET SESSION binlog_format = 'STATEMENT'", "DELETE FROM farshore.progress WHERE origin = 'nobody'"]),
    ("the marker's table as a statement, then a row", BOTH, ["farshore.progress", "statement"],
     ["SET SESSION binlog_format = 'MIXED'", "BEGIN", "DELETE FROM farshore.progress WHERE origin = 'nobody'",
      "INSERT INTO flat VALUES (9, LENGTH(UUID()))", "COMMIT"]),
    ("minimal row image", BOTH, ["flat", "image"],
     ["SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE flat SET n = 5 WHERE id = 1"]),
    ("partial JSON", (MYSQL,), ["doc"],
     ["CREATE TABLE doc (id INT NOT NULL PRIMARY KEY, j JSON)",
      "INSERT INTO doc VALUES (1, JSON_OBJECT('a', REPEAT('x', 500), 'b', 1))",
      "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'", "UPDATE doc SET j = JSON_SET(j, '$.b', 2)"]),
    ("spatial column", BOTH, ["place"], ["CREATE TABLE place (id INT NOT NULL PRIMARY KEY, p POINT NOT NULL)",
                                         "INSERT INTO place VALUES (1, ST_GeomFromText('POINT(1 2)'))"]),
]
CASES = [pytest.param(kind, words, statements, id=f"{kind}: {name}")
         for name, kinds, words, statements in STOPS for kind in kinds if kind in BOTH]
EPOCH_START = 3
POSITION = re.compile(r"binlog\.\d{6}:\d+")


@pytest.fixture
def circuit(regions, sources, folder):
    return lambda kind: Circuit(sources[kind], regions.east.bootstrap, folder)


def place(record):
    return record.partition, record.offset


def places(records):
    return {place(record) for record in records}


@pytest.mark.parametrize("kind,words,statements", CASES)
def test_capture_stops_where_it_cannot_go_on(circuit, kind, words, statements):
    case = circuit(kind)
    case.execute(*TABLES)
    with case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO good VALUES (1, 1)")
        case.wait_published(1)
        before = places(case.published())
        case.execute(*statements)
        case.execute("INSERT INTO good VALUES (2, 2)")
        answer = capture.wait_unready("stopped", *words)
        assert POSITION.search(answer), f"no position in: {answer}"
        assert capture.metrics().total("farshore_capture_stopped", origin=case.name) == 1
        position = POSITION.search(answer).group()
        published = case.published_changes()
        assert not any(b"good" in record.value for record in case.published() if place(record) not in before)
    with case.capture() as again:
        assert position in again.wait_unready("stopped", *words)
        holds_for("nothing more is published", lambda: case.published_changes() == published, 0.5)


# What changes rows without row events does not stop capture: it begins an epoch, whose start tells the other regions of it.
ROWLESS = [
    ["TRUNCATE TABLE t"], ["/* a comment */ truncate   `t`"], ["ALTER TABLE t TRUNCATE PARTITION low"],
    ["ALTER TABLE t DROP PARTITION low"],
    ["ALTER TABLE t ADD COLUMN added VARCHAR(10) DEFAULT 'x'"],
    ["CREATE TABLE x LIKE t", "ALTER TABLE x REMOVE PARTITIONING", "ALTER TABLE t EXCHANGE PARTITION low WITH TABLE x"],
]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("statements", ROWLESS, ids=[statements[-1] for statements in ROWLESS])
def test_a_statement_that_changes_rows_without_saying_which_begins_an_epoch(circuit, kind, statements):
    case = circuit(kind)
    case.execute(*TABLES)

    def told():
        """Of each epoch whose start tells of the statement, the partitions that have it."""
        records = [record for record in case.topics.read(case.topic, keep_values=True) if record.header.kind == EPOCH_START]
        return Counter(record.header.epoch for record in records if statements[-1].encode() in record.value)

    with case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO good VALUES (1, 1)")
        case.wait_published(1)
        case.execute(*statements)
        case.execute("INSERT INTO good VALUES (2, 2)")
        case.wait_published(2)
        assert told() == {2: 2} and {record.header.epoch for record in case.published()} == {1, 2}
        capture.wait_ready()
    with case.capture() as again:
        again.wait_ready()
        case.execute("INSERT INTO good VALUES (3, 3)")
        case.wait_published(3)
        assert told() == {2: 2}, "it is told once"


PASSES = [
    ("CREATE TABLE fresh (id INT NOT NULL PRIMARY KEY)", "INSERT INTO fresh VALUES (1)"),
    ("CREATE INDEX by_n ON flat (n)", "INSERT INTO flat (id, n) VALUES (51, 1)"),
    ("ALTER TABLE t REORGANIZE PARTITION high INTO (PARTITION high VALUES LESS THAN (1000), PARTITION top VALUES LESS THAN MAXVALUE)",
     "INSERT INTO t (id, n) VALUES (60, 1)"),
    ("CREATE TABLE _flat_gho (n INT)", "INSERT INTO _flat_gho VALUES (1)"),
    ("CREATE VIEW seen AS SELECT * FROM flat", "INSERT INTO flat (id, n) VALUES (53, 1)"),
    ("CREATE TEMPORARY TABLE gone (n INT)", "TRUNCATE TABLE gone"),
    ("TRUNCATE TABLE elsewhere.other", "INSERT INTO elsewhere.other VALUES (1)"),
    ("BEGIN", "SAVEPOINT one", "INSERT INTO flat (id, n) VALUES (54, 1)", "ROLLBACK TO one", "INSERT INTO flat (id, n) VALUES (55, 1)",
     "COMMIT"),
]


@pytest.mark.parametrize("kind", BOTH)
def test_what_needs_no_record_passes(circuit, kind):
    case = circuit(kind)
    case.execute(*TABLES)
    case.source.execute("CREATE DATABASE IF NOT EXISTS elsewhere", "CREATE TABLE IF NOT EXISTS elsewhere.other (n INT)")
    with case.capture() as capture:
        capture.wait_ready()
        for statements in PASSES:
            case.execute(*statements)
        case.execute("INSERT INTO good VALUES (99, 1)")
        eventually("the last row is published", lambda: any(b"good" in record.value for record in case.published()),
                   explain=lambda: capture.readiness()[1])
        assert capture.is_ready()


@pytest.mark.parametrize("kind", BOTH)
def test_what_is_compressed_is_captured(circuit, sources, kind):
    case = circuit(kind)
    case.execute(*TABLES)
    on, off = {MYSQL: (["SET GLOBAL binlog_transaction_compression = ON"], "SET GLOBAL binlog_transaction_compression = OFF"),
               MARIADB: (["SET GLOBAL log_bin_compress = ON", "SET GLOBAL log_bin_compress_min_len = 10"], "SET GLOBAL log_bin_compress = OFF")}[kind]
    many = ("INSERT INTO t WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 1000) "
            "SELECT seq.n * 1000 + t.id, seq.n, REPEAT('x', 1000) FROM t, seq")
    sources[kind].execute(*on)
    try:
        with case.capture() as capture:
            capture.wait_ready()
            case.execute("INSERT INTO flat VALUES (7, 7)", "UPDATE t SET j = REPEAT('y', 5000)", many)
            case.execute("ALTER TABLE flat ADD COLUMN added VARCHAR(10) DEFAULT 'x'", "DELETE FROM t WHERE id > 1000")
            case.wait_published(1 + 2 + 2000 + 2000)
            assert capture.is_ready()
    finally:
        sources[kind].execute(off)


@pytest.mark.parametrize("kind,bound,length,remedy", [
    *((kind, "64KiB", 70_000, "raise it") for kind in BOTH), ("mariadb", "9MiB", 10_000_000, "no more than 9437184 can be set")])
def test_a_row_above_the_bound_stops_capture(circuit, kind, bound, length, remedy):
    case = circuit(kind)
    case.execute("CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, body LONGTEXT)")
    config = case.capture_config()
    config["capture"] = {"max_row_bytes": bound, "batch_bytes": "64KiB"}
    with case.capture(config=config) as capture:
        capture.wait_ready()
        case.execute("INSERT INTO wide VALUES (1, REPEAT('x', 60000))")
        case.wait_published(1)
        case.execute(f"INSERT INTO wide VALUES (2, REPEAT('x', {length}))")
        capture.wait_unready("stopped", "wide", "max_row_bytes", remedy)
        assert case.published_changes() == 1


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("option", ["binlog_do_db=elsewhere", "binlog_ignore_db={schema}"])
def test_a_binlog_filter_refuses_the_start_until_it_is_gone(regions, folder, kind, option):
    server = PlainServer(kind, folder / kind, server_id=7, options=["--gtid-domain-id=7"] if kind == MARIADB else [])
    with server:
        make_accounts(server)
        case = Circuit(server, regions.east.bootstrap, folder)
        case.execute(*TABLES[:1])
        option = option.format(schema=case.schema)
        server.stop()
        server.options.append(f"--{option}")
        server.start()
        with case.capture() as capture:
            assert capture.exit_code() == 1
            assert f"binlog filter is {option}, and has to be none" in capture.said()
        server.stop()
        server.options.pop()
        server.start()
        with case.capture() as capture:
            capture.wait_ready()
            case.execute("INSERT INTO good VALUES (1, 1)")
            case.wait_published(1)


WAITED_S = 12  # above the time that a source may lack what it sent for any other reason


@pytest.mark.skipif(MYSQL not in BOTH, reason="MariaDB's binlog position is ahead of the wait")
def test_a_transaction_that_waits_for_a_semi_synchronous_replica_does_not_stop_capture(circuit, sources):
    """It is in the binlog and was sent, but the source does not count it as executed, for as long as no replica answers."""
    case = circuit(MYSQL)
    case.execute(*TABLES)
    sources[MYSQL].execute("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'",
                           "SET GLOBAL rpl_semi_sync_source_timeout = 600000")
    try:
        with case.capture() as capture:
            capture.wait_ready()
            sources[MYSQL].execute("SET GLOBAL rpl_semi_sync_source_enabled = ON")
            writer = threading.Thread(target=case.execute, args=("INSERT INTO good VALUES (1, 1)",))
            writer.start()
            case.wait_published(1)
            holds_for("capture goes on", capture.is_ready, WAITED_S, poll_s=0.5)
        with case.capture() as again:
            holds_for("capture waits", lambda: "stopped" not in again.readiness()[1] and not again.ended(), WAITED_S, poll_s=0.5)
            assert not again.is_ready() and "semi-synchronous" in again.said()
            sources[MYSQL].execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
            writer.join(30)
            again.wait_ready()
            case.execute("INSERT INTO good VALUES (2, 2)")
            case.wait_published(2)
    finally:
        sources[MYSQL].execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF", "UNINSTALL PLUGIN rpl_semi_sync_source")


def test_a_cascade_from_a_table_that_no_stream_takes_stops_capture_until_it_is_gone(circuit):
    """MariaDB does not log what a cascade changes."""
    case = circuit(MARIADB)
    outside = f"outside_{case.name}"
    case.source.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE {outside}", f"CREATE TABLE {outside}.parent (id INT NOT NULL PRIMARY KEY)")
    with case.capture() as capture:
        capture.wait_ready()
        case.execute(f"CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent INT, CONSTRAINT tie FOREIGN KEY (parent) REFERENCES "
                     f"{outside}.parent (id) ON DELETE CASCADE)", "INSERT INTO child VALUES (1, NULL)")
        eventually("it stops and names both", lambda: f"changed by a cascade from {outside}.parent" in str(capture.readiness()[1]))
        assert case.published_changes() == 0
        case.execute("SET SESSION sql_log_bin = 0", "ALTER TABLE child DROP FOREIGN KEY tie")
        case.wait_published(1)


def watermarks(capture):
    return capture.metrics().total("farshore_capture_published_watermarks_total")


def test_a_source_that_may_have_been_replaced_gives_no_watermark(circuit, sources):
    """A replica of it takes writes, or cannot be asked: somebody may have promoted it. Changes are published all the same."""
    case, replica = circuit(MARIADB), sources["target"]
    case.execute(*TABLES[:1])
    config = case.capture_config()
    config["origins"][0]["replicas"] = [f"127.0.0.1:{replica.port}"]
    replica.execute("SET GLOBAL read_only = ON")
    with case.capture(config=config) as capture:
        capture.wait_ready()
        eventually("watermarks are published", lambda: watermarks(capture) > 0)
        replica.execute("SET GLOBAL read_only = OFF")
        eventually("it says so", lambda: "takes writes" in str(capture.readiness()[1]))
        before = watermarks(capture)
        case.execute("INSERT INTO good VALUES (1, 1)")
        case.wait_published(1)
        holds_for("no watermark is published", lambda: watermarks(capture) == before, 3)
        replica.execute("SET GLOBAL read_only = ON")
        capture.wait_ready()
        eventually("watermarks are published again", lambda: watermarks(capture) > before)
        replica.stop()
        eventually("it says so", lambda: "cannot be asked" in str(capture.readiness()[1]))
        replica.start()
        eventually("it says so", lambda: "takes writes" in str(capture.readiness()[1]))
        case.source.execute("SET GLOBAL read_only = ON")
        try:
            eventually("it says so", lambda: "the source is read-only" in str(capture.readiness()[1]))
        finally:
            case.source.execute("SET GLOBAL read_only = OFF")
