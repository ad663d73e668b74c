"""The lab that several tests of one run use, one after another, so that it is brought up once.

    shared_lab.py up|down       (ctest's fixture; FARSHORE_TEST_LAB names the folder)

Its rules: tables of test_immutable are immutable, those of test_group are an order group, all else is as it comes. East looks at samples of the rows before it writes them, west, as is usual, at all.
"""

import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parents[1] / "scripts")]

from lab_lib import Lab, LabError  # noqa: E402
from regions import Regions  # noqa: E402

FOLDER_VARIABLE = "FARSHORE_TEST_LAB"
LANE_VARIABLE = "FARSHORE_TEST_LANE"  # tests of several run at once
SETTINGS = [
    'tables=[{match: "test_immutable.*", merge: immutable}, {match: "test_group.*", group: family},'
    '{match: "test_mismatch.warned", on_mismatch: warn},'
    ' {match: "test_entity.*", entity: user_id}]',
    "apply.retry_interval=1s",
    "east:apply.look_at=sample",
]
HEALTHY_WITHIN_S = 30


def folder():
    own = f"farshore-test-lab-{os.geteuid()}-{os.environ.get(LANE_VARIABLE, 0)}"
    return pathlib.Path(os.environ.get(FOLDER_VARIABLE) or pathlib.Path(tempfile.gettempdir()) / own)


def up():
    # It lives for most of a run and carries the largest loads: all of the JVM's compilers pay.
    made = Regions.up(folder(), settings=SETTINGS, measured=True)
    made.all_gates_open()
    return made


def up_anew():
    """An earlier run that was killed may have left its lab behind: running, half removed, or not to be read."""
    try:
        earlier = Lab(folder())
    except LabError as error:
        print(error)
    else:
        earlier.down(purge=True)
    shutil.rmtree(folder(), ignore_errors=True)
    return up()


def down():
    Regions.running(folder()).down()


def healthy():
    """The running lab; made anew when there is none or an earlier test left it behind broken."""
    try:
        found = Regions.running(folder())
        found.lab.require_lab()
        for key, component in found.lab.components.items():
            if component.condition() != "running":
                raise LabError(f"{key} is {component.condition()}")
        found.wait(HEALTHY_WITHIN_S)
        return found
    except LabError as error:
        print(f"the shared lab is made anew: {error}")
        return up_anew()


if __name__ == "__main__":
    {"up": up_anew, "down": down}[sys.argv[1]]()
