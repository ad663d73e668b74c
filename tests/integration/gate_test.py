"""The gate opens when everything is fresh, and closes when something is old, missing or wrong, with the reason."""

import contextlib
import datetime
import json
import socket
import urllib.parse

import pytest

from lab_lib.services import get
from wait import eventually, holds_for

MAX_AGE_S, MAX_EVIDENCE_AGE_S = 10, 3


@pytest.fixture(autouse=True)
def open_gates(regions):
    regions.all_gates_open()
    yield
    for component in ("east.capture", "west.apply", "west.gate", "west.db", "mirror"):
        running = regions.lab.component(component)
        if running.condition() == "paused":
            regions.lab.resume(component)
        elif not running.running():
            regions.lab.start(component)
    regions.all_gates_open()


def reasons(region):
    return {reason["reason"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]}


def closes_with(region, *wanted, within_s):
    eventually(f"the gate of {region.name} is closed by {wanted}",
               lambda: not region.gate()[0] and reasons(region) & set(wanted), within_s, explain=lambda: str(region.gate()))


def age(region, origin):
    """0 while the gate does not say."""
    return next((stream["age_seconds"] or 0 for stream in region.gate()[1].get("streams", []) if stream["origin"] == origin), 0)


def safe_time(region):
    """Empty while the gate does not say."""
    return next((stream["safe_time"] or "" for stream in region.gate()[1].get("streams", [])), "")


def test_an_open_gate_answers_200_with_the_safe_time_of_every_stream(regions):
    for region in regions:
        status, _ = get(region.urls["gate"] + "/v1/gate")
        assert status == 200
        _, answer = region.gate()
        assert answer["verdict"] == "open" and answer["region"] == region.name
        for stream in answer["streams"]:
            assert stream["verdict"] == "open" and stream["reasons"] == []
            assert 0 <= stream["age_seconds"] < MAX_AGE_S
            datetime.datetime.fromisoformat(stream["safe_time"].replace("Z", "+00:00"))


def test_one_origin_can_be_asked_for_alone(regions):
    url = regions.west.urls["gate"] + "/v1/gate?origin="
    status, text = get(url + "east")
    answer = json.loads(text)
    assert status == 200 and answer["origin"] == "east" and {stream["origin"] for stream in answer["streams"]} == {"east"}
    status, text = get(url + "north")
    assert status == 404 and '"north\\" is not applied here; apply.origins has east' in text


def test_a_gate_that_starts_in_an_outage_stays_closed(regions):
    """Freshly dead, so that the number of safe time alone would still do."""
    regions.lab.kill("east.capture")
    regions.lab.kill("west.gate")
    regions.lab.start("west.gate")
    eventually("the gate answers", lambda: reasons(regions.west), 10)
    holds_for("it stays closed", lambda: not regions.west.gate()[0], MAX_AGE_S)
    assert reasons(regions.west) == {"stale-safe-time"}


def test_slow_clients_keep_nobody_from_health_and_gate(regions):
    """Each sends a line of its head again and again, and never ends it."""
    address = urllib.parse.urlsplit(regions.west.urls["gate"])
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection((address.hostname, address.port), 5)) for _ in range(200)]
        for number in range(10):
            for client in slow:
                with contextlib.suppress(OSError):
                    client.sendall(b"GET /v1/gate HTTP/1.1\r\n" if number == 0 else b"X-Slow: 1\r\n")
            for path in ("/healthz", "/v1/gate", "/metrics"):
                status, _ = get(regions.west.urls["gate"] + path, timeout=1)
                assert status == 200, path


def test_safe_time_goes_on_without_any_writes(regions):
    first = eventually("there is a safe time", lambda: safe_time(regions.west))
    eventually("safe time has moved", lambda: safe_time(regions.west) > first, 10)


def test_a_dead_capture_closes_the_gate_of_the_other_region_alone(regions):
    regions.lab.kill("east.capture")
    closes_with(regions.west, "stale-safe-time", within_s=MAX_AGE_S + 5)
    eventually("what west sends still arrives in east", lambda: regions.east.gate()[0], 10)


def test_a_stalled_mirror_ages(regions):
    regions.lab.pause("mirror")
    eventually("the age grows", lambda: age(regions.west, "east") > 4, 10)
    closes_with(regions.west, "stale-safe-time", within_s=MAX_AGE_S + 5)
    regions.lab.resume("mirror")
    eventually("the gate opens by itself", lambda: regions.west.gate()[0], 30)


def test_evidence_that_cannot_be_read_closes_the_gate(regions):
    regions.lab.pause("west.db")
    closes_with(regions.west, "stale-evidence", "no-evidence", within_s=MAX_EVIDENCE_AGE_S + 3)
    assert get(regions.west.urls["gate"] + "/healthz")[0] == 200
    regions.lab.resume("west.db")
    eventually("the gate opens by itself", lambda: regions.west.gate()[0], 30)


def test_a_source_that_is_read_only_gives_no_safe_time(regions):
    """A demoted primary is idle, not fresh."""
    east = regions.east
    east.database.execute("SET GLOBAL read_only = ON")
    try:
        closes_with(regions.west, "stale-safe-time", within_s=MAX_AGE_S + 5)
    finally:
        east.database.execute("SET GLOBAL read_only = OFF")
    eventually("the gate opens by itself", lambda: regions.west.gate()[0], 30)


def test_an_apply_that_is_gone_closes_the_gate(regions):
    regions.lab.stop("west.apply")
    closes_with(regions.west, "stale-safe-time", "unowned-partition", within_s=MAX_AGE_S + 5)


def test_the_metrics_say_the_same(regions):
    metrics = regions.west.metrics("gate")
    assert metrics.values("farshore_gate_open", origin="east") == [1.0]
    assert abs(metrics.values("farshore_safe_time_seconds", origin="east")[0] - datetime.datetime.now().timestamp()) < MAX_AGE_S
    holds_for("it stays open", lambda: regions.west.gate()[0], 0.5)
