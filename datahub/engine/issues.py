"""Failures laid out as rows: one row an issue, built only for rows that failed.

Inside a run an issue knows its source row by id (`_row`, and `_members` where it concerns a whole group; `_at` is the row that
has the failing cell, where that is one joined to it); file and line are added where the blocks' places are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.row_codes import phrase
from datahub.engine.cells import REQUIRED
from datahub.engine.evidence import shown_by
from datahub.frames.frame import Failure, Frame, Rows
from datahub.frames.issue_schema import SCHEMA as SCHEMA
from datahub.functions.columns import fixed, glued
from datahub.functions.written import as_text
from datahub.records import record
from datahub.semantic.ir import Origin

LONGEST_VALUE = 60
"""So many characters of a value are shown in a message."""
_LONGEST = pa.scalar(LONGEST_VALUE, pa.int32())


@record(frozen=True, slots=True)
class Finding:
    """A failure as it will be told: under which code, of which entity and field, how grave."""

    failure: Failure
    code: str
    entity: str
    field: str
    origin: Origin
    severity: str = "error"
    also: tuple[str, ...] = ()
    """Other fields that the same failure reached."""
    depth: int | None = None
    """That of the failure's own origin, where another is told (`Origin.depth`)."""


def table(findings: Sequence[Finding], frame: Frame, key: Sequence[str] = ()) -> pa.Table:
    """The issues of `findings` about rows of `frame`; `key` are the columns that identify a row."""
    if not findings:
        return _none()
    told = [_rows(part, frame, key) for finding in findings for part in _by_source(finding, frame)]
    return pa.concat_tables([*_beside(findings), *told])


@cache
def _none() -> pa.Table:
    return SCHEMA.empty_table()


def _beside(findings: Sequence[Finding]) -> Iterable[pa.Table]:
    """What rode along with the failed rows, such as the issues of the members of a group."""
    for finding in findings:
        if finding.failure.beside is not None:
            yield pa.Table.from_struct_array(finding.failure.beside.flatten()).cast(SCHEMA)


def _by_source(finding: Finding, frame: Frame) -> Iterable[Finding]:
    """A finding with the evidence that its rows have; one of rows of several sources in as many parts."""
    if finding.failure.column:
        yield finding
        return
    for mask, evidence in shown_by(finding.origin.evidence, frame.columns.get, frame.length, finding.failure.rows):
        failure = finding.failure if mask is None else finding.failure.kept(mask)
        yield replace(finding, failure=failure, origin=replace(finding.origin, evidence=evidence))


def _rows(finding: Finding, frame: Frame, key: Sequence[str]) -> pa.Table:
    failure = finding.failure
    at = pa.array(failure.rows)
    values = failure.values if failure.values is not None else _value(finding, frame)
    column = failure.column or (finding.origin.evidence[0].label if finding.origin.evidence else "")
    count = len(failure.rows)
    cause = failure.cause or (failure.code if failure.code != finding.code else "")
    script = f"{finding.origin.script}:{finding.origin.line}" if finding.origin.script else ""
    texts = failure.texts if failure.texts is not None else message(failure, values, count)
    columns = {
        "_row": pa.array(frame.rows[failure.rows]),
        "_members": pa.nulls(count, SCHEMA.field("_members").type) if frame.members is None else frame.members.take(at),
        "_at": pa.nulls(count, pa.int64()) if failure.at is None else pa.array(failure.at),
        "_origin": pa.repeat(pa.scalar(failure.origin, pa.int64()), count),
        "severity": finding.severity,
        "code": finding.code,
        "caused_by": cause,
        "message": texts,
        "entity": finding.entity,
        "map": finding.origin.map,
        "field": ", ".join((finding.field, *finding.also)),
        "column": column,
        "value": values,
        "path": _paths(finding, frame, at),
        "key": key_text(frame, key, at),
        "script": script,
    }
    return pa.table([_full(columns[name], count) for name in SCHEMA.names], schema=SCHEMA)


