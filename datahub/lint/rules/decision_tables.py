"""Decision tables: rows that overlap, are missing or never decide, each with an input that shows it."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Fix, Label
from datahub.diagnostics.rule import Severity
from datahub.document import Span
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.conditions import named
from datahub.semantic.proof_shown import shown_example
from datahub.semantic.proofs import Dead, Overlap, Proof, has_patterns, prove
from datahub.semantic.rules_proofs import DEAD_OTHERWISE, DEAD_ROW, GAP, NOT_PROVED, OR_COVERS_ALL, ROWS_OVERLAP
from datahub.semantic.told import replacing
from datahub.semantic.unit import Unit
from datahub.syntax import ast, cells
from datahub.types import model as t

_MOST_NAMED = 3
"""So many rows are named; of more, how many there are."""


@lint(ROWS_OVERLAP, GAP, DEAD_ROW, DEAD_OTHERWISE, OR_COVERS_ALL, NOT_PROVED)
def look(subject: Subject, emit: Emit) -> None:
    """Tell what is proved of the decision tables of a script."""
    unit = subject.unit
    made = {table.name: table for table in subject.program.decisions}
    for declared in unit.declared.of(ast.Decide):
        table = made[unit.full(declared.name.text)]
        conditioned = frozenset(name for name, kind in table.inputs if _is_conditioned(kind, unit))
        for found in findings(declared, table, prove(table, conditioned)):
            emit(found)


def findings(declared: ast.Decide, table: ir.DecisionTable, proof: Proof) -> Iterator[Diagnostic]:
    """What to tell of a table of which this is proved."""
    return _Telling(declared, table, proof, tuple(_rows(declared, table))).findings()


def _is_conditioned(kind: t.Type, unit: Unit) -> bool:
    """Whether only some values of the base are values of the type."""
    while isinstance(kind, t.Named):
        declared = named(kind.name, unit.scope())
        if declared is None or declared.conditions:
            return True
        kind = kind.base
    return False


@record(frozen=True, slots=True)
class _Row:
    """A row as it is written: its number in the table or in the override that has it."""

    row: ast.TableRow
    table: ast.Table
    number: int
    laid: bool


def _rows(declared: ast.Decide, made: ir.DecisionTable) -> Iterator[_Row]:
    """The rows in the order in which they are asked: those of overrides first, of the last one before the others.

    Those that an override has replaced are not among those `made`.
    """
    asked = 0
    for table, laid in (*((one.table, True) for one in reversed(declared.over)), (declared.table, False)):
        if table is None:
            continue
        for number, row in enumerate(table.rows, 1):
            if asked < len(made.rows) and made.rows[asked].line == row.span.line:
                asked += 1
                yield _Row(row, table, number, laid)


@record(frozen=True, slots=True)
class _Telling:
    declared: ast.Decide
    table: ir.DecisionTable
    proof: Proof
    rows: tuple[_Row, ...]

    def findings(self) -> Iterator[Diagnostic]:
        for row, column in self.proof.covering:
            yield self._covering(row, column)
        for overlap in self.proof.overlaps:
            yield self._overlap(overlap)
        for dead in self.proof.dead:
            if not self._is_replaced(dead):
                yield self._dead(dead)
        fallback = self.declared.otherwise
        if fallback is not None and self.proof.complete:
            help = "take it away, or narrow the row that takes what is meant for it"
            yield Diagnostic(
                DEAD_OTHERWISE, f"the rows of {self._name} fit every input", Label(fallback.span, "nothing is left for this"), help=help
            )
        if fallback is None and self.table.policy != "collect":
            yield from self._gap()
        yield from self._spent()

    @property
    def _name(self) -> str:
        return f"`{self.declared.name.text}`"

    def _span(self, row: int) -> Span:
        return self.rows[row].row.span

    def _named(self, *rows: int) -> str:
        """Rows by their numbers, those of overrides apart: `row 3`, `row 1 of the override and rows 3 and 4`."""
        laid = [self.rows[row].number for row in rows if self.rows[row].laid]
        own = [self.rows[row].number for row in rows if not self.rows[row].laid]
        return " and ".join(([f"{_numbered(laid)} of the override"] if laid else []) + ([_numbered(own)] if own else []))

    def _is_replaced(self, dead: Dead) -> bool:
        """Whether a row never decides because an override answers just its input: that is what overrides are for."""
        tests = self.table.rows[dead.row].tests
        return not self.rows[dead.row].laid and any(self.rows[row].laid and self.table.rows[row].tests == tests for row in dead.by)

    def _gap(self) -> Iterator[Diagnostic]:
        at = self.declared.name.span
        help = "add a row, or say `otherwise`; `otherwise error` says that the reject is meant"
        if not self.table.rows:
            yield Diagnostic(GAP, f"{self._name} has no rows", Label(at, "every input is rejected (R405)"), help=help)
        elif self.proof.gap is not None:
            shown = shown_example(self.proof.gap, self.table)
            yield Diagnostic(GAP, f"no row of {self._name} fits `{shown}`", Label(at, "such an input is rejected (R405)"), help=help)
        elif not self.proof.complete and -1 not in self.proof.spent and has_patterns(self.table):
            message = f"nobody knows whether the rows of {self._name} fit every input"
            yield Diagnostic(NOT_PROVED, message, Label(at, "patterns are not looked into"), help="say `otherwise` what the rest gives")

    def _overlap(self, found: Overlap) -> Diagnostic:
        shown = shown_example(found.example, self.table)
        message = f"{self._named(found.first, found.second)} of {self._name} both fit" + (f" `{shown}`" if shown else " every input")
        notes = [f"it also overlaps with {_counted(found.others)} above it"] if found.others else []
        if found.never:
            notes.append("wherever it fits another row fits as well, so it never decides")
        return Diagnostic(
            ROWS_OVERLAP,
            message,
            Label(self._span(found.second), "an input that both fit is rejected (R406)"),
            (Label(self._span(found.first), "the other row"),),
            tuple(notes),
            "ask just what the row of the table asks, to replace it, or narrow the row of the override to what no row of the table fits"
            if self.rows[found.first].laid and not self.rows[found.second].laid
            else "let the rows exclude each other, or say `policy first`, where the row above wins",
        )

    def _dead(self, found: Dead) -> Diagnostic:
        message = f"{self._named(found.row)} of {self._name} never decides"
        at = self._span(found.row)
        if found.cell:
            return Diagnostic(DEAD_ROW, message, Label(self._cell(found.row, found.cell).span, f"no value of `{found.cell}` fits this"))
        labels = tuple(Label(self._span(row), "this row fits whatever that one fits") for row in found.by)
        if len(labels) > 1:
            labels = tuple(Label(one.span, "this row takes a part of it") for one in labels[:_MOST_NAMED])
        taken = f"{self._named(*found.by)} {'fits' if len(found.by) == 1 else 'fit'} whatever fits here"
        if self.rows[found.row].laid or not any(self.rows[row].laid for row in found.by):
            return Diagnostic(DEAD_ROW, message, Label(at, taken), labels, help="put it above them, or take it away")
        # Whoever lays a wide row on a table may mean just that, and cannot take the rows below it away.
        help = "narrow the row of the override, where the table is to decide this still"
        return Diagnostic(DEAD_ROW, message, Label(at, taken), labels, help=help, severity=Severity.NOTE)

    def _cell(self, row: int, column: str) -> ast.Cell:
        one = self.rows[row]
        at = next(at for at, cell in enumerate(one.table.header.cells) if cell.text == column)
        return one.row.cells[at]

    def _covering(self, row: int, column: str) -> Diagnostic:
        cell = self._cell(row, column)
        at = [name for name, _ in self.table.inputs].index(column)
        tests = self.table.rows[row].tests[at]
        meant = _meant(cells.parse_cell(cell, _ignored), tests)
        fix: Fix | None = replacing(cell.span, meant) if meant else None
        # `-` would take the rows away that null goes to now.
        but_null = self.table.inputs[at][1].nullable and not any(isinstance(one, ir.IsNull | ir.AnyValue) for one in tests)
        any_value = "`not null` for any value" if but_null else "`-` for any value"
        help = f"write `{meant}`, or {any_value}" if meant else f"write {any_value}"
        fit = "every value but null" if but_null else "every value together"
        message = f"the tests of `{column}` in {self._named(row)} of {self._name} fit {fit}"
        return Diagnostic(OR_COVERS_ALL, message, Label(cell.span, "a comma means or"), help=help, fix=fix)

    def _spent(self) -> Iterator[Diagnostic]:
        if not self.proof.spent:
            return
        rows = [row for row in self.proof.spent if row >= 0]
        parts = ["whether every input has a row"] if -1 in self.proof.spent else []
        if rows:
            what = "overlap with others" if self.table.policy == "unique" else "can decide"
            parts.append(f"whether {self._named(*rows)} {what}")
        yield Diagnostic(
            NOT_PROVED,
            f"{self._name} is too large to prove {' and '.join(parts)}",
            Label(self.declared.name.span, f"{len(self.table.rows)} rows, {len(self.table.inputs)} inputs"),
            help="split it into tables of fewer inputs, one of which asks the other",
            # What was to be proved is not: a gap or an overlap may be there and nobody says so.
            severity=Severity.WARNING,
        )


def _counted(rows: int) -> str:
    return f"{rows} more row{'' if rows == 1 else 's'}"


def _numbered(rows: list[int]) -> str:
    """Rows by their numbers: `row 3`, `rows 3 and 4`, `rows 3, 4, and 9 more`."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    if len(rows) > _MOST_NAMED:
        return f"rows {', '.join(map(str, rows[: _MOST_NAMED - 1]))}, and {len(rows) - _MOST_NAMED + 1} more"
    return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}"


