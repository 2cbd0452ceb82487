"""Who does something: a process of this machine, told apart from any later one that has its number."""

from __future__ import annotations

import os
import socket
import time
from functools import cache
from pathlib import Path

from datahub.records import record


@record(frozen=True, slots=True)
class Owner:
    """A process: the machine and its boot, the process number and when it was started."""

    host: str
    boot: str
    pid: int
    started: str

    @property
    def alive(self) -> bool | None:
        """Whether the process runs; None where it is another machine's, and nobody here can know."""
        if self.host != _host():
            return None
        return self.boot == _boot() and _started(self.pid) == self.started

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> Owner:
    pid = os.getpid()
    return Owner(_host(), _boot(), pid, _started(pid) or "")


def uptime() -> float:
    """Seconds since the machine was started, sleep included: no change of the clock touches it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _host() -> str:
    return socket.gethostname()


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def _started(pid: int) -> str | None:
    """When a process was started, in ticks since the boot; None where it is gone, or dead and not buried yet."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name of the program, in parentheses, may hold anything.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
