"""Named points at which a test can stop the process, so that every step of a delivery is shown to survive being killed there.

`DHM_FAIL=step:3` ends the process, as `kill -9` does, the third time it reaches `step`; `step:3:stop` stops it as SIGSTOP
does. Without the variable a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

_ASKED = os.environ.get("DHM_FAIL", "")
_TRACE = os.environ.get("DHM_FAIL_TRACE", "")
_reached: Counter[str] = Counter()


def reach(point: str) -> None:
    """Tell that the process is at `point`; it may not return."""
    if not _ASKED and not _TRACE:
        return
    _reached[point] += 1
    if _TRACE:
        with Path(_TRACE).open("a", encoding="utf-8") as file:
            file.write(f"{point}:{_reached[point]}\n")
    name, _, rest = _ASKED.partition(":")
    count, _, act = rest.partition(":")
    if name == point and _reached[point] == int(count or 1):
        os.kill(os.getpid(), signal.SIGSTOP if act == "stop" else signal.SIGKILL)
