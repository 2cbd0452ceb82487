"""The `test` blocks of a script, run: fixtures in, the program as it is, expectations against what came out."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.connectors.files import input_files, open_feeds
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.engine.evaluate import evaluate
from datahub.engine.local import Settings, execute
from datahub.engine.outside import Finished
from datahub.engine.scope import RunState, Scope
from datahub.engine.start import UnusableRun, given, run_state
from datahub.formats.declare import BadInput
from datahub.frames.frame import Frame
from datahub.functions.extensions import BrokenExtension
from datahub.plan import operators as op
from datahub.plan.lower import lower
from datahub.plan.optimize import optimize
from datahub.plan.order import roots, topological
from datahub.semantic import ir
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.expected_cells import UnreadableCell, expected, kind_of_column
from datahub.semantic.expressions import condition
from datahub.semantic.literals import value_of_literal
from datahub.syntax import ast
from datahub.testing.compare import differences
from datahub.testing.given import previous_given, source_name, with_given, write_given
from datahub.testing.normal import actual, shown
from datahub.testing.results import Difference, TestResult

REJECTS = "rejects"
_REJECTING = ("error", "fatal")


@dataclass(slots=True)
class _Kept:
    """An outlet that keeps everything."""

    entities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    found: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, entity: str, frame: Frame) -> None:
        columns = {name: column.array(frame.length).to_pylist() for name, column in frame.columns.items()}
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        self.entities.setdefault(entity, []).extend(rows)

    def issues(self, table: pa.Table) -> None:
        self.found.extend(table.to_pylist())

    def notes(self, table: pa.Table) -> None:
        self.found.extend(table.to_pylist())

    def finished(self, block: Finished) -> None:
        """Issues alone are wanted."""

    def must_wait(self, source: str) -> None:
        """Nothing is done before the end."""

    def read(self, source: str, records: int, length: int) -> None:
        """Nobody watches a test."""


def run_tests(elaborated: Elaborated, script: ast.Script, only: str = "") -> list[TestResult]:
    """Run the tests of `script` whose name has `only` in it."""
    tests = [one for one in script.declarations if isinstance(one, ast.Test) and only in one.name.value]
    return [_run(one, elaborated) for one in tests]


def _run(test: ast.Test, elaborated: Elaborated) -> TestResult:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="dhm-test-") as folder:
        try:
            found = _differences(test, elaborated, Path(folder))
        except (BrokenExtension, UnusableRun, UnreadableCell) as error:
            found = [Difference("the test", str(error), test.name.span)]
        except BadInput as error:
            found = [Difference("what is given", f"{error.code} {error.message}", test.name.span)]
    return TestResult(test.name.value, test.name.span, tuple(found), time.perf_counter() - begun)


def _differences(test: ast.Test, elaborated: Elaborated, folder: Path) -> list[Difference]:
    givens = [item for item in test.items if isinstance(item, ast.Given)]
    program = with_given(elaborated.program, givens, elaborated.units[-1].scope())
    moment = datetime.fromisoformat(test.as_of.value) if test.as_of else datetime.now(UTC)
    parameters = _parameters(test, program)
    script = Path(test.span.document.path)
    files = dict(write_given(item, program, script, folder) for item in givens)
    kept = _Kept()
    plan = _plan(program, files)
    if plan.outputs:
        before = previous_given([item for item in test.items if isinstance(item, ast.GivenPrevious)], program)
        state = run_state(plan, moment, given(plan, parameters), before)
        _, feeds = open_feeds(plan, {name: input_files([path]) for name, path in files.items() if _reads(plan, name)})
        execute(plan, feeds, kept, state, Settings(threads=1))
    found: list[Difference] = []
    if not any(isinstance(item, ast.Expect | ast.Assert) for item in test.items):
        found.append(Difference("the test", "it expects nothing: write `expect`, or `assert`", test.name.span))
    for item in test.items:
        match item:
            case ast.Expect():
                found.extend(_expected(item, program, kept, {source_name(one, program) for one in givens}))
            case ast.Assert():
                found.extend(_asserted(item, elaborated, moment, parameters))
            case _:
                pass
    return found


def _parameters(test: ast.Test, program: ir.Program) -> dict[str, ir.Value]:
    kinds = {one.name: one.type for one in program.parameters}
    withs = [item for item in test.items if isinstance(item, ast.WithParam)]
    return {item.name.text: value_of_literal(item.value, kinds[item.name.text]) for item in withs}


def _reads(plan: op.Plan, source: str) -> bool:
    return any(isinstance(one, op.Read) and one.source == source for one in topological(roots(plan)))


def _plan(program: ir.Program, files: Mapping[str, str]) -> op.Plan:
    """The plan of every entity for which a test gives the sources; of several maps of one, those that it can feed."""
    fed = _fed(program, files)
    entities = [entity for entity in dict.fromkeys(body.entity for body in fed.maps) if _given(fed, entity, files)]
    return optimize(lower(fed, None, entities))


def _fed(program: ir.Program, files: Mapping[str, str]) -> ir.Program:
    """`program` without the maps whose sources are not given, where another map makes the same entity."""
    for entity, count in Counter(body.entity for body in program.maps).items():
        if count == 1:
            continue
        others = tuple(one for one in program.maps if one.entity != entity)
        kept = [one for one in program.maps if one.entity == entity and _given(replace(program, maps=(*others, one)), entity, files)]
        if kept:
            program = replace(program, maps=tuple(one for one in program.maps if one.entity != entity or one in kept))
    return program


def _given(program: ir.Program, entity: str, files: Mapping[str, str]) -> bool:
    """Whether all sources of an entity are given."""
    alone = lower(program, None, (entity,))
    return all(one.source in files for one in topological(roots(alone)) if isinstance(one, op.Read))


def _expected(item: ast.Expect, program: ir.Program, kept: _Kept, givens: set[str]) -> list[Difference]:
    name = item.rowset.text
    shape = next((one for one in program.entities if one.name == name), None)
    if shape is None and name != REJECTS:
        return [Difference(f"expect {name}", f"`{name}` is no entity", item.span)]
    header = tuple(cell.text for cell in item.table.header.cells) if item.table is not None else ()
    got = kept.entities.get(name, []) if shape is not None else _told(kept, "severity" in header)
    about = f"expect {'no ' if item.none else ''}{name}"
    if item.none:
        return [_surplus(about, item, shape, got)] if got else []
    if item.table is None:
        return []
    fields = None if shape is None else {one.name: one.type for one in shape.fields}
    kinds = [kind_of_column(column, fields) for column in header]
    wanted = [[expected(cell, kind) for cell, kind in zip(row.cells, kinds, strict=False)] for row in item.table.rows]
    rows = differences(wanted, [[actual(_at(row, column)) for column in header] for row in got], item.ordered)
    if not rows:
        return []
    return [Difference(about, f"{len(wanted)} expected, {len(got)} came out", item.span, header, rows)]


def _told(kept: _Kept, all_severities: bool) -> list[dict[str, Any]]:
    """The rejects: a row that is only warned of is none, and is told to who asks for the severity."""
    return [one for one in kept.found if all_severities or one["severity"] in _REJECTING]


def _surplus(about: str, item: ast.Expect, shape: ir.EntityShape | None, got: list[dict[str, Any]]) -> Difference:
    header = (
        tuple(one.name for one in shape.fields) if shape is not None else ("code", "entity", "field", "column", "value", "message", "line")
    )
    rows = tuple(("+", tuple(shown(actual(row.get(name))) for name in header)) for row in got[:20])
    return Difference(about, f"none expected, {len(got)} came out", item.span, header, rows)


def _at(row: Mapping[str, Any], column: str) -> Any:
    value: Any = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return None if value == "" and "_row" in row else value


def _asserted(item: ast.Assert, elaborated: Elaborated, moment: datetime, parameters: Mapping[str, ir.Value]) -> list[Difference]:
    """An `assert` in which nothing but the script's own functions, tables and parameters can be named."""
    told: list[Diagnostic] = []
    scope = elaborated.units[-1].scope()
    expression = condition(item.condition, replace(scope, emit=told.append))
    # What is but a warning, such as a constant that always fails, may be what is asserted.
    if errors := [one for one in told if one.level is Severity.ERROR]:
        return [Difference("assert", errors[0].message, errors[0].at.span)]
    plan = lower(elaborated.program, None, ())
    state: RunState = run_state(plan, moment, given(plan, parameters))
    answer = evaluate(expression, Scope(Frame({}, 1, np.zeros(1, np.int64)), state))
    if answer.failures:
        failure = answer.failures[0]
        return [Difference("assert", f"{item.condition.span.text} fails with {failure.code}", item.span)]
    if answer.array(1)[0].as_py() is not True:
        return [Difference("assert", f"{item.condition.span.text} is not true", item.span)]
    return []
