"""Which rows of a run enter a status that a job of the project waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from datahub.project.job import Job
from datahub.project.trigger import StatusEntered
from datahub.records import record
from datahub.state.records import Entry

KEY, STATUS = "_dhm_key", "_dhm_status"
"""Columns beside those of the entity, in the file of rows that entered a status."""
POSITION = "position"
AGAIN = "again"
"""What a source has read that it may be given again."""
"""The stream under which it is kept how far a source was read."""
_BETWEEN = "\x1f"


@record(frozen=True, slots=True)
class Watched:
    """A job that waits for rows of an entity to enter a status; those of `again` count each time."""

    job: str
    entity: str
    field: str
    statuses: tuple[str, ...]
    again: tuple[str, ...]


def watched(jobs: Mapping[str, Job]) -> tuple[Watched, ...]:
    """All that jobs of a project wait for, also those that are off: they find it when they are on again."""
    return tuple(
        Watched(name, one.entity, one.field, tuple(dict.fromkeys((*one.statuses, *one.again))), one.again)
        for name, job in jobs.items()
        for one in job.triggers
        if isinstance(one, StatusEntered)
    )


def entries_of(job: str, entity: str) -> str:
    """Where it is kept how far a job has read the rows that entered a status; the same for all of its sources."""
    return f"{job}:entries:{entity}"


def entering(rows: pa.Table, before: pa.Table | None, keys: Sequence[str], watch: Watched) -> pa.Table:
    """Those of `rows` that have a status which is waited for, and had another in `before`, or were not there."""
    status = _text(rows.column(watch.field))
    marked = rows.append_column(STATUS, status).filter(pc.is_in(status, value_set=pa.array(watch.statuses, pa.string())))
    if before is not None and before.num_rows and marked.num_rows:
        marked = marked.filter(_changed(marked, before, keys, watch.field))
    return marked.append_column(KEY, key_text(marked, keys))


def entries(found: pa.Table, watch: Watched, sha256: str, run: str) -> Iterator[Entry]:
    """What is written down of rows that entered."""
    pairs = zip(found.column(KEY).to_pylist(), found.column(STATUS).to_pylist(), strict=True)
    for row, (key, status) in enumerate(pairs):
        yield Entry(watch.job, watch.entity, key, status, sha256, row, run, again=run if status in watch.again else "")


def key_text(rows: pa.Table, keys: Sequence[str]) -> pa.ChunkedArray:
    """The key of each row as one text."""
    return pc.binary_join_element_wise(*(_text(rows.column(name)) for name in keys), _BETWEEN)


def shown_key(key: str) -> str:
    """A key as a person reads it."""
    return key.replace(_BETWEEN, ", ")


def one_each(several: Iterable[Entry]) -> Iterator[Entry]:
    """Entries up to the first whose key has come before: the later ones of a row wait until the earlier are done."""
    seen: set[str] = set()
    for one in several:
        if one.key in seen:
            return
        seen.add(one.key)
        yield one


def _changed(rows: pa.Table, before: pa.Table, keys: Sequence[str], field: str) -> pa.ChunkedArray:
    place = pa.array(range(rows.num_rows), pa.int64())
    asked = rows.select(keys).append_column("_row", place)
    known = before.select(keys).append_column("_before", _text(before.column(field)))
    # A join does not keep the order of its rows.
    joined = asked.join(known.combine_chunks(), list(keys), join_type="left outer").sort_by("_row")
    same = pc.equal(joined.column("_before"), rows.column(STATUS).combine_chunks())
    return pc.invert(pc.fill_null(same, False))


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(pa.string())
