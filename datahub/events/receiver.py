"""The web server of `dhm serve`: messages at `/hooks/NAME`, and for operators `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from datahub.events.connections import DEADLINE, Bounds, Connections
from datahub.events.endpoint import LARGEST, Endpoint, Refused, read
from datahub.events.intake import Full, Intake
from datahub.state.store import LedgerUnusable

PATIENCE = 3.0
"""How long operators wait for what the ledger has to say, in seconds."""
HOOKS = "/hooks/"

Endpoints = Callable[[], Mapping[str, Endpoint]]
Ready = Callable[[], str]
"""Why nothing should be sent here now; empty where all is well."""
Metrics = Callable[[], str]


class Receiver:
    """Takes messages."""

    def __init__(self, intake: Intake, endpoints: Endpoints) -> None:
        self._intake, self._endpoints = intake, endpoints
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often each status was answered, by address; addresses that do not exist share one."""

    def refused(self, status: int) -> None:
        """Count what was answered before it was known what is asked for."""
        self.answers[("", status)] += 1

    @property
    def arriving(self) -> int:
        return self._intake.waiting

    async def take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it: what a framework does around one costs more than taking the message."""
        name = scope["path"].removeprefix(HOOKS)
        endpoint = self._endpoints().get(name)
        try:
            status, word, wait = await self._taken(scope, receive, endpoint)
        except Refused as refused:
            status, word, wait = refused.status, refused.word, refused.wait
        except Full:
            status, word, wait = 429, "too many wait", 1.0
        except LedgerUnusable:
            status, word, wait = 503, "not now", 5.0
        self.answers[(name if endpoint is not None else "", status)] += 1
        body = f"{word}\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        if wait:
            headers.append((b"retry-after", b"%d" % max(1, round(wait))))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _taken(self, scope: Scope, receive: Receive, endpoint: Endpoint | None) -> tuple[int, str, float]:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("content-encoding", "identity") != "identity":
            raise Refused(415, "not compressed, please")
        body = await _body(headers, receive, endpoint.hook.largest if endpoint is not None else LARGEST)
        message = read(endpoint, headers, body, datetime.now(UTC))
        assert endpoint is not None
        # Only those who are known can use the rate up.
        wait = endpoint.bucket.take(time.monotonic())
        if wait:
            raise Refused(429, "too many", wait)
        taken = await self._intake.put(message)
        if not taken.same:
            raise Refused(409, "this id had other content before")
        return 200, "taken" if taken.new else "known", 0.0


async def _body(headers: Mapping[str, str], receive: Receive, largest: int) -> bytes:
    """The body, no larger and no later than it may be."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > largest:
        raise Refused(413, "too large")
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(DEADLINE):
            while more:
                part = await receive()
                if part["type"] == "http.disconnect":
                    raise Refused(400, "gone")
                body += part.get("body", b"")
                more = part.get("more_body", False)
                if len(body) > largest:
                    raise Refused(413, "too large")
    except TimeoutError:
        raise Refused(408, "too slow") from None
    return bytes(body)


def app(receiver: Receiver, ready: Ready, metrics: Metrics, token: str = "") -> ASGIApp:
    """All addresses. Where there is a `token`, who does not have it is told whether all is well, and no more."""

    def known(request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return not token or hmac.compare_digest(given.encode(), token.encode())

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    asked_ready, asked_metrics = _Asked(ready), _Asked(metrics)

    async def readyz(request: Request) -> Response:
        said, trouble = await asked_ready()
        why = trouble or said
        if why and not known(request):
            why = "not ready"
        return PlainTextResponse(f"{why or 'ready'}\n", 503 if why else 200)

    async def measured(request: Request) -> Response:
        if not known(request):
            return PlainTextResponse("not known\n", 401, {"WWW-Authenticate": "Bearer"})
        text, trouble = await asked_metrics()
        if trouble:
            return PlainTextResponse(f"{trouble}\n", 503)
        return PlainTextResponse(text + _answers(receiver), media_type="text/plain; version=0.0.4")

    async def hook(_: Request) -> Response:
        return PlainTextResponse("messages are posted\n", 405, {"Allow": "POST"})

    others = Starlette(
        routes=[
            Route(HOOKS + "{name}", hook),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", measured),
        ]
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        hooked = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(HOOKS)
        await (receiver.take if hooked else others)(scope, receive, send)

    return application


class _Asked:
    """What the ledger has to say, or why it says nothing: one answer for all who ask at once. Who asks every few seconds does not wait for
    a ledger that another process holds: it is asked on, and whoever comes next has that answer."""

    def __init__(self, find: Callable[[], str]) -> None:
        self._find = find
        self._asking: asyncio.Future[tuple[str, str]] | None = None

    async def __call__(self) -> tuple[str, str]:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._found))
        done, _ = await asyncio.wait([self._asking], timeout=PATIENCE)
        return self._asking.result() if done else ("", "the ledger does not answer: another process holds it")

    def _found(self) -> tuple[str, str]:
        try:
            return self._find(), ""
        except LedgerUnusable as problem:
            return "", problem.message


def _answers(receiver: Receiver) -> str:
    lines = ["# HELP dhm_hook_requests_total Requests to addresses for messages.", "# TYPE dhm_hook_requests_total counter"]
    lines += [f'dhm_hook_requests_total{{hook="{name}",status="{status}"}} {n}' for (name, status), n in sorted(receiver.answers.items())]
    lines += ["# HELP dhm_messages_arriving Messages that are on the disk and not in the inbox yet.", "# TYPE dhm_messages_arriving gauge"]
    lines.append(f"dhm_messages_arriving {receiver.arriving}")
    return "\n".join(lines) + "\n"


class Listening:
    """The server in a thread of its own; `port` is the one that was taken, also where 0 was asked for."""

    def __init__(
        self, application: ASGIApp, host: str, port: int, tls: ssl.SSLContext | None = None, connections: Connections | None = None
    ) -> None:
        connections = connections or Connections(Bounds(), lambda status: None)
        # Strangers send what is no request as often as they like: it is counted, and not told each time.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            http=connections.protocol(),
            timeout_keep_alive=15,
            timeout_graceful_shutdown=10,
        )
        if tls is not None:
            # Made by us, so that it can be renewed while connections are served.
            config.load()
            config.ssl = tls
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="dhm-web", daemon=True)

    def start(self) -> None:
        """Return once requests are answered; `OSError` where the address cannot be had."""
        self._thread.start()
        until = time.monotonic() + 15
        while not self._server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        if not self._server.started:
            raise OSError("the address cannot be had")

    @property
    def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Let requests under way be answered, and take no more."""
        self._server.should_exit = True
        self._thread.join(15)
