"""The rows of both regions side by side, and which of what differs no gate answers for.

A row is its writer's, whose letter it has. That the other region has it as its writer does is what the other region's
gate says, with the writer's region as the origin: open, it says so of every row; closed, of those of the tables that no
reason names.
"""

import collections
import decimal
import json
import re
from dataclasses import dataclass, field

from .duties import TABLES, signature

SHOWN = 6
AS_SENT, BY_VALUE, LEFT_OUT = "as sent", "by value", "left out"
# Sentences that stand for every table of the origin.
WHOLE = re.compile(r"nobody has said yet that this region's tables|the stream's tables are not known to be equal"
                   r"|to another region's: any table|^capture of \w+: ", re.MULTILINE)


@dataclass
class Difference:
    table: str
    writers: set                               # letters of the rows that differ
    told: list = field(default_factory=list)   # sentences


def differences(runner, unlike=AS_SENT):
    """Every table that is not the same in both regions. `unlike`: how columns are compared that have another type in one
    region than in the other; but for AS_SENT without those that an operator has added for a while, whose old rows nobody
    fills."""
    east, west = runner.regions.by_name["east"], runner.regions.by_name["west"]
    schemas = ", ".join(f"'{name}'" for name in runner.schemas)
    here, there = (set(region.database.rows(TABLES.format(schemas))) for region in (east, west))
    found = []
    for region, other in ((east, there), (west, here)):
        for table in sorted((here | there) - other):
            full = ".".join(table)
            writers = {letter for (letter,) in region.database.rows(f"SELECT DISTINCT own FROM {full}")}
            if writers:
                found.append(Difference(full, writers, [f"{full} is in {region.name} alone, with rows"]))
    for table in sorted(here & there):
        found += table_differences(east, west, table, runner.duties, unlike)
    return found


def table_differences(east, west, table, duties, unlike):
    here, there = (duties.columns_of(region, table) for region in (east, west))
    added = {column for full, column in duties.ways_out.owed if full == ".".join(table)}
    others = {name for name in here if name in there and signature(here[name]) != signature(there[name])}
    left_out = set() if unlike is AS_SENT else added | others if unlike is LEFT_OUT else added
    names = [name for name in here if name in there and name not in left_out]
    kinds = {name: {here[name][-1], there[name][-1]} for name in names}
    ways = {name: by_value if unlike is BY_VALUE and name in others else normal for name in names}
    rows = [collections.Counter(normal_rows(region, table, names, kinds, ways)) for region in (east, west)]
    only = [(rows[0] - rows[1], "east"), (rows[1] - rows[0], "west")]
    if not any(more for more, _ in only):
        return []
    full = ".".join(table)
    found = Difference(full, {row[names.index("own")] for more, _ in only for row in more},
                       [f"{full} differs: {sum(rows[0].values())} rows in east, {sum(rows[1].values())} in west; columns {names}"])
    for more, where in only:
        found.told += [f"  only {where}: {row}" for row in sorted(more, key=repr)[:SHOWN]]
    return [found]


def normal_rows(region, table, names, kinds, ways):
    quoted = ", ".join(f"`{name}`" for name in names)
    for row in region.database.rows(f"SELECT {quoted} FROM `{table[0]}`.`{table[1]}`", as_sent=True):
        yield tuple(ways[name](value, kinds[name]) for name, value in zip(names, row))


def normal(value, kinds):
    """As it was sent; numbers of floating point and JSON, which each server writes its own way, by value."""
    if value is None or isinstance(value, bytes):
        return value
    if kinds & {"float", "double"}:
        return float(value)
    if "json" in kinds:
        return json.dumps(json.loads(value, parse_float=decimal.Decimal), sort_keys=True, default=str)
    return value


def by_value(value, kinds):
    """What types of one family write each their own way: the scale, a fraction's zeros, padding, the order of members."""
    if isinstance(value, bytes):
        return value.lstrip(b"\0") if "bit" in kinds else value.rstrip(b"\0")
    if value is None or "json" in kinds:
        return normal(value, kinds)
    if kinds & {"float", "double"}:
        return "a number"      # FLOAT is sent with six digits only
    if "decimal" in kinds:
        return decimal.Decimal(value)
    if "set" in kinds:
        return frozenset(value.split(","))
    if kinds & {"datetime", "timestamp", "time"} and "." in value:
        return value.rstrip("0").rstrip(".")
    return value.rstrip(" ")


def is_named(table, text):
    schema = table.partition(".")[0]
    return bool(WHOLE.search(text) or re.search(rf"(?<![\w.])({re.escape(table)}(?!\w)|{re.escape(schema)}\.\*)", text))


def unanswered(found, said):
    """Sentences of what differs while the gate that answers for it is open, or closed without a word of the table.

    said: {region: all that it says of its closed gate; None: the gate is open}. A region that is not in it is not asked.
    """
    sentences = []
    for one in found:
        for region, text in said.items():
            if one.writers - {region[0]} and (text is None or not is_named(one.table, text)):
                state = "open" if text is None else f"closed, and nothing there names {one.table}"
                sentences += [f"the gate of {region} is {state}:", *one.told]
    return sentences
