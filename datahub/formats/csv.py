"""Delimited text."""

from __future__ import annotations

from datahub.formats.csv_read import CsvReader
from datahub.formats.declare import Format, declare_format

declare_format(Format("csv", "csv", reader=CsvReader))
