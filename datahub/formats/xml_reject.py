"""Rejected rows of XML as they came, with what is wrong as further elements in each."""

from __future__ import annotations

import re

import pyarrow as pa

from datahub.formats.declare import Block, Reader
from datahub.formats.files import AtomicFile
from datahub.formats.json_reject import type_of
from datahub.formats.json_text import joined
from datahub.formats.places import stretches
from datahub.formats.xml_path import declarations
from datahub.formats.xml_read import XmlBlock, XmlReader, without_reasons
from datahub.formats.xml_text import NIL, element
from datahub.frames.frame import Rows
from datahub.semantic.ir import SourceShape

_CLOSING = re.compile(rb"</[^<>]*>\s*\Z")


class XmlRejecter:
    """A reject file that is one document, its rows where the source has them."""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        assert isinstance(reader, XmlReader)
        around, scope = reader.around or (("rows",), ())
        held = declarations(scope)
        extra = "" if "xmlns:xsi=" in held else f" {NIL}"
        opening = "".join(f"<{name}{held + extra if number == 0 else ''}>" for number, name in enumerate(around))
        self.file = AtomicFile(path)
        self.file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}\n'.encode())
        self.after = "".join(f"</{name}>" for name in reversed(around)) + "\n"

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The rows of `block` at `positions`, and in each its row of `added`."""
        data: XmlBlock = block.data
        columns = [(name, added.column(name).combine_chunks(), type_of(added.column(name).type)) for name in added.column_names]
        reasons = joined([piece for name, values, kind in columns for piece in element(name, values, kind)], len(positions))
        raw = stretches(data.text, data.starts[positions], data.ends[positions])
        # Rejected rows alone come here, one by one: what is wrong with each goes in before its end.
        for row, reason in zip(raw.to_pylist(), reasons.to_pylist(), strict=True):
            self.file.write(_with(row, reason.encode()) + b"\n")

    def close(self) -> None:
        self.file.write(self.after.encode())
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


def _with(row: bytes, reasons: bytes) -> bytes:
    row = without_reasons(row)
    closing = _CLOSING.search(row)
    if closing:
        return row[: closing.start()] + reasons + row[closing.start() :]
    name = re.split(rb"[\s/>]", row[1:], maxsplit=1)[0]
    return row.rstrip().removesuffix(b"/>") + b">" + reasons + b"</" + name + b">"
