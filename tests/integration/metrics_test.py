"""What running services export is what the golden file lists, and promtool finds nothing wrong with it."""

import pathlib
import re
import subprocess

import pytest

from lab_lib import tools
from scenario import caught_up
from wait import eventually

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "metrics.txt"
NAME = re.compile(r"farshore(_[a-z0-9]+)+$")
SERVICES = ("capture", "apply", "gate")
ROWS = 50
COUNTED_WITHIN_S = 5


def golden(service):
    """{name: type} of what a service exports."""
    found = {}
    for line in GOLDEN.read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, services, *_ = line.split()
            if service in services.split(","):
                found[name] = kind
    return found


@pytest.fixture(scope="module", autouse=True)
def some_traffic(regions):
    regions.load_everywhere("CREATE DATABASE IF NOT EXISTS test_metrics;\n"
                            "CREATE TABLE IF NOT EXISTS test_metrics.t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);\n")
    for region in regions:
        region.database.execute("DELETE FROM test_metrics.t")
    for number, region in enumerate(regions):
        region.database.as_application(*(f"INSERT INTO test_metrics.t VALUES ({1000 * number + n}, 1)" for n in range(ROWS)))
    caught_up(regions)


@pytest.mark.parametrize("service", SERVICES)
def test_a_running_service_exports_the_golden_names_and_types_and_no_others(regions, service):
    wanted = golden(service)
    assert wanted, "the golden file lists the service"
    exported = {name: kind for name, kind in regions.east.metrics(service).types.items() if name.startswith("farshore_")}
    assert exported == wanted


@pytest.mark.parametrize("service", SERVICES)
def test_promtool_finds_nothing(regions, service):
    checked = subprocess.run([tools.setup_environment()["FARSHORE_PROMTOOL"], "check", "metrics"], text=True, capture_output=True,
                             input=regions.west.metrics(service).text, check=False)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stdout + checked.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_every_name_follows_the_grammar(regions, service):
    metrics = regions.east.metrics(service)
    for name, kind in metrics.types.items():
        assert NAME.match(name), name
        assert (kind == "counter") == name.endswith("_total"), name
        assert not re.search(r"_(ms|millis|kb|mb)(_|$)", name), f"{name} is not in base units"
        assert metrics.helps[name]


def rows_counted(regions):
    """What east read and published, and west received and applied of it."""
    capture, apply = regions.east.metrics("capture"), regions.west.metrics("apply")
    return [metrics.total(f"farshore_{name}_rows_total", origin="east") for metrics, name in (
        (capture, "capture_read"), (capture, "capture_published"), (apply, "apply_received"), (apply, "apply_applied"))]


def test_the_counters_agree_along_the_way(regions):
    caught_up(regions)
    before = rows_counted(regions)
    regions.east.database.as_application(*(f"INSERT INTO test_metrics.t VALUES ({2000 + n}, 1)" for n in range(ROWS)))
    caught_up(regions)
    eventually("each has counted as many rows as were inserted",
               lambda: [after - earlier for after, earlier in zip(rows_counted(regions), before)] == 4 * [ROWS],
               COUNTED_WITHIN_S, explain=lambda: f"from {before} to {rows_counted(regions)}")


def test_histograms_of_every_part_have_seen_something(regions):
    apply, capture = regions.west.metrics("apply"), regions.east.metrics("capture")
    for metrics, name in ((capture, "farshore_capture_latency_seconds"), (apply, "farshore_apply_mirror_latency_seconds"),
                          (apply, "farshore_apply_latency_seconds"), (apply, "farshore_apply_end_to_end_latency_seconds")):
        assert metrics.total(name + "_count", origin="east") > 0, name
