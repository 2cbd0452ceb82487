"""How the rows of a pack's map are made, with an override laid on it: a clause takes the place of the one of its kind, new ones stand where
they have their meaning, and dropped ones are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.suggest import listed
from datahub.semantic.rules_packs import NOTHING_TO_OVERRIDE
from datahub.syntax import ast

_GROUPS = "where behind group by"
_RANKS = {"fill": 0, "each": 1, "join": 1, "where": 1, "unique by": 2, "group by": 3, _GROUPS: 4, "order by": 5}
"""Where a clause of a kind that the pack's map does not have stands among those that it has."""


def overridden_clauses(base: ast.Map, over: ast.Override, emit: Emit) -> ast.Map:
    """`base` reading what `over` says, through its own clauses as `over` changes them."""
    ours = list(_known(over.clauses))
    kept = list(_known(base.clauses))
    for drop in over.dropped:
        kept = _without(kept, drop, over, emit)
    there = {key for key, _ in kept}
    placed: list[tuple[str, ast.Clause]] = []
    done: set[str] = set()
    for key, clause in kept:
        if key not in dict(ours):
            placed.append((key, clause))
        elif key not in done:
            done.add(key)
            placed.extend(pair for pair in ours if pair[0] == key)
    for number, (key, clause) in enumerate(ours):
        if key not in there:
            before = ours[number - 1][0] if number else None
            following = next((other for other, _ in ours[number + 1 :] if other in there), None)
            placed.insert(_place(key, before, following, placed), (key, clause))
    return replace(base, source=over.source or base.source, clauses=tuple(clause for _, clause in placed))


def clause_names(over: ast.Override) -> Iterator[ast.Name]:
    """What an override changes of how rows are made, each once, as names to speak of."""
    if over.source is not None:
        yield ast.Name("from", over.source.span)
    yield from {key: ast.Name(key, clause.span) for key, clause in reversed(list(_known(over.clauses)))}.values()
    yield from (ast.Name(_dropped(drop), drop.span) for drop in over.dropped)


def _known(clauses: tuple[ast.Clause, ...]) -> Iterator[tuple[str, ast.Clause]]:
    """Clauses with what they are known by: their kind, and the row that they add; a filter of groups is another than one of rows."""
    grouped = False
    for clause in clauses:
        key = _key(clause)
        yield (_GROUPS if grouped and key == "where" else key), clause
        grouped = grouped or key == "group by"


def _key(clause: ast.Clause) -> str:
    match clause:
        case ast.Fill():
            return "fill"
        case ast.Each(item=item):
            return f"each {item.text}"
        case ast.Join(alias=alias):
            return f"join {alias.text}"
        case ast.Where():
            return "where"
        case ast.GroupBy():
            return "group by"
        case ast.UniqueBy():
            return "unique by"
        case ast.OrderBy():
            return "order by"
        case _:
            assert_never(clause)


def _dropped(drop: ast.DropClause) -> str:
    return drop.word if drop.of is None else f"{drop.word} {drop.of.text}"


def _without(kept: list[tuple[str, ast.Clause]], drop: ast.DropClause, over: ast.Override, emit: Emit) -> list[tuple[str, ast.Clause]]:
    key = _dropped(drop)
    known = {name for name, _ in kept}
    # A map that filters nothing but its groups has one `where` all the same.
    key = _GROUPS if key == "where" and key not in known and _GROUPS in known else key
    if key not in known:
        emit(
            Diagnostic(
                NOTHING_TO_OVERRIDE,
                f"the map `{over.name.text}` has no `{key}`",
                Label(drop.span, "nothing to drop"),
                notes=(f"it has {listed(dict.fromkeys(name for name, _ in kept))}",) if kept else (),
            )
        )
    return [pair for pair in kept if pair[0] != key]


def _place(key: str, before: str | None, following: str | None, placed: list[tuple[str, ast.Clause]]) -> int:
    """Where a new clause stands: behind the one before it in the override, before the one that follows it there, else by its kind."""
    keys = [name for name, _ in placed]
    if before is not None:
        return len(keys) - keys[::-1].index(before)
    if following is not None:
        return keys.index(following)
    rank = _rank(key)
    return next((at for at, name in enumerate(keys) if _rank(name) > rank), len(keys))


def _rank(key: str) -> int:
    return _RANKS[key] if key in _RANKS else _RANKS[key.partition(" ")[0]]
