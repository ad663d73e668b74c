"""scripts/lab up, env, wait and down, as its help says, twice in a row; the second time with the same data."""

import json
import os
import subprocess

from lab_lib import tools
from lab_lib.process import start_token
from lab_lib.services import get
from wait import eventually

LAB = tools.REPOSITORY / "scripts" / "lab"
ANSWERS_WITHIN_S = 20


def lab(folder, verb, *words, check=True):
    done = subprocess.run([str(LAB), verb, "--dir", str(folder / "lab"), *words], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def test_up_env_wait_and_down_twice_in_a_row(folder):
    try:
        for turn in (1, 2):
            up = lab(folder, "up")
            for component in ("east.db", "east.kafka", "east.capture", "east.apply", "east.gate", "west.db", "mirror"):
                assert component in up.stdout
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


def check_env(env, folder):
    """The shape that other tools read; the pids of all that runs."""
    assert env["dir"] == str(folder / "lab")
    pids = [env["mirror"]["pid"]]
    assert os.path.exists(env["mirror"]["log"])
    for region in ("east", "west"):
        found = env["regions"][region]
        assert {"server", "version", "socket", "host", "port", "user", "app"} <= found["db"].keys()
        assert found["db"]["user"] == "root" and {"user", "password"} <= found["db"]["app"].keys()
        assert found["kafka"]["bootstrap"]
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
        done = subprocess.run([str(LAB), "wait", "--dir", str(regions.lab.folder), "--timeout", "1"], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 3
        assert "west" in done.stderr and "partition" in done.stderr
    finally:
        regions.lab.start("west.apply")


def test_an_application_has_no_more_rights_than_applications_have(regions):
    for region in regions:
        grants = " ".join(row[0] for row in region.database.rows("SHOW GRANTS FOR 'app'@'%'")).upper()
        for right in ("SUPER", "REPLICATION", "ALL PRIVILEGES", "FILE", "SYSTEM_VARIABLES_ADMIN", "BINLOG", "FARSHORE"):
            assert right not in grants, f"{region.name}: {right}"


def test_farshores_accounts_have_exactly_the_grants_that_are_documented(regions):
    documented = (tools.REPOSITORY / "docs" / "operating" / "grants.md").read_text()
    for region in regions:
        for account in ("capture", "apply", "gate", "ctl"):
            for (grant,) in region.database.rows(f"SHOW GRANTS FOR 'farshore_{account}'@'%'"):
                for right in grant.split(" ON ")[0].removeprefix("GRANT ").split(", "):
                    assert right in documented or right == "USAGE", f"{region.name}: {account} has {right}"
