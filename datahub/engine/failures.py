"""The algebra of failures: united, stripped of places, carried from the elements of a list to its row and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.values import without
from datahub.frames.frame import Column, Failure, Failures, Mask, Rows, failed_rows
from datahub.functions.columns import glued

if TYPE_CHECKING:
    import numpy.typing as npt

OMIT = "omit"
"""The code of a value that is left out on purpose. It rides as a failure does (null in the column, listed beside it), so
that branches and guards treat it rightly; `Settle` keeps it as a mark of the value instead of rejecting the row."""

OUTSIDE = "^"
"""What a path begins with, inside a comprehension, that is already one of the row around it, of which a value failed."""
ELEMENT = "~"
"""The same of a path that the element itself had in the list of the row around it: it failed alone."""


def union(*several: Failures) -> Failures:
    """All failures of `several`, each once: one that arrives by two routes is told once for a row, code and column."""
    filled = [failures for failures in several if failures]
    if not filled:
        return ()
    if len(filled) == 1:
        return filled[0]
    distinct = {id(failure): failure for failures in filled for failure in failures}
    alike: dict[tuple[Any, ...], list[Failure]] = {}
    for failure in distinct.values():
        alike.setdefault(_kind(failure), []).append(failure)
    return tuple(group[0] if len(group) == 1 else _merged(group) for group in alike.values())


def _kind(failure: Failure) -> tuple[Any, ...]:
    shape = (
        failure.values is None,
        failure.elements is None,
        failure.texts is None,
        failure.members is None,
        failure.at is None,
        failure.beside is None,
        failure.deeper is None,
    )
    return (
        failure.code,
        failure.column,
        failure.cause,
        failure.message,
        failure.wanted,
        failure.origin,
        failure.severity,
        failure.inside,
        failure.read,
        *shape,
    )


def _merged(group: list[Failure]) -> Failure:
    """Failures of one kind as one, ascending by row; what two of them say of one place is said once."""
    rows = np.concatenate([failure.rows for failure in group])
    places = [
        _joined([f.elements for f in group]),
        _joined([f.members for f in group]),
        _path_codes(group),
        _codes([f.deeper for f in group]),
    ]
    keys = [key for key in (*places[::-1], rows) if key is not None]
    order = np.lexsort(keys)
    fresh = np.zeros(len(order), np.bool_)
    fresh[:1] = True
    for key in keys:
        fresh[1:] |= key[order[1:]] != key[order[:-1]]
    paths = None
    if places[2] is not None:
        paths = pa.concat_arrays([pa.nulls(len(f.rows), pa.string()) if f.paths is None else f.paths for f in group])
    whole = replace(
        group[0],
        rows=rows,
        values=_concatenated([f.values for f in group]),
        paths=paths,
        elements=places[0],
        texts=_concatenated([f.texts for f in group]),
        members=places[1],
        at=_joined([f.at for f in group]),
        beside=_concatenated([f.beside for f in group]),
        deeper=_concatenated([f.deeper for f in group]),
    )
    chosen = order[fresh].astype(np.int64)
    return whole.reordered(chosen, rows[chosen])


def _joined(parts: list[Rows | None]) -> Rows | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None


def _concatenated(parts: list[pa.Array | None]) -> pa.Array | None:
    present = [part for part in parts if part is not None]
    return pa.concat_arrays(present) if present else None


def _path_codes(group: list[Failure]) -> Rows | None:
    if all(failure.paths is None for failure in group):
        return None
    return _codes([pa.nulls(len(f.rows), pa.string()) if f.paths is None else f.paths for f in group])


def _codes(parts: list[pa.Array | None]) -> Rows | None:
    texts = _concatenated(parts)
    if texts is None:
        return None
    codes: npt.NDArray[np.int64] = texts.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def whole(failures: Failures) -> Failures:
    """The failures as those of a value made of the one that failed: which part of it failed does not matter any more."""
    if not failures or not any(failure.elements is not None or failure.inside or failure.deeper is not None for failure in failures):
        return failures
    return union(*((replace(failure, elements=None, inside="", deeper=None),) for failure in failures))


def of_itself(failures: Failures) -> Failures:
    """Those of the failures that left no value at all: not those of an element, nor of a field."""
    if not failures:
        return ()
    return tuple(failure for failure in failures if failure.elements is None and not failure.inside and failure.deeper is None)


def real(failures: Failures) -> Failures:
    """The failures without the marks of values that are omitted."""
    return tuple(failure for failure in failures if failure.code != OMIT)


def failing(code: str, mask: Mask, **details: Any) -> Failures:
    """The failure of the rows that `mask` says, under `code`."""
    rows = np.flatnonzero(mask)
    return (Failure(rows, code, **details),) if len(rows) else ()


def nulled(values: pa.Array | pa.Scalar, failures: Failures, length: int) -> pa.Array | pa.Scalar:
    """`values`, null where one of `failures` says that there is none."""
    gone = of_itself(failures)
    if not gone:
        return values
    mask = failed_rows(gone, length)
    if not mask.any():
        return values
    return without(pa.repeat(values, length) if isinstance(values, pa.Scalar) else values, mask)


# ---------------------------------------------------------------- between rows and the elements of their lists


def brought_in(column: Column) -> Column:
    """A column of the row around a comprehension, read inside it: its failures stay those of the row."""
    if not column.failures:
        return column
    return Column(column.values, tuple(replace(failure, paths=outside_path(failure)) for failure in column.failures))


def outside_path(failure: Failure, mark: str = OUTSIDE) -> pa.Array:
    """The paths of `failure`, marked as those of the row around."""
    if failure.paths is None:
        return pa.repeat(pa.scalar(mark), len(failure.rows))
    return glued(mark, pc.fill_null(failure.paths, ""))


def lifted(failures: Iterable[Failure], parents: Rows, positions: Rows, label: str | None) -> Failures:
    """Failures of elements as those of their rows: `/lines/3` is put before their paths, where `label` is `/lines`."""
    return union(*(_lifted(failure, parents, positions, label) for failure in failures))


def _lifted(failure: Failure, parents: Rows, positions: Rows, label: str | None) -> Failures:
    risen = replace(failure, rows=parents[failure.rows])
    paths = failure.paths
    for mark in (OUTSIDE, ELEMENT) if paths is not None else ():
        marked = _marked(paths, mark)
        if not marked.any():
            continue
        outer = risen.kept(marked)
        stripped = pc.utf8_slice_codeunits(outer.paths, len(mark))
        outer = replace(outer, paths=None if _all_empty(stripped) else stripped)
        if mark == OUTSIDE:
            outer = _merged([replace(outer, elements=None, inside="", deeper=None)])
        inner = failure.kept(~marked)
        return (outer, *(_lifted(inner, parents, positions, label) if len(inner.rows) else ()))
    return (replace(risen, paths=element_paths(label, positions[failure.rows], paths)),)


def _marked(paths: pa.Array, mark: str) -> Mask:
    found: Mask = pc.fill_null(pc.starts_with(paths, mark), False).to_numpy(zero_copy_only=False)
    return found


def _all_empty(paths: pa.Array) -> bool:
    return bool(pc.all(pc.equal(paths, "")).as_py())


def element_paths(label: str | None, positions: Rows, inner: pa.Array | None) -> pa.Array | None:
    """`/lines/3` for each of `positions`, and what follows inside; a list that stands nowhere in the source has no paths."""
    if label is None:
        return inner
    return _below(glued(label + "/", pa.array(positions).cast(pa.string())), inner)


def in_item(failure: Failure, parents: Rows, positions: Rows) -> Failure:
    """A failure of items of lists as one of the lists: of which list each item is, and where it stands in it."""
    at = positions[failure.rows]
    below = failure.set_below()
    return replace(below, rows=parents[failure.rows], elements=at, paths=element_paths("", at, failure.paths))


def in_member(failure: Failure, name: str) -> Failure:
    """A failure of the member `name` of structs as one of the structs."""
    below = failure.set_below()
    inside = f"{name}/{below.inside}" if below.inside else name
    return replace(below, inside=inside, paths=_below(pa.repeat(pa.scalar("/" + name), len(failure.rows)), failure.paths))


def in_entry(failure: Failure, keys: pa.Array, parents: Rows) -> Failure:
    """A failure of values of maps as one of the maps, which fall as a whole; the path says under which key it was."""
    paths = _below(glued("/", keys.take(pa.array(failure.rows))), failure.paths)
    return replace(failure, rows=parents[failure.rows], elements=None, inside="", deeper=None, paths=paths)


def _below(head: pa.Array, inner: pa.Array | None) -> pa.Array:
    return head if inner is None else glued(head, pc.fill_null(inner, ""))
