"""The groups of regular expressions: which there are, and expressions that keep just those that are wanted."""

from __future__ import annotations

import re
import threading
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.behind_text import groups_of_first
from datahub.functions.columns import text_bytes, valid

if TYPE_CHECKING:
    import numpy.typing as npt

WHOLE = "whole"
"""What the group around a whole match is called."""
_PIECE = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\(\?P?<(\w+)>|\(\?|\(", re.DOTALL)
_MARKS = tuple(chr(code) for code in range(0xFDD0, 0xFDF0))
"""Code points that no text is meant to hold."""


@cache
def group_names(pattern: str) -> tuple[str, ...]:
    """The names of a pattern's capturing groups in order, empty for those that have none."""
    found = []
    for piece in _PIECE.finditer(pattern):
        if piece.group(1):
            found.append(piece.group(1))
        elif piece.group() == "(":
            found.append("")
    return tuple(found)


@cache
def only_groups(pattern: str, wanted: tuple[int, ...]) -> str:
    """The pattern with its groups of these numbers (from 1) called `g1`, `g2` …, and no other group captured."""
    count = 0

    def written(piece: re.Match[str]) -> str:
        nonlocal count
        if piece.group() != "(" and not piece.group(1):
            return piece.group()
        count += 1
        return f"(?P<g{count}>" if count in wanted else "(?:"

    return _PIECE.sub(written, pattern)


def number_of(pattern: str, group: int | str) -> int | None:
    """The number of a group told by number or name; None where there is none."""
    names = group_names(pattern)
    if isinstance(group, str):
        return names.index(group) + 1 if group in names else None
    return group if 0 <= group <= len(names) else None


def first_match(texts: pa.Array, pattern: str, groups: tuple[int, ...]) -> list[pa.Array]:
    """For each of the groups (0 is the whole match) what it matched first; null where the pattern does not match."""
    found = _first_match(texts, pattern, frozenset(groups))
    return [pc.struct_field(found, f"g{group}") for group in groups]


_ASKED: dict[str, frozenset[int]] = {}
_LATEST = threading.local()


def _first_match(texts: pa.Array, pattern: str, groups: frozenset[int]) -> pa.Array:
    """A struct with at least `groups`.

    A script that wants two groups of one pattern asks for them one after the other, of the same column. Which groups of a
    pattern were ever asked for is remembered, and of those that were asked for apart all are found at once: matching takes
    far longer than what it finds takes room.
    """
    latest = getattr(_LATEST, "found", None)
    if latest is not None and latest[0] is texts and latest[1] == pattern and groups <= latest[2]:
        return latest[3]
    asked = _ASKED.get(pattern, frozenset()) | groups
    _ASKED[pattern] = asked
    flags, body = split_flags(only_groups(pattern, tuple(sorted(asked))))
    found = pc.extract_regex(texts, f"{flags}(?P<g0>{body})") if 0 in asked else groups_of_first(texts, flags, body)
    _LATEST.found = (texts, pattern, asked, found) if len(asked) > len(groups) else None
    return found


def split_flags(pattern: str) -> tuple[str, str]:
    """Leading flags, which hold for the whole pattern, and the rest."""
    match = re.match(r"\(\?[a-zA-Z-]+\)", pattern)
    return (match.group(), pattern[match.end() :]) if match else ("", pattern)


@cache
def may_be_empty(pattern: str) -> bool:
    """Whether a pattern may match where nothing stands: between two characters, before the first, or after the last one.

    Whether it does can only depend on what stands beside: a letter, another character, the end of a line or of the text.
    """
    flags, body = split_flags(pattern)
    beside = ("", "a", "-", "\n")
    # Sixteen texts of two characters, once for each pattern: no rows are touched.
    return any(
        pc.match_substring_regex(pa.scalar(left + right), f"\\A{left}(?:{flags}{body}){right}\\z").as_py()
        for left, right in product(beside, beside)
    )


def every_match(texts: pa.Array, pattern: str, groups: tuple[int, ...]) -> tuple[npt.NDArray[np.int32], list[pa.Array]]:
    """For all matches of all texts what each of the groups matched, and where each text's matches begin.

    Arrow finds the first match only, but replaces all of them: so each is replaced by itself between marks, and the
    text is split there.
    """
    parts = apart(texts, pattern, groups)
    offsets = parts.offsets.to_numpy()
    stride, sizes = len(groups) + 1, np.diff(offsets)
    counts = np.where(valid(texts), np.maximum(sizes - 1, 0) // stride, 0)
    items = parts.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    within = np.arange(len(items)) - np.repeat(offsets[:-1] - offsets[0], sizes)
    columns = [items.filter(pa.array(within % stride == at + 1)) for at in range(len(groups))]
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32), columns


def apart(texts: pa.Array, pattern: str, groups: tuple[int, ...]) -> pa.Array:
    """Texts as lists: what stands before the first match, then for each match what the groups matched and what follows it."""
    (mark,) = unused_marks(texts, 1)
    places = {group: at for at, group in enumerate(sorted(group for group in groups if group), start=1)}
    rewrite = mark + "".join(f"\\{places.get(group, 0)}{mark}" for group in groups)
    plain = re.sub(r"\(\?P<g\d+>", "(", only_groups(pattern, groups))
    return pc.split_pattern(pc.replace_substring_regex(texts, plain, rewrite), mark)


def unused_marks(texts: pa.Array, count: int) -> list[str]:
    """So many characters that stand in none of the texts."""
    content = text_bytes(texts).tobytes()
    found = list(islice((mark for mark in _MARKS if mark.encode() not in content), count))
    if len(found) == count:
        return found
    # Texts that hold them nearly all: there are more characters than any text has, and one that it does not have is found at once.
    held = frozenset(content.decode(errors="replace"))
    return list(islice((mark for mark in map(chr, range(0x10FFFD, 0, -1)) if mark not in held), count))


@cache
def rewriting(pattern: str, replacement: str) -> tuple[str, str]:
    """A pattern and a replacement as RE2 takes them: no more groups captured than the replacement names.

    `$1`, `${1}`, `${name}` and `\\1` are groups, `$0` is the whole match, `$$` is a dollar sign and `\\\\` a backslash.
    What has the form of a reference and names no group of the pattern raises `ValueError`, and more than nine groups do.
    """
    names = group_names(pattern)
    parts: list[str | int] = []
    for piece in _REFERENCE.finditer(replacement):
        parts.extend(_parts(piece, names))
    wanted = tuple(sorted({part for part in parts if isinstance(part, int) and part}))
    if len(wanted) > 9:
        raise ValueError(f"it names {len(wanted)} groups, and nine can be put in")
    plain = re.sub(r"\(\?P<g\d+>", "(", only_groups(pattern, wanted))
    written = "".join(
        part.replace("\\", "\\\\") if isinstance(part, str) else f"\\{wanted.index(part) + 1 if part else 0}" for part in parts
    )
    return plain, written


_REFERENCE = re.compile(r"\$\$|\$\{(\w+)\}|\$(\d+)|\\(\d|\\)|[^$\\]+|[$\\]", re.DOTALL)


def _parts(piece: re.Match[str], names: tuple[str, ...]) -> list[str | int]:
    named, dollar, slash = piece.groups()
    if piece.group() in {"$$", "\\\\"}:
        return [piece.group()[0]]
    if named is not None:
        group = names.index(named) + 1 if named in names else int(named) if named.isdigit() else -1
        return [group] if 0 <= group <= len(names) else _no_group(piece.group())
    digits = dollar or slash or ""
    # As many digits as name a group that there is: `$12` is group 1 and a 2, where there are fewer than twelve.
    for width in range(len(digits), 0, -1):
        if digits.isdigit() and int(digits[:width]) <= len(names):
            return [int(digits[:width]), digits[width:]]
    return _no_group(piece.group()) if digits.isdigit() else [piece.group()]


def _no_group(reference: str) -> NoReturn:
    raise ValueError(f"`{reference}` names no group of the pattern; a dollar sign is written `$$`")
