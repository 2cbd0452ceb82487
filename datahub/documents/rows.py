"""The rows that documents are made of, out of the files that a run made: each with what it owns below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from datahub.documents.shapes import RowShape
from datahub.formats.json_text import joined, patches
from datahub.formats.written import omissions, slices, wanted
from datahub.semantic.ir import TargetShape
from datahub.types.model import Type

_ROWS = 2_000
"""Rows that become values at once."""
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def documents(row: RowShape, files: Mapping[str, Path], first: int = 0) -> Iterator[dict[str, Any]]:
    """The rows of the owner from number `first` on, in order. What it owns is held in memory, as text."""
    below = [(one, _Below(one.rows, one.by, files)) for one in row.owned]
    for number, value in enumerate(_values(row.fields, files[row.entity])):
        if number >= first:
            yield _whole(value, row.key, below)


class _Below:
    """The rows of an owned entity by their owner's key."""

    def __init__(self, row: RowShape, by: Sequence[str], files: Mapping[str, Path]) -> None:
        self._row = row
        self._below = [(one, _Below(one.rows, one.by, files)) for one in row.owned]
        self._lines: dict[str, list[bytes]] = {}
        for line in _lines(row.fields, files[row.entity]):
            value = _DECODER.decode(line)
            self._lines.setdefault(_key(value, by), []).append(line)

    def of(self, owner: str) -> list[dict[str, Any]]:
        return [_whole(_DECODER.decode(line), self._row.key, self._below) for line in self._lines.get(owner, ())]


def _whole(value: dict[str, Any], key: Sequence[str], below: Sequence[tuple[Any, _Below]]) -> dict[str, Any]:
    if below:
        own = _key(value, key)
        value.update((one.rows.name, rows.of(own)) for one, rows in below)
    return value


def _key(value: Mapping[str, Any], names: Sequence[str]) -> str:
    return repr([value.get(name) for name in names])


def _values(fields: Sequence[tuple[str, Type]], path: Path) -> Iterator[dict[str, Any]]:
    for line in _lines(fields, path):
        yield _DECODER.decode(line)


def _lines(fields: Sequence[tuple[str, Type]], path: Path) -> Iterator[bytes]:
    """Rows as JSON: the same texts of dates and numbers as in every file of JSON that we write."""
    shape = TargetShape("documents", "json", ())
    with pq.ParquetFile(path) as file:
        # What no row has is not there; what some rows leave out has a column that says so.
        there = set(file.schema_arrow.names)
        columns = wanted(shape, [one for one in fields if one[0] in there])
        for batch in file.iter_batches(_ROWS):
            rows = pa.Table.from_batches([batch])
            for (length, parts), omitted in zip(slices(rows, columns), omissions(rows, columns), strict=True):
                for line in joined(patches(parts, omitted, length), length):
                    yield line.as_py().encode()
