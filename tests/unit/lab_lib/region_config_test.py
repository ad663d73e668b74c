"""`--set` changes a region's file as written, or is refused with exit code 2 and the words that were typed."""

import pathlib
import types

import pytest
import yaml

from lab_lib import LabError
from lab_lib.region_config import apply_settings, default_config, parse_setting, split_setting, write_config


def config():
    database = types.SimpleNamespace(port=lambda name: 15001, number=1)
    kafka = types.SimpleNamespace(bootstrap="127.0.0.1:15002")
    return default_config("east", ["east", "west"], database, kafka, {"capture": "127.0.0.1:15003"}, pathlib.Path("/lab"))


@pytest.mark.parametrize(("text", "parsed"), [
    ("apply.retry_interval=1s", ("", "apply.retry_interval", "1s")),
    ("west:apply.retry_interval=1s", ("west", "apply.retry_interval", "1s")),
    ("a=8", ("", "a", 8)),
    ("a=0.5", ("", "a", 0.5)),
    ("a=true", ("", "a", True)),
    ("a=off", ("", "a", False)),
    ("a=null", ("", "a", None)),
    ("a='8'", ("", "a", "8")),
    ('a="true"', ("", "a", "true")),
    ("a=[x, 2]", ("", "a", ["x", 2])),
    ('a={match: "shop.*", merge: immutable}', ("", "a", {"match": "shop.*", "merge": "immutable"})),
    ("a=", ("", "a", "")),
    ("a=b=c", ("", "a", "b=c")),
    ("a=127.0.0.1:80", ("", "a", "127.0.0.1:80")),
])
def test_a_setting_is_a_region_a_key_and_a_value_in_yaml(text, parsed):
    found = parse_setting(text)
    assert found == parsed
    assert type(found[2]) is type(parsed[2])


@pytest.mark.parametrize("text", ["", "a", "=1", "west:a", "west:=1", ":=1", "a.=1", ".a=1", "a..b=1", "west:a..b=1"])
def test_a_setting_without_a_whole_key_or_a_value_is_refused(text):
    with pytest.raises(LabError) as refused:
        parse_setting(text)
    assert refused.value.exit_code == 2
    assert repr(text) in str(refused.value) and "KEY=VALUE" in str(refused.value)


def test_a_value_that_is_not_yaml_is_refused():
    with pytest.raises(LabError, match="not YAML") as refused:
        parse_setting("a=[1, 2")
    assert refused.value.exit_code == 2
    assert "'a=[1, 2'" in str(refused.value)


def test_a_split_setting_keeps_its_value_as_text_and_is_refused_by_its_option():
    assert split_setting("west:gtid-mode=ON") == ("west", "gtid-mode", "ON")
    with pytest.raises(LabError, match="^--db-set 'x': ") as refused:
        split_setting("x", "--db-set")
    assert refused.value.exit_code == 2


def test_a_setting_without_a_region_is_for_every_region():
    assert apply_settings({"a": 1}, "east", ["a=2"]) == {"a": 2}
    assert apply_settings({"a": 1}, "west", ["a=2"]) == {"a": 2}


def test_a_setting_of_a_region_leaves_the_others_alone():
    assert apply_settings({"a": 1}, "east", ["east:a=2"]) == {"a": 2}
    assert apply_settings({"a": 1}, "west", ["east:a=2"]) == {"a": 1}


def test_the_last_of_several_settings_wins():
    assert apply_settings({}, "east", ["a=1", "east:a=2", "west:a=3"]) == {"a": 2}


def test_a_nested_key_changes_only_its_own_place_and_makes_what_is_not_there():
    changed = apply_settings(config(), "east", ["streams.main.partitions=2", "streams.big.tables=[shop.*]", "apply.lease.ttl=3s"])
    expected = config()
    expected["streams"]["main"]["partitions"] = 2
    expected["streams"]["big"] = {"tables": ["shop.*"]}
    expected["apply"]["lease"] = {"ttl": "3s"}
    assert changed == expected


def test_a_number_is_an_index_of_a_list():
    changed = apply_settings(config(), "east", ["origins.0.server_id=7", "streams.main.tables.0=shop.*"])
    expected = config()
    expected["origins"][0]["server_id"] = 7
    expected["streams"]["main"]["tables"] = ["shop.*"]
    assert changed == expected


@pytest.mark.parametrize("key", ["origins.2.name", "origins.x.name", "origins.-1.name", "apply.origins.1", "apply.origins.\u00b2"])
def test_what_is_no_index_of_the_list_is_refused(key):
    with pytest.raises(LabError, match="is not an index of a list of [12]") as refused:
        apply_settings(config(), "east", [f"{key}=x"])
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("key", [
    "region.name", "kafka.bootstrap.host.name", "apply.origins.0.name", "streams.main.tables.0.match.x"])
def test_a_key_below_a_plain_value_is_refused(key):
    with pytest.raises(LabError, match="holds a plain value") as refused:
        apply_settings(config(), "east", [f"{key}=x"])
    assert refused.value.exit_code == 2


def test_a_setting_of_another_region_is_not_tried_here():
    assert apply_settings(config(), "east", ["west:region.name=x"]) == config()


def test_the_default_file_names_every_region_as_an_origin_and_applies_all_others():
    made = config()
    assert [origin["name"] for origin in made["origins"]] == ["east", "west"]
    assert made["apply"]["origins"] == ["west"]
    assert made["database"]["address"] == made["origins"][0]["address"] == "127.0.0.1:15001"
    assert made["origins"][0]["account"] == {"user": "farshore_capture", "password_file": "/lab/secrets/capture"}


def test_a_written_file_says_in_yaml_what_was_set(folder):
    file = folder / "farshore.yaml"
    changed = apply_settings(config(), "east", ["apply.note='true'", "apply.on=true", "apply.text=\u00fcber"])
    write_config(file, changed)
    assert yaml.safe_load(file.read_text()) == changed
    assert [path.name for path in folder.iterdir()] == ["farshore.yaml"]
