"""What an operator says of tables that are equal."""

import json


def begin_equal(ctl, words):
    """A comparison is begun: its number, as `--begun` takes it (numbers, where more streams than one are meant)."""
    said = ctl("equal", "begin", *words, "--output", "json")
    assert said.returncode == 0, said.stdout + said.stderr
    return ",".join(str(one["begun"]) for one in json.loads(said.stdout))


def declare_equal(ctl, words, why):
    """As the page has it: a comparison is begun, made, and declared behind it."""
    begun = begin_equal(ctl, words)
    said = ctl("equal", "declare", *words, "--begun", begun, "--why", why)
    assert said.returncode == 0, said.stdout + said.stderr
