"""A host that begins to say something, goes on for ever, and never ends it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def talking(first: bytes, then: bytes, every: float, *, asked: bool) -> Iterator[int]:
    """The port of a host that says `first`, where it must be `asked` behind a whole head, and then `then` again and again."""
    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while asked and self.rfile.readline() not in (b"", b"\r\n"):
                    pass
                self.wfile.write(first)
                while not ended.wait(every):
                    self.wfile.write(then)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            ended.set()
            server.shutdown()


@contextmanager
def saying(words: bytes, *, asked: bool = True) -> Iterator[int]:
    """The port of a program that says `words`, where it must be `asked` behind something, and ends the connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                if asked:
                    self.request.recv(4096)
                self.request.sendall(words)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()
