"""One XML document as rows: a process of its own cuts it and turns its rows into records, and these are read as those of JSON are."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from datahub.diagnostics.suggest import listed
from datahub.formats.apart.process import Work, ahead, answer, lent
from datahub.formats.csv_read import block_size
from datahub.formats.declare import BadInput, BadRecord, Block, InputFile, Parsed, Placed
from datahub.formats.files import InputStream, Rereader
from datahub.formats.json_records import RecordParser, Records
from datahub.formats.options import option
from datahub.formats.places import Positions
from datahub.formats.xml_path import Scope, namespaces_of, rows_path
from datahub.formats.xml_plan import plan_of
from datahub.formats.xml_scan import CHUNK
from datahub.records import record
from datahub.semantic.ir import SourceShape

MEMORY = 1 << 30
"""How many bytes of addresses the process may have that reads documents; a large one streams."""
_EARLIER = re.compile(rb"<_dhm_\w+>[^<>]*</_dhm_\w+>|<_dhm_\w+/>")
"""What an earlier reject file added."""
_SHOWN = 2000
_BLANK = b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"
"""White space and marks of encodings, in all of them."""
_MOST_BLANK = 64
"""So many chunks may be blank before a document begins."""


@record(frozen=True, slots=True)
class _Records:
    """Rows as records, and which of them are none: their places, codes and what is wrong."""

    text: bytes
    ends: Positions
    bad: tuple[tuple[int, str, str], ...]
    surplus: tuple[str, ...]


@record(frozen=True, slots=True)
class XmlBlock:
    """Some rows as UTF-8: where each is in `text`, on which line of the file it begins, and the namespaces that hold around them."""

    text: bytes
    starts: Positions
    ends: Positions
    lines: Positions
    scope: Scope
    records: _Records | None = None
    """The rows as records; None where they were cut before and are wanted again."""


@record(frozen=True, slots=True)
class _Kept:
    """What is needed to cut a block again: 16 bytes a row."""

    starts: Positions
    ends: Positions
    lines: Positions
    scope: Scope
    encoding: str


class XmlReader:
    """Reads XML documents whose rows are the elements of one path."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        self.namespaces = namespaces_of(option(shape, "namespaces") or (), shape.name)
        self.path = rows_path(str(option(shape, "rows") or ""), self.namespaces, shape.name)
        self.parser = RecordParser(shape, wanted)
        self.around: tuple[tuple[str, ...], Scope] | None = None
        self._asked = {
            "source": shape.name,
            "values": plan_of(shape, wanted, self.namespaces),
            "strict": option(shape, "extra") == "reject",
        }
        ahead()
        self._notes: list[str] = []
        self._surplus: dict[str, None] = {}
        self._sampled = False
        self._lock = threading.Lock()
        self._kept: dict[int, _Kept] = {}
        self._again = Rereader()

    @property
    def path_prefix(self) -> str:
        """What stands before the number of a row in its path: `/orders/order/`."""
        return f"/{self.path.text.lstrip('/')}/"

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one file: some rows each."""
        count = first_block
        with InputStream(file.path, file.member, file.name) as stream, lent() as child:
            asked = {"name": file.name, "rows": self.path, "size": block_size(stream)}
            asked["doctype"] = option(self.shape, "doctype") == "ignore"
            begins = _beginning(stream, file)
            parts = chain(begins, iter(lambda: stream.read(CHUNK), b""))
            for told, found in child.answers(_work("read", file), self._asked | asked, parts):
                yield self._block(told, found, number, count)
                count += 1
        if count == first_block:
            if option(self.shape, "require_rows"):
                raise BadInput("R005", f"`{file.name}` has no rows", path=file.name)
            self._notes.append(f"`{file.name}` has no rows")

    def _block(self, told: dict[str, Any], found: Sequence[memoryview], file: int, number: int) -> Block:
        scope: Scope = tuple((prefix, namespace) for prefix, namespace in told["scope"])
        if self.around is None:
            self.around = (tuple(told["around"]), scope)
        starts, ends, lines = (np.frombuffer(part, np.int64) for part in found[1:4])
        self._kept[number] = _Kept(starts.astype(np.int32), ends.astype(np.int32), lines, scope, told["encoding"])
        data = XmlBlock(bytes(found[0]), starts, ends, lines, scope, _records(told, found[4:]))
        return Block(file, number, told["offset"], told["length"], int(lines[0]), data)

    def parse(self, block: Block) -> Parsed:
        """The wanted columns of one block, typed."""
        data: XmlBlock = block.data
        held = data.records or self._made(block.file, data)
        self._note_surplus(held)
        count = len(data.starts)
        bad = tuple(_bad_record(data, *one) for one in held.bad)
        starts = np.concatenate((np.zeros(min(1, len(held.ends)), np.int64), held.ends[:-1] + 1))
        parsed = self.parser.parse(Records(held.text, starts, held.ends, None), 0)
        positions = np.setdiff1d(np.arange(count), [one.position for one in bad]) if bad else None
        lines = data.lines if positions is None else data.lines[positions]
        return Parsed(parsed.columns, parsed.length, count, positions, lines, bad)

    def _made(self, file: int, data: XmlBlock) -> _Records:
        """The rows of a block that is read again, as records."""
        parts = iter((data.text, data.starts.tobytes(), data.ends.tobytes()))
        return _records(*answer(_work("read_again", self.files[file]), self._asked | {"scope": data.scope}, parts))

    def _note_surplus(self, held: _Records) -> None:
        with self._lock:
            if not self._sampled:
                self._sampled = True
                self._surplus.update(dict.fromkeys(held.surplus))

    def absent(self) -> Sequence[str]:
        """The columns of which no record had a value."""
        return self.parser.absent()

    def warnings(self) -> Sequence[str]:
        found = list(dict.fromkeys(self._notes))
        if self._surplus and option(self.shape, "extra") == "warn":
            found.append(f"the rows have elements that `{self.shape.name}` does not declare: {listed(tuple(self._surplus))}")
        return tuple(found)

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place` of `file`, which was read before."""
        kept = self._kept[place.number]
        raw = self._again.read(file, place.offset, place.length)
        text = raw if kept.encoding == "utf-8" else raw.decode(kept.encoding).encode()
        data = XmlBlock(text, kept.starts.astype(np.int64), kept.ends.astype(np.int64), kept.lines, kept.scope)
        return Block(place.file, place.number, place.offset, place.length, place.first_line, data)


