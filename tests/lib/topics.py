"""What is really in the topics: records read, headers taken apart and records put there without any code of the product.

The header's layout is that of docs/formats.md, written a second time here on purpose.
"""

import collections
import ctypes
import json
import struct
import subprocess
import tempfile
import time

import confluent_kafka
import confluent_kafka.admin

from lab_lib import tools
from wait import eventually

HEADER = struct.Struct("<BBHIQQIIqQI")
CHANGES, WATERMARK, EPOCH_START = 1, 2, 3
TIMEOUT_S = 30

Header = collections.namedtuple(
    "Header", "version kind flags epoch incarnation first_seq count ordinal published_at_us checksum partition origin stream gtid")
Record = collections.namedtuple("Record", "partition offset header raw_header value")


def parse_header(raw):
    fields = HEADER.unpack_from(raw)
    texts, at = [], HEADER.size
    for _ in range(3):
        size = raw[at]
        texts.append(raw[at + 1:at + 1 + size].decode())
        at += 1 + size
    assert at == len(raw), f"{len(raw) - at} bytes beyond the header's end"
    return Header(*fields, *texts)


def pack_header(header):
    raw = HEADER.pack(*header[:11])
    for text in header[11:]:
        raw += bytes([len(text.encode())]) + text.encode()
    return raw


def sealed(header, value):
    """The raw header with the checksum that belongs to it and to this value."""
    hashed = pack_header(header._replace(checksum=0)) + value
    xxhash = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
    xxhash.restype, xxhash.argtypes = ctypes.c_uint64, (ctypes.c_char_p, ctypes.c_size_t)
    return pack_header(header._replace(checksum=xxhash(hashed, len(hashed))))


def _varint(number):
    raw = bytearray()
    while number > 127:
        raw.append(number & 127 | 128)
        number >>= 7
    return bytes(raw) + bytes([number])


def _fields(message):
    """(number, content) of a Protobuf message whose fields all have a length."""
    def varint():
        nonlocal at
        number = shift = 0
        while True:
            byte, at = message[at], at + 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
    at = 0
    while at < len(message):
        tag, size = varint(), varint()
        assert tag & 7 == 2, f"field {tag >> 3} has no length"
        yield tag >> 3, message[at:at + size]
        at += size


def _message(fields):
    return b"".join(_varint(number << 3 | 2) + _varint(len(content)) + content for number, content in fields)


def of_table(value, schema, table):
    """A batch's value, its changes made those of another table (schemas/farshore/v1/change_batch.proto)."""
    names = {1: schema.encode(), 2: table.encode()}
    return _message((number, _message((part, names.get(part, inner)) for part, inner in _fields(content)) if number == 3 else content)
                    for number, content in _fields(value))


