"""Where a path of a connection is, told so that two connections to one place are one, as far as they say it."""

from __future__ import annotations

from pathlib import Path

from datahub.project.connection import Connection

_HOST = ("host", "at_port", "port", "user", "protocol", "options", "url")


def place_at(connection: Connection, path: str, project: Path) -> tuple[str, ...]:
    """The place of `path`; a root on this machine starts from the folder of the project."""
    root = str(getattr(connection, "root", ""))
    if connection.kind == "local":
        return ("local", *(project / Path(root).expanduser() / path.lstrip("/")).resolve().parts)
    top = "/" if (root or path).startswith("/") else ""
    parts = (part for part in f"{root}/{path}".split("/") if part not in ("", "."))
    return (connection.kind, *(str(getattr(connection, key, "")) for key in _HOST), top, *parts)
