"""The mapping sheet of a script or pack: for every target field its rule and its source, beside entities, checks and tables.

It is made of the typed program, so that it says what runs: includes spelled out, defaults filled in, overrides laid on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.syntax.printing.expressions import Expressions
from datahub.types import model as t


@record(frozen=True, slots=True)
class Line:
    """One field of a map or view: what it is made by, of which columns, and the codes with which it can reject its row."""

    field: str
    type: str
    rule: str
    sources: tuple[str, ...]
    codes: tuple[str, ...]
    about: str = ""


@record(frozen=True, slots=True)
class MapSheet:
    """A map or view: whose rows it reads, through which clauses, and its lines; helpers (`let`) before the fields."""

    kind: str
    name: str
    entity: str
    reads: str
    lets: tuple[Line, ...]
    lines: tuple[Line, ...]


@record(frozen=True, slots=True)
class FieldSheet:
    name: str
    type: str
    must: str
    """`key`, `yes`, `no`, or what it is where no map fills it."""
    constraint: str
    about: str


@record(frozen=True, slots=True)
class CheckSheet:
    code: str
    severity: str
    on: tuple[str, ...]
    condition: str
    message: str


@record(frozen=True, slots=True)
class EntitySheet:
    name: str
    about: str
    fields: tuple[FieldSheet, ...]
    checks: tuple[CheckSheet, ...]


@record(frozen=True, slots=True)
class TableSheet:
    """A lookup or decision table: what it takes and gives, how many rows it has or what feeds it, and what a miss does."""

    kind: str
    name: str
    takes: str
    gives: str
    rows: str
    miss: str
    about: str


@record(frozen=True, slots=True)
class Sheet:
    entities: tuple[EntitySheet, ...]
    maps: tuple[MapSheet, ...]
    tables: tuple[TableSheet, ...]


_FLAT = Expressions(frozenset())


def mapping_sheet(made: Elaborated, whole: bool = False) -> Sheet:
    """The sheet of what a script or pack declares itself or overrides; with `whole` of all that it uses too."""
    shown = _Shown(made, whole)
    return Sheet(tuple(shown.entities()), tuple(shown.maps()), tuple(shown.tables()))


class _Shown:
    """What a sheet shows of a program."""

    def __init__(self, made: Elaborated, whole: bool) -> None:
        self.made, self.program, self.whole = made, made.program, whole
        self.own = frozenset(made.units[-1].module.documents)
        self.codes = {(name, field): codes for name, field, codes in made.program.signature}
        self.sources = {one.name for one in made.program.sources}

    def is_shown(self, unit: Unit, parts: Iterable[Span]) -> bool:
        """Whether something is the script's own, or overridden by it in one of its parts."""
        return self.whole or unit is self.made.units[-1] or any(span.document in self.own for span in parts)

    # ------------------------------------------------------------ entities

    def entities(self) -> Iterator[EntitySheet]:
        shapes = {one.name: one for one in self.program.entities}
        for unit in self.made.units:
            for declared in unit.declared.of(ast.Entity):
                shape = shapes[unit.full(declared.name.text)]
                blocks = [(one, block) for one in self.made.units for block in one.declared.checks if _entity(block, one) == shape.name]
                checks = [check for _, block in blocks for check in block.checks]
                if self.is_shown(unit, [*(field.span for field in declared.fields), *(check.span for check in checks)]):
                    yield EntitySheet(shape.name, shape.doc, tuple(_fields(shape, declared)), tuple(map(_check, checks)))

    # ------------------------------------------------------------ maps and views

    def maps(self) -> Iterator[MapSheet]:
        bodies = {one.body.name: one.body for one in self.program.views}
        for unit in self.made.units:
            for view in unit.declared.of(ast.View):
                if self.is_shown(unit, [view.span]):
                    body = bodies[unit.full(view.name.text)]
                    yield self._sheet("view", body, view, body.name, "")
        declared = [(one, unit) for unit in self.made.units for one in unit.declared.maps]
        for (written, unit), made in zip(declared, self.program.maps, strict=True):
            if self.is_shown(unit, [item.span for item in written.items]):
                yield self._sheet("map", made.body, written, made.body.name, made.entity)

    def _sheet(self, kind: str, body: ir.RowsetBody, declared: ast.Map | ast.View, name: str, entity: str) -> MapSheet:
        rules = {item.name.text: item for item in declared.items if isinstance(item, ast.FieldItem)}
        included = [item.of.text for item in declared.items if isinstance(item, ast.Include)]
        lets = {item.name.text: item for item in declared.items if isinstance(item, ast.Let)}
        shape = next((one for one in self.program.entities if one.name == entity), None)
        about = {one.name: one.doc for one in shape.fields} if shape is not None else {}
        named = self._aliases(body)
        helpers = [
            Line(f"let {let.name.text}", "", _FLAT.flat(let.value), self._from(body, f"let.{let.name.text}", named), ())
            for let in lets.values()
        ]
        order = [one.name for one in shape.fields] if shape is not None else [one.name for one in body.fields]
        fields = {one.name: one for one in body.fields}
        lines = []
        for field in order:
            rule = _FLAT.flat(rules[field].value) if field in rules else self._unwritten(fields[field], included)
            lines.append(
                Line(
                    field,
                    t.spelled(fields[field].value.type),
                    rule,
                    tuple(_told(fields[field].origin.evidence, named)),
                    self.codes.get((name, field), ()),
                    about.get(field, ""),
                )
            )
        return MapSheet(kind, name, entity, _reads(declared), tuple(helpers), tuple(lines))

    def _from(self, body: ir.RowsetBody, name: str, named: dict[str, str]) -> tuple[str, ...]:
        found = next((one for one in body.lets if one.name == name), None)
        return tuple(_told(found.origin.evidence, named)) if found is not None else ()

    def _aliases(self, body: ir.RowsetBody) -> dict[str, str]:
        """The rowsets by the names that their rows have here."""
        joined = {clause.alias: clause.rowset for clause in body.clauses if isinstance(clause, ir.JoinClause)}
        return {body.alias: ", ".join(body.inputs), **joined}

    def _unwritten(self, made: ir.Assignment, included: list[str]) -> str:
        """The rule of a field that no line of its own fills."""
        if made.origin.evidence:
            return f"{included[0]}.{made.name}" if len(included) == 1 else f"included from {' or '.join(included)}"
        match made.value:
            case ir.Omitted():
                return "left as it is"
            case ir.Constant(value=None):
                return "null"
            case ir.Constant(value=value):
                return f"default {_spelled(value)}"
            case _:
                return "default"

    # ------------------------------------------------------------ tables

    def tables(self) -> Iterator[TableSheet]:
        lookups = {one.name: one for one in self.program.lookups}
        decisions = {one.name: one for one in self.program.decisions}
        for unit in self.made.units:
            for declared in unit.declared.callables.values():
                if isinstance(declared, ast.Fn) or not self.is_shown(unit, [over.span for over in declared.over]):
                    continue
                name = unit.full(declared.name.text)
                miss = _miss(declared.otherwise)
                if isinstance(declared, ast.Lookup):
                    lookup = lookups[name]
                    takes = [*lookup.keys, *(((declared.asof.name.text, t.Date()),) if declared.asof is not None else ())]
                    rows = f"{len(lookup.rows)} rows" if not lookup.source else f"rows of `{lookup.source}`"
                    yield TableSheet("lookup", name, _listed(takes), t.spelled(lookup.result), rows, miss, declared.doc)
                else:
                    decision = decisions[name]
                    gives = t.spelled(decision.result)
                    yield TableSheet("decide", name, _listed(decision.inputs), gives, f"{len(decision.rows)} rows", miss, declared.doc)


