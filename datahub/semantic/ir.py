"""Typed expressions and declarations: every name resolved, every type, nullability and reject code known.

A call holds the name of a function and the number of its overload, never a callable: a plan can travel.
Columns of a frame are named so: `o.sku` (field `sku` of the row called `o`), `l` (an element that is no struct),
`let.extras` (a let), `key.ref` (a group key), `sku` (a field of the entity being filled), and `#source.sku`
(the raw text of a source column, kept as evidence for rejects). These prefixes are the only convention.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from datahub.records import record
from datahub.types.model import Type

Value: TypeAlias = "str | int | bool | float | Decimal | date | time | datetime | timedelta | tuple[Value, ...] | None"
"""A constant: a list is a tuple of its items, a struct a tuple of its fields' values in their order."""


# ---------------------------------------------------------------- expressions


@record(frozen=True, slots=True)
class Column:
    """A column of the frame; inside a comprehension also one of the frames around it."""

    name: str
    type: Type


@record(frozen=True, slots=True)
class Constant:
    value: Value
    type: Type


@record(frozen=True, slots=True)
class Parameter:
    """A `$param`, given when a run starts."""

    name: str
    type: Type


@record(frozen=True, slots=True)
class Call:
    """A function or operator of the registry; `codes` are the reject codes it can give here."""

    function: str
    overload: int
    arguments: tuple[Expression, ...]
    type: Type
    codes: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Logic:
    """`and`, `or`: the right side's failures count only where the left side does not decide."""

    operator: Literal["and", "or"]
    left: Expression
    right: Expression
    type: Type


