"""How our own SQL files are taken apart."""

import pytest

from lab_lib.database import SQL_FOLDER, split_statements


@pytest.mark.parametrize(("text", "statements"), [
    ("", []),
    ("-- nothing\n  -- at all\n", []),
    ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
    ("SELECT 1;  \n\nSELECT 2", ["SELECT 1", "SELECT 2"]),
    ("SELECT 1;", ["SELECT 1"]),
    ("CREATE TABLE t (\n  -- a comment; of a line\n  a INT\n);\n", ["CREATE TABLE t (\n  a INT\n)"]),
    ("SELECT 'a;b -- c';\n", ["SELECT 'a;b -- c'"]),
])
def test_statements_end_with_a_semicolon_at_the_end_of_a_line(text, statements):
    assert split_statements(text) == statements


@pytest.mark.parametrize("file", ["farshore.sql", "grants.mysql.sql", "grants.mariadb.sql"])
def test_the_files_of_the_product_are_whole_statements(file):
    found = split_statements((SQL_FOLDER / file).read_text(encoding="utf-8"))
    assert found
    assert {statement.split()[0] for statement in found} <= {"CREATE", "GRANT"}
    assert not any(statement.endswith(";") for statement in found)
