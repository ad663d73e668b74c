"""Bad input: each gets one clear sentence that says what to do, and the right exit code; nothing is skipped or lost."""

import contextlib
import json
import socket
import subprocess

import pymysql
import pytest
import yaml

from circuit import PASSWORD, Circuit, make_accounts, reasons
from lab_lib import tools
from lab_lib.kafka import java
from lab_lib.services import get
from plain_servers import PlainServer, free_port
from services import changed, log_lines, run, write_config
from topics import of_table, pack_header, sealed
from wait import eventually, holds_for

GOOD, ERROR, USAGE, NOT_READY, UNREACHABLE = 0, 1, 2, 3, 5
BOTH = ("mysql", "mariadb") if tools.mysql_root() else ("mariadb",)


@pytest.fixture
def circuit(regions, sources, folder):
    def make(source="mariadb", target="target"):
        return Circuit(sources[source], regions.east.bootstrap, folder, sources[target])
    return make


# The configuration

def the_region_file(regions):
    return yaml.safe_load(regions.east.config_file.read_text())


WRONG_KEYS = [
    ("caputre.batch_bytes", "64KiB", ["caputre", "capture"]),
    ("capture.batch_byte", "64KiB", ["capture.batch_byte", "batch_bytes"]),
    ("capture.batch_bytes", "a lot", ["capture.batch_bytes", "a lot"]),
    ("capture.batch_bytes", [1], ["capture.batch_bytes"]),
    ("streams.main.partitions", "eight", ["streams.main.partitions", "eight"]),
    ("streams.main.partitions", 0, ["streams.main.partitions", "1"]),
    ("streams.main.retention", "7", ["streams.main.retention", "unit"]),
    ("apply.origins", ["north"], ["apply.origins", "north"]),
    ("apply.workers", -1, ["apply.workers"]),
    ("origins.0.server_id", 0, ["server_id"]),
    ("origins.0.tls", {"mode": "sometimes"}, ["tls.mode", "sometimes"]),
    ("database.tls", {"mode": "verify"}, ["tls", "ca"]),
    ("tables", [{"match": "shop", "merge": "overwrite"}], ["match", "shop"]),
    ("tables", [{"match": "shop.*", "merge": "newest"}], ["merge", "newest"]),
    ("region", None, ["region"]),
    ("http.capture", "somewhere", ["http.capture", "somewhere"]),
    ("log.level", "loud", ["log.level", "loud"]),
]


@pytest.mark.parametrize("path,value,words", WRONG_KEYS, ids=[f"{path}={value}" for path, value, _ in WRONG_KEYS])
def test_a_wrong_key_is_refused_with_one_sentence(regions, folder, path, value, words):
    file = write_config(folder, changed(the_region_file(regions), path, value))
    for service in ("capture", "apply", "gate"):
        refused = run(service, "--config", file)
        assert refused.returncode == USAGE
        assert_one_sentence(refused.stderr, str(file), *words)
        assert run(service, "--config", file, "--check-config").returncode == USAGE


def assert_one_sentence(text, *words):
    assert len(text.strip().splitlines()) == 1, text
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"


def test_a_good_file_passes_the_check(regions):
    for service in ("capture", "apply", "gate"):
        assert run(service, "--config", regions.east.config_file, "--check-config").returncode == GOOD


@pytest.mark.parametrize("content,words", [("region: [east\n", ["YAML"]), ("", ["mapping"]), ("- east\n", ["mapping"])],
                         ids=["broken YAML", "empty", "a list"])
def test_a_file_that_is_no_configuration_is_refused(folder, content, words):
    file = write_config(folder, content)
    refused = run("capture", "--config", file)
    assert refused.returncode == USAGE
    assert_one_sentence(refused.stderr, str(file), *words)


def test_a_file_that_is_not_there_is_refused(folder):
    refused = run("gate", "--config", folder / "missing.yaml")
    assert refused.returncode == USAGE
    assert_one_sentence(refused.stderr, "missing.yaml")


