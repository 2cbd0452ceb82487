"""Keys that come in ascending order, as exports often have them: each is new, which two neighbours tell without a table of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine import keys
from datahub.frames.frame import as_mask
from datahub.records import record

_SMALL = 32
"""Keys of more bytes are kept as hashes, which have 16; up to here what is kept longer costs less than to hash it."""


@record(frozen=True, slots=True)
class BatchKeys:
    """The keys of some rows as hashes, where they ascend with the first and the last of them; as they are where they are small, too."""

    columns: tuple[pa.Array, ...]
    ascend: bool
    hashed: keys.Hashes | None

    def hashes(self) -> keys.Hashes:
        return keys.hashes(self.columns) if self.hashed is None else self.hashed


def batch_keys(columns: Sequence[pa.Array], *, in_order: bool) -> BatchKeys:
    """The keys of rows, of which none is null; `in_order` tells that order is still of use."""
    ascend = in_order and ascending(columns)
    small = ascend and sum(column.get_total_buffer_size() for column in columns) <= _SMALL * len(columns[0])
    if small:
        return BatchKeys(tuple(columns), ascend, None)
    return BatchKeys(tuple(_ends(column) for column in columns) if ascend else (), ascend, keys.hashes(columns))


def ascending(columns: Sequence[pa.Array]) -> bool:
    """Whether each key, of several columns maybe, is greater than the one before."""
    count = len(columns[0])
    if not count or not all(_ordered(column.type) for column in columns):
        return False
    left = np.ones(count - 1, np.bool_)
    for column in columns:
        before, after = column.slice(0, count - 1), column.slice(1)
        same = as_mask(pc.equal(before, after), count - 1)
        if (left & ~same & ~as_mask(pc.greater(after, before), count - 1)).any():
            return False
        left &= same
    return not left.any()


def _ordered(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind))


def _ends(column: pa.Array) -> pa.Array:
    """The first and the last of a column."""
    return column.take(pa.array([0, len(column) - 1]))


class InOrder:
    """Batches of keys as long as they ascend; what is held is at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self.broken = False
        self._most, self._held = most, 0
        self._batches: list[tuple[BatchKeys, keys.Codes]] = []

    def take(self, batch: BatchKeys, rows: keys.Codes) -> bool:
        """Whether all keys of a batch are greater than those before; then they are held, with the numbers of their rows."""
        if self.broken or not batch.ascend:
            return False
        if self._batches:
            before = self._batches[-1][0].columns
            border = [pa.concat_arrays([old.slice(len(old) - 1), new.slice(0, 1)]) for old, new in zip(before, batch.columns, strict=True)]
            if not ascending(border):
                return False
        self._held += len(rows) * (_SMALL + 8)
        if self._held > self._most:
            return False
        self._batches.append((batch, rows))
        return True

    def let_go(self) -> Iterator[tuple[keys.Hashes, keys.Codes]]:
        """All that is held, as hashes; no order is looked for any more."""
        self.broken = True
        held, self._batches = self._batches, []
        for batch, rows in held:
            yield batch.hashes(), rows