class Topics:
    """The topics of one broker."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def _consumer(self):
        return confluent_kafka.Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "tests", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "enable.partition.eof": True, "isolation.level": "read_committed"})

    def names(self):
        return set(confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(timeout=TIMEOUT_S).topics)

    def partitions(self, topic):
        found = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(topic, timeout=TIMEOUT_S)
        return sorted(found.topics[topic].partitions)

    def _ends(self, consumer, topic):
        """A broker that has just come back does not know all of its partitions for a moment, nor all leaders when another is gone."""
        def known():
            try:
                return {partition: consumer.get_watermark_offsets(confluent_kafka.TopicPartition(topic, partition), TIMEOUT_S)
                        for partition in self.partitions(topic)}
            except confluent_kafka.KafkaException as error:
                if error.args[0].code() not in (confluent_kafka.KafkaError._UNKNOWN_PARTITION, confluent_kafka.KafkaError.LEADER_NOT_AVAILABLE):
                    raise
                return None
        return eventually(f"the broker knows the partitions of {topic}", known, TIMEOUT_S)

    def offsets(self, topic):
        """{partition: (low, high)}"""
        consumer = self._consumer()
        try:
            return self._ends(consumer, topic)
        finally:
            consumer.close()

    def read(self, topic, keep_values=False, from_offsets=None):
        """Every record of the topic up to its present end, partition by partition in order."""
        consumer = self._consumer()
        try:
            ends = self._ends(consumer, topic)
            starts = {partition: max(low, (from_offsets or {}).get(partition, low)) for partition, (low, _) in ends.items()}
            left = {partition for partition, (_, high) in ends.items() if starts[partition] < high}
            consumer.assign([confluent_kafka.TopicPartition(topic, partition, starts[partition]) for partition in left])
            deadline = time.monotonic() + TIMEOUT_S
            while left:
                # consume() waits for as many as asked, or all of its time.
                messages = consumer.consume(1000, 0.05)
                assert messages or time.monotonic() < deadline, f"{topic}: the broker sends nothing"
                if messages:
                    deadline = time.monotonic() + TIMEOUT_S
                for message in messages:
                    partition = message.partition()
                    if message.error():
                        assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, message.error()
                        left.discard(partition)
                        continue
                    if message.offset() < ends[partition][1]:
                        yield self._record(message, keep_values)
                    if message.offset() + 1 >= ends[partition][1]:
                        left.discard(partition)
        finally:
            consumer.close()

    @staticmethod
    def _record(message, keep_values):
        raw = dict(message.headers() or ()).get("farshore")
        return Record(message.partition(), message.offset(), parse_header(raw) if raw else None, raw,
                      message.value() if keep_values else None)

    def produce(self, topic, partition, value, raw_header=None):
        """Puts one record there, as it is."""
        self.produce_all(topic, [(partition, value, raw_header)])

    def produce_all(self, topic, records):
        """Puts (partition, value, raw header or None) there, in this order."""
        failures = []
        producer = confluent_kafka.Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 11_000_000,
                                             "enable.idempotence": True})
        for partition, value, raw_header in records:
            producer.produce(topic, value=value, partition=partition, headers=[("farshore", raw_header)] if raw_header else None,
                             on_delivery=lambda error, _: failures.append(error) if error else None)
            producer.poll(0)
        assert producer.flush(TIMEOUT_S) == 0 and not failures, failures

    def delete_records(self, topic, before):
        """Deletes every record below the offset, of {partition: offset}."""
        wanted = {"version": 1, "partitions": [{"topic": topic, "partition": partition, "offset": offset}
                                               for partition, offset in before.items()]}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(wanted, file)
            file.flush()
            subprocess.run([tools.system("java"), "-cp", f"{tools.kafka_libs()}/*",
                            "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", self.bootstrap,
                            "--offset-json-file", file.name], check=True, capture_output=True)
        eventually("the records are gone", lambda: all(self.offsets(topic)[partition][0] >= offset
                                                       for partition, offset in before.items()))

    def delete_topic(self, topic):
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        admin.delete_topics([topic], operation_timeout=TIMEOUT_S)[topic].result(TIMEOUT_S)
        eventually(f"{topic} is gone", lambda: topic not in self.names())

    def own_settings(self, topic):
        """{name: value} of what was set for the topic itself, as the broker has it."""
        admin = confluent_kafka.admin
        client = admin.AdminClient({"bootstrap.servers": self.bootstrap})
        place = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic)
        found = client.describe_configs([place])[place].result(TIMEOUT_S)
        return {name: entry.value for name, entry in found.items() if entry.source == admin.ConfigSource.DYNAMIC_TOPIC_CONFIG.value}

    def alter_topic(self, topic, config):
        """The topic's own other settings stay."""
        admin = confluent_kafka.admin
        client = admin.AdminClient({"bootstrap.servers": self.bootstrap})
        wanted = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic, set_config={**self.own_settings(topic), **config})
        client.alter_configs([wanted])[wanted].result(TIMEOUT_S)

    def create_topic(self, topic, partitions, config=None):
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        new = confluent_kafka.admin.NewTopic(topic, partitions, 1, config=config or {})
        admin.create_topics([new], operation_timeout=TIMEOUT_S)[topic].result(TIMEOUT_S)
        eventually(f"{topic} is there", lambda: topic in self.names())


class Published:
    """The numbers that an origin published, by (partition, epoch, incarnation); duplicates counted once."""

    def __init__(self, topics, topic):
        self.batches = 0
        self.watermarks = 0
        self.starts = 0
        self.foreign = []                       # records whose header does not say what the topic says
        self._seqs = collections.defaultdict(set)
        _, _, origin, stream = topic.split(".", 3)
        for record in topics.read(topic):
            header = record.header
            if header is None or (header.origin, header.stream, header.partition) != (origin, stream, record.partition):
                self.foreign.append(record)
                continue
            self.batches += header.kind == CHANGES
            self.watermarks += header.kind == WATERMARK
            self.starts += header.kind == EPOCH_START
            if header.kind == CHANGES:
                self._seqs[(record.partition, header.epoch, header.incarnation)].update(
                    range(header.first_seq, header.first_seq + header.count))

    @property
    def distinct(self):
        return sum(map(len, self._seqs.values()))

    @property
    def epochs(self):
        return sorted({(epoch, incarnation) for _, epoch, incarnation in self._seqs})

    def gaps(self):
        """Numbers that are missing below the greatest one, as sentences. There must be none."""
        return [f"partition {place[0]} epoch {place[1]}: {max(seqs) - len(seqs)} numbers are missing below {max(seqs)}"
                for place, seqs in self._seqs.items() if len(seqs) != max(seqs)]
