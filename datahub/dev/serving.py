"""A fake of a server on this machine alone: what is common to all of them."""

from __future__ import annotations

import csv
import io
import json
import sys
import threading
from collections.abc import Mapping
from decimal import Decimal
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any, NoReturn, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from datahub.formats.delimited import line_reader
from datahub.records import record

LARGEST = 64 << 20
_LONGEST_LINE = 1 << 12
"""Of a line between the chunks of a body."""


class Wrong(Exception):
    """A request that is not answered as it was meant: the status, and why."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


@record(frozen=True, slots=True)
class Asked:
    """A request. What its readers cannot read of it is a `Wrong`."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self, *, exact: bool = False) -> Any:
        """The body; with `exact` its numbers keep their digits."""
        if self.body:
            self._is("json")
        try:
            told = json.loads(self.body or b"null", parse_float=Decimal if exact else _finite, parse_constant=_no_number)
            if b"\\u" in self.body:
                json.dumps(told, ensure_ascii=False, default=str).encode()
        except (ValueError, ArithmeticError, RecursionError) as problem:
            why = "it is nested too deeply" if isinstance(problem, RecursionError) else problem
            raise Wrong(400, f"the body cannot be read as JSON: {why}") from None
        return told

    def object(self, *, exact: bool = False) -> dict[str, Any]:
        """The body as an object; without a body an empty one."""
        told = self.json(exact=exact)
        if not isinstance(told, dict | None):
            raise Wrong(400, "the body must be an object")
        return told or {}

    def form(self) -> dict[str, str]:
        """The fields of a form without files."""
        if self.body:
            self._is("x-www-form-urlencoded")
        return dict(parse_qsl(_text(self.body, "the body")))

    def parts(self) -> dict[str, bytes]:
        """The parts of a form with files, by their names."""
        self._is("multipart/form-data")
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode("latin-1", "replace")
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        found: dict[str, bytes] = {}
        for part in message.iter_parts():
            data = part.get_payload(decode=True)
            found[str(part.get_param("name", header="content-disposition"))] = data if isinstance(data, bytes) else b""
        return found

    def number(self, name: str, default: int, least: int = 0) -> int:
        """A whole number of the query."""
        return whole(self.query.get(name) or default, name, least)

    def _is(self, kind: str) -> None:
        sent, packed = self.headers.get("content-type", ""), self.headers.get("content-encoding", "identity")
        if sent and kind not in sent.lower():
            raise Wrong(415, f"the Content-Type `{sent}` is not taken here: {kind} is")
        if packed.lower() != "identity":
            raise Wrong(415, f"the Content-Encoding `{packed}` is not taken")


@record(frozen=True, slots=True)
class Given:
    """An answer: `body` is a value that is sent as JSON, or bytes as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] | None = None


class Answering(Protocol):
    """What a fake does with a request, and how its platform says that it does not."""

    def __call__(self, asked: Asked, /) -> Given: ...

    def refusal(self, status: int, message: str, /) -> Any: ...


class FakeServer:
    """A fake, listening on the loopback address; port 0 takes a free one."""

    def __init__(self, answering: Answering, port: int = 0) -> None:
        lock = threading.Lock()

        class Handler(_Handler):
            def given(self) -> Given:
                asked = self.asked()
                with lock:
                    return answering(asked)

            def refusal(self, status: int, message: str) -> Any:
                return answering.refusal(status, message)

        self._server = _Server(("127.0.0.1", port), Handler)
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Who asks and leaves before the answer is nothing that anybody must be told."""
        if not isinstance(problem := sys.exc_info()[1], OSError):
            sys.stderr.write(f"a request could not be answered ({type(problem).__name__}: {problem})\n")


