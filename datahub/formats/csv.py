"""Delimited text."""

from __future__ import annotations

from datahub.formats.csv_read import CsvReader
from datahub.formats.csv_reject import CsvRejecter
from datahub.formats.csv_unfit import csv_unfit
from datahub.formats.csv_write import CsvWriter
from datahub.formats.declare import Format, declare_format

declare_format(Format("csv", "csv", reader=CsvReader, rejecter=CsvRejecter, writer=CsvWriter, unfit=csv_unfit))
