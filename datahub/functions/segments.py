"""Stretches of a column that belong together: what aggregates and functions over lists share, so that one kernel serves both."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Ints, as_mask, broadcast, decimals_as_ints, from_ints, ints, valid, validity
from datahub.functions.declare import REGISTRY, Datum, Example, Kernel, Mask, Offsets, TypeRule, function, parse_signature
from datahub.functions.precision import common_decimal, decimal_of
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from datahub.types.shapes import Bound, Exact, built, matches, shape

if TYPE_CHECKING:
    import numpy.typing as npt

_VALUE = re.compile(r"value: (\w+\?)")


def aggregate(
    *signatures: str,
    examples: Sequence[Example] = (),
    rejects: Sequence[str] = (),
    rule: TypeRule | None = None,
    sql: str = "",
    excel: str = "",
    also: Sequence[str] = (),
) -> Callable[[Kernel], Kernel]:
    """Declare the decorated kernel over rows (`sum(value: int?)`), and over the items of a list (`sum(values: [int?])`)."""

    def declare(kernel: Kernel) -> Kernel:
        for signature in signatures:
            typed = _typed(kernel, signature)
            function(signature, examples=examples, rejects=rejects, rule=rule, sql=sql, excel=excel, also=also, kind="aggregate")(typed)
            function(_over_list(signature), rejects=rejects, rule=_of_items(signature, rule))(over_lists(typed))
            _show_as(signature)
        return kernel

    return declare


def _typed(kernel: Kernel, signature: str) -> Kernel:
    """The kernel, given nulls without type, such as the items of `[]`, in the type that the signature names."""
    wanted = shape(parse_signature(signature)[1][0].type)
    if not isinstance(wanted, Exact):
        return kernel
    kind = arrow_type(wanted.kind)

    @wraps(kernel)
    def typed(values: pa.Array, offsets: Offsets, *constants: Any) -> Any:
        return kernel(values.cast(kind) if pa.types.is_null(values.type) else values, offsets, *constants)

    return typed


def _over_list(signature: str) -> str:
    """The signature with its `value: X?` made `values: [T?]`: lists of every size of decimal or text are taken as they are."""
    return _VALUE.sub("values: [T?]", signature)


def _show_as(signature: str) -> None:
    """Let the overload that was just declared show which lists it takes."""
    name, declared = signature.partition("(")[0], _over_list(signature)
    known = REGISTRY.get(name)
    assert known is not None
    shown = (
        replace(one, signature=_VALUE.sub(r"values: [\1]", signature)) if one.signature == declared else one for one in known.overloads
    )
    REGISTRY[name] = replace(known, overloads=tuple(shown))


def _of_items(signature: str, rule: TypeRule | None) -> TypeRule:
    """The type of the result over a list whose items the signature takes; else None."""
    _, parameters, returns = parse_signature(signature)
    wanted = shape(parameters[0].type)

    def of_items(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
        base = t.base_of(kinds[0])
        bound: Bound = {}
        if not isinstance(base, t.ListOf) or not matches(wanted, base.item, bound, False):
            return None
        return rule((base.item, *kinds[1:]), constants) if rule else built(shape(returns), bound)

    return of_items


def over_lists(kernel: Kernel) -> Kernel:
    """The kernel of an aggregate, made to take a column of lists."""

    @wraps(kernel)
    def applied(lists: Datum, *constants: Any) -> Any:
        (column,) = broadcast(lists)
        items, offsets = unpacked(column)
        return kernel(items, offsets, *constants)

    return applied


def unpacked(lists: pa.Array) -> tuple[pa.Array, Offsets]:
    """The items of all lists (or the entries of all maps), and where each list begins among them; a null list has none."""
    if pa.types.is_null(lists.type):
        return pa.nulls(0), np.zeros(len(lists) + 1, np.int64)
    if pa.types.is_map(lists.type):
        lists = lists.cast(pa.list_(pa.struct([pa.field("key", lists.type.key_type), pa.field("value", lists.type.item_type)])))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return pc.list_flatten(lists), beginnings(lengths)


def part_at(cells: pa.Array, at: int) -> pa.Array:
    """The part number `at` of each list, null where there are fewer."""
    items, offsets = unpacked(cells)
    there = np.diff(offsets) > at
    return items.take(pa.array(np.where(there, offsets[:-1] + at, 0), mask=~there))


def beginnings(lengths: npt.NDArray[Any]) -> Offsets:
    """Where segments of these lengths begin when they follow each other."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def lengths_of(offsets: Offsets) -> Ints:
    """How many values each segment has."""
    return np.diff(offsets)


def owners(offsets: Offsets) -> Ints:
    """For each value the segment that it is in."""
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))


def places(offsets: Offsets) -> Ints:
    """For each value where it stands in its segment, from 0."""
    return np.arange(offsets[0], offsets[-1], dtype=np.int64) - np.repeat(offsets[:-1], np.diff(offsets))


def present(values: pa.Array, offsets: Offsets) -> tuple[pa.Array, Offsets]:
    """The values without nulls, and where the segments begin then."""
    if not values.null_count:
        return values, offsets
    return kept(values, offsets, valid(values))


def kept(values: pa.Array, offsets: Offsets, keep: Mask) -> tuple[pa.Array, Offsets]:
    """The values for which `keep` is true, and where the segments begin then."""
    return values.filter(pa.array(keep)), beginnings(keep)[offsets]


def counted(mask: Mask, offsets: Offsets) -> Ints:
    """How often `mask` is true in each segment."""
    return np.diff(beginnings(mask)[offsets])


