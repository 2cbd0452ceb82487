"""The order of cursors, whatever an API makes them of: numbers, instants, or text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.values import described

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def rank_of(text: str) -> tuple[int, Any]:
    """Numbers by size, instants by time whatever their zone, and other text as it is."""
    if _NUMBER.fullmatch(text):
        return (0, Decimal(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return (2, text)
    return (1, moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def instant(moment: datetime) -> str:
    """A moment as cursors have it, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def earlier(position: str, seconds: float) -> str:
    """The cursor some seconds before; `TerminalError` where it is no instant."""
    rank, value = rank_of(position)
    if rank == 1:
        return instant(datetime.fromtimestamp(value.timestamp() - seconds, UTC))
    raise TerminalError(f"the cursor `{described(position)}` is no instant, and has no time before it", "leave `overlap` out")
