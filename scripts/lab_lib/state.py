"""What a lab remembers in its folder: one JSON file, written atomically, shared by every process that uses the lab."""

import fcntl
import json
import os
import threading
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError

FILE_NAME = "lab.json"
NEW_FILE_NAME = FILE_NAME + ".new"
LOCK_NAMES = (".state.lock", ".lock")  # of a change, of `up` and `down`
FORMAT = 1


class State:
    """Plain nested dicts: regions, ports, passwords, processes, settings. Safe between threads and between processes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._mutex = threading.RLock()
        self._depth = 0  # nested changed() blocks of the thread that holds the mutex
        self._forget()

    @property
    def path(self) -> Path:
        return self.folder / FILE_NAME

    def exists(self) -> bool:
        return self.path.is_file()

    @property
    def data(self) -> dict:
        """For reading only; follows what other processes write."""
        with self._mutex:
            if self._depth == 0:
                self._refresh()
            return self._data

    @contextmanager
    def changed(self):
        """Yields the newest data to change; writes it at the end of the outermost block."""
        with self._mutex:
            if self._depth:
                yield self._data
                return
            with open(self.folder / LOCK_NAMES[0], "w", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._refresh()
                self._depth += 1
                try:
                    yield self._data
                    self._save()
                except BaseException:
                    self._forget()  # half changed: read it again
                    raise
                finally:
                    self._depth -= 1

    def _forget(self):
        self._data = {"format": FORMAT, "processes": {}, "ports": {}, "passwords": {}}
        self._seen = None  # the file that _data came from

    def _refresh(self):
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return
        seen = (status.st_ino, status.st_mtime_ns)
        if seen == self._seen:
            return
        try:
            found = json.loads(self.path.read_text())
        except ValueError as error:
            raise LabError(f"{self.path} is not readable ({error}): {self._mend()}") from error
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise LabError(f"{self.path} is of another version of the lab: {self._mend()}")
        self._data, self._seen = found, seen

    def _mend(self) -> str:
        return f"remove the folder {self.folder} if it is a lab's, or name another one with --dir."

    def _save(self):
        new = self.path.with_name(NEW_FILE_NAME)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self._data, file, indent=1)
        os.replace(new, self.path)
        status = self.path.stat()
        self._seen = (status.st_ino, status.st_mtime_ns)


@contextmanager
def locked(folder: Path):
    """One `up` or `down` at a time in a folder; a second one is refused with a sentence."""
    with open(folder / LOCK_NAMES[1], "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LabError(f"another scripts/lab is working in {folder}: wait until it has finished.") from error
        yield
