"""After a run: both regions equal by bytes, or a gate closed with a reason that names the table. All else is a failure."""

import collections
import decimal
import json
import time
from dataclasses import dataclass, field

from .duties import TABLES

SETTLE_WITHIN_S = 40
AFTER_A_DUTY_S = 30
LAST_RESORT_S = 15          # before the end: schemas are brought in line although not all is applied
CAUGHT_UP_WITHIN_S = 4      # of one look: positions come with the watermarks, one a second
SHOWN = 6
COLUMNS = """SELECT column_name, data_type FROM information_schema.columns
             WHERE table_schema = '{}' AND table_name = '{}' ORDER BY ordinal_position"""


@dataclass
class Verdict:
    """`kind`: equal, closed (by name), or what fails: difference, unnamed, untruth. `reasons`: what the gates said, in short."""

    kind: str
    detail: list = field(default_factory=list)
    reasons: list = field(default_factory=list)

    @property
    def failed(self):
        return self.kind not in ("equal", "closed")


def differences(runner):
    """Sentences about every table that is not the same in both regions."""
    east, west = runner.regions.by_name["east"], runner.regions.by_name["west"]
    schemas = ", ".join(f"'{name}'" for name in runner.schemas)
    here, there = (set(region.database.rows(TABLES.format(schemas))) for region in (east, west))
    found = [f"{'.'.join(table)} is in {region.name} alone, with rows" for region, other in ((east, there), (west, here))
             for table in sorted((here | there) - other) if region.database.value(f"SELECT COUNT(*) FROM {'.'.join(table)}")]
    for table in sorted(here & there):
        found += table_differences(east, west, table)
    return found


def table_differences(east, west, table):
    here, there = (dict(region.database.rows(COLUMNS.format(*table))) for region in (east, west))
    names = [name for name in here if name in there]
    kinds = {name: {here[name], there[name]} for name in names}
    rows = [collections.Counter(normal_rows(region, table, names, kinds)) for region in (east, west)]
    only = [(rows[0] - rows[1], "east"), (rows[1] - rows[0], "west")]
    if not any(more for more, _ in only):
        return []
    found = [f"{'.'.join(table)} differs: {sum(rows[0].values())} rows in east, {sum(rows[1].values())} in west; columns {names}"]
    for more, where in only:
        found += [f"  only {where}: {row}" for row in sorted(more, key=repr)[:SHOWN]]
    return found


def normal_rows(region, table, names, kinds):
    quoted = ", ".join(f"`{name}`" for name in names)
    for row in region.database.rows(f"SELECT {quoted} FROM `{table[0]}`.`{table[1]}`", as_sent=True):
        yield tuple(normal(value, kinds[name]) for name, value in zip(names, row))


def normal(value, kinds):
    """As it was sent; numbers of floating point and JSON, which each server writes its own way, by value."""
    if value is None or isinstance(value, bytes):
        return value
    if kinds & {"float", "double"}:
        return float(value)
    if "json" in kinds:
        return json.dumps(json.loads(value, parse_float=decimal.Decimal), sort_keys=True, default=str)
    return value


def table_names(runner):
    names = set()
    for region in runner.regions:
        schemas = ", ".join(f"'{name}'" for name in runner.schemas)
        names |= {f"{schema}.{table}" for schema, table in region.database.rows(TABLES.format(schemas))}
    return names | {runner.named(ran["step"]["table"]) for ran in runner.ran}


def gate_reasons(runner):
    return [f"{region.name}: {stream['origin']}: {reason['reason']}: {reason['detail']}" for region in runner.regions
            for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]]


def evidence(runner):
    """{region: what its gate, its partitions and the captures that feed it say}"""
    said = {}
    for region in runner.regions:
        words = [json.dumps(region.gate()[1])]
        words += [f"{row['origin']}/{row['part']} {row['state']}: {row['reason']}" for row in region.progress()
                  if row["state"] != "applying"]
        words += [f"parked {row['schema_name']}.{row['table_name']}: {row['reason']}" for row in region.parked()[:SHOWN]]
        words += parked_and_blockers(region)
        words += [region.ctl("conflicts", "show").stdout] if region.conflicts() else []
        words += [f"conflict {row['schema_name']}.{row['table_name']}: {row['reason']}" for row in region.conflicts()[:SHOWN]]
        for origin in runner.regions.others(region):
            ready, answer = origin.ready("capture")
            if not ready:
                words.append(f"capture of {origin.name}: {answer.strip()}")
        said[region.name] = words
    return said


