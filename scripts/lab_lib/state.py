"""What a lab remembers in its folder: one JSON file, written atomically."""

import fcntl
import json
import os
import threading
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError

FILE_NAME = "lab.json"
FORMAT = 1


class State:
    """Plain nested dicts in `data`: regions, ports, accounts, processes, settings. Shared by the threads of one run."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.mutex = threading.RLock()
        self.data = {"format": FORMAT, "processes": {}, "ports": {}, "passwords": {}}
        self._read()

    @property
    def path(self) -> Path:
        return self.folder / FILE_NAME

    def exists(self) -> bool:
        return self.path.is_file()

    def _read(self):
        if not self.exists():
            return
        try:
            self.data = json.loads(self.path.read_text())
        except ValueError as error:
            raise LabError(f"{self.path} is not readable ({error}): remove the folder {self.folder}.") from error
        if self.data.get("format") != FORMAT:
            raise LabError(f"{self.path} is of another version of the lab: remove the folder {self.folder}.")

    def save(self):
        with self.mutex:
            new = self.path.with_name(FILE_NAME + ".new")
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(self.data, file, indent=1)
            os.replace(new, self.path)

    @contextmanager
    def changed(self):
        with self.mutex:
            yield self.data
            self.save()


@contextmanager
def locked(folder: Path):
    """One changing command at a time in a folder; a second one is refused with a sentence."""
    with open(folder / ".lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LabError(f"another scripts/lab is working in {folder}: wait until it has finished.") from error
        yield
