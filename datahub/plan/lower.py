"""Typed declarations to a graph of operators; what a script shares, the graph shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from typing import assert_never

from datahub.plan import boundary
from datahub.plan import operators as op
from datahub.plan.asked import asked_for
from datahub.plan.constraints import constraints
from datahub.plan.depths import Depths, Way, at, checked, joined_ways
from datahub.plan.expressions import lookups_used
from datahub.plan.linked import Linked, whole
from datahub.plan.lower_clauses import computed, element_fields, filtered, list_path, marks, over_columns
from datahub.plan.lower_sources import read
from datahub.plan.order import topological
from datahub.plan.patches import left_out, required, written_how
from datahub.plan.presence import asking_presence
from datahub.plan.referring import entity_of, referring
from datahub.plan.torn import torn_sources
from datahub.plan.whole import written_whole
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.previous_tables import remembered_by
from datahub.semantic.walk import columns_read
from datahub.types import model as t


def lower(program: ir.Program, flow: ir.FlowBody | None, entities: Sequence[str] | None = None) -> op.Plan:
    """The plan of `program` that makes what `flow` writes, or `entities`, or everything where neither is named."""
    wanted = _written(program, flow) if entities is None else tuple(entities)
    lowering = _Lowering(program, Linked(program, wanted, _origin_of(program)), written_how(program, flow))
    outputs = tuple(op.Output(name, lowering.rowset(name), left_out(program, name)) for name in wanted)
    feeds = _feeds(program, lowering, outputs)
    plan = op.Plan(
        program.sources,
        program.targets,
        program.entities,
        program.parameters,
        (*program.lookups, *lowering.delivered.values()),
        program.decisions,
        feeds,
        outputs,
        flow,
        program.zone,
        remembers=_remembers(program, flow, outputs),
        refers=tuple(dict.fromkeys((*map(entity_of, lowering.delivered.values()), *_referred(program, flow, lowering.linked)))),
        torn=_torn(program, flow, lowering.linked),
    )
    return asking_presence(plan)


def _torn(program: ir.Program, flow: ir.FlowBody | None, linked: Linked) -> tuple[tuple[str, str], ...]:
    """The sources that may tear apart what is owned, but for those of which the flow itself says how many records may be unread."""
    asked = {name for item in (flow.aborts if flow is not None else ()) for name in columns_read(item.condition)}
    return tuple(pair for pair in torn_sources(program, linked.owned) if f"unread({pair[0]})" not in asked)


def _referred(program: ir.Program, flow: ir.FlowBody | None, linked: Linked) -> Iterator[str]:
    """The entities of which rows that were delivered before may be referred to; what replaces everything leaves none."""
    replaced = {entity for _, entity in written_whole(program.targets, program.entities, flow)}
    yield from (name for name in linked.referred if name not in replaced)


def _remembers(program: ir.Program, flow: ir.FlowBody | None, outputs: Sequence[op.Output]) -> tuple[str, ...]:
    """The entities of which the plan asks what was delivered last: rows, or how many."""
    asked = {name for item in (flow.aborts if flow is not None else ()) for name in columns_read(item.condition)}
    counted = [one.name for one in program.entities if f"previous_count({one.name})" in asked]
    used = _lookups(outputs)
    return tuple(dict.fromkeys([*remembered_by(one for one in program.lookups if one.name in used), *counted]))


def _lookups(outputs: Sequence[op.Output]) -> set[str]:
    """The tables that the outputs read."""
    return {name for operator in topological(output.rows for output in outputs) for name in lookups_used(operator)}


def _feeds(program: ir.Program, lowering: _Lowering, outputs: Sequence[op.Output]) -> tuple[op.LookupFeed, ...]:
    """The rows of those lookups fed by a source that the outputs read."""
    used = _lookups(outputs)
    feeds = []
    for table in program.lookups:
        if table.source and table.name in used:
            # What a lookup is fed with may wait for those who look things up in it: then it takes rows as they were settled.
            lowering.within = lowering.linked.readers_groups(table.source)
            feeds.append(op.LookupFeed(table.name, op.Rename(lowering.rowset(table.source), _fed(table))))
    return tuple(feeds)


def _fed(table: ir.LookupTable) -> tuple[tuple[str, str], ...]:
    """The columns of a lookup's source as those of the table: its keys, the fields of the result (or the one result)."""
    keys = tuple((name, name) for name, _ in table.keys)
    since = ((table.valid_from, "valid_from"),) if table.valid_from else ()
    names = table.feed_columns if isinstance(t.base_of(table.result), t.Struct) else ("result",)
    return (*keys, *since, *zip(table.feed_columns, names, strict=True))