def without_reasons(row: bytes) -> bytes:
    """The text of a row without what an earlier run added to it."""
    return _EARLIER.sub(b"", row) if b"<_dhm_" in row else row


def _beginning(stream: InputStream, file: InputFile) -> list[bytes]:
    """The first chunks of a file, up to the one that something stands in; without one it is no document: it was cut before it began."""
    chunks = [stream.read(CHUNK)]
    while chunks[-1] and not chunks[-1].strip(_BLANK) and len(chunks) < _MOST_BLANK:
        chunks.append(stream.read(CHUNK))
    if not chunks[-1].strip(_BLANK):
        zeros = " and zero bytes" if b"\0" in chunks[0] and not chunks[0].startswith((b"\xfe\xff", b"\xff\xfe")) else ""
        what = f"nothing but white space{zeros}" if chunks[0] else "0 bytes"
        raise BadInput("R005", f"`{file.name}` has {what}: no XML is so short", "fetch the file again", path=file.name)
    return chunks


def _work(task: str, file: InputFile) -> Work:
    return Work(f"datahub.formats.xml_rows:{task}", file.name, MEMORY)


def _records(told: dict[str, Any], parts: Sequence[memoryview]) -> _Records:
    text, ends = parts
    return _Records(bytes(text), np.frombuffer(ends, np.int64), tuple((at, code, why) for at, code, why in told["bad"]), told["surplus"])


def _bad_record(data: XmlBlock, number: int, code: str, message: str) -> BadRecord:
    raw = without_reasons(data.text[int(data.starts[number]) : int(data.ends[number])])
    return BadRecord(number, int(data.lines[number]), code, message, raw[:_SHOWN].decode("utf-8", "replace"))
