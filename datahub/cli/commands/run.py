"""Run a script over files, or a job of the project, and say what became of every row.

Each declared source is given a file or a folder: `--source orders=orders.csv`; several of them are read one after the other.
DIR takes the result of every target, or of every entity where the script has no flow, and in DIR/run the report, the
issues, and each source's rejected rows in its own format, fit to be corrected and sent again.

A name that is no file is a job of dhm.toml: its sources and targets are bound there. It is run once, with the ledger of the project:
what was read before is not read again, and a run that was stopped anywhere goes on where it was. With --dry-run nothing is delivered,
moved away or remembered.

--from and --to read a range of time once more: files that were changed in it, and what an API gives for it, whatever was read before.
Positions, files and what is remembered stay as they are.

Exit codes: 0 done, rejects or not; 1 the run failed, was aborted, or waits behind one that is held; 2 wrong usage, nothing was touched;
3 there are rejects (with --fail-on-rejects); 4 there was no input (with --fail-on-empty); 5 another run of the job is not done (with
--fail-on-skip); 75 try again later.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Log, Paint, Stop, event, log_as, say, structured

if TYPE_CHECKING:
    from datetime import datetime

    from datahub.plan.operators import Plan
    from datahub.reports.report import Report
    from datahub.runner.run import Options


OUT = Path("out")


class Form(StrEnum):
    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


def command(
    script: Annotated[Path, typer.Argument(help="The script, or the name of a job.", show_default=False, metavar="SCRIPT|JOB")],
    source: Annotated[
        list[str] | None, typer.Option(help="A file or folder for a source.", metavar="NAME=PATH", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that takes the results.", metavar="DIR")] = OUT,
    format: Annotated[Form, typer.Option(help="The format of what the script names no format for.")] = Form.JSONL,
    flow: Annotated[str, typer.Option(help="The flow to run, where the script has several.", show_default=False)] = "",
    param: Annotated[
        list[str] | None,
        typer.Option(help="A parameter of the script; of a list, items with commas or JSON.", metavar="NAME=VALUE", show_default=False),
    ] = None,
    as_of: Annotated[str, typer.Option(help="The instant that `now()` and `today()` mean.", metavar="INSTANT", show_default=False)] = "",
    threads: Annotated[int | None, typer.Option(help="How many threads work.", min=1, show_default="one a core")] = None,
    memory: Annotated[
        str,
        typer.Option(
            help="How much an operator holds before it sets rows aside on disk.", metavar="SIZE", show_default="1GiB or the job's"
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Of a job: do all but deliver and remember.")] = False,
    env: Annotated[str, typer.Option(help="Of a job: the environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    begin: Annotated[
        str, typer.Option("--from", help="Of a job: read once more what is of this time on.", metavar="INSTANT", show_default=False)
    ] = "",
    end: Annotated[str, typer.Option("--to", help="… and before this.", metavar="INSTANT", show_default="now")] = "",
    each: Annotated[str, typer.Option(help="… in a run for each such length: `1 d`.", metavar="LENGTH", show_default=False)] = "",
    fail_on_rejects: Annotated[bool, typer.Option("--fail-on-rejects", help="End with 3 where rows were rejected.")] = False,
    fail_on_empty: Annotated[bool, typer.Option("--fail-on-empty", help="End with 4 where no row was read.")] = False,
    fail_on_skip: Annotated[bool, typer.Option("--fail-on-skip", help="End with 5 where another run of the job is not done.")] = False,
    scheduled: Annotated[bool, typer.Option("--scheduled", help="Of a job: do nothing where it is switched off.")] = False,
    claimed: Annotated[str, typer.Option(hidden=True)] = "",
    served: Annotated[bool, typer.Option("--served", hidden=True)] = False,
    log: Annotated[Log, typer.Option(help="Talk for people, or a JSON object a line.")] = Log.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")] = False,
) -> None:
    from datahub.cli import memory as held
    from datahub.cli.compiled import compiled
    from datahub.cli.inputs import begun, pairs, sources
    from datahub.cli.sizes import size
    from datahub.runner.hashes import Hashes

    log_as(log, env=env)
    if structured() or is_job(script):
        from datahub.cli.libraries import libraries_told

        libraries_told()
    if is_job(script):
        from datahub.cli.job_run import Asked, run_job
        from datahub.cli.memory import prepare_run
        from datahub.cli.spans import span

        given = tuple(pairs(param or [], "--param", "NAME=VALUE").items())
        if source or flow or as_of:
            raise Stop("a job says itself what it reads and runs", "`--source`, `--flow` and `--as-of` are for scripts")
        if out != OUT or format is not Form.JSONL:
            raise Stop("a job says itself what it writes and where", "`--out` and `--format` are for scripts")
        asked = Asked(
            script.as_posix(),
            env,
            given,
            dry=dry_run,
            claimed=claimed,
            served=served,
            scheduled=scheduled,
            fail_on_rejects=fail_on_rejects,
            fail_on_empty=fail_on_empty,
            fail_on_skip=fail_on_skip,
            quiet=quiet,
            memory=size(memory, "--memory") if memory else 0,
            threads=threads or 0,
            span=span(begin, end, each),
        )
        prepare_run()
        raise typer.Exit(run_job(asked))
    if begin or end or each:
        raise Stop("`--from`, `--to` and `--each` are for jobs", "a script reads the files that `--source` names")
    if dry_run or env:
        raise Stop("`--dry-run` and `--env` are for jobs", "a script only writes into the folder that `--out` names")
    if out.exists() and not out.is_dir():
        raise Stop(f"`{out}` is a file, and the results need a folder", "name another with `--out DIR`")
    files, values, moment = sources(source or []), pairs(param or [], "--param", "NAME=VALUE"), begun(as_of)
    # What is loaded and compiled next keeps one core busy: another may hash the files meanwhile.
    hashes = Hashes()
    hashes.ask(path for several in files.values() for path in several)
    options = replace(_options(script, format, moment, threads), memory=size(memory, "--memory") if memory else 1 << 30, hashes=hashes)
    made = compiled(script, flow)
    report = _report(made.plan, files, out, values, replace(options, digest=made.digest, left=held.left), quiet=quiet)
    _tell(report, out, quiet=quiet)
    raise typer.Exit(_exit(report, fail_on_rejects=fail_on_rejects, fail_on_empty=fail_on_empty))


def _tell(report: Report, out: Path, *, quiet: bool) -> None:
    from datahub.cli.summary import facts, last_line, summary

    if structured():
        if not quiet or report.status == "aborted":
            event("error" if report.status == "aborted" else "info", f"run {report.status}", **facts(report, out / "run"))
    elif not quiet:
        say(summary(report, Paint(sys.stderr)).rstrip("\n"))
    elif report.status == "aborted":
        say(last_line(report, Paint(sys.stderr)).rstrip("\n"))


def is_job(script: Path) -> bool:
    """Whether what is to be run is the name of a job: one word, and no file; a folder may have the name of a job that fills it."""
    return len(script.parts) == 1 and script.suffix != ".dhm" and not script.is_file()


def _report(plan: Plan, files: dict[str, list[str]], out: Path, values: dict[str, str], options: Options, *, quiet: bool) -> Report:
    from datahub.cli.inputs import world
    from datahub.cli.memory import prepare_run
    from datahub.cli.progress import progress
    from datahub.runner.parameters import parameters
    from datahub.runner.run import run

    prepare_run()
    with world():
        given = parameters(plan, values)
        with progress(files, quiet=quiet) as told:
            return run(plan, files, out, parameters=given, options=replace(options, progress=told))


def _options(script: Path, form: Form, as_of: datetime | None, threads: int | None) -> Options:
    import os

    from datahub.runner.run import Options

    return Options(format=form.value, as_of=as_of, threads=threads or os.cpu_count() or 1, script=script.as_posix())


def _exit(report: Report, *, fail_on_rejects: bool, fail_on_empty: bool) -> Exit:
    if report.status == "aborted" or not report.adds_up:
        return Exit.WRONG
    if fail_on_empty and not report.rows_read:
        return Exit.EMPTY
    return Exit.REJECTS if fail_on_rejects and report.rows_rejected else Exit.DONE
