"""The lab of these runs: a proxy before each database for apply, and clocks that can be shifted."""

import contextlib
import pathlib
import shutil
import subprocess

from lab_lib import Lab, LabError
from lossy_proxy import LossyProxy
from plain_servers import free_port
from regions import Regions
from sanitizers import sanitized

from .plan import REGIONS

CLOCK_SOURCE = pathlib.Path(__file__).resolve().parents[2] / "lib" / "shifted_clock.c"
BEATS = 16
LOG_LINES = 40
BEAT_TABLE = ("CREATE TABLE IF NOT EXISTS test_beat.{} (id INT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)",
              "INSERT IGNORE INTO test_beat.{} VALUES " + ", ".join(f"({number}, 0)" for number in range(BEATS)))
SETTINGS = ['tables=[{match: "test_s*_bound.*", group: bound}, {match: "test_s*_kept.*", merge: immutable}]', "apply.retry_interval=1s"]


def build_clock(folder):
    """The library, or nothing where it cannot be preloaded or there is no compiler."""
    if sanitized() or not shutil.which("gcc"):
        return None
    library = folder / "libshiftedclock.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(CLOCK_SOURCE), "-ldl"], check=True)
    return library


class ShapesLab:
    """with ShapesLab(folder, "mixed") as lab: ..."""

    def __init__(self, folder, server, say=print):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.lab = Lab(self.folder / "lab", say=say)
        self.clock_files = {}
        self.proxies = {}
        self._shift_clocks()
        self._make_proxies()
        proxied = [f"{name}:database.address=127.0.0.1:{proxy.port}" for name, proxy in self.proxies.items()]
        try:
            self.lab.up(regions=list(REGIONS), server=server, settings=[*SETTINGS, *proxied], fast=True)
            self.regions = Regions(self.lab)
            self.make_beats()
            self.regions.all_gates_open()
        except BaseException:
            self.down()
            raise

    def _shift_clocks(self):
        library = build_clock(self.folder)
        if not library:
            return
        environments = {}
        for key in [f"{region}.{kind}" for region in REGIONS for kind in ("db", "capture", "gate")]:
            file = self.folder / f"clock.{key}"
            file.write_bytes(bytes(8))
            self.clock_files[key] = file
            environments[key] = {"LD_PRELOAD": str(library), "FARSHORE_TEST_CLOCK": str(file)}
        self.lab.set_environment(environments)

    def _make_proxies(self):
        for region in REGIONS:
            port = free_port()
            self.proxies[region] = LossyProxy(port, lambda region=region: self.lab.databases[region].port("sql"))

    def make_beats(self):
        for region in self.regions:
            region.database.execute("CREATE DATABASE IF NOT EXISTS test_beat", *(BEAT_TABLE[0].format(name) for name in REGIONS))
        for region in self.regions:
            region.database.execute(BEAT_TABLE[1].format(region.name))
        self.regions.wait()

    def what_is_missing(self, within_s):
        try:
            self.regions.wait(within_s)
        except LabError as error:
            return str(error)
        return ""

    def server_logs(self):
        """Their last lines."""
        logs = {name: pathlib.Path(self.lab.component(f"{name}.db").log) for name in REGIONS}
        return "\n".join(f"{name}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
                         for name, log in logs.items() if log.exists())

    def down(self):
        for proxy in self.proxies.values():
            proxy.close()
        with contextlib.ExitStack() as then:
            then.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.lab.down(purge=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()
