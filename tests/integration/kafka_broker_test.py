"""libs/kafka against the shared lab's broker: the C++ program beside this file does the work."""

import os
import pathlib
import subprocess


def test_libs_kafka_against_a_live_broker(regions):
    program = pathlib.Path(os.environ["FARSHORE_BIN"]) / "tests" / "integration" / "kafka" / "kafka_broker_test"
    bootstrap = regions.east.bootstrap
    done = subprocess.run([program, "--gtest_brief=1"], env={**os.environ, "FARSHORE_TEST_KAFKA": bootstrap},
                          capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
