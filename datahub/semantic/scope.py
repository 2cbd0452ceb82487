"""The names visible at a place, and what is declared around it.

`World` is filled by `collect` before any expression is read; `Scope` is made anew for each place (a clause, a field, a
check) and handed down, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from datahub.diagnostics.diagnostic import Emit
from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proof_boxes import Budget
from datahub.semantic.proof_conditions import Alike
from datahub.syntax import ast
from datahub.types.model import Type


@record(frozen=True, slots=True)
class LookupName:
    """What calling a lookup needs to know: key types in order, the type of the as-of day, the result, what a miss does."""

    name: str
    keys: tuple[tuple[str, Type], ...]
    day: Type | None
    result: Type
    codes: tuple[str, ...]
    invertible: tuple[str, ...]
    """The result columns (`""` for a result that is no struct) whose values are unique, so that `inverse` may be asked."""
    repeated: tuple[tuple[str, str], ...]
    """For each of the others why not, by an example."""
    span: Span = field(compare=False, repr=False)
    misses_to_null: bool = False
    """Whether it says `otherwise null`, which holds both ways."""


@record(frozen=True, slots=True)
class DecisionName:
    name: str
    inputs: tuple[tuple[str, Type], ...]
    result: Type
    codes: tuple[str, ...]
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class FnName:
    """A function of the script, inlined where it is called; `world` is the one its body was written in."""

    name: str
    declaration: ast.Fn
    parameters: tuple[tuple[str, Type], ...]
    result: Type | None
    world: World


@record(frozen=True, slots=True)
class TypeName:
    """A declared type and the conditions checked where a value enters it, over the column `it`, with their codes."""

    name: str
    type: Type
    conditions: tuple[tuple[ir.Expression, str], ...]
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class RowsetName:
    """A source, view or entity as something to read rows from."""

    name: str
    fields: tuple[tuple[str, Type], ...]
    evidence: tuple[tuple[str, tuple[ir.Evidence, ...]], ...]
    """For each field the source columns it comes from, where that is known."""
    span: Span = field(compare=False, repr=False)
    marked: frozenset[str] = frozenset()
    """The fields of which it is known whether the source had them at all."""


@record(slots=True)
class World:
    """All declarations that a script can name, by their names as written there (`m.Order` for a pack's)."""

    types: dict[str, TypeName] = field(default_factory=dict)
    lookups: dict[str, LookupName] = field(default_factory=dict)
    decisions: dict[str, DecisionName] = field(default_factory=dict)
    functions: dict[str, FnName] = field(default_factory=dict)
    rowsets: dict[str, RowsetName] = field(default_factory=dict)
    entities: dict[str, ir.EntityShape] = field(default_factory=dict)
    prefix: str = ""
    """What stands before the names of this module in the program; nothing for those of the script itself."""
    parameters: dict[str, Type] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """Names that something read, as `lookup vat`, `param x`, `column source.field`: for `unused` findings."""
    interned: dict[object, ir.Expression] = field(default_factory=dict, repr=False)
    """One object for each expression that is written twice, so that it is computed once (see `semantic.trees`)."""
    named: dict[str, TypeName] = field(default_factory=dict)
    """Every declared type of the program by its full name, whether it can be written here or not."""
    missing: set[str] = field(default_factory=set)
    """What used packs are called that were not found: a name behind one of them was reported with the pack."""
    bodies: dict[object, ir.Expression] = field(default_factory=dict, repr=False)
    """The typed body of each function of the script, over columns that stand for its parameters."""
    alike: Alike = field(default_factory=Alike, repr=False)
    budget: Budget = field(default_factory=lambda: Budget(300_000, 2_000), repr=False)
    """How many questions may be asked about values to find conditions that are decided before any row is there."""
    decided: dict[tuple[int, int], tuple[ir.Expression, tuple[Premise, ...], bool | None]] = field(default_factory=dict, repr=False)
    """What was found of a condition where these premises hold."""


@record(frozen=True, slots=True)
class RowName:
    """A row called by a name: `fields` are its columns (frame column and type) by field name.

    Where the elements of a list are no structs, `element` is the one column the name itself stands for.
    """

    name: str
    fields: dict[str, ir.Column]
    element: ir.Column | None = None
    nullable: bool = False
    """The row of a left join, or of `each outer`: a field read from it is nullable."""
    marked: frozenset[str] = frozenset()
    """The fields that `has` can be asked about."""


@record(frozen=True, slots=True)
class Premise:
    """A condition that is known to hold at a place, or with `holds` false not to; `passed` was asked by an earlier branch."""

    condition: ir.Expression
    holds: bool
    span: Span
    passed: bool = False


@record(frozen=True, slots=True)
class Part:
    """A part of a chain of `and` or `or` as it is written, and what is known where it is asked."""

    tree: ast.Expr
    condition: ir.Expression
    premises: tuple[Premise, ...]


@record(frozen=True, slots=True)
class Scope:
    """What a name means here.

    Bare names are looked up in `names`, then as a row, then as a field of the only row that has it (DHM102 where two do).
    """

    world: World
    emit: Emit
    rows: dict[str, RowName] = field(default_factory=dict)
    names: dict[str, ir.Expression] = field(default_factory=dict)
    grouped: Scope | None = None
    """In a grouped map: the scope of the group's rows, in which the arguments of aggregates are read."""
    windows: bool = False
    """Whether `within`, `row_number`, `lag`, `lead` may stand here."""
    patch: bool = False
    """Whether `omit` may stand here."""
    absent: ir.Expression | None = None
    """What `omit` is here, where the entity is no patch but whoever uses the pack may make it one."""
    narrowed: frozenset[str] = frozenset()
    """Columns known not to be null here (`is not null` in the condition that leads here)."""
    narrowed_all: frozenset[str] = frozenset()
    """Those of them that are null in no row at all, because a `where` of the map has left no other: so it is in windows, too."""
    premises: tuple[Premise, ...] = ()
    """What is known to hold here of the row, because a condition leads here."""
    parts: list[Part] | None = None
    """The parts found so far of the condition that is being read."""
    zone: str = "UTC"
    inlining: tuple[str, ...] = ()
    """The functions of the script that are being inlined, outermost first: a repeat is DHM104."""
    keys: tuple[tuple[ir.Expression, ir.Column], ...] = ()
    """In a grouped map: each key as read in the scope `grouped`, and the column of the group that holds it."""
    codes: Mapping[str, tuple[str, ...]] | None = None
    """The reject codes that columns of the frame carry in, by column; None where that is not known."""

    def narrow(self, columns: frozenset[str]) -> Scope:
        return replace(self, narrowed=self.narrowed | columns) if columns else self

    def naming(self, names: dict[str, ir.Expression]) -> Scope:
        return replace(self, names={**self.names, **names})

    def with_row(self, row: RowName) -> Scope:
        return replace(self, rows={**self.rows, row.name: row})
