"""A running lab as the tests see it: each region's database, topics and services under one name."""

import json
import pathlib
import subprocess

from declarations import declare_equal
from lab_lib import Lab, tools
from lab_lib.database import split_statements
from lab_lib.services import get
from metrics import Metrics
from sanitizers import report_in
from sql import Database
from topics import Topics
from wait import eventually

SHOP = pathlib.Path(__file__).parent / "shop.sql"
SERVICES = ("capture", "apply", "gate")


class Region:
    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        found = lab.env()["regions"][name]
        database, app = found["db"], found["db"]["app"]
        self.server = database["server"]
        self.database = Database(name, database["server"], database["socket"], database["host"], database["port"],
                                 app["user"], app["password"])
        self.topics = Topics(found["kafka"]["bootstrap"])
        self.bootstrap = found["kafka"]["bootstrap"]
        self.config_file = pathlib.Path(found["config"])
        self.urls = {name: service["url"] for name, service in found["services"].items()}

    # Services.
    def metrics(self, service):
        return Metrics.of(self.urls[service])

    def ready(self, service):
        """(whether it is ready, what it answers)"""
        status, answer = get(self.urls[service] + "/readyz")
        return status == 200, answer

    def gate(self):
        """(whether it is open, its answer); closed, with nothing, when nobody answers."""
        status, answer = get(self.urls["gate"] + "/v1/gate")
        return status == 200, json.loads(answer) if answer else {}

    def log(self, service):
        return pathlib.Path(self.lab.component(f"{self.name}.{service}").log).read_text(errors="replace")

    def ctl(self, *words, timeout_s=60, config_file=None):
        """farshorectl with the region's file, or that one: the completed process, its output as text."""
        return subprocess.run([str(tools.farshore_binary("farshorectl")), "--config", str(config_file or self.config_file), *words],
                              capture_output=True, text=True, timeout=timeout_s, check=False)

    def declare_equal(self, origin, table=None):
        """As the page has it: a comparison is begun, made, and declared behind it. Without a table: all of them."""
        words = ("--origin", origin.name, *(("--table", table) if table else ()), "--execute")
        declare_equal(self.ctl, words, "the test compared them")

    # Progress, read with the tests' own client.
    def progress(self, origin=None):
        where = f" AND origin = '{origin}'" if origin else ""
        return self.database.records("SELECT * FROM farshore.progress WHERE region = "
                                     f"'{self.name}' AND part >= 0{where} ORDER BY origin, stream, part")

    def states(self, origin=None):
        return {row["state"] for row in self.progress(origin)}

    def parked(self):
        return self.database.records(f"SELECT * FROM farshore.parked WHERE region = '{self.name}'")

    def conflicts(self):
        return self.database.records(f"SELECT * FROM farshore.conflict WHERE region = '{self.name}'")


class Regions:
    """with Regions.up(folder, ...) as regions: regions.east.database.rows(...)"""

    def __init__(self, lab):
        self.lab = lab
        self.refresh()

    @classmethod
    def up(cls, folder, names=("east", "west"), server="mixed", tables=(SHOP,), settings=(), db_settings=(),
           mirror_settings=(), fast=False, with_services=None, measured=None, say=print):
        lab = Lab(folder, say=say)
        lab.up(regions=list(names), server=server, tables_from=[str(path) for path in tables], settings=list(settings),
               db_settings=list(db_settings), mirror_settings=list(mirror_settings), fast=fast,
               with_services=with_services, measured=measured)
        return cls(lab)

    @classmethod
    def running(cls, folder):
        return cls(Lab(folder))

    def refresh(self):
        self.by_name = {name: Region(self.lab, name) for name in self.lab.databases}

    def __getattr__(self, name):
        try:
            return self.__dict__["by_name"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self):
        return iter(self.by_name.values())

    def others(self, region):
        return [one for one in self if one is not region]

    def everywhere(self, *statements):
        """Runs statements in every region, as an administrator does with DDL."""
        for region in self:
            region.database.execute(*statements)
            self.lab.databases[region.name].grant_app()

    def load_everywhere(self, text):
        self.everywhere(*split_statements(text))

    def wait(self, timeout_s=60):
        """Until every region holds all that the others' sources hold now."""
        self.lab.wait(timeout_s)

    def restart(self, *components, arguments=()):
        for component in components:
            if self.lab.component(component).running():
                self.lab.stop(component)
            self.lab.start(component, list(arguments))

    def all_gates_open(self, timeout_s=60):
        for region in self:
            eventually(f"the gate of {region.name} opens", lambda region=region: region.gate()[0], timeout_s,
                       explain=lambda region=region: json.dumps(region.gate()[1])[:2000])

    def services(self):
        """{component's key: component} of Farshore's own."""
        return {key: component for key, component in list(self.lab.components.items())
                if key.split(".")[-1].split("-")[0] in SERVICES}

    def service_pids(self):
        return {key: component.process.pid for key, component in self.services().items() if component.process}

    def log_sizes(self):
        return {key: component.log.stat().st_size for key, component in self.services().items() if component.log.exists()}

    def assert_no_sanitizer_report(self, begins=None):
        """In the services' logs, behind those sizes."""
        found = {key: report_in(component.log, (begins or {}).get(key, 0)) for key, component in self.services().items()}
        assert not any(found.values()), "\n".join(f"{key}:\n{report}" for key, report in found.items() if report)

    def down(self):
        """A sanitized service has its last word when it ends."""
        try:
            self.lab.down()
            self.assert_no_sanitizer_report()
        finally:
            self.lab.down(purge=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()
