"""The report of a run as a page for people: what became of every row, what was refused and what to do, what changed, how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from datahub.diagnostics.row_codes import ROW_CODES
from datahub.project.redaction import redacted
from datahub.records import record
from datahub.reports.for_senders import FOR_SENDERS
from datahub.reports.html import Markup, Part, element, page
from datahub.reports.report import Cause, CodeCount, Report, SourceCounts, field_of
from datahub.zones import zone_named

NAME = "report.html"
_FATES = (
    ("written", "accepted"),
    ("rejected", "refused"),
    ("merged", "merged into another row"),
    ("filtered", "left out by the script"),
    ("empty", "without anything in them"),
    ("looked_up", "looked things up in"),
)
_OF_SAMPLES = ("Where", "Key", "Field", "Value", "What is wrong")
_LONGEST = 120
_SLOWEST = 6


@record(frozen=True, slots=True)
class JobFacts:
    """How the run of a job ended, beside what its rows tell: `delivered` is a line for each target, with how many rows."""

    job: str
    run: str
    status: str
    reason: str = ""
    help: str = ""
    delivered: tuple[tuple[str, str, str], ...] = ()
    names: Mapping[str, str] | None = None
    """Under which names people know the files that were read, by the paths where they landed."""
    zone: str = "UTC"
    """On whose clock instants are told."""
    begun: datetime | None = None
    files: tuple[tuple[str, int, str], ...] = ()
    """What was fetched: names, sizes, digests; for a run that came to no report."""
    code: str = ""
    """Why it failed; advice for whoever sent the file stands first, where there is some."""


def write_page(report: Report, folder: Path, facts: JobFacts | None = None) -> Path:
    """Write the page beside `report.json`; it takes the place of an earlier one."""
    path = folder / NAME
    path.write_text(redacted(as_page(report, facts)), encoding="utf-8", errors="replace")
    return path


def write_short_page(folder: Path, facts: JobFacts) -> Path:
    """The page of a run that ended before a row was read: why, what to do, and of which files."""
    # As where rows of files are.
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    path = folder / NAME
    path.write_text(redacted(as_short_page(facts)), encoding="utf-8", errors="replace")
    return path


def as_short_page(facts: JobFacts) -> str:
    """That page as text."""
    colour, words = _verdict(None, facts)
    files = _table((("File", ""), ("bytes", "number")), [(name, size) for name, size, _ in facts.files])
    digests = [
        element("tr", element("td", f"SHA-256 of {name}"), element("td", element("code", digest))) for name, _, digest in facts.files
    ]
    run = element("tr", element("td", "run"), element("td", element("code", facts.run)))
    parts = (
        _title(facts.job, colour, words, _when(facts.begun, facts.zone), facts.reason, facts.help, facts.code),
        element("section", element("h2", "Rows"), element("p", "None was read, and nothing was delivered.")),
        element("section", element("h2", "What was fetched"), files) if facts.files else None,
        element("footer", element("details", element("summary", "For the technician"), element("table", run, digests))),
    )
    return page(f"{facts.job}: {words}", _STYLE, element("main", *parts))


def as_page(report: Report, facts: JobFacts | None = None) -> str:
    """The page as text."""
    name = facts.job if facts else Path(report.script).stem or "run"
    parts = (
        _head(report, facts, name),
        _conservation(report),
        _refused(report, again=report.status != "aborted" and (facts is None or facts.status == "success")),
        _noticed(report),
        _warnings(report),
        _results(report, facts),
        _time(report),
        _origin(report, facts),
    )
    return page(f"{name}: {_verdict(report, facts)[1]}", _STYLE, element("main", *parts))


def _verdict(report: Report | None, facts: JobFacts | None) -> tuple[str, str]:
    """How it ended: a colour, and a few words."""
    if facts and facts.status != "success":
        waits = facts.status in ("held", "failed_retryable")
        return ("waits" if waits else "bad"), facts.status.replace("_", " ")
    if report is None or report.status == "aborted" or not report.adds_up:
        return "bad", "stopped, nothing was written"
    return ("partly", "done, with refused rows") if report.rows_rejected else ("good", "done")


def _head(report: Report, facts: JobFacts | None, name: str) -> Markup:
    colour, words = _verdict(report, facts)
    reason = (facts.reason if facts else "") or report.reason
    when = _when(datetime.fromisoformat(report.started), facts.zone if facts else "UTC")
    about = f"{when} · {report.script}{f' · flow {report.flow}' if report.flow else ''}"
    return _title(name, colour, words, about, reason, facts.help if facts else "", facts.code if facts else "")


def _title(name: str, colour: str, words: str, about: str, reason: str, help: str, code: str = "") -> Markup:
    sender = FOR_SENDERS.get(code, "")
    return element(
        "header",
        element("p", about, class_="faint"),
        element("h1", name, " ", element("span", words, class_=f"badge {colour}")),
        element("p", _coded(reason)) if reason else None,
        element("p", element("b", "What to do: "), sender) if sender else None,
        element("p", element("b", "For whoever keeps the script: " if sender else "What to do: "), _coded(help)) if help else None,
    )


def _when(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(zone_named(zone)):%Y-%m-%d %H:%M:%S} {zone}" if at is not None else ""


# ---------------------------------------------------------------- what became of the rows


def _conservation(report: Report) -> Markup:
    """Every row of every source, by what became of it: the line adds up to what was read."""
    used = [(name, word) for name, word in _FATES if any(getattr(one, name) for one in report.sources)] or list(_FATES[:2])
    columns = [("From", ""), ("rows read", "number"), *((word, "number") for _, word in used)]
    names = ("read", *(name for name, _ in used))
    rows = [[[one.source, _files(one)], *(getattr(one, name) for name in names)] for one in report.sources]
    if report.adds_up:
        said = "The row that was read is" if report.rows_read == 1 else f"All {report.rows_read:,} rows that were read are"
        told = element("p", f"✓ {said} accounted for.", class_="sum good-text")
    else:
        told = element("p", "The rows do not add up. This is a mistake of DataHub: do not use the result.", class_="sum bad-text")
    bars = [_bar(one, used) for one in report.sources if one.read]
    return element(
        "section",
        element("h2", "What became of every row"),
        _table(columns, rows),
        bars,
        told,
    )


def _files(one: SourceCounts) -> Markup | None:
    if not one.files:
        return None
    shown = ", ".join(one.files[:3]) + (f" and {len(one.files) - 3:,} more" if len(one.files) > 3 else "")
    return element("div", shown, class_="faint")


def _bar(one: SourceCounts, used: Sequence[tuple[str, str]]) -> Markup:
    parts = [
        element("i", class_=name, style=f"flex-grow:{getattr(one, name)}", title=f"{getattr(one, name):,} {word}")
        for name, word in used
        if getattr(one, name)
    ]
    return element("div", parts, class_="bar", role="img", aria_label=f"rows of {one.source}")


# ---------------------------------------------------------------- what was refused, and what was noticed


def _rows(count: int) -> str:
    return "refused row" if count == 1 else f"{count:,} refused rows"


def _refused(report: Report, *, again: bool) -> Markup:
    codes = [one for one in report.codes if one.severity in ("error", "fatal")]
    if not codes:
        return element("section", element("h2", "Refused rows"), element("p", "None."))
    where = [
        element(
            "p", f"The {_rows(one.rows)} of {one.name}{', to be corrected and sent again' if again else ''}: ", element("code", one.path)
        )
        for one in report.rejects
    ]
    intro = "A row can be refused for several reasons at once; each is counted."
    return element("section", element("h2", "Refused rows, by reason"), element("p", intro, class_="faint"), map(_code, codes), where)


def _noticed(report: Report) -> Markup | None:
    codes = [one for one in report.codes if one.severity not in ("error", "fatal")]
    if not codes:
        return None
    intro = "None of this refuses a row; a row that was refused as well stands above."
    return element("section", element("h2", "Noticed"), element("p", intro, class_="faint"), map(_code, codes))


def _code(one: CodeCount) -> Markup:
    rule = ROW_CODES.get(one.code)
    first = str(one.samples[0].get("message") or "") if one.samples else ""
    title = rule.summary if rule else one.meaning if one.several else first or one.meaning
    if rule:
        # Who sent the file reads first, and has no script.
        for_script = element("p", element("b", "For whoever keeps the script: "), _coded(rule.explanation), class_="faint")
        advice = [element("p", element("b", "What to do: "), FOR_SENDERS[one.code]), for_script]
    else:
        advice = [element("p", element("b", "What to do: "), _coded(_of_script(one)))]
    head = element("summary", element("b", one.code), " ", title, element("span", one.count, " ×", class_="count"))
    return element("details", head, advice, _samples(one), open="open")


def _of_script(one: CodeCount) -> str:
    place = str(one.samples[0].get("script") or "") if one.samples else ""
    check = f"the check at {place}" if place else "a check of the script"
    return f"This is asked for by {check}. Correct the value where it comes from, or change the check."


def _samples(one: CodeCount) -> Markup | None:
    if not one.samples:
        return None
    head = element("tr", [element("th", name) for name in _OF_SAMPLES], class_="head")
    if not one.several:
        return element("table", head, map(_sample, one.samples), class_="samples")
    causes = [[_how_often(cause, one), *map(_sample, cause.samples)] for cause in one.several]
    other = element("p", f"{one.other:,} × for other causes.", class_="faint") if one.other else None
    return element("div", element("table", head, causes, class_="samples"), other)


def _how_often(cause: Cause, code: CodeCount) -> Markup:
    """A line above the rows of one of several causes."""
    field = field_of({"entity": cause.entity, "field": cause.field})
    why = f", as {ROW_CODES[cause.caused_by].summary}" if cause.caused_by != code.code and cause.caused_by in ROW_CODES else ""
    return element("tr", element("th", f"{cause.count:,} × {field}{why}", colspan="5"))


def _sample(sample: dict[str, object]) -> Markup:
    told = {name: "" if value is None else str(value) for name, value in sample.items()}
    place = told.get("file", "") + (f", line {told['line']}" if told.get("line") else "")
    field = field_of(sample)
    value = element("code", _short(told["value"])) if told.get("value") else element("span", "empty", class_="faint")
    cells = (place, told.get("key", ""), field, value, told.get("message", ""))
    # In place of the heads, where there is no room for columns.
    return element("tr", [element("td", cell, data_name=name) for name, cell in zip(_OF_SAMPLES, cells, strict=True)])


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"


def _coded(text: str) -> list[Markup | str]:
    """Sentences of ours, with what stands between backticks as code."""
    return [element("code", part) if number % 2 else part for number, part in enumerate(text.split("`"))]


# ---------------------------------------------------------------- what changed, what was made, how long it took


def _warnings(report: Report) -> Markup | None:
    """Columns that nobody declared, columns that are missing, codes that were mended: what the sender may have changed."""
    mended = [f"{count:,} values with {name} took the value that the script has for that" for name, count in report.recovered.items()]
    told = [*report.warnings, *mended]
    if not told:
        return None
    return element(
        "section", element("h2", "What differs from what was expected"), element("ul", [element("li", _coded(one)) for one in told])
    )


def _results(report: Report, facts: JobFacts | None) -> Markup | None:
    delivered = facts.delivered if facts else ()
    made = report.written if facts is None and report.status != "aborted" else ()
    rows = [*delivered, *((one.name, f"{one.rows:,}", one.path) for one in made)]
    notes = [element("p", _coded(note)) for note in report.notes]
    if not rows:
        return element("section", element("h2", "Delivered"), element("p", "Nothing."), *notes)
    return element("section", element("h2", "Delivered"), _table((("To", ""), ("rows", "number"), ("as", "")), rows), *notes)


def _table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Part]]) -> Markup:
    """A table of columns, each with its name and class, which stands as a list of names and values where the page is narrow."""
    head = element("tr", [element("th", name, class_=kind) for name, kind in columns], class_="head")
    cells = ([element("td", cell, class_=kind, data_name=name) for cell, (name, kind) in zip(row, columns, strict=True)] for row in rows)
    body = [element("tr", some) for some in cells]
    return element("div", element("table", head, body, class_="samples rows"), class_="wide")


def _time(report: Report) -> Markup:
    rate = f", {report.rows_read / report.seconds:,.0f} rows a second" if report.seconds > 0 and report.rows_read else ""
    slowest = sorted((one for one in report.operators if one.seconds > 0), key=lambda one: -one.seconds)[:_SLOWEST]
    columns = [("Step", ""), *((name, "number") for name in ("rows in", "rows out", "seconds"))]
    rows = [(one.operator, one.rows_in, one.rows_out, f"{one.seconds:,.3f}") for one in slowest]
    table = element("details", element("summary", "The slowest steps"), _table(columns, rows)) if slowest else None
    return element("section", element("h2", "Time"), element("p", f"{report.seconds:,.2f} seconds{rate}."), table)


def _origin(report: Report, facts: JobFacts | None) -> Markup:
    """What it takes to tell that two runs did the same thing with the same files."""
    lines = list(_facts(report, facts))
    rows = [element("tr", element("td", name), element("td", element("code", value))) for name, value in lines]
    return element("footer", element("details", element("summary", "For the technician"), element("table", rows)))


def _facts(report: Report, facts: JobFacts | None) -> Iterator[tuple[str, str]]:
    if facts:
        yield "run", facts.run
    yield "plan", report.plan
    yield from ((f"parameter {name}", str(value)) for name, value in report.parameters.items())
    names = (facts and facts.names) or {}
    yield from ((f"SHA-256 of {names.get(path) or Path(path).name}", digest) for path, digest in report.inputs.items())


_STYLE = """
:root{color-scheme:light dark;--line:#8884;--faint:#666;--good:#1a7f37;--bad:#c62828;--partly:#9a6700;--waits:#0969da}
:root{--well:#1a7f37;--wrong:#c62828}
@media (prefers-color-scheme:dark){:root{--faint:#a0a0a0;--well:#4ac26b;--wrong:#ff8a80}}
body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.7rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.faint{color:var(--faint);font-size:.9rem;margin:0}
.badge{font-size:.9rem;font-weight:600;color:#fff;padding:.2rem .7rem;border-radius:1rem;vertical-align:middle;white-space:nowrap}
.badge.good{background:var(--good)}.badge.bad{background:var(--bad)}.badge.partly{background:var(--partly)}.badge.waits{background:var(--waits)}
table{border-collapse:collapse;width:100%}th{font-weight:600;text-align:left}
th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;vertical-align:top}td{overflow-wrap:anywhere}
th.number,td.number{text-align:right;font-variant-numeric:tabular-nums}
.samples{font-size:.9rem}.rows{font-size:1rem}code{font-size:.9em;overflow-wrap:anywhere}
.bar{display:flex;height:.8rem;margin:.6rem 0;border-radius:.4rem;overflow:hidden;background:var(--line)}
.bar i{min-width:3px}.written{background:var(--good)}.rejected{background:var(--bad)}.merged{background:#8250df}
.filtered{background:#8c959f}.empty{background:#bbb}.looked_up{background:var(--waits)}
.sum{font-weight:600}.good-text{color:var(--well)}.bad-text{color:var(--wrong)}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer;display:flex;gap:.6rem;align-items:baseline}.count{margin-left:auto;white-space:nowrap;font-variant-numeric:tabular-nums;font-weight:600}
.wide{overflow-x:auto}
@media (min-width:40.01rem){.samples td[data-name=Field]{overflow-wrap:normal}}
@media (max-width:40rem){main{padding:1rem}
.samples tr{display:block;border-bottom:1px solid var(--line);padding:.3rem 0}.samples tr.head{display:none}
.samples td,.samples td.number,.samples th{display:block;border:0;padding:.1rem 0;text-align:left}
.samples td,.samples td.number{padding-left:7.5rem}
.samples td:empty{display:none}.samples td::before{content:attr(data-name);color:var(--faint);
display:inline-block;width:7rem;margin:0 .5rem 0 -7.5rem;vertical-align:top}}
@media print{details{break-inside:avoid}}
"""
