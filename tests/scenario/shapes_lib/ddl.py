"""Random changes of tables: each knows its statements for either server, and what the tables are after it.

A change is `both` (done at its source and, before or after that, at the other region), `follows` (it changes rows
without row events, so only the table's home does it by itself, and the other region when Farshore says that it is
there), or `passing` (done at one region alone and taken back later).
"""

from dataclasses import dataclass, field, replace

from . import partitions
from .columns import BY_BYTES, TEXT_COLLATIONS, VALUE_FAMILIES, VARIANTS, Column, charset_of, converted, quoted, value, widest
from .tables import KEPT, WHOLE, child_of, random_column, random_table

KINDS = ("mysql", "mariadb")


@dataclass
class Change:
    kind: str
    table: str                                     # its full name
    statements: dict                               # {server: [statement]}
    manner: str = "both"                           # both, follows, passing
    undo: dict = field(default_factory=dict)       # of a passing one
    session: list = field(default_factory=list)    # statements before
    charset: str = ""                              # of the client, where not utf8mb4
    tables: dict = field(default_factory=dict)     # {full name: Table or None}: what is so after it
    drops: bool = False                            # the table is gone or another one between its statements
    renew: str = ""                                # what makes equal what the servers made otherwise, at the home
    back: dict = field(default_factory=dict)       # {column of rows from before it: {server: what lets them in}}


# The text of a column's default that is none in another mode.
BACKSLASH_DEFAULT = "'C:\\'"
NO_BACKSLASH_ESCAPES = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')"


def for_both(make):
    return {kind: [make(kind)] for kind in KINDS}


def same(*statements):
    return {kind: list(statements) for kind in KINDS}


