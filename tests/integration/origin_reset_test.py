"""An origin that stopped for good begins anew, by the commands of the runbook's page."""

import os
import pathlib
import re
import subprocess

import pytest

from lab_lib import tools
from scenario import caught_up
from wait import eventually

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/operating/runbooks.md"
TABLE = ("CREATE DATABASE IF NOT EXISTS test_reset CHARACTER SET utf8mb4;\n"
         "CREATE TABLE IF NOT EXISTS test_reset.t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);\n")


def blocks():
    section = PAGE.read_text().split("## Begin an origin anew\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.S)


@pytest.fixture
def run(regions, folder):
    for region in regions:
        (folder / f"{region.name}.yaml").symlink_to(region.config_file)
    environment = os.environ | {"PATH": f"{tools.farshore_binary('farshorectl').parent}:{os.environ['PATH']}"}

    def run(script, code=0):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr
    return run


def rows(region):
    return region.database.rows("SELECT id, n FROM test_reset.t ORDER BY id")


def reasons(region):
    return {reason["reason"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]}


def test_an_origin_begins_anew_as_the_page_has_it(regions, run, folder):
    east, west = regions.east, regions.west
    at_origin, at_target, begin, declare = blocks()
    regions.load_everywhere(TABLE)
    east.database.as_application("INSERT INTO test_reset.t VALUES (1, 1)")
    caught_up(regions)
    old = max(row["epoch"] for row in west.progress("east"))
    assert "holds the lease" in run(at_origin.splitlines()[0], code=1)

    east.database.execute("SET SESSION binlog_format = 'STATEMENT'", "UPDATE test_reset.t SET n = 2")
    east.database.as_application("INSERT INTO test_reset.t VALUES (2, 2)")
    eventually("capture has stopped", lambda: "stopped: " in east.ready("capture")[1], 30)
    assert "origin reset" in east.ready("capture")[1]

    regions.lab.stop("east.capture")
    said = run(at_origin)
    assert "would be lost" in said and "Nothing was written" in said and f"begins epoch {old + 1}" in said
    assert "stop every apply" in run(at_target.splitlines()[1], code=1)
    # A region that was forgotten is told so.
    regions.lab.start("east.capture", ["--from", "end"])
    eventually("west says what is to be done", lambda: any(
        row["state"] == "wrong-incarnation" and "`farshorectl origin reset --origin east`" in row["reason"]
        for row in west.progress("east")), 60, explain=lambda: str(west.progress("east")))
    regions.lab.stop("west.apply")
    run(at_target)
    assert '"table":"farshore.progress"' in (folder / "east-before-the-reset.jsonl").read_text()
    assert west.progress("east") == []
    numbers = re.search(r"--begun ([\d,]+)", run(begin))[1]
    west.database.execute("SET SESSION sql_log_bin = 0", "UPDATE test_reset.t SET n = 2", "INSERT INTO test_reset.t VALUES (2, 2)")
    regions.lab.start("west.apply")

    east.database.as_application("INSERT INTO test_reset.t VALUES (3, 3)")
    west.database.as_application("INSERT INTO test_reset.t VALUES (4, 4)")
    caught_up(regions)
    assert {row["epoch"] for row in west.progress("east")} == {old + 1}
    eventually("west's gate is closed by nothing else", lambda: reasons(west) == {"not-yet-equal"}, 60,
               explain=lambda: str(west.gate()))
    run(declare.replace("NUMBERS", numbers))
    regions.all_gates_open()
    assert rows(east) == rows(west) == [(1, 2), (2, 2), (3, 3), (4, 4)]

    # A start that says where, though there is a checkpoint, is told that it is passed over.
    regions.restart("east.capture", arguments=["--from", "earliest"])
    assert "it is passed over" in east.log("capture")
    regions.all_gates_open()
