"""Holds a gate's word against what is really there.

A beat is a row that commits at a known time. When a gate says "safe up to T", every beat that was acknowledged before T
must be visible in its region at that moment.
"""

import contextlib
import datetime
import threading
import time

from ledger import Intent
from workload import commit

BEAT_S = 0.1
LOOK_S = 0.2


class Beats(threading.Thread):
    """Inserts one row after another in a region, and remembers when each was acknowledged. A client of the ledger."""

    def __init__(self, database, ledger):
        super().__init__(name=f"{ledger.region}-beats", daemon=True)
        self.database = database
        self.ledger = ledger
        self.acknowledged = []         # [(time of the acknowledgement, id)], ids ascending
        self.failure = None
        self.stopping = threading.Event()
        self._connection = None

    def run(self):
        number = 0
        try:
            while not self.stopping.wait(BEAT_S):
                number += 1
                intent = Intent()
                intent.insert("beat", (self.ledger.region, number))
                if commit(self, intent):
                    self.ledger.commit(intent)
                    self.acknowledged.append((time.time(), number))
        except BaseException as error:
            self.failure = error
        finally:
            self.disconnect()

    def connection(self):
        while self._connection is None:
            try:
                self._connection = self.database.app(autocommit=False)
            except Exception:
                time.sleep(BEAT_S)
        return self._connection

    def disconnect(self):
        connection, self._connection = self._connection, None
        with contextlib.suppress(Exception):
            if connection:
                connection.close()

    def stop(self):
        self.stopping.set()
        self.join(180)
        assert not self.is_alive() and not self.failure, f"{self.name}: {self.failure!r}"


class GateWatch(threading.Thread):
    """Asks the gate of one region again and again, and checks each safe time against the beats of one origin."""

    def __init__(self, region, beats, max_age_s):
        super().__init__(name=f"{region.name}-gate-watch", daemon=True)
        self.region = region
        self.beats = beats
        self.max_age_s = max_age_s
        self.lies = []
        self.answers_open = 0
        self.answers_closed = 0
        self.checked = 0
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(LOOK_S):
            try:
                self._look()
            except Exception:  # the gate or the database is down: nothing was claimed
                continue

    def _look(self):
        asked_at = time.time()
        is_open, answer = self.region.gate()
        if is_open:
            self.answers_open += 1
        else:
            self.answers_closed += 1
        origin = self.beats.ledger.region
        claims = safe_times(answer, origin)
        held = {row[0] for row in self.region.database.rows(f"SELECT id FROM shop.beat WHERE region = '{origin}'")}
        for claim in claims:
            self.checked += 1
            self._hold_against(claim, held, f"safe time {claim:.3f}")
        if is_open:
            self._hold_against(asked_at - self.max_age_s, held, f"open at {asked_at:.3f}")

    def _hold_against(self, moment, held, claim):
        missing = [number for at, number in list(self.beats.acknowledged) if at <= moment and number not in held]
        if missing:
            self.lies.append(f"{self.region.name} says {claim}, and lacks {len(missing)} beats of {self.beats.ledger.region}, "
                             f"the first {missing[0]}")

    def stop(self):
        self.stopping.set()
        self.join(60)


def safe_times(answer, origin):
    """The safe times, seconds since 1970, that a gate's answer claims for the streams of an origin."""
    return [datetime.datetime.fromisoformat(stream["safe_time"].replace("Z", "+00:00")).timestamp()
            for stream in answer.get("streams", []) if stream["origin"] == origin and stream["safe_time"]]
