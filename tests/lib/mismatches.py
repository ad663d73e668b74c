"""Changes that found or left another row at a target: what is counted and said of them, and how a test begins without any."""

import json

from scenario import caught_up


def forget(regions, tables):
    """The tables are empty, nothing is noted, the gates are open."""
    caught_up(regions)
    for region in regions:
        region.database.execute("SET SESSION sql_log_bin = 0", *(f"DELETE FROM {table}" for table in tables))
        for origin in regions.others(region):
            region.declare_equal(origin)
        assert region.ctl("mismatches", "clear", "--all", "--execute").returncode == 0
    regions.all_gates_open()


def counted(region, origin):
    """{(table, kind): changes}"""
    listed = json.loads(region.ctl("mismatches", "list", "--origin", origin.name, "--output", "json").stdout)
    return {(one["table"].split(".")[1], one["kind"]): one["changes"] for one in listed}


def why_closed(region):
    """What the gate says of tables that are not known to be equal."""
    return " ".join(reason["detail"] for stream in region.gate()[1].get("streams", []) for reason in stream["reasons"]
                    if reason["reason"] == "not-yet-equal")