def test_words_that_the_command_line_does_not_know_are_refused(regions):
    assert run("capture", "--config", regions.east.config_file, "--fast").returncode == USAGE
    assert run("reader", "--config", regions.east.config_file).returncode == USAGE
    assert run().returncode == USAGE
    assert regions.east.ctl("dance").returncode == USAGE


def test_a_password_file_that_is_not_there_is_refused(circuit):
    case = circuit()
    config = changed(case.capture_config(), "origins.0.account.password_file", str(case.folder / "none"))
    assert_refuses(case.capture(config=config), ERROR, "password_file", str(case.folder / "none"))


def test_a_port_in_use_is_refused(circuit):
    case = circuit()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for service in (case.capture(), case.apply(), case.gate()):
            service.listen = "127.0.0.1:%d" % taken.getsockname()[1]
            assert_refuses(service, ERROR, service.listen)


def assert_refuses(service, code, *words):
    """The service ends by itself with that code, and its last word is one sentence."""
    with service:
        found = service.exit_code()
        assert found == code, f"exit code {found}: {service.said()[-1500:]}"
        last = service.said().strip().splitlines()[-1]
        for word in words:
            assert word in last, f"{word!r} is not in: {last}"


# Servers

def assert_says_and_stays(service, *words):
    """Not ready, and /readyz says why; it goes on trying."""
    with service:
        service.wait_unready(*words, timeout_s=60)
        assert not service.ended()


def test_a_source_that_cannot_be_reached(circuit):
    case = circuit()
    nobody = f"127.0.0.1:{free_port()}"
    assert_says_and_stays(case.capture(config=changed(case.capture_config(), "origins.0.address", nobody)), nobody)


def test_a_target_that_cannot_be_reached(circuit):
    case = circuit()
    nobody = f"127.0.0.1:{free_port()}"
    config = changed(case.config, "database.address", nobody)
    assert_refuses(case.apply(config=config), UNREACHABLE, nobody)
    with case.gate(config=config) as gate:
        gate.wait_unready(nobody, "database")
        status, answer = get(gate.url + "/v1/gate")
        assert status == 503
        assert {reason["reason"] for stream in json.loads(answer)["streams"] for reason in stream["reasons"]} == {"no-evidence"}
        assert not gate.ended()


def test_a_broker_that_cannot_be_reached(circuit):
    case = circuit()
    nobody = f"127.0.0.1:{free_port()}"
    assert_says_and_stays(case.capture(config=changed(case.capture_config(), "kafka.bootstrap", nobody)), nobody)
    assert_refuses(case.apply(config=changed(case.config, "kafka.bootstrap", nobody)), UNREACHABLE, nobody, "kafka.bootstrap")


@pytest.mark.parametrize("kind", BOTH)
def test_a_wrong_password(circuit, kind):
    case = circuit(kind, kind)
    (case.folder / "wrong").write_text("wrong")
    for service, path in (("capture", "origins.0.account.password_file"), ("apply", "database.accounts.apply.password_file"),
                          ("gate", "database.accounts.gate.password_file")):
        config = case.capture_config() if service == "capture" else case.config
        running = getattr(case, service)(config=changed(config, path, str(case.folder / "wrong")))
        assert_refuses(running, ERROR, f"farshore_{service}", "denied")


