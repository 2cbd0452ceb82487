"""Columns with the failures they carry: what flows through the engine.

A value that could not be had is null in its column and listed in a `Failure` beside it.
Failures are sparse (row numbers, not masks): a healthy column pays nothing, and a row
that fails everywhere costs one number a failure. They follow their rows through `take`,
so nothing is thrown, nothing is lost, and branches may be evaluated for all rows and
their failures dropped where the branch was not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.records import record
from datahub.types.bits import truth_array, truths
from datahub.types.repeated import repeated

if TYPE_CHECKING:
    import numpy.typing as npt

Rows: TypeAlias = "npt.NDArray[np.int64]"
"""Positions of rows in a frame, ascending; or ids of source rows."""

Mask: TypeAlias = "npt.NDArray[np.bool_]"


@record(frozen=True, slots=True)
class Failure:
    """Rows of one column that failed for one reason.

    `rows` ascends and may repeat a row (several elements of one list). `values` are the raw values, one for
    each of `rows`, or None where the raw value is that of the field's source column. `column` is the name in the
    source's header. `paths` says where in nested data, one for each of `rows`: text such as `/order_lines/0/quantity`.
    `elements` is, for a column of lists, which element (from 0) of the row's list failed, so that only that one
    falls when the list is expanded; None means the whole value. `cause` is the built-in code where `code` is the user's.
    """

    rows: Rows
    code: str
    column: str = ""
    values: pa.Array | None = None
    paths: pa.Array | None = None
    elements: Rows | None = None
    cause: str = ""
    message: str = ""
    origin: int = -1
    texts: pa.Array | None = None
    """The message of each of `rows`, where `message` is not the same for all."""
    severity: str = "error"
    members: Rows | None = None
    """For rows made of several (groups): which of the row's members, from 0, failed; one for each of `rows`."""
    beside: pa.ListArray | None = None
    """For each of `rows`, issues that are told if the row is rejected and forgotten if it is filtered: those of a group's members."""
    wanted: str = ""
    """The type that the value does not fit, or the function that has no answer; empty where the code alone says what is wrong."""
    inside: str = ""
    """For a column of structs, or of lists of them: the one field that failed (`street`, `address/street`); empty is all of it."""
    deeper: pa.Array | None = None
    """Where what failed there is a list of which one element did: which one, and what is inside it (`3:qty`, `0:parts|2:code`)."""
    at: Rows | None = None
    """For each of `rows` the id of the source row that has the failing cell, where that is another than the row's own (a joined one)."""
    read: tuple[str, ...] = ()
    """The columns that the part of an expression reads which failed; empty is all that the expression reads."""

    def kept(self, keep: Mask) -> Failure:
        """Only those of the failures for which `keep` (one for each of `rows`) is true; rows are not renumbered."""
        if keep.all():
            return self
        mask = truth_array(keep)
        return replace(
            self,
            rows=self.rows[keep],
            values=None if self.values is None else self.values.filter(mask),
            paths=None if self.paths is None else self.paths.filter(mask),
            elements=None if self.elements is None else self.elements[keep],
            texts=None if self.texts is None else self.texts.filter(mask),
            deeper=None if self.deeper is None else self.deeper.filter(mask),
            members=None if self.members is None else self.members[keep],
            at=None if self.at is None else self.at[keep],
            beside=None if self.beside is None else self.beside.filter(mask),
        )

    def reordered(self, order: Rows, rows: Rows) -> Failure:
        """The failures at positions `order` of this one, at the new row numbers `rows`."""
        picked = pa.array(order)
        return replace(
            self,
            rows=rows,
            values=None if self.values is None else self.values.take(picked),
            paths=None if self.paths is None else self.paths.take(picked),
            elements=None if self.elements is None else self.elements[order],
            texts=None if self.texts is None else self.texts.take(picked),
            deeper=None if self.deeper is None else self.deeper.take(picked),
            members=None if self.members is None else self.members[order],
            at=None if self.at is None else self.at[order],
            beside=None if self.beside is None else _told(self.beside, order, picked),
        )

    def set_below(self) -> Failure:
        """The failure with the element that it names kept for below: its list is going to be a part of something."""
        if self.elements is None:
            return self
        here = pc.binary_join_element_wise(pa.array(self.elements).cast(pa.string()), pa.scalar(self.inside), ":")
        deeper = here if self.deeper is None else pc.binary_join_element_wise(here, self.deeper, "|")
        return replace(self, elements=None, inside="", deeper=deeper)

    def brought_up(self) -> tuple[Failure, ...]:
        """The failure of a list that was a part of something, with the element that was kept below."""
        if self.deeper is None or self.elements is not None or self.inside:
            return (self,)
        here = pc.replace_substring_regex(self.deeper, r"\|.*$", "")
        rest = pc.replace_substring_regex(self.deeper, r"^[^|]*\|?", "")
        insides = pc.replace_substring_regex(here, "^[0-9]*:", "").dictionary_encode()
        at = pc.replace_substring_regex(here, ":.*$", "").cast(pa.int64()).to_numpy()
        # One failure for each of the few fields.
        codes = insides.indices.to_numpy()
        goes_on = pc.not_equal(rest, "").to_numpy(zero_copy_only=False)
        found = []
        for number, inside in enumerate(insides.dictionary.to_pylist()):
            for further in (False, True):
                mine = (codes == number) & (goes_on == further)
                if mine.any():
                    below = rest.filter(pa.array(mine)) if further else None
                    found.append(replace(self.kept(mine), elements=at[mine], inside=inside, deeper=below))
        return tuple(found)


