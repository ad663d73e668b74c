"""What `up` is asked for, merged into what the folder's lab already is. A refusal leaves nothing behind."""

import re
import secrets
from pathlib import Path

from . import lab_folder, region_config, tools
from .database import ACCOUNTS, APP_USER
from .errors import LabError
from .state import State

REGION_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
DEFAULT_REGIONS = ("east", "west")


def remember(state: State, say, regions: list | None = None, server: str | None = None, settings: list | None = None,
             db_settings: list | None = None, mirror_settings: list | None = None, with_services: bool | None = None,
             fast: bool | None = None, measured: bool | None = None):
    """Options left out keep what they were; regions and servers are fixed by the folder's data."""
    chosen = list(regions or state.data.get("regions") or DEFAULT_REGIONS)
    _check_names(chosen)
    parsed_db = [region_config.split_setting(text, "--db-set") for text in db_settings or []]
    for target, _, _ in [region_config.parse_setting(text) for text in settings or []] + parsed_db:
        if target and target not in chosen:
            raise LabError(f"there is no region '{target}'; there are: {', '.join(chosen)}.", 2)
    parsed_mirror = [_mirror_property(text) for text in mirror_settings or []]
    kinds = _kinds(chosen, server or state.data.get("server") or "mixed", say)
    known = state.data.get("kinds")
    if known and (list(known) != chosen or (server and known != kinds)):
        have = ", ".join(f"{region} ({kind})" for region, kind in known.items())
        raise LabError(f"{state.folder} holds a lab of {have}: take it down with `scripts/lab down --purge`, or name "
                       "another folder with --dir.", 2)
    with state.changed() as data:
        data["arguments"] = {}
        data["regions"] = chosen
        data["kinds"] = known or kinds
        data["server"] = server or data.get("server") or "mixed"
        data["services"] = data.get("services", True) if with_services is None else with_services
        data["fast"] = data.get("fast", False) if fast is None else fast
        data["measured"] = data.get("measured", False) if measured is None else measured
        data["settings"] = data.get("settings", []) + list(settings or [])
        for target, key, value in parsed_db:
            data.setdefault("db_settings", {}).setdefault(target, {})[key.replace("_", "-")] = value
        for key, value in parsed_mirror:
            data.setdefault("mirror_settings", {})[key] = value
        for name in (*ACCOUNTS, APP_USER):
            data["passwords"].setdefault(name, secrets.token_urlsafe(12))


def tables_files(names: list) -> list:
    """The files of --tables-from, each of which is there."""
    for name in names:
        if not Path(name).is_file():
            raise LabError(f"--tables-from {name}: there is no such file.", 2)
    return [Path(name).absolute() for name in names]


def _check_names(regions: list):
    for region in regions:
        if not REGION_NAME.fullmatch(region) or region in lab_folder.SHARED_FOLDERS:
            raise LabError(f"'{region}' is no region's name: a letter, then up to 15 letters and digits, lower case.", 2)
    if len(set(regions)) != len(regions):
        raise LabError("--regions names a region twice.", 2)


def _mirror_property(text: str) -> tuple:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise LabError(f"--mirror-set {text!r}: write KEY=VALUE.", 2)
    return key, value


def _kinds(regions: list, server: str, say) -> dict:
    """{region: mysql or mariadb}"""
    if server != "mixed":
        if server == "mysql" and not tools.mysql_root():
            raise LabError("there is no MySQL in the cache (scripts/setup says why): use --server mariadb.")
        return {region: server for region in regions}
    if not tools.mysql_root():
        say("NO MYSQL (scripts/setup says why): MariaDB serves every region.")
        return {region: "mariadb" for region in regions}
    return {region: ("mysql", "mariadb")[index % 2] for index, region in enumerate(regions)}
