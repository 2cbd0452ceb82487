"""Columns as elements of XML: texts built column by column and joined once, so that no row is looked at alone."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.formats.json_text import Piece, joined
from datahub.formats.texts import texts
from datahub.functions.segments import listed, unpacked
from datahub.semantic.written_names import ELEMENT
from datahub.types import model as t
from datahub.types.model import Type

NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
"""Declares the prefix of `xsi:nil`, which marks null where an absent element would mean something else."""
_NEEDS_ESCAPE = r"[&<>\"\r\n\t]"
FORBIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_IN_ATTRIBUTES = {"\n": "&#10;", "\t": "&#9;"}


def check_name(name: str, target: str) -> None:
    """Refuse a name that no element can have."""
    if not ELEMENT.fullmatch(name.removeprefix("@")):
        message = f"`{name}` cannot be the name of an element of `{target}`"
        raise BadOutput(message, 'give the column a name of letters, digits, `.`, `-` and `_`: `columns { field at "name" }`')


def check_names(kind: Type, target: str) -> None:
    """Refuse names of parts that no element can have."""
    base = t.base_of(kind)
    for name, part in base.fields if isinstance(base, t.Struct) else ():
        check_name(name, target)
        check_names(part, target)
    for part in () if isinstance(base, t.Struct) else t.parts(base):
        check_names(part, target)


def element(name: str, values: pa.Array, kind: Type) -> list[Piece]:
    """The element of each row; nothing where the value is null, and for lists one for each of their values."""
    base = t.base_of(kind)
    if isinstance(base, t.ListOf):
        items, offsets = unpacked(values)
        each = _or_nil(name, items, joined(_whole(name, items, base.item), len(items)))
        whole = pc.binary_join(listed(each, offsets), "")
        return [pc.fill_null(pc.if_else(pc.is_valid(values), whole, ""), "")]
    if not values.null_count:
        return _whole(name, values, kind)
    filled = joined([piece if isinstance(piece, str) else pc.fill_null(piece, "") for piece in _whole(name, values, kind)], len(values))
    return [pc.if_else(pc.is_valid(values), filled, "")]


def nil(name: str, values: pa.Array, kind: Type, left_out: pa.Array | None) -> list[Piece]:
    """The element that says null of each row whose value is null and not left out; a list has none: it would be one of its items."""
    if isinstance(t.base_of(kind), t.ListOf) or not values.null_count:
        return []
    null = pc.is_null(values)
    shown = null if left_out is None else pc.and_not(null, left_out)
    return [pc.if_else(shown, f'<{name} xsi:nil="true"/>', "")]


def attribute(name: str, values: pa.Array, kind: Type) -> list[Piece]:
    """The attribute of each row; nothing where the value is null."""
    content = escaped(texts(values, t.base_of(kind)), _ESCAPES | _IN_ATTRIBUTES)
    whole = joined([f' {name}="', pc.fill_null(content, ""), '"'], len(values))
    return [pc.if_else(pc.is_valid(values), whole, "")]


def _or_nil(name: str, values: pa.Array, whole: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_valid(values), whole, f'<{name} xsi:nil="true"/>') if values.null_count else whole


def _whole(name: str, values: pa.Array, kind: Type) -> list[Piece]:
    """The elements of values that are there."""
    base = t.base_of(kind)
    match base:
        case t.Struct(fields=fields):
            held = [(field, pc.struct_field(values, field), inner) for field, inner in fields]
            own = [piece for field, part, inner in held if field[:1] == "@" for piece in attribute(field[1:], part, inner)]
            parts = [piece for field, part, inner in held if field[:1] != "@" for piece in element(field, part, inner)]
            return [f"<{name}", *own, ">", *parts, f"</{name}>"]
        case t.MapOf(value=value):
            return [f"<{name}>", *_entries(values, value), f"</{name}>"]
        case t.ListOf():
            # A list in a list has no name of its own for what is in it.
            return [f"<{name}>", *element("item", values, kind), f"</{name}>"]
        case t.Nothing() | t.Unknown():
            return [f"<{name}/>"]
        case _:
            return [f"<{name}>", pc.fill_null(escaped(texts(values, base), _ESCAPES), ""), f"</{name}>"]


def _entries(values: pa.Array, value: Type) -> list[Piece]:
    entries, offsets = unpacked(values)
    keys, items = pc.struct_field(entries, "key"), pc.struct_field(entries, "value")
    heads = joined(['<entry key="', escaped(keys, _ESCAPES | _IN_ATTRIBUTES), '"'], len(entries))
    inner = [piece if isinstance(piece, str) else pc.fill_null(piece, "") for piece in _whole("entry", items, value)]
    bodies = pc.utf8_slice_codeunits(joined(inner, len(items)), len("<entry"))
    if items.null_count:
        bodies = pc.if_else(pc.is_valid(items), bodies, ' xsi:nil="true"/>')
    return [pc.fill_null(pc.binary_join(listed(pc.binary_join_element_wise(heads, bodies, ""), offsets), ""), "")]


def escaped(values: pa.Array, escapes: dict[str, str]) -> pa.Array:
    """Texts as they stand in XML; `BadOutput` for a character that XML has no way to write."""
    forbidden = pc.fill_null(pc.match_substring_regex(values, FORBIDDEN), False)
    if pc.any(forbidden).as_py():
        text = values.filter(forbidden)[0].as_py()
        found = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)
        code = f"U+{ord(found.group()):04X}" if found else "a control character"
        raise BadOutput(f"{code} in `{text[:40]!r}` cannot be written in XML", 'drop it in the map: `regex_replace(x, /[[:cntrl:]]/, "")`')
    some = pc.fill_null(pc.match_substring_regex(values, _NEEDS_ESCAPE), False)
    if not pc.any(some).as_py():
        return values
    found = values.filter(some)
    for letter, written in escapes.items():
        found = pc.replace_substring(found, letter, written)
    return pc.replace_with_mask(values, some, found)
