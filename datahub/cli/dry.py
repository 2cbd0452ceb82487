"""`dhm run JOB --dry-run`: what a run would do; nothing of the project, its connections or its ledger is written."""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from datahub.cli.output import Exit, Paint, Stop, counted, event, say, structured

if TYPE_CHECKING:
    from datahub.cli.job_run import Asked
    from datahub.plan.operators import Plan
    from datahub.project.load import Loaded
    from datahub.runner.jobs.backfill import Window
    from datahub.runner.jobs.dry import Would
    from datahub.runner.jobs.job_context import JobContext


def dry(loaded: Loaded, asked: Asked, plan: Plan) -> Exit:
    """Tell what the run would do, or each run of a range."""
    from datahub.cli.inputs import world
    from datahub.cli.spans import windows_of
    from datahub.project.failures import DataHubError
    from datahub.runner.jobs.bind import bind, folders_of
    from datahub.state.opening import opened

    path = folders_of(loaded).ledger
    known = path.exists()
    several = [None] if asked.span is None else windows_of(asked.span, loaded.project.project.timezone)
    code = Exit.DONE
    with tempfile.TemporaryDirectory(prefix="dhm-dry-") as folder:
        store = opened(path, look=True) if known else opened(Path(folder) / "none.sqlite")
        try:
            context = bind(loaded, asked.job, plan, store, threads=asked.threads)
            with world(), closing(context.ways):
                for number, window in enumerate(several):
                    code = _one(context, asked, Path(folder) / str(number), window, known=known) or code
        except DataHubError as problem:
            raise Stop(problem.message, problem.help) from problem
        finally:
            store.close()
    return code


def _one(context: JobContext, asked: Asked, out: Path, window: Window | None, *, known: bool) -> Exit:
    from datahub.runner.jobs.dry import dry_run

    would = dry_run(context, out, asked.parameters, known=known, window=window)
    if structured() and not asked.quiet:
        _log(context, would, window)
    elif asked.quiet:
        # What went wrong is said by every form.
        if would is not None and would.against:
            say(f"would not be delivered: {would.against}")
    else:
        _tell(would, window)
    if would is None:
        return Exit.EMPTY if asked.fail_on_empty else Exit.DONE
    return Exit.WRONG if would.against else Exit.DONE


def _log(context: JobContext, would: Would | None, window: Window | None) -> None:
    """For a machine: one line, with the job and the same facts as of a run."""
    from datahub.cli.summary import facts

    told: dict[str, object] = {"job": context.name, "range": window.text if window is not None else ""}
    if would is None:
        event("info", "dry run: nothing new", **told)
        return
    found = {name: value for name, value in facts(would.report, Path()).items() if name != "report"}
    would_go = {"would_go": dict(would.deliveries), "left": would.left or "", "against": would.against}
    event("error" if would.against else "info", "dry run", **told, **found, **would_go)


def _tell(would: Would | None, window: Window | None) -> None:
    from datahub.cli.summary import last_line, summary
    from datahub.runner.jobs.piled_up import waiting

    if window is not None:
        say(f"{window.text}{':' if would is not None else ''}")
    if would is None:
        say("dry run: nothing new" if window is None else "  nothing of this range is there")
        return
    # The files that are shown nowhere are gone by then.
    told, paint = replace(would.report, written=(), rejects=()), Paint(sys.stderr)
    said = summary(told, paint)
    if told.status != "aborted":
        # Nothing was written.
        ending = f"{paint('1;32', 'dry run')}: {counted(told.rows_read, 'row')} read, nothing delivered"
        said = f"{said.removesuffix(last_line(told, paint))}{ending}"
    say(said.rstrip("\n"))
    for target, rows in would.deliveries:
        say(f"  would go to `{target}`: {counted(rows, 'row')}")
    if would.left:
        say(f"  {waiting(would.left)} for a run behind it")
    if would.against:
        say(f"  would not be delivered: {would.against}")
