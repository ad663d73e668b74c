"""The tests' own instruments, checked against plain servers: the ledger, the binlog reader, the workload's recovery."""

import contextlib
import signal

import pytest

from binlog_files import binlog_paths, transactions_of
from ledger import TABLES, differences, expected_rows, key_of
from lab_lib import tools
from plain_servers import PlainServer
from regions import SHOP
from sql import statements_of
from topics import Header, pack_header, parse_header
from wait import eventually
from workload import Workload

KINDS = ["mariadb", "mysql"] if tools.mysql_root() else ["mariadb"]


@pytest.fixture(scope="module", params=KINDS)
def server(request, module_folder):
    with PlainServer(request.param, module_folder / request.param) as started:
        started.execute("CREATE USER app@'%' IDENTIFIED BY 'secret'", "GRANT ALL ON shop.* TO app@'%'")
        started.app_user, started.app_password = "app", "secret"
        yield started


@pytest.fixture
def shop(server):
    server.execute("DROP DATABASE IF EXISTS shop", *statements_of(SHOP.read_text()))
    return server


def committed_within(workload, count):
    return eventually(f"{count} more transactions", lambda before=workload.ledger.transactions:
                      workload.ledger.transactions >= before + count)


def test_the_ledger_is_what_the_database_holds_after_it_was_killed(shop, seed):
    with Workload("east", shop, seed, clients=4, mean_pause_s=0) as workload:
        for _ in range(3):
            committed_within(workload, 300)
            shop.kill()
            shop.start()
        committed_within(workload, 300)
    assert workload.ledger.transactions > 900
    assert differences(shop, [workload.ledger]) == []


def test_the_ledger_survives_a_server_that_stands_still(shop, seed):
    with Workload("east", shop, seed, clients=2, mean_pause_s=0) as workload:
        committed_within(workload, 50)
        shop.process.send_signal(signal.SIGSTOP)
        shop.process.send_signal(signal.SIGCONT)
        committed_within(workload, 50)
    assert differences(shop, [workload.ledger]) == []


def test_a_row_that_was_changed_behind_the_ledgers_back_is_found(shop, seed):
    with Workload("east", shop, seed, clients=1, mean_pause_s=0) as workload:
        eventually("there are labels", lambda: len(workload.ledger.rows("label")) > 3)
    shop.execute("DELETE FROM shop.label LIMIT 1", "UPDATE shop.label SET target = target + 1 LIMIT 1",
                 "INSERT INTO shop.label VALUES ('nobody', 1, 1)")
    assert len(differences(shop, [workload.ledger])) == 3


def test_the_binlog_reader_replays_to_the_same_rows(shop, seed):
    shop.execute("FLUSH BINARY LOGS")
    first_file = shop.rows("SHOW BINARY LOGS")[-1][0]
    with Workload("east", shop, seed, clients=3, mean_pause_s=0) as workload:
        committed_within(workload, 500)
    rows, changes = replay(shop, first_file)
    for table in TABLES:
        expected = expected_rows([workload.ledger], table)
        assert rows.get(table, {}).keys() == expected.keys()
        for key, row in expected.items():
            assert rows[table][key] == as_in_binlog(table, row)
    assert changes == workload.ledger.row_changes


def replay(server, first_file):
    """{table: {key: row}} and the number of row changes of schema shop, from that binlog file on."""
    rows, changes = {}, 0
    for transaction in transactions_of(binlog_paths(server, first_file), lambda schema, _: schema == "shop"):
        for event in transaction.events:
            for before, after in event.rows:
                changes += 1
                held = rows.setdefault(event.table, {})
                if before:
                    del held[decoded_key(event.table, before)]
                if after:
                    held[decoded_key(event.table, after)] = tuple(map(decoded, after.values()))
    return rows, changes


def decoded(value):
    return value.decode() if isinstance(value, bytes) else value


def decoded_key(table, row):
    return key_of(table, tuple(map(decoded, row.values())))


def as_in_binlog(table, row):
    if table != "orders":
        return row
    return row[:2] + (("new", "paid", "shipped").index(row[2]) + 1,) + row[3:]


def test_a_lost_commit_is_read_back(shop, seed):
    with Workload("east", shop, seed, clients=4, mean_pause_s=0) as workload:
        for _ in range(40):
            committed_within(workload, 20)
            with contextlib.suppress(Exception):
                kill_every_client(shop)
            if workload.ledger.unknown_outcomes >= 3:
                break
    assert differences(shop, [workload.ledger]) == []


def kill_every_client(server):
    for (number,) in server.rows("SELECT id FROM information_schema.processlist WHERE user = 'app'"):
        server.execute(f"KILL {number}")


def test_headers_are_packed_as_they_are_parsed():
    header = Header(1, 1, 0, 3, 2**64 - 1, 17, 4, 6, 1_700_000_000_000_000, 99, 5, "east", "main", "0-1-7")
    assert parse_header(pack_header(header)) == header
