"""The YAML file of a region, as an operator would write it, with what --set changes."""

from pathlib import Path

import yaml

from . import account
from .errors import LabError


def password_file(folder: Path, name: str) -> Path:
    return folder / "secrets" / name


def write_secrets(folder: Path, passwords: dict):
    account.make_folder(folder / "secrets", 0o700)
    for name, value in passwords.items():
        account.write_file(password_file(folder, name), value + "\n", 0o400)


def default_config(region: str, regions: list, database, kafka, services: dict, folder: Path) -> dict:
    """`services` maps capture, apply and gate to their listen addresses."""

    def login(name: str) -> dict:
        return {"user": f"farshore_{name}", "password_file": str(password_file(folder, name))}

    address = f"127.0.0.1:{database.port('sql')}"
    others = [name for name in regions if name != region]
    own = {"name": region, "region": region, "address": address, "account": login("capture"),
           "server_id": 990000 + database.number}
    return {
        "region": region,
        "database": {"address": address, "accounts": {name: login(name) for name in ("apply", "gate", "ctl")}},
        "kafka": {"bootstrap": kafka.bootstrap, "replication_factor": 1},
        "origins": [own] + [{"name": name, "region": name} for name in others],
        "streams": {"main": {"tables": ["*.*"], "partitions": 8, "retention": "7d"}},
        "apply": {"origins": others},
        "http": services,
    }


def apply_settings(config: dict, region: str, settings: list) -> dict:
    """`settings`: texts KEY=VALUE or REGION:KEY=VALUE; KEY is a dotted path (numbers index lists), VALUE is YAML."""
    for text in settings:
        target, key, value = parse_setting(text)
        if target in ("", region):
            _set(config, key.split("."), value, text)
    return config


def split_setting(text: str, option: str = "--set") -> tuple:
    """(region or "", key, the value's text) of KEY=VALUE or REGION:KEY=VALUE."""
    key, equals, value = text.partition("=")
    target, colon, rest = key.partition(":")
    if not colon:
        target, rest = "", key
    if not equals or not all(rest.split(".")):
        raise LabError(f"{option} {text!r}: write KEY=VALUE or REGION:KEY=VALUE.", 2)
    return target, rest, value


def parse_setting(text: str) -> tuple:
    """As split_setting(), with the value read as YAML. No value at all is an empty text."""
    target, key, value = split_setting(text)
    try:
        return target, key, yaml.safe_load(value) if value else ""
    except yaml.YAMLError as error:
        raise LabError(f"--set {text!r}: the value is not YAML: {error}", 2) from error


def _set(node, path: list, value, text: str):
    for step in path[:-1]:
        node = _child(node, step, text)
    if isinstance(node, list):
        node[_index(node, path[-1], text)] = value
    else:
        node[path[-1]] = value


def _child(node, step: str, text: str):
    child = node[_index(node, step, text)] if isinstance(node, list) else node.setdefault(step, {})
    if not isinstance(child, (dict, list)):
        raise LabError(f"--set {text!r}: '{step}' holds a plain value.", 2)
    return child


def _index(node: list, step: str, text: str) -> int:
    if not step.isdecimal() or int(step) >= len(node):
        raise LabError(f"--set {text!r}: '{step}' is not an index of a list of {len(node)}.", 2)
    return int(step)


def write_config(path: Path, config: dict):
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=120)
    account.write_file(path, "# Written by scripts/lab at every start: change it with --set.\n" + text)