def _written(program: ir.Program, flow: ir.FlowBody | None) -> tuple[str, ...]:
    """The entities whose rows are wanted, in the order of their first map, with those that live and die with what the flow asks for."""
    mapped = dict.fromkeys(body.entity for body in program.maps)
    if flow is None:
        return tuple(mapped)
    wanted = whole(program, asked_for(flow))
    return tuple(name for name in mapped if name in wanted)


@record(slots=True)
class _Lowering:
    program: ir.Program
    linked: Linked
    modes: dict[str, frozenset[str]]
    made: dict[tuple[str, frozenset[str]], op.Operator] = field(default_factory=dict)
    settled: dict[str, op.Operator] = field(default_factory=dict)
    guarded: dict[str, op.Operator] = field(default_factory=dict)
    graphs: dict[frozenset[str], op.Graph] = field(default_factory=dict)
    within: frozenset[str] = frozenset()
    """The entities whose rows are read as they were settled, before it is known which of them survive."""
    delivered: dict[str, ir.LookupTable] = field(default_factory=dict)
    """The keys of entities that are referred to and not made here."""
    ways: dict[str, Way] = field(default_factory=dict)
    """For each view and map where the values of its columns stand in the rows of a source."""

    def rowset(self, name: str) -> op.Operator:
        """The operator that gives the rows of a source, view or entity; the same one each time."""
        key = (name, self.within & self.linked.reads_through(name))
        if key not in self.made:
            self.made[key] = self._rowset(name)
        return self.made[key]

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
        """The rows of an entity: those that survive, or all that were settled where that is not known yet."""
        if name in self.within:
            return self.settle(name)
        if name not in self.guarded:
            survive = self.linked.may_fall(name)
            rows = op.Surviving(self.graph(self.linked.group(name)), name) if survive else self.settle(name)
            self.guarded[name] = self._guarded(name, rows)
        return self.guarded[name]

    def graph(self, group: frozenset[str]) -> op.Graph:
        """The entities of a group, and those they refer to."""
        if group not in self.graphs:
            links = self.linked.links(group)
            named = {name for link in links for name in (link.child, link.parent)}
            entities = tuple(shape.name for shape in self.program.entities if shape.name in named)
            rows = tuple(self.settle(name) if name in group else self._seen_from(frozenset(), name) for name in entities)
            self.graphs[group] = op.Graph(rows, entities, tuple(map(self._placed, links)))
        return self.graphs[group]

    def _placed(self, link: op.Link) -> op.Link:
        """A link whose rows fall where the columns stand that say to which others they belong."""
        child, parent = self.ways[link.child].depths.columns, self.ways[link.parent].depths.columns
        below = replace(link.below, depth=max((child.get(name, -1) for name in link.columns), default=-1))
        return replace(link, below=below, above=replace(link.above, depth=max((parent.get(name, -1) for name in link.key), default=-1)))

    def settle(self, name: str) -> op.Operator:
        """The settled rows of an entity; its maps see those of its own group as they were settled."""
        if name not in self.settled:
            group = self.linked.group(name)
            before, self.within = self.within, group if len(group) > 1 else frozenset()
            self.settled[name] = self._settle(name)
            self.within = before
        return self.settled[name]

    def _seen_from(self, within: frozenset[str], name: str) -> op.Operator:
        before, self.within = self.within, within
        rows = self.rowset(name)
        self.within = before
        return rows

    def _settle(self, name: str) -> op.Operator:
        """An entity's maps one after the other, rules, checks, key."""
        shape = self.shape(name)
        bodies = [body.body for body in self.program.maps if body.entity == name]
        rows = _union([self.body(body) for body in bodies])
        way = self.ways[name] = joined_ways([self.ways[body.name] for body in bodies])
        for rule in self.program.rules:
            if rule.entity == name:
                rows = computed(rows, [way.depths.placed(one) for one in _rule(rule)])
        checks = (
            *required(shape, self.modes.get(name, frozenset()), _origins(shape, bodies)),
            *constraints(shape, dict(_origins(shape, bodies))),
            *self._referring(shape, bodies),
            *self._declared_checks(name),
        )
        return boundary.settled(rows, shape, [checked(check, way.depths) for check in checks], self._origins(shape))

    def _guarded(self, name: str, rows: op.Operator) -> op.Operator:
        checks = [checked(check, self.ways[name].depths) for check in self._declared_checks(name)]
        return boundary.guarded(rows, self.shape(name), checks, self._origins(self.shape(name)))

    def _origins(self, shape: ir.EntityShape) -> tuple[tuple[str, ir.Origin], ...]:
        """Who is named when a field fails, and how deep it stands."""
        bodies = [body.body for body in self.program.maps if body.entity == shape.name]
        depths = self.ways[shape.name].depths.columns
        return tuple((name, replace(origin, depth=depths.get(name, -1))) for name, origin in _origins(shape, bodies))

    def _declared_checks(self, name: str) -> tuple[ir.CheckRule, ...]:
        return tuple(check for entity, check in self.program.checks if entity == name)

    def _referring(self, shape: ir.EntityShape, bodies: Sequence[ir.RowsetBody]) -> Iterator[ir.CheckRule]:
        shapes = {one.name: one for one in self.program.entities}
        for table, check in referring(shape, shapes, dict(_origins(shape, bodies)), made=self.linked.made):
            self.delivered[table.name] = table
            yield check

    def body(self, body: ir.RowsetBody) -> op.Operator:
        """The rows that a view or map makes, its fields under their plain names."""
        rows = _union([self._named(name, body.alias) for name in body.inputs])
        way = self._way(body)
        for number, clause in enumerate(body.clauses):
            if isinstance(clause, ir.GroupClause):
                self.ways[body.name] = Way({}, Depths({}, way.depths.rows))
                return self._grouped(rows, clause, body.clauses[number + 1 :], (*body.lets, *body.fields))
            rows = self._clause(rows, clause, way)
        assignments = [way.depths.placed(one) for one in (*body.lets, *body.fields)]
        self.ways[body.name] = way.named(body)
        return computed(rows, (*assignments, *marks(body)))

    def _way(self, body: ir.RowsetBody) -> Way:
        """What is known of the columns of the rowsets that a body takes its rows from."""
        ways = [self.ways.get(name) or self._source_way(name) for name in body.inputs]
        return joined_ways(ways, f"{body.alias}.")

    def _source_way(self, name: str) -> Way:
        source = next((one for one in self.program.sources if one.name == name), None)
        columns = () if source is None else source.columns
        return Way({one.name: one.name if one.pattern else one.label for one in columns}, Depths({one.name: 0 for one in columns}))

    def _named(self, rowset: str, alias: str) -> op.Operator:
        return op.Rename(self.rowset(rowset), tuple((name, f"{alias}.{name}") for name in self.fields(rowset)))

    def _clause(self, rows: op.Operator, clause: ir.Clause, way: Way) -> op.Operator:
        depths = way.depths
        match clause:
            case ir.FillClause(columns=columns, by=by):
                return op.Fill(rows, columns, by, at(clause, depths.of(by)).origin)
            case ir.EachClause(over=over):
                fields = element_fields(over.type)
                path = list_path(over, way.traced)
                origin = at(clause, depths.of((over,))).origin
                way.expanded(clause, path, [name for name, _ in fields])
                return op.Expand(rows, over, clause.item, clause.position, clause.outer, fields, origin, path)
            case ir.JoinClause():
                return self._join(rows, clause, depths)
            case ir.WhereClause(condition=condition):
                return filtered(rows, condition, at(clause, depths.of((condition,))).origin)
            case ir.UniqueClause(keys=keys, keep=keep, code=code, origin=origin):
                return op.Unique(rows, keys, keep, code, origin)
            case ir.OrderClause(keys=keys, origin=origin):
                return op.Sort(rows, keys, origin)
            case ir.GroupClause():
                raise AssertionError("a group is lowered with what follows it")
            case _:
                assert_never(clause)

    def _join(self, rows: op.Operator, clause: ir.JoinClause, depths: Depths) -> op.Operator:
        columns = tuple((name, f"{clause.alias}.{name}") for name in self.fields(clause.rowset))
        right = op.Rename(self.rowset(clause.rowset), columns)
        origin = at(clause, depths.of((*clause.left, clause.also))).origin
        depths.joined((*clause.left, clause.also), [new for _, new in columns])
        return op.Join(
            rows,
            right,
            clause.left,
            clause.right,
            clause.also,
            tuple((new, new) for _, new in columns),
            clause.many,
            clause.required,
            origin,
        )

    def _grouped(
        self, rows: op.Operator, group: ir.GroupClause, after: Sequence[ir.Clause], assignments: tuple[ir.Assignment, ...]
    ) -> op.Operator:
        """A group and all that is said of it: what reads its rows is computed where they are, the rest follows by name."""
        asked: list[ir.Assignment] = []
        later = [over_columns(clause, number, asked) for number, clause in enumerate(after)]
        grouped: op.Operator = op.Group(rows, group.keys, (*asked, *assignments), group.partial, group.origin)
        for clause in later:
            grouped = self._clause(grouped, clause, Way({}, Depths({})))
        return grouped


