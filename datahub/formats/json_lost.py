"""What could not be fetched, as a line among the rows of a source: it is rejected where its row would have stood, with the reason.

Such a line is no JSON, so that nobody's rows can be taken for one.
"""

from __future__ import annotations

import json

from datahub.records import record

CODE = "R008"
_MARK = b"!"


@record(frozen=True, slots=True)
class Lost:
    """What was asked about, as JSON, and why nothing came."""

    element: str
    reason: str


def line_of(lost: Lost) -> bytes:
    """The line that stands for what was lost."""
    return _MARK + json.dumps({"element": lost.element, "reason": lost.reason}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def lost_in(line: bytes) -> Lost | None:
    """What a line stands for; None where it is of another kind."""
    if not line.startswith(_MARK):
        return None
    try:
        told = json.loads(line[len(_MARK) :])
    except ValueError:
        return None
    if not isinstance(told, dict) or told.keys() != {"element", "reason"}:
        return None
    return Lost(str(told["element"]), str(told["reason"]))