def _value(finding: Finding, frame: Frame) -> pa.Array:
    """What stands in a field that failed; where a part of it must be there and is not, that is nothing, and not all of the field."""
    failure = finding.failure
    if failure.code == REQUIRED and failure.paths is not None:
        return pa.nulls(len(failure.rows), pa.string())
    return value_of(frame, finding.field, finding.origin, failure.rows)


def _full(value: object, count: int) -> pa.Array:
    return pa.repeat(fixed(value), count) if isinstance(value, str) else value


def value_of(frame: Frame, name: str, origin: Origin, rows: Rows) -> pa.Array:
    """The raw text a field came from, at `rows`; where the source is out of reach, the text of the value itself."""
    for evidence in origin.evidence:
        raw = frame.columns.get(evidence.raw)
        if raw is not None and not pa.types.is_nested(raw.values.type):
            return as_text(raw.array(frame.length).take(pa.array(rows)))
    column = frame.columns.get(name)
    if column is None:
        return pa.nulls(len(rows), pa.string())
    return as_text(column.array(frame.length).take(pa.array(rows)))


def _paths(finding: Finding, frame: Frame, at: pa.Array) -> pa.Array:
    """Where in the source's row each failure is: below the row's own path, or the part of it that the origin says."""
    inside = finding.failure.paths
    outside = None if frame.paths is None else _around(frame.paths.take(at), finding)
    if inside is None:
        return pa.nulls(len(at), pa.string()) if outside is None else outside
    if outside is None:
        return inside
    return glued(pc.fill_null(outside, ""), pc.fill_null(inside, ""))


def _around(paths: pa.Array, finding: Finding) -> pa.Array | None:
    depth = finding.origin.depth if finding.depth is None else finding.depth
    if depth <= 0:
        return None if depth == 0 else paths
    return pc.replace_substring_regex(paths, rf"^((?:/[^/]*){{{depth}}}).*$", r"\1")


def key_text(frame: Frame, key: Sequence[str], at: pa.Array) -> pa.Array:
    """The key of each row as text, its parts with a bar between them; null where a part is missing."""
    parts = [as_text(frame.columns[name].array(frame.length).take(at)) for name in key if name in frame.columns]
    if not parts:
        return pa.nulls(len(at), pa.string())
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, fixed("|"))


def message(failure: Failure, values: pa.Array, count: int) -> pa.Array:
    """The message of a built-in failure: what it says of the value, or of its absence."""
    if failure.message:
        return pa.repeat(fixed(failure.message), count)
    said = phrase(failure.cause or failure.code, failure.wanted)
    shown = pc.utf8_slice_codeunits(values, 0, LONGEST_VALUE)
    long = pc.fill_null(pc.greater(pc.utf8_length(values), _LONGEST), fixed(False))
    if pc.any(long).as_py():
        shown = pc.if_else(long, glued(shown, "…"), shown)
    quoted = glued('"', shown, '" ', said)
    holds = pc.match_substring(shown, '"')
    if pc.any(holds).as_py():
        quoted = pc.if_else(holds, glued("`", shown, "` ", said), quoted)
    # Of a value that is not there nothing can be shown but that.
    stands = pc.fill_null(pc.not_equal(values, fixed("")), fixed(False))
    return quoted if pc.all(stands).as_py() else pc.if_else(stands, quoted, fixed(said))


def marked(rows: Rows, members: pa.ListArray | None, positions: Rows) -> Rows:
    """The ids of all source rows behind the rows at `positions`: the row itself, or every member of its group, in any order."""
    if members is None:
        return rows if len(positions) == len(rows) else rows[positions]
    every = len(positions) == len(members) and bool((positions[1:] > positions[:-1]).all())
    found: Rows = (members if every else members.take(pa.array(positions))).flatten().to_numpy()
    return found
