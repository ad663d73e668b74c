"""What scripts/demo shows: a story in five steps, each checked from outside with a plain client."""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pymysql

from .errors import Cancelled, LabError
from .lab import Lab
from .services import get
from .waiting import take_sigterm_as_interrupt, wait_for

TABLE = """CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, city VARCHAR(16) NOT NULL, amount DECIMAL(10,2) NOT NULL,
    note VARCHAR(100)) CHARACTER SET utf8mb4"""
ARRIVAL_SECONDS = 30
WRITING_SECONDS = 12
CAUGHT_UP_SECONDS = 60
WRITER_ENDS_SECONDS = 30
GATE_SECONDS = 30


def main(words: list) -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", allow_abbrev=False)
    parser.add_argument("--keep", action="store_true", help="leave the surviving region up")
    parser.add_argument("--server", choices=("mixed", "mysql", "mariadb"), default="mixed")
    arguments = parser.parse_args(words)
    take_sigterm_as_interrupt()
    folder = Path(tempfile.gettempdir()) / f"farshore-demo-{os.geteuid()}"
    lab, done, code = None, False, 1
    try:
        Lab(folder, say=_say).down(purge=True)  # an earlier demo that was killed
        lab = Lab(folder, say=_say)
        Story(lab, arguments.server).tell()
        done = True
    except (LabError, pymysql.MySQLError) as error:
        print(f"\nscripts/demo FAILED: {error}\nlogs: {folder}", file=sys.stderr)
    except (KeyboardInterrupt, Cancelled):
        print(f"\nscripts/demo: interrupted.\nlogs: {folder}", file=sys.stderr)
        code = 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # nothing is left running: each stop below ends by itself
            signal.signal(number, signal.SIG_IGN)
        if lab and not (done and arguments.keep):
            lab.cancellation = type(lab.cancellation)()
            lab.down(purge=done)
    if done:
        _say("\nThe demo ended well." + (f" Look around: scripts/lab status --dir {folder}" if arguments.keep else ""))
    return 0 if done else code


def _say(line: str):
    print(line, flush=True)


def _title(text: str):
    _say(f"\n== {text}")


def expect(condition: bool, sentence: str):
    if not condition:
        raise LabError(sentence)


