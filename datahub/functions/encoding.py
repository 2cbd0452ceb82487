"""Text in the dress of other systems: Base64, hexadecimal digits, percent signs."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Reject, as_mask, broadcast, from_texts, map_distinct, outcome, valid
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.segments import beginnings
from datahub.functions.text_memory import bytes_of, changed_where

NO_TEXT = "R603"
"""What does not decode to text is outside the domain of these functions."""


@function(
    'base64_encode(value: text, padded: bool! = true, alphabet: text! = "standard") -> text',
    sql="TO_BASE64",
    also=(
        "VRL encode_base64",
        "JSONata $base64encode",
        "DataWeave toBase64",
        "jq @base64",
        "Bloblang encode base64",
        "CEL base64.encode",
        "FEEL to base64",
        "GREL encode",
    ),
    examples=[
        example('base64_encode("please encode me")', "cGxlYXNlIGVuY29kZSBtZQ=="),
        example('base64_encode("some string value", false, "url_safe")', "c29tZSBzdHJpbmcgdmFsdWU"),
    ],
)
def base64_encode(value: Datum, padded: bool = True, alphabet: str = "standard") -> pa.Array:
    """The UTF-8 of a text in Base64, filled up with `=` if `padded`; the alphabet `url_safe` has `-` and `_` for `+` and `/`."""
    return map_distinct(partial(_in_base64, padded=padded, safe=alphabet == "url_safe"), pa.string(), value).values


@function("base64_encode(value: text, alphabet: text!) -> text")
def base64_encode_in(value: Datum, alphabet: str) -> pa.Array:
    """Base64 in another alphabet."""
    return base64_encode(value, True, alphabet)


def _in_base64(text: str, padded: bool, safe: bool) -> str:
    encoded = (base64.urlsafe_b64encode if safe else base64.b64encode)(text.encode()).decode()
    return encoded if padded else encoded.rstrip("=")


@function(
    'base64_decode(value: text, alphabet: text! = "standard") -> text',
    rejects=(NO_TEXT,),
    sql="FROM_BASE64",
    also=("VRL decode_base64", "JSONata $base64decode", "DataWeave fromBase64", "jq @base64d", "CEL base64.decode", "GREL decode"),
    examples=[
        example('base64_decode("eW91IGhhdmUgc3VjY2Vzc2Z1bGx5IGRlY29kZWQgbWU=")', "you have successfully decoded me"),
        example('base64_decode("c29tZSBzdHJpbmcgdmFsdWU")', "some string value"),
        example('base64_decode("***")', rejected=NO_TEXT),
    ],
)
def base64_decode(value: Datum, alphabet: str = "standard") -> Outcome:
    """The text that is encoded in Base64, with or without `=` at its end; what is none, or no UTF-8, is a reject (R603)."""
    return map_distinct(partial(_from_base64, safe=alphabet == "url_safe"), pa.string(), value)


def _from_base64(text: str, safe: bool) -> str | Reject:
    try:
        raw = text.rstrip("=")
        filled = len(text) - len(raw)
        # Python takes the letters of the other alphabet too.
        if filled > 2 or (filled and len(text) % 4) or (safe and ("+" in raw or "/" in raw)):
            return Reject(NO_TEXT)
        return base64.b64decode(raw + "=" * (-len(raw) % 4), b"-_" if safe else None, validate=True).decode()
    except ValueError:
        return Reject(NO_TEXT)


@function(
    "hex_encode(value: text) -> text",
    sql="HEX",
    also=("VRL encode_base16", "DataWeave toHex", "Bloblang encode hex"),
    examples=[example('hex_encode("some string value")', "736f6d6520737472696e672076616c7565"), example('hex_encode("é")', "c3a9")],
)
def hex_encode(value: Datum) -> pa.Array:
    """The UTF-8 of a text as hexadecimal digits in lower case."""
    (texts,) = broadcast(value)
    content, ends = bytes_of(texts)
    digits = HEXADECIMAL[np.stack([content >> 4, content & 15], axis=1)] | np.uint8(0x20)
    return from_texts(2 * ends, digits.ravel(), valid(texts))


@function(
    "hex_decode(value: text) -> text",
    rejects=(NO_TEXT,),
    sql="UNHEX",
    also=("VRL decode_base16", "DataWeave fromHex", "Bloblang decode hex"),
    examples=[example('hex_decode("736F6D65")', "some"), example('hex_decode("7")', rejected=NO_TEXT)],
)
def hex_decode(value: Datum) -> Outcome:
    """The text whose UTF-8 is written as hexadecimal digits; what is none is a reject (R603)."""
    return map_distinct(_from_hex, pa.string(), value)


def _from_hex(text: str) -> str | Reject:
    try:
        return binascii.unhexlify(text).decode()
    except ValueError:
        return Reject(NO_TEXT)


@function(
    "url_encode(value: text) -> text",
    sql="URL_ENCODE",
    excel="ENCODEURL",
    also=(
        "VRL encode_percent",
        "JSONata $encodeUrlComponent",
        "DataWeave encodeURIComponent",
        "jq @uri",
        "Bloblang escape_url_query",
        "GREL escape",
    ),
    examples=[example('url_encode("foo bar?")', "foo%20bar%3F"), example('url_encode("été")', "%C3%A9t%C3%A9")],
    distinct=True,
)
def url_encode(value: Datum) -> pa.Array:
    """The text as part of a web address: all but `A-Z a-z 0-9 - _ . ~` as percent signs with two digits."""
    return _percent(value, b"")


@function(
    "url_encode_full(value: text) -> text",
    also=("JSONata $encodeUrl", "DataWeave encodeURI"),
    examples=[
        example('url_encode_full("https://mozilla.org/?x=шеллы")', "https://mozilla.org/?x=%D1%88%D0%B5%D0%BB%D0%BB%D1%8B"),
        example('url_encode_full("a b")', "a%20b"),
    ],
    distinct=True,
)
def url_encode_full(value: Datum) -> pa.Array:
    """A whole web address made fit to send: what has a meaning in one (`: / ? # & =` …) stays."""
    return _percent(value, b";,/?:@&=+$!*'()#")


UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
HEXADECIMAL = np.frombuffer(b"0123456789ABCDEF", np.uint8)


def _percent(value: Datum, safe: bytes) -> pa.Array:
    """The texts with three signs for every byte that is not safe."""
    (texts,) = broadcast(value)
    content, ends = bytes_of(texts)
    stays = np.zeros(256, np.bool_)
    stays[list(UNRESERVED + safe)] = True
    strange = ~stays[content]
    if not strange.any():
        return texts
    places = beginnings(np.where(strange, 3, 1))
    written = np.empty(places[-1], np.uint8)
    written[places[:-1]] = np.where(strange, np.uint8(ord("%")), content)
    at, codes = places[:-1][strange], content[strange]
    written[at + 1], written[at + 2] = HEXADECIMAL[codes >> 4], HEXADECIMAL[codes & 15]
    return from_texts(places[ends], written, valid(texts))


@function(
    "url_decode(value: text) -> text",
    rejects=(NO_TEXT,),
    sql="URL_DECODE",
    also=("VRL decode_percent", "JSONata $decodeUrlComponent", "DataWeave decodeURIComponent", "Bloblang unescape_url_query"),
    examples=[
        example('url_decode("foo%20bar%3F")', "foo bar?"),
        example('url_decode("a+b")', "a+b"),
        example('url_decode("%E0%A4%A")', rejected=NO_TEXT),
    ],
)
def url_decode(value: Datum) -> Outcome:
    """The text with `%` and two digits decoded; a `%` without them, or what is no UTF-8 then, is a reject (R603). A `+` stays."""
    (texts,) = broadcast(value)
    some = as_mask(pc.match_substring(texts, "%"))
    broken = as_mask(pc.match_substring_regex(texts, "%(?:[^0-9A-Fa-f]|.?$|[0-9A-Fa-f][^0-9A-Fa-f])"))
    decoded = changed_where(some & ~broken, texts, lambda held: map_distinct(_unquoted, pa.string(), held).values)
    strange = as_mask(pc.is_null(decoded)) & as_mask(pc.is_valid(texts))
    return outcome(decoded, (broken | strange, NO_TEXT))


def _unquoted(text: str) -> str | None:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return None
