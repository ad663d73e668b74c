"""MariaDB of this Debian release: the system's binaries, a data folder of the lab's own."""

from contextlib import closing
from pathlib import Path

from . import process, tools
from .database import ANSWER_SECONDS, Database
from .waiting import Cancellation


class Mariadb(Database):
    kind = "mariadb"

    def program(self) -> list:
        return [tools.system("mariadbd")]

    def kind_settings(self) -> dict:
        return {
            "gtid-domain-id": self.number, "gtid-strict-mode": 1, "log-slave-updates": 1,
            "character-set-server": "utf8mb4", "collation-server": "utf8mb4_general_ci",
        }

    def initialise(self, folder: Path, cancellation: Cancellation):
        process.run([tools.system("mariadb-install-db"), "--no-defaults", f"--datadir={folder}", "--skip-test-db",
                     "--auth-root-authentication-method=normal", "--skip-name-resolve",
                     "--force",  # the machine's own name need not resolve
                     "--innodb-flush-log-at-trx-commit=0", self.own_tmpdir()],
                    self.log, self.folder, cancellation)

    def after_ready(self, cancellation: Cancellation):
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            cursor.execute("SELECT Host FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost'")
            for (host,) in cursor.fetchall():  # root without a password comes in by the socket alone
                cursor.execute("DROP USER %s@%s", ("root", host))
        super().after_ready(cancellation)

    def executed_position(self) -> str:
        return self.query("SELECT @@GLOBAL.gtid_binlog_pos", read_timeout=ANSWER_SECONDS)[0][0]
