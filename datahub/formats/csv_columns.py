"""Which columns of a header are the declared ones, and how the cells of several become one nested value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.suggest import listed, nearest
from datahub.formats.declare import BadInput
from datahub.formats.options import option
from datahub.functions.white_space import trimmed
from datahub.records import record
from datahub.semantic.column_patterns import key_of
from datahub.semantic.ir import SourceColumn, SourceShape
from datahub.semantic.kinds import alike
from datahub.types import model as t
from datahub.types.model import Type

if TYPE_CHECKING:
    import numpy.typing as npt


@record(frozen=True, slots=True)
class One:
    """A declared column that is column `index` of the file; None where the file lacks it."""

    name: str
    index: int | None


@record(frozen=True, slots=True)
class Spread:
    """A declared column gathered from several of the file, each under a key: a map, a struct, or (`ordered`) a list."""

    name: str
    keys: tuple[str, ...]
    indices: tuple[int | None, ...]
    kind: str
    keep_blank: bool
    nulls: tuple[str, ...]


@record(frozen=True, slots=True)
class Groups:
    """A list of structs gathered from numbered groups of columns: for each number, the index of each part or None."""

    name: str
    parts: tuple[str, ...]
    rows: tuple[tuple[int | None, ...], ...]
    nulls: tuple[str, ...]


MOST_COLUMNS = 100_000

Place: TypeAlias = One | Spread | Groups


@record(frozen=True, slots=True)
class Layout:
    """How the records of one file are laid out: how many values, their header, and where the declared columns are."""

    header: tuple[str, ...]
    places: tuple[Place, ...]
    width: int
    surplus: tuple[str, ...] = ()

    def absent(self) -> tuple[str, ...]:
        """The declared columns that this file lacks."""
        return tuple(place.name for place in self.places if isinstance(place, One) and place.index is None)


def columns_of(layout: Layout) -> list[tuple[str, str]]:
    """What each column of a file is, by which those of files with other headers are found: a declared one, a key of it, or its name."""
    known: Counter[str] = Counter()
    found = []
    for name in layout.header:
        found.append(("", f"{name}\0{known[name]}"))
        known[name] += 1
    for place in layout.places:
        match place:
            case One(name=name, index=index):
                if index is not None:
                    found[index] = (name, "")
            case Spread(name=name, keys=keys, indices=indices) if place.kind != "list":
                for key, index in zip(keys, indices, strict=True):
                    if index is not None:
                        found[index] = (name, key)
            case Spread() | Groups():
                pass  # what is gathered by number is known by its name alone
    return found


def by_order(shape: SourceShape, width: int) -> Layout:
    """The layout of a file without a header: declared columns in their order, what follows them is surplus."""
    count = len(shape.columns)
    places = tuple(One(column.name, index) for index, column in enumerate(shape.columns))
    surplus = tuple(f"column {index + 1}" for index in range(count, width))
    return Layout(tuple(column.name for column in shape.columns) + surplus, places, max(count, width), surplus)


def by_header(shape: SourceShape, cells: Sequence[str], path: str, line: int) -> Layout:
    """The layout that a header gives; `BadInput` where declared columns are missing or stand twice."""
    header = tuple(cell.strip().lstrip("\ufeff").strip() for cell in cells)
    if len(header) > MOST_COLUMNS:
        raise BadInput("R003", f"`{path}` has {len(header)} columns; at most {MOST_COLUMNS} are read", path=path, line=line)
    names = Names(header, path, line, loose=option(shape, "names") == "loose")
    places = _places(shape.columns, names)
    used = {index for place in places for index in indices_of(place)}
    layout = Layout(header, places, len(header), tuple(name for index, name in enumerate(header) if index not in used))
    _require(shape, layout, path, line)
    return layout


def indices_of(place: Place, path: tuple[str, ...] = ()) -> tuple[int, ...]:
    """Which columns of the file `place` takes, or the part of it that `path` leads to."""
    match place:
        case Spread(kind="struct", keys=keys, indices=indices) if path:
            return tuple(index for key, index in zip(keys, indices, strict=True) if key == path[0] and index is not None)
        case One(index=index):
            return () if index is None else (index,)
        case Spread(indices=indices):
            return tuple(index for index in indices if index is not None)
        case Groups(rows=rows):
            return tuple(index for row in rows for index in row if index is not None)


@record(frozen=True, slots=True)
class Names:
    """The names of a header, and how those that are declared are found among them."""

    header: tuple[str, ...]
    path: str
    line: int
    loose: bool = False

    def index(self, wanted: Sequence[str]) -> int | None:
        """Where the first of `wanted` stands; standing there twice is refused. What is the same comes before what is alike."""
        for name in wanted:
            for spelled in (str.strip, alike) if self.loose else (str.strip,):
                found = [index for index, cell in enumerate(self.header) if spelled(cell) == spelled(name)]
                if len(found) > 1:
                    self.twice(name, found)
                if found:
                    return found[0]
        return None

    def matching(self, pattern: str, taken: Collection[int]) -> list[tuple[int, re.Match[str]]]:
        """The columns that `pattern` matches and that no other declared column has taken."""
        flags = re.ASCII | re.IGNORECASE if self.loose else re.ASCII
        free = ((index, name) for index, name in enumerate(self.header) if index not in taken)
        return [(index, found) for index, name in free if (found := re.search(pattern, name, flags))]

    def same(self, name: str, spellings: Sequence[str]) -> bool:
        spelled = alike if self.loose else str.strip
        return spelled(name) in {spelled(one) for one in spellings}

    def twice(self, name: str, found: Sequence[int]) -> None:
        places = " and ".join(str(index + 1) for index in found)
        message = f"column `{name}` stands {len(found)} times in the header of `{self.path}`, at {places}"
        raise BadInput("R003", message, "rename one of them, or leave one out of the file", path=self.path, line=self.line)


def _places(columns: Sequence[SourceColumn], names: Names) -> tuple[Place, ...]:
    """Where each column is: those that are named take theirs first, then the patterns in their order, so that one may take the rest."""
    found: dict[str, Place] = {
        column.name: One(column.name, names.index(column.names or (column.name,))) for column in columns if not column.pattern
    }
    taken = {index for place in found.values() for index in indices_of(place)}
    for column in columns:
        if column.pattern:
            found[column.name] = _by_pattern(column, names, taken)
            taken.update(indices_of(found[column.name]))
    return tuple(found[column.name] for column in columns)


def _by_pattern(column: SourceColumn, names: Names, taken: Collection[int]) -> Place:
    matches = names.matching(column.pattern, taken)
    base = t.base_of(column.type)
    if isinstance(base, t.ListOf) and isinstance(t.base_of(base.item), t.Struct):
        return _groups(column, base.item, matches, names)
    return _spread(column, base, matches, names)


def _spread(column: SourceColumn, base: Type, matches: list[tuple[int, re.Match[str]]], names: Names) -> Spread:
    keyed = [(key_of(found), index) for index, found in matches]
    for key, _ in keyed:
        same = [index for other, index in keyed if other == key]
        if len(same) > 1 and not isinstance(base, t.ListOf):
            names.twice(key, same)
    if isinstance(base, t.Struct):
        return _struct(column, base, dict(keyed), names)
    ordered = isinstance(base, t.ListOf)
    if ordered:
        keyed.sort(key=lambda pair: (_number(pair[0]), pair[1]))
    # What may be null may be told to be null: an empty cell is an entry then, and a column that is not there is none.
    keep = isinstance(base, t.ListOf | t.MapOf) and t.inside(base)[""].nullable
    keys, indices = tuple(key for key, _ in keyed), tuple(index for _, index in keyed)
    return Spread(column.name, keys, indices, "list" if ordered else "map", keep, column.reading.null_words)


def _struct(column: SourceColumn, base: t.Struct, found: dict[str, int], names: Names) -> Spread:
    spellings = {part.name: part.names or (part.name,) for part in column.parts}
    at = {name: _index_of(spellings.get(name, (name,)), found, names) for name, _ in base.fields}
    missing = [spellings.get(name, (name,))[0] for name, inner in base.fields if at[name] is None and not inner.nullable]
    if missing:
        message = (
            f"`{names.path}` has no column for {listed(missing)} of `{column.name}`, which gathers those that match `{column.pattern}`"
        )
        raise BadInput("R004", message, "a part that may be absent is declared with `?`", path=names.path, line=names.line)
    return Spread(column.name, tuple(at), tuple(at.values()), "struct", True, column.reading.null_words)


def _index_of(spellings: Sequence[str], found: Mapping[str, int], names: Names) -> int | None:
    """Where the part of a struct stands that has one of `spellings` as the key of its column."""
    return next((index for key, index in found.items() if names.same(key, spellings)), None)


def _number(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdecimal() and len(key) < 19 else (2**62, key)


def _groups(column: SourceColumn, item: Type, matches: list[tuple[int, re.Match[str]]], names: Names) -> Groups:
    struct = t.base_of(item)
    spellings = {part.name: part.names or (part.name,) for part in column.parts}
    parts = tuple(name for name, _ in struct.fields) if isinstance(struct, t.Struct) else ()
    numbered: dict[str, dict[str, int]] = {}
    for index, found in matches:
        number, suffix = str(found.group(1)), str(found.group(found.re.groups)).strip()
        part = next((name for name in parts if names.same(suffix, spellings.get(name, (name,)))), None)
        if part is None:
            continue
        if part in numbered.setdefault(number, {}):
            names.twice(found.string, [numbered[number][part], index])
        numbered[number][part] = index
    rows = tuple(tuple(numbered[number].get(part) for part in parts) for number in sorted(numbered, key=_number))
    return Groups(column.name, parts, rows, column.reading.null_words)


def _require(shape: SourceShape, layout: Layout, path: str, line: int) -> None:
    missing = [
        column
        for column, place in zip(shape.columns, layout.places, strict=True)
        if not indices_of(place) and column.required and (isinstance(place, One) or "required" in column.tags)
    ]
    if not missing:
        return
    names = [column.names[0] if column.names else column.name for column in missing]
    near = [(name, found) for name in names if (found := nearest(name, layout.surplus))]
    hints = [f"`{found}` is there; was it meant for `{name}`?" for name, found in near[:3]]
    help = " ".join(hints) or f"the header has {listed(layout.header, 12)}"
    count = "column" if len(names) == 1 else f"{len(names)} columns"
    message = f"`{path}` lacks the declared {count} {listed(names, 12)}"
    raise BadInput("R004", message, help + "; a column that may be absent is declared with `?`", path=path, line=line)


def found_any(shape: SourceShape, layout: Layout) -> bool:
    """Whether the header has at least one declared column."""
    return not shape.columns or any(indices_of(place) for place in layout.places)


# ---------------------------------------------------------------- cells to nested values


Kept: TypeAlias = "npt.NDArray[np.bool_]"
"""For each row (first axis) and column or group of columns (second axis) whether it is in the row's list."""

