"""Tell everything that is wrong with scripts and project files, before any data is seen.

PATHS are scripts, or folders whose scripts are all checked; the current folder where none is given. A dhm.toml that is named, or lies
in a folder that is, is checked with the files of its environments.

Where a job of the project around runs one of them, it is told how often each of its targets gets a row, whatever happens: once, or at
least once; and of a project, which runs are not done whose job it has no more. The files of all environments are checked in themselves;
what jobs are bound to, and what they promise, as dhm.toml has it, or with `--env`.

A finding that is meant to be there is allowed by a comment: `# dhm: allow CODE because "…"`.

With `--locked` dhm.lock must be there too and say what is used: every pack with its version and the hash of its files, and every
override with what it was written against. Use it in CI.

Exit codes: 0 no errors, 1 errors, 2 wrong usage.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, Stop, colourful, counted, give, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.document import Document
    from datahub.packs.folders import Folders
    from datahub.semantic.ir import Program

_ROUNDS = 10
"""How often fixes are applied before it is clear that they undo one another."""


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Scripts, or folders of scripts.", show_default=False)] = None,
    output: Annotated[Form, typer.Option(help="The form of the findings.")] = Form.TEXT,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the fixes that are safe, then check again.")] = False,
    signature: Annotated[bool, typer.Option("--signature", help="Show which reject codes each field can give.")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Show notes as well as errors and warnings.")] = False,
    locked: Annotated[bool, typer.Option("--locked", help="Make sure that dhm.lock says what is used.")] = False,
    env: Annotated[str, typer.Option(help="Check the jobs as this environment has them.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.promised import promised
    from datahub.cli.scripts import errors, in_order, scripts
    from datahub.diagnostics.render import render
    from datahub.diagnostics.rule import Severity
    from datahub.project.rules import NOT_TOML

    given = paths or [Path()]
    chosen = scripts([path for path in given if path.suffix != ".toml"]) if any(path.suffix != ".toml" for path in given) else []
    fixed = sum(_mended(path) for path in chosen) if fix else 0
    projects, files = _projects(given, env)
    found, programs = _checked(chosen, locked, told=any(one.rule is NOT_TOML for one in projects))
    found += projects
    shown = [finding for finding in found if notes or finding.level is not Severity.NOTE]
    named = [*(path.as_posix() for path in chosen), *files]
    shown = in_order(shown, named)
    if output is Form.TEXT:
        _print(shown)
        if signature:
            _print_signatures(programs)
    else:
        from datahub.reports.examples import as_markdown

        give(render(output.value, shown, named, as_markdown))
    unbound = promised(programs, told=bool(files), env=env) if output is Form.TEXT else 0
    _tell(shown, _counted(len(chosen), len(files)), fixed, unbound)
    if output is Form.TEXT and files:
        _tell_unset(given, env)
    raise typer.Exit(Exit.WRONG if errors(found) or unbound else Exit.DONE)


def _checked(paths: Sequence[Path], locked: bool, *, told: bool) -> tuple[list[Diagnostic], list[tuple[Document, Program]]]:
    """The findings of all scripts, each told once though several scripts may use what it is in.

    `told` is whether somebody else tells that their project cannot be read.
    """
    from datahub.cli.lockings import lock_findings
    from datahub.cli.scripts import Unreadable, read
    from datahub.packs.folders import Folders

    loader = Folders()
    looked_at: set[Document] = set()
    found: list[Diagnostic] = []
    programs: list[tuple[Document, Program]] = []
    for path in paths:
        document = read(path, loader)
        if isinstance(document, Unreadable):
            found.append(document.finding)
            continue
        if document in looked_at:
            continue
        looked_at.update((document, *loader.siblings(document)))
        findings, program = check_one(document, loader)
        found += [finding for finding in findings if finding not in found]
        if program is not None:
            programs.append((document, program))
    found += lock_findings(looked_at, loader, locked, told=told)
    return found, programs


def _projects(paths: Sequence[Path], env: str) -> tuple[list[Diagnostic], list[str]]:
    """The findings of the project files among `paths` that their comments do not allow, and the files."""
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in paths if path.suffix == ".toml" or path.is_dir())
    found: list[Diagnostic] = []
    files: list[str] = []
    for folder in folders:
        if (folder / "dhm.toml").is_file():
            _known(folder, env)
            from datahub.cli.bindings import binding_findings
            from datahub.cli.templates import template_findings
            from datahub.connectors import models
            from datahub.diagnostics.suppress import suppress
            from datahub.project.load import check

            told, documents = check(folder, models())
            found += suppress(told, documents)
            found += template_findings(folder, env)
            said = {one.message for one in found}
            found += [one for one in binding_findings(folder, env) if one.message not in said]
            files += [document.path for document in documents]
    return found, files


def _tell_unset(paths: Sequence[Path], env: str) -> None:
    """Tell what the project files refer to that is not there on this machine, which need not be the one that runs the jobs."""
    from datahub.connectors import models
    from datahub.project.load import not_here

    for folder in dict.fromkeys(path if path.is_dir() else path.parent for path in paths if path.suffix == ".toml" or path.is_dir()):
        if (folder / "dhm.toml").is_file():
            for what, one in not_here(folder, models(), env):
                say(f"{Paint(sys.stderr)('1', 'note')}: {one.message} here ({one.at.span}): {what}")


def _known(folder: Path, env: str) -> None:
    """Stop where the project has no such environment."""
    from datahub.connectors import models
    from datahub.project.failures import TerminalError
    from datahub.project.load import as_written

    if env:
        try:
            as_written(folder, models(), env)
        except TerminalError as problem:
            raise Stop(problem.message, problem.help) from problem


def check_one(document: Document, loader: Folders) -> tuple[list[Diagnostic], Program | None]:
    """The findings of one script, or of the pack that it is a file of, that comments do not allow, and what it declares."""
    from datahub.compiler import check
    from datahub.diagnostics.suppress import suppress

    found: list[Diagnostic] = []
    program = check(document, loader, found.append)
    return suppress(found, [document, *loader.siblings(document)], _is_finding), program


def _is_finding(code: str) -> bool:
    from datahub.reports.catalogue import rule

    return rule(code) is not None


def _mended(path: Path) -> int:
    """Apply safe fixes to the script at `path` until there are none left, and say how many it took."""
    from datahub.cli.files import replace_text
    from datahub.cli.scripts import Unreadable, read
    from datahub.diagnostics.mend import mend
    from datahub.packs.folders import Folders

    total = 0
    for _ in range(_ROUNDS):
        loader = Folders()
        document = read(path, loader)
        if isinstance(document, Unreadable):
            return total
        text, applied = mend(document, check_one(document, loader)[0])
        if not applied:
            return total
        replace_text(path, text)
        total += applied
    say(f"note: the fixes of `{path}` do not come to an end; the rest is left to you")
    return total


def _print(found: Sequence[Diagnostic]) -> None:
    from datahub.diagnostics.render.text import render

    if found:
        give(render(found, colour=colourful(sys.stdout)) + "\n")


def _print_signatures(programs: Sequence[tuple[Document, Program]]) -> None:
    """One line a field that can reject its row: the map, the field, the codes."""
    from datahub.reports.unwritable import with_unwritable

    lines = [(name, field, codes) for _, program in programs for name, field, codes in with_unwritable(program) if codes]
    if not lines:
        return
    wide = max(len(f"{name}.{field}") for name, field, _ in lines)
    give("".join(f"{f'{name}.{field}':<{wide}}  {' '.join(codes)}\n" for name, field, codes in lines) + "\n")


def _counted(scripts: int, files: int) -> str:
    """What was looked at: `3 scripts and 1 project file`."""
    parts = [counted(scripts, "script")] if scripts else []
    return " and ".join([*parts, counted(files, "project file")] if files else parts)


def _tell(found: Sequence[Diagnostic], files: str, fixed: int, unbound: int) -> None:
    from datahub.cli.scripts import errors
    from datahub.diagnostics.rule import Severity

    paint = Paint(sys.stderr)
    mended = f", {counted(fixed, 'fix', 'fixes')} applied" if fixed else ""
    wrong = errors(found) + unbound
    warned = sum(finding.level is Severity.WARNING for finding in found)
    if not files:
        say("no scripts here: a script is a file whose name ends in .dhm")
    elif not (found or unbound):
        say(f"{paint('1;32', 'ok')}: nothing wrong in {files}{mended}")
    else:
        safe = sum(bool(finding.fix and finding.fix.safe) for finding in found)
        can = f"; {safe} can be mended by `dhm check --fix`" if safe else ""
        parts = [counted(wrong, "error")] if wrong else []
        parts += [counted(warned, "warning")] if warned else []
        parts += [counted(rest, "note")] if (rest := len(found) + unbound - wrong - warned) else []
        said = ", ".join(parts)
        say(f"{paint('1;31' if wrong else '1;33', said)} in {files}{mended}{can}")
