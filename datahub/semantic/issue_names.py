"""The names of the columns of an issue, which a target of rejects chooses from."""

from __future__ import annotations

REJECT_COLUMNS = ("row", "line", "code", "entity", "field", "column", "value", "message", "severity", "file", "path", "key", "script")
"""What a reject target has where it names no columns, in order."""

ALL_COLUMNS = (*REJECT_COLUMNS, "map", "caused_by")
