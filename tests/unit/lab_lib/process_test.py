"""A process is a pid and a start: no other one is ever signalled, and one that has ended is seen to have."""

import os
import platform
import signal
import subprocess
import sys

import pytest

from lab_lib import LabError, process
from lab_lib.process import Process, start_token
from wait import eventually

EXIT_ONE_THREAD = {"x86_64": 60, "aarch64": 93}  # the system call `exit`, which ends the calling thread alone
LEADER_ENDS_FIRST = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
print("up", flush=True)
ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)
"""


@pytest.fixture
def start():
    """Starts a program that says "up" when it has begun: start("python", "-c", "..."). It is gone after the test."""
    made = []

    def begin(*words):
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        made.append(child)
        assert child.stdout.readline() == "up\n"
        return child

    yield begin
    for child in made:
        child.kill()  # does nothing to one that was collected
        child.wait()
        child.stdin.close()
        child.stdout.close()


@pytest.fixture
def child(start):
    """Lives until its standard input is closed."""
    return start("sh", "-c", "echo up; read line")


def is_there(child):
    """Asks the kernel, without collecting an ended child."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def wait_for_end(child):
    """Until it is a zombie; does not collect it."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


def state_letter(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_a_running_process_keeps_its_token(child):
    token = start_token(child.pid)
    assert token and start_token(child.pid) == token
    assert Process(child.pid, token).alive()


def test_another_process_has_another_token(child):
    assert start_token(child.pid) != start_token(os.getpid())


def test_the_program_s_name_does_not_confuse_the_token(start, folder):
    program = folder / "a) Z 1 (b"
    program.write_text("#!/bin/sh\necho up\nread line\n")
    program.chmod(0o755)
    renamed = start(str(program))
    plain = start("sh", "-c", "echo up; read line")
    boot, started = start_token(renamed.pid).split(":")
    plain_boot, plain_started = start_token(plain.pid).split(":")
    assert boot == plain_boot
    assert int(started) <= int(plain_started)


def test_a_pid_that_nobody_has_has_no_token(child):
    child.stdin.close()
    child.wait()
    assert start_token(child.pid) is None


def test_a_zombie_counts_as_ended(child):
    token = start_token(child.pid)
    child.stdin.close()
    wait_for_end(child)
    assert state_letter(child.pid) == "Z"
    assert start_token(child.pid) is None
    assert not Process(child.pid, token).alive()


def test_a_process_whose_first_thread_has_ended_is_there_until_the_last_one_has(start):
    child = start(sys.executable, "-c", LEADER_ENDS_FIRST, str(EXIT_ONE_THREAD[platform.machine()]))
    token = start_token(child.pid)
    eventually("the first thread ends", lambda: state_letter(child.pid) == "Z")
    assert Process(child.pid, token).alive()
    child.stdin.close()
    wait_for_end(child)
    assert not Process(child.pid, token).alive()


def test_a_record_brings_the_process_back(child):
    found = Process(child.pid, start_token(child.pid))
    again = Process.from_record(found.record())
    assert (again.pid, again.token) == (found.pid, found.token)
    assert Process.from_record(None) is None


def test_a_pid_of_another_token_is_never_signalled(child):
    earlier = Process(child.pid, start_token(child.pid)[:-1] + "x")
    assert not earlier.alive()
    assert not earlier.send(signal.SIGKILL)
    earlier.kill()
    assert earlier.stop(timeout=5)
    assert is_there(child)
    child.communicate("\n")
    assert child.returncode == 0  # it ended by itself, not by a signal


def test_a_process_of_an_earlier_boot_is_never_signalled(child):
    _, started = start_token(child.pid).split(":")
    assert not Process(child.pid, f"00000000:{started}").send(signal.SIGKILL)
    assert is_there(child)


def test_a_signal_arrives_and_says_so(child):
    assert Process(child.pid, start_token(child.pid)).send(signal.SIGHUP)
    wait_for_end(child)
    assert child.wait() == -signal.SIGHUP


def test_a_signal_to_an_ended_process_says_that_nobody_was_there(child):
    found = Process(child.pid, start_token(child.pid))
    child.stdin.close()
    wait_for_end(child)
    assert not found.send(signal.SIGHUP)


def test_kill_returns_when_the_process_is_gone(child):
    found = Process(child.pid, start_token(child.pid))
    found.kill()
    assert start_token(child.pid) is None
    assert not found.send(signal.SIGKILL)


def test_stop_asks_and_says_that_it_was_enough(child):
    found = Process(child.pid, start_token(child.pid))
    assert found.stop(timeout=30) is True
    assert not found.alive()


def test_stop_kills_what_does_not_listen_and_says_so(start):
    child = start("sh", "-c", "trap '' TERM; echo up; read line")
    found = Process(child.pid, start_token(child.pid))
    assert found.stop(timeout=0.1) is False
    assert not found.alive()


def test_a_paused_process_is_alive_and_can_be_stopped(child):
    found = Process(child.pid, start_token(child.pid))
    assert not found.paused()
    assert found.send(signal.SIGSTOP)
    eventually("the process is paused", found.paused)
    assert found.alive()
    assert found.stop(timeout=30) is True
    assert not found.alive()
    assert not found.paused()


def test_a_spawned_process_is_known_and_writes_to_its_log(folder):
    log = folder / "log" / "words.log"
    found = process.spawn(["sh", "-c", "echo $WORD; echo oops >&2; exec sleep 600"], log, folder, {"WORD": "hello"})
    try:
        eventually("both words are in the log", lambda: log.read_text() == "hello\noops\n")
        assert found.alive()
    finally:
        found.kill()
    assert not found.alive()


def test_a_spawned_process_that_ends_by_itself_has_ended(folder):
    found = process.spawn(["true"], folder / "true.log", folder)
    eventually("it has ended", lambda: not found.alive())
    assert not found.send(signal.SIGKILL)


def test_a_program_that_is_not_there_is_an_error_with_its_name(folder):
    with pytest.raises(LabError, match="^no-such-program could not be started"):
        process.spawn(["no-such-program"], folder / "x.log", folder)
