"""Columns as JSON: texts built column by column and joined once, so that no row is looked at alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.texts import texts
from datahub.functions.columns import Bytes, text_bytes, text_offsets
from datahub.functions.segments import listed, unpacked
from datahub.records import record
from datahub.semantic.column_patterns import by_number_and_name, filled, is_pattern
from datahub.types import model as t
from datahub.types.model import Type

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_NEEDS_ESCAPE = r'["\\\x00-\x1f]'

Piece: TypeAlias = "str | pa.Array"
"""Part of a text: the same for all rows, or one of each; pieces are joined once, at the end."""


@record(frozen=True, slots=True)
class Indent:
    """How deep a value stands, for people; a `width` of 0 writes all in one line."""

    width: int = 0
    depth: int = 0

    @property
    def line(self) -> str:
        return "\n" + " " * (self.width * self.depth) if self.width else ""

    @property
    def colon(self) -> str:
        return ": " if self.width else ":"

    def inside(self) -> Indent:
        return replace(self, depth=self.depth + 1)


FLAT = Indent()


def objects(columns: Sequence[tuple[str, pa.Array, Type]], indent: Indent = FLAT) -> list[Piece]:
    """The pieces of one object a row, a member a column."""
    if not columns:
        return ["{}"]
    found: list[Piece] = ["{"]
    inner = indent.inside()
    for number, (name, values, kind) in enumerate(columns):
        found += [f"{',' if number else ''}{inner.line}{quoted_name(name)}{indent.colon}", *_pieces(values, kind, inner)]
    return [*found, indent.line + "}"]


def patches(
    columns: Sequence[tuple[str, pa.Array, Type]], omitted: Mapping[str, pa.Array], length: int, indent: Indent = FLAT
) -> list[Piece]:
    """The pieces of one object a row: without the members that the row leaves out, with as many as a map that is spread has entries."""
    if not omitted and not any(is_pattern(name) for name, _, _ in columns):
        return objects(columns, indent)
    inner = indent.inside()
    members: list[Piece] = []
    for name, values, kind in columns:
        if is_pattern(name):
            member: list[Piece] = [_spread(name, values, kind, inner)]
        else:
            member = [f",{inner.line}{quoted_name(name)}{indent.colon}", *_pieces(values, kind, inner)]
        members += [pc.if_else(omitted[name], "", joined(member, length))] if name in omitted else member
    # The first member that is there has a comma before it, as all have.
    return ["{", pc.utf8_slice_codeunits(joined(members, length), 1), indent.line + "}"]


def _spread(pattern: str, values: pa.Array, kind: Type, indent: Indent) -> pa.Array:
    """The entries of a map, the values of a list or the members of a struct as members of the object around, each after a comma."""
    base = t.base_of(kind)
    match base:
        case t.Struct(fields=fields):
            return joined(
                [piece for name, inner in fields for piece in _member(filled(pattern, name), pc.struct_field(values, name), inner, indent)],
                len(values),
            )
        case t.MapOf(value=value):
            entries, offsets = unpacked(values)
            names: list[Piece] = _around(pattern, escaped(pc.struct_field(entries, "key")))
            members = [*names, indent.colon, *_pieces(pc.struct_field(entries, "value"), value, indent)]
        case t.ListOf(item=item):
            entries, offsets = unpacked(values)
            places = np.arange(len(entries)) - np.repeat(offsets[:-1], np.diff(offsets)) + 1
            members = _numbered(pattern, pa.array(places).cast(pa.string()), entries, item, indent)
        case _:
            return joined(_member(pattern, values, kind, indent), len(values))
    return pc.binary_join(listed(joined([f",{indent.line}", *members], len(entries)), offsets), "")


def _member(name: str, values: pa.Array, kind: Type, indent: Indent) -> list[Piece]:
    return [f",{indent.line}{quoted_name(name)}{indent.colon}", *_pieces(values, kind, indent)]


def _around(pattern: str, keys: pa.Array) -> list[Piece]:
    """The names that a pattern gives to keys, in quotes."""
    before, _, after = filled(pattern, "\0").partition("\0")
    return [quoted_name(before)[:-1], keys, quoted_name(after)[1:]]


def _numbered(pattern: str, numbers: pa.Array, items: pa.Array, item: Type, indent: Indent) -> list[Piece]:
    base = t.base_of(item)
    if not isinstance(base, t.Struct) or not by_number_and_name(pattern, base):
        return [*_around(pattern, numbers), indent.colon, *_pieces(items, item, indent)]
    found: list[Piece] = []
    for name, inner in base.fields:
        before, _, after = filled(pattern, "\0", name).partition("\0")
        named: list[Piece] = [quoted_name(before)[:-1], numbers, quoted_name(after)[1:] + indent.colon]
        found += [*([f",{indent.line}"] if found else []), *named, *_pieces(pc.struct_field(items, name), inner, indent)]
    return found


def json_texts(values: pa.Array, kind: Type, indent: Indent = FLAT) -> pa.Array:
    """Each value as JSON; null is `null`."""
    return joined(_pieces(values, kind, indent), len(values))


def joined(pieces: Sequence[Piece], length: int) -> pa.Array:
    """The texts that `pieces` make, one a row."""
    merged: list[pa.Array | str] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    if len(merged) == 1:
        return pa.repeat(pa.scalar(merged[0]), length) if isinstance(merged[0], str) else merged[0]
    if all(isinstance(piece, str) for piece in merged):
        return pa.repeat(pa.scalar("".join(map(str, merged))), length)
    return pc.binary_join_element_wise(*merged, "")


def _content(values: pa.Array) -> Bytes:
    offsets = text_offsets(values)
    return text_bytes(values)[offsets[0] : offsets[-1]]


def quoted_name(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _pieces(values: pa.Array, kind: Type, indent: Indent) -> list[Piece]:
    base = t.base_of(kind)
    match base:
        case t.Text() | t.Enum() | t.Pattern():
            return _or_null(values, ['"', escaped(values), '"'])
        case t.Date() | t.Time() | t.DateTime() | t.LocalDateTime() | t.Duration():
            return _or_null(values, ['"', texts(values, base), '"'])
        case t.Json():
            # A line end outside of texts would end the record; inside of texts JSON has none.
            return _or_null(values, [pc.replace_substring_regex(values, r"[\r\n]+", " ")])
        case t.ListOf(item=item):
            return _or_null(values, _list(values, item, indent))
        case t.Struct(fields=fields):
            parts = [(name, pc.struct_field(values, name), inner) for name, inner in fields]
            return _or_null(values, objects(parts, indent))
        case t.MapOf(value=value):
            return _or_null(values, _map(values, value, indent))
        case t.Nothing() | t.Unknown():
            return ["null"]
        case _:
            return _or_null(values, [texts(values, base)])


def _or_null(values: pa.Array, pieces: list[Piece]) -> list[Piece]:
    if not values.null_count:
        return pieces
    if len(pieces) == 1 and not isinstance(pieces[0], str) and pieces[0].null_count == values.null_count:
        return [pc.fill_null(pieces[0], "null")]
    filled = [piece if isinstance(piece, str) else pc.fill_null(piece, "") for piece in pieces]
    return [pc.if_else(pc.is_valid(values), joined(filled, len(values)), "null")]


def _list(values: pa.Array, item: Type, indent: Indent) -> list[Piece]:
    items, offsets = unpacked(values)
    return _row_of(json_texts(items, item, indent.inside()), offsets, "[", "]", indent)


def _map(values: pa.Array, value: Type, indent: Indent) -> list[Piece]:
    entries, offsets = unpacked(values)
    keys, items = pc.struct_field(entries, "key"), pc.struct_field(entries, "value")
    members = joined(['"', escaped(keys), f'"{indent.colon}', *_pieces(items, value, indent.inside())], len(entries))
    return _row_of(members, offsets, "{", "}", indent)


def _row_of(parts: pa.Array, offsets: np.ndarray[tuple[int], np.dtype[np.int64]], before: str, after: str, indent: Indent) -> list[Piece]:
    """`parts` with commas between them, those of each row in brackets."""
    inner = indent.inside()
    whole = pc.binary_join(listed(parts, offsets), f",{inner.line}")
    if not indent.width:
        return [before, whole, after]
    empty = pa.array(np.diff(offsets) == 0)
    spread = pc.binary_join_element_wise(before + inner.line, whole, indent.line + after, "")
    return [pc.if_else(empty, before + after, spread)]


def escaped(values: pa.Array) -> pa.Array:
    """Texts as they stand between the quotes of JSON."""
    content = _content(values)
    if not ((content < 32) | (content == 34) | (content == 92)).any():
        return values
    some = pc.fill_null(pc.match_substring_regex(values, _NEEDS_ESCAPE), False)
    found = values.filter(some)
    seen = _content(found)
    for letter, written in _ESCAPES.items():
        if (seen == ord(letter)).any():
            found = pc.replace_substring(found, letter, written)
    for code in np.unique(seen[seen < 32]):
        if chr(code) not in _ESCAPES:
            found = pc.replace_substring(found, chr(code), f"\\u{code:04x}")
    return found if len(found) == len(values) else pc.replace_with_mask(values, some, found)
