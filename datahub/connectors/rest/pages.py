"""All pages of a call: by number, offset, cursor, Link header or next address, and never round in a circle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import urljoin

import httpx

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.links import next_of
from datahub.connectors.rest.session import Request, Session, shown
from datahub.connectors.rest.told_source import Paging
from datahub.connectors.rest.values import Absent, at, decoded, described, text_of
from datahub.connectors.rest.walked import Count, Page, Remarks, Rows

_MOST_DIGITS = 18
_GONE = (404, 410, 416)
"""What servers answer to who asks for a page behind the last one."""
_BEHIND = (*_GONE, 400, 422)
"""… and to who asks for more than they give to anyone: they count as the end only where the page before had less than was asked for."""
RowsOf: TypeAlias = Callable[[Any], list[Any]]


def pages(session: Session, request: Request, told: Paging, rows_of: RowsOf, remarks: Remarks) -> Iterator[list[Any]]:
    """The rows of one page after the other."""
    what = shown(request)
    walk, known, asked = _Walk(session, request, told), Rows(what, told), set[bytes]()
    for _ in range(told.most):
        response = session.ask(walk.request, walk.takes)
        if not response.is_success:
            known.end()
            walk.refused(response.status_code, remarks)
            break
        value = decoded(response.content, what, response.charset_encoding) if response.content else None
        rows = rows_of(value) if response.content else []
        page = known.page(rows, unsure=walk.unsure)
        if page is Page.END:
            remarks.ended(f"{what}: behind the last page the API gives it again")
            break
        if rows and page is Page.NEW:
            yield rows
        if not walk.on(response, value, len(rows), new=page is Page.NEW):
            known.end()
            break
        _anew(walk.request, asked)
    else:
        raise TerminalError(f"{what}: there are more than {told.most:,} pages", "if that is right, raise `most` of its `paging`")
    for gap in walk.gaps():
        remarks.gap(what, gap, told)


def _anew(request: Request, asked: set[bytes]) -> None:
    """`TerminalError` where a page was asked for before."""
    told = hashlib.sha256(repr((request.url, sorted((request.query or {}).items(), key=str))).encode()).digest()
    if told in asked:
        raise TerminalError(
            f"{shown(request)}: the pages go round in a circle: an answer leads to one that was read", "nothing of it was taken"
        )
    asked.add(told)


class _Walk:
    """Where the pages are come to, and where they end."""

    def __init__(self, session: Session, request: Request, told: Paging) -> None:
        self._session, self._told = session, told
        self._parameter = told.parameter or {"number": "page", "offset": "offset", "cursor": "cursor"}.get(told.kind, "")
        default = 0 if told.kind == "offset" else 1
        self._first = self._place = told.first if told.first is not None else default
        self._query = dict(request.query or {})
        if told.size_parameter and told.size:
            self._query[told.size_parameter] = told.size
        self._number = self._seen = self._fullest = 0
        self._total, self._pages = Count(told.total), Count(told.pages)
        self._short = False
        self.unsure = False
        """Whether nothing says that the page that is asked for is there."""
        self._counting = told.kind in ("number", "offset")
        self.request = replace(request, query=self._query | ({self._parameter: self._place} if self._counting else {}))

    def takes(self, status: int) -> bool:
        """Whether an answer of this status is taken: some servers refuse a page behind the last one."""
        return 200 <= status < 300 or (self.unsure and status in (_BEHIND if self._short else _GONE))

    def refused(self, status: int, remarks: Remarks) -> None:
        """The page that was asked for is none."""
        if not self._short:
            remarks.ended(
                f"{shown(self.request)}: the page behind the last one with rows was answered by HTTP {status}, and counts as the end"
            )

    def on(self, response: httpx.Response, value: Any, rows: int, *, new: bool) -> bool:
        """Go to the next page; False where there is none. `new`: its rows are taken."""
        self._number += 1
        self._seen += rows if new else 0
        self._tell(self._total, value, rows)
        match self._told.kind:
            case "number" | "offset":
                self._tell(self._pages, value, rows)
                return self._count(rows)
            case "cursor":
                return self._by_cursor(value)
            case "link":
                link = next_of(response.headers.get("link", ""))
            case "next_url":
                link = _optional(value, self._told.next)
        if not link:
            return False
        if not isinstance(link, str):
            raise TerminalError(f"`{self._told.next}` is no address: `{described(link)}`")
        # Relative ones start from the page that named them.
        self.request = replace(self.request, url=self._session.follow(_joined(self.request.url, link)), query=None)
        return True

    def gaps(self) -> Iterator[str]:
        """What says, at the end, that rows may be missing."""
        total, seen = self._total, self._seen + self._before
        if self._counting:
            yield from (one.shorter() for one in (total, self._pages) if one.fell)
            if self._pages.known and not self._pages.fell and not self._pages.now and self._seen:
                yield f"the API tells of {self._pages.now:,} pages (`{self._pages.path}`), and gave rows: others may be behind"
        if not total.known or total.fell:
            return
        if seen < total.now:
            yield f"the API tells of {total.now:,} rows (`{total.path}`), and gave {seen:,}"
        elif self._counting and not self._before and seen > total.now:
            gave = f"the API tells of {total.now:,} rows (`{total.path}`), and gave {seen:,}"
            yield f"{gave}: others may be behind, if that counts something else"

    def _tell(self, count: Count, value: Any, rows: int) -> None:
        if not count.path:
            return
        # An answer without rows may say nothing of those that others had, and one that leads on need not.
        spared = not self._counting or (count.known and not rows)
        found = _optional(value, count.path) if spared else at(value, count.path, shown(self.request))
        if found is not None or not spared:
            count.told(_whole(found, count.path))

    @property
    def _skipped(self) -> int:
        """How many pages, or rows, lie before the first that is asked for."""
        return max(self._first - 1, 0) if self._told.kind == "number" else self._first if self._first > 1 else 0

    @property
    def _size(self) -> int:
        return self._told.size or self._fullest

    @property
    def _before(self) -> int:
        return self._skipped * (self._size if self._told.kind == "number" else 1) if self._counting else 0

    def _count(self, rows: int) -> bool:
        told, self._fullest = self._told, max(before := self._fullest, rows)
        self._short = told.size is not None and rows < told.size
        # By what came, not by what was asked for: some servers give less than they are asked. Where nothing came, by what a page has.
        self._place += 1 if told.kind == "number" else rows or min(told.size or 1, self._fullest or told.size or 1)
        self.request = replace(self.request, query=self._query | {self._parameter: self._place})
        if told.pages:
            return self._number + (self._skipped if told.kind == "number" else 0) < self._pages.now
        if told.total:
            return self._within(rows)
        # Without a count, a page that has less than those before it is the last, and an empty one. What was asked for does not
        # count: many a server gives at most so many rows, whatever it is asked.
        self.unsure = rows > 0
        return rows > 0 and (told.size is None or rows >= min(told.size, before))

    def _within(self, rows: int) -> bool:
        """Whether there are more, where it is told how many rows there are: an empty page says nothing of those behind it."""
        total = self._total.now
        if self._seen + self._before >= total:
            return False
        if self._told.kind == "offset":
            return self._place - self._first + self._before < total
        self.unsure = not self._size or self._number + self._skipped >= -(-total // self._size)
        return rows > 0 or not self.unsure

    def _by_cursor(self, value: Any) -> bool:
        cursor = _optional(value, self._told.next)
        if cursor in (None, "", False):
            return False
        kept = self._query if self._told.keep_parameters else {}
        if not self._told.keep_parameters and self._told.size_parameter:
            kept = {self._told.size_parameter: self._told.size}
        self.request = replace(self.request, query=kept | {self._parameter: text_of(cursor)})
        return True


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        raise TerminalError(f"an answer leads to `{described(link)}`, which is no address") from None


def _optional(value: Any, path: str) -> Any:
    try:
        return at(value, path, "the page")
    except Absent:
        return None


def _whole(value: Any, path: str) -> int:
    # `1e999999999` takes minutes to be made a whole number of.
    if isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() > _MOST_DIGITS):
        raise TerminalError(f"`{path}` counts more than there can be: `{described(value)}`")
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise TerminalError(f"`{path}` is no number: `{described(value)}`") from None
    if isinstance(value, bool) or number < 0 or (isinstance(value, Decimal) and value != number):
        raise TerminalError(f"`{path}` counts nothing: `{described(value)}`", "leave it out where the API does not know how many there are")
    return number
