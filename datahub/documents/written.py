"""Values as they stand in documents of each kind, and whether a document can be read again."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from lxml import etree
from markupsafe import Markup

from datahub.documents.told import Kind

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
"""Line ends and tabs too: in an attribute they would become spaces."""
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BEGIN, _END, _RETURN = "\x01", "\x02", "\x03"
"""What no XML has in it: it stands around values until all of a document is there, and for their carriage returns."""
_VALUE = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")
_CDATA = "<![CDATA["
_CLOSES = {opens: re.compile(re.escape(closes)) for opens, closes in ((_CDATA, "]]>"), ("<!--", "-->"), ("<?", "?>"))}
_OPENS = re.compile("|".join(map(re.escape, _CLOSES)))
_HYPHEN = re.compile("^-|-(?=-|$)")
_ENCODING = re.compile(r"<\?xml[^>]*encoding=[\"']([^\"']*)")


class Unwritable(Exception):
    """A document, or a value in one, that cannot be: what it is, and what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


def writing(kind: Kind) -> Callable[[Any], Any]:
    """What makes the text of a value that stands in `{{ … }}`."""
    match kind:
        case "xml":
            return lambda value: _ready(f"{_BEGIN}{_for_xml(text_of(value))}{_END}")
        case "json":
            return lambda value: value if isinstance(value, Json) else _ready(as_json(value))
        case "text":
            return lambda value: _ready(text_of(value))


def _ready(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - it is escaped by now


def placed(made: str) -> str:
    """XML whose values are written as the place has it where each stands: an element or an attribute, CDATA, a comment."""
    done: list[str] = []
    content: list[str] = []
    place = ""
    for number, piece in enumerate(_VALUE.split(made)):
        into = content if place == _CDATA else done
        if number % 2:
            into.append(_at(place, piece))
            continue
        start = 0
        while found := (_CLOSES[place] if place else _OPENS).search(piece, start):
            into.append(piece[start : found.start()])
            if place == _CDATA:
                done.append(_as_cdata("".join(content)))
                content.clear()
            done.append(found[0])
            place, start = "" if place else found[0], found.end()
            into = content if place == _CDATA else done
        into.append(piece[start:])
    return "".join([*done, *content])


def _at(place: str, value: str) -> str:
    match place:
        case "<![CDATA[":
            return value.replace("\r", _RETURN)
        case "<!--":
            # No reference means anything there, and two of these must not stand together.
            return _HYPHEN.sub("&#45;", value.translate(_XML))
        case _:
            return value.translate(_XML)


def _as_cdata(content: str) -> str:
    """What would end it is parted, and what readers make another end of line of stands outside of it."""
    return content.replace("]]>", f"]]]]>{_CDATA}>").replace(_RETURN, f"]]>&#13;{_CDATA}")


def in_xml(text: str) -> str:
    """Text as it stands in an element or an attribute."""
    return _for_xml(text).translate(_XML)


def _for_xml(text: str) -> str:
    found = _NO_XML.search(text)
    if found:
        raise Unwritable(
            f"no XML: U+{ord(found[0]):04X} in `{text[:40]!r}` cannot be written in it",
            'drop it in the map: `regex_replace(x, /[[:cntrl:]]/, "")`',
        )
    return text


def as_json(value: Any) -> str:
    """A value as JSON on one line."""
    return _ENCODER.encode(value).decode()


def text_of(value: Any) -> str:
    """A value as text: nothing for null, `true` and `false`, numbers with their digits."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case dict() | list():
            return as_json(value)
        case _:
            return str(value)


def well_formed(text: str, kind: Kind) -> None:
    """`Unwritable` for a document that its reader could not take."""
    match kind:
        case "xml":
            _as_xml(text)
        case "json":
            _as_json(text)
        case "text":
            return


def _as_xml(text: str) -> None:
    declared = _ENCODING.match(text)
    if declared and declared[1].lower() not in ("utf-8", "utf8"):
        raise Unwritable(f"XML that says it is `{declared[1]}`", 'documents are UTF-8: write `encoding="UTF-8"`, or leave it out')
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as problem:
        raise Unwritable(f"no XML: {problem.msg}") from None
    # A value within CDATA may well be a page that begins with one.
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unwritable("XML with a DOCTYPE, which readers refuse", "leave it out")


def _as_json(text: str) -> None:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as problem:
        found = re.search(r"byte (\d+)", str(problem))
        place = len(text.encode()[: int(found[1])].decode("utf-8", "ignore")) if found else 0
        near = " ".join(text[max(place - 30, 0) : place + 20].split())
        raise Unwritable(f"no JSON near `{near}`", "values bring their quotes: write `{{ x }}` with none around it") from None


FILTERS: dict[str, Callable[[Any], Any]] = {
    "first": lambda value: value[0] if value else None,
    "last": lambda value: value[-1] if value else None,
    "length": lambda value: len(value or ()),
    "lower": lambda value: None if value is None else str(value).lower(),
    "upper": lambda value: None if value is None else str(value).upper(),
    "trim": lambda value: None if value is None else str(value).strip(),
    "tojson": lambda value: Json(as_json(value)),
}


class Json(Markup):
    """JSON that a template asked for: in a JSON document it stands as it is, elsewhere it is text."""
