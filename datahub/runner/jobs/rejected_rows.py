"""Rejected rows of many runs: what each of them told of its rows lies beside its rejects, and is looked through as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datahub.formats.delimited import line_reader
from datahub.records import record
from datahub.runner.jobs.job_context import Folders
from datahub.runner.jobs.made import files_made
from datahub.runner.jobs.refused import CODE, target_of
from datahub.state.records import Rejects
from datahub.state.store import StateStore

_COLUMNS = ("file", "line", "code", "entity", "key", "field", "value", "message")
_MOST_RUNS = 10_000


@record(frozen=True, slots=True)
class Wanted:
    """Which rows; what is empty is not asked for."""

    code: str = ""
    entity: str = ""
    key: str = ""
    job: str = ""


def rejected_rows(store: StateStore, folders: Folders, wanted: Wanted, limit: int) -> tuple[list[list[str]], int]:
    """At most so many rows, of the newest runs first, each as run, job and what was told of it; and how many runs were looked through."""
    found: list[list[str]] = []
    looked = 0
    for run in store.runs.list(wanted.job, limit=_MOST_RUNS):
        path = folders.run(run.id) / "out" / "run" / "issues.parquet"
        mine = run.counts.rejected and path.is_file()
        theirs = [one for one in store.rejects.list(run.id) if target_of(one.source) and Path(one.path).is_file()]
        if not mine and not theirs:
            continue
        looked += 1
        issues = _matching(pq.read_table(path, columns=[*_COLUMNS, "severity"]), wanted) if mine else iter(())
        refused = (row for one in theirs for row in _refused(folders, one, wanted))
        found += [[run.id, run.job, *row] for row in islice(chain(issues, refused), limit - len(found))]
        if len(found) == limit:
            break
    return found, looked


def asked_of(code: str, cells: Sequence[str], wanted: Wanted) -> bool:
    """Whether a row that a target refused is wanted: by its code, of which it may have several, and by a part of any of its cells."""
    codes = code.split("; ")
    family = wanted.code.removesuffix("*")
    known = not wanted.code or any(one.startswith(family) if wanted.code.endswith("*") else one == wanted.code for one in codes)
    return known and (not wanted.key or any(wanted.key in cell for cell in cells))


def about(issues: pa.Table, wanted: Wanted) -> pa.ChunkedArray:
    """Of each of some issues whether it rejected a row that is wanted."""
    asked = pc.is_in(issues.column("severity"), value_set=pa.array(["error", "fatal"], pa.string()))
    if wanted.code:
        family = wanted.code.endswith("*")
        code = issues.column("code")
        asked = pc.and_(asked, pc.starts_with(code, wanted.code[:-1]) if family else pc.equal(code, wanted.code))
    if wanted.entity:
        asked = pc.and_kleene(asked, pc.equal(issues.column("entity"), wanted.entity))
    if wanted.key:
        asked = pc.and_kleene(asked, pc.match_substring(issues.column("key"), wanted.key))
    return asked


def _refused(folders: Folders, one: Rejects, wanted: Wanted) -> Iterator[list[str]]:
    """The same of the rows that a target refused; the key is the first of their columns, as the entity that they are of has it."""
    entity = next(iter(files_made(folders, one.run, target_of(one.source))), "")
    if wanted.entity and wanted.entity != entity:
        return
    path = Path(one.path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = line_reader(stream)
        at = next(lines).index(CODE)
        for number, line in enumerate(lines, 2):
            if len(line) > at + 1 and asked_of(line[at], line[:at], wanted):
                yield [path.name, str(number), line[at], entity, line[0] if at else "", "", "", line[at + 1]]


def _matching(issues: pa.Table, wanted: Wanted) -> Iterator[list[str]]:
    rows = issues.filter(about(issues, wanted)).select(_COLUMNS)
    for values in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        yield ["" if value is None else str(value) for value in values]
