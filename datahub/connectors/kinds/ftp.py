"""`ftp`: files over FTP, with TLS unless it is said that there shall be none."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from datahub.connectors.declare import Connector, FileSystem, Place, declare_connector
from datahub.project.addresses import Host
from datahub.project.binding import FilesFrom, FilesTo
from datahub.project.connection import RemoteFiles
from datahub.project.model import SomeTime, mistake
from datahub.project.secrets import Secret


class Ftp(RemoteFiles):
    """Files on a host that speaks FTP or FTPS."""

    reads = FilesFrom
    writes = FilesTo

    kind: Literal["ftp"] = "ftp"
    host: Host
    """The name or address of the host; its certificate must be made out to it."""
    port: int = Field(default=0, ge=0, le=65535)
    """Its port; 0 stands for 990 with implicit TLS, and 21 else."""
    user: str = "anonymous"
    """Who logs in."""
    password: Secret | None = None
    """The password."""
    tls: Literal["explicit", "implicit", "none"] = "explicit"
    """`explicit` asks for TLS once connected, `implicit` begins with it; files are always sent under TLS too (PROT P)."""
    insecure: bool = False
    """Must be true where `tls` is `none`: names, passwords and files then travel readable and changeable by anyone between."""
    ca_file: str = ""
    """The certificates of authorities that are trusted, in place of the system's; a relative path starts beside `dhm.toml`."""
    reuse_session: bool = True
    """Whether files travel in the TLS session of the login, which many servers ask for."""
    passive: bool = True
    """Whether we connect for files too; else the server connects to us, which firewalls seldom let it."""
    encoding: str = "utf-8"
    """The encoding of file names where the server does not say."""
    root: str = ""
    """The folder that paths start from; the login folder where it is empty."""
    connect_timeout: SomeTime = timedelta(seconds=30)
    """How long reaching the host may take."""
    deadline: SomeTime = timedelta(seconds=60)
    """How long the host may be silent; in that time at least 240 kB of a transfer must come."""

    @model_validator(mode="after")
    def _said_that_it_is_insecure(self) -> Self:
        if (self.tls == "none") and not self.insecure:
            raise mistake(
                "insecure",
                "without TLS everyone between can read the password",
                key="tls",
                help="leave `tls` out, or write `insecure = true`",
            )
        return self

    @property
    def at_port(self) -> int:
        return self.port or (990 if self.tls == "implicit" else 21)


def _open(connection: Ftp, place: Place) -> FileSystem:
    from datahub.connectors.ftp_files import FtpFiles

    return FtpFiles(connection, place.project)


declare_connector(Connector("ftp", Ftp, "Files over FTP, explicit or implicit FTPS.", files=_open))
