"""Which entities depend on each other, and so which of their rows are read before and which after it is known what survives.

`owns` binds both ways, `references` the one that refers, a map the entity that it makes to those that it reads. Entities that
come back to each other on these ways are one group. Within a group a map reads rows as they were settled; from elsewhere only
survivors are read, so that what is made of an order that falls is never made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.semantic.clause_parts import expressions_of
from datahub.semantic.walk import walk

OriginOf = Callable[[str, str], ir.Origin]


class Linked:
    """The groups of a program's entities, as far as a plan makes them, and the links within and between them."""

    def __init__(self, program: ir.Program, wanted: Iterable[str], origin: OriginOf) -> None:
        self._direct = {name: frozenset(read) for name, read in _reads(program)}
        self._views = frozenset(view.body.name for view in program.views)
        mapped = frozenset(body.entity for body in program.maps)
        made = _closure(wanted, lambda name: self.behind(name) & mapped)
        self.made = made & mapped
        self._links = tuple(_links(program, self.made, origin))
        self._groups = _groups(made, self._neighbours)

    @property
    def referred(self) -> tuple[str, ...]:
        """The entities that are made here and referred to by others that are: a row of theirs may have been delivered before."""
        return tuple(dict.fromkeys(link.parent for link in self._links if link.referred and not link.owns and not link.elsewhere))

    @property
    def owned(self) -> tuple[tuple[str, str], ...]:
        """The entities that live and die with others that are made here, each with its owner."""
        return tuple((link.child, link.parent) for link in self._links if link.owns)

    def behind(self, name: str) -> frozenset[str]:
        """The rowsets that are read by `name`, and by the views among them."""
        return _closure(self._direct.get(name, ()), lambda one: self._direct.get(one, frozenset()) if one in self._views else frozenset())

    def reads_through(self, name: str) -> frozenset[str]:
        """The entities whose rows one sees when one reads `name`: those behind it where it is a view, else itself."""
        return self.behind(name) if name in self._views else frozenset((name,))

    def group(self, entity: str) -> frozenset[str]:
        """The entities that come back to `entity`, it among them."""
        return self._groups.get(entity, frozenset((entity,)))

    def may_fall(self, entity: str) -> bool:
        """Whether a row of `entity` can fall because of another."""
        return any(link.child == entity or (link.owns and link.parent == entity) for link in self._links)

    def links(self, group: frozenset[str]) -> tuple[op.Link, ...]:
        """The links by which rows of `group` can fall."""
        return tuple(link for link in self._links if link.child in group)

    def readers_groups(self, rowset: str) -> frozenset[str]:
        """The entities of all groups in which `rowset` is read: what it is made of may have to wait for them."""
        return frozenset(one for name, group in self._groups.items() if rowset in self.behind(name) for one in group)

    def _neighbours(self, entity: str) -> frozenset[str]:
        found = set(self.behind(entity))
        for link in self._links:
            if link.child == entity:
                found.add(link.parent)
            if link.owns and link.parent == entity:
                found.add(link.child)
        return frozenset(found)


def whole(program: ir.Program, entities: Iterable[str]) -> frozenset[str]:
    """`entities` and all that live and die with them, as far as maps fill them: what owns them, and what they own."""
    mapped = frozenset(body.entity for body in program.maps)
    owned = [(shape.name, child) for shape in program.entities for child, _ in shape.owns if {shape.name, child} <= mapped]

    def kin(name: str) -> frozenset[str]:
        return frozenset(other for pair in owned if name in pair for other in pair)

    return _closure(entities, kin)


def _closure(start: Iterable[str], following: Callable[[str], frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(following(name))
    return frozenset(found)


def _groups(made: frozenset[str], neighbours: Callable[[str], frozenset[str]]) -> dict[str, frozenset[str]]:
    """For each entity those that it reaches and that reach it."""
    reached = {name: _closure((name,), neighbours) for name in made}
    return {name: frozenset(other for other in reached[name] & made if name in reached[other]) for name in made}


def _reads(program: ir.Program) -> Iterator[tuple[str, set[str]]]:
    """For each view and entity the rowsets that its rows are made of, joined with and looked up in."""
    fed = {table.name: table.source for table in program.lookups if table.source}
    for view in program.views:
        yield view.body.name, _of_body(view.body, fed)
    for shape in program.entities:
        own = [part for name, check in program.checks if name == shape.name for part in (check.condition, check.when, check.message)]
        for rule in program.rules:
            if rule.entity == shape.name:
                own += [rule.when, *(one.value for one in (*rule.sets, *rule.otherwise))]
        found = set(_looked_up((one for one in own if one is not None), fed))
        for body in program.maps:
            if body.entity == shape.name:
                found |= _of_body(body.body, fed)
        yield shape.name, found


def _of_body(body: ir.RowsetBody, fed: dict[str, str]) -> set[str]:
    joined = (clause.rowset for clause in body.clauses if isinstance(clause, ir.JoinClause))
    written = [*(one.value for one in (*body.lets, *body.fields)), *(part for clause in body.clauses for part in expressions_of(clause))]
    return {*body.inputs, *joined, *_looked_up(written, fed)}


def _looked_up(expressions: Iterable[ir.Expression], fed: dict[str, str]) -> Iterator[str]:
    for expression in expressions:
        for node in walk(expression):
            if isinstance(node, ir.LookUp | ir.InLookUp) and node.table in fed:
                yield fed[node.table]


def _links(program: ir.Program, made: frozenset[str], origin: OriginOf) -> Iterator[op.Link]:
    shapes = {shape.name: shape for shape in program.entities}
    owned: set[tuple[str, tuple[str, ...], str]] = set()
    for shape in program.entities:
        for child, columns in shape.owns:
            if shape.name not in made or child not in made or len(columns) != len(shape.key) or not shape.key:
                continue
            owned.add((child, columns, shape.name))
            referred = (columns, shape.name) in references(shapes[child], shapes)
            below, above = origin(child, columns[0]), origin(shape.name, shape.key[0])
            yield op.Link(child, columns, shape.name, shape.key, True, referred, below, above)
    for shape in program.entities:
        if shape.whole and shape.name in made:
            # Rows of one group own each other by way of the first of them.
            there = origin(shape.name, shape.whole[0])
            yield op.Link(shape.name, shape.whole, shape.name, shape.whole, True, False, there, there)
    for shape in program.entities:
        for columns, parent in references(shape, shapes):
            if shape.name in made and parent in made and (shape.name, columns, parent) not in owned:
                there = origin(shape.name, columns[0])
                tags = {tag for one in shape.fields if one.name in columns for tag in one.tags}
                yield op.Link(
                    shape.name, columns, parent, shapes[parent].key, False, True, there, there, "tree" in tags, "elsewhere" in tags
                )


def references(shape: ir.EntityShape, shapes: dict[str, ir.EntityShape]) -> list[tuple[tuple[str, ...], str]]:
    """The fields of an entity that together are the key of another; of a key of several fields, all that refer to it."""
    found: list[tuple[tuple[str, ...], str]] = []
    for name in dict.fromkeys(one.references for one in shape.fields if one.references):
        fields = tuple(one.name for one in shape.fields if one.references == name)
        key = shapes[name].key if name in shapes else ()
        if len(key) == 1:
            found.extend(((field,), name) for field in fields)
        elif len(key) == len(fields):
            found.append((fields, name))
    return found
