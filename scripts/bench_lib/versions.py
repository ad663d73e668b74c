"""What was measured: the version that the program itself tells."""

import subprocess

from lab_lib import tools


def farshore_version():
    done = subprocess.run([str(tools.farshore_binary("farshore")), "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().split(" ")[-1] or "unknown"
