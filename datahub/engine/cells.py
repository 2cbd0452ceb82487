"""Single cells of text as values: what an empty cell is, which words are null, how each type is read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.values import brought, carried, without
from datahub.frames.frame import Failure, Failures, Mask, as_mask
from datahub.functions.columns import text_offsets, valid
from datahub.functions.white_space import trimmed
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.reading import reader
from datahub.types import model as t

REQUIRED = "R201"


@record(frozen=True, slots=True)
class Read:
    """Values read from text, and the failures of their rows (raw texts beside, column not yet named)."""

    values: pa.Array
    failures: Failures = ()


def read_cells(raw: pa.Array, kind: t.Type, base: t.Type, reading: ir.Reading) -> Read:
    texts = cleaned(raw, reading, isinstance(base, t.Text))
    made = reader(base, reading)(texts)
    failures = []
    lost: Mask | None = None
    for mask, code in made.failed:
        fresh = mask & valid(texts) if texts.null_count else mask
        if lost is not None:
            fresh = fresh & ~lost
        rows = np.flatnonzero(fresh)
        if len(rows):
            failures.append(Failure(rows, code, values=raw.take(pa.array(rows))))
            lost = fresh if lost is None else lost | fresh
    values = brought(made.values, carried(kind))
    if lost is not None:
        values = without(values, lost)
    if not kind.nullable and texts.null_count:
        rows = np.flatnonzero(~valid(texts))
        failures.append(Failure(rows, REQUIRED, values=raw.take(pa.array(rows))))
    return Read(values, tuple(failures))


def cleaned(raw: pa.Array, reading: ir.Reading, text: bool) -> pa.Array:
    """The texts that are read: trimmed if so wished, null where they are empty or a word for null."""
    texts = trimmed(raw) if reading.trim else raw
    gone = np.zeros(len(texts), np.bool_)
    if not (reading.empty_text and text):
        offsets = text_offsets(texts)
        gone = offsets[1:] == offsets[:-1]
    if reading.null_words:
        gone = gone | as_mask(pc.is_in(texts, value_set=pa.array(reading.null_words, pa.string())), len(texts))
    return without(texts, gone) if gone.any() else texts