def test_a_password_that_was_changed_counts_when_its_file_is_replaced(circuit):
    """At the next connection, of which each service makes one again and again."""
    case = circuit("mariadb", "mariadb")

    def change(password):
        for account in ("capture", "apply", "gate"):
            case.source.execute(f"ALTER USER 'farshore_{account}'@'%' IDENTIFIED BY '{password}'")
        for (connection,) in case.source.rows("SELECT ID FROM information_schema.PROCESSLIST WHERE USER LIKE 'farshore%'"):
            with contextlib.suppress(pymysql.err.OperationalError):  # one that was over by itself
                case.source.execute(f"KILL {connection}")
    case.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    with case.capture() as capture, case.apply() as apply, case.gate() as gate:
        services = (capture, apply, gate)
        for service in services:
            service.wait_ready()
        eventually("apply has partitions", lambda: case.progress())
        try:
            change("another-Pass2")
            for service in services:
                service.wait_unready("denied", timeout_s=20)
            (case.folder / "password").write_text("another-Pass2\n")
            for service in services:
                service.wait_ready(timeout_s=30)
        finally:
            change(PASSWORD)
            (case.folder / "password").write_text(PASSWORD + "\n")
        for service in services:
            service.wait_ready(timeout_s=30)
        assert '"the target is written again"' in apply.said() and '"the progress table is read again"' in gate.said()


def test_tls_is_required_and_the_server_has_none(circuit):
    case = circuit("mariadb", "mariadb")
    assert_refuses(case.capture(config=changed(case.capture_config(), "origins.0.tls", {"mode": "required"})), ERROR, "TLS")
    for service in (case.apply, case.gate):
        assert_refuses(service(config=changed(case.config, "database.tls", {"mode": "required"})), ERROR, "TLS")


WRONG_SETTINGS = [
    ("mysql", "binlog_format", "'STATEMENT'", "'ROW'"), ("mariadb", "binlog_format", "'MIXED'", "'ROW'"),
    ("mysql", "binlog_row_image", "'MINIMAL'", "'FULL'"), ("mariadb", "binlog_row_image", "'MINIMAL'", "'FULL'"),
    ("mysql", "binlog_row_metadata", "'MINIMAL'", "'FULL'"), ("mariadb", "binlog_row_metadata", "'NO_LOG'", "'FULL'"),
    ("mysql", "binlog_row_value_options", "'PARTIAL_JSON'", "''"), ("mariadb", "gtid_strict_mode", "OFF", "ON"),
]


@pytest.mark.parametrize("kind,name,wrong,right", [case for case in WRONG_SETTINGS if case[0] in BOTH],
                         ids=[f"{case[0]}: {case[1]}" for case in WRONG_SETTINGS if case[0] in BOTH])
def test_a_source_setting_that_is_not_as_needed(circuit, kind, name, wrong, right):
    case = circuit(kind, kind)
    case.source.execute(f"SET GLOBAL {name} = {wrong}")
    try:
        assert_refuses(case.capture(), ERROR, name, wrong.strip("'"), "SET GLOBAL")
    finally:
        case.source.execute(f"SET GLOBAL {name} = {right}")


@pytest.mark.skipif("mysql" not in BOTH, reason="there is no MySQL on this machine")
def test_gtid_mode_that_is_off(regions, folder):
    with PlainServer("mysql", folder / "nogtid", options=["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"]) as source:
        case = Circuit(make_accounts(source), regions.east.bootstrap, folder)
        assert_refuses(case.capture(), ERROR, "gtid_mode")


@pytest.mark.parametrize("kind", BOTH)
def test_missing_grants(circuit, kind):
    case = circuit(kind, kind)
    (case.folder / "weak").write_text("weak-Pass1")
    case.source.execute("DROP USER IF EXISTS weak@'%'", "CREATE USER weak@'%' IDENTIFIED BY 'weak-Pass1'",
                        f"GRANT SELECT ON {case.schema}.* TO weak@'%'")
    weak = {"user": "weak", "password_file": str(case.folder / "weak")}
    assert_refuses(case.capture(config=changed(case.capture_config(), "origins.0.account", weak)), ERROR, "REPLICATION SLAVE", "GRANT")
    with case.capture() as capture:
        capture.wait_ready()
        assert_refuses(case.apply(config=changed(case.config, "database.accounts.apply", weak)), ERROR, "GRANT DELETE ON `farshore`.*", "grants.md")
    assert_refuses(case.gate(config=changed(case.config, "database.accounts.gate", weak)), ERROR, "denied", "grants.md")