@record(frozen=True, slots=True)
class Choose:
    """`if`, `case`: the value of the first branch whose condition is true; its failures alone count."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression
    type: Type


@record(frozen=True, slots=True)
class Default:
    """`value default fallback`, `coalesce`: the fallback where the value is null and did not fail."""

    value: Expression
    fallback: Expression
    type: Type


@record(frozen=True, slots=True)
class Recover:
    """`value on error …`: where the value failed, the fallback (`use`; listed too: `warn`), or a reject under `code`.

    `place` is the script and line under which it is counted.
    """

    value: Expression
    how: Literal["use", "warn", "reject"]
    fallback: Expression | None
    code: str
    type: Type
    place: str = ""


@record(frozen=True, slots=True)
class Field:
    """A field of a struct; null where the struct is."""

    of: Expression
    name: str
    type: Type


@record(frozen=True, slots=True)
class MakeStruct:
    fields: tuple[tuple[str, Expression], ...]
    type: Type


@record(frozen=True, slots=True)
class MakeList:
    items: tuple[Expression, ...]
    type: Type


@record(frozen=True, slots=True)
class Convert:
    """Raw text of a source column as a value of `type`, read as `reading` says; `column` is its name in the header."""

    value: Expression
    reading: Reading
    column: str
    type: Type


@record(frozen=True, slots=True)
class Fit:
    """A value brought into the type of the field it fills: length, scale, presence, membership, named conditions.

    It also widens what cannot fail: an int to a decimal, a decimal to more digits, parts of lists and structs (by name).

    `rounding` is how surplus digits go (`half_up`, `half_even`, `down`, `up`), empty where they are a reject (R105).
    `conditions` are those of named types on the way, over the column `it`, each with the code it gives; for a type
    inside a list or struct the column is called by its place: `it/*` the items, `it/price` a field, `it/*/price`.
    """

    value: Expression
    type: Type
    rounding: str = ""
    conditions: tuple[tuple[Expression, str], ...] = ()


@record(frozen=True, slots=True)
class Sorting:
    value: Expression
    descending: bool


@record(frozen=True, slots=True)
class Loop:
    """The elements of a list as rows: `item` names their columns (`item.field`, or `item` alone), `position` counts from 1.

    The column `item` is the whole element, also where it is a struct. A null list has no elements.
    """

    over: Expression
    item: str
    position: str
    where: Expression | None
    order: tuple[Sorting, ...]


@record(frozen=True, slots=True)
class Members:
    """The rows of a group."""

    where: Expression | None
    order: tuple[Sorting, ...]


@record(frozen=True, slots=True)
class Window:
    """The rows of the map that share `keys`."""

    keys: tuple[Expression, ...]
    where: Expression | None
    order: tuple[Sorting, ...]


Over: TypeAlias = Loop | Members | Window


@record(frozen=True, slots=True)
class Aggregate:
    """A segment of rows to one value; `arguments` beside the first are constants. `count()` has no argument."""

    function: str
    overload: int
    arguments: tuple[Expression, ...]
    over: Over
    type: Type
    codes: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Collect:
    """`[value for item in over …]`: a list of the values, in order; null where the list looped over is null."""

    value: Expression
    over: Loop | Members
    type: Type


@record(frozen=True, slots=True)
class WindowCall:
    """`row_number`, `lag`, `lead`: a value for each row out of its neighbours within the window."""

    function: Literal["row_number", "lag", "lead"]
    argument: Expression | None
    steps: int
    over: Window
    type: Type


@record(frozen=True, slots=True)
class LookUp:
    """The value found under `keys` in a transcoding table; `member` of it where the result is a struct and one field is wanted.

    `inverse` searches by value. A miss follows the table's own policy.
    """

    table: str
    keys: tuple[Expression, ...]
    day: Expression | None
    member: str
    inverse: bool
    type: Type
    codes: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class InLookUp:
    """Whether a lookup has the key."""

    table: str
    keys: tuple[Expression, ...]
    type: Type


@record(frozen=True, slots=True)
class Decision:
    """The outputs of the decision table for these inputs; `member` as in `LookUp`."""

    table: str
    inputs: tuple[Expression, ...]
    member: str
    type: Type
    codes: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Present:
    """`has(r.x)`, `has(r.x.y)`: whether the source had the column or key at all, or a field inside of it."""

    column: str
    type: Type
    path: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """What is asked of the reader, behind the name of the mark."""
        return "/".join((self.column, *self.path))


@record(frozen=True, slots=True)
class RowFact:
    """`row_no(r)`, `line_no(r)`, `file_name(r)`."""

    fact: Literal["row_no", "line_no", "file_name"]
    type: Type


@record(frozen=True, slots=True)
class Failed:
    """`failed(x)`, `failed(x, "R104")`: whether the value failed; it never fails itself."""

    value: Expression
    code: str
    type: Type


@record(frozen=True, slots=True)
class Omitted:
    """`omit`: the field is left alone by the target."""

    type: Type


Expression: TypeAlias = (
    Column | Constant | Parameter | Call | Logic | Choose | Default | Recover | Field | MakeStruct | MakeList | Convert | Fit
    | Aggregate | Collect | WindowCall | LookUp | InLookUp | Decision | Present | RowFact | Failed | Omitted
)  # fmt: skip


# ---------------------------------------------------------------- reading text


@record(frozen=True, slots=True)
class Reading:
    """How the text of a file becomes a value: everything that a source's options and a column's tags say about it.

    `split` are the marks of `@split`, outermost first. `zone` is for local times that become instants.
    `formats` of dates are tried in order. `inner` is the reading of each part where the type is a list, a map (one) or a struct
    (one for each field, in order); where it is empty, the parts are read as the whole is.
    """

    decimal: str = "."
    formats: tuple[str, ...] = ()
    locale: str = ""
    zone: str = ""
    true_words: tuple[str, ...] = ("true", "TRUE", "True")
    false_words: tuple[str, ...] = ("false", "FALSE", "False")
    trim: bool = False
    empty_text: bool = False
    null_words: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    inner: tuple[Reading, ...] = ()


@record(frozen=True, slots=True)
class SourceColumn:
    """One declared column: where it stands (`names`, `pattern` or `positions`) and how it is read.

    `conditions` are those of the named types in its type, as in `Fit`: a value is asked once, where it is read.
    """

    name: str
    type: Type
    names: tuple[str, ...]
    pattern: str
    positions: tuple[int, int] | None
    reading: Reading
    tags: tuple[str, ...] = ()
    parts: tuple[SourceColumn, ...] = ()
    conditions: tuple[tuple[Expression, str], ...] = ()

    @property
    def label(self) -> str:
        """What people call it: its name in the header."""
        return self.names[0] if self.names else self.name

    @property
    def required(self) -> bool:
        """Whether a file without it is refused."""
        return not self.type.nullable or "required" in self.tags


@record(frozen=True, slots=True)
class SourceShape:
    """A declared source: its format, the format's options as plain values, its columns."""

    name: str
    kind: str
    options: tuple[tuple[str, Value], ...]
    columns: tuple[SourceColumn, ...]
    strict: bool = False


