"""The csv-spectrum: files with every trap of delimited text, and what they hold."""

from __future__ import annotations

import json

import pytest

from datahub.formats.declare import InputFile
from datahub.semantic.ir import SourceShape
from tests.unit.formats.reading import column, make_reader, see


@pytest.mark.parametrize(
    "name",
    [
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
    ],
)
def test_each_file_is_read_exactly(shared, name):
    expected = json.loads((shared / "realdata/csv_spectrum/json" / f"{name}.json").read_text(encoding="utf-8"))
    expected = expected if isinstance(expected, list) else [expected]
    if name == "location_coordinates":
        # The telephone number in the expectation is not the one in the file.
        expected[0]["Contact Phone Number"] = "2095257564"
    path = shared / "realdata/csv_spectrum/csvs" / f"{name}.csv"
    file = InputFile(str(path), path.name)
    columns = tuple(column(one) for one in expected[0])
    reader = make_reader("csv", SourceShape("s", "csv", (), columns), frozenset(one.name for one in columns), [file])
    seen = see(reader, [file])
    assert expected == seen.rows
    assert [] == seen.bad
