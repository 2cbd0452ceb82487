"""Declarations that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.syntax.walk import walk

UNUSED = Rule(
    "DHM113",
    "unused",
    Severity.WARNING,
    "something is declared that nothing uses",
    "A `let`, parameter, lookup, function, type, view, source, target or used pack that nobody reads is either left over or was meant "
    "to be read. What a test uses counts as used; so does everything in a pack, which is there for others.",
)


@lint(UNUSED, own=True)
def look(subject: Subject, emit: Emit) -> None:
    """Tell what the script declares and nothing uses; a pack is for others to use."""
    unit = subject.unit
    if any(isinstance(one, ast.Pack) for one in unit.module.declarations):
        return
    used = frozenset(name for one in subject.units for name in one.world.used) | _named_in_tests(unit)
    for what, name in _declared(unit):
        if f"{what} {name.text}" not in used:
            emit(_unused(what, name))
    for name in _unread_rowsets(subject, unit):
        emit(_unused("source" if isinstance(unit.declared.rowsets[name.text], ast.Source) else "view", name))
    for name in (*_unread_lets(unit), *_unused_imports(unit), *_unwritten_targets(unit)):
        emit(_unused("name", name))


def _unused(what: str, name: ast.Name) -> Diagnostic:
    shown = "" if what == "name" else {"param": "parameter ", "fn": "function ", "decide": "decision "}.get(what, f"{what} ")
    return Diagnostic(
        UNUSED, f"the {shown}`{name.text}` is not used" if shown else f"`{name.text}` is not used", Label(name.span, "nothing reads it")
    )


def _declared(unit: Unit) -> Iterator[tuple[str, ast.Name]]:
    declared = unit.declared
    yield from (("param", one.name) for one in declared.params.values())
    yield from (("type", one.name) for one in declared.types.values())
    kinds: dict[type, str] = {ast.Lookup: "lookup", ast.Decide: "decide", ast.Fn: "fn"}
    yield from ((kinds[type(one)], one.name) for one in declared.callables.values())


def _named_in_tests(unit: Unit) -> frozenset[str]:
    """Everything that a test could mean by a name in one of its assertions."""
    found: set[str] = set()
    for test in unit.declared.tests:
        for node in walk(test):
            match node:
                case ast.Call(function=function):
                    found.update(f"{kind} {function.text}" for kind in ("lookup", "decide", "fn"))
                case ast.Reference(name=name) | ast.Parameter(name=name) | ast.WithParam(name=name):
                    found.update(f"{kind} {name.text}" for kind in ("lookup", "param"))
                case _:
                    pass
    return frozenset(found)


def _unread_rowsets(subject: Subject, unit: Unit) -> Iterator[ast.Name]:
    program = subject.program
    bodies = (*(one.body for one in program.views), *(one.body for one in program.maps))
    read = {name for body in bodies for name in body.inputs}
    read |= {clause.rowset for body in bodies for clause in body.clauses if isinstance(clause, ir.JoinClause)}
    read |= {table.source for table in program.lookups}
    read |= {
        item.rowset.text
        for test in unit.declared.tests
        for item in test.items
        if isinstance(item, ast.Given | ast.GivenPrevious | ast.Expect)
    }
    for name, one in unit.declared.rowsets.items():
        if not isinstance(one, ast.Entity) and unit.full(name) not in read:
            yield one.name


def _unread_lets(unit: Unit) -> Iterator[ast.Name]:
    bodies: list[ast.View | ast.Map] = [*unit.declared.of(ast.View), *unit.declared.maps]
    for declared in bodies:
        lets = [item for item in declared.items if isinstance(item, ast.Let)]
        for let in lets:
            others = (item for item in declared.items if item is not let)
            if not any(_names(item, let.name.text) for item in others):
                yield let.name


def _names(item: ast.MapItem, name: str) -> bool:
    if isinstance(item, ast.Include):
        return item.of.text == name
    return any(isinstance(node, ast.Reference) and node.name.text == name for node in walk(item))


def _unused_imports(unit: Unit) -> Iterator[ast.Name]:
    if not unit.module.imports:
        return
    rooted = {
        node.parts[0].text for one in unit.module.declarations for node in walk(one) if isinstance(node, ast.QName) and len(node.parts) > 1
    }
    rooted |= {
        node.of.name.text
        for one in unit.module.declarations
        for node in walk(one)
        if isinstance(node, ast.Member) and isinstance(node.of, ast.Reference)
    }
    for one in unit.module.imports:
        # A pack that fills entities of another one, or overrides what it declares, is used without being named.
        fills = one.module is not None and any(isinstance(made, ast.Map | ast.Override) for made in one.module.declarations)
        if one.alias not in rooted and not fills:
            yield one.use.alias or ast.Name(one.alias, one.use.pack.span)


def _unwritten_targets(unit: Unit) -> Iterator[ast.Name]:
    named = {item.target.text for flow in unit.declared.flows.values() for item in flow.items if not isinstance(item, ast.AbortWhen)}
    return (one.name for name, one in unit.declared.targets.items() if name not in named)
