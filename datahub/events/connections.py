"""The connections of the web server, within bounds: how long the head of a request may take, how large it may be, how many there are.

uvicorn bounds none of it where httptools reads requests, and knows no deadline before the first answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import httptools
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from datahub.records import record

DEADLINE = 10.0
"""How long a request may take to arrive, in seconds: its head, and its body."""
LARGEST_HEAD = 32_768
MOST_HEADERS = 100
MOST_PIPELINED = 100
"""So many requests may come on one connection before the first of them is answered: a sender gets on without, and each takes memory."""
MOST_CONNECTIONS = 1000
SPARE = 100
"""So many more are answered that there are too many, where none of the others waits for a request."""

_WORDS = {400: "no request", 408: "too slow", 431: "too large", 503: "not now"}
_REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}

Count = Callable[[int], None]
"""Counts a status that was answered to nobody known."""


@record(frozen=True, slots=True)
class Bounds:
    """How much strangers may take up. Of one address less may come, unless all come from one, as behind a proxy."""

    connections: int = MOST_CONNECTIONS
    of_address: int = MOST_CONNECTIONS // 4
    head: float = DEADLINE


class Connections:
    """Those that there are, and of them those that wait for a request, the longest first."""

    def __init__(self, bounds: Bounds, count: Count) -> None:
        self.bounds, self.count = bounds, count
        self.waiting: dict[Bounded, None] = {}
        self.open = 0
        self.of_address: Counter[str] = Counter()

    def protocol(self) -> Any:
        """What uvicorn is told to speak HTTP with."""
        return partial(Bounded, self)

    def room_for(self, one: Bounded) -> bool:
        """Whether one more may be served: the one that has waited longest for a request gives way to it."""
        self.open += 1
        self.of_address[one.address] += 1
        if self.of_address[one.address] > self.bounds.of_address:
            return self._one_less(one.address)
        return self.open <= self.bounds.connections or self._one_less("")

    def _one_less(self, address: str) -> bool:
        longest = next((one for one in self.waiting if not address or one.address == address), None)
        if longest is not None:
            longest.give_way()
        return longest is not None

    def gone(self, one: Bounded) -> None:
        """It counts no more."""
        self.waiting.pop(one, None)
        self.open -= 1
        self.of_address[one.address] -= 1
        if not self.of_address[one.address]:
            del self.of_address[one.address]


class _Forgotten(list[tuple[bytes, bytes]]):
    """Keeps nothing."""

    def append(self, one: tuple[bytes, bytes]) -> None:
        pass


_FORGOTTEN = _Forgotten()


class Bounded(HttpToolsProtocol):
    """One connection."""

    def __init__(self, connections: Connections, **told: Any) -> None:
        super().__init__(**told)
        self._all = connections
        self._counted = self._begun = False
        self._got = False
        """Whether a whole head or some of a body was in what came last."""
        self._head = 0
        """How much has come that is neither a whole head nor a body: of a head, or of what may stand behind a body."""
        self._wishes = False
        """Whether the request that is read asks for another protocol."""
        self._until: asyncio.TimerHandle | None = None
        self.address = ""

    # ------------------------------------------------------------ what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._counted = True
        if not self._all.room_for(self):
            self.app = _refusal(503, self._all.count)
            if self._all.open > self._all.bounds.connections + SPARE:
                self._end(503)
                return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        self._leave()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._got = False
        try:
            self._read(data)
        except httptools.HttpParserError:
            self._end(400)
        if self._got or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > LARGEST_HEAD:
            self._end(431)
        elif self._until is None and not self._is_served():
            # Whatever came is no whole head, or none at all; more of it does not buy more time.
            self._until = self.loop.call_later(self._all.bounds.head, self._too_late)

    def _read(self, data: bytes) -> None:
        """What asks for another protocol gets none, and its body is read, as HTTP has it: the parser, which would leave the body alone,
        is shown the request without that wish."""
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                method, version = self.parser.get_method(), self.parser.get_http_version()
                if not self._wishes or method == b"CONNECT":
                    raise httptools.HttpParserError("no proxy") from None
                rest = rest[upgrade.args[0] :]
                self._wishes = False
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                lines = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
                lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
                self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))
            else:
                return

    # ------------------------------------------------------------ what the parser and the answer call

    def on_message_begin(self) -> None:
        self._begun, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self._wishes = True
            return
        if len(self.pipeline) >= MOST_PIPELINED:
            raise OverflowError("too many requests before an answer")
        self._heard()
        self._all.waiting.pop(self, None)
        self._begun, self._head, self._got = False, 0, True
        # The name and the value stand between a colon, a space and the end of a line.
        size = len(self.url) + sum([len(name) + len(value) + 4 for name, value in self.headers])
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self.app = _refusal(431, self._all.count)
        super().on_headers_complete()
        # What comes behind a body under names of headers is none of them, and is not kept.
        self.headers = _FORGOTTEN

    def on_body(self, body: bytes) -> None:
        self._head, self._got = 0, True
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._wishes:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_served() and self._counted:
            self._all.waiting[self] = None
            if self._begun and self._until is None:
                # The next head began to come while this one was answered.
                self._until = self.loop.call_later(self._all.bounds.head, self._too_late)

    def send_400_response(self, msg: str) -> None:
        self._end(400)

    # ------------------------------------------------------------ how it ends

    def give_way(self) -> None:
        """Another one is served in its place."""
        self._leave()
        self._heard()
        self.transport.abort()

    def _is_served(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        self._all.waiting[self] = None
        self._until = self.loop.call_later(self._all.bounds.head, self._too_late)

    def _heard(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _too_late(self) -> None:
        self._until = None
        if self._begun:
            self._end(408)
        else:
            self._leave()
            self.transport.close()

    def _end(self, status: int) -> None:
        """Answer what is no whole request, and hang up; without a word where it would stand in another answer, or before it."""
        self._heard()
        self._leave()
        self._all.count(status)
        body = f"{_WORDS[status]}\n"
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
        cycle: RequestResponseCycle | None = self.cycle
        known = cycle is not None and (self.pipeline or cycle.response_started or self._begun)
        if not known or (self._begun and not self._is_served()):
            self.transport.write(f"{head}connection: close\r\n\r\n{body}".encode())
        self.transport.close()

    def _leave(self) -> None:
        if self._counted:
            self._counted = False
            self._all.gone(self)


def _refusal(status: int, count: Count) -> ASGIApp:
    """What answers a request that is whole, and is not looked at."""

    async def refuse(_: Scope, receive: Receive, send: Send) -> None:
        count(status)
        body = f"{_WORDS[status]}\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        if status == 503:
            headers.append((b"retry-after", b"5"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return refuse
