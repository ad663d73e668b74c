"""The data: sysbench oltp_write_only, 4 tables of 100,000 rows, uniform keys; 4 row changes a transaction.

Its tables may have a further unique key, as every table of users has, or be an order group."""

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


# What is done to each table after it is filled. A generated column is not carried, so that only its key weighs.
KINDS = {
    "plain": None,
    "unique": "ADD COLUMN email VARCHAR(40) AS (CONCAT('user-', id, '@example')) STORED, ADD UNIQUE KEY (email)",
    "group": None,
}


def prepare(server, user, password, table="plain"):
    server.execute(f"CREATE DATABASE IF NOT EXISTS {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    run(server, user, password, "prepare", f"--threads={TABLES}")
    if KINDS[table]:
        server.execute(*(f"ALTER TABLE {SCHEMA}.sbtest{number} {KINDS[table]}" for number in range(1, TABLES + 1)))


def write(server, user, password, row_changes):
    """Writes about that many row changes; the number of write statements, each of which changes one row."""
    output = run(server, user, password, "run", f"--threads={THREADS}", "--time=0", "--report-interval=0",
                 f"--events={row_changes // CHANGES_A_TRANSACTION}")
    return int(WRITES.search(output).group(1))