Cells: TypeAlias = Callable[[int | None], pa.Array]
"""The texts of a column of the file by its index; empty texts for None."""


Held: TypeAlias = Mapping[int, pa.Array]
"""Where null has a word: which cells have something in them, by the index of their column. Else nothing: an empty cell may be null."""


def nested(place: Spread | Groups, cell: Cells, length: int, held: Held) -> tuple[pa.Array, Kept | None]:
    """The value of `place` for every row, and of what becomes a list which columns each has kept."""
    match place:
        case Groups():
            return _group_lists(place, cell, length, held)
        case Spread(kind="struct"):
            arrays = [cell(index) for index in place.indices]
            return (pa.StructArray.from_arrays(arrays, list(place.keys)) if arrays else pa.array([{}] * length, pa.struct([]))), None
        case Spread(kind="list"):
            return _gathered(place, [cell(index) for index in place.indices], length, held)
        case _:
            return _maps(place, cell, length, held), None


def headers_of(place: Spread | Groups, header: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """For each element that a list may have the names of the columns that it comes from, part by part."""
    rows = place.rows if isinstance(place, Groups) else tuple((index,) for index in place.indices)
    return tuple(tuple("" if index is None else header[index] for index in row) for row in rows)


def _maps(place: Spread, cell: Cells, length: int, held: Held) -> pa.Array:
    if not place.indices:
        return pa.MapArray.from_arrays(pa.array(np.zeros(length + 1, np.int32)), pa.array([], pa.string()), pa.array([], pa.string()))
    columns = [cell(index) for index in place.indices]
    stacked, keep = _stacked(columns), _kept(place, columns, length, held)
    keys = pa.array(place.keys, pa.string()).take(pa.array(np.tile(np.arange(len(columns)), length)))
    mask = pa.array(keep.ravel())
    return pa.MapArray.from_arrays(pa.array(_offsets(keep)), keys.filter(mask), stacked.filter(mask))


def _gathered(place: Spread, columns: list[pa.Array], length: int, held: Held) -> tuple[pa.Array, Kept | None]:
    if not columns:
        return pa.ListArray.from_arrays(pa.array(np.zeros(length + 1, np.int32)), pa.array([], pa.string())), None
    keep = _kept(place, columns, length, held)
    return pa.ListArray.from_arrays(pa.array(_offsets(keep)), _stacked(columns).filter(pa.array(keep.ravel()))), keep


def _kept(place: Spread, columns: list[pa.Array], length: int, held: Held) -> Kept:
    if held:
        return np.stack([held[index].to_numpy(zero_copy_only=False) for index in place.indices if index is not None], axis=1)
    return np.ones((length, len(columns)), np.bool_) if place.keep_blank else _present(columns, place.nulls)


def _stacked(columns: list[pa.Array]) -> pa.Array:
    """The cells of several columns one behind the other, row by row."""
    count, length = len(columns), len(columns[0])
    order = (np.arange(length)[:, None] + np.arange(count)[None, :] * length).ravel()
    return pa.concat_arrays(columns).take(pa.array(order))


def _present(columns: list[pa.Array], nulls: tuple[str, ...]) -> Any:
    """Which cells hold something: neither empty nor spaces nor a word for null; one row a record."""
    return np.stack([_holds(column, nulls) for column in columns], axis=1)


def _holds(column: pa.Array, nulls: tuple[str, ...]) -> Any:
    texts = trimmed(column)
    blank = pc.equal(pc.binary_length(texts), 0)
    if nulls:
        blank = pc.or_(blank, pc.is_in(texts, value_set=pa.array(nulls, pa.string())))
    return pc.invert(blank).to_numpy(zero_copy_only=False)


def _offsets(keep: Any) -> Any:
    return np.concatenate(([0], np.cumsum(keep.sum(axis=1)))).astype(np.int32)


def _group_lists(place: Groups, cell: Cells, length: int, held: Held) -> tuple[pa.Array, Kept | None]:
    if not place.rows:
        empty = pa.StructArray.from_arrays([pa.array([], pa.string()) for _ in place.parts], list(place.parts))
        return pa.ListArray.from_arrays(pa.array(np.zeros(length + 1, np.int32)), empty), None
    grid = [[cell(index) for index in row] for row in place.rows]
    # A group counts where any of its parts holds something.
    counted = [[pc.fill_null(column, "") for column in row] if held else row for row in grid]
    keep = np.stack([np.any([_holds(column, place.nulls) for column in row], axis=0) for row in counted], axis=1)
    mask = pa.array(keep.ravel())
    parts = [_stacked([row[number] for row in grid]).filter(mask) for number in range(len(place.parts))]
    return pa.ListArray.from_arrays(pa.array(_offsets(keep)), pa.StructArray.from_arrays(parts, list(place.parts))), keep
