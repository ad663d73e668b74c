"""The one error that people see: a sentence with what was found and what to do."""


class LabError(Exception):
    """Expected failure. `exit_code`: 1 error, 2 usage, 3 not ready, 5 unreachable."""

    def __init__(self, message: str, exit_code: int = 1):
        super().__init__(message)
        self.exit_code = exit_code


class Cancelled(Exception):
    """Somebody asked to stop in the middle (Ctrl-C); not shown as a failure of the component that waited."""
