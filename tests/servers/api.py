"""An API of a test's own: functions by method and path, over a real HTTP server on a free port."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Api:
    url: str
    port: int
    routes: dict[str, Callable[[Asked], Any]] = field(default_factory=dict)
    """What answers `GET /path`: a value, or (status, value), or (status, value, headers)."""
    seen: list[Asked] = field(default_factory=list)


@contextmanager
def api(tls: ssl.SSLContext | None = None) -> Iterator[Api]:
    """The API, under TLS where a context says with which certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(length))
            one.seen.append(asked)
            route = one.routes.get(f"{asked.method} {asked.path}")
            given = route(asked) if route else (404, {"message": "no such path"})
            if given is None:
                # The connection is closed without an answer.
                self.close_connection = True
                return
            status, value, extra = (*given, {})[:3] if isinstance(given, tuple) else (200, given, {})
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **extra}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = answer  # noqa: N815

        def log_message(self, *told: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *told: object) -> None:
            """Clients that do not like a certificate hang up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        one = Api(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
        if tls is not None:
            # Hands are shaken by the thread of each connection; whoever hangs up meanwhile stops no other.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
