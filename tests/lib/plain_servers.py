"""Throw-away database servers without anything of Farshore around them: yardsticks, and cases that need odd options.

A server runs as the caller, or as nobody when the caller is root. Its data directory is its own.
"""

import pathlib
import shutil
import signal
import subprocess

from lab_lib import account, ports, tools
from sql import Database
from wait import eventually

COMMON = ["--skip-name-resolve", "--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-image=FULL",
          "--binlog-row-metadata=FULL", "--character-set-server=utf8mb4"]
MYSQL = ["--mysqlx=0", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--secure-file-priv=NULL"]
MARIADB = ["--gtid-strict-mode=1", "--log-slave-updates=1"]


def free_port():
    """Not of the range that outgoing connections take: it may be used long after this."""
    return ports.choose(set())


def mysql_command():
    root = tools.mysql_root()
    lib = next((root / "usr/lib").glob("*-linux-gnu"))
    loader = next(lib.glob("ld-linux-*.so.*"))
    return [str(loader), "--library-path", str(lib), str(root / "usr/sbin/mysqld"), "--no-defaults",
            f"--lc-messages-dir={root}/usr/share/mysql", f"--character-sets-dir={root}/usr/share/mysql/charsets",
            f"--plugin-dir={root}/usr/lib/mysql/plugin"]


class PlainServer(Database):
    def __init__(self, kind, directory, server_id=1, options=()):
        self.directory = pathlib.Path(directory)
        super().__init__(self.directory.name, kind, str(self.directory / "s.sock"), "127.0.0.1", free_port())
        self.options = list(options)
        self.server_id = server_id
        self.process = None
        self.make_data_directory()

    @property
    def data(self):
        return self.directory / "data"

    def tmpdir(self):
        """Of its own: a server that starts deletes the temporary tables that it finds there."""
        return f"--tmpdir={self.directory}"

    def make_data_directory(self):
        if self.data.exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        account.give(self.directory)
        if self.server == "mysql":
            command = mysql_command() + ["--initialize-insecure", f"--datadir={self.data}"]
        else:
            command = [shutil.which("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}",
                       "--auth-root-authentication-method=normal", "--skip-test-db"]
        with open(self.directory / "install.log", "wb") as log:
            subprocess.run(command + [self.tmpdir()], check=True, stdout=log, stderr=log, **account.popen_identity())

    def command(self):
        if self.server == "mysql":
            start = mysql_command() + COMMON + MYSQL
        else:
            start = [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults"] + COMMON + MARIADB
        return start + [f"--datadir={self.data}", f"--socket={self.socket}", f"--port={self.port}",
                        "--bind-address=127.0.0.1", f"--server-id={self.server_id}",
                        f"--pid-file={self.directory}/pid", self.tmpdir()] + self.options

    def start(self, timeout_s=60):
        log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.directory, **account.popen_identity())
        try:
            eventually(f"{self.name} answers", self.answers, timeout_s,
                       explain=lambda: (self.directory / "log").read_text(errors="replace")[-1500:])
        except BaseException:  # nobody else knows of it yet
            self.kill()
            raise
        return self

    @property
    def pid(self):
        return self.process.pid

    def stop(self, with_signal=signal.SIGTERM):
        if self.process:
            self.process.send_signal(with_signal)
            self.process.wait(60)
            self.process = None

    def kill(self):
        self.stop(signal.SIGKILL)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