def test_a_target_without_the_farshore_schema(regions, circuit, folder):
    case = circuit()
    with PlainServer("mariadb", folder / "bare") as bare:
        make_accounts(bare)
        bare.execute("DROP DATABASE farshore")
        config = changed(case.config, "database.address", f"127.0.0.1:{bare.port}")
        assert_refuses(case.apply(config=config), ERROR, "farshorectl init")


@pytest.mark.parametrize("kind", BOTH)
def test_a_server_id_that_is_the_servers_own(circuit, kind):
    case = circuit(kind)
    config = changed(case.capture_config(), "origins.0.server_id", case.source.server_id)
    assert_refuses(case.capture(config=config), ERROR, "server_id", str(case.source.server_id), "another than the server's own")


def test_a_topic_with_other_settings(circuit):
    case = circuit()
    case.topics.create_topic(case.topic, 3)
    assert_refuses(case.capture(), ERROR, case.topic, "partitions")


DURABLE = {"min.insync.replicas": "1", "unclean.leader.election.enable": "false", "max.message.bytes": "10485760"}
CHANGE_TOPIC = {**DURABLE, "cleanup.policy": "delete", "retention.ms": str(7 * 86_400_000), "retention.bytes": "-1",
                "message.timestamp.type": "LogAppendTime"}
CHECKPOINT_TOPIC = {**DURABLE, "cleanup.policy": "compact", "segment.bytes": "16777216", "min.cleanable.dirty.ratio": "0.1"}
WEAKER = {"unclean.leader.election.enable": "true", "retention.bytes": "1000000000", "message.timestamp.type": "CreateTime"}


