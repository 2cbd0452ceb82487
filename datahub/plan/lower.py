"""Typed declarations to a graph of operators; what a script shares, the graph shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from datahub.plan import operators as op
from datahub.plan.expressions import lookups_used
from datahub.plan.order import topological
from datahub.semantic import ir
from datahub.semantic.expressions import nullable_reads
from datahub.semantic.kinds import SOURCES
from datahub.semantic.walk import columns_read, is_windowed, walk
from datahub.types import model as t


def lower(program: ir.Program, flow: ir.FlowBody | None, entities: Sequence[str] | None = None) -> op.Plan:
    """The plan of `program` that makes what `flow` writes, or `entities`, or everything where neither is named."""
    lowering = _Lowering(program)
    wanted = _written(program, flow) if entities is None else tuple(entities)
    outputs = tuple(op.Output(name, lowering.rowset(name)) for name in wanted)
    feeds = _feeds(program, lowering, outputs)
    return op.Plan(
        program.sources,
        program.targets,
        program.entities,
        program.parameters,
        program.lookups,
        program.decisions,
        feeds,
        outputs,
        flow,
        program.zone,
    )


def _feeds(program: ir.Program, lowering: _Lowering, outputs: Sequence[op.Output]) -> tuple[op.LookupFeed, ...]:
    """The rows of those lookups fed by a source that the outputs read."""
    used = {name for operator in topological(output.rows for output in outputs) for name in lookups_used(operator)}
    return tuple(
        op.LookupFeed(table.name, op.Rename(lowering.rowset(table.source), _fed(table)))
        for table in program.lookups
        if table.source and table.name in used
    )


def _fed(table: ir.LookupTable) -> tuple[tuple[str, str], ...]:
    """The columns of a lookup's source as those of the table: its keys, the fields of the result (or the one result)."""
    keys = tuple((name, name) for name, _ in table.keys)
    since = ((table.valid_from, "valid_from"),) if table.valid_from else ()
    names = table.feed_columns if isinstance(t.base_of(table.result), t.Struct) else ("result",)
    return (*keys, *since, *zip(table.feed_columns, names, strict=True))


def _written(program: ir.Program, flow: ir.FlowBody | None) -> tuple[str, ...]:
    """The entities whose rows are wanted, in the order of their first map."""
    mapped = dict.fromkeys(body.entity for body in program.maps)
    if flow is None:
        return tuple(mapped)
    named = {entity for item in flow.writes for entity in item.entities}
    counted = {name for item in flow.aborts for name in _counted(item.condition)}
    return tuple(name for name in mapped if name in named or name in counted)


def _counted(condition: ir.Expression) -> Iterable[str]:
    for name in columns_read(condition):
        yield name.partition("(")[2].removesuffix(")")