def _spelled(value: ir.Value) -> str:
    """A constant as the language writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(_spelled, value))}]"
        case _:
            return str(value)


def _entity(block: ast.Checks, unit: Unit) -> str:
    return unit.full_of(block.entity.text)


def _fields(shape: ir.EntityShape, declared: ast.Entity) -> Iterator[FieldSheet]:
    written = {one.name.text: one for one in declared.fields}
    for one in shape.fields:
        field = written[one.name]
        default = f"else {_FLAT.flat(field.default)}" if field.default is not None else ""
        must = "key" if one.name in shape.key else default or ("no" if one.type.nullable else "yes")
        said = [f"where {_FLAT.flat(field.where)}"] if field.where is not None else []
        said += [f"one of {one.references}"] if one.references else []
        said += [f"@{tag}" for tag in one.tags]
        yield FieldSheet(one.name, t.spelled(one.type), must, ", ".join(said), one.doc)


def _check(check: ast.Check) -> CheckSheet:
    condition = _FLAT.flat(check.condition) if check.condition is not None else ""
    when = f" when {_FLAT.flat(check.when)}" if check.when is not None else ""
    message = _FLAT.flat(check.message)[1:-1] if check.message is not None else ""
    return CheckSheet(check.code.text, check.severity, tuple(name.text for name in check.on), condition + when, message)


def _reads(declared: ast.Map | ast.View) -> str:
    return " ".join(" ".join(one.span.text.split()) for one in (declared.source, *declared.clauses))


def _told(evidence: tuple[ir.Evidence, ...], named: dict[str, str]) -> Iterator[str]:
    """Source and header of each column that a value is made of; a row of an entity is told by the entity's name."""
    for one in evidence:
        if one.raw.startswith("#"):
            yield f"{one.raw[1:].rpartition('.')[0]}.{one.label}"
        else:
            row = one.raw.partition(".")[0]
            yield f"{named.get(row, row)}.{one.label}"


def _listed(pairs: Iterable[tuple[str, t.Type]]) -> str:
    return ", ".join(f"{name}: {t.spelled(kind)}" for name, kind in pairs)


def _miss(otherwise: ast.Fallback | None) -> str:
    if otherwise is None or otherwise.error:
        return "rejects the row"
    assert otherwise.value is not None
    return _FLAT.flat(otherwise.value)
