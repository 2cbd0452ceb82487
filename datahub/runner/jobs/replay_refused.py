"""Rows that a target refused once more: corrected or as they are, they go to that target alone, past the script, for they are its rows."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from datahub.connectors.declare import TerminalError
from datahub.formats.delimited import line_reader
from datahub.formats.written import OMITTED
from datahub.functions.durations import to_duration
from datahub.reports.report import Report, WrittenFile
from datahub.runner.jobs.deliver import made_files, plan
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.perform import Ending, perform
from datahub.runner.jobs.refused import CODE, MESSAGE, target_of
from datahub.runner.jobs.reject_places import Held, held
from datahub.runner.jobs.replay import claimed
from datahub.runner.jobs.replayed import noted
from datahub.runner.jobs.snapshots import Remembered
from datahub.state.records import Rejects, Run, RunStatus
from datahub.types import model as t
from datahub.types.arrow import language_type

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_LINES = 2
"""The line of a file on which its first row stands."""


def replay_refused(
    context: JobContext, rejects: Rejects, file: Path, *, places: Sequence[int] | None = None, twice: bool = False
) -> Ending:
    """Send the rows of `file` to the target that refused them; `Busy`, `places` and `SentBefore` are as for rows of a source."""
    store, now = context.store, context.clock()
    target = target_of(rejects.source)
    earlier = store.runs.get(rejects.run)
    assert earlier is not None
    if target not in context.ways.senders and target not in context.ways.documents:
        raise TerminalError(
            f"the job `{context.name}` sends nothing to `{target}` any more", "bind the target again, or correct the rows there"
        )
    made = made_files(context, earlier, target)
    entity, like = next(iter(made.items()), ("", context.folders.run(earlier.id) / "out"))
    if not like.is_file():
        raise TerminalError(
            f"what run {earlier.id} sent is not there any more: `{like}`",
            "`dhm runs prune` removes what is older than `retention`; of a younger run, somebody has moved `runs` beside the ledger",
        )
    table = rows_like(file, pq.read_schema(like))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    held_rows = held(context, rejects, file) if places is None else Held(len(places), places)
    with claimed(context, rejects, now) as claim:
        noted(store, rejects, held_rows, claim.run, digest, twice=twice)
        store.runs.advance(claim, RunStatus.STAGED, now, input_digest=digest, generation=store.runs.generation(context.name, digest))
        found = store.runs.get(claim.run)
        assert found is not None
        # With all that it sends, or not at all: one without would find nothing to do, and count as a success.
        report = _made(context, found, target, {entity: table}, made)
        Remembered(context).again(found.id, earlier.id, {entity: table})
        plan(context, found, report).write_down(store, claim)
    return perform(context, claim, found)


def _made(context: JobContext, run: Run, target: str, tables: Mapping[str, pa.Table], made: Mapping[str, Path]) -> Report:
    """What a run of the script would have left: the rows to be sent, and what they own as it was sent before."""
    out = context.folders.run(run.id) / "out"
    out.mkdir(parents=True, mode=0o700)
    written = []
    for entity, before in made.items():
        path = out / before.name
        if entity in tables:
            pq.write_table(tables[entity], path)
        else:
            shutil.copyfile(before, path)
        written.append(WrittenFile(entity, str(path), pq.read_metadata(path).num_rows, target))
    report = Report(
        status="done",
        reason="",
        script=context.job.mapping,
        flow=context.job.flow,
        started=run.as_of.isoformat(),
        seconds=0.0,
        plan="",
        parameters={},
        inputs={},
        sources=(),
        entities={entity: table.num_rows for entity, table in tables.items()},
        rejected={},
        codes=(),
        recovered={},
        written=tuple(written),
        rejects=(),
        warnings=(),
    )
    report.write(out / "run" / "report.json")
    return report


# ------------------------------------------------------------------------------------------------------ the file


def rows_like(file: Path, schema: pa.Schema) -> pa.Table:
    """The rows of a file of refused rows with the types that they had; an empty cell is null, or left out where a row can leave it out."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(line_reader(stream))
    header, rows = (lines[0], [line for line in lines[1:] if line]) if lines else ([], [])
    fields = [one for one in schema if not one.name.startswith(OMITTED)]
    missing = [one.name for one in fields if one.name not in header]
    if missing:
        raise TerminalError(
            f"`{file}` has no column `{missing[0]}`", f"it must have those of the file of refused rows; `{CODE}` and `{MESSAGE}` may go"
        )
    arrays, names = [], []
    for one in fields:
        cells = [row[header.index(one.name)] if header.index(one.name) < len(row) else "" for row in rows]
        arrays.append(pa.array(_values(cells, one, file), one.type))
        names.append(one.name)
        if OMITTED + one.name in schema.names:
            # What was left out and what was taken away look the same in a file, and to leave alone is the safe one.
            arrays.append(pa.array([not cell for cell in cells]))
            names.append(OMITTED + one.name)
    return pa.table(arrays, names=names).select([name for name in schema.names if name in names])


def _values(cells: Sequence[str], field: pa.Field, file: Path) -> Iterator[Any]:
    for number, cell in enumerate(cells):
        try:
            yield _value(cell, field.type)
        except (ValueError, TypeError, InvalidOperation, msgspec.DecodeError, pa.ArrowException):
            raise TerminalError(
                f"`{file}`, line {number + _LINES}: `{cell[:60]}` in the column `{field.name}` is no {_word(field.type)}",
                "correct the cell",
            ) from None


def _word(kind: pa.DataType) -> str:
    """A type as scripts call it."""
    return "int" if pa.types.is_integer(kind) else t.spelled(t.base_of(language_type(kind))).replace("?", "")


def _value(cell: str, kind: pa.DataType) -> Any:
    if not cell:
        return None
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[cell.lower()] if cell.lower() in ("true", "false") else int("not a boolean")
    if pa.types.is_nested(kind):
        value = _inside(_DECODER.decode(cell), kind)
        pa.scalar(value, kind)
        return value
    if pa.types.is_decimal(kind):
        return pa.scalar(Decimal(cell), kind).as_py()
    if pa.types.is_time(kind):
        return time.fromisoformat(cell)
    if pa.types.is_duration(kind):
        read = to_duration(pa.array([cell]))
        return int("not a duration") if read.failed else read.values[0].as_py()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return cell
    return pa.scalar(cell).cast(kind).as_py()


def _inside(value: Any, kind: pa.DataType) -> Any:
    """What JSON has no value of its own for is text in it."""
    match kind:
        case pa.ListType() if isinstance(value, list):
            return [_inside(one, kind.value_type) for one in value]
        case pa.StructType() if isinstance(value, dict):
            return {one.name: _inside(value.get(one.name), one.type) for one in kind}
        case pa.MapType() if isinstance(value, dict):
            return [(name, _inside(one, kind.item_type)) for name, one in value.items()]
        case _:
            return _value(value, kind) if isinstance(value, str) and value and not pa.types.is_nested(kind) else value
