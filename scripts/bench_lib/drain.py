"""capture and apply: how fast a backlog is drained, against what MariaDB itself does with the same binlog."""

import contextlib
import pathlib
import subprocess
import time

import yaml

from circuit import PASSWORD, make_accounts
from lab_lib import Lab, LabError, tools
from lab_lib.services import get
from plain_servers import PlainServer
from processes import cpu_seconds, resident_mb
from services import Service
from sql import Database
from wait import eventually

from . import sysbench
from .versions import farshore_version

ORIGIN, PARTITIONS = "bench", 8
DRAINED_WITHIN_S = 1800
STANDS_FOR_S = 20
QUIET_S = 3
DURABLE = ["--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=512M", "--max-connections=100",
           "--innodb-log-file-size=256M"]
REPLICA_THREADS = 4


def results(wanted, folder, arguments, say):
    folder.mkdir()
    folder.chmod(0o755)
    with contextlib.ExitStack() as stack:
        lab = Lab(folder / "lab", say=lambda line: say(line.strip()))
        stack.callback(lab.down, purge=True)
        lab.up(regions=["east"], server=arguments.server, with_services=False, measured=True)
        source = backlog(lab, folder, arguments.rows, arguments.table, say)
        captured = drain_capture(source, folder, say)
        if "capture" in wanted:
            yield capture_result(source, captured, say)
        if "apply" in wanted:
            target = target_server(folder, "target", 81, source)
            stack.callback(target.stop)
            applied = drain_apply(source, target, folder, captured["rows"], arguments.look_at, say)
            yield apply_result(source, folder, applied, target, say)


class Source:
    """The lab's database with a backlog in its binlog, from `position` in `files` on."""

    def __init__(self, lab, table):
        self.lab = lab
        self.table = table
        found = lab.env()["regions"]["east"]
        db = found["db"]
        self.kind = db["server"]
        self.version = db["version"]
        self.database = Database("east", db["server"], db["socket"], db["host"], db["port"])
        self.bootstrap = found["kafka"]["bootstrap"]
        self.config = yaml.safe_load(pathlib.Path(found["config"]).read_text())
        self.config["tables"] = [{"match": f"{sysbench.SCHEMA}.*", "group": "all"}] if table == "group" else []
        self.position = None
        self.file = None
        self.end_position = None
        self.rows_written = 0
        self.dump = None

    def binlog_end(self):
        return self.lab.databases["east"].executed_position()

    def files(self):
        names = [row[0] for row in self.database.rows("SHOW BINARY LOGS")]
        base = pathlib.Path(self.database.value("SELECT @@log_bin_basename")).parent
        return [base / name for name in names[names.index(self.file):]]


