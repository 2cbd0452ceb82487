"""Rows of text with their cells below one another."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.cli.output import printable


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), head: Sequence[str] = ()) -> str:
    """Rows below one another, columns of `right` flush right, behind a head if there is one; what strangers wrote steers nothing."""
    if not rows:
        return ""
    lined = [[printable(cell) for cell in row] for row in ([head, *rows] if head else rows)]
    wide = [max(len(row[at]) for row in lined) for at in range(len(lined[0]))]
    lines = ("  ".join(cell.rjust(wide[at]) if at in right else cell.ljust(wide[at]) for at, cell in enumerate(row)) for row in lined)
    return "".join(f"  {line}".rstrip() + "\n" for line in lines)
