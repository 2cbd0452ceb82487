"""One JSON document as rows: the array that a path leads to is cut into its elements while the file streams by.

What stands around the array is kept and checked as a whole at the end, so that a document that is no JSON is refused
though its rows were fine; a bad element among good ones is a bad record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datahub.diagnostics.suggest import listed, nearest
from datahub.formats.csv_read import block_size, largest_block
from datahub.formats.declare import BadInput, Block, InputFile, Placed
from datahub.formats.files import InputStream
from datahub.formats.json_exact import Decoder, Malformed
from datahub.formats.json_path import Keys, keys_of
from datahub.formats.json_reader import LARGEST_BLOCK, JsonReader, refuse_markup
from datahub.formats.json_records import Records
from datahub.formats.json_scan import LONGEST_RECORD, Structure, nesting, structure
from datahub.formats.options import option
from datahub.formats.text_stream import TextStream
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt

Positions: TypeAlias = "npt.NDArray[np.int64]"

LONGEST_ENVELOPE = 64 << 20
_SPACE = b" \t\r\n"
_IS_SPACE = np.isin(np.arange(256), list(_SPACE))
_SPACES = re.compile(rb"[ \t\r\n]*")


@record(frozen=True, slots=True)
class Piece:
    """Some elements with the commas between them, and how they nest, where that is known."""

    text: bytes
    seen: Structure | None = field(default=None, compare=False, repr=False)


class JsonDocumentReader(JsonReader):
    """Reads JSON documents whose rows are the elements of one array."""

    @property
    def path_prefix(self) -> str:
        """What stands before the number of a row in its path: `/orders/`."""
        keys = keys_of(str(option(self.shape, "rows") or ""), self.shape.name)
        return "".join(f"/{key}" for key in keys) + "/"

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one file: some elements of the array each."""
        keys = keys_of(str(option(self.shape, "rows") or ""), file.name)
        count = first_block
        with InputStream(file.path, file.member, file.name) as stream:
            text = TextStream(stream, "utf-8", file.name, returns=False)
            for offset, line, piece in self._pieces(
                text, keys, file, block_size(stream, largest_block(text, LARGEST_BLOCK, self.shape.columns, b"}"))
            ):
                yield Block(number, count, offset, len(piece.text), line, piece)
                count += 1
        self.ended(file, count > first_block)

    def _pieces(self, text: TextStream, keys: Keys, file: InputFile, size: int) -> Iterator[tuple[int, int, Piece]]:
        text.fill(size)
        if not text.buffer.strip(_SPACE):
            text.fill(size + (1 << 20))
            if not text.buffer.strip(_SPACE):
                return
        refuse_markup(text.buffer, file.name)
        start, opener = _find(text, keys, file)
        before = text.take(start)
        if opener != 91:
            yield from self._single(text, before, keys, file)
            return
        before += text.take(1)
        yield from _elements(text, file, size)
        while not text.ended:
            text.fill(len(text.buffer) + (1 << 20))
            if len(text.buffer) > LONGEST_ENVELOPE:
                raise BadInput("R005", f"`{file.name}` has too much behind its rows", path=file.name, line=text.line)
        _check_envelope(before + text.buffer, keys, file, text.line)

    def _single(self, text: TextStream, before: bytes, keys: Keys, file: InputFile) -> Iterator[tuple[int, int, Piece]]:
        """The one row of a document whose rows are an object."""
        while not text.ended and len(text.buffer) <= LONGEST_RECORD:
            text.fill(2 * len(text.buffer) + 1)
        end = _value_end(text.buffer)
        _check_envelope(before + b"[]" + text.buffer[end:], keys, file, text.line)
        row = text.buffer[:end]
        if not keys:
            self._refuse_envelope(row, file)
        if row != b"null":
            yield text.offset, text.line, Piece(row)

    def _refuse_envelope(self, row: bytes, file: InputFile) -> None:
        """Refuse an object that has none of the declared members but holds arrays: its rows are in one of them."""
        try:
            value = Decoder().read(row)
        except Malformed:
            return
        declared = {name for column in self.shape.columns for name in column.names or (column.name,)}
        arrays = [key for key, one in value.items() if isinstance(one, list)] if isinstance(value, dict) else []
        if arrays and not declared & value.keys():
            message = f"`{file.name}` is an object without any of the declared members; it holds {listed(arrays)}"
            raise BadInput("R006", message, f'say where the rows are: rows "$.{arrays[0]}[*]"', path=file.name, line=1)

    def records(self, block: Block) -> Records:
        piece: Piece = block.data
        return elements_of(piece)

    def reread(self, file: InputFile, place: Placed) -> Block:
        block = super().reread(file, place)
        return replace(block, data=Piece(block.data))


