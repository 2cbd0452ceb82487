"""pyftpdlib as a process: `python -m tests.servers.pyftpd PORT FOLDER TLS PEM LISTING IDLE LOW`; several servers in one would share a loop."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

USER, PASSWORD = "dhm", "correct horse"


class Windows(AbstractedFS):  # type: ignore[misc]
    """Lists as the server of Windows does."""

    def format_list(self, basedir: str, listing: list[str], ignore_err: bool = True) -> Iterator[bytes]:
        for name in listing:
            path = Path(basedir) / name
            size = "<DIR>         " if path.is_dir() else f"{path.stat().st_size:>14}"
            yield f"05-01-26  03:04PM       {size} {name}\r\n".encode()


class ImplicitHandler(TLS_FTPHandler):  # type: ignore[misc]
    """Speaks TLS from the first byte."""

    def handle(self) -> None:
        self.secure_connection(self.get_ssl_context())

    def handle_ssl_established(self) -> None:
        super().handle_ssl_established()
        FTPHandler.handle(self)


def main() -> None:
    port, served, tls, pem, listing, idle, low = sys.argv[1:]
    handler: Any = {"none": FTPHandler, "explicit": TLS_FTPHandler, "implicit": ImplicitHandler}[tls]
    handler.authorizer = DummyAuthorizer()
    handler.authorizer.add_user(USER, PASSWORD, served, perm="elradfmwMT")
    handler.timeout = int(idle)
    # Where none of them is free it takes another.
    handler.passive_ports = range(int(low), int(low) + 30)
    if listing != "mlsd":
        handler.proto_cmds = {name: one for name, one in handler.proto_cmds.items() if name not in ("MLSD", "MLST")}
    if listing == "windows":
        handler.abstracted_fs = Windows
    if tls != "none":
        handler.certfile = pem
        handler.tls_control_required = handler.tls_data_required = True
    FTPServer(("127.0.0.1", int(port)), handler).serve_forever()


if __name__ == "__main__":
    main()
