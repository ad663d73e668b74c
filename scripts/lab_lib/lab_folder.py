"""A lab's folder: made where nothing else is, and removed without what is not the lab's."""

import os
import shutil
import stat
from pathlib import Path

from . import account
from .errors import LabError
from .state import FILE_NAME, LOCK_NAMES, NEW_FILE_NAME

SHARED_FOLDERS = ("mirror", "secrets")  # those beside the regions' own
MEND = "name a new or empty folder with --dir."


def make(folder: Path):
    """The folder of a new lab, or that of the lab which is there; LabError (exit code 2) when it holds something else."""
    try:
        if not folder.exists():
            account.require_reachable(next(parent for parent in folder.parents if parent.exists()))
            account.make_folder(folder)
        _require_ours(folder)
        if _is_plain_and_the_caller_s(folder):
            account.make_folder(folder)
    except OSError as error:
        raise LabError(f"{folder} cannot be a lab's folder ({error.strerror}): {MEND}", 2) from error
    account.require_reachable(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LabError(f"{folder} cannot be a lab's folder (it may not be written): {MEND}", 2)


def _require_ours(folder: Path):
    found = {entry.name for entry in folder.iterdir()} - {NEW_FILE_NAME, *LOCK_NAMES}
    # lab.json is looked for last: another lab that comes up here meanwhile writes it before anything else.
    if found and not (folder / FILE_NAME).is_file():
        raise LabError(f"{folder} holds no lab, but something else ({min(found)}): {MEND}", 2)


def _is_plain_and_the_caller_s(folder: Path) -> bool:
    """Others may use a folder that is not, like an empty /tmp: it keeps its owner and its mode."""
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_ISVTX | stat.S_ISGID | stat.S_IWOTH)


def remove(folder: Path, regions: list):
    """What a lab of these regions has made. The folder itself stays when something else is in it."""
    for name in (*regions, *SHARED_FOLDERS):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    # lab.json after all that it speaks of: who is killed here can still be cleared up after.
    for name in (NEW_FILE_NAME, FILE_NAME, *LOCK_NAMES):
        (folder / name).unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:
        pass  # something else is in it, or it is a link
