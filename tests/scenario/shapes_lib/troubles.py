"""Faults of a run: killed, paused, superseded while paused (a zombie), an answer to COMMIT lost, clocks shifted."""

import struct

from lab_lib import LabError
from wait import Timeout, eventually

TAKE_OVER_WITHIN_S = 25
AWAY = "start the server", "start the brokers"


class Troubles:
    """Each leaves its mark until it is taken back; end() takes all back."""

    def __init__(self, lab, note):
        self.lab = lab
        self.note = note
        self.paused = set()
        self.zombies = set()
        self.shifted = set()
        self.source_was_ahead = False

    def condition(self, key):
        return self.lab.lab.component(key).condition()

    def kill(self, key):
        if key in self.paused or self.condition(key) != "running":
            return
        self.note(f"kill -9 {key}, and start it again")
        self.lab.lab.kill(key)
        self.lab.lab.start(key, wait=False)

    def pause(self, key):
        if key in self.paused or self.condition(key) != "running":
            return
        self.note(f"SIGSTOP {key}")
        self.lab.lab.pause(key)
        self.paused.add(key)

    def resume(self, key):
        if key not in self.paused:
            return
        self.note(f"SIGCONT {key}")
        self.lab.lab.resume(key)
        self.paused.discard(key)

    def zombie(self, region):
        """apply stands still, and a second one takes its partitions over."""
        first, second = f"{region}.apply", f"{region}.apply-2"
        if first in self.paused or region in self.zombies or self.condition(first) != "running":
            return
        self.lab.lab.start(second, wait=False)
        self.pause(first)
        self.zombies.add(region)

        def taken_over():
            return all(row["owner"].endswith("apply-2") or row["owner"] == "apply-2"
                       for row in self.lab.regions.by_name[region].progress())
        try:
            eventually(f"{second} has every partition", taken_over, TAKE_OVER_WITHIN_S)
            self.note(f"{second} has taken over while {first} stands still")
        except Timeout as error:
            self.note(f"{second} has not taken over: {error}")

    def wake(self, region):
        self.resume(f"{region}.apply")

    def lose_commit(self, region):
        proxy = self.lab.proxies.get(region)
        if proxy:
            proxy.arm()
            self.note(f"the next answer to a COMMIT of {region}'s apply is lost")

    def set_clock(self, key, seconds):
        file = self.lab.clock_files.get(key)
        if not file:
            return
        self.note(f"the clock of {key} is {seconds:+d} s off")
        self.source_was_ahead |= seconds > 0 and key.endswith(".db")
        with open(file, "r+b") as opened:
            opened.write(struct.pack("=q", seconds * 10**9))
        (self.shifted.add if seconds else self.shifted.discard)(key)

    def supervise(self):
        """Starts again what ended by itself, as a container's runtime does."""
        for key, component in self.lab.regions.services().items():
            if component.condition() == "dead":
                self.note(f"{key} ended by itself and is started again")
                self.lab.lab.start(key, wait=False)

    def end(self):
        for key in sorted(self.shifted):
            self.set_clock(key, 0)
        for key in sorted(self.paused):
            self.resume(key)
        for region in sorted(self.zombies):
            try:
                self.lab.lab.stop(f"{region}.apply-2")
            except LabError:
                pass
            self.note(f"{region}.apply-2 is stopped")
        self.zombies = set()
        for proxy in self.lab.proxies.values():
            proxy.disarm()
