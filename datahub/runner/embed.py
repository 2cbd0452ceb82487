"""For those who call DataHub from Python: check, compile and run scripts, Arrow tables in and out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from datahub import compiler
from datahub.connectors.files import NoRows, bound_files, open_feeds
from datahub.connectors.spill import FolderSpace
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.suppress import suppress
from datahub.document import Document
from datahub.engine.execution import Execution
from datahub.engine.ledger import ORDER
from datahub.engine.local import Settings, execute
from datahub.engine.outside import Finished
from datahub.engine.start import UnusableRun, given, run_state
from datahub.engine.waiting import Budget
from datahub.formats.arrow_plain import schema_without_views, without_views
from datahub.formats.written import OMITTED
from datahub.frames.frame import Frame
from datahub.packs.folders import Folders
from datahub.plan.lower import lower
from datahub.plan.operators import Plan
from datahub.plan.optimize import optimize
from datahub.records import record
from datahub.reports.issue_columns import issue_types
from datahub.runner.aborted import Seen, aborted, fatal_reason
from datahub.runner.arguments import instant_of, named, positive, script_of
from datahub.runner.missing import rejected_rows
from datahub.runner.outlet import table_of
from datahub.runner.parameters import Unreadable, checked
from datahub.semantic import ir
from datahub.semantic.issue_names import ALL_COLUMNS
from datahub.semantic.kinds import SOURCES
from datahub.types.arrow import arrow_type, written_type

Script: TypeAlias = "str | Path | Document"
"""A script: its text, or the path of its file."""

Rows: TypeAlias = "pa.Table | pa.RecordBatch | pa.RecordBatchReader | str | Path | Sequence[str | Path]"
"""What a source is given: a table, or batches of one, or whatever gives an Arrow stream; or files as its declaration says they are."""


class ScriptError(Exception):
    """A script that does not compile; `diagnostics` say all that is wrong with it."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n" + render(list(diagnostics), colour=False))
        self.diagnostics = tuple(diagnostics)


class Aborted(Exception):
    """A run that the script itself calls no good: `abort when` of its flow is true, or a `fatal` check is not met.

    `reason` says which. `result` has what came out all the same, for those who want to see why; none of it is fit to be used.
    """

    def __init__(self, reason: str, result: Result) -> None:
        super().__init__(reason)
        self.reason, self.result = reason, result


@record(frozen=True, slots=True)
class Result:
    """What a run gave: each entity's rows, the issues of the rejected rows, and what became of each source's rows.

    `fates` has for each source how many of its rows were `written`, `rejected`, `merged`, `filtered`, `empty` (a list
    without elements) and `looked_up`; together they are all rows that were read. `omitted` has for each entity tagged `@patch`
    a column of truth values for each field: which rows leave it alone. There `entities` has null, as where a field is erased.
    """

    entities: Mapping[str, pa.Table]
    issues: pa.Table
    notes: pa.Table
    fates: Mapping[str, Mapping[str, int]]
    omitted: Mapping[str, pa.Table] = field(default_factory=dict)


class _Tables:
    """An outlet that keeps what it is given as tables."""

    def __init__(self, plan: Plan) -> None:
        self._fields = {shape.name: tuple((one.name, one.type) for one in shape.fields) for shape in plan.entities}
        self._patches = {shape.name for shape in plan.entities if shape.patch}
        self.kept: dict[str, list[pa.Table]] = {output.entity: [] for output in plan.outputs}
        self.found: list[pa.Table] = []
        self.noted: list[pa.Table] = []

    def rows(self, entity: str, frame: Frame) -> None:
        self.kept[entity].append(table_of(frame, self._fields[entity]))

    def issues(self, table: pa.Table) -> None:
        self.found.append(table.select(list(ALL_COLUMNS)))

    def notes(self, table: pa.Table) -> None:
        self.noted.append(table.select(list(ALL_COLUMNS)))

    def finished(self, block: Finished) -> None:
        """Issues alone are wanted."""

    def must_wait(self, source: str) -> None:
        """Nothing is done before the end."""

    def read(self, source: str, records: int, length: int) -> None:
        """Nobody watches."""

    def entity(self, name: str) -> pa.Table:
        fields = self._fields[name]
        wanted = pa.schema([pa.field(column, written_type(kind), kind.nullable or name in self._patches) for column, kind in fields])
        empty = pa.schema([(column, arrow_type(kind)) for column, kind in fields]).empty_table()
        names = [column for column, _ in fields]
        return pa.concat_tables([empty, *(table.select(names) for table in self.kept[name])]).cast(wanted)

    def omitted(self, name: str) -> pa.Table:
        """For each field which rows leave it alone."""
        names = [column for column, _ in self._fields[name]]
        return pa.concat_tables(
            [pa.schema([(column, pa.bool_()) for column in names]).empty_table(), *(_marks(table, names) for table in self.kept[name])]
        )


