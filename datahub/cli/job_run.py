"""`dhm run JOB`: the run of a job as a person or cron starts it, and the words with which it ends."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from datahub.cli.delivered import delivered, done, targets
from datahub.cli.following import follow
from datahub.cli.output import Exit, Paint, Stop, event, say, structured
from datahub.cli.queued import met, orphaned, orphans, waiting, ways_on
from datahub.cli.waits import waits_told
from datahub.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datahub.cli.spans import Span
    from datahub.plan.operators import Plan
    from datahub.project.load import Loaded
    from datahub.reports.report import Report
    from datahub.runner.jobs.job_context import JobContext
    from datahub.runner.jobs.perform import Ending
    from datahub.state.records import Run
    from datahub.state.store import StateStore


GO_ON = 30.0
"""For how many seconds a process that `dhm serve` has started goes on with what else of its job waits."""


@record(frozen=True, slots=True)
class Asked:
    """How a job is asked for on the command line."""

    job: str
    env: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    dry: bool = False
    claimed: str = ""
    served: bool = False
    """Whether `dhm serve` has started this process, which then goes on with what else of the job waits."""
    alone: bool = False
    """Whether what else of the job waits is left to others."""
    scheduled: bool = False
    """Whether another scheduler has started it, for which a job that is switched off does nothing."""
    fail_on_rejects: bool = False
    fail_on_empty: bool = False
    fail_on_skip: bool = False
    quiet: bool = False
    memory: int = 0
    """How much an operator holds; as the job says where it is 0."""
    threads: int = 0
    """How many threads work; one a core where it is 0."""
    span: Span | None = None
    """The range of time that is to be read once more."""


def run_job(asked: Asked) -> Exit:
    """Run a job once, and what has come to wait behind it."""
    from datahub.cli.project import ledger, plan_of, project
    from datahub.cli.switching import switched_on
    from datahub.project.failures import TerminalError
    from datahub.runner.jobs.bind import bind, signable
    from datahub.runner.jobs.unready import mended
    from datahub.state.store import LedgerUnusable

    loaded = project(asked.env)
    if asked.scheduled and asked.job in loaded.project.jobs and asked.job not in switched_on(loaded):
        if not asked.quiet:
            say(f"`{asked.job}` is off: `dhm jobs enable {asked.job}` lets schedules start it")
        return Exit.SKIPPED if asked.fail_on_skip else Exit.DONE
    if asked.memory and asked.job in loaded.project.jobs:
        loaded.project.jobs[asked.job] = loaded.project.jobs[asked.job].model_copy(update={"memory": asked.memory})
    try:
        plan = plan_of(loaded, asked.job)
    except Stop as stop:
        if _unready(loaded, asked, stop.message, stop.advice):
            return stop.code
        raise
    _readable(plan, asked)
    if asked.dry:
        from datahub.cli.dry import dry

        return dry(loaded, asked, plan)
    store = ledger(loaded)
    try:
        try:
            context = bind(loaded, asked.job, plan, store, threads=asked.threads)
            signable(loaded, asked.job)
        except TerminalError as problem:
            if _unready(loaded, asked, problem.message, problem.help):
                return Exit.USAGE
            raise
        mended(store, asked.job, context.clock())
        for run in () if asked.served else orphans(store, loaded.project.jobs):
            say(f"{Paint(sys.stderr)('1;33', 'warning')}: run {run.id} is not done: {orphaned(run)}")
        with waits_told(quiet=asked.quiet):
            code = _work(context, asked)
        if not asked.claimed:
            _post(loaded, store, asked.job)
        left = not (asked.served or asked.alone) and bool(store.runs.upcoming(asked.job, context.clock()))
    except TerminalError as problem:
        raise Stop(problem.message, problem.help) from problem
    except LedgerUnusable as problem:
        raise Stop(problem.message, problem.help, code=Exit.LATER if problem.later else Exit.WRONG) from problem
    finally:
        store.close()
    return (follow(asked) or code) if left else code


def _readable(plan: Plan, asked: Asked) -> None:
    """Stop where a parameter that was typed is none of the script's, or its value none of its type."""
    from datahub.runner.parameters import Unreadable, parameters

    names = [shape.name for shape in plan.parameters]
    for name, _ in asked.parameters:
        if name not in names:
            raise Stop(f"the script of the job `{asked.job}` has no parameter `{name}`", f"it has {', '.join(names) or 'none'}")
    try:
        parameters(plan, dict(asked.parameters))
    except Unreadable as problem:
        raise Stop(str(problem)) from problem


