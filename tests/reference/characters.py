"""Characters of Unicode 18, whichever version Python has: what is newer than Unicode 14 is in `newer.txt`, made of the standard's own files."""

from __future__ import annotations

import unicodedata
from pathlib import Path

CATEGORIES: dict[str, str] = {}
CANONICAL: dict[str, str] = {}
COMPATIBLE: dict[str, str] = {}
for _line in (Path(__file__).parent / "newer.txt").read_text(encoding="ascii").splitlines()[1:]:
    _characters, _what, *_parts = _line.split()
    _first, _, _last = _characters.partition("-")
    if _parts:
        (CANONICAL if _what == "=" else COMPATIBLE)[chr(int(_first, 16))] = "".join(chr(int(one, 16)) for one in _parts)
    else:
        CATEGORIES.update(dict.fromkeys(map(chr, range(int(_first, 16), int(_last or _first, 16) + 1)), _what))
COMPOSED = {parts: one for one, parts in CANONICAL.items()}


def category(letter: str) -> str:
    return CATEGORIES.get(letter) or unicodedata.category(letter)


def is_letter(letter: str) -> bool:
    return category(letter)[0] == "L"


def is_mark(letter: str) -> bool:
    return category(letter)[0] == "M"


def decomposed(text: str, compatible: bool = False) -> str:
    known = CANONICAL | COMPATIBLE if compatible else CANONICAL
    while any(one in known for one in text):
        text = "".join(known.get(one, one) for one in text)
    return unicodedata.normalize("NFKD" if compatible else "NFD", text)


def composed(text: str) -> str:
    found = ""
    for one in unicodedata.normalize("NFC", decomposed(text)):
        pair = found[-1:] + one
        found = found[:-1] + COMPOSED[pair] if pair in COMPOSED else found + one
    return found
