"""Every statement that may change rows without row events, run on both servers, against what capture says of it.

Each case runs twice: in a schema of its own, and in a twin whose rows came in another order, at another time and in
another time zone, as at another region. A statement that passes, or is compared, has to leave every row as the row events have
it, and to end the same in the twin. docs/operating/statements.md has the same verdicts, for people.
"""

import contextlib
import os
import pathlib
import re
import subprocess

import pytest

from lab_lib import tools
from plain_servers import PlainServer

PROBE = pathlib.Path(os.environ.get("FARSHORE_BIN", "build/release")) / "tests/integration/binlog/statement_probe"
PAGE = tools.REPOSITORY / "docs" / "operating" / "statements.md"
KINDS = ["mariadb", "mysql"] if tools.mysql_root() else ["mariadb"]
PASSES, COMPARED, CHANGES, STOPS = "passes", "compared", "changes", "stops"
UNLOGGED, REFUSED = "is not logged", "is refused"

TABLES = ["CREATE TABLE t (id INT NOT NULL PRIMARY KEY, n INT, s VARCHAR(20) CHARACTER SET utf8mb4, d DECIMAL(10,4), u INT)",
          "CREATE TABLE p (id INT NOT NULL PRIMARY KEY, n INT) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (100), "
          "PARTITION high VALUES LESS THAN (1000))",
          "CREATE TABLE l (id INT NOT NULL PRIMARY KEY, n INT) PARTITION BY LIST (id) (PARTITION a VALUES IN (1, 2), "
          "PARTITION b VALUES IN (3, 4))",
          "CREATE TABLE h (id INT NOT NULL PRIMARY KEY, n INT) PARTITION BY HASH (id) PARTITIONS 4"]
ROWS = [["INSERT INTO t VALUES (1, 10, 'caf\u00e9', 1.2345, 7)", "INSERT INTO t VALUES (2, NULL, 'abcdefghij', 9.8765, 7)",
         "INSERT INTO t VALUES (3, 30, '\u8ba2\u5355', NULL, 8)"],
        ["INSERT INTO p VALUES (1, 1)", "INSERT INTO p VALUES (200, 2)"], ["INSERT INTO l VALUES (1, 1)", "INSERT INTO l VALUES (4, 2)"],
        [f"INSERT INTO h VALUES ({i}, {i})" for i in range(6)]]

MARIADB, MYSQL = ["mariadb"], ["mysql"]
LAX = "SET sql_mode = ''"
TWO_PHASES = "SET SESSION binlog_alter_two_phase = 1"
VERSIONED = ["CREATE TABLE v (id INT NOT NULL PRIMARY KEY, n INT) WITH SYSTEM VERSIONING", "INSERT INTO v VALUES (1, 1)", "DELETE FROM v"]
NOT_LOGGED = ["SET SESSION sql_log_bin = 0", *VERSIONED, "SET SESSION sql_log_bin = 1"]

