"""What a whole script gives: the rows of its entities, and for each row of a source the codes under which it was rejected.

A row is its columns (`!id` says which source row it came from); a clause takes rows and gives rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, assert_never

from datahub.semantic import ir
from datahub.semantic.walk import columns_read
from tests.reference.expressions import OMIT, Cell, Place, World, elements, ordered, read
from tests.reference.reading import converted

Row = dict[str, Cell]
Issue = tuple[str, int, str]
"""Source, row from 1, code."""


@dataclass(slots=True)
class Told:
    """What was found on the way."""

    issues: set[Issue] = field(default_factory=set)
    notes: set[Issue] = field(default_factory=set)

    def reject(self, row: Row, codes: Iterable[str]) -> None:
        source, number = row["!id"].value
        self.issues |= {(source, number, code) for code in codes}


@dataclass(frozen=True, slots=True)
class Given:
    """The entities' rows as plain values, and what was told."""

    entities: dict[str, list[dict[str, Any]]]
    issues: frozenset[Issue]
    notes: frozenset[Issue]


def given(program: ir.Program, sources: dict[str, list[dict[str, Any]]], world: World) -> Given:
    """The outcome of a script over rows of texts."""
    told = Told()
    meaning = _Meaning(program, sources, world, told)
    entities = {
        name: [plain(row, meaning.shape(name)) for row in meaning.rowset(name)]
        for name in dict.fromkeys(one.entity for one in program.maps)
    }
    return Given(entities, frozenset(told.issues), frozenset(told.notes))


def plain(row: Row, shape: ir.EntityShape) -> dict[str, Any]:
    return {one.name: row[one.name].value if one.name in row else None for one in shape.fields}


