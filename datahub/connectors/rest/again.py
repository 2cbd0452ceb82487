"""Rows that an API gives again because it is asked for a little more than is new: those that the last run read, unchanged, are left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from datahub.connectors.rest.ranks import earlier, rank_of
from datahub.connectors.rest.told_source import Cursor
from datahub.connectors.rest.values import encoded_lines

MOST = 250_000
"""So many rows of the last instants are remembered; where more have it, they come again."""
_DIGITS = 16


class Again:
    """The rows of one run beside those of the last that could come again, as digests of what they say.

    An API says how things are now. So what counts is what the last run that succeeded was given, and not what ever was: a row
    that became another and is then as it was before, at the same instant, is news. Rows that are alike count one by one.
    """

    def __init__(self, cursor: Cursor | None, recalled: str | None, *, apart: bool) -> None:
        asked = cursor is not None and cursor.same_rows != "read" and bool(cursor.value or cursor.overlap)
        self._cursor = cursor if asked else None
        self._apart = apart or (cursor is not None and cursor.same_rows == "skip")
        digests = recalled or ""
        self._before = Counter(digests[at : at + _DIGITS] for at in range(0, len(digests), _DIGITS)) if asked else Counter[str]()
        self._here: dict[str, list[str]] = {}
        self._held, self._room = 0, 2 * MOST
        self.skipped = 0

    def new(self, rows: list[Any], cursors: list[Any]) -> tuple[bytes, int]:
        """Rows as JSON lines without those that the last run read; `cursors` are theirs, or nothing where they have none.

        Where rows go together all are given, and how many bytes of them are known.
        """
        data = encoded_lines(rows)
        if self._cursor is None:
            return data, 0
        lines = data.splitlines(keepends=True)
        digests = [hashlib.blake2b(line, digest_size=_DIGITS // 2).hexdigest() for line in lines]
        if len(cursors) != len(lines):
            cursors = [None] * len(lines)
        for digest, value in zip(digests, cursors, strict=True):
            self._here.setdefault("" if value is None else str(value), []).append(digest)
        self._held += len(lines)
        if self._held > self._room:
            self._forget()
        if not self._before:
            return data, 0
        kept = [line for line, digest in zip(lines, digests, strict=True) if not self._seen(digest)]
        if not self._apart:
            return data, len(data) - sum(map(len, kept))
        self.skipped += len(lines) - len(kept)
        return b"".join(kept), 0

    def _seen(self, digest: str) -> bool:
        if not self._before[digest]:
            return False
        self._before[digest] -= 1
        return True

    def _forget(self) -> None:
        """Forget the rows before those that the next run is given again."""
        assert self._cursor is not None
        ranks = {value: rank_of(value) for value in self._here if value}
        if ranks:
            greatest = max(ranks, key=lambda value: ranks[value])
            overlap = self._cursor.overlap.total_seconds()
            least = rank_of(earlier(greatest, overlap)) if overlap else ranks[greatest]
            self._here = {value: some for value, some in self._here.items() if not value or ranks[value] >= least}
        self._held = sum(map(len, self._here.values()))
        # Where they are many it is not tried again for every page.
        self._room = 2 * max(self._held, MOST)

    def remembered(self) -> str | None:
        """The rows of this run that could come again; None where that is not asked."""
        if self._cursor is None:
            return None
        self._forget()
        if self._held > MOST:
            return ""
        return "".join(sorted(digest for some in self._here.values() for digest in some))

    def note(self) -> str:
        """What is said of those that were left out: with an overlap, there are some every time."""
        if not self.skipped:
            return ""
        if self.skipped == 1:
            return "1 row was left out, which the last run has read as it is"
        return f"{self.skipped:,} rows were left out, which the last run has read as they are"
