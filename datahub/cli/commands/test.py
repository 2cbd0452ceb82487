"""Run the `test` blocks of scripts, and show what came out where something else was expected.

PATHS are scripts, or folders whose scripts are all tested; the current folder where none is given.

Exit codes: 0 all passed, 1 a test failed or a script does not compile, 2 wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, colourful, counted, give, say

if TYPE_CHECKING:
    from datahub.document import Document
    from datahub.packs.folders import Folders
    from datahub.testing.results import Difference, TestResult

_MARKS = {"=": "", "-": "31", "+": "32"}


@dataclass(slots=True)
class _Tally:
    passed: int = 0
    failed: int = 0
    broken: list[str] = field(default_factory=list)
    told: set[tuple[str, int, str]] = field(default_factory=set)
    """Mistakes that were told, by file, place and message: those of a pack are met by every script that uses it."""


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Scripts, or folders of scripts.", show_default=False)] = None,
    only: Annotated[str, typer.Option(help="Run the tests whose name has this in it.", show_default=False)] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name the tests that passed as well.")] = False,
) -> None:
    from datahub.cli.scripts import scripts

    tally = _Tally()
    for path in scripts(paths or []):
        _test(path, only, tally, verbose=verbose)
    _tell(tally, only)
    raise typer.Exit(Exit.WRONG if tally.failed or tally.broken else Exit.DONE)


def _test(path: Path, only: str, tally: _Tally, *, verbose: bool) -> None:
    from datahub.cli.scripts import one
    from datahub.packs.folders import Folders

    loader = Folders()
    document = one(path, loader)
    results = _results(document, loader, only, tally)
    if results is None:
        tally.broken.append(document.path)
        return
    for result in results:
        if result.passed:
            tally.passed += 1
        else:
            tally.failed += 1
        if verbose or not result.passed:
            give(shown(result, Paint(sys.stdout)))


def _results(document: Document, loader: Folders, only: str, tally: _Tally) -> list[TestResult] | None:
    """What became of the tests of a script; None where it does not compile, which is then told."""
    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.diagnostics.render.text import render
    from datahub.diagnostics.rule import Severity
    from datahub.semantic.elaborate import elaborate_whole
    from datahub.syntax.parser import parse
    from datahub.testing.cases import run_tests

    found: list[Diagnostic] = []
    script = parse(document, found.append)
    elaborated = elaborate_whole(script, loader, found.append)
    wrong = sorted((one for one in found if one.level is Severity.ERROR), key=lambda one: one.at.span.start)
    if wrong:
        keys = [(str(Path(one.at.span.document.path).resolve()), one.at.span.start, one.message) for one in wrong]
        fresh = [one for one, key in zip(wrong, keys, strict=True) if key not in tally.told]
        tally.told.update(keys)
        if fresh:
            say(render(fresh, colour=colourful(sys.stderr)))
        return None
    return run_tests(elaborated, script, only)


def shown(result: TestResult, paint: Paint) -> str:
    """One test: that it passed, or each expectation that is not met with its rows side by side."""
    if result.passed:
        return f"{paint('1;32', 'passed')} {result.name} ({result.seconds:.2f} s)\n"
    head = f"{paint('1;31', 'failed')} {result.name}\n  {paint('34', '-->')} {result.span}\n"
    return head + "".join(_difference(difference, paint) for difference in result.differences) + "\n"


def _difference(difference: Difference, paint: Paint) -> str:
    said = f"\n  {paint('1', difference.about)} (line {difference.span.line}): {difference.said}\n"
    if not difference.rows:
        return said
    grid = [("", *difference.header), *((mark, *cells) for mark, cells in difference.rows)]
    wide = [max(len(row[at]) for row in grid) for at in range(len(grid[0]))]
    lines = []
    for mark, *cells in grid:
        text = " ".join((mark.ljust(1), "|", " | ".join(cell.ljust(wide[at + 1]) for at, cell in enumerate(cells)), "|"))
        colour = _MARKS.get(mark, "")
        lines.append(f"    {paint(colour, text) if colour else text}\n")
    return said + "".join(lines)


def _tell(tally: _Tally, only: str) -> None:
    paint = Paint(sys.stderr)
    parts: Sequence[str] = [
        paint("1;31", f"{tally.failed} failed") if tally.failed else "",
        paint("1;32", f"{tally.passed} passed") if tally.passed else "",
        paint("1;31", f"{counted(len(tally.broken), 'script')} not compiled") if tally.broken else "",
    ]
    said = ", ".join(part for part in parts if part)
    named = f" whose name has `{only}` in it" if only else ""
    say(said or f'no tests{named} here: a test is a `test "…" {{ … }}` in a script')
