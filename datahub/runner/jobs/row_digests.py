"""What the rows of a run's files say, and what they are about, as numbers: equal where those are, whatever run made the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datahub.engine.keys import Hashes, SeenKeys, hashes
from datahub.formats.written import OMITTED
from datahub.records import record

Rows: TypeAlias = "npt.NDArray[np.int64]"
_AT_ONCE = 1 << 16
_ODD, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)


@record(frozen=True, slots=True)
class Sameness:
    """What tells the rows of an entity apart, and which of their fields say nothing of them; `owned` are rows that go with them.

    `manner` is how they are told, such as by which method and template: what is told otherwise says something else.
    """

    entity: str
    key: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    owned: tuple[tuple[tuple[str, ...], Sameness], ...] = ()
    manner: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        owned = [[list(by), rows.told()] for by, rows in self.owned]
        return {"entity": self.entity, "key": list(self.key), "stamps": list(self.stamps), "owned": owned, "manner": self.manner}


def sameness(told: Mapping[str, Any]) -> Sameness:
    """What `told` gave."""
    owned = tuple((tuple(by), sameness(rows)) for by, rows in told["owned"])
    return Sameness(told["entity"], tuple(told["key"]), tuple(told["stamps"]), owned, told["manner"])


def said(same: Sameness, files: Mapping[str, Path]) -> Hashes:
    """What each row says, with all that goes with it."""
    return _whole(same, files)[1]


def about(same: Sameness, files: Mapping[str, Path]) -> Hashes:
    """What each row is about: its key."""
    return _made(files[same.entity], lambda rows: _named(rows, same.key), same.key)


def places(wanted: Hashes, among: Hashes) -> Rows:
    """Where each digest stands first in `among`; -1 where it does not."""
    seen, found = SeenKeys(among.shape[1]), np.empty(wanted.shape[1], np.int64)
    for some in pieces(among.shape[1]):
        seen.first_rows(among[:, some], np.arange(some.start, some.stop))
    for some in pieces(len(found)):
        found[some] = seen.rows_of(wanted[:, some])
    return found


def pieces(length: int) -> Iterator[slice]:
    """So many rows in pieces, so that what is worked out of them takes little room."""
    return (slice(at, min(at + _AT_ONCE, length)) for at in range(0, length, _AT_ONCE))


def _whole(same: Sameness, files: Mapping[str, Path], by: Sequence[str] = ()) -> tuple[Hashes, Hashes]:
    """What each row belongs to by the columns `by`, and what it says."""
    path, without = files[same.entity], {*same.stamps, *(OMITTED + name for name in same.stamps)}
    made = _made(path, lambda rows: _of_columns(rows.select(sorted({*rows.schema.names} - without)), same.manner))
    if same.owned:
        own = about(same, files)
        for columns, child in same.owned:
            made = _together(made, own, *_whole(child, files, columns))
    return _made(path, lambda rows: _named(rows, by), by) if by else _none(), made


def _made(path: Path, make: Callable[[pa.RecordBatch], Hashes], columns: Sequence[str] | None = None) -> Hashes:
    """What is made of the rows of a file, some at a time."""
    with pq.ParquetFile(path) as file:
        found, at = np.empty((2, file.metadata.num_rows), np.uint64), 0
        for rows in file.iter_batches(_AT_ONCE, columns=None if columns is None else list(columns)):
            found[:, at : at + rows.num_rows] = make(rows)
            at += rows.num_rows
    return found


def _together(owners: Hashes, keys: Hashes, belongs: Hashes, says: Hashes) -> Hashes:
    """What owners say with what those say that belong to them, in their order."""
    found = places(belongs, keys)
    order = np.argsort(found, kind="stable")
    order = order[np.searchsorted(found[order], 0) :]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(found[order], minlength=owners.shape[1]))])
    with np.errstate(over="ignore"):
        return (owners * _ODD) ^ _summed(says[:, order], offsets)


def _named(rows: pa.RecordBatch, columns: Sequence[str]) -> Hashes:
    """The digests of a key. A number and its text are one key: another script may have the one where this has the other."""
    values = [rows.column(name) for name in columns]
    return hashes([one if pa.types.is_nested(one.type) else one.cast(pa.string()) for one in values])


def _of_columns(rows: pa.RecordBatch, manner: str) -> Hashes:
    seed = np.frombuffer(hashlib.blake2b(json.dumps([rows.schema.names, manner]).encode(), digest_size=16).digest(), np.uint64)
    values = [plain for column in rows.columns for plain in _plain(column)]
    found = hashes(values) if values else np.zeros((2, rows.num_rows), np.uint64)
    return found ^ seed[:, np.newaxis]


def _plain(column: pa.Array) -> Iterator[pa.Array]:
    """A column as such of single values; a list as its length and the digest of its items."""
    kind = column.type
    if pa.types.is_struct(kind):
        yield column.is_valid().cast(pa.int8())
        for part in column.flatten():
            yield from _plain(part)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = pc.list_value_length(column).cast(pa.int64())
        yield lengths
        offsets = np.concatenate([[0], np.cumsum(pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False))]).astype(np.int64)
        items = list(_plain(column.flatten()))
        yield from map(pa.array, _summed(hashes(items), offsets).view(np.int64))
    elif pa.types.is_large_string(kind):
        yield column.cast(pa.string())
    else:
        yield column


def _summed(digests: Hashes, offsets: Rows) -> Hashes:
    """One digest for each stretch of digests, which hangs on their order."""
    place = np.arange(digests.shape[1]) - np.repeat(offsets[:-1], np.diff(offsets))
    with np.errstate(over="ignore"):
        mixed = (digests ^ ((place + 1).astype(np.uint64) * _ODD)) * _MIX
        mixed ^= mixed >> _SHIFT
        mixed *= _ODD
    sums = np.concatenate([np.zeros((2, 1), np.uint64), np.cumsum(mixed, axis=1, dtype=np.uint64)], axis=1)
    found: Hashes = sums[:, offsets[1:]] - sums[:, offsets[:-1]]
    return found


def _none() -> Hashes:
    return np.zeros((2, 0), np.uint64)
