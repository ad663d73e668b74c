"""A Farshore service run by a test itself, beside a lab's, with a configuration of the test's own."""

import copy
import json
import pathlib
import signal
import subprocess

import yaml

from lab_lib import tools
from lab_lib.services import get
from metrics import Metrics
from plain_servers import free_port
from sanitizers import report_in, sanitized
from wait import eventually

STOP_TIMEOUT_S = 10


def write_config(folder, config, name="farshore.yaml"):
    path = pathlib.Path(folder, name)
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return path


def run(*words, timeout_s=30, environment=None):
    """`farshore WORDS` to its end: a completed process with text output."""
    return subprocess.run([str(tools.farshore_binary("farshore")), *map(str, words)], capture_output=True, text=True,
                          timeout=timeout_s, check=False, env=environment)


def changed(config, path, value):
    """A copy of a configuration with one key, a dotted path, set; numbers index lists."""
    copied = copy.deepcopy(config)
    node = copied
    *steps, last = path.split(".")
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    node[int(last) if isinstance(node, list) else last] = value
    return copied


def log_lines(text):
    """The lines of a service's log, parsed. A line that is no JSON fails the test that asks."""
    return [json.loads(line) for line in text.splitlines()]


class Service:
    """with Service("capture", config, folder) as capture: eventually("ready", capture.is_ready)"""

    def __init__(self, kind, config, folder, *arguments, environment=None):
        self.kind = kind
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config_file = write_config(self.folder, config, f"{kind}.yaml")
        self.arguments = list(arguments)
        self.environment = environment
        self.listen = f"127.0.0.1:{free_port()}"
        self.log = self.folder / f"{kind}.log"
        self.process = None

    @property
    def url(self):
        return f"http://{self.listen}"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(tools.farshore_binary("farshore")), self.kind, "--config", str(self.config_file), "--listen",
                 self.listen, *map(str, self.arguments)], stdout=log, stderr=log, env=self.environment)
        return self

    def stop(self, with_signal=signal.SIGTERM):
        """Ends it and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(STOP_TIMEOUT_S)
        self.process = None
        return code

    def ended(self):
        return self.process is None or self.process.poll() is not None

    def exit_code(self, timeout_s=30):
        """Waits for its own end."""
        return self.process.wait(timeout_s)

    def readiness(self):
        status, answer = get(self.url + "/readyz")
        return status == 200, answer

    def is_ready(self):
        assert not self.ended(), f"{self.kind} ended: {self.said()[-2000:]}"
        return self.readiness()[0]

    def wait_ready(self, timeout_s=30):
        eventually(f"{self.kind} is ready", self.is_ready, timeout_s, explain=lambda: self.readiness()[1] + self.said()[-1500:])
        return self

    def wait_unready(self, *words, timeout_s=30):
        """Until /readyz says no, with all these words in its answer; returns the answer."""
        def says():
            ready, answer = self.readiness()
            return answer if not ready and all(word.lower() in answer.lower() for word in words) else ""
        return eventually(f"{self.kind} is not ready and says {words}", says, timeout_s,
                          explain=lambda: self.readiness()[1] + self.said()[-1500:])

    def metrics(self):
        return Metrics.of(self.url)

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
            try:
                self.stop(signal.SIGTERM if sanitized() else signal.SIGKILL)
            except subprocess.TimeoutExpired:
                self.stop(signal.SIGKILL)
        report = report_in(self.log)
        assert kind or not report, f"{self.kind}:\n{report}"
