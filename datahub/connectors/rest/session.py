"""One conversation with an API: signed, counted, tried again by kind of failure, and led nowhere by its answers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx

from datahub.connectors.declare import DataHubError, Missing, Place, TerminalError, TransientError, Uncertain
from datahub.connectors.http_client import LATER, LONGEST_WAIT, PROXY, by, client, elsewhere, no_cookies, retry_after, tls, told
from datahub.connectors.http_gzip import whole
from datahub.connectors.rest.budget import LONGEST, Allowance
from datahub.connectors.rest.guard import followed, guarded, origin, outside
from datahub.connectors.rest.told import WebConnection, named_host
from datahub.connectors.rest.values import described
from datahub.connectors.waits import tell
from datahub.patience import PatientTransport
from datahub.project.redaction import redacted
from datahub.records import record

_FIRST, _BOUND = 0.5, 20.0
"""Seconds of the first wait between two tries, at most, and of the longest."""
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_NOT_TAKEN = frozenset({425, 429})
"""Answers that say that nothing was done. 503 does not: gateways give it, with `Retry-After` too, for what they have passed on and had no
answer to."""
_UNREAD = frozenset({401, 402, 403, 405, 407, 411, 412, 413, 414, 415, 417, 421, 425, 426, 428, 429, 431, 451})
"""Answers that refuse a request for who sends it, where to, how and how often, and not for what it says."""
_UNFIT = frozenset({400, 404, 410, 422})
"""… and for what it says, or may. Of several things that it says, some take those before the one that they refuse."""
_PACKED = {"Accept-Encoding": "gzip"}
"""How a body may be compressed: only so that its end shows."""
Query = Mapping[str, Any]


@record(frozen=True, slots=True)
class Request:
    """What is asked. `repeat_safe`: it may be sent again where nobody knows whether it has arrived; `single`: it says one thing."""

    method: str
    url: str
    query: Query | None = None
    headers: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    """What httpx takes as a body: `content`, `data` or `files`."""
    repeat_safe: bool | None = None
    single: bool = False

    @property
    def repeatable(self) -> bool:
        return self.method in _REPEATABLE if self.repeat_safe is None else self.repeat_safe


class Session:
    """The requests of one connection; it belongs to one worker."""

    def __init__(
        self,
        connection: WebConnection,
        place: Place,
        auth: httpx.Auth | None,
        *,
        headers: Callable[[], dict[str, str]] = dict,
        query: Query | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection, self._auth, self._headers, self.sleep = connection, auth, headers, sleep
        self._query = query or {}
        self._chance = Random(time.time_ns())
        self._allowance: Allowance | None = None
        if connection.budget is not None:
            within = connection.budget.within.total_seconds()
            self._allowance = Allowance(place.state, f"{connection.kind} {connection.url}", connection.budget.requests, within)
        self.connect_timeout = connection.connect_timeout.total_seconds()
        self.deadline = connection.deadline.total_seconds()
        self.authorities: Path | None = place.project / Path(connection.ca_file).expanduser() if connection.ca_file else None
        self.proxy = connection.proxy or None
        self._own: httpx.Client | None = None
        self._other: httpx.Client | None = None

    def address(self, path: str) -> str:
        """A path below the connection's address, whatever it is: it cannot name another host, nor climb above it."""
        if any(part in ("..", "%2e%2e", ".%2e", "%2e.") for part in path.partition("?")[0].lower().split("/")):
            raise TerminalError(f"the path `{described(path)}` climbs up", "a path stays below the address of its connection")
        return f"{self._connection.url.rstrip('/')}/{path.lstrip('/')}" if path else self._connection.url

    def place(self, path: str, query: Mapping[str, str]) -> str:
        """What tells a path from all others, without what a query may have of secrets."""
        asked = {**self._query, **query}
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
        return f"{self._connection.kind} {self.address(path)}{f' ({digest})' if asked else ''}"

    def follow(self, url: str) -> str:
        """An address out of an answer, once it is known that it may be asked."""
        return followed(url, self._connection.url, self._connection.follow_hosts)

    def ask(self, request: Request, accept: Callable[[int], bool] = lambda status: 200 <= status < 300) -> httpx.Response:
        """The answer, read whole, whose status is accepted; what it means if not is raised."""
        with self.stream(request, accept) as response:
            read(response, self._connection.largest, shown(request))
            return response

    @contextmanager
    def stream(self, request: Request, accept: Callable[[int], bool] = lambda status: 200 <= status < 300) -> Iterator[httpx.Response]:
        """The same, its body still to come."""
        response = self._patiently(request, accept)
        try:
            with sent(request, self.proxy):
                yield response
        finally:
            response.close()

    def wait(self, seconds: float, why: str) -> None:
        """Wait, and say so."""
        tell(seconds, why)
        self.sleep(seconds)

    def close(self) -> None:
        for one in (self._own, self._other):
            if one is not None:
                one.close()
        self._own = self._other = None

    # ------------------------------------------------------------ trying again

    def _patiently(self, request: Request, accept: Callable[[int], bool]) -> httpx.Response:
        attempt, untouched = 1, True
        while True:
            try:
                return self._once(request, accept)
            except TerminalError as problem:
                problem.untouched &= untouched
                raise
            except TransientError as problem:
                problem.tries = attempt
                # What an earlier try may have done, a later one that is refused does not take back.
                problem.untouched = untouched = problem.untouched and untouched
                asked = problem.wait if problem.wait is not None and problem.wait >= 1 else None
                if attempt >= self._connection.attempts or (isinstance(problem, Uncertain) and not request.repeatable):
                    problem.add(_asks_for(asked) + (f" (sent {attempt} times)" if attempt > 1 else ""))
                    raise
                # By chance, so that those who were refused together do not come back together.
                seconds = problem.wait if problem.wait is not None else self._chance.uniform(0, min(_FIRST * 2**attempt, _BOUND))
                if seconds > LONGEST:
                    problem.add(_asks_for(asked))
                    raise
                why = problem.message
            self.wait(seconds, why)
            attempt += 1

    def _once(self, request: Request, accept: Callable[[int], bool]) -> httpx.Response:
        if self._allowance is not None:
            self._allowance.take(self.wait)
        there = origin(request.url)
        ours = there == origin(self._connection.url)
        asked = self._client() if ours else self._guarded()
        if self.proxy and not ours and there[1:] not in self._exact:
            # The proxy looks names up itself; what is known to be of the inside is not even asked of it.
            outside(*there[1:])
        with sent(request, self.proxy):
            made = asked.build_request(
                request.method,
                request.url,
                params=self._asked_for(request) if ours else request.query or None,
                headers=request.headers,
                **(request.body or {}),
            )
            try:
                # Who we are is told to the connection's own address, and to no other.
                response = asked.send(made, stream=True, auth=self._auth if ours else None)
            except DataHubError as unsigned:
                # It was not sent, or refused for want of the token that is not given.
                unsigned.untouched = True
                raise
        if accept(response.status_code):
            return response
        try:
            with sent(request, self.proxy):
                read(response, 64 << 10, shown(request), cut=True)
            problem = refused(response, request, self.proxy)
            problem.untouched = response.status_code in (_UNREAD | _UNFIT if request.single else _UNREAD)
        finally:
            response.close()
        raise problem

    def _asked_for(self, request: Request) -> Query | None:
        """What all requests of the connection ask for goes along; an address out of an answer has it already, or not."""
        asked = {**self._query, **(request.query or {})}
        return asked if asked and (request.query is not None or "?" not in request.url) else None

    def _client(self) -> httpx.Client:
        if self._own is None:
            self._own = client(self, {"Accept": "application/json, */*;q=0.5", **_PACKED, **self._headers()})
        return self._own

    @property
    def _exact(self) -> set[tuple[str, int]]:
        """Hosts that are named with their port, and so on purpose, such as a store of files in the same house."""
        return {(host, port) for host, port in map(named_host, self._connection.follow_hosts) if port}

    def _guarded(self) -> httpx.Client:
        if self._other is None:
            context = tls(self.authorities)
            self._other = httpx.Client(
                transport=PatientTransport(verify=context, proxy=self.proxy) if self.proxy else guarded(context, self._exact),
                headers={"User-Agent": "dhm", **_PACKED},
                timeout=httpx.Timeout(self.deadline, connect=self.connect_timeout),
                follow_redirects=False,
                trust_env=False,
                cookies=no_cookies(),
            )
        return self._other


