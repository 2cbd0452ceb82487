"""What a target cannot take of a single value, asked before anything is written: a letter, a mark, a length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.spread_names import misnamed
from datahub.formats.written import Wanted, wanted
from datahub.frames.frame import Rows
from datahub.frames.unfit import FindUnfit, Unfit
from datahub.functions.columns import text_bytes, text_offsets
from datahub.functions.segments import owners, unpacked
from datahub.semantic.column_patterns import by_number_and_name, is_pattern
from datahub.semantic.ir import Marks, TargetShape
from datahub.types import model as t
from datahub.types.model import Type

Found: TypeAlias = "tuple[Rows, pa.Array]"
"""Rows with something that cannot be written, and what is said of it; a row may come twice."""
Cell: TypeAlias = "tuple[pa.Array, Type, Rows]"
"""Values that are cells of a column, their type, and the row of each."""


def told(field: str, found: Iterable[Found]) -> Iterator[Unfit]:
    """What was found in a field, once a row."""
    parts = [part for part in found if len(part[0])]
    if parts:
        rows, first = np.unique(np.concatenate([rows for rows, _ in parts]), return_index=True)
        yield Unfit(field, rows, pa.concat_arrays([texts for _, texts in parts]).take(pa.array(first)))


def cells_of(one: Wanted, values: pa.Array) -> Iterator[Cell]:
    """The cells that a column is written as: one a row, or those over which a map, list or struct is spread."""
    every = np.arange(len(values), dtype=np.int64)
    if not is_pattern(one.name):
        yield values, one.type, every
        return
    base = t.base_of(one.type)
    match base:
        case t.MapOf(value=value):
            entries, offsets = unpacked(values)
            yield pc.struct_field(entries, "value"), value, owners(offsets)
        case t.Struct(fields=fields):
            yield from ((pc.struct_field(values, name), kind, every) for name, kind in fields)
        case t.ListOf(item=item):
            items, offsets = unpacked(values)
            inner, rows = t.base_of(item), owners(offsets)
            if isinstance(inner, t.Struct) and by_number_and_name(one.name, inner):
                yield from ((pc.struct_field(items, name), kind, rows) for name, kind in inner.fields)
            else:
                yield items, item, rows
        case _:
            yield values, one.type, every


def astray(one: Wanted, columns: Sequence[Wanted], rows: pa.Table) -> Iterator[Found]:
    """The rows of which something would not be read where it was written: parts of a text, and names that patterns give."""
    yield from one.inseparable(rows)
    if is_pattern(one.name):
        yield from misnamed(one, columns, one.values(rows, asked=True))


def parts_unfit(shape: TargetShape, declared: Sequence[tuple[str, Type]]) -> FindUnfit | None:
    """What a target of a format that takes every single value cannot take."""
    columns = wanted(shape, declared)
    if all(one.marks == Marks() and not is_pattern(one.name) for one in columns):
        return None

    def find(rows: pa.Table) -> Iterator[Unfit]:
        for one in columns:
            yield from told(one.field, astray(one, columns, rows))

    return find


def leaves(values: pa.Array, kind: Type) -> Iterator[Found]:
    """All texts inside of values, keys of maps too, each with its row."""
    base = t.base_of(kind)
    match base:
        case t.Text() | t.Enum() | t.Json() | t.Pattern():
            yield np.arange(len(values), dtype=np.int64), values
        case t.ListOf(item=item):
            items, offsets = unpacked(values)
            yield from _inside(items, item, owners(offsets))
        case t.MapOf(value=value):
            entries, offsets = unpacked(values)
            yield owners(offsets), pc.struct_field(entries, "key")
            yield from _inside(pc.struct_field(entries, "value"), value, owners(offsets))
        case t.Struct(fields=fields):
            for name, inner in fields:
                yield from leaves(pc.struct_field(values, name), inner)
        case _:
            pass


def _inside(items: pa.Array, kind: Type, rows: Rows) -> Iterator[Found]:
    yield from ((rows[at], texts) for at, texts in leaves(items, kind))


class Letters:
    """The letters that an encoding lacks, found in texts."""

    def __init__(self, encoding: str, target: str) -> None:
        self._encoding, self._target = encoding, target
        self._known: dict[str, bool] = {}

    def lacking(self, values: pa.Array, kind: Type) -> Iterator[Found]:
        """The rows that hold a letter which cannot be written, and which one it is."""
        for rows, texts in leaves(values, kind):
            bad = self._bad(texts)
            if bad:
                pattern = f"[{re.escape(''.join(sorted(bad)))}]"
                yield matching(rows, texts, pattern, self._said)

    def _bad(self, texts: pa.Array) -> set[str]:
        if pa.types.is_null(texts.type) or not len(texts) or text_bytes(texts).max(initial=0) < 128:
            return set()
        # Only texts that hold more than ASCII; their letters are few.
        letters = set("".join(texts.filter(pc.match_substring_regex(texts, r"[^\x00-\x7f]")).drop_null().to_pylist()))
        for letter in letters - self._known.keys():
            self._known[letter] = _can_be(letter, self._encoding)
        return {letter for letter in letters if not self._known[letter]}

    def _said(self, letter: str) -> str:
        return f"`{letter}` (U+{ord(letter):04X}) is not in {self._encoding}, in which `{self._target}` is written"


def _can_be(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def matching(rows: Rows, texts: pa.Array, pattern: str, said: Callable[[str], str]) -> Found:
    """The rows whose texts hold something of a class of letters, and what is `said` of the first that does."""
    mask = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    coded = pc.struct_field(pc.extract_regex(texts.filter(mask), f"(?P<letter>{pattern})"), "letter").dictionary_encode()
    # The distinct letters: a handful.
    messages = pa.array([said(letter) for letter in coded.dictionary.to_pylist()], pa.string())
    return rows[mask.to_numpy(zero_copy_only=False)], messages.take(coded.indices)


def may_hold_controls(texts: pa.Array) -> bool:
    """Whether texts may hold a control character, or one of the two last ones of the basic plane; judged by their bytes."""
    if pa.types.is_null(texts.type) or not len(texts):
        return False
    held = text_bytes(texts)
    return bool(((held < 32) | (held == 0xEF)).any())


def nuls(values: pa.Array, kind: Type) -> Iterator[Found]:
    """The rows that hold the character U+0000, which ends a text for whoever reads it with C."""
    for rows, held in leaves(values, kind):
        if pa.types.is_null(held.type) or not len(held):
            continue
        offsets = text_offsets(held)
        if not text_bytes(held)[offsets[0] : offsets[-1]].all():
            yield matching(rows, held, "\\x00", lambda _: "U+0000 cannot be written here, and would not be read again")
