"""Fixtures of the integration and scenario tests: folders, labs, and what to show when a test fails."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "lib"), str(HERE.parent / "scripts")]

from circuit import Sources  # noqa: E402
from regions import Regions  # noqa: E402
import shared_lab as shared  # noqa: E402
import told  # noqa: E402

NO_MYSQL_EXIT_CODE = 77   # ctest's SKIP_RETURN_CODE of these tests
LOG_LINES = 25


def full():
    """The long forms are asked for."""
    return os.environ.get("FARSHORE_TEST_FULL") == "1"


@pytest.fixture(scope="session")
def long_form():
    return full()


@pytest.fixture(scope="session")
def seed():
    chosen = int(os.environ.get("FARSHORE_TEST_SEED") or random.SystemRandom().randrange(10**9))
    told.say(f"seed {chosen}: repeat with FARSHORE_TEST_SEED={chosen}")
    return chosen


def new_folder():
    """Reachable by the account that the servers run as, and short enough for sockets."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="farshore-test-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def module_folder():
    folder = new_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def sources(module_folder):
    """Plain servers that the module's circuits share: sources["mariadb"], made when first asked for."""
    made = Sources(module_folder)
    yield made
    made.stop()


@pytest.fixture
def folder():
    made = new_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def make_regions():
    """Brings labs up that end with the module: regions = make_regions(server="mariadb", settings=[...])."""
    made = []

    def make(**options):
        folder = new_folder()
        print(f"lab in {folder}")
        regions = None
        try:
            regions = Regions.up(folder / "lab", **options)
        finally:
            made.append((folder, regions))
        show_on_failure(regions)
        return regions

    yield make
    with contextlib.ExitStack() as downs:
        for folder, regions in made:
            downs.callback(shutil.rmtree, folder, ignore_errors=True)
            if regions:
                downs.callback(regions.down)


@pytest.fixture(scope="module")
def regions():
    """The lab that the tests of one lane share: mixed servers, rules of tests/lib/shared_lab.py. Healthy when handed out."""
    found = shared.healthy()
    show_on_failure(found)
    begins = found.log_sizes()
    yield found
    try:
        found.assert_no_sanitizer_report(begins)
    finally:
        if not os.environ.get(shared.FOLDER_VARIABLE):
            shared.down()


# What a failure shows: what the scenario said, also to an earlier test, and the ends of the services' logs.
shown_regions = []


def show_on_failure(regions):
    shown_regions.append(regions)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    if told.sentences:
        report.sections.append(("the scenario said", "\n".join(told.sentences)))
    for regions in shown_regions:
        for key, component in regions.lab.components.items():
            if component.log.exists() and (key.split(".")[-1] in ("capture", "apply", "gate") or not component.running()):
                lines = component.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
                report.sections.append((f"{key} ({component.condition()})", "\n".join(line[:1000] for line in lines)))


def pytest_sessionstart(session):
    """Whoever ends the tests after their time kills pytest alone: ended by an exception before, it takes its servers down."""
    seconds = int(os.environ.get("FARSHORE_TEST_TIMEOUT", "0"))

    def end(*_):
        session.shouldfail = "the tests' time is over"
        pytest.fail(f"the tests' time, {seconds} s, is over")

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem):
    if nextitem is None:
        signal.alarm(0)


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = NO_MYSQL_EXIT_CODE
