"""docs/life_of_a_row.md names files and functions as `path/file.cpp:function`, in the order of the way. That each defines it is
looked at by scripts/check-documents."""

import re

from lab_lib import tools

PAGE = tools.REPOSITORY / "docs" / "life_of_a_row.md"
ENTRY = re.compile(r"`((?:libs|services)/[a-z0-9_/]+\.(?:cpp|hpp)):(\w+)`")
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


def test_each_part_of_the_page_stays_on_its_part_of_the_way():
    assert len(entries()) >= MIN_ENTRIES
    parts = dict(part.split("\n", 1) for part in PAGE.read_text().split("\n## ")[1:])
    assert list(parts) == list(PARTS)
    for title, text in parts.items():
        assert entries(text)
        assert [path for path, _ in entries(text) if not path.startswith(PARTS[title])] == [], title


def test_the_steps_of_capture_come_in_the_order_of_its_loop():
    path = "services/capture/pipeline.cpp"
    loop = (tools.REPOSITORY / path).read_text().split("\nvoid Pipeline::run(")[1].split("\n}")[0]
    calls = re.findall(r"\b(\w+)\(", loop)
    steps = [function for file, function in entries() if file == path and function != "run"]
    assert steps == ["begin_transaction", "add_rows", "send_what_is_due", "publish_watermark", "cut_checkpoint"]
    assert [call for call in calls if call in steps] == steps
