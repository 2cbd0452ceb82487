"""What every connection has, and the kinds of connections: each connector declares one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from pydantic import Field

from datahub.project.binding import From, To
from datahub.project.model import Config


class Connection(Config):
    """How to reach one system. Every connector has a model of its own, whose `kind` is fixed."""

    reads: ClassVar[type[From] | None] = None
    """What a job tells of a source on such a connection; None where it gives no rows."""
    writes: ClassVar[type[To] | None] = None
    """What a job tells of a target on such a connection; None where it takes none."""

    kind: str
    """What is connected to."""
    description: str = ""
    """What a colleague should know of it."""

    def unprotected(self) -> tuple[str, ...]:
        """The keys that lead to what says that it travels without TLS; empty where nothing does."""
        return ("insecure",) if getattr(self, "insecure", False) else ()


class RemoteFiles(Connection):
    """How to reach the files of another host."""

    parallel: int = Field(default=4, ge=1, le=32)
    """How many files are fetched at once, each over a connection of its own; fewer where there are few, or the host lets no more in."""


Kinds: TypeAlias = Mapping[str, type[Connection]]
"""The model of each kind of connection, by the word in `kind`; `datahub.connectors.models()` gives them."""