def _meant(written: tuple[cells.CellTest, ...], tests: tuple[ir.CellTest, ...]) -> str:
    """The cell that was meant by tests with an `and` in mind; empty where there is none."""
    match written:
        case (cells.Compare() as one, cells.Compare() as other) if one.operator[0] != other.operator[0]:
            low, high = (one, other) if one.operator[0] == ">" else (other, one)
            if not _is_crossed(tests):
                return ""
            return f"{'[' if low.operator == '>=' else '('}{low.text}..{high.text}{']' if high.operator == '<=' else ')'}"
        case _ if all(isinstance(one, cells.Not) for one in written):
            inner = [test for one in written if isinstance(one, cells.Not) for test in one.tests]
            return f"not ({', '.join(test.span.text for test in inner)})"
        case _:
            return ""


def _is_crossed(tests: tuple[ir.CellTest, ...]) -> bool:
    """Whether what is above the one bound and what is below the other have something between them."""
    lows = [test.low for test in tests if isinstance(test, ir.Between) and test.low is not None]
    highs = [test.high for test in tests if isinstance(test, ir.Between) and test.high is not None]
    return bool(lows and highs) and lows[0] < highs[0]  # type: ignore[operator]


def _ignored(_: Diagnostic) -> None:
    """Take no notice: what is wrong with the cell was told when it was read."""
