"""Web servers: nginx as it is, and one that says and sends what it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.ftp import certificates
from tests.servers.ports import free_port
from tests.servers.programs import program, running


@dataclass(frozen=True)
class WebServer:
    url: str
    folder: Path
    port: int
    ca_file: str = ""


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[WebServer, WebServer]]:
    """nginx over one folder, plain and under TLS; below `/closed/` it asks for a password (dhm, correct horse)."""
    found = program("nginx")
    served = folder / "served"
    served.mkdir()
    ca, pem = certificates(folder)
    plain, secure = free_port(), free_port()
    # The hash of `correct horse`, as `openssl passwd -apr1` makes it.
    (folder / "passwords").write_text("dhm:{PLAIN}correct horse\n")
    (folder / "nginx.conf").write_text(
        f"""
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
user root;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  gzip on;
  gzip_types *;
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{secure} ssl;
    ssl_certificate {pem};
    ssl_certificate_key {pem};
    root {served};
    location /closed/ {{ auth_basic "closed"; auth_basic_user_file {folder}/passwords; }}
    location /away {{ return 302 http://elsewhere.example/; }}
  }}
}}
"""
    )
    with running([found, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")], plain, folder / "nginx.log"):
        yield (
            WebServer(f"http://127.0.0.1:{plain}", served, plain),
            WebServer(f"https://127.0.0.1:{secure}", served, secure, str(ca)),
        )


@dataclass
class Answers:
    """Whole answers, bytes as they go over the line: the n-th request gets the n-th; the last is for all that follow."""

    given: list[bytes] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """The requests, head and all."""


@contextmanager
def answering(answers: Answers) -> Iterator[WebServer]:
    """A server that reads a request, sends its answer, and closes."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            with suppress(OSError):
                while not head.endswith(b"\r\n\r\n"):
                    line = self.rfile.readline()
                    if not line:
                        return
                    head += line
                number = len(answers.seen)
                answers.seen.append(head.decode("latin-1"))
                self.wfile.write(answers.given[min(number, len(answers.given) - 1)])

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield WebServer(f"http://127.0.0.1:{server.server_address[1]}", Path(), int(server.server_address[1]))
        server.shutdown()
