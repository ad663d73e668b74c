"""Every type of column into every other, with the values at its ends, between all pairs of servers.

Of each value: the target holds the same, or the table waits with a sentence that names the column, or the row is
refused by name. Never something else. docs/operating/table-pairs.md says the same for people.
"""

import itertools
import json
import os
import pathlib
import re
import subprocess
from decimal import Decimal

import pytest

from lab_lib import tools
from plain_servers import PlainServer

PROBE = pathlib.Path(os.environ.get("FARSHORE_BIN", "build/release")) / "tests/integration/apply/pair_probe"
KINDS = ["mysql", "mariadb"] if tools.mysql_root() else ["mariadb"]
ROWS_A_TABLE = 1000
FAST = ["--sync-binlog=0", "--innodb-flush-log-at-trx-commit=0"]
# What a server has by itself must not matter.
ODD = {"source": ["--default-time-zone=+08:00"], "target": ["--default-time-zone=-05:00", "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,NO_ZERO_DATE"]}
LAX = ["SET NAMES utf8mb4", "SET sql_mode='', time_zone='+00:00'"]

# How a value is read, so that both servers' answers compare.
NUMBER, BITS, REAL, TEMPORAL, BYTES = "CAST(v AS CHAR)", "v+0", "CAST(v AS DOUBLE)", "CAST(v AS CHAR)", "HEX(v)"
TEXT = "HEX(CAST(CONVERT(v USING utf8mb4) AS BINARY))"

INTS = ["0", "1", "-1", "127", "-128", "255", "32767", "65535", "8388607", "16777215", "16777217", "2147483647", "-2147483648", "4294967295",
        "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615"]
DECIMALS = ["0", "-0.5", "0.01", "9.8765", "1.005", "99999999.99", "-99999999.99", "99999999999999999999999999999999999.999999999999999999999999999999",
            "0.000000000000000000000000000001", "99999999999999999999999999999999999999999999999999999999999999999"]
REALS = ["0", "-0e0", "0.1", "1.005", "99999.99", "-99999.99", "16777217", "1e-45", "3.4028234e38", "-1.17549435e-38", "1.7976931348623157e308",
         "2.2250738585072014e-308", "5e-324", "-0.30000000000000004", "123456.789"]
DATES = ["'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2026-00-00'", "'2026-02-28'", "'0001-01-01'"]
TIMES = ["'838:59:59'", "'-838:59:59'", "'838:59:58.999999'", "'-00:00:00.000001'", "'00:00:00'", "'12:34:56.789'", "'-12:34:56.5'"]
MOMENTS = ["'1000-01-01'", "'9999-12-31 23:59:59.999999'", "'0000-00-00'", "'2026-01-02 03:04:05'", "'2026-01-02 03:04:05.678901'", "'1970-01-01 00:00:01'",
           "'2038-01-19 03:14:07.999999'", "'2038-01-19 03:14:08'", "'2106-02-07 06:28:15'", "'2026-03-29 02:30:00'", "'2026-10-25 02:30:00'"]
TEXTS = ["''", "'a'", "'A'", "'a '", "'a         '", "' a'", "'ab'", "'ä'", "'ß'", "'€'", "'语'", "'充值'", "'😀'", "'～'", "'−'", "'¥'", "'‾'", "'ё'", "'1'", "'0'", "' 1'", "'1e0'", "'-0'", "'0123456789'", "'b,a'",
         "'a\\0'", "'\\0'", "'\\t'", "'it''s \\\\'", "'2026-01-02'", "'12:00:00'", "'{}'", "'null'", "REPEAT('x', 255)", "REPEAT('ä', 300)", "REPEAT('y', 70000)"]
