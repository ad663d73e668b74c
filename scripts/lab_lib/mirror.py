"""MirrorMaker 2 between all regions: one process, every direction, each copying only what its source region captured."""

from pathlib import Path

from . import account
from .component import Component
from .kafka import MESSAGE_BYTES_MAX, java
from .state import State
from .waiting import Cancellation

# Room for the batch headers around a record of the greatest size.
REQUEST_BYTES_MAX = MESSAGE_BYTES_MAX + 1024 * 1024
# Plugins are found by what their jars declare; otherwise all classes of all jars are searched, once and again for each region.
FROM_MANIFESTS = {"plugin.discovery": "service_load"}
STARTED = "Started MirrorSourceConnector"


class Mirror(Component):
    ready_timeout = 180.0
    stop_timeout = 10.0

    def __init__(self, regions: list, brokers: dict, folder: Path, state: State):
        super().__init__("mirror", folder, state, needs=tuple(broker.key for broker in brokers.values()))
        self.regions = regions
        self.brokers = brokers
        self.config_file = folder / "mm2.properties"
        self._log_start = 0

    def directions(self) -> list:
        return [(source, target) for source in self.regions for target in self.regions if source != target]

    def settings(self) -> dict:
        found = {"clusters": ", ".join(self.regions), **FROM_MANIFESTS}
        for region in self.regions:
            found[f"{region}.bootstrap.servers"] = self.brokers[region].bootstrap
            for storage in ("config", "offset", "status"):
                found[f"{region}.{storage}.storage.replication.factor"] = 1
            found.update({f"{region}.{name}": value for name, value in FROM_MANIFESTS.items()})
            found[f"{region}.offset.storage.partitions"] = 1
            found[f"{region}.status.storage.partitions"] = 1
            # A killed mirror's place in the group is free again this soon, and its successor takes over at once.
            found[f"{region}.session.timeout.ms"] = 6000
            found[f"{region}.heartbeat.interval.ms"] = 2000
            found[f"{region}.scheduled.rebalance.max.delay.ms"] = 0
            found[f"{region}.producer.max.request.size"] = REQUEST_BYTES_MAX
            found[f"{region}.consumer.max.partition.fetch.bytes"] = REQUEST_BYTES_MAX
            found[f"{region}.consumer.fetch.max.bytes"] = 4 * REQUEST_BYTES_MAX
        for source, target in self.directions():
            flow = f"{source}->{target}"
            found[f"{flow}.enabled"] = "true"
            found[f"{flow}.topics"] = f"farshore[.](changes|json)[.]{source}[.].*"  # an origin is named like its region
            # Two mirrors of different aliases on one cluster would pass each other's heartbeats round and round.
            found[f"{flow}.heartbeats.replication.enabled"] = "false"
            found[f"{flow}.emit.heartbeats.enabled"] = "false"
            found[f"{flow}.producer.override.max.request.size"] = REQUEST_BYTES_MAX
        found.update({
            "replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
            "replication.factor": 1, "offset-syncs.topic.replication.factor": 1,
            "heartbeats.topic.replication.factor": 1, "checkpoints.topic.replication.factor": 1,
            "emit.checkpoints.enabled": "false",
            "sync.group.offsets.enabled": "false", "sync.topic.acls.enabled": "false",
            "refresh.groups.enabled": "false", "refresh.topics.interval.seconds": 2,
            "sync.topic.configs.interval.seconds": 10, "tasks.max": 2,
            "producer.linger.ms": 5, "producer.compression.type": "lz4", "offset.flush.interval.ms": 5000, "dedicated.mode.enable.internal.rest": "false",
        })
        found.update(self.state.data.get("mirror_settings", {}))
        return found

    def prepare(self, cancellation: Cancellation):
        lines = [f"{name} = {value}" for name, value in self.settings().items()]
        account.write_file(self.config_file, "# Written by scripts/lab at every start.\n" + "\n".join(lines) + "\n")
        self._log_start = self.log.stat().st_size if self.log.exists() else 0

    def command(self) -> list:
        return [*java("org.apache.kafka.connect.mirror.MirrorMaker", self.folder, ("-Xms128m", "-Xmx768m"),
                      self.state.data.get("measured", False)), self.config_file]

    def is_ready(self) -> bool:
        """Each direction's source connector has started. From then on a new topic is found within the refresh interval."""
        with open(self.log, "rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace").count(STARTED) >= len(self.directions())