# ---------------------------------------------------------------- the way to the rows


def _find(text: TextStream, keys: Keys, file: InputFile) -> tuple[int, int]:
    """Where the value begins that `keys` lead to, and its first byte; the buffer grows until it is there."""
    while True:
        found = _locate(text.buffer, keys)
        if isinstance(found, int):
            return found, text.buffer[found]
        if text.ended:
            raise _not_there(text.buffer, keys, file)
        if len(text.buffer) > LONGEST_ENVELOPE:
            raise BadInput("R006", f"`{'.'.join(keys)}` is not in the first {LONGEST_ENVELOPE >> 20} MB of `{file.name}`", path=file.name)
        text.fill(2 * len(text.buffer))


def _locate(data: bytes, keys: Keys) -> int | None:
    """Where the value of the path begins; None where it is not (yet) there."""
    at = _skip_space(data, 0)
    if not keys:
        return at if at < len(data) else None
    found = structure(data)
    for depth, key in enumerate(keys, 1):
        if at >= len(data) or data[at] != 123:
            return None
        value = _member(data, found, at, depth, key)
        if value is None:
            return None
        at = _skip_space(data, value)
    return at if at < len(data) else None


def _member(data: bytes, found: Structure, opening: int, depth: int, key: str) -> int | None:
    """Where the value of member `key` begins, in the object that opens at `opening`."""
    first = int(np.searchsorted(found.places, opening))
    inside = found.depths[first:] < depth
    last = first + int(np.argmax(inside)) if inside.any() else len(found.places)
    colons = first + np.flatnonzero((found.marks[first:last] == 58) & (found.depths[first:last] == depth))
    # Members on the way to the rows, not rows.
    for number in colons.tolist():
        if _name(data[int(found.places[number - 1]) + 1 : int(found.places[number])]) == key:
            return int(found.places[number]) + 1
    return None


def _name(raw: bytes) -> str | None:
    try:
        name = Decoder().read(raw.strip(_SPACE))
    except Malformed:
        return None
    return name if type(name) is str else None


def _skip_space(data: bytes, at: int) -> int:
    found = _SPACES.match(data, at)
    return found.end() if found else at


def _not_there(data: bytes, keys: Keys, file: InputFile) -> BadInput:
    if not data.strip(_SPACE):
        return BadInput("R005", f"`{file.name}` is empty", path=file.name)
    try:
        value: Any = Decoder().read(data)
    except Malformed as problem:
        return BadInput(problem.code, f"`{file.name}` is no JSON document: {problem}", path=file.name)
    for depth, key in enumerate(keys):
        if not isinstance(value, dict):
            place = ".".join(("$", *keys[:depth]))
            return BadInput("R006", f"`{place}` of `{file.name}` is no object", "the path of `rows` goes through objects", path=file.name)
        if key not in value:
            near = nearest(key, value)
            help = f"did you mean `{near}`?" if near else f"it has {listed(value)}"
            return BadInput("R006", f"`{file.name}` has no member `{key}` on the way to its rows", help, path=file.name)
        value = value[key]
    return BadInput("R006", f"`{file.name}` has no rows at `{'.'.join(('$', *keys))}`", path=file.name)


# ---------------------------------------------------------------- elements


def _elements(text: TextStream, file: InputFile, size: int) -> Iterator[tuple[int, int, Piece]]:
    """The elements of the array that the buffer stands in, up to its closing bracket, in pieces that end before a comma."""
    begun = False
    while True:
        text.fill(size)
        found = nesting(text.buffer)
        below = found.depths < 0
        if below.any():
            yield from _last_elements(text, file, int(found.places[np.argmax(below)]), begun)
            return
        comma = _last_comma(text.buffer, found)
        if comma:
            offset, line = text.offset, text.line
            yield offset, line, Piece(text.take(comma), found.before(comma))
            text.take(1)
            begun = True
            continue
        if text.ended:
            message = f"`{file.name}` ends inside of its rows: it was cut short"
            raise BadInput("R005", message, "fetch the file again", path=file.name, line=text.line + text.buffer.count(b"\n"))
        if len(text.buffer) > LONGEST_RECORD + size:
            message = f"a row of `{file.name}` is longer than {LONGEST_RECORD} bytes, or a text in it never ends"
            raise BadInput("R005", message, path=file.name, line=text.line)
        text.fill(2 * len(text.buffer))


