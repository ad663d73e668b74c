"""Has everything arrived? Reads the sources' positions and every region's progress tables with its own client."""

import pymysql

from .database import ANSWER_SECONDS
from .errors import LabError
from .positions import contains


def source_positions(databases: dict) -> dict:
    """{region: where its binlog ends now}"""
    found = {}
    for region, database in databases.items():
        try:
            found[region] = database.executed_position()
        except (pymysql.MySQLError, OSError) as error:
            raise LabError(f"{region}.db cannot be asked for its position: {error}", 3) from error
    return found


def what_is_missing(region: str, database, positions: dict, partitions: dict) -> str:
    """Empty when `region` holds all that `positions` of the other regions say; else a sentence.

    `partitions`: {origin: {stream: how many partitions it must have}}.
    """
    try:
        rows = database.query(
            "SELECT origin, stream, part, origin_position, state, reason FROM farshore.progress "
            "WHERE region = %s AND part >= 0", (region,), ANSWER_SECONDS)
        leftovers = {table: database.query(f"SELECT COUNT(*) FROM farshore.{table} WHERE region = %s", (region,),
                                           ANSWER_SECONDS)[0][0] for table in ("parked", "conflict")}
    except (pymysql.MySQLError, OSError) as error:
        return f"{region}.db cannot be asked for its progress: {error}"
    held = {(origin, stream, part): (position, state, reason) for origin, stream, part, position, state, reason in rows}
    for origin, streams in partitions.items():
        for stream, count in streams.items():
            for part in range(count):
                where = f"{region}: partition {part} of {origin}'s stream {stream}"
                if (origin, stream, part) not in held:
                    return f"{where} has no progress yet"
                position, state, reason = held[origin, stream, part]
                if state not in ("applying", "at-barrier"):
                    return f"{where} is in state {state}: {reason}"
                if not contains(position, positions[origin]):
                    return f"{where} has not reached {positions[origin]} (it is at {position or 'nothing'})"
    for table, count in leftovers.items():
        if count:
            return f"{region}: {count} changes are {'parked' if table == 'parked' else 'in conflict'}"
    return ""
