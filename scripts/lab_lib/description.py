"""Where everything of a lab is: what `scripts/lab env` prints."""

from .component import Component
from .database import APP_USER
from .services import Service


def describe(lab) -> dict:
    """What other tools need to know; kept stable. Plain values, ready for JSON."""
    answer = {"dir": str(lab.folder), "regions": {region: _region(lab, region) for region in lab.databases}}
    if lab.mirror:
        answer["mirror"] = {"pid": _pid(lab.mirror), "log": str(lab.mirror.log), "config": str(lab.mirror.config_file)}
    return answer


def _region(lab, region: str) -> dict:
    database, kafka = lab.databases[region], lab.kafkas[region]
    return {
        "db": {"server": database.kind, "version": lab.state.data.get("versions", {}).get(database.key),
               "socket": str(database.socket), "host": "127.0.0.1", "port": database.port("sql"), "user": "root",
               "pid": _pid(database), "log": str(database.log),
               "app": {"user": APP_USER, "password": lab.state.data["passwords"][APP_USER]}},
        "kafka": {"bootstrap": kafka.bootstrap, "pid": _pid(kafka), "log": str(kafka.log)},
        "config": str(lab.config_file(region)),
        "services": {one.name: {"url": one.url, "pid": _pid(one), "config": str(one.config_file), "log": str(one.log)}
                     for one in lab.components.values() if isinstance(one, Service) and one.region == region},
    }


def _pid(component: Component) -> int | None:
    return component.process.pid if component.running() else None
