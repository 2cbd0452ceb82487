"""Which sources may hold a part of something that is delivered whole in a record of its own: where such a record cannot be read, nobody
knows what it was a part of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datahub.semantic import ir


def torn_sources(program: ir.Program, owned: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The sources whose records are parts of what an entity owns, each with that entity; `owned` are pairs of a child and its owner.

    Where one record holds the owner and all that it owns, as an order of JSON does with its lines, both fall with the record.
    """
    bodies = _Bodies(program)
    found = {
        source: parent
        for child, parent in owned
        for source, clauses in bodies.chains(child)
        if not _falls_as_one(clauses, None if child == parent else [other for name, other in bodies.chains(parent) if name == source])
    }
    return tuple(found.items())


_Chain = tuple[str, tuple[ir.Clause, ...]]


class _Bodies:
    """The maps and views of a program, by what they make."""

    def __init__(self, program: ir.Program) -> None:
        self._sources = frozenset(source.name for source in program.sources)
        self._made: dict[str, list[ir.RowsetBody]] = {}
        for name, body in (*((one.body.name, one.body) for one in program.views), *((one.entity, one.body) for one in program.maps)):
            self._made.setdefault(name, []).append(body)

    def chains(self, name: str, below: tuple[ir.Clause, ...] = (), met: frozenset[str] = frozenset()) -> Iterator[_Chain]:
        """The sources that rows of `name` are made of, joined ones aside, and the clauses on the way."""
        if name in self._sources:
            yield name, below
        elif name not in met:
            for body in self._made.get(name, ()):
                for read in body.inputs:
                    yield from self.chains(read, (*body.clauses, *below), met | {name})


def _falls_as_one(child: tuple[ir.Clause, ...], parents: list[tuple[ir.Clause, ...]] | None) -> bool:
    """Whether what a record is a part of falls with it: its owner, or for rows that stand together (no `parents`) the others."""
    return _holds_group(child) if parents is None else _holds_both(child, parents)


def _holds_group(child: tuple[ir.Clause, ...]) -> bool:
    """Whether a record makes all rows that stand or fall together: those of a list in it."""
    apart = (ir.GroupClause, ir.UniqueClause, ir.FillClause)
    return any(isinstance(clause, ir.EachClause) for clause in child) and not any(isinstance(clause, apart) for clause in child)


def _holds_both(child: tuple[ir.Clause, ...], parents: Iterable[tuple[ir.Clause, ...]]) -> bool:
    """Whether a record that makes a row of the child makes its owner too, with all that it owns."""
    several = any(isinstance(clause, ir.EachClause) for clause in child)
    apart = (ir.GroupClause, ir.UniqueClause, ir.FillClause, *(() if several else (ir.WhereClause,)))
    every = [child, *parents]
    return len(every) > 1 and not any(isinstance(clause, apart) for clauses in every for clause in clauses)
