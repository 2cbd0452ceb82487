"""One plan, once: the order of steps and nothing else."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from datahub.connectors.files import bound_files, open_feeds
from datahub.connectors.spill import FolderSpace
from datahub.diagnostics.row_codes import phrase
from datahub.engine.exchange import Exchange
from datahub.engine.execution import Execution
from datahub.engine.ledger import Fate
from datahub.engine.local import Settings, execute
from datahub.engine.nothing import unmet_of_nothing
from datahub.engine.profile import Profile
from datahub.engine.side import Flowed, right_of
from datahub.engine.start import given, run_state
from datahub.engine.waiting import Budget
from datahub.formats.declare import InputFile
from datahub.formats.files import sweep
from datahub.plan import operators as op
from datahub.plan.asked import beside
from datahub.plan.referring import entity_of
from datahub.plan.serde import digest
from datahub.records import record
from datahub.reports.findings import Findings
from datahub.reports.page import NAME, write_page
from datahub.reports.rejects import Rejects
from datahub.reports.report import CodeCount, OperatorCounts, Report, SourceCounts, WrittenFile
from datahub.runner.aborted import Seen, aborted, fatal_reason
from datahub.runner.hashes import Hashes
from datahub.runner.missing import missed, rejected_rows
from datahub.runner.outlet import Files, Progress, Watch
from datahub.semantic import ir


@record(frozen=True, slots=True)
class Previous:
    """What earlier runs delivered: of each entity the rows by key, and how many rows the last run had."""

    rows: Mapping[str, pa.Table]
    counts: Mapping[str, int]


@record(frozen=True, slots=True)
class Options:
    """How a run is made: none of it is in the script."""

    format: str = "jsonl"
    as_of: datetime | None = None
    threads: int = 2
    memory: int = 1 << 30
    """How many bytes an operator that needs all rows may hold before it sets them aside on disk."""
    progress: Progress | None = None
    watch: Watch | None = None
    omissions: bool = False
    """Whether files of `format` keep which values a row of a patch leaves out, for those who send them on."""
    script: str = ""
    profile: Profile | None = None
    """Filled with where the time went, if it is given."""
    previous: Previous | None = None
    """What was delivered last; without it nothing is known of it."""
    apart: bool = False
    """Whether the rows are a few of many: what the script says of how many there must be is not asked."""
    fallen: bool = False
    """Whether all of them fell once: what share of them falls again is not asked."""
    digest: str = ""
    """That of the plan, where it is known."""
    hashes: Hashes | None = None
    """Those of the files, where they were asked for before it was known what to do with them."""
    left: list[object] | None = None
    """Takes what the run held in memory, if it is given: in a process that is about to end, taking it apart is for nothing."""
    warnings: Sequence[str] = ()
    """What is to be known of the inputs, beside what the run finds in them."""
    unread: Collection[str] = ()
    """Sources that may have no file: what they have was read before."""
    notes: Sequence[str] = ()
    """What is worth a word, and as it always is."""
    exchange: Exchange | None = None
    """Where this run is a piece of one: what the others have."""


def run(
    plan: op.Plan,
    sources: Mapping[str, Sequence[str | InputFile]],
    out: Path,
    *,
    parameters: Mapping[str, ir.Value] | None = None,
    options: Options | None = None,
) -> Report:
    """Run `plan` over files, leaving in `out` what was written, what was rejected, `run/report.json`
    and the same for people, `run/report.html`.

    Raises `UnusableRun` before anything is touched, and `BadInput` where an input is wrong as a whole.
    """
    options = options or Options()
    started = time.perf_counter()
    begun = options.as_of or datetime.now(UTC)
    state = run_state(plan, begun, given(plan, parameters or {}), options.previous.rows if options.previous else None)
    state.profile = options.profile
    state.exchange = options.exchange
    files = bound_files(plan, sources)
    readers, feeds = open_feeds(plan, files)
    hashes = options.hashes or Hashes()
    hashes.ask(file.path for several in files.values() for file in several)
    findings = Findings(out / "run", plan.flow.name if plan.flow else "")
    rejects = Rejects(plan, readers, out / "run" / "rejects")
    outlet = Files(plan, out, options.format, findings, rejects, options.progress, options.watch, options.omissions)
    _clear(out)
    try:
        outlet.open()
        state.unfit = outlet.unfit
        with FolderSpace() as space:
            budget = Budget(options.memory, space)
            execution = execute(plan, feeds, outlet, state, Settings(threads=options.threads, budget=budget))
        outlet.settle()
        settled = time.process_time()
        findings.settle()
        _account(plan, execution)
        nothing = tuple(unmet_of_nothing(execution, state))
        seen = Seen(outlet.counts, rejected_rows(execution), execution, options.previous, options.apart, options.fallen)
        reason = aborted(plan, seen, _fatal(findings), state)
        rejects.add_waited(execution, files, findings)
        rejects.commit()
        findings.commit()
        waited = time.process_time() - settled
        earlier = [str(one.path) for one in outlet.made if reason and one.path.exists()]
        if reason:
            outlet.abandon()
        else:
            outlet.commit()
    except BaseException:
        outlet.abandon()
        rejects.abort()
        raise
    finally:
        findings.discard()
    report = Report(
        status="aborted" if reason else "done",
        reason=reason,
        script=options.script,
        flow=plan.flow.name if plan.flow else "",
        started=begun.isoformat(),
        seconds=round(time.perf_counter() - started, 3),
        plan=options.digest or digest(plan),
        parameters={name: str(value) for name, value in state.parameters.items()},
        inputs=dict(hashes.result()),
        sources=tuple(_source_counts(plan, execution, files)),
        entities={name: count for name, count in outlet.counts.items() if name not in beside(plan)},
        rejected=rejected_rows(execution),
        codes=tuple(
            CodeCount(*kind, count, phrase(kind[1]), tuple(findings.samples.get(kind, ())), findings.told(kind))
            for kind, count in findings.codes.most_common()
        ),
        recovered=state.recovered.all(),
        written=tuple(WrittenFile(one.name, str(one.path), one.rows, one.target) for one in outlet.made),
        rejects=tuple(WrittenFile(name, str(path), count) for name, (path, count) in rejects.made.items()),
        warnings=(
            *options.warnings,
            *_forgetful(plan, options),
            *(f"`{path}` is of an earlier run: this one wrote nothing" for path in earlier),
            *(f"{name}: {text}" for name, feed in feeds.items() if files[name] or name not in options.unread for text in feed.warnings()),
            *missed(plan, execution, state),
            *(f"{one.entity}: {one.code} {one.message} (it has no rows)" for one in nothing if one.severity != "fatal"),
        ),
        notes=tuple(options.notes),
        operators=tuple(_operator_counts(execution)),
        absent={name: tuple(found) for name, feed in feeds.items() if (found := feed.absent())},
    )
    if options.left is not None:
        options.left.extend((state, execution, outlet, feeds))
    report.write(out / "run" / "report.json")
    write_page(report, out / "run")
    if options.profile is not None:
        options.profile.operators, options.profile.canonical = execution.flowed, state.canonical
        options.profile.beside = {
            "cut the input into blocks": execution.cutting,
            **outlet.seconds(),
            "tell issues and write rejects at the end": waited,
            "hash the input": hashes.seconds,
        }
        if execution.lookups:
            options.profile.beside["make lookups ready"] = execution.lookups
    return report


def _clear(out: Path) -> None:
    """Remove what earlier runs told of themselves in `out`, which would be taken for this one's, and what those left that were killed."""
    folder = out / "run"
    for one in (out, *(path for path in out.glob("*") if path.is_dir()), folder / "rejects"):
        sweep(one)
    for path in (folder / "report.json", folder / NAME, folder / "issues.parquet", *(folder / "rejects").glob("*")):
        path.unlink(missing_ok=True)