class _Handler(BaseHTTPRequestHandler):
    """Whatever is asked gets a status and a body in the platform's own form."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def given(self) -> Given:
        raise NotImplementedError

    def refusal(self, status: int, message: str) -> Any:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        """Every method is answered: which of them there are is known where the path is."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        try:
            given = self.given()
            data = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
        except OSError:
            # There is nobody left to tell.
            self.close_connection = True
            return
        except Wrong as problem:
            given = Given(problem.status, self.refusal(problem.status, problem.message), problem.headers)
            data = json.dumps(given.body).encode()
        except Exception as problem:  # noqa: BLE001 - whoever asks gets an answer, and never our stack
            said = f"this fake does not know what to make of the request ({type(problem).__name__}: {problem})"
            given, data = Given(500), json.dumps(self.refusal(500, said)).encode()
        self._send(given, data)

    def _send(self, given: Given, data: bytes) -> None:
        self.send_response(given.status)
        length = {} if given.status == HTTPStatus.NO_CONTENT else {"Content-Length": str(len(data))}
        closing = {"Connection": "close"} if self.close_connection else {}
        for name, value in {"Content-Type": "application/json", **(given.headers or {}), **length, **closing}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and length:
            self.wfile.write(data)

    def asked(self) -> Asked:
        body = self._body()
        try:
            parts = urlsplit(self.path)
        except ValueError:
            raise Wrong(400, "the path of the request is none") from None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)

    def _body(self) -> bytes:
        coding = self.headers.get("transfer-encoding", "identity").lower()
        if coding == "chunked":
            return self._chunks()
        if coding != "identity":
            self._lost(501, f"the Transfer-Encoding `{coding}` is not taken")
        told = self.headers.get("content-length", "0").strip()
        if not (told.isascii() and told.isdecimal()):
            self._lost(400, f"the Content-Length `{told}` is not a whole number")
        length = int(told[:20])
        if length > LARGEST:
            self._lost(413, f"the body has more than {LARGEST} bytes")
        return self._exactly(length)

    def _chunks(self) -> bytes:
        held = bytearray()
        while True:
            line = self.rfile.readline(_LONGEST_LINE).partition(b";")[0].strip()
            if not line or line.strip(b"0123456789abcdefABCDEF") or len(line) > 16:
                self._lost(400, "the body is not in chunks as its Transfer-Encoding says")
            size = int(line, 16)
            if len(held) + size > LARGEST:
                self._lost(413, f"the body has more than {LARGEST} bytes")
            if not size:
                while self.rfile.readline(_LONGEST_LINE).strip():
                    pass
                return bytes(held)
            held += self._exactly(size)
            self._exactly(2)

    def _exactly(self, length: int) -> bytes:
        data = self.rfile.read(length)
        if len(data) < length:
            self._lost(400, "the body ends before it should")
        return data

    def _lost(self, status: int, message: str) -> NoReturn:
        """Where the next request begins is not known any more."""
        self.close_connection = True
        raise Wrong(status, message)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request at all."""
        self.close_connection = True
        # It may be wrong before there is one; whoever speaks of no version is told in ours.
        self.command, self.request_version = getattr(self, "command", None) or "GET", self.protocol_version
        said = message or HTTPStatus(code).phrase
        self._send(Given(code), json.dumps(self.refusal(code, said)).encode())

    def log_message(self, format: str, *told: object) -> None:
        """Requests are told by the fake where somebody asks for them."""


def whole(value: Any, name: str, least: int = 0) -> int:
    """A whole number that was asked for, as a number or as text."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) <= 9) or int(text) < least:
        raise Wrong(400, f"`{name}` must be a whole number from {least}")
    return int(text)


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects that was asked for; what is left out has none."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Wrong(400, f"{name} must be a list of objects")
    return value


def lines(data: bytes, mark: str) -> list[list[str]]:
    """The lines of a file, a header at least."""
    try:
        return list(line_reader(io.StringIO(_text(data, "the file"), newline=""), mark)) or [[]]
    except csv.Error as problem:
        raise Wrong(400, f"the file cannot be read: {problem}") from None


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Wrong(400, f"{what} is not UTF-8 at byte {problem.start + 1}") from None


def _finite(text: str) -> float:
    found = float(text)
    if found in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
