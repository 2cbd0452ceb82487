"""The names that patterns give to keys and numbers, held to what a reader of the same columns would find under them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.formats.written import Wanted
from datahub.frames.frame import Rows
from datahub.functions.columns import as_mask
from datahub.functions.segments import owners, unpacked
from datahub.semantic.column_patterns import by_number_and_name, filled, is_pattern, key_of
from datahub.types import model as t


def misnamed(one: Wanted, columns: Sequence[Wanted], values: pa.Array) -> Iterator[tuple[Rows, pa.Array]]:
    """The rows of which something would stand under a name that is not read as it is written, and what is said of each."""
    if not is_pattern(one.name):
        return
    base = t.base_of(one.type)
    match base:
        case t.MapOf():
            entries, offsets = unpacked(values)
            keys = pc.struct_field(entries, "key")
            # The distinct keys become names: there are few.
            lost = {key: said for key in pc.unique(keys).to_pylist() if (said := lost_name(one, columns, key))}
            bad = np.flatnonzero(as_mask(pc.is_in(keys, value_set=pa.array(lost, pa.string()))))
            said = pc.index_in(keys.take(pa.array(bad)), value_set=pa.array(lost, pa.string()))
            yield owners(offsets)[bad], pa.array(lost.values(), pa.string()).take(said)
        case t.ListOf(item=item):
            _, offsets = unpacked(values)
            lengths = np.diff(offsets)
            names = tuple(t.inside(t.base_of(item))) if by_number_and_name(one.name, item) else ()
            for number in map(str, range(1, int(lengths.max(initial=0)) + 1)):
                parts: list[tuple[str, ...]] = [(number, name) for name in names] or [(number,)]
                if said := next(filter(None, (lost_name(one, columns, *each) for each in parts)), ""):
                    at = np.flatnonzero(lengths >= int(number))
                    yield at, pa.repeat(pa.scalar(said), len(at))
                    return
        case t.Struct(fields=fields):
            if said := next(filter(None, (lost_name(one, columns, name) for name, _ in fields)), ""):
                yield np.arange(len(values), dtype=np.int64), pa.repeat(pa.scalar(said), len(values))
        case _:
            pass


def refuse_misnamed(columns: Sequence[Wanted], rows: pa.Table) -> None:
    """End the writing at the first row that `misnamed` tells of."""
    for one in columns:
        if is_pattern(one.name):
            for at, said in misnamed(one, columns, one.values(rows)):
                if len(at):
                    raise lost(said[0].as_py())


def lost(said: str) -> BadOutput:
    """The refusal of a name that is not read as it is written."""
    return BadOutput(said, "change the key in the mapping, or the pattern in the target's `columns`")


def lost_name(one: Wanted, columns: Sequence[Wanted], *parts: str) -> str:
    """What is said where the name that the pattern of a column gives to `parts` would not be read as those; else nothing."""
    name = filled(one.name, *parts)
    shown = f"`{' '.join(parts)}` would stand under `{name}`, "
    if any(name.strip() == other.name for other in columns if not is_pattern(other.name)):
        return shown + "where another column stands"
    for other in columns:
        if is_pattern(other.name) and (found := re.search(other.name[1:-1], name, re.ASCII)):
            if other is not one and _takes(other, found):
                return shown + f"which `{other.name}` takes"
            if other is one:
                return "" if _read(one, found) == parts else shown + f"which `{one.name}` does not read as that"
    return shown + f"which `{one.name}` does not match"


def _takes(column: Wanted, found: re.Match[str]) -> bool:
    base = t.base_of(column.type)
    item = t.base_of(base.item) if isinstance(base, t.ListOf) else None
    return not isinstance(item, t.Struct) or str(found.group(found.re.groups)).strip() in dict(item.fields)


def _read(column: Wanted, found: re.Match[str]) -> tuple[str, ...]:
    """What a reader takes a name for."""
    base = t.base_of(column.type)
    if isinstance(base, t.ListOf) and by_number_and_name(column.name, base.item):
        return str(found.group(1)), str(found.group(found.re.groups)).strip()
    return (key_of(found),)
