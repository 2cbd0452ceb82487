"""Keys under which texts that mean the same come together: of words, and of short pieces."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Reject, broadcast, is_constant, map_distinct
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.wording import ascii_letters

CATEGORY = "wording"
_SIGNS = r"[^a-z0-9 \t\n\v\f\r]"


@function(
    "fingerprint(value: text) -> text",
    category=CATEGORY,
    also=("GREL fingerprint", "OpenRefine key collision"),
    examples=[
        example('fingerprint("Société  Générale, S.A.")', "generale sa societe"),
        example('fingerprint("S.A. Générale Société")', "generale sa societe"),
        example('fingerprint("...")', ""),
    ],
)
def fingerprint(value: Datum) -> pa.Array:
    """A key for names that are written differently: the words in ASCII and small letters, without signs, sorted, each one once."""
    return map_distinct(_sorted_words, pa.string(), _plain(value)).values


@function(
    "ngram_fingerprint(value: text, size: int = 2) -> text",
    category=CATEGORY,
    rejects=("R603",),
    also=("GREL ngramFingerprint",),
    examples=[
        example('ngram_fingerprint("Paris")', "arispari"),
        example('ngram_fingerprint("p-ar is", 1)', "aiprs"),
        example('ngram_fingerprint("a", 2)', "a"),
        example('ngram_fingerprint("abc", 0)', rejected="R603"),
    ],
)
def ngram_fingerprint(value: Datum, size: Datum) -> Outcome:
    """A key that forgives single letters: all pieces of `size` characters, in ASCII without signs and spaces, sorted, each one once.

    A shorter text is its own key; a size below 1 is a reject (R603).
    """
    plain = _plain(value)
    return map_distinct(_sorted_pieces, pa.string(), plain[0] if is_constant(value) else plain, size)


def _plain(value: Datum) -> pa.Array:
    """The text in ASCII and small letters, without what is neither letter, digit nor space."""
    (texts,) = broadcast(value)
    return pc.replace_substring_regex(pc.ascii_lower(broadcast(ascii_letters(texts))[0]), _SIGNS, "")


def _sorted_words(text: str) -> str:
    return " ".join(sorted(set(text.split())))


def _sorted_pieces(text: str, size: int) -> Any:
    if size < 1:
        return Reject("R603")
    dense = re.sub(r"\s", "", text)
    return "".join(sorted({dense[at : at + size] for at in range(len(dense) - size + 1)})) or dense
