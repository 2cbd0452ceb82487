"""Error reports of imports, joined back to the lines that were sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.values import described
from datahub.formats.delimited import line_reader, line_writer

_LINES, _REASONS = ("error-line", "line", "line-number"), ("error-message", "reason", "errors", "error")


def joined(report: bytes, keys: Sequence[str], header: Sequence[str], lines: Sequence[Sequence[str]], what: str) -> dict[int, str]:
    """What a report says of which line: by its number where that line has the same key, by the key alone where it has not.

    A line of the report without a reason only warns; one that was cut before its key is known by its number.
    """
    told, *errors = parsed(report) or [[]]
    if not told:
        # What is in error is held against the status, which knows how many lines there are.
        return {}
    names = [name.strip().lower() for name in told]
    reason = next((names.index(one) for one in _REASONS if one in names), None)
    missing = next((one for one in keys if one.lower() not in names), None)
    if reason is None or missing is not None:
        raise TerminalError(
            f"{what} has no column {'with reasons' if reason is None else f'`{missing}`'}: it has {', '.join(told)}",
            "" if missing is None else "name the columns that tell lines apart: `key` of the target",
        )
    number = next((names.index(one) for one in _LINES if one in names), None)
    ours, theirs = [header.index(one) for one in keys], [names.index(one.lower()) for one in keys]
    by_key: dict[tuple[str, ...], list[int]] = {}
    for row, line in enumerate(lines):
        by_key.setdefault(tuple(line[one] for one in ours), []).append(row)
    found: dict[int, str] = {}
    for given in errors:
        cells = [*given, *[""] * (len(told) - len(given))]
        # A line that was cut before its reason is one of those in error all the same.
        why = cells[reason] if reason < len(given) else f"{what} was cut in this line: it has {len(given)} of {len(told)} cells"
        if not why.strip():
            continue
        key = tuple(cells[one] for one in theirs)
        candidates = by_key.get(key, [])
        row = int(cells[number][:18]) - 2 if number is not None and cells[number].isdecimal() else -1
        if len(given) < len(told) and max(theirs) >= len(given) - 1 and 0 <= row < len(lines):
            candidates = [row]
        if not candidates:
            raise TerminalError(f"{what} has a line that was not sent: `{described(' '.join(cells).strip())}`")
        for one in [row] if row in candidates else candidates:
            found[one] = f"{found[one]}; {why}" if one in found else why
    return found


def parsed(data: bytes) -> list[list[str]]:
    """The lines of a file with `;` between cells, or `,` where the header has none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Lines that are in error are told, whatever else may be wrong with the report.
        text = data.decode("cp1252", "replace")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        return [line for line in line_reader(io.StringIO(text, newline=""), delimiter) if line]
    except csv.Error as problem:
        raise TerminalError(f"a file of an import is no CSV: {problem}") from None


def written(header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """A file as Mirakl takes it: `;` between cells, UTF-8, a header."""
    text = io.StringIO()
    made = line_writer(text, ";")
    made.writerow(header)
    made.writerows(lines)
    return text.getvalue().encode()
