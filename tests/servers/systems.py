"""Every kind of file system on a real server, opened as a job opens it: for the suites that hold for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datahub.connectors import load
from datahub.connectors.declare import FileSystem, Place
from datahub.connectors.kinds.ftp import Ftp
from datahub.connectors.kinds.local import Local
from datahub.connectors.kinds.sftp import Sftp
from datahub.connectors.kinds.store import Store
from datahub.project.connection import Connection
from datahub.project.secrets import Secret, Vault
from tests.servers.ftp import PASSWORD, pyftpd, vsftpd
from tests.servers.ssh import openssh, plain_sftp

KINDS = {
    "local": "local",
    "openssh": "sftp",
    "plain-sftp": "sftp",
    "pyftpd": "ftp",
    "pyftpd-list": "ftp",
    "pyftpd-windows": "ftp",
    "ftps-explicit": "ftp",
    "ftps-implicit": "ftp",
    "vsftpd": "ftp",
    "store": "store",
}
"""The systems of the suites, and the kind of connection that each is reached by."""
READ_ONLY = {"http"}
"""Kinds whose files can be read alone; they have tests of their own."""


@dataclass
class System:
    """A file system, and the folder on this machine that it shows."""

    name: str
    folder: Path
    connection: Connection
    place: Place

    def open(self) -> FileSystem:
        make = load()[self.connection.kind].files
        assert make is not None
        return make(self.connection, self.place)


@contextmanager
def system(name: str, home: Path) -> Iterator[System]:
    """The system called `name`, its server running while it is needed."""
    vault = Vault({"PASSWORD": PASSWORD})
    password = Secret("${env:PASSWORD}", vault)
    place = Place(home, home)
    match name:
        case "local" | "store":
            folder = home / "served"
            folder.mkdir()
            connection: Connection = Local(root=str(folder)) if name == "local" else Store(protocol="file", root=str(folder))
            yield System(name, folder, connection, place)
        case "openssh" | "plain-sftp":
            with openssh(home) if name == "openssh" else plain_sftp(home) as server:
                key = Secret("${env:KEY}", Vault({"KEY": server.key})) if server.key else None
                sftp = Sftp(
                    host="127.0.0.1",
                    port=server.port,
                    user=server.user,
                    key=key,
                    password=None if key else password,
                    fingerprint=server.fingerprint,
                )
                yield System(name, server.folder, sftp, place)
        case _:
            ways = {
                "pyftpd": ("none", "mlsd"),
                "pyftpd-list": ("none", "unix"),
                "pyftpd-windows": ("none", "windows"),
                "ftps-explicit": ("explicit", "mlsd"),
                "ftps-implicit": ("implicit", "unix"),
            }
            with vsftpd(home) if name == "vsftpd" else pyftpd(home, *ways[name]) as ftpd:
                ftp = Ftp(
                    host="127.0.0.1",
                    port=ftpd.port,
                    user=ftpd.user,
                    password=password,
                    tls=ftpd.tls,  # type: ignore[arg-type]
                    insecure=ftpd.tls == "none",
                    ca_file=ftpd.ca_file,
                    root="served" if name == "vsftpd" else "",
                )
                yield System(name, ftpd.folder, ftp, place)
