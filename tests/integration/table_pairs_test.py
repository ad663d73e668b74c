"""Pairs of tables, each judged twice: by preflight beforehand, and by apply's binding when a row comes. The two never disagree."""

import json

import pytest

from scenario import caught_up
from wait import eventually

ID = "id INT NOT NULL PRIMARY KEY"
TEXT = "VARCHAR({}) CHARACTER SET utf8mb4 COLLATE {}"
BIN, CI = "utf8mb4_bin", "utf8mb4_general_ci"
ABSENT = ""

# name: (columns at the source, columns at the target (a table's options after |), a row, what both say of it; nothing: it fits)
PAIRS = {
    "same": (f"{ID}, v {TEXT.format(20, BIN)}", None, "(1, 'x')", None),
    "narrow_integer": (f"{ID}, v INT UNSIGNED", f"{ID}, v SMALLINT", "(1, 2)", None),
    "bits": (f"{ID}, v BIT(10), y YEAR", f"{ID}, v INT, y INT", "(1, b'101', 2024)", None),
    "bytes": (f"{ID}, v VARBINARY(20), t TINYTEXT, w LONGBLOB", f"{ID}, v BLOB, t TEXT, w LONGBLOB", "(1, 'x', 'y', 'z')", None),
    "further_column": (ID, f"{ID}, v INT NULL", "(1)", None),
    "absent": (ID, ABSENT, "(1)", "does not exist here"),
    "other_key": (f"{ID}, n INT NOT NULL", "id INT NOT NULL, n INT NOT NULL, PRIMARY KEY (id, n)", "(1, 2)",
                  "it has the primary key (id, n) here and (id) at the source"),
    "no_key": (ID, "id INT NOT NULL", "(1)", "it has the primary key () here"),
    "key_collation": (f"k {TEXT.format(20, BIN)} NOT NULL PRIMARY KEY", f"k {TEXT.format(20, CI)} NOT NULL PRIMARY KEY", "('a')",
                      "its key column k has the collation utf8mb4_general_ci here and utf8mb4_bin at the source"),
    "key_as_text": (ID, f"id {TEXT.format(20, BIN)} NOT NULL PRIMARY KEY", "(1)", "it has its key column id as text here"),
    "fewer_digits": (f"{ID}, v DECIMAL(10,4)", f"{ID}, v DECIMAL(10,2)", "(1, 9.8765)",
                     "column v keeps 2 digits after the point, the source's has 4"),
    "no_fraction": (f"{ID}, v DATETIME(6)", f"{ID}, v DATETIME", "(1, '2024-01-01 00:00:00.5')",
                    "column v keeps 0 digits of a second's fraction, the source's has 6"),
    "shorter_text": (f"{ID}, v {TEXT.format(40, BIN)}", f"{ID}, v {TEXT.format(20, BIN)}", "(1, 'x')",
                     "column v holds 20 characters, the source's holds 40 characters"),
    "text_to_char": (f"{ID}, v {TEXT.format(10, BIN)}", f"{ID}, v CHAR(10)", "(1, 'x')", "column v is char(10) there"),
    "longer_binary": (f"{ID}, v BINARY(4)", f"{ID}, v BINARY(8)", "(1, 'abcd')", "column v is binary(8) there"),
    "label": (f"{ID}, v ENUM('a','1')", f"{ID}, v ENUM('a')", "(1, 'a')", "without the source's label '1'"),
    "big_to_double": (f"{ID}, v BIGINT", f"{ID}, v DOUBLE", "(1, 2)", "column v is double there"),
    "double_to_float": (f"{ID}, v DOUBLE", f"{ID}, v FLOAT", "(1, 2.5)", "column v is float there"),
    "lacks_column": (f"{ID}, v INT", ID, "(1, 2)", "it has no column v here"),
    "needs_a_value": (ID, f"{ID}, v INT NOT NULL", "(1)", "it has the column v here, without a default"),
    "engine": (ID, f"{ID}|ENGINE=MyISAM", "(1)", "it has the engine MyISAM here"),
    "two_reasons": (f"{ID}, v DECIMAL(10,4), w DATE", f"{ID}, v DECIMAL(10,2), w DATETIME", "(1, 2, '2024-01-01')", "column w is datetime there"),
    "stored_by_row": (f"{ID}, n INT, v INT AS (n + 1) STORED", None, "(1, 2, DEFAULT)", None),
    "stored_by_session": (f"{ID}, d TIMESTAMP NULL, v INT AS (HOUR(d)) VIRTUAL", f"{ID}, d TIMESTAMP NULL, v INT AS (HOUR(d)) STORED",
                          "(1, '2024-01-01 00:00:00', DEFAULT)", None),  # what is made of it is compared: read_back_test.py
    "trigger": (f"{ID}, v INT", None, "(1, 2)", "it has the trigger trigger_fires here"),
}
# What one of the servers alone has, by the target's.
OF_TARGET = {
    "mariadb": {
        "versioned": (ID, f"{ID}|WITH SYSTEM VERSIONING", "(1)", "it has system versioning here"),
        "uuid": (f"{ID}, v BINARY(16)", f"{ID}, v UUID", "(1, REPEAT('x', 16))", "column v is uuid there, and values of that type are not carried"),
        "present_time": (f"{ID}, v TIMESTAMP NULL", f"{ID}, v TIMESTAMP NOT NULL DEFAULT '2024-01-01 00:00:00'", "(1, NULL)",
                         "column v takes NULL for the present time here"),
        "json_text": (f"{ID}, v JSON", f"{ID}, v LONGTEXT", "(1, '[1]')", None),
    },
    "mysql": {
        "text_json": (f"{ID}, v LONGTEXT", f"{ID}, v JSON", "(1, '[1]')", None),
    },
}


