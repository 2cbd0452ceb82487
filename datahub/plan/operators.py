"""The relational operators: what to do, as data; a plan is a graph of them, shared where the script shares.

Every operator works on frames (see `datahub.frames.frame`): columns carry their failures with them. Row ids are given
at `Read` and never change. The pseudo-column `!checks` holds the failures that checks found, `!notes` those of
severity warn and info; `Settle` turns the failures of a row into issues and lets only healthy rows pass.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from datahub.records import record
from datahub.semantic.ir import (
    Assignment,
    CheckRule,
    DecisionTable,
    EntityShape,
    Expression,
    FlowBody,
    LookupTable,
    Origin,
    ParameterShape,
    Sorting,
    SourceShape,
    TargetShape,
)
from datahub.types.model import Type


@record(frozen=True, slots=True)
class Read:
    """Rows of a source. Text formats give `#source.column` (raw text), typed ones `column`; only those in `columns`."""

    source: str
    columns: tuple[str, ...]


@record(frozen=True, slots=True)
class Compute:
    """Add columns, each made by an expression that may read those before it."""

    input: Operator
    assignments: tuple[Assignment, ...]


@record(frozen=True, slots=True)
class Rename:
    """Columns under new names; all others are dropped, but those whose name begins with `#` or `!`."""

    input: Operator
    columns: tuple[tuple[str, str], ...]


@record(frozen=True, slots=True)
class Filter:
    """Rows whose condition is true. A row whose condition failed is rejected, never filtered."""

    input: Operator
    condition: Expression
    origin: Origin


@record(frozen=True, slots=True)
class Fill:
    """A null takes the last value before it, in input order, among rows with equal `by`."""

    input: Operator
    columns: tuple[str, ...]
    by: tuple[Expression, ...]
    origin: Origin


@record(frozen=True, slots=True)
class Expand:
    """One row an element of a list; `fields` are those of a struct element that become columns `item.field`.

    `path` is where the list stands in the source's row (`order_lines`), empty for a list that the script made. `kept` are the
    columns of the rows around that the elements need; None stands for all of them.
    """

    input: Operator
    over: Expression
    item: str
    position: str
    outer: bool
    fields: tuple[tuple[str, Type], ...]
    origin: Origin
    path: str = ""
    kept: tuple[str, ...] | None = None


@record(frozen=True, slots=True)
class Join:
    """Left rows with the right rows that have equal keys; null keys never match.

    Not `many`: a second match rejects the row (R403). `required`: no match rejects it (R404); else the right columns are null.
    """

    left: Operator
    right: Operator
    left_keys: tuple[Expression, ...]
    right_keys: tuple[Expression, ...]
    also: Expression | None
    columns: tuple[tuple[str, str], ...]
    many: bool
    required: bool
    origin: Origin


@record(frozen=True, slots=True)
class Group:
    """One row a group, in order of first appearance; `assignments` see the group's rows through `Members`.

    A group with a failed row is rejected whole (R501), unless `partial`: then the failed rows alone are.
    """

    input: Operator
    keys: tuple[Assignment, ...]
    assignments: tuple[Assignment, ...]
    partial: bool
    origin: Origin


@record(frozen=True, slots=True)
class Windowed:
    """Add columns whose expressions look at other rows (`Window`); rows keep their order."""

    input: Operator
    assignments: tuple[Assignment, ...]


@record(frozen=True, slots=True)
class Unique:
    """One row a key, the first or last in the order of the rows; the others are merged, or rejected under `code`."""

    input: Operator
    keys: tuple[Expression, ...]
    keep: Literal["first", "last"]
    code: str
    origin: Origin


@record(frozen=True, slots=True)
class Sort:
    """Rows in a stable order; nulls last, text by code point."""

    input: Operator
    keys: tuple[Sorting, ...]
    origin: Origin


@record(frozen=True, slots=True)
class Union:
    """The rows of several inputs, one input after the other; their columns are the same."""

    inputs: tuple[Operator, ...]


@record(frozen=True, slots=True)
class Check:
    """Row checks: their failures join `!checks` and `!notes`."""

    input: Operator
    checks: tuple[CheckRule, ...]


@record(frozen=True, slots=True)
class SetCheck:
    """Checks that look at other rows of the map, so that all must be there; `Check` otherwise."""

    input: Operator
    checks: tuple[CheckRule, ...]


@record(frozen=True, slots=True)
class Key:
    """The entity's key: null in a part is R302, a second row with the key R303; rows with a failed or null key are exempt."""

    input: Operator
    columns: tuple[str, ...]
    origin: Origin


