"""A file as UTF-8 text that is taken from its front, knowing at which byte and line of the file it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from datahub.formats.csv_scan import count_lines
from datahub.formats.encodings import encoding_of
from datahub.formats.files import InputStream

_CHUNK = 256 << 10


def last_line_end(buffer: bytes) -> int:
    """Past the last line end of `buffer`."""
    return buffer.rfind(b"\n") + 1


class TextStream:
    """`buffer` is the text that comes next; `offset` and `line` say where in the decompressed file it begins.

    `blank` says that nothing but spaces was seen yet, `last` is the last byte that was.
    `returns` tells that a carriage return alone ends a line.
    """

    def __init__(self, stream: InputStream, encoding: str, name: str, *, returns: bool = True) -> None:
        head = stream.read(4)
        self._returns = returns
        self.stream, self.encoding = stream, encoding_of(encoding, head, name)
        self.offset, self.line, self.ended, self.last = self.encoding.mark, 1, False, b""
        self.blank = True
        self._decoder = self.encoding.decoder()
        self.buffer = b""
        self._add(head[self.encoding.mark :], final=len(head) < 4)

    def _fresh(self) -> bool:
        """Whether the buffer can be read again from the file instead of being joined to what follows it."""
        return self.encoding.is_utf8 and not self.stream.compression

    def fill(self, size: int) -> None:
        """Read on until the buffer has `size` bytes, or the file ends."""
        if len(self.buffer) < size and not self.ended and self._fresh():
            # Reading some bytes twice costs less than moving all of them once.
            self.stream.skip_to(self.offset)
            self.buffer = b""
        while len(self.buffer) < size and not self.ended:
            wanted = size - len(self.buffer)
            chunk = self.stream.read(wanted)
            self._add(chunk, final=len(chunk) < wanted)

    def _add(self, chunk: bytes, *, final: bool) -> None:
        text = self.encoding.as_utf8(self._decoder, chunk, final)
        self.buffer = self.buffer + text if self.buffer else text
        self.last = text[-1:] or self.last
        self.blank = self.blank and (not text or text.isspace())
        self.ended = final

    def take(self, count: int) -> bytes:
        """The first `count` bytes of the buffer, which stands behind them afterwards."""
        text, self.buffer = self.buffer[:count], self.buffer[count:]
        self.offset += self.encoding.length(text)
        self.line += count_lines(text, returns=self._returns)
        return text

    def lines(self, sizes: Iterable[int], longest: int) -> Iterator[tuple[int, int, bytes]]:
        """What is left, cut at line ends: as `pieces`, where no more than the end of a piece need be known to cut it."""
        return self.pieces(sizes, last_line_end, longest)

    def pieces(self, sizes: Iterable[int], end_of: Callable[[bytes], int], longest: int) -> Iterator[tuple[int, int, bytes]]:
        """What is left, cut where `end_of` a buffer finds the end of its last whole record: offset, line and bytes of each piece.

        `sizes` says how much of the file each is to be, as far as records allow.
        """
        return self._pieces(self._snug(sizes), end_of, longest)

    def _snug(self, sizes: Iterable[int]) -> Iterator[int]:
        """How much to read for each piece, so that it need not be copied out of a buffer: up to its last line end, looked for ahead.

        Mostly a record ends there, too.
        """
        for size in sizes:
            end = self.offset + size
            if self.ended or not self._fresh() or size <= _CHUNK or end >= self.stream.size:
                yield size
                continue
            self.stream.skip_to(end - _CHUNK)
            ahead = self.stream.read(_CHUNK)
            self.buffer = b""
            yield size - len(ahead) + last_line_end(ahead)

    def _pieces(self, sizes: Iterable[int], end_of: Callable[[bytes], int], longest: int) -> Iterator[tuple[int, int, bytes]]:
        for size in sizes:
            self.fill(size)
            at = self._end(end_of)
            while not at and self.buffer and len(self.buffer) <= longest:
                self.fill(2 * len(self.buffer))
                at = self._end(end_of)
            offset, line = self.offset, self.line
            piece = self.take(at or len(self.buffer))
            if not piece:
                return
            if not at:
                # A line longer than any record may be: its beginning tells enough, the rest is not kept.
                self.drop_line()
            yield offset, line, piece

    def _end(self, end_of: Callable[[bytes], int]) -> int:
        return len(self.buffer) if self.ended else end_of(self.buffer)

    def drop_line(self) -> None:
        """Pass over all up to the next line end, without keeping it."""
        while True:
            self.fill(_CHUNK)
            at = min((found for mark in (b"\n", b"\r") if (found := self.buffer.find(mark)) >= 0), default=-1)
            if at >= 0 or not self.buffer:
                self.take(at + 1)
                return
            self.take(len(self.buffer))
