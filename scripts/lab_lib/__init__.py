"""The lab: private regions on this machine. `scripts/lab` is its command line; tests use `Lab` directly."""

from .errors import LabError
from .lab import Lab

__all__ = ["Lab", "LabError"]
