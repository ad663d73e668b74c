"""What a database, a broker, the mirror and a service have in common: a name, a process, a log, a readiness."""

import signal
from pathlib import Path

from . import account, ports, process
from .errors import LabError
from .process import Process
from .state import State
from .waiting import Cancellation, wait_for


PORT_SECONDS = 3.0  # the kernel may take a moment to close what a killed process held


class Component:
    """`key` is how people name it: `east.db`, `mirror`. `needs` are the keys that must be ready before it starts."""

    ready_timeout = 60.0
    stop_timeout = 20.0

    def __init__(self, key: str, folder: Path, state: State, needs: tuple = ()):
        self.key = key
        self.folder = folder
        self.state = state
        self.needs = needs
        self.log = folder.parent / "log" / f"{folder.name}.log"

    # What each kind defines.
    def prepare(self, cancellation: Cancellation):
        """Writes configuration and, the first time, the data."""

    def command(self) -> list:
        raise NotImplementedError

    def environment(self) -> dict:
        """What the process has beside the lab's own environment: what Lab.set_environment() said of it."""
        return self.state.data.get("environments", {}).get(self.key, {})

    def is_ready(self) -> bool:
        raise NotImplementedError

    def after_ready(self, cancellation: Cancellation):
        """What must happen once the server answers, before others use it."""

    # What is the same for all.
    def port(self, name: str) -> int:
        """The port of that name, chosen once and kept."""
        key = f"{self.key}:{name}"
        if key in self.state.data["ports"]:
            return self.state.data["ports"][key]
        with self.state.changed() as data:
            known = data["ports"]
            if key not in known:
                known[key] = ports.choose(set(known.values()))
            return known[key]

    def own_ports(self) -> dict:
        prefix = f"{self.key}:"
        return {key[len(prefix):]: port for key, port in self.state.data["ports"].items() if key.startswith(prefix)}

    @property
    def process(self) -> Process | None:
        return Process.from_record(self.state.data["processes"].get(self.key))

    def running(self) -> bool:
        found = self.process
        return found is not None and found.alive()

    def launch(self, cancellation: Cancellation):
        """Starts the process if it is not running; does not wait for it."""
        if self.running():
            return
        cancellation.check()
        account.make_folder(self.folder.parent)
        account.make_folder(self.folder)
        account.make_folder(self.log.parent)
        self.prepare(cancellation)
        self._check_ports(cancellation)
        with self.state.changed() as data:  # recorded before anything can interrupt
            cancellation.check()
            data["processes"][self.key] = process.spawn(
                self.command(), self.log, self.folder, self.environment()).record()

    def start(self, cancellation: Cancellation):
        """Starts it and waits until it is ready."""
        self.launch(cancellation)
        self.wait_until_ready(cancellation)

    def wait_until_ready(self, cancellation: Cancellation):
        def ready_or_dead():
            if not self.running():
                raise LabError(f"{self.key} ended while it was starting; the end of {self.log}:\n{process.tail(self.log)}")
            return self.is_ready()

        wait_for(ready_or_dead, self.ready_timeout,
                 lambda: f"{self.key} does not become ready{self.unready_reason()}; see {self.log}", cancellation)
        self.after_ready(cancellation)

    def unready_reason(self) -> str:
        return ""

    def _check_ports(self, cancellation: Cancellation):
        for name, port in self.own_ports().items():
            wait_for(lambda port=port: ports.is_free(port), PORT_SECONDS,
                     f"port {port} ({self.key}, {name}) is taken by another process: end that one, or make the lab anew "
                     "with `scripts/lab down --purge`", cancellation)

    def stop(self):
        found = self.process
        if found:
            found.stop(self.stop_timeout)
            self._forget()

    def kill(self):
        found = self.process
        if not found or not found.alive():
            raise LabError(f"{self.key} is not running.")
        found.kill()
        self._forget()

    def pause(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number: int):
        found = self.process
        if not found or not found.send(number):
            raise LabError(f"{self.key} is not running.")

    def _forget(self):
        with self.state.changed() as data:
            data["processes"].pop(self.key, None)

    def condition(self) -> str:
        """One word: running, paused, dead (it was started and has ended by itself), stopped."""
        found = self.process
        if not found:
            return "stopped"
        if not found.alive():
            return "dead"
        return "paused" if found.paused() else "running"
