"""Error reports of imports, joined back to the lines that were sent."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.values import described
from datahub.formats.delimited import line_reader, line_writer
from datahub.records import record

_LINES, _REASONS = ("error-line", "line", "line-number"), ("error-message", "reason", "errors", "error")


@record(frozen=True, slots=True)
class Joined:
    """What a report says of the lines that were sent."""

    refused: dict[int, str]
    """What is wrong with which line."""
    named: int = 0
    """Of how many lines it speaks as in error: several of one key may be in question for one of these."""
    told: int = 0
    """How many lines it has, those that warn too."""
    doubt: str = ""
    """What keeps it from being believed to speak of all lines that are in error."""


def joined(report: bytes, keys: Sequence[str], header: Sequence[str], lines: Sequence[Sequence[str]], what: str) -> Joined:
    """What a report says of which line: by its number where that line has the same key, by the key alone where it has not.

    A line of the report without a reason only warns; one that was cut before its key is known by its number. `TerminalError` where
    it has other columns that tell lines apart, which the job can name.
    """
    told, *errors = parsed(report) or [[]]
    names = [name.strip().lower() for name in told]
    reason = next((names.index(one) for one in _REASONS if one in names), None)
    missing = next((one for one in keys if one.lower() not in names), None)
    if reason is None:
        return Joined({}, doubt=f"{what} has no column with reasons: `{described(' '.join(told))}`" if told else f"{what} is empty")
    if missing is not None:
        said = f"{what} has no column `{missing}`: it has {', '.join(told)}"
        if any(one.lower() in names for one in header):
            raise TerminalError(said, "name the columns that tell lines apart: `key` of the target")
        return Joined({}, doubt=said)
    number = next((names.index(one) for one in _LINES if one in names), None)
    ours, theirs = [header.index(one) for one in keys], [names.index(one.lower()) for one in keys]
    by_key: dict[tuple[str, ...], list[int]] = {}
    for row, line in enumerate(lines):
        by_key.setdefault(_key(line, ours), []).append(row)
    found: dict[int, str] = {}
    groups, doubt = Counter[tuple[int, ...]](), ""
    for given in errors:
        cells = [*given, *[""] * (len(told) - len(given))]
        # A line that was cut before its reason is one of those in error all the same.
        why = cells[reason] if reason < len(given) else f"{what} was cut in this line: it has {len(given)} of {len(told)} cells"
        if not why.strip():
            continue
        candidates = by_key.get(_key(cells, theirs), [])
        row = int(cells[number]) - 2 if number is not None and _counts(cells[number]) else -1
        if len(given) < len(told) and max(theirs) >= len(given) - 1 and 0 <= row < len(lines):
            candidates = [row]
        if not candidates:
            doubt = doubt or f"{what} has a line that was not sent: `{described(' '.join(cells).strip())}`"
            continue
        meant = [row] if row in candidates else candidates
        groups[tuple(meant)] += 1
        for one in meant:
            found[one] = f"{found[one]}; {why}" if one in found else why
    return Joined(found, sum(min(count, len(meant)) for meant, count in groups.items()), len(errors), doubt)


def _key(cells: Sequence[str], columns: Sequence[int]) -> tuple[str, ...]:
    # Some platforms give cells back without the spaces around them, others with spaces of their own.
    return tuple(cells[one].strip() for one in columns)


def _counts(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10


def parsed(data: bytes) -> list[list[str]]:
    """The lines of a file with `;` between cells, or `,` where the header has none."""
    text = _text(data)
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        return [line for line in line_reader(io.StringIO(text, newline=""), delimiter) if line]
    except csv.Error as problem:
        raise TerminalError(f"a file of an import is no CSV: {problem}") from None


def _text(data: bytes) -> str:
    """UTF-8, or what its mark says; else what Windows writes in the west, for the words of a report are better read wrongly than not."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def written(header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """A file as Mirakl takes it: `;` between cells, UTF-8, a header."""
    text = io.StringIO()
    made = line_writer(text, ";")
    made.writerow(header)
    made.writerows(lines)
    return text.getvalue().encode()