LATIN1 = ["_latin1 x'" + "".join(f"{byte:02x}" for byte in range(first, first + 16)) + "'" for first in range(0x80, 0x100, 16)]
STRINGS = ["''", "x'00'", "x'0000'", "x'41'", "x'4100'", "x'4120'", "x'20'", "x'FF00FE'", "x'C3A4'", "x'0102030405060708'", "x'31'", "REPEAT(x'FF', 255)", "REPEAT(x'00', 300)",
           "REPEAT(x'5C', 70000)"]
LABELS = ["'a'", "'b'", "'A'", "'1'", "'2'", "''", "'nobody'", "'ä'", "1", "2", "3"]
SETS = ["''", "'a'", "'a,b'", "'a,c'", "'c'", "'1'", "'1,2'", "'nobody'", "'A'"]
DOCUMENTS = ["'{}'", "'[]'", "'null'", "'\"text\"'", "'-17'", "'[1.5, -0.0, 1e100, 5e-324, 0.1, 1e15, 123456789012345680]'", "'[18446744073709551615, -9223372036854775808]'",
             "'{\"b\": 1, \"a\": 2, \"\": 3, \"aa\": {\"ü\": [[]]}}'", "'\"\\\\u0000 \\\\ud83d\\\\ude00 \\\\\" \\\\\\\\\"'", "CONCAT(REPEAT('[', 99), REPEAT(']', 99))"]
TEXT_DOCUMENTS = DOCUMENTS + ["'[1.50]'", "'[12345678901234567890.12]'", "'[123456789012345678901]'", "'{\"a\": 1, \"a\": 2}'", "'{\"a\": 1, \"\\\\u0061\": 2}'",
                              "'[-0]'", "'[1e400]'", "'[1e-400]'", "'{\"b\":1,\"a\":[ ]}'", "'\"\\\\ud800\"'", "CONCAT(REPEAT('[', 101), REPEAT(']', 101))", "'not JSON'"]
# Scalars whose type the text does not tell.
TYPED = ["CAST(1.5 AS DECIMAL(10,2))", "CAST(5 AS DECIMAL(10,0))", "CAST('-12345678901234567890.12' AS DECIMAL(30,2))", "DATE'2026-01-02'", "DATE'0000-00-00'", "DATE'2026-02-31'",
         "TIME'-838:59:59'", "TIME'12:00:00.5'", "TIMESTAMP'2026-01-02 03:04:05.678901'", "(SELECT at FROM pairs_from.typed)", "_binary'\\0ÿ'", "_binary''", "REPEAT(_binary'x', 500)",
         "(SELECT bits FROM pairs_from.typed)", "(SELECT short FROM pairs_from.typed)", "(SELECT bytes FROM pairs_from.typed)", "(SELECT long_bytes FROM pairs_from.typed)"]
TYPED_DOCUMENTS = [f.format(value) for value in TYPED for f in ("JSON_ARRAY({0})", "JSON_OBJECT('a', JSON_OBJECT('it''s \"x\" 😀', JSON_ARRAY(1, {0})), 'c', {0})",
                                                                "JSON_EXTRACT(JSON_ARRAY({0}), '$[0]')")]
JSON_TYPES = ("IF(v IS NULL, NULL, CONCAT_WS(' ', CAST(v AS CHAR), JSON_TYPE(v), JSON_TYPE(JSON_EXTRACT(v, '$[0]')), JSON_TYPE(JSON_EXTRACT(v, '$.c')), "
              "JSON_TYPE(JSON_EXTRACT(v, '$.a.*[1]')), JSON_TYPE(JSON_EXTRACT(v, '$[2]'))))")
BOTH = ["mysql", "mariadb"]


class Type:
    def __init__(self, sql, family, how, values, servers=BOTH):
        self.sql, self.family, self.how, self.values, self.servers = sql, family, how, values, servers


