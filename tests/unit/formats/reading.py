"""All that a reader gives, laid out for comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datahub.formats import load
from datahub.formats.declare import BadRecord, Block, Parsed
from datahub.semantic.ir import Reading, SourceColumn
from datahub.types.model import Text

FORMATS = load()
TEXT = Text()


def make_reader(kind, *arguments):
    make = FORMATS[kind].reader
    assert make is not None
    return make(*arguments)


def make_writer(kind, *arguments):
    make = FORMATS[kind].writer
    assert make is not None
    return make(*arguments)


def make_rejecter(kind, *arguments):
    make = FORMATS[kind].rejecter
    assert make is not None
    return make(*arguments)


def column(name, kind=TEXT, *, at=(), pattern="", parts=(), **reading):
    """A declared column."""
    return SourceColumn(name, kind, tuple(at) if at or pattern else (name,), pattern, None, Reading(**reading), (), tuple(parts))


@dataclass
class Seen:
    """All that a reader gave for one file."""

    reader: Any
    columns: dict[str, list[Any]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    failures: list[tuple[Any, ...]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    parsed: list[Parsed] = field(default_factory=list)

    @property
    def rows(self):
        return [dict(zip(self.columns, values)) for values in zip(*self.columns.values())]

    @property
    def problems(self):
        return [(one.line, one.code) for one in self.bad]

    @property
    def warnings(self):
        return list(self.reader.warnings())


def see(reader, files) -> Seen:
    """Everything in `files`, block by block."""
    seen = Seen(reader)
    count = 0
    for number, file in enumerate(files):
        for block in reader.blocks(file, number, count):
            count += 1
            parsed = reader.parse(block)
            seen.blocks.append(block)
            seen.parsed.append(parsed)
            _add(seen, block, parsed)
    return seen


def _add(seen, block, parsed):
    for name, one in parsed.columns.items():
        seen.columns.setdefault(name.rpartition(".")[2] if name.startswith("#") else name, []).extend(one.array(parsed.length).to_pylist())
        for failure in one.failures:
            values = failure.values.to_pylist() if failure.values is not None else [None] * len(failure.rows)
            paths = failure.paths.to_pylist() if failure.paths is not None else [None] * len(failure.rows)
            elements = failure.elements.tolist() if failure.elements is not None else [None] * len(failure.rows)
            for row, value, path, element in zip(failure.rows.tolist(), values, paths, elements):
                seen.failures.append((failure.code, name, row, value, path, element, failure.inside))
    places = range(parsed.length) if parsed.positions is None else parsed.positions
    lines = [block.first_line + int(place) for place in places] if parsed.lines is None else parsed.lines.tolist()
    seen.lines.extend(lines)
    seen.bad.extend(parsed.bad)
