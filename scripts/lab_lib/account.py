"""Who the servers run as: the caller, or `nobody` when the caller is root."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .errors import LabError

UNUSED_COPY_SECONDS = 3600.0  # another lab may just be about to start from a copy that is younger


def runs_as_nobody() -> bool:
    return os.geteuid() == 0


def popen_identity() -> dict:
    """Arguments for subprocess that drop root."""
    if not runs_as_nobody():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def give(path: Path):
    """Hands a file or folder to the account that the servers run as."""
    if runs_as_nobody():
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def make_folder(path: Path, mode: int = 0o755) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    os.chmod(path, mode)
    give(path)
    return path


def write_file(path: Path, text: str, mode: int = 0o644):
    """Atomic, and owned by the servers' account before it has its content."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    give(new)
    os.replace(new, path)


def reachable(path: Path) -> bool:
    """Can the servers' account get to the path? Every folder above must let others pass."""
    if not runs_as_nobody():
        return True
    nobody = pwd.getpwnam("nobody")
    path = path.resolve()
    for folder in [path, *path.parents]:
        status = folder.stat()
        owned = status.st_uid == nobody.pw_uid and status.st_mode & 0o100
        if not (owned or status.st_mode & 0o001) and (folder != path or folder.is_dir()):
            return False
    return True


def require_reachable(folder: Path):
    if not reachable(folder):
        raise LabError(
            f"the lab's folder {folder} cannot be reached by the account 'nobody', which the servers run as when the "
            f"caller is root: choose another with --dir (for example under {tempfile.gettempdir()}), or run as another user."
        )


def reachable_copy(source: Path, stamp: str) -> Path:
    """The source itself when the servers' account can reach it, else a hard-linked (or real) copy in the temp folder.

    `stamp` names the content: a copy with another stamp is made anew, and earlier ones that nobody uses are removed.
    Root's home is private on most systems, and the cache and the build are often there.
    """
    if reachable(source):
        return source
    base = Path(tempfile.gettempdir()) / f"farshore-tools-{os.geteuid()}"
    base.mkdir(mode=0o755, exist_ok=True)
    status = base.lstat()
    if status.st_uid != os.geteuid() or not base.is_dir() or base.is_symlink():
        raise LabError(f"{base} belongs to somebody else: remove it, or set TMPDIR to another folder.")
    os.chmod(base, 0o755)
    target = base / f"{source.name}-{stamp}"
    if not target.exists():
        _remove_unused(base, source.name.partition("-")[0] + "-")
        with tempfile.TemporaryDirectory(dir=base) as work:
            copy = Path(work) / source.name
            linked = subprocess.run(["cp", "-alL", source, copy], stderr=subprocess.DEVNULL, check=False)
            if linked.returncode != 0:
                shutil.rmtree(copy, ignore_errors=True)
                subprocess.run(["cp", "-aL", source, copy], check=True)
            try:
                os.rename(copy, target)
            except OSError:  # another lab was first
                if not target.exists():
                    raise
    return target


def _remove_unused(base: Path, prefix: str):
    """Removes copies of that prefix, and what an interrupted copying left, which are old and which no process runs from."""
    used = _paths_in_use()
    for entry in base.iterdir():
        if not entry.name.startswith((prefix, "tmp")) or time.time() - entry.lstat().st_ctime < UNUSED_COPY_SECONDS:
            continue
        if any(str(entry) in text for text in used):
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _paths_in_use() -> list:
    """What every process has mapped, and the words that it was started with (a JVM reads its jars without mapping them)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("maps", "cmdline"):
            try:
                found.append((folder / name).read_bytes().decode(errors="replace"))
            except OSError:
                pass  # it has ended, or belongs to somebody else
    return found
