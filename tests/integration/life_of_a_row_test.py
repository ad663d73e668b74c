"""docs/life_of_a_row.md names files and functions as `path/file.cpp:function`: each defines it, and they come in the order of the way."""

import re

import pytest

from lab_lib import tools

PAGE = tools.REPOSITORY / "docs" / "life_of_a_row.md"
ENTRY = re.compile(r"`((?:libs|services)/[a-z0-9_/]+\.(?:cpp|hpp)):([A-Za-z0-9_:~]+)(?:\(\))?`")
MIN_ENTRIES = 12
# Which folders each part of the page walks through. What serves both sides has other files on either.
PARTS = {
    "In east: capture": ("services/capture/", "libs/binlog/", "libs/capture/", "libs/change/partitioner", "libs/change/batch_builder",
                         "libs/kafka/producer"),
    "In west: apply": ("services/apply/", "libs/apply/", "libs/change/batch_reader", "libs/mysql/"),
    "What is known of it": ("libs/store/", "services/gate/"),
}


def entries(text=None):
    return ENTRY.findall(text or PAGE.read_text())


def definition(path, function):
    """Where the function's body begins in the file; None: it is not defined there. A call, a declaration and a comment do not count."""
    if not (tools.REPOSITORY / path).is_file():
        return None
    found = re.search(rf"^(?!\s)[\w:<>,&*\[\] ]+[ &*](?:\w+::)*{re.escape(function.split('::')[-1])}\([^;{{]*\)[^;(]*{{",
                      (tools.REPOSITORY / path).read_text(), re.MULTILINE)
    return found and found.end()


def test_every_file_defines_its_function():
    found = entries()
    assert len(found) >= MIN_ENTRIES
    assert [entry for entry in found if definition(*entry) is None] == []


@pytest.mark.parametrize("path,function", [("services/capture/pipeline.cpp", "wait_readable"),
                                           ("libs/capture/numberer.hpp", "add"), ("libs/capture/nowhere.cpp", "add")])
def test_what_is_only_called_declared_or_told_of_is_no_definition(path, function):
    assert definition(path, function) is None


def test_each_part_of_the_page_stays_on_its_part_of_the_way():
    parts = dict(part.split("\n", 1) for part in PAGE.read_text().split("\n## ")[1:])
    assert list(parts) == list(PARTS)
    for title, text in parts.items():
        assert entries(text)
        assert [path for path, _ in entries(text) if not path.startswith(PARTS[title])] == [], title


def test_the_steps_of_capture_come_in_the_order_of_its_loop():
    path = "services/capture/pipeline.cpp"
    source = (tools.REPOSITORY / path).read_text()
    begin = definition(path, "run")
    loop = re.findall(r"\b(\w+)\(", source[begin:source.index("\n}", begin)])
    steps = [function for file, function in entries() if file == path and function != "run"]
    assert steps == ["begin_transaction", "add_rows", "send_what_is_due", "publish_watermark", "cut_checkpoint"]
    assert [call for call in loop if call in steps] == steps
