"""The test that would have found it: random tables, rows, changes of tables and faults, live and in both directions.

After each round both regions are equal by bytes, or a gate is closed with a reason that names the table. Anything else
is a failed run, shown with its seed and its history and made short. `shapes_lib` has the parts.

    FARSHORE_TEST_SEED=n        the first seed; each round takes the next one
    FARSHORE_TEST_SECONDS=n     go on for so long, on each pair of servers; with it, failures are gathered until the end
    FARSHORE_TEST_FOUND=folder  each failure's steps and history go there; FARSHORE_TEST_REPLAY=file runs such steps again
                                (for FARSHORE_TEST_SECONDS, or once)
    FARSHORE_TEST_PAIRS=mixed,mysql,mariadb   the pairs of servers
    FARSHORE_TEST_KINDS=a,b     only these changes and faults (names of ddl.ALL and plan.FAULTS)
    FARSHORE_TEST_LOUD=1        every step as it is done

Without any of them the short form takes always the same seeds, so that a run of CI says something of the change that it
is for; the long form and the loop take new ones each time.
"""

import os
import pathlib
import tempfile
import time

import pytest

from lab_lib import tools
from shapes_lib.ddl import ALL
from shapes_lib.hunt import Hunt
from shapes_lib.plan import FAULTS, Options, make_plan

SHORT_S, LONG_S = 30, 180
SHORT_STEPS, LONG_STEPS = 25, 80
SHORT_SEED = 100
SHRINK_S = {False: 90, True: 240}


def pairs():
    named = os.environ.get("FARSHORE_TEST_PAIRS")
    wanted = named.split(",") if named else ["mixed", "mysql", "mariadb"] if os.environ.get("FARSHORE_TEST_FULL") == "1" else ["mixed"]
    no_mysql = pytest.mark.skipif(not tools.mysql_root(), reason="there is no MySQL on this machine")
    return [pytest.param(one, marks=() if one == "mariadb" else no_mysql) for one in wanted]


def options(long_form):
    kinds = os.environ.get("FARSHORE_TEST_KINDS")
    steps = int(os.environ.get("FARSHORE_TEST_STEPS") or (LONG_STEPS if long_form else SHORT_STEPS))
    if not kinds:
        return Options(steps=steps)
    chosen = kinds.split(",")
    return Options(steps=steps, changes=tuple(one for one in ALL if one in chosen),
                   faults=tuple(one for one in FAULTS if one in chosen))


@pytest.fixture
def hunt():
    made = []

    def make(server):
        made.append(Hunt(lambda: pathlib.Path(tempfile.mkdtemp(prefix="farshore-test-")), server))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_same_seed_makes_the_same_steps():
    for number in range(20):
        assert make_plan(number, Options()).dump() == make_plan(number, Options()).dump()


@pytest.mark.parametrize("server", pairs())
def test_two_regions_never_differ_behind_an_open_gate(hunt, seed, long_form, server):
    hunt = hunt(server)
    loop_s = float(os.environ.get("FARSHORE_TEST_SECONDS", "0"))
    replay = os.environ.get("FARSHORE_TEST_REPLAY")
    if replay:
        until = time.monotonic() + loop_s
        while True:
            failure = hunt.replay(pathlib.Path(replay).read_text())
            assert not failure, failure
            if time.monotonic() > until:
                return
    if not long_form and not loop_s and not os.environ.get("FARSHORE_TEST_SEED"):
        seed = SHORT_SEED
    hunt.ready_lab()
    deadline = time.monotonic() + (loop_s or (LONG_S if long_form else SHORT_S))
    failures = []
    while time.monotonic() < deadline:
        failure = hunt.round(seed, options(long_form), min(SHRINK_S[bool(loop_s)], max(0, deadline - time.monotonic())) if loop_s else
                             SHRINK_S[False])
        seed += 1
        if failure:
            failures.append(failure)
            print(failure)
        if failures and not loop_s:
            break
    print(f"{server}: {hunt.counts}")
    assert not failures, "\n\n".join(failures)
