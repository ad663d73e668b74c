"""How the demo ends: its exit code, what it takes down, and both of its writers, whatever happens in between."""

import signal
from contextlib import contextmanager

import pytest

from lab_lib import LabError, demo
from lab_lib.errors import Cancelled
from lab_lib.waiting import Cancellation


@pytest.fixture(autouse=True)
def signals_are_as_before():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class FakeLab:
    """Notes what is asked of it."""

    def __init__(self, *_, **__):
        self.cancellation = Cancellation()
        self.databases = {}

    def down(self, purge=False):
        downs.append(purge)

    def kill(self, key):
        raise LabError(f"{key} is not running.")

    def connect(self, region, user):
        @contextmanager
        def cursor():
            yield None

        connection = type("Connection", (), {"cursor": lambda self: cursor(), "close": lambda self: None})
        return connection()


downs = []


@pytest.fixture
def ended(monkeypatch):
    """(exit code, purge of each take-down) of a demo whose story ends with that."""

    def end(how, *words):
        downs.clear()

        def tell(self):
            if how:
                raise how

        monkeypatch.setattr(demo, "Lab", FakeLab)
        monkeypatch.setattr(demo.Story, "tell", tell)
        return demo.main(list(words)), downs[1:]  # the first one is of an earlier demo

    return end


def test_a_story_that_was_told_leaves_nothing_and_ends_with_0(ended):
    assert ended(None) == (0, [True])


def test_keep_leaves_the_lab_up(ended):
    assert ended(None, "--keep") == (0, [])


def test_a_failure_ends_with_1_and_keeps_the_logs(ended, capfd):
    assert ended(LabError("east does not answer")) == (1, [False])
    assert "FAILED: east does not answer\nlogs: " in capfd.readouterr().err


@pytest.mark.parametrize("how", [KeyboardInterrupt(), Cancelled()])
def test_an_interrupted_demo_ends_with_130_and_stops_everything(ended, how, capfd):
    assert ended(how, "--keep") == (130, [False])
    assert "interrupted" in capfd.readouterr().err


@pytest.fixture
def writers(monkeypatch):
    """What the demo's writers were, after each began; the first one fails at once."""
    made = []

    def one(self, _):
        if self is made[0]:
            raise OSError("connection lost")

    def start(self):
        made.append(self)
        type(self).__mro__[1].start(self)

    monkeypatch.setattr(demo.Writer, "_one", one)
    monkeypatch.setattr(demo.Writer, "start", start)
    return made


def test_both_writers_end_when_one_of_them_failed(writers, monkeypatch):
    monkeypatch.setattr(demo, "WRITING_SECONDS", 0)
    monkeypatch.setattr(FakeLab, "kill", lambda self, key: writers[0].join(30))
    monkeypatch.setattr(FakeLab, "start", lambda self, key, wait: None, raising=False)
    with pytest.raises(LabError, match="the writer of east failed: connection lost"):
        demo.Story(FakeLab(), "mariadb").components_killed()
    assert [writer.is_alive() for writer in writers] == [False, False]


def test_a_writer_s_failure_does_not_hide_what_ended_the_story_before(writers, monkeypatch):
    monkeypatch.setattr(demo, "WRITING_SECONDS", 0)
    with pytest.raises(LabError, match="west.apply is not running"):
        demo.Story(FakeLab(), "mariadb").components_killed()
    assert [writer.is_alive() for writer in writers] == [False, False]
