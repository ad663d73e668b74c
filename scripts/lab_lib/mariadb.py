"""MariaDB of this Debian release: the system's binaries, a data folder of the lab's own."""

from pathlib import Path

from . import process, tools
from .database import Database
from .waiting import Cancellation


class Mariadb(Database):
    kind = "mariadb"

    def program(self) -> list:
        return [tools.system("mariadbd")]

    def kind_settings(self) -> dict:
        return {
            "gtid-domain-id": self.number, "gtid-strict-mode": 1, "log-slave-updates": 1,
            "character-set-server": "utf8mb4", "collation-server": "utf8mb4_general_ci", "tmpdir": self.folder,
        }

    def initialise(self, folder: Path, cancellation: Cancellation):
        process.run([tools.system("mariadb-install-db"), "--no-defaults", f"--datadir={folder}", "--skip-test-db",
                     "--auth-root-authentication-method=normal", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"],
                    self.log, self.folder, cancellation)

    def executed_position(self) -> str:
        return self.query("SELECT @@GLOBAL.gtid_binlog_pos")[0][0]
