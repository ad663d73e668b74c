"""The command line of the benchmarks. Progress goes to standard error, results to standard output, a JSON object a line."""

import argparse
import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import pymysql

from lab_lib import LabError, tools
from lab_lib.errors import Cancelled
from lab_lib.waiting import take_sigterm_as_interrupt

from . import drain, latency, sysbench, way

DESCRIPTION = """Benchmarks on private servers that end with the run. Each result has a yardstick of the same run beside it.
  capture   drains a binlog of sysbench oltp_write_only into Kafka; yardstick: mariadb-binlog -v over the same files
  apply     applies the same changes to a copy of the tables, durably; yardstick: a native MariaDB replica
  way       a backlog from the binlog through both Kafkas and the mirror into the target, with the CPU of each part;
            yardstick: a native MariaDB replica
  latency   commit at the source to visible at the target, by the client's clock, with and without the mirror"""


def main(words):
    parser = argparse.ArgumentParser(prog="scripts/bench", description=DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=("capture", "apply", "way", "latency"))
    parser.add_argument("--runs", type=int, default=1, metavar="N")
    parser.add_argument("--rows", type=int, default=2_000_000, metavar="N", help="row changes in the binlog (default 2000000)")
    parser.add_argument("--server", choices=("mariadb", "mysql"), default="mariadb",
                        help="the source of capture and apply; yardsticks are MariaDB's (default mariadb)")
    parser.add_argument("--table", choices=sorted(sysbench.KINDS), default="plain",
                        help="of capture and apply: plain; unique: with a further unique key; text-key: the primary key is text without "
                             "case; group: an order group (default plain)")
    parser.add_argument("--look-at", choices=("all", "sample"), default="all", help="apply.look_at (default all)")
    parser.add_argument("--seconds", type=int, default=30, metavar="N", help="length of each latency measurement")
    parser.add_argument("--rates", type=rates, default=[1000, 5000], metavar="N,N", help="row changes a second of latency")
    parser.add_argument("--keep", action="store_true", help="leave the folder of servers and logs behind")
    arguments = parser.parse_args(words)
    take_sigterm_as_interrupt()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="farshore-bench-"))
    folder.chmod(0o755)
    try:
        tools.farshore_binary("farshore")
        for run in range(1, arguments.runs + 1):
            # Closed, and with it all servers of the run, before the folder goes.
            with contextlib.closing(results(arguments, folder / str(run))) as found:
                for result in found:
                    print(json.dumps({**result, "run": run}), flush=True)
        return 0
    except LabError as error:
        return failed(str(error), error.exit_code)
    except subprocess.CalledProcessError as error:
        return failed(f"{pathlib.Path(str(error.cmd[0])).name} failed with {error.returncode}")
    except pymysql.MySQLError as error:
        return failed(f"the database answers: {error.args[-1]}")
    except AssertionError as error:  # a wait's end: it says what for
        return failed(str(error))
    except (KeyboardInterrupt, Cancelled):
        return failed("interrupted.", 130)
    finally:
        if arguments.keep:
            print(f"scripts/bench: everything is kept in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def failed(sentence, exit_code=1):
    print(f"scripts/bench: {sentence}", file=sys.stderr)
    return exit_code


def results(arguments, folder):
    drains = [what for what in ("capture", "apply") if what in arguments.what]
    if drains:
        yield from drain.results(drains, folder, arguments, say)
    if "way" in arguments.what:
        yield from way.results(folder, arguments, say)
    if "latency" in arguments.what:
        yield from latency.results(folder, arguments.rates, arguments.seconds, say)


def rates(text):
    return [int(word) for word in text.split(",")]


def say(line):
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
