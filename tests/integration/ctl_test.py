"""farshorectl: what it prints and the codes it exits with."""

import concurrent.futures
import json
import signal
import subprocess

import pytest
import yaml

from lab_lib import tools
from lab_lib.kafka import java
from plain_servers import free_port
from scenario import caught_up, published, topic_of
from services import changed, write_config
from wait import eventually

GOOD, ERROR, USAGE, CLOSED, TO_MEND, UNREACHABLE = 0, 1, 2, 3, 4, 5


@pytest.fixture(scope="module", autouse=True)
def some_rows(regions):
    regions.load_everywhere("CREATE DATABASE IF NOT EXISTS test_ctl CHARACTER SET utf8mb4;\nCREATE TABLE IF NOT EXISTS test_ctl.t "
                            "(id INT NOT NULL PRIMARY KEY, name VARCHAR(20), raw VARBINARY(10), amount DECIMAL(9,2), kind ENUM('a','b'));\n")
    regions.east.database.execute("DELETE FROM test_ctl.t")
    regions.east.database.as_application(
        "INSERT INTO test_ctl.t VALUES (1, 'eins', 0x00FF, 12.50, 'b'), (2, NULL, NULL, NULL, NULL)",
        "UPDATE test_ctl.t SET name = 'uno' WHERE id = 1", "UPDATE test_ctl.t SET id = 3 WHERE id = 2", "DELETE FROM test_ctl.t WHERE id = 3")
    caught_up(regions)
    regions.all_gates_open()


def json_of(done, code=GOOD):
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def row_changes(region, origin):
    done = region.ctl("decode", "--topic", topic_of(origin))
    assert done.returncode == GOOD, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line["kind"] in ("insert", "update", "delete")]


def test_a_mirror_as_mirror_config_writes_it_carries_changes_both_ways(regions, folder):
    file = folder / "mm2.properties"
    made = regions.west.ctl("mirror-config", "--peer", str(regions.east.config_file), "--all-flows")
    assert made.returncode == GOOD, made.stderr
    file.write_text(made.stdout)
    regions.lab.stop("mirror")
    try:
        with open(folder / "mirror.log", "wb") as log:
            mirror = subprocess.Popen([*java("org.apache.kafka.connect.mirror.MirrorMaker", folder, ("-Xmx512m",)), str(file)],
                                      stdout=log, stderr=log, cwd=folder)
        try:
            for number, region in enumerate(regions):
                region.database.as_application(f"INSERT INTO test_ctl.t VALUES ({50 + number}, 'mirrored', NULL, NULL, NULL)")
            regions.wait(120)
            for region in regions:
                assert region.database.rows("SELECT id FROM test_ctl.t WHERE id >= 50 ORDER BY id") == [(50,), (51,)]
        finally:
            mirror.kill()
            mirror.wait()
    finally:
        regions.lab.start("mirror")
        regions.east.database.as_application("DELETE FROM test_ctl.t WHERE id = 50")
        regions.west.database.as_application("DELETE FROM test_ctl.t WHERE id = 51")
        caught_up(regions)


def test_gate_is_0_when_open_and_3_when_closed(regions):
    regions.all_gates_open()  # a mirror that was started anew may still share out its work
    assert json_of(regions.west.ctl("gate", "--output", "json"))["verdict"] == "open"
    table = regions.west.ctl("gate")
    assert table.returncode == GOOD and "east" in table.stdout and "open" in table.stdout
    regions.lab.kill("east.capture")
    try:
        eventually("it is closed for every partition", lambda: "stale-safe-time [0,1,2,3,4,5,6,7]" in regions.west.ctl("status").stdout, 25)
        closed = json_of(regions.west.ctl("gate", "--output", "json"), CLOSED)
        assert closed["streams"][0]["reasons"]
        assert regions.west.ctl("gate", "--origin", "east").returncode == CLOSED
        status = json_of(regions.west.ctl("status", "--output", "json"), CLOSED)
        assert status["good"] is False and status["gate"]["verdict"] == "closed"
        table = regions.west.ctl("status")
        assert table.returncode == CLOSED and "not good" in table.stdout and "gate of east/main: stale-safe-time [0,1,2,3,4,5,6,7]: safe time " in table.stdout
    finally:
        regions.lab.start("east.capture")
    regions.all_gates_open()


