"""How the rows of a target are cut into batches where some of them have arrived before, or may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from datahub.records import record
from datahub.runner.jobs.row_digests import Rows
from datahub.state.records import Batch

NEW, UNKNOWN = -1, -2
"""Labels of rows that are to be sent, and of those of which nobody knows whether they have arrived."""


@record(frozen=True, slots=True)
class OnTheWay:
    """Rows that were one batch."""

    first: int
    last: int
    batch: Batch


@record(frozen=True, slots=True)
class Piece:
    """Rows that lie side by side: `label` says what is known of them, `way` which batch they were that was on its way."""

    first: int
    last: int
    label: int = NEW
    way: Batch | None = None


def cut(labels: Rows, on_the_way: Sequence[OnTheWay], size: int) -> Iterator[Piece]:
    """Rows cut so that nothing is sent again: what has arrived stands apart, and what was on its way is the batch that it was."""
    batches = {one.first: one.batch for one in on_the_way}
    ends = [0, len(labels), *(end for one in on_the_way for end in (one.first, one.last))]
    edges = np.unique([*ends, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist()]).tolist()
    for first, last in pairwise(edges):
        label = int(labels[first])
        if label >= 0 or first in batches:
            yield Piece(first, last, label, batches.get(first))
            continue
        for begin in range(first, last, size):
            yield Piece(begin, min(begin + size, last), label)


def arrived_before(batches: Iterable[Batch]) -> Mapping[str, int]:
    """How many rows had arrived by which earlier run."""
    found: Counter[str] = Counter()
    for one in batches:
        if one.sent_by:
            found[one.sent_by] += one.last - one.first
    return found
