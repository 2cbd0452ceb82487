"""What a module means, item by item, as hashes: the same for what is merely written in another way, in another order, with other comments.

An item is `map Order.city`, `checks Order.O001`, `lookup carriers`, `fn slug`: what an override can name. Its hash is that of its
typed form with everything inlined that it is made of, so that it changes where a function that it calls does.
A table is an item of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from datahub.document import Span
from datahub.semantic import inlining, ir
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.unit import Unit
from datahub.syntax import ast

_UNSAID = frozenset({"origin", "span", "line", "doc", "evidence"})


def meanings(made: Elaborated, unit: Unit, *, through_all: bool = False) -> dict[str, str]:
    """The hash of each item that `unit` declares; with `through_all` what reads a table, view, entity, source or parameter changes
    with it too, and `map X` is which rows there are."""
    lookups, decisions = made.program.lookups, made.program.decisions
    tables = {one.name: one for one in lookups} | {one.name: one for one in decisions}
    defaults = {one.name: one.default for one in made.program.parameters}
    digest = _Digest(_renamed(made), tables, defaults) if through_all else _Digest(_renamed(made), {}, {})
    found: dict[str, list[str]] = {}
    for name, value in _items(made, unit, digest):
        found.setdefault(name, []).append(value if isinstance(value, str) else digest.of(value))
    # Two checks may have one code.
    return {name: told[0] if len(told) == 1 else digest.of(tuple(told)) for name, told in found.items()}


def meaning(items: Mapping[str, str]) -> str:
    """One hash of all items, whatever their order."""
    whole = hashlib.sha256("\n".join(f"{name} {items[name]}" for name in sorted(items)).encode())
    return f"sha256:{whole.hexdigest()}"


def written(unit: Unit) -> dict[str, Span]:
    """Where each item that `unit` declares is written."""
    return dict(_written(unit))


# ---------------------------------------------------------------- what means what


def _items(made: Elaborated, unit: Unit, digest: _Digest) -> Iterator[tuple[str, Any]]:
    program, full = made.program, unit.full
    declared = unit.declared
    for name in declared.types:
        yield f"type {name}", (unit.world.types[name].type, unit.world.types[name].conditions)
    for one in program.parameters:
        if _own(one.name, declared.params, unit):
            yield f"param {_short(one.name, unit)}", one
    for source in program.sources:
        if _own(source.name, declared.rowsets, unit):
            yield from _source(source, _short(source.name, unit))
    for target in program.targets:
        if _own(target.name, declared.targets, unit):
            yield f"target {_short(target.name, unit)}", target
    for entity in program.entities:
        if _own(entity.name, declared.rowsets, unit):
            yield from _entity(entity, _short(entity.name, unit))
    for word, tables in (("lookup", program.lookups), ("decide", program.decisions)):
        for table in tables:
            if _own(table.name, declared.callables, unit):
                yield f"{word} {_short(table.name, unit)}", table
    for fn in declared.of(ast.Fn):
        known = unit.world.functions[fn.name.text]
        yield f"fn {fn.name.text}", (known.parameters, known.result, inlining.body(known, lambda _: None, unit.scope()))
    for view in program.views:
        if _own(view.body.name, declared.rowsets, unit):
            yield f"view {_short(view.body.name, unit)}", view
    yield from _maps(made, unit, digest)
    for rule in program.rules:
        name, _, part = rule.name.rpartition(".")
        if name.startswith(full("")) and _own(name, declared.rules, unit):
            yield f"rules {_short(name, unit)}.{part}", rule
    yield from _checks(program, unit)
    for flow in program.flows:
        if _own(flow.name, declared.flows, unit):
            yield f"flow {_short(flow.name, unit)}", flow


def _own(name: str, declared: Mapping[str, object], unit: Unit) -> bool:
    return name.startswith(unit.full("")) and _short(name, unit) in declared


def _short(name: str, unit: Unit) -> str:
    return name.removeprefix(unit.full(""))


def _source(source: ir.SourceShape, name: str) -> Iterator[tuple[str, Any]]:
    yield f"source {name}", source.kind
    yield from ((f"source {name}.option {option}", value) for option, value in source.options)
    yield from ((f"source {name}.{column.name}", column) for column in source.columns)


def _entity(entity: ir.EntityShape, name: str) -> Iterator[tuple[str, Any]]:
    more = (*((entity.whole,) if entity.whole else ()), *(("whole",) if entity.replaces else ()))
    yield f"entity {name}", (entity.key, entity.owns, entity.patch, entity.translate, *more)
    yield from ((f"entity {name}.{field.name}", field) for field in entity.fields)


def _maps(made: Elaborated, unit: Unit, digest: _Digest) -> Iterator[tuple[str, Any]]:
    every = [(one, other) for other in made.units for one in _labelled(other)]
    rowsets = _Rowsets(made.program, digest) if digest.tables or digest.defaults else None
    for ((name, _), owner), body in zip(every, made.program.maps, strict=True):
        if owner is not unit:
            continue
        # A let is part of whatever reads it.
        inside = digest.beside() if rowsets is None else rowsets.inside(body.body)
        yield f"map {name}", (body.body.inputs, body.body.clauses) if rowsets is None else rowsets.which(body.body, inside)
        for let in body.body.lets:
            inside.columns[let.name] = inside.of(let.value)
            yield f"map {name}.{let.name.replace('let.', 'let ', 1)}", inside.columns[let.name]
        yield from ((f"map {name}.{field.name}", inside.of(field.value)) for field in body.body.fields)


def _labelled(unit: Unit) -> Iterator[tuple[str, ast.Map]]:
    """The maps of a module as an override names them: a map's own name, else its entity's, with a number from the second on."""
    count: dict[str, int] = {}
    for one in unit.declared.maps:
        if one.name is not None:
            yield one.name.text, one
            continue
        name = one.entity.text
        count[name] = count.get(name, 0) + 1
        yield name if count[name] == 1 else f"{name} {count[name]}", one


def _checks(program: ir.Program, unit: Unit) -> Iterator[tuple[str, Any]]:
    codes = {
        (unit.full_of(block.entity.text), check.code.text): block.entity.text for block in unit.declared.checks for check in block.checks
    }
    for entity, check in program.checks:
        if (entity, check.code) in codes:
            yield f"checks {codes[entity, check.code]}.{check.code}", check


def _renamed(made: Elaborated) -> dict[str, str]:
    """Full names without the alias of their pack, which is each user's own: behind the pack's name."""
    found: dict[str, str] = {}
    for unit in made.units:
        pack = next((one.name.text for one in unit.module.declarations if isinstance(one, ast.Pack)), "")
        declared = unit.declared
        every = (*declared.types, *declared.callables, *declared.rowsets, *declared.targets, *declared.params, *declared.rules)
        found.update({unit.full(name): f"{pack}:{name}" for name in every})
    return found


class _Rowsets:
    """What the rows and columns of sources, views and entities are made of, all the way down."""

    def __init__(self, program: ir.Program, digest: _Digest) -> None:
        self._digest = digest
        self._sources = {one.name: one for one in program.sources}
        self._bodies: dict[str, list[ir.RowsetBody]] = {view.body.name: [view.body] for view in program.views}
        for one in program.maps:
            self._bodies.setdefault(one.entity, []).append(one.body)
        self._columns: dict[str, dict[str, str]] = {}
        self._rows: dict[str, str] = {}

    def inside(self, body: ir.RowsetBody) -> _Digest:
        """A digest for what stands in `body`, which knows the columns that it reads."""
        found = self._digest.beside()
        read: dict[str, list[str]] = {}
        joined = [(clause.alias, clause.rowset) for clause in body.clauses if isinstance(clause, ir.JoinClause)]
        for alias, rowset in (*((body.alias, name) for name in body.inputs), *joined):
            for name, means in self.columns(rowset).items():
                read.setdefault(f"{alias}.{name}", []).append(means)
        found.columns = {name: " ".join(means) for name, means in read.items()}
        return found

    def which(self, body: ir.RowsetBody, inside: _Digest) -> str:
        """Which rows `body` gives."""
        joined = tuple(self.rows(clause.rowset) for clause in body.clauses if isinstance(clause, ir.JoinClause))
        return inside.of((tuple(map(self.rows, body.inputs)), joined, body.clauses))

    def rows(self, name: str) -> str:
        if name not in self._rows:
            self._rows[name] = ""
            source = self._sources.get(name)
            bodies = tuple(self.which(body, self.inside(body)) for body in self._bodies.get(name, ()))
            self._rows[name] = self._digest.of((name, (source.kind, source.options) if source else "", bodies))
        return self._rows[name]

    def columns(self, name: str) -> dict[str, str]:
        """What each column of a rowset means."""
        if name not in self._columns:
            self._columns[name] = {}
            source = self._sources.get(name)
            found = {column.name: self._digest.of(column) for column in source.columns} if source is not None else {}
            for body in self._bodies.get(name, ()):
                inside = self.inside(body)
                for let in body.lets:
                    inside.columns[let.name] = inside.of(let.value)
                for one in body.fields:
                    found[one.name] = f"{found.get(one.name, '')} {inside.of(one.value)}"
            self._columns[name] = found
        return self._columns[name]


class _Digest:
    """Hashes of typed trees; a part that is shared is looked at once."""

    def __init__(
        self, renamed: Mapping[str, str], tables: Mapping[str, ir.LookupTable | ir.DecisionTable], defaults: Mapping[str, ir.Value]
    ) -> None:
        self.renamed, self.tables, self.defaults = renamed, tables, defaults
        self.columns: dict[str, str] = {}
        """What stands for a column that is made of others."""
        self._known: dict[int, tuple[Any, str]] = {}

    def beside(self) -> _Digest:
        """Another one, for where columns mean something of their own."""
        return _Digest(self.renamed, self.tables, self.defaults)

    def of(self, value: Any) -> str:
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        made = hashlib.sha256("\0".join(self._parts(value)).encode()).hexdigest()
        # The value is kept, so that no other one can have its identity.
        self._known[id(value)] = value, made
        return made

    def _parts(self, value: Any) -> Iterator[str]:
        if isinstance(value, ir.Column) and value.name in self.columns:
            yield self.columns[value.name]
        elif is_dataclass(value):
            yield type(value).__name__
            for field in fields(value):
                if field.name not in _UNSAID:
                    yield field.name
                    yield self.of(getattr(value, field.name))
            if isinstance(value, ir.Parameter) and value.name in self.defaults:
                yield repr(self.defaults[value.name])
            if isinstance(value, ir.LookUp | ir.Decision) and value.table in self.tables:
                yield self.of(self.tables[value.table])
            elif isinstance(value, ir.InLookUp) and isinstance(table := self.tables.get(value.table), ir.LookupTable):
                yield self.of((table.source, tuple(keys for keys, _, _ in table.rows)))
        elif isinstance(value, tuple | list):
            yield f"({len(value)}"
            yield from map(self.of, value)
        elif isinstance(value, str):
            # The column of a function's parameter has the name of the function before it.
            name, colon, parameter = value.partition(":")
            yield f"'{self.renamed.get(name, name)}{colon}{parameter}"
        else:
            yield f"{type(value).__name__} {value!r}"


# ---------------------------------------------------------------- where it is written


def _written(unit: Unit) -> Iterator[tuple[str, Span]]:
    declared = unit.declared
    words: tuple[tuple[str, Mapping[str, Any]], ...] = (("type", declared.types), ("param", declared.params), ("target", declared.targets))
    for word, found in (*words, ("flow", declared.flows)):
        yield from ((f"{word} {name}", one.span) for name, one in found.items())
    for name, called in declared.callables.items():
        yield f"{ {ast.Lookup: 'lookup', ast.Decide: 'decide', ast.Fn: 'fn'}[type(called)] } {name}", called.span
    for name, rowset in declared.rowsets.items():
        match rowset:
            case ast.View():
                yield f"view {name}", rowset.span
            case ast.Source():
                yield f"source {name}", rowset.span
                yield from ((f"source {name}.option {option.name.text}", option.span) for option in rowset.options)
                yield from ((f"source {name}.{column.name.text}", column.span) for column in rowset.columns)
            case ast.Entity():
                yield f"entity {name}", rowset.span
                yield from ((f"entity {name}.{field.name.text}", field.span) for field in rowset.fields)
    for name, map_ in _labelled(unit):
        yield f"map {name}", map_.span
        for item in map_.items:
            if isinstance(item, ast.FieldItem | ast.Let):
                yield f"map {name}.{'let ' if isinstance(item, ast.Let) else ''}{item.name.text}", item.span
    for name, rules in declared.rules.items():
        yield from ((f"rules {name}.{rule.name.text}", rule.span) for rule in rules.rules)
    for block in declared.checks:
        yield from ((f"checks {block.entity.text}.{check.code.text}", check.span) for check in block.checks)
