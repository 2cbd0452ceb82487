"""Write scripts in the one style, with their comments and their meaning kept.

PATHS are scripts, or folders whose scripts are all written; the current folder where none is given. `-` reads standard
input and writes standard output.

Exit codes: 0 done, 1 a script does not parse, or with --check or --diff is in another style; 2 wrong usage.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, colourful, counted, give, say

if TYPE_CHECKING:
    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.document import Document


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Scripts, or folders of scripts.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; say which scripts are in another style.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Change nothing; show what would change.")] = False,
) -> None:
    from datahub.cli.scripts import scripts

    if paths == [Path("-")]:
        raise typer.Exit(_standard_input())
    chosen = scripts(paths or [])
    unread = changed = 0
    for path in chosen:
        text = _formatted(path)
        if text is None:
            unread += 1
        elif text[0] != text[1]:
            changed += 1
            _act(path, *text, check=check, diff=diff)
    _tell(len(chosen), changed, unread, kept=check or diff)
    raise typer.Exit(Exit.WRONG if unread or (changed and (check or diff)) else Exit.DONE)


def _standard_input() -> Exit:
    from datahub.document import Document

    document = Document("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig", "replace"))
    text = _written(document)
    if text is None:
        return Exit.WRONG
    give(text)
    return Exit.DONE


def _formatted(path: Path) -> tuple[str, str] | None:
    """The text of the script at `path` before and after; None where it does not parse, which is then told."""
    from datahub.cli.scripts import Unreadable, read
    from datahub.diagnostics.render.text import render_one
    from datahub.packs.folders import Folders

    document = read(path, Folders())
    if isinstance(document, Unreadable):
        say(render_one(document.finding, colour=colourful(sys.stderr)))
        return None
    text = _written(document)
    return None if text is None else (document.text, text)


def _written(document: Document) -> str | None:
    from datahub.diagnostics.render.text import render
    from datahub.diagnostics.rule import Severity
    from datahub.syntax.format import format_script
    from datahub.syntax.parser import parse

    found: list[Diagnostic] = []
    parse(document, found.append)
    wrong = [finding for finding in found if finding.level is Severity.ERROR]
    if wrong:
        say(render(wrong, colour=colourful(sys.stderr)))
        return None
    return format_script(document)


def _act(path: Path, before: str, after: str, *, check: bool, diff: bool) -> None:
    from datahub.cli.files import replace_text

    if diff:
        give(_difference(path.as_posix(), before, after))
    elif check:
        say(f"{path.as_posix()}: in another style")
    else:
        replace_text(path, after)


def _difference(name: str, before: str, after: str) -> str:
    from difflib import unified_diff

    from datahub.cli.output import Paint

    paint = Paint(sys.stdout)
    colours = {"+": "32", "-": "31", "@": "36"}
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    return "".join((paint(colours[line[0]], line) if line[:1] in colours else line) + "\n" for line in lines)


def _tell(files: int, changed: int, unread: int, *, kept: bool) -> None:
    if not files:
        say("no scripts here: a script is a file whose name ends in .dhm")
        return
    verb = "would be rewritten" if kept else "rewritten"
    said = [f"{counted(changed, 'script')} {verb}" if changed else "", f"{counted(unread, 'script')} cannot be read" if unread else ""]
    same = files - changed - unread
    said.append(f"{counted(same, 'script')} as {'it is' if same == 1 else 'they are'}" if same else "")
    say(", ".join(part for part in said if part))
