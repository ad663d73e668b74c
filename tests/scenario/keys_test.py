"""Keys that a collation holds equal though their bytes differ: letter case, accents, trailing spaces.

Both sides have the same collation: where the target would hold keys equal that the source holds apart, the table waits
(tests/integration/target_tables_test.py). At any time at most one spelling of a key exists; which one, and with which content, both sides
must agree on, to the byte.
"""

import random

import pytest

from scenario import caught_up
from wait import holds_for

SCHEMA = """
CREATE DATABASE IF NOT EXISTS test_keys CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE TABLE IF NOT EXISTS test_keys.word (word VARCHAR(40) NOT NULL PRIMARY KEY, n BIGINT NOT NULL, note VARCHAR(40));
CREATE TABLE IF NOT EXISTS test_keys.placed (bucket INT NOT NULL, word VARCHAR(40) NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (bucket, word));
CREATE TABLE IF NOT EXISTS test_keys.latin (word VARCHAR(40) CHARACTER SET latin1 NOT NULL PRIMARY KEY, n BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS test_keys.fixed (word CHAR(20) NOT NULL PRIMARY KEY, n BIGINT NOT NULL);
"""
SHORT_STEPS, LONG_STEPS = 250, 3000
STEMS = ["alpha", "resume", "naive", "straat", "zoe", "uber"]
MARKS = {"a": "aAáÁäâ", "e": "eEéèê", "i": "iIíï", "o": "oOóö", "u": "uUúü", "n": "nNñ", "s": "sS", "r": "rR", "z": "zZ"}
TABLES = {"word": ("word",), "placed": ("bucket", "word"), "latin": ("word",), "fixed": ("word",)}


class Speller:
    """Different spellings that every collation here holds equal, for one region's own words."""

    def __init__(self, region, source):
        self.prefix = region
        self.random = source

    def spelling(self, stem, may_pad):
        text = "".join(self.random.choice(MARKS.get(letter, letter)) for letter in stem)
        return self.prefix + text + (" " * self.random.choice((0, 0, 1, 3)) if may_pad else "")


class Words:
    """Random changes of one region's words; the model of what must be there."""

    def __init__(self, region, seed):
        self.region = region
        self.random = random.Random(f"keys/{seed}/{region.name}")
        self.speller = Speller(region.name, self.random)
        self.rows = {table: {} for table in TABLES}      # table -> {(bucket, stem): (bucket, spelling, n)}
        self.n = 0

    def step(self, cursor):
        table = self.random.choice(list(TABLES))
        stem = self.random.choice(STEMS)
        bucket = self.random.randrange(6) if table == "placed" else 0
        held = self.rows[table].get((bucket, stem))
        self.n += 1
        new = (bucket, self.speller.spelling(stem, may_pad=table != "fixed"), self.n)
        if held is None:
            self.insert(cursor, table, new)
        elif self.random.random() < 0.3:
            self.delete(cursor, table, held)
            del self.rows[table][bucket, stem]
            if self.random.random() < 0.5:
                return
            self.insert(cursor, table, new)
        elif table == "placed" and self.random.random() < 0.5:
            target = self.random.randrange(6)
            if (target, stem) in self.rows[table]:
                return
            del self.rows[table][bucket, stem]
            bucket, new = target, (target,) + new[1:]
            self.update(cursor, table, held, new)
        else:
            self.update(cursor, table, held, new)
        self.rows[table][bucket, stem] = new

    @staticmethod
    def insert(cursor, table, new):
        columns, values = ("bucket, ", [new[0]]) if table == "placed" else ("", [])
        cursor.execute(f"INSERT INTO test_keys.{table} ({columns}word, n) VALUES ({'%s, ' * len(values)}%s, %s)",
                       values + list(new[1:]))

    @staticmethod
    def where(table, held):
        return ("bucket = %s AND " if table == "placed" else "") + "word = %s", ([held[0]] if table == "placed" else []) + [held[1]]

    def delete(self, cursor, table, held):
        where, values = self.where(table, held)
        assert cursor.execute(f"DELETE FROM test_keys.{table} WHERE {where}", values) == 1

    def update(self, cursor, table, held, new):
        where, values = self.where(table, held)
        columns, extra = ("bucket = %s, ", [new[0]]) if table == "placed" else ("", [])
        assert cursor.execute(f"UPDATE test_keys.{table} SET {columns}word = %s, n = %s WHERE {where}",
                              extra + list(new[1:]) + values) == 1

    def expected(self, table):
        return {tuple(row) if table == "placed" else (0,) + tuple(row[1:]) for row in self.rows[table].values()}


def held_in(region, table):
    bucket = "bucket" if table == "placed" else "0"
    return set(region.database.rows(f"SELECT {bucket}, word, n FROM test_keys.{table}"))


@pytest.fixture
def words(regions, seed):
    regions.load_everywhere(SCHEMA)
    regions.east.database.execute(*(f"DELETE FROM test_keys.{table}" for table in TABLES))
    caught_up(regions)
    return [Words(region, seed) for region in regions]


def test_every_spelling_of_a_key_ends_the_same_on_both_sides(regions, words, long_form):
    connections = [one.region.database.app() for one in words]
    cursors = [connection.cursor() for connection in connections]
    for number in range(LONG_STEPS if long_form else SHORT_STEPS):
        for one, connection, cursor in zip(words, connections, cursors):
            if number % 7 == 0:
                connection.begin()
            one.step(cursor)
            if number % 7 == 3:
                connection.commit()
    for connection in connections:
        connection.commit()
        connection.close()
    caught_up(regions)
    for table in TABLES:
        expected = set.union(*(one.expected(table) for one in words))
        for region in regions:
            assert held_in(region, table) == expected, f"{table} in {region.name}"


def test_the_late_delete_of_another_spelling_does_not_take_the_new_row(regions, words):
    """'abc' is deleted and 'ABC' put there, in one transaction and again in two: the row stays, on both sides."""
    for region in regions:
        other = regions.others(region)[0]
        name = region.name
        region.database.as_application(
            f"INSERT INTO test_keys.word (word, n) VALUES ('{name}-abc', 1)",
            "BEGIN", f"DELETE FROM test_keys.word WHERE word = '{name}-abc'",
            f"INSERT INTO test_keys.word (word, n) VALUES ('{name}-ABC', 2)", "COMMIT",
            f"UPDATE test_keys.word SET word = '{name}-Äbc', n = 3 WHERE word = '{name}-abc'",
            f"DELETE FROM test_keys.word WHERE word = '{name}-ABC'",
            f"INSERT INTO test_keys.word (word, n) VALUES ('{name}-aBc', 4)")
        caught_up(regions)
        wanted = [(f"{name}-aBc", 4)]
        query = f"SELECT word, n FROM test_keys.word WHERE word LIKE '{name}-%'"
        assert region.database.rows(query) == wanted
        assert other.database.rows(query) == wanted
        holds_for("it stays", lambda: other.database.rows(query) == wanted, 0.5)
