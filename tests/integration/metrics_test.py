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
        region.database.as_application(*(f"INSERT INTO test_metrics.t VALUES ({1000 * number + n}, 1)" for n in range(50)))
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


def test_the_counters_agree_along_the_way(regions):
    """What east published, west received and applied."""
    def agree():
        published = regions.east.metrics("capture").total("farshore_capture_published_rows_total", origin="east")
        apply = regions.west.metrics("apply")
        applied = apply.total("farshore_apply_applied_rows_total", origin="east")
        return published > 0 and applied > 0 and apply.total("farshore_apply_received_rows_total", origin="east") >= applied
    eventually("they agree", agree)


def test_histograms_of_every_part_have_seen_something(regions):
    apply, capture = regions.west.metrics("apply"), regions.east.metrics("capture")
    for metrics, name in ((capture, "farshore_capture_latency_seconds"), (apply, "farshore_apply_mirror_latency_seconds"),
                          (apply, "farshore_apply_latency_seconds"), (apply, "farshore_apply_end_to_end_latency_seconds")):
        assert metrics.total(name + "_count", origin="east") > 0, name
