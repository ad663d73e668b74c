"""Archives of the classes that Kafka's programs load, written by the JVM: a program that starts with one need not read,
parse and verify its classes, which is a third of the work of a start. scripts/setup runs this file:

    python3 -m lab_lib.class_archives check         0 when the JVM takes the archives of the cache
    python3 -m lab_lib.class_archives make FOLDER   makes them in FOLDER, which is not there yet

A JVM takes an archive that the same JVM wrote, with the same class path: names, order, sizes and times of the jars.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import account, tools
from .errors import LabError
from .kafka import BROKER_CLASSES, MIRROR_CLASSES, SILENT, Kafka, class_path
from .mirror import Mirror
from .state import State
from .waiting import Cancellation, take_sigterm_as_interrupt

READY_SECONDS = 90.0
STOP_SECONDS = 60.0  # the archive is written at the end


def check(folder: Path | None):
    """LabError when the JVM, run by the servers' account, does not take one of the folder's archives."""
    for name in (BROKER_CLASSES, MIRROR_CLASSES):
        if not folder or not (folder / name).is_file():
            raise LabError(f"there is no {name}")
        done = subprocess.run([tools.system("java"), "-Xshare:on", f"-XX:SharedArchiveFile={folder / name}", "-XX:+UseSerialGC",
                               "-cp", class_path(), "-version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, cwd="/", **account.popen_identity())
        if done.returncode != 0:
            raise LabError(f"the JVM does not take {name}: {' '.join(done.stdout.split())}")


def make(target: Path):
    """Starts a broker, and a mirror between it and itself; at their ends they write what they have loaded."""
    with tempfile.TemporaryDirectory(prefix="farshore-classes-") as name:
        folder = account.make_folder(Path(name))
        account.require_reachable(folder)
        state = State(folder)
        broker = Kafka("one", folder / "one" / "kafka", state)
        mirror = Mirror(["one", "two"], {"one": broker, "two": broker}, folder / "mirror" / "mirror", state)
        files = {broker: folder / BROKER_CLASSES, mirror: folder / MIRROR_CLASSES}
        with state.changed() as data:
            data["environments"] = {one.key: {"JDK_JAVA_OPTIONS": " ".join([f"-XX:ArchiveClassesAtExit={file}", *SILENT])}
                                    for one, file in files.items()}
        try:
            for one in files:
                one.ready_timeout, one.stop_timeout = READY_SECONDS, STOP_SECONDS
                one.start(Cancellation())
        finally:
            for one in reversed(files):
                one.stop()
        check(folder)
        target.mkdir()
        for file in files.values():
            shutil.copy(file, target)


def main(words: list):
    take_sigterm_as_interrupt()
    try:
        if words[0] == "check":
            check(tools.kafka_classes())
        else:
            make(Path(words[1]))
    except (LabError, OSError) as error:
        lines = str(error).splitlines()  # the last one is the log's, which is gone by now
        sys.exit(": ".join([lines[0].partition(";")[0], *(line.strip() for line in lines[1:][-1:])]))


if __name__ == "__main__":
    main(sys.argv[1:])
