"""Waiting for a condition with a deadline. Tests never sleep for a guessed time."""

import time

POLL_SECONDS = 0.05


class Timeout(AssertionError):
    """The condition did not come true before the deadline."""


def eventually(what, condition, timeout_s=30.0, poll_s=POLL_SECONDS, explain=None):
    """Calls condition() until it returns something true, and returns that. An exception of condition is not caught.

    explain() is asked for one more sentence when the deadline has passed.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            more = f": {explain()}" if explain else ""
            raise Timeout(f"not within {timeout_s:g} s: {what}{more}")
        time.sleep(poll_s)


def holds_for(what, condition, seconds, poll_s=POLL_SECONDS):
    """Asserts that condition() stays true for so long: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"did not hold for {seconds:g} s: {what}"
        time.sleep(poll_s)
