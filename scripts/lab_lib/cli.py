"""The command line of the lab."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import pymysql

from . import process
from .errors import Cancelled, LabError
from .lab import Lab, default_folder
from .waiting import take_sigterm_as_interrupt

DESCRIPTION = """Starts private regions on this machine, each with a database, a Kafka broker and Farshore's services, and
MirrorMaker 2 between them. Nothing that already runs here is touched: free ports, own data folders and sockets."""

EPILOG = """components: REGION.db REGION.kafka REGION.capture REGION.apply REGION.gate, and mirror; further instances of a
service are named capture-2, apply-2 and so on.
exit codes: 0 good, 1 error, 2 usage, 3 not ready (wait, status), 130 interrupted."""


def main(words: list) -> int:
    arguments = _parser().parse_args(words)
    take_sigterm_as_interrupt()
    try:
        return arguments.run(arguments) or 0
    except LabError as error:
        print(f"scripts/lab: {error}", file=sys.stderr)
        return error.exit_code
    except pymysql.MySQLError as error:
        print(f"scripts/lab: the database answers: {error.args[-1]}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Cancelled):
        print("scripts/lab: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def _say(line: str):
    print(line, flush=True)


def _lab(arguments) -> Lab:
    return Lab(arguments.dir, say=_say)


def _up(arguments):
    began = time.monotonic()
    lab = _lab(arguments)
    started = lab.up(
        regions=arguments.regions.split(",") if arguments.regions else None, server=arguments.server,
        tables_from=arguments.tables_from, settings=arguments.set, db_settings=arguments.db_set,
        mirror_settings=arguments.mirror_set, with_services=arguments.services, fast=arguments.fast,
        measured=arguments.measured)
    if started:
        _say(f"up in {lab.folder} after {time.monotonic() - began:.1f} s")
    else:
        _say(f"already up in {lab.folder}")


def _down(arguments):
    lab = _lab(arguments)
    there = lab.state.exists()
    lab.down(purge=arguments.purge)
    if not there:
        _say(f"there is no lab in {lab.folder}")
    elif not arguments.purge:
        _say(f"down; the data is kept in {lab.folder}")
    elif lab.folder.exists():
        _say(f"down; the lab is deleted, what else is in {lab.folder} stays")
    else:
        _say(f"down; {lab.folder} is deleted")


def _env(arguments):
    print(json.dumps(_lab(arguments).env(), indent=1))


def _sql(arguments):
    lab = _lab(arguments)
    options = ["--database", arguments.database] if arguments.database else []
    if arguments.statement:
        options += ["--batch"] if not sys.stdout.isatty() else ["--table"]
        options += ["--execute", arguments.statement]
    return lab.sql_client(arguments.region, *options)


def _component_action(verb: str):
    past = {"stop": "stopped", "kill": "killed", "pause": "paused", "resume": "resumed"}

    def run(arguments):
        lab = _lab(arguments)
        for key in arguments.component:
            getattr(lab, verb)(key)
            _say(f"{key} {past[verb]}")

    return run


def _start(arguments):
    lab = _lab(arguments)
    lab.start(arguments.component, arguments.argument, wait=not arguments.no_wait)
    _say(f"{arguments.component} {'started' if arguments.no_wait else 'ready'}")


def _wait(arguments):
    _lab(arguments).wait(arguments.timeout)


def _status(arguments):
    lab = _lab(arguments)
    lab.require_lab()
    conditions = {key: component.condition() for key, component in lab.components.items()}
    for key, component in lab.components.items():
        pid = component.process.pid if component.process else ""
        listening = " ".join(f"{name}={port}" for name, port in component.own_ports().items())
        print(f"{key:<16} {conditions[key]:<8} {pid:<8} {listening:<32} {component.log}")
    return 0 if all(condition == "running" for condition in conditions.values()) else 3


def _logs(arguments):
    lab = _lab(arguments)
    chosen = [lab.component(key) for key in arguments.component] or list(lab.components.values())
    files = [component.log for component in chosen if component.log.exists()]
    if not files:
        raise LabError("nothing of this has written a log yet: is the lab up? (scripts/lab status)")
    if arguments.follow:
        return subprocess.run(["tail", "-n", str(arguments.lines), "-F", *map(str, files)], check=False).returncode
    for file in files:
        print(f"==> {file}\n{process.tail(file, arguments.lines)}")


def _parser():
    parser = argparse.ArgumentParser(prog="scripts/lab", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--dir", type=Path, metavar="D", help=f"the lab's folder (default {default_folder()})")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run, text: str):
        made = commands.add_parser(name, parents=[common], help=text, description=text)
        made.set_defaults(run=run)
        return made

    up = command("up", _up, "bring everything up; the same folder brings the same data back")
    up.add_argument("--regions", metavar="A,B[,C]", help="names of the regions (default east,west)")
    up.add_argument("--server", choices=("mixed", "mysql", "mariadb"),
                    help="databases; mixed (default) is MySQL and MariaDB in turn")
    up.add_argument("--tables-from", action="append", metavar="FILE.sql", help="load this file on all sides, once")
    up.add_argument("--set", action="append", metavar="[REGION:]KEY=VALUE", help="override a key of the regions' files")
    up.add_argument("--db-set", action="append", metavar="[REGION:]NAME=VALUE", help="a server option of the databases")
    up.add_argument("--mirror-set", action="append", metavar="KEY=VALUE", help="a property of MirrorMaker 2")
    up.add_argument("--services", action=argparse.BooleanOptionalAction, default=None,
                    help="with or without Farshore's services (default: with)")
    up.add_argument("--fast", action=argparse.BooleanOptionalAction, default=None,
                    help="databases without durability (sync_binlog=0, innodb_flush_log_at_trx_commit=2)")
    up.add_argument("--measured", action=argparse.BooleanOptionalAction, default=None,
                    help="Kafka and the mirror for measurements of throughput; without, they start quicker")
    down = command("down", _down, "stop everything; the data is kept")
    down.add_argument("--purge", action="store_true", help="delete the data too")
    command("destroy", _down, "the same as down --purge").set_defaults(purge=True)
    command("env", _env, "print as JSON where everything is")
    sql = command("sql", _sql, "run a statement as root, or open a client (reads standard input)")
    sql.add_argument("--database", "-D")
    sql.add_argument("region", metavar="REGION")
    sql.add_argument("statement", nargs="?", metavar="STATEMENT")
    start = command("start", _start, "start a component")
    start.add_argument("--no-wait", action="store_true", help="do not wait until it is ready")
    start.add_argument("--argument", action="append", metavar="WORD", help="added to a service's command line, this once")
    start.add_argument("component", metavar="REGION.COMPONENT")
    for verb, text in (("stop", "SIGTERM, and wait for the end"), ("kill", "SIGKILL"), ("pause", "SIGSTOP"),
                       ("resume", "SIGCONT")):
        command(verb, _component_action(verb), text).add_argument("component", nargs="+", metavar="REGION.COMPONENT")
    wait = command("wait", _wait, "wait until every region holds what the others' sources hold now")
    wait.add_argument("--timeout", type=float, default=60.0, metavar="S")
    command("status", _status, "one line a component; 0 when all run")
    logs = command("logs", _logs, "the ends of the logs")
    logs.add_argument("--follow", "-f", action="store_true")
    logs.add_argument("--lines", "-n", type=int, default=20)
    logs.add_argument("component", nargs="*", metavar="REGION.COMPONENT")
    return parser
