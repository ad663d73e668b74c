"""One transaction of a million rows, and the backlog of an outage: nothing of Farshore holds either in memory."""

import collections
import contextlib
import time

import confluent_kafka

from processes import MemoryWatch, resident_mb
from scenario import caught_up, topic_of
from topics import CHANGES
from wait import Timeout, eventually

# How many rows, and how large each: together twice what a service may grow by and more, else one that holds all would pass.
Form = collections.namedtuple("Form", "rows row_bytes")
SHORT, LONG = Form(200_000, 1024), Form(1_000_000, 400)
GROWTH_BOUND_MB = 96          # of each service, beyond what it had before
ROWS_PER_TRANSACTION = 100    # of the backlog
SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_large;
CREATE TABLE IF NOT EXISTS test_large.item (id BIGINT NOT NULL PRIMARY KEY, filler VARBINARY(2048) NOT NULL, n INT NOT NULL);
"""
APPLIED_WITHIN_S = 240
WRITTEN_WITHIN_S = 240        # by one statement


def insert_statement(first, rows, row_bytes):
    """Makes that many rows, D * 10^N, in one transaction. A quarter of each cannot be compressed."""
    powers = range(len(str(rows)))
    digits = [" UNION ALL ".join(f"SELECT {d} AS d" for d in range(min(10, rows // 10**power))) for power in powers]
    place = "+".join(f"d{power}.d*{10**power}" for power in powers)
    tables = ", ".join(f"({digits[power]}) AS d{power}" for power in powers)
    return (f"INSERT INTO test_large.item SELECT {first}+{place}, "
            f"CONCAT(RANDOM_BYTES({row_bytes // 4}), REPEAT('x', {row_bytes - row_bytes // 4})), 0 FROM {tables}")


@contextlib.contextmanager
def bounded_growth(regions, size):
    """Whatever the block does with so much data: no service's memory grows beyond the bound."""
    assert size.rows * size.row_bytes >= 2 * GROWTH_BOUND_MB * 1024 * 1024
    before = {name: resident_mb(pid) for name, pid in regions.service_pids().items()}
    with MemoryWatch(regions.service_pids) as memory:
        yield
    print(f"{size}: greatest memory {({name: round(mb) for name, mb in memory.greatest_mb.items()})} MB")
    for name, mb in memory.greatest_mb.items():
        assert mb - before.get(name, 0) < GROWTH_BOUND_MB, f"{name} grew from {before.get(name)} to {mb:.0f} MB"


def assert_all_there(regions, source, target, rows):
    eventually("every row is there", lambda: target.database.value("SELECT COUNT(*) FROM test_large.item") == rows,
               APPLIED_WITHIN_S, poll_s=1)
    caught_up(regions, APPLIED_WITHIN_S)
    content = "SELECT COUNT(*), SUM(id), SUM(CRC32(filler)) FROM test_large.item"
    assert target.database.rows(content) == source.database.rows(content)


def test_memory_stays_bounded_and_every_row_arrives(regions, long_form):
    size = LONG if long_form else SHORT
    regions.load_everywhere(SCHEMA)
    for source in regions:
        target = regions.others(source)[0]
        with bounded_growth(regions, size):
            source.database.execute("DELETE FROM test_large.item", read_timeout_s=WRITTEN_WITHIN_S)  # what the other one inserted
            began = time.monotonic()
            source.database.execute(insert_statement(1, size.rows, size.row_bytes), read_timeout_s=WRITTEN_WITHIN_S)
            assert_all_there(regions, source, target, size.rows)
        print(f"{source.name}: all there after {time.monotonic() - began:.1f} s")


def test_memory_stays_bounded_through_an_outage_and_every_row_arrives(regions, long_form):
    """The source's Kafka hangs, the target's apply is away, and the application writes on."""
    size = LONG if long_form else SHORT
    regions.load_everywhere(SCHEMA)
    regions.everywhere("SET SESSION sql_log_bin = 0", "TRUNCATE TABLE test_large.item")
    source, target = regions.east, regions.west
    caught_up(regions, APPLIED_WITHIN_S)
    with bounded_growth(regions, size):
        before, acknowledged = rows_numbered(source), rows_acknowledged(source)
        regions.lab.stop("west.apply")
        regions.lab.pause("east.kafka")
        try:
            began = time.monotonic()
            source.database.execute(*(insert_statement(first, ROWS_PER_TRANSACTION, size.row_bytes)
                                      for first in range(1, size.rows, ROWS_PER_TRANSACTION)))
            assert rows_acknowledged(source) - acknowledged < size.rows / 4, "Kafka was not away"
        finally:
            regions.lab.resume("east.kafka")
        written_s = time.monotonic() - began
        for region in (source, target):
            eventually(f"all is in the topic in {region.name}", lambda region=region: rows_numbered(region) - before == size.rows,
                       APPLIED_WITHIN_S, poll_s=0.5, explain=lambda region=region: f"{rows_numbered(region) - before} of {size.rows}")
        mirrored_s = time.monotonic() - began
        assert target.database.value("SELECT COUNT(*) FROM test_large.item") == 0
        regions.lab.start("west.apply")
        assert_all_there(regions, source, target, size.rows)
    print(f"{size}: written after {written_s:.1f} s, mirrored after {mirrored_s:.1f} s, all there after {time.monotonic() - began:.1f} s")


def rows_acknowledged(region):
    return region.metrics("capture").total("farshore_capture_published_rows_total", origin=region.name)


def rows_numbered(region):
    """How many changes of east the topic in the region's own Kafka has: the sum of its partitions' last numbers.

    0 while the broker, just continued, leads nothing yet.
    """
    topic, last = topic_of("east"), {}
    try:
        newest = {partition: high - 1 for partition, (_, high) in region.topics.offsets(topic).items()}
        for record in region.topics.read(topic, from_offsets=newest):
            last[record.partition] = record.header.first_seq + (record.header.count - 1 if record.header.kind == CHANGES else 0)
    except (confluent_kafka.KafkaException, Timeout):
        return 0
    return sum(last.values())
