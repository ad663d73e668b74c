"""What services of a sanitized build found: it stands in their logs, and a process may have gone on all the same."""

import os
import re

REPORT = re.compile(r"(WARNING|ERROR|FATAL): \w+Sanitizer\b|\w+Sanitizer:? CHECK failed|: runtime error: ")
SHOWN_LINES = 60


def sanitized():
    """The services are of a sanitized build: they keep what was freed, and some reports come when they end."""
    return bool(os.environ.get("FARSHORE_TEST_SANITIZER"))


def report_in(log, begin=0):
    """The first report of a log file behind byte `begin`; empty: there is none."""
    if not log.exists():
        return ""
    with open(log, "rb") as file:
        file.seek(begin)
        lines = file.read().decode(errors="replace").splitlines()
    at = next((n for n, line in enumerate(lines) if REPORT.search(line)), None)
    return "" if at is None else "\n".join(lines[at:at + SHOWN_LINES])
