"""The reference of `dhm.toml`, out of the models that read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from datahub import connectors
from datahub.project.binding import From, To
from datahub.project.config import Project, ProjectHead
from datahub.project.headers import HeaderName
from datahub.project.job import Job
from datahub.project.model import Config, shown_length
from datahub.project.pack import PackRequirement
from datahub.project.secrets import Secret
from datahub.reports.markdown import anchor, block, code, page, table

_WORDS: dict[Any, str] = {
    Decimal: "number",
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    timedelta: "length of time",
    Secret: "reference",
    dict[HeaderName, Secret]: "table of text or reference",
}
_SAMPLE = """
[project]
name = "shop"

[connections.erp]
kind = "sftp"
host = "sftp.example.com"
user = "feed"
password = "${env:ERP_PASSWORD}"

[jobs.offers]
mapping = "mappings/offers.dhm"

[jobs.offers.sources.feed]
connection = "erp"
folder = "out"
"""


_INTRODUCTION = (
    "One file describes a project: what it connects to, and what it runs. `dhm schema` prints what stands here as a JSON Schema, by"
    " which editors complete and check the file; `dhm check` checks it too."
)
_VALUES = (
    "A value is text, a number, `true` or `false`, an array or a table. A length of time is a number of seconds, or text such as"
    " `30 s`, `5 min`, `1 h`, `2 d`. Anything but a secret can be given by reference too."
)
_COVERS = (
    "Each of these covers the ones above it, key by key; arrays are covered as a whole. `dhm connections show NAME --explain` says what"
    " is in force, and why."
)


def project_pages() -> dict[str, str]:
    """The page, by its path."""
    known = connectors.load()
    kinds = {kind: connector.connection for kind, connector in sorted(known.items())}
    parts = [
        _INTRODUCTION,
        block(_SAMPLE.strip("\n"), "toml"),
        _VALUES,
        *_references(),
        *_layers(),
        *_section("[project]", ProjectHead),
        *_section("[defaults]", Project.model_fields["defaults"].annotation),
        "## Connections",
        "Scripts and jobs name connections, and never a host. Each is a table `[connections.NAME]` whose `kind` says what it is.",
        table(("Kind", "What it is"), ((f"[`{kind}`](#{anchor(_head(kind))})", known[kind].doc) for kind in kinds)),
    ]
    for kind, model in kinds.items():
        parts += _section(_head(kind), model)
    parts += _section("[jobs.NAME]", Job)
    parts += _ends("sources", "SOURCE", [(kind, one.reads) for kind, one in kinds.items() if one.reads is not None])
    parts += _ends("targets", "TARGET", [(kind, one.writes) for kind, one in kinds.items() if one.writes is not None])
    parts += _section("[packs]", PackRequirement)
    parts.append('`"commerce.core" = "^1.4"` is short for a table with that `version`.')
    return {"project.md": page("dhm.toml", *parts)}


def _head(kind: str) -> str:
    return f'kind = "{kind}"'


def _references() -> Iterator[str]:
    yield "## References and secrets"
    rows = (
        (
            "${env:NAME}",
            "the environment variable NAME; that it is not set, or empty, is an error of what uses it, with its place in the file",
        ),
        ("${env:NAME:-text}", "the same, or `text` where it is not set or empty; not for secrets, for the text would stand in the file"),
        (
            "${file:PATH}",
            "the content of a file that not everybody can read, without the last line end; a relative path starts at `dhm.toml`",
        ),
        ("${keyring:SERVICE/USER}", "a password of this machine's keyring (`pip install 'dhm-datahub[keyring]'`)"),
        ("$${", "the two characters `${` themselves"),
    )
    yield table(("Written", "Stands for"), ((code(text), says) for text, says in rows))
    yield "A secret is given by reference alone: one that stands in the file is an error ([DHM925](findings.md#dhm925-literal-secret))."


def _layers() -> Iterator[str]:
    yield "## Layers"
    yield _COVERS
    rows = (
        ("`[defaults.connection.KIND]`, `[defaults.job]`", "what all connections of a kind, or all jobs, have in common"),
        ("`dhm.toml`", "the project"),
        ("`dhm.NAME.toml`", "what is different in the environment NAME, asked for by `--env NAME`"),
        ("`DHM_CONNECTIONS__ERP__HOST`", "an environment variable: the keys in capitals, two `_` between them, `_` for `-`"),
        ("`--set connections.erp.host=…`", "the command line of `dhm connections`"),
    )
    yield table(("Layer", "What it is for"), rows)


def _ends(side: str, name: str, bound: list[tuple[str, Any]]) -> Iterator[str]:
    """What jobs tell of sources or targets, once for all kinds of connections that are told the same."""
    yield f"## {side.capitalize()} of jobs"
    yield f"Each is a table `[jobs.NAME.{side}.{name}]`; what it holds is up to the kind of its connection."
    for model in dict.fromkeys(model for _, model in bound):
        kinds = ", ".join(kind for kind, one in bound if one is model)
        yield from _section(f"{side.capitalize()} on {kinds}", model, "###")


def _section(title: str, model: Any, level: str = "##") -> Iterator[str]:
    yield f"{level} {title}"
    yield (model.__doc__ or "").strip().replace("`[defaults]`: what", "What")
    yield table(("Key", "Type", "Unless told", "What it is"), _rows(model, ""))


def _rows(model: type[Config], before: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        inner = _table_in(field.annotation)
        if inner is not None and not issubclass(inner, From | To):
            if not _is_model(field.annotation):
                yield code(f"{before}{name}"), type_words(field.annotation), "", _says(field)
            yield from _rows(inner, f"{before}{name}.")
            continue
        yield code(f"{before}{name}"), type_words(field.annotation), _default(field), _says(field)


def _says(field: FieldInfo) -> str:
    return (field.description or "").strip()


def _table_in(annotation: Any) -> type[Config] | None:
    """The model of a field that is a table, or an array of tables."""
    if _is_model(annotation):
        found: type[Config] = annotation
        return found
    if get_origin(annotation) in (tuple, list, Annotated, Union, UnionType):
        return next((inner for part in get_args(annotation) if (inner := _table_in(part))), None)
    return None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Config)


def type_words(annotation: Any) -> str:
    """A type as a person says it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    if annotation is JsonValue:
        return "any value"
    if origin is Annotated:
        return type_words(arguments[0])
    if origin is Literal:
        return ", ".join(code(json.dumps(one)) for one in arguments)
    if origin in (Union, UnionType):
        return " or ".join(type_words(one) for one in arguments if one is not type(None))
    if origin in (list, tuple):
        return f"array of {type_words(arguments[0])}"
    if origin is dict:
        return f"table of {type_words(arguments[1])}"
    if _is_model(annotation):
        return "table"
    raise TypeError(f"no words for the type {annotation}")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*must be there*"
    value = field.default
    if value in (None, "", [], {}, ()) or value is PydanticUndefined:
        return ""
    if isinstance(value, timedelta):
        return code(json.dumps(shown_length(value)))
    return code(json.dumps(value, default=str))
