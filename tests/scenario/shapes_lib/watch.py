"""Looks at both gates ten times a second while beats are written, and holds an open gate to its word.

Each region's beat table has rows in every partition that all carry the time of their last writing. When a gate is open,
every beat that the origin acknowledged more than the gate's bound ago must be here.
"""

import contextlib
import threading
import time

from .plan import REGIONS
from .shapes_lab import BEATS

LOOK_EVERY_S = 0.1
BEAT_EVERY_S = 0.3
MAX_AGE_S = 10
TOLERANCE_S = 3       # the bound of clock skew and this look's own time


class Watch(threading.Thread):
    """with Watch(lab) as watch: ...; watch.untruths are the sentences of what an open gate did not hold."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.lab = lab
        self.untruths = []
        self.samples = {region: {"open": 0, "closed": 0} for region in REGIONS}
        self.acknowledged = {region: [] for region in REGIONS}     # milliseconds, ascending
        self._end = threading.Event()
        self._quiet = threading.Event()
        self._writers = [threading.Thread(target=self._beat, args=(region,), daemon=True) for region in REGIONS]

    def _beat(self, name):
        region, connection = self.lab.regions.by_name[name], None
        while not self._quiet.wait(BEAT_EVERY_S):
            try:
                connection = connection or region.database.app(autocommit=True, read_timeout_s=5)
                now = int(time.time() * 1000)
                with connection.cursor() as cursor:
                    cursor.execute(f"UPDATE test_beat.{name} SET at = {now}")
                self.acknowledged[name].append(int(time.time() * 1000))
            except Exception:  # the server is paused or away: this beat was perhaps not written
                connection = None

    def run(self):
        while not self._end.wait(LOOK_EVERY_S):
            for region in self.lab.regions:
                self._look(region)

    def _look(self, region):
        began = time.time()
        is_open, answer = region.gate()
        self.samples[region.name]["open" if is_open else "closed"] += 1
        if not is_open:
            return
        origin = REGIONS[1 - REGIONS.index(region.name)]
        try:
            oldest = region.database.value(f"SELECT MIN(at) FROM test_beat.{origin}")
        except Exception:  # not now
            return
        due = (began - MAX_AGE_S - TOLERANCE_S) * 1000
        known = [at for at in self.acknowledged[origin][-200:] if at <= due]
        if known and oldest < known[-1] - 2 * BEAT_EVERY_S * 1000 and time.time() - began < 2:
            ages = {stream["origin"]: stream["age_seconds"] for stream in answer.get("streams", [])}
            self.untruths.append(f"the gate of {region.name} is open and says ages {ages}, and its oldest beat of {origin} "
                                 f"is {began - oldest / 1000:.1f} s old of {BEATS}")

    def be_quiet(self):
        """No more beats, so that the sources stand still; the gates are looked at on."""
        self._quiet.set()
        for writer in self._writers:
            writer.join(10)

    def __enter__(self):
        for writer in self._writers:
            writer.start()
        self.start()
        return self

    def __exit__(self, *_):
        self._quiet.set()
        self._end.set()
        with contextlib.suppress(RuntimeError):
            self.join(5)
        for writer in self._writers:
            writer.join(5)