def _marks(table: pa.Table, names: Sequence[str]) -> pa.Table:
    nowhere = pa.repeat(pa.scalar(False), table.num_rows)
    return pa.table([table[OMITTED + name] if OMITTED + name in table.column_names else nowhere for name in names], list(names))


def check(script: Script) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a script or could be better, in the order of its lines, but what its comments allow.

    Raises `UnusableRun` where there is no script to be read.
    """
    found: list[Diagnostic] = []
    document, loader = _document(script)
    compiler.check(document, loader, found.append)
    return tuple(sorted(suppress(found, [document]), key=lambda one: one.at.span.start))


def compile(script: Script, flow: str | None = None) -> Plan:
    """The plan of a script; `ScriptError` where it does not compile, `LookupError` where `flow` is not one of its flows."""
    program = _program(script)
    return optimize(lower(program, compiler.chosen(program, flow)))


def run(
    script: Script | Plan,
    sources: Mapping[str, Rows],
    *,
    flow: str | None = None,
    parameters: Mapping[str, ir.Value] | None = None,
    as_of: datetime | None = None,
    threads: int = 2,
    batch_rows: int = 65_536,
    memory: int = 1 << 30,
    optimized: bool = True,
) -> Result:
    """Run a script over tables or files, and give what came out as tables; a plan that `compile` gave over files.

    Raises `Aborted` where a `fatal` check is not met, or `abort when` of the flow is true: that of `flow`, of which what it writes
    is made, or of the only one there is, and then everything is made.

    A table may be a `pa.Table`, a `pa.RecordBatch`, a `pa.RecordBatchReader` (read once, batch by batch), or a data frame of any library
    that gives Arrow streams. Its columns are named as the source declares them, or as its file's header does; they are taken as they are
    where their type is the declared one, and read from text where they are text. `threads`, `batch_rows` and `memory`
    (bytes an operator holds before it sets rows aside on disk) do not change the result, nor does a plan that is not
    `optimized`: it only takes longer. Raises also `ScriptError` for a script that does not compile, `BadInput` for an input that
    is wrong as a whole, `UnusableRun` for any argument that does not fit (a source without rows, an instant without a zone, a
    parameter's value that is not of its type, a script that is not there), `BrokenExtension`
    where a function of another distribution breaks what it declares.
    """
    begun = instant_of(as_of)
    settings = (positive("threads", threads), positive("batch_rows", batch_rows), positive("memory", memory, 0))
    values, rows_of = named("parameters", parameters), named("sources", sources)
    given_rows = {name: _readable(name, rows) for name, rows in rows_of.items()}
    tables = {name: rows for name, rows in given_rows.items() if isinstance(rows, pa.RecordBatchReader)}
    plan = _compiled(script, tables, flow) if isinstance(script, Plan) else _planned(script, tables, flow, optimized)
    outlet = _Tables(plan)
    with tempfile.TemporaryDirectory(prefix="dhm-run-") as folder:
        files = bound_files(plan, {name: _paths(name, rows, Path(folder)) for name, rows in given_rows.items()})
        state = run_state(plan, begun, given(plan, _given(plan, values)))
        state.by_value = optimized
        try:
            _, feeds = open_feeds(plan, files)
        except NoRows as absent:
            raise UnusableRun(
                f"the source `{absent.name}` was given no rows: pass a table or the paths of its files in `sources`"
            ) from absent
        with FolderSpace() as space:
            execution = execute(plan, feeds, outlet, state, Settings(*settings[:2], Budget(settings[2], space)))
    result = _result(plan, outlet, execution, frozenset(feeds))
    counts = {name: table.num_rows for name, table in result.entities.items()}
    seen = Seen(counts, rejected_rows(execution), execution, None)
    if reason := aborted(plan, seen, _fatal(result.issues), state):
        raise Aborted(reason, result)
    return result


def _fatal(issues: pa.Table) -> str:
    """What is said of the first fatal check that is not met."""
    found = issues.filter(pc.equal(issues["severity"], "fatal"))
    if not found.num_rows:
        return ""
    code = found["code"][0]
    return fatal_reason(found.slice(0, 1).to_pylist()[0], found.filter(pc.equal(found["code"], code)).num_rows)


def _result(plan: Plan, outlet: _Tables, execution: Execution, read: frozenset[str]) -> Result:
    empty = pa.schema([(name, arrow_type(kind)) for name, kind in issue_types(ALL_COLUMNS)]).empty_table()
    return Result(
        {output.entity: outlet.entity(output.entity) for output in plan.outputs},
        pa.concat_tables([empty, *outlet.found]),
        pa.concat_tables([empty, *outlet.noted]),
        {
            shape.name: {str(fate.name).lower(): execution.ledger.counts(number)[fate] for fate in ORDER}
            for number, shape in enumerate(plan.sources)
            if shape.name in read
        },
        {shape.name: outlet.omitted(shape.name) for shape in plan.entities if shape.patch and shape.name in outlet.kept},
    )


def _given(plan: Plan, parameters: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    try:
        return checked(plan, parameters)
    except Unreadable as problem:
        raise UnusableRun(str(problem)) from problem


def _document(script: Script) -> tuple[Document, Folders]:
    loader = Folders()
    return script_of(script, loader), loader


def _program(script: Script) -> ir.Program:
    found: list[Diagnostic] = []
    document, loader = _document(script)
    program = compiler.check(document, loader, found.append)
    if program is None:
        raise ScriptError([one for one in found if one.level is Severity.ERROR])
    return program


def _planned(script: Script, tables: Iterable[str], flow: str | None, optimized: bool) -> Plan:
    """The plan of a script whose sources `tables` come as such."""
    program = _program(script)
    program = replace(program, sources=tuple(_as_table(one) if one.name in tables else one for one in program.sources))
    body = _flow(program, flow)
    plan = lower(program, body) if flow is not None else replace(lower(program, None), flow=body)
    return optimize(plan) if optimized else plan


def _flow(program: ir.Program, flow: str | None) -> ir.FlowBody | None:
    """The flow whose `abort when` is asked."""
    try:
        return compiler.chosen(program, flow)
    except LookupError as problem:
        if flow is None and not any(one.aborts for one in program.flows):
            return None
        raise UnusableRun(str(problem).replace("`--flow`", "`flow`")) from problem


def _compiled(plan: Plan, tables: Iterable[str], flow: str | None) -> Plan:
    """A plan as it is; it reads its sources as they are declared, which tables are not."""
    if flow is not None and (plan.flow is None or plan.flow.name != flow):
        raise UnusableRun(f"the compiled plan is not of the flow `{flow}`; name it where the script is compiled")
    kinds = {one.name: one.kind for one in plan.sources}
    for name in tables:
        if kinds.get(name) != "arrow":
            of = f"files of kind `{kinds[name]}`" if name in kinds else "no such source"
            raise UnusableRun(f"the source `{name}` was given a table, and the compiled plan reads {of}; give `run` the script itself")
    return plan


def _as_table(source: ir.SourceShape) -> ir.SourceShape:
    """A source whose rows come as a table, whatever its files look like."""
    known = dict(source.options)
    options = tuple((option.name, known.get(option.name, option.default)) for option in SOURCES["arrow"].options)
    return replace(source, kind="arrow", options=options)


def _readable(name: str, rows: object) -> pa.RecordBatchReader | list[str]:
    """What a source was given, as batches or as the paths of files; `UnusableRun` where it is neither."""
    match rows:
        case str() | Path():
            return [str(rows)]
        case pa.RecordBatch():
            return pa.RecordBatchReader.from_batches(rows.schema, [rows])
        case pa.RecordBatchReader():
            return rows
        case _ if hasattr(rows, "__arrow_c_stream__"):
            return pa.RecordBatchReader.from_stream(rows)
        case list() | tuple() if all(isinstance(one, str | Path) for one in rows):
            return [str(one) for one in rows]
        case _:
            inside = f" of {type(rows[0]).__name__}" if isinstance(rows, list | tuple) and rows else ""
            raise UnusableRun(f"the source `{name}` was given a {type(rows).__name__}{inside}; give an Arrow table, or the paths of files")


def _paths(name: str, rows: pa.RecordBatchReader | list[str], folder: Path) -> list[str]:
    if isinstance(rows, list):
        return rows
    path = folder / f"{name}.arrow"
    schema = schema_without_views(rows.schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in rows:
            writer.write_table(without_views(pa.Table.from_batches([batch])), max_chunksize=65_536)
    return [str(path)]
