"""A run that fails for what it has read: whether it does, which files it is about, and what a person can do about them."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.project.binding import FilesFrom
from datahub.records import record
from datahub.reports.report import Report
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.transform import OverLimit, within_tolerance
from datahub.runner.jobs.undelivered import again_from, origin_of
from datahub.state.records import Run, Taken


@record(frozen=True, slots=True)
class Told:
    """Why a run failed, with the files that it is about, and what there is to do."""

    reason: str
    help: str


def unfit(context: JobContext, run: Run, report: Report) -> bool:
    """Whether the rules of the script, or the tolerance of the job, keep the result from being delivered."""
    if report.status == "aborted":
        return True
    try:
        within_tolerance(context, run, report)
    except OverLimit:
        return True
    return False


def of_files(context: JobContext, run: Run, taken: Sequence[Taken], reason: str) -> Told:
    """`reason` with the files of the run, and the way out: whoever does nothing has the same files, and the same end, at the next run."""
    if origin := origin_of(context.store, run):
        return Told(reason, f"nothing of it was delivered, and all of it is still to be replayed: {again_from(origin)}")
    files = [one for one in taken if isinstance(context.job.sources.get(one.source), FilesFrom) and one.source in context.driving]
    if not files:
        return Told(reason, "")
    names, source = _names([one.item.name for one in files]), files[0].source
    said = reason if any(one.item.name in reason for one in files) else f"{names}: {reason}"
    if run.apart:
        return Told(said, f"no other run reads {names} for this one: once it is corrected, ask for the range again")
    bound = context.job.sources[source]
    assert isinstance(bound, FilesFrom)
    match bound.on_failure.action:
        case "move":
            return Told(said, f"{names} {_is(files)} put into `{bound.on_failure.folder}`: corrected and put back, {_it(files)} read")
        case "mark":
            marks = f"`{files[0].item.name}.done`" if len(files) == 1 else "the `.done` beside each"
            return Told(said, f"{names} {_is(files)} marked as read: corrected, and without {marks}, {_it(files)} read")
        case "delete" if all(one.item.sha256 for one in files):
            return Told(said, "")
        case _:
            table = f"[jobs.{context.name}.sources.{source}]"
            aside = f'`on_failure = {{action = "move", folder = "failed"}}` below `{table}` puts such files aside by itself'
            return Told(said, f"each run reads {names} first, until corrected or taken away; {aside}")


def _names(several: Sequence[str]) -> str:
    if len(several) > 2:
        return f"`{several[0]}` and {len(several) - 1} more files"
    return " and ".join(f"`{name}`" for name in several)


def _is(files: Sequence[Taken]) -> str:
    return "is" if len(files) == 1 else "are"


def _it(files: Sequence[Taken]) -> str:
    return "it is" if len(files) == 1 else "they are"
