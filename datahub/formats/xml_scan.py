"""An XML document cut into its rows while it streams by: where each begins and ends, and which namespaces hold there.

It is done in the process that reads what strangers wrote, which loads little. The whole document goes through expat, so that it
is known to be well-formed, without DOCTYPE and not nested too deep, before any part of it is built into a tree; only the bytes
of whole rows are kept.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.parsers import expat

from datahub.diagnostics.suggest import listed
from datahub.formats.bad_input import BadInput
from datahub.formats.bounds import DEEPEST, LONGEST_RECORD
from datahub.formats.xml_path import RowsPath, Scope

if TYPE_CHECKING:
    from datahub.formats.encodings import Encoding

LONGEST_TAG, MOST_ATTRIBUTES, MOST_ELEMENTS = 4 << 20, 100_000, 1_000_000
"""So many bytes a tag, comment or instruction may have, so many attributes an element, and so many of both a row: expat holds each
tag whole, looking at it again as it grows, and what is in a row becomes a tree."""
CHUNK = 256 << 10
"""So many bytes of a document are looked at together."""
_BLANK = b" \t\r\n\0"
_PROLOG = re.compile(rb"""\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_START_TAG = re.compile(rb"""<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""")
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_UNMARKED = {b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_MOST_SEEN = 12


class Piece(NamedTuple):
    """Some rows as UTF-8 with what stands between them: where each begins and ends in `text`, and on which line of the file it begins."""

    offset: int
    length: int
    text: bytes
    starts: array[int]
    ends: array[int]
    lines: array[int]
    scope: Scope
    around: tuple[str, ...]
    """The names of the elements around the first row, the root first."""


class Cut(NamedTuple):
    """How a document is cut: what it is called, which elements are rows, how many bytes make a piece, whether a DOCTYPE may be there.

    A DOCTYPE is refused; where it may be there, it is passed over if it declares nothing itself. None is ever read.
    """

    name: str
    rows: RowsPath
    size: int
    doctype: bool


def pieces(read: Callable[[], bytes], cut: Cut) -> Iterator[tuple[Piece, str]]:
    """The rows of a document and its encoding, in pieces of at least `size` bytes where there are so many; `BadInput` where it is none."""
    data = read()
    while not data.strip(_BLANK) and (more := read()):
        data += more
    encoding = _encoding(data[:4096], cut.name)
    blank = data[encoding.mark :].strip(_BLANK) == b""
    # A disk that was full, or a transfer that broke off, leaves zeros.
    if blank and (b"\0" not in data or encoding.name.startswith(("utf-16", "utf-32"))):
        return
    scanner = _Scanner(cut, encoding.mark)
    decoder = encoding.decoder()
    data = data[encoding.mark :]
    while True:
        final = not data
        text = encoding.as_utf8(decoder, data, final)
        scanner.feed(text, final=final)
        for piece in scanner.taken(encoding, cut.size, final=final):
            yield piece, encoding.name
        if final:
            break
        data = read()
    scanner.check_found()


def beginning(data: bytes, cut: Cut, *, final: bool) -> bytes:
    """What a document begins with as UTF-8, or all of it (`final`); `BadInput` where it is none, as `pieces` has it."""
    encoding = _encoding(data[:4096], cut.name)
    text: bytes = encoding.as_utf8(encoding.decoder(), data[encoding.mark :], final)
    _Scanner(cut, encoding.mark).feed(text, final=final)
    return text


class _Plain:
    """UTF-8, as nearly every document is written: what knows of other encodings need not be loaded for it."""

    name, mark = "utf-8", 0

    def decoder(self) -> None:
        return None

    def as_utf8(self, _decoder: None, data: bytes, _final: bool) -> bytes:
        return data

    def length(self, text: bytes) -> int:
        return len(text)


def _encoding(head: bytes, name: str) -> Any:
    """How the document that begins with `head` is to be read: an `Encoding`, or what does the same."""
    if _HTML.match(head):
        raise BadInput("R005", f"`{name}` is a page of HTML, not XML", "a server may have answered with an error page", path=name)
    declared = _PROLOG.match(head.removeprefix(b"\xef\xbb\xbf"))
    called = declared.group(1).decode() if declared else "utf-8"
    if called.lower() == "utf-8" and head[:1] in (b"<", b" ", b"\n") and b"\0" not in head[:4]:
        return _Plain()
    from datahub.formats.encodings import encoding_of

    unmarked = next((found for mark, found in _UNMARKED.items() if head.startswith(mark)), "")
    if unmarked:
        return encoding_of(unmarked, head, name)
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        wide = head.startswith((b"\xff\xfe\0\0", b"\0\0"))
        return encoding_of("utf-32" if wide else "utf-16", head, name)
    return encoding_of("utf-8" if called.lower().startswith("utf-16") else called, head, name)


class _Row:
    """A row that was begun: where and on which line, and under which namespaces."""

    __slots__ = ("around", "elements", "end", "leaf", "line", "scope", "start")

    def __init__(self, start: int, line: int, scope: Scope, around: tuple[str, ...]) -> None:
        self.start, self.line, self.scope, self.around = start, line, scope, around
        self.leaf, self.end, self.elements = True, 0, 0


class _Scanner:
    """Follows a document element by element; `base` is how many bytes of its text were taken from the front of `text`."""

    def __init__(self, cut: Cut, offset: int) -> None:
        self.path, self.name, self.doctype, self.offset = cut.rows, cut.name, cut.doctype, offset
        self.text, self.base = bytearray(), 0
        self.done: list[_Row] = []
        self._open: list[str] = []
        self._scopes: list[dict[str, str]] = []
        self._fits: list[bool] = []
        self._row: _Row | None = None
        self._row_depth = 0
        self._seen: dict[str, None] = {}
        self._neared = self._others = self._found = False
        self._parser: Any = expat.ParserCreate("utf-8")
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._declared
        self._parser.SkippedEntityHandler = self._skipped

    def feed(self, text: bytes, *, final: bool) -> None:
        """Read on; `BadInput` says what is wrong and where."""
        self.text += text
        try:
            self._parser.Parse(text, final)
        except expat.ExpatError as problem:
            from datahub.formats.encodings import bad_byte

            byte = bad_byte(bytes(text)) if "token" in str(problem) or "invalid" in str(problem) else ""
            why = f"the byte {byte} does not belong to its encoding" if byte else expat.ErrorString(problem.code)
            code = "R001" if byte else "R005"
            help = "it was cut short; fetch the file again" if "no element" in why or "unclosed" in why else ""
            message = f"`{self.name}` is no XML document: {why}, at character {problem.offset + 1}"
            raise BadInput(code, message, help, path=self.name, line=problem.lineno) from None
        seen = self.base + len(self.text)
        if self._row is not None and seen - self._row.start > LONGEST_RECORD:
            message = f"a row of `{self.name}` is longer than {LONGEST_RECORD} bytes"
            raise BadInput("R005", message, "is `rows` the path of one row?", path=self.name, line=self._row.line)
        if seen - self._parser.CurrentByteIndex > LONGEST_TAG + CHUNK:
            message = f"`{self.name}` has a tag, comment or instruction of more than {LONGEST_TAG} bytes"
            raise BadInput("R005", message, "put what is so long into the text of an element", path=self.name, line=self._line())

    def taken(self, encoding: Encoding, size: int, *, final: bool) -> Iterator[Piece]:
        """Rows that are whole, if they are enough for a piece or nothing follows, without what stands before them."""
        if self.done and (final or self.done[-1].end - self.done[0].start >= size):
            begun = 0
            for number in range(1, len(self.done) + 1):
                if number == len(self.done) or self.done[number].scope != self.done[begun].scope:
                    yield self._piece(self.done[begun:number], encoding)
                    begun = number
            self.done.clear()
        if not self.done:
            # What expat has not told yet, such as half a tag at the end, must stay.
            self._drop(self._row.start if self._row else self._parser.CurrentByteIndex, encoding)

    def _piece(self, rows: list[_Row], encoding: Encoding) -> Piece:
        self._drop(rows[0].start, encoding)
        text = bytes(self.text[: rows[-1].end - self.base])
        starts = array("q", [row.start - self.base for row in rows])
        ends = array("q", [row.end - self.base for row in rows])
        lines = array("q", [row.line for row in rows])
        return Piece(self.offset, encoding.length(text), text, starts, ends, lines, rows[0].scope, rows[0].around)

    def _drop(self, to: int, encoding: Encoding) -> None:
        count = to - self.base
        if count > 0:
            self.offset += encoding.length(bytes(self.text[:count]))
            del self.text[:count]
            self.base = to

    def check_found(self) -> None:
        """Refuse a document that has nothing of the path to its rows."""
        if not self._found and self._seen and (self._others or not self._neared):
            message = f"`{self.name}` has no `{self.path.text}`"
            raise BadInput("R006", message, f"its elements are {listed(tuple(self._seen), 8)}", path=self.name, line=1)

    # ------------------------------------------------------------ what expat tells

    def _start(self, name: str, attributes: list[str]) -> None:
        depth = len(self._open)
        if depth >= DEEPEST:
            raise BadInput("R005", f"elements of `{self.name}` are nested more than {DEEPEST} deep", path=self.name, line=self._line())
        if len(attributes) > 2 * MOST_ATTRIBUTES:
            message = f"an element of `{self.name}` has more than {MOST_ATTRIBUTES:,} attributes"
            raise BadInput("R005", message, path=self.name, line=self._line())
        if self._row is not None:
            self._within(self._row, depth, len(attributes) // 2)
            self._open.append(name)
            return
        scope = self._scopes[-1] if self._scopes else {}
        declared = {key[6:]: value for key, value in _pairs(attributes) if key == "xmlns" or key.startswith("xmlns:")}
        if declared:
            scope = scope | declared
        if self._is_row(name, scope, depth):
            around = tuple(self._open)
            held = self._scopes[-1] if self._scopes else {}
            self._row = _Row(self._parser.CurrentByteIndex, self._line(), tuple(sorted(held.items())), around)
            self._row_depth = depth + 1
            self._found = True
        self._scopes.append(scope)
        self._open.append(name)

    def _within(self, row: _Row, depth: int, attributes: int) -> None:
        if depth == self._row_depth:
            row.leaf = False
        row.elements += 1 + attributes
        if row.elements > MOST_ELEMENTS:
            message = f"a row of `{self.name}` has more than {MOST_ELEMENTS:,} elements and attributes"
            raise BadInput("R005", message, "is `rows` the path of one row?", path=self.name, line=row.line)

    def _is_row(self, name: str, scope: dict[str, str], depth: int) -> bool:
        prefix, _, local = name.rpartition(":")
        namespace = scope.get(prefix, "")
        steps = self.path.steps
        if self.path.anywhere:
            self._note(name, depth)
            return steps[0].fits(local, namespace)
        inside = depth < len(steps) and (depth == 0 or self._fits[-1])
        fits = inside and steps[depth].fits(local, namespace)
        self._others = self._others or (inside and not fits and depth == len(steps) - 1)
        self._fits.append(fits)
        self._neared = self._neared or (fits and depth == len(steps) - 2)
        self._note(name, depth)
        return fits and depth == len(steps) - 1

    def _note(self, name: str, depth: int) -> None:
        if len(self._seen) < _MOST_SEEN and depth < max(2, len(self.path.steps)):
            self._seen["/" + "/".join((*self._open, name))] = None

    def _end(self, name: str) -> None:
        self._open.pop()
        row = self._row
        if row is None:
            self._scopes.pop()
            if not self.path.anywhere:
                self._fits.pop()
        elif len(self._open) == self._row_depth - 1:
            row.end = self._row_end(row)
            self.done.append(row)
            self._row = None
            self._scopes.pop()
            if not self.path.anywhere:
                self._fits.pop()

    def _row_end(self, row: _Row) -> int:
        if row.leaf:
            tag = _START_TAG.match(self.text, row.start - self.base)
            if tag and tag.group().endswith(b"/>"):
                return self.base + tag.end()
        return self.base + self.text.index(b">", self._parser.CurrentByteIndex - self.base) + 1

    def _declared(self, _name: str, _system: str | None, _public: str | None, inside: bool) -> None:
        if self.doctype and not inside:
            return
        if self.doctype:
            message = f"`{self.name}` has a DOCTYPE that declares things, which is not read: it can grow without bound"
            raise BadInput("R005", message, "have it written without one", path=self.name, line=self._line())
        message = f"`{self.name}` has a DOCTYPE, which is not read: it can name other files and grow without bound"
        help = "have it written without one, or write `doctype ignore` if it only names a DTD"
        raise BadInput("R005", message, help, path=self.name, line=self._line())

    def _skipped(self, name: str, _parameter: bool) -> None:
        message = f"`{self.name}` uses `&{name};`, which only its DTD could tell, and that is not read"
        raise BadInput("R005", message, "have it written with the character itself", path=self.name, line=self._line())

    def _line(self) -> int:
        return int(self._parser.CurrentLineNumber)


def _pairs(attributes: list[str]) -> Iterator[tuple[str, str]]:
    return zip(attributes[::2], attributes[1::2], strict=True)
