"""Both regions write disjoint rows at once; afterwards both hold what the ledgers say, and nobody echoed anything."""

import pytest

from lab_lib import tools
from scenario import (Before, assert_all_equal, assert_no_echo, assert_nothing_left_over, assert_nothing_lost_in_the_topics,
                      assert_nothing_twice, caught_up, empty_the_shop, write_for)

SHORT_S, LONG_S = 10, 60


def both_write(regions, seed, long_form):
    before = Before(regions)
    ledgers = write_for(regions, seed, LONG_S if long_form else SHORT_S, clients=4)
    caught_up(regions)
    for ledger in ledgers:
        print(f"{ledger.region}: {ledger.transactions} transactions, {ledger.row_changes} rows, {ledger.key_changes} key changes")
        assert ledger.key_changes > 0 and ledger.deleted
    assert_all_equal(regions, ledgers)
    assert_no_echo(regions, ledgers, before)
    assert_nothing_twice(regions, ledgers, before)
    assert_nothing_lost_in_the_topics(regions)
    assert_nothing_left_over(regions)


@pytest.mark.skipif(not tools.mysql_root(), reason="there is no MySQL on this machine")
def test_mysql_and_mariadb_hold_the_same_rows(regions, seed, long_form):
    empty_the_shop(regions)
    both_write(regions, seed, long_form)


@pytest.mark.parametrize("server", [
    pytest.param("mysql", marks=pytest.mark.skipif(not tools.mysql_root(), reason="there is no MySQL on this machine")),
    "mariadb"])
def test_two_servers_of_one_kind_hold_the_same_rows(make_regions, seed, long_form, server):
    with make_regions(server=server) as regions:
        regions.all_gates_open()
        both_write(regions, seed, long_form)
