"""Every column type, with its edge values, from MySQL to MariaDB and back: read on both sides and compared."""

import json
import math

import pytest

from scenario import caught_up

# (column, type, values as SQL literals, how to read it so that both servers' answers compare)
NUMBER, DOUBLE, HEX, TEXT, JSON = "{0}", "CAST({0} AS DOUBLE)", "HEX({0})", "CAST({0} AS CHAR)", "CAST({0} AS CHAR)"
COLUMNS = [
    ("c_tiny", "TINYINT", ["-128", "127", "0"], NUMBER),
    ("c_tiny_u", "TINYINT UNSIGNED", ["255", "0"], NUMBER),
    ("c_bool", "BOOLEAN", ["TRUE", "FALSE"], NUMBER),
    ("c_small", "SMALLINT", ["-32768", "32767"], NUMBER),
    ("c_small_u", "SMALLINT UNSIGNED", ["65535", "0"], NUMBER),
    ("c_medium", "MEDIUMINT", ["-8388608", "8388607"], NUMBER),
    ("c_medium_u", "MEDIUMINT UNSIGNED", ["16777215", "0"], NUMBER),
    ("c_int", "INT", ["-2147483648", "2147483647"], NUMBER),
    ("c_int_u", "INT UNSIGNED", ["4294967295", "0"], NUMBER),
    ("c_big", "BIGINT", ["-9223372036854775808", "9223372036854775807"], NUMBER),
    ("c_big_u", "BIGINT UNSIGNED", ["18446744073709551615", "9223372036854775808", "0"], NUMBER),
    ("c_dec", "DECIMAL(10,2)", ["-99999999.99", "0.01", "0", "-0.50"], NUMBER),
    ("c_dec_long", "DECIMAL(65,30)", ["-12345678901234567890123456789012345.678901234567890123456789012345", "1e-30",
                                      "99999999999999999999999999999999999.999999999999999999999999999999"], NUMBER),
    ("c_dec_u", "DECIMAL(9,0)", ["999999999", "-999999999"], NUMBER),
    ("c_dec_frac", "DECIMAL(20,20)", ["0.12345678901234567890", "-0.00000000000000000001"], NUMBER),
    ("c_float", "FLOAT", ["3.4028234e38", "-1.17549435e-38", "0.1", "16777217", "1e-45"], DOUBLE),
    ("c_double", "DOUBLE", ["1.7976931348623157e308", "2.2250738585072014e-308", "0.1", "-0.30000000000000004"], DOUBLE),
    ("c_bit1", "BIT(1)", ["b'1'", "b'0'"], "{0}+0"),
    ("c_bit9", "BIT(9)", ["b'100000001'", "b'0'"], "{0}+0"),
    ("c_bit64", "BIT(64)", ["18446744073709551615", "1"], "{0}+0"),
    ("c_year", "YEAR", ["1901", "2155", "0000"], NUMBER),
    ("c_date", "DATE", ["'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2026-00-00'"], TEXT),
    ("c_time", "TIME", ["'-838:59:59'", "'838:59:59'", "'00:00:00'"], TEXT),
    ("c_time3", "TIME(3)", ["'-12:34:56.789'", "'-00:00:00.001'", "'12:00:00.5'"], TEXT),
    ("c_time6", "TIME(6)", ["'-838:59:58.000001'", "'-00:00:00.000001'", "'23:59:59.999999'"], TEXT),
    ("c_datetime", "DATETIME", ["'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'"], TEXT),
    ("c_datetime2", "DATETIME(2)", ["'2026-02-28 23:59:59.99'"], TEXT),
    ("c_datetime6", "DATETIME(6)", ["'2026-12-31 23:59:59.999999'", "'2026-01-01 00:00:00.000001'"], TEXT),
    ("c_timestamp", "TIMESTAMP NULL", ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"], TEXT),
    ("c_timestamp6", "TIMESTAMP(6) NULL", ["'2026-03-29 01:30:00.123456'", "'2026-10-25 00:30:00.000001'"], TEXT),
    ("c_char", "CHAR(10)", ["'abc'", "''", "'ends  '", "'好'"], HEX),
    ("c_char_long", "CHAR(255)", ["REPEAT('ü', 255)", "'x'"], HEX),
    ("c_char_latin", "CHAR(10) CHARACTER SET latin1", ["'äöü'", "''"], HEX),
    ("c_varchar", "VARCHAR(255)", ["'it''s \\\\ \"quoted\"'", "''", "'trailing  '", "'\\n\\t\\0\\Z'", "'🎉 😀'"], HEX),
    ("c_varchar_long", "VARCHAR(2000)", ["REPEAT('語', 2000)", "'short'"], HEX),
    ("c_varchar_utf16", "VARCHAR(20) CHARACTER SET utf16", ["'aß😀'"], HEX),
    ("c_varchar_gbk", "VARCHAR(20) CHARACTER SET gbk", ["'充值'"], HEX),
    ("c_binary", "BINARY(8)", ["0x00", "0x0102030405060708", "0x4100000000000000", "''"], HEX),
    ("c_varbinary", "VARBINARY(300)", ["0x00FF00", "''", "REPEAT(0xFE, 300)", "0x5C27220A0D1A00"], HEX),
    ("c_tinyblob", "TINYBLOB", ["0xFF00", "''"], HEX),
    ("c_blob", "BLOB", ["REPEAT(0x00FF, 30000)"], HEX),
    ("c_mediumblob", "MEDIUMBLOB", ["REPEAT('m', 70000)"], HEX),
    ("c_longblob", "LONGBLOB", ["REPEAT(0xC3, 100000)"], HEX),
    ("c_tinytext", "TINYTEXT", ["'tiny ü'", "''"], HEX),
    ("c_text", "TEXT", ["REPEAT('té', 10000)"], HEX),
    ("c_mediumtext", "MEDIUMTEXT", ["REPEAT('長', 30000)"], HEX),
    ("c_longtext", "LONGTEXT", ["'long'", "''"], HEX),
    ("c_enum", "ENUM('a','b','ü','it''s')", ["'a'", "'ü'", "'it''s'"], HEX),
    ("c_enum_many", "ENUM(" + ",".join(f"'v{n}'" for n in range(300)) + ")", ["'v0'", "'v299'"], HEX),
    ("c_set", "SET('r','w','x','é')", ["'r,x'", "''", "'r,w,x,é'"], HEX),
    ("c_set_many", "SET(" + ",".join(f"'s{n}'" for n in range(64)) + ")", ["'s0,s63'", "'s33'"], HEX),
    ("c_json", "JSON", ["'{\"a\": [1, 2.5, null, true], \"ü\": \"it\\'s\", \"n\": {\"deep\": [[]]}}'", "'[]'", "'\"text\"'",
                        "'-17'", "'{\"big\": 18446744073709551615, \"d\": 1e100}'", "'null'", "'{\"s\": \"\\\\u0041\\\\n\\\\\\\\\"}'",
                        "JSON_OBJECT('price', CAST(1.50 AS DECIMAL(10,2)), 'day', CAST('2026-01-02' AS DATE), 'at', JSON_ARRAY(CAST('12:00:00.5' AS TIME(1))))"], JSON),
]
# Too wide for one row together, or by themselves a table that reads easily: a table a column.
ANY_TEXT = "SET SESSION sql_mode = ''"


@pytest.fixture(scope="module")
def tables(regions):
    statements = ["CREATE DATABASE IF NOT EXISTS test_types CHARACTER SET utf8mb4"]
    for name, kind, _, _ in COLUMNS:
        statements += [f"DROP TABLE IF EXISTS test_types.{name}",
                       f"CREATE TABLE test_types.{name} (id INT NOT NULL PRIMARY KEY, v {kind}, version INT NOT NULL DEFAULT 0)"]
    regions.everywhere("SET SESSION sql_log_bin = 0", ANY_TEXT, *statements)
    for number, region in enumerate(regions):
        first = 1000 * (number + 1)
        inserts, changes = [], []
        for name, _, values, _ in COLUMNS:
            for at, value in enumerate(values + ["NULL"]):
                inserts.append(f"INSERT INTO test_types.{name} (id, v) VALUES ({first + at}, {value})")
                # Written as it was by an insert, and changed to it and from it by updates.
                inserts.append(f"INSERT INTO test_types.{name} (id, v) VALUES ({first + 500 + at}, {value})")
                changes.append(f"UPDATE test_types.{name} SET v = {values[0] if at else 'NULL'}, version = 1 WHERE id = {first + 500 + at}")
                changes.append(f"UPDATE test_types.{name} SET v = {value}, version = 2 WHERE id = {first + 500 + at}")
        region.database.as_application(ANY_TEXT, "SET NAMES utf8mb4", *inserts)
        region.database.as_application(ANY_TEXT, "SET NAMES utf8mb4", *changes)
    caught_up(regions)
    return regions


def read(region, name, how):
    return {row[0]: row[1:] for row in region.database.rows(
        f"SELECT id, {how.format('v')}, version FROM test_types.{name}", as_sent=True)}


def comparable(name, how, value):
    if value is None:
        return None
    text = value.decode() if isinstance(value, bytes) else value
    if name == "c_json":
        return json.loads(text)
    if how == DOUBLE:
        return float(text)
    return text


@pytest.mark.parametrize("name,kind,values,how", COLUMNS, ids=[column[0] for column in COLUMNS])
def test_every_value_is_the_same_on_both_sides(tables, name, kind, values, how):
    east, west = (read(region, name, how) for region in tables)
    assert len(east) == 2 * 2 * (len(values) + 1)
    assert east.keys() == west.keys()
    for key, (value, version) in east.items():
        there, version_there = west[key]
        ours, theirs = comparable(name, how, value), comparable(name, how, there)
        assert version == version_there
        assert ours == theirs or (isinstance(ours, float) and math.isclose(ours, theirs, rel_tol=0)), f"id {key}: {ours} and {theirs}"


def test_deleting_rows_of_every_type(tables):
    east, west = tables
    # One side after the other: a delete that reads the whole table may deadlock with apply's, as any application's may.
    for name, _, _, _ in COLUMNS:
        east.database.as_application(f"DELETE FROM test_types.{name} WHERE id % 2")
    caught_up(tables)
    for name, _, _, _ in COLUMNS:
        west.database.as_application(f"DELETE FROM test_types.{name} WHERE id % 2 = 0 AND id >= 1500")
    caught_up(tables)
    for name, _, _, _ in COLUMNS:
        ids = [{row[0] for row in region.database.rows(f"SELECT id FROM test_types.{name}")} for region in tables]
        assert ids[0] == ids[1]
        assert all(number % 2 == 0 and number < 1500 for number in ids[0])


def test_every_row_was_found_as_it_was_before(tables):
    """West compares each row with its before-image: a value that compares as another than was written would be counted."""
    for region in tables:
        assert region.database.rows("SELECT table_name, kind, changes FROM farshore.mismatch WHERE schema_name = 'test_types'") == []


def test_columns_are_found_by_name_and_generated_ones_are_left_out(tables):
    east, west = tables
    east.database.execute("CREATE TABLE test_types.named (id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b VARCHAR(10), "
                          "twice INT AS (a * 2) STORED, plus INT AS (a + 1) VIRTUAL)")
    west.database.execute("CREATE TABLE test_types.named (b VARCHAR(20), plus BIGINT AS (a + 1) VIRTUAL, extra INT NULL, "
                          "a BIGINT NOT NULL, id INT NOT NULL PRIMARY KEY, twice BIGINT AS (a * 2) STORED)")
    east.database.as_application("INSERT INTO test_types.named (id, a, b) VALUES (1, 10, 'x'), (2, 20, NULL)",
                                 "UPDATE test_types.named SET a = 11 WHERE id = 1")
    caught_up(tables)
    query = "SELECT id, a, b, twice, plus FROM test_types.named ORDER BY id"
    assert east.database.rows(query) == west.database.rows(query) == [(1, 11, "x", 22, 12), (2, 20, None, 40, 21)]
    tables.everywhere("SET SESSION sql_log_bin = 0", "DROP TABLE test_types.named")
