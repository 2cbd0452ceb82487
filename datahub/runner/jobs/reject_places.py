"""Which of a run's rejected rows a file holds that was made of them, whatever was corrected in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from datahub.formats.declare import FORMATS, BadInput, InputFile
from datahub.formats.delimited import line_reader
from datahub.records import record
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.made import files_made
from datahub.runner.jobs.refused import target_of
from datahub.semantic.ir import Reading, SourceColumn, SourceShape
from datahub.state.records import Rejects
from datahub.types.model import Text

_NAMES = ("_dhm_row", "_dhm_line")
"""What a file of rejects says of where a row stood."""
_Marks = Sequence[tuple[str, ...]]


@record(frozen=True, slots=True)
class Held:
    """How many rows a file holds, and where those stand among the rejected ones; None where that is not known of all of them."""

    rows: int
    places: Sequence[int] | None


def held(context: JobContext, rejects: Rejects, file: Path) -> Held:
    """What `file` holds of the rejects."""
    if file == Path(rejects.path):
        return Held(rejects.rows, range(rejects.rows))
    whole = Path(rejects.path)
    count, mine = _marks(context, rejects, file)
    theirs = _marks(context, rejects, whole)[1] if whole.is_file() else []
    places = _placed(mine, theirs) if len(theirs) == rejects.rows and len(mine) == count else None
    if places is None and count >= rejects.rows:
        # Whoever took the marks away has corrected all of them, as far as anybody can see.
        places = range(rejects.rows)
    return Held(count, places)


def _placed(mine: _Marks, theirs: _Marks) -> Sequence[int] | None:
    """Where each row stands; None where one is none of theirs, or could be one of several."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place, mark in enumerate(theirs):
        places.setdefault(mark, []).append(place)
    found: list[int] = []
    for mark, count in Counter(mine).items():
        there = places.get(mark, [])
        # Rows of several files may have one number: all of them, or nobody knows which.
        if not any(mark) or count != len(there):
            return None
        found += there
    return sorted(found)


def _marks(context: JobContext, rejects: Rejects, file: Path) -> tuple[int, _Marks]:
    """How many rows a file has, and of each what tells it from the others."""
    if target := target_of(rejects.source):
        return _keys(context, rejects.run, target, file)
    shape = next((one for one in context.plan.sources if one.name == rejects.read_by), None)
    if shape is None:
        return 0, []
    count, marks = 0, list[tuple[str, ...]]()
    # What is wrong with it says the run that reads it; without the marks there is no column to be found.
    with suppress(BadInput):
        count = _records(shape, file)
        marks += _rows(replace(shape, columns=tuple(map(_column, _NAMES)), strict=False), file)
    return count, marks


def _column(name: str) -> SourceColumn:
    return SourceColumn(name, Text(nullable=True), (name,), "", None, Reading())


def _records(shape: SourceShape, file: Path) -> int:
    found = InputFile(str(file), file.name)
    make = FORMATS[shape.kind].reader
    assert make is not None
    reader = make(shape, frozenset(), [found])
    return sum(reader.parse(block).records for block in reader.blocks(found, 0, 0))


def _rows(shape: SourceShape, file: Path) -> _Marks:
    found = InputFile(str(file), file.name)
    make = FORMATS[shape.kind].reader
    assert make is not None
    reader = make(shape, frozenset(_NAMES), [found])
    marks: list[tuple[str, ...]] = []
    for block in reader.blocks(found, 0, 0):
        parsed = reader.parse(block)
        # Texts as they stand in the file bear the name of the source too.
        columns = {name.rpartition(".")[2]: column for name, column in parsed.columns.items()}
        cells = (columns[name].values.to_pylist() for name in _NAMES if name in columns)
        # One each rejected row: a person looks at these.
        marks += [tuple("" if cell is None else str(cell) for cell in row) for row in zip(*cells, strict=True)]
    return marks


def _keys(context: JobContext, run: str, target: str, file: Path) -> tuple[int, _Marks]:
    """The same of what a target refused: its rows are told apart by their keys."""
    entity = next(iter(files_made(context.folders, run, target)), "")
    keys = next((one.key for one in context.plan.entities if one.name == entity), ())
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = [line for line in line_reader(stream) if line]
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    at = [header.index(name) for name in keys if name in header]
    if not keys or len(at) < len(keys) or any(len(row) <= max(at) for row in rows):
        return len(rows), []
    return len(rows), [tuple(row[place] for place in at) for row in rows]