def types():
    made = {}

    def add(name, sql, family, how, values, servers=BOTH):
        made[name] = Type(sql, family, how, values, servers)

    for name, sql in (("tiny", "TINYINT"), ("tiny_u", "TINYINT UNSIGNED"), ("small", "SMALLINT"), ("small_u", "SMALLINT UNSIGNED"),
                      ("medium", "MEDIUMINT"), ("medium_u", "MEDIUMINT UNSIGNED"), ("int", "INT"), ("int_u", "INT UNSIGNED"),
                      ("int_zerofill", "INT(9) ZEROFILL"), ("int_not_null", "INT NOT NULL DEFAULT 7"), ("big", "BIGINT"), ("big_u", "BIGINT UNSIGNED")):
        add(name, sql, "number", NUMBER, INTS)
    for name, sql in (("dec_10_2", "DECIMAL(10,2)"), ("dec_10_0", "DECIMAL(10,0)"), ("dec_10_2_u", "DECIMAL(10,2) UNSIGNED"),
                      ("dec_65_30", "DECIMAL(65,30)"), ("dec_65_0", "DECIMAL(65,0)"), ("dec_20_20", "DECIMAL(20,20)")):
        add(name, sql, "number", NUMBER, DECIMALS)
    for name, sql in (("float_", "FLOAT"), ("float_u", "FLOAT UNSIGNED"), ("float_7_2", "FLOAT(7,2)"), ("double_", "DOUBLE"),
                      ("double_10_3", "DOUBLE(10,3)")):
        add(name, sql, "real", REAL, REALS)
    for name, sql in (("bit_1", "BIT(1)"), ("bit_9", "BIT(9)"), ("bit_64", "BIT(64)")):
        add(name, sql, "number", BITS, [value for value in INTS if value[0] != "-"])
    add("year_", "YEAR", "number", BITS, ["0", "1901", "2155", "2026"])
    add("date_", "DATE", "date", TEMPORAL, DATES)
    for digits in (0, 3, 6):
        add(f"time_{digits}", f"TIME({digits})", "time", TEMPORAL, TIMES)
        add(f"datetime_{digits}", f"DATETIME({digits})", "datetime", TEMPORAL, MOMENTS)
        add(f"timestamp_{digits}", f"TIMESTAMP({digits}) NULL", "timestamp", TEMPORAL, MOMENTS)
    add("timestamp_now", "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", "timestamp", TEMPORAL, MOMENTS)
    for name, sql in (("char_10", "CHAR(10)"), ("char_255", "CHAR(255)"), ("char_latin1", "CHAR(10) CHARACTER SET latin1"),
                      ("varchar_10", "VARCHAR(10)"), ("varchar_300", "VARCHAR(300)"), ("varchar_bin", "VARCHAR(10) COLLATE utf8mb4_bin"),
                      ("varchar_ascii", "VARCHAR(10) CHARACTER SET ascii"), ("varchar_latin1", "VARCHAR(10) CHARACTER SET latin1"),
                      ("varchar_utf8mb3", "VARCHAR(10) CHARACTER SET utf8mb3"), ("varchar_gbk", "VARCHAR(10) CHARACTER SET gbk"),
                      ("varchar_sjis", "VARCHAR(10) CHARACTER SET sjis"), ("varchar_cp932", "VARCHAR(10) CHARACTER SET cp932"), ("varchar_ujis", "VARCHAR(10) CHARACTER SET ujis"),
                      ("varchar_euckr", "VARCHAR(10) CHARACTER SET euckr"), ("varchar_koi8r", "VARCHAR(10) CHARACTER SET koi8r"), ("varchar_big5", "VARCHAR(10) CHARACTER SET big5"),
                      ("varchar_ucs2", "VARCHAR(10) CHARACTER SET ucs2"), ("varchar_utf16", "VARCHAR(10) CHARACTER SET utf16"),
                      ("varchar_utf16le", "VARCHAR(10) CHARACTER SET utf16le"), ("varchar_utf32", "VARCHAR(10) CHARACTER SET utf32"),
                      ("varchar_not_null", "VARCHAR(10) NOT NULL DEFAULT 'x'"), ("tinytext_", "TINYTEXT"), ("text_", "TEXT"),
                      ("text_utf16", "TEXT CHARACTER SET utf16"), ("text_latin1", "TEXT CHARACTER SET latin1"), ("mediumtext_", "MEDIUMTEXT")):
        add(name, sql, "text", TEXT, TEXTS + (LATIN1 if "latin1" in name else []))
    add("longtext_", "LONGTEXT", "text", TEXT, TEXTS + TEXT_DOCUMENTS)
    for name, sql in (("binary_4", "BINARY(4)"), ("binary_8", "BINARY(8)"), ("varbinary_4", "VARBINARY(4)"), ("varbinary_300", "VARBINARY(300)"),
                      ("tinyblob_", "TINYBLOB"), ("blob_", "BLOB"), ("longblob_", "LONGBLOB")):
        add(name, sql, "bytes", BYTES, STRINGS)
    for name, sql in (("enum_ab", "ENUM('a','b')"), ("enum_ba", "ENUM('b','a')"), ("enum_upper", "ENUM('A','B')"), ("enum_21", "ENUM('2','1','a')"),
                      ("enum_wide", "ENUM('','a','b','1','ä')"), ("enum_latin1", "ENUM('a','ä') CHARACTER SET latin1"),
                      ("enum_utf16", "ENUM('a','ä','1') CHARACTER SET utf16"), ("enum_bin", "ENUM('a','A','b') COLLATE utf8mb4_bin")):
        add(name, sql, "text", TEXT, LABELS)
    for name, sql in (("set_abc", "SET('a','b','c')"), ("set_cba", "SET('c','b','a')"), ("set_21", "SET('2','1','a')"),
                      ("set_utf16", "SET('a','b') CHARACTER SET utf16")):
        add(name, sql, "set", TEXT, SETS)
    add("json_", "JSON", "json", JSON_TYPES, DOCUMENTS + TYPED_DOCUMENTS, ["mysql"])
    add("json_text", "JSON", "text", TEXT, TEXT_DOCUMENTS, ["mariadb"])
    add("uuid_", "UUID", "text", "HEX(CAST(v AS CHAR))", ["'00112233-4455-6677-8899-aabbccddeeff'"], ["mariadb"])
    add("inet6_", "INET6", "text", "HEX(CAST(v AS CHAR))", ["'::1'", "'fe80::1'", "'::ffff:1.2.3.4'"], ["mariadb"])
    add("inet4_", "INET4", "text", "HEX(CAST(v AS CHAR))", ["'1.2.3.4'"], ["mariadb"])
    add("varchar_compressed", "VARCHAR(300) COMPRESSED", "text", TEXT, [], ["mariadb"])
    add("blob_compressed", "BLOB COMPRESSED", "bytes", BYTES, [], ["mariadb"])
    add("geometry_", "GEOMETRY", "geometry", BYTES, [], BOTH)
    add("vector_", "VECTOR(2)", "geometry", BYTES, [], ["mysql"])
    return made


