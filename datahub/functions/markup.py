"""Text to HTML and back: special characters, character references, tags."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Bytes, Ints, as_mask, broadcast, from_texts, map_distinct, valid
from datahub.functions.declare import Datum, Mask, example, function
from datahub.functions.text_memory import ONES, between, bytes_of, changed_where, rows_at, squeezed, without, words_at

if TYPE_CHECKING:
    import numpy.typing as npt

SPECIAL = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))
Words: TypeAlias = "npt.NDArray[np.uint64]"
"""Eight bytes each: so long may a character reference be after its `&` to be looked up by the batch; longer ones are rare."""
_LETTER = np.zeros(256, np.bool_)
_LETTER[ord("A") : ord("Z") + 1] = _LETTER[ord("a") : ord("z") + 1] = True
_OPENS_TAG = _LETTER.copy()
_OPENS_TAG[[ord("/"), ord("!"), ord("?")]] = True
_ELEMENTS = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[A-Za-z/!?][^>]*>")
_SPACES = re.compile("[ \t\n\v\f\r\u00a0]+")


@function(
    "html_escape(value: text) -> text",
    also=("VRL encode_html", "GREL escape html", "Bloblang escape_html", "jq @html", "CEL html.escape"),
    examples=[example('html_escape("a < b & \\"c\\"")', "a &lt; b &amp; &quot;c&quot;"), example('html_escape("plain")', "plain")],
    distinct=True,
)
def html_escape(value: Datum) -> pa.Array:
    """The text as HTML shows it literally: `&`, `<`, `>` and both quotes become character references."""
    (texts,) = broadcast(value)
    special = as_mask(pc.match_substring_regex(texts, "[&<>\"']"))
    return changed_where(special, texts, _escaped)


def _escaped(texts: pa.Array) -> pa.Array:
    for sign, reference in SPECIAL:
        texts = pc.replace_substring(texts, sign, reference)
    return texts


@function(
    "html_unescape(value: text) -> text",
    also=(
        "GREL unescape html",
        "Bloblang unescape_html",
        "Python html.unescape",
        "GREL unescape",
    ),
    examples=[
        example('html_unescape("Caf&eacute; &amp; th&#233;")', "Café & thé"),
        example('html_unescape("&amp;lt;")', "&lt;"),
        example('html_unescape("R&D")', "R&D"),
    ],
    distinct=True,
)
def html_unescape(value: Datum) -> pa.Array:
    """The text with every character reference of HTML5 decoded, once: by name, by number, and those old ones that need no `;`."""
    (texts,) = broadcast(value)
    held, ends = bytes_of(texts)
    content = _padded(held)
    gone, hard = _decode(content, ends, spaces=False)
    content, begins = without(content[: len(held)], ends, gone)
    easy = from_texts(begins, content, valid(texts))
    return changed_where(hard, texts, lambda some: map_distinct(html.unescape, pa.string(), some).values, easy)


@function(
    "html_strip(value: text) -> text",
    also=(
        "GREL parseHtml.htmlText",
        "Liquid strip_html",
        "PHP strip_tags",
        "Bloblang strip_html",
        "Jinja striptags",
        "GREL wholeText",
        "GREL ownText",
        "GREL innerHtml",
        "GREL htmlText",
        "GREL xmlText",
    ),
    examples=[
        example('html_strip("<p>Livré avec <b>notice</b><br/>&nbsp;norme&nbsp;CE</p>")', "Livré avec notice norme CE"),
        example('html_strip("1 < 2 &amp; &lt;A&gt;")', "1 < 2 & <A>"),
        example('html_strip("a<script>x > y</script> b<!-- c -->")', "a b"),
    ],
    distinct=True,
)
def html_strip(value: Datum) -> pa.Array:
    """What a reader sees of HTML: each tag a space, character references decoded, runs of spaces one, none at either end.

    Comments, scripts and styles go with all that is in them. A `<` that begins no tag stays. Spaces are space, tab,
    line ends and the no-break space.
    """
    (texts,) = broadcast(value)
    held, ends = bytes_of(texts)
    content = _padded(held)
    tags, special = _tags(content, ends)
    gone, hard = _decode(content, ends, tags)
    blank = _spaces(content)
    if tags is not None:
        blank |= tags
    easy = squeezed(content[: len(held)], ends, blank[: len(held)], ord(" "), valid(texts), gone)
    return changed_where(hard | special, texts, lambda some: map_distinct(_plain, pa.string(), some).values, easy)


def _padded(content: Bytes) -> Bytes:
    """A copy with room behind it to look ahead, a whole number of words long."""
    padded = np.empty((len(content) // 8 + 3) * 8, np.uint8)
    padded[: len(content)] = content
    padded[len(content) :] = 0
    return padded


def _plain(text: str) -> str:
    text = _TAG.sub(" ", _ELEMENTS.sub(" ", text))
    return _SPACES.sub(" ", html.unescape(text)).strip(" ")


def _spaces(content: Bytes) -> Mask:
    """Which bytes are those of a space."""
    spaces: Mask = content - np.uint8(9) <= 4
    spaces |= content == ord(" ")
    leads = np.flatnonzero(content == 0xC2)
    leads = leads[content[leads + 1] == 0xA0]
    spaces[leads] = spaces[leads + 1] = True
    return spaces


def _tags(content: Bytes, ends: Ints) -> tuple[Mask | None, Mask]:
    """Which bytes are those of tags, None where there are none; the texts with comments, scripts or styles, whose content is to go too."""
    special = np.zeros(len(ends) - 1, np.bool_)
    signs = np.flatnonzero(content & np.uint8(0xFD) == ord("<"))
    opens = content[signs] == ord("<")
    following = content[signs + 1]
    counts = ~opens | _OPENS_TAG[following]
    if not counts.all():
        signs, opens, following = signs[counts], opens[counts], following[counts]
    if not opens.any():
        return None, special
    odd = signs[opens & (following == ord("!"))], _elements(content, signs[opens & (following | 0x20 == ord("s"))])
    special[rows_at(odd[0], ends)] = special[rows_at(odd[1], ends)] = True
    first = np.zeros(len(signs) + 1, np.bool_)
    first[np.searchsorted(signs, ends)] = True
    return between(*_paired(signs, opens, first), len(content)), special


def _paired(signs: Ints, opens: Mask, first: Mask) -> tuple[Ints, Ints]:
    """Where tags start and stop, given all `<` that may open one and all `>`, and which of them are the first of a text."""
    if len(signs) % 2 == 0 and opens[::2].all() and not (opens[1::2] | first[1:-1:2]).any():
        return signs[::2], signs[1::2] + 1
    # Of several `<` before a `>` of their text the first is the tag; one that its text does not close is none.
    begins, closes = opens.copy(), np.zeros(len(signs), np.bool_)
    begins[1:] &= ~opens[:-1] | first[1:-1]
    closes[1:] = opens[:-1] & ~(opens[1:] | first[1:-1])
    return signs[begins][np.cumsum(begins)[closes] - 1], signs[closes] + 1


def _elements(content: Bytes, opening: Ints) -> Ints:
    """Which tags begin as those of scripts and styles do."""
    words = content[opening[:, None] + np.arange(2, 6)] | 0x20
    found = (words == np.frombuffer(b"crip", np.uint8)).all(axis=1) | (words == np.frombuffer(b"tyle", np.uint8)).all(axis=1)
    elements: Ints = opening[found]
    return elements


def _decode(content: Bytes, ends: Ints, tags: Mask | None = None, *, spaces: bool = True) -> tuple[Ints, Mask]:
    """Write over each short character reference what it means, at its end: the bytes left over, and the texts with other ones.

    Those in `tags` are passed over. With `spaces` one that means a space is spaces throughout, with nothing left over.
    """
    hard = np.zeros(len(ends) - 1, np.bool_)
    signs = np.flatnonzero(content == ord("&"))
    following = content[signs + 1]
    begins = _LETTER[following] | (following == ord("#"))
    if tags is not None:
        begins &= ~tags[signs]
    signs = signs[begins]
    if not len(signs):
        return signs, hard
    words = words_at(content, signs + 1)
    last = _first_semicolon(words)
    # All that is behind the `;` is no part of the name.
    words &= (last << np.uint64(1)) - np.uint64(1)
    edges = np.zeros(len(content), np.uint8)
    edges[ends] = 255
    whole = (last != 0) & (words_at(edges, signs + 1) & ((last << np.uint64(1)) - np.uint64(1)) == 0)
    if not whole.all():
        hard[rows_at(signs[~whole], ends)] = True
        signs, words = signs[whole], words[whole]
    gone = [np.empty(0, np.int64)]
    # Once for each distinct reference.
    for name, places in _by_name(words, signs):
        meaning = _meaning(name, spaces)
        if meaning is None:
            hard[rows_at(places, ends)] = True
            continue
        surplus = len(name) + 1 - len(meaning)
        for at, letter in enumerate(meaning):
            content[places + (surplus + at)] = letter
        gone.extend(places + at for at in range(surplus))
    return np.concatenate(gone), hard


def _first_semicolon(words: Words) -> Words:
    """The highest bit of the first byte of each word that is a `;`; 0 where none is."""
    other = words ^ (ONES * np.uint64(ord(";")))
    found = (other - ONES) & ~other & (ONES << np.uint64(7))
    return found & (~found + np.uint64(1))


def _by_name(words: Words, signs: Ints) -> Iterator[tuple[bytes, Ints]]:
    """The places of each distinct name."""
    coded = pa.Array.from_buffers(pa.uint64(), len(words), [None, pa.py_buffer(words)]).dictionary_encode()
    names, kind = coded.dictionary.to_numpy(), coded.indices.to_numpy()
    # Small numbers are sorted by counting them.
    order = np.argsort(kind.astype(np.uint16) if len(names) < 1 << 16 else kind, kind="stable")
    cuts = np.cumsum(np.bincount(kind, minlength=len(names)))
    for name, places in zip(names, np.split(signs[order], cuts[:-1]) if len(names) else (), strict=True):
        yield name.tobytes().rstrip(b"\0"), places


def _meaning(name: bytes, spaces: bool) -> bytes | None:
    """The UTF-8 of a character reference by its name, or None where it is not as simple as that."""
    if not name.isascii() or set(name) & set(b" &<>\t\n\r\f\v"):
        return None
    meaning = html.unescape(f"&{name.decode()}").encode()
    if not meaning or len(meaning) > len(name) + 1:
        return None
    if spaces and _SPACES.search(meaning.decode()):
        # Where more than a space is meant (`&nbsp2;`), what is left out before it would part one run of spaces in two.
        return b" " * (len(name) + 1) if _SPACES.fullmatch(meaning.decode()) else None
    return meaning
