"""One text with several values, cut at the marks of `@split` into the lists, maps and structs that it is declared as."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any

from datahub.formats.typed import below
from datahub.functions.white_space import WHITE_SPACE
from datahub.semantic.ir import Reading
from datahub.types import model as t
from datahub.types.model import Type


class Uneven(ValueError):
    """A text whose parts are not those of its type: one of them would be lost."""


def cut(text: str, kind: Type, reading: Reading) -> Any:
    """The parts of a text, as a record would have them."""
    base = t.base_of(kind)
    if not t.inside(base) or not reading.split:
        return text
    pieces = text.split(reading.split[0]) if text else []
    match base:
        case t.ListOf(item=item):
            return [cut(piece, item, below(reading, 0)) for piece in pieces if item.nullable or _filled(piece, reading)]
        case t.Struct(fields=fields):
            if any(_filled(piece, reading) for piece in pieces[len(fields) :]):
                raise Uneven
            # What is behind the last mark is nothing, which for a list is an empty one.
            told = enumerate(zip(fields, chain(pieces, repeat("")), strict=False))
            found = {name: cut(piece, part, below(reading, at)) for at, ((name, part), piece) in told}
            return {name: value for name, value in found.items() if value != ""}
        case t.MapOf(value=value):
            entries = [_entry(piece, reading) for piece in pieces if _filled(piece, reading)]
            found = {key: cut(piece, value, below(reading, 0, 2)) for key, piece in entries if _filled(piece, reading)}
            if len(found) < sum(_filled(piece, reading) for _, piece in entries):
                raise Uneven
            return found
        case _:
            return text


def _entry(piece: str, reading: Reading) -> tuple[str, str]:
    key, mark, value = piece.partition(reading.split[1] if len(reading.split) > 1 else "=")
    if not mark:
        raise Uneven
    return key.strip(WHITE_SPACE) if reading.trim else key, value


def _filled(piece: str, reading: Reading) -> bool:
    found = piece.strip(WHITE_SPACE) if reading.trim else piece
    return bool(found) and found not in reading.null_words