def parked_and_blockers(region):
    """What is parked, as a person is shown it, and the rows that stand here."""
    tables = {f"{row['schema_name']}.{row['table_name']}" for row in region.parked()}
    words = []
    for table in sorted(tables)[:SHOWN]:
        words.append(region.ctl("parked", "show", "--table", table).stdout)
        words += [f"  {table} here: {row}" for row in region.database.rows(f"SELECT * FROM {table}", as_sent=True)]
    return words


def judge(runner, watch, within_s=SETTLE_WITHIN_S):
    """Waits until all is well and compares; or says what keeps a gate closed."""
    watch.be_quiet()
    deadline = time.monotonic() + within_s
    last = deadline + 2 * within_s
    aligned = False
    while True:
        if runner.duties.poll() | runner.duties.ways_out.look():
            deadline = max(deadline, min(time.monotonic() + AFTER_A_DUTY_S, last))
        open_gates = [region for region in runner.regions if region.gate()[0]]
        missing = standing(runner) or runner.lab.what_is_missing(CAUGHT_UP_WITHIN_S)
        if len(open_gates) == 2 and not missing:
            if not aligned:
                runner.duties.ways_out.even_out()
                runner.duties.align()
                aligned = True
                continue
            found = differences(runner)
            still = [region for region in runner.regions if region.gate()[0]]
            if len(still) == 2:
                break
        elif not aligned and (time.monotonic() > deadline - LAST_RESORT_S or (not missing and only_clocks(runner))):
            runner.duties.align()
            aligned = True
        elif not missing and aligned and only_clocks(runner):
            found = differences(runner)
            break
        elif not missing and only_not_yet_equal(runner):
            if differences(runner):
                return closed_verdict(runner, watch)
            runner.duties.declare_equal(table_names(runner))
        if time.monotonic() > (last if only_away(runner) or only_clocks(runner) else deadline):
            return closed_verdict(runner, watch)
        time.sleep(0.1)
    if found:
        return Verdict("difference", ["both gates are open (or but for a clock that was set right), all is applied:", *found])
    if watch.untruths:
        return Verdict("untruth", watch.untruths[:SHOWN])
    return Verdict("equal")


def standing(runner):
    """A partition that has nothing to wait for but somebody's hand, or its own next try."""
    return next((f"{region.name}: {row['origin']}/{row['part']} {row['state']}" for region in runner.regions
                 for row in region.progress() if row["state"] != "applying"), "")


def reason_names(runner):
    return {reason["reason"] for region in runner.regions for stream in region.gate()[1].get("streams", [])
            for reason in stream["reasons"]}


def only_not_yet_equal(runner):
    """Whether nothing else closes a gate: an operator who has compared the tables may say that they are equal."""
    return reason_names(runner) == {"not-yet-equal"}


def only_away(runner):
    """Something that was killed is not back yet, as a mirror on a machine that has much to do."""
    return reason_names(runner) <= {"stale-safe-time", "no-safe-time", "unowned-partition"}


def only_clocks(runner):
    """A source's clock was ahead: the gate stays closed until real time has caught up with it, and a while longer. Until
    then positions, which come with the watermarks, may stand still too."""
    return runner.troubles.source_was_ahead and reason_names(runner) <= {"clock-skew", "stale-safe-time"}


def closed_verdict(runner, watch):
    """Not settled: each gate that is open with its origin's all applied must show equal rows all the same."""
    said = evidence(runner)
    closed = {region.name for region in runner.regions if not region.gate()[0]}
    names = table_names(runner)
    if not closed:
        return Verdict("unnamed", ["both gates are open, and this is missing: " + runner.lab.what_is_missing(CAUGHT_UP_WITHIN_S)]
                       + [word for words in said.values() for word in words])
    for name in closed:
        text = "\n".join(said[name])
        if not any(full in text for full in names):
            return Verdict("unnamed", [f"the gate of {name} is closed and no reason names a table:", *said[name]])
    if watch.untruths:
        return Verdict("untruth", watch.untruths[:SHOWN])
    return Verdict("closed", [f"{name}: {word}" for name in sorted(closed) for word in said[name]], gate_reasons(runner))
