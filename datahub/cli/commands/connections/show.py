"""Show every setting of a connection as it is in force; what is given by reference stands as the reference.

With `--explain` each value says where it comes from, and what it covers: defaults of the kind, `[defaults]`, dhm.toml, the
environment's file, variables, `--set`. References say whether they lead anywhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datahub.cli.connections import Env, Json, Name, Output, Set
from datahub.cli.listings import Listing, give_json
from datahub.cli.output import Paint, give

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datahub.project.layers import Setting
    from datahub.project.load import Loaded
    from datahub.project.places import Path


def command(
    name: Name,
    explain: Annotated[bool, typer.Option("--explain", help="Say where each value comes from.")] = False,
    env: Env = "",
    set: Set = None,
    output: Output = Listing.TEXT,
    as_json: Json = False,
) -> None:
    from datahub.cli.connections import as_written, declared, written
    from datahub.cli.project import project

    read = project(env, given=set or [])
    declared(read, name)
    # Of one that cannot be read here all that is known is what is written.
    one = read.project.connections.get(name)
    values = written(read, name) if one is None else as_written(read, name, one.model_dump(mode="json"))
    if as_json or output is Listing.JSON:
        give_json(values)
        return
    give(f"[connections.{name}]\n")
    rows = [(".".join(map(str, path)), _written(value), path) for path, value in _leaves(values, ())]
    keys, texts = (max((len(row[at]) for row in rows), default=0) for at in (0, 1))
    paint = Paint(sys.stdout)
    for key, text, path in rows:
        line = f"{key:<{keys}} = {text}"
        if explain:
            line = f"{key:<{keys}} = {text:<{min(texts, 60)}}  {paint('2', _origin(read, name, path, text))}"
        give(line.rstrip() + "\n")


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif value is not None and value != []:
        yield path, value


def _written(value: Any) -> str:
    import json

    # What JSON writes of texts, numbers, truths and arrays is TOML too.
    return json.dumps(value, ensure_ascii=False)


def _origin(project: Loaded, name: str, path: Path, text: str) -> str:
    from datahub.project.reading import Places

    whole: Path = ("connections", name, *path)
    found = Places(project.layers).setting(whole)
    if found is None:
        return "default"
    covered = [_place(one) for one in reversed(project.layers.beaten.get(whole, ()))]
    told = _place(found) + (f", over {', '.join(covered)}" if covered else "")
    return told + _state(project, text)


def _place(setting: Setting) -> str:
    span = setting.place.value
    # Variables and the command line have no lines.
    return str(span) if span.document.path.endswith(".toml") else setting.origin


def _state(project: Loaded, text: str) -> str:
    """Whether the references of a secret lead anywhere; nothing of what they lead to."""
    from datahub.project.secrets import Undefined, has_reference

    if not has_reference(text):
        return ""
    try:
        project.vault.fill(text)
    except Undefined as problem:
        return f" (missing: {problem.message})"
    return " (is there)"
