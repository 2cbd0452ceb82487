"""Compressed bodies of answers, looked at to their end: one that was cut has none, and httpx does not ask for it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx

from datahub.connectors.declare import TerminalError, TransientError

GZIP = ("gzip", "x-gzip")


class Inflate:
    """Gzip, one member behind another."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    def more(self, data: bytes, what: str) -> bytes:
        found = b""
        try:
            while data:
                if self._stream.eof:
                    # One member may follow on another.
                    self._stream = zlib.decompressobj(wbits=31)
                found += self._stream.decompress(data)
                data = self._stream.unused_data
        except zlib.error as problem:
            raise TransientError(f"{what} came damaged: {problem}") from None
        return found

    def end(self, what: str) -> None:
        if not self._stream.eof:
            raise TransientError(f"{what} was cut short: its gzip has no end")


def whole(response: httpx.Response, what: str) -> Iterator[bytes]:
    """The body of an answer, piece by piece; `TransientError` where it is compressed and has no end."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        yield from response.iter_raw()
        return
    if coding not in GZIP:
        raise TerminalError(f"{what} comes encoded as `{coding}`, and was asked for as it is, or as gzip")
    inflate, came = Inflate(), False
    for piece in response.iter_raw():
        came = came or bool(piece)
        yield inflate.more(piece, what)
    if came:
        inflate.end(what)