TYPES = types()


def of(kind):
    return {name: one for name, one in TYPES.items() if kind in one.servers}


@pytest.fixture(scope="module")
def servers(module_folder):
    made = {}
    for number, (kind, role) in enumerate(itertools.product(KINDS, ("source", "target"))):
        options = FAST + ODD[role] + ([f"--gtid-domain-id={number + 1}"] if kind == "mariadb" else [])
        made[kind, role] = PlainServer(kind, module_folder / f"{kind[:2]}{role[0]}", server_id=30 + number, options=options).start()
    yield made
    for server in made.values():
        server.stop()


def run(server, statements):
    """As one session; those that the server refuses are left out."""
    connection = server.root()
    with connection, connection.cursor() as cursor:
        for statement in LAX + statements:
            try:
                cursor.execute(statement)
            except Exception as error:  # noqa: BLE001 - a value that this type does not take
                if not statement.startswith("INSERT"):
                    raise AssertionError(f"{statement}: {error}") from error


@pytest.fixture(scope="module")
def filled(servers):
    """The sources with every type's values, the targets with a table of every type."""
    for kind in KINDS:
        source = ["CREATE DATABASE pairs_from CHARACTER SET utf8mb4",
                  "CREATE TABLE pairs_from.typed (at TIMESTAMP(6), bits BIT(9), short BINARY(3), bytes BLOB, long_bytes LONGBLOB)"]
        if kind == "mysql":
            source += ["SET sql_log_bin = 0", "INSERT INTO pairs_from.typed VALUES ('2026-01-02 03:04:05.678901', 257, 'ab', x'00FF', x'00FF')",
                       "SET sql_log_bin = 1"]
        for name, one in of(kind).items():
            if not one.values:
                continue
            source.append(f"CREATE TABLE pairs_from.{name} (id INT NOT NULL PRIMARY KEY, v {one.sql})")
            source += [f"INSERT INTO pairs_from.{name} VALUES ({at}, {value})" for at, value in enumerate(one.values + ["NULL"], 1)]
        run(servers[kind, "source"], source)
        for origin in KINDS:
            run(servers[kind, "target"], [f"CREATE DATABASE pairs_{origin} CHARACTER SET utf8mb4"] + [
                f"CREATE TABLE pairs_{origin}.{name} (id INT NOT NULL PRIMARY KEY, v {one.sql})" for name, one in of(kind).items()])
    return servers


