"""A proxy between a client and a real server that does to the bytes what networks do: cut, reset, stall, trickle."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Fault:
    """What happens to one connection after `after` bytes."""

    after: int
    act: str
    """`cut` ends it orderly, `reset` with a reset, `stall` lets nothing more through, `trickle` a byte now and then, `slice` all in tiny pieces."""
    side: Literal["answers", "requests"] = "answers"
    """What the bytes are counted of, and what it happens to."""


@dataclass
class Proxy:
    """Forwards from `port`; the n-th connection takes the n-th of `faults`, and those behind them none."""

    target: int
    faults: list[Fault | None] = field(default_factory=list)
    delay: float = 0.0
    """How many seconds whatever arrives is held back, either way, as by a host that is far away."""
    port: int = 0
    host: str = "127.0.0.1"
    connections: int = 0
    passed: int = 0
    """How many bytes of answers went through."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server((self.host, self.port))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            fault = self.next_fault()
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                # What waits here shall wait for `delay` alone.
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            of_requests = fault if fault is not None and fault.side == "requests" else None
            threading.Thread(target=self._pump, args=(client, server, of_requests), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, None if of_requests else fault), daemon=True).start()

    def next_fault(self) -> Fault | None:
        self.connections += 1
        return self.faults[self.connections - 1] if self.connections <= len(self.faults) else None

    def _pump(self, source: socket.socket, sink: socket.socket, fault: Fault | None) -> None:
        gone = 0
        with suppress(OSError):
            while data := source.recv(65536):
                data = self.seen(data)
                if self.delay:
                    time.sleep(self.delay)
                if fault is not None and gone + len(data) > fault.after:
                    sink.sendall(data[: fault.after - gone])
                    self._strike(fault, source, sink, data[fault.after - gone :])
                    return
                sink.sendall(data)
                gone += len(data)
                self.passed += len(data) if fault is not None else 0
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def seen(self, data: bytes) -> bytes:
        """What is passed on in place of `data`."""
        return data

    def _strike(self, fault: Fault, source: socket.socket, sink: socket.socket, left: bytes) -> None:
        match fault.act:
            case "cut":
                sink.shutdown(socket.SHUT_RDWR)
                source.close()
            case "reset":
                # Without a linger, closing is a reset.
                sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_RD)
                sink.close()
                source.close()
            case "stall":
                self._closed.wait()
            case "slice":
                for at in range(0, len(left), 7):
                    sink.sendall(left[at : at + 7])
                while data := source.recv(4096):
                    for at in range(0, len(data), 113):
                        sink.sendall(data[at : at + 113])
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
            case "trickle":
                for byte in left:
                    if self._closed.wait(0.2):
                        return
                    sink.sendall(bytes([byte]))
            case other:
                raise AssertionError(other)

    def close(self) -> None:
        self._closed.set()
        for one in [self._listener, *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                one.close()


@dataclass
class FtpProxy(Proxy):
    """One before FTP without TLS, whose data connections lead through proxies too: the n-th of them takes the n-th of `data_faults`;
    `offered` is how many of them the server has offered.
    """

    data_faults: list[Fault | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._behind: list[Proxy] = []
        self.offered = 0
        super().__post_init__()

    def seen(self, data: bytes) -> bytes:
        self.offered += len(re.findall(rb"(?m)^22[79] ", data))
        # An answer to EPSV is one short line, and comes as one piece.
        return re.sub(rb"\(\|\|\|(\d+)\|\)", self._led, data)

    def _led(self, found: re.Match[bytes]) -> bytes:
        number = len(self._behind)
        fault = self.data_faults[number] if number < len(self.data_faults) else None
        self._behind.append(Proxy(int(found[1]), [fault], self.delay))
        return b"(|||%d|)" % self._behind[-1].port

    def close(self) -> None:
        super().close()
        for one in self._behind:
            one.close()


class _OneOfMany(Proxy):
    """One of several before the ports of one server, which take its faults in turn."""

    def next_fault(self) -> Fault | None:
        return self.faults.pop(0) if self.faults else None


TWIN = "127.0.0.2"
"""Another address of this machine, where a server's ports are mirrored under their own numbers."""


@contextmanager
def ftps_proxy(target: int, data: range, *faults: Fault | None, delay: float = 0.0) -> Iterator[Proxy]:
    """Before FTP under TLS, where no answer can be rewritten: what the server says of its ports holds at `TWIN` as well. `faults` strike the
    data connections, which are whatever goes to `data`.
    """
    control, shared = Proxy(target, delay=delay, port=target, host=TWIN), list(faults)
    behind = [_OneOfMany(port, shared, delay, port=port, host=TWIN) for port in data]
    try:
        yield control
    finally:
        for one in (control, *behind):
            one.close()


@contextmanager
def ftp_proxy(target: int, *faults: Fault | None, delay: float = 0.0) -> Iterator[FtpProxy]:
    """`faults` strike the data connections."""
    one = FtpProxy(target, delay=delay, data_faults=list(faults))
    try:
        yield one
    finally:
        one.close()


@contextmanager
def proxy(target: int, *faults: Fault | None, delay: float = 0.0) -> Iterator[Proxy]:
    one = Proxy(target, list(faults), delay)
    try:
        yield one
    finally:
        one.close()
        time.sleep(0)