def unlogged(region, *statements):
    region.database.execute("SET SESSION sql_log_bin = 0", *statements)


def create(region, table, columns):
    columns, _, options = columns.partition("|")
    unlogged(region, f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} ({columns}) {options}")


@pytest.mark.parametrize("name", ["east", "west"])
def test_preflight_and_binding_say_the_same_of_every_pair(regions, name):
    source = regions.by_name[name]
    target = regions.others(source)[0]
    schema = f"test_pairs_{name}"
    pairs = {f"{schema}.{key}": pair for key, pair in {**PAIRS, **OF_TARGET[target.server]}.items()}
    for region in regions:
        unlogged(region, f"DROP DATABASE IF EXISTS {schema}", f"CREATE DATABASE {schema} CHARACTER SET utf8mb4")
        regions.lab.databases[region.name].grant_app()
    for table, (at_source, at_target, _, _) in pairs.items():
        create(source, table, at_source)
        if at_target != ABSENT:
            create(target, table, at_target or at_source)
    unlogged(target, f"CREATE TRIGGER {schema}.trigger_fires AFTER INSERT ON {schema}.trigger FOR EACH ROW SET @seen = 1")
    done = source.ctl("preflight", "--peer", str(target.config_file), "--output", "json")
    findings = [one for one in json.loads(done.stdout)["findings"] if one["where"] == f"{source.name} to {target.name}"]
    differ = []
    try:
        for table, (at_source, at_target, row, words) in pairs.items():
            told = [one["found"] for one in findings if one["what"] == f"table {table}" and one["verdict"] == "mend"]
            source.database.as_application(f"INSERT INTO {table} VALUES {row}")
            found = said_or_arrived(target, table)
            wanted = "" if not told else f"table {table} {told[0]}" if at_target == ABSENT else f"table {table}: " + "; ".join(told)
            if found != wanted or (words or "") not in found or bool(words) != bool(found):
                differ.append((table, wanted, found, words))
            if found:
                create(target, table, at_source)
                eventually("the row arrives", lambda: arrived(target, table), 30, explain=target.progress)
        assert differ == []
    finally:
        for table, (at_source, _, _, _) in pairs.items():
            create(target, table, at_source)
        caught_up(regions)
        for region in regions:
            unlogged(region, f"DROP DATABASE {schema}")
    regions.all_gates_open()


def arrived(target, table):
    schema, name = table.split(".")
    there = target.database.value(f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{schema}' AND table_name = '{name}'")
    return there and target.database.value(f"SELECT COUNT(*) FROM {table}") == 1


def said_or_arrived(target, table):
    """The reason of the partition that waits for the table; empty: the row has arrived."""
    def outcome():
        for row in target.progress():
            if row["state"] != "applying" and (f"table {table}:" in row["reason"] or f"table {table} " in row["reason"]):
                return (row["reason"],)
        return ("",) if arrived(target, table) else None
    return eventually(f"apply says something of {table}, or writes it", outcome, 30, explain=target.progress)[0]
