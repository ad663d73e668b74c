"""What every scenario does: write in several regions at once, wait, and hold all sides against the ledgers."""

import contextlib
import threading

from lab_lib import LabError
from ledger import differences, expected_rows
from target_binlog import WORKLOAD_VERSIONS, TargetBinlog
from topics import Published
from wait import Timeout
from workload import Workload

STREAM = "main"


def topic_of(origin, stream=STREAM):
    return f"farshore.changes.{origin}.{stream}"


class Before:
    """Where topics and binlogs stood before a scenario, so that only what it did is counted."""

    def __init__(self, regions):
        self.published = {region.name: published(region).distinct for region in regions}
        self.binlogs = {}
        for region in regions:
            region.database.execute("FLUSH BINARY LOGS")
            self.binlogs[region.name] = region.database.rows("SHOW BINARY LOGS")[-1][0]


def behind_farshores_back(region, *statements):
    """What no capture sees."""
    region.database.execute("SET SESSION sql_log_bin = 0", *statements)


def published(region):
    """What the region's own capture published."""
    topic = topic_of(region.name)
    return Published(region.topics, topic)


@contextlib.contextmanager
def writing(regions, seed, clients=3, mean_pause_s=0.02):
    """Clients write in every region while the block runs. Gives {region name: Workload}."""
    workloads = {region.name: Workload(region.name, region.database, seed, clients, mean_pause_s,
                                       first_client=1 + 100 * number) for number, region in enumerate(regions)}
    with contextlib.ExitStack() as stack:
        for workload in workloads.values():
            stack.enter_context(workload)
        yield workloads


def write_for(regions, seed, seconds, **options):
    """Writes everywhere for so long; the ledgers."""
    with writing(regions, seed, **options) as workloads:
        clients = [client for workload in workloads.values() for client in workload.clients]
        deadline = threading.Event()
        timer = threading.Timer(seconds, deadline.set)
        timer.start()
        while not deadline.wait(0.2):
            assert all(client.is_alive() for client in clients), [client.failure for client in clients if client.failure]
        timer.cancel()
    return [workload.ledger for workload in workloads.values()]


def empty_the_shop(regions):
    """A scenario in a lab that was used before begins with empty tables, here and there."""
    first = next(iter(regions))
    first.database.execute(*(f"DELETE FROM shop.{table}" for table in ("account", "orders", "order_line", "label", "beat")))
    regions.wait()


def assert_all_equal(regions, ledgers):
    """Every region holds exactly the rows that were acknowledged, in both directions."""
    found = [sentence for region in regions for sentence in differences(region.database, ledgers)]
    assert found == [], "\n".join(found)
    assert any(expected_rows(ledgers, table) for table in ("account", "orders", "order_line", "label")), "nothing was written"


def assert_nothing_lost_in_the_topics(regions):
    for region in regions:
        found = published(region)
        assert found.gaps() == []
        assert found.foreign == []


def assert_no_echo(regions, ledgers, before):
    """The numbers that each origin published are as many as its application's row changes plus its key changes."""
    for ledger in ledgers:
        region = regions.by_name[ledger.region]
        assert published(region).distinct - before.published[region.name] == ledger.published_changes, (
            f"{region.name} published another number of changes than its application made")


def assert_nothing_twice(regions, ledgers, before):
    """In each target's own binlog progress advances strictly, from end to end, by each origin's changes and no more."""
    for region in regions:
        seen = TargetBinlog(region.database, WORKLOAD_VERSIONS, before.binlogs[region.name])
        assert seen.faults == [], "\n".join(seen.faults[:20])
        for ledger in ledgers:
            if ledger.region != region.name:
                assert seen.advanced(ledger.region) == ledger.published_changes, (
                    f"{region.name} advanced by another number of {ledger.region}'s changes than were made")


def assert_nothing_left_over(regions):
    for region in regions:
        assert region.parked() == []
        assert region.conflicts() == []


def what_is_missing(regions, within_s=3):
    """What a region lacks, after so long, of what the others' sources hold now: a sentence, empty when all are caught up."""
    try:
        regions.wait(within_s)
    except LabError as error:
        return str(error)
    return ""


def caught_up(regions, timeout_s=60):
    try:
        regions.wait(timeout_s)
    except Exception as error:
        raise Timeout(f"not caught up within {timeout_s} s: {error}") from error