def _unready(loaded: Loaded, asked: Asked, reason: str, advice: str) -> bool:
    """Tell the ledger and the log why a run that `dhm serve` has started cannot be begun; who types it, reads it otherwise."""
    from datahub.cli.project import ledger
    from datahub.runner.jobs.unready import unready

    if not asked.served or asked.job not in loaded.project.jobs:
        return False
    with closing(ledger(loaded)) as store:
        unready(store, loaded.project.jobs[asked.job], asked.claimed, reason, advice, datetime.now(UTC))
        run = store.runs.get(asked.claimed)
    if run is None:
        return False
    _told_of(run, advice)
    return True


def _post(loaded: Loaded, store: StateStore, job: str) -> None:
    """Send what the job has to tell others, for whom nobody serves; what is not taken waits, and the run is what it is."""
    from datahub.project.failures import DataHubError
    from datahub.runner.jobs.bind import receivers_of
    from datahub.runner.jobs.posting import send_to

    for channel in receivers_of(loaded, job):
        try:
            sent = send_to(store, loaded, channel)
        except DataHubError as problem:
            say(f"messages to `{channel}` wait: {problem.message}")
            continue
        if sent.closed or sent.later or sent.dead:
            say(f"messages to `{channel}` wait or were set aside: `dhm messages ls`")


def _work(context: JobContext, asked: Asked) -> Exit:
    from datahub.runner.jobs.perform import perform
    from datahub.state.owner import this_process
    from datahub.state.store import Fenced

    mine = context.store.runs.get(asked.claimed) if asked.claimed else _begun(context, asked)
    if mine is None:
        raise Stop(f"there is no run `{asked.claimed}`")
    code = Exit.DONE
    before: list[Run] = []
    worked = done = False
    until = time.monotonic() + GO_ON
    while (found := context.store.runs.claim(context.name, this_process(), context.clock())) is not None:
        worked = True
        try:
            ending = perform(context, *found)
        except Fenced as problem:
            raise Stop(str(problem), code=Exit.LATER) from problem
        except (KeyboardInterrupt, SystemExit):
            if not asked.served:
                say(f"stopped: run {found[1].id} goes on where it is with the next `dhm run {context.name}`, or by `dhm serve`")
            raise
        ended(context, ending, asked)
        if ending.run.id == mine.id or not asked.claimed:
            code = exit_of(ending, asked) or (code if asked.span is not None or _undone(context, before) else Exit.DONE)
        before.append(ending.run)
        done = done or ending.run.id == mine.id
        if done and not (asked.served and context.job.overlap != "allow" and time.monotonic() < until):
            break
    return code if worked else _left(context, mine, asked)


def _undone(context: JobContext, runs: Sequence[Run]) -> bool:
    """Whether something that the runs of this process failed to deliver has not been delivered by one of them since."""
    from datahub.state.records import ItemStatus, RunStatus

    failed = [run for run in runs if run.status in (RunStatus.FAILED, RunStatus.OVER_LIMIT)]
    taken = [context.store.items.taken(run.id) for run in failed]
    return any(not several or any(one.item.status is not ItemStatus.DONE for one in several) for several in taken)


def _left(context: JobContext, mine: Run, asked: Asked) -> Exit:
    """A run that is not for this process to do: behind one at work it is as good as done; behind one that is stuck nobody may think so."""
    from datahub.state.records import RunStatus

    first = context.store.runs.first(context.name)
    stuck = Exit.DONE
    if first is not None and first.id != mine.id:
        later = first.not_before is not None and first.not_before > context.clock()
        stuck = Exit.WRONG if first.status is RunStatus.HELD else Exit.LATER if later else Exit.DONE
    if stuck or not asked.quiet:
        say(f"{mine.status.value}: {mine.reason}" if mine.ended_for_good else waiting(context.store, mine))
        if stuck and mine.ended_for_good and first is not None:
            state, advice = met(context.store, first)
            say(f"  run {first.id} {state}\n  {advice}")
    return Exit.SKIPPED if asked.fail_on_skip else stuck


def _begun(context: JobContext, asked: Asked) -> Run:
    """The run that was asked for; of a range in several parts the last."""
    if asked.span is None:
        return submitted(context, asked)
    from datahub.cli.spans import submitted_span

    return submitted_span(context, asked.span, json.dumps(dict(asked.parameters)), quiet=asked.quiet)


def _told_of(run: Run, advice: str, done: str = "") -> None:
    """A line in the log of `dhm serve`, which tells of a run only where its process could not."""
    from datahub.cli.serving import told

    if structured():
        _log(run, advice)
        return
    said = "; ".join(one for one in (done, run.reason, advice) if one)
    told(run.job, f"run {run.id} {run.status.value.replace('_', ' ')}{f': {said}' if said else ''}")


def submitted(context: JobContext, asked: Asked) -> Run:
    """A run that a person starts, let in as the job's policy says."""
    from datahub.state.records import Admission, Fire, FireKind, Overlap

    job = context.job
    # What has parameters of its own stands for no other run, and none for it; those that wait do not take what is there from it.
    own = bool(asked.parameters)
    admission = Admission(Overlap(job.overlap), job.most_waiting, json.dumps(dict(asked.parameters)), precedes=own, alone=own)
    run = context.store.runs.submit(Fire(context.name, FireKind.MANUAL, context.clock()), admission, context.clock())
    assert run is not None
    return run