# ---------------------------------------------------------------- tables


@record(frozen=True, slots=True)
class LookupTable:
    """A transcoding table: inline `rows` (key values, valid-from or None, result value), or fed by `source`.

    `miss` is `error` (R401, with `message` as an expression over the keys), `value` (with `fallback`) or `self`.
    """

    name: str
    keys: tuple[tuple[str, Type], ...]
    valid_from: str
    result: Type
    rows: tuple[tuple[tuple[Value, ...], Value, Value], ...]
    source: str
    miss: Literal["error", "value", "self"]
    fallback: Expression | None
    message: Expression | None
    feed_columns: tuple[str, ...] = ()
    """Where `source` feeds the table: the columns of the source that make the result, in the order of its fields."""

    @property
    def misses_to_null(self) -> bool:
        """Whether a miss gives null, and so does one of the other way."""
        return self.miss == "value" and (self.fallback is None or (isinstance(self.fallback, Constant) and self.fallback.value is None))


@record(frozen=True, slots=True)
class AnyValue:
    """`-`: every value, null too."""


@record(frozen=True, slots=True)
class IsNull:
    """`null`: null alone."""


@record(frozen=True, slots=True)
class OneOf:
    """One of `values`; `negated`: none of them (and not null)."""

    values: tuple[Value, ...]
    negated: bool = False


@record(frozen=True, slots=True)
class Between:
    """An interval; None is no bound."""

    low: Value
    low_closed: bool
    high: Value
    high_closed: bool


@record(frozen=True, slots=True)
class Like:
    """A whole match of a pattern."""

    pattern: str


CellTest: TypeAlias = AnyValue | IsNull | OneOf | Between | Like


@record(frozen=True, slots=True)
class DecisionRow:
    """`tests`: for each input the tests of which one must hold; `line` is the line of the script."""

    tests: tuple[tuple[CellTest, ...], ...]
    outputs: tuple[Expression, ...]
    line: int


@record(frozen=True, slots=True)
class DecisionTable:
    """Inputs to outputs by rows. The outputs see the inputs as columns named as the inputs."""

    name: str
    inputs: tuple[tuple[str, Type], ...]
    result: Type
    policy: Literal["first", "unique", "collect"]
    rows: tuple[DecisionRow, ...]
    otherwise: Expression | None
    message: Expression | None


# ---------------------------------------------------------------- places


@record(frozen=True, slots=True)
class Evidence:
    """What a reject shows of the source: the name in the header, and the column of the frame that has the raw text.

    `read` are the columns through which an expression reads it, where it reads others too: what failed of a part of the expression
    shows what that part reads.
    """

    label: str
    raw: str
    read: tuple[str, ...] = field(default=(), compare=False)


@record(frozen=True, slots=True)
class Origin:
    """Who says that something failed: the entity and field, the map or view, the script and its line.

    `translate` are built-in codes told under another code (`R201` → `F-E-001`); a code ending in `*` is a family.
    """

    entity: str = ""
    field: str = ""
    map: str = ""
    script: str = ""
    line: int = 0
    evidence: tuple[Evidence, ...] = ()
    translate: tuple[tuple[str, str], ...] = ()
    depth: int = -1
    """So many parts of the path of a row are those of what failed; -1 is all of them. A field of an order fails at the order, not
    at each of the lines that `each` made of it."""


