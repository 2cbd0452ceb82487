"""A range of time once more: what belongs to it is read beside all that the job reads otherwise, which is left as it is.

Positions do not move, files are not moved away, nothing is remembered, and no other job is started by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from datahub.connectors.declare import Landed, Ranged, Source, TerminalError
from datahub.project.binding import FilesFrom
from datahub.records import record
from datahub.runner.jobs.fetch import landed_again, landed_of
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import ENDED, Admission, Fire, FireKind, Overlap, Run, RunStatus
from datahub.zones import zone_named

MOST = 1000
"""So many ranges at most are made of one."""


@record(frozen=True, slots=True)
class Window:
    """From an instant to before another."""

    begin: datetime
    end: datetime

    @property
    def text(self) -> str:
        return f"{_text(self.begin)}/{_text(self.end)}"


def window_of(text: str) -> Window:
    """The window that the ledger has as text."""
    begin, _, end = text.partition("/")
    return Window(datetime.fromisoformat(begin), datetime.fromisoformat(end))


def windows(whole: Window, each: timedelta | None, zone: str) -> Sequence[Window]:
    """A range in parts of one length, the last perhaps shorter. Days are those of the clock of `zone`, however many hours they have."""
    if each is None:
        return (whole,)
    found: list[Window] = []
    begin = whole.begin
    while begin < whole.end:
        end = min(_later(whole.begin, each * (len(found) + 1), zone), whole.end)
        found.append(Window(begin, end))
        begin = end
    return tuple(found)


def submitted(context: JobContext, several: Sequence[Window], parameters: str) -> Iterator[tuple[Run, bool]]:
    """A run for each window, oldest first, and whether it is new: one that is not done yet stands for its window."""
    open_runs = context.store.runs.list(context.name, [status for status in RunStatus if status not in ENDED], 100_000)
    known = {run.window: run for run in open_runs if run.window}
    for window in several:
        if window.text in known:
            yield known[window.text], False
            continue
        now = context.clock()
        as_of = min(window.end, now)
        admission = Admission(Overlap.QUEUE_ALL, parameters=parameters, approved=True, as_of=as_of, window=window.text, alone=True)
        run = context.store.runs.submit(Fire(context.name, FireKind.BACKFILL, window.begin), admission, now)
        assert run is not None
        yield run, True


def landed_in(context: JobContext, name: str, source: Source, window: Window, folder: Path) -> Iterator[Sequence[Landed]]:
    """What a source has of a window: as it is there now, and as it was landed before where it is there no more."""
    if not isinstance(source, Ranged):
        raise TerminalError(
            f"the source `{name}` cannot be asked for a range of time", "files can, and calls that ask with `{{CURSOR}}` and `{{NOW}}`"
        )
    there: set[tuple[str, str]] = set()
    try:
        _ask(name, source, window)
        for some in landed_of(source, source.splits(), folder):
            there.update((one.name, one.sha256) for one in some)
            yield some
    finally:
        # The next run of this process asks for what is new.
        source.within(None)
    if isinstance(context.job.sources[name], FilesFrom):
        for item in context.store.items.done_at(context.places[name]):
            landed = landed_again(item)
            changed = landed.split.modified
            if changed is not None and window.begin <= changed < window.end and (item.name, item.sha256) not in there:
                _still_kept(landed)
                yield [landed]


def _ask(name: str, source: Ranged, window: Window) -> None:
    try:
        source.within((window.begin, window.end))
    except TerminalError as problem:
        raise TerminalError(f"the source `{name}` cannot be asked for a range of time: {problem.message}", problem.help) from None


def _still_kept(landed: Landed) -> None:
    if not landed.path.is_file():
        raise TerminalError(
            f"`{landed.name}` was read, is not there any more, and its copy is gone",
            "`retention.payloads` says how long copies are kept; put the file back, or ask for a range without it",
        )


def _later(begin: datetime, by: timedelta, zone: str) -> datetime:
    if by % timedelta(days=1):
        return begin + by
    return (begin.astimezone(zone_named(zone)) + by).astimezone(UTC)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
