"""Throw-away Kafka brokers, for cases that need several of them. The first one is also the controller, and is not to be killed."""

import pathlib
import subprocess

from lab_lib.kafka import broker_answers, java
from plain_servers import free_port
from wait import eventually

IDENTIFIER = "QUJDREVGR0hJSktMTU5PUA"


class Brokers:
    """with Brokers(folder) as brokers: three that know one another. They are numbered from 1."""

    def __init__(self, folder, count=3):
        self.folder = pathlib.Path(folder)
        self.ports = {number: free_port() for number in range(1, count + 1)}
        self.controller = free_port()
        self.processes = {}

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values())

    def _settings(self, number):
        listener = f"PLAINTEXT://127.0.0.1:{self.ports[number]}"
        own = {"process.roles": "broker,controller", "listeners": f"{listener},CONTROLLER://127.0.0.1:{self.controller}"} if number == 1 else {
            "process.roles": "broker", "listeners": listener}
        settings = {
            **own, "node.id": number, "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller}", "log.dirs": self.folder / f"data-{number}",
            "auto.create.topics.enable": "false", "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1,
            "transaction.state.log.min.isr": 1, "group.initial.rebalance.delay.ms": 0, "message.max.bytes": 10485760,
            "log.cleaner.dedupe.buffer.size": 16777216, "broker.session.timeout.ms": 3000, "broker.heartbeat.interval.ms": 500,
        }
        file = self.folder / f"server-{number}.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return file

    def start(self, number):
        with open(self.folder / f"log-{number}", "ab") as log:
            self.processes[number] = subprocess.Popen(
                [*java("kafka.Kafka", self.folder, ("-Xms64m", "-Xmx384m")), str(self._settings(number))], stdout=log, stderr=log)

    def kill(self, number):
        process = self.processes.pop(number)
        process.kill()
        process.wait()

    def __enter__(self):
        for number in self.ports:
            done = subprocess.run([*java("kafka.tools.StorageTool", self.folder), "format", "-t", IDENTIFIER, "-c", str(self._settings(number)),
                                   *(["--standalone"] if number == 1 else [])], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        try:
            for number in self.ports:
                self.start(number)
            for number, port in self.ports.items():
                eventually(f"broker {number} answers", lambda port=port: broker_answers(port), 90,
                           explain=lambda number=number: (self.folder / f"log-{number}").read_text()[-1500:])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for number in list(self.processes):
            self.kill(number)
