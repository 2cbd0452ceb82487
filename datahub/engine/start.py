"""What a run knows before its first row: the clock, the parameters, the tables that the script holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa

from datahub.diagnostics.row_codes import phrase
from datahub.engine import decisions, lookups
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import RunState, Scope
from datahub.frames.frame import Frame
from datahub.functions.declare import Context
from datahub.plan import operators as op
from datahub.plan.referring import RESULT, entity_of, filled
from datahub.semantic import ir
from datahub.semantic.previous_tables import table_of
from datahub.types import model as t
from datahub.types.assign import unnamed


class UnusableRun(Exception):
    """A run that cannot begin as asked: a source without files, an unknown parameter; the text says what to do."""


def given(plan: op.Plan, parameters: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    """The parameters of a run: what was given, else what the script says."""
    known = {shape.name: shape for shape in plan.parameters}
    for name in parameters:
        if name not in known:
            raise UnusableRun(f"the script has no parameter `{name}`")
    missing = [shape.name for shape in plan.parameters if shape.required and shape.name not in parameters]
    if missing:
        raise UnusableRun(f"the parameter `{missing[0]}` has no value; give it with `--param {missing[0]}=…`")
    return {name: parameters.get(name, shape.default) for name, shape in known.items()}


def run_state(plan: op.Plan, begun: datetime, parameters: dict[str, ir.Value], previous: Mapping[str, pa.Table] | None = None) -> RunState:
    """`previous` are the rows that were delivered last, by entity."""
    delivered = dict(previous or {})
    before = {table_of(entity): rows for entity, rows in delivered.items()}
    state = RunState(Context(begun, plan.zone), parameters)
    state.sources = {source.name: source for source in plan.sources}
    for table in plan.decisions:
        state.decisions[table.name] = decisions.build(table)
    state.delivered = {name: rows for name, rows in delivered.items() if name in plan.refers}
    for lookup in plan.lookups:
        if entity := entity_of(lookup):
            keys = delivered.get(entity)
            state.lookups[lookup.name] = lookups.build(filled(lookup)) if keys is None else lookups.build(lookup, _there(lookup, keys))
        elif not lookup.source:
            state.lookups[lookup.name] = lookups.build(lookup, before.get(lookup.name))
    for shape in plan.parameters:
        if shape.conditions and parameters.get(shape.name) is not None:
            _ask(shape, parameters[shape.name], state)
    return state


def _ask(shape: ir.ParameterShape, value: ir.Value, state: RunState) -> None:
    """Stop where the value of a parameter does not meet what its type asks of it."""
    given = ir.Constant(value, unnamed(t.required(shape.type)))
    answer = evaluate(ir.Fit(given, shape.type, "", shape.conditions), Scope(Frame({}, 1, np.zeros(1, np.int64)), state))
    if answer.failures:
        code = answer.failures[0].code
        raise UnusableRun(f"the parameter `{shape.name}` takes {t.spelled(t.required(shape.type))}, and `{value}` {phrase(code)} ({code})")


def _there(lookup: ir.LookupTable, rows: pa.Table) -> pa.Table:
    """The keys of rows that were delivered, each of which is there."""
    keys = rows.select([name for name, _ in lookup.keys])
    return keys.append_column(RESULT, pa.repeat(pa.scalar(True), rows.num_rows))
