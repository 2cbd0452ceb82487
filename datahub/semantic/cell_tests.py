"""Cells of a decision table's inputs: their tests, typed by the input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.constants import pattern_trouble, with_flags
from datahub.semantic.literals import NotOfType, value_of_text
from datahub.semantic.rules_types import BAD_PATTERN
from datahub.syntax import ast, cells
from datahub.syntax.rules import CELL_NOT_OF_TYPE
from datahub.types import model as t

_UNORDERED = (t.Bool, t.Json, t.ListOf, t.MapOf, t.Struct)


def read_tests(cell: ast.Cell, kind: t.Type, column: str, emit: Emit) -> tuple[ir.CellTest, ...]:
    """The tests that `cell` writes for an input of type `kind`; what does not fit the type is told."""
    reading = _Reading(kind, column, emit)
    return _joined([test for written in cells.parse_cell(cell, emit) for test in reading.tests(written)])


def _joined(tests: list[ir.CellTest]) -> tuple[ir.CellTest, ...]:
    """Plain values side by side are one test."""
    plain = [one for one in tests if isinstance(one, ir.OneOf) and not one.negated]
    if len(plain) < 2:
        return tuple(tests)
    values = tuple(dict.fromkeys(value for one in plain for value in one.values))
    return (ir.OneOf(values), *(one for one in tests if not (isinstance(one, ir.OneOf) and not one.negated)))


@record(frozen=True, slots=True)
class _Reading:
    """The cells of one column."""

    kind: t.Type
    column: str
    emit: Emit

    def tests(self, written: cells.CellTest) -> Iterator[ir.CellTest]:
        match written:
            case cells.AnyValue():
                yield ir.AnyValue()
            case cells.IsNull(span=span):
                if not self.kind.nullable and not isinstance(self.kind, t.Unknown):
                    self._refuse(span, f"`{self.column}` is never null", "make the input nullable, or write `-`")
                yield ir.IsNull()
            case cells.Equals(text=text, span=span):
                yield ir.OneOf((self._value(text, span),))
            case cells.Compare(operator=operator, text=text, span=span):
                yield self._compared(operator, text, span)
            case cells.Interval():
                yield self._interval(written)
            case cells.CellPattern():
                yield self._like(written)
            case cells.Not(tests=tests, span=span):
                yield from self._none_of(tests, span)
            case _:
                assert_never(written)

    def _value(self, text: str, span: Span) -> ir.Value:
        try:
            return value_of_text(text, _any_size(self.kind))
        except NotOfType as reason:
            message = f"`{text}` is no {t.spelled(t.required(self.kind))}"
            self.emit(Diagnostic(CELL_NOT_OF_TYPE, message, Label(span, f"a test of `{self.column}`"), notes=(str(reason),)))
            return None

    def _compared(self, operator: str, text: str, span: Span) -> ir.CellTest:
        if not self._is_ordered(span):
            return ir.AnyValue()
        value = self._value(text, span)
        if operator.startswith("<"):
            return ir.Between(None, False, value, operator == "<=")
        return ir.Between(value, operator == ">=", None, False)

    def _interval(self, written: cells.Interval) -> ir.CellTest:
        if not self._is_ordered(written.span):
            return ir.AnyValue()
        low = None if written.low is None else self._value(written.low, written.span)
        high = None if written.high is None else self._value(written.high, written.span)
        if _upside_down(low, high):
            self._refuse(written.span, f"no value is between `{written.low}` and `{written.high}`", "write the lower end first")
        return ir.Between(low, low is not None and written.low_closed, high, high is not None and written.high_closed)

    def _like(self, written: cells.CellPattern) -> ir.CellTest:
        if not isinstance(t.base_of(self.kind), t.Text | t.Enum | t.Unknown):
            self._refuse(written.span, f"`{self.column}` is {t.spelled(self.kind)}, and patterns match text")
        trouble = pattern_trouble(written.source, written.flags)
        if trouble is not None:
            self.emit(
                Diagnostic(BAD_PATTERN, f"the pattern `/{written.source}/` has {trouble[0]}", Label(written.span, "RE2 does not know this"))
            )
        return ir.Like(with_flags(written.source, written.flags))

    def _none_of(self, tests: tuple[cells.CellTest, ...], span: Span) -> Iterable[ir.CellTest]:
        """The tests that hold where none of `tests` does, and the value is not null."""
        rest = [one for one in tests if not isinstance(one, cells.IsNull)]
        values = [self._value(one.text, one.span) for one in rest if isinstance(one, cells.Equals)]
        if len(values) == len(rest):
            return (ir.OneOf(tuple(values), negated=True),)
        match rest:
            case [cells.Compare() as only]:
                return _outside(self._compared(only.operator, only.text, only.span))
            case [cells.Interval() as only]:
                return _outside(self._interval(only))
            case _:
                self._refuse(
                    span, "`not` takes values, one comparison, or one interval", "write the values that are meant, or a row before this one"
                )
                return (ir.AnyValue(),)

    def _is_ordered(self, span: Span) -> bool:
        if isinstance(t.base_of(self.kind), _UNORDERED):
            self._refuse(span, f"`{self.column}` is {t.spelled(self.kind)}, which has no order")
            return False
        return True

    def _refuse(self, span: Span, message: str, help: str | None = None) -> None:
        self.emit(Diagnostic(CELL_NOT_OF_TYPE, message, Label(span, "no test of this column"), help=help))


def _any_size(kind: t.Type) -> t.Type:
    """The type without the lengths and digits that only count where a value is kept."""
    base = t.required(t.base_of(kind))
    match base:
        case t.Decimal():
            return t.Decimal(precision=38, scale=15)
        case t.Text():
            return t.Text()
        case _:
            return base


def _upside_down(low: ir.Value, high: ir.Value) -> bool:
    if low is None or high is None or isinstance(low, str | tuple):
        return False
    return low > high  # type: ignore[operator]


def _outside(test: ir.CellTest) -> tuple[ir.CellTest, ...]:
    """What lies below an interval and what lies above it."""
    if not isinstance(test, ir.Between):
        return (test,)
    below = ir.Between(None, False, test.low, not test.low_closed)
    above = ir.Between(test.high, not test.high_closed, None, False)
    return tuple(one for one, end in ((below, test.low), (above, test.high)) if end is not None) or (ir.OneOf((), negated=True),)
