"""What a whole script gives: the rows of its entities, and for each row of a source the codes under which it was rejected.

A row is its columns (`!id` says which source row it came from); a clause takes rows and gives rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from datahub.semantic import ir
from datahub.semantic.walk import columns_read, is_windowed
from tests.reference.expressions import OMIT, Cell, Place, World, elements, ordered, read
from tests.reference.fitting import fitted
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
    names = dict.fromkeys(one.entity for one in program.maps)
    made = {name: meaning.rowset(name) for name in names}
    alive = survivors(program, made, meaning.fell)
    for name in names:
        for row in made[name]:
            if id(row) not in alive:
                told.reject(row, [FELL])
    for name in names:
        guards = [one for entity, one in program.checks if entity == name and one.after_checks and one.severity != "error"]
        alive -= meaning.refused(meaning.shape(name), guards, [row for row in made[name] if id(row) in alive])
    entities = {name: [plain(row, meaning.shape(name)) for row in made[name] if id(row) in alive] for name in names}
    return Given(entities, frozenset(told.issues), frozenset(told.notes))


FELL = "R502 to R504"
"""One code for those of links: which of several links a row is told to fall along is left to the engine."""


def survivors(program: ir.Program, made: dict[str, list[Row]], fell: dict[str, list[Row]]) -> set[int]:
    """The rows that stand once each has its owner, what it refers to, and all that it owns; `fell` are those rejected before."""
    shapes = {one.name: one for one in program.entities if one.name in made}
    links = [(child, columns, one, True) for one in shapes.values() for child, columns in one.owns]
    links += [
        (one.name, (field.name,), shapes[field.references], False) for one in shapes.values() for field in one.fields if field.references
    ]
    alive = {id(row) for rows in made.values() for row in rows}
    above: list[tuple[Row, Row | None, bool]] = []
    for child, columns, parent, owns in links:
        standing = len(made[parent.name])
        keyed: dict[tuple[Any, ...], list[tuple[int, Row]]] = {}
        for at, row in enumerate((*made[parent.name], *fell.get(parent.name, ()))):
            keyed.setdefault(tuple(row[name].value if name in row else None for name in parent.key), []).append((at, row))
        for row in (*made[child], *fell.get(child, ())):
            key = tuple(row[name].value if name in row else None for name in columns)
            if None not in key:
                found = keyed.get(key, [])
                if owns and child != parent.name and found and found[-1][0] >= standing:
                    above.extend((row, one, owns) for one in owners_of(row, found, standing))
                else:
                    above.append((row, found[0][1] if found else None, owns))
    while True:
        dead = {id(row) for row, of, _ in above if of is None or id(of) not in alive}
        dead |= {id(of) for row, of, owns in above if owns and of is not None and id(row) not in alive}
        if not dead & alive:
            return alive
        alive -= dead


def owners_of(row: Row, found: list[tuple[int, Row]], standing: int) -> list[Row]:
    """The one owner of a key that came of the same record; else one that fell, and the one that stands, so that all fall."""
    own = [one for _, one in found if len(found) > 1 and first_id(row) in ids(one)]
    if len(own) == 1:
        return own
    first, last = found[0], found[-1]
    return [last[1], first[1]] if first[0] < standing else [last[1]]


def ids(row: Row) -> list[Any]:
    members = row["!members"].value if "!members" in row else ()
    return [one["!id"].value for one in members] or [row["!id"].value]


def first_id(row: Row) -> Any:
    return ids(row)[0]


def plain(row: Row, shape: ir.EntityShape) -> dict[str, Any]:
    """The values of a row; what it leaves alone is told by a word."""
    cells = {one.name: row.get(one.name, Cell()) for one in shape.fields}
    return {name: OMIT if OMIT in cell.codes else cell.value for name, cell in cells.items()}


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
    undecided: list[Row] = field(default_factory=list)
    """The rows of which the last clause could not tell what becomes of them."""
    fell: dict[str, list[Row]] = field(default_factory=dict)
    """For each entity the rows that were rejected, as far as they came: others may miss them."""
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
            row = {one.name: self.column(one, values[one.name]) for one in source.columns}
            found.append({**row, "!id": Cell((source.name, number)), "!row_no": Cell(number)})
        return found

    def column(self, column: ir.SourceColumn, value: Any) -> Cell:
        """What a cell stands for, if it meets what the types that its column names ask."""
        cell = converted(value, column.type, column.reading, self.world)
        asked = ir.Fit(ir.Column(column.name, column.type), column.type, "", column.conditions)
        return fitted(asked, cell, Place({}, self.world)) if column.conditions else cell

    # ------------------------------------------------------------ bodies

    def body(self, body: ir.RowsetBody) -> list[Row]:
        rows = [{named(name, body.alias): cell for name, cell in row.items()} for one in body.inputs for row in self.rowset(one)]
        self.losing = [
            {named(name, body.alias): cell for name, cell in row.items()} for one in body.inputs for row in self.lost.get(one, ())
        ]
        grouped: ir.GroupClause | None = None
        for at, clause in enumerate(body.clauses):
            if isinstance(clause, ir.GroupClause):
                grouped = clause
                rows = self.grouped(rows, clause, body)
            else:
                self.undecided = []
                rows = self.clause(rows, clause, grouped)
                if grouped is None:
                    self.tell_undecided(body, body.clauses[at:])
        if grouped is not None:
            return rows
        gone = self.losing
        for one in (*body.lets, *body.fields):
            rows = self.assigned(rows, one)
            gone = [{**row, one.name: self.as_far(row, one.value)} for row in gone]
        self.lost[body.name] = gone
        return rows

    def tell_undecided(self, body: ir.RowsetBody, clauses: Sequence[ir.Clause]) -> None:
        """What is wrong with the fields of rows that the first of `clauses` turned away, where they are worked out row by row."""
        self.gone_on(self.undecided, body, clauses[0], clauses[1:])

    def gone_on(self, rows: list[Row], body: ir.RowsetBody, *before: Any) -> None:
        """What rows come to that go on from a body, by themselves, through its other clauses and those of the rowsets that read it."""
        clauses = [one for part in before for one in (part if isinstance(part, Sequence) else (part,))]
        if not rows or any(isinstance(one, ir.EachClause | ir.GroupClause) for one in (before[-1] if before else ())):
            return
        lacking = {name for one in clauses if isinstance(one, ir.FillClause) for name in one.columns}
        entity = next((one.entity for one in self.program.maps if one.body is body), None)
        made = [self.with_fields({name: cell for name, cell in row.items() if name not in lacking}, body, entity) for row in rows]
        if entity is not None:
            for row in made:
                self.settled(self.shape(entity), row, set())
            return
        names = {one.name for one in body.fields}
        kept = [{name: cell for name, cell in row.items() if name in names or name.startswith("!")} for row in made]
        for one in (*(view.body for view in self.program.views), *(mapped.body for mapped in self.program.maps)):
            for _ in range(one.inputs.count(body.name)):
                self.gone_on([{named(name, one.alias): cell for name, cell in row.items()} for row in kept], one, one.clauses)

    def with_fields(self, row: Row, body: ir.RowsetBody, entity: str | None) -> Row:
        """A row with the fields that read what it has by itself."""
        for one in (*body.lets, *body.fields):
            if not is_windowed(one.value) and columns_read(one.value) <= set(row):
                row = {**row, one.name: read(one.value, self.place(row))}
            else:
                row = {name: cell for name, cell in row.items() if name != one.name}
        for rule in (one for one in self.program.rules if one.entity == entity):
            whole = self.ruled(row, rule) if columns_read(rule.when) <= set(row) else {}
            row = {name: cell for name, cell in row.items() if name not in branches(rule)} | {
                name: whole[name] for name, read in branches(rule).items() if columns_read(rule.when) | read <= set(row)
            }
        return row

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

    def windows(self, rows: list[Row]) -> Callable[[ir.Window, Any], Sequence[Row]]:
        """The rows that share a row's keys, null being a key like others; rows whose key failed are in none."""
        for at, one in enumerate(rows):
            one["!at"] = Cell(at)
        known: dict[int, list[tuple[Row, tuple[Any, ...] | None]]] = {}

        def of(window: ir.Window, row: Any) -> Sequence[Row]:
            if id(window) not in known:
                keyed = []
                for one in rows:
                    cells = [read(key, Place(one, self.world)) for key in window.keys]
                    failed = any(cell.codes for cell in cells)
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
                # What fell before would have come to as many rows as its list has elements, where that is known.
                gone = [self.would_be(row, clause) for row in self.losing]
                self.losing = [one for several in gone for one in several]
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
            self.undecided.append(row)
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

    def would_be(self, row: Row, clause: ir.EachClause) -> list[Row]:
        cell = self.as_far(row, clause.over)
        if cell.codes or not columns_read(clause.over) <= set(row):
            return [row]
        loop = ir.Loop(clause.over, clause.item, clause.position, None, ())
        found = [{**row, **elements(loop, value, at)} for at, value in enumerate(cell.value or (), 1)]
        return found or ([row] if clause.outer else [])

    def joined(self, rows: list[Row], clause: ir.JoinClause) -> list[Row]:
        right = [
            {named(name, clause.alias): cell for name, cell in row.items() if not name.startswith("!")} | {"!id": row["!id"]}
            for row in self.rowset(clause.rowset)
        ]
        keyed = [(row, [read(key, self.place(row)) for key in clause.right]) for row in right]
        keyed = [(row, cells) for row, cells in keyed if self.healthy(row, cells)]
        # The rows of the other side were never to be rows of this one.
        self.undecided = []
        empty = {name: Cell(None) for row in right[:1] for name in row if name != "!id"} or self.columns_of(clause)
        found = []
        for row in rows:
            cells = [read(key, self.place(row)) for key in clause.left]
            if not self.healthy(row, cells):
                continue
            mine = [cell.value for cell in cells]
            pairs = [
                {**other, **row, "!right": other["!id"]}
                for other, keys in keyed
                if all(a is not None and a == b.value for a, b in zip(mine, keys, strict=True))
            ]
            if clause.also is not None:
                told = [(pair, self.paired(pair, clause)) for pair in pairs]
                if not self.healthy(row, [cell for _, cell in told]):
                    continue
                pairs = [pair for pair, cell in told if cell.value]
            if (len(pairs) > 1 and not clause.many) or (not pairs and clause.required):
                self.healthy(row, [Cell(None, frozenset(("R403" if pairs else "R404",)))])
                continue
            found += pairs or [{**empty, **row}]
        return found

    def paired(self, pair: Row, clause: ir.JoinClause) -> Cell:
        """Whether a pair meets the rest of the condition; what the right row failed in rejects that one, and the pair is none."""
        assert clause.also is not None
        cell = read(clause.also, Place(pair, self.world))
        theirs = {name: pair[name].codes for name in columns_read(clause.also) if name.startswith(f"{clause.alias}.")}
        known = {code for codes in theirs.values() for code in codes}
        if not cell.codes or not cell.codes <= known:
            return cell
        self.told.reject({"!id": pair["!right"]}, cell.codes)
        return Cell(False)

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
        assignments = (*body.lets, *body.fields, *later(body, clause))
        self.keys = {one.name: Cell(None) for one in clause.keys}
        for row, cells in keyed:
            if any(cell.codes for cell in cells):
                self.told.reject(row, self.inherited(row, assignments))
        keyed = [one for one in keyed if self.healthy(*one)]
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
        owned = self.owned(shape)
        for row, codes in zip(rows, found, strict=True):
            codes |= {
                owned.get(one.name, "R301") for one in shape.fields if one.constraint is not None and not self.meets(one.constraint, row)
            }
        self.ask([check for check in checks if not check.after_checks], rows, found)
        self.key(shape, rows, found)
        good = [self.settled(shape, row, codes) for row, codes in zip(rows, found, strict=True)]
        after = [check for check in checks if check.after_checks and check.severity == "error"]
        left = [row for row, stands in zip(rows, good, strict=True) if stands]
        fallen = self.refused(shape, after, left)
        good = [stands and id(row) not in fallen for row, stands in zip(rows, good, strict=True)]
        gone = [row for one in self.program.maps if one.entity == name for row in self.lost.get(one.body.name, ())]
        self.fell[name] = [row for row, stands in zip(rows, good, strict=True) if not stands] + gone
        return [row for row, stands in zip(rows, good, strict=True) if stands]

    def refused(self, shape: ir.EntityShape, checks: Sequence[ir.CheckRule], rows: list[Row]) -> set[int]:
        """Which of the rows that stand do not meet checks `after checks`."""
        found: list[set[str]] = [set() for _ in rows]
        self.ask(checks, rows, found)
        return {id(row) for row, codes in zip(rows, found, strict=True) if codes and not self.settled(shape, row, codes)}

    def ask(self, checks: Sequence[ir.CheckRule], rows: list[Row], found: list[set[str]]) -> None:
        for check in checks:
            windows = self.windows(rows)
            for row, codes in zip(rows, found, strict=True):
                self.check(check, row, codes, windows)

    def owned(self, shape: ir.EntityShape) -> dict[str, str]:
        """The code of the check that owns what goes wrong with a field: the first that names it."""
        return {name: check.code for entity, check in reversed(self.program.checks) if entity == shape.name for name in check.fields}

    def meets(self, condition: ir.Expression, row: Row) -> bool:
        """Whether a row meets the condition of a field; one that cannot be asked, where something is null or failed, is met."""
        if any(row[name].value is None for name in columns_read(condition) if name in row):
            return True
        cell = read(condition, self.place(row))
        return bool(cell.codes) or cell.value is True

    def ruled(self, row: Row, rule: ir.RuleBody) -> Row:
        asked = read(rule.when, self.place(row))
        if asked.codes:
            return {**row, **{one.name: Cell(None, asked.codes) for one in (*rule.sets, *rule.otherwise)}}
        for one in rule.sets if asked.value else rule.otherwise:
            if not columns_read(one.value) <= set(row):
                continue
            row = {**row, one.name: read(one.value, self.place(row))}
        return row

    def check(self, check: ir.CheckRule, row: Row, codes: set[str], windows: Any) -> None:
        place = self.place(row, windows)
        when = read(check.when, place) if check.when is not None else Cell(True)
        asked = read(check.condition, place)
        # What failed on its way is told there; what the check itself cannot work out is not met.
        wrong = self.of_itself(row, check.when, when) or (
            when.value is True and (self.of_itself(row, check.condition, asked) or asked.value is False)
        )
        if not wrong:
            return
        if check.severity in ("error", "fatal"):
            codes.add(check.code)
        else:
            self.told.notes.add((*row["!id"].value, check.code))

    def of_itself(self, row: Row, asked: ir.Expression | None, cell: Cell) -> bool:
        """Whether a condition failed where everything that it reads of the row is there."""
        return asked is not None and bool(cell.codes) and not any(row[name].codes for name in columns_read(asked) if name in row)

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
        owned = self.owned(shape)
        for one in shape.fields:
            failed = row.get(one.name, Cell()).codes - {OMIT}
            codes |= {owned[one.name]} if failed and one.name in owned else failed
        self.told.reject(row, codes)
        for member, told in row.get("!fallen", Cell(())).value:
            self.told.reject(member, told)
        return not codes


def branches(rule: ir.RuleBody) -> dict[str, frozenset[str]]:
    """For each field that a rule may set what its two values read: one that is not set by one of them stays as it was."""
    sides = [{one.name: frozenset(columns_read(one.value)) for one in side} for side in (rule.sets, rule.otherwise)]
    return {name: sides[0].get(name, frozenset((name,))) | sides[1].get(name, frozenset((name,))) for name in sides[0] | sides[1]}


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
