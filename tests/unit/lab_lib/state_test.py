"""lab.json: whole after every end, the same for every process, and one `up` or `down` at a time."""

import json
import os
import subprocess
import sys
import threading

import pytest

from lab_lib import LabError, tools
from lab_lib import state as state_module
from lab_lib.state import State, locked

COUNT = """
from lab_lib.state import State
state = State(folder)
for _ in range(50):
    with state.changed() as data:
        data["count"] = data.get("count", 0) + 1
"""
DIE_WHILE_WRITING = """
import json, os
from lab_lib.state import State

def dump(data, file, **_):
    file.write('{"half": "' + 10000 * "x")  # longer than the whole of the next one
    file.flush()
    os._exit(9)

json.dump = dump
with State(folder).changed() as data:
    data["count"] = 2
"""


def in_another_process(folder, code):
    """Runs the code with `folder` set; the process."""
    begin = "import pathlib, sys\nsys.path.insert(0, sys.argv[1])\nfolder = pathlib.Path(sys.argv[2])\n"
    return subprocess.Popen([sys.executable, "-c", begin + code, str(tools.REPOSITORY / "scripts"), str(folder)])


def set_count(folder, count):
    with State(folder).changed() as data:
        data["count"] = count


def test_a_new_folder_has_no_lab_and_an_empty_state(folder):
    state = State(folder)
    assert not state.exists()
    assert state.data["processes"] == state.data["ports"] == state.data["passwords"] == {}
    assert list(folder.iterdir()) == []


def test_what_was_changed_is_there_for_the_next_one_who_looks(folder):
    set_count(folder, 1)
    assert State(folder).exists()
    assert State(folder).data["count"] == 1


def test_the_file_holds_passwords_and_is_its_owner_s_alone(folder):
    set_count(folder, 1)
    assert State(folder).path.stat().st_mode & 0o777 == 0o600


def test_a_change_by_another_is_seen_without_asking(folder):
    state = State(folder)
    for count in (1, 2):
        set_count(folder, count)
        assert state.data["count"] == count


def test_a_change_begins_with_the_newest(folder):
    state = State(folder)
    set_count(folder, 1)
    with state.changed() as data:
        assert data["count"] == 1


def test_a_change_within_a_change_is_written_with_the_outer_one(folder):
    state = State(folder)
    with state.changed() as data:
        data["count"] = 1
        with state.changed() as inner:
            inner["count"] += 1
        assert not state.exists()
        assert state.data["count"] == 2
    assert State(folder).data["count"] == 2


@pytest.mark.parametrize("before", [None, 1])
def test_a_change_that_fails_changes_nothing(folder, before):
    if before:
        set_count(folder, before)
    state = State(folder)
    with pytest.raises(KeyboardInterrupt), state.changed() as data:
        data["count"] = 2
        data["ports"]["east.db:sql"] = 15000
        raise KeyboardInterrupt
    for each in (state, State(folder)):
        assert each.data.get("count") == before
        assert each.data["ports"] == {}
    set_count(folder, 3)
    assert state.data["count"] == 3


def test_a_change_within_a_change_that_fails_fails_both(folder):
    state = State(folder)
    with pytest.raises(KeyError), state.changed() as data:
        data["count"] = 1
        with state.changed():
            raise KeyError
    assert not state.exists()
    assert "count" not in state.data


def test_an_interrupted_write_leaves_the_last_whole_state(folder, monkeypatch):
    set_count(folder, 1)
    state = State(folder)

    def interrupted(data, file, **_):
        file.write('{"half": "' + 10000 * "x")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(state_module.json, "dump", interrupted)
        with state.changed() as data:
            data["count"] = 2
    assert state.data["count"] == State(folder).data["count"] == 1
    set_count(folder, 3)
    assert json.loads(state.path.read_text())["count"] == 3


def test_a_process_that_dies_while_it_writes_leaves_the_last_whole_state_and_no_lock(folder):
    set_count(folder, 1)
    assert in_another_process(folder, DIE_WHILE_WRITING).wait() == 9
    assert State(folder).data["count"] == 1
    set_count(folder, 3)
    assert State(folder).data["count"] == 3


def test_no_change_is_lost_between_processes(folder):
    writers = [in_another_process(folder, COUNT) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert State(folder).data["count"] == 100


def test_no_change_is_lost_between_threads(folder):
    state = State(folder)

    def count():
        for _ in range(50):
            with state.changed() as data:
                data["count"] = data.get("count", 0) + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert State(folder).data["count"] == 200


def test_a_file_that_is_no_json_is_an_error_that_says_what_to_do(folder):
    State(folder).path.write_text('{"format": 1, "cou')
    with pytest.raises(LabError, match="not readable.*remove the folder"):
        _ = State(folder).data


def test_a_file_of_another_version_is_an_error_that_says_what_to_do(folder):
    State(folder).path.write_text('{"format": 0}')
    with pytest.raises(LabError, match="another version.*remove the folder"):
        _ = State(folder).data


def test_a_folder_is_locked_for_one_at_a_time(folder):
    with locked(folder):
        with pytest.raises(LabError, match="another scripts/lab is working in") as refused, locked(folder):
            pass
        assert str(folder) in str(refused.value)
    with locked(folder):
        pass


def test_a_failure_unlocks_the_folder(folder):
    with pytest.raises(KeyboardInterrupt), locked(folder):
        raise KeyboardInterrupt
    with locked(folder):
        pass


def test_the_end_of_a_process_unlocks_the_folder(folder):
    holder = in_another_process(folder, "import os\nfrom lab_lib.state import locked\nwith locked(folder):\n    os._exit(9)\n")
    assert holder.wait() == 9
    assert os.path.exists(folder / ".lock")
    with locked(folder):
        pass
