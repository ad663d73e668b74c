"""scripts/lab up, env, wait and down, as its help says, twice in a row; the second time with the same data."""

import json
import os
import re
import socket
import subprocess

from lab_lib import tools
from lab_lib.database import ACCOUNTS
from lab_lib.process import start_token
from lab_lib.services import get
from wait import eventually

LAB = tools.REPOSITORY / "scripts" / "lab"
ANSWERS_WITHIN_S = 20
UP_WITHIN_S = 60
GRANT = re.compile(r"^GRANT (.+?) ON (\S+) TO [`']farshore_(\w+)[`']@", re.MULTILINE)


def run(directory, verb, *words):
    return subprocess.run([str(LAB), verb, "--dir", str(directory), *words], capture_output=True, text=True, check=False)


def lab(folder, verb, *words, check=True):
    done = run(folder / "lab", verb, *words)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def test_up_env_wait_and_down_twice_in_a_row(folder):
    try:
        for turn in (1, 2):
            assert_all_came_up(lab(folder, "up").stdout)
            env = json.loads(lab(folder, "env").stdout)
            pids = check_env(env, folder)
            lab(folder, "wait", "--timeout", "60")
            statement = "INSERT INTO app.t VALUES (%d)" % turn
            if turn == 1:
                for region in ("east", "west"):
                    lab(folder, "sql", region, "CREATE TABLE app.t (id INT NOT NULL PRIMARY KEY)")
            lab(folder, "sql", "east", statement)
            lab(folder, "wait")
            there = lab(folder, "sql", "west", "SELECT id FROM app.t ORDER BY id").stdout.split()
            assert there == ["id"] + [str(number) for number in range(1, turn + 1)]
            lab(folder, "status")
            lab(folder, "down")
            assert not [pid for pid in pids if start_token(pid)]  # one that has ended may wait for init to collect it
    finally:
        lab(folder, "down", "--purge", check=False)
    assert not (folder / "lab").exists()


def assert_all_came_up(said):
    """A line for each component, and all of it in time."""
    ready = dict(re.findall(r"^ *(\S+) +ready after +([\d.]+) s", said, re.MULTILINE))
    assert ready.keys() == {"mirror"} | {f"{region}.{name}" for region in ("east", "west")
                                         for name in ("db", "kafka", "capture", "apply", "gate")}
    assert all(float(seconds) < UP_WITHIN_S for seconds in ready.values()), said
    assert float(re.search(r"^up in \S+ after ([\d.]+) s$", said, re.MULTILINE).group(1)) < UP_WITHIN_S


def check_env(env, folder):
    """The shape that other tools read; the pids of all that runs."""
    assert env["dir"] == str(folder / "lab")
    pids = [env["mirror"]["pid"]]
    assert os.path.exists(env["mirror"]["log"]) and os.path.exists(env["mirror"]["config"])
    assert env["regions"].keys() == {"east", "west"}
    for region in ("east", "west"):
        found = env["regions"][region]
        assert {"server", "version", "socket", "host", "port", "user", "app"} <= found["db"].keys()
        assert found["db"]["user"] == "root" and {"user", "password"} <= found["db"]["app"].keys()
        assert re.fullmatch(r"127\.0\.0\.1:\d+", found["kafka"]["bootstrap"])
        assert os.path.exists(found["config"]) and os.path.exists(found["db"]["socket"])
        assert os.path.exists(found["db"]["log"]) and os.path.exists(found["kafka"]["log"])
        pids += [found["db"]["pid"], found["kafka"]["pid"]]
        for service in ("capture", "apply", "gate"):
            one = found["services"][service]
            for page in ("/readyz", "/healthz"):
                eventually(f"{region}.{service} answers {page} with 200", lambda url=one["url"] + page: get(url)[0] == 200,
                           ANSWERS_WITHIN_S, explain=lambda url=one["url"] + page: get(url)[1])
            assert os.path.exists(one["config"]) and os.path.exists(one["log"])
            pids.append(one["pid"])
    return pids


def test_wait_says_what_is_missing_and_ends_with_3(regions):
    regions.lab.stop("west.apply")
    try:
        regions.load_everywhere("CREATE DATABASE IF NOT EXISTS test_lab;\nCREATE TABLE IF NOT EXISTS test_lab.t (id INT NOT NULL PRIMARY KEY);\n")
        regions.east.database.execute("REPLACE INTO test_lab.t VALUES (1)")
        done = run(regions.lab.folder, "wait", "--timeout", "1")
        assert done.returncode == 3
        assert "west" in done.stderr and "partition" in done.stderr
    finally:
        regions.lab.start("west.apply")


def test_a_port_that_somebody_else_took_is_named(regions):
    port = regions.lab.component("west.gate").port("http")
    regions.lab.stop("west.gate")
    try:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            done = run(regions.lab.folder, "start", "west.gate")
        assert done.returncode == 1
        assert f"port {port} (west.gate, http) is taken" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    finally:
        regions.lab.start("west.gate")


def test_an_application_has_no_more_rights_than_applications_have(regions):
    for region in regions:
        grants = " ".join(row[0] for row in region.database.rows("SHOW GRANTS FOR 'app'@'%'")).upper()
        for right in ("SUPER", "REPLICATION", "ALL PRIVILEGES", "FILE", "SYSTEM_VARIABLES_ADMIN", "BINLOG", "FARSHORE"):
            assert right not in grants, f"{region.name}: {right}"


def test_farshores_accounts_have_exactly_the_grants_that_are_documented(regions):
    for region in regions:
        # What applications have: patterns of their schemas.
        shown = "\n".join(grant for account in ACCOUNTS
                          for (grant,) in region.database.rows(f"SHOW GRANTS FOR 'farshore_{account}'@'%'"))
        shown = {(account, scope if scope in ("*.*", "farshore.*") else "<schema>.*", right) for account, scope, right in rights(shown)}
        assert shown == shipped_rights(region.server) == documented_rights(region.server)


def rights(text):
    """{(account, what on, right)} of GRANT statements, as a file has them and as a server shows them."""
    return {(account, scope.replace("`", ""), right) for listed, scope, account in GRANT.findall(text)
            for right in listed.split(", ") if right != "USAGE"}


def shipped_rights(server):
    return rights((tools.REPOSITORY / "schemas" / "sql" / f"grants.{server}.sql").read_text())


def documented_rights(server):
    """The same, of the table in docs/operating/grants.md: account, used by, privilege, for what."""
    found, account = set(), None
    for line in (tools.REPOSITORY / "docs" / "operating" / "grants.md").read_text().split("\n## ")[0].splitlines():
        if line.startswith("|"):
            name, _, privilege, _ = line.strip("|").split("|")
            account = name.strip(" `").removeprefix("farshore_") or account
            words = re.findall(r"(?:(on|MySQL|MariaDB) )?`([^`]+)`", privilege)
            scope = next((word for kind, word in words if kind == "on"), "*.*")
            found |= {(account, scope, right) for kind, listed in words if kind.lower() in ("", server)
                      for right in listed.split(", ")}
    return found
