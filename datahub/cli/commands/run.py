"""Run a script over files, and say what became of every row.

Each declared source is given a file or a folder: `--source orders=orders.csv`; several of them are read one after the other.
DIR takes the result of every target, or of every entity where the script has no flow, and in DIR/run the report, the
issues, and each source's rejected rows in its own format, fit to be corrected and sent again.

Exit codes: 0 done, rejects or not; 1 the run failed or was aborted; 2 wrong usage, nothing was touched; 3 there are rejects
(with --fail-on-rejects); 4 there was no input (with --fail-on-empty); 75 try again later.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, Stop, say

if TYPE_CHECKING:
    from datahub.plan.operators import Plan
    from datahub.reports.report import Report
    from datahub.runner.run import Options


class Form(StrEnum):
    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


def command(
    script: Annotated[Path, typer.Argument(help="The script.", show_default=False)],
    source: Annotated[
        list[str] | None, typer.Option(help="A file or folder for a source.", metavar="NAME=PATH", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that takes the results.", metavar="DIR")] = Path("out"),
    format: Annotated[Form, typer.Option(help="The format of what the script names no format for.")] = Form.JSONL,
    flow: Annotated[str, typer.Option(help="The flow to run, where the script has several.", show_default=False)] = "",
    param: Annotated[list[str] | None, typer.Option(help="A parameter of the script.", metavar="NAME=VALUE", show_default=False)] = None,
    as_of: Annotated[str, typer.Option(help="The instant that `now()` and `today()` mean.", metavar="INSTANT", show_default=False)] = "",
    threads: Annotated[int | None, typer.Option(help="How many threads work.", min=1, show_default="one a core")] = None,
    fail_on_rejects: Annotated[bool, typer.Option("--fail-on-rejects", help="End with 3 where rows were rejected.")] = False,
    fail_on_empty: Annotated[bool, typer.Option("--fail-on-empty", help="End with 4 where no row was read.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")] = False,
) -> None:
    from datahub.cli.compiled import compiled
    from datahub.cli.summary import last_line, summary

    files = sources(source or [])
    values = pairs(param or [], "--param", "NAME=VALUE")
    plan = compiled(script, flow)
    report = _report(plan, files, out, values, _options(script, format, as_of, threads), quiet=quiet)
    if not quiet:
        say(summary(report, Paint(sys.stderr)).rstrip("\n"))
    elif report.status == "aborted":
        say(last_line(report, Paint(sys.stderr)).rstrip("\n"))
    raise typer.Exit(_exit(report, fail_on_rejects=fail_on_rejects, fail_on_empty=fail_on_empty))


def _report(plan: Plan, files: dict[str, list[str]], out: Path, values: dict[str, str], options: Options, *, quiet: bool) -> Report:
    from dataclasses import replace

    from datahub.cli.parameters import Unreadable, parameters
    from datahub.cli.progress import progress
    from datahub.engine.start import UnusableRun
    from datahub.formats.declare import BadInput
    from datahub.runner.run import run

    try:
        given = parameters(plan, values)
        with progress(files, quiet=quiet) as told:
            return run(plan, files, out, parameters=given, options=replace(options, progress=told))
    except (UnusableRun, Unreadable) as error:
        raise Stop(str(error)) from error
    except BadInput as error:
        where = f"{error.path}:{error.line}: " if error.path and error.line else f"{error.path}: " if error.path else ""
        raise Stop(f"{where}{error.message} ({error.code})", error.help, code=Exit.WRONG) from error
    except OSError as error:
        raise Stop(f"{error.filename or out}: {error.strerror or error}", code=Exit.WRONG) from error


def _options(script: Path, form: Form, as_of: str, threads: int | None) -> Options:
    import os

    from datahub.cli.parameters import instant
    from datahub.runner.run import Options

    try:
        begun = instant(as_of) if as_of else None
    except ValueError as error:
        raise Stop(f"`{as_of}` is no instant", "write one such as `2024-05-01T00:00Z`") from error
    return Options(format=form.value, as_of=begun, threads=threads or os.cpu_count() or 1, script=script.as_posix())


def sources(given: Sequence[str]) -> dict[str, list[str]]:
    """`NAME=PATH` pairs as the paths of each source."""
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not name or not equals or not path:
            raise Stop(f"`--source {text}` names no source and file", "write `--source NAME=PATH`")
        if not Path(path).exists():
            raise Stop(f"there is no file `{path}` for the source `{name}`")
        found.setdefault(name, []).append(path)
    return found


def pairs(given: Sequence[str], option: str, form: str) -> dict[str, str]:
    """`NAME=VALUE` pairs; a name is given once."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Stop(f"`{option} {text}` has no `=`", f"write `{option} {form}`")
        if name in found:
            raise Stop(f"`{option} {name}=…` is given twice")
        found[name] = value
    return found


def _exit(report: Report, *, fail_on_rejects: bool, fail_on_empty: bool) -> Exit:
    if report.status == "aborted" or not report.adds_up:
        return Exit.WRONG
    if fail_on_empty and not report.rows_read:
        return Exit.EMPTY
    return Exit.REJECTS if fail_on_rejects and report.rows_rejected else Exit.DONE
