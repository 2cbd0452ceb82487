"""Unique: one row a key; and the entity's own key, whose first row is spared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.row_codes import LATER
from datahub.engine import keys
from datahub.engine.evaluate import evaluate
from datahub.engine.ledger import Fate
from datahub.engine.scope import RunState, Scope
from datahub.engine.seen import Seen
from datahub.engine.side import Side, all_failures, refuse
from datahub.engine.undecided import turn_away
from datahub.engine.waiting import Budget
from datahub.frames.frame import Failure, Frame, Mask, Rows
from datahub.functions.written import as_text
from datahub.plan.operators import Unique


def key_hashes(frame: Frame, operator: Unique, run: RunState, side: Side) -> tuple[Frame, keys.Hashes, Mask]:
    """The rows whose key could be had, the hashes of their keys, and which keys hold a null (those are exempt)."""
    scope = Scope(frame, run)
    columns = [evaluate(key, scope) for key in operator.keys]
    failures = all_failures(columns)
    if failures:
        failed = turn_away(frame, operator, failures, run, side)
        frame = frame.filter(~failed)
        scope = Scope(frame, run)
        columns = [evaluate(key, scope) for key in operator.keys]
    arrays = [column.array(frame.length) for column in columns]
    scope.forget()
    return frame, keys.hashes(arrays), keys.any_null(arrays)


class Uniqueness:
    """Keeps the first row of each key of a stream."""

    def __init__(self, operator: Unique, budget: Budget) -> None:
        self._operator = operator
        self._seen = Seen(budget)
        self._passed = 0

    def pass_first(self, frame: Frame, hashed: keys.Hashes, exempt: Mask, run: RunState, side: Side) -> Frame:
        """The rows whose key was not there before; rows without a key (`exempt`) all pass."""
        # Rows are numbered as they pass: the ids of source rows repeat once a list was expanded.
        numbers = np.arange(self._passed, self._passed + frame.length, dtype=np.int64)
        self._passed += frame.length
        asked = np.flatnonzero(~exempt)
        repeated = np.zeros(frame.length, np.bool_)
        repeated[asked] = self._seen.first_rows(hashed[:, asked], numbers[asked]) != numbers[asked]
        return _without(frame, repeated, self._operator, run, side)


def keep_last(frame: Frame, hashed: keys.Hashes, exempt: Mask, operator: Unique, run: RunState, side: Side) -> Frame:
    """The last row of each key, all rows being at hand; rows keep their order."""
    last = np.ones(frame.length, np.bool_)
    asked = np.flatnonzero(~exempt)[::-1]
    low, high = hashed[0][asked], hashed[1][asked]
    order = np.lexsort((np.arange(len(asked)), high, low))
    repeated = np.zeros(len(asked), np.bool_)
    repeated[1:] = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
    last[asked[order[repeated]]] = False
    return _without(frame, ~last, operator, run, side)


def _without(frame: Frame, repeated: Mask, operator: Unique, run: RunState, side: Side) -> Frame:
    if not repeated.any():
        return frame
    at = np.flatnonzero(repeated).astype(np.int64)
    count = side.count(operator)
    if operator.code:
        number = run.origins.number(operator.origin)
        values = key_values(frame, operator, run, at)
        failure = Failure(at, operator.code, values=values, cause="R303", origin=number, wanted=LATER if operator.keep == "last" else "")
        refuse(side, frame, (failure,), operator.origin, operator)
    else:
        side.mark(frame, at, Fate.MERGED)
        count.merged += len(at)
    return frame.filter(~repeated)


def key_values(frame: Frame, operator: Unique, run: RunState, at: Rows) -> pa.Array:
    """The keys of some rows as text."""
    scope = Scope(frame.take(at), run)
    texts = [as_text(evaluate(key, scope).array(len(at))) for key in operator.keys]
    return _joined(texts)


def _joined(texts: Sequence[pa.Array]) -> pa.Array:
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "|")
