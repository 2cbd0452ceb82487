"""`local`: a folder of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from datahub.connectors.declare import Connector, FileSystem, Place, declare_connector
from datahub.project.binding import FilesFrom, FilesTo
from datahub.project.connection import Connection


class Local(Connection):
    """A folder of this machine, or one that is mounted."""

    reads = FilesFrom
    writes = FilesTo

    kind: Literal["local"] = "local"
    root: str = "."
    """The folder that paths start from; nothing outside of it is touched. A relative one starts from the folder of `dhm.toml`."""


def _open(connection: Local, place: Place) -> FileSystem:
    from datahub.connectors.local_files import LocalFiles

    return LocalFiles(place.project / Path(connection.root).expanduser())


declare_connector(Connector("local", Local, "A folder of this machine.", files=_open))
