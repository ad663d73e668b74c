"""Free TCP ports of this machine, below the range that outgoing connections take."""

import random
import socket

from .errors import LabError

FIRST_PORT = 15000
LAST_PORT = 31999
ATTEMPTS = 500


def is_free(port: int) -> bool:
    for host in ("127.0.0.1", "0.0.0.0"):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT does not count as taken
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def choose(taken: set) -> int:
    """A port that nothing listens on and that is not in `taken`. Random, so that two labs seldom choose the same."""
    for _ in range(ATTEMPTS):
        port = random.randint(FIRST_PORT, LAST_PORT)
        if port not in taken and is_free(port):
            return port
    raise LabError(f"no free TCP port found between {FIRST_PORT} and {LAST_PORT} in {ATTEMPTS} attempts.")
