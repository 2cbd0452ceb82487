"""A fake of a server on this machine alone: what is common to all of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from datahub.records import record

LARGEST = 64 << 20


@record(frozen=True, slots=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def parts(self) -> dict[str, bytes]:
        """The parts of a form with files, by their names."""
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        found: dict[str, bytes] = {}
        for part in message.iter_parts():
            data = part.get_payload(decode=True)
            found[str(part.get_param("name", header="content-disposition"))] = data if isinstance(data, bytes) else b""
        return found


@record(frozen=True, slots=True)
class Given:
    """An answer: `body` is a value that is sent as JSON, or bytes as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] | None = None


Answering = Callable[[Asked], Given]


class FakeServer:
    """A fake, listening on the loopback address; port 0 takes a free one."""

    def __init__(self, answering: Answering, port: int = 0) -> None:
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def answer(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                if length > LARGEST:
                    self.send_error(413)
                    return
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(length))
                with lock:
                    given = answering(asked)
                data = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
                self.send_response(given.status)
                for name, value in {"Content-Type": "application/json", **(given.headers or {}), "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *told: object) -> None:
                """Requests are told by the fake where somebody asks for them."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *told: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
