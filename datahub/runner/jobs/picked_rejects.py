"""Some of the rejected rows of a run, by code and key, as a file like that of all of them, so that they are replayed alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datahub.connectors.declare import TerminalError
from datahub.engine.telling import JOINED_TO
from datahub.formats.declare import FORMATS, InputFile, Rejecter
from datahub.formats.delimited import line_reader, line_writer
from datahub.frames.frame import Rows
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.refused import CODE, target_of
from datahub.runner.jobs.rejected_rows import Wanted, about, asked_of
from datahub.state.records import Rejects

_TOGETHER = ("R501", "R502", "R504")
"""What rows are told that fell with others: with their group, their owner, what they refer to."""


def picked(context: JobContext, rejects: Rejects, wanted: Wanted, folder: Path) -> tuple[Path, Sequence[int]]:
    """The file, made in `folder`, and where its rows stand among all that were rejected."""
    path = folder / Path(rejects.path).name
    if target_of(rejects.source):
        return path, _refused(Path(rejects.path), wanted, path)
    chosen = _places(context, rejects, wanted)
    if len(chosen):
        _write(context, rejects, chosen, path)
    return path, [int(place) for place in chosen]


def _places(context: JobContext, rejects: Rejects, wanted: Wanted) -> Rows:
    """Which of the rejected rows are wanted, counted from 0 in the order in which their file has them: that of the input."""
    if sum(one.read_by == rejects.read_by for one in context.store.rejects.list(rejects.run)) > 1:
        raise TerminalError(
            f"run {rejects.run} rejected rows of files with headers of their own, each in a file of rejects of its own",
            "take what is wanted out of the file of `dhm rejects show --source`, and replay that with `--file`",
        )
    names = [one.item.name for one in context.store.items.taken(rejects.run) if one.source == rejects.read_by]
    told = context.folders.run(rejects.run) / "out" / "run" / "issues.parquet"
    if not told.is_file():
        raise TerminalError(f"what run {rejects.run} told of its rows is gone", "`dhm runs prune` removes what is older than `retention`")
    issues = pq.read_table(told)
    order = {name: number for number, name in enumerate(names)}
    rows = sorted({(order[file], row) for file, row in _rows(issues, Wanted()) if file in order})
    together = pc.any(pc.is_in(issues.column("code"), value_set=pa.array(_TOGETHER))).as_py()
    # What fell for a cell of a joined row is told where that cell is.
    joined = pc.any(pc.match_substring(issues.column("message"), JOINED_TO)).as_py()
    if together or joined or len(rows) != rejects.rows:
        raise TerminalError(
            f"run {rejects.run} rejected rows together with others, and some of them alone would say something else",
            "take what is wanted out of the file of `dhm rejects show`, and replay that with `--file`",
        )
    asked = {(order[file], row) for file, row in _rows(issues, wanted) if file in order}
    return np.array([place for place, row in enumerate(rows) if row in asked], np.int64)


def _rows(issues: pa.Table, wanted: Wanted) -> set[tuple[str, int]]:
    found = issues.filter(about(issues, wanted)).select(["file", "row"])
    # One each rejected row: a person looks at these.
    return set(zip(*(column.to_pylist() for column in found.columns), strict=True))


def _write(context: JobContext, rejects: Rejects, places: Rows, path: Path) -> None:
    """The records of the file of rejects at `places`, as they came."""
    shape = next(one for one in context.plan.sources if one.name == rejects.read_by)
    format, file = FORMATS[shape.kind], InputFile(rejects.path, path.name)
    assert format.reader is not None
    assert format.rejecter is not None
    reader = format.reader(shape, frozenset(), [file])
    rejecter: Rejecter | None = None
    before = 0
    for block in reader.blocks(file, 0, 0):
        behind = before + reader.parse(block).records
        mine = places[(places >= before) & (places < behind)] - before
        if len(mine):
            # What stands around the rows is known once some were read.
            rejecter = rejecter or format.rejecter(shape, reader, str(path))
            rejecter.write(block, mine, pa.table({"_dhm_row": pa.nulls(len(mine), pa.int64())}))
        before = behind
    assert rejecter is not None
    rejecter.close()


def _refused(file: Path, wanted: Wanted, path: Path) -> Sequence[int]:
    """The same of what a target refused, whose file has the code in a column, and the key in those of the row."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        header, *lines = list(line_reader(stream))
    at = header.index(CODE)
    torn = next((line for line in lines if len(line) != len(header)), None)
    if torn is not None:
        raise TerminalError(
            f"`{file}` has a line of {len(torn)} cells, and its header has {len(header)}", "replay it whole, mended, with `--file`"
        )
    chosen = [place for place, line in enumerate(lines) if asked_of(line[at], line[:at], wanted)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        line_writer(stream).writerows([header, *(lines[place] for place in chosen)])
    return chosen
