"""One run of a job: fetch, transform, judge, deliver, dispose; and how each failure ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pyarrow as pa

from datahub.connectors.declare import DataHubError, TransientError
from datahub.engine.start import UnusableRun
from datahub.faults import reach
from datahub.formats.declare import BadInput, BadOutput
from datahub.functions.extensions import BrokenExtension
from datahub.plan.serde import digest
from datahub.reports.report import Report
from datahub.runner.jobs.backfill import landed_in, window_of
from datahub.runner.jobs.backoff import exhausted, pause, tried
from datahub.runner.jobs.begun import has_all, lost, source_of
from datahub.runner.jobs.deliver import deliver, made_files, plan
from datahub.runner.jobs.disposing import dispose
from datahub.runner.jobs.drift import missing_now
from datahub.runner.jobs.ending import Ending as Ending
from datahub.runner.jobs.fetch import RangeOf, fetch, fresh, gone, input_files, landed_again, left_there, narrow, told_before, unfetched
from datahub.runner.jobs.files_of_run import withdraw
from datahub.runner.jobs.hold import Cancelled, Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.outbox import of_rows, of_run
from datahub.runner.jobs.overtaken import overtaken
from datahub.runner.jobs.piled_up import (
    Piled,
    behind,
    files_left,
    files_of_part,
    goes_aside,
    part,
    repeated,
    rest,
    splittable,
    waiting,
    waits_behind,
)
from datahub.runner.jobs.poison import left_aside, set_poison_aside
from datahub.runner.jobs.refused import not_taken, refused_rows, rejected_rows
from datahub.runner.jobs.replayed import partly
from datahub.runner.jobs.snapshots import Remembered
from datahub.runner.jobs.transform import (
    Failed,
    Held,
    OverLimit,
    alone,
    counts_of,
    judge,
    parameters,
    rejects_of,
    transform,
    within_tolerance,
)
from datahub.runner.jobs.unfetched import Unfetched
from datahub.runner.jobs.unfit import of_files, unfit
from datahub.runner.parameters import Unreadable
from datahub.state.records import NOTHING_NEW, Claim, Run, RunStatus, Taken
from datahub.state.store import LEASE_SECONDS, Fenced, LedgerUnusable


def perform(context: JobContext, claim: Claim, run: Run) -> Ending:
    """Do what is left of a run that this process has claimed; every end is in the ledger when it returns.

    `Fenced`, and a signal that ends the process, go through: the run is then another's, or for the next who claims it.
    """
    try:
        return _performed(context, claim, run)
    finally:
        # Between two runs nothing is held: hosts end what is idle, and count who is there.
        context.ways.close()


def _performed(context: JobContext, claim: Claim, run: Run) -> Ending:
    work = _Work(context, claim, run)
    with Hold(context.store, claim) as hold:
        try:
            try:
                work.steps(hold)
            except Fenced:
                raise
            except Exception as problem:  # noqa: BLE001 - every failure ends the run in the ledger; unknown ones go on from there
                return work.ended_by(problem)
        except Fenced:
            raise
        except BaseException:
            # Told to end, by a person or by what is wrong with the ledger: the next process goes on at once, and this was no crash.
            with suppress(LedgerUnusable):
                context.store.leases.release(claim.scope, claim.epoch)
            raise
    return work.ending()


class _Work:
    """The steps of one run, each of which finds in the ledger whether it is done."""

    def __init__(self, context: JobContext, claim: Claim, run: Run) -> None:
        self._context, self._claim, self._run = context, claim, run
        self._store = context.store
        # A range of the past says nothing of what was delivered last.
        self._remembered = Remembered(context, nothing=bool(run.window))
        self._report: Report | None = None
        self._piled: Piled | None = None
        self._unfetched = self._drift = self._torn = self._behind = self._part = self._stays = tuple[str, ...]()
        self._waits, self._arrived = "", False

    def steps(self, hold: Hold) -> None:
        hold.check()
        if not self._run.input_digest:
            # What it was started with is wrong whether or not there is anything to read.
            parameters(self._context, self._run)
            self._unfetched = fetch(self._context, self._claim, self._run, hold, self._range())
            self._again()
        taken = tuple(self._store.items.taken(self._claim.run))
        has_all(self._context, self._run, taken)
        self._behind, self._part = tuple(overtaken(self._context, self._run)), tuple(partly(self._store, self._run))
        if not self._store.deliveries.planned(self._claim.run):
            if not fresh(self._context, taken):
                self._nothing_new(hold)
                return
            set_poison_aside(self._context, self._claim, self._run)
            self._make(hold)
        self._store.runs.advance(self._claim, RunStatus.DELIVERING, self._context.clock())
        self._store.keep_copy()
        deliver(self._context, self._run, self._claim, hold)
        self._commit(hold)
        self._dispose(hold)
        if self._stays and self._report is not None:
            self._warn(self._report, self._stays)
        self._end(RunStatus.SUCCESS, "", "")
        self._store.keep_copy()
        reach("ended")

    def _range(self) -> RangeOf | None:
        """What of the sources a backfill reads."""
        if not self._run.window:
            return None
        window, folder = window_of(self._run.window), self._context.folders.landed
        return lambda name, source: landed_in(self._context, name, source, window, folder)

    def _again(self) -> None:
        found = self._store.runs.get(self._claim.run)
        assert found is not None
        self._run = found

    def _make(self, hold: Hold) -> None:
        report = self._transformed(hold)
        with self._store.together():
            self._store.runs.counted(self._claim, counts_of(report))
            if report.status != "aborted":
                # What is given back comes again as a whole: none of it is to be corrected apart.
                self._store.rejects.put(self._claim, rejects_of(self._claim.run, report))
        part_of = files_of_part(self._context, self._claim, self._run)
        judge(self._context, self._run, report, part=part_of, waits=self._waits)
        self._remembered.prepare(self._claim.run)
        planned = plan(self._context, self._run, report)
        self._torn = tuple(planned.told)
        self._warn(report, self._torn)
        with self._store.together():
            self._store.runs.advance(self._claim, RunStatus.CHECKED, self._context.clock(), plan=digest(self._context.plan))
            planned.write_down(self._store, self._claim)
            within_tolerance(self._context, self._run, report, planned.unmade)
        reach("planned")

    def _transformed(self, hold: Hold) -> Report:
        """The result of all that the run has taken; or, where files that piled up give another together than one by one, or one of
        them cannot be taken, of the first."""
        out = self._context.folders.run(self._claim.run) / "out"
        while True:
            taken = tuple(self._store.items.taken(self._claim.run))
            if missing := gone(taken):
                raise Failed("GONE", f"the copy of `{missing[0]}` that was landed is not there any more")
            self._remembered.begin(self._claim.run)
            try:
                files, _ = files_of_part(self._context, self._claim, self._run)
                report = self._report = transform(self._context, self._run, taken, out, self._remembered.watch, files)
            except BadInput as problem:
                if not self._parted(taken, problem.path, problem.message):
                    raise
                continue
            hold.check()
            if unfit(self._context, self._run, report) and self._parted(taken):
                continue
            piled = repeated(self._context, input_files(self._context, taken), out, partial(alone, self._context, self._run))
            if piled is None or report.status == "aborted" or not splittable(self._context, self._run, piled.source):
                return self._warned(report, piled)
            narrow(self._context, self._claim, taken, piled.source, piled.first)
            self._again()

    def _parted(self, taken: Sequence[Taken], bad: str = "", why: str = "") -> bool:
        """Leave some of several files to the next run, so that no file goes down with another that cannot be taken."""
        source, first = part(self._context, self._run, input_files(self._context, tuple(taken)), bad)
        if not source:
            return False
        self._waits = waits_behind([one.item.name for one in taken if one.source == source][first:], {bad: why})
        narrow(self._context, self._claim, taken, source, first)
        self._again()
        return True

    def _warned(self, report: Report, piled: Piled | None) -> Report:
        """The report, and in it what a person has to hear of though the run may be well."""
        self._piled, self._drift = piled, tuple(missing_now(self._context, self._run, report))
        return self._warn(report, self._told_anyway())

    def _warn(self, report: Report, told: Sequence[str]) -> Report:
        if told or self._part:
            notes = tuple(dict.fromkeys((*report.notes, *self._part)))
            report = self._report = replace(report, warnings=(*report.warnings, *told), notes=notes)
            report.write(self._context.folders.run(self._claim.run) / "out" / "run" / "report.json")
        return report

    def _told_anyway(self) -> tuple[str, ...]:
        piled = [self._piled.told] if self._piled else []
        return (*self._unfetched, *piled, *self._drift, *self._torn, *self._behind, *self._stays)

    def _nothing_new(self, hold: Hold) -> None:
        taken = self._store.items.taken(self._claim.run)
        before = told_before(self._context, self._claim.run, taken)
        reason = ": ".join((_NOTHING[bool(self._run.window)], *before[:1])) + (f" (and {len(before) - 1} more)" if before[1:] else "")
        with self._store.together():
            self._store.items.done(self._claim)
            self._store.cursors.commit(self._claim)
        self._dispose(hold)
        there = (*self._unfetched, *self._stays, left_aside(self._context), left_there(self._context))
        with self._store.together():
            # Files that are known already are as good as read: what lies behind them does not wait for the next fire.
            left = files_left(self._context, self._run)
            behind = rest(self._context, self._run, left) if taken else waiting(left)
            reason = "; ".join(filter(None, (reason, behind, *there)))
            self._store.runs.end(self._claim, RunStatus.SUCCESS, self._context.clock(), code=NOTHING_NEW, reason=reason)

    def _commit(self, hold: Hold) -> None:
        """Everything has arrived: that is one fact, with all that follows from it."""
        refused = self._not_taken()
        kept = self._remembered.prepare(self._claim.run, refused) if refused else self._remembered.kept(self._claim.run)
        while True:
            hold.check()
            with self._store.together():
                if stands := self._remembered.stands(kept):
                    self._store.items.done(self._claim)
                    self._store.cursors.commit(self._claim)
                    self._remembered.commit(self._claim, kept)
                    self._announce_rows()
                    self._store.runs.advance(self._claim, RunStatus.DELIVERED, self._context.clock())
            if stands:
                reach("delivered")
                return
            # Another job has delivered rows of the same entity since.
            kept = self._remembered.prepare(self._claim.run, refused)

    def _not_taken(self) -> Mapping[str, pa.Table]:
        """Rows of remembered entities that a target has refused."""
        sent = {one.target for one in self._store.deliveries.batches(self._claim.run)}
        found = not_taken(self._context, self._run, {target: made_files(self._context, self._run, target) for target in sent})
        return found if self._remembered.concerns(found) else {}

    def _dispose(self, hold: Hold) -> None:
        self._arrived = True
        self._stays = dispose(self._context, self._claim, self._run, hold)

    # ------------------------------------------------------------ ends

    def ending(self) -> Ending:
        self._again()
        refused = refused_rows(self._store.deliveries.batches(self._run.id))
        return Ending(self._run, self._report, refused, rejected_rows(self._store, self._run), self._told_anyway())

    def ended_by(self, problem: Exception) -> Ending:
        """Write down how the run ended; what is a mistake of ours is raised again after that."""
        if not self._store.leases.renew(self._claim.scope, self._claim.epoch, LEASE_SECONDS):
            # Another goes on with it, and what went wrong here may be its doing: nothing is taken back or moved away.
            raise Fenced(f"another process goes on with run {self._claim.run}") from problem
        try:
            return self._told(problem)
        except Fenced:
            raise problem from None

    def _told(self, problem: Exception) -> Ending:
        match problem:
            case Cancelled():
                return self._give_back(RunStatus.CANCELLED, "CANCELLED", str(problem))
            case Held():
                return self._end(RunStatus.HELD, "HELD", str(problem))
            case OverLimit():
                return self._unfit(RunStatus.OVER_LIMIT, "OVER_LIMIT", str(problem))
            case Failed(code="ABORTED", reason=reason):
                return self._unfit(RunStatus.FAILED, "ABORTED", reason)
            case Failed(code="CHANGED", reason=reason) if held := lost(self._context, self._run, reason):
                return self._end(RunStatus.HELD, "HELD", held)
            case Failed(code=code, reason=reason, help=help):
                return self._failed(RunStatus.FAILED, code, reason, help)
            case TransientError():
                return self._later("UNREACHED", problem.message, problem.help, problem.wait)
            case Unfetched(problem=DataHubError(message=reason, help=help)):
                return self._unfit(RunStatus.FAILED, "REFUSED", reason, help, [unfetched(self._context, problem)])
            case LedgerUnusable(later=True):
                raise problem
            case DataHubError():
                return self._failed(RunStatus.FAILED, "REFUSED", problem.message, problem.help)
            case BadInput() | BadOutput():
                line = getattr(problem, "line", 0)
                where = f"{problem.path}:{line}: " if problem.path and line else f"{problem.path}: " if problem.path else ""
                where = where if line or f"`{problem.path}`" not in problem.message else ""
                code = getattr(problem, "code", "OUTPUT")
                told = f"{where}{problem.message}"
                if isinstance(problem, BadInput):
                    taken = self._store.items.taken(self._claim.run)
                    return self._unfit(RunStatus.FAILED, code, told, problem.help, [one for one in taken if one.item.name == problem.path])
                return self._failed(RunStatus.FAILED, code, told, problem.help)
            case UnusableRun() | Unreadable():
                return self._failed(RunStatus.FAILED, "UNUSABLE", str(problem))
            case BrokenExtension():
                return self._failed(RunStatus.FAILED, "EXTENSION", problem.message, problem.help)
            case OSError():
                return self._later("SYSTEM", f"{problem.filename or ''}: {problem.strerror or problem}".removeprefix(": "))
            case _:
                self._failed(RunStatus.FAILED, "BUG", f"{type(problem).__name__}: a mistake of DataHub")
                raise problem

    def _later(self, code: str, reason: str, help: str = "", asked: float | None = None) -> Ending:
        if exhausted(self._context, self._run):
            return self._failed(RunStatus.FAILED, code, f"{reason}{tried(self._run.attempt)}", help)
        wait, now = timedelta(seconds=pause(self._context, self._run.attempt, asked)), self._context.clock()
        self._store.runs.retry(self._claim, now + wait, code=code, reason=reason, help=help, since=self._run.failing or now)
        return self.ending()

    def _failed(self, status: RunStatus, code: str, reason: str, help: str = "") -> Ending:
        return self._give_back(status, code, reason, help)

    def _unfit(self, status: RunStatus, code: str, reason: str, help: str = "", bad: Sequence[Taken] = ()) -> Ending:
        """End a run that failed for what it has read, or was to read: which files those are (the `bad` one, where it is known), and what
        becomes of those behind them."""
        theirs = bad or self._store.items.taken(self._claim.run)
        told = of_files(self._context, self._run, theirs, reason)
        return self._give_back(status, code, told.reason, "; ".join(filter(None, (help, told.help))), theirs)

    def _give_back(self, status: RunStatus, code: str, reason: str, help: str = "", unfit: Sequence[Taken] = ()) -> Ending:
        """End a run that will not go on: what was set down is taken back, what was landed is settled as not read; where some of it is
        known to be `unfit`, that alone, and nothing where it does not lie in the files: none was read yet, or all has arrived."""
        aside = goes_aside(self._context, unfit)
        try:
            withdraw(self._context, self._run, self._claim)
            to_blame = self._run.input_digest and not self._arrived
            for one in unfit or (self._store.items.taken(self._claim.run) if to_blame else ()):
                # What is disposed of came from nowhere that it could be moved away from.
                source = source_of(self._context, one)
                if status is not RunStatus.CANCELLED and one.source and source and not one.disposed:
                    self._context.ways.sources[source].settle(landed_again(one.item), succeeded=False)
        except DataHubError as problem:
            # What kept it from being delivered may keep it from being taken back as well.
            reason = reason if problem.message == reason else f"{reason}; and then: {problem.message}"
            aside = False
        with self._store.together():
            if unfit and (waits := behind(self._context, self._claim, self._run, aside=aside)):
                reason = f"{reason}; {waits}"
            return self._end(status, code, reason, help)

    def _end(self, status: RunStatus, code: str, reason: str, help: str = "") -> Ending:
        """How the run ended, and what others are told of it, are one fact."""
        now = self._context.clock()
        with self._store.together():
            if status is RunStatus.SUCCESS:
                brief = [self._piled.brief] if self._piled else []
                left = rest(self._context, self._run, files_left(self._context, self._run))
                reason = "; ".join(
                    one for one in (*brief, *self._drift, *self._behind, *self._part, *self._stays, left, left_aside(self._context)) if one
                )
            self._store.runs.end(self._claim, status, now, code=code, reason=reason, help=help)
            self._again()
            if status is not RunStatus.HELD:
                taken = status in (RunStatus.SUCCESS, RunStatus.CANCELLED)
                self._store.inbox.settled(self._run.id, taken=taken, reason=reason or status.value)
            self._store.outbox.put(list(of_run(self._store, self._context.job, self._run, now)))
        return self.ending()

    def _announce_rows(self) -> None:
        """The rows of targets that are receivers of messages, written down with what has arrived."""
        made = {target: made_files(self._context, self._run, target) for target in self._context.ways.posters}
        for several in of_rows(self._context, self._run, made, self._context.clock()):
            self._store.outbox.put(several)
            reach("told")


_NOTHING = ("nothing new", "nothing of this range is there")