class Changes:
    """Makes one change after another of a set of tables; the caller keeps what they become."""

    def __init__(self, random):
        self.random = random
        self.number = 0

    def new_name(self):
        self.number += 1
        return f"x{self.number}"

    def alter(self, kind, table, action, after, **more):
        return Change(kind, table.full, for_both(lambda server: f"ALTER TABLE {table.full} {action(server)}"),
                      tables={table.full: after}, **more)

    def modify(self, kind, table, old, new):
        """To take it back would change the rows of the new type; what waits needs a type that holds both."""
        back = {old.name: {server: f"ALTER TABLE {table.full} MODIFY {widest(old, server)}" for server in KINDS}}
        return self.alter(kind, table, lambda server: f"MODIFY {new.declared(server)}", table.with_column(new), back=back)

    def another_type(self, column):
        others = [one for one in VARIANTS.get(column.family, []) if one != column.sql]
        return replace(column, sql=self.random.choice(others)) if others else None

    # Keys.
    def modify_key(self, table, _):
        old = self.random.choice(table.key)
        new = self.another_type(old)
        if not new or table.parent or self.is_parent(table, _):
            return None
        return self.modify("modify key", table, old, new)

    def reorder_key(self, table, _):
        if len(table.key) < 2 or table.parent:
            return None
        key = table.key[::-1]    # the columns stand as they stand; only the key's order changes
        names = ", ".join(column.name for column in key)
        changed = self.alter("reorder key", table, lambda kind: f"DROP PRIMARY KEY, ADD PRIMARY KEY ({names})", None)
        changed.tables = {}      # which column tells the writer stays as it was
        return changed

    # Columns.
    def convert(self, table, _):
        """All texts at once, with what has the table's own character set without saying so: ENUM, SET."""
        collation = self.random.choice(TEXT_COLLATIONS)

        def statement(to):
            return f"ALTER TABLE {table.full} CONVERT TO CHARACTER SET {charset_of(to)} COLLATE {to}"

        after = replace(table, key=tuple(converted(one, collation) for one in table.key),
                        values=tuple(converted(one, collation) for one in table.values))
        texts = [one.name for one in table.columns if one.family in ("text", "long", "enum", "set", "own")]
        wide = {kind: statement(BY_BYTES[kind]) for kind in KINDS}
        return Change("convert", table.full, same(statement(collation)), tables={table.full: after}, back=dict.fromkeys(texts, wide))

    def modify_value(self, table, _):
        old = self.random.choice(table.values) if table.values else None
        new = self.another_type(old) if old else None
        return self.modify("modify column", table, old, new) if new else None

    def add_column(self, table, _):
        self.number += 1
        family = self.random.choice([one for one in VALUE_FAMILIES if one not in ("json", "long", "blob", "bit")])
        column = random_column(f"a{self.number}", family, self.random)
        if self.random.random() < 0.7:
            column = replace(column, default=value(family, self.random), null=self.random.random() < 0.5)
        where = self.random.choice(("", "", " FIRST", " AFTER n"))
        return self.alter("add column", table, lambda kind: f"ADD COLUMN {column.declared(kind)}{where}",
                          replace(table, values=(*table.values, column)))

    def add_own_default(self, table, _):
        """A default that differs by row or by server: what the ALTER gives to old rows is in no row event."""
        self.number += 1
        column = Column(f"a{self.number}", "text", "VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", False, "(UUID())")
        changed = self.alter("add column, own default", table, lambda kind: f"ADD COLUMN {column.declared(kind)}",
                             replace(table, values=(*table.values, column)))
        changed.manner = "follows"
        changed.renew = f"UPDATE {table.full} SET {column.name} = UUID()"
        return changed

    def drop_column(self, table, _):
        if not table.values:
            return None
        column = self.random.choice(table.values)
        back = {column.name: {kind: f"ALTER TABLE {table.full} ADD COLUMN {replace(column, null=True, default='').declared(kind)}"
                              for kind in KINDS}}
        return self.alter("drop column", table, lambda kind: f"DROP COLUMN {column.name}", table.without_column(column.name),
                          back=back)

    def rename_column(self, table, _):
        if not table.values:
            return None
        self.number += 1
        old = self.random.choice(table.values)
        if old.name in {one for _, one in table.unique}:
            return None
        new = replace(old, name=f"r{self.number}")
        back = {old.name: {kind: f"ALTER TABLE {table.full} CHANGE {new.name} {old.declared(kind)}" for kind in KINDS}}
        return self.alter("rename column", table, lambda kind: f"CHANGE {old.name} {new.declared(kind)}",
                          replace(table, values=tuple(new if one is old else one for one in table.values)), back=back)

    def add_unique(self, table, _):
        column = table.column("u0")
        if not column or table.unique or table.parts:
            return None
        return self.alter("add unique", table, lambda kind: f"ADD UNIQUE KEY once0 ({column.name})",
                          replace(table, unique=(("once0", column.name),)))

    def drop_unique(self, table, _):
        if not table.unique:
            return None
        return self.alter("drop unique", table, lambda kind: f"DROP KEY {table.unique[0][0]}", replace(table, unique=()))

    def rebuild(self, table, _):
        action = self.random.choice(("FORCE", "ENGINE=InnoDB", "COMMENT='rebuilt'", "ROW_FORMAT=DYNAMIC"))
        return self.alter("rebuild", table, lambda kind: action, table)

    # What changes rows without row events: at the home alone, followed elsewhere.
    def truncate(self, table, tables):
        if not table.home or table.parent or self.is_parent(table, tables):
            return None
        return Change("truncate", table.full, same(f"TRUNCATE TABLE {table.full}"), "follows")

    def drop_and_create(self, table, tables):
        if not table.home or table.parent or self.is_parent(table, tables):
            return None
        made = random_table(table.name, self.random, table.home, table.schema)
        if self.random.random() < 0.5:
            made = table
        return Change("drop and create", table.full,
                      {kind: [f"DROP TABLE {table.full}", made.create(kind)] for kind in KINDS}, "follows",
                      tables={table.full: made}, drops=True)

    def create_or_replace(self, table, tables):
        changed = self.drop_and_create(table, tables)
        if not changed:
            return None
        made = changed.tables[table.full]
        changed.kind = "create or replace"
        changed.statements["mariadb"] = [made.create("mariadb", "CREATE OR REPLACE TABLE")]
        return changed

    def drop_database(self, table, tables):
        """And made anew, some of its tables of another shape."""
        if table.schema != WHOLE:
            return None
        inside = [one for one in tables if one.schema == WHOLE]
        made = [one if one.parent or self.is_parent(one, tables) or self.random.random() < 0.5 else
                random_table(one.name, self.random, one.home, WHOLE) for one in inside]
        return Change("drop database", table.full,
                      {kind: [f"DROP DATABASE {WHOLE}", f"CREATE DATABASE {WHOLE} CHARACTER SET utf8mb4",
                              *(one.create(kind) for one in made)] for kind in KINDS}, "follows",
                      tables={one.full: one for one in made}, drops=True)

    def swap(self, table, tables):
        others = [one for one in tables if one.home == table.home and one.schema == table.schema and one is not table
                  and not one.parent and not self.is_parent(one, tables)]
        if not table.home or table.parent or self.is_parent(table, tables) or not others:
            return None
        other = self.random.choice(others)
        self.number += 1
        aside = f"{table.schema}.aside{self.number}"
        return Change("swap by rename", table.full, same(
            f"RENAME TABLE {table.full} TO {aside}, {other.full} TO {table.full}, {aside} TO {other.full}"), "follows",
            tables={table.full: replace(other, name=table.name), other.full: replace(table, name=other.name)}, drops=True)

    # Partitions.
    def partition(self, table, tables):
        if table.unique or table.parent or table.more or self.is_parent(table, tables):
            return None
        parts = partitions.random_parts(table.key[0], self.random)
        return self.alter("partition", table, lambda kind: parts.clause(), replace(table, parts=parts))

    def partitions_kept(self, table, _):
        if not table.parts:
            return None
        self.number += 1
        action, parts = partitions.keeping(table.parts, self.random, self.number)
        return self.alter("partitions, rows kept", table, lambda kind: action, replace(table, parts=parts))

    def partitions_lost(self, table, _):
        if not table.home or not table.parts or not table.parts.is_alike:
            return None
        self.number += 1
        action, parts = partitions.losing(table.parts, self.random, self.number)
        return self.alter("partitions, rows lost", table, lambda kind: action, replace(table, parts=parts), manner="follows")

    def exchange(self, table, _):
        """A part's rows become those of a new table, and the part is empty. FORCE: what was added without a rebuild, a table that is
        made like it lacks."""
        if not table.home or not table.parts or not table.parts.is_alike:
            return None
        part = self.random.choice(table.parts.names)
        made = replace(table, name=self.new_name(), parts=None)
        return Change("exchange partition", table.full, same(
            f"ALTER TABLE {table.full} FORCE", f"CREATE TABLE {made.full} LIKE {table.full}",
            f"ALTER TABLE {made.full} REMOVE PARTITIONING",
            f"ALTER TABLE {table.full} EXCHANGE PARTITION {part} WITH TABLE {made.full}"), "follows",
            tables={table.full: table, made.full: made})

    # New tables.
    def new_table(self, table, _):
        homes = (table.home,) if table.schema == WHOLE else ("", "", table.home)
        made = random_table(self.new_name(), self.random, self.random.choice(homes), table.schema)
        return Change("new table", made.full, for_both(made.create), tables={made.full: made})

    def new_child(self, table, tables):
        """Its foreign key is to be found in a statement that is read with the session's own mode and character set."""
        if table.parent or table.parts or len(table.key) > 1 or table.key[0].family in ("set", "enum", "timestamp") or table.unique:
            return None
        if table.schema == KEPT:    # a person would have to do there what cascades
            return None
        made = child_of(table, self.new_name(), self.random, tables)
        session, charset = [], ""
        dialect = self.random.choice(("plain", "no backslash escapes", "gbk", "without binlog"))
        if dialect == "no backslash escapes":
            session = [NO_BACKSLASH_ESCAPES]
            made = replace(made, values=(*made.values, Column("w0", "text", "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                                                              True, BACKSLASH_DEFAULT)))
        elif dialect == "gbk":
            charset = "gbk"
            made = replace(made, values=(*made.values, Column(
                "w0", "text", "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", True, quoted("誠"))))
        elif dialect == "without binlog":
            session = ["SET SESSION sql_log_bin = 0"]
        return Change(f"new child, {dialect}", made.full, for_both(made.create), session=session, charset=charset,
                      tables={made.full: made})

    # At one side for a while.
    def passing_check(self, table, _):
        self.number += 1
        name = f"refuse{self.number}"
        classes = ", ".join(str(self.random.randrange(48)) for _ in range(4))
        drop = {"mysql": f"DROP CHECK {name}", "mariadb": f"DROP CONSTRAINT {name}"}
        return Change("check for a while", table.full,
                      same(f"ALTER TABLE {table.full} ADD CONSTRAINT {name} CHECK (n NOT IN ({classes}))"), "passing",
                      {kind: [f"ALTER TABLE {table.full} {action}"] for kind, action in drop.items()})

    def passing_type(self, table, _):
        column = self.random.choice((*table.key, *table.values))
        changed = self.another_type(column)
        if not changed or table.parent or self.is_parent(table, _):
            return None
        return Change("another type for a while", table.full,
                      for_both(lambda kind: f"ALTER TABLE {table.full} MODIFY {changed.declared(kind)}"), "passing",
                      for_both(lambda kind: f"ALTER TABLE {table.full} MODIFY {column.declared(kind)}"),
                      back={column.name: {kind: f"ALTER TABLE {table.full} MODIFY {widest(column, kind)}" for kind in KINDS}})

    def passing_unique(self, table, _):
        if not table.values or table.unique:
            return None
        self.number += 1
        column = self.random.choice(table.values)
        if column.family in ("long", "blob", "json"):
            return None
        return Change("unique for a while", table.full,
                      same(f"ALTER TABLE {table.full} ADD UNIQUE KEY passing{self.number} ({column.name})"), "passing",
                      same(f"ALTER TABLE {table.full} DROP KEY passing{self.number}"))

    def passing_column(self, table, _):
        self.number += 1
        return Change("column of one side", table.full,
                      same(f"ALTER TABLE {table.full} ADD COLUMN only{self.number} INT NOT NULL DEFAULT 7"), "passing",
                      same(f"ALTER TABLE {table.full} DROP COLUMN only{self.number}"))

    def passing_cascade(self, table, _):
        """At the target alone: where the source does not log cascades, what goes by the key waits for it."""
        if not table.parent or not table.home:
            return None
        return Change("cascade away for a while", table.full, same(f"ALTER TABLE {table.full} DROP FOREIGN KEY fk_{table.name}"),
                      "passing", same(f"ALTER TABLE {table.full} ADD {table.cascade()}"))

    @staticmethod
    def is_parent(table, tables):
        return any(one.parent.startswith(table.full + " ") for one in tables)


# {name: (weight, function's name)}; the names are what a plan's `kinds` chooses from.
ALL = {
    "modify-key": (4, "modify_key"), "reorder-key": (1, "reorder_key"), "modify-column": (4, "modify_value"), "convert": (3, "convert"),
    "add-column": (3, "add_column"), "add-own-default": (1, "add_own_default"), "drop-column": (2, "drop_column"),
    "rename-column": (1, "rename_column"), "add-unique": (2, "add_unique"), "drop-unique": (1, "drop_unique"),
    "rebuild": (1, "rebuild"), "truncate": (2, "truncate"), "drop-create": (2, "drop_and_create"),
    "create-or-replace": (1, "create_or_replace"), "drop-database": (4, "drop_database"), "swap": (4, "swap"), "partition": (2, "partition"),
    "partitions-kept": (4, "partitions_kept"), "partitions-lost": (4, "partitions_lost"), "exchange-partition": (3, "exchange"),
    "new-table": (2, "new_table"),
    "new-child": (5, "new_child"), "check": (2, "passing_check"), "passing-type": (3, "passing_type"),
    "passing-unique": (1, "passing_unique"), "passing-column": (1, "passing_column"),
    "passing-cascade": (5, "passing_cascade"),
}
