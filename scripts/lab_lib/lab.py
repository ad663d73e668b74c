"""A lab as an object: regions with a database, Kafka and Farshore's services each, and the mirror between them."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import account, lab_folder, options, progress, region_config, services, tools
from .component import Component
from .database import APP_USER
from .description import describe
from .errors import LabError
from .kafka import Kafka
from .mariadb import Mariadb
from .mirror import Mirror
from .mysql import Mysql
from .starting import start_all
from .state import State, locked
from .waiting import Cancellation

DATABASES = {"mysql": Mysql, "mariadb": Mariadb}


def default_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"farshore-lab-{os.geteuid()}"


class Lab:
    """Every public function may be called again at any time; the folder's lab.json holds all that is remembered.

    with Lab(folder) as lab:            # the end of the block stops everything and deletes the data
        lab.up(server="mixed")
        lab.query("east", "SELECT ...")
        lab.kill("west.apply"); lab.start("west.apply"); lab.wait()
    """

    def __init__(self, folder: Path | str | None = None, say=lambda line: None):
        self.folder = Path(folder or default_folder()).absolute()
        self.say = say  # receives a line for people as things happen
        self.cancellation = Cancellation()
        self.state = State(self.folder)
        self.databases: dict = {}
        self.kafkas: dict = {}
        self.mirror: Mirror | None = None
        self.components: dict = {}
        if self.state.exists():
            self._build()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down(purge=True)

    # --- coming up and going down
    def up(self, regions: list | None = None, server: str | None = None, tables_from: list | None = None,
           settings: list | None = None, db_settings: list | None = None, mirror_settings: list | None = None,
           with_services: bool | None = None, fast: bool | None = None, measured: bool | None = None) -> list:
        """Brings everything up that is not; returns the keys of what was started. Options left out keep what they were."""
        files = options.tables_files(tables_from or [])
        with self._locked():
            with self.state.changed() as data:  # what is refused here is not remembered
                options.remember(self.state, self.say, regions, server, settings, db_settings, mirror_settings,
                                 with_services, fast, measured)
                if data["services"]:  # a missing build is told before anything starts
                    tools.farshore_binary("farshore")
                    tools.farshore_binary("farshorectl")
                self._build()
                for region in self.databases:  # and so is a setting that does not fit
                    self.config(region)
            self._write_configs()
            infrastructure = [*self.databases.values(), *self.kafkas.values(), *([self.mirror] if self.mirror else [])]
            wanted = infrastructure + self._service_components()
            missing = [component for component in wanted if not component.running()]
            for component in wanted:
                if component.condition() == "paused":
                    component.resume()
                    self.say(f"  {component.key:<16} was paused, resumed")
            try:
                start_all([one for one in missing if not isinstance(one, services.Service)], self.say, self.cancellation,
                          background=[self.mirror] if self.mirror in missing else [])
                self._load_tables(files)
                self._init_schema()
                self._declare_equal()
                start_all([one for one in missing if isinstance(one, services.Service)]
                          + ([self.mirror] if self.mirror in missing else []), self.say, self.cancellation)
            except BaseException:
                self.cancellation.cancel()
                self._stop(missing)
                raise
            return [component.key for component in missing]

    def down(self, purge: bool = False):
        """Stops everything, also what is paused. `purge` deletes the data too, and nothing that the lab has not made."""
        if not self.folder.is_dir() or not self.state.exists():
            return
        with self._locked():
            self._stop(list(self.components.values()))
            if purge:
                for database in self.databases.values():
                    if database.socket.parent != database.folder:
                        shutil.rmtree(database.socket.parent, ignore_errors=True)
                lab_folder.remove(self.folder, list(self.databases))
                self.state = State(self.folder)

    def _stop(self, components: list):
        """Users before what they use: services, mirror, brokers, databases; those of one kind at once."""
        for kind in (services.Service, Mirror, Kafka, (Mysql, Mariadb)):
            start_all([one for one in components if isinstance(one, kind) and one.process], self.say, Cancellation(),
                      action=lambda one, _: one.stop(), done="stopped")

    # --- single components
    def component(self, key: str) -> Component:
        if key in self.components:
            return self.components[key]
        region, _, name = key.partition(".")
        if region in self.databases and services.NAME.match(name):
            return self._add_service(region, name)
        raise LabError(f"there is no component '{key}'; there are: {', '.join(self.components) or 'none (run up first)'}.", 2)

    def set_environment(self, environments: dict):
        """{component's key: {variable: value}} for every later start of those components; also before `up`."""
        lab_folder.make(self.folder)
        with self.state.changed() as data:
            data.setdefault("environments", {}).update(environments)

    def start(self, key: str, arguments: list | None = None, wait: bool = True):
        """Also makes further instances (`east.capture-2`). `arguments` are added to a service's command line, once."""
        component = self.component(key)
        if component.running():
            raise LabError(f"{key} is already running.")
        with self.state.changed() as data:
            data.setdefault("arguments", {})[key] = list(arguments or [])
        if isinstance(component, services.Service):
            self._write_configs()
        if wait:
            component.start(self.cancellation)
        else:
            component.launch(self.cancellation)

    def stop(self, key: str):
        self.component(key).stop()

    def kill(self, key: str):
        self.component(key).kill()

    def pause(self, key: str):
        self.component(key).pause()

    def resume(self, key: str):
        self.component(key).resume()

    # --- use
    def connect(self, region: str, user: str = "root", database: str | None = None):
        """A pymysql connection, as root or as the application (`user="app"`)."""
        password = "" if user == "root" else self.state.data["passwords"][APP_USER if user == APP_USER else
                                                                         user.removeprefix("farshore_")]
        return self._database(region).connect(user, password, database)

    def query(self, region: str, statement: str, arguments=None) -> list:
        """As root; rows as tuples."""
        rows = self._database(region).query(statement, arguments)
        if re.match(r"\s*create\s+(database|schema)", statement, re.I):
            self._database(region).grant_app()
        return rows

    def sql_client(self, region: str, *options: str, **run_arguments) -> int:
        """Debian's command line client as root, on the caller's terminal; its exit code."""
        code = subprocess.run([str(word) for word in self._database(region).client_command(*options)], check=False,
                              **run_arguments).returncode
        if code == 0:
            self._database(region).grant_app()
        return code

    def wait(self, timeout: float = 60.0):
        """Returns when every region holds all that the others' sources hold now; LabError (exit code 3) with the reason."""
        self.require_lab()
        positions = progress.source_positions(self.databases)
        deadline = time.monotonic() + timeout
        while True:
            reasons = [reason for region, database in self.databases.items() if (reason := progress.what_is_missing(
                region, database, positions, self._partitions_for(region)))]
            if not reasons:
                return
            if time.monotonic() >= deadline:
                raise LabError("not caught up: " + "; ".join(reasons), 3)
            self.cancellation.pause(0.1)

    def env(self) -> dict:
        """What other tools need to know; kept stable."""
        self.require_lab()
        return describe(self)

    def config_file(self, region: str) -> Path:
        return self.folder / region / "farshore.yaml"

    # --- inside
    def _locked(self):
        lab_folder.make(self.folder)
        return locked(self.folder)

    def _build(self):
        """The components, from what lab.json says."""
        data = self.state.data
        regions = data["regions"]
        self.databases, self.kafkas, self.components = {}, {}, {}
        for number, region in enumerate(regions, start=1):
            kind = DATABASES[data["kinds"][region]]
            self.databases[region] = kind(region, number, self.folder / region / "db", self.state)
            self.kafkas[region] = Kafka(region, self.folder / region / "kafka", self.state)
        self.mirror = Mirror(regions, self.kafkas, self.folder / "mirror" / "mirror", self.state) if len(regions) > 1 else None
        for one in [*self.databases.values(), *self.kafkas.values(), *([self.mirror] if self.mirror else [])]:
            self.components[one.key] = one
        names = {f"{region}.{kind}" for region in regions for kind in services.KINDS} if data["services"] else set()
        for key in sorted(names | {key for key in data["processes"] if services.NAME.match(key.partition(".")[2])}):
            self._add_service(*key.split("."))

    def _add_service(self, region: str, name: str) -> services.Service:
        service = services.Service(region, name, self.config_file(region), self.folder / region / name, self.state,
                                   (f"{region}.db", f"{region}.kafka"))
        self.components[service.key] = service
        return service

    def _service_components(self) -> list:
        return [one for one in self.components.values() if isinstance(one, services.Service)]

    def config(self, region: str) -> dict:
        """What the region's YAML file says."""
        data = self.state.data
        listens = {kind: self._listen(region, kind) for kind in services.KINDS}
        made = region_config.default_config(region, data["regions"], self.databases[region], self.kafkas[region], listens,
                                            self.folder)
        return region_config.apply_settings(made, region, data["settings"])

    def _listen(self, region: str, kind: str) -> str:
        key = f"{region}.{kind}"
        return (self.components.get(key) or services.Service(region, kind, self.config_file(region),
                                                             self.folder / region / kind, self.state, ())).listen

    def _write_configs(self):
        region_config.write_secrets(self.folder, self.state.data["passwords"])
        for region in self.databases:
            account.make_folder(self.folder / region)
            region_config.write_config(self.config_file(region), self.config(region))

    def _partitions_for(self, region: str) -> dict:
        """{origin: {stream: partitions}} of all that the region applies."""
        counts = {}
        for origin in self.config(region)["apply"]["origins"]:
            streams = self.config(origin)["streams"] if origin in self.databases else {}
            counts[origin] = {name: int(stream.get("partitions", 8)) for name, stream in streams.items()}
        return counts

    def _load_tables(self, files: list):
        """Each file once into every region; the same content again is not loaded again."""
        for path in files:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            for region, database in self.databases.items():
                name = f"{region}:{digest}"
                if name not in self.state.data.get("loaded", []):
                    database.load(path)
                    with self.state.changed() as data:
                        data.setdefault("loaded", []).append(name)

    def _init_schema(self):
        for region, database in self.databases.items():
            if not self.state.data["services"]:
                database.create_farshore_schema()
                continue
            self._ctl(region, "init")

    def _declare_equal(self):
        """Says once of each stream that its tables began equal, as an operator would: the lab makes them from the same SQL."""
        if not self.state.data["services"]:
            return
        for region in self.databases:
            config = self.config(region)
            for origin in config["apply"]["origins"]:
                for stream in config["streams"]:
                    name = f"{region}:{origin}:{stream}"
                    if name in self.state.data.get("declared", []):
                        continue
                    self._ctl(region, "equal", "declare", "--origin", origin, "--stream", stream,
                              "--why", "scripts/lab made the tables of all regions from the same SQL", "--execute")
                    with self.state.changed() as data:
                        data.setdefault("declared", []).append(name)

    def _ctl(self, region: str, *words: str):
        done = subprocess.run([tools.farshore_binary("farshorectl"), "--config", self.config_file(region), *words],
                              capture_output=True, text=True, check=False, **account.popen_identity())
        if done.returncode != 0:
            raise LabError(f"{region}: `farshorectl {words[0]}` failed with {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()}")

    def _database(self, region: str):
        self.require_lab()
        if region not in self.databases:
            raise LabError(f"there is no region '{region}'; there are: {', '.join(self.databases)}.", 2)
        return self.databases[region]

    def require_lab(self):
        if not self.state.exists():
            raise LabError(f"there is no lab in {self.folder}: run `scripts/lab up` first.")
