"""The structure of JSON text by vectors: where braces, brackets, commas and colons outside of texts are, and how deep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DEEPEST = 128
"""Values nested deeper are refused: parsers that recurse would fall over far deeper ones."""
LONGEST_RECORD = 16 << 20

_MARKS = np.zeros(256, np.bool_)
_MARKS[list(b'{}[],:"\\')] = True
_STEP = np.zeros(256, np.int8)
_STEP[list(b"{[")] = 1
_STEP[list(b"}]")] = -1


@dataclass(frozen=True, slots=True)
class Structure:
    """Structural characters in order: where, which, and the depth behind each; `open` says that a text did not end."""

    places: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint8]
    depths: npt.NDArray[np.int64]
    open: bool

    @property
    def deepest(self) -> int:
        return int(self.depths.max(initial=0))


def structure(data: bytes) -> Structure:
    """The structure of `data`, which begins outside of any text."""
    text = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(_MARKS[text])
    marks = text[places]
    quotes = marks == 34
    slashes = marks == 92
    if slashes.any():
        quotes &= ~_escaped(places, slashes)
    outside = (np.cumsum(quotes) & 1) == 0
    kept = outside & ~quotes & ~slashes
    places, marks = places[kept], marks[kept]
    return Structure(places, marks, np.cumsum(_STEP[marks], dtype=np.int64), bool(len(outside)) and not bool(outside[-1]))


def _escaped(places: npt.NDArray[np.int64], slashes: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which marks stand behind an odd number of backslashes."""
    numbers = np.arange(len(places))
    adjacent = np.zeros(len(places), np.bool_)
    adjacent[1:] = places[1:] == places[:-1] + 1
    begins = slashes.copy()
    begins[1:] &= ~(slashes[:-1] & adjacent[1:])
    first = np.maximum.accumulate(np.where(begins, numbers, 0))
    odd = slashes & ((numbers - first) % 2 == 0)
    found = np.zeros(len(places), np.bool_)
    found[1:] = odd[:-1] & adjacent[1:] & ~slashes[1:]
    return found


def too_deep(record: bytes) -> bool:
    """Whether a record nests deeper than is read; openers are counted before their structure is looked at."""
    if record.count(b"{") + record.count(b"[") <= DEEPEST:
        return False
    return structure(record).deepest > DEEPEST


def may_be_deep(data: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> bool:
    """Whether one of the records at `starts` has more openers than may be nested."""
    text = np.frombuffer(data, np.uint8)
    openers = np.flatnonzero((text == 123) | (text == 91))
    if not len(openers) or not len(starts):
        return False
    counts = np.searchsorted(openers, ends) - np.searchsorted(openers, starts)
    if int(counts.max()) <= DEEPEST:
        return False
    suspects = np.flatnonzero(counts > DEEPEST)
    # Only records with very many braces are looked at one by one.
    return any(structure(data[int(starts[at]) : int(ends[at])]).deepest > DEEPEST for at in suspects)
