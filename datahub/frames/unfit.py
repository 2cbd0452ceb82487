"""Values that a target cannot take: which rows have one, in which field, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from datahub.frames.frame import Rows
from datahub.records import record


@record(frozen=True, slots=True)
class Unfit:
    """Rows, ascending, whose value in one field cannot be written."""

    field: str
    rows: Rows
    texts: pa.Array


FindUnfit = Callable[[pa.Table], Iterator[Unfit]]
"""What of some rows a target cannot take; asked by several threads."""
