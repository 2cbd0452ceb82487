"""What one run takes from an API: rows as lines of JSON, or a file as it is, and how far it was read."""

from __future__ import annotations

from typing import IO, Any

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.again import Again
from datahub.connectors.rest.ranks import rank_of
from datahub.connectors.rest.told_source import RestFrom
from datahub.connectors.rest.values import at


class Taken:
    """What came, into `file`: rows as lines or a file as it is, and the greatest cursor among the rows."""

    def __init__(self, told: RestFrom, again: Again) -> None:
        self._told, self.again = told, again
        self.file: IO[bytes]
        self.size = self.known = 0
        self.greatest: str | None = None
        self._rank: tuple[int, Any] = (0, 0)

    def rows(self, rows: list[Any]) -> None:
        cursor, found = self._told.cursor, []
        if cursor is not None and cursor.value:
            found = at(rows, f"$[*]{cursor.value.removeprefix('$')}", "a row")
            # Many rows of a page have one of few values.
            for text in dict.fromkeys(str(one) for one in found if one is not None):
                self._higher(text)
        data, known = self.again.new(rows, found)
        self.known += known
        self.bytes(data)

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
