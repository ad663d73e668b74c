"""Three regions, each with the other two: what is written anywhere is everywhere once, and never comes back."""

from scenario import (Before, assert_all_equal, assert_no_echo, assert_nothing_left_over, assert_nothing_twice, caught_up,
                      write_for)

SHORT_S, LONG_S = 8, 60


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
