"""Positions are sets: `scripts/lab wait` says "caught up" only when one contains the other."""

import pytest

from lab_lib.positions import contains

A = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
B = "4e11fa47-71ca-11e1-9e33-c80aa9429562"

HELD = [
    # outer, inner
    (f"{A}:1-5", f"{A}:1-5"),
    (f"{A}:1-5", f"{A}:3"),
    (f"{A}:1-5:7-9", f"{A}:2-4:8"),
    (f"{A}:1-3:4-9", f"{A}:2-8"),           # neighbours are one interval
    (f"{A}:4-9:1-3", f"{A}:2-8"),           # in any order
    (f"{A}:1-9:2-3", f"{A}:5-9"),           # an interval within another
    (f"{A}:1-3,{A}:4-9", f"{A}:2-8"),       # the same source written twice
    (f"{A}:1-5,{B}:1-2", f"{B}:2,{A}:5"),
    (f"{A}:1-5,{B}:1-2", f"{B}:2"),
    (f"{A}:1-5:clean:1-3", f"{A}:clean:2-3"),
    (f"{A}:1-5:clean:1-3:9:other:1", f"{A}:2:clean:9:other:1"),
    (f"{A}:clean:1-3,{A}:1-5", f"{A}:1-5:clean:1-3"),
    (f"{A}:_t1:1-3", f"{A}:_t1:3"),
    (f"{A.upper()}:1-5:CLEAN:1", f"{A}:1-5:clean:1"),
    (f" {A}:1-5 ,\n{B} : 1-2 , ", f"{A}:5,\n {B}:1"),
    (f"{A}:1-5", ""),
    (f"{A}:1-5", " \n"),
    ("", ""),
    ("0-1-5", "0-1-5"),
    ("0-1-5", "0-1-4"),
    ("0-1-5", "0-7-4"),                     # whoever wrote it: the domain counts
    ("0-1-10", "0-1-9"),                    # as numbers, not as texts
    ("0-1-5,1-2-7", "1-2-7"),
    ("1-2-7,0-1-5", "0-1-5,1-2-7"),
    ("0-1-3,0-2-5", "0-1-5"),               # one domain written twice: its greatest
    (" 0-1-5 , 1-2-7 ,", "1-2-6, 0-1-5\n"),
    ("0-1-5", ""),
]

MISSING = [
    ("", f"{A}:1"),
    (f"{A}:1-5", f"{A}:6"),
    (f"{A}:2-5", f"{A}:1-5"),
    (f"{A}:1-5", f"{A}:4-6"),
    (f"{A}:1-5:7-9", f"{A}:1-9"),           # 6 is a hole
    (f"{A}:1-5:7-9", f"{A}:6"),
    (f"{A}:1-5:7-9", f"{A}:1-5:9-10"),
    (f"{A}:1-5", f"{B}:1-5"),
    (f"{A}:1-5", f"{A}:1-5,{B}:1"),
    (f"{A}:1-5", f"{A}:clean:1"),           # a tag is a source of its own
    (f"{A}:clean:1-5", f"{A}:1"),
    (f"{A}:1-5:clean:1-3", f"{A}:clean:4"),
    (f"{A}:1-5:clean:1-3:other:1", f"{A}:other:1-3"),
    (f"{B}:1-9:clean:1-9", f"{A}:clean:1"),
    ("", "0-1-1"),
    ("0-1-5", "0-1-6"),
    ("0-1-9", "0-1-10"),
    ("0-1-5", "1-1-5"),
    ("0-1-5,1-2-7", "0-1-5,1-2-8"),
    ("0-1-5", "0-1-5,1-2-1"),
    (f"{A}:1-5", "0-1-5"),                  # the other kind's position
    ("0-1-5", f"{A}:1-5"),
]


@pytest.mark.parametrize(("outer", "inner"), HELD)
def test_a_position_contains_what_is_in_it(outer, inner):
    assert contains(outer, inner) is True


@pytest.mark.parametrize(("outer", "inner"), MISSING)
def test_a_position_does_not_contain_what_is_missing_from_it(outer, inner):
    assert contains(outer, inner) is False
