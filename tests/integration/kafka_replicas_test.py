"""With three replicas what counts as acknowledged is on two brokers: the loss of one loses nothing, and stops nothing."""

import pytest

from circuit import Circuit
from plain_kafka import Brokers
from services import changed
from wait import eventually, holds_for


@pytest.fixture
def brokers(folder):
    place = folder / "kafka"
    place.mkdir()
    with Brokers(place) as brokers:
        yield brokers


def acknowledged(capture):
    return [capture.metrics().total(f"farshore_capture_published_{what}_total") for what in ("rows", "watermarks")]


def test_nothing_counts_as_acknowledged_that_one_broker_alone_has(brokers, sources, folder):
    case = Circuit(sources["mariadb"], brokers.bootstrap, folder)
    case.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    with case.capture(config=changed(case.capture_config(), "kafka.replication_factor", 3)) as capture:
        capture.wait_ready(60)
        for topic in (case.topic, f"farshore.checkpoint.{case.name}"):
            assert case.topics.own_settings(topic)["min.insync.replicas"] == "2"
        case.execute("INSERT INTO t VALUES (1)")
        case.wait_published(1)
        brokers.kill(3)
        case.execute("INSERT INTO t VALUES (2)")
        eventually("capture goes on with two", lambda: acknowledged(capture)[0] == 2, 60, explain=capture.said)
        brokers.kill(2)
        case.execute("INSERT INTO t VALUES (3)")
        capture.wait_unready("Kafka acknowledges nothing")
        before = acknowledged(capture)
        assert before[0] == 2
        holds_for("nothing is acknowledged, nor is anything said to be safe", lambda: acknowledged(capture) == before, 6)
        brokers.start(2)
        capture.wait_ready(60)
        # The one broker may have taken it down already: then it is found in the topic, and not sent again.
        eventually("what waited is published", lambda: len(case.published()) == 3, explain=capture.said)
        assert [record.header.epoch for record in case.published()] == [1, 1, 1], "under the same numbers"
