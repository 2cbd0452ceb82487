"""Connections for commands: one of the project opened, and the world's failures told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datahub.cli.listings import Listing
from datahub.cli.output import Exit, Stop

if TYPE_CHECKING:
    from datahub.connectors.declare import Connector, FileSystem, Place
    from datahub.project.connection import Connection
    from datahub.project.load import Loaded

Env = Annotated[str, typer.Option("--env", help="The environment: lays `dhm.NAME.toml` on dhm.toml.", metavar="NAME", show_default=False)]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="A value for one key, over all else.", metavar="KEY=VALUE", show_default=False)
]
Output = Annotated[Listing, typer.Option(help="For people, or one JSON document.")]
Json = Annotated[bool, typer.Option("--json", help="The same as `--output json`.")]
Name = Annotated[str, typer.Argument(help="The connection.", metavar="NAME", show_default=False)]


def connection(project: Loaded, name: str) -> tuple[Connection, Connector]:
    """The connection called `name`, and what its kind can do."""
    from datahub.connectors import load

    declared(project, name)
    if lacks := project.lacking.get(name):
        from datahub.cli.complaints import complain

        complain(lacks)
        raise Stop(f"the connection `{name}` cannot be used here", f"`dhm connections show {name} --explain` tells what it refers to")
    one = project.project.connections[name]
    return one, load()[one.kind]


def declared(project: Loaded, name: str) -> None:
    """Stop where the project has no connection of that name."""
    from datahub.diagnostics.suggest import listed, nearest

    known = names(project)
    if not name:
        raise Stop("the name of the connection is empty", "if a variable stands in its place: it is not set")
    if name not in known:
        near = nearest(name, known)
        advice = f"did you mean `{near}`?" if near else f"it has {listed(known, 12)}" if known else "declare one: `[connections.NAME]`"
        raise Stop(f"the project has no connection `{name}`", advice)


def names(project: Loaded) -> list[str]:
    """All connections that the project declares, as it has them, whether or not what they refer to is there."""
    every = {*project.project.connections, *project.lacking}
    return [one for one in project.layers.values.get("connections", {}) if one in every]


def written(project: Loaded, name: str) -> dict[str, Any]:
    """What is written of a connection, or holds for all of its kind."""
    from datahub.project.reading import with_defaults

    return dict(with_defaults(project.layers.values)["connections"][name])


def place(project: Loaded) -> Place:
    """Where connectors work."""
    from datahub.connectors.declare import Place

    return Place(project.folder, project.folder / project.project.project.state)


@contextmanager
def files(project: Loaded, name: str) -> Iterator[FileSystem]:
    """The files of a connection, as long as they are looked at."""
    one, connector = connection(project, name)
    if connector.files is None:
        raise Stop(f"`{name}` is of kind `{one.kind}`, which has no files")
    with world_told():
        opened = connector.files(one, place(project))
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def world_told(code: Exit = Exit.WRONG) -> Iterator[None]:
    """A failure of the world ends the command in a sentence: 75 where trying again may work."""
    from datahub.project.failures import DataHubError, TransientError

    try:
        yield
    except DataHubError as problem:
        raise Stop(problem.message, problem.help, code=Exit.LATER if isinstance(problem, TransientError) else code) from None


def as_written(project: Loaded, name: str, values: Any) -> Any:
    """The values of a connection, with their references where they were written with any: what those lead to may be secret."""
    return _referring(values, written(project, name))


def _referring(value: Any, written: Any) -> Any:
    from datahub.project.secrets import has_reference

    match value, written:
        case dict(), dict():
            return {key: _referring(inner, written.get(key)) for key, inner in value.items()}
        case list(), list() if len(value) == len(written):
            return [_referring(*both) for both in zip(value, written, strict=True)]
        case _, str() if has_reference(written, default=True):
            return written
        case _:
            return value


def where(project: Loaded, name: str) -> str:
    """The place that a connection leads to, in a few words; of an address with references, the host."""
    from datahub.project.secrets import has_reference

    one = project.project.connections[name]
    told = {key: str(getattr(one, key)) for key in ("url", "host", "port", "at_port", "protocol", "root") if getattr(one, key, "")}
    written = str(as_written(project, name, {"url": told.get("url", "")})["url"])
    if has_reference(written, default=True):
        from urllib.parse import urlsplit

        parts = urlsplit(told["url"])
        told["url"] = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{'/…' if parts.path.strip('/') else ''}"
    host = told.get("host", "")
    port = told.get("at_port") or told.get("port")
    store = f"{told.get('protocol', '')} {getattr(one, 'speaks_to', '')}".strip()
    address = told.get("url") or (f"{host}:{port}" if host else store)
    return " ".join(part for part in (address, told.get("root", "")) if part)
