"""A run that fetches and transforms, and then tells what it would deliver: no target is opened, and nothing is remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from datahub.connectors.declare import Incremental
from datahub.formats.declare import BadInput, InputFile
from datahub.records import record
from datahub.reports.report import Report
from datahub.runner.jobs.backfill import Window, landed_in
from datahub.runner.jobs.deliver import REJECTS
from datahub.runner.jobs.fetch import go_on, is_news, landed_of, read_before
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.piled_up import at_once, part, portion, repeated, splittable
from datahub.runner.jobs.transform import Failed, Held, OverLimit, alone, judge, of_part, parameters, previous
from datahub.runner.jobs.unfit import unfit
from datahub.runner.run import Options, Previous, run
from datahub.state.records import FireKind, Run, RunStatus


@record(frozen=True, slots=True)
class Would:
    """What a run would do: where how many rows would go, and why it would not."""

    report: Report
    deliveries: tuple[tuple[str, int], ...]
    against: str = ""
    left: int = 0
    """How many files would be left to the run behind it."""


def dry_run(context: JobContext, out: Path, given: Sequence[tuple[str, str]], *, known: bool, window: Window | None = None) -> Would | None:
    """Fetch what is new, or what is of a window, into `out` and run the plan over it; None where there is nothing.

    `given` are parameters over those of the job. `known`: there is a ledger to look into.
    """
    landed = out / "landed"
    landed.mkdir(parents=True)
    files: dict[str, list[InputFile]] = {name: [] for name in context.ways.sources}
    left = 0
    for name, source in context.ways.sources.items():
        if window is not None and name in context.driving:
            of_window = chain.from_iterable(landed_in(context, name, source, window, landed))
            files[name] += [InputFile(str(got.path), got.name) for got in of_window]
            continue
        if isinstance(source, Incremental) and known:
            go_on(context, name, source)
        unread = [split for split in source.splits() if not (known and read_before(context, name, split))]
        wanted = portion(context, "", name, unread)
        left += len(unread) - len(wanted) if name in context.driving else 0
        for got in chain.from_iterable(landed_of(source, wanted, landed)):
            if not known or is_news(context, name, got):
                files[name].append(InputFile(str(got.path), got.name))
    if not any(files[name] for name in context.driving):
        return None
    now = context.clock() if window is None else min(window.end, context.clock())
    run_now = Run("dry", context.name, FireKind.MANUAL, now, RunStatus.PENDING, now, parameters=json.dumps(dict(given)))
    options = Options(
        as_of=now,
        threads=context.threads,
        memory=context.job.memory,
        progress=context.progress,
        script=context.job.mapping,
        previous=previous(context, apart=window is not None) if known else Previous({}, {}),
        apart=window is not None,
    )
    report, behind = _transformed(context, replace(run_now, window=window.text if window is not None else ""), files, out, options)
    left += behind
    files_now = sum(len(files[name]) for name in context.driving) if left else 0
    part_of = (files_now, at_once(context, files_now + left)) if left else (0, 0)
    return Would(
        report,
        _deliveries(context, report),
        _against(context, replace(run_now, approved=not known or window is not None), report, part_of),
        left,
    )


def _transformed(context: JobContext, run_now: Run, files: dict[str, list[InputFile]], out: Path, options: Options) -> tuple[Report, int]:
    """The result of all files, or of as many as a run would take, and how many it would leave."""
    given, left, before = parameters(context, run_now), 0, options.previous
    while True:
        apart = out / f"without-{left}"
        try:
            report = run(context.plan, files, apart, parameters=given, options=options)
        except BadInput as problem:
            source, first = part(context, run_now, files, problem.path)
            if not source:
                raise
        else:
            source, first = part(context, run_now, files) if unfit(context, run_now, report) else ("", 0)
            piled = None if source else repeated(context, files, apart, partial(alone, context, run_now))
            if piled is not None and report.status != "aborted" and splittable(context, run_now, piled.source):
                source, first = piled.source, piled.first
            elif piled is not None:
                report = replace(report, warnings=(*report.warnings, piled.told))
            if not source:
                return report, left
        left += len(files[source]) - first
        files[source] = files[source][:first]
        options = replace(options, previous=of_part(context, before, sum(len(files[name]) for name in context.driving)))


def _deliveries(context: JobContext, report: Report) -> tuple[tuple[str, int], ...]:
    going = [(one.target, one.rows) for one in report.written]
    return (*going, *((REJECTS, one.rows) for one in report.rejects if context.job.rejects is not None))


def _against(context: JobContext, run_now: Run, report: Report, part_of: tuple[int, int]) -> str:
    if report.status == "aborted":
        return report.reason
    try:
        judge(context, run_now, report, part=part_of)
    except (OverLimit, Held, Failed) as problem:
        return str(problem)
    return ""