def reduced(operation: np.ufunc, numbers: npt.NDArray[Any], offsets: Offsets, empty: Any) -> npt.NDArray[Any]:
    """`operation` over each segment; `empty` for segments without values."""
    lengths = np.diff(offsets)
    result = np.full(len(lengths), empty, numbers.dtype)
    filled = lengths > 0
    if filled.any():
        # `reduceat` would give an empty segment the value after it: only the others are told to it.
        result[filled] = operation.reduceat(numbers[: offsets[-1]], offsets[:-1][filled])
    return result


def picked(values: pa.Array, positions: Ints, there: Mask) -> pa.Array:
    """The values at `positions`, null where `there` is false."""
    return values.take(from_ints(np.where(there, positions, 0), there))


def ranks(values: pa.Array) -> Ints:
    """Numbers from 0 that are ordered as the values are, equal for equal values; the highest for null."""
    coded = sortable(values).dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary).to_numpy()
    place = np.empty(len(order) + 1, np.int64)
    place[order] = np.arange(len(order))
    place[-1] = len(order)
    return place[np.where(valid(coded.indices), ints(coded.indices), -1)]


def sortable(values: pa.Array) -> pa.Array:
    """The values in a type that Arrow sorts, and sorts fast."""
    kind = values.type
    if pa.types.is_duration(kind) or pa.types.is_time(kind):
        return values.view(pa.int64())
    if pa.types.is_decimal(kind):
        numbers = decimals_as_ints(values)
        return values if numbers is None else from_ints(numbers, valid(values))
    return pa.nulls(len(values), pa.int64()) if pa.types.is_null(kind) else values


def sorted_rows(values: pa.Array, offsets: Offsets, descending: bool = False) -> Ints:
    """The rows in order of their values within their segments; nulls come last, equal values keep their order."""
    numbers = from_ints(ranks(values), valid(values)) if pa.types.is_string(values.type) else sortable(values)
    order: Ints = pc.array_sort_indices(numbers, "descending" if descending else "ascending").to_numpy().astype(np.int64)
    return order if len(offsets) == 2 else grouped(order, offsets)


def grouped(rows: Ints, offsets: Offsets) -> Ints:
    """The rows segment by segment, in each in the order in which they were."""
    return rows[np.argsort(owners(offsets)[rows], kind="stable")]


def woven(parts: Sequence[tuple[pa.Array, Offsets]]) -> tuple[pa.Array, Offsets]:
    """Segment by segment, the values of all parts one after another."""
    spans = np.stack([np.diff(offsets) for _, offsets in parts])
    offsets = beginnings(spans.sum(axis=0))
    gathered = np.empty(offsets[-1], np.int64)
    before, base = offsets[:-1].copy(), 0
    for (values, own), lengths in zip(parts, spans, strict=True):
        gathered[np.repeat(before, lengths) + places(own)] = base + np.arange(len(values))
        before += lengths
        base += len(values)
    return pa.concat_arrays(alike([values for values, _ in parts])).take(pa.array(gathered)), offsets


def alike(arrays: Sequence[pa.Array]) -> list[pa.Array]:
    """The arrays in one type: that of the first that is not made of nulls alone, for numbers one that holds them all."""
    kinds = [one.type for one in arrays if not hollow(one.type)]
    if all(kind == kinds[0] for kind in kinds[1:]):
        kind = kinds[0] if kinds else arrays[0].type
    elif all(pa.types.is_decimal(kind) or pa.types.is_integer(kind) for kind in kinds):
        wide = [decimal_of(pa.nulls(0, kind)) for kind in kinds]
        kind = arrow_type(common_decimal(wide))
    else:
        kind = kinds[0]
    return [one if one.type == kind else _cast(one, kind) for one in arrays]


def _cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind) and pa.types.is_integer(values.type):
        # Arrow wants room for all 19 digits of an int64 before it looks at any value.
        values = values.cast(pa.decimal256(19 + kind.scale, kind.scale))
    return values.cast(kind)


def hollow(kind: pa.DataType) -> bool:
    """Whether a type is that of nothing but nulls, such as that of the items of `[]`."""
    return pa.types.is_null(kind) or (pa.types.is_list(kind) and hollow(kind.value_type))


def listed(items: pa.Array, offsets: Offsets, keep: Mask | None = None) -> pa.Array:
    """A column of lists, null where `keep` is false."""
    kind = pa.list_(pa.field("item", items.type))
    buffers = [validity(keep), pa.py_buffer(offsets.astype(np.int32))]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers, children=[items])


def mapped(keys: pa.Array, items: pa.Array, offsets: Offsets, keep: Mask | None = None) -> pa.Array:
    """A column of maps, null where `keep` is false."""
    kind = pa.map_(keys.type, items.type)
    entries = pa.StructArray.from_arrays([keys, items], fields=[kind.key_field, kind.item_field])
    buffers = [validity(keep), pa.py_buffer(offsets.astype(np.int32))]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers, children=[entries])


def remade(values: pa.Array, part: Callable[[str, pa.Array], pa.Array], called: Callable[[str], str] = str) -> pa.Array:
    """Lists, maps or structs with what is in them as `part` makes it: of each field by its name, of all items or values under no name.

    `called` gives the fields of structs their names.
    """
    if pa.types.is_map(values.type):
        entries, offsets = unpacked(values)
        return mapped(pc.struct_field(entries, "key"), part("", pc.struct_field(entries, "value")), offsets, valid(values))
    if pa.types.is_list(values.type):
        items, offsets = unpacked(values)
        return listed(part("", items), offsets, valid(values))
    if pa.types.is_struct(values.type):
        names = [field.name for field in values.type]
        parts = [part(name, pc.struct_field(values, name)) for name in names]
        return pa.StructArray.from_arrays(parts, names=[called(name) for name in names], mask=pc.is_null(values))
    return values


def true_in(values: pa.Array, offsets: Offsets) -> Ints:
    """How many truth values of each segment are true."""
    return counted(as_mask(values), offsets)