@record(frozen=True, slots=True)
class Assignment:
    """A column made by an expression, and who to name when it fails."""

    name: str
    value: Expression
    origin: Origin


@record(frozen=True, slots=True)
class CheckRule:
    """A condition that rows must meet. Where `when` is false it does not apply; `message` is an expression giving text.

    `windowed`: it reads other rows, and so runs when all are there.
    """

    code: str
    severity: Literal["fatal", "error", "warn", "info"]
    condition: Expression
    when: Expression | None
    message: Expression | None
    fields: tuple[str, ...]
    origin: Origin
    windowed: bool = False
    after_checks: bool = False
    """It is asked of the rows alone that nothing else refuses."""


# ---------------------------------------------------------------- entities and rowsets


@record(frozen=True, slots=True)
class Words:
    """The words for true and false in a column of a target, or in the parts of its type: the fields of a struct by their
    names, what a list or a map holds under no name."""

    pair: tuple[str, ...] = ()
    parts: tuple[tuple[str, Words], ...] = ()

    def part(self, name: str = "") -> Words:
        return next((words for key, words in self.parts if key == name), Words())


@record(frozen=True, slots=True)
class Marks:
    """The marks of `@split` that stand between the parts of a value in one text, outermost first, and those that its parts have of
    their own, as `Words` has them."""

    own: tuple[str, ...] = ()
    parts: tuple[tuple[str, Marks], ...] = ()

    def part(self, name: str = "") -> Marks:
        return next((marks for key, marks in self.parts if key == name), Marks())

    def inheriting(self, marks: tuple[str, ...]) -> Marks:
        return self if self.own else Marks(marks, self.parts)

    def below(self, name: str, taken: int) -> Marks:
        """Those of a part of a text: its own, or the ones that are left where so many are taken."""
        return self.part(name).inheriting(self.own[taken:])


@record(frozen=True, slots=True)
class PartNames:
    """The names under which a target writes the fields of structs in a column, wherever in its type they are, as `Words` has them."""

    name: str = ""
    parts: tuple[tuple[str, PartNames], ...] = ()

    def part(self, field: str = "") -> PartNames:
        return next((names for key, names in self.parts if key == field), PartNames())


@record(frozen=True, slots=True)
class EntityField:
    """`references` is the entity whose key this is; `constraint` an expression over the entity's fields (R301)."""

    name: str
    type: Type
    default: Expression | None
    references: str
    constraint: Expression | None
    rounding: str
    tags: tuple[str, ...]
    doc: str = ""
    required_on: tuple[str, ...] = ()
    """`create`, `update`: when the field must be there though it may be null."""
    words: Words = Words()
    """The words for true and false in its type, which files of text are written in where their target says no others."""


@record(frozen=True, slots=True)
class EntityShape:
    name: str
    key: tuple[str, ...]
    fields: tuple[EntityField, ...]
    owns: tuple[tuple[str, tuple[str, ...]], ...]
    patch: bool
    translate: tuple[tuple[str, str], ...] = ()
    doc: str = ""
    whole: tuple[str, ...] = ()
    """Rows that have the same values in these fields stand or fall together."""
    replaces: bool = False
    """Whether whoever takes its rows deletes what they lack, so that all of them go out or none."""


@record(frozen=True, slots=True)
class FillClause:
    columns: tuple[str, ...]
    by: tuple[Expression, ...]
    origin: Origin


@record(frozen=True, slots=True)
class EachClause:
    outer: bool
    item: str
    position: str
    over: Expression
    origin: Origin


@record(frozen=True, slots=True)
class JoinClause:
    """Equal keys, left and right side by side; `also` is what else must hold, over both rows."""

    many: bool
    required: bool
    alias: str
    rowset: str
    left: tuple[Expression, ...]
    right: tuple[Expression, ...]
    also: Expression | None
    origin: Origin


@record(frozen=True, slots=True)
class WhereClause:
    condition: Expression
    origin: Origin


@record(frozen=True, slots=True)
class GroupClause:
    partial: bool
    keys: tuple[Assignment, ...]
    origin: Origin


