"""Farshore's own services of a region. Further instances (`capture-2`, `apply-2`) read the same file."""

import re
import urllib.error
import urllib.request
from pathlib import Path

from . import tools
from .component import Component
from .state import State

KINDS = ("capture", "apply", "gate")
NAME = re.compile(r"^(capture|apply|gate)(-[a-z0-9]+)?$")


class Service(Component):
    ready_timeout = 60.0
    stop_timeout = 10.0

    def __init__(self, region: str, name: str, config_file: Path, folder: Path, state: State, needs: tuple):
        super().__init__(f"{region}.{name}", folder, state, needs)
        self.region = region
        self.name = name
        self.kind = NAME.match(name).group(1)
        self.config_file = config_file
        self._last_answer = ""

    @property
    def first(self) -> bool:
        return self.name == self.kind

    @property
    def listen(self) -> str:
        return f"127.0.0.1:{self.port('http')}"

    @property
    def url(self) -> str:
        return f"http://{self.listen}"

    def command(self) -> list:
        arguments = [tools.farshore_binary("farshore"), self.kind, "--config", self.config_file]
        if not self.first:
            arguments += ["--listen", self.listen]
            if self.kind == "apply":
                arguments += ["--instance", self.name]
        return arguments + self.state.data.get("arguments", {}).get(self.key, [])

    def is_ready(self) -> bool:
        """A further instance may be a standby, so that it is alive is enough; the first one must be ready for work."""
        status, self._last_answer = get(self.url + ("/readyz" if self.first else "/healthz"))
        return status == 200

    def unready_reason(self) -> str:
        return f", it answers: {self._last_answer.strip()[:300]}" if self._last_answer else ""


def get(url: str, timeout: float = 2) -> tuple:
    """(status, body); status 0 when nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError:
        return 0, ""
