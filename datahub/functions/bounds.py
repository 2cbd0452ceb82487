"""Texts that may not become too long: told before they are made, row by row, so that none eats the memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from datahub.functions.columns import Ints, broadcast, glued, nulled
from datahub.functions.declare import Datum, Mask, Outcome
from datahub.types.sizes import LONGEST_TEXT, checked, row_bytes

SHORT_TEXT = 100
"""A constant of fewer characters is no matter: what it is put to is at least as long before it is too much."""


def grown(sizes: Ints, *texts: pa.Array) -> Mask:
    """Which rows would have a text that is longer than it may be (`LONGEST_TEXT`), by the bytes that each row is going to have.

    A row may always have as many as the longest of `texts` has there: nothing that came whole is refused. Where the others
    together are too much for one column, fewer rows are to be worked out at once.
    """
    if not len(sizes) or int(sizes.sum()) <= LONGEST_TEXT:
        return np.zeros(len(sizes), np.bool_)
    most = np.full(len(sizes), LONGEST_TEXT, np.int64)
    for one in texts:
        most = np.maximum(most, row_bytes(one))
    long: Mask = sizes > most
    checked(int(sizes[~long].sum()), len(sizes))
    return long


def bounded(sizes: Ints, texts: Sequence[pa.Array], make: Callable[..., pa.Array]) -> pa.Array | Outcome:
    """What `make` gives of `texts`, but R603 in rows that would have too long a one; those are not made."""
    long = grown(sizes, *texts)
    if not long.any():
        return make(*texts)
    short = [nulled(one, long) for one in texts]
    return Outcome(nulled(make(*short), long), ((long, "R603"),))


def together(*parts: Datum) -> pa.Array | Outcome:
    """The texts of each row as one; null where one of them is null, R603 where they are too long together."""
    if sum(_held(part) for part in parts) <= LONGEST_TEXT:
        return glued(*broadcast(*parts))
    texts = broadcast(*parts)
    return bounded(sum(map(row_bytes, texts)), texts, glued)  # type: ignore[arg-type]


def _held(text: Datum) -> int:
    """How many bytes a column of texts has at most: those that it lies in; a constant is taken to be none, unless it is long."""
    if isinstance(text, pa.Scalar):
        return 0 if not text.is_valid or len(text.as_py()) < SHORT_TEXT else LONGEST_TEXT + 1
    held = text.buffers()[2]
    return 0 if held is None else int(held.size)