@record(frozen=True, slots=True)
class Settle:
    """The boundary of a map: a failed row leaves as issues, a healthy one passes with the entity's columns alone.

    Checks `after checks` follow it, with a boundary of their own.
    """

    input: Operator
    entity: str
    columns: tuple[tuple[str, Type], ...]
    origins: tuple[tuple[str, Origin], ...]
    codes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For each check code, the fields whose own failures it takes over (a check `on` a field)."""
    beside: tuple[str, ...] = ()
    """Raw columns that stay beside healthy rows, for checks that follow and show them."""


@record(frozen=True, slots=True)
class Link:
    """Rows of `child` name one of `parent` by the key that stands in `columns`; `owns`: they live and die together.

    `below` is who is told of a child that falls, `above` of an owner. `referred`: a child of an owner says `references` too.
    `tree`: no row may come back to itself. `elsewhere`: a row that names none here misses none.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    key: tuple[str, ...]
    owns: bool
    referred: bool
    below: Origin
    above: Origin
    tree: bool = False
    elsewhere: bool = False


@record(frozen=True, slots=True)
class Graph:
    """The settled rows of entities that depend on each other: all must be there before it is known which of them survive.

    `inputs` are the rows of `entities`, one for one. What falls, takes with it what its links say.
    """

    inputs: tuple[Operator, ...]
    entities: tuple[str, ...]
    links: tuple[Link, ...]


@record(frozen=True, slots=True)
class Surviving:
    """The rows of one entity that survive in `graph`."""

    graph: Graph
    entity: str


Operator: TypeAlias = (
    Read
    | Compute
    | Rename
    | Filter
    | Fill
    | Expand
    | Join
    | Group
    | Windowed
    | Unique
    | Sort
    | Union
    | Check
    | SetCheck
    | Key
    | Settle
    | Graph
    | Surviving
)


@record(frozen=True, slots=True)
class Output:
    """The settled rows of one entity; `left_out` are fields that no row of a patch has."""

    entity: str
    rows: Operator
    left_out: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class LookupFeed:
    """The rows of a lookup that a source feeds: columns named as its keys, `valid_from` and `result`."""

    lookup: str
    rows: Operator


@record(frozen=True, slots=True)
class Plan:
    """All that a worker needs: shapes, tables, operators. Parameters and the run's clock come when it runs."""

    sources: tuple[SourceShape, ...]
    targets: tuple[TargetShape, ...]
    entities: tuple[EntityShape, ...]
    parameters: tuple[ParameterShape, ...]
    lookups: tuple[LookupTable, ...]
    decisions: tuple[DecisionTable, ...]
    feeds: tuple[LookupFeed, ...]
    outputs: tuple[Output, ...]
    flow: FlowBody | None
    zone: str = "UTC"
    counts: tuple[tuple[str, str, str], ...] = ()
    remembers: tuple[str, ...] = ()
    """Entities of which the script asks what was delivered last."""
    refers: tuple[str, ...] = ()
    """Entities that rows refer to, and whose rows may have been delivered before."""
    torn: tuple[tuple[str, str], ...] = ()
    """Sources that the flow says nothing of, a record of which may be a part of an entity that is delivered whole or not at all."""


def inputs(operator: Operator) -> tuple[Operator, ...]:
    """The operators that `operator` reads."""
    match operator:
        case Read():
            return ()
        case Join(left=left, right=right):
            return (left, right)
        case Union(inputs=several) | Graph(inputs=several):
            return several
        case Surviving(graph=graph):
            return (graph,)
        case _:
            return (operator.input,)
