"""docs/operating/first-copy.md, done as it says: the page's own commands are the ones that are run."""

import os
import pathlib
import re
import subprocess
import threading

import pytest

from lab_lib import tools
from regions import Regions
from scenario import caught_up

PAGE = pathlib.Path(__file__).parents[2] / "docs/operating/first-copy.md"


def blocks():
    """The page's shell blocks, in their order: dump, load, start, declare."""
    found = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
    assert len(found) == 4, "the page has another number of steps"
    return found


class Writer(threading.Thread):
    """An application that goes on writing in one region until it is told to stop."""

    def __init__(self, region):
        super().__init__()
        self.region = region
        self.stopping = threading.Event()
        self.written = 0
        self.failure = None

    def run(self):
        try:
            connection = self.region.database.app()
            cursor = connection.cursor()
            while not self.stopping.is_set():
                n = self.written
                cursor.execute("INSERT INTO shop.account (id, owner, balance, version) VALUES (%s, %s, %s, 1)",
                               (100_000 + n, f"writer {n}", n))
                cursor.execute("UPDATE shop.account SET balance = balance + 1 WHERE id = %s", (1 + n % 500,))
                if n % 3 == 0:
                    cursor.execute("DELETE FROM shop.account WHERE id = %s", (100_000 + n // 2,))
                connection.commit()
                self.written += 1
                self.stopping.wait(0.002)
        except Exception as error:  # shown by the test
            self.failure = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.join()
        assert self.failure is None, self.failure


@pytest.fixture
def before_the_start(make_regions):
    """East has rows, west's tables are not there, and no service has ever run."""
    regions = make_regions(server="mariadb", with_services=False)
    regions.east.database.execute(
        *(f"INSERT INTO shop.account (id, owner, balance, version) VALUES ({n}, 'old {n}', {n}, 1)" for n in range(1, 501)))
    regions.west.database.execute("DROP DATABASE shop")
    return regions


def test_a_first_copy_as_the_page_has_it(before_the_start, folder):
    regions = before_the_start
    dump, load, start, declare = blocks()
    ctl = tools.farshore_binary("farshorectl")
    environment = os.environ | {"EAST_SOCKET": regions.east.database.socket, "WEST_SOCKET": regions.west.database.socket,
                                "PATH": f"{ctl.parent}:{os.environ['PATH']}"}
    for region in regions:
        (folder / f"{region.name}.yaml").symlink_to(region.config_file)

    def run(script):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def preflight():
        return regions.east.ctl("preflight", "--peer", str(regions.west.config_file)).stdout

    assert "east to west: table shop.account: does not exist here" in preflight()
    with Writer(regions.east) as writer:
        position = run(dump).strip().splitlines()[-1]
        assert re.fullmatch(r"\d+-\d+-\d+(,\d+-\d+-\d+)*", position), position
        written_at_dump = writer.written
        run(load)
        assert "does not exist here" not in preflight() and "rows of table" not in preflight()
        regions.lab.databases["west"].grant_app()
        service, arguments = re.search(r'farshore (\w+) --config east.yaml (.*)', start).groups()
        regions.lab.start(f"east.{service}", [word.strip('"').replace("$POSITION", position) for word in arguments.split()])
        for name in ("west.apply", "west.gate", "west.capture", "east.apply", "east.gate"):
            regions.lab.start(name)
    assert writer.written > written_at_dump, "nothing was written while it ran"
    regions.refresh()
    caught_up(regions)
    rows = [region.database.rows("SELECT * FROM shop.account ORDER BY id") for region in regions]
    assert rows[0] == rows[1] and len(rows[0]) > 500
    warned = [line for line in regions.east.log("capture").splitlines() if "captured tables have rows already" in line]
    assert len(warned) == 1 and "1 of" in warned[0] and "shop.account" in warned[0], warned
    for region in regions:
        is_open, answer = region.gate()
        assert not is_open and "not-yet-equal" in str(answer), answer
    run(f"POSITION={position}\n" + declare)
    regions.all_gates_open()
