"""The data: sysbench oltp_write_only, 4 tables of 100,000 rows, uniform keys; 4 row changes a transaction."""

import re
import subprocess

from lab_lib import LabError, tools

TABLES, TABLE_ROWS = 4, 100_000
CHANGES_A_TRANSACTION = 4
THREADS = 8
SCHEMA = "sbtest"
WRITES = re.compile(r"^\s+write:\s+(\d+)", re.M)


def run(server, user, password, verb, *options):
    command = [tools.system("sysbench"), "oltp_write_only", "--db-driver=mysql", f"--mysql-host={server.host}",
               f"--mysql-port={server.port}", f"--mysql-user={user}", f"--mysql-password={password}", f"--mysql-db={SCHEMA}",
               f"--tables={TABLES}", f"--table-size={TABLE_ROWS}", "--rand-type=uniform", "--mysql-ignore-errors=all",
               "--db-ps-mode=disable", *options, verb]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"sysbench {verb} failed: {done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout


def prepare(server, user, password):
    server.execute(f"CREATE DATABASE IF NOT EXISTS {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    run(server, user, password, "prepare", f"--threads={TABLES}")


def write(server, user, password, row_changes):
    """Writes about that many row changes; the number of write statements, each of which changes one row."""
    output = run(server, user, password, "run", f"--threads={THREADS}", "--time=0", "--report-interval=0",
                 f"--events={row_changes // CHANGES_A_TRANSACTION}")
    return int(WRITES.search(output).group(1))
