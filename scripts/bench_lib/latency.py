"""latency: from the acknowledged commit at the source until the row is seen at the target, by one client's clock.

Writers commit transactions at a fixed rate: one new row in `seen`, which is looked for, and updates of other rows, so
that the rate is in row changes. A reader at the target asks again and again for rows it has not seen. The times
of both are of this process, so the reader's round trip is in the result, and Python's own work too.
"""

import contextlib
import threading
import time

import yaml

from lab_lib import Lab
from metrics import Metrics
from processes import cpu_seconds, resident_mb
from regions import Region
from services import Service
from wait import eventually

from .versions import farshore_version

SCHEMA, WRITERS, ROWS_A_TRANSACTION, TABLE_ROWS = "bench", 4, 10, 10_000
IDS_A_WRITER = 1_000_000
WARM_S, LOOK_S, SEEN_WITHIN_S = 30, 0.005, 30
PARTS = {"capture": ("capture", "farshore_capture_latency_seconds"), "mirror": ("apply", "farshore_apply_mirror_latency_seconds"),
         "apply": ("apply", "farshore_apply_latency_seconds")}


def results(folder, rates, seconds, say):
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with contextlib.ExitStack() as stack:
        lab = Lab(folder / "latency", say=lambda line: say(line.strip()))
        stack.callback(lab.down, purge=True)
        lab.up(server="mixed", measured=True)
        east, west = Region(lab, "east"), Region(lab, "west")
        for region in (east, west):
            make_tables(region)
        lab.wait()
        way = Way(east, west, east.urls["capture"], west.urls["apply"],
                  {key.split(".")[1]: lab.component(key).process.pid for key in ("east.capture", "west.apply", "west.gate")})
        for rate in rates:
            yield measure(way, rate, seconds, True, say)
        lab.wait()
        for key in ("west.apply", "mirror", "west.capture"):
            lab.stop(key)
        with direct_apply(east, west, folder) as apply:
            eventually("apply reads the origin's own topic", apply.is_ready, 60, explain=lambda: apply.readiness()[1])
            way = Way(east, west, east.urls["capture"], apply.url,
                      {"capture": lab.component("east.capture").process.pid, "apply": apply.process.pid})
            for rate in rates:
                yield measure(way, rate, seconds, False, say)


class Way:
    def __init__(self, source, target, capture_url, apply_url, pids):
        self.source = source
        self.target = target
        self.urls = {"capture": capture_url, "apply": apply_url}
        self.pids = pids


def direct_apply(east, west, folder):
    """West's apply, reading the origin's broker instead of the mirrored topic: the same numbers by another channel."""
    config = yaml.safe_load(west.config_file.read_text())
    config["kafka"]["bootstrap"] = east.bootstrap
    return Service("apply", config, folder / "direct")


def make_tables(region):
    region.database.execute(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.seen (id BIGINT NOT NULL PRIMARY KEY)",
                            f"CREATE TABLE {SCHEMA}.item (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, body VARCHAR(200) NOT NULL)")
    rows = ", ".join(f"({number}, 0, REPEAT('x', 150))" for number in range(TABLE_ROWS))
    region.database.execute("SET SESSION sql_log_bin = 0", f"INSERT INTO {SCHEMA}.item VALUES {rows}")
    region.lab.databases[region.name].grant_app()


class Writer(threading.Thread):
    """Commits at its own fixed times, late or not; notes when each commit was acknowledged."""

    def __init__(self, number, database, rate, began, ends):
        super().__init__(daemon=True)
        self.number = number
        self.connection = database.app(autocommit=False)
        self.interval = ROWS_A_TRANSACTION * WRITERS / rate
        self.began, self.ends = began + self.interval * number / WRITERS, ends
        self.committed = {}
        self.first_id = (int(time.time()) * 100 + number) * IDS_A_WRITER
        self.late_s = 0.0

    def run(self):
        cursor, at, number = self.connection.cursor(), self.began, 0
        span = TABLE_ROWS // WRITERS
        while at < self.ends:
            wait = at - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            self.late_s = max(self.late_s, -wait)
            identity = self.first_id + number
            first = self.number * span + number * (ROWS_A_TRANSACTION - 1) % (span - ROWS_A_TRANSACTION)
            cursor.execute(f"INSERT INTO {SCHEMA}.seen VALUES ({identity})")
            cursor.execute(f"UPDATE {SCHEMA}.item SET n = n + 1 WHERE id BETWEEN {first} AND {first + ROWS_A_TRANSACTION - 2}")
            self.connection.commit()
            self.committed[identity] = time.perf_counter()
            number += 1
            at += self.interval
        self.connection.close()


