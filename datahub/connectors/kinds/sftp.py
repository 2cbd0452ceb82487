"""`sftp`: files over SSH, on a host whose key is known."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from datahub.connectors.declare import Connector, FileSystem, Place, declare_connector
from datahub.project.addresses import Host
from datahub.project.binding import FilesFrom, FilesTo
from datahub.project.connection import RemoteFiles
from datahub.project.model import SomeTime, mistake
from datahub.project.secrets import Secret

KNOWN_HOSTS = "known_hosts"
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def _fingerprints(value: str | list[str]) -> str | list[str]:
    for one in [value] if isinstance(value, str) else value:
        if not _FINGERPRINT.fullmatch(one):
            message = "a fingerprint is `SHA256:` and 43 characters"
            if one[:4].upper() == "MD5:" or re.fullmatch(r"([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}", one):
                message += ", and this is one of MD5, which proves nothing any more"
            advice = "ask the host's owner for it, and compare it with what `ssh-keyscan HOST | ssh-keygen -lf -` shows"
            raise mistake("fingerprint", message, help=advice)
    return value


class Sftp(RemoteFiles):
    """Files on a host that speaks SSH."""

    reads = FilesFrom
    writes = FilesTo

    kind: Literal["sftp"] = "sftp"
    host: Host
    """The name or address of the host."""
    port: int = Field(default=22, ge=1, le=65535)
    """Its port."""
    user: str
    """Who logs in."""
    password: Secret | None = None
    """The password."""
    key: Secret | None = None
    """The private key, in OpenSSH's or PEM form: `${file:~/.ssh/id_ed25519}`."""
    passphrase: Secret | None = None
    """What opens the private key."""
    known_hosts: str = KNOWN_HOSTS
    """The file with the keys of hosts, in OpenSSH's form; a relative one lies beside `dhm.toml`. `dhm connections trust` writes it."""
    fingerprint: Annotated[str | list[str], AfterValidator(_fingerprints)] = []
    """The host's key by its fingerprint (`SHA256:…`), in place of the file; several while a key is being changed."""
    root: str = ""
    """The folder that paths start from; the login folder where it is empty."""
    connect_timeout: SomeTime = timedelta(seconds=30)
    """How long reaching the host and logging in may take."""
    deadline: SomeTime = timedelta(seconds=60)
    """How long one request, or 256 kB of a transfer, may take."""
    keepalive: SomeTime = timedelta(seconds=15)
    """How often a silent host is asked whether it is there; after three questions it is not."""

    @model_validator(mode="after")
    def _some_way_in(self) -> Self:
        if self.password is None and self.key is None:
            raise mistake(
                "way_in",
                "a login needs a `password` or a `key`",
                help='write `password = "${env:NAME}"`, or `key = "${file:~/.ssh/id_ed25519}"`',
            )
        return self

    @property
    def pins(self) -> list[str]:
        return [self.fingerprint] if isinstance(self.fingerprint, str) else self.fingerprint


def _open(connection: Sftp, place: Place) -> FileSystem:
    from datahub.connectors.sftp_files import SftpFiles

    return SftpFiles(connection, known_hosts(connection, place.project))


def known_hosts(connection: Sftp, project: Path) -> Path:
    """The file that holds the keys of hosts for `connection`."""
    return project / Path(connection.known_hosts).expanduser()


declare_connector(Connector("sftp", Sftp, "Files over SSH, from a host whose key is known.", files=_open))