class Story:
    def __init__(self, lab: Lab, server: str):
        self.lab = lab
        self.server = server

    def tell(self):
        self.two_regions()
        self.writes_arrive()
        self.lag()
        self.components_killed()
        self.region_lost()

    def two_regions(self):
        _title("1. Two regions: a database, Kafka and Farshore in each, MirrorMaker 2 between them")
        self.lab.up(server=self.server)
        for region, database in self.lab.databases.items():
            database.query("CREATE DATABASE shop")
            database.query(TABLE)
            database.grant_app()
            _say(f"  {region}: {database.kind} {self.lab.env()['regions'][region]['db']['version']}, table shop.orders")

    def writes_arrive(self):
        _title("2. Writes on both sides arrive on the other")
        for number, (here, there, city) in enumerate((("east", "west", "上海"), ("west", "east", "北京")), start=1):
            self._write(here, "INSERT INTO shop.orders VALUES (%s, %s, 19.90, 'first')", (number, city))
            seconds = self._arrives(there, number, (city, "first"))
            _say(f"  order {number}, written in {here}, is in {there} after {seconds * 1000:.0f} ms")
        self._write("east", "UPDATE shop.orders SET note = 'changed' WHERE id = 1")
        self._write("west", "DELETE FROM shop.orders WHERE id = 2")
        self._arrives("west", 1, ("上海", "changed"))
        self._arrives("east", 2, None)
        _say("  an update from east and a delete from west have arrived too")

    def lag(self):
        _title("3. The lag: how old is what each region safely holds of the other?")
        for region in self.lab.databases:
            answer = self._gate(region, lambda status, _: status == 200, "opens")
            for stream in answer["streams"]:
                _say(f"  {region} holds all of {stream['origin']}'s stream {stream['stream']} up to "
                     f"{stream['safe_time']}, {stream['age_seconds']:.2f} s ago: the gate is {answer['verdict']}")

    def components_killed(self):
        _title("4. Killed without mercy while both regions are written, and recovered without loss")
        writers = [Writer(self.lab, region, first) for region, first in (("east", 1000), ("west", 1_000_000))]
        for writer in writers:
            writer.start()
        try:
            for victim in ("west.apply", "east.capture", "mirror", "east.apply", "west.capture"):
                self.lab.cancellation.pause(WRITING_SECONDS / 6)
                self.lab.kill(victim)
                _say(f"  kill -9 {victim}")
                self.lab.start(victim, wait=False)
            self.lab.cancellation.pause(WRITING_SECONDS / 6)
        finally:
            for writer in writers:
                writer.finish()
            for writer in writers:
                writer.join(WRITER_ENDS_SECONDS)
        for writer in writers:
            writer.require_success()
        began = time.monotonic()
        self.lab.wait(CAUGHT_UP_SECONDS)
        _say(f"  {sum(writer.writes for writer in writers)} writes were acknowledged meanwhile; "
             f"all caught up {time.monotonic() - began:.1f} s after the last one")
        expected = {**writers[0].ledger, **writers[1].ledger}
        for region in self.lab.databases:
            rows = self.lab.query(region, "SELECT id, note FROM shop.orders WHERE id >= 1000")
            expect(dict(rows) == expected,
                   f"{region} holds {len(rows)} rows that are not the {len(expected)} that were acknowledged")
            _say(f"  {region} holds exactly the {len(expected)} rows of the writers' own ledger")

    def region_lost(self):
        _title("5. East is lost: may west take over, and what would be lost?")
        before = self._gate("west", lambda status, _: status == 200, "opens")
        _say(f"  before: the gate of west is {before['verdict']}")
        for key in [key for key in self.lab.components if key.startswith("east.")]:
            if self.lab.component(key).running():
                self.lab.kill(key)
        lost_at = time.time()
        _say("  killed: everything in east (database, Kafka, services)")
        after = self._gate("west", lambda status, _: status == 503, "closes")
        for stream in after["streams"]:
            if stream["origin"] == "east":
                reasons = "; ".join(reason["detail"] for reason in stream["reasons"])
                _say(f"  {time.time() - lost_at:.0f} s later the gate of west is {after['verdict']}: {reasons}")
                _say(f"  everything that east committed up to {stream['safe_time']} is here; "
                     "what it committed later would be lost")
        rows = self.lab.query("west", "SELECT COUNT(*) FROM shop.orders")[0][0]
        self._write("west", "INSERT INTO shop.orders VALUES (3, 'west', 1, 'still served')")
        _say(f"  west itself goes on serving: {rows} orders, and takes new ones")

    # --- the outside view
    def _write(self, region: str, statement: str, arguments=None):
        with closing(self.lab.connect(region, "app")) as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)

    def _arrives(self, region: str, number: int, wanted: tuple | None) -> float:
        """Seconds until the row reads as wanted (None: is gone)."""
        began = time.monotonic()
        with closing(self.lab.connect(region, "app")) as connection, connection.cursor() as cursor:
            def there():
                cursor.execute("SELECT city, note FROM shop.orders WHERE id = %s", (number,))
                return cursor.fetchone() == wanted

            wait_for(there, ARRIVAL_SECONDS, f"order {number} does not arrive in {region}", self.lab.cancellation, 0.005)
        return time.monotonic() - began

    def _gate(self, region: str, accept, verb: str) -> dict:
        url = self.lab.component(f"{region}.gate").url + "/v1/gate"
        last = {}

        def answered():
            status, body = get(url)
            if status in (200, 503):
                last.update(json.loads(body))
            return status and accept(status, last)

        wait_for(answered, GATE_SECONDS, lambda: f"the gate of {region} never {verb}: {json.dumps(last)}",
                 self.lab.cancellation)
        return last


class Writer(threading.Thread):
    """A client of one region that keeps its own ledger of what was acknowledged: {id: note}, of its own ids."""

    def __init__(self, lab: Lab, region: str, first: int):
        super().__init__(name=f"writer-{region}", daemon=True)
        self.ledger: dict = {}
        self.writes = 0
        self._connection = lab.connect(region, "app")
        self._region = region
        self._next = first
        self._random = random.Random(first)
        self._stopping = threading.Event()
        self._failure: Exception | None = None

    def run(self):
        try:
            with closing(self._connection) as connection, connection.cursor() as cursor:
                while not self._stopping.is_set():
                    self._one(cursor)
                    self.writes += 1
        except Exception as error:  # handed to require_success(), which raises it
            self._failure = error

    def _one(self, cursor):
        note = f"{self._region} {self.writes}"
        dice = self._random.random()
        if dice < 0.5 or not self.ledger:
            cursor.execute("INSERT INTO shop.orders VALUES (%s, %s, 1, %s)", (self._next, self._region, note))
            self.ledger[self._next] = note
            self._next += 1
            return
        known = self._random.choice(list(self.ledger))
        if dice < 0.85:
            cursor.execute("UPDATE shop.orders SET note = %s WHERE id = %s", (note, known))
            self.ledger[known] = note
        else:
            cursor.execute("DELETE FROM shop.orders WHERE id = %s", (known,))
            del self.ledger[known]

    def finish(self):
        self._stopping.set()

    def require_success(self):
        if self.is_alive():
            raise LabError(f"the writer of {self._region} does not end: its server does not answer")
        if self._failure:
            raise LabError(f"the writer of {self._region} failed: {self._failure}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
