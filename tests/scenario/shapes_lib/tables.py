"""Tables as the generator knows them, and statements that make them, for either server."""

from dataclasses import dataclass, replace

from .columns import KEY_FAMILIES, VALUE_FAMILIES, VARIANTS, Column
from .partitions import random_parts

OWN = Column("own", "own", "CHAR(1) CHARACTER SET latin1 COLLATE latin1_bin", null=False)
N = Column("n", "n", "INT", null=False)

PLAIN = "test_s{s}"
BOUND = "test_s{s}_bound"      # its tables are an order group
WHOLE = "test_s{s}_whole"      # its tables have one home, which may drop it
KEPT = "test_s{s}_kept"        # its tables are immutable
SCHEMAS = (PLAIN, BOUND, WHOLE, KEPT)


@dataclass(frozen=True)
class Table:
    """Every table has `own`, the writer's letter, and `n`, the class of its key, beside its key and values."""

    schema: str                 # with {s} for what tells one round from another
    name: str
    key: tuple                  # Columns
    values: tuple = ()          # Columns
    unique: tuple = ()          # (name of the key, name of a column of the family "once")
    parent: str = ""            # its first column refers to this table's key and cascades
    home: str = ""              # the region that alone writes it; empty: each its own rows
    more: tuple = ()            # further lines of the statement
    parts: object = None        # Parts; such a table has no unique key and no foreign keys

    @property
    def full(self):
        return f"{self.schema}.{self.name}"

    @property
    def columns(self):
        return (*self.key, OWN, N, *self.values)

    def column(self, name):
        return next((column for column in self.columns if column.name == name), None)

    def with_column(self, changed):
        return replace(self, key=tuple(changed if one.name == changed.name else one for one in self.key),
                       values=tuple(changed if one.name == changed.name else one for one in self.values))

    def without_column(self, name):
        return replace(self, values=tuple(one for one in self.values if one.name != name),
                       unique=tuple(one for one in self.unique if one[1] != name))

    def cascade(self):
        return (f"CONSTRAINT fk_{self.name} FOREIGN KEY ({self.key[0].name}) REFERENCES {self.parent} "
                "ON DELETE CASCADE ON UPDATE CASCADE")

    def create(self, kind, words="CREATE TABLE"):
        lines = [column.declared(kind) for column in self.columns]
        if len(self.key) == 1 and self.key[0].family in ("int", "big"):  # as most tables have it; every value is given
            lines[0] += " AUTO_INCREMENT"
        lines.append(f"PRIMARY KEY ({', '.join(column.name for column in self.key)})")
        lines += [f"UNIQUE KEY {name} ({column})" for name, column in self.unique]
        if self.parent:
            lines.append(f"KEY parent ({self.key[0].name})")
            lines.append(self.cascade())
        lines += self.more
        parts = " " + self.parts.clause() if self.parts else ""
        return f"{words} {self.full} ({', '.join(lines)}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4{parts}"


def random_column(name, family, random, null=True):
    return Column(name, family, random.choice(VARIANTS[family]), null)


def random_table(name, random, home="", schema=PLAIN):
    families = [random.choice(KEY_FAMILIES)]
    if random.random() < 0.4:
        families.append(random.choice(["int", "text", "datetime", "binary"]))
    key = tuple(random_column(f"k{number}", family, random, null=False) for number, family in enumerate(families))
    values = [random_column(f"v{number}", random.choice(VALUE_FAMILIES), random) for number in range(random.randrange(1, 4))]
    unique = ()
    if random.random() < 0.5:
        values.append(random_column("u0", random.choice(["int", "text", "binary", "decimal"]), random))
        unique = (("once0", "u0"),)
    parts = random_parts(key[0], random) if not unique and random.random() < 0.4 else None
    return Table(schema, name, key, tuple(values), unique, home=home, parts=parts)


def child_of(parent, name, random, others=()):
    """A table whose key begins with its parent's and that its parent's changes cascade to. It may refer to one of `others` too, by a key that does not cascade."""
    first = replace(parent.key[0], name="p0")
    key = (first, random_column("k1", "int", random, null=False))
    values = (random_column("v0", random.choice(VALUE_FAMILIES), random),)
    lone = [one for one in others if len(one.key) == 1 and one.key[0].family in ("int", "big", "text") and not one.parent and not one.parts
            and one.home == parent.home and one.full != parent.full and (one.schema == parent.schema or one.schema != WHOLE)]
    more = ()
    if lone and random.random() < 0.6:
        other = random.choice(lone)
        values += (replace(other.key[0], name="q0", null=True),)
        more = (f"FOREIGN KEY (q0) REFERENCES {other.full} ({other.key[0].name})",)
    reference = f"{parent.full} ({parent.key[0].name})"
    return Table(parent.schema, name, key, values, (), reference, parent.home, more)