def _asks_for(seconds: float | None) -> str:
    """That the other side wants to be left alone for so long."""
    if seconds is None:
        return ""
    long = f"{seconds / 60:.0f} min" if seconds >= 100 else f"{seconds:.0f} s"
    return f"; it asks for a wait of {'an hour or more' if seconds >= LONGEST_WAIT else long}"


@contextmanager
def sent(request: Request, proxy: str | None = None) -> Iterator[None]:
    """Failures of a request: those before it was sent, and those after which nobody knows whether it has arrived."""
    what = shown(request)
    try:
        with told(what, proxy):
            yield
    except (TerminalError, TransientError) as problem:
        cause = problem.__context__
        unreached = isinstance(cause, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError))
        problem.untouched |= unreached
        lost = isinstance(cause, httpx.TransportError) and not unreached
        if isinstance(problem, TransientError) and not isinstance(problem, Uncertain) and lost:
            raise Uncertain(problem.message, problem.help) from None
        raise


def shown(request: Request) -> str:
    """The request as people are told it, without its query, which may have secrets."""
    address = request.url.partition("?")[0]
    return f"{request.method} {redacted.cut(address, 240)}"


def refused(response: httpx.Response, request: Request, proxy: str | None = None) -> DataHubError:
    """What an answer that was not accepted means."""
    what, status = by(shown(request), proxy), response.status_code
    said = " ".join(redacted.cut(response.content.decode("utf-8", "replace"), 300).split())
    about = f"{what}: HTTP {status}" + (f": {said}" if said else "")
    if status in (404, 410):
        return Missing(about)
    if status in (401, 403):
        return TerminalError(about, "the server refuses who we are: look at the key, password or `auth` of the connection")
    if status == 407:
        return TerminalError(about, f"the proxy refuses who we are: {PROXY}")
    if 300 <= status < 400:
        return elsewhere(response, what)
    if status == 413 and request.body:
        return TerminalError(about, "it is too large for the other side: fewer rows at once, by a smaller `batch`, make smaller requests")
    if status in _NOT_TAKEN:
        return TransientError(about, wait=retry_after(response))
    if status in LATER:
        return Uncertain(about, wait=retry_after(response))
    return TerminalError(about, "the other side does not take the request as it is")


def read(response: httpx.Response, largest: int, what: str, *, cut: bool = False) -> None:
    """Read a body that has no more than `largest` bytes."""
    data = bytearray()
    # Of an answer that refuses, a part is enough to tell of it.
    for piece in response.iter_bytes() if cut else whole(response, what):
        data += piece
        if len(data) > largest:
            if not cut:
                raise TerminalError(f"{what}: the answer has more than {largest:,} bytes", "ask for smaller pages, or raise `largest`")
            break
    # As `Response.read` does it.
    response._content = bytes(data[:largest])  # noqa: SLF001