def _last_comma(data: bytes, found: Structure) -> int:
    """The last comma between elements; 0 where there is none."""
    closed = np.flatnonzero(found.depths == 0)
    if len(closed):
        behind = _skip_space(data, int(found.places[closed[-1]]) + 1)
        if data[behind : behind + 1] == b",":
            return behind
    whole = structure(data)
    commas = whole.places[(whole.depths == 0) & (whole.marks == 44)]
    return int(commas[-1]) if len(commas) else 0


def _last_elements(text: TextStream, file: InputFile, stop: int, begun: bool) -> Iterator[tuple[int, int, Piece]]:
    offset, line = text.offset, text.line
    piece = text.take(stop)
    if piece.rpartition(b",")[2].strip(_SPACE):
        yield offset, line, Piece(piece)
    elif begun or piece.strip(_SPACE):
        raise BadInput("R005", f"`{file.name}` has a comma before the end of its rows", path=file.name, line=text.line)


def elements_of(piece: Piece) -> Records:
    """The elements that commas set apart in `piece`."""
    data = piece.text
    objects = _objects(data, piece.seen or nesting(data))
    starts, ends, commas = _slots(data) if objects is None else objects
    breaks = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    # Arrow reads objects that follow each other; the commas between them are in its way.
    changed = bytearray(data)
    np.frombuffer(changed, np.uint8)[commas] = 10
    return Records(bytes(changed), starts, ends, np.searchsorted(breaks, starts))


def _slots(data: bytes) -> tuple[Positions, Positions, Positions]:
    """What stands between the commas of `data`, whatever it is, and those commas."""
    found = structure(data)
    commas = found.places[(found.depths == 0) & (found.marks == 44)]
    bounds = zip([0, *(commas + 1).tolist()], [*commas.tolist(), len(data)], strict=True)
    # Something that is no object is among them, so each is trimmed by itself.
    trimmed = [(_skip_space(data, start), start + len(data[start:end].rstrip(_SPACE))) for start, end in bounds]
    starts = np.array([min(start, max(end, 0)) for start, end in trimmed], np.int64)
    ends = np.array([end for _, end in trimmed], np.int64)
    return starts, ends, commas


def _objects(data: bytes, found: Structure) -> tuple[Positions, Positions, Positions] | None:
    """Where objects begin and end and the commas between them are, where `data` is nothing else."""
    level = found.depths == 0
    closed = found.places[level]
    opened = found.places[np.concatenate((np.ones(min(1, len(level)), np.bool_), level[:-1]))]
    view = np.frombuffer(data, np.uint8)
    if not len(closed) or len(opened) != len(closed) or not (view[opened] == 123).all():
        return None
    starts, ends = np.append(closed[:-1] + 1, closed[-1] + 1), np.append(opened[1:], len(data))
    between = _ranges(np.concatenate((np.zeros(1, np.int64), starts)), np.concatenate((opened[:1], ends)))
    letters = view[between]
    commas = between[letters == 44]
    alternate = len(commas) == len(opened) - 1 and bool((commas > closed[:-1]).all() and (commas < opened[1:]).all())
    return (opened, closed + 1, commas) if alternate and bool((_IS_SPACE[letters] | (letters == 44)).all()) else None


def _ranges(starts: Positions, ends: Positions) -> Positions:
    """All positions from each start to before its end."""
    lengths = ends - starts
    first = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    return first + np.arange(len(first))


def _value_end(data: bytes) -> int:
    """Past the value that `data` begins with; all of `data` where that cannot be told."""
    if data[:1] != b"{":
        return len(data.rstrip(_SPACE)) if data[:1] == b'"' else _scalar_end(data)
    found = nesting(data)
    closed = np.flatnonzero(found.depths == 0)
    return int(found.places[closed[0]]) + 1 if len(closed) else len(data)


def _scalar_end(data: bytes) -> int:
    return min((at for mark in b",}] \t\r\n" if (at := data.find(bytes((mark,)))) >= 0), default=len(data))


# ---------------------------------------------------------------- what stands around the rows


def _check_envelope(envelope: bytes, keys: Keys, file: InputFile, line: int) -> None:
    """Refuse a document that is no JSON around its rows, or has the path to them twice."""
    try:
        value: Any = Decoder().read(envelope)
    except Malformed as problem:
        trailing = "extra data" in str(problem)
        help = "one object a line is declared as `jsonl`" if trailing else ""
        message = f"`{file.name}` is no JSON document: around its rows, {problem}"
        raise BadInput(problem.code, message, help, path=file.name, line=line) from None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value != []:
        raise BadInput("R005", f"`{file.name}` has `{'.'.join(('$', *keys))}` twice", path=file.name, line=line)