def _account(plan: op.Plan, execution: Execution) -> None:
    """Nothing is lost: every row that was read came to one of the known fates."""
    for number, source in enumerate(plan.sources):
        lost = execution.ledger.counts(number)[None]
        if lost:
            raise AssertionError(f"{lost} rows of `{source.name}` are unaccounted for")


def _source_counts(plan: op.Plan, execution: Execution, files: Mapping[str, list[InputFile]]) -> Iterator[SourceCounts]:
    for number, source in enumerate(plan.sources):
        if source.name not in files:
            continue
        counts = execution.ledger.counts(number)
        yield SourceCounts(
            source.name,
            tuple(file.name for file in files[source.name]),
            sum(counts.values()),
            counts[Fate.WRITTEN],
            counts[Fate.REJECTED],
            counts[Fate.MERGED],
            counts[Fate.FILTERED],
            counts[Fate.EMPTY],
            counts[Fate.LOOKED_UP],
            counts[None],
        )


def _operator_counts(execution: Execution) -> Iterator[OperatorCounts]:
    for operator in execution.operators:
        name = type(operator).__name__
        if isinstance(operator, op.Join) and (right := execution.flowed.get(right_of(operator))) is not None:
            yield _counted(f"{name}Right", right)
        if (flowed := execution.flowed.get(id(operator))) is not None:
            yield _counted(name, flowed)


def _counted(name: str, flowed: Flowed) -> OperatorCounts:
    ways = (flowed.rows_in, flowed.expanded, flowed.rows_out, flowed.rejected, flowed.filtered, flowed.merged, flowed.empty)
    return OperatorCounts(name, *ways, round(flowed.seconds, 4))


def _fatal(findings: Findings) -> str:
    code, count = next(iter(findings.fatal.items()), ("", 0))
    return fatal_reason(findings.samples[("fatal", code)][0], count) if count else ""


def _forgetful(plan: op.Plan, options: Options) -> tuple[str, ...]:
    """Where a script asks what was delivered last, and nobody can know."""
    if options.previous is not None:
        unknown = [name for name in map(entity_of, plan.lookups) if name and name not in options.previous.rows]
        return tuple(
            f"nothing that was delivered of `{name}` is remembered yet, so references to it are not looked up;"
            f' a job that delivers it says `remember = ["{name}"]`'
            for name in unknown
        )
    if not plan.remembers:
        return ()
    asked = ", ".join(f"`{name}`" for name in plan.remembers)
    return (f"the script asks what was delivered of {asked} before; only the run of a job remembers that, so all of it is new here",)
