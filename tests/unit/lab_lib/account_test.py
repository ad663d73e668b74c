"""Copies of what the servers' account cannot reach: made once a content, and removed when they are old and unused."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lab_lib import account


@pytest.fixture
def copies(folder, monkeypatch):
    """The folder of the copies: nothing counts as reachable, and whatever is there is old."""
    monkeypatch.setattr(account, "reachable", lambda path: False)
    monkeypatch.setattr(account.tempfile, "gettempdir", lambda: str(folder))
    monkeypatch.setattr(account, "UNUSED_COPY_SECONDS", 0.0)
    return folder / f"farshore-tools-{os.geteuid()}"


@pytest.fixture
def program(folder):
    (folder / "private").mkdir()
    return Path(shutil.copy(shutil.which("sleep"), folder / "private" / "farshore"))


def names(copies):
    return sorted(entry.name for entry in copies.iterdir())


def test_a_content_is_copied_once(copies, program):
    copy = account.reachable_copy(program, "1")
    assert copy == copies / "farshore-1"
    assert account.reachable_copy(program, "1") == copy
    assert copy.read_bytes() == program.read_bytes()
    assert names(copies) == ["farshore-1"]


def test_a_new_content_removes_the_earlier_copy(copies, program):
    account.reachable_copy(program, "1")
    account.reachable_copy(program, "2")
    assert names(copies) == ["farshore-2"]


def test_an_earlier_version_in_a_folder_of_another_name_is_removed_too(copies, folder):
    for version in ("9.6.0", "9.7.4"):
        (folder / f"mysql-{version}" / "usr").mkdir(parents=True)
        account.reachable_copy(folder / f"mysql-{version}", "1")
    assert names(copies) == ["mysql-9.7.4-1"]


def test_copies_of_other_programs_stay(copies, program):
    account.reachable_copy(Path(shutil.copy(program, program.with_name("farshorectl"))), "1")
    account.reachable_copy(program, "1")
    assert names(copies) == ["farshore-1", "farshorectl-1"]


def test_a_young_copy_stays(copies, program, monkeypatch):
    monkeypatch.setattr(account, "UNUSED_COPY_SECONDS", 3600.0)
    account.reachable_copy(program, "1")
    account.reachable_copy(program, "2")
    assert names(copies) == ["farshore-1", "farshore-2"]


def test_a_copy_that_a_process_runs_from_stays(copies, program):
    with subprocess.Popen([account.reachable_copy(program, "1"), "600"]) as running:
        try:
            account.reachable_copy(program, "2")
            assert names(copies) == ["farshore-1", "farshore-2"]
        finally:
            running.kill()
    account.reachable_copy(program, "3")
    assert names(copies) == ["farshore-3"]


def test_what_an_interrupted_copying_left_is_removed(copies, program):
    (copies / "tmpabcdef").mkdir(parents=True)
    account.reachable_copy(program, "1")
    assert names(copies) == ["farshore-1"]


def test_the_age_of_a_copy_is_that_of_the_copy_not_of_its_content(copies, program, monkeypatch):
    os.utime(program, (0, 0))
    monkeypatch.setattr(account, "UNUSED_COPY_SECONDS", 60.0)
    account.reachable_copy(program, "1")
    assert time.time() - (copies / "farshore-1").stat().st_mtime > 60
    account.reachable_copy(program, "2")
    assert names(copies) == ["farshore-1", "farshore-2"]
