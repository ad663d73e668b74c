"""way: a backlog from the source's binlog through both Kafkas and the mirror into the target, both ends durable."""

import contextlib
import subprocess
import time

from lab_lib import Lab, LabError, tools
from metrics import Metrics
from processes import cpu_seconds, resident_mb
from regions import Region
from wait import eventually

from . import drain, sysbench

COPY = f"{sysbench.SCHEMA}.copied"
COPIED_AT_ONCE = 1000                # rows of a transaction
DATABASE = ["innodb_buffer_pool_size=512M", "innodb_log_file_size=256M"]
DURABLE = ("SET GLOBAL sync_binlog = 1", "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
PARTS = ("east.db", "east.capture", "east.kafka", "mirror", "west.kafka", "west.apply", "west.db")
LOOK_S = 0.02


def results(folder, arguments, say):
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with contextlib.ExitStack() as stack:
        lab = Lab(folder / "way", say=lambda line: say(line.strip()))
        stack.callback(lab.down, purge=True)
        lab.up(regions=["east", "west"], server=arguments.server, with_services=False, measured=True,
               settings=[f"west:apply.look_at={arguments.look_at}"], db_settings=DATABASE)
        source = drain.backlog(lab, folder, arguments.rows, arguments.table, say, before_dump=make_copy, after_writing=fill_copy)
        load(lab, source)
        for region in ("east", "west"):
            Region(lab, region).database.execute(*DURABLE)
        lab.start("west.apply")
        lab.start("east.capture", ["--from", source.position])
        east, west = Region(lab, "east"), Region(lab, "west")
        found = Way(lab, east.urls["capture"], west.urls["apply"]).watch(source.rows_written)
        say(f"{found['rows']} changes in {found['seconds']} s, {found['rows_per_second']} a second")
        if sums(east.database) != sums(west.database):
            raise LabError("west does not hold what east holds")
        for key in PARTS[1:]:  # the replica has the machine and the source to itself
            lab.stop(key)
        result = {"bench": "way", "table": arguments.table, "look_at": arguments.look_at, "server": source.kind, **found,
                  "versions": drain.versions(source)}
        yield drain.beside_replica(result, source, folder / "way", say)  # apply's has its servers in the folder itself


def make_copy(database):
    """A table with a second index, empty."""
    database.execute(f"CREATE TABLE {COPY} LIKE {sysbench.SCHEMA}.sbtest1")


def fill_copy(database):
    """Inserts of its rows, a thousand a transaction; how many."""
    columns = ", ".join(row[0] for row in database.rows(f"SHOW COLUMNS FROM {COPY}"))
    rows = 0
    for number, table in enumerate(sysbench.names()):
        chosen = columns.replace("id", f"id + {number * sysbench.TABLE_ROWS}", 1).replace("name", f"CONCAT(name, '-{number}')")
        for first in range(1, sysbench.TABLE_ROWS + 1, COPIED_AT_ONCE):
            condition = f"id BETWEEN {first} AND {first + COPIED_AT_ONCE - 1}"
            rows += database.value(f"SELECT COUNT(*) FROM {table} WHERE {condition}")
            database.execute(f"INSERT INTO {COPY} ({columns}) SELECT {chosen} FROM {table} WHERE {condition}")
    return rows


def load(lab, source):
    west = lab.databases["west"]
    with open(source.dump, "rb") as file:
        subprocess.run([*map(str, west.client_command("--init-command=SET SESSION sql_log_bin=0"))], stdin=file, check=True)
    west.grant_app()


def sums(database):
    return drain.table_sums(database) + database.rows(f"SELECT COUNT(*), SUM(k), SUM(CRC32(c)) FROM {COPY}")


class Way:
    """From capture's first published row to the last that apply has applied."""

    def __init__(self, lab, capture, apply):
        self.pids = {key: lab.component(key).process.pid for key in PARTS}
        self.capture, self.apply = capture, apply

    def watch(self, at_least):
        eventually("capture publishes", lambda: Metrics.of(self.capture).total("farshore_capture_published_rows_total") > 0, 60, poll_s=LOOK_S)
        cpu = {key: cpu_seconds(pid) for key, pid in self.pids.items()}
        began = time.monotonic()
        captured_at, applied, applied_at = None, 0, began
        while applied < at_least * 0.98 or time.monotonic() - applied_at < drain.QUIET_S:
            now = time.monotonic()
            if not captured_at and Metrics.of(self.capture).total("farshore_capture_published_rows_total") >= at_least * 0.98:
                captured_at = now
            value = Metrics.of(self.apply).total("farshore_apply_applied_rows_total")
            if value > applied:
                applied, applied_at = value, now
                used = {key: round(cpu_seconds(pid) - cpu[key], 2) for key, pid in self.pids.items()}
            if now - applied_at > drain.STANDS_FOR_S:
                raise LabError(f"apply stands at {applied:.0f} of {at_least}")
            time.sleep(LOOK_S)
        seconds = applied_at - began
        return {"rows": int(applied), "seconds": round(seconds, 2), "rows_per_second": round(applied / seconds),
                "captured_after_seconds": round((captured_at or applied_at) - began, 2), "cpu_seconds": used,
                "cpu_seconds_a_million": round(sum(used.values()) * 1e6 / applied, 1),
                "rss_mb": {key: round(resident_mb(self.pids[key], "VmHWM"), 1) for key in ("east.capture", "west.apply")}}
