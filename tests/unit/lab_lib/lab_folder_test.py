"""A lab takes a new or empty folder, or its own; what is not its own is neither changed nor removed."""

import os
import stat

import pytest

from lab_lib import Lab, LabError, account, lab, lab_folder
from lab_lib.state import State


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch):
    monkeypatch.setattr(lab, "start_all", lambda *_, **__: None)
    monkeypatch.setattr(Lab, "_init_schema", lambda self: None)


@pytest.fixture
def given(monkeypatch):
    """What was handed to the account of the servers."""
    found = []
    monkeypatch.setattr(account, "give", found.append)
    return found


def up(folder, **asked):
    found = Lab(folder)
    found.up(**{"server": "mariadb", "with_services": False, **asked})
    return found


def refusal(folder):
    with pytest.raises(LabError, match="--dir") as refused:
        up(folder)
    assert refused.value.exit_code == 2 and str(folder) in str(refused.value)
    return str(refused.value)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_is_not_there_is_made(folder):
    up(folder / "a" / "b")
    assert (folder / "a" / "b" / "lab.json").is_file()


def test_an_empty_folder_of_the_caller_s_is_taken(folder):
    (folder / "lab").mkdir(mode=0o700)
    up(folder / "lab")
    assert mode(folder / "lab") == 0o755


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(folder, given):
    mine = folder / "mine"
    mine.mkdir(mode=0o700)
    (mine / "precious").write_text("x")
    assert "(precious)" in refusal(mine)
    assert mode(mine) == 0o700 and os.listdir(mine) == ["precious"]
    assert given == []
    Lab(mine).down(purge=True)
    assert (mine / "precious").read_text() == "x"


@pytest.mark.parametrize("special", [0o1777, 0o777, 0o2755])
def test_an_empty_folder_that_others_use_too_keeps_its_owner_and_its_mode(folder, given, special):
    shared = folder / "shared"
    shared.mkdir()
    shared.chmod(special)
    up(shared)
    assert mode(shared) == special
    assert shared not in given


def test_an_empty_folder_of_somebody_else_keeps_its_owner_and_its_mode(folder, given, monkeypatch):
    theirs = folder / "theirs"
    theirs.mkdir(mode=0o775)
    theirs.chmod(0o775)
    caller = os.geteuid()
    with monkeypatch.context() as patch:
        patch.setattr(lab_folder.os, "geteuid", lambda: caller + 1)
        patch.setattr(account, "reachable", lambda path: True)
        lab_folder.make(theirs)
    assert mode(theirs) == 0o775
    assert given == []


def test_what_a_refused_up_left_is_no_obstacle(folder):
    with pytest.raises(LabError, match="no region's name"):
        up(folder / "lab", regions=["East"])
    assert (folder / "lab" / ".lock").exists()
    up(folder / "lab")


def test_the_lab_s_own_folder_is_taken_again_whatever_else_is_in_it(folder):
    up(folder / "lab")
    (folder / "lab" / "notes").write_text("x")
    up(folder / "lab")


def test_a_file_is_no_folder(folder):
    (folder / "file").write_text("x")
    assert "Not a directory" in refusal(folder / "file")


def test_purge_removes_all_of_a_lab(folder):
    found = up(folder / "lab")
    (folder / "lab" / "east" / "db").mkdir(parents=True)
    (folder / "lab" / "mirror").mkdir(exist_ok=True)
    found.down(purge=True)
    assert os.listdir(folder) == []
    assert not found.state.exists()


def test_purge_leaves_what_the_lab_has_not_made(folder):
    found = up(folder / "lab")
    for name in ("notes", "east2"):
        (folder / "lab" / name).mkdir()
    (folder / "lab" / "list").write_text("x")
    found.down(purge=True)
    assert sorted(os.listdir(folder / "lab")) == ["east2", "list", "notes"]
    assert "holds no lab" in refusal(folder / "lab")


def test_purge_follows_no_link(folder):
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    found = up(folder / "lab", regions=["east", "west"])
    (folder / "lab" / "mirror").symlink_to(elsewhere)
    found.down(purge=True)
    assert (elsewhere / "precious").exists()
    assert not (folder / "lab").exists()


def test_a_folder_without_a_lab_is_not_purged(folder):
    (folder / "east").mkdir()
    Lab(folder).down(purge=True)
    assert (folder / "east").is_dir()


@pytest.mark.parametrize("text", ['{"name": "of another program"}', "[]", "x"])
def test_a_lab_json_of_something_else_is_not_purged(folder, text):
    (folder / "lab.json").write_text(text)
    (folder / "east").mkdir()
    with pytest.raises(LabError, match="name another one with --dir"):
        Lab(folder).down(purge=True)
    assert (folder / "east").is_dir() and State(folder).path.read_text() == text
