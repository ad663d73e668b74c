"""A service's life: where capture begins to read, how each service stops, and what it leaves in its log."""

import contextlib
import re
import time

import pytest

from circuit import PASSWORD, Circuit
from lab_lib import tools
from regions import SERVICES
from services import log_lines
from wait import eventually, holds_for

BOTH = ("mysql", "mariadb") if tools.mysql_root() else ("mariadb",)
STOPS_WITHIN_S = 5
TABLE = "CREATE TABLE {}.t (id INT NOT NULL PRIMARY KEY, note VARCHAR(40) NOT NULL)"
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LEVELS = {"debug", "info", "warn", "error"}


@pytest.fixture
def circuit(regions, sources, folder):
    def make(source, target=None):
        case = Circuit(sources[source], regions.east.bootstrap, folder, sources[target] if target else None)
        for server in filter(None, (case.source, case.target)):
            server.execute(TABLE.format(case.schema))
        return case
    return make


# Where capture begins

def position_of(source):
    return source.value("SELECT @@GLOBAL." + ("gtid_executed" if source.server == "mysql" else "gtid_binlog_pos")).replace("\n", "")


def notes(case):
    """Which of the rows are published, told by their texts."""
    return {note for record in case.published() for note in (b"early", b"late", b"newest") if note in record.value}


@pytest.mark.parametrize("kind", BOTH)
def test_capture_begins_where_it_is_told_to(circuit, kind):
    for start, wanted in (("earliest", {b"early", b"late", b"newest"}), ("position", {b"late", b"newest"}), ("end", {b"newest"})):
        case = circuit(kind)
        case.execute("INSERT INTO t VALUES (1, 'early')")
        position = position_of(case.source)
        case.execute("INSERT INTO t VALUES (2, 'late')")
        with case.capture("--from", position if start == "position" else start) as capture:
            capture.wait_ready()
            case.execute("INSERT INTO t VALUES (3, 'newest')")
            eventually("the newest row is published", lambda: b"newest" in notes(case), explain=lambda: capture.readiness()[1])
            assert notes(case) == wanted, f"--from {start}"
            assert case.published_changes() == len(wanted)


@pytest.mark.parametrize("kind", BOTH)
def test_a_start_whose_binlogs_are_purged_is_refused_with_the_place_where_they_begin(circuit, kind):
    case = circuit(kind)
    position = position_of(case.source)
    case.execute("INSERT INTO t VALUES (1, 'early')")
    case.source.execute("FLUSH BINARY LOGS")
    newest = case.source.rows("SHOW BINARY LOGS")[-1][0]
    begins_at = position_of(case.source)

    def purged():     # not while a connection that has just ended still reads an older one
        case.source.execute(f"PURGE BINARY LOGS TO '{newest}'")
        return case.source.rows("SHOW BINARY LOGS")[0][0] == newest
    eventually("the older binlogs are gone", purged)
    with case.capture("--from", position) as capture:
        capture.wait_unready("stopped", f"--from {position}", "cannot be read", begins_at, "earliest")
        assert case.published() == []


# How it stops

def assert_stops(service):
    began = time.monotonic()
    code = service.stop()
    elapsed = time.monotonic() - began
    assert code == 0 and elapsed < STOPS_WITHIN_S, f"{service.kind}: exit code {code} after {elapsed:.1f} s: {service.said()[-1500:]}"


@contextlib.contextmanager
def running(*services):
    with contextlib.ExitStack() as stack:
        for service in services:
            stack.enter_context(service)
        for service in services:
            service.wait_ready()
        yield services


def test_sigterm_ends_every_service_within_5_s(circuit):
    case = circuit("mariadb", "target")
    with running(case.capture(), case.apply(), case.gate()) as services:
        case.execute("INSERT INTO t VALUES (1, 'secret-note')")
        eventually("the row is there", lambda: len(case.rows("t")) == 1)
        for service in services:
            assert_stops(service)
    for service in services:
        assert_log_is_structured(service.said(), service.kind, [PASSWORD, "secret-note"])
        assert {"serving", "stopping", "stopped"} <= {line["msg"] for line in log_lines(service.said())}


def test_sigterm_ends_capture_and_gate_also_while_the_broker_hangs(regions, circuit):
    case = circuit("mariadb")
    with running(case.capture(), case.gate()) as services:
        regions.lab.pause("east.kafka")
        try:
            case.execute("INSERT INTO t VALUES (1, 'early')")     # something is in hand
            eventually("it is read", lambda: services[0].metrics().total("farshore_capture_read_rows_total") == 1)
            for service in services:
                assert_stops(service)
        finally:
            regions.lab.resume("east.kafka")


# How it says that Kafka is away

@pytest.mark.parametrize("how", ["pause", "kill"])
def test_apply_and_capture_say_within_seconds_that_kafka_is_away_and_that_it_is_back(regions, how):
    west = regions.west
    begins = {service: len(west.log(service)) for service in ("apply", "capture")}
    getattr(regions.lab, how)("west.kafka")
    try:
        eventually("apply is not ready", lambda: not west.ready("apply")[0], 6)
        answer = west.ready("apply")[1]
        assert "kafka.bootstrap" in answer and "start the brokers" in answer
        eventually("capture is not ready", lambda: not west.ready("capture")[0], 9)
        holds_for("apply goes on saying it", lambda: not west.ready("apply")[0], 8)
    finally:
        regions.lab.resume("west.kafka") if how == "pause" else regions.lab.start("west.kafka")
    for service in ("apply", "capture"):
        eventually(f"{service} is ready again", lambda service=service: west.ready(service)[0], 30,
                   explain=lambda service=service: west.ready(service)[1])
    log = west.log("apply")[begins["apply"]:]
    assert log.count("no broker answers") == 1 and log.count('"msg":"Kafka answers again"') == 1, log
    regions.all_gates_open()


# What it logs

def assert_log_is_structured(text, service, secrets):
    """Every line is an object with time, level, service and message; no password, no row's content is in it."""
    lines = log_lines(text)
    assert lines
    for line in lines:
        assert TIMESTAMP.fullmatch(line["ts"]) and line["level"] in LEVELS and line["service"] == service and line["msg"], line
    for secret in secrets:
        assert secret not in text


def test_the_logs_of_a_lab_that_has_been_used_are_structured_and_hold_no_password(regions):
    passwords = regions.lab.state.data["passwords"].values()
    for region in regions:
        for service in SERVICES:
            assert_log_is_structured(region.log(service), service, passwords)