def test_what_is_acknowledged_is_kept_by_the_topics_as_capture_makes_them(circuit, folder):
    """As the broker has them, whatever its own defaults are. One that is weaker is told with the command that mends it, and goes on."""
    case = circuit()
    checkpoint = f"farshore.checkpoint.{case.name}"
    case.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")

    def warned(topic):
        """The command of the warning, its words; nothing: there is none."""
        told = [line["msg"] for line in log_lines(capture.said()) if f"topic {topic} may lose what is acknowledged" in line["msg"]]
        return told[-1].split("; run kafka-configs.sh ")[1].replace("<broker>", case.bootstrap).split() if told else []

    with case.capture() as capture:
        capture.wait_ready()
        assert (case.topics.own_settings(case.topic), case.topics.own_settings(checkpoint)) == (CHANGE_TOPIC, CHECKPOINT_TOPIC)
        assert not warned(case.topic) and not warned(checkpoint)
        case.topics.alter_topic(case.topic, WEAKER)
        case.topics.alter_topic(checkpoint, {"unclean.leader.election.enable": "true"})
    with case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO t VALUES (1)")
        case.wait_published(1)
        assert case.topics.own_settings(case.topic) == {**CHANGE_TOPIC, **WEAKER}, "nothing alters a topic unasked"
        for topic in (case.topic, checkpoint):
            done = subprocess.run([*java("kafka.admin.ConfigCommand", folder), *warned(topic)], capture_output=True, text=True,
                                  timeout=60, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    assert (case.topics.own_settings(case.topic), case.topics.own_settings(checkpoint)) == (CHANGE_TOPIC, CHECKPOINT_TOPIC)


def test_a_topic_whose_retention_was_raised_in_an_outage(circuit):
    """More than what is configured is as good; less is said, with the command that mends it."""
    case = circuit()
    case.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    with case.capture() as capture:
        capture.wait_ready()
    case.topics.alter_topic(case.topic, {"retention.ms": str(30 * 86_400_000), "max.message.bytes": "20971520", "min.insync.replicas": "2"})
    with case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO t VALUES (1)")
        case.wait_published(1)
        assert "retention.ms" not in capture.said() and "may lose" not in capture.said()
    case.topics.alter_topic(case.topic, {"retention.ms": str(86_400_000)})
    with case.capture() as capture:
        eventually("it says so", lambda: "retention.ms" in capture.said(), explain=lambda: f"{capture.readiness()} {capture.said()}")


# Batches

def damaged(record, header, how):
    """The record's next batch, spoilt."""
    value = bytearray(record.value)
    following = header._replace(first_seq=header.first_seq + header.count)
    if how == "a flipped bit":
        value[len(value) // 2] ^= 1
    elif how == "cut short":
        value = value[:len(value) // 2]
    elif how == "a newer format":
        following = header._replace(version=9)
    elif how == "no header":
        return None, bytes(value)
    elif how == "another origin":
        following = header._replace(origin="elsewhere")
    elif how == "another partition":
        following = header._replace(partition=header.partition + 1)
    return pack_header(following), bytes(value)


@pytest.mark.parametrize("how,state", [
    ("a flipped bit", "unreadable-batch"), ("cut short", "unreadable-batch"), ("a newer format", "unreadable-batch"),
    ("no header", "unreadable-batch"), ("another origin", "wrong-origin"), ("another partition", "wrong-origin")])
def test_a_bad_batch_stops_its_partition(regions, sources, folder, how, state):
    case = Circuit(sources[BOTH[0]], regions.east.bootstrap, folder, sources["target"], partitions=1)
    create = "CREATE TABLE {}.t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)"
    for server in (case.source, case.target):
        server.execute(create.format(case.schema))
    with case.capture() as capture:
        capture.wait_ready()
        case.execute("INSERT INTO t VALUES (1, 1)")
        case.wait_published(1)
        first = case.published()[0]
        header, value = damaged(first, first.header, how)
        case.topics.produce(case.topic, first.partition, value, header)
        case.execute("INSERT INTO t VALUES (2, 2)")
        case.wait_published(2) if header else eventually("it is published", lambda: rows_published(case) >= 2)
        with case.apply():
            row = case.wait_state(state)
            assert row["reason"] and row["seq"] == 1
            assert f"offset {first_bad_offset(case)}" in row["reason"]
            holds_for("nothing after it is applied", lambda: case.rows("t") == [(1, 1)], 1)
            # The runbook's way out: the record is taken away, with what lies before it; here nothing else was lost.
            case.topics.delete_records(case.topic, {first.partition: first_bad_offset(case) + 1})
            eventually("apply goes on behind it", lambda: case.rows("t") == [(1, 1), (2, 2)])


FOREIGN = {
    "a partition's progress": (
        "farshore", "progress", "LIKE farshore.progress",
        "('there', 'forged', 'main', 0, 1, 1, 99, '', '', -1, 0, 0, 1, 'applying', '', '', NOW(6))", "tables of this schema are never written"),
    "an account": ("mysql", "global_priv", "LIKE mysql.global_priv", """('%', 'forged', '{"access": 1073741823}')""",
                   "tables of this schema are never written"),
    "a table that no stream takes": ("test_outside", "t", "(id VARCHAR(20) NOT NULL PRIMARY KEY)", "('forged')",
                                     "this region's configuration takes it in no stream"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_batch_of_a_table_that_is_not_the_origins_stops_its_partition(regions, sources, folder, what):
    """Somebody who may produce to the topic made it, its checksum is right, and apply's account could write the table."""
    schema, table, like, row, words = FOREIGN[what]
    case = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources["target"], partitions=1)
    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"USE {case.schema}", "CREATE TABLE t (id INT NOT NULL PRIMARY KEY)",
                       f"CREATE TABLE model {like}", "ALTER TABLE model ENGINE = InnoDB")
    case.target.execute("CREATE DATABASE IF NOT EXISTS test_outside",
                        "CREATE TABLE IF NOT EXISTS test_outside.t (id VARCHAR(20) NOT NULL PRIMARY KEY)",
                        "GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON *.* TO 'farshore_apply'@'%'")
    forged = lambda: [one for one in case.target.rows(f"SELECT * FROM {schema}.{table}") if "forged" in one]  # noqa: E731
    try:
        with case.capture() as capture, case.apply(), case.gate() as gate:
            capture.wait_ready()
            case.execute(f"INSERT INTO model VALUES {row}")
            eventually("the row of the origin's own table arrives", lambda: case.rows("model"), explain=case.progress)
            case.declare_equal()
            eventually("the gate is open", lambda: reasons(gate) == {}, 60, explain=lambda: str(reasons(gate)))
            first = case.published()[0]
            gtid = "9" + first.header.gtid[1:]   # of no transaction that is applied
            value = of_table(first.value.replace(first.header.gtid.encode(), gtid.encode()), schema, table)
            case.topics.produce(case.topic, 0, value, sealed(first.header._replace(first_seq=2, gtid=gtid), value))
            case.execute("INSERT INTO t VALUES (2)")
            case.wait_published(3)
            stopped = case.wait_state("stopped")
            assert stopped["seq"] == 1 and f"changes of table {schema}.{table}, and {words}" in stopped["reason"]
            eventually("the gate says so", lambda: f"{schema}.{table}" in (reasons(gate) or {}).get("stopped", ""),
                       explain=lambda: str(reasons(gate)))
            holds_for("nothing is written", lambda: forged() == [] and case.rows("t") == [], 1)
            # As for an unreadable batch: the record is taken away, with what lies before it, which is applied.
            offset = next(record.offset for record in case.published() if record.header.first_seq == 2)
            case.topics.delete_records(case.topic, {0: offset + 1})
            eventually("apply goes on behind it", lambda: case.rows("t") == [(2,)], explain=case.progress)
            eventually("the gate is open again", lambda: reasons(gate) == {}, 60, explain=lambda: str(reasons(gate)))
            assert forged() == []
    finally:
        case.target.execute("REVOKE SELECT, INSERT, UPDATE, DELETE, TRIGGER ON *.* FROM 'farshore_apply'@'%'")


def rows_published(case):
    return sum(record.header.count for record in case.topics.read(case.topic) if record.header and record.header.kind == 1)


def first_bad_offset(case):
    """The offset of the record that the test put there: the one after the first changes batch that is not capture's."""
    return next(record.offset for record in case.topics.read(case.topic, keep_values=True)
                if record.header is None or record.header.kind == 1 and (
                    record.header.first_seq != 1 or record.header.version != 1 or record.header.origin != case.name
                    or record.header.partition != record.partition))


# Disk full

def test_a_full_disk_at_the_target_makes_apply_wait_and_go_on(regions, sources, folder):
    """Nothing is lost; with room it goes on. The server's word (1114) is a trigger's: InnoDB itself ends when its
    tablespace is really full."""
    case = Circuit(sources["mariadb"], regions.east.bootstrap, folder, sources["target"])
    for server in (case.source, case.target):
        server.execute(f"CREATE TABLE {case.schema}.t (id INT NOT NULL PRIMARY KEY, body TEXT NOT NULL)")
    case.target.execute("USE farshore", "CREATE TRIGGER full BEFORE UPDATE ON progress FOR EACH ROW "
                        f"IF NEW.origin = '{case.name}' AND NEW.seq > 5 THEN SIGNAL SQLSTATE 'HY000' "
                        "SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'; END IF")
    with case.capture() as capture, case.apply() as apply:
        capture.wait_ready()
        for number in range(1, 31):
            case.execute(f"INSERT INTO t VALUES ({number}, REPEAT('x', 100))")
        eventually("apply says that the disk is full", lambda: "1114" in apply.said(), 30, explain=apply.said)
        holds_for("rows that found no room are not lost in silence", lambda: len(case.rows("t")) < 30, 1)
        case.target.execute("DROP TRIGGER farshore.full")
        eventually("every row is there", lambda: len(case.rows("t")) == 30, 60,
                   explain=lambda: f"{len(case.rows('t'))} rows; {apply.readiness()[1]}")
        assert case.target.rows("SELECT COUNT(*) FROM farshore.parked WHERE origin = '%s'" % case.name) == [(0,)]
