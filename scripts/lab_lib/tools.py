"""Where the programs are: what scripts/setup put into its cache, the system's, and Farshore's own build."""

import hashlib
import os
import shlex
import shutil
from functools import cache
from pathlib import Path

from . import account
from .errors import LabError

REPOSITORY = Path(__file__).resolve().parents[2]


def setup_environment_file() -> Path:
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "farshore"
    return Path(os.environ.get("FARSHORE_CACHE") or default).absolute() / "env.sh"


@cache
def setup_environment() -> dict:
    """The variables of $FARSHORE_CACHE/env.sh; variables of the caller win."""
    env_file = setup_environment_file()
    if not env_file.is_file():
        raise LabError(f"{env_file} is not there: run scripts/setup first (or set FARSHORE_CACHE to where it ran).")
    found = {}
    for line in env_file.read_text().splitlines():
        if line.startswith("export "):
            name, _, value = line[len("export "):].partition("=")
            found[name] = "".join(shlex.split(value))
    found.update({name: os.environ[name] for name in found if os.environ.get(name)})
    return found


def _cached(variable: str) -> Path | None:
    value = setup_environment().get(variable)
    if not value or not Path(value).is_dir():
        return None
    folder = Path(value)
    checksums = folder / ".sha256"
    stamp = hashlib.sha256(checksums.read_bytes()).hexdigest()[:12] if checksums.is_file() else "plain"
    return account.reachable_copy(folder, stamp)


def kafka_libs() -> Path:
    found = _cached("FARSHORE_KAFKA_LIBS")
    if not found:
        raise LabError("Kafka is not in the cache: run scripts/setup.")
    return found


def kafka_classes() -> Path | None:
    """The folder of the class archives, or None when set-up could not make them."""
    return _cached("FARSHORE_KAFKA_CLASSES")


def mysql_root() -> Path | None:
    """MySQL 9's folder, or None when set-up could not have it."""
    return _cached("FARSHORE_MYSQL_ROOT")


def system(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        raise LabError(f"'{name}' is not installed: run scripts/setup.")
    return found


def find_farshore_binary(name: str) -> Path | None:
    """`farshore` or `farshorectl`: in FARSHORE_BIN if that is set, else in the release build, else in the debug build."""
    chosen = os.environ.get("FARSHORE_BIN")
    folders = [Path(chosen)] if chosen else [REPOSITORY / "build" / preset for preset in ("release", "debug")]
    for folder in folders:
        for candidate in (folder / name, folder / "bin" / name, *sorted(folder.glob(f"services/*/{name}"))):
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
    return None


def farshore_binary(name: str) -> Path:
    found = find_farshore_binary(name)
    if not found:
        where = os.environ.get("FARSHORE_BIN") or "build/release or build/debug"
        raise LabError(
            f"'{name}' is not in {where}: build it (scripts/demo does; by hand, in {REPOSITORY}: "
            f"`. {setup_environment_file()} && cmake --preset release && ninja -C build/release farshore farshorectl`), or set "
            "FARSHORE_BIN to the folder of the binaries; `scripts/lab up --no-services` goes without."
        )
    status = found.stat()
    return account.reachable_copy(found.resolve(), f"{status.st_ino}-{status.st_mtime_ns}")