@dataclass(slots=True)
class _Meaning:
    program: ir.Program
    sources: dict[str, list[dict[str, Any]]]
    world: World
    told: Told
    made: dict[str, list[Row]] = field(default_factory=dict)
    lost: dict[str, list[Row]] = field(default_factory=dict)
    """For each rowset the rows that were rejected on the way: a group that lacks one of its rows falls."""
    losing: list[Row] = field(default_factory=list)
    keys: Row = field(default_factory=dict)

    def rowset(self, name: str) -> list[Row]:
        if name not in self.made:
            self.made[name] = self.rows_of(name)
        return self.made[name]

    def rows_of(self, name: str) -> list[Row]:
        for source in self.program.sources:
            if source.name == name:
                return self.read(source)
        for view in self.program.views:
            if view.body.name == name:
                return self.body(view.body)
        return self.entity(name)

    def shape(self, name: str) -> ir.EntityShape:
        return next(one for one in self.program.entities if one.name == name)

    def read(self, source: ir.SourceShape) -> list[Row]:
        found = []
        for number, values in enumerate(self.sources[source.name], 1):
            row = {one.name: converted(values[one.name], one.type, one.reading, self.world) for one in source.columns}
            found.append({**row, "!id": Cell((source.name, number)), "!row_no": Cell(number)})
        return found

    # ------------------------------------------------------------ bodies

    def body(self, body: ir.RowsetBody) -> list[Row]:
        rows = [{named(name, body.alias): cell for name, cell in row.items()} for one in body.inputs for row in self.rowset(one)]
        self.losing = [
            {named(name, body.alias): cell for name, cell in row.items()} for one in body.inputs for row in self.lost.get(one, ())
        ]
        grouped: ir.GroupClause | None = None
        for clause in body.clauses:
            if isinstance(clause, ir.GroupClause):
                grouped = clause
                rows = self.grouped(rows, clause, body)
            else:
                rows = self.clause(rows, clause, grouped)
        if grouped is not None:
            return rows
        gone = self.losing
        for one in (*body.lets, *body.fields):
            rows = self.assigned(rows, one)
            gone = [{**row, one.name: self.as_far(row, one.value)} for row in gone]
        self.lost[body.name] = gone
        return rows

    def as_far(self, row: Row, value: ir.Expression) -> Cell:
        """What a row that was rejected on the way would have had, where it came as far."""
        if not columns_read(value) <= set(row):
            return Cell(None)
        return read(value, self.place(row, self.windows([row])))

    def assigned(self, rows: list[Row], assignment: ir.Assignment) -> list[Row]:
        windows = self.windows(rows)
        cells = [read(assignment.value, self.place(row, windows)) for row in rows]
        return [{**row, assignment.name: cell} for row, cell in zip(rows, cells, strict=True)]

    def place(self, row: Row, windows: Any = None) -> Place:
        return Place(row, self.world, row["!members"].value if "!members" in row else (), windows)

    def windows(self, rows: list[Row], barred: AbstractSet[int] = frozenset()) -> Callable[[ir.Window, Any], Sequence[Row]]:
        """The rows that share a row's keys, null being a key like others; rows whose key failed are in none."""
        for at, one in enumerate(rows):
            one["!at"] = Cell(at)
        known: dict[int, list[tuple[Row, tuple[Any, ...] | None]]] = {}

        def of(window: ir.Window, row: Any) -> Sequence[Row]:
            if id(window) not in known:
                keyed = []
                for one in rows:
                    cells = [read(key, Place(one, self.world)) for key in window.keys]
                    failed = any(cell.codes for cell in cells) or (window.after_checks and id(one) in barred)
                    keyed.append((one, None if failed else tuple(cell.value for cell in cells)))
                known[id(window)] = keyed
            mine = tuple(read(key, Place(row, self.world)).value for key in window.keys)
            return [one for one, key in known[id(window)] if key == mine]

        return of

    def clause(self, rows: list[Row], clause: ir.Clause, grouped: ir.GroupClause | None) -> list[Row]:
        match clause:
            case ir.WhereClause(condition=condition):
                windows = self.windows(rows)
                self.losing = [
                    row for row in self.losing if self.as_far(row, condition).codes or self.as_far(row, condition).value is not False
                ]
                return [row for row in rows if self.asked(row, condition, windows)]
            case ir.FillClause(columns=columns, by=by):
                return self.filled(rows, columns, by)
            case ir.EachClause():
                return [one for row in rows for one in self.expanded(row, clause)]
            case ir.JoinClause():
                return self.joined(rows, clause)
            case ir.UniqueClause():
                return self.unique(rows, clause)
            case ir.OrderClause(keys=keys):
                sought = [(row, [self.key_of(row, key.value) for key in keys]) for row in rows]
                return [row for row, _ in ordered([one for one in sought if self.healthy(*one)], keys)]
            case ir.GroupClause():
                raise AssertionError(grouped)
            case _:
                assert_never(clause)

    def key_of(self, row: Row, value: ir.Expression) -> Cell:
        """What a row is ordered by; a fallen group has a place with the nulls."""
        cell = read(value, self.place(row))
        return Cell(None) if "!fallen" in row else cell

    def asked(self, row: Row, condition: ir.Expression, windows: Any) -> bool:
        cell = read(condition, self.place(row, windows))
        if cell.codes:
            self.healthy(row, [cell])
        return cell.value is True

    def healthy(self, row: Row, cells: Iterable[Cell]) -> bool:
        codes = {code for cell in cells for code in cell.codes}
        if codes:
            self.told.reject(row, codes)
            self.losing.append(row)
        return not codes

    def filled(self, rows: list[Row], columns: Sequence[str], by: Sequence[ir.Expression]) -> list[Row]:
        last: dict[tuple[Any, ...], Row] = {}
        found = []
        for row in rows:
            cells = [read(one, self.place(row)) for one in by]
            if not self.healthy(row, cells):
                continue
            before = last.setdefault(tuple(cell.value for cell in cells), {})
            for name in columns:
                if row[name].value is not None or row[name].codes:
                    before[name] = row[name]
            found.append({**row, **{name: before.get(name, row[name]) for name in columns}})
        return found

    def expanded(self, row: Row, clause: ir.EachClause) -> list[Row]:
        cell = read(clause.over, self.place(row))
        if not self.healthy(row, [cell]):
            return []
        loop = ir.Loop(clause.over, clause.item, clause.position, None, ())
        found = [{**row, **elements(loop, value, at)} for at, value in enumerate(cell.value or (), 1)]
        nothing = {**elements(loop, None, 1), **({clause.position: Cell(None)} if clause.position else {})}
        return found or ([{**row, **nothing}] if clause.outer else [])

    def joined(self, rows: list[Row], clause: ir.JoinClause) -> list[Row]:
        right = [
            {named(name, clause.alias): cell for name, cell in row.items() if not name.startswith("!")} | {"!id": row["!id"]}
            for row in self.rowset(clause.rowset)
        ]
        keyed = [(row, [read(key, self.place(row)) for key in clause.right]) for row in right]
        keyed = [(row, cells) for row, cells in keyed if self.healthy(row, cells)]
        empty = {name: Cell(None) for row in right[:1] for name in row if name != "!id"} or self.columns_of(clause)
        found = []
        for row in rows:
            cells = [read(key, self.place(row)) for key in clause.left]
            if not self.healthy(row, cells):
                continue
            mine = [cell.value for cell in cells]
            pairs = [
                {**other, **row} for other, keys in keyed if all(a is not None and a == b.value for a, b in zip(mine, keys, strict=True))
            ]
            if clause.also is not None:
                told = [(pair, read(clause.also, Place(pair, self.world))) for pair in pairs]
                if not self.healthy(row, [cell for _, cell in told]):
                    continue
                pairs = [pair for pair, cell in told if cell.value]
            if (len(pairs) > 1 and not clause.many) or (not pairs and clause.required):
                self.healthy(row, [Cell(None, frozenset(("R403" if pairs else "R404",)))])
                continue
            found += pairs or [{**empty, **row}]
        return found

    def columns_of(self, clause: ir.JoinClause) -> Row:
        source = next((one for one in self.program.sources if one.name == clause.rowset), None)
        view = next((one for one in self.program.views if one.body.name == clause.rowset), None)
        names = (
            [one.name for one in source.columns]
            if source
            else [name for name, _ in view.fields]
            if view
            else [one.name for one in self.shape(clause.rowset).fields]
        )
        return {f"{clause.alias}.{name}": Cell(None) for name in names}

    def unique(self, rows: list[Row], clause: ir.UniqueClause) -> list[Row]:
        keyed = [(row, [read(key, self.place(row)) for key in clause.keys]) for row in rows]
        keyed = [one for one in keyed if self.healthy(*one)]
        kept: dict[tuple[Any, ...], int] = {}
        for at, (_, cells) in enumerate(keyed):
            key = tuple(cell.value for cell in cells)
            if clause.keep == "last" or key not in kept:
                kept[key] = at
        found = []
        for at, (row, cells) in enumerate(keyed):
            key = tuple(cell.value for cell in cells)
            if None in key or kept[key] == at:
                found.append(row)
            elif clause.code:
                # No row is missing: the one that was kept stands for it.
                self.told.reject(row, [clause.code])
        return found

    # ------------------------------------------------------------ groups

    def grouped(self, rows: list[Row], clause: ir.GroupClause, body: ir.RowsetBody) -> list[Row]:
        keyed = [(row, [read(one.value, self.place(row)) for one in clause.keys]) for row in rows]
        keyed = [one for one in keyed if self.healthy(*one)]
        assignments = (*body.lets, *body.fields, *later(body, clause))
        self.keys = {one.name: Cell(None) for one in clause.keys}
        if clause.partial:
            keyed = [(row, cells) for row, cells in keyed if self.healthy(row, [Cell(None, self.inherited(row, assignments))])]
        lost = [[read(one.value, self.place(row)) for one in clause.keys] for row in self.losing]
        missing = [tuple(cell.value for cell in cells) for cells in lost if not clause.partial and not any(cell.codes for cell in cells)]
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row, cells in keyed:
            groups.setdefault(tuple(cell.value for cell in cells), []).append(row)
        return [self.group(key, members, clause, assignments, key in missing) for key, members in groups.items()]

    def inherited(self, row: Row, assignments: Sequence[ir.Assignment]) -> frozenset[str]:
        """In what a member has failed that its group reads."""
        codes: set[str] = set()
        for one in assignments:
            own = {code for name in columns_read(one.value) if name in row for code in row[name].codes}
            codes |= own & read(one.value, Place({**row, **self.keys}, self.world, [row])).codes if own else own
        return frozenset(codes)

    def group(
        self, key: tuple[Any, ...], members: list[Row], clause: ir.GroupClause, assignments: Sequence[ir.Assignment], incomplete: bool
    ) -> Row:
        row: Row = {one.name: Cell(value) for one, value in zip(clause.keys, key, strict=True)}
        row |= {"!id": members[0]["!id"], "!row_no": members[0]["!row_no"], "!members": Cell(members)}
        fallen = [(one, codes) for one in members if (codes := self.inherited(one, assignments))]
        if fallen or incomplete:
            # Told with the group, if nothing filters it: each member's own codes, and R501 of the group.
            return {**row, "!fallen": Cell(fallen)} | {one.name: Cell(None) for one in assignments}
        for one in assignments:
            row[one.name] = read(one.value, Place(row, self.world, members, None))
        return row

    # ------------------------------------------------------------ entities

    def entity(self, name: str) -> list[Row]:
        shape = self.shape(name)
        rows = [row for one in self.program.maps if one.entity == name for row in self.body(one.body)]
        for rule in self.program.rules:
            if rule.entity == name:
                rows = [self.ruled(row, rule) for row in rows]
        checks = [check for entity, check in self.program.checks if entity == name]
        found: list[set[str]] = [{"R501"} if "!fallen" in row else set() for row in rows]
        for check in sorted(checks, key=lambda one: one.windowed):
            before = {id(row) for row, codes in zip(rows, found, strict=True) if codes}
            windows = self.windows(rows, before)
            for row, codes in zip(rows, found, strict=True):
                self.check(check, row, codes, windows)
        self.key(shape, rows, found)
        return [row for row, codes in zip(rows, found, strict=True) if self.settled(shape, row, codes)]

    def ruled(self, row: Row, rule: ir.RuleBody) -> Row:
        asked = read(rule.when, self.place(row))
        if asked.codes:
            return {**row, **{one.name: Cell(None, asked.codes) for one in (*rule.sets, *rule.otherwise)}}
        for one in rule.sets if asked.value else rule.otherwise:
            row = {**row, one.name: read(one.value, self.place(row))}
        return row

    def check(self, check: ir.CheckRule, row: Row, codes: set[str], windows: Any) -> None:
        if check.after_checks and codes:
            return
        place = self.place(row, windows)
        when = read(check.when, place) if check.when is not None else Cell(True)
        asked = read(check.condition, place)
        if when.codes or not when.value or asked.codes or asked.value is True:
            return
        if check.severity in ("error", "fatal"):
            codes.add(check.code)
        else:
            self.told.notes.add((*row["!id"].value, check.code))

    def key(self, shape: ir.EntityShape, rows: list[Row], found: list[set[str]]) -> None:
        seen: set[tuple[Any, ...]] = set()
        for row, codes in zip(rows, found, strict=True):
            cells = [row[name] for name in shape.key]
            key = tuple(cell.value for cell in cells)
            if not cells or any(cell.codes for cell in cells):
                continue
            if None in key:
                codes.add("R302")
            elif key in seen:
                codes.add("R303")
            seen.add(key)

    def settled(self, shape: ir.EntityShape, row: Row, codes: set[str]) -> bool:
        owned = {name: check.code for entity, check in reversed(self.program.checks) if entity == shape.name for name in check.fields}
        for one in shape.fields:
            failed = row.get(one.name, Cell()).codes - {OMIT}
            codes |= {owned[one.name]} if failed and one.name in owned else failed
        self.told.reject(row, codes)
        for member, told in row.get("!fallen", Cell(())).value:
            self.told.reject(member, told)
        return not codes


def later(body: ir.RowsetBody, group: ir.GroupClause) -> Iterable[ir.Assignment]:
    """What clauses behind a group read: it is worked out with the group."""
    for clause in body.clauses[body.clauses.index(group) + 1 :]:
        match clause:
            case ir.WhereClause(condition=condition, origin=origin):
                yield ir.Assignment("", condition, origin)
            case ir.OrderClause(keys=keys, origin=origin):
                yield from (ir.Assignment("", key.value, origin) for key in keys)
            case _:
                pass


def named(name: str, alias: str) -> str:
    return name if name.startswith("!") else f"{alias}.{name}"
