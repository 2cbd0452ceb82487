"""Rows that a target refused, as files of their own: their columns as they were sent, then the code and what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.formats.delimited import line_writer
from datahub.formats.row_texts import row_texts
from datahub.formats.written import OMITTED
from datahub.reports.report import WrittenFile
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Batch, Run
from datahub.state.store import StateStore

CODE, MESSAGE = "_code", "_message"
_REFUSED = "refused-"


def refused_files(context: JobContext, run: Run, made: Mapping[str, Path]) -> Iterator[tuple[WrittenFile, Counter[str]]]:
    """One file for each target that refused rows, with how often each code; made of the ledger, so that it is always the same."""
    for target, path in sorted(made.items()):
        refusals = _refusals(context, run, target)
        if refusals:
            file = context.folders.run(run.id) / "out" / f"{refused_by(target)}.csv"
            _write(file, pq.read_table(path).take(pa.array(sorted(refusals), pa.int64())), [refusals[row] for row in sorted(refusals)])
            yield WrittenFile(file.name, str(file), len(refusals), target), Counter(code or "REFUSED" for code, _ in refusals.values())


def not_taken(context: JobContext, run: Run, made: Mapping[str, Mapping[str, Path]]) -> dict[str, pa.Table]:
    """By entity the rows that were sent and that at least one target refused, as they were sent; `made` are the files of each target."""
    found: dict[str, list[pa.Table]] = {}
    for target, files in made.items():
        refusals = _refusals(context, run, target)
        if refusals:
            entity, path = next(iter(files.items()))
            found.setdefault(entity, []).append(pq.read_table(path).take(pa.array(sorted(refusals), pa.int64())))
    return {entity: pa.concat_tables(several, promote_options="permissive") for entity, several in found.items()}


def refused_by(target: str) -> str:
    """What the rows that a target refused are called, among what a run rejected."""
    return f"{_REFUSED}{target}"


def target_of(source: str) -> str:
    """The target that refused what is called `source`; empty where it is a source's own rejects."""
    return source.removeprefix(_REFUSED) if source.startswith(_REFUSED) else ""


def refused_rows(batches: Iterable[Batch]) -> int:
    """How many rows other sides took in and would not have."""
    # What a person or an earlier run said of a batch is text, and names no rows.
    return sum(len(json.loads(one.answer)["refused"]) for one in batches if one.answer.startswith("{"))


def rejected_rows(store: StateStore, run: Run) -> int:
    """How many rows of a run were rejected, also those of which something else was written."""
    return max(run.counts.rejected, sum(one.rows for one in store.rejects.list(run.id) if not target_of(one.source)))


def unmade(batch: Batch) -> bool:
    """Whether nothing could be made of it to be sent: it was refused before its first attempt."""
    return not batch.attempts and batch.answer.startswith("{")


def _refusals(context: JobContext, run: Run, target: str) -> dict[int, tuple[str, str]]:
    """The places of refused rows among those of the target, with code and message."""
    found: dict[int, tuple[str, str]] = {}
    for batch in context.store.deliveries.batches(run.id):
        if batch.target == target and batch.answer.startswith("{"):
            for one in json.loads(batch.answer)["refused"]:
                row, code, message = batch.first + int(one["row"]), str(one["code"]), str(one["message"])
                if row in found and (code, message) != found[row]:
                    # Several things are wrong with it.
                    code, message = f"{found[row][0]}; {code}", f"{found[row][1]}; {message}"
                found[row] = (code, message)
    return found


def _write(path: Path, rows: pa.Table, why: list[tuple[str, str]]) -> None:
    rows = rows.select([name for name in rows.column_names if not name.startswith(OMITTED)])
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = line_writer(file)
        lines.writerow([*rows.column_names, CODE, MESSAGE])
        lines.writerows([*row, *reason] for row, reason in zip(row_texts(rows), why, strict=True))
