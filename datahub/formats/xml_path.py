"""Paths to elements of XML: those that are rows, and in each of them what a column holds.

They are tuples, so that they can go to the process that reads documents, which has no time to load what makes records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from datahub.formats.bad_input import BadInput

_NAME = re.compile(r"[^\W\d][\w.\-]*")
ANY = "*"
_QUOTED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
Scope: TypeAlias = tuple[tuple[str, str], ...]
"""The namespaces that hold around a row, by prefix."""


class Step(NamedTuple):
    """The name of an element or attribute; `namespace` is None where it may be any, and `local` is `*` where every name will do."""

    local: str
    namespace: str | None = None

    def fits(self, local: str, namespace: str) -> bool:
        return self.local in (local, ANY) and self.namespace in (None, namespace)


class RowsPath(NamedTuple):
    """Which elements are rows: those that `steps` lead to from the root, or (`anywhere`) those with the one step's name."""

    steps: tuple[Step, ...]
    anywhere: bool
    text: str


class ValuePath(NamedTuple):
    """What a column holds: the elements that `steps` lead to from the row, or their `attribute`."""

    steps: tuple[Step, ...]
    attribute: Step | None = None


def namespaces_of(written: Sequence[str], source: str) -> dict[str, str]:
    """The namespaces by their prefixes: `["g=http://…"]`."""
    found = {}
    for one in written:
        prefix, mark, namespace = one.partition("=")
        if not mark or not namespace or not _NAME.fullmatch(prefix):
            message = f"`{one}` is no namespace of `{source}`"
            raise BadInput("R006", message, 'write it as `namespaces ["g=http://base.google.com/ns/1.0"]`')
        found[prefix] = namespace
    return found


def rows_path(written: str, namespaces: Mapping[str, str], source: str) -> RowsPath:
    """The path of the option `rows`; the children of the root where it is not written."""
    if not written:
        return RowsPath((Step(ANY), Step(ANY)), anywhere=False, text="/*/*")
    anywhere = written.startswith("//")
    body = written[2:] if anywhere else written.removeprefix("/")
    steps = tuple(_step(part, written, namespaces, source) for part in body.split("/"))
    if anywhere and len(steps) > 1:
        raise BadInput("R006", f"`{written}` does not lead to rows of `{source}`", "behind `//` stands one name: `//order`")
    return RowsPath(steps, anywhere, written)


def value_path(written: str, namespaces: Mapping[str, str], source: str) -> ValuePath:
    """The path of a column, from the element that is the row: `Lines/Line`, `Price/@currency`, `@id`, or `.` for the row itself."""
    parts = [part for part in written.split("/") if part != "."]
    attribute = None
    if parts and parts[-1].startswith("@"):
        attribute = _step(parts.pop()[1:], written, namespaces, source)
    if parts and parts[-1] == "text()":
        parts.pop()
    return ValuePath(tuple(_step(part, written, namespaces, source) for part in parts), attribute)


def _step(part: str, written: str, namespaces: Mapping[str, str], source: str) -> Step:
    prefix, mark, local = part.rpartition(":")
    if local != ANY and not _NAME.fullmatch(local):
        message = f"`{written}` of `{source}` is no path: `{part}` is no name of an element"
        raise BadInput("R006", message, "write names with `/` between them, such as `Lines/Line`, and attributes as `@id`")
    if mark and prefix not in namespaces:
        message = f"`{written}` of `{source}` has the prefix `{prefix}`, which is not declared"
        raise BadInput("R006", message, f'add the option `namespaces ["{prefix}=…"]` with its namespace')
    return Step(local, namespaces[prefix] if mark else None)


def declarations(scope: Scope) -> str:
    """The attributes that declare the namespaces of `scope`."""
    return "".join(f' xmlns{":" + prefix if prefix else ""}="{namespace.translate(_QUOTED)}"' for prefix, namespace in scope)
