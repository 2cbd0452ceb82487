"""Where a finding is, in the numbers that tools ask for."""

from __future__ import annotations

from typing import TypedDict

from datahub.document import Span


class Place(TypedDict):
    """Lines and columns from 1, in characters; the end is past the last one."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


def place_of(span: Span) -> Place:
    line, column = span.document.place(span.start)
    end_line, end_column = span.document.place(max(span.start, span.end))
    return {"path": span.document.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}


def fingerprint(code: str, span: Span, seen: dict[tuple[str, str, str], int]) -> str:
    """A name for a finding that stays when lines above it come or go: file, code, the line's text, and which one of such.

    `seen` counts those that are alike; hand the same one in for all findings of a report.
    """
    from hashlib import sha256

    alike = (span.document.path, code, span.document.line(span.line).strip())
    seen[alike] = seen.get(alike, 0) + 1
    return sha256("\0".join((*alike, str(seen[alike]))).encode("utf-8", "replace")).hexdigest()
