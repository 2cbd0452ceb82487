"""Excel workbooks."""

from __future__ import annotations

from datahub.formats.declare import Format, declare_format
from datahub.formats.xlsx_read import XlsxReader
from datahub.formats.xlsx_reject import XlsxRejecter
from datahub.formats.xlsx_write import XlsxWriter, xlsx_unfit

declare_format(Format("xlsx", "xlsx", reader=XlsxReader, rejecter=XlsxRejecter, writer=XlsxWriter, unfit=xlsx_unfit))
