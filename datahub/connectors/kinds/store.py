"""`store`: every other place that fsspec reaches, such as S3, Google Cloud Storage, Azure, WebDAV and SMB."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import JsonValue

from datahub.connectors.declare import Connector, FileSystem, Place, declare_connector
from datahub.project.binding import FilesFrom, FilesTo
from datahub.project.connection import RemoteFiles
from datahub.project.model import Length
from datahub.project.secrets import Secret


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


def _open(connection: Store, place: Place) -> FileSystem:
    from datahub.connectors.store_files import StoreFiles

    return StoreFiles(connection)


declare_connector(Connector("store", Store, "Object stores and everything else that fsspec reaches.", files=_open))
