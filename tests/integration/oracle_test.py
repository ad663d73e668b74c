"""The tests' own instruments, checked against plain servers: the ledger, the binlog reader, the workload's recovery."""

import contextlib
import signal

import pymysql
import pytest

from binlog_files import XID, binlog_paths, events_of, transactions_of
from ledger import TABLES, Ledger, differences, expected_rows, key_of
from lab_lib import tools
from lab_lib.database import split_statements
from plain_servers import PlainServer
from processes import stands_still
from regions import SHOP
from topics import Header, pack_header, parse_header
from wait import eventually, holds_for
from workload import Client, Workload

RECORDED = tools.REPOSITORY / "tests" / "unit" / "binlog" / "data"
KINDS = ["mariadb", "mysql"] if tools.mysql_root() else ["mariadb"]


@pytest.fixture(scope="module", params=KINDS)
def server(request, module_folder):
    with PlainServer(request.param, module_folder / request.param) as started:
        started.execute("CREATE USER app@'%' IDENTIFIED BY 'secret'", "GRANT ALL ON shop.* TO app@'%'")
        started.app_user, started.app_password = "app", "secret"
        yield started


@pytest.fixture
def shop(server):
    server.execute("DROP DATABASE IF EXISTS shop", *split_statements(SHOP.read_text()))
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
        try:
            eventually("each of its threads is stopped", lambda: stands_still(shop.process.pid))
            # What it had answered before may still be read: one transaction of each client.
            most = workload.ledger.transactions + len(workload.clients)
            holds_for("nothing commits", lambda: workload.ledger.transactions <= most, 1)
        finally:
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


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_the_binlog_reader_leaves_a_transaction_without_an_end_out(folder, kind):
    whole = RECORDED / f"{kind}-transactions.binlog"
    end = [position for position, event, _ in events_of(whole) if event == XID][-1]
    cut = folder / "cut"
    cut.write_bytes(whole.read_bytes()[:end])
    before = [transaction.gtid for transaction in transactions_of([whole]) if transaction.position < end]
    assert [transaction.gtid for transaction in transactions_of([cut])] == before[:-1]


def decoded(value):
    return value.decode() if isinstance(value, bytes) else value


def decoded_key(table, row):
    return key_of(table, tuple(map(decoded, row.values())))


def as_in_binlog(table, row):
    if table != "orders":
        return row
    return row[:2] + (("new", "paid", "shipped").index(row[2]) + 1,) + row[3:]


@pytest.mark.parametrize("committed", [True, False])
def test_a_lost_commit_is_read_back(shop, seed, committed):
    client = Client(shop, Ledger("east"), 1, seed, mean_pause_s=0)
    connection = client.connection()
    commit = connection.commit

    def lose_the_answer():
        if committed:
            commit()
        raise pymysql.err.OperationalError(2013, "lost connection")

    connection.commit = lose_the_answer
    client.commit(client.next_intent())
    client.disconnect()
    assert client.ledger.unknown_outcomes == 1
    assert client.ledger.transactions == (1 if committed else 0)
    assert differences(shop, [client.ledger]) == []


def test_the_ledger_survives_clients_that_are_cut_off(shop, seed):
    with Workload("east", shop, seed, clients=4, mean_pause_s=0) as workload:
        for _ in range(20):
            committed_within(workload, 20)
            with contextlib.suppress(pymysql.err.OperationalError):  # one has gone by itself
                kill_every_client(shop)
    assert differences(shop, [workload.ledger]) == []


def kill_every_client(server):
    for (number,) in server.rows("SELECT id FROM information_schema.processlist WHERE user = 'app'"):
        server.execute(f"KILL {number}")


def test_headers_are_packed_as_they_are_parsed():
    header = Header(1, 1, 0, 3, 2**64 - 1, 17, 4, 6, 1_700_000_000_000_000, 99, 5, "east", "main", "0-1-7")
    assert parse_header(pack_header(header)) == header
