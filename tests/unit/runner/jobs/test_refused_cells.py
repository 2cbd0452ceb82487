"""What a file of refused rows says is read back as what it was, and a cell that is none is told with its place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from datahub.connectors.declare import TerminalError
from datahub.formats.delimited import line_writer
from datahub.formats.row_texts import row_texts
from datahub.runner.jobs.replay_refused import rows_like

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TABLE = pa.table(
    {
        "key": ["A", "B"],
        "price": pa.array([Decimal("6.1"), None], pa.decimal128(28, 10)),
        "at": pa.array([NOON, None], pa.timestamp("us", "UTC")),
        "local": pa.array([NOON.replace(tzinfo=None), None], pa.timestamp("us")),
        "day": pa.array([date(2026, 1, 31), None]),
        "opens": pa.array([time(8, 30), None], pa.time64("us")),
        "takes": pa.array([timedelta(0), timedelta(hours=-36)], pa.duration("us")),
        "places": pa.array([2, None], pa.int16()),
        "gift": [True, None],
        "state": pa.array(["new", None]).dictionary_encode(),
        "dates": pa.array([[NOON, None], []], pa.list_(pa.timestamp("us", "UTC"))),
        "prices": pa.array([[Decimal("1.50")], None], pa.list_(pa.decimal128(12, 2))),
        "place": pa.array([{"city": "Lyon", "since": date(2026, 1, 1)}, None], pa.struct([("city", pa.string()), ("since", pa.date32())])),
    }
)


def file_of(path: Path, table: pa.Table) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = line_writer(file)
        lines.writerow(table.column_names)
        lines.writerows(row_texts(table))
    return path


def test_rows_come_back_as_they_were(tmp_path):
    assert TABLE.to_pylist() == rows_like(file_of(tmp_path / "refused-erp.csv", TABLE), TABLE.schema).to_pylist()


@pytest.mark.parametrize(
    "name, cell, kind",
    [
        ("opens", "25:00", "time"),
        ("takes", "soon", "duration"),
        ("places", "two", "int"),
        ("gift", "maybe", "bool"),
        ("dates", '{"a": 1}', "[datetime]"),
        ("dates", '["soon"]', "[datetime]"),
        ("dates", "[[]]", "[datetime]"),
        ("prices", '["x"]', "[decimal(12,2)]"),
        ("place", "[1]", "{city: text, since: date}"),
        ("place", '{"since": "soon"}', "{city: text, since: date}"),
    ],
)
def test_a_cell_that_is_none_is_told(tmp_path, name, cell, kind):
    texts = TABLE.slice(0, 1).set_column(TABLE.column_names.index(name), name, pa.array([cell]))
    with pytest.raises(TerminalError) as told:
        rows_like(file_of(tmp_path / "refused-erp.csv", texts), TABLE.schema)
    assert f"line 2: `{cell}` in the column `{name}` is no {kind}" in told.value.message
