"""JSON documents."""

from __future__ import annotations

from datahub.formats.declare import Format, declare_format
from datahub.formats.json_read import JsonDocumentReader
from datahub.formats.json_reject import JsonArrayRejecter
from datahub.formats.json_write import JsonArrayWriter
from datahub.formats.unfit import parts_unfit

declare_format(Format("json", "json", reader=JsonDocumentReader, rejecter=JsonArrayRejecter, writer=JsonArrayWriter, unfit=parts_unfit))
