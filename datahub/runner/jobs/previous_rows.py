"""The rows of an entity that were last committed, as its script declares it now."""

from __future__ import annotations

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
    path = context.folders.snapshots / f"{current.sha256}.parquet"
    wanted = schema_of(shape)
    if keys:
        wanted = pa.schema([wanted.field(name) for name in shape.key])
    there = pq.read_schema(path)
    # A field whose type has changed since has no previous value.
    same = [field.name for field in wanted if field.name in there.names and there.field(field.name).type == field.type]
    if keys and len(same) < len(shape.key):
        # Keys of another type tell nothing of those of now.
        return None
    found = pq.read_table(path, columns=same)
    columns: list[Any] = [found.column(one.name) if one.name in same else pa.nulls(current.rows, one.type) for one in wanted]
    return pa.table(columns, schema=wanted)


def schema_of(shape: EntityShape) -> pa.Schema:
    return pa.schema([(one.name, arrow_type(one.type)) for one in shape.fields])
