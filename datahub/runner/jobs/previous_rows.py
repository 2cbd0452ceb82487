"""The rows of an entity that were last committed, as its script declares it now."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.runner.jobs.job_context import JobContext
from datahub.semantic.ir import EntityShape
from datahub.state.records import Snapshot
from datahub.types.arrow import arrow_type


def previous_rows(context: JobContext, shape: EntityShape, current: Snapshot | None) -> pa.Table | None:
    """What was last committed of an entity, in the columns that it has now; None where there is nothing."""
    if current is None:
        return None
    path = context.folders.snapshots / f"{current.sha256}.parquet"
    found = pq.read_table(path)
    wanted = schema_of(shape)
    columns: list[Any] = []
    for field in wanted:
        there = field.name in found.schema.names and found.schema.field(field.name).type == field.type
        # A field whose type has changed since has no previous value.
        columns.append(found.column(field.name) if there else pa.nulls(found.num_rows, field.type))
    return pa.table(columns, schema=wanted)


def schema_of(shape: EntityShape) -> pa.Schema:
    return pa.schema([(one.name, arrow_type(one.type)) for one in shape.fields])
