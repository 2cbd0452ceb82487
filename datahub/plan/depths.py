"""How deep in its source row a value stands: that of a field of the row itself, of an element of a list of it, of one in that.

A row that `each` made stands at a path, `/order_lines/0`. What fails of it is told at that path, but what is of the rows around is
told at theirs, so that it is told once, however many elements there are. A depth counts the parts of such a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.walk import columns_read, is_windowed
from datahub.types import model as t

Placed = TypeVar("Placed", ir.Assignment, ir.FillClause, ir.EachClause, ir.JoinClause, ir.WhereClause, ir.CheckRule)


@record(slots=True)
class Depths:
    """The depths of the columns of one rowset while its clauses are lowered; `rows` is that of its rows."""

    columns: dict[str, int]
    rows: int = 0

    def of(self, expressions: Iterable[ir.Expression | None]) -> int:
        """How deep what `expressions` read stands."""
        asked = [one for one in expressions if one is not None]
        if any(is_windowed(one) for one in asked):
            return self.rows
        return max((self.columns.get(name, self.rows) for one in asked for name in columns_read(one)), default=self.rows)

    def expanded(self, clause: ir.EachClause, path: str, fields: Iterable[str]) -> None:
        """Behind `each` rows stand where the elements of its list do."""
        self.rows += path.count("/") + 2 if path else 0
        for name in (clause.item, clause.position, *(f"{clause.item}.{one}" for one in fields)):
            self.columns[name] = self.rows

    def joined(self, keys: Iterable[ir.Expression | None], columns: Iterable[str]) -> None:
        """What a join brings is that of its keys."""
        depth = self.of(keys)
        self.columns.update(dict.fromkeys(columns, depth))

    def placed(self, one: ir.Assignment) -> ir.Assignment:
        """An assignment whose failures stand where what it reads does; its column does from now on."""
        depth = self.of((one.value,))
        self.columns[one.name] = depth
        return at(one, depth)


def at(one: Placed, depth: int) -> Placed:
    """`one` with an origin that says how deep what fails of it stands."""
    return replace(one, origin=replace(one.origin, depth=depth))


@record(slots=True)
class Way:
    """How the columns of a rowset came from a source: those that are a column of it as it stands, by its name there; all depths."""

    traced: dict[str, str]
    depths: Depths

    def expanded(self, clause: ir.EachClause, path: str, fields: Sequence[str]) -> None:
        """Behind `each`: elements of a list of the source are as they stand there, and so are their fields."""
        self.depths.expanded(clause, path, fields)
        if path:
            self.traced.update({f"{clause.item}.{name}": name for name in fields})

    def named(self, body: ir.RowsetBody) -> Way:
        """The way of the fields of a view or map."""
        columns = [one for one in body.fields if isinstance(one.value, ir.Column)]
        traced = {one.name: self.traced[one.value.name] for one in columns if one.value.name in self.traced}  # type: ignore[union-attr]
        depths = {one.name: self.depths.columns.get(one.name, self.depths.rows) for one in body.fields}
        return Way(traced, Depths(depths, self.depths.rows))


def joined_ways(ways: Sequence[Way], prefix: str = "") -> Way:
    """The way of rows that come from several rowsets in turn: of a value as deep as it stands in any of them."""
    traced: dict[str, str] = {}
    depths: dict[str, int] = {}
    for way in ways:
        traced.update({f"{prefix}{name}": path for name, path in way.traced.items()})
        for name, depth in way.depths.columns.items():
            depths[f"{prefix}{name}"] = max(depth, depths.get(f"{prefix}{name}", 0))
    return Way(traced, Depths(depths, max((way.depths.rows for way in ways), default=0)))


def checked(check: ir.CheckRule, depths: Depths) -> ir.CheckRule:
    """A check of an entity whose failures stand where the fields do that it reads."""
    asked = (check.condition, check.when, check.message, *(ir.Column(name, t.Bool()) for name in check.fields))
    return at(check, depths.rows if check.windowed else depths.of(asked))
