"""Elements of XML as the values of declared columns: what is declared decides whether an element is a list, a struct or text.

So one element in a list of them is a list too, and the second of what is declared as one value is told as a misfit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from lxml import etree

from datahub.formats.xml_path import ANY, Step, ValuePath, value_path
from datahub.semantic.ir import Reading, SourceColumn, SourceShape
from datahub.types import model as t
from datahub.types.model import Type

Element: TypeAlias = Any
"""An element of lxml, or the text of an attribute."""
Extract: TypeAlias = Callable[[Element], Any]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ENTRY, KEY = "entry", "key"
"""How an entry of a map is written where its key may be no name of an element."""
_ABSENT = object()


class RowValues:
    """The values of the rows of one source, by the names of its columns."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], namespaces: Mapping[str, str]) -> None:
        self._columns = [
            (column.names[0] if column.names else column.name, _extract(column, namespaces, shape.name))
            for column in shape.columns
            if wanted & {column.name, f"?{column.name}", f"!present.{column.name}"}
        ]
        paths = [path for column in shape.columns for path in _paths(column, namespaces, shape.name)]
        # A path without steps takes the row as a whole.
        self._first = {path.steps[0].local if path.steps else ANY for path in paths if path.steps or path.attribute is None}

    def of(self, row: Element) -> dict[str, Any]:
        """The values that `row` has; a column that it lacks is missing."""
        found = {}
        for name, extract in self._columns:
            value = extract(row)
            if value is not _ABSENT:
                found[name] = value
        return found

    def surplus(self, row: Element) -> list[str]:
        """The names of children of `row` that no column takes."""
        if ANY in self._first:
            return []
        return [name for child in row if (name := etree.QName(child).localname) not in self._first]


def _paths(column: SourceColumn, namespaces: Mapping[str, str], source: str) -> list[ValuePath]:
    return [value_path(name, namespaces, source) for name in column.names or (column.name,)]


def _extract(column: SourceColumn, namespaces: Mapping[str, str], source: str) -> Extract:
    """What takes the value of a column out of an element: the first of its places that holds something."""
    ways = [_at(path, column, namespaces, source) for path in _paths(column, namespaces, source)]
    if len(ways) == 1:
        return ways[0]

    def extract(row: Element) -> Any:
        return next((value for way in ways if (value := way(row)) is not _ABSENT), _ABSENT)

    return extract


def _at(path: ValuePath, column: SourceColumn, namespaces: Mapping[str, str], source: str) -> Extract:
    find, base = _finder(path), t.base_of(column.type)
    if isinstance(base, t.ListOf):
        item, split = _value(base.item, column.parts, namespaces, source), column.reading.split
        nullable = column.type.nullable

        def several(row: Element) -> Any:
            found = find(row)
            if split and len(found) == 1:
                return _text(found[0]) or ""
            return [item(one) for one in found] if found or not nullable else _ABSENT

        return several
    value = _value(column.type, column.parts, namespaces, source)

    def one(row: Element) -> Any:
        found = find(row)
        if len(found) == 1:
            return value(found[0])
        return [_plain(each) for each in found] if found else _ABSENT

    return one


def _finder(path: ValuePath) -> Callable[[Element], Sequence[Element]]:
    steps, attribute = path.steps, path.attribute
    if len(steps) == 1 and attribute is None:
        step = steps[0]
        return lambda row: _children(row, step)

    def find(row: Element) -> Sequence[Element]:
        found = [row]
        for step in steps:
            found = [child for one in found for child in _children(one, step)]
        if attribute is None:
            return found
        return [text for one in found for text in _attributes(one, attribute)]

    return find


def _children(element: Element, step: Step) -> list[Element]:
    if step.namespace is not None:
        return list(element.iterchildren(f"{{{step.namespace}}}{step.local}"))
    return list(element.iterchildren("*" if step.local == ANY else f"{{*}}{step.local}"))


def _attributes(element: Element, step: Step) -> list[str]:
    if step.namespace is None and step.local in element.attrib:
        return [element.attrib[step.local]]
    return [text for name, text in element.attrib.items() if step.fits(etree.QName(name).localname, etree.QName(name).namespace or "")]


def _value(kind: Type, parts: Sequence[SourceColumn], namespaces: Mapping[str, str], source: str) -> Extract:
    """What makes a value of `kind` of one element, or of the text of one attribute."""
    match t.base_of(kind):
        case t.Struct(fields=fields):
            placed = {part.name: part for part in parts}
            inner = [(name, _extract(placed.get(name) or _plainly(name, one), namespaces, source)) for name, one in fields]
            return lambda element: _struct(element, inner)
        case t.ListOf(item=item):
            # A list in a list: its elements are the children of the outer one's.
            each = _value(item, parts, namespaces, source)
            return lambda element: None if isinstance(element, str) or _is_nil(element) else [each(child) for child in element]
        case t.MapOf(value=value):
            of_entry = _value(value, (), namespaces, source)
            return lambda element: _map(element, of_entry)
        case t.Json():
            return _plain
        case _:
            return _text


def _plainly(name: str, kind: Type) -> SourceColumn:
    return SourceColumn(name, kind, (name,), "", None, Reading())


def _struct(element: Element, inner: Sequence[tuple[str, Extract]]) -> Any:
    if isinstance(element, str) or _is_nil(element):
        return str(element) if isinstance(element, str) else None
    return {name: value for name, extract in inner if (value := extract(element)) is not _ABSENT}


def _map(element: Element, value: Extract) -> Any:
    if isinstance(element, str) or _is_nil(element):
        return str(element) if isinstance(element, str) else None
    return {child.get(KEY) or etree.QName(child).localname: value(child) for child in element}


def _is_nil(element: Element) -> bool:
    return element.get(_NIL) in ("true", "1")


def _text(element: Element) -> str | None:
    """The text of an element, and of the elements in it where it holds some."""
    if isinstance(element, str):
        return str(element)
    if len(element):
        return "".join(element.itertext())
    text: str | None = element.text
    return None if text is None and _is_nil(element) else text or ""


def _plain(element: Element) -> Any:
    """An element as JSON has it: text, or an object of its attributes (`@name`), children, and text (`#text`)."""
    if isinstance(element, str):
        return str(element)
    if _is_nil(element):
        return None
    if not len(element) and not element.attrib:
        return element.text or ""
    made: dict[str, Any] = {f"@{etree.QName(name).localname}": str(text) for name, text in element.attrib.items()}
    for child in element:
        name = etree.QName(child).localname
        value = _plain(child)
        if name not in made:
            made[name] = value
        elif type(made[name]) is list:
            made[name].append(value)
        else:
            made[name] = [made[name], value]
    if element.text and element.text.strip():
        made["#text"] = element.text
    return made
