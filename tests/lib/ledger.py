"""What an application was told is committed: the truth that both databases are compared with.

A client of the workload owns its rows alone, so it knows the state of each without asking. A transaction is an Intent:
the statements, and what every touched row is before and after. The ledger takes an intent over when its COMMIT was
acknowledged, or when a lost connection's outcome was read back at the source.
"""

import threading
from dataclasses import dataclass, field

# Table -> (columns in order, how many of them make the key).
TABLES = {
    "account": (("id", "owner", "balance", "note", "version"), 1),
    "orders": (("region", "id", "status", "placed_at", "version"), 2),
    "order_line": (("order_id", "line", "sku", "quantity", "version"), 2),
    "label": (("code", "target", "version"), 1),
    "beat": (("region", "id"), 2),
}
SCHEMA = "shop"


def columns(table):
    return TABLES[table][0]


def key_of(table, row):
    return tuple(row[: TABLES[table][1]])


@dataclass
class Intent:
    """One transaction to be. `after` maps (table, key) to the row that is to stand there, or None."""

    statements: list = field(default_factory=list)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    row_changes: int = 0
    key_changes: int = 0

    def insert(self, table, row):
        names = columns(table)
        self.statements.append((f"INSERT INTO {SCHEMA}.{table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
                                row))
        self._touch(table, key_of(table, row), None, row)
        self.row_changes += 1

    def update(self, table, old, new):
        """Every update carries a new version, so it always changes the row. A key may change."""
        names = columns(table)
        where = names[: TABLES[table][1]]
        self.statements.append((f"UPDATE {SCHEMA}.{table} SET {', '.join(f'{name} = %s' for name in names)} "
                                f"WHERE {' AND '.join(f'{name} = %s' for name in where)}", tuple(new) + key_of(table, old)))
        old_key, new_key = key_of(table, old), key_of(table, new)
        if old_key != new_key:
            self._touch(table, old_key, old, None)
            self._touch(table, new_key, None, new)
            self.key_changes += 1
        else:
            self._touch(table, old_key, old, new)
        self.row_changes += 1

    def delete(self, table, old):
        where = columns(table)[: TABLES[table][1]]
        self.statements.append((f"DELETE FROM {SCHEMA}.{table} WHERE {' AND '.join(f'{name} = %s' for name in where)}",
                                key_of(table, old)))
        self._touch(table, key_of(table, old), old, None)
        self.row_changes += 1

    def _touch(self, table, key, old, new):
        self.before.setdefault((table, key), old)
        self.after[(table, key)] = new


class Ledger:
    """The rows of one region as acknowledged. Clients of several threads write to it; each touches only its own rows."""

    def __init__(self, region):
        self.region = region
        self._mutex = threading.Lock()
        # Guarded by _mutex.
        self._rows = {table: {} for table in TABLES}
        self.transactions = 0
        self.row_changes = 0
        self.key_changes = 0
        self.unknown_outcomes = 0
        self.deleted = set()

    def commit(self, intent):
        with self._mutex:
            for (table, key), row in intent.after.items():
                if row is None:
                    self._rows[table].pop(key, None)
                    self.deleted.add((table, key))
                else:
                    self._rows[table][key] = row
                    self.deleted.discard((table, key))
            self.transactions += 1
            self.row_changes += intent.row_changes
            self.key_changes += intent.key_changes

    def note_unknown_outcome(self):
        with self._mutex:
            self.unknown_outcomes += 1

    def rows(self, table):
        with self._mutex:
            return dict(self._rows[table])

    @property
    def published_changes(self):
        """How many numbered changes this region's capture must have published: a key change counts as two."""
        with self._mutex:
            return self.row_changes + self.key_changes


def expected_rows(ledgers, table):
    """What every region must hold: the rows of all ledgers, which own disjoint keys."""
    rows = {}
    for ledger in ledgers:
        own = ledger.rows(table)
        assert not rows.keys() & own.keys(), f"two ledgers claim the same key of {table}"
        rows.update(own)
    return rows


def actual_rows(database, table):
    return {key_of(table, row): row for row in database.rows(f"SELECT {', '.join(columns(table))} FROM {SCHEMA}.{table}")}


def differences(database, ledgers, limit=10):
    """Sentences about every row that the database holds otherwise than the ledgers say; at most `limit` a table."""
    found = []
    for table in TABLES:
        expected, actual = expected_rows(ledgers, table), actual_rows(database, table)
        wrong = [key for key in expected.keys() | actual.keys() if expected.get(key) != actual.get(key)]
        for key in sorted(wrong, key=str)[:limit]:
            found.append(f"{database.name} {table}{key}: is {actual.get(key)}, acknowledged was {expected.get(key)}")
        if len(wrong) > limit:
            found.append(f"{database.name} {table}: {len(wrong) - limit} more rows differ")
    return found
