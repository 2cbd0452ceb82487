"""How many requests an address may get in a length of time: counted in a file, over all runs and processes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from datahub.connectors.declare import TransientError

LONGEST = 60.0
"""Seconds that are waited here; where it takes longer the run is left for later."""


class Allowance:
    """At most `requests` in any `within` seconds."""

    def __init__(self, folder: Path, about: str, requests: int, within: float) -> None:
        self._path = folder / "budgets" / f"{hashlib.sha256(about.encode()).hexdigest()[:24]}.json"
        self._about, self._requests, self._within = about, requests, within

    def take(self, wait: Callable[[float, str], None]) -> None:
        """Take one request, after the time for it has come."""
        allowed = f"{self._requests} request{'s' * (self._requests != 1)} in {self._within:g} s"
        while seconds := self._wait():
            if seconds > LONGEST:
                raise TransientError(f"{self._about} takes {allowed}, and they are used up", wait=seconds)
            wait(seconds, f"{self._about} takes {allowed}")

    def _wait(self) -> float:
        """Nothing, and the request is counted; or how long to wait."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            now = time.time()
            # A clock that was set back must not stop everything.
            used = [one for one in _read(file.read()) if now - self._within < one <= now]
            if len(used) >= self._requests:
                return max(used[-self._requests] + self._within - now, 0.001)
            file.seek(0)
            file.truncate()
            json.dump([*used, now], file)
            return 0.0


def _read(text: str) -> list[float]:
    try:
        return [float(one) for one in json.loads(text or "[]")]
    except (ValueError, TypeError):
        # Cut while it was written; counting begins again.
        return []