def _told(beside: pa.ListArray, order: Rows, picked: pa.Array) -> pa.ListArray:
    """What is told with failures at positions `order` (`picked` is the same): all of one stretch is not copied."""
    consecutive = len(order) and order[-1] - order[0] == len(order) - 1 and (order[1:] > order[:-1]).all()
    return beside.slice(int(order[0]), len(order)) if consecutive else beside.take(picked)


Failures: TypeAlias = tuple[Failure, ...]


@record(frozen=True, slots=True)
class Column:
    """Values of one kind, one a row; null where a failure says so. A scalar stands for the same value in every row."""

    values: pa.Array | pa.Scalar
    failures: Failures = ()

    def array(self, length: int) -> pa.Array:
        """The values as an array of `length`."""
        return repeated(self.values, length) if isinstance(self.values, pa.Scalar) else self.values


@record(frozen=True, slots=True)
class Frame:
    """Rows on their way: named columns, and where each row came from.

    `rows` are the ids of the source rows (`source << 56 | block << 32 | position in block`, so that their order is
    the order of the input); a row made of several (a group) names its first in `rows` and all of them in `members`.
    `paths` locates a row inside nested data (`/order_lines/0`) once a list was expanded.
    `fallen` are rows that were rejected on the way, told of and counted: they are carried beside for those who must know that
    rows with their keys are missing, and only where somebody must.
    """

    columns: dict[str, Column]
    length: int
    rows: Rows
    paths: pa.Array | None = None
    members: pa.ListArray | None = None
    fallen: Frame | None = None

    def is_bare(self) -> bool:
        """Whether nothing is here but rows that fell."""
        return not self.length and not self.columns

    def with_columns(self, added: dict[str, Column]) -> Frame:
        return replace(self, columns={**self.columns, **added})

    def take(self, positions: Rows) -> Frame:
        """The rows at `positions`, in that order; a position may stand twice."""
        picked = pa.array(positions)
        return Frame(
            _each(self.columns, lambda column: take_column(column, positions, picked, self.length)),
            len(positions),
            self.rows[positions],
            None if self.paths is None else self.paths.take(picked),
            None if self.members is None else self.members.take(picked),
        )

    def filter(self, keep: Mask) -> Frame:
        """The rows for which `keep` is true; the same frame where that is all of them."""
        if keep.all():
            return self
        mask = truth_array(keep)
        renumbered = np.cumsum(keep) - 1
        return Frame(
            _each(self.columns, lambda column: filter_column(column, keep, mask, renumbered)),
            int(np.count_nonzero(keep)),
            self.rows[keep],
            None if self.paths is None else self.paths.filter(mask),
            None if self.members is None else self.members.filter(mask),
        )


