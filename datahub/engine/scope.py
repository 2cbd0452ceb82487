"""Where an expression is evaluated: the rows at hand, the rows around them, and what a run knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, TypeVar
from weakref import ref

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine import slices
from datahub.engine.constants import repeated
from datahub.engine.distinct import coded
from datahub.engine.failures import brought_in, lifted, union
from datahub.engine.run_state import Counts, RunState, no_facts
from datahub.frames.frame import Column, Failure, Failures, Frame, Rows, take_column
from datahub.functions.segments import owners, places
from datahub.semantic import ir
from datahub.types.sizes import TooMuch

Made = TypeVar("Made")


class Evaluator(Protocol):
    """How one kind of expression is evaluated."""

    def __call__(self, node: Any, scope: Scope) -> Column: ...


__all__ = ["EVALUATORS", "Counts", "Evaluator", "RunState", "Scope", "evaluate_all", "evaluates", "field_of", "no_facts"]

EVALUATORS: dict[type, Evaluator] = {}
"""For each kind of expression how it is evaluated; filled when `datahub.engine.evaluate` imports the modules beside it."""


def evaluates(*kinds: type) -> Callable[[Evaluator], Evaluator]:
    """Declare the decorated function as the one that evaluates expressions of `kinds`."""

    def declare(evaluator: Evaluator) -> Evaluator:
        for kind in kinds:
            EVALUATORS[kind] = evaluator
        return evaluator

    return declare


class Scope:
    """A frame in which expressions are evaluated, each once; and how its rows stand to those of the scope around it.

    The rows of a scope around are reached by `parents` (for each row here the one there). Where `item` is given, the
    rows here are the elements of a list: `item` names the column they are, `positions` counts them from 0 within
    their list, and `label` is where the list stands in the source (`/lines`). Where `subset` is true, they are some
    of the rows around, no more. Where `distinct` is true, they are the values of one column, each once. `members` and
    `offsets` are the rows of each row here that is a group. With `source` the rows are those at some places of a frame,
    whose columns are taken when they are asked for.
    """

    __slots__ = (
        "__weakref__",
        "_made",
        "_memo",
        "columns",
        "distinct",
        "frame",
        "inner",
        "item",
        "label",
        "members",
        "notes",
        "offsets",
        "parent",
        "parents",
        "positions",
        "run",
        "source",
        "subset",
    )

    def __init__(
        self,
        frame: Frame,
        run: RunState,
        *,
        members: Scope | None = None,
        offsets: Rows | None = None,
        parent: Scope | None = None,
        parents: Rows | None = None,
        subset: bool = False,
        item: str = "",
        positions: Rows | None = None,
        label: str | None = None,
        source: tuple[Frame, Rows] | None = None,
    ) -> None:
        self.frame, self.run, self.members, self.offsets = frame, run, members, offsets
        self.parent, self.parents, self.subset = parent, parents, subset
        self.item, self.positions, self.label = item, positions, label
        self.columns: dict[str, Column] = dict(frame.columns)
        self.notes: list[Failure] = []
        self.distinct = False
        self.source = source
        self._memo: dict[int, tuple[Any, Column]] = {}
        self._made: dict[Any, Any] = {}
        self.inner: list[ref[Scope]] = []
        if parent is not None:
            parent.inner.append(ref(self))
        if members is not None and offsets is not None and members.parent is None:
            members.parent, members.parents, members.positions = self, owners(offsets), places(offsets)

    @property
    def length(self) -> int:
        return self.frame.length

    def evaluate(self, expression: ir.Expression) -> Column:
        """The column of `expression`: of one met before what it was then."""
        if type(expression) is ir.Column:
            return self.column(expression.name)
        run = self.run
        standing = run.stand_ins.get(id(expression))
        node = run.canonical(expression) if standing is None else standing[1]
        found = self._memo.get(id(node))
        if found is None:
            profile = run.profile
            column = self._column_of(node) if profile is None else profile.evaluated(node, self.length, lambda: self._column_of(node))
            found = (node, column)
            self._memo[id(node)] = found
        return found[1]

    def _column_of(self, node: Any) -> Column:
        if self.run.prepared[id(node), "constant"]:
            return repeated(self.run.once(node, "folded", lambda: self._folded(node)), self.length)
        try:
            return self._worked_out(node) if self.parents is None else slices.evaluated(node, self, lambda: self._worked_out(node))
        except TooMuch:
            if self.length != 1:
                raise
            return slices.too_long(node)

    def _worked_out(self, node: Any) -> Column:
        name = self.run.prepared[id(node), "by value"]
        if name and not self.distinct:
            by_value = self.once(("coded", name), lambda: coded(name, self))
            if by_value is not None:
                # Where too much would be made of all that is known of a column, the rows are worked out as they are.
                with suppress(TooMuch):
                    return by_value.column(node, self)
        return EVALUATORS[type(node)](node, self)

    def is_own(self, name: str) -> bool:
        """Whether a column is of the rows here, or was brought to them already."""
        whole = self.whole()
        if name in self.columns or (whole.source is not None and name in whole.source[0].columns):
            return True
        return bool(whole.item) and (name == whole.item or name.startswith(whole.item + "."))

    def in_all(self) -> tuple[Scope, Rows]:
        """The scope of all rows of which those here are some, and for each row here which of them it is."""
        at, scope = np.arange(self.length, dtype=np.int64), self
        while scope.subset and scope.parent is not None and scope.parents is not None:
            at, scope = scope.parents[at], scope.parent
        return scope, at

    def stretch(self, start: int, stop: int) -> Scope:
        """The rows from `start` to `stop`, of elements or members, as a scope of their own: what they read of the rows around is
        brought to them alone."""
        scope, every = self.in_all()
        at = every[start:stop]
        assert scope.parents is not None
        assert scope.positions is not None
        source = None if scope.source is None else (scope.source[0], scope.source[1][at])
        return Scope(
            scope.frame.take(at),
            self.run,
            parent=scope.parent,
            parents=scope.parents[at],
            item=scope.item,
            positions=scope.positions[at],
            label=scope.label,
            source=source,
        )

    def _folded(self, node: Any) -> Column:
        """What a constant expression gives for one row."""
        alone = Scope(Frame({}, 1, np.zeros(1, np.int64)), self.run)
        try:
            column = EVALUATORS[type(node)](node, alone)
        except TooMuch:
            column = slices.too_long(node)
        values = column.values if isinstance(column.values, pa.Scalar) else column.values[0]
        return Column(values, column.failures)

    def forget(self) -> None:
        """Let go of all that was made here and in scopes within: they know this one, and would keep each other alive for long."""
        self._memo.clear()
        self._made.clear()
        inner, self.inner = self.inner, []
        for one in inner:
            scope = one()
            if scope is not None:
                scope.forget()
        if self.members is not None:
            self.members.parent = None
            self.members.forget()

    def known(self, node: Any) -> Column | None:
        """What a canonical node gave before, if it was evaluated here."""
        found = self._memo.get(id(node))
        return None if found is None else found[1]

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once for this scope; `key` names canonical nodes by their ids."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[no-any-return]

    def column(self, name: str) -> Column:
        """The column `name`: of this frame, of the elements, or of the rows around."""
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def find(self, name: str) -> Column | None:
        """The column `name`, or None where there is none of that name."""
        found = self.columns.get(name)
        if found is not None:
            return found
        if self.item and name.startswith(self.item + "."):
            found = field_of(self.columns[self.item], name[len(self.item) + 1 :])
        elif self.source is not None and name in self.source[0].columns:
            found = _taken(name, *self.source)
        elif self.parent is not None and (outer := self.parent.find(name)) is not None:
            found = self.from_parent(outer)
        if found is not None:
            self.columns[name] = found
        return found

    def from_parent(self, column: Column) -> Column:
        """A column of the rows around, at the rows here."""
        assert self.parent is not None
        assert self.parents is not None
        if isinstance(column.values, pa.Scalar) and not column.failures:
            return column
        if not self.subset:
            slices.check_taken(column.values, self.parents)
        taken = take_column(column, self.parents, pa.array(self.parents), self.parent.length)
        return taken if self.subset else brought_in(taken)

    def define(self, name: str, column: Column) -> None:
        """Make `column` known as `name`; what was evaluated over an older one of that name is forgotten."""
        if name in self.columns:
            self._memo.clear()
            self._made.clear()
        self.columns[name] = column

    def some(self, rows: Rows) -> Scope:
        """A scope of some of the rows here; columns are taken when they are asked for."""
        frame = Frame({}, len(rows), self.frame.rows[rows])
        source = None
        if self.source is not None:
            # What was not asked for yet is taken once, not here and there again.
            whole, at = self.source
            kept = {name: column for name, column in whole.columns.items() if name not in self.columns}
            source = (replace(whole, columns=kept), at[rows])
        return Scope(frame, self.run, parent=self, parents=rows, subset=True, source=source)

    def whole(self) -> Scope:
        """The scope that this one is a part of, or itself."""
        scope = self
        while scope.subset and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def in_list(self) -> bool:
        """Whether the rows here are elements of a list, or some of them."""
        return bool(self.whole().item)

    def rowset(self) -> Scope:
        """The scope of the map's rows: not of a part of them, nor of the elements of a list."""
        scope = self
        while scope.parent is not None and (scope.subset or scope.item):
            scope = scope.parent
        return scope

    def to_parent(self, failures: Failures) -> Failures:
        """Failures of rows here as failures of the rows around."""
        assert self.parents is not None
        if self.subset:
            parents = self.parents
            return tuple(replace(failure, rows=parents[failure.rows]) for failure in failures)
        assert self.positions is not None
        if not self.item:
            positions = self.positions
            failures = tuple(replace(failure, members=positions[failure.rows]) for failure in failures)
        return lifted(failures, self.parents, self.positions, self.label)

    def note(self, failures: Failures) -> None:
        """Remember failures that were recovered from but are to be listed; the outermost scope collects them."""
        if self.parent is not None:
            self.parent.note(self.to_parent(failures))
        else:
            self.notes.extend(failures)


def _taken(name: str, frame: Frame, at: Rows) -> Column:
    return take_column(frame.columns[name], at, pa.array(at), frame.length)


def field_of(column: Column, name: str) -> Column:
    """A field of a column of structs: null where the struct is; only what failed of it, or of the whole, failed."""
    failures = []
    for failure in column.failures:
        first, _, rest = failure.inside.partition("/")
        if not first:
            failures.append(failure)
        elif first == name:
            failures.extend(replace(failure, inside=rest).brought_up())
    if isinstance(column.values, pa.Scalar):
        # One value stands for all rows.
        values: Any = pc.struct_field(pa.repeat(column.values, 1), name)[0]
    else:
        values = pc.struct_field(column.values, name)
    return Column(values, union(tuple(failures)))


def evaluate_all(expressions: Sequence[ir.Expression], scope: Scope) -> list[Column]:
    """The columns of several expressions."""
    return [scope.evaluate(expression) for expression in expressions]
