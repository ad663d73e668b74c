"""A region's database server: what MySQL and MariaDB have in common. See mysql.py and mariadb.py for what they have not."""

import hashlib
import re
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import pymysql

from . import account, process, tools
from .component import Component
from .errors import LabError
from .state import State
from .waiting import Cancellation

SQL_FOLDER = tools.REPOSITORY / "schemas" / "sql"
SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes; servers add suffixes
ANSWER_SECONDS = 5.0  # a server that does not answer a small question in this time is not there
APP_USER = "app"
ACCOUNTS = ("capture", "apply", "gate", "ctl")
APP_RIGHTS = ("SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, CREATE VIEW, SHOW VIEW, "
              "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE ROUTINE, ALTER ROUTINE")
# Databases of these names are the application's from the beginning; any other one when the lab sees it.
APP_DATABASE_PATTERNS = ("app%", "shop%", "test%", "bench%", "sbtest%")
SCHEMA_PLACE = "<schema>"   # in schemas/sql/grants.*.sql
SYSTEM_DATABASES = {"mysql", "sys", "information_schema", "performance_schema", "farshore"}


class Database(Component):
    """Settings come from `settings()` in this order: common, the kind's, durability, --db-set."""

    kind = ""
    ready_timeout = 120.0
    stop_timeout = 60.0

    def __init__(self, region: str, number: int, folder: Path, state: State):
        super().__init__(f"{region}.db", folder, state)
        self.region = region
        self.number = number  # unique in the lab: server id, GTID domain
        self.data = folder / "data"
        self.config_file = folder / "my.cnf"
        self.tables_file: Path | None = None

    # --- what each kind defines
    def program(self) -> list:
        raise NotImplementedError

    def kind_settings(self) -> dict:
        raise NotImplementedError

    def initialise(self, folder: Path, cancellation: Cancellation):
        """Makes a data folder with root@localhost without password."""
        raise NotImplementedError

    def executed_position(self) -> str:
        """Where this server's own binlog ends now, as the progress table writes positions."""
        raise NotImplementedError

    # --- component
    @property
    def socket(self) -> Path:
        wanted = self.folder / "db.sock"
        if len(str(wanted)) <= SOCKET_PATH_MAX:
            return wanted
        short = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return account.make_folder(Path(tempfile.gettempdir()) / f"farshore-sock-{short}") / "db.sock"

    def settings(self) -> dict:
        common = {
            "datadir": self.data, "socket": self.socket, "port": self.port("sql"), "bind-address": "127.0.0.1",
            "pid-file": self.folder / "db.pid", "log-error": self.log, "skip-name-resolve": 1,
            "server-id": 100 + self.number, "log-bin": "binlog", "binlog-format": "ROW", "binlog-row-image": "FULL",
            "binlog-row-metadata": "FULL", "sync-binlog": 1, "innodb-flush-log-at-trx-commit": 1,
            "innodb-buffer-pool-size": "128M", "max-allowed-packet": "64M", "max-connections": 300,
            "log-bin-trust-function-creators": 1,
            # Ids that two regions make are never the same.
            "auto-increment-increment": 16, "auto-increment-offset": self.number, "tmpdir": self.folder,
        }
        durability = {"sync-binlog": 0, "innodb-flush-log-at-trx-commit": 2} if self.state.data.get("fast") else {}
        chosen = self.state.data.get("db_settings", {})
        return {**common, **self.kind_settings(), **durability, **chosen.get("", {}), **chosen.get(self.region, {})}

    def own_tmpdir(self) -> str:
        """A server that starts deletes the temporary tables that it finds in its tmpdir, also another's in /tmp."""
        return f"--tmpdir={self.folder}"

    def prepare(self, cancellation: Cancellation):
        lines = [f"{name} = {value}" if value != "" else name for name, value in self.settings().items()]
        account.write_file(self.config_file, "# Written by scripts/lab at every start.\n[mysqld]\n" + "\n".join(lines) + "\n")
        if not self.data.exists():
            fresh = self.folder / "data.new"
            shutil.rmtree(fresh, ignore_errors=True)
            account.make_folder(fresh, 0o750)
            self.initialise(fresh, cancellation)
            fresh.rename(self.data)

    def command(self) -> list:
        program = self.program()
        return [*program, f"--defaults-file={self.config_file}"]

    def is_ready(self) -> bool:
        if not self.socket.exists():
            return False
        try:
            with closing(self.connect(read_timeout=ANSWER_SECONDS)):
                return True
        except (pymysql.MySQLError, OSError):
            return False

    def unready_reason(self) -> str:
        return f" (socket {self.socket})"

    def after_ready(self, cancellation: Cancellation):
        version = self.version()
        with self.state.changed() as data:
            data.setdefault("versions", {})[self.key] = version
        self._create_accounts()
        self._create_application_database()

    # --- use
    def connect(self, user: str = "root", password: str = "", database: str | None = None,
                read_timeout: float | None = None):
        """A pymysql connection, autocommit on. root comes over the socket, everybody else over TCP."""
        address = ({"unix_socket": str(self.socket)} if user == "root" else
                   {"host": "127.0.0.1", "port": self.port("sql")})
        return pymysql.connect(user=user, password=password, database=database, autocommit=True, charset="utf8mb4",
                               connect_timeout=ANSWER_SECONDS, read_timeout=read_timeout, **address)

    def query(self, statement: str, arguments=None, read_timeout: float | None = None) -> list:
        """Rows as tuples; as root. Without read_timeout a paused server is waited for without end."""
        with closing(self.connect(read_timeout=read_timeout)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())

    def client_command(self, *options: str) -> list:
        """Debian's command line client on this server, as root."""
        return [tools.system("mariadb"), "--no-defaults", f"--socket={self.socket}", "--user=root",
                "--default-character-set=utf8mb4", *options]

    def load(self, file: Path):
        """Runs a file of statements (DELIMITER and comments as the client knows them), then sees to the app's rights."""
        done = process.run_client(self.client_command(), file)
        if done:
            raise LabError(f"{self.key}: {file}: {done}")
        self.grant_app()

    def version(self) -> str:
        return self.query("SELECT @@version", read_timeout=ANSWER_SECONDS)[0][0].split("-")[0]

    # --- accounts
    def _create_accounts(self):
        """The statements of schemas/sql/grants.<kind>.sql, which docs/operating/grants.md explains. Not in the binlog."""
        passwords = self.state.data["passwords"]
        text = (SQL_FOLDER / f"grants.{self.kind}.sql").read_text()
        for name in ACCOUNTS:
            text = text.replace(f"'<{name} password>'", _quoted(passwords[name]))
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            for statement in for_schemas(split_statements(text), APP_DATABASE_PATTERNS):
                cursor.execute(statement)
            cursor.execute(f"CREATE USER IF NOT EXISTS '{APP_USER}'@'%%' IDENTIFIED BY %s", (passwords[APP_USER],))
            for pattern in APP_DATABASE_PATTERNS:
                cursor.execute(f"GRANT {APP_RIGHTS} ON `{pattern}`.* TO '{APP_USER}'@'%'")

    def grant_app(self):
        """Gives the application, and Farshore's accounts, their rights on databases that appeared since."""
        grants = split_statements((SQL_FOLDER / f"grants.{self.kind}.sql").read_text())
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            cursor.execute("SHOW DATABASES")
            known = tuple(pattern.rstrip("%") for pattern in APP_DATABASE_PATTERNS)
            for (name,) in cursor.fetchall():
                if name not in SYSTEM_DATABASES and not name.startswith(known):
                    escaped = name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%").replace("`", "``")
                    cursor.execute(f"GRANT {APP_RIGHTS} ON `{escaped}`.* TO '{APP_USER}'@'%'")
                    for statement in for_schemas([one for one in grants if SCHEMA_PLACE in one], [escaped]):
                        cursor.execute(statement)

    def _create_application_database(self):
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4")

    def create_farshore_schema(self):
        """What `farshorectl init` creates, from the same file; for a lab without services."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in split_statements((SQL_FOLDER / "farshore.sql").read_text()):
                cursor.execute(statement)


def split_statements(text: str) -> list:
    """The statements of our own SQL files: comments are whole lines, and a statement ends with `;` at a line's end."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", "\n".join(lines)) if part.strip()]


def for_schemas(statements: list, schemas) -> list:
    """The statements of schemas/sql/grants.*.sql, those of application schemas once for each schema (a grant's pattern)."""
    return [statement.replace(SCHEMA_PLACE, schema) for statement in statements
            for schema in (schemas if SCHEMA_PLACE in statement else ("",))]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
