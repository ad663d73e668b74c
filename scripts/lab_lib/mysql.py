"""MySQL 9 as scripts/setup unpacked it: run with its own loader and libraries, beside whatever the system has."""

from pathlib import Path

from . import process, tools
from .database import ANSWER_SECONDS, Database
from .errors import LabError
from .waiting import Cancellation


class Mysql(Database):
    kind = "mysql"

    def root(self) -> Path:
        found = tools.mysql_root()
        if not found:
            raise LabError("there is no MySQL in the cache (scripts/setup says why): use --server mariadb.")
        return found

    def program(self) -> list:
        libraries = next(iter(sorted(self.root().glob("usr/lib/*-linux-gnu"))))
        loader = next(iter(sorted(libraries.glob("ld-linux-*.so.*"))))
        return [loader, "--library-path", libraries, self.root() / "usr/sbin/mysqld"]

    def kind_settings(self) -> dict:
        share = self.root() / "usr/share/mysql"
        return {
            "gtid-mode": "ON", "enforce-gtid-consistency": "ON", "mysqlx": 0, "secure-file-priv": "NULL",
            "lc-messages-dir": share, "character-sets-dir": share / "charsets",
            "plugin-dir": self.root() / "usr/lib/mysql/plugin",
        }

    def initialise(self, folder: Path, cancellation: Cancellation):
        share = self.root() / "usr/share/mysql"
        process.run([*self.program(), "--no-defaults", "--initialize-insecure", f"--datadir={folder}",
                     f"--lc-messages-dir={share}", f"--character-sets-dir={share / 'charsets'}",
                     f"--plugin-dir={self.root() / 'usr/lib/mysql/plugin'}", "--secure-file-priv=NULL", "--mysqlx=0",
                     "--skip-log-bin", "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=0",
                     "--innodb-flush-method=nosync", "--innodb-doublewrite=OFF", self.own_tmpdir()],
                    self.log, self.folder, cancellation)

    def executed_position(self) -> str:
        return self.query("SELECT @@GLOBAL.gtid_executed", read_timeout=ANSWER_SECONDS)[0][0].replace("\n", "")
