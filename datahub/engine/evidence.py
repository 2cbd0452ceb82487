"""What a failure shows of the source: the columns of the header, and what stands in them.

A field may come from several sources, in turn (`from r in A, B`) or side by side (a join). What a row shows is what it
has: the raw text of a source that it does not come from is not in its frame, or null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.frames.frame import Column, Mask, Rows
from datahub.functions.columns import valid
from datahub.semantic.ir import Evidence

Find = Callable[[str], Column | None]
"""Gives the column of a name, or None where there is none."""


Shown: TypeAlias = "tuple[Mask | None, tuple[Evidence, ...]]"
"""Some of the rows (None is all), and what is shown of them."""


def shown_by(evidence: Sequence[Evidence], find: Find, length: int, rows: Rows) -> Iterable[Shown]:
    """The evidence that rows have: for those that a mask over `rows` says (None is all) the columns to be shown.

    `find` gives the columns, which are `length` long.
    """
    groups: dict[str, list[Evidence]] = {}
    for one in evidence:
        groups.setdefault(one.raw.partition(".")[0] if one.raw.startswith("#") else "", []).append(one)
    if len(groups) < 2:
        yield None, tuple(evidence)
        return
    has = np.stack([_has(group[0], find, length, rows) for group in groups.values()])
    codes = (has * (1 << np.arange(len(groups)))[:, None]).sum(axis=0)
    # One number for each combination of sources that a row comes from; there are a few.
    combinations = np.unique(codes).tolist()
    for code in combinations:
        there = [one for number, group in enumerate(groups.values()) for one in group if code >> number & 1]
        yield (None if len(combinations) == 1 else codes == code), tuple(there or evidence)


def _has(one: Evidence, find: Find, length: int, rows: Rows) -> Mask:
    column = find(one.raw)
    if column is None:
        return np.zeros(len(rows), np.bool_)
    there: Mask = valid(column.array(length))[rows]
    return there


LONGEST_SHOWN = 200


def of_members(values: pa.Array, offsets: Rows, groups: Rows) -> pa.Array:
    """The texts that the members of each of `groups` have, each once, in the order of the members."""
    counts = np.diff(offsets)[groups]
    begins = np.repeat(offsets[groups] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    members = np.arange(len(begins)) + begins
    told = pa.table({"group": np.repeat(np.arange(len(groups)), counts), "value": values.take(pa.array(members))})
    filled = pc.fill_null(pc.not_equal(told["value"], ""), False)
    each = told.filter(filled).group_by(["group", "value"], use_threads=False).aggregate([])
    listed = each.group_by("group", use_threads=False).aggregate([("value", "list")])
    shown = pc.utf8_slice_codeunits(pc.binary_join(listed["value_list"].combine_chunks(), ", "), 0, LONGEST_SHOWN)
    place = pc.index_in(pa.array(np.arange(len(groups))), value_set=listed["group"].combine_chunks())
    return shown.take(place)
