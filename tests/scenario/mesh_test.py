"""Three regions, each with the other two: what is written anywhere is everywhere once, and never comes back."""

from scenario import (Before, assert_all_equal, assert_no_echo, assert_nothing_left_over, assert_nothing_twice, caught_up,
                      write_for)
from lab_lib.services import get
from wait import eventually, holds_for

SHORT_S, LONG_S = 8, 60
CLOSES_WITHIN_S = 40     # max_age, and what it takes to notice


def test_three_regions_in_a_mesh_are_equal_without_echo(make_regions, seed, long_form):
    regions = make_regions(names=("east", "west", "north"))
    regions.all_gates_open()
    before = Before(regions)
    ledgers = write_for(regions, seed, LONG_S if long_form else SHORT_S, clients=2)
    caught_up(regions, 90)
    assert_all_equal(regions, ledgers)
    assert_no_echo(regions, ledgers, before)
    assert_nothing_twice(regions, ledgers, before)
    assert_nothing_left_over(regions)
    assert_a_dead_region_keeps_nobody_from_the_others(regions)


def assert_a_dead_region_keeps_nobody_from_the_others(regions):
    """West may take over from east while north is gone: each origin has a gate of its own."""
    for component in ("north.capture", "north.apply", "north.db"):
        regions.lab.kill(component)
    pairs = [(regions.east, "west"), (regions.west, "east")]
    for region, other in pairs:
        eventually(f"the gate of {region.name} over all is closed", lambda: not region.gate()[0], CLOSES_WITHIN_S)
        eventually("and that over the dead one", lambda: not is_open_over(region, "north") and region.ctl("gate", "--origin", "north").returncode == 3)
    holds_for("those over each other are open", lambda: all(is_open_over(region, other) for region, other in pairs), 3, poll_s=0.2)
    for region, other in pairs:
        done = region.ctl("gate", "--origin", other)
        assert done.returncode == 0, done.stdout + done.stderr
        assert region.ctl("gate").returncode == 3


def is_open_over(region, origin):
    return get(f"{region.urls['gate']}/v1/gate?origin={origin}")[0] == 200
