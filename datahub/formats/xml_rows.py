"""Documents of XML as records of JSON, in the process that reads what strangers wrote: cut into rows, and these into their values."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from typing import Any

from lxml import etree

from datahub.diagnostics.suggest import listed
from datahub.formats.apart.child import Talk
from datahub.formats.bounds import ADDED
from datahub.formats.xml_path import RowsPath, Scope, Step, declarations
from datahub.formats.xml_scan import Cut, Piece, pieces
from datahub.formats.xml_values import Element, RowValues

_SAMPLE, _TOGETHER = 60, 1000
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def read(talk: Talk, asked: dict[str, Any], _file: int) -> None:
    """A document that comes in parts: its pieces one by one, each with its rows as they stand there and as records."""
    steps, anywhere, text = asked["rows"]
    path = RowsPath(tuple(Step(*step) for step in steps), anywhere, text)
    rows = _Rows(asked)
    for piece, encoding in pieces(lambda: bytes(talk.read()), Cut(asked["name"], path, asked["size"], asked["doctype"])):
        told = {"offset": piece.offset, "length": piece.length, "scope": piece.scope, "around": piece.around, "encoding": encoding}
        found, *parts = rows.of(_cut(piece), piece.scope)
        talk.send({**told, **found}, piece.text, *map(_bytes, (piece.starts, piece.ends, piece.lines)), *parts)


def read_again(talk: Talk, asked: dict[str, Any], _file: int) -> None:
    """Rows that were cut before, as records."""
    text = bytes(talk.read())
    starts, ends = array("q", bytes(talk.read())), array("q", bytes(talk.read()))
    found, *parts = _Rows(asked).of([text[start:end] for start, end in zip(starts, ends, strict=True)], asked["scope"])
    talk.send(found, *parts)


def _bytes(numbers: array[int]) -> bytes:
    return numbers.tobytes()


def _cut(piece: Piece) -> list[bytes]:
    return [piece.text[start:end] for start, end in zip(piece.starts, piece.ends, strict=True)]


class _Rows:
    """Rows of one source as records: which are none and why, what they have that nobody declared."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._values, self._strict, self._source = RowValues(asked["values"]), bool(asked["strict"]), asked["source"]
        self._sampled = False

    def of(self, texts: Sequence[bytes], scope: Scope) -> tuple[dict[str, Any], bytes, bytes]:
        """What is told of the rows; their records, one behind the other; and where each of these ends."""
        bad: list[tuple[int, str, str]] = []
        records: list[bytes] = []
        surplus: list[str] = []
        # Trees take many times the room of their text: there are never many at a time.
        for start in range(0, len(texts), _TOGETHER):
            rows = _trees(texts[start : start + _TOGETHER], scope)
            surplus += self._surplus(rows)
            for number, row in enumerate(rows, start):
                code, why = ("R005", row) if isinstance(row, str) else ("R003", self._refused(row))
                if why:
                    bad.append((number, code, why))
                else:
                    records.append(_encoded(self._values.of(row)))
        ends = array("q")
        end = 0
        for record in records:
            end += len(record)
            ends.append(end)
            end += 1
        return {"bad": bad, "surplus": surplus}, b"\n".join(records), ends.tobytes()

    def _surplus(self, rows: Sequence[Element | str]) -> list[str]:
        """What the first rows of all have that no column takes."""
        if self._sampled:
            return []
        self._sampled = True
        sample = [row for row in rows if not isinstance(row, str)][:_SAMPLE]
        return list(dict.fromkeys(name for row in sample for name in self._undeclared(row)))

    def _undeclared(self, row: Element) -> list[str]:
        return [name for name in self._values.surplus(row) if not name.startswith(ADDED)]

    def _refused(self, row: Element) -> str:
        undeclared = self._undeclared(row) if self._strict else ()
        return f"the row has {listed(undeclared)}, which `{self._source}` does not declare" if undeclared else ""


def _encoded(values: dict[str, Any]) -> bytes:
    return _encoder.encode(values).encode()


def _trees(rows: Sequence[bytes], scope: Scope) -> list[Element | str]:
    """Rows as elements of lxml, or why one is none: their prefixes were not looked at when the document was cut."""
    begin = b"<rows" + declarations(scope).encode() + b">"
    try:
        return list(_tree(begin, rows))
    except etree.XMLSyntaxError:
        # One at a time, which is slow, tells the good ones from the others.
        return [_alone(begin, row) for row in rows]


def _alone(begin: bytes, row: bytes) -> Element | str:
    try:
        return _tree(begin, [row])[0]
    except etree.XMLSyntaxError as problem:
        return f"the row is no XML: {problem.msg.rpartition(', line')[0] or problem.msg}"


def _tree(begin: bytes, rows: Sequence[bytes]) -> Any:
    # Entities of a DOCTYPE cannot be there, and nothing outside is asked for. That an `xml:id` is no name or comes twice makes nothing
    # less of an XML.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    return etree.fromstring(begin + b"".join(rows) + b"</rows>", parser)
