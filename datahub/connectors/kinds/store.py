"""`store`: every other place that fsspec reaches, such as S3, Google Cloud Storage, Azure, WebDAV and SMB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import JsonValue, model_validator

from datahub.connectors.declare import Connector, FileSystem, Place, declare_connector
from datahub.project.addresses import WITH_USER
from datahub.project.binding import FilesFrom, FilesTo
from datahub.project.connection import RemoteFiles
from datahub.project.model import Length, mistake
from datahub.project.secrets import Secret
from datahub.project.telltale import IN_ADDRESS

_ADDRESSES = ("base_url", "endpoint_url", "endpoint_override")
"""What libraries of fsspec call the address that they speak to."""


class Store(RemoteFiles):
    """A place that fsspec reaches; what it needs is installed beside DataHub, such as `s3fs` for `s3`."""

    reads = FilesFrom
    writes = FilesTo

    kind: Literal["store"] = "store"
    protocol: str
    """The word by which fsspec knows the place: `s3`, `gcs`, `abfs`, `webdav`, `smb` …"""
    root: str = ""
    """The bucket, container or folder that paths start from."""
    options: dict[str, JsonValue] = {}
    """What the place's fsspec library is told: `endpoint_url`, `client_kwargs` …"""
    secrets: dict[str, Secret] = {}
    """What it is told that is secret: `key`, `secret`, `token` …"""
    deadline: Length = timedelta(minutes=5)
    """How long one request may take: to list a folder, to send a part of an object, to copy one."""

    @model_validator(mode="after")
    def _has_an_address_that_is_taken(self) -> Self:
        for path, text in self._addresses():
            if self.protocol in ("s3", "s3a") and IN_ADDRESS.search(text):
                # Its library signs each request, and fails over the second way to say who asks.
                raise mistake("address_user", WITH_USER, key=path, help="they are `key` and `secret` in `secrets`, given by reference")
        says = self.unprotected()
        # Object stores of one's own network are spoken to so everywhere: that is warned of, as each other connection is.
        if says and self.protocol in ("webdav", "dav") and not self.options.get("insecure"):
            raise mistake(
                "insecure",
                "a `base_url` with `http:` shows files and password to everyone between",
                key=says,
                help="write `https:`; where that cannot be, say `insecure = true` in `options`",
            )
        return self

    @property
    def speaks_to(self) -> str:
        """The host that it is told to speak to, and its port; nothing of a user, which may be secret."""
        return next((urlsplit(text).netloc.rpartition("@")[2] for _, text in self._addresses()), "")

    def _addresses(self) -> Iterator[tuple[tuple[str, ...], str]]:
        inner = self.options.get("client_kwargs")
        places: list[tuple[tuple[str, ...], JsonValue]] = [((name,), self.options.get(name)) for name in _ADDRESSES]
        places += [(("client_kwargs", name), inner.get(name)) for name in _ADDRESSES if isinstance(inner, dict)]
        yield from ((("options", *path), text) for path, text in places if isinstance(text, str))

    def unprotected(self) -> tuple[str, ...]:
        return next((path for path, text in self._addresses() if text.lower().startswith("http:")), ())


def _open(connection: Store, place: Place) -> FileSystem:
    from datahub.connectors.store_files import StoreFiles

    return StoreFiles(connection)


declare_connector(Connector("store", Store, "Object stores and everything else that fsspec reaches.", files=_open))