def probe(servers, origin, kind, *words):
    run_ = subprocess.run([PROBE, origin, servers[origin, "source"].socket, words[0], servers[kind, "target"].socket, *words[1:]],
                          capture_output=True, timeout=120, check=False)
    assert run_.returncode == 0, run_.stderr.decode(errors="replace")
    waits, rows, looks = {}, [], []
    for line in run_.stdout.decode(errors="replace").splitlines():
        what, source, target, rest = (line.split(" ", 3) + [""])[:4]
        if what == "wait":
            waits[source, target] = rest
        elif what == "row":
            number, outcome, sentence = (rest.split(" ", 2) + [""])[:3]
            rows.append((source, target, int(number), outcome, sentence))
        else:
            looks.append((what, source, target, *map(int, rest.split())))
    return waits, rows, looks


def read(server, schema, table, how):
    return {int(number): value for number, value in server.rows(f"SELECT id, {how} FROM {schema}.{table}", as_sent=True)}


def document(text):
    def pairs(found):
        names = [name for name, _ in found]
        assert len(names) == len(set(names)), "a name twice"
        return dict(found)
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=pairs)
    except AssertionError:
        return "a name twice"
    except json.JSONDecodeError:
        return text


def meaning(one, value, other):
    """A value in a form in which values of both families compare."""
    if value is None:
        return None
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    if one.family in ("text", "set"):
        text = bytes.fromhex(text).decode("utf-8", "surrogateescape")
    if one.family == other.family == "set":
        return set(text.split(","))
    if other.family == "json" and one.family == "json":
        return text.replace("UNSIGNED INTEGER", "INTEGER")
    if "json" in (one.family, other.family):
        if one.family == "json":
            text = re.sub(r"( [A-Z]+)+$", "", text)
        return document(text)
    if one.family in ("number", "real") and other.family == "text" or one.family == "text" and other.family in ("number", "real"):
        return Decimal(text)
    if one.family == "real":
        return Decimal(float(text))
    if one.family == "number":
        return Decimal(text)
    if one.family in ("date", "time", "datetime", "timestamp"):
        return text.rstrip("0").rstrip(".") if "." in text else text
    return text


NOT_CARRIED = {"uuid_", "inet6_", "inet4_"}   # the binlog calls them BINARY and has the server's own bytes
BYTES_OF_THE_SERVER = re.compile(r"binary|blob")


