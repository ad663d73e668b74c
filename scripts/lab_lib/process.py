"""A started process: its identity (a pid alone is not one), its signals, its end."""

import os
import signal
import subprocess
import time
from pathlib import Path

from . import account
from .errors import LabError
from .waiting import Cancellation, wait_for


def start_token(pid: int) -> str | None:
    """What tells this process from a later one with the same pid: boot and start time. None if it is gone or a zombie."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, threads, started = fields[0], int(fields[17]), fields[19]
    ended = state in "ZX" and threads <= 1  # with more, others of its threads still hold its files and sockets
    return None if ended else f"{boot}:{started}"


class Process:
    """A record of a process that the lab started, perhaps in an earlier run of the lab. Never signals any other one."""

    def __init__(self, pid: int, token: str):
        self.pid = pid
        self.token = token

    @classmethod
    def from_record(cls, record: dict | None):
        return cls(record["pid"], record["token"]) if record else None

    def record(self) -> dict:
        return {"pid": self.pid, "token": self.token}

    def alive(self) -> bool:
        _reap(self.pid)
        return start_token(self.pid) == self.token

    def paused(self) -> bool:
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
        except OSError:
            return False

    def send(self, number: int) -> bool:
        """False when the process is not there any more."""
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        if self.send(signal.SIGKILL):
            wait_for(lambda: not self.alive(), 30, f"process {self.pid} does not end after SIGKILL", Cancellation())

    def stop(self, timeout: float) -> bool:
        """SIGTERM (also to a paused process), then SIGKILL after `timeout` seconds. False if it had to be killed."""
        if not self.send(signal.SIGTERM):
            return True
        self.send(signal.SIGCONT)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.alive():
                return True
            time.sleep(0.02)
        self.kill()
        return False


def _reap(pid: int):
    """Collects our own child if it has ended; a child of an earlier run is init's to collect."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def spawn(argv: list, log: Path, folder: Path, environment: dict | None = None) -> Process:
    """Starts a server in a session of its own, as the servers' account, with its output appended to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        account.give(log)
        try:
            child = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                env={**os.environ, **(environment or {})}, start_new_session=True, **account.popen_identity())
        except OSError as error:
            raise LabError(f"{argv[0]} could not be started: {error}") from error
    child.returncode = 0  # the lab keeps the pid itself; Popen must not warn about it
    token = start_token(child.pid) or "ended"
    return Process(child.pid, token)


RUN_LINES = 15


def run(argv: list, log: Path, folder: Path, cancellation: Cancellation, environment: dict | None = None):
    """Runs a helper program to its end as the servers' account; LabError with what it said when it fails."""
    program = Path(str(argv[0])).name
    with subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", cwd=folder, env={**os.environ, **(environment or {})}, start_new_session=True,
            **account.popen_identity()) as child:
        output = None
        while output is None:
            try:
                output = child.communicate(timeout=0.2)[0]
            except subprocess.TimeoutExpired:
                if cancellation.cancelled():
                    os.killpg(child.pid, signal.SIGKILL)
                    child.communicate()
                    cancellation.check()
    with open(log, "a", encoding="utf-8") as file:
        account.give(log)
        file.write(output)
    if child.returncode != 0:
        lines = output.splitlines()
        begin = max(0, len(lines) - RUN_LINES)  # its errors may stand far above a long farewell
        told = [line for line in lines[:begin] if "ERROR" in line][:RUN_LINES] + lines[begin:]
        raise LabError(f"{program} failed with {child.returncode}; its errors and the end of its output:\n"
                       + "\n".join("    " + line for line in told))
    return output


def tail(log: Path, lines: int = 12) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16384))
            return "\n".join("    " + line for line in file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return "    (no log)"


def run_client(argv: list, file: Path) -> str:
    """Feeds a file to a command line client. Empty when it went well, else its complaint."""
    with open(file, "rb") as statements:
        done = subprocess.run([str(word) for word in argv], stdin=statements, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"the client failed with {done.returncode}")
