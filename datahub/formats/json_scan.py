"""The structure of JSON text by vectors: where braces, brackets, commas and colons outside of texts are, and how deep."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from datahub.formats.bounds import DEEPEST as DEEPEST
from datahub.formats.bounds import LONGEST_RECORD as LONGEST_RECORD
from datahub.formats.places import counted, places_where
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt

Positions: TypeAlias = "npt.NDArray[np.int64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"


@record(frozen=True, slots=True)
class Structure:
    """Structural characters in order: where, which, and the depth behind each; `open` says that a text did not end."""

    places: Positions
    marks: Bytes
    depths: Positions
    open: bool

    @property
    def deepest(self) -> int:
        return int(self.depths.max(initial=0))

    def before(self, at: int) -> Structure:
        """The part of it before `at`, which is outside of any text."""
        count = int(np.searchsorted(self.places, at))
        return Structure(self.places[:count], self.marks[:count], self.depths[:count], open=False)


def structure(data: bytes) -> Structure:
    """Braces, brackets, commas and colons of `data`, which begins outside of any text."""
    text = np.frombuffer(data, np.uint8)
    return _structure(data, text, places_where(text, lambda part: _brackets(part) | (part == 44) | (part == 58)))


def nesting(data: bytes) -> Structure:
    """Braces and brackets alone, of which there are far fewer."""
    text = np.frombuffer(data, np.uint8)
    return _structure(data, text, places_where(text, _brackets))


def _brackets(text: Bytes) -> npt.NDArray[np.bool_]:
    """Braces and brackets, which one bit tells from each other."""
    folded = text | 0x20
    found: npt.NDArray[np.bool_] = (folded == 123) | (folded == 125)
    return found


def _structure(data: bytes, text: Bytes, places: Positions) -> Structure:
    quotes = _quotes(data, text)
    places = places[np.searchsorted(quotes, places) & 1 == 0]
    marks = text[places]
    folded = marks | 0x20
    steps = (folded == 123).astype(np.int8) - (folded == 125).astype(np.int8)
    return Structure(places, marks, np.cumsum(steps, dtype=np.int64), bool(len(quotes) % 2))


def _quotes(data: bytes, text: Bytes) -> Positions:
    """The quotes that open and close texts."""
    quotes = places_where(text, lambda part: part == 34)
    if b"\\" not in data:
        return quotes
    slashes = places_where(text, lambda part: part == 92)
    last = np.append(np.diff(slashes) > 1, True)
    first = np.concatenate((np.ones(1, np.bool_), last[:-1]))
    # Only behind an odd number of backslashes is a quote part of a text.
    odd = (slashes[last] - slashes[first]) % 2 == 0
    behind = slashes[last][odd] + 1
    at = np.searchsorted(quotes, behind)
    inside = at < len(quotes)
    at, behind = at[inside], behind[inside]
    return np.delete(quotes, at[quotes[at] == behind])


def too_deep(record: bytes) -> bool:
    """Whether a record nests deeper than is read; openers are counted before their structure is looked at."""
    if record.count(b"{") + record.count(b"[") <= DEEPEST:
        return False
    return nesting(record).deepest > DEEPEST


def may_be_deep(data: bytes, starts: Positions, ends: Positions) -> bool:
    """Whether one of the records at `starts` has more openers than may be nested."""
    if not len(starts):
        return False
    text = np.frombuffer(data, np.uint8)
    counts = counted(text, lambda part: (part | 0x20) == 123, starts, ends)
    if int(counts.max()) <= DEEPEST:
        return False
    suspects = np.flatnonzero(counts > DEEPEST)
    # Only records with very many braces are looked at one by one.
    return any(nesting(data[int(starts[at]) : int(ends[at])]).deepest > DEEPEST for at in suspects)
