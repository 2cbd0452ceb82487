"""What characters are: letters, marks and numbers of one version of Unicode, whichever ones the libraries below know.

RE2 knows Unicode 15.1, Python 3.11 to 3.14 know 14 to 16, and utf8proc, by which Arrow gives capitals and decomposes, knows 18. The
newest of them is the one that holds: the table beside this file has its categories.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from datahub.resources import table

VERSION = "18.0"
LETTERS, MARKS, NUMBERS = ("Lu", "Ll", "Lt", "Lm", "Lo"), ("Mn", "Mc", "Me"), ("Nd", "Nl", "No")


@cache
def _table() -> dict[str, list[tuple[int, int]]]:
    lines = table("functions/unicode.txt")[1:]
    return {category: [_run(one) for one in written] for category, *written in map(str.split, lines)}


def _run(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first, 16), int(last or first, 16)


@cache
def runs(*categories: str) -> list[tuple[int, int]]:
    """The first and last characters of all runs of some categories in their order, joined where they touch."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(run for category in categories for run in _table()[category]):
        if found and found[-1][1] + 1 == first:
            first = found.pop()[0]
        found.append((first, last))
    return found


@cache
def in_pattern(*categories: str) -> str:
    """Characters of some categories as they stand between the brackets of a pattern of RE2."""
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" if first < last else rf"\x{{{first:X}}}" for first, last in runs(*categories))


def is_one_of(letter: str, categories: tuple[str, ...]) -> bool:
    """Whether a character has one of some categories."""
    known, code = runs(*categories), ord(letter)
    at = bisect_right(known, (code, 0x110000)) - 1
    return at >= 0 and code <= known[at][1]


def decomposed(text: str, form: str) -> str:
    """One text in a decomposed form (`NFD`, `NFKD`); `unicodedata` would know other characters from one Python to the next."""
    return text if text.isascii() else pc.utf8_normalize(pa.scalar(text), form).as_py()  # type: ignore[no-any-return, unused-ignore]
