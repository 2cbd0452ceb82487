"""What is asked of a reader beside values: whether a record has a column at all, or a field inside of it, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.semantic.ir import SourceColumn

Asked = dict[str, tuple[SourceColumn, tuple[str, ...]]]
"""By the name of a mark (`!present.address/city`) the column that it is about, and the names of the fields that lead into it."""


def presence_asked(wanted: Iterable[str], columns: Iterable[SourceColumn]) -> Asked:
    """The marks among the `wanted` names of columns."""
    known = {column.name: column for column in columns}
    found: Asked = {}
    for mark in wanted:
        if mark.startswith(("!present.", "?")):
            name = mark.removeprefix("!present.").removeprefix("?")
            column, _, path = (name, "", "") if name in known else name.partition("/")
            if column in known:
                found[mark] = (known[column], tuple(path.split("/")) if path else ())
    return found
