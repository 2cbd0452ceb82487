"""`http`: files that a web server gives out."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import model_validator

from datahub.connectors.declare import Connector, FileSystem, Place, declare_connector
from datahub.project.addresses import BaseAddress, protected
from datahub.project.binding import FilesFrom
from datahub.project.connection import Connection
from datahub.project.headers import Headers
from datahub.project.model import SomeTime
from datahub.project.secrets import Secret


class Http(Connection):
    """Files that a web server gives out; a job reads one file by its `path`."""

    reads = FilesFrom

    kind: Literal["http"] = "http"
    url: BaseAddress
    """The address that paths start from: `https://files.example.com/export`."""
    user: str = ""
    """Who asks, for Basic authentication."""
    password: Secret | None = None
    """The password, for Basic authentication."""
    token: Secret | None = None
    """A token, sent as `Authorization: Bearer …`."""
    headers: Headers = {}
    """Further headers of each request: `Accept = "text/csv"`; what is secret by reference, `X-Api-Key = "${env:KEY}"`."""
    insecure: bool = False
    """Must be true where the address begins with `http:`: everyone between can read and change what travels."""
    ca_file: str = ""
    """The certificates of authorities that are trusted, in place of the system's; a relative path starts beside `dhm.toml`."""
    proxy: str = ""
    """The proxy to go through; those of the environment are not asked."""
    unknown_length: Literal["refuse", "accept"] = "refuse"
    """What becomes of a file whose server says neither how long it is nor where it ends, so that a cut cannot be told from its end."""
    connect_timeout: SomeTime = timedelta(seconds=30)
    """How long reaching the server may take."""
    deadline: SomeTime = timedelta(seconds=60)
    """How long the server may be silent; in that time at least 240 kB of a file must come."""

    @model_validator(mode="after")
    def _said_that_it_is_insecure(self) -> Self:
        protected(self.url, self.insecure)
        return self


def _open(connection: Http, place: Place) -> FileSystem:
    from datahub.connectors.http_files import HttpFiles

    return HttpFiles(connection, place.project)


def _test(connection: Http, place: Place) -> str:
    from datahub.connectors.http_files import HttpFiles

    files = HttpFiles(connection, place.project)
    try:
        return files.answers()
    finally:
        files.close()


declare_connector(Connector("http", Http, "Files that a web server gives out.", files=_open, test=_test))
