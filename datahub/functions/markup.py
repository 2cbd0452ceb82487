"""Text to HTML and back: special characters, character references, tags."""

from __future__ import annotations

import html
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Bytes, Ints, as_mask, broadcast, from_texts, map_distinct, valid
from datahub.functions.declare import Datum, Mask, example, function
from datahub.functions.text_memory import before, bytes_of, changed_where, overwrite, rows_at, squeezed, without

SPECIAL = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))
LONGEST = 8
"""How long a character reference may be after its `&` to be looked up by the batch; longer ones are rare."""
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
    special = _blank_tags(content, ends)
    gone, hard = _decode(content, ends, spaces=True)
    content = content[: len(held)]
    easy = squeezed(content, ends, _spaces(content), ord(" "), valid(texts), gone)
    return changed_where(hard | special, texts, lambda some: map_distinct(_plain, pa.string(), some).values, easy)


def _padded(content: Bytes) -> Bytes:
    """A copy with room behind it to look ahead, a whole number of words long."""
    padded = np.zeros((len(content) // 8 + 3) * 8, np.uint8)
    padded[: len(content)] = content
    return padded


def _plain(text: str) -> str:
    text = _TAG.sub(" ", _ELEMENTS.sub(" ", text))
    return _SPACES.sub(" ", html.unescape(text)).strip(" ")


def _spaces(content: Bytes) -> Mask:
    """Which bytes are those of a space."""
    spaces: Mask = (content == ord(" ")) | (content - 9 <= 4)
    leads = np.flatnonzero(content == 0xC2)
    leads = leads[content[leads + 1] == 0xA0]
    spaces[leads] = spaces[leads + 1] = True
    return spaces


def _blank_tags(content: Bytes, ends: Ints) -> Mask:
    """Write spaces over all tags; the texts with comments, scripts or styles, whose content is to go too."""
    special = np.zeros(len(ends) - 1, np.bool_)
    opening = np.flatnonzero(content == ord("<"))
    following = content[opening + 1]
    opens = _OPENS_TAG[following]
    if not opens.any():
        return special
    opening, following = opening[opens], following[opens]
    rows = rows_at(opening, ends)
    special[rows[(following == ord("!")) | _begins_element(content, opening, following)]] = True
    ending = content == ord(">")
    closing = np.append(np.flatnonzero(ending), len(content))
    until = before(ending, opening)
    # A tag that its text does not close is none; of several that one `>` closes, the first is the tag.
    closed = closing[until] < ends[rows + 1]
    opening, until = opening[closed], until[closed]
    first = np.diff(until, prepend=-1) != 0
    opening, closing = opening[first], closing[until[first]]
    overwrite(content, opening, closing + 1, ord(" "))
    return special


def _begins_element(content: Bytes, opening: Ints, following: Bytes) -> Mask:
    """Which tags begin as those of scripts and styles do."""
    result: Mask = (following | 0x20) == ord("s")
    words = content[opening[result][:, None] + np.arange(1, 6)] | 0x20
    result[result] = (words == np.frombuffer(b"scrip", np.uint8)).all(axis=1) | (words == np.frombuffer(b"style", np.uint8)).all(axis=1)
    return result


def _decode(content: Bytes, ends: Ints, spaces: bool) -> tuple[Ints, Mask]:
    """Write over each short character reference what it means, at its end: the bytes left over, and the texts with other ones.

    With `spaces` one that means a space is spaces throughout, with nothing left over.
    """
    hard = np.zeros(len(ends) - 1, np.bool_)
    signs = np.flatnonzero(content == ord("&"))
    following = content[signs + 1]
    signs = signs[_LETTER[following] | (following == ord("#"))]
    if not len(signs):
        return signs, hard
    rows = rows_at(signs, ends)
    words = content[signs[:, None] + np.arange(1, LONGEST + 1)]
    length = np.argmax(words == ord(";"), axis=1) + 1
    whole = (words == ord(";")).any(axis=1) & (signs + length < ends[rows + 1])
    hard[rows[~whole]] = True
    signs, rows, length, words = signs[whole], rows[whole], length[whole], words[whole]
    words[np.arange(LONGEST) >= length[:, None]] = 0
    known, kind = np.unique(words.view(np.uint64).ravel(), return_inverse=True)
    gone = [np.empty(0, np.int64)]
    groups = np.split(np.argsort(kind, kind="stable"), np.cumsum(np.bincount(kind, minlength=len(known)))[:-1]) if len(known) else []
    # Once for each distinct reference.
    for number, some in zip(known, groups, strict=True):
        name = number.tobytes().rstrip(b"\0")
        meaning = _meaning(name, spaces)
        if meaning is None:
            hard[rows[some]] = True
            continue
        surplus = len(name) + 1 - len(meaning)
        for at, letter in enumerate(meaning):
            content[signs[some] + surplus + at] = letter
        gone.extend(signs[some] + at for at in range(surplus))
    return np.concatenate(gone), hard


def _meaning(name: bytes, spaces: bool) -> bytes | None:
    """The UTF-8 of a character reference by its name, or None where it is not as simple as that."""
    if not name.isascii() or set(name) & set(b" &\t\n\r\f\v"):
        return None
    meaning = html.unescape(f"&{name.decode()}").encode()
    if not meaning or len(meaning) > len(name) + 1:
        return None
    if spaces and _SPACES.fullmatch(meaning.decode()):
        return b" " * (len(name) + 1)
    return meaning
