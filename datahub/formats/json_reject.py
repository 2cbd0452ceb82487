"""Rejected JSON records as they came, with what is wrong as further members."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import ADDED, Block, Reader
from datahub.formats.files import AtomicFile
from datahub.formats.json_exact import Decoder, Malformed
from datahub.formats.json_path import keys_of
from datahub.formats.json_reader import JsonReader
from datahub.formats.json_records import Records
from datahub.formats.json_resent import RAW, RAW_BYTES, unwrapped, wrapped
from datahub.formats.json_text import joined, objects
from datahub.formats.json_write import text_of
from datahub.formats.options import option
from datahub.frames.chunks import whole
from datahub.frames.frame import Rows
from datahub.semantic.ir import SourceShape
from datahub.types import model as t

_ADDED_MEMBER = re.compile(rb'(?:,\s*|(?<=\{)\s*)"_dhm_')


class JsonLinesRejecter:
    """A reject file with one object a line."""

    before, between, after = b"", b"", b""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        assert isinstance(reader, JsonReader)
        self.shape, self.reader, self.file = shape, reader, AtomicFile(path)
        self._begun = False

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The records of `block` at `positions`, and in each its row of `added`."""
        records = unwrapped(self.reader.records(block))
        heads = pa.array([_open_object(records, at) for at in positions.tolist()], pa.binary())
        columns = [(name, whole(added.column(name)), type_of(added.column(name).type)) for name in added.column_names]
        members = joined([*objects(columns)[1:], "\n"], len(heads)).cast(pa.binary())
        lines = pc.binary_join_element_wise(self.between, heads, members, b"")
        text = text_of(lines)
        self.file.write(text if self._begun else self.before + bytes(text[len(self.between) :]))
        self._begun = True

    def close(self) -> None:
        self.file.write(self.after)
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


class JsonArrayRejecter(JsonLinesRejecter):
    """A reject file that is one document, its rows where the source has them."""

    between = b","

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        super().__init__(shape, reader, path)
        keys = keys_of(str(option(shape, "rows") or ""), shape.name)
        self.before = "".join(f"{{{json.dumps(key, ensure_ascii=False)}:" for key in keys).encode() + b"[\n"
        self.after = b"]" + b"}" * len(keys) + b"\n"


def _own(raw: bytes, value: dict[str, object]) -> tuple[bytes, dict[str, object]]:
    """A record without the members that an earlier run put at its end, byte for byte but for them."""
    own = {name: one for name, one in value.items() if not name.startswith(ADDED) or name in (RAW, RAW_BYTES)}
    if len(own) == len(value):
        return raw, value
    for found in reversed(list(_ADDED_MEMBER.finditer(raw))):
        cut = raw[: found.start()] + b"}"
        try:
            if Decoder().read(cut) == own:
                return cut, own
        except Malformed:
            continue
    return raw, value


def _open_object(records: Records, at: int) -> bytes:
    """A record up to where further members can follow; rejected records alone come here, one by one."""
    raw = records.text[int(records.starts[at]) : int(records.ends[at])].strip(b" \t\r\n")
    try:
        value = Decoder().read(raw)
    except Malformed:
        value = None
    if isinstance(value, dict):
        raw, value = _own(raw, value)
        # In a file of lines a record keeps to its line; line ends inside of texts are escaped anyway.
        return raw[:-1].rstrip().replace(b"\r", b" ").replace(b"\n", b" ") + (b"," if value else b"")
    return f"{{{wrapped(raw)},".encode()


def type_of(kind: pa.DataType) -> t.Type:
    """The type of the language that values of a type of Arrow's are written as."""
    if pa.types.is_integer(kind):
        return t.Int(True)
    if pa.types.is_boolean(kind):
        return t.Bool(True)
    if pa.types.is_list(kind):
        return t.ListOf(type_of(kind.value_type), True)
    return t.Text(True)
