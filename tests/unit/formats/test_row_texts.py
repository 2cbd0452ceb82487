"""Cells of files that are made beside the engine: rows that come back, and imports of Mirakl."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from datahub.connectors.declare import Place
from datahub.connectors.kinds.mirakl import Mirakl
from datahub.connectors.mirakl.imports import MiraklImports
from datahub.connectors.mirakl.told import MiraklTo
from datahub.connectors.rest.session import Session
from datahub.formats.row_texts import row_texts
from datahub.project.secrets import Secret

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value, kind, cell",
    [
        (Decimal("6.1"), pa.decimal128(28, 10), "6.1"),
        (Decimal(0), pa.decimal128(28, 10), "0"),
        (Decimal(100), pa.decimal128(28, 10), "100"),
        (Decimal("1.5"), pa.decimal128(12, 2), "1.50"),
        (NOON, pa.timestamp("us", "UTC"), "2026-01-31T12:00:00Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 500_000), pa.timestamp("us"), "2026-01-31T12:00:00.5"),  # noqa: DTZ001 - a local time
        (date(2026, 1, 31), pa.date32(), "2026-01-31"),
        (True, pa.bool_(), "true"),
        (7, pa.int32(), "7"),
        ([Decimal("1.5"), None], pa.list_(pa.decimal128(28, 10)), "[1.5,null]"),
        ({"a": "\u00e9"}, pa.struct([("a", pa.string())]), '{"a":"\u00e9"}'),
        ("x", pa.dictionary(pa.int32(), pa.string()), "x"),
        (None, pa.list_(pa.string()), ""),
        (None, pa.int64(), ""),
    ],
)
def test_a_cell_is_what_a_csv_target_writes(value, kind, cell):
    column = pa.array([value], kind.value_type).dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else pa.array([value], kind)
    assert [(cell,)] == list(row_texts(pa.table({"a": column})))


def test_an_import_of_mirakl_has_such_cells(tmp_path: Path):
    connection = Mirakl.model_validate({"url": "http://127.0.0.1:1", "insecure": True, "key": Secret("k3y")})
    place = Place(tmp_path, tmp_path)
    imports = MiraklImports(Session(connection, place, None), connection, MiraklTo(connection="x", entity="offers"), place)
    rows = {
        "sku": ["A"],
        "price": pa.array([Decimal("6.1")], pa.decimal128(28, 10)),
        "available_start_date": pa.array([NOON], pa.timestamp("us", "UTC")),
    }
    assert b"sku;price;available-start-date\nA;6.1;2026-01-31T12:00:00Z\n" == imports.render(pa.table(rows))
