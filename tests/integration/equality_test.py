"""A gate is open only over tables that somebody has vouched for."""

import json

import pytest

from wait import eventually


@pytest.fixture(autouse=True)
def open_gates(regions):
    regions.all_gates_open()
    yield
    said(regions.west, "declare", "--origin", "east", "--stream", "main", "--execute")
    regions.all_gates_open()


def said(region, *words):
    done = region.ctl("equal", *words, "--why", "a test")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def detail(region):
    """Of not-yet-equal; empty while that does not close the gate."""
    return next((reason["detail"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]
                 if reason["reason"] == "not-yet-equal"), "")


def history(region):
    return json.loads(region.ctl("equal", "list", "--origin", "east", "--all", "--output", "json").stdout)


def test_what_is_taken_back_closes_the_gate_and_what_is_said_again_opens_it(regions):
    west = regions.west
    before = history(west)
    assert "would be said" in said(west, "revoke", "--origin", "east")
    assert history(west) == before, "a dry run writes nothing"
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("the gate names the table", lambda: "shop.account (a test)" in detail(west))
    assert west.ctl("gate").returncode == 3
    said(west, "declare", "--origin", "east", "--stream", "main", "--table", "shop.account", "--execute")
    regions.all_gates_open()
    said(west, "revoke", "--origin", "east", "--execute")
    eventually("the gate is closed", lambda: "a test" in detail(west))
    entries = history(west)[len(before):]
    assert [(entry["table"], entry["state"]) for entry in entries] == [
        ("shop.account", "not-yet-equal"), ("shop.account", "equal"), ("", "not-yet-equal")]
    assert all("@" in entry["who"] and entry["why"] == "a test" for entry in entries)


def test_what_one_region_doubts_closes_the_gate_of_the_other_too(regions):
    """Until it is declared equal where it was doubted, or here."""
    east, west = regions.east, regions.west
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("the gate of east names the table", lambda: "shop.account (the region of west does not know" in detail(east))
    assert "a test" in detail(west)
    listed = json.loads(east.ctl("equal", "list", "--output", "json").stdout)
    assert [(entry["origin"], entry["who"]) for entry in listed if entry["state"] == "told-unequal"] == [("west", "region of west")]
    regions.restart("east.apply", "west.capture")
    eventually("the gate of east is closed still", lambda: "shop.account" in detail(east))
    said(west, "declare", "--origin", "east", "--table", "shop.account", "--execute")
    regions.all_gates_open()
    # By whoever is left, when the region that doubted is lost.
    said(west, "revoke", "--origin", "east", "--table", "shop.account", "--execute")
    eventually("the gate of east is closed again", lambda: "shop.account" in detail(east))
    said(east, "declare", "--origin", "west", "--table", "shop.account", "--execute")
    eventually("the gate of east is open", lambda: east.gate()[0])
    regions.restart("east.apply")
    eventually("the same is not said again", lambda: east.gate()[0])
    assert "a test" in detail(west)


def test_a_schema_of_before_says_init(regions):
    west = regions.west
    west.database.execute("RENAME TABLE farshore.equality TO farshore.equality_aside")
    try:
        eventually("the gate says what to do", lambda: "`farshorectl init`" in detail(west))
        refused = west.ctl("equal", "list")
        assert refused.returncode == 1 and "farshorectl init" in refused.stderr
        assert west.ctl("init").returncode == 0
        eventually("nobody has said anything", lambda: "nobody has said yet" in detail(west))
    finally:
        west.database.execute("DROP TABLE IF EXISTS farshore.equality",
                              "RENAME TABLE farshore.equality_aside TO farshore.equality")


def test_words_that_cannot_be_are_refused(regions):
    for words, sentence in ((["--origin", "north"], "apply.origins"), (["--origin", "east", "--stream", "no"], "is not in streams"),
                            (["--origin", "east", "--table", "account"], "SCHEMA.TABLE")):
        refused = regions.west.ctl("equal", "declare", *words, "--why", "a test", "--execute")
        assert refused.returncode == 2 and sentence in refused.stderr, refused.stderr
    refused = regions.west.ctl("ddl", "done", "--origin", "east", "--epoch", "77", "--execute")
    assert refused.returncode == 1 and "no statement of origin east is waited for" in refused.stderr
    assert regions.west.ctl("ddl", "list", "--origin", "east").returncode == 0
