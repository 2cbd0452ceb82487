"""The slowest that a transfer may be: one that crawls would hold its run for ever, without ever being silent for long."""

from __future__ import annotations

import time

from datahub.connectors.declare import TransientError
from datahub.patience import SLOWEST


class Pace:
    """Watches one transfer."""

    def __init__(self, what: str, deadline: float) -> None:
        self._what, self._deadline = what, deadline
        self._since, self._moved = time.monotonic(), 0

    def moved(self, size: int) -> None:
        """Count `size` bytes; `TransientError` where too few came within a deadline."""
        self._moved += size
        passed = time.monotonic() - self._since
        if passed < self._deadline:
            return
        if self._moved < SLOWEST * passed:
            said = f"{self._what}: only {self._moved:,} bytes came in {passed:.0f} s"
            raise TransientError(said, "a host that is only slow may need a longer `deadline` of the connection")
        self._since, self._moved = time.monotonic(), 0