@record(frozen=True, slots=True)
class UniqueClause:
    keys: tuple[Expression, ...]
    keep: Literal["first", "last"]
    code: str
    origin: Origin


@record(frozen=True, slots=True)
class OrderClause:
    keys: tuple[Sorting, ...]
    origin: Origin


Clause: TypeAlias = FillClause | EachClause | JoinClause | WhereClause | GroupClause | UniqueClause | OrderClause


@record(frozen=True, slots=True)
class RowsetBody:
    """What a view or map does: the rowsets it reads in turn under one `alias`, clauses in order, then its lets and fields.

    Every assignment's expression is complete (fields of a map are wrapped in `Fit`); a field that is read by a later
    one stands before it.
    """

    name: str
    alias: str
    inputs: tuple[str, ...]
    clauses: tuple[Clause, ...]
    lets: tuple[Assignment, ...]
    fields: tuple[Assignment, ...]


@record(frozen=True, slots=True)
class ViewBody:
    body: RowsetBody
    fields: tuple[tuple[str, Type], ...]


@record(frozen=True, slots=True)
class MapBody:
    entity: str
    body: RowsetBody


@record(frozen=True, slots=True)
class RuleBody:
    """One `when … set …`; the sets see the fields as they are when the rule's turn comes."""

    name: str
    when: Expression
    sets: tuple[Assignment, ...]
    otherwise: tuple[Assignment, ...]
    priority: int
    entity: str


@record(frozen=True, slots=True)
class TargetShape:
    name: str
    kind: str
    options: tuple[tuple[str, Value], ...]
    columns: tuple[tuple[str, str], ...] = ()
    splits: tuple[tuple[str, Marks], ...] = ()
    """For columns with a `@split` on them or somewhere in their type."""
    words: tuple[tuple[str, Words], ...] = ()
    """For columns with a `bool("TRUE", "FALSE")` somewhere in their type."""
    names: tuple[tuple[str, PartNames], ...] = ()
    """For columns with a field of a struct that says `at "…"` somewhere in their type."""


@record(frozen=True, slots=True)
class WriteItem:
    """Entities to a target; `places` are `first`, `last` or empty, one for each entity, in an interleaved file."""

    entities: tuple[str, ...]
    places: tuple[str, ...]
    interleaved: bool
    patch: bool
    target: str


@record(frozen=True, slots=True)
class RouteItem:
    """Issues to a target, by code; `R4*` is a family, no codes is `otherwise`; `listed`: warn and info findings."""

    codes: tuple[str, ...]
    target: str
    listed: bool


@record(frozen=True, slots=True)
class AbortItem:
    """Nothing is written when this is true; it reads `RunFact` columns named `count(E)`, `rejected(E)`, `rejected_share(E)`."""

    condition: Expression
    origin: Origin


@record(frozen=True, slots=True)
class FlowBody:
    name: str
    writes: tuple[WriteItem, ...]
    routes: tuple[RouteItem, ...]
    aborts: tuple[AbortItem, ...]


@record(frozen=True, slots=True)
class ParameterShape:
    """`conditions` are those of the named types in its type, as in `Fit`: they are asked when a run starts."""

    name: str
    type: Type
    default: Value
    required: bool
    conditions: tuple[tuple[Expression, str], ...] = ()


@record(frozen=True, slots=True)
class Program:
    """Everything a script and its packs declare, typed; names are full (`m.Order`), orders are those of the files."""

    parameters: tuple[ParameterShape, ...]
    sources: tuple[SourceShape, ...]
    targets: tuple[TargetShape, ...]
    entities: tuple[EntityShape, ...]
    lookups: tuple[LookupTable, ...]
    decisions: tuple[DecisionTable, ...]
    views: tuple[ViewBody, ...]
    maps: tuple[MapBody, ...]
    rules: tuple[RuleBody, ...]
    checks: tuple[tuple[str, CheckRule], ...]
    flows: tuple[FlowBody, ...]
    zone: str = "UTC"
    signature: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """For each map or view and field, the reject codes it can give."""