def backlog(lab, folder, rows, table, say, before_dump=lambda database: None, after_writing=lambda database: 0):
    """`after_writing`: further changes; how many."""
    source = Source(lab, table)
    database = source.database
    app = lab.env()["regions"]["east"]["db"]["app"]
    database.execute("SET GLOBAL sync_binlog = 0", "SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    say(f"{source.kind} {source.version}: making {sysbench.TABLES} tables of {sysbench.TABLE_ROWS} rows")
    sysbench.prepare(database, app["user"], app["password"], table)
    database.execute("FLUSH BINARY LOGS")
    source.file = database.rows("SHOW BINARY LOGS")[-1][0]
    source.position = source.binlog_end()
    before_dump(database)
    source.dump = folder / "sbtest.sql"
    with open(source.dump, "wb") as file:
        subprocess.run([tools.system("mariadb-dump"), "--no-defaults", f"--socket={database.socket}", "--user=root",
                        "--single-transaction", "--skip-add-locks", "--no-tablespaces", "--databases", sysbench.SCHEMA],
                       stdout=file, check=True)
    say(f"writing {rows} row changes")
    began = time.monotonic()
    source.rows_written = sysbench.write(database, app["user"], app["password"], rows, table)
    source.rows_written += after_writing(database)
    source.end_position = source.binlog_end()
    say(f"{source.rows_written} written in {time.monotonic() - began:.0f} s, "
        f"{sum(path.stat().st_size for path in source.files()) / 1e6:.0f} MB of binlog")
    database.execute("FLUSH BINARY LOGS", "SET GLOBAL sync_binlog = 1", "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    return source


class Drain:
    """Watches a counter of a service from its first to its last step: seconds between them, CPU, memory."""

    def __init__(self, service, counter, others=()):
        self.service = service
        self.counter = counter
        self.others = dict(others)              # {name: pid} whose CPU time is measured too
        self.first_at = self.last_at = None
        self.last = 0

    def watch(self, at_least):
        eventually(f"{self.service.kind} serves its metrics", lambda: get(f"{self.service.url}/healthz")[0] == 200, poll_s=0.01)
        pids = {self.service.kind: self.service.process.pid, **self.others}
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        began = time.monotonic()
        deadline = began + DRAINED_WITHIN_S
        while True:
            now, value = time.monotonic(), self.service.metrics().total(self.counter)
            if value > self.last:
                self.first_at = self.first_at or now
                self.last, self.last_at = value, now
                cpu = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
            elif self.last >= at_least and now - self.last_at > QUIET_S:
                break
            if now > deadline or now - (self.last_at or began) > STANDS_FOR_S or self.service.ended():
                raise LabError(f"{self.service.kind} stands at {self.last:.0f}: {self.service.readiness()[1]}")
            time.sleep(0.02)
        rows = int(self.last)
        seconds = self.last_at - self.first_at
        return {"rows": rows, "seconds": round(seconds, 2), "rows_per_second": round(rows / seconds),
                "cpu_seconds": {name: round(used, 2) for name, used in cpu.items()},
                "rss_mb": {self.service.kind: round(resident_mb(self.service.process.pid, "VmHWM"), 1)}}


def capture_config(source):
    config = dict(source.config)
    own = dict(config["origins"][0], name=ORIGIN)
    return {**config, "origins": [own], "apply": {"origins": []},
            "streams": {"main": {"tables": [f"{sysbench.SCHEMA}.*"], "partitions": PARTITIONS, "retention": "7d"}}}


def drain_capture(source, folder, say):
    say("capture drains the backlog")
    with Service("capture", capture_config(source), folder / "capture", "--from", source.position) as capture:
        found = Drain(capture, "farshore_capture_published_rows_total").watch(source.rows_written * 0.98)
    say(f"capture: {found['rows']} rows in {found['seconds']} s, {found['rows_per_second']} a second")
    return found


def versions(source):
    return {"farshore": farshore_version(), source.kind: source.version}


def capture_result(source, captured, say):
    result = {"bench": "capture", "table": source.table, "server": source.kind, **captured, "versions": versions(source)}
    if source.kind != "mariadb":
        return result
    say("yardstick: mariadb-binlog -v")
    began = time.monotonic()
    subprocess.run([tools.system("mariadb-binlog"), "--no-defaults", "-v", *map(str, source.files())],
                   stdout=subprocess.DEVNULL, check=True)
    rate = captured["rows"] / (time.monotonic() - began)
    return {**result, "yardstick": {"name": "mariadb-binlog -v", "rows_per_second": round(rate)},
            "ratio": round(captured["rows_per_second"] / rate, 2)}


def target_server(folder, name, number, source, *options):
    """A durable MariaDB with a copy of the tables as they were before the backlog. The caller stops it."""
    server = PlainServer("mariadb", folder / name, server_id=number,
                         options=[*DURABLE, f"--gtid-domain-id={number}", *options]).start()
    try:
        make_accounts(server, [sysbench.SCHEMA])
        with open(source.dump, "rb") as file:
            subprocess.run([tools.system("mariadb"), "--no-defaults", f"--socket={server.socket}", "--user=root",
                            "--init-command=SET SESSION sql_log_bin=0"], stdin=file, check=True)
    except BaseException:  # nobody else knows of it yet
        server.kill()
        raise
    return server


def drain_apply(source, target, folder, rows, look_at, say):
    say("apply drains the same changes into a copy of the tables")
    (folder / "password").write_text(PASSWORD + "\n")
    login = {"user": "farshore_apply", "password_file": str(folder / "password")}
    config = {**source.config, "region": "there", "database": {"address": f"127.0.0.1:{target.port}", "accounts": {"apply": login}},
              "origins": [{"name": ORIGIN, "region": "here"}], "apply": {"origins": [ORIGIN], "look_at": look_at},
              "streams": {"main": {"tables": [f"{sysbench.SCHEMA}.*"], "partitions": PARTITIONS, "retention": "7d"}}}
    with Service("apply", config, folder / "apply") as apply:
        drain = Drain(apply, "farshore_apply_applied_rows_total", {"target": target.pid})
        found = drain.watch(rows)
        written = int(apply.metrics().total("farshore_apply_written_rows_total"))
    found = {**found, "look_at": look_at, "rows_written": written}
    say(f"apply: {found['rows']} changes in {found['seconds']} s, {found['rows_per_second']} a second, {written} rows written")
    return found


def apply_result(source, folder, applied, target, say):
    sums = table_sums(target)
    target_version = target.value("SELECT @@version").split("-")[0]
    target.stop()
    if sums != table_sums(source.database):
        raise LabError("the copy does not hold what the source holds")
    result = {"bench": "apply", "table": source.table, "server": source.kind, **applied, "versions": {**versions(source), "target": f"mariadb {target_version}"}}
    return beside_replica(result, source, folder, say)


def beside_replica(result, source, folder, say):
    """The result with its yardstick, which is MariaDB's."""
    if source.kind != "mariadb":
        return result
    rate, cpu = native_replica(source, folder, result["rows"], say)
    return {**result, "yardstick": {"name": f"native replica, {REPLICA_THREADS} parallel threads", "rows_per_second": round(rate),
                                    "cpu_seconds": round(cpu, 2)},
            "ratio": round(result["rows_per_second"] / rate, 2)}


def table_sums(database):
    return [database.rows(f"SELECT COUNT(*), SUM(k), SUM(CRC32(c)), SUM(CRC32(pad)) FROM {sysbench.SCHEMA}.sbtest{number}")[0]
            for number in range(1, sysbench.TABLES + 1)]


def native_replica(source, folder, rows, say):
    say("yardstick: a native replica")
    replica = target_server(folder, "replica", 82, source, f"--slave-parallel-threads={REPLICA_THREADS}",
                            "--slave-parallel-mode=optimistic")
    try:
        source.database.execute("SET SESSION sql_log_bin = 0", "CREATE USER IF NOT EXISTS replica@'%' IDENTIFIED BY 'replica-Pass1'",
                                "GRANT REPLICATION SLAVE ON *.* TO replica@'%'")
        replica.execute("SET GLOBAL gtid_strict_mode = OFF", f"SET GLOBAL gtid_slave_pos = '{source.position}'",
                        f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.database.port}, MASTER_USER='replica', "
                        "MASTER_PASSWORD='replica-Pass1', MASTER_USE_GTID=slave_pos")
        before, began = cpu_seconds(replica.pid), time.monotonic()
        replica.execute("START SLAVE")
        wanted = source.end_position
        eventually("the replica has applied it all", lambda: replica.value("SELECT @@gtid_slave_pos") == wanted, DRAINED_WITHIN_S,
                   explain=lambda: str(replica.records("SHOW SLAVE STATUS")))
        seconds = time.monotonic() - began
        say(f"native replica: {seconds:.1f} s")
        return rows / seconds, cpu_seconds(replica.pid) - before
    finally:
        replica.stop()
