"""Where every key and value of a TOML text stands; the reader of the standard library does not say."""

from __future__ import annotations

import re
import tomllib
from typing import TypeAlias

from datahub.document import Document, Span
from datahub.records import record

Path: TypeAlias = tuple[str | int, ...]
"""The keys and places in arrays that lead to a value."""


@record(frozen=True, slots=True)
class Place:
    """The key of a value and the value itself; a table's value is its header."""

    key: Span
    value: Span


_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(
    r"""
      \"{3} (?:[^\\]|\\.)*? \"{3,5} (?!\")
    | '{3} .*? '{3,5} (?!')
    | \" (?:[^\"\\\n]|\\.)* \"
    | ' [^'\n]* '
    """,
    re.DOTALL | re.VERBOSE,
)
_PLAIN = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")


def places(document: Document) -> dict[Path, Place]:
    """The place of every key in a document that is TOML; what is not is the reader's to tell."""
    return _Scan(document).run()


class _Scan:
    """One pass over a text that is known to be TOML, which spares every check."""

    def __init__(self, document: Document) -> None:
        self._document, self._text, self._at = document, document.text, 0
        self._found: dict[Path, Place] = {}
        self._counts: dict[Path, int] = {}

    def run(self) -> dict[Path, Place]:
        table: Path = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> Path:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        keys = self._keys()
        self._skip(_SPACE)
        self._at += 2 if many else 1
        path = (*self._within_arrays(tuple(name for name, _ in keys[:-1])), keys[-1][0])
        whole = self._span(start)
        if many:
            number = self._counts[path] = self._counts.get(path, -1) + 1
            self._found.setdefault(path, Place(keys[-1][1], whole))
            path = (*path, number)
        elif path in self._counts:
            path = (*path, self._counts[path])
        self._found[path] = Place(keys[-1][1], whole)
        for depth in range(1, len(keys)):
            self._found.setdefault(self._within_arrays(tuple(name for name, _ in keys[:depth])), Place(keys[depth - 1][1], whole))
        return path

    def _within_arrays(self, keys: tuple[str, ...]) -> Path:
        """A path of keys with the place of the latest table wherever it leads through an array of tables."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _pair(self, table: Path) -> None:
        keys = self._keys()
        self._skip(_SPACE)
        self._at += len("=")
        self._skip(_SPACE)
        path = (*table, *(name for name, _ in keys))
        value = self._value(path)
        for depth in range(1, len(keys)):
            self._found.setdefault(path[: len(table) + depth], Place(keys[depth - 1][1], value))
        self._found[path] = Place(keys[-1][1], value)

    def _keys(self) -> list[tuple[str, Span]]:
        found = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self._text[start] in "\"'":
                self._skip(_TEXT)
                name = str(tomllib.loads(f"x = {self._text[start : self._at]}")["x"])
            else:
                self._skip(_BARE_KEY)
                name = self._text[start : self._at]
            found.append((name, self._span(start)))
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return found
            self._at += 1

    def _value(self, path: Path) -> Span:
        start = self._at
        match self._text[start]:
            case "[":
                self._array(path)
            case "{":
                self._inline(path)
            case '"' | "'":
                self._skip(_TEXT)
            case _:
                self._skip(_PLAIN)
        return self._span(start)

    def _array(self, path: Path) -> None:
        self._at += 1
        number = 0
        while self._text[self._skip(_BLANK)] != "]":
            value = self._value((*path, number))
            self._found[*path, number] = Place(value, value)
            number += 1
            if self._text[self._skip(_BLANK)] == ",":
                self._at += 1
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._text[self._skip(_BLANK)] != "}":
            self._pair(path)
            if self._text[self._skip(_BLANK)] == ",":
                self._at += 1
        self._at += 1

    def _skip(self, what: re.Pattern[str]) -> int:
        found = what.match(self._text, self._at)
        if found:
            self._at = found.end()
        return self._at

    def _span(self, start: int) -> Span:
        return Span(self._document, start, self._at)
