"""`dhm run JOB --from … --to …`: the range of time that is read once more, and its runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from datahub.cli.output import Stop, counted, say
from datahub.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datahub.runner.jobs.backfill import Window
    from datahub.runner.jobs.job_context import JobContext
    from datahub.state.records import Run


@record(frozen=True, slots=True)
class Span:
    """A range as it was typed: days and hours without a zone are on the project's clock."""

    begin: str
    end: str
    each: timedelta | None


def span(begin: str, end: str, each: str) -> Span | None:
    """The range that the options ask for."""
    if not begin:
        if end or each:
            raise Stop("`--to` and `--each` go with `--from`", "write `--from 2026-01-01 --to 2026-02-01`")
        return None
    return Span(begin, end, length_of(each, "--each") if each else None)


def windows_of(asked: Span, zone: str) -> Sequence[Window]:
    """The windows of a range."""
    from datahub.runner.jobs.backfill import MOST, Window, windows

    whole = Window(_instant(asked.begin, zone, "--from"), _instant(asked.end, zone, "--to") if asked.end else _now())
    if whole.begin >= whole.end:
        raise Stop(f"the range ends before it begins: {whole.text}", "`--from` is the earlier instant")
    if asked.each is not None and (whole.end - whole.begin) / asked.each > MOST:
        raise Stop(f"that would be more than {MOST:,} runs", "choose a longer `--each`")
    return windows(whole, asked.each, zone)


def submitted_span(context: JobContext, asked: Span, parameters: str, *, quiet: bool) -> Run:
    """Let the runs of a range in; the last of them."""
    from datahub.runner.jobs.backfill import submitted

    runs = list(submitted(context, windows_of(asked, context.zone), parameters))
    waiting = [run for run, new in runs if not new]
    if waiting:
        say(f"{counted(len(waiting), 'range')} of {len(runs)} waits already: run {', '.join(run.id for run in waiting[:3])}")
    if not quiet and len(runs) > 1:
        say(f"{counted(len(runs), 'run')}, from {runs[0][0].window} to {runs[-1][0].window}")
    return runs[-1][0]


def _instant(text: str, zone: str, option: str) -> datetime:
    from datahub.zones import zone_named

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Stop(f"`{option} {text}` is no instant", "write `2026-01-31` or `2026-01-31T06:00Z`") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone_named(zone))).astimezone(UTC)


def length_of(text: str, option: str) -> timedelta:
    """A length of time as it was typed behind an option."""
    from pydantic import TypeAdapter, ValidationError

    from datahub.project.model import Length

    try:
        found: timedelta = TypeAdapter(Length).validate_python(text)
    except ValidationError:
        found = timedelta(0)
    if found <= timedelta(0):
        raise Stop(f"`{option} {text}` is no length of time", "write `6 h`, `1 d` or `7 d`")
    return found


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
