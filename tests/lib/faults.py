"""Faults at random moments: kill -9 and start again, or SIGSTOP and SIGCONT, of each component in turn.

It also plays the supervisor that a container runtime is: apply ends by itself when its database or broker stays away
while it starts, and relies on being started again.
"""

import random
import threading
import time

import told
from lab_lib.process import tail

PAUSE_S = (0.3, 6.0)      # how long a component is stopped
BETWEEN_S = (0.2, 2.5)    # how long nothing happens
AWAY = ("start the server", "start the brokers")    # what a service that ends since something is away says to do


class FaultInjector:
    """run() makes one fault after another and returns what it did, as sentences with times. Nothing is left paused."""

    def __init__(self, lab, seed, components=None, say=told.say):
        self.lab = lab
        self.random = random.Random(f"faults/{seed}")
        self.components = list(components or lab.components)
        self.say = say
        self.done = []
        self._moment = threading.Event()

    def run(self, count):
        """Each component once in random order, then each again, kills and pauses in turn for each."""
        began = time.monotonic()
        for number, (component, kind) in enumerate(self._plan(count), start=1):
            self._moment.wait(self.random.uniform(*BETWEEN_S))
            self.supervise()
            sentence = f"fault {number} at {time.monotonic() - began:5.1f} s: {kind} {component}"
            self.say(sentence)
            self.done.append(sentence)
            getattr(self, kind)(component)
        self.supervise()
        return self.done

    def supervise(self):
        """Starts what has ended by itself since what it needs was away. To be called on until all is well again."""
        for key in self.components:
            component = self.lab.component(key)
            if component.condition() == "dead":
                last_words = tail(component.log, 3)
                assert any(words in last_words for words in AWAY), f"{key} ended by itself:\n{last_words}"
                self.say(f"{key} had ended and is started again")
                self.lab.start(key, wait=False)

    def _plan(self, count):
        plan, next_kind = [], {component: self.random.choice(("kill", "pause")) for component in self.components}
        while len(plan) < count:
            turn = list(self.components)
            self.random.shuffle(turn)
            for component in turn:
                plan.append((component, next_kind[component]))
                next_kind[component] = "pause" if next_kind[component] == "kill" else "kill"
        return plan[:count]

    def kill(self, component):
        self.lab.kill(component)
        self._moment.wait(self.random.uniform(0, 1))
        self.lab.start(component, wait=not component.endswith((".capture", ".apply", ".gate")))

    def pause(self, component):
        self.lab.pause(component)
        try:
            self._moment.wait(self.random.uniform(*PAUSE_S))
        finally:
            self.lab.resume(component)
