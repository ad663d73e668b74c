"""A region's Kafka: one KRaft node that is broker and controller."""

import base64
import uuid
from pathlib import Path

from . import account, process, tools
from .component import Component
from .state import State
from .waiting import Cancellation

MESSAGE_BYTES_MAX = 10 * 1024 * 1024  # what Farshore's topics allow (max.message.bytes)
BROKER_CLASSES, MIRROR_CLASSES = "broker.jsa", "mirror.jsa"  # the first also for the tools
SILENT = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")  # of archives that do not suit, and of classes that cannot be in one
BROKER_MEMORY = ("-Xms128m", "-Xmx512m")

LOG4J = """status = error
appender.file.type = Console
appender.file.name = console
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSS} %-5p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def java(main_class: str, folder: Path, options: tuple = (), measured: bool = False) -> list:
    """The command line of a Kafka program; its log goes to its standard output.

    `measured` is for one whose throughput somebody measures. All others run a minute or two and spend most of it on their
    start: the JVM's first compiler alone makes less work of that.
    """
    settings = folder / "log4j2.properties"
    account.write_file(settings, LOG4J)
    quick = [] if measured else ["-XX:TieredStopAtLevel=1"]
    return [tools.system("java"), *options, f"-Dlog4j2.configurationFile={settings}", *quick,
            *archive_options(main_class), "-XX:+UseSerialGC", "-cp", class_path(), main_class]


def class_path() -> str:
    """All jars by name: an archive of classes wants the order that it was made with, not the file system's."""
    return ":".join(sorted(str(jar) for jar in tools.kafka_libs().glob("*.jar")))


def archive_options(main_class: str) -> list:
    """What makes the JVM take the program's archive of classes, when there is one, and say nothing when it does not suit."""
    folder = tools.kafka_classes()
    archive = folder and folder / (MIRROR_CLASSES if main_class.startswith("org.apache.kafka.connect.") else BROKER_CLASSES)
    if not archive or not archive.is_file():
        return []
    return [f"-XX:SharedArchiveFile={archive}", *SILENT]


class Kafka(Component):
    ready_timeout = 180.0
    stop_timeout = 20.0

    def __init__(self, region: str, folder: Path, state: State):
        super().__init__(f"{region}.kafka", folder, state)
        self.region = region
        self.data = folder / "data"
        self.config_file = folder / "server.properties"

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port('broker')}"

    def settings(self) -> dict:
        broker, controller = self.port("broker"), self.port("controller")
        return {
            "process.roles": "broker,controller", "node.id": 1,
            "listeners": f"PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "PLAINTEXT",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "log.dirs": self.data, "auto.create.topics.enable": "false", "delete.topic.enable": "true",
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4, "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1, "group.initial.rebalance.delay.ms": 0,
            "message.max.bytes": MESSAGE_BYTES_MAX, "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            "num.recovery.threads.per.data.dir": 1,
        }

    def prepare(self, cancellation: Cancellation):
        lines = [f"{name}={value}" for name, value in self.settings().items()]
        account.write_file(self.config_file, "# Written by scripts/lab at every start.\n" + "\n".join(lines) + "\n")
        if not (self.data / "meta.properties").exists():
            account.make_folder(self.data, 0o750)
            identifier = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").lstrip("-_").ljust(22, "A")
            process.run([*java("kafka.tools.StorageTool", self.folder), "format", "-t", identifier, "-c",
                         self.config_file, "--standalone", "--ignore-formatted"],
                        self.log, self.folder, cancellation)

    def command(self) -> list:
        return [*java("kafka.Kafka", self.folder, BROKER_MEMORY, self.state.data.get("measured", False)), self.config_file]

    def is_ready(self) -> bool:
        """The broker answers a metadata request, and says that it is the controller's."""
        return broker_answers(self.port("broker"))


def broker_answers(port: int) -> bool:
    """One MetadataRequest (version 0, all topics) by hand: true when the answer names at least one broker."""
    import socket
    import struct
    request = struct.pack(">hhih3si", 3, 0, 1, 3, b"lab", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = b""
            while len(answer) < 12:
                piece = connection.recv(4096)
                if not piece:
                    return False
                answer += piece
            return struct.unpack(">i", answer[8:12])[0] > 0
    except OSError:
        return False
