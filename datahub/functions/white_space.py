"""White space and control characters in the bytes of texts: found, squeezed, dropped."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Bytes, Ints, from_texts, valid
from datahub.functions.declare import Mask
from datahub.functions.text_memory import bytes_of, squeezed, without

SPACE = 32
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Unicode calls so. Arrow's `trim_whitespace` and Python's `strip` take the separators U+001C to U+001F for it too."""
_NOTHING = np.zeros(0, np.int64)


def trimmed(texts: pa.Array) -> pa.Array:
    """Texts without white space at their ends."""
    return pc.utf8_trim(texts, WHITE_SPACE)


def with_single_spaces(texts: pa.Array) -> pa.Array:
    """Texts without white space at their ends, and with one space for each run of it inside."""
    content, ends = bytes_of(texts)
    blank = _blank(content)
    if _is_tidy(content, blank, ends):
        return texts
    return squeezed(content, ends, blank, SPACE, valid(texts), _NOTHING)


def without_controls(texts: pa.Array) -> pa.Array:
    """Texts without characters that show nothing: controls other than white space, zero-width spaces, byte order marks."""
    content, ends = bytes_of(texts)
    gone = _controls(content)
    if not gone.any():
        return texts
    kept, moved = without(content, ends, np.flatnonzero(gone))
    return from_texts(moved, kept, valid(texts))


def _is_tidy(content: Bytes, blank: Mask, ends: Ints) -> bool:
    """Whether nothing but single spaces inside texts is blank: then texts stay as they are."""
    if np.count_nonzero(blank) != np.count_nonzero(content == SPACE) or (blank[1:] & blank[:-1]).any():
        return False
    there = ends[:-1] < ends[1:]
    return not (blank[ends[:-1][there]].any() or blank[ends[1:][there] - 1].any())


def _blank(content: Bytes) -> Mask:
    """The bytes of white space."""
    blank: Mask = ((content - np.uint8(9)) < 5) | (content == SPACE)
    two = _followed(content, content == 0xC2, 1)
    if len(two):
        after = content[two + 1]
        _mark(blank, two[(after == 0xA0) | (after == 0x85)], 2)
    three = _followed(content, (content - np.uint8(0xE1)) < 3, 2)
    if len(three):
        code = content[three].astype(np.int64) << 16 | content[three + 1].astype(np.int64) << 8 | content[three + 2]
        narrow = (code >= 0xE28080) & (code <= 0xE2808A)
        _mark(blank, three[narrow | np.isin(code, (0xE19A80, 0xE280A8, 0xE280A9, 0xE280AF, 0xE2819F, 0xE38080))], 3)
    return blank


def _controls(content: Bytes) -> Mask:
    """The bytes of characters that show nothing."""
    gone: Mask = (content < 9) | ((content - np.uint8(14)) < 18) | (content == 127)
    two = _followed(content, content == 0xC2, 1)
    if len(two):
        after = content[two + 1]
        _mark(gone, two[(after < 0xA0) & (after != 0x85)], 2)
    three = _followed(content, (content == 0xE2) | (content == 0xEF), 2)
    if len(three):
        code = content[three].astype(np.int64) << 16 | content[three + 1].astype(np.int64) << 8 | content[three + 2]
        _mark(gone, three[np.isin(code, (0xE2808B, 0xE281A0, 0xEFBBBF))], 3)
    return gone


def _followed(content: Bytes, mask: Mask, by: int) -> Ints:
    """Where characters begin whose first byte is in `mask`; what is cut off by the end of the memory is none."""
    return np.flatnonzero(mask[: max(len(content) - by, 0)])


def _mark(mask: Mask, places: Ints, width: int) -> None:
    for at in range(width):
        mask[places + at] = True
