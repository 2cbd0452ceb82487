"""Values of JSON answers: read exactly, found by a path such as `$.data[0].id`, and filled into `{{call.path}}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.paths import SLOT, steps
from datahub.project.redaction import redacted

# Numbers keep their digits: 1.50 is not 1.5, and 12345678901234567890 stays what it is.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")

_WRITTEN_OUT = 100
"""Up to so many digits a number is written without an exponent."""


class Absent(TerminalError):
    """The answer has nothing at that path."""


def decoded(data: bytes, what: str, charset: str | None = None) -> Any:
    """The value that a body of JSON holds: in UTF-8, UTF-16 or UTF-32, or else in the `charset` that the other side tells."""
    try:
        return _DECODER.decode(_as_utf8(data, charset))
    except RecursionError:
        raise TerminalError(f"{what}: the answer is nested too deeply to be read") from None
    except (msgspec.DecodeError, UnicodeError, LookupError) as problem:
        shown = redacted.cut(data.decode("utf-8", "replace"), 80)
        why = problem if isinstance(problem, msgspec.DecodeError) else f"its text is not {charset or 'UTF-8'}"
        raise TerminalError(f"{what}: the answer is no JSON ({why}): `{shown}`", "a file of another format is a `download`") from None


def _as_utf8(data: bytes, charset: str | None) -> bytes:
    encoding: str = json.detect_encoding(data)
    if encoding.startswith("utf-8"):
        text = data.removeprefix(b"\xef\xbb\xbf")
        if charset is None or charset.lower().startswith("utf") or _is_utf8(text):
            return text
        encoding = charset
    return data.decode(encoding).encode()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def encoded(value: Any) -> bytes:
    """A value as JSON on one line."""
    return _ENCODER.encode(value)


def encoded_lines(rows: list[Any]) -> bytes:
    """Rows as JSON lines."""
    return _ENCODER.encode_lines(rows)


def at(value: Any, path: str, what: str) -> Any:
    """What lies at a path; `[*]` gathers all elements into one list. `Absent` where there is nothing."""
    many = False
    found = [value]
    try:
        for step in steps(path):
            if step is None:
                many = True
                found = [one for inner in found for one in inner]
            elif isinstance(step, str) and all(type(inner) is dict for inner in found):
                found = [inner[step] for inner in found]
            else:
                found = [_inside(inner, step) for inner in found]
    except (KeyError, IndexError, TypeError):
        raise Absent(f"{what}: the answer has nothing at `{path}`", _nearby(value)) from None
    return found if many else found[0]


def _inside(value: Any, key: Any) -> Any:
    if isinstance(value, dict if isinstance(key, str) else list):
        return value[key]
    raise TypeError


def _nearby(value: Any) -> str:
    return f"it has {', '.join(f'`{one}`' for one in list(value)[:12])}" if isinstance(value, dict) else ""


def fill(template: Any, values: Mapping[str, Any], *, url: bool = False) -> Any:
    """A template of any shape with its slots filled: text that is one slot alone takes the value with its type.

    `url` percent-encodes what is filled in: a value can add no path, query or fragment.
    """
    match template:
        case str():
            whole = SLOT.fullmatch(template)
            if whole and not url:
                return value_of(whole[1], values)
            if url:
                return SLOT.sub(lambda found: quote(_in_path(found[1], value_of(found[1], values)), safe=""), template)
            return SLOT.sub(lambda found: text_of(value_of(found[1], values)), template)
        case dict():
            return {key: fill(one, values, url=url) for key, one in template.items()}
        case list():
            return [fill(one, values, url=url) for one in template]
        case _:
            return template


def _in_path(slot: str, value: Any) -> str:
    """A value as a part of a path, which without it would lead elsewhere: to a list in place of one of its elements."""
    if isinstance(value, list | dict):
        raise TerminalError(
            f"`{{{{{slot}}}}}` is `{redacted.cut(encoded(value).decode('utf-8', 'replace'), 80)}`, and stands in a path",
            "name a part of it",
        )
    text = text_of(value)
    if not text and slot != "CURSOR":
        raise Absent(f"`{{{{{slot}}}}}` is empty, and stands in a path", "an address without it would lead elsewhere")
    return text


def value_of(slot: str, values: Mapping[str, Any]) -> Any:
    """What `CURSOR` or `call.path` stands for."""
    name = re.split(r"[.\[]", slot, maxsplit=1)[0]
    if name not in values:
        known = ", ".join(f"`{{{{{one}}}}}`" for one in sorted(values))
        raise TerminalError(
            f"nothing fills `{{{{{slot}}}}}`", f"there are {known or 'none'}; a later call knows those before it by their `name`"
        )
    what = "`{{EACH}}`" if name == "EACH" else f"the call `{name}`"
    return at(values[name], "$" + slot[len(name) :], what)


def text_of(value: Any) -> str:
    """A value as it stands in a query or a path."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            # Written out, `1e999999999` takes a thousand million characters.
            return f"{value:f}" if abs(value.adjusted()) <= _WRITTEN_OUT else str(value)
        case list() | dict():
            return encoded(value).decode()
        case _:
            return str(value)


def described(value: Any) -> str:
    """A value out of an answer as JSON writes it, short enough to be shown; a text without its quotes."""
    return redacted.cut("null" if value is None else text_of(value), 120)
