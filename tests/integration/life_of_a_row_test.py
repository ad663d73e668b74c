"""docs/life_of_a_row.md names files and functions as `path/file.cpp:function`: they exist, and come in the order of the way."""

import re

from lab_lib import tools

PAGE = tools.REPOSITORY / "docs" / "life_of_a_row.md"
ENTRY = re.compile(r"`((?:libs|services)/[a-z0-9_/]+\.(?:cpp|hpp)):([A-Za-z0-9_:~]+)(?:\(\))?`")
MIN_ENTRIES = 12


def entries():
    return ENTRY.findall(PAGE.read_text())


def test_every_file_and_function_exists():
    found = entries()
    assert len(found) >= MIN_ENTRIES
    missing = []
    for path, function in found:
        file = tools.REPOSITORY / path
        name = function.split("::")[-1]
        if not file.is_file():
            missing.append(f"{path} is not there")
        elif not re.search(rf"\b{re.escape(name)}\s*\(", file.read_text()):
            missing.append(f"{path} has no function {name}")
    assert missing == []


def test_they_come_in_the_order_of_the_way():
    """Capture's side, then the batch in Kafka, then apply's side, then the gate."""
    def stage(path):
        for order, prefixes in enumerate((("services/capture/", "libs/binlog/", "libs/capture/"),
                                          ("services/apply/", "libs/apply/"), ("libs/progress/",), ("services/gate/",))):
            if path.startswith(prefixes):
                return order
        return None       # libs/change, libs/kafka, libs/mysql and libs/base serve both sides

    stages = [(stage(path), path) for path, _ in entries() if stage(path) is not None]
    assert [order for order, _ in stages] == sorted(order for order, _ in stages), stages
    assert {order for order, _ in stages} >= {0, 1}
