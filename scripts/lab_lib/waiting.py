"""Waiting for a condition with a deadline; never for a guess of how long something takes."""

import signal
import threading
import time

from .errors import Cancelled, LabError

POLL_SECONDS = 0.05


class Cancellation:
    """Set once, seen by every wait of every thread."""

    def __init__(self):
        self._event = threading.Event()

    def cancel(self):
        self._event.set()

    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self):
        if self._event.is_set():
            raise Cancelled()

    def pause(self, seconds: float):
        self._event.wait(seconds)
        self.check()


def wait_for(condition, timeout: float, what: str, cancellation: Cancellation, poll: float = POLL_SECONDS):
    """Returns the first true value of condition(); raises LabError naming `what` after timeout seconds.

    `what` may be a callable, asked at the end, so that it can say what was last seen.
    """
    deadline = time.monotonic() + timeout
    while True:
        cancellation.check()
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what
            raise LabError(f"{text} (waited {timeout:.0f} s)")
        cancellation.pause(poll)


def take_sigterm_as_interrupt():
    """SIGTERM ends a command as Ctrl-C does, so that what it started is taken down."""
    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