def test_gate_says_one_origins_verdict(regions):
    one = json_of(regions.west.ctl("gate", "--origin", "east", "--output", "json"))
    assert one["origin"] == "east" and one["verdict"] == "open"
    other = regions.west.ctl("gate", "--origin", "north")
    assert other.returncode == ERROR and "--origin north: apply.origins of" in other.stderr and "has east" in other.stderr


def test_status_is_not_good_without_a_gate(regions):
    regions.lab.stop("west.gate")
    try:
        found = json_of(regions.west.ctl("status", "--output", "json"), CLOSED)
        assert found["good"] is False and found["gate"]["verdict"] == "unknown" and "start it with farshore gate" in found["gate"]["error"]
    finally:
        regions.lab.start("west.gate")
    regions.all_gates_open()


def test_status_shows_every_partition(regions):
    found = json_of(regions.west.ctl("status", "--output", "json"))
    assert found["region"] == "west" and found["good"] is True and found["gate"]["verdict"] == "open"
    assert [(one["service"], one["answers"], one["ready"]) for one in found["services"]] == [
        ("capture", True, True), ("apply", True, True), ("gate", True, True)]
    assert [(one["origin"], one["stream"], one["partition"], one["state"]) for one in found["partitions"]] == [
        ("east", "main", number, "applying") for number in range(8)]
    assert {one["partition"]: one["seq"] for one in found["partitions"]} == {row["part"]: row["seq"] for row in regions.west.progress("east")}
    assert all(one["owner"] and 0 <= one["safe_time_age_seconds"] < 10 for one in found["partitions"])
    table = regions.west.ctl("status")
    assert table.returncode == GOOD
    assert "applying" in table.stdout and "east" in table.stdout


