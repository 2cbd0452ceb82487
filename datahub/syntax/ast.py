"""The tree of a script: frozen nodes, closed unions, every node with its place.

Places do not take part in equality, so that two trees are equal when they say the same.
"""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from typing import Literal, TypeAlias

from datahub.document import Span
from datahub.records import record


def place() -> Span:
    """The field that holds where a node stands."""
    return field(compare=False, repr=False)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- names and types


@record(frozen=True, slots=True)
class Name:
    """A name as written; backticks are not part of `text`."""

    text: str
    span: Span = place()


@record(frozen=True, slots=True)
class QName:
    """A name, perhaps behind the names of packs: `m.Order`."""

    parts: tuple[Name, ...]
    span: Span = place()

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


@record(frozen=True, slots=True)
class TypeName:
    """`text`, `core.Gtin`, or with arguments `decimal(12,2)`, `enum(a, b)`, `text(1..40)`, `map(text)`, `bool("O","N")`."""

    name: QName
    arguments: tuple[TypeArgument, ...]
    nullable: bool
    span: Span = place()


@record(frozen=True, slots=True)
class TypeRange:
    """`1..40` among the arguments of a type."""

    low: int
    high: int | None
    span: Span = place()


@record(frozen=True, slots=True)
class TypeList:
    item: TypeExpr
    nullable: bool
    span: Span = place()


