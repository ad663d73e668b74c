"""What the system says of a process: resident memory and CPU time, from /proc."""

import os
import pathlib
import threading

TICKS = os.sysconf("SC_CLK_TCK")
MB = 1024 * 1024


def resident_mb(pid, field="VmRSS"):
    """VmRSS: now; VmHWM: the greatest so far. 0 when the process is gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def cpu_seconds(pid):
    """User and system time of all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def stands_still(pid):
    """Whether each of its threads is stopped: a signal to the process reaches them one after another."""
    states = [task.read_text().rsplit(")", 1)[1].split()[0] for task in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


class MemoryWatch(threading.Thread):
    """Keeps the greatest resident memory of every named process, over restarts, while the block runs."""

    def __init__(self, pids, interval_s=0.2):
        """pids() -> {name: pid or None}, asked again and again."""
        super().__init__(daemon=True)
        self.pids = pids
        self.interval_s = interval_s
        self.greatest_mb = {}
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(self.interval_s):
            self._look()

    def _look(self):
        for name, pid in self.pids().items():
            if pid:
                self.greatest_mb[name] = max(self.greatest_mb.get(name, 0), resident_mb(pid, "VmHWM"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()
        self._look()