class Looker(threading.Thread):
    """Notes when each row is first seen at the target. Each writer's ids are consecutive, so that only what is behind the
    first gap of each is asked for."""

    def __init__(self, database, writers):
        super().__init__(daemon=True)
        self.connection = database.root()
        self.connection.cursor().execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.next_ids = [writer.first_id for writer in writers]
        self.seen = {}
        self.stopping = threading.Event()

    def run(self):
        cursor = self.connection.cursor()
        while not self.stopping.is_set():
            cursor.execute(" UNION ALL ".join(f"SELECT id FROM {SCHEMA}.seen WHERE id BETWEEN {first} AND {first + IDS_A_WRITER - 1}"
                                              for first in self.next_ids))
            now = time.perf_counter()
            for (identity,) in cursor.fetchall():
                self.seen.setdefault(identity, now)
            for place, identity in enumerate(self.next_ids):
                while identity in self.seen:
                    identity += 1
                self.next_ids[place] = identity
            time.sleep(LOOK_S)


def measure(way, rate, seconds, mirror, say):
    say(f"latency at {rate} row changes a second, {'with' if mirror else 'without'} the mirror")
    run_for(way, rate, WARM_S)
    before = {part: way_metrics(way, service) for part, (service, _) in PARTS.items()}
    cpu_before = {name: cpu_seconds(pid) for name, pid in way.pids.items()}
    latencies, late_s, written = run_for(way, rate, seconds)
    parts = {part: {f"p{round(q * 100)}_ms": in_ms(way_metrics(way, service).quantile(name, q, since=before[part], origin="east"))
                    for q in (0.5, 0.99)}
             for part, (service, name) in PARTS.items()}
    return {"bench": "latency", "rate": rate, "mirror": mirror, "transactions": len(latencies), "rows": written,
            "p50_ms": percentile(latencies, 0.50), "p99_ms": percentile(latencies, 0.99), "max_ms": percentile(latencies, 1),
            "parts": parts, "late_ms": round(late_s * 1000, 1),
            "cpu_seconds": {name: round(cpu_seconds(pid) - cpu_before[name], 2) for name, pid in way.pids.items()},
            "rss_mb": {name: round(resident_mb(pid, "VmHWM"), 1) for name, pid in way.pids.items()},
            "versions": {"farshore": farshore_version(),
                         **{region.name: f"{region.server} {region.lab.env()['regions'][region.name]['db']['version']}"
                            for region in (way.source, way.target)}}}


def run_for(way, rate, seconds):
    began = time.perf_counter() + 0.2
    writers = [Writer(number, way.source.database, rate, began, began + seconds) for number in range(WRITERS)]
    looker = Looker(way.target.database, writers)
    for thread in [*writers, looker]:
        thread.start()
    for writer in writers:
        writer.join()
    committed = {identity: at for writer in writers for identity, at in writer.committed.items()}
    eventually("every row is seen", lambda: len(looker.seen) >= len(committed), SEEN_WITHIN_S)
    looker.stopping.set()
    looker.join()
    return ([looker.seen[identity] - at for identity, at in committed.items()], max(writer.late_s for writer in writers),
            len(committed) * ROWS_A_TRANSACTION)


def way_metrics(way, service):
    return Metrics.of(way.urls[service])


def percentile(values, q):
    ordered = sorted(values)
    return round(1000 * max(0.0, ordered[min(len(ordered) - 1, int(q * len(ordered)))]), 1)


def in_ms(seconds):
    return None if seconds is None else round(seconds * 1000, 1)
