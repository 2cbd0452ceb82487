"""Rejected rows of many runs: what each of them told of its rows lies beside its rejects, and is looked through as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datahub.records import record
from datahub.runner.jobs.job_context import Folders
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
        if not run.counts.rejected or not path.is_file():
            continue
        looked += 1
        for row in _matching(pq.read_table(path, columns=[*_COLUMNS, "severity"]), wanted):
            found.append([run.id, run.job, *row])
            if len(found) == limit:
                return found, looked
    return found, looked


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


def _matching(issues: pa.Table, wanted: Wanted) -> Iterator[list[str]]:
    rows = issues.filter(about(issues, wanted)).select(_COLUMNS)
    for values in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        yield ["" if value is None else str(value) for value in values]
