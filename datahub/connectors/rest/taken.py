"""What one run takes from an API: rows as lines of JSON, or a file as it is, and how far it was read."""

from __future__ import annotations

from typing import IO, Any

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.again import Again
from datahub.connectors.rest.ranks import rank_of
from datahub.connectors.rest.told_source import Cursor, RestFrom
from datahub.connectors.rest.values import Absent, at, described


class Taken:
    """What came, into `file`: rows as lines or a file as it is, and the greatest cursor among the rows."""

    def __init__(self, told: RestFrom, again: Again) -> None:
        self._told, self.again = told, again
        self.file: IO[bytes]
        self.size = self.known = self._before = 0
        self.greatest: str | None = None
        self._rank: tuple[int, Any] = (0, 0)

    def rows(self, rows: list[Any]) -> None:
        cursor, found = self._told.cursor, []
        if cursor is not None and cursor.value:
            found = self._cursors(rows, cursor)
            # Many rows of a page have one of few values.
            for text in dict.fromkeys(str(one) for one in found if one is not None):
                self._higher(text)
        data, known = self.again.new(rows, found)
        self.known += known
        self.bytes(data)
        self._before += len(rows)

    def _cursors(self, rows: list[Any], cursor: Cursor) -> list[Any]:
        """What each row says of how far it is; None where it says nothing."""
        try:
            found: list[Any] = at(rows, f"$[*]{cursor.value.removeprefix('$')}", "a row")
        except Absent:
            return [self._cursor(row, place, cursor) for place, row in enumerate(rows, self._before + 1)]
        return found

    def _cursor(self, row: Any, place: int, cursor: Cursor) -> Any:
        try:
            return at(row, cursor.value, "a row")
        except Absent:
            if cursor.missing == "take":
                return None
            raise TerminalError(
                f"row {place:,} has nothing at `{cursor.value}`, by which the cursor moves: `{described(row)}`",
                'where such rows are to be read without moving it, write `missing = "take"` in `cursor`',
            ) from None

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
