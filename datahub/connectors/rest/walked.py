"""What a walk over pages knows: the rows that came, what the answers tell of all of them, and whether both go together."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Any

from datahub.connectors.declare import TerminalError, TransientError
from datahub.connectors.rest.told_source import Paging
from datahub.connectors.rest.values import encoded

_TAKE = 'if the API has such pages, write `same_rows = "take"` in `paging`; if it gives its last page again, `"end"`'


class Page(Enum):
    """What a page is to those before it."""

    NEW = "new"
    AGAIN = "again"
    """It has the rows of the one before: the page behind it tells what that means."""
    END = "end"
    """It is behind the last one."""


class Rows:
    """The rows of the pages: those that come again are told by their content. Pages without rows say nothing of it."""

    def __init__(self, what: str, told: Paging) -> None:
        self._what, self._told = what, told
        self._last, self._pairs = b"", set[bytes]()
        self._different = self._again = False

    def page(self, rows: list[Any], *, unsure: bool) -> Page:
        """What the next page is; `unsure`: nothing says that it is there."""
        if self._told.same_rows == "take":
            return Page.NEW
        if not rows:
            self.end()
            return Page.NEW
        made = hashlib.sha256(encoded(rows)).digest()
        same, pair = made == self._last, self._last + made
        circle = pair in self._pairs
        self._pairs.add(pair)
        self._last = made
        if same:
            return self._same(len(rows), circle=circle, unsure=unsure)
        self.end()
        if circle:
            raise TerminalError(
                f"{self._what}: the pages go round in a circle: two of them came one after the other as they did before", _TAKE
            )
        self._different = len(self._pairs) > 1
        return Page.NEW

    def _same(self, rows: int, *, circle: bool, unsure: bool) -> Page:
        counting = self._told.kind in ("number", "offset")
        if self._again or self._told.same_rows == "end":
            return Page.END
        if counting and unsure and self._different:
            self._again = True
            return Page.AGAIN
        # Where answers lead on, a page has as many rows as are left of it by filters: one that is as the one before may be another.
        if not (circle or counting or rows > 1):
            return Page.NEW
        if counting and not self._different:
            raise TerminalError(
                f"{self._what}: the second page has the rows of the first",
                f"the server does not take the page's `parameter`: look at its name; {_TAKE}",
            )
        raise TerminalError(f"{self._what}: a page has the rows of the one before it", _TAKE)

    def end(self) -> None:
        """No page with the same rows follows: one that came again was none behind the last."""
        if self._again:
            raise TerminalError(f"{self._what}: a page has the rows of the one before it, and is not the last", _TAKE)


class Count:
    """A number that the answers tell of the whole: of its rows, or its pages."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.now = self.most = 0
        self.known = self.fell = False

    def told(self, number: int) -> None:
        self.fell |= number < self.most
        self.now, self.most, self.known = number, max(number, self.most), True

    def shorter(self) -> str:
        was = f"`{self.path}` was {self.most:,}, and then {self.now:,}"
        return f"the list became shorter while it was read ({was}): rows may have been passed over"


class Remarks:
    """What is to be said of the lists of one run."""

    def __init__(self) -> None:
        self._gaps: list[str] = []
        self._ends: list[str] = []

    def gap(self, what: str, gap: str, told: Paging) -> None:
        """Rows may be missing."""
        if told.gaps == "fail":
            raise TransientError(f"{what}: {gap}", 'to take what comes, write `gaps = "warn"` in `paging`')
        self._gaps.append(f"{what}: {gap}")

    def ended(self, said: str) -> None:
        self._ends.append(said)

    def note(self) -> str:
        return _first(self._gaps)

    def aside(self) -> str:
        return _first(self._ends)


def _first(said: list[str]) -> str:
    return f"{said[0]} (and so with {len(said) - 1:,} more of its lists)" if said[1:] else "".join(said)
