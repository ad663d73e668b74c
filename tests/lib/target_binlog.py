"""What a target really did, read in its own binlog: the oracle of "nothing twice" and "per key, origin's order"."""

import collections

from binlog_files import binlog_paths, transactions_of

PROGRESS = ("farshore", "progress")
Place = collections.namedtuple("Place", "region origin stream part")


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def place_of(row):
    return Place(text(row["region"]), text(row["origin"]), text(row["stream"]), row["part"])


class TargetBinlog:
    """Faults found in the target's transactions, as sentences; empty lists when all is well."""

    def __init__(self, database, version_tables=(), first_file=None):
        """version_tables: {table name: key columns} of tables with a `version` column that grows per key at the source."""
        self.version_tables = dict(version_tables)
        self.progress_faults = []
        self.order_faults = []
        self.marker_faults = []
        self.progress_writes = 0
        self.applied_rows = 0
        self.advances = collections.Counter()   # place -> how many numbers it advanced by, over all epochs
        self._last = {}
        self._versions = {}
        wanted = lambda schema, table: (schema, table) == PROGRESS or table in self.version_tables  # noqa: E731
        for transaction in transactions_of(binlog_paths(database, first_file), wanted):
            self._see(transaction)

    @property
    def faults(self):
        return self.progress_faults + self.order_faults + self.marker_faults

    def _see(self, transaction):
        events = transaction.events
        if not any((event.schema, event.table) == PROGRESS for event in events):
            return
        if (events[0].schema, events[0].table) != PROGRESS:
            self.marker_faults.append(f"{transaction.gtid}: progress is not the first write")
        for event in events:
            if (event.schema, event.table) == PROGRESS:
                for before, after in event.rows:
                    self._see_progress(transaction, event.op, before, after)
            elif event.schema != "farshore":
                self.applied_rows += len(event.rows or ())
                if event.table in self.version_tables:
                    for before, after in event.rows:
                        self._see_version(transaction, event.table, before, after)

    def _see_progress(self, transaction, op, before, after):
        if op == "delete":
            self._last.pop(place_of(before), None)
            return
        self.progress_writes += 1
        place, last = place_of(after), self._last.get(place_of(after), before)
        self._last[place] = after
        if place.part < 0:
            return
        if op == "insert":
            self.advances[place] += after["seq"]
            return
        where = f"{transaction.gtid} {'/'.join(map(str, place))}"
        if before != last:
            self.progress_faults.append(f"{where}: written over a row that another writer changed")
        if after["writes"] != before["writes"] + 1:
            self.progress_faults.append(f"{where}: writes went from {before['writes']} to {after['writes']}")
        if (after["epoch"], after["incarnation"]) == (before["epoch"], before["incarnation"]):
            if after["seq"] < before["seq"]:
                self.progress_faults.append(f"{where}: seq went back from {before['seq']} to {after['seq']}")
            self.advances[place] += max(0, after["seq"] - before["seq"])
        elif after["epoch"] <= before["epoch"]:
            self.progress_faults.append(f"{where}: epoch went from {before['epoch']} to {after['epoch']}")
        else:
            self.advances[place] += after["seq"]

    def _see_version(self, transaction, table, before, after):
        if after is None:
            return
        key = (table,) + tuple(after[column] for column in self.version_tables[table])
        newest = self._versions.get(key, -1)
        if after["version"] < newest:
            self.order_faults.append(f"{transaction.gtid} {key}: version {after['version']} written over {newest}")
        self._versions[key] = max(newest, after["version"])

    def advanced(self, origin):
        """How many changes of an origin were taken over, each once."""
        return sum(count for place, count in self.advances.items() if place.origin == origin)


WORKLOAD_VERSIONS = {"account": ("id",), "orders": ("region", "id"), "order_line": ("order_id", "line"), "label": ("code",)}
