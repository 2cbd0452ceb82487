"""Elements of XML as the values of declared columns: what is declared decides whether an element is a list, a struct or text.

So one element in a list of them is a list too, and the second of what is declared as one value is told as a misfit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from lxml import etree

from datahub.formats.xml_path import ANY, Step, ValuePath

Element: TypeAlias = Any
"""An element of lxml, or the text of an attribute."""
Extract: TypeAlias = Callable[[Element], Any]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ENTRY, KEY = "entry", "key"
"""How an entry of a map is written where its key may be no name of an element."""
_ABSENT = object()


class RowValues:
    """The values of the rows of one source, by the names of its columns, as its plan says."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._columns = [(name, _extract(places)) for name, places in plan["columns"]]
        self._first = set(plan["first"])

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


def _extract(places: Sequence[dict[str, Any]]) -> Extract:
    """What takes the value of a column out of an element: the first of its places that holds something."""
    ways = [_at(place) for place in places]
    if len(ways) == 1:
        return ways[0]

    def extract(row: Element) -> Any:
        return next((value for way in ways if (value := way(row)) is not _ABSENT), _ABSENT)

    return extract


def _at(place: dict[str, Any]) -> Extract:
    attribute = place["attribute"]
    find = _finder(ValuePath(tuple(Step(*step) for step in place["steps"]), Step(*attribute) if attribute else None))
    if "several" in place:
        item, split, nullable = _value(place["several"]), place["split"], place["nullable"]

        def several(row: Element) -> Any:
            found = find(row)
            if split and len(found) == 1:
                return _text(found[0]) or ""
            return [item(one) for one in found] if found or not nullable else _ABSENT

        return several
    value, split = _value(place["one"]), place["split"]

    def one(row: Element) -> Any:
        found = find(row)
        if len(found) == 1:
            return _text(found[0]) if split and not len(found[0]) else value(found[0])
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


def _value(plan: dict[str, Any]) -> Extract:
    """What makes a value of one element, or of the text of one attribute."""
    match plan["kind"]:
        case "struct":
            inner = [(name, _extract(places)) for name, places in plan["fields"]]
            return lambda element: _struct(element, inner)
        case "list":
            # A list in a list: its elements are the children of the outer one's.
            each = _value(plan["item"])
            return lambda element: None if isinstance(element, str) or _is_nil(element) else [each(child) for child in element]
        case "map":
            of_entry = _value(plan["value"])
            return lambda element: _map(element, of_entry)
        case "plain":
            return _plain
        case _:
            return _text


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
    made: dict[str, Any] = {}
    for name, text in element.attrib.items():
        key = etree.QName(name).localname
        # The element's own, where one of another namespace is called alike.
        if key == name or f"@{key}" not in made:
            made[f"@{key}"] = str(text)
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
