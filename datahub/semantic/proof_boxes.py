"""Boxes made of rows: whether some rows of a decision table together cover a box, within a budget.

An input is cut into classes of values that no cell tells apart, and a class is known by the rows that it satisfies, a bit
each. A box is a choice of classes for each input. To look whether rows cover it, one input after the other is cut: a class
leaves some of the rows. Where none is left, a point outside all rows is found; where one is left whose cells hold whatever
the inputs still uncut may be, that part is covered. A class that leaves more rows than one already covered is covered too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TypeAlias

from datahub.records import record

Rows: TypeAlias = int
"""A set of rows, a bit each."""

Box: TypeAlias = Sequence[Sequence[Rows]]
"""For each input the classes in the box, each as the rows that it satisfies."""


class Spent(Exception):
    """The budget is used up before the answer was found."""


@record(slots=True)
class Budget:
    """How many boxes may still be looked at, over all questions and for one of them."""

    left: int
    each: int

    def question(self) -> Budget:
        """The budget of one more question."""
        return Budget(min(self.left, self.each), 0)

    def spend(self, boxes: int) -> None:
        self.left -= boxes
        if self.left < 0:
            raise Spent


@record(frozen=True, slots=True)
class Answer:
    """Whether a box is covered: by which rows, or else a point outside them, as the rows that each input's class satisfies."""

    outside: tuple[Rows, ...] | None
    by: Rows = 0


def covered(box: Box, whole: Sequence[Rows], rows: Rows, budget: Budget) -> Answer:
    """Look whether `rows`, which all meet `box`, cover it. Raise `Spent` where the budget does not suffice.

    `whole` are for each input the rows that every class in the box satisfies.
    """
    # What cuts away most rows comes first: it leaves least to look at.
    order = sorted((at for at, free in enumerate(whole) if rows & ~free), key=lambda at: -(rows & ~whole[at]).bit_count())
    after = [-1]
    for at in reversed(order):
        after.append(after[-1] & whole[at])
    search = _Search(box, order, after[::-1], budget)
    found = search.outside(0, rows)
    if found is None:
        return Answer(None, search.by)
    return Answer(tuple(found[at] if at in found else classes[0] for at, classes in enumerate(box)))


@record(slots=True)
class _Search:
    """One question: the inputs in the order of cutting, and the rows whose cells hold for all of the box from there on."""

    box: Box
    order: Sequence[int]
    after: Sequence[Rows]
    budget: Budget
    by: Rows = 0
    done: set[tuple[int, Rows]] = field(default_factory=set)

    def outside(self, depth: int, rows: Rows) -> dict[int, Rows] | None:
        """A point outside `rows`: for the inputs cut from `depth` on the class, by its rows; None where there is no such point."""
        if not rows:
            return {}
        free = rows & self.after[depth]
        if free:
            self.by |= free & -free
            return None
        at = self.order[depth]
        left = {one & rows: one for one in reversed(self.box[at])}
        self.budget.spend(len(left))
        passed: list[Rows] = []
        for fewer in sorted(left, key=int.bit_count):
            if (depth, fewer) in self.done or self._holds_one_of(passed, fewer):
                continue
            found = self.outside(depth + 1, fewer)
            if found is not None:
                found[at] = left[fewer]
                return found
            passed.append(fewer)
            self.done.add((depth, fewer))
        return None

    def _holds_one_of(self, passed: Sequence[Rows], rows: Rows) -> bool:
        """Whether `rows` has all rows of a part that is covered."""
        self.budget.spend(len(passed) >> 3)
        return any(one & rows == one for one in passed)


def held(cell: int, classes: Sequence[Rows]) -> tuple[Rows, ...]:
    """The different classes in a cell, whose classes are bits."""
    found: dict[Rows, None] = {}
    while cell:
        start = (cell & -cell).bit_length() - 1
        run = ~(cell >> start)
        stop = start + (run & -run).bit_length() - 1
        found.update(dict.fromkeys(classes[start:stop]))
        cell = cell >> stop << stop
    return tuple(found)


def by_class(cells: Sequence[int], size: int) -> list[Rows]:
    """For each of `size` classes the rows whose cell has it."""
    turns = [0] * (size + 1)
    for row, cell in enumerate(cells):
        # Cells are few runs of classes: what changes from one class to the next is less than what stays.
        edges = cell ^ (cell << 1)
        while edges:
            edge = edges & -edges
            turns[edge.bit_length() - 1] ^= 1 << row
            edges ^= edge
    rows, found = 0, []
    for turn in turns[:size]:
        rows ^= turn
        found.append(rows)
    return found