# The row of the page, the verdict, the statements; where it differs: the servers that have it.
CASES = [
    ("TRUNCATE", CHANGES, ["TRUNCATE t"]),
    ("TRUNCATE", CHANGES, ["/* x */ truncate table `t`"]),
    ("TRUNCATE", CHANGES, ["SET STATEMENT lock_wait_timeout = 5 FOR TRUNCATE TABLE t"], MARIADB),
    ("DROP TABLE", CHANGES, ["DROP TABLE t"]),
    ("DROP TABLE", CHANGES, ["DROP TABLE IF EXISTS missing, p"]),
    ("DROP TABLE", CHANGES, ["CREATE TEMPORARY TABLE gone (n INT)", "DROP TABLE gone, t"]),
    ("DROP TABLE", CHANGES, ["DROP TABLE t", "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, n INT)"]),
    ("DROP TABLE", CHANGES, ["DROP TABLE IF EXISTS missing"]),
    ("DROP DATABASE", CHANGES, ["DROP DATABASE {db}", "CREATE DATABASE {db}"]),
    ("CREATE OR REPLACE TABLE", CHANGES, ["CREATE OR REPLACE TABLE t (id INT NOT NULL PRIMARY KEY, n INT)"], MARIADB),
    ("CREATE OR REPLACE TABLE", CHANGES, ["CREATE OR REPLACE TABLE t LIKE p"], MARIADB),
    ("CREATE OR REPLACE TABLE", CHANGES, ["CREATE OR REPLACE TABLE t SELECT id, n FROM p"], MARIADB),
    ("CREATE OR REPLACE SEQUENCE", CHANGES, ["CREATE OR REPLACE SEQUENCE t"], MARIADB),
    ("RENAME TABLE", CHANGES, ["RENAME TABLE t TO gone"]),
    ("RENAME TABLE", CHANGES, ["RENAME TABLE t TO swap, h TO t, swap TO h"]),
    ("RENAME TABLE", CHANGES, ["CREATE TABLE _t_new LIKE t", "RENAME TABLE t TO _t_old, _t_new TO t"]),
    ("RENAME TABLE", CHANGES, ["ALTER TABLE t RENAME TO gone"]),
    ("RENAME TABLE", CHANGES, ["ALTER TABLE t ADD COLUMN c INT, RENAME gone"]),
    ("ALTER TABLE DROP COLUMN", CHANGES, ["ALTER TABLE t DROP COLUMN n", "ALTER TABLE t ADD COLUMN n INT AFTER id"]),
    ("ALTER TABLE RENAME COLUMN, CHANGE", CHANGES, ["ALTER TABLE t RENAME COLUMN n TO u, RENAME COLUMN u TO n"]),
    ("ALTER TABLE RENAME COLUMN, CHANGE", CHANGES, ["ALTER TABLE t CHANGE n u INT, CHANGE u n INT"]),
    ("ALTER TABLE RENAME COLUMN, CHANGE", CHANGES,
     [TWO_PHASES, "ALTER TABLE t RENAME COLUMN n TO u, RENAME COLUMN u TO n"], MARIADB),
    ("ALTER TABLE MODIFY, CHANGE", REFUSED, [TWO_PHASES, "ALTER TABLE t MODIFY n INT NOT NULL"], MARIADB),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED,
     [TWO_PHASES, "ALTER TABLE t ADD COLUMN c INT", "CREATE INDEX i ON t (c)"], MARIADB),
    ("ALTER TABLE MODIFY, CHANGE", CHANGES, [LAX, "ALTER TABLE t MODIFY s VARCHAR(3)"]),
    ("ALTER TABLE MODIFY, CHANGE", CHANGES, ["ALTER TABLE t MODIFY s VARCHAR(30), CHANGE n n BIGINT"]),
    ("ALTER TABLE MODIFY, CHANGE", CHANGES, ["ALTER TABLE t MODIFY d DECIMAL(10,2)"]),
    ("ALTER TABLE MODIFY, CHANGE", REFUSED, ["ALTER TABLE t MODIFY s VARCHAR(3)"]),
    ("ALTER TABLE MODIFY, CHANGE", REFUSED, ["ALTER TABLE t MODIFY n INT NOT NULL"]),
    ("ALTER TABLE MODIFY, CHANGE", CHANGES, [LAX, "ALTER TABLE t MODIFY n INT NOT NULL"]),
    ("ALTER TABLE MODIFY, CHANGE", CHANGES, [LAX, "ALTER TABLE t CHANGE s s VARCHAR(20) CHARACTER SET latin1"]),
    ("ALTER TABLE CONVERT TO CHARACTER SET", CHANGES, [LAX, "ALTER TABLE t CONVERT TO CHARACTER SET latin1"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED, ["ALTER TABLE t ADD COLUMN c INT"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED,
     ["ALTER TABLE t ADD COLUMN c VARCHAR(9) NOT NULL DEFAULT 'x' AFTER id, ADD e DECIMAL(4,2) DEFAULT -1.50, ADD f INT NOT NULL"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED, ["ALTER TABLE t ADD COLUMN (c DATETIME, e BLOB, f TEXT NOT NULL)"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED, ["ALTER TABLE t ADD c DATETIME DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED, ["ALTER TABLE t ADD c TIMESTAMP NULL, ADD e TIMESTAMP NULL DEFAULT NULL"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED, ["ALTER TABLE t ADD c DATETIME DEFAULT '2020-01-01 12:00:00'"]),
    ("ALTER TABLE ADD COLUMN, the same for all rows", COMPARED,
     ["ALTER TABLE t ADD a BIT(8) DEFAULT b'101', ADD b VARCHAR(9) DEFAULT x'4142', ADD c DOUBLE DEFAULT -1.5e-3, ADD e CHAR(9) DEFAULT "
      "_latin1'x', ADD f TEXT NULL, ADD g BOOL DEFAULT TRUE"]),
    ("ALTER TABLE ADD COLUMN, generated where it is read", PASSES, ["ALTER TABLE t ADD c INT AS (n + 1) VIRTUAL"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["SET NAMES latin1", "ALTER TABLE t ADD c VARCHAR(9) DEFAULT '\u00e9'"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c INT DEFAULT 1, ALTER COLUMN c SET DEFAULT 5"], MARIADB),
    ("ALTER TABLE ADD COLUMN, any other", REFUSED, ["ALTER TABLE t ADD c INT DEFAULT 1, ALTER COLUMN c SET DEFAULT 5"], MYSQL),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD e INT AS (u + 1) STORED"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES,
     ["ALTER TABLE t ADD x DATETIME NOT NULL DEFAULT '2020-01-01 00:00:00'", "ALTER TABLE t ADD c TIMESTAMP AS (x) STORED"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c DATETIME DEFAULT CURRENT_TIMESTAMP"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00'"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c TIMESTAMP NULL DEFAULT '2020-01-01 00:00:00'"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c DATETIME DEFAULT '2020-01-01 00:00:00+02:00'"], MYSQL),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES,
     ["SET explicit_defaults_for_timestamp = OFF", "ALTER TABLE t ADD c TIMESTAMP"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c CHAR(36) DEFAULT (CONCAT(id, '-', NOW()))"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c CHAR(36) DEFAULT UUID()"], MARIADB),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, ["ALTER TABLE t ADD c INT NOT NULL AUTO_INCREMENT UNIQUE"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES, [LAX, "ALTER TABLE t ADD c ENUM('a', 'b') NOT NULL"]),
    ("ALTER TABLE ADD COLUMN, any other", CHANGES,
     ["CREATE SEQUENCE numbers", "ALTER TABLE t ADD c INT DEFAULT NEXT VALUE FOR numbers"], MARIADB),
    ("ALTER TABLE ADD PRIMARY KEY", CHANGES,
     [LAX, "ALTER TABLE t DROP PRIMARY KEY", "ALTER TABLE t MODIFY id INT, ADD PRIMARY KEY (id)"]),
    ("ALTER TABLE ADD PRIMARY KEY, strict", PASSES, ["ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, u)"]),
    ("ALTER TABLE ADD PRIMARY KEY, strict", REFUSED, ["ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (n)"]),
    ("ALTER TABLE of keys and constraints", PASSES,
     ["ALTER TABLE t ADD INDEX (n), ADD UNIQUE (s), ADD CONSTRAINT positive CHECK (u > 0)",
      "ALTER TABLE t DROP INDEX s, RENAME INDEX n TO m, DROP CONSTRAINT positive", "DROP INDEX m ON t",
      "CREATE UNIQUE INDEX k ON t (s)"]),
    ("ALTER TABLE of keys and constraints", REFUSED, ["ALTER TABLE t ADD UNIQUE (u)"]),
    ("ALTER TABLE of keys and constraints", PASSES,
     ["CREATE TABLE c (id INT NOT NULL PRIMARY KEY, parent INT)", "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES t (id) "
      "ON DELETE CASCADE", "ALTER TABLE c DROP FOREIGN KEY f"]),
    ("ALTER IGNORE TABLE", CHANGES, ["ALTER IGNORE TABLE t ADD UNIQUE (u)"], MARIADB),
    ("ALTER TABLE of defaults and options", PASSES,
     ["ALTER TABLE t ALTER n SET DEFAULT 5, COMMENT = 'x', AUTO_INCREMENT = 100", "ALTER TABLE t ALTER COLUMN n DROP DEFAULT",
      "ALTER TABLE t DEFAULT CHARACTER SET latin1 ROW_FORMAT = DYNAMIC", "ALTER TABLE t ENGINE = InnoDB", "ALTER TABLE t FORCE",
      "ALTER TABLE t ADD INDEX (n), ALGORITHM = INPLACE, LOCK = NONE", "ALTER TABLE t ORDER BY n", "ALTER TABLE t DISABLE KEYS"]),
    ("ALTER TABLE ENGINE, not InnoDB", CHANGES, ["ALTER TABLE t ENGINE = BLACKHOLE"], MYSQL),
    ("ALTER TABLE ENGINE, not InnoDB", CHANGES, ["ALTER TABLE t ENGINE = MEMORY"]),
    ("ALTER TABLE TRUNCATE, DROP PARTITION", CHANGES, ["ALTER TABLE p TRUNCATE PARTITION low"]),
    ("ALTER TABLE TRUNCATE, DROP PARTITION", CHANGES, ["ALTER TABLE p DROP PARTITION low"]),
    ("ALTER TABLE EXCHANGE, CONVERT PARTITION", CHANGES,
     ["CREATE TABLE x (id INT NOT NULL PRIMARY KEY, n INT)", "ALTER TABLE p EXCHANGE PARTITION low WITH TABLE x"]),
    ("ALTER TABLE EXCHANGE, CONVERT PARTITION", CHANGES, ["ALTER TABLE p CONVERT PARTITION low TO TABLE x"], MARIADB),
    ("ALTER TABLE EXCHANGE, CONVERT PARTITION", CHANGES,
     ["CREATE TABLE x (id INT NOT NULL PRIMARY KEY, n INT)", "INSERT INTO x VALUES (1500, 1)",
      "ALTER TABLE p CONVERT TABLE x TO PARTITION top VALUES LESS THAN (2000)"], MARIADB),
    ("ALTER TABLE of partitions that keeps rows", PASSES,
     ["ALTER TABLE p REORGANIZE PARTITION high INTO (PARTITION high VALUES LESS THAN (500), PARTITION top VALUES LESS THAN MAXVALUE)",
      "ALTER TABLE p REBUILD PARTITION low, high", "ALTER TABLE p OPTIMIZE PARTITION low", "ALTER TABLE p REMOVE PARTITIONING"]),
    ("ALTER TABLE of partitions that keeps rows", PASSES,
     ["ALTER TABLE l ADD PARTITION (PARTITION d VALUES IN (5))",
      "ALTER TABLE h COALESCE PARTITION 2", "ALTER TABLE h ADD PARTITION PARTITIONS 3", "ALTER TABLE t PARTITION BY KEY (id) PARTITIONS 3",
      "ALTER TABLE p CHECK PARTITION ALL", "ALTER TABLE p REPAIR PARTITION ALL"]),
    ("ALTER TABLE REORGANIZE PARTITION of lists", CHANGES,
     ["ALTER TABLE l REORGANIZE PARTITION a, b INTO (PARTITION c VALUES IN (2, 3))"]),
    ("ALTER TABLE of partitions that keeps rows", REFUSED,
     ["ALTER TABLE p REORGANIZE PARTITION high INTO (PARTITION high VALUES LESS THAN (150))"]),
    ("ALTER TABLE of partitions that keeps rows", REFUSED, ["ALTER TABLE t PARTITION BY LIST (id) (PARTITION a VALUES IN (1, 2))"]),
    ("ALTER TABLE DISCARD, IMPORT TABLESPACE", CHANGES, ["ALTER TABLE t DISCARD TABLESPACE"]),
    ("CREATE, ALTER TABLE that begins system versioning", STOPS, VERSIONED, MARIADB),
    ("CREATE, ALTER TABLE that begins system versioning", STOPS,
     ["CREATE TABLE v (id INT NOT NULL PRIMARY KEY, n INT WITH SYSTEM VERSIONING)"], MARIADB),
    ("CREATE, ALTER TABLE that begins system versioning", STOPS,
     ["CREATE TABLE v (PRIMARY KEY (id)) WITH SYSTEM VERSIONING AS SELECT id, n FROM t"], MARIADB),
    ("CREATE, ALTER TABLE that begins system versioning", STOPS, ["ALTER TABLE t ADD SYSTEM VERSIONING"], MARIADB),
    ("ALTER TABLE DROP SYSTEM VERSIONING", CHANGES, NOT_LOGGED + ["ALTER TABLE v DROP SYSTEM VERSIONING"], MARIADB),
    ("DELETE HISTORY", PASSES, NOT_LOGGED + ["DELETE HISTORY FROM v"], MARIADB),
    ("CREATE TABLE", PASSES, ["CREATE TABLE fresh (id INT NOT NULL PRIMARY KEY, engine INT)", "INSERT INTO fresh VALUES (1, 1)"]),
    ("CREATE TABLE", PASSES, ["CREATE TABLE IF NOT EXISTS t (other INT)", "CREATE TABLE fresh LIKE p"]),
    ("CREATE TABLE", PASSES, ["CREATE TABLE fresh (id INT NOT NULL PRIMARY KEY) -- START TRANSACTION"]),
    ("CREATE TABLE ... SELECT", PASSES, ["CREATE TABLE fresh (PRIMARY KEY (id)) AS SELECT id, n FROM t"]),
    ("CREATE TABLE ... SELECT", PASSES, ["CREATE TABLE fresh (PRIMARY KEY (id)) SELECT id, n FROM t WHERE id > 10"]),
    ("CREATE TABLE of an engine that begins with rows", CHANGES,
     ["CREATE TABLE m1 (id INT NOT NULL PRIMARY KEY) ENGINE = MyISAM", "INSERT INTO m1 VALUES (1)",
      "CREATE TABLE fresh (id INT NOT NULL, KEY (id)) ENGINE = MERGE UNION = (m1)"]),
    ("temporary tables", PASSES, ["CREATE TEMPORARY TABLE t (id INT NOT NULL PRIMARY KEY)", "INSERT INTO t VALUES (1)", "TRUNCATE t",
                                  "DROP TEMPORARY TABLE t", "DROP TEMPORARY TABLE IF EXISTS t"]),
    ("views, routines, triggers, events, users", PASSES,
     ["CREATE VIEW seen AS SELECT * FROM t", "CREATE PROCEDURE q() TRUNCATE t", "DROP PROCEDURE q", "DROP VIEW seen",
      "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 5", "INSERT INTO t (id) VALUES (9)", "DROP TRIGGER g",
      "ALTER DATABASE {db} CHARACTER SET latin1", "CREATE USER {db}", "GRANT ALL ON {db}.* TO {db}", "DROP USER {db}"]),
    ("views, routines, triggers, events, users", CHANGES, ["CREATE PROCEDURE q() TRUNCATE t", "CALL q()"]),
    ("ANALYZE, OPTIMIZE, CHECK, REPAIR, FLUSH", PASSES,
     ["ANALYZE TABLE t", "OPTIMIZE TABLE t", "CHECK TABLE t", "REPAIR TABLE t", "FLUSH TABLES", "LOAD INDEX INTO CACHE t"]),
    ("sequences", PASSES, ["CREATE SEQUENCE numbers", "ALTER SEQUENCE numbers RESTART 5", "DROP SEQUENCE numbers"], MARIADB),
    ("changes in statement format", STOPS, ["SET SESSION binlog_format = 'STATEMENT'", "UPDATE t SET n = 5 WHERE id = 1"]),
    ("changes in statement format", STOPS, ["SET SESSION binlog_format = 'STATEMENT'", "UPDATE t JOIN p USING (id) SET t.n = 5"]),
    ("changes in statement format", STOPS, ["SET SESSION binlog_format = 'STATEMENT'", "UPDATE farshore.progress SET n = n + 1"]),
    ("changes in statement format", STOPS,
     ["CREATE TABLE one (id INT NOT NULL PRIMARY KEY) ENGINE = MEMORY", "SET SESSION binlog_format = 'STATEMENT'", "INSERT INTO one VALUES (1)"]),
    ("dialects", CHANGES, ["SET NAMES gbk", "CREATE TABLE `\u8ba2\u5355` (id INT NOT NULL PRIMARY KEY)", "TRUNCATE TABLE `\u8ba2\u5355`"]),
    ("dialects", CHANGES, ["SET NAMES gbk", "ALTER TABLE t COMMENT '\u8a95', DROP COLUMN n"]),
    ("dialects", CHANGES, ["SET sql_mode = 'NO_BACKSLASH_ESCAPES'", "ALTER TABLE t COMMENT 'C:\\', DROP COLUMN n"]),
    ("dialects", PASSES, ["SET sql_mode = 'NO_BACKSLASH_ESCAPES'", "ALTER TABLE t COMMENT 'C:\\'"]),
    ("dialects", CHANGES, ["SET sql_mode = 'ANSI_QUOTES'", 'DROP TABLE "t"']),
    ("dialects", PASSES, ['ALTER TABLE t COMMENT "x\', DROP COLUMN n"']),
    ("dialects", CHANGES, ["SET NAMES sjis", "ALTER TABLE t COMMENT '\u8868', DROP COLUMN n"]),
    ("dialects", CHANGES, ["SET NAMES big5", "ALTER TABLE t COMMENT '\u529f', DROP COLUMN n"]),
]
ENCODINGS = {"latin1": "latin1", "gbk": "gbk", "sjis": "shift_jis", "big5": "big5"}
STATEMENT = re.compile(r"statement (\S*) (passes|compared|changes|stops) (.*)$")


def cases(kind):
    return [(number, case) for number, case in enumerate(CASES) if len(case) == 3 or kind in case[3]]


def run(server, database, statements, prelude=()):
    """The statements in one session, each in the character set that the session took. The error of one that is refused."""
    encoding = "utf8"
    with contextlib.closing(server.root()) as connection, connection.cursor() as cursor:
        for statement in (*prelude, f"USE {database}", *statements):
            named = re.fullmatch(r"SET NAMES (\w+)", statement)
            encoding = ENCODINGS[named[1]] if named else encoding
            try:
                connection._execute_command(3, statement.replace("{db}", database).encode(encoding))
                connection._read_query_result()
            except Exception as error:  # what the server refused is part of the case
                return str(error)
    return None


def content(server, database):
    """{table: (columns, rows as sets of values)}"""
    held = {}
    for (table,) in server.rows(f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database}' AND "
                                "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"):
        try:
            rows = server.records(f"SELECT * FROM `{database}`.`{table}`")
        except Exception as error:
            rows = [{"cannot be read": str(error).replace(database, "")}]
        held[table] = sorted((sorted(row.items()) for row in rows), key=str)
    return held


def without_new_columns(before, after):
    """The rows of `after`, in the columns that `before` has."""
    if not before:
        return after
    columns = {name for name, _ in before[0]}
    return sorted(([item for item in row if item[0] in columns] for row in after), key=str)


class Trace:
    """What one case did at one server."""

    def __init__(self, server, number, case):
        self.label, self.expected, statements = case[:3]
        self.statements = statements
        self.schema = f"c{number}"
        for database, rows, prelude in ((self.schema, sum(ROWS, []), []),
                                        (f"w{number}", list(reversed(sum(ROWS, []))),
                                         ["SET timestamp = 1000000000", "SET time_zone = '+05:00'"])):
            # Without the binlog: what is in it is the case's alone.
            server.execute("SET SESSION sql_log_bin = 0", f"CREATE DATABASE {database} CHARACTER SET utf8mb4", f"USE {database}",
                           *TABLES, *rows)
            before = content(server, database)
            error = run(server, database, statements, prelude)
            if database == self.schema:
                self.before, self.after, self.error = before, content(server, database), error
            else:
                self.twin, self.twin_error = content(server, database), error

    def changed(self, with_rows):
        """What another region would not have after the row events, or not have equal after the same statements; or None."""
        for table, rows in self.before.items():
            if table not in self.after:
                return f"{table} is gone"
            if f"{self.schema}.{table}" not in with_rows and without_new_columns(rows, self.after[table]) != rows:
                return f"rows of {table} changed from {rows} to {self.after[table]}"
        for table, rows in self.after.items():
            if table not in self.before and rows and f"{self.schema}.{table}" not in with_rows:
                return f"{table} came with {rows}"
        if self.after != self.twin:
            return f"another region has {self.twin}, and here is {self.after}"
        return None


@pytest.fixture(scope="module", params=KINDS)
def traced(request, module_folder):
    """Every case's trace, and what the probe says of the binlog: {schema: verdicts}, tables with row events."""
    options = ["--innodb-strict-mode=OFF"] if request.param == "mysql" else []
    with PlainServer(request.param, module_folder / request.param, server_id=4, options=options) as server:
        server.execute("CREATE DATABASE farshore", "CREATE TABLE farshore.progress (id INT NOT NULL PRIMARY KEY, n INT)",
                       "INSERT INTO farshore.progress VALUES (1, 1)")
        traces = [Trace(server, number, case) for number, case in cases(request.param)]
        lines = subprocess.run([PROBE, request.param, server.socket, "c*.*"], stdout=subprocess.PIPE, timeout=60,
                               check=True).stdout.decode(errors="replace").splitlines()
    verdicts, with_rows = {}, set()
    for line in lines:
        if line.startswith("rows "):
            with_rows.add(line.split(" ", 1)[1])
        elif match := STATEMENT.match(line):
            verdicts.setdefault(match[1], []).append((match[2], match[3]))
    assert lines[-1].startswith("end ") and "refused" not in lines[-1], lines[-1]
    return request.param, traces, verdicts, with_rows


def test_a_statement_that_changes_rows_without_row_events_never_passes(traced):
    kind, traces, verdicts, with_rows = traced
    wrong = []
    for trace in traces:
        said = verdicts.get(trace.schema, [])
        worst = max((verdict for verdict, _ in said), key=[PASSES, COMPARED, CHANGES, STOPS].index, default=UNLOGGED)
        if trace.error and trace.expected != REFUSED:
            wrong.append(f"{trace.statements} was refused: {trace.error}")
        elif trace.expected == REFUSED and not trace.error:
            wrong.append(f"{trace.statements} was not refused")
        elif trace.expected == REFUSED and worst not in (PASSES, UNLOGGED):
            wrong.append(f"{trace.statements} was refused, and {worst}: {said}")
        changed = trace.changed(with_rows)
        if changed and worst in (PASSES, COMPARED, UNLOGGED):
            wrong.append(f"{trace.statements} {worst}, and {changed}")
        elif trace.expected not in (worst, REFUSED) and (worst, trace.expected) != (UNLOGGED, PASSES):
            wrong.append(f"{trace.statements} {worst} instead of {trace.expected}: {said}")
    assert not wrong, f"{kind}:\n" + "\n".join(wrong)


def test_a_verdict_names_the_tables(traced):
    _, traces, verdicts, _ = traced
    for trace in traces:
        for verdict, rest in verdicts.get(trace.schema, []):
            named = rest.split(":", 1)[0]
            if verdict == CHANGES and trace.label != "dialects":
                assert trace.schema in named, f"{trace.statements}: {rest}"


def test_an_alter_in_two_phases_is_told_once(traced):
    """MariaDB logs its text when it begins, and again when it is done or has failed."""
    _, traces, verdicts, _ = traced
    for trace in traces:
        if TWO_PHASES in trace.statements:
            done = 0 if trace.error else len(trace.statements) - 1
            assert len(verdicts.get(trace.schema, [])) == done, f"{trace.statements}: {verdicts.get(trace.schema)}"


def test_the_page_has_the_same_verdicts():
    page = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) >= 4 and cells[2] in (PASSES, COMPARED, CHANGES, STOPS):
            page[cells[1].replace("`", "")] = cells[2]
    for label, verdict, *_ in CASES:
        if label != "dialects":
            assert label in page, f"the page has no row '{label}'"
        if label in page and verdict != REFUSED:
            assert page[label] == verdict or label.startswith("views"), f"'{label}' is {page[label]} in the page, and {verdict}"
