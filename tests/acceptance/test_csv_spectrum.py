"""The csv-spectrum: files with every trap of delimited text, and what they hold."""

from __future__ import annotations

import json

import pytest

import datahub
from datahub.formats.declare import InputFile
from datahub.semantic.ir import SourceShape
from tests.unit.formats.reading import column, make_reader, see

NAMES = (
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "location_coordinates",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
)


@pytest.fixture(params=NAMES)
def spectrum(request, shared):
    """A file, and the rows that it holds."""
    expected = json.loads((shared / "realdata/csv_spectrum/json" / f"{request.param}.json").read_text(encoding="utf-8"))
    expected = expected if isinstance(expected, list) else [expected]
    if request.param == "location_coordinates":
        # The telephone number in the expectation is not the one in the file.
        expected[0]["Contact Phone Number"] = "2095257564"
    return shared / "realdata/csv_spectrum/csvs" / f"{request.param}.csv", expected


def test_each_file_is_read_exactly(spectrum):
    path, expected = spectrum
    file = InputFile(str(path), path.name)
    columns = tuple(column(one) for one in expected[0])
    reader = make_reader("csv", SourceShape("s", "csv", (), columns), frozenset(one.name for one in columns), [file])
    seen = see(reader, [file])
    assert expected == seen.rows
    assert [] == seen.bad


def test_a_run_gives_each_file_exactly(spectrum):
    path, expected = spectrum
    names = [f"c{number}" for number in range(len(expected[0]))]
    columns = ", ".join(f"{name}: text at {json.dumps(header)}" for name, header in zip(names, expected[0]))
    fields = ", ".join(f"{name}: text" for name in names)
    script = f"""
source rows: csv {{ empty text, columns {{ {columns} }} }}
entity Row {{ {fields} }}
map Row from r in rows {{ include r }}
"""
    result = datahub.run(script, {"rows": path})
    assert [list(row.values()) for row in expected] == [list(row.values()) for row in result.entities["Row"].to_pylist()]
    assert {"written": len(expected)} == {fate: count for fate, count in result.fates["rows"].items() if count}
