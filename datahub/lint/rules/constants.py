"""Constants that the field they fill never takes: defaults, values of branches, and cells of tables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.conditions import IT, conditions_into
from datahub.semantic.folding import is_false
from datahub.semantic.trees import substituted
from datahub.semantic.unit import Unit
from datahub.semantic.values import as_value
from datahub.semantic.walk import columns_read
from datahub.syntax import ast
from datahub.syntax.literals import EXACT
from datahub.types import model as t
from datahub.types.fits import misfit

VALUE_NOT_TAKEN = Rule(
    "DHM217",
    "value-not-taken",
    Severity.WARNING,
    "a constant that its field does not take",
    "What a field takes is its type, the conditions of that type and its `where`. A default, a branch or a cell of a table that gives "
    "something else rejects every row that gets it.",
)

_MOST_MEMBERS = 8


@lint(VALUE_NOT_TAKEN)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which defaults of the entities, and which constants of the maps, of a script are never taken."""
    unit, program = subject.unit, subject.program
    shapes = {shape.name: {field.name: field for field in shape.fields} for shape in program.entities}
    tables = _Tables(unit, program)
    for entity in unit.declared.of(ast.Entity):
        fields = shapes.get(unit.full(entity.name.text), {})
        for one in entity.fields:
            field = fields.get(one.name.text)
            if field is not None and one.default is not None and field.default is not None:
                _tell(field, field.default, one.default.span, tables, emit)
    for declared, made in subject.maps():
        written = {item.name.text: item.value.span for item in declared.items if isinstance(item, ast.FieldItem)}
        for assignment in made.body.fields:
            field = shapes[made.entity].get(assignment.name)
            if field is not None and assignment.name in written:
                _tell(field, assignment.value, written[assignment.name], tables, emit)


@record(frozen=True, slots=True)
class _Given:
    """A constant that an expression may give, and the table that it comes from, if any."""

    value: ir.Constant
    table: str = ""


def _tell(field: ir.EntityField, value: ir.Expression, at: Span, tables: _Tables, emit: Emit) -> None:
    found = [(one, why) for one in tables.given(value) if (why := _why(one.value, field, tables.unit))]
    if not found:
        return
    (first, why), more = found[0], len({one.value.value for one, _ in found}) - 1
    shown, named = _plain(first.value.value), f"`{field.name}`"
    place = tables.place(first) if first.table else None
    emit(
        Diagnostic(
            VALUE_NOT_TAKEN,
            f"{named} does not take `{shown}`" + (f" of `{first.table}`" if first.table else ""),
            Label(place or at, why),
            (Label(at, f"{named} is filled with it here"),) if place else (),
            notes=(f"{more} more of its values {'is' if more == 1 else 'are'} not taken either",) if more else (),
            help="every row that gets it is rejected: correct it, or what the field takes",
        )
    )


def _why(given: ir.Constant, field: ir.EntityField, unit: Unit) -> str:
    """Why a field never takes a constant; nothing where it may."""
    base, value = t.base_of(field.type), _plain(given.value)
    if value is None or isinstance(value, tuple):
        return ""
    if isinstance(base, t.Enum):
        few = base.members[:_MOST_MEMBERS]
        return "" if value in base.members else f"it is one of {listed(few)}" + (" and others" if len(few) < len(base.members) else "")
    said = misfit(value, base, rounded=bool(field.rounding))
    if said is not None:
        return f"it {said}"
    constant = ir.Constant(as_value(value, base), t.required(base))
    for condition, code in conditions_into(given.type, field.type, unit.scope()):
        if is_false(substituted(condition, {IT: constant}, {})):
            return f"it is no {t.spelled(t.required(field.type))} ({code})"
    constraint = field.constraint
    if (
        constraint is not None
        and columns_read(constraint) == {field.name}
        and is_false(substituted(constraint, {field.name: constant}, {}))
    ):
        return f"it does not meet the `where` of `{field.name}`"
    return ""


def _plain(value: ir.Value) -> ir.Value:
    """A decimal without the zeros that its type puts behind it."""
    return Decimal(f"{value.normalize(EXACT):f}") if isinstance(value, Decimal) and value.is_finite() else value


@record(frozen=True, slots=True)
class _Tables:
    """The tables of a program, and where the script of `unit` writes its own."""

    unit: Unit
    program: ir.Program

    def given(self, value: ir.Expression) -> Iterator[_Given]:
        """The constants that an expression may give as they are."""
        match value:
            case ir.Constant():
                yield _Given(value)
            case ir.Fit(value=inner):
                yield from self.given(inner)
            case ir.Default(value=inner, fallback=fallback):
                yield from self.given(inner)
                yield from self.given(fallback)
            case ir.Recover(value=inner, fallback=fallback):
                yield from self.given(inner)
                if fallback is not None:
                    yield from self.given(fallback)
            case ir.Choose(branches=branches, otherwise=otherwise):
                for one in (*(result for _, result in branches), otherwise):
                    yield from self.given(one)
            case ir.LookUp(inverse=False):
                yield from self._found(value)
            case ir.Decision():
                yield from self._decided(value)
            case _:
                return

    def _found(self, call: ir.LookUp) -> Iterator[_Given]:
        table = next(one for one in self.program.lookups if one.name == call.table)
        base = t.base_of(table.result)
        at = [name for name, _ in base.fields].index(call.member) if isinstance(base, t.Struct) and call.member else -1
        for _, _, result in table.rows:
            one = result[at] if at >= 0 and isinstance(result, tuple) else result
            yield _Given(ir.Constant(one, t.required(call.type)), call.table)

    def _decided(self, call: ir.Decision) -> Iterator[_Given]:
        table = next(one for one in self.program.decisions if one.name == call.table)
        base = t.base_of(table.result)
        names = [name for name, _ in base.fields] if isinstance(base, t.Struct) else [""]
        for row in table.rows:
            output = row.outputs[names.index(call.member)] if call.member in names else None
            if isinstance(output, ir.Constant):
                yield _Given(output, call.table)

    def place(self, given: _Given) -> Span | None:
        """The cell that gives a constant, where this script has it."""
        own: tuple[ast.Lookup | ast.Decide, ...] = (*self.unit.declared.of(ast.Lookup), *self.unit.declared.of(ast.Decide))
        for declared in own:
            if self.unit.full(declared.name.text) == given.table and declared.table is not None:
                # Results stand behind what they are found by.
                cells = (cell for row in declared.table.rows for cell in reversed(row.cells))
                return next((cell.span for cell in cells if cell.text == str(_plain(given.value.value))), None)
        return None
