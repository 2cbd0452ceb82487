"""Show the mapping sheet of a script or pack: every target field, its rule and its source.

PATH is a script, or the folder of a pack. The sheet says what runs: what `include` copies is spelled out, defaults are filled in,
overrides are laid on. Entities with their checks, and tables, stand beside it.

With `--into README.md` it is written between two marks of that file, or at its end the first time; with `--check` as well
nothing is written, and exit code 1 says that the file is behind.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Exit, Stop, give, say


class Form(StrEnum):
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


def command(
    path: Annotated[Path, typer.Argument(help="A script, or the folder of a pack.")],
    output: Annotated[Form, typer.Option(help="The form of the sheet; CSV holds the maps alone.")] = Form.MARKDOWN,
    whole: Annotated[bool, typer.Option("--all", help="Show what used packs declare as well.")] = False,
    into: Annotated[Path | None, typer.Option(help="Write it into this Markdown file.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="With --into: write nothing; say whether the file is behind.")] = False,
) -> None:
    from datahub.cli.compiled import elaborated
    from datahub.reports.mapping_pages import as_csv, as_json, as_markdown
    from datahub.reports.mapping_sheet import mapping_sheet

    sheet = mapping_sheet(elaborated(path), whole)
    if into is not None:
        if output is not Form.MARKDOWN:
            raise Stop("only Markdown is written into a page", "leave `--output` out")
        _write(into, as_markdown(sheet), check)
        return
    match output:
        case Form.MARKDOWN:
            give(as_markdown(sheet))
        case Form.CSV:
            give(as_csv(sheet))
        case Form.JSON:
            give(as_json(sheet))


def _write(into: Path, told: str, check: bool) -> None:
    from datahub.cli.files import replace_text
    from datahub.reports.mapping_pages import into_page

    before = into.read_text(encoding="utf-8") if into.exists() else ""
    after = into_page(before, told)
    if before == after:
        say(f"`{into}` is up to date")
    elif check:
        raise Stop(f"`{into}` is behind", f"write it again: `dhm docs … --into {into}`", code=Exit.WRONG)
    else:
        replace_text(into, after) if into.exists() else into.write_text(after, encoding="utf-8")
        say(f"wrote the mapping sheet into `{into}`")
