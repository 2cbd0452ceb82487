"""The rows of an XML document out of its beginning: the first elements that come several times side by side.

What a person points at may have come from anywhere: a process of its own looks at it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from datahub.formats.apart.child import Talk
from datahub.formats.apart.process import Work, answer
from datahub.formats.bad_input import BadInput
from datahub.formats.xml_path import rows_path
from datahub.formats.xml_scan import Cut, beginning
from datahub.records import record

_MEMORY = 1 << 30


@record(frozen=True, slots=True)
class Elements:
    """Rows as values by the paths of their parts, the path of the rows themselves, and whether a DOCTYPE stands before them."""

    path: str
    rows: tuple[dict[str, Any], ...]
    whole: bool
    doctype: bool = False


def elements(data: bytes, name: str, whole: bool) -> Elements | None:
    """The rows that `data`, the beginning of the file called `name`, begins with; None where it holds none."""
    told, _ = answer(Work("datahub.samples.markup:look", name, _MEMORY), {"whole": whole, "name": name}, iter((data,)))
    return Elements(told["path"], tuple(told["rows"]), whole, told["doctype"]) if told else None


def look(talk: Talk, asked: dict[str, Any], _file: int) -> None:
    """The rows that a document begins with, in the process that reads what strangers wrote."""
    text, doctype = _checked(bytes(talk.read()), asked)
    # What is cut off at the end is closed; nothing outside is asked for.
    parser = etree.XMLParser(
        recover=True, encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(text, parser)
    found = _repeated([([_local(root)], [root])]) if root is not None else None
    if found is None:
        talk.send({})
        return
    path, several = found
    rows = several if asked["whole"] or len(several) < 2 else several[:-1]
    lists = {name for row in rows for name, count in Counter(_local(child) for child in row).items() if count > 1}
    talk.send({"path": "/" + "/".join(path), "rows": [dict(_parts(row, lists)) for row in rows], "doctype": doctype})


def _checked(data: bytes, asked: dict[str, Any]) -> tuple[bytes, bool]:
    """What stands in the document, as far as a source can read it; and whether one must pass over its DOCTYPE for that."""
    cut = Cut(asked["name"], rows_path("", {}, ""), 0, doctype=False)
    try:
        return beginning(data, cut, final=asked["whole"]), False
    except BadInput:
        return beginning(data, cut._replace(doctype=True), final=asked["whole"]), True


def _repeated(level: list[tuple[list[str], list[Any]]]) -> tuple[list[str], list[Any]] | None:
    """The first elements of one name, level by level, of which one parent has several."""
    while level:
        deeper: list[tuple[list[str], list[Any]]] = []
        for path, parents in level:
            by_name: dict[str, list[Any]] = {}
            for parent in parents:
                for child in parent:
                    by_name.setdefault(_local(child), []).append(child)
            for name, children in by_name.items():
                if len(children) > len(parents):
                    return [*path, name], children
                deeper.append(([*path, name], children))
        level = deeper
    return None


def _parts(row: Any, lists: set[str]) -> Iterator[tuple[str, Any]]:
    """What a row holds: its attributes, the values of its children, and the attributes of those that are values themselves."""
    yield from ((f"@{_name(name)}", value) for name, value in row.attrib.items())
    held: dict[str, Any] = {}
    for child in row:
        name = _local(child)
        if name in lists:
            held.setdefault(name, []).append(_value(child))
        else:
            held[name] = _value(child)
            if not len(child):
                held |= {f"{name}/@{_name(one)}": value for one, value in child.attrib.items() if not one.startswith("{")}
    yield from held.items()


def _value(element: Any) -> Any:
    if not len(element):
        text = (element.text or "").strip()
        return text or None
    counted: Sequence[tuple[str, int]] = list(Counter(_local(child) for child in element).items())
    several = {name for name, count in counted if count > 1}
    held: dict[str, Any] = {}
    for child in element:
        name = _local(child)
        if name in several:
            held.setdefault(name, []).append(_value(child))
        else:
            held[name] = _value(child)
    return held


def _local(element: Any) -> str:
    return _name(element.tag)


def _name(tag: Any) -> str:
    # A prefix that nobody declares is a part of the name for who reads with namespaces.
    return str(tag).rpartition("}")[2].rpartition(":")[2]
