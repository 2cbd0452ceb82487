"""Links between rows by number, and what falls along them: whole columns of parents, walked breadth first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from datahub.engine import keys
from datahub.frames.frame import Mask, Rows
from datahub.plan import operators as op
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt

MISSING, NONE = -1, -2
"""The parent of a row whose key no row has, and of a row that names none."""
ROW_BITS = 40


@record(frozen=True, slots=True)
class Bound:
    """A link, and for each row of its child the number of its parent; more than one column of them where rows have several."""

    link: op.Link
    parents: Sequence[Rows]


@record(slots=True)
class Verdicts:
    """For each row of an entity whether it falls here, along which link and why, and which row that had fallen began it.

    `root` is entity and number of that row in one; one that names what does not exist (`missing`) begins with itself.
    """

    dies: Mask
    link: npt.NDArray[np.int16]
    code: npt.NDArray[np.int16]
    root: Rows
    missing: Mask
    gone: Mask
    """All that do not survive: those that die here, and those that had fallen before."""


def parents_of(mine: tuple[keys.Hashes, Mask], theirs: Sequence[tuple[keys.Hashes, Mask]]) -> list[Rows]:
    """For each of several columns of keys the number of the row among `mine` that has the key; the first, where several do."""
    seen = keys.SeenKeys()
    hashed, null = mine
    count = hashed.shape[1]
    there = np.flatnonzero(~null)
    seen.first_rows(hashed[:, there], there)
    begun = count
    found = []
    for child, nameless in theirs:
        rows = np.full(child.shape[1], NONE, np.int64)
        asked = np.flatnonzero(~nameless)
        first = seen.first_rows(child[:, asked], begun + asked)
        rows[asked] = np.where(first < count, first, MISSING)
        begun += child.shape[1]
        found.append(rows)
    return found


def judge(links: Sequence[Bound], counts: dict[str, tuple[int, int]]) -> dict[str, Verdicts]:
    """What falls of entities that have so many rows standing and so many fallen."""
    numbers = {name: number for number, name in enumerate(counts)}
    verdicts = {name: _standing(numbers[name], *counts[name]) for name in counts}
    walks = [_Walk(number, one.link, parents, verdicts) for number, one in enumerate(links) for parents in one.parents]
    fresh: dict[str, list[Rows]] = {name: [np.flatnonzero(one.gone)] for name, one in verdicts.items()}
    for walk in walks:
        fresh[walk.link.child].append(walk.orphans())
        if walk.link.tree:
            fresh[walk.link.child].append(walk.rings())
    while any(len(rows) for several in fresh.values() for rows in several):
        now = {name: np.concatenate([np.empty(0, np.int64), *several]) for name, several in fresh.items()}
        fresh = {name: [] for name in counts}
        for walk in walks:
            if len(now[walk.link.parent]):
                fresh[walk.link.child].append(walk.down(now[walk.link.parent]))
            if walk.link.owns and len(now[walk.link.child]):
                fresh[walk.link.parent].append(walk.up(now[walk.link.child]))
    return verdicts


def _standing(number: int, count: int, fallen: int) -> Verdicts:
    total = count + fallen
    gone = np.zeros(total, np.bool_)
    gone[count:] = True
    root = np.int64(number << ROW_BITS) | np.arange(total, dtype=np.int64)
    small = np.zeros(total, np.int16)
    return Verdicts(np.zeros(total, np.bool_), small - 1, small.copy(), root, np.zeros(total, np.bool_), gone)


class _Walk:
    """One link, to be gone down from parents to children and up from what is owned to what owns it."""

    def __init__(self, number: int, link: op.Link, parents: Rows, verdicts: dict[str, Verdicts]) -> None:
        self._number, self.link, self._parents = number, link, parents
        self._children, self._above = verdicts[link.child], verdicts[link.parent]
        order = np.argsort(parents, kind="stable").astype(np.int64)
        self._order = order[np.searchsorted(parents[order], 0) :]
        self._starts = np.searchsorted(parents[self._order], np.arange(len(self._above.gone) + 1)).astype(np.int64)

    def orphans(self) -> Rows:
        """Children whose parent does not exist."""
        rows = np.flatnonzero((self._parents == MISSING) & ~self._children.gone & (not self.link.elsewhere))
        return self._fall(self._children, rows, 503 if self.link.referred else 502, self._children.root[rows], missing=True)

    def rings(self) -> Rows:
        """Rows of a tree that come back to themselves."""
        none = len(self._parents)
        above = np.append(np.where(self._parents < 0, none, self._parents), none)
        for _ in range(none.bit_length()):
            above = above[above]
        # Whoever is above another by more steps than there are rows is in a ring; what hangs from one falls with it.
        rows = np.unique(above[above < none])
        rows = rows[~self._children.gone[rows]]
        return self._fall(self._children, rows, 505, self._children.root[rows])

    def down(self, fallen: Rows) -> Rows:
        """Children of rows that fell."""
        counts = self._starts[fallen + 1] - self._starts[fallen]
        first = np.repeat(np.cumsum(counts) - counts, counts)
        at = np.repeat(self._starts[fallen], counts) + np.arange(int(counts.sum())) - first
        rows, above = self._order[at], np.repeat(fallen, counts)
        alive = ~self._children.gone[rows]
        return self._fall(self._children, rows[alive], 502 if self.link.owns else 504, self._above.root[above[alive]])

    def up(self, fallen: Rows) -> Rows:
        """Owners of rows that fell; the first of the fallen is named."""
        owned = fallen[self._parents[fallen] >= 0]
        rows, first = np.unique(self._parents[owned], return_index=True)
        alive = ~self._above.gone[rows]
        return self._fall(self._above, rows[alive], 502, self._children.root[owned[first[alive]]])

    def _fall(self, verdicts: Verdicts, rows: Rows, code: int, roots: Rows, missing: bool = False) -> Rows:
        verdicts.gone[rows] = verdicts.dies[rows] = True
        verdicts.link[rows], verdicts.code[rows], verdicts.root[rows] = self._number, code, roots
        verdicts.missing[rows] = missing
        return rows.astype(np.int64)
