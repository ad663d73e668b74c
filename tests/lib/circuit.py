"""A small closed way of a row that belongs to one test: a plain source, a capture, a topic, an apply, a plain target.

The broker is a lab's; origin, topics and region are the circuit's own, so that what is broken here harms nobody else.
"""

import itertools
import json
import pathlib
import subprocess
import time

from declarations import declare_equal
from lab_lib import tools
from lab_lib.database import for_schemas, split_statements
from lab_lib.services import get
from plain_servers import PlainServer
from services import Service, write_config
from topics import Topics
from wait import eventually

SQL = tools.REPOSITORY / "schemas" / "sql"
PASSWORD = "circuit-Pass1"
numbers = itertools.count(1)
# Brokers outlive a test process: names are never used again.
UNIQUE = f"{time.time_ns() // 1_000_000 % 100_000_000:x}"


def make_accounts(server, schemas=("test%", "shop")):
    """Farshore's accounts with exactly the grants of schemas/sql, for applications' `schemas`, and the farshore schema."""
    text = (SQL / f"grants.{server.server}.sql").read_text()
    for account in ("capture", "apply", "gate", "ctl"):
        text = text.replace(f"'<{account} password>'", f"'{PASSWORD}'")
    server.execute("SET SESSION sql_log_bin = 0", *for_schemas(split_statements(text), schemas),
                   *split_statements((SQL / "farshore.sql").read_text()))
    return server


def reasons(gate):
    """{reason: detail} of what closes the gate; None while it does not answer."""
    _, answer = get(gate.url + "/v1/gate")
    if not answer:
        return None
    return {reason["reason"]: reason["detail"] for stream in json.loads(answer).get("streams", []) for reason in stream["reasons"]}


class Sources:
    """Plain servers, made when first asked for: "mysql", "mariadb", and "target", a second MariaDB."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._servers = {}

    def __getitem__(self, name):
        if name not in self._servers:
            number = len(self._servers) + 1
            kind = "mysql" if name == "mysql" else "mariadb"
            options = [f"--gtid-domain-id={number}"] if kind == "mariadb" else []
            server = PlainServer(kind, self.folder / name, server_id=70 + number, options=options).start()
            self._servers[name] = make_accounts(server)
        return self._servers[name]

    def stop(self):
        for server in self._servers.values():
            server.stop()


class Circuit:
    """One origin of its own name, whose capture takes the tables of the schema test_<name>."""

    def __init__(self, source, bootstrap, folder, target=None, partitions=2):
        self.number = next(numbers)
        self.name = f"case{UNIQUE}n{self.number}"
        self.schema = f"test_{self.name}"
        self.source = source
        self.target = target
        self.folder = pathlib.Path(folder) / self.name
        self.folder.mkdir()
        self.bootstrap = bootstrap
        self.topics = Topics(bootstrap)
        self.topic = f"farshore.changes.{self.name}.main"
        (self.folder / "password").write_text(PASSWORD + "\n")
        self.config = self._config(partitions)
        for server in (source, target):
            if server:
                server.execute(f"DROP DATABASE IF EXISTS {self.schema}", f"CREATE DATABASE {self.schema}")

    def _config(self, partitions):
        def login(account):
            return {"user": f"farshore_{account}", "password_file": str(self.folder / "password")}
        target = self.target or self.source
        return {
            "region": "there",
            "database": {"address": f"127.0.0.1:{target.port}",
                         "accounts": {account: login(account) for account in ("apply", "gate", "ctl")}},
            "kafka": {"bootstrap": self.bootstrap, "replication_factor": 1},
            "origins": [{"name": self.name, "region": "here", "address": f"127.0.0.1:{self.source.port}",
                         "account": login("capture"), "server_id": 880000 + self.number}],
            "streams": {"main": {"tables": [f"{self.schema}.*"], "partitions": partitions, "retention": "7d"}},
            "apply": {"origins": [self.name], "retry_interval": "1s", "group": f"tests.{self.name}"},
        }

    def capture_config(self):
        return {**self.config, "region": "here", "apply": {**self.config["apply"], "origins": []}}

    def capture(self, *arguments, config=None):
        return Service("capture", config or self.capture_config(), self.folder, *arguments)

    def apply(self, *arguments, config=None):
        return Service("apply", config or self.config, self.folder, *arguments)

    def gate(self, *arguments, config=None):
        return Service("gate", config or self.config, self.folder, *arguments)

    def ctl(self, *words, config=None):
        """farshorectl with the circuit's configuration."""
        file = write_config(self.folder, config or self.config, "ctl.yaml")
        return subprocess.run([str(tools.farshore_binary("farshorectl")), "--config", str(file), *words], capture_output=True, text=True,
                              timeout=60, check=False)

    def says(self, *words, config=None):
        """farshorectl does it: what it says."""
        said = self.ctl(*words, config=config)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    def declare_equal(self, *words):
        """As the page has it: a comparison is begun, made, and declared behind it."""
        declare_equal(self.ctl, ("--origin", self.name, *words, "--execute"), "the test compared them")

    def execute(self, *statements):
        """At the source, in the circuit's schema, as an administrator."""
        self.source.execute(f"USE {self.schema}", *statements)

    def published(self):
        """The changes batches in the topic."""
        if self.topic not in self.topics.names():
            return []
        return [record for record in self.topics.read(self.topic, keep_values=True) if record.header.kind == 1]

    def published_changes(self):
        return sum(record.header.count for record in self.published())

    def wait_published(self, count):
        eventually(f"{count} changes are published", lambda: self.published_changes() >= count,
                   explain=lambda: f"{self.published_changes()} are")

    def progress(self):
        return self.target.records(f"SELECT * FROM farshore.progress WHERE region = 'there' AND origin = '{self.name}' "
                                   "AND part >= 0 ORDER BY part")

    def wait_state(self, state, timeout_s=30):
        """Until a partition is in that state; its progress row."""
        return eventually(f"a partition is in state {state}",
                          lambda: next((row for row in self.progress() if row["state"] == state), None), timeout_s,
                          explain=lambda: str([(row["part"], row["state"], row["reason"]) for row in self.progress()]))

    def rows(self, table):
        return self.target.rows(f"SELECT * FROM {self.schema}.{table} ORDER BY 1")