def refused_by_any(source, value):
    """ENUM's invalid value, which a lax sql_mode stored, and bytes in JSON whose type no expression gives."""
    return source.startswith("enum") and not value or source == "json_" and "type251" in str(value)


@pytest.mark.parametrize("origin,kind", list(itertools.product(KINDS, KINDS)), ids=str)
def test_a_value_is_the_same_there_or_waits_or_is_refused(filled, origin, kind):
    waits, rows, looks = probe(filled, origin, kind, "pairs_from", f"pairs_{origin}")
    here = {name: read(filled[origin, "source"], "pairs_from", name, one.how) for name, one in of(origin).items() if one.values}
    there = {name: read(filled[kind, "target"], f"pairs_{origin}", name, one.how) for name, one in of(kind).items()}
    wrong = [f"{source} into {target}: {sentence}" for (source, target), sentence in waits.items() if not re.search(r"\bcolumn v\b", sentence)]
    written = set()
    for source, target, number, outcome, sentence in rows:
        if source in NOT_CARRIED and BYTES_OF_THE_SERVER.search(target):
            continue
        value = here[source][number % ROWS_A_TABLE]
        literal = (TYPES[source].values + ["NULL"])[number % ROWS_A_TABLE - 1][:60]
        if outcome == "written":
            written.add((source, target))
            ours, theirs = meaning(TYPES[source], value, TYPES[target]), meaning(TYPES[target], there[target].get(number), TYPES[source])
            if ours != theirs or number not in there[target]:
                wrong.append(f"{source} into {target}: {literal} is {str(ours)[:80]!r} here and {str(theirs)[:80]!r} there")
        elif outcome not in ("parked", "waiting"):
            wrong.append(f"{source} into {target}: {literal} is {outcome}: {sentence}")
        elif source == target and origin == kind and not refused_by_any(source, value):
            wrong.append(f"{source} into itself: {literal} is {outcome}: {sentence}")
    for source in here:
        if source in of(kind) and (source, source) in waits and source not in NOT_CARRIED:
            wrong.append(f"{source} into itself waits: {waits[source, source]}")
    assert len(written) > 300
    documents = sum(outcome == "written" for source, target, _, outcome, _ in rows if source == target == "json_")
    assert documents == (len(DOCUMENTS + TYPED_DOCUMENTS) + 1 - 3 if origin == kind == "mysql" else 0), "LONGBLOBs alone are refused"
    wrong += wrong_looks(looks, here, there, origin == kind)
    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong)


def wrong_looks(looks, here, there, is_same_kind):
    """A look at many rows at once (RowForm): what it takes for a row's values is nothing else, and it knows a row again."""
    wrong = []
    for what, source, target, number, *other in looks:
        value = (TYPES[source].values + ["NULL"])[number % ROWS_A_TABLE - 1][:60]
        if what == "taken":
            stored = [meaning(TYPES[target], there[target][one], TYPES[target]) for one in (number, *other)]
            if TYPES[target].family == "json":  # the types inside are not looked at
                stored = [re.sub(r"( [A-Z]+)+$", "", str(one)) for one in stored]
            if stored[0] != stored[1]:
                wrong.append(f"{source} into {target}: {value} is taken for another")
        # A question mark, in what is shown of another character set, may be a character that was lost on the way.
        elif source == target and is_same_kind and source not in NOT_CARRIED and "70000" not in value \
                and "?" not in str(meaning(TYPES[source], here[source][number % ROWS_A_TABLE], TYPES[source])):
            wrong.append(f"{source} into itself: {value} is not known again")
    return wrong


class Case:
    """Columns of a table at the source and at the target, what is done to the source's, and what becomes of it."""

    def __init__(self, source, rows, target=None, waits=None, refused=None, columns="*", kinds=BOTH):
        self.source, self.rows, self.target = source, rows, target or source
        self.waits, self.refused, self.columns, self.kinds = waits, refused, columns, kinds