def _union(rows: list[op.Operator]) -> op.Operator:
    return rows[0] if len(rows) == 1 else op.Union(tuple(rows))


def _rule(rule: ir.RuleBody) -> tuple[ir.Assignment, ...]:
    """A rule as assignments: the new value where it fires, else what `otherwise` says, else the value as it is."""
    condition = ir.Assignment(f"rule.{rule.name}", rule.when, rule.sets[0].origin)
    fired = ir.Column(condition.name, rule.when.type)
    other = {one.name: one.value for one in rule.otherwise}
    sets = [replace(one, value=ir.Choose(((fired, one.value),), other.pop(one.name, _itself(one)), one.value.type)) for one in rule.sets]
    sets.extend(
        replace(one, value=ir.Choose(((fired, _itself(one)),), one.value, one.value.type)) for one in rule.otherwise if one.name in other
    )
    if len(sets) == 1:
        return (condition, *sets)
    # Each value is worked out from the fields as they were: all of them first, under names of their own.
    aside = [replace(one, name=f"{condition.name}.{one.name}") for one in sets]
    return (condition, *aside, *(replace(one, value=ir.Column(made.name, one.value.type)) for one, made in zip(sets, aside, strict=True)))


def _itself(assignment: ir.Assignment) -> ir.Expression:
    return ir.Column(assignment.name, assignment.value.type)


def _origin_of(program: ir.Program) -> Callable[[str, str], ir.Origin]:
    """Who is named when a field of an entity fails."""

    def origin(entity: str, field: str) -> ir.Origin:
        shape = next(one for one in program.entities if one.name == entity)
        bodies = [one.body for one in program.maps if one.entity == entity]
        return dict(_origins(shape, bodies)).get(field, ir.Origin(entity, field, translate=shape.translate))

    return origin


def _origins(shape: ir.EntityShape, bodies: Sequence[ir.RowsetBody]) -> tuple[tuple[str, ir.Origin], ...]:
    """For each field who is named when it fails: the first map that fills it, with the evidence of all that do."""
    found: dict[str, ir.Origin] = {}
    for body in bodies:
        for assignment in body.fields:
            known = found.get(assignment.name)
            extra = assignment.origin.evidence
            found[assignment.name] = assignment.origin if known is None else replace(known, evidence=(*known.evidence, *extra))
    return tuple((name, found[name]) for name in (one.name for one in shape.fields) if name in found)