def bare(fallen: Frame) -> Frame:
    """A frame of no rows, beside which some go that fell."""
    return Frame({}, 0, np.empty(0, np.int64), fallen=fallen)


def _each(columns: Mapping[str, Column], change: Callable[[Column], Column]) -> dict[str, Column]:
    """All columns changed alike; a column that stands under several names (as its own evidence, say) is changed once."""
    made: dict[tuple[int, ...], Column] = {}
    found = {}
    for name, column in columns.items():
        key = (id(column.values), *map(id, column.failures))
        if key not in made:
            made[key] = change(column)
        found[name] = made[key]
    return found


def take_column(column: Column, positions: Rows, picked: pa.Array, length: int) -> Column:
    """`column` at `positions` (`picked` is the same as an Arrow array); failures go where their rows go."""
    values = column.values if isinstance(column.values, pa.Scalar) else column.values.take(picked)
    if not column.failures or not len(positions):
        return Column(values)
    # Only what lies between the outermost positions is looked at: a frame is cut in parts, and each part asks for its own.
    low, high = (int(positions.min()), int(positions.max())) if len(positions) < length else (0, length - 1)
    reached = (f for f in column.failures if len(f.rows) and f.rows[0] <= high and f.rows[-1] >= low)
    return Column(values, tuple(filter(None, (take_failure(f, positions, low, high) for f in reached))))


def take_failure(failure: Failure, positions: Rows, low: int, high: int) -> Failure | None:
    """`failure` after `positions`, from `low` to `high`, were taken out; None where none of them failed."""
    first, last = np.searchsorted(failure.rows, (low, high + 1))
    counts = np.bincount(failure.rows[first:last] - low, minlength=high - low + 1)
    repeats = counts[positions - low]
    if not repeats.any():
        return None
    starts = np.concatenate(([first], first + np.cumsum(counts)))
    rows = np.repeat(np.arange(len(positions), dtype=np.int64), repeats)
    within = np.repeat(np.cumsum(repeats) - repeats, repeats)
    order = np.repeat(starts[positions - low], repeats) + (np.arange(len(rows)) - within)
    return failure.reordered(order.astype(np.int64), rows)


def filter_column(column: Column, keep: Mask, mask: pa.Array, renumbered: Rows) -> Column:
    values = column.values if isinstance(column.values, pa.Scalar) else column.values.filter(mask)
    failures = []
    for failure in column.failures:
        staying = keep[failure.rows]
        if staying.any():
            kept = failure.kept(staying)
            failures.append(replace(kept, rows=renumbered[kept.rows].astype(np.int64)))
    return Column(values, tuple(failures))


def failed_rows(failures: Failures, length: int) -> Mask:
    """Which of `length` rows any of `failures` names."""
    mask = np.zeros(length, np.bool_)
    for failure in failures:
        mask[failure.rows] = True
    return mask


def only_where(failures: Failures, mask: Mask) -> Failures:
    """Those of the failures whose row is true in `mask`: the algebra of guards and branches."""
    kept = (failure.kept(mask[failure.rows]) for failure in failures)
    return tuple(failure for failure in kept if len(failure.rows))


def as_mask(values: pa.Array | pa.Scalar, length: int) -> Mask:
    """A column of truth values as a NumPy mask; null is false."""
    if isinstance(values, pa.Scalar):
        return np.full(length, bool(values.as_py()), np.bool_)
    return truths(values) if pa.types.is_boolean(values.type) else np.zeros(len(values), np.bool_)