ID = "id INT NOT NULL PRIMARY KEY"
CASES = {
    "zero_id": Case("id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT", ["(0, 1)", "(-1, 2)", "(2147483647, 3)"]),
    "largest_id": Case("id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY", ["(18446744073709551614)"]),
    "other_order": Case(f"{ID}, a INT, b VARCHAR(9)", ["(1, 2, 'x')"], f"b VARCHAR(9), {ID}, A INT", columns="id, a, b"),
    "null_refused": Case(f"{ID}, v INT NULL", ["(1, NULL)"], f"{ID}, v INT NOT NULL DEFAULT 5", refused="1048"),
    "null_time": Case(f"{ID}, v DATETIME NULL", ["(1, NULL)"], f"{ID}, v DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP", refused="1048"),
    "not_null": Case(f"{ID}, v INT NOT NULL, t TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", ["(1, 0, '2026-01-02 03:04:05')"],
                     f"{ID}, v INT NULL, t TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
    "zero_dates": Case(f"{ID}, a DATE NOT NULL, b DATETIME NOT NULL, c TIMESTAMP NOT NULL DEFAULT 0, d DATE", ["(1, 0, 0, 0, '2026-02-31')", "(2, '2026-00-01', 0, 0, NULL)"]),
    "further_default": Case(f"{ID}, v INT", ["(1, 2)"], f"{ID}, v INT, w INT NOT NULL DEFAULT 7, x TEXT", columns="id, v"),
    "further_none": Case(f"{ID}, v INT", ["(1, 2)"], f"{ID}, v INT, w INT NOT NULL", waits="it has the column w here, without a default"),
    "missing": Case(f"{ID}, v INT, w INT", ["(1, 2, 3)"], f"{ID}, v INT", waits="it has no column w here"),
    "check_refuses": Case(f"{ID}, v INT", ["(1, -1)"], f"{ID}, v INT, CONSTRAINT positive_only CHECK (v > 0)", refused="positive_only"),
    "default_expression": Case(f"{ID}, v VARCHAR(40) DEFAULT 'x'", ["(1, DEFAULT)", "(2, '')", "(3, NULL)"], f"{ID}, v VARCHAR(40) DEFAULT (UPPER('other'))"),
    "computed_both": Case(f"{ID}, a INT, s INT AS (a + 1) STORED, v INT AS (a + 2) VIRTUAL, z INT", ["(1, 2, DEFAULT, DEFAULT, 5)"]),
    "computed_source": Case(f"{ID}, a INT, s INT AS (a + 1) STORED, v INT AS (a + 2) VIRTUAL, z INT", ["(1, 2, DEFAULT, DEFAULT, 5)"], f"{ID}, a INT, s INT, v INT, z INT"),
    "invisible": Case(f"{ID}, v INT INVISIBLE DEFAULT 4, w INT", ["(1, 2)"], f"{ID}, v INT DEFAULT 9, w INT", columns="id, v, w"),
    "invisible_there": Case(f"{ID}, v INT, w INT", ["(1, 2, 3)"], f"{ID}, v INT INVISIBLE DEFAULT 9, w INT", columns="id, v, w"),
    "key_text": Case("k VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, v INT", ["('a', 1)", "('A', 2)", "('ä', 3)", "('', 4)", "('😀', 5)", "('a\\0', 6)"]),
    "key_latin1": Case("k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL PRIMARY KEY, v INT", ["('a', 1)", "('ä', 2)", "('Ä', 3)", "(_latin1 x'81', 4)"],
                       "k VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, v INT"),
    "key_binary": Case("k VARBINARY(20) NOT NULL PRIMARY KEY, v INT", ["('', 1)", "(x'00', 2)", "(x'0000', 3)", "(x'20', 4)", "(x'41', 5)", "(x'4120', 6)"]),
    "key_fixed": Case("k BINARY(4) NOT NULL PRIMARY KEY, v INT", ["('', 1)", "(x'20', 2)", "(x'41', 3)", "(x'4120', 4)"]),
    "key_float": Case("k FLOAT NOT NULL, l DOUBLE NOT NULL, v INT, PRIMARY KEY (k, l)", ["(0.1, 0.1, 1)", "(16777217, 1e308, 2)", "(0, -1e-300, 3)"]),
    "key_time": Case("k DATETIME(6) NOT NULL, l TIME(3) NOT NULL, v INT, PRIMARY KEY (k, l)", ["('2026-01-02 03:04:05.678901', '-00:00:00.001', 1)", "('0000-00-00', '838:59:59', 2)"]),
    "key_enum": Case("k ENUM('b','a','1') NOT NULL, v INT, PRIMARY KEY (k)", ["('a', 1)", "('b', 2)", "('1', 3)"], "k ENUM('1','a','b') NOT NULL, v INT, PRIMARY KEY (k)"),
    "key_set": Case("k SET('b','a') NOT NULL, v INT, PRIMARY KEY (k)", ["('a', 1)", "('a,b', 2)", "('', 3)"]),
    "key_bits": Case("k BIT(64) NOT NULL, v INT, PRIMARY KEY (k)", ["(0, 1)", "(b'1', 2)", "(18446744073709551615, 3)"], columns="k+0, v"),
    "key_decimal": Case("k DECIMAL(20,10) NOT NULL PRIMARY KEY, v INT", ["(0, 1)", "(1.0000000001, 2)", "(-9999999999.9999999999, 3)"], "k DECIMAL(30,15) NOT NULL PRIMARY KEY, v INT",
                        columns="CAST(k AS DECIMAL(20,10)), v"),
}


@pytest.fixture(scope="module")
def cases(servers):
    """Every row came by an insert, and again by an update that follows another one."""
    for kind in KINDS:
        made = ["CREATE DATABASE cases_from CHARACTER SET utf8mb4"]
        for name, case in CASES.items():
            made.append(f"CREATE TABLE cases_from.{name} ({case.source})")
            made.append("SET sql_mode='NO_AUTO_VALUE_ON_ZERO'")
            made += [f"INSERT INTO cases_from.{name} VALUES {row}" for row in case.rows]
            made.append("SET sql_mode=''")
        run(servers[kind, "source"], made)
        for origin in KINDS:
            run(servers[kind, "target"], [f"CREATE DATABASE cases_{origin} CHARACTER SET utf8mb4"] + [
                f"CREATE TABLE cases_{origin}.{name} ({case.target})" for name, case in CASES.items()])
    return servers


@pytest.mark.parametrize("origin,kind", list(itertools.product(KINDS, KINDS)), ids=str)
def test_a_table_is_the_same_there_or_waits_or_is_refused(cases, origin, kind):
    waits, rows, looks = probe(cases, origin, kind, "cases_from", f"cases_{origin}", "--named")
    assert not looks, "each row is known again"
    wrong = []
    for name, case in CASES.items():
        refused = [sentence for _, target, _, outcome, sentence in rows if target == name and outcome != "written"]
        if case.waits:
            if case.waits not in waits.get((name, name), ""):
                wrong.append(f"{name} waits with {waits.get((name, name))}")
        elif case.refused:
            if len(refused) != len(case.rows) or case.refused not in refused[0]:
                wrong.append(f"{name} is refused with {refused}")
        else:
            query = f"SELECT {case.columns} FROM {{}}.{name} ORDER BY 1, 2" if "," in case.columns or "," in case.source else f"SELECT * FROM {{}}.{name} ORDER BY 1"
            here, there = (sorted(map(repr, server.rows(query.format(schema)))) for server, schema in
                           ((cases[origin, "source"], "cases_from"), (cases[kind, "target"], f"cases_{origin}")))
            if here != there or len(here) != len(case.rows):
                wrong.append(f"{name}: {here} here and {there} there; {waits.get((name, name))} {refused}")
    assert not wrong, "\n".join(wrong)
