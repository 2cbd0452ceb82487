"""Regular expressions that begin with a plain text: matched where it stands, which is found in a tenth of the time."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import valid

_SHORTEST = 2
"""A plain text of fewer characters stands in too many places where nothing follows that matches."""
_ONE = re.compile(r"[^\\^$.|?*+()\[\]{}]|\\[^\w\s]", re.ASCII)
_PLAIN = re.compile(f"(?:{_ONE.pattern})*", re.ASCII)
_COUNTS = "*+?{"
_NONE, _SECOND = pa.scalar(0, pa.int32()), pa.scalar(1, pa.int64())
_PIECE = re.compile(r"\\Q|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\(\?P?<\w+>|\(\?:|\(\?|.", re.DOTALL)


def groups_of_first(texts: pa.Array, flags: str, body: str) -> pa.Array:
    """The named groups of what `body` matches first in each text, as Arrow's `extract_regex` gives them."""
    plain, rest = parted(flags, body)
    if not plain:
        return pc.extract_regex(texts, flags + body)
    parts = pc.split_pattern(texts, plain, max_splits=1)
    ends = parts.offsets.to_numpy()[1:]
    there = parts.value_lengths().fill_null(_NONE).to_numpy() == 2
    behind = pc.list_element(parts, _SECOND) if there.all() else parts.values.take(pa.array(ends - 1, mask=~there))
    found = pc.extract_regex(behind, rest)
    missed = np.flatnonzero(there & ~valid(found)) if found.null_count else ()
    if not len(missed):
        return found
    # What follows where the text first stands does not match: it may where it stands again, also where both overlap.
    again = pc.extract_regex(texts.take(pa.array(missed)), flags + body)
    places = np.arange(len(texts))
    places[missed] = len(texts) + np.arange(len(missed))
    return pa.concat_arrays([found, again]).take(pa.array(places))


@cache
def parted(flags: str, body: str) -> tuple[str, str]:
    """The plain text that `body` begins with, and a pattern for what must follow it at once; two empty ones where that is not the same.

    It is not with alternatives to the whole, where case does not matter, and with what looks at the text before.
    """
    end = _end_of_plain(body)
    plain, rest = re.sub(r"\\(.)", r"\1", body[:end], flags=re.DOTALL), body[end:]
    if len(plain) < _SHORTEST or "i" in flags or _looks_around(rest):
        return "", ""
    return plain, rf"{flags}\A(?:{rest})"


def _end_of_plain(body: str) -> int:
    """Where the plain text ends; its last character is none where a count follows."""
    found = _PLAIN.match(body)
    end = found.end() if found else 0
    if body[end : end + 1] and body[end] in _COUNTS:
        return max((one.start() for one in _ONE.finditer(body, 0, end)), default=0)
    return end


def _looks_around(rest: str) -> bool:
    depth = 0
    for piece in _PIECE.findall(rest):
        if piece in ("^", r"\A", r"\b", r"\B", r"\Q", "(?"):
            return True
        depth += piece[0] == "("
        depth -= piece == ")"
        if piece == "|" and not depth:
            return True
    return False
