"""One transaction of a million rows: nothing of Farshore holds it whole in memory."""

import time

from processes import MemoryWatch, resident_mb
from scenario import caught_up
from wait import eventually

SHORT_ROWS, LONG_ROWS = 100_000, 1_000_000
ROW_BYTES = 400
GROWTH_BOUND_MB = 96          # of each service, beyond what it had before; the rows themselves are four times that, or more
SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_large CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS test_large.item (id BIGINT NOT NULL PRIMARY KEY, filler VARCHAR(500) NOT NULL, n INT NOT NULL);
"""
APPLIED_WITHIN_S = 240


def insert_in_one_transaction(database, rows):
    digits = " UNION ALL ".join(f"SELECT {d} AS d" for d in range(10))
    place = "+".join(f"d{power}.d*{10**power}" for power in range(len(str(rows)) - 1))
    tables = ", ".join(f"({digits}) AS d{power}" for power in range(len(str(rows)) - 1))
    database.execute(f"INSERT INTO test_large.item SELECT 1+{place}, "
                     f"REPEAT(CHAR(97+({place}) % 26), {ROW_BYTES}), 0 FROM {tables}")


def test_memory_stays_bounded_and_every_row_arrives(regions, long_form):
    rows = LONG_ROWS if long_form else SHORT_ROWS
    regions.load_everywhere(SCHEMA)
    for source in regions:
        target = regions.others(source)[0]
        source.database.execute("DELETE FROM test_large.item")
        caught_up(regions, APPLIED_WITHIN_S)
        with MemoryWatch(regions.service_pids) as memory:
            before = memory_now(regions)
            insert_in_one_transaction(source.database, rows)
            began = time.monotonic()
            eventually("every row is there", lambda: target.database.value("SELECT COUNT(*) FROM test_large.item") == rows,
                       APPLIED_WITHIN_S, poll_s=1)
            caught_up(regions, APPLIED_WITHIN_S)
        print(f"{source.name}: {rows} rows after {time.monotonic() - began:.1f} s; greatest memory "
              f"{({name: round(mb) for name, mb in memory.greatest_mb.items()})} MB")
        for name, mb in memory.greatest_mb.items():
            assert mb - before.get(name, 0) < GROWTH_BOUND_MB, f"{name} grew from {before.get(name)} to {mb:.0f} MB"
        assert target.database.value("SELECT SUM(CRC32(filler)) FROM test_large.item") == source.database.value(
            "SELECT SUM(CRC32(filler)) FROM test_large.item")


def memory_now(regions):
    return {name: resident_mb(pid) for name, pid in regions.service_pids().items()}
