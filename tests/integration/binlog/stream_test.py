"""BinlogStream against live servers: every way to connect, what it says when it cannot go on, and what ends it."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from lab_lib import tools
from plain_servers import PlainServer, free_port
from wait import eventually, holds_for

PROBE = pathlib.Path(os.environ.get("FARSHORE_BIN", "build/release")) / "tests/integration/binlog/binlog_probe"
KINDS = ["mariadb", "mysql"] if tools.mysql_root() else ["mariadb"]
UUID = "5f5f5f5f-0000-4000-8000-000000000001"


@pytest.fixture(scope="module", params=KINDS)
def server(request, module_folder):
    with PlainServer(request.param, module_folder / request.param, server_id=3) as started:
        started.execute("CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT REPLICATION SLAVE ON *.* TO reader@'%'",
                        "CREATE USER nobody@'%' IDENTIFIED BY 'secret'", "CREATE DATABASE stream_test",
                        "CREATE TABLE stream_test.t (id INT PRIMARY KEY, name VARCHAR(20))")
        yield started


def position(server):
    if server.server == "mysql":
        return server.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "")
    return server.value("SELECT @@GLOBAL.gtid_binlog_pos")


def by_socket(server):
    return ["--socket", server.socket, "--user", "root"]


def by_tcp(server, user="reader", password="secret"):
    return ["--host", "127.0.0.1", "--port", str(server.port), "--user", user, "--password", password]


def probe(server, *arguments):
    """Reads to the binlog's end; the printed lines."""
    done = subprocess.run([PROBE, server.server, *arguments], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.stdout.splitlines()


class Follower:
    """A probe that waits for more."""

    def __init__(self, server, *arguments):
        earlier = dump_ids(server)
        self.process = subprocess.Popen([PROBE, server.server, "--follow", "--from", position(server), *arguments],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "open\n"
        # The dump thread is there when the source lists it: only then can it be killed, or be in another's way.
        # That of a follower that was killed may be listed for a while.
        self.dumps = eventually("the source lists the dump", lambda: dump_ids(server) - earlier)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def last_line(self):
        out, _ = self.process.communicate(timeout=30)
        return out.splitlines()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def dump_ids(server):
    return {row[0] for row in server.rows("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")}


def insert(server, identifier):
    server.execute(f"INSERT INTO stream_test.t VALUES ({identifier}, 'n{identifier}')")


@pytest.mark.parametrize("way", ["socket", "tcp", "tls"])
def test_rows_come_by_every_way_to_connect(server, way):
    if way == "tls" and server.server == "mariadb":
        assert probe(server, *by_tcp(server), "--tls", "required")[-1].startswith("end tls-refused")
        return
    arguments = {"socket": by_socket(server), "tcp": by_tcp(server), "tls": by_tcp(server) + ["--tls", "required"]}[way]
    before = position(server)
    identifier = {"socket": 1, "tcp": 2, "tls": 3}[way]
    insert(server, identifier)
    lines = probe(server, *arguments, "--from", before)
    assert [line for line in lines if line.startswith("insert")] == [
        f"insert stream_test.t after id={identifier} name='n{identifier}'"]
    assert lines[-1].startswith("end closed")


def test_the_whole_history_comes_without_a_position(server):
    assert any("CREATE DATABASE stream_test" in line for line in probe(server, *by_tcp(server)))


def test_a_commit_is_there_at_once(server):
    with Follower(server, *by_tcp(server)) as follower:
        insert(server, 10)
        assert follower.line().startswith("begin ")
        assert follower.line() == "insert stream_test.t after id=10 name='n10'"
        assert follower.line() == "commit"


@pytest.mark.parametrize("tls", ["disabled", "required"])
def test_nothing_of_a_large_transaction_waits_for_a_heartbeat(server, tls):
    if tls == "required" and server.server == "mariadb":
        return
    server.execute("CREATE TABLE IF NOT EXISTS stream_test.large (id INT PRIMARY KEY, data LONGBLOB)",
                   "TRUNCATE stream_test.large")
    with Follower(server, *by_tcp(server), "--tls", tls, "--heartbeat", "15000", "--read-timeout",
                  "60000") as follower:
        began = time.monotonic()
        for size in (3000, 9000, 17000, 20000, 40000, 100000):
            server.execute(f"INSERT INTO stream_test.large VALUES ({size}, REPEAT('x', {size}))")
            while follower.line() != "commit":
                pass
        assert time.monotonic() - began < 10


def test_heartbeats_keep_an_idle_stream_alive(server):
    with Follower(server, *by_tcp(server), "--heartbeat", "100", "--read-timeout", "3000") as follower:
        holds_for("the stream lives", lambda: follower.process.poll() is None, 5)
        insert(server, 20)
        assert follower.line().startswith("begin ")


def test_a_source_that_falls_silent_is_a_stall(server):
    with Follower(server, *by_tcp(server), "--heartbeat", "100", "--read-timeout", "3000") as follower:
        insert(server, 30)
        while follower.line() != "commit":
            pass
        os.kill(server.pid, signal.SIGSTOP)
        try:
            assert follower.last_line().startswith("end stalled")
        finally:
            os.kill(server.pid, signal.SIGCONT)


def test_a_killed_dump_thread_closes_the_stream(server):
    with Follower(server, *by_tcp(server)) as follower:
        for identifier in follower.dumps:
            server.execute(f"KILL {identifier}")
        assert follower.last_line().startswith("end closed")


def test_a_newcomer_with_the_same_server_id_is_named(server):
    identity = ["--server-id", "77"] + (["--uuid", UUID] if server.server == "mysql" else [])
    with Follower(server, *by_tcp(server), *identity) as incumbent, Follower(server, *by_tcp(server), *identity):
        assert incumbent.last_line().startswith("end duplicate-server-id")


def test_a_wrong_password_and_a_missing_privilege_are_access_denied(server):
    assert probe(server, *by_tcp(server, password="wrong"))[-1].startswith("end access-denied")
    last = probe(server, *by_tcp(server, user="nobody"))[-1]
    assert last.startswith("end access-denied") and "REPLICATION SLAVE" in last


def test_nobody_at_the_address_is_unreachable(server):
    lines = probe(server, "--host", "127.0.0.1", "--port", str(free_port()), "--user", "reader")
    assert lines[-1].startswith("end unreachable")


def test_a_certificate_that_does_not_verify_is_refused(server):
    lines = probe(server, *by_tcp(server), "--tls", "verify")
    assert lines[-1].startswith("end tls-refused")


def test_a_position_that_the_source_does_not_know_is_history_missing(server):
    known = position(server)
    unknown = known.rsplit("-", 1)[0] + "-999999"
    assert probe(server, *by_tcp(server), "--from", unknown)[-1].startswith("end history-missing")


def test_purged_binlogs_are_named(server):
    server.execute("FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    last_log = server.rows("SHOW BINARY LOGS")[-1][0]

    def purged():
        server.execute(f"PURGE BINARY LOGS TO '{last_log}'")
        return len(server.rows("SHOW BINARY LOGS")) == 1

    eventually("the first binlogs are purged", purged)
    assert probe(server, *by_tcp(server))[-1].startswith("end purged")
    assert probe(server, *by_tcp(server), "--from", position(server))[-1].startswith("end closed")
