"""All pages of a call: by number, offset, cursor, Link header or next address, and never round in a circle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import httpx

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.links import next_of
from datahub.connectors.rest.session import Request, Session, shown
from datahub.connectors.rest.told_source import Paging
from datahub.connectors.rest.values import Absent, at, decoded, described, text_of

_FULL = 2
"""Pages of the same content in a row that tell of a circle; an empty page may come twice."""
_BEHIND = (400, 404, 410, 416, 422)
"""What servers answer to who asks for a page behind the last one."""
RowsOf: TypeAlias = Callable[[Any], list[Any]]


def pages(session: Session, request: Request, told: Paging, rows_of: RowsOf) -> Iterator[list[Any]]:
    """The rows of one page after the other."""
    walk, known = _Walk(session, request, told), _Known(shown(request))
    for number in range(1, told.most + 1):
        response = session.ask(walk.request, walk.takes)
        if not response.is_success:
            return
        known.page(response.content)
        value = decoded(response.content, shown(request), response.charset_encoding) if response.content else None
        rows = rows_of(value) if response.content else []
        if rows:
            yield rows
        if not walk.on(response, value, number, len(rows)):
            return
        known.request(walk.request)
    raise TerminalError(f"{shown(request)}: there are more than {told.most:,} pages", "if that is right, raise `most` of its `paging`")


class _Walk:
    """Where the pages are come to."""

    def __init__(self, session: Session, request: Request, told: Paging) -> None:
        self._session, self._told, self._begun = session, told, request
        self._parameter = told.parameter or {"number": "page", "offset": "offset", "cursor": "cursor"}.get(told.kind, "")
        default = 0 if told.kind == "offset" else 1
        self._place = told.first if told.first is not None else default
        self._query = dict(request.query or {})
        if told.size_parameter and told.size:
            self._query[told.size_parameter] = told.size
        self._seen = self._fullest = 0
        self.probing = False
        """Whether the next page is asked for only to see that there is none."""
        counted = {self._parameter: self._place} if told.kind in ("number", "offset") else {}
        self.request = replace(request, query=self._query | counted)

    def takes(self, status: int) -> bool:
        """Whether an answer of this status is taken: some servers refuse a page behind the last one."""
        return 200 <= status < 300 or (self.probing and status in _BEHIND)

    def on(self, response: httpx.Response, value: Any, number: int, rows: int) -> bool:
        """Go to the next page; False where there is none."""
        self._seen += rows
        match self._told.kind:
            case "number" | "offset":
                return self._count(value, number, rows)
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
        self.request = replace(self.request, url=self._session.follow(str(httpx.URL(self.request.url).join(link))), query=None)
        return True

    def _count(self, value: Any, number: int, rows: int) -> bool:
        told = self._told
        if told.pages:
            more = number < _whole(at(value, told.pages, shown(self.request)), told.pages)
        elif told.total:
            more = rows > 0 and self._seen < _whole(at(value, told.total, shown(self.request)), told.total)
        else:
            # Without a count, a page that has less than those before it is the last, and an empty one. What was asked for does not
            # count: many a server gives at most so many rows, whatever it is asked.
            more = rows > 0 and (told.size is None or rows >= min(told.size, self._fullest))
            self.probing = more and told.size is not None and rows < told.size
            self._fullest = max(self._fullest, rows)
        # By what came, not by what was asked for: some servers give less than they are asked.
        self._place += 1 if told.kind == "number" else rows
        self.request = replace(self.request, query=self._query | {self._parameter: self._place})
        return more

    def _by_cursor(self, value: Any) -> bool:
        cursor = _optional(value, self._told.next)
        if cursor in (None, "", False):
            return False
        kept = self._query if self._told.keep_parameters else {}
        if not self._told.keep_parameters and self._told.size_parameter:
            kept = {self._told.size_parameter: self._told.size}
        self.request = replace(self.request, query=kept | {self._parameter: text_of(cursor)})
        return True


class _Known:
    """Which pages were asked for, and what the last ones were."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._asked: set[bytes] = set()
        self._last, self._same = b"", 0

    def request(self, request: Request) -> None:
        told = hashlib.sha256(repr((request.url, sorted((request.query or {}).items(), key=str))).encode()).digest()
        if told in self._asked:
            raise TerminalError(
                f"{self._what}: the pages go round in a circle: an answer leads to one that was read", "nothing of it was taken"
            )
        self._asked.add(told)

    def page(self, content: bytes) -> None:
        made = hashlib.sha256(content).digest()
        self._same = self._same + 1 if made == self._last else 1
        self._last = made
        if self._same >= _FULL and len(content) > 2:
            raise TerminalError(
                f"{self._what}: the same page came twice in a row", "the server does not take the page's `parameter`: look at its name"
            )


def _optional(value: Any, path: str) -> Any:
    try:
        return at(value, path, "the page")
    except Absent:
        return None


def _whole(value: Any, path: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise TerminalError(f"`{path}` is no number: `{described(value)}`") from None
