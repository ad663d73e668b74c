"""How a table is partitioned: by its key's first column, in classes (range, list) or by a hash of it.

Every class fits somewhere in a range or a list when it is made: the last part is above all classes, but for spellings that
a collation by bytes puts behind it.
"""

from dataclasses import dataclass, replace

from .columns import CLASSES, key_value

TOP = CLASSES + 8       # of which a literal can be made still
RANGED = ("int", "date", "datetime", "text")


@dataclass(frozen=True)
class Parts:
    way: str          # hash, key, range or list
    column: object
    parts: tuple      # (name, classes): all below the first of them (range); these (list); none (hash, key)

    @property
    def names(self):
        return [name for name, _ in self.parts]

    @property
    def is_alike(self):
        """Whether both servers put a row into the part of the same name: each hashes text and times in its own way."""
        return self.way != "key"

    def literal(self, n):
        return key_value(self.column.family, n, Plain)

    def part(self, name, classes):
        if self.way == "range":
            return f"PARTITION {name} VALUES LESS THAN ({self.literal(classes[0])})"
        return f"PARTITION {name} VALUES IN ({', '.join(self.literal(n) for n in classes)})"

    def listed(self, parts):
        return "(" + ", ".join(self.part(*one) for one in parts) + ")"

    def clause(self):
        words = {"hash": "HASH", "key": "KEY", "range": "RANGE COLUMNS", "list": "LIST"}[self.way]
        how = self.listed(self.parts) if self.way in ("range", "list") else f"PARTITIONS {len(self.parts)}"
        return f"PARTITION BY {words} ({self.column.name}) {how}"

    def with_parts(self, parts):
        return replace(self, parts=tuple(parts))

    def numbered(self, count):
        """Of a hash: its parts have no names but the servers' own."""
        return self.with_parts((f"p{number}", ()) for number in range(count))


class Plain:
    """Instead of chance: a class's plain spelling."""

    @staticmethod
    def random():
        return 1.0


def random_parts(column, random):
    """None where its type cannot be partitioned by."""
    ways = {"int": ["hash", "range", "range", "list", "list"], "big": ["hash"]}.get(
        column.family, ["key", "range", "range"] if column.family in RANGED else ["key"])
    way = random.choice(ways)
    if way in ("hash", "key"):
        return Parts(way, column, ()).numbered(random.choice((2, 3, 5)))
    bounds = [*sorted(random.sample(range(4, CLASSES - 4), 2)), TOP]
    names = ("low", "middle", "high")
    if way == "range":
        return Parts(way, column, tuple((name, (bound,)) for name, bound in zip(names, bounds)))
    begins = [0, *bounds[:-1]]
    return Parts(way, column, tuple((name, tuple(range(*ends))) for name, *ends in zip(names, begins, bounds)))


def keeping(parts, random, number):
    """(an action of ALTER TABLE that keeps all rows, what is so after it); `number` makes names new."""
    name = f"p{number}"
    if random.random() < 0.2:
        return "REMOVE PARTITIONING", None
    if random.random() < 0.15:
        return random.choice(("REBUILD PARTITION ALL", f"REBUILD PARTITION {parts.names[0]}")), parts
    if parts.way in ("hash", "key"):
        count = len(parts.parts)
        if count > 1 and random.random() < 0.5:
            return "COALESCE PARTITION 1", parts.numbered(count - 1)
        return "ADD PARTITION PARTITIONS 2", parts.numbered(count + 2)
    if random.random() < 0.3:
        made = (name, (top(parts) + 1,))
        return f"ADD PARTITION {parts.listed([made])}", parts.with_parts((*parts.parts, made))
    if len(parts.parts) > 1 and random.random() < 0.5:
        at = random.randrange(len(parts.parts) - 1)
        one, other = parts.parts[at:at + 2]
        made = [(name, other[1] if parts.way == "range" else one[1] + other[1])]
        return reorganize(parts, at, 2, made)
    at = random.randrange(len(parts.parts))
    classes = parts.parts[at][1]
    below = parts.parts[at - 1][1][0] if at else 0
    if parts.way == "list":
        cut = len(classes) // 2
        made = [(name, classes[:cut]), (f"{name}_rest", classes[cut:])]
    else:
        cut = (below + classes[0]) // 2
        made = [(name, (cut,)), (f"{name}_rest", classes)]
    is_cut = 0 < cut < len(classes) if parts.way == "list" else below < cut < classes[0]
    return reorganize(parts, at, 1, made) if is_cut else ("REBUILD PARTITION ALL", parts)


def losing(parts, random, number):
    """The same of one that drops rows, and what has no place any more may come back nowhere."""
    name, classes = random.choice(parts.parts[:-1] or parts.parts)
    if len(parts.parts) == 1 or parts.way == "hash" or random.random() < 0.4:
        return f"TRUNCATE PARTITION {name}", parts
    if parts.way == "list" and len(classes) > 1 and random.random() < 0.6:
        at = parts.names.index(name)
        return reorganize(parts, at, 1, [(f"p{number}", classes[::2])])
    return f"DROP PARTITION {name}", parts.with_parts(one for one in parts.parts if one[0] != name)


def reorganize(parts, at, count, made):
    old = ", ".join(parts.names[at:at + count])
    return (f"REORGANIZE PARTITION {old} INTO {parts.listed(made)}",
            parts.with_parts((*parts.parts[:at], *made, *parts.parts[at + count:])))


def top(parts):
    return max(n for _, classes in parts.parts for n in classes)
