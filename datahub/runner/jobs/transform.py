"""From landed files to what is going to be delivered: the plan is run, its rows are counted, and guards have their say."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from datahub.faults import reach
from datahub.formats.declare import InputFile
from datahub.project.trigger import Webhook
from datahub.reports.report import Report
from datahub.runner.aborted import unasked
from datahub.runner.jobs.fetch import input_files, told_aside, told_before, told_unready
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.piled_up import files_taken
from datahub.runner.jobs.previous_rows import keyless, previous_rows, remembered
from datahub.runner.outlet import Watch
from datahub.runner.parameters import Unreadable, value_of
from datahub.runner.run import Options, Previous, run
from datahub.semantic.ir import Value
from datahub.state.records import Counts, FireKind, Rejects, Run, Taken


class OverLimit(Exception):
    """More rows were rejected than the job tolerates."""


class Held(Exception):
    """A guard does not believe the input, or nobody knows what became of a batch: a person decides."""


class Failed(Exception):
    """The run cannot be done as it is: the code, the reason, and what to do."""

    def __init__(self, code: str, reason: str, help: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.help = code, reason, help


def transform(context: JobContext, one: Run, taken: tuple[Taken, ...], out: Path, watch: Watch, files: int = 0) -> Report:
    """Run the plan over the landed files, into a folder of the run's own; `files`: how many they are, where they are but a part of what
    waited."""
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True, mode=0o700)
    told = told_before(context, one.id, taken)
    aside = [*told_aside(taken), *told_unready(context), *(unasked(context.plan, fallen=_fell(one)) if one.apart else ())]
    options = _options(context, one)
    before = of_part(context, options.previous, files)
    options = replace(options, previous=before, watch=watch, progress=context.progress, warnings=told, notes=aside)
    reach("transform")
    report = run(context.plan, input_files(context, taken), out, parameters=parameters(context, one), options=options)
    reach("transformed")
    if not report.adds_up:
        raise AssertionError("the rows of the run do not add up")
    return report


def alone(context: JobContext, one: Run, files: Mapping[str, Sequence[InputFile]], out: Path) -> None:
    """Run the plan over some of the files, for what its issues tell; nothing of it is delivered or remembered."""
    run(context.plan, files, out, parameters=parameters(context, one), options=_options(context, one))


def _options(context: JobContext, one: Run) -> Options:
    # What a target that takes batches gets is kept with its types.
    return Options(
        format="parquet" if context.ways.senders or context.ways.posters or context.ways.documents else "jsonl",
        as_of=one.as_of,
        threads=context.threads,
        memory=context.job.memory,
        previous=previous(context, apart=one.apart),
        apart=one.apart,
        fallen=_fell(one),
        omissions=True,
        script=context.job.mapping,
        unread=context.driving,
    )


def _fell(one: Run) -> bool:
    return one.kind is FireKind.REPLAY


def previous(context: JobContext, *, apart: bool) -> Previous:
    """What was last committed of the entities that the script asks about; of a run that is `apart` their number is no measure."""
    shapes = [shape for shape in context.plan.entities if shape.name in context.plan.remembers]
    current = {shape.name: context.store.snapshots.current(shape.name) for shape in shapes}
    rows = {one.name: found for one in shapes if one.key and (found := previous_rows(context, one, current[one.name])) is not None}
    for shape in context.plan.entities:
        if shape.name in context.plan.refers and shape.name not in rows and shape.key:
            found = previous_rows(context, shape, context.store.snapshots.current(shape.name), keys=True)
            if found is not None:
                rows[shape.name] = found
    return Previous(rows, {name: one.last_count for name, one in current.items() if one is not None and not apart})


def of_part(context: JobContext, before: Previous | None, files: int) -> Previous | None:
    """What is known of `before` for a run that has `files` of those that waited: of fewer than the last had, so many rows are expected as
    were their share."""
    last = context.store.runs.last_good(context.name) if files and before is not None and before.counts else None
    theirs = files_taken(context, last.id) if last is not None else 0
    if before is None or not 0 < files < theirs:
        return before
    return replace(before, counts={name: count * files // theirs for name, count in before.counts.items()})


def parameters(context: JobContext, one: Run) -> dict[str, Value]:
    """The parameters of the job, and over them those that this run was started with; `Unreadable` where one is missing or does not fit."""
    types = {shape.name: shape.type for shape in context.plan.parameters}
    given = {**context.job.parameters, **json.loads(one.parameters)}
    for shape in context.plan.parameters:
        if shape.required and shape.name not in given:
            raise Unreadable(_not_given(context, one, shape.name))
    return {
        name: value_of(text_of_parameter(value), types[name], name) if name in types else text_of_parameter(value)
        for name, value in given.items()
    }


def _not_given(context: JobContext, one: Run, name: str) -> str:
    """Who should have said what a parameter is: a message, the project, or whoever types."""
    message = context.store.inbox.get(context.store.runs.cause(one.id))
    hooks = [hook for hook in context.job.triggers if isinstance(hook, Webhook) and name in hook.parameters]
    if message is not None and hooks:
        return f"the message has no text or number at `{hooks[0].parameters[name]}`, which is to be the parameter `{name}`"
    return f"the parameter `{name}` has no value; write `parameters.{name} = …` below `[jobs.{context.name}]`, or `--param {name}=…`"


def counts_of(report: Report) -> Counts:
    total: Counter[str] = Counter()
    for source in report.sources:
        for name in ("read", "written", "rejected", "filtered", "merged", "empty", "looked_up"):
            total[name] += getattr(source, name)
    return Counts(**total)


def rejects_of(run_id: str, report: Report) -> list[Rejects]:
    """The reject files of a run; codes are counted over all of its sources."""
    codes = json.dumps({code.code: code.count for code in report.codes if code.severity in ("error", "fatal")})
    return [Rejects(run_id, one.name, one.path, one.rows, codes) for one in report.rejects]


def judge(context: JobContext, run: Run, report: Report, *, part: tuple[int, int] = (0, 0), waits: str = "") -> None:
    """Raise where the script's own rules, or the job's limits or guards, keep the result from being delivered; `part`: how many files
    the run has, where it is but a part of what waited, and of how many; `waits`: which were left out, for whoever has to decide."""
    if report.status == "aborted":
        raise Failed("ABORTED", report.reason)
    within_tolerance(context, run, report)
    if not run.approved:
        try:
            _guard(context, report.rows_read, *part)
            _known_by_key(context)
        except Held as held:
            raise Held(f"{held}; {waits}" if waits else str(held)) from None


def _known_by_key(context: JobContext) -> None:
    """`Held` where an entity has another key now than what is remembered of it: nothing of that could be found again."""
    for shape in context.plan.entities:
        current = context.store.snapshots.current(shape.name)
        if shape.name in remembered(context) and current is not None and (key := keyless(context, shape, current)):
            raise Held(
                f"`{key}` is in the key of `{shape.name}` now, and the {current.rows:,} rows remembered of it are without, or have another"
                " type there: bring the old key back, or approve, and they are forgotten"
            )


def within_tolerance(context: JobContext, run: Run, report: Report, refused: int = 0) -> None:
    """Raise where more rows are rejected than the job tolerates; `refused` are those of which nothing can be made to be sent.

    Of rows that were rejected already nobody expects a share that is right: those that are now go, and the others stay rejected.
    """
    if run.kind is FireKind.REPLAY:
        return
    read, rejected = report.rows_read, report.rows_rejected + refused
    limits = context.job.tolerance
    if limits.rows is not None and rejected > limits.rows:
        raise OverLimit(f"{rejected:,} rows are rejected, and the job tolerates {limits.rows:,}")
    if limits.share is not None and read and Decimal(rejected) / read > limits.share:
        raise OverLimit(f"{rejected:,} of {read:,} rows are rejected, and the job tolerates {_percent(limits.share)}")


def _guard(context: JobContext, read: int, files: int, whole: int) -> None:
    guards = context.job.guards
    if not read and guards.empty != "ok":
        if guards.empty == "fail":
            raise Failed("EMPTY", "there are files, and no row in them")
        raise Held("there are files, and no row in them")
    # Of some of the files nobody expects what all of them had.
    some = 0 < files < whole
    if read < guards.rows * (Decimal(files) / whole if some else 1):
        of, all_of = (f" of {files:,} of {_files(whole)}", " of all of them") if some else ("", "")
        raise Held(f"{_rows(read)} read{of}, and the job wants {guards.rows:,} at least{all_of}")
    last = context.store.runs.last_good(context.name) if guards.shrink is not None else None
    if last is None or guards.shrink is None:
        return
    before = files_taken(context, last.id)
    parted = 0 < files < before
    expected = Decimal(last.counts.read) * (Decimal(files) / before if parted else 1)
    if read < expected * (1 - guards.shrink):
        mine, theirs = (f" of {_files(files)}", f" of {_files(before)}") if parted else ("", "")
        missing = f"more than {_percent(guards.shrink)} are missing"
        raise Held(f"{_rows(read)} read{mine}, and {last.counts.read:,}{theirs} by run {last.id}: {missing}")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _rows(count: int) -> str:
    return "1 row was" if count == 1 else f"{count:,} rows were"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def text_of_parameter(value: object) -> str:
    """A value of a TOML file as `--param` would take it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(text_of_parameter, value))
        case _:
            return str(value)
