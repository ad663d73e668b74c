"""With gate.bounds.max_comparison_age a gate is open only while a comparison of all tables, which is recorded, is young enough."""

import contextlib
import json
import subprocess

import pytest
import yaml

from compare_test import settle_drops, unseen
from lab_lib import tools
from lab_lib.services import get
from metrics import Metrics
from services import Service, changed, write_config
from wait import eventually

BOUND_S = 3600


class Compared:
    """Both regions' files with a stream of one schema, and a gate of west with the bound."""

    def __init__(self, regions, folder):
        self.regions = regions
        self.files = {}
        for region in regions:
            config = changed(yaml.safe_load(region.config_file.read_text()), "streams.main.tables", ["test_whole.*"])
            config = changed(config, "gate.bounds.max_comparison_age", f"{BOUND_S}s")
            self.files[region.name] = write_config(folder, config, f"{region.name}.yaml")
        self.west = regions.west
        self.gate = Service("gate", yaml.safe_load(self.files["west"].read_text()), folder)

    def compare(self, *words, output="json"):
        return subprocess.run([str(tools.farshore_binary("farshorectl")), "--config", str(self.files["west"]), "compare", "--peer",
                               str(self.files["east"]), "--output", output, *words], capture_output=True, text=True, timeout=60, check=False)

    def recorded(self, *words):
        done = self.compare("--record", "--why", "nightly", "--execute", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["recorded"]

    def answer(self):
        """(whether the gate is open, what it says of not-compared)"""
        status, text = get(self.gate.url + "/v1/gate")
        answer = json.loads(text) if text else {"streams": []}
        return status == 200, "; ".join(reason["detail"] for stream in answer["streams"] for reason in stream["reasons"]
                                        if reason["reason"] == "not-compared")

    def is_closed_as(self, *parts):
        eventually(f"the gate is closed as {parts}", lambda: all(part in self.answer()[1] for part in parts), 30, explain=self.answer)

    def opens(self):
        eventually("the gate opens", lambda: self.answer()[0], 30, explain=self.answer)

    def set_began(self, moved_s):
        self.west.database.execute("SET SESSION sql_log_bin = 0", f"UPDATE farshore.comparison SET began_us = began_us + {moved_s * 1_000_000}")


@pytest.fixture(scope="module")
def compared(regions, module_folder):
    regions.everywhere("CREATE DATABASE IF NOT EXISTS test_whole")
    regions.load_everywhere("CREATE TABLE test_whole.t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)")
    regions.east.database.execute("INSERT INTO test_whole.t VALUES (1, 1), (2, 2)")
    regions.wait()
    made = Compared(regions, module_folder)
    with made.gate:
        yield made
    regions.everywhere("DROP TABLE test_whole.t")
    for region in regions:
        unseen(region, "DELETE FROM farshore.comparison")
        for other in regions.others(region):
            settle_drops(region, other)


def test_a_gate_with_the_bound_opens_when_a_comparison_is_recorded_and_closes_when_it_is_old(compared):
    compared.is_closed_as("no comparison of all tables", "`farshorectl compare --peer FILE --record --why TEXT --execute`")
    assert compared.west.gate()[0], "the lab's own gate has no such bound"
    dry = compared.compare("--record", "--why", "nightly")
    assert dry.returncode == 0 and json.loads(dry.stdout)["recorded"] == []
    assert compared.recorded() == ["main"]
    compared.opens()
    rows = {region.name: region.database.records("SELECT * FROM farshore.comparison") for region in compared.regions}
    assert [(row["region"], row["origin"], row["stream"], row["why"], "@" in row["who"]) for row in rows["west"] + rows["east"]] == [
        ("west", "east", "main", "nightly", True), ("east", "west", "main", "nightly", True)]
    eventually("its age is shown", lambda: 0 < Metrics.of(compared.gate.url).total(
        "farshore_gate_comparison_age_seconds", origin="east", stream="main") < 60)
    compared.set_began(-2 * BOUND_S)
    compared.is_closed_as("that found them equal to the origin's began 72", "the bound is 3600.0 s")
    compared.recorded()
    compared.opens()


def test_a_comparison_of_the_future_is_not_believed(compared):
    compared.recorded()
    compared.opens()
    compared.set_began(BOUND_S // 2)
    compared.is_closed_as("in the future by the clock of")
    compared.recorded()
    compared.opens()


def test_what_differs_is_not_recorded(compared):
    compared.recorded()
    before = compared.west.database.records("SELECT * FROM farshore.comparison")
    unseen(compared.west, "UPDATE test_whole.t SET v = 3 WHERE id = 1")
    try:
        done = compared.compare("--record", "--why", "nightly", "--execute")
        assert done.returncode == 4 and json.loads(done.stdout)["recorded"] == [], done.stdout + done.stderr
        assert compared.west.database.records("SELECT * FROM farshore.comparison") == before
    finally:
        unseen(compared.west, "UPDATE test_whole.t SET v = 1 WHERE id = 1")


def test_what_is_not_whole_or_cannot_be_kept_is_refused(compared):
    assert compared.compare("--record", "--why", "nightly", "--table", "test_whole.t").returncode == 2
    assert "--why" in compared.compare("--record").stderr
    with contextlib.ExitStack() as undo:
        unseen(compared.west, "RENAME TABLE farshore.comparison TO farshore.comparison_aside")
        undo.callback(unseen, compared.west, "RENAME TABLE farshore.comparison_aside TO farshore.comparison")
        compared.is_closed_as("no table comparison: run `farshorectl init`")
        assert compared.west.gate()[0], "without the bound nothing asks for it"
        done = compared.compare("--record", "--why", "nightly", "--execute")
        assert done.returncode == 1 and "farshorectl init" in done.stderr, done.stdout + done.stderr


def test_a_region_that_cannot_be_written_is_named_and_the_other_keeps_its_own(compared):
    east = compared.regions.east
    right = "DELETE ON farshore.* {} 'farshore_ctl'@'%'"
    unseen(east, "REVOKE " + right.format("FROM"))
    try:
        done = compared.compare("--record", "--why", "nightly", "--execute", output="table")
        assert done.returncode == 1 and "NOT recorded in region east, of origin west" in done.stdout, done.stdout + done.stderr
        assert "Recorded in region west, of origin east" in done.stdout
    finally:
        unseen(east, "GRANT " + right.format("TO"))