@record(frozen=True, slots=True)
class TypeField:
    """One field of a struct type; `at` and tags only for columns gathered by number (point 10 of the decisions)."""

    name: Name
    type: TypeExpr
    at: At | None
    tags: tuple[Tag, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class TypeStruct:
    fields: tuple[TypeField, ...]
    nullable: bool
    span: Span = place()


TypeExpr: TypeAlias = TypeName | TypeList | TypeStruct
TypeArgument: TypeAlias = "int | str | TypeRange | TypeExpr"


@record(frozen=True, slots=True)
class Tag:
    """`@pii`, `@split("||", "|")`, `@required_on("create")`."""

    name: Name
    arguments: tuple[Literal_, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class At:
    """Where a column stands: header names (`"A" or "B"`), a pattern over headers, or positions `1..10`."""

    names: tuple[str, ...]
    pattern: Pattern | None
    positions: tuple[int, int] | None
    span: Span = place()


# ---------------------------------------------------------------- expressions


@record(frozen=True, slots=True)
class Number:
    """`12` (an int), `12.50` (exact), `5%` (0.05)."""

    value: int | Decimal
    percent: bool
    span: Span = place()

    @property
    def opposite(self) -> int | Decimal:
        """The number with the other sign; Python's minus rounds a decimal to 28 digits."""
        return -self.value if isinstance(self.value, int) else self.value.copy_negate()


@record(frozen=True, slots=True)
class String:
    """Text with nothing to fill in; `block` where it was written between triple quotes."""

    value: str
    block: bool
    span: Span = place()


@record(frozen=True, slots=True)
class Template:
    """Text with expressions in braces; texts and expressions in order."""

    parts: tuple[str | Expr, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Boolean:
    value: bool
    span: Span = place()


@record(frozen=True, slots=True)
class Null:
    span: Span = place()


@record(frozen=True, slots=True)
class Pattern:
    """`/…/ims`: the source between the slashes and the flags."""

    source: str
    flags: str
    span: Span = place()


@record(frozen=True, slots=True)
class Reference:
    """A bare name; what it names is decided later. `omit` is one."""

    name: Name
    span: Span = place()


@record(frozen=True, slots=True)
class Parameter:
    """`$name`."""

    name: Name
    span: Span = place()


@record(frozen=True, slots=True)
class Member:
    """`of.name`."""

    of: Expr
    name: Name
    span: Span = place()


@record(frozen=True, slots=True)
class Star:
    """`*` as an argument: the row itself, as in `count(* within sku)`."""

    span: Span = place()


@record(frozen=True, slots=True)
class Argument:
    """A value given to a call, perhaps by name."""

    name: Name | None
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class SortKey:
    value: Expr
    descending: bool
    span: Span = place()


@record(frozen=True, slots=True)
class Loop:
    """`for item, position in over`."""

    item: Name
    position: Name | None
    over: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Call:
    """`f(…)`, with what may follow the arguments of an aggregate."""

    function: QName
    arguments: tuple[Argument, ...]
    loop: Loop | None
    where: Expr | None
    order: tuple[SortKey, ...]
    within: tuple[Expr, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Unary:
    """`-x` and `not x`."""

    operator: Literal["-", "not"]
    operand: Expr
    span: Span = place()


BinaryOperator: TypeAlias = Literal["or", "and", "=", "<>", "<", "<=", ">", ">=", "default", "&", "+", "-", "*", "/"]


@record(frozen=True, slots=True)
class Binary:
    operator: BinaryOperator
    left: Expr
    right: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class In:
    """`x in (a, b)`, `x in 1..10`, `x in a_lookup`, `x in any_list`; `negated` for `not in`."""

    value: Expr
    negated: bool
    among: tuple[Expr, ...] | Range | Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Range:
    """`low..high`, both ends in; alone it is a list of whole numbers."""

    low: Expr
    high: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Is:
    """`x is null`, `x is not blank`."""

    value: Expr
    negated: bool
    what: Literal["null", "blank"]
    span: Span = place()


@record(frozen=True, slots=True)
class Matches:
    value: Expr
    negated: bool
    pattern: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class OnError:
    """`x on error y`, `x on error warn y`, `x on error reject`, `x on error reject CODE`."""

    value: Expr
    how: Literal["use", "warn", "reject"]
    fallback: Expr | None
    code: Name | None
    span: Span = place()


@record(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Expr, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Comprehension:
    """`[value for item in over where … order by …]`."""

    value: Expr
    loop: Loop
    where: Expr | None
    order: tuple[SortKey, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class StructField:
    name: Name
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Spread:
    """`include l` inside a struct: all fields of `l`, those named after it win."""

    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class StructOf:
    """`{include l, net: …}`."""

    items: tuple[StructField | Spread, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class When:
    """`when a, b then value`; with a subject the tests are values to compare it with."""

    tests: tuple[Expr, ...]
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Case:
    subject: Expr | None
    branches: tuple[When, ...]
    otherwise: Expr | None
    span: Span = place()


Expr: TypeAlias = (
    Number | String | Template | Boolean | Null | Pattern | Reference | Parameter | Member | Star | Call | Unary | Binary
    | In | Range | Is | Matches | OnError | ListOf | Comprehension | StructOf | Case
)  # fmt: skip
Literal_: TypeAlias = "Number | String | Boolean | Null | Reference | ListOf"
"""What may stand as an option's value: a literal, a bare word (`Reference`), or a list of these; `-5` is a negative `Number`."""


# ---------------------------------------------------------------- tables


@record(frozen=True, slots=True)
class Cell:
    """The text between two bars, trimmed; `quoted` where it was written in `"…"`. Typed later, by its column."""

    text: str
    quoted: bool
    span: Span = place()


@record(frozen=True, slots=True)
class TableRow:
    cells: tuple[Cell, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Table:
    """Rows between bars; `outputs` is the column at which `||` stood in the header, None without one.

    `comments` are the lines of the table that hold only a comment: the row they stand before, and their text.
    """

    header: TableRow
    rows: tuple[TableRow, ...]
    outputs: int | None
    comments: tuple[tuple[int, str], ...] = field(compare=False)
    span: Span = place()


# ---------------------------------------------------------------- declarations


@record(frozen=True, slots=True)
class Pack:
    name: QName
    version: str
    about: String | None
    requires: tuple[Requirement, ...]
    exports: tuple[QName, ...]
    sealed: tuple[QName, ...]
    doc: str
    span: Span = place()
    codes: Translate | None = None


@record(frozen=True, slots=True)
class Requirement:
    name: QName
    versions: str
    span: Span = place()


@record(frozen=True, slots=True)
class Use:
    """`use djust.core ^1.4 as core`, or `use "file.dhm" as x`; `versions` is "" where none is stated."""

    pack: QName | String
    versions: str
    alias: Name | None
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Param:
    name: Name
    type: TypeExpr
    default: Literal_ | None
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class TypeDecl:
    """`type Gtin = text(8..14) matches /\\d+/ where gtin_valid(it)`."""

    name: Name
    type: TypeExpr
    matches: Pattern | None
    where: Expr | None
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Option:
    """`delimiter ";"` of a source or target; several values only where the option takes a list without brackets."""

    name: Name
    value: Literal_ | None
    span: Span = place()


@record(frozen=True, slots=True)
class ColumnDecl:
    """One line of `columns { … }`; in a target `type` may be missing (the entity has it)."""

    name: Name
    type: TypeExpr | None
    at: At | None
    format: String | None
    tags: tuple[Tag, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Source:
    name: Name
    kind: Name
    options: tuple[Option, ...]
    columns: tuple[ColumnDecl, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Target:
    name: Name
    kind: Name
    options: tuple[Option, ...]
    columns: tuple[ColumnDecl, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class EntityField:
    name: Name
    type: TypeExpr
    default: Expr | None
    references: QName | None
    where: Expr | None
    rounded: Name | None
    tags: tuple[Tag, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Owns:
    child: QName
    on: tuple[Name, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class WholeBy:
    """`whole by offer`: rows that have the same values there stand or fall together."""

    names: tuple[Name, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Translate:
    """`codes { R201: F-E-001 }` inside an entity or pack: families of built-in codes told as a platform's."""

    pairs: tuple[tuple[str, str], ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Entity:
    name: Name
    tags: tuple[Tag, ...]
    key: tuple[Name, ...]
    fields: tuple[EntityField, ...]
    owns: tuple[Owns, ...]
    codes: Translate | None
    doc: str
    span: Span = place()
    drops: tuple[Drop, ...] = ()
    """Only inside an override."""
    whole: WholeBy | None = None

    @property
    def dropped(self) -> tuple[Name, ...]:
        """What `drop` names."""
        return tuple(name for one in self.drops for name in one.names)


@record(frozen=True, slots=True)
class FnParam:
    name: Name
    type: TypeExpr
    span: Span = place()


@record(frozen=True, slots=True)
class Fallback:
    """`otherwise error "…"`, or `otherwise value`; `self` is the Reference `self`."""

    error: bool
    message: String | Template | None
    value: Expr | None
    span: Span = place()


@record(frozen=True, slots=True)
class Lookup:
    name: Name
    keys: tuple[FnParam, ...]
    asof: FnParam | None
    result: TypeExpr
    source: QName | None
    table: Table | None
    otherwise: Fallback | None
    doc: str
    span: Span = place()
    over: tuple[Override, ...] = ()
    """Overrides whose rows are laid on those of the table, in their order."""


@record(frozen=True, slots=True)
class Decide:
    name: Name
    inputs: tuple[FnParam, ...]
    result: TypeExpr
    policy: Name | None
    table: Table | None
    otherwise: Fallback | None
    doc: str
    span: Span = place()
    over: tuple[Override, ...] = ()
    """Overrides whose rows are laid on those of the table, in their order."""


@record(frozen=True, slots=True)
class Let:
    name: Name
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Fn:
    """`fn f(x: text) = …`, or with lets before the result in braces."""

    name: Name
    params: tuple[FnParam, ...]
    result: TypeExpr | None
    lets: tuple[Let, ...]
    body: Expr
    doc: str
    span: Span = place()


# ---------------------------------------------------------------- rowsets


@record(frozen=True, slots=True)
class From:
    """`from r in A, B`: rows of one shape, in turn; without `r in` the row is called as the (one) rowset."""

    alias: Name | None
    rowsets: tuple[QName, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Fill:
    """`fill a, b by k`: a null takes the last value before it within `by`."""

    columns: tuple[Expr, ...]
    by: tuple[Expr, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Each:
    outer: bool
    item: Name
    position: Name | None
    over: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Join:
    many: bool
    required: bool
    alias: Name
    rowset: QName
    on: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Where:
    condition: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class GroupKey:
    name: Name | None
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class GroupBy:
    partial: bool
    keys: tuple[GroupKey, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class UniqueBy:
    keys: tuple[Expr, ...]
    keep: Literal["first", "last"]
    reject: Name | None
    span: Span = place()


@record(frozen=True, slots=True)
class OrderBy:
    keys: tuple[SortKey, ...]
    span: Span = place()


Clause: TypeAlias = Fill | Each | Join | Where | GroupBy | UniqueBy | OrderBy


@record(frozen=True, slots=True)
class FieldItem:
    name: Name
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class Include:
    """`include o except (a, b)`."""

    of: Name
    without: tuple[Name, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Drop:
    """`drop g`: only inside an override."""

    names: tuple[Name, ...]
    span: Span = place()


MapItem: TypeAlias = FieldItem | Let | Include | Drop


@record(frozen=True, slots=True)
class View:
    name: Name
    source: From
    clauses: tuple[Clause, ...]
    items: tuple[MapItem, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Map:
    """`map Entity from … as name { … }`."""

    entity: QName
    source: From
    clauses: tuple[Clause, ...]
    name: Name | None
    items: tuple[MapItem, ...]
    doc: str
    span: Span = place()


# ---------------------------------------------------------------- rules, checks, flow


@record(frozen=True, slots=True)
class SetItem:
    name: Name
    value: Expr
    span: Span = place()


@record(frozen=True, slots=True)
class RuleDecl:
    name: Name
    about: String | None
    off: bool
    when: Expr | None
    sets: tuple[SetItem, ...]
    otherwise: tuple[SetItem, ...]
    span: Span = place()


@record(frozen=True, slots=True)
class Rules:
    name: Name
    entity: QName
    priority: int | None
    rules: tuple[RuleDecl, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class Check:
    """`CODE severity [on f, …] [after checks]: condition [when …] ["message"]`; no condition in an override."""

    code: Name
    severity: Literal["fatal", "error", "warn", "info", "off"]
    on: tuple[Name, ...]
    after_checks: bool
    condition: Expr | None
    when: Expr | None
    message: String | Template | None
    span: Span = place()


@record(frozen=True, slots=True)
class Checks:
    entity: QName
    checks: tuple[Check, ...]
    doc: str
    span: Span = place()


@record(frozen=True, slots=True)
class WritePart:
    """One of what a `write` names: with `first` or `last` before it in a file of interleaved lines."""

    entity: QName
    place_in_file: Literal["", "first", "last"]
    span: Span = place()


@record(frozen=True, slots=True)
class Write:
    parts: tuple[WritePart, ...]
    interleaved: bool
    patch: bool
    target: QName
    span: Span = place()


@record(frozen=True, slots=True)
class RejectTo:
    """`reject R4*, P010 to t`; no codes is `otherwise`."""

    codes: tuple[str, ...]
    target: QName
    span: Span = place()


@record(frozen=True, slots=True)
class ListTo:
    """`list P060 to t`: findings of severity warn and info."""

    codes: tuple[str, ...]
    target: QName
    span: Span = place()


@record(frozen=True, slots=True)
class AbortWhen:
    condition: Expr
    span: Span = place()


FlowItem: TypeAlias = Write | RejectTo | ListTo | AbortWhen


@record(frozen=True, slots=True)
class Flow:
    name: Name
    items: tuple[FlowItem, ...]
    doc: str
    span: Span = place()


# ---------------------------------------------------------------- overrides and tests


OverrideKind: TypeAlias = Literal[
    "map", "checks", "rules", "lookup", "decide", "fn", "entity", "view", "source", "target", "flow", "type", "param"
]


@record(frozen=True, slots=True)
class Override:
    """`override KIND name { … }`: for each kind, only the fields that it uses are filled.

    Of a map, `source`, `clauses` and `dropped` change how its rows are made; of a lookup, `gone` has the keys of rows that are taken away.
    """

    kind: OverrideKind
    name: QName
    items: tuple[MapItem, ...]
    checks: tuple[Check, ...]
    rules: tuple[RuleDecl, ...]
    table: Table | None
    otherwise: Fallback | None
    declaration: Fn | Entity | View | Source | Target | Flow | TypeDecl | None
    value: Literal_ | None
    """The default of a parameter."""
    doc: str
    span: Span = place()
    source: From | None = None
    clauses: tuple[Clause, ...] = ()
    dropped: tuple[DropClause, ...] = ()
    gone: Table | None = None


@record(frozen=True, slots=True)
class DropClause:
    """`drop where`, `drop order by`, `drop join c`: a clause of the pack's map that the override takes away."""

    word: str
    of: Name | None
    span: Span = place()


@record(frozen=True, slots=True)
class WithParam:
    name: Name
    value: Literal_
    span: Span = place()


@record(frozen=True, slots=True)
class Given:
    """`given SRC <table>`, or `file "…"`, or `json \"\"\"…\"\"\"`."""

    rowset: QName
    table: Table | None
    file: String | None
    inline: tuple[str, String] | None
    span: Span = place()


@record(frozen=True, slots=True)
class GivenPrevious:
    """`given previous Entity <table>`: rows that were delivered before."""

    rowset: QName
    table: Table
    span: Span = place()


@record(frozen=True, slots=True)
class Expect:
    """`expect Entity <table>`; the rowset `rejects` is the rejects; `none` for `expect no X`."""

    rowset: QName
    none: bool
    ordered: bool
    table: Table | None
    file: String | None
    span: Span = place()


@record(frozen=True, slots=True)
class Assert:
    condition: Expr
    span: Span = place()


TestItem: TypeAlias = WithParam | Given | GivenPrevious | Expect | Assert


@record(frozen=True, slots=True)
class Test:
    name: String
    as_of: String | None
    items: tuple[TestItem, ...]
    doc: str
    span: Span = place()


Declaration: TypeAlias = (
    Pack | Use | Param | TypeDecl | Source | Target | Entity | Lookup | Decide | Fn | View | Map | Rules | Checks | Flow
    | Override | Test
)  # fmt: skip


@record(frozen=True, slots=True)
class Script:
    """One file: its declarations in order. Comments are kept beside the tree, for `fmt`.

    `broken` is where text could not be read: what stood there is missing in the tree.
    """

    declarations: tuple[Declaration, ...]
    span: Span = place()
    broken: tuple[Span, ...] = field(default=(), compare=False, repr=False)
