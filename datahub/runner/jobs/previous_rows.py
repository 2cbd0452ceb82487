"""The rows of an entity that were last committed, as its script declares it now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.runner.jobs.job_context import JobContext
from datahub.semantic.ir import EntityShape
from datahub.state.records import Snapshot
from datahub.types.arrow import arrow_type


def previous_rows(context: JobContext, shape: EntityShape, current: Snapshot | None, *, keys: bool = False) -> pa.Table | None:
    """What was last committed of an entity, in the columns that it has now, or in its `keys` alone; None where there is nothing."""
    if current is None:
        return None
    wanted = schema_of(shape)
    if keys:
        wanted = pa.schema([wanted.field(name) for name in shape.key])
    if keyless(context, shape, current):
        # Rows whose key nobody knows tell nothing, and nothing takes their place.
        return None
    same = same_fields(pq.read_schema(_path(context, current)), wanted)
    return as_of_now(pq.read_table(_path(context, current), columns=same), wanted)


def keyless(context: JobContext, shape: EntityShape, current: Snapshot | None) -> str:
    """The field of the key of an entity that what is remembered of it has not, or has with another type; empty where there is none."""
    if current is None or not current.rows:
        return ""
    same = same_fields(pq.read_schema(_path(context, current)), schema_of(shape))
    return next((name for name in shape.key if name not in same), "")


def as_of_now(rows: pa.Table, wanted: pa.Schema) -> pa.Table:
    """Rows in the columns of now; a field whose type has changed since has no value of before."""
    same = same_fields(rows.schema, wanted)
    columns: list[Any] = [rows.column(one.name) if one.name in same else pa.nulls(rows.num_rows, one.type) for one in wanted]
    return pa.table(columns, schema=wanted)


def same_fields(there: pa.Schema, wanted: pa.Schema) -> list[str]:
    """The fields that are there as they are wanted."""
    return [field.name for field in wanted if field.name in there.names and there.field(field.name).type == field.type]


def _path(context: JobContext, current: Snapshot) -> Path:
    return context.folders.snapshots / f"{current.sha256}.parquet"


def schema_of(shape: EntityShape) -> pa.Schema:
    return pa.schema([(one.name, arrow_type(one.type)) for one in shape.fields])


def remembered(context: JobContext) -> frozenset[str]:
    """The entities of which a job keeps what it delivered: those that it names, that its script asks about, that others wait for."""
    return frozenset((*context.job.remember, *context.plan.remembers, *(one.entity for one in context.watches)))
