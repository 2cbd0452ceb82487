"""How long a web server may take over what it says: httpx asks each single read alone to be in time, which a byte a second always is."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

SLOWEST = 4096
"""Bytes a second that must arrive, on the average of one deadline."""


class PatientTransport(httpx.HTTPTransport):
    """A transport that waits for the head of an answer as long as for its first byte, and for what comes behind it at a pace."""

    def __init__(self, *, verify: ssl.SSLContext, proxy: str | None = None, backend: httpcore.NetworkBackend | None = None) -> None:
        super().__init__(verify=verify, proxy=proxy, trust_env=False, limits=httpx.Limits(max_connections=8))
        # httpx has no parameter for the backend of its pool, which is httpcore's.
        self._pool._network_backend = _PatientBackend(backend or httpcore.SyncBackend())  # noqa: SLF001

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        stream = response.extensions.get("network_stream")
        if isinstance(stream, _PatientStream):
            stream.head_is_here()
        return response


class _PatientBackend(httpcore.NetworkBackend):
    """Connects as another does, and watches what comes."""

    def __init__(self, real: httpcore.NetworkBackend) -> None:
        self._real = real

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _PatientStream(self._real.connect_tcp(host, port, timeout, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return self._real.connect_unix_socket(path, timeout, socket_options)

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)


class _PatientStream(httpcore.NetworkStream):
    """One connection. From the last byte that was sent to the end of the head, one deadline holds; then bytes must come at a pace."""

    def __init__(self, real: httpcore.NetworkStream) -> None:
        self._real = real
        self._asked: float | None = None
        self._waited, self._moved = 0.0, 0

    def head_is_here(self) -> None:
        """What comes now is the body."""
        self._asked, self._waited, self._moved = None, 0.0, 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        begun = time.monotonic()
        if timeout is not None and self._asked is not None:
            timeout -= begun - self._asked
            if timeout <= 0:
                raise httpcore.ReadTimeout("the head of the answer did not end in time")
            return self._real.read(max_bytes, timeout)
        data = self._real.read(max_bytes, timeout)
        # What lies between two reads is our own work.
        self._waited += time.monotonic() - begun
        self._moved += len(data)
        if timeout is not None and data and self._waited >= timeout:
            if self._moved < SLOWEST * self._waited:
                raise httpcore.ReadTimeout(f"only {self._moved} bytes came in {self._waited:.0f} s")
            self._waited, self._moved = 0.0, 0
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, timeout)
        self._asked = time.monotonic()

    def close(self) -> None:
        self._real.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _PatientStream(self._real.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)
