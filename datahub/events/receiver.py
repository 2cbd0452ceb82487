"""The web server of `dhm serve`: messages at `/hooks/NAME`, and for operators `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from datahub.events.endpoint import LARGEST, Endpoint, Refused, read
from datahub.events.intake import Full, Intake
from datahub.state.store import LedgerUnusable

DEADLINE = 10.0
"""How long a request may take to arrive, in seconds."""
MOST_CONNECTIONS = 1000

Endpoints = Callable[[], Mapping[str, Endpoint]]
Ready = Callable[[], str]
"""Why nothing should be sent here now; empty where all is well."""
Metrics = Callable[[], str]


class Receiver:
    """Takes messages; `wake` is called when there is a new one."""

    def __init__(self, intake: Intake, endpoints: Endpoints, wake: Callable[[], None]) -> None:
        self._intake, self._endpoints, self._wake = intake, endpoints, wake
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often each status was answered, by address; addresses that do not exist share one."""

    async def take(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        endpoint = self._endpoints().get(name)
        try:
            status, word, wait = await self._taken(request, endpoint)
        except Refused as refused:
            status, word, wait = refused.status, refused.word, refused.wait
        except Full:
            status, word, wait = 429, "too many wait", 1.0
        except LedgerUnusable:
            status, word, wait = 503, "not now", 5.0
        except ClientDisconnect:
            status, word, wait = 400, "gone", 0.0
        self.answers[(name if endpoint is not None else "", status)] += 1
        return PlainTextResponse(word + "\n", status, {"Retry-After": str(max(1, round(wait)))} if wait else None)

    async def _taken(self, request: Request, endpoint: Endpoint | None) -> tuple[int, str, float]:
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused(415, "not compressed, please")
        body = await _body(request, endpoint.hook.largest if endpoint is not None else LARGEST)
        message = read(endpoint, dict(request.headers), body, datetime.now(UTC))
        assert endpoint is not None
        # Only those who are known can use the rate up.
        wait = endpoint.bucket.take(time.monotonic())
        if wait:
            raise Refused(429, "too many", wait)
        taken = await self._intake.put(message)
        if not taken.same:
            raise Refused(409, "this id had other content before")
        if taken.new:
            self._wake()
        return 200, "taken" if taken.new else "known", 0.0


async def _body(request: Request, largest: int) -> bytes:
    """The body, no larger and no later than it may be."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > largest:
        raise Refused(413, "too large")
    body = bytearray()
    try:
        async with asyncio.timeout(DEADLINE):
            async for part in request.stream():
                body += part
                if len(body) > largest:
                    raise Refused(413, "too large")
    except TimeoutError:
        raise Refused(408, "too slow") from None
    return bytes(body)


def app(receiver: Receiver, ready: Ready, metrics: Metrics) -> Starlette:
    """All addresses."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_: Request) -> Response:
        why = await asyncio.to_thread(ready)
        return PlainTextResponse(f"{why or 'ready'}\n", 503 if why else 200)

    async def measured(_: Request) -> Response:
        text = await asyncio.to_thread(metrics)
        return PlainTextResponse(text + _answers(receiver), media_type="text/plain; version=0.0.4")

    take: Callable[[Request], Awaitable[Response]] = receiver.take
    return Starlette(
        routes=[
            Route("/hooks/{name}", take, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", measured),
        ]
    )


def _answers(receiver: Receiver) -> str:
    lines = ["# HELP dhm_hook_requests_total Requests to addresses for messages.", "# TYPE dhm_hook_requests_total counter"]
    lines += [f'dhm_hook_requests_total{{hook="{name}",status="{status}"}} {n}' for (name, status), n in sorted(receiver.answers.items())]
    return "\n".join(lines) + "\n"


class Listening:
    """The server in a thread of its own; `port` is the one that was taken, also where 0 was asked for."""

    def __init__(self, application: Starlette, host: str, port: int) -> None:
        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=10,
            h11_max_incomplete_event_size=32_768,
        )
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
