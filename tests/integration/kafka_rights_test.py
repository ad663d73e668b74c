"""A broker with an authorizer, and accounts with the access rules of docs/operating/grants.md and no others."""

import json
import pathlib
import re
import subprocess

import pytest

from circuit import Circuit
from lab_lib import tools
from lab_lib.kafka import java
from plain_servers import free_port
from services import changed, write_config
from wait import eventually

PAGE = pathlib.Path(__file__).parents[2] / "docs/operating/grants.md"
PASSWORD = "kafka-Pass1"
USERS = {"farshore capture": "capture", "farshore apply": "apply", "farshorectl preflight": "preflight", "farshorectl decode": "decode"}
RESOURCES = {"topic": "--topic", "transactional id": "--transactional-id", "group": "--group"}


class Broker:
    """One node that lets in who has a password, and allows what a rule says."""

    def __init__(self, folder, creates_topics="false"):
        self.folder = pathlib.Path(folder)
        self.port, controller = free_port(), free_port()
        users = " ".join(f'user_{name}="{PASSWORD}"' for name in ("admin", *USERS.values()))
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        settings = {
            "process.roles": "broker,controller", "node.id": 1,
            "listeners": f"SASL_PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "SASL_PLAINTEXT",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}", "log.dirs": self.folder / "data",
            "sasl.enabled.mechanisms": "PLAIN", "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config": f'{plain} username="admin" password="{PASSWORD}" {users};',
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin;User:ANONYMOUS",   # anonymous: the controller's listener
            "auto.create.topics.enable": creates_topics, "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1, "transaction.state.log.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0, "message.max.bytes": 10485760, "log.cleaner.dedupe.buffer.size": 16777216,
        }
        self.settings = self.write("server.properties", settings)
        self.admin = self.write("admin.properties", {
            "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
            "sasl.jaas.config": f'{plain} username="admin" password="{PASSWORD}";'})
        self.process = None

    def write(self, name, settings):
        file = self.folder / name
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return file

    def tool(self, main, *words):
        done = subprocess.run([*java(main, self.folder, ("-Xmx128m", "-XX:TieredStopAtLevel=1")), *map(str, words)], capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def __enter__(self):
        identifier = "QUJDREVGR0hJSktMTU5PUA"
        self.tool("kafka.tools.StorageTool", "format", "-t", identifier, "-c", self.settings, "--standalone")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([*java("kafka.Kafka", self.folder, ("-Xms64m", "-Xmx384m")), str(self.settings)], stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def acls(self, *words):
        return self.tool("org.apache.kafka.tools.AclCommand", "--bootstrap-server", f"127.0.0.1:{self.port}", "--command-config", self.admin, *words)


def page_rules(origin, group):
    """[(program, the options that name a resource, [operation])] of the page's table, its origin east and region west replaced."""
    found, program = [], None
    for line in PAGE.read_text().split("\n## Kafka")[1].splitlines():
        if not line.startswith("| ") or line.startswith("| program"):
            continue
        name, on, operations, _ = (cell.strip() for cell in line.strip("|").split("|"))
        program = re.match(r"`([^`]+)`|mirror", name).group(1) if name else program
        if program not in USERS:
            continue
        kind = next((words for word, words in RESOURCES.items() if on.startswith(word)), "--cluster")
        names = re.findall(r"`(farshore[^`]*)`", on)
        resources = [["--cluster"]] if kind == "--cluster" else []
        for resource in names:
            own = resource.replace(".east", f".{origin}")
            own = group if kind == "--group" else own
            resources.append([kind, own.rstrip("*"), "--resource-pattern-type", "prefixed" if own.endswith("*") else "literal"])
        found += [(program, resource, re.findall(r"`(\w+)`", operations)) for resource in resources]
    return found


def as_user(config, user):
    sasl = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": user, "sasl.password": PASSWORD}
    return changed(config, "kafka.properties", sasl)


@pytest.fixture
def broker(folder):
    place = folder / "kafka"
    place.mkdir()
    with Broker(place) as broker:
        yield broker


def test_the_services_run_with_the_access_rules_of_the_page_and_no_others(broker, sources, folder):
    case = Circuit(sources["mariadb"], f"127.0.0.1:{broker.port}", folder, sources["target"])
    rules = page_rules(case.name, case.config["apply"]["group"])
    assert {program for program, _, _ in rules} == set(USERS)
    broker.acls("--list")   # it waits for the broker

    for program, resource, operations in rules:
        words = [word for operation in operations for word in ("--operation", operation)]
        broker.acls("--add", "--allow-principal", f"User:{USERS[program]}", *words, *resource)

    for server in (case.source, case.target):
        server.execute("SET SESSION sql_log_bin = 0", f"CREATE TABLE {case.schema}.t (id INT NOT NULL PRIMARY KEY)")
    with case.capture(config=as_user(case.capture_config(), "capture")) as capture:
        capture.wait_ready(60)
        with case.apply(config=as_user(case.config, "apply")) as apply:
            case.execute(*(f"INSERT INTO t VALUES ({n})" for n in range(20)))
            eventually("the rows arrive", lambda: len(case.rows("t")) == 20, 60, explain=lambda: apply.said()[-2000:] + capture.said()[-2000:])
    for log in (capture, apply):
        assert not re.search(r"uthoriz|denied", log.said()), log.said()

    def ctl(user, *words):
        file = write_config(case.folder, as_user(case.capture_config(), user), f"{user}.yaml")
        return subprocess.run([str(tools.farshore_binary("farshorectl")), "--config", str(file), *words], capture_output=True, text=True,
                              timeout=60, check=False)
    findings = [one for one in json.loads(ctl("preflight", "preflight", "--output", "json").stdout)["findings"] if one["where"] == "kafka"]
    assert findings and {one["verdict"] for one in findings} == {"good"}, findings
    decoded = ctl("decode", "decode", "--topic", case.topic)
    assert decoded.returncode == 0 and decoded.stdout.count('"kind":"insert"') == 20, decoded.stderr + decoded.stdout[:500]

    # Without a rule, each says that it is denied, and preflight goes on to what it may see.
    broker.acls("--remove", "--force", "--allow-principal", "User:capture", "--operation", "Write", "--transactional-id",
                f"farshore.capture.{case.name}")
    with case.capture(config=as_user(case.capture_config(), "capture")) as capture:
        eventually("capture is denied", lambda: "access rules of capture" in capture.said(), 40, explain=lambda: capture.said()[-1500:])
    denied = [one for one in json.loads(ctl("decode", "preflight", "--output", "json").stdout)["findings"] if one["where"] == "kafka"]
    assert {one["what"]: one["verdict"] for one in denied}[f"topic farshore.checkpoint.{case.name}"] == "mend", denied
    assert {one["what"]: one["verdict"] for one in denied}["auto.create.topics.enable"] == "warning", denied


def test_a_broker_that_makes_topics_when_asked_for_them_is_told(sources, folder):
    """A change topic that is deleted would come back with one partition."""
    place = folder / "creates"
    place.mkdir()
    with Broker(place, creates_topics="true") as broker:
        case = Circuit(sources["mariadb"], f"127.0.0.1:{broker.port}", folder)
        broker.acls("--list")   # it waits for the broker
        file = write_config(case.folder, as_user(case.capture_config(), "admin"), "ctl.yaml")
        done = subprocess.run([str(tools.farshore_binary("farshorectl")), "--config", str(file), "preflight", "--output", "json"],
                              capture_output=True, text=True, timeout=60, check=False)
        told = {one["what"]: one for one in json.loads(done.stdout)["findings"] if one["where"] == "kafka"}["auto.create.topics.enable"]
        assert (told["verdict"], told["found"], told["wanted"]) == ("mend", "true", "false") and "server.properties" in told["mend"], told
