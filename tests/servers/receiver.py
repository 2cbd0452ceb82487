"""A receiver of messages: verifies each by the library of Standard Webhooks, and answers as the test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Answer = tuple[int, dict[str, str]]


class Receiver:
    """Keeps what it was sent, in order: id, message, whether the signature holds."""

    def __init__(self, secret: str = SECRET) -> None:
        self.got: list[tuple[str, Any, bool]] = []
        self.answer: Callable[[Any], Answer] = lambda message: (200, {})
        verifier, receiver = Webhook(secret), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    verifier.verify(body, {name.lower(): value for name, value in self.headers.items()})
                    good = True
                except WebhookVerificationError:
                    good = False
                message = json.loads(body)
                receiver.got.append((self.headers["webhook-id"], message, good))
                status, headers = receiver.answer(message)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
