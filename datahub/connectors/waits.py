"""Waits that are worth a word to whoever looks on: a call that may be made once a minute looks like a run that hangs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar

LOG = logging.getLogger("datahub.waits")
_WORTH = 1.0
"""Seconds from which on a wait is told."""

_SLICE = 0.5
LISTENING: ContextVar[Callable[[], None]] = ContextVar("LISTENING")
"""What raises where whoever waits shall not go on: set by who works on a run."""


def rest(seconds: float, sleep: Callable[[float], None]) -> None:
    """Wait at a place where nothing is on its way that could be parted: who is told to end meanwhile, ends."""
    listen = LISTENING.get(None)
    while listen is not None and seconds > 0:
        listen()
        part = min(seconds, _SLICE)
        sleep(part)
        seconds -= part
    if listen is None:
        sleep(seconds)
    else:
        listen()


def tell(seconds: float, why: str) -> None:
    """Say that `seconds` are waited from now on, and for what."""
    if seconds >= _WORTH:
        LOG.info("waiting %s: %s", _shown(seconds), why)


def _shown(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{round(seconds / 60)} min"
