"""What a person reads when a run has ended: what became of the rows, what was wrong, where everything is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from datahub.cli.output import Paint, counted, printable
from datahub.cli.tables import table

if TYPE_CHECKING:
    from pathlib import Path

    from datahub.reports.report import CodeCount, Report, SourceCounts

_FATES = (
    ("written", "written"),
    ("rejected", "rejected"),
    ("merged", "merged"),
    ("filtered", "filtered"),
    ("empty", "without elements"),
    ("looked_up", "for lookups"),
)
_MOST_CODES = 8
_MOST_CAUSES = 3
_LONGEST_VALUE = 60


def summary(report: Report, paint: Paint, *, delivered: bool = True) -> str:
    """The closing words of a run, the last line being the whole in short; where nothing was `delivered` all of the input is sent again."""
    rejected = "to correct and send again" if delivered and report.status != "aborted" else "rejected rows"
    parts = [
        _sources(report, paint),
        _written(report),
        _findings(report, paint, rejected),
        _warnings(report, paint),
        last_line(report, paint),
    ]
    return "\n".join(part for part in parts if part)


def facts(report: Report, folder: Path) -> dict[str, object]:
    """The same for a machine: what became of the rows, how often each code, where the whole is told."""
    fates = {word: sum(getattr(one, word) for one in report.sources) for word in ("read", *(name for name, _ in _FATES))}
    return {
        "script": report.script,
        "flow": report.flow,
        "reason": report.reason,
        "rows": fates,
        "codes": {one.code: one.count for one in report.codes},
        "warnings": list(report.warnings),
        "notes": list(report.notes),
        "seconds": report.seconds,
        "report": str(folder / "report.html"),
    }


def last_line(report: Report, paint: Paint) -> str:
    rate = f" ({counted(round(report.rows_read / report.seconds), 'row')}/s)" if report.seconds > 0 and report.rows_read else ""
    time = f"in {report.seconds:,.2f} s{rate}"
    if report.status == "aborted":
        return f"{paint('1;31', 'aborted')}: {report.reason}; nothing was written, {time}\n"
    rows = sum(report.entities.values())
    said = [f"{counted(report.rows_read, 'row')} read", f"{counted(rows, 'row')} written"]
    if report.rows_rejected:
        said.append(paint("1;33", f"{report.rows_rejected:,} rejected"))
    return f"{paint('1;32', 'done')}: {', '.join(said)}, {time}\n"


def _sources(report: Report, paint: Paint) -> str:
    """One line a source: all its rows, by what became of them."""
    fates = [("written", "fit to be written"), *_FATES[1:]] if report.status == "aborted" else _FATES
    places = max((sum(bool(getattr(source, name)) for name, _ in fates) for source in report.sources), default=0)
    rows = [
        [
            one.source,
            f"{one.read:,} read",
            "=" if one.read else "",
            *_fates(one, fates, places),
            _both(report, one),
            "" if one.adds_up else "!",
        ]
        for one in report.sources
    ]
    text = table(rows, right=(1,))
    if not report.adds_up:
        text += paint("1;31", "the rows do not add up: this is a mistake of DataHub") + "\n"
    return text


def _both(report: Report, source: SourceCounts) -> str:
    """How many rows were rejected as well that another entity, or another of its rows, has taken."""
    rejected = sum(one.rows for one in report.rejects if one.name == source.source) - source.rejected
    return f"({rejected:,} of them also rejected, for another entity or row)" if rejected > 0 else ""


def _fates(source: SourceCounts, fates: Sequence[tuple[str, str]], places: int) -> Iterator[str]:
    """The fates that rows of a source came to, and nothing for the others of `places`."""
    said = [f"{count:,} {word}" for name, word in fates if (count := getattr(source, name))]
    yield from (f"{'+ ' if position else ''}{one}" for position, one in enumerate(said))
    yield from [""] * (places - len(said))


def _written(report: Report) -> str:
    rows = [[one.name, counted(one.rows, "row"), one.path] for one in report.written] if report.status != "aborted" else []
    return table(rows, right=(1,))


def _findings(report: Report, paint: Paint, rejected: str) -> str:
    """The codes, the most frequent first, each with one row that shows it; and where the rejected rows are."""
    if not report.codes:
        return ""
    lines = [line for code in report.codes[:_MOST_CODES] for line in _lines(code)]
    text = table(
        [line if any(line[0] for line in lines) else line[1:] for line in lines], right=(2,) if any(line[0] for line in lines) else (1,)
    )
    if (more := len(report.codes) - _MOST_CODES) > 0:
        text += f"  and {counted(more, 'code')} more in run/report.json\n"
    for file in report.rejects:
        text += f"  {paint('1', rejected)}: {file.path} ({counted(file.rows, 'row')})\n"
    return text


def _lines(code: CodeCount) -> Iterator[list[str]]:
    """A code with a row that has it; where it has several causes, one for each of the most frequent."""
    causes = code.several[:_MOST_CAUSES]
    yield [
        code.severity if code.severity != "error" else "",
        code.code,
        f"{code.count:,}",
        code.meaning if causes else _example(code, code.samples),
    ]
    for one in causes:
        yield ["", "", f"{one.count:,}", _example(code, one.samples)]
    if (more := code.count - sum(one.count for one in causes)) and causes:
        yield ["", "", f"{more:,}", "for other causes, in run/report.json"]


def _example(code: CodeCount, samples: Sequence[dict[str, object]]) -> str:
    sample = samples[0] if samples else None
    if sample is None:
        return code.meaning
    where = f"{sample.get('file') or ''}:{sample.get('line') or ''}".strip(":")
    shown = str(sample.get("value") or "").replace("\n", " ")
    value = f" `{shown if len(shown) <= _LONGEST_VALUE else shown[:_LONGEST_VALUE] + '…'}`" if shown else ""
    from datahub.reports.report import field_of

    name = field_of(sample)
    told = str(sample.get("message") or code.meaning)
    # A message shows the beginning of a long value.
    return printable(
        f"{name + ': ' if name else ''}{told}{value if shown[:_LONGEST_VALUE] not in told else ''}{f'  {where}' if where else ''}"
    )


def _warnings(report: Report, paint: Paint) -> str:
    notes = (f"{paint('1', 'note')}: {note}\n" for note in report.notes)
    return "".join((*(f"{paint('1;33', 'warning')}: {warning}\n" for warning in report.warnings), *notes))
