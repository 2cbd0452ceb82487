"""Cells whose parts are not those of their type: cut as they are, something of them would be lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import valid
from datahub.functions.declare import Mask, Offsets
from datahub.functions.segments import counted, owners, places


def more_parts(count: int, filled: Mask, offsets: Offsets) -> Mask:
    """Which cells have a part that is `filled` beyond the first `count`."""
    return counted(filled & (places(offsets) >= count), offsets) > 0


def odd_entries(keys: pa.Array, values: pa.Array, filled: Mask, kept: Mask, offsets: Offsets) -> Mask:
    """Which cells have an entry without its mark, or among those that are `kept` a key twice."""
    odd = counted(filled & ~valid(values), offsets) > 0
    cells = owners(offsets)[kept]
    codes = keys.filter(pa.array(kept)).dictionary_encode().indices
    pairs = cells * (len(keys) + 1) + pc.fill_null(codes, len(keys)).to_numpy(zero_copy_only=False)
    _, first = np.unique(pairs, return_index=True)
    again = np.ones(len(pairs), np.bool_)
    again[first] = False
    odd[cells[again]] = True
    return odd