@pytest.mark.parametrize("command", ["gate", "status"])
def test_watch_looks_again_until_it_is_told_to_end(regions, command):
    words = [str(tools.farshore_binary("farshorectl")), "--config", str(regions.west.config_file), command, "--watch", "--output", "json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as watching:
        try:
            for _ in range(2):
                assert json.loads(watching.stdout.readline())["region"] == "west"
            watching.send_signal(signal.SIGTERM)
            assert watching.wait(10) == -signal.SIGTERM
        finally:
            watching.kill()


def test_decode_prints_a_line_a_change(regions):
    changes = [change for change in row_changes(regions.east, "east") if change["table"] == "test_ctl.t"]
    ops = [change["kind"] for change in changes]
    assert ops.count("update") >= 1 and ops.count("delete") >= 2 and ops.count("insert") >= 3
    insert = next(change for change in changes if change["kind"] == "insert" and change["after"]["id"] == 1)
    assert insert["after"] == {"id": 1, "name": "eins", "raw": {"hex": "00ff"}, "amount": "12.50", "kind": "b"}
    assert insert["gtid"] and insert["seq"] > 0


def test_decode_counts_as_many_changes_as_the_headers_say(regions):
    numbers = {(change["partition"], change["epoch"], change["seq"]) for change in row_changes(regions.east, "east")}
    assert len(numbers) == published(regions.east).distinct


def test_the_mirrored_topic_reads_the_same_on_the_other_side(regions):
    key = lambda change: (change["partition"], change["seq"])  # noqa: E731
    there = {key(change): change for change in row_changes(regions.west, "east")}
    here = {key(change): change for change in row_changes(regions.east, "east")}
    assert there == here


def test_decode_reads_back_what_it_saved(regions, folder):
    file = folder / "records"
    direct = regions.east.ctl("decode", "--topic", topic_of("east"), "--partition", "0", "--count", "20", "--save", str(file))
    again = regions.east.ctl("decode", "--file", str(file))
    assert direct.returncode == again.returncode == GOOD
    assert direct.stdout == again.stdout != ""
    file.write_bytes(file.read_bytes()[:-3])
    cut = regions.east.ctl("decode", "--file", str(file))
    assert cut.returncode == ERROR and cut.stderr.strip()


def test_decode_of_a_topic_that_is_not_there(regions):
    done = regions.east.ctl("decode", "--topic", "farshore.changes.nowhere.main")
    assert done.returncode == ERROR and "farshore.changes.nowhere.main" in done.stderr


def test_init_may_be_run_again(regions):
    assert regions.east.ctl("init").returncode == GOOD


def test_preflight_finds_nothing_to_mend_in_the_lab_but_what_tests_made(regions):
    done = regions.east.ctl("preflight", "--peer", str(regions.west.config_file), "--output", "json")
    findings = json.loads(done.stdout)["findings"]
    looked_at = {finding["what"] for finding in findings}
    assert looked_at >= {"binlog_format", "read_only", "farshore schema", "account of apply", "server_id", "streams",
                         f"topic {topic_of('east')}", f"topic {topic_of('west')}: partitions"}
    to_mend = [finding for finding in findings if finding["verdict"] == "mend"]
    assert [finding for finding in to_mend if not finding["what"].startswith("table test_")] == []
    assert done.returncode == (TO_MEND if to_mend else GOOD)


def test_preflight_names_the_setting_and_the_statement_that_mends_it(regions):
    west = regions.west.database
    right = "BINLOG MONITOR" if regions.west.server == "mariadb" else "REPLICATION SLAVE"
    west.execute("SET GLOBAL binlog_row_metadata = 'MINIMAL'", f"REVOKE {right} ON *.* FROM 'farshore_apply'@'%'")
    try:
        done = regions.east.ctl("preflight", "--peer", str(regions.west.config_file))
        assert done.returncode == TO_MEND and "peer west: source west: binlog_row_metadata" in done.stdout
        done = regions.west.ctl("preflight", "--peer", str(regions.east.config_file))
        assert done.returncode == TO_MEND
        assert f"GRANT {right} ON *.* TO 'farshore_apply'@'%'" in done.stdout
        line = next(line for line in done.stdout.splitlines() if "binlog_row_metadata" in line)
        assert "MINIMAL" in line and "FULL" in line
        assert "SET GLOBAL binlog_row_metadata" in done.stdout
    finally:
        west.execute("SET GLOBAL binlog_row_metadata = 'FULL'", f"GRANT {right} ON *.* TO 'farshore_apply'@'%'")


def test_preflight_looks_at_keys_engines_triggers_and_auto_increment_of_both_sides(regions):
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_preflight CHARACTER SET utf8mb4")
    regions.everywhere("CREATE TABLE test_preflight.nokey (n INT)", "CREATE TABLE test_preflight.memory (id INT PRIMARY KEY) ENGINE=MEMORY",
                       "CREATE TABLE test_preflight.counted (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)",
                       "CREATE TRIGGER test_preflight.fires_twice AFTER INSERT ON test_preflight.counted FOR EACH ROW SET @seen = 1")
    # As a table that no stream takes, with its default exclusions. A capture that sees the key tells of what it changed.
    captures = [f"{region.name}.capture" for region in regions]
    for capture in captures:
        regions.lab.pause(capture)
    regions.everywhere("SET SESSION sql_log_bin = 0", "CREATE TABLE test_preflight._customers_new (id INT PRIMARY KEY)",
                       "CREATE TABLE test_preflight.visit (id INT PRIMARY KEY, customer INT, FOREIGN KEY (customer) "
                       "REFERENCES test_preflight._customers_new (id) ON DELETE SET NULL)")
    for region, collation in ((regions.east, "utf8mb4_general_ci"), (regions.west, "utf8mb4_bin")):
        region.database.execute(f"CREATE TABLE test_preflight.word (word VARCHAR(10) COLLATE {collation} NOT NULL PRIMARY KEY)")
    regions.east.database.execute("SET SESSION sql_log_bin = 0", "INSERT INTO test_preflight.word VALUES ('a')")
    offset = regions.west.database.value("SELECT @@GLOBAL.auto_increment_offset")
    regions.west.database.execute(f"SET GLOBAL auto_increment_offset = {regions.east.database.value('SELECT @@GLOBAL.auto_increment_offset')}")
    try:
        done = regions.east.ctl("preflight", "--peer", str(regions.west.config_file))
        assert done.returncode == TO_MEND
        for words in (["test_preflight.nokey", "primary key"], ["test_preflight.memory"], ["fires_twice"], ["auto_increment"], ["test_preflight.word", "collation"],
                      ["rows of table test_preflight.word: some in east, none in west"]):
            assert all(word.lower() in done.stdout.lower() for word in words), f"{words} not in:\n{done.stdout}"
        told = done.stdout.count("changed by a cascade from test_preflight._customers_new")
        assert told == sum(not region.database.logs_cascades() for region in regions), done.stdout
    finally:
        regions.west.database.execute(f"SET GLOBAL auto_increment_offset = {offset}")
        regions.everywhere("SET SESSION sql_log_bin = 0", "DROP DATABASE test_preflight")
        for capture in captures:
            regions.lab.resume(capture)


def test_preflight_looks_at_the_kafka_clusters(regions, folder):
    east, west = (yaml.safe_load(region.config_file.read_text()) for region in (regions.east, regions.west))

    def told(config, peer):
        files = write_config(folder, config, "here.yaml"), write_config(folder, peer, "peer.yaml")
        words = [str(tools.farshore_binary("farshorectl")), "--config", str(files[0]), "preflight", "--peer", str(files[1]), "--output", "json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return {one["what"]: one for one in json.loads(done.stdout)["findings"]}

    good = told(east, west)
    assert {good[what]["verdict"] for what in ("kafka.replication_factor", "auto.create.topics.enable", "Kafka clusters")} == {"good"}
    bad = told(changed(east, "kafka.replication_factor", 3), changed(west, "kafka.bootstrap", east["kafka"]["bootstrap"]))
    assert (bad["kafka.replication_factor"]["verdict"], bad["kafka.replication_factor"]["wanted"]) == ("mend", "at most 1, the number of brokers")
    assert bad["Kafka clusters"]["verdict"] == "mend" and "both name one cluster" in bad["Kafka clusters"]["mend"]
    away = told(east, changed(west, "kafka.bootstrap", f"127.0.0.1:{free_port()}"))
    assert away["Kafka clusters"]["verdict"] == "warning"


AWAY = [("database.address", ["init"]), ("database.address", ["status"]), ("http.gate", ["gate"]),
        ("kafka.bootstrap", ["decode", "--topic", topic_of("east")]),
        ("database.address", ["preflight", "--output", "json"]), ("kafka.bootstrap", ["preflight", "--output", "json"])]


def test_what_cannot_be_reached_is_5_with_one_sentence_and_preflight_looks_at_the_rest(regions, folder):
    nobody = f"127.0.0.1:{free_port()}"
    east = yaml.safe_load(regions.east.config_file.read_text())

    def run(case):
        number, (away, words) = case
        file = write_config(folder, changed(east, away, nobody), f"{number}.yaml")
        return subprocess.run([str(tools.farshore_binary("farshorectl")), "--config", str(file), *words], capture_output=True,
                              text=True, check=False, timeout=60)
    with concurrent.futures.ThreadPoolExecutor(len(AWAY)) as pool:    # each is as patient as it is
        ended = list(pool.map(run, enumerate(AWAY)))
    for (away, words), done in zip(AWAY, ended):
        assert done.returncode == UNREACHABLE, f"{words}: {done.stdout + done.stderr}"
        if words[0] == "preflight":
            assert_preflight_goes_on(json_of(done, UNREACHABLE)["findings"], away.split(".")[0], nobody)
        else:
            assert nobody in done.stderr and away.split(".")[0] in done.stderr and len(done.stderr.strip().splitlines()) == 1


def assert_preflight_goes_on(findings, away, nobody):
    """What is away is a finding; something of the other servers was looked at and found good."""
    unreachable = [finding for finding in findings if finding["what"] == "access"]
    assert unreachable and all(nobody in finding["found"] and finding["verdict"] == "mend" for finding in unreachable)
    other = {"database": "kafka", "kafka": "database"}[away]
    assert [finding for finding in findings if finding["where"].startswith(other) and finding["verdict"] == "good"]


def test_the_command_line_is_checked(regions):
    assert regions.east.ctl("gate", "--output", "xml").returncode == USAGE
    assert regions.east.ctl("decode").returncode == USAGE
    assert regions.east.ctl().returncode == USAGE