def ended(context: JobContext, ending: Ending, asked: Asked) -> None:
    """What a person reads of a run that ended."""
    from datahub.cli.summary import last_line, summary
    from datahub.state.records import NOTHING_NEW, RunStatus

    run, paint = ending.run, Paint(sys.stderr)
    folder = context.folders.run(run.id) / "out" / "run"
    advice = ending.help or _advice(run) or ""
    if (ending.report is not None and folder.is_dir()) or (ending.report is None and run.status is not RunStatus.SUCCESS):
        _page(context, ending, advice, folder)
    if structured():
        _log(run, advice, ending.report, folder)
        return
    good = run.status is RunStatus.SUCCESS
    if asked.served:
        _told_of(run, advice, *([done(context, run)] if good and run.code != NOTHING_NEW else []))
        for word in ending.told:
            _told_of(run, f"warning: {word}")
        return
    if ending.report is not None and not asked.quiet:
        told = summary(replace(ending.report, written=()), paint, delivered=good).rstrip("\n")
        # How the run ended is said below, with what the targets said.
        say(told.removesuffix(last_line(ending.report, paint).rstrip("\n")).rstrip("\n"))
        say(delivered(context, run).rstrip("\n"))
    if good and asked.quiet:
        # What was rejected is no word to be woken by; that the older of two states was taken, is.
        for word in ending.told:
            say(f"{paint('1;33', 'warning')}: run {run.id}: {word}")
        return
    if good:
        said = [] if run.code == NOTHING_NEW else [done(context, run)]
        say(f"{paint('1;32', 'done')}: run {run.id}: {'; '.join(one for one in (*said, run.reason) if one)}")
        return
    say(f"{paint('1;31', run.status.value.replace('_', ' '))}: run {run.id}: {run.reason}")
    if advice:
        say(f"  {paint('1', 'help')}: {advice}")


def _page(context: JobContext, ending: Ending, advice: str, folder: Path) -> None:
    """Write how the run ended into its page; a run that is done stays done where the disk has no room for that."""
    from datahub.reports.page import JobFacts, write_page, write_short_page

    run, zone = ending.run, context.zone
    try:
        taken = context.store.items.taken(run.id)
        names, files = (
            {one.item.staged: one.item.name for one in taken},
            tuple((one.item.name, one.item.size, one.item.sha256) for one in taken),
        )
        told = (run.status.value, run.reason, advice, tuple(targets(context, run)), names, zone, run.started or run.as_of, files)
        facts = JobFacts(context.name, run.id, *told, code=run.code)
        if ending.report is not None:
            write_page(ending.report, folder, facts)
        elif not (folder / "report.json").is_file():
            write_short_page(folder, facts)
    except OSError as problem:
        say(f"{folder} could not take the report: {problem.strerror or problem}")


def _log(run: Run, advice: str, report: Report | None = None, folder: Path = Path()) -> None:
    """The same for a machine, whatever became of it."""
    from datahub.cli.summary import facts
    from datahub.state.records import RunStatus

    level = "info" if run.status is RunStatus.SUCCESS else "warning" if not run.ended_for_good else "error"
    told = facts(report, folder) if report is not None else {}
    event(
        level,
        f"run {run.status.value}",
        **{**told, "job": run.job, "run": run.id, "reason": run.reason, "help": advice, "attempt": run.attempt},
    )


def _advice(run: Run) -> str | None:
    from datahub.runner.jobs.begun import BRING_BACK
    from datahub.state.records import RunStatus

    match run.status:
        case RunStatus.HELD if "--arrived" in run.reason:
            return None
        case RunStatus.HELD:
            lets = f"`dhm runs resume {run.id} --approve` lets it through, `dhm runs cancel {run.id}` gives its input back"
            return ways_on(run) if BRING_BACK in run.reason else lets
        case RunStatus.RETRYABLE:
            return "the next `dhm run` of the job goes on with it, and `dhm serve` does by itself"
        case _:
            return None


def exit_of(ending: Ending, asked: Asked) -> Exit:
    from datahub.state.records import NOTHING_NEW, RunStatus

    match ending.run.status:
        case RunStatus.SUCCESS:
            if asked.fail_on_empty and (ending.run.code == NOTHING_NEW or not ending.run.counts.read):
                return Exit.EMPTY
            lost = ending.rejected or ending.refused
            return Exit.REJECTS if asked.fail_on_rejects and lost else Exit.DONE
        case RunStatus.RETRYABLE:
            return Exit.LATER
        case _:
            return Exit.WRONG
