"""One XML document as rows: cut into its row elements while the file streams by, each block built into trees in any worker."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from lxml import etree

from datahub.diagnostics.suggest import listed
from datahub.formats.csv_read import block_size
from datahub.formats.declare import ADDED, BadInput, BadRecord, Block, InputFile, Parsed, Placed
from datahub.formats.files import InputStream, Rereader
from datahub.formats.json_records import RecordParser
from datahub.formats.options import option
from datahub.formats.places import Positions, stretches
from datahub.formats.xml_path import namespaces_of, rows_path
from datahub.formats.xml_scan import Piece, Scope, pieces
from datahub.formats.xml_values import Element, RowValues
from datahub.records import record
from datahub.semantic.ir import SourceShape

_SAMPLE = 60
_EARLIER = re.compile(rb"<_dhm_\w+>[^<>]*</_dhm_\w+>|<_dhm_\w+/>")
"""What an earlier reject file added."""


@record(frozen=True, slots=True)
class XmlBlock:
    """Some rows as UTF-8: where each is in `text`, on which line of the file it begins, and the namespaces that hold around them."""

    text: bytes
    starts: Positions
    ends: Positions
    lines: Positions
    scope: Scope


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
        self.values = RowValues(shape, wanted, self.namespaces)
        self.parser = RecordParser(shape, wanted)
        self.around: tuple[tuple[str, ...], Scope] | None = None
        self._strict = option(shape, "extra") == "reject"
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
        doctype = option(self.shape, "doctype") == "ignore"
        with InputStream(file.path, file.member) as stream:
            for piece, encoding in pieces(stream, file, self.path, block_size(stream), doctype=doctype):
                yield self._block(piece, encoding, number, count)
                count += 1
        if count == first_block:
            if option(self.shape, "require_rows"):
                raise BadInput("R005", f"`{file.name}` has no rows", path=file.name)
            self._notes.append(f"`{file.name}` has no rows")

    def _block(self, piece: Piece, encoding: str, file: int, number: int) -> Block:
        if self.around is None:
            self.around = (piece.around, piece.scope)
        self._kept[number] = _Kept(
            piece.starts.astype(np.int32), piece.ends.astype(np.int32), piece.lines, piece.scope, encoding
        )  # fmt: skip
        data = XmlBlock(piece.text, piece.starts, piece.ends, piece.lines, piece.scope)
        return Block(file, number, piece.offset, piece.length, int(piece.lines[0]), data)

    def parse(self, block: Block) -> Parsed:
        """The wanted columns of one block, typed."""
        data: XmlBlock = block.data
        rows = trees(data)
        self._note_surplus([row for row in rows if not isinstance(row, str)])
        bad = tuple(self._bad(rows, data))
        lost = {one.position for one in bad}
        values = [self.values.of(row) for number, row in enumerate(rows) if number not in lost and not isinstance(row, str)]
        positions = np.setdiff1d(np.arange(len(rows)), np.array(sorted(lost), np.int64)) if bad else None
        lines = data.lines if positions is None else data.lines[positions]
        return Parsed(self.parser.shaped(values), len(values), len(rows), positions, lines, bad)

    def _bad(self, rows: Sequence[Element | str], data: XmlBlock) -> Iterator[BadRecord]:
        for number, row in enumerate(rows):
            code, message = ("R005", row) if isinstance(row, str) else ("R003", self._surplus_of(row))
            if message:
                raw = without_reasons(data.text[int(data.starts[number]) : int(data.ends[number])])
                yield BadRecord(number, int(data.lines[number]), code, message, raw[:2000].decode("utf-8", "replace"))

    def _surplus_of(self, row: Element) -> str:
        surplus = [name for name in self.values.surplus(row) if not name.startswith(ADDED)] if self._strict else ()
        return f"the row has {listed(surplus)}, which `{self.shape.name}` does not declare" if surplus else ""

    def _note_surplus(self, rows: Sequence[Element]) -> None:
        with self._lock:
            if self._sampled:
                return
            self._sampled = True
            for row in rows[:_SAMPLE]:
                self._surplus.update(dict.fromkeys(name for name in self.values.surplus(row) if not name.startswith(ADDED)))

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


def trees(data: XmlBlock) -> list[Element | str]:
    """The rows of a block as elements of lxml, or why one is none: its prefixes were not looked at when the document was cut."""
    rows = stretches(data.text, data.starts, data.ends).to_pylist()
    begin = b"<rows" + declarations(data.scope).encode() + b">"
    try:
        return list(_tree(begin, rows))
    except etree.XMLSyntaxError:
        # One at a time, which is slow, tells the good ones from the others.
        return [_alone(begin, row) for row in rows]


def _alone(begin: bytes, row: bytes) -> Element | str:
    try:
        return _tree(begin, [row])[0]
    except etree.XMLSyntaxError as problem:
        return f"the row is no XML: {problem.msg.rpartition(', line')[0] or problem.msg}"


def _tree(begin: bytes, rows: Sequence[bytes]) -> Any:
    # Entities of a DOCTYPE cannot be there, and nothing outside is asked for.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(begin + b"".join(rows) + b"</rows>", parser)


def declarations(scope: Scope) -> str:
    """The attributes that declare the namespaces of `scope`."""
    return "".join(f" xmlns{':' + prefix if prefix else ''}={quoteattr(namespace)}" for prefix, namespace in scope)
