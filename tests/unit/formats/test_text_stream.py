"""Text cut at line ends: every byte is in one piece, and each piece knows where it stands."""

from __future__ import annotations

import gzip
from itertools import repeat
from pathlib import Path

import pytest

from datahub.formats.files import InputStream
from datahub.formats.text_stream import TextStream

LINES = [b"x" * (number * 37 % 5000) for number in range(700)]
TEXT = b"\n".join(LINES)


@pytest.mark.parametrize("ending", [b"", b"\n"])
@pytest.mark.parametrize("size", [100, 300_000, 500_000, 1 << 24])
@pytest.mark.parametrize("form", ["plain", "mark", "gzip"])
def test_pieces_are_the_whole_text_cut_at_line_ends(tmp_path: Path, form: str, size: int, ending: bytes) -> None:
    text, mark = TEXT + ending, b"\xef\xbb\xbf" if form == "mark" else b""
    path = tmp_path / "feed"
    path.write_bytes(gzip.compress(text) if form == "gzip" else mark + text)
    with InputStream(str(path)) as stream:
        pieces = list(TextStream(stream, "utf-8", "feed", returns=False).lines(repeat(size), 1 << 20))
    assert text == b"".join(piece for _, _, piece in pieces)
    assert all(piece.endswith(b"\n") for _, _, piece in pieces[:-1])
    begun = 0
    for offset, line, piece in pieces:
        assert (len(mark) + begun, 1 + text.count(b"\n", 0, begun)) == (offset, line)
        begun += len(piece)
    assert size > 1 << 20 or len(pieces) > 1


def test_a_line_longer_than_what_is_looked_at_ahead_is_whole(tmp_path: Path) -> None:
    text = b"a\n" + b"y" * 2_000_000 + b"\nb\n"
    path = tmp_path / "feed"
    path.write_bytes(text)
    with InputStream(str(path)) as stream:
        pieces = [piece for _, _, piece in TextStream(stream, "utf-8", "feed").lines(repeat(600_000), 1 << 24)]
    assert text == b"".join(pieces)
    assert all(piece.endswith(b"\n") for piece in pieces)


@pytest.mark.parametrize("read", [0, 300_000, len(TEXT) - 1, len(TEXT) + 1])
def test_what_was_read_before_the_pieces_is_in_them(tmp_path: Path, read: int) -> None:
    path = tmp_path / "feed"
    path.write_bytes(TEXT)
    with InputStream(str(path)) as stream:
        text = TextStream(stream, "utf-8", "feed", returns=False)
        text.fill(read)
        head = text.take(min(read, 100_000))
        pieces = [piece for _, _, piece in text.lines(repeat(400_000), 1 << 20)]
    assert head + b"".join(pieces) == TEXT
