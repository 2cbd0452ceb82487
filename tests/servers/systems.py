"""Every kind of file system on a real server, opened as a job opens it: for the suites that hold for all of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datahub.connectors import load
from datahub.connectors.declare import FileSystem, Place
from datahub.connectors.kinds.ftp import Ftp
from datahub.connectors.kinds.local import Local
from datahub.connectors.kinds.sftp import Sftp
from datahub.connectors.kinds.store import Store
from datahub.project.connection import Connection
from datahub.project.secrets import Secret, Vault
from tests.servers.ftp import PASSWORD, FtpServer, pyftpd, vsftpd
from tests.servers.objects import BUCKET, KEY, SECRET, MemoryObjects, ObjectPath, s3
from tests.servers.proftpd import proftpd, proftpd_sftp
from tests.servers.ssh import SshServer, openssh, plain_sftp
from tests.servers.webdav import PASSWORD as DAV_PASSWORD
from tests.servers.webdav import USER, webdav

KINDS = {
    "local": "local",
    "openssh": "sftp",
    "plain-sftp": "sftp",
    "proftpd-sftp": "sftp",
    "pyftpd": "ftp",
    "pyftpd-list": "ftp",
    "pyftpd-windows": "ftp",
    "ftps-explicit": "ftp",
    "ftps-implicit": "ftp",
    "vsftpd": "ftp",
    "proftpd": "ftp",
    "proftpd-active": "ftp",
    "store-file": "store",
    "store-s3": "store",
    "store-memory": "store",
    "store-webdav": "store",
}
"""The systems of the suites, and the kind of connection that each is reached by."""
READ_ONLY = {"http"}
"""Kinds whose files can be read alone; they have tests of their own."""
OBJECTS = {"store-s3", "store-memory"}
"""Systems whose files lie in no folder of this machine: they have no links, and their times are not to be set."""
WITHOUT_FOLDERS = {"store-s3"}
"""Systems where what is called a folder is the beginning of names."""
_SSH = {"openssh": openssh, "plain-sftp": plain_sftp, "proftpd-sftp": proftpd_sftp}
_PYFTPD = {
    "pyftpd": ("none", "mlsd"),
    "pyftpd-list": ("none", "unix"),
    "pyftpd-windows": ("none", "windows"),
    "ftps-explicit": ("explicit", "mlsd"),
    "ftps-implicit": ("implicit", "unix"),
}


@dataclass
class System:
    """A file system, and the folder on this machine that it shows; for objects, what can be done with one."""

    name: str
    folder: Any
    connection: Connection
    place: Place
    data: range = range(0)
    """The ports of the server's data connections, where it has some and they are known."""

    def open(self) -> FileSystem:
        make = load()[self.connection.kind].files
        assert make is not None
        return make(self.connection, self.place)

    def empty(self) -> None:
        """Take away all that a test left."""
        if isinstance(self.folder, ObjectPath):
            self.folder.empty()
            return
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextmanager
def system(name: str, home: Path) -> Iterator[System]:
    """The system called `name`, its server running while it is needed."""
    place = Place(home, home)
    if name in ("local", "store-file"):
        folder = home / "served"
        folder.mkdir()
        connection: Connection = Local(root=str(folder)) if name == "local" else Store(protocol="file", root=str(folder))
        yield System(name, folder, connection, place)
    elif name == "store-memory":
        yield System(name, ObjectPath(MemoryObjects()), Store(protocol="memory"), place)
    elif name == "store-s3":
        with s3(home) as objects:
            secrets = {"key": Secret("${env:KEY}", _vault()), "secret": Secret("${env:SECRET}", _vault())}
            told: dict[str, Any] = {"endpoint_url": objects.url, "client_kwargs": {"region_name": "us-east-1"}}
            yield System(name, ObjectPath(objects), Store(protocol="s3", root=BUCKET, options=told, secrets=secrets), place)
    elif name == "store-webdav":
        with webdav(home) as dav:
            told = {"base_url": dav.url, "user": USER, "insecure": True}
            secrets = {"password": Secret("${env:DAV}", _vault())}
            yield System(name, dav.folder, Store(protocol="webdav", options=told, secrets=secrets), place)
    elif name in _SSH:
        with _SSH[name](home) as server:
            yield System(name, server.folder, _sftp(server), place)
    else:
        with _ftp_server(name, home) as ftpd:
            yield System(name, ftpd.folder, _ftp(name, ftpd), place, ftpd.data)


def _vault() -> Vault:
    return Vault({"PASSWORD": PASSWORD, "KEY": KEY, "SECRET": SECRET, "DAV": DAV_PASSWORD})


def _sftp(server: SshServer) -> Sftp:
    key = Secret("${env:KEY}", Vault({"KEY": server.key})) if server.key else None
    password = None if key else Secret("${env:PASSWORD}", _vault())
    return Sftp(host="127.0.0.1", port=server.port, user=server.user, key=key, password=password, fingerprint=server.fingerprint)


@contextmanager
def _ftp_server(name: str, home: Path) -> Iterator[FtpServer]:
    if name == "vsftpd":
        with vsftpd(home) as one:
            yield one
    elif name.startswith("proftpd"):
        with proftpd(home) as one:
            yield one
    else:
        with pyftpd(home, *_PYFTPD[name]) as one:
            yield one


def _ftp(name: str, server: FtpServer) -> Ftp:
    return Ftp(
        host="127.0.0.1",
        port=server.port,
        user=server.user,
        password=Secret("${env:PASSWORD}", _vault()),
        tls=server.tls,  # type: ignore[arg-type]
        insecure=server.tls == "none",
        ca_file=server.ca_file,
        passive=not name.endswith("active"),
        # vsftpd gives its folder to nobody, and takes nothing at the top.
        root="served" if name == "vsftpd" else "",
    )
