"""A proxy between a client and a real server that does to the bytes what networks do: cut, reset, stall, trickle."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Fault:
    """What happens to the answers of one connection after `after` bytes of them."""

    after: int
    act: str
    """`cut` ends it orderly, `reset` with a reset, `stall` lets nothing more through, `trickle` a byte now and then."""


@dataclass
class Proxy:
    """Forwards from `port`; the n-th connection takes the n-th of `faults`, and those behind them none."""

    target: int
    faults: list[Fault | None] = field(default_factory=list)
    delay: float = 0.0
    """How many seconds whatever arrives is held back, either way, as by a host that is far away."""
    port: int = 0
    connections: int = 0
    passed: int = 0
    """How many bytes of answers went through."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
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
            fault = self.faults[self.connections] if self.connections < len(self.faults) else None
            self.connections += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                # What waits here shall wait for `delay` alone.
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            threading.Thread(target=self._pump, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, fault), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, fault: Fault | None) -> None:
        gone = 0
        with suppress(OSError):
            while data := source.recv(65536):
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


@contextmanager
def proxy(target: int, *faults: Fault | None, delay: float = 0.0) -> Iterator[Proxy]:
    one = Proxy(target, list(faults), delay)
    try:
        yield one
    finally:
        one.close()
        time.sleep(0)
