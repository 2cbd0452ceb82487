"""What one run takes from an API: rows as lines of JSON, or a file as it is, and how far it was read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.told import described
from datahub.connectors.rest.told_source import RestFrom
from datahub.connectors.rest.values import at, encoded_lines

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


class Taken:
    """What came, into `file`: rows as lines or a file as it is, and the greatest cursor among the rows."""

    def __init__(self, told: RestFrom) -> None:
        self._told = told
        self.file: IO[bytes]
        self.size = 0
        self.greatest: str | None = None
        self._rank: tuple[int, Any] = (0, 0)

    def rows(self, rows: list[Any]) -> None:
        cursor = self._told.cursor
        if cursor is not None and cursor.value:
            found = at(rows, f"$[*]{cursor.value.removeprefix('$')}", "a row")
            # Many rows of a page have one of few values.
            for text in dict.fromkeys(str(one) for one in found if one is not None):
                self._higher(text)
        self.bytes(encoded_lines(rows))

    def _higher(self, found: str) -> None:
        if found == self.greatest:
            return
        rank = rank_of(found)
        if self.greatest is None or rank > self._rank:
            self.greatest, self._rank = found, rank

    def bytes(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._told.largest:
            raise TerminalError(f"the API gives more than {self._told.largest:,} bytes", "raise `largest` of the source")
        self.file.write(data)


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
