"""Members of JSON objects that a pattern gathers into one column, as headers of a sheet are: a map, a struct, a list, numbered structs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from datahub.records import record
from datahub.semantic.column_patterns import key_of
from datahub.semantic.ir import SourceColumn
from datahub.types import model as t

Member = tuple[str, str, str]
"""The column that takes a member, the key it has there, and the part of a struct that it is."""


@record(frozen=True, slots=True)
class Gathering:
    """Which members of a record belong to which column; the same key means the same in every record."""

    columns: Mapping[str, SourceColumn]
    declared: frozenset[str]
    known: dict[str, Member | None]

    @classmethod
    def of(cls, columns: Sequence[SourceColumn]) -> Gathering | None:
        """What the patterns of a source gather; None where it has none. A column that is named takes its member first."""
        patterned = {column.name: column for column in columns if column.pattern}
        named = frozenset(name for column in columns if not column.pattern for name in column.names or (column.name,))
        return cls(patterned, named, {}) if patterned else None

    def takes(self, key: str, column: str = "", at: str = "") -> bool:
        """Whether a member is gathered by some column, or by the one that is named, or there as the one that is named."""
        member = self._member(key)
        return member is not None and (not column or member[0] == column) and (not at or member[1] == at)

    def gathered(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """One record with its gathered columns; null is no member, but where values may be null."""
        made: dict[str, dict[str, Any]] = {name: {} for name in self.columns}
        for key, value in values.items():
            member = self._member(key)
            if member is None or (value is None and (member[2] or not self._tells_null(member[0]))):
                continue
            column, at, part = member
            if part:
                made[column].setdefault(at, {})[part] = value
            else:
                made[column][at] = value
        return {**values, **{name: _shaped(found, self.columns[name]) for name, found in made.items()}}

    def _tells_null(self, column: str) -> bool:
        base = t.base_of(self.columns[column].type)
        return isinstance(base, t.ListOf | t.MapOf) and t.inside(base)[""].nullable

    def _member(self, key: str) -> Member | None:
        if key not in self.known:
            self.known[key] = self._found(key)
        return self.known[key]

    def _found(self, key: str) -> Member | None:
        if key in self.declared:
            return None
        for column in self.columns.values():
            found = re.search(column.pattern, key)
            if found is not None and (member := _member_of(column, found)) is not None:
                return member
        return None


def _member_of(column: SourceColumn, found: re.Match[str]) -> Member | None:
    base = t.base_of(column.type)
    item = t.base_of(base.item) if isinstance(base, t.ListOf) else None
    spelled = {part.name: part.names or (part.name,) for part in column.parts}
    if not isinstance(item, t.Struct):
        key = key_of(found)
        return column.name, next((part for part, names in spelled.items() if key in names), key), ""
    suffix = str(found.group(found.re.groups)).strip()
    part = next((name for name, _ in item.fields if suffix in spelled.get(name, (name,))), None)
    return None if part is None else (column.name, str(found.group(1)), part)


def _shaped(found: dict[str, Any], column: SourceColumn) -> Any:
    """What was found under its keys: a list has it in the order of its numbers."""
    if not isinstance(t.base_of(column.type), t.ListOf):
        return found
    return [found[key] for key in sorted(found, key=lambda key: (int(key), "") if key.isdecimal() and len(key) < 19 else (2**62, key))]
