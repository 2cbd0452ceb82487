"""Null told apart from nothing at all, as in patches: null is a word, and in quotes the word is itself and nothing an empty text."""

from __future__ import annotations

import re
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.csv_scan import Dialect

_MARK = "\ufdd1\ufdd0"
"""Stands before what was in quotes while the cells are read, which keeps no quotes: two characters that no text is meant to hold."""


def quotes_kept(text: bytes, dialect: Dialect, word: str) -> bytes:
    """Records in which the empty cells in quotes, and the word in quotes, have a mark."""
    quote, meant = dialect.quote, word.encode()
    if not quote or (quote * 2 not in text and quote + meant + quote not in text):
        return text

    def marked(found: re.Match[bytes]) -> bytes:
        return found[0] if found[1] not in (b"", meant) else quote + _MARK.encode() + found[1] + quote

    return _quoted(quote, dialect.delimiter).sub(marked, text)


@lru_cache(maxsize=16)
def _quoted(quote: bytes, delimiter: bytes) -> re.Pattern[bytes]:
    mark = re.escape(quote)
    return re.compile(rb"(?:\A|(?<=[\r\n])|(?<=%b))%b([^%b]*+(?:%b%b[^%b]*+)*+)%b" % (re.escape(delimiter), *[mark] * 6))


def told_apart(cells: pa.Array, word: str) -> tuple[pa.Array, pa.Array]:
    """Cells, those without value and those with the word null; and which of them have something in them."""
    there = pc.not_equal(cells, "")
    null = pc.or_(pc.invert(there), pc.equal(cells, word))
    in_quotes = pc.starts_with(cells, _MARK)
    if pc.any(in_quotes).as_py():
        cells = pc.if_else(in_quotes, pc.utf8_slice_codeunits(cells, len(_MARK)), cells)
    return pc.if_else(null, pa.scalar(None, pa.string()), cells), there
