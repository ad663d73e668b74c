"""What the gates, the partitions and the captures say, as sentences."""

import json

from .duties import TABLES

SHOWN = 6


def table_names(runner):
    names = {f"{schema}.*" for schema in runner.schemas}    # of a schema that was dropped
    for region in runner.regions:
        schemas = ", ".join(f"'{name}'" for name in runner.schemas)
        names |= {f"{schema}.{table}" for schema, table in region.database.rows(TABLES.format(schemas))}
    return names | {runner.named(ran["step"]["table"]) for ran in runner.ran}


def gate_reasons(runner):
    return [f"{region.name}: {stream['origin']}: {reason['reason']}: {reason['detail']}" for region in runner.regions
            for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]]


def reason_names(runner, regions=None):
    return {reason["reason"] for region in regions or runner.regions for stream in region.gate()[1].get("streams", [])
            for reason in stream["reasons"]}


def evidence(runner, region):
    """What its gate, its partitions and the captures that feed it say."""
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
    return words


def parked_and_blockers(region):
    """What is parked, as a person is shown it, and the rows that stand here."""
    tables = {f"{row['schema_name']}.{row['table_name']}" for row in region.parked()}
    words = []
    for table in sorted(tables):
        words.append(region.ctl("parked", "show", "--table", table).stdout)
        words += [f"  {table} here: {row}" for row in region.database.rows(f"SELECT * FROM {table}", as_sent=True)]
    return words


def all_said(runner, region):
    """The evidence, and what a sentence stands for that names only some: tables beyond the first five, and those with
    changes behind the place where a partition stands."""
    text = "\n".join(evidence(runner, region))
    if " more (" in text or " more;" in text:
        listed = json.loads(region.ctl("equal", "list", "--output", "json").stdout)
        text += "".join(f"\nnot-yet-equal: {row['table']}" for row in listed if row["state"] != "equal")
    return text + "".join(f"\nbehind {place}: {table}" for place, table in sorted(held_back(region)))


def held_back(region):
    """{(partition, table)}: something of the table is behind the place where the partition stands."""
    found = set()
    for row in region.progress():
        if row["state"] == "applying":
            continue
        topic = f"farshore.changes.{row['origin']}.{row['stream']}"
        said = region.ctl("decode", "--topic", topic, "--partition", str(row["part"])).stdout
        for one in map(json.loads, said.splitlines()):
            if "epoch" in one and is_behind(one, (row["epoch"], row["seq"])):
                found |= {(f"{row['origin']}/{row['part']}", table) for table in tables_of(one)}
    return found


def is_behind(one, stand):
    """A start of an epoch has no number, a watermark that of the change before it."""
    if one["kind"] == "epoch start":
        return one["epoch"] > stand[0]
    place = one["epoch"], one["seq"]
    return place >= stand if one["kind"] == "watermark" else place > stand


def tables_of(one):
    """Whose rows a line of `decode` changes, or says to be other than was told."""
    return {one.get("table", ""), *one.get("missed_tables", ()), *one.get("statement", {}).get("tables", ()),
            *(doubt["table"] for doubt in one.get("doubts", ()))} - {""}