@dataclass(slots=True)
class _Lowering:
    program: ir.Program
    made: dict[str, op.Operator] = field(default_factory=dict)
    traced: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each rowset its columns that are those of a source as they stand there, so that paths in them mean something."""

    def rowset(self, name: str) -> op.Operator:
        """The operator that gives the rows of a source, view or entity; the same one each time."""
        if name not in self.made:
            self.made[name] = self._rowset(name)
        return self.made[name]

    def _rowset(self, name: str) -> op.Operator:
        for source in self.program.sources:
            if source.name == name:
                return read(source)
        for view in self.program.views:
            if view.body.name == name:
                return self.body(view.body)
        return self.entity(name)

    def fields(self, name: str) -> tuple[str, ...]:
        """The names of the columns of a rowset."""
        for source in self.program.sources:
            if source.name == name:
                return tuple(column.name for column in source.columns)
        for view in self.program.views:
            if view.body.name == name:
                return tuple(column for column, _ in view.fields)
        return tuple(one.name for one in self.shape(name).fields)

    def shape(self, name: str) -> ir.EntityShape:
        return next(entity for entity in self.program.entities if entity.name == name)

    def entity(self, name: str) -> op.Operator:
        """The settled rows of an entity: its maps one after the other, rules, checks, key."""
        shape = self.shape(name)
        bodies = [body.body for body in self.program.maps if body.entity == name]
        rows = _union([self.body(body) for body in bodies])
        for rule in self.program.rules:
            if rule.entity == name:
                rows = op.Compute(rows, _rule(rule))
        checks = (*_constraints(shape, bodies), *(check for entity, check in self.program.checks if entity == name))
        local = tuple(check for check in checks if not check.windowed)
        windowed = tuple(check for check in checks if check.windowed)
        if local:
            rows = op.Check(rows, local)
        if windowed:
            rows = op.SetCheck(rows, windowed)
        origins = _origins(shape, bodies)
        if shape.key:
            rows = op.Key(rows, shape.key, dict(origins).get(shape.key[0], ir.Origin(name, shape.key[0])))
        owned = tuple((check.code, check.fields) for check in checks if check.fields and check.code != "R301")
        return op.Settle(rows, name, tuple((one.name, one.type) for one in shape.fields), origins, owned)

    def body(self, body: ir.RowsetBody) -> op.Operator:
        """The rows that a view or map makes, its fields under their plain names."""
        rows = _union([self._named(name, body.alias) for name in body.inputs])
        assignments = (*body.lets, *body.fields)
        traced = {f"{body.alias}.{column}" for name in body.inputs for column in self._traced(name)}
        self.traced[body.name] = frozenset(one.name for one in body.fields if isinstance(one.value, ir.Column) and one.value.name in traced)
        for at, clause in enumerate(body.clauses):
            if isinstance(clause, ir.GroupClause):
                return self._grouped(rows, clause, body.clauses[at + 1 :], assignments)
            rows = self._clause(rows, clause, traced)
        return _computed(rows, assignments)

    def _traced(self, rowset: str) -> frozenset[str]:
        source = next((one for one in self.program.sources if one.name == rowset), None)
        return self.traced.get(rowset, frozenset()) if source is None else frozenset(column.name for column in source.columns)

    def _named(self, rowset: str, alias: str) -> op.Operator:
        return op.Rename(self.rowset(rowset), tuple((name, f"{alias}.{name}") for name in self.fields(rowset)))

    def _clause(self, rows: op.Operator, clause: ir.Clause, traced: set[str]) -> op.Operator:
        match clause:
            case ir.FillClause(columns=columns, by=by, origin=origin):
                return op.Fill(rows, columns, by, origin)
            case ir.EachClause(over=over):
                fields = _element_fields(over.type)
                path = _path(over) if any(name in traced for name in columns_read(over)) else ""
                if path:
                    traced.update((clause.item, *(f"{clause.item}.{name}" for name, _ in fields)))
                return op.Expand(rows, over, clause.item, clause.position, clause.outer, fields, clause.origin, path)
            case ir.JoinClause():
                return self._join(rows, clause)
            case ir.WhereClause(condition=condition, origin=origin):
                return _filtered(rows, condition, origin)
            case ir.UniqueClause(keys=keys, keep=keep, code=code, origin=origin):
                return op.Unique(rows, keys, keep, code, origin)
            case ir.OrderClause(keys=keys, origin=origin):
                return op.Sort(rows, keys, origin)
            case ir.GroupClause():
                raise AssertionError("a group is lowered with what follows it")
            case _:
                assert_never(clause)

    def _join(self, rows: op.Operator, clause: ir.JoinClause) -> op.Operator:
        columns = tuple((name, f"{clause.alias}.{name}") for name in self.fields(clause.rowset))
        right = op.Rename(self.rowset(clause.rowset), columns)
        return op.Join(
            rows,
            right,
            clause.left,
            clause.right,
            clause.also,
            tuple((new, new) for _, new in columns),
            clause.many,
            clause.required,
            clause.origin,
        )

    def _grouped(
        self, rows: op.Operator, group: ir.GroupClause, after: Sequence[ir.Clause], assignments: tuple[ir.Assignment, ...]
    ) -> op.Operator:
        """A group and all that is said of it: what reads its rows is computed where they are, the rest follows by name."""
        computed: list[ir.Assignment] = []
        later = [_over_columns(clause, number, computed) for number, clause in enumerate(after)]
        grouped: op.Operator = op.Group(rows, group.keys, (*computed, *assignments), group.partial, group.origin)
        for clause in later:
            grouped = self._clause(grouped, clause, set())
        return grouped


def read(source: ir.SourceShape) -> op.Operator:
    """The rows of a source with its columns typed; of a strict one only those whose every column is."""
    rows = _typed(source)
    return op.Filter(rows, _converted_all(source), ir.Origin(map=source.name)) if source.strict else rows


def _converted_all(source: ir.SourceShape) -> ir.Expression:
    """A condition that always holds and reads every column, so that whatever failed in one rejects the row."""
    held: ir.Expression = ir.Constant(True, t.Bool())
    for column in source.columns:
        asked = ir.Call("is_null", 0, (ir.Column(column.name, column.type),), t.Bool())
        either = ir.Logic("or", asked, ir.Call("not", 0, (asked,), t.Bool()), t.Bool())
        held = ir.Logic("and", held, either, t.Bool())
    return held


def _typed(source: ir.SourceShape) -> op.Operator:
    names = tuple(column.name for column in source.columns)
    if not SOURCES[source.kind].text:
        return op.Compute(op.Read(source.name, names), tuple(_kept_as_evidence(source)))
    raw = tuple(f"#{source.name}.{name}" for name in names)
    return op.Compute(op.Read(source.name, raw), tuple(map(_converted, source.columns, raw, [source.name] * len(raw))))


def _kept_as_evidence(source: ir.SourceShape) -> Iterable[ir.Assignment]:
    """The values that a typed source gives, under the names by which rejects look for them."""
    for column in source.columns:
        if not t.parts(t.base_of(column.type)):
            yield ir.Assignment(f"#{source.name}.{column.name}", ir.Column(column.name, column.type), ir.Origin())


def _converted(column: ir.SourceColumn, raw: str, source: str) -> ir.Assignment:
    label = column.names[0] if column.names else column.pattern or column.name
    value = ir.Convert(ir.Column(raw, raw_type(column.type, column)), column.reading, label, column.type)
    return ir.Assignment(column.name, value, ir.Origin(field=column.name, map=source, evidence=(ir.Evidence(label, raw),)))


def raw_type(kind: t.Type, column: ir.SourceColumn) -> t.Type:
    """What a text format gives for a column: text, or for columns gathered by a pattern a list or map of texts."""
    if not column.pattern:
        return t.Text(nullable=True)
    match t.base_of(kind):
        case t.MapOf():
            return t.MapOf(t.Text(nullable=True))
        case t.ListOf(item=item):
            return t.ListOf(_raw_part(item))
        case t.Struct(fields=fields):
            return t.Struct(tuple((name, t.Text(nullable=True)) for name, _ in fields))
        case _:
            return t.Text(nullable=True)


def _raw_part(item: t.Type) -> t.Type:
    match t.base_of(item):
        case t.Struct(fields=fields):
            return t.Struct(tuple((name, t.Text(nullable=True)) for name, _ in fields))
        case _:
            return t.Text(nullable=True)


def _union(rows: list[op.Operator]) -> op.Operator:
    return rows[0] if len(rows) == 1 else op.Union(tuple(rows))


def _path(over: ir.Expression) -> str:
    """Where a list stands within its row: `order_lines`, `customer/addresses`; nothing for one that is made."""
    match over:
        case ir.Column(name=name):
            return name.rpartition(".")[2]
        case ir.Field(of=ir.Field() as of, name=name):
            return f"{_path(of)}/{name}"
        case ir.Field(of=ir.Column(name=column), name=name):
            return f"{column.rpartition('.')[2]}/{name}"
        case _:
            return ""


def _element_fields(kind: t.Type) -> tuple[tuple[str, t.Type], ...]:
    listed = t.base_of(kind)
    item = t.base_of(listed.item) if isinstance(listed, t.ListOf) else t.Unknown()
    return item.fields if isinstance(item, t.Struct) else ()


def _computed(rows: op.Operator, assignments: Sequence[ir.Assignment]) -> op.Operator:
    """Assignments in order; those that look at other rows in operators of their own."""
    waiting: list[ir.Assignment] = []
    for assignment in assignments:
        if is_windowed(assignment.value):
            rows = op.Windowed(op.Compute(rows, tuple(waiting)) if waiting else rows, (assignment,))
            waiting = []
        else:
            waiting.append(assignment)
    return op.Compute(rows, tuple(waiting)) if waiting else rows


def _filtered(rows: op.Operator, condition: ir.Expression, origin: ir.Origin) -> op.Operator:
    if not is_windowed(condition):
        return op.Filter(rows, condition, origin)
    name = f"where.{origin.line}"
    return op.Filter(op.Windowed(rows, (ir.Assignment(name, condition, origin),)), ir.Column(name, condition.type), origin)


def _over_columns(clause: ir.Clause, number: int, computed: list[ir.Assignment]) -> ir.Clause:
    """A clause after `group by`, over columns that the group computes."""

    def column(value: ir.Expression, part: int) -> ir.Expression:
        name = f"clause.{number}.{part}"
        computed.append(ir.Assignment(name, value, clause.origin))
        return ir.Column(name, value.type)

    match clause:
        case ir.WhereClause(condition=condition):
            return replace(clause, condition=column(condition, 0))
        case ir.OrderClause(keys=keys):
            return replace(clause, keys=tuple(replace(key, value=column(key.value, part)) for part, key in enumerate(keys)))
        case ir.UniqueClause(keys=keys):
            return replace(clause, keys=tuple(column(key, part) for part, key in enumerate(keys)))
        case ir.FillClause() | ir.EachClause() | ir.JoinClause() | ir.GroupClause():
            return clause
        case _:
            assert_never(clause)


def _rule(rule: ir.RuleBody) -> tuple[ir.Assignment, ...]:
    """A rule as assignments: the new value where it fires, else what `otherwise` says, else the value as it is."""
    condition = ir.Assignment(f"rule.{rule.name}", rule.when, rule.sets[0].origin)
    fired = ir.Column(condition.name, rule.when.type)
    other = {one.name: one.value for one in rule.otherwise}
    sets = [replace(one, value=ir.Choose(((fired, one.value),), other.pop(one.name, _itself(one)), one.value.type)) for one in rule.sets]
    sets.extend(
        replace(one, value=ir.Choose(((fired, _itself(one)),), one.value, one.value.type)) for one in rule.otherwise if one.name in other
    )
    return (condition, *sets)


def _itself(assignment: ir.Assignment) -> ir.Expression:
    return ir.Column(assignment.name, assignment.value.type)


def _origins(shape: ir.EntityShape, bodies: Sequence[ir.RowsetBody]) -> tuple[tuple[str, ir.Origin], ...]:
    """For each field who is named when it fails: the first map that fills it, with the evidence of all that do."""
    found: dict[str, ir.Origin] = {}
    for body in bodies:
        for assignment in body.fields:
            known = found.get(assignment.name)
            extra = assignment.origin.evidence
            found[assignment.name] = assignment.origin if known is None else replace(known, evidence=(*known.evidence, *extra))
    return tuple((name, found[name]) for name in (one.name for one in shape.fields) if name in found)


def _constraints(shape: ir.EntityShape, bodies: Sequence[ir.RowsetBody]) -> tuple[ir.CheckRule, ...]:
    """The `where` of fields, as checks with the code R301."""
    origins = dict(_origins(shape, bodies))
    return tuple(
        ir.CheckRule(
            "R301",
            "error",
            one.constraint,
            applicable(one.constraint),
            None,
            (one.name,),
            origins.get(one.name, ir.Origin(shape.name, one.name)),
        )
        for one in shape.fields
        if one.constraint is not None
    )


def applicable(condition: ir.Expression) -> ir.Expression | None:
    """When a condition can be asked at all: where no nullable column that it reads is null."""
    kinds = {node.name: node.type for node in walk(condition) if isinstance(node, ir.Column)}
    asked: ir.Expression | None = None
    for name in sorted(nullable_reads(condition)):
        there = ir.Call("not", 0, (ir.Call("is_null", 0, (ir.Column(name, kinds[name]),), t.Bool()),), t.Bool())
        asked = there if asked is None else ir.Logic("and", asked, there, t.Bool())
    return asked
