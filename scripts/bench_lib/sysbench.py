"""The data: sysbench oltp_write_only, 4 tables of 100,000 rows, uniform keys; 4 row changes a transaction.

Its tables may have a further unique key, as every table of users has, or a key of text, or be an order group."""

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


# What is done to each table after it is filled. `name` is a row's for good: sysbench, which knows nothing of it, deletes
# and inserts rows, and a trigger of the source gives it to them.
NAMED = ["ALTER TABLE {table} ADD COLUMN name VARCHAR(40) NOT NULL DEFAULT ''", "UPDATE {table} SET name = {name}"]
NAME = "CONCAT('user-', {row}id, '@example')"
KINDS = {
    "plain": [],
    "unique": [*NAMED, "ALTER TABLE {table} ADD UNIQUE KEY (name)"],
    "text-key": [*NAMED, "ALTER TABLE {table} ADD KEY (id), DROP PRIMARY KEY, ADD PRIMARY KEY (name)"],
    "group": [],
}


def prepare(server, user, password, table="plain"):
    server.execute(f"CREATE DATABASE IF NOT EXISTS {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    # Ids without gaps, whatever step the server gives them: sysbench means each from 1 on.
    run(server, user, password, "prepare", f"--threads={TABLES}", "--auto_inc=off")
    for name in names():
        server.execute(*(statement.format(table=name, name=NAME.format(row="")) for statement in KINDS[table]))


def names():
    return [f"{SCHEMA}.sbtest{number}" for number in range(1, TABLES + 1)]


def write(server, user, password, row_changes, table="plain"):
    """Writes about that many row changes; the number of write statements, each of which changes one row."""
    if KINDS[table]:
        server.execute(*(f"CREATE TRIGGER {name}_name BEFORE INSERT ON {name} FOR EACH ROW SET NEW.name = {NAME.format(row='NEW.')}"
                         for name in names()))
    output = run(server, user, password, "run", f"--threads={THREADS}", "--time=0", "--report-interval=0",
                 f"--events={row_changes // CHANGES_A_TRANSACTION}")
    return int(WRITES.search(output).group(1))
