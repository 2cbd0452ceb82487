"""Write a `source` block from a sample of a file: CSV, JSON, JSON lines, XML, Excel, fixed width, Parquet or Arrow, packed or not.

What speaks for each type stands in a comment beside it. Look it over: a sample cannot know what comes tomorrow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Exit, Stop, give


def command(
    file: Annotated[Path, typer.Argument(help="The file.", show_default=False)],
    name: Annotated[str, typer.Option(help="What the source is called; the file's name otherwise.", show_default=False)] = "",
    sheet: Annotated[str, typer.Option(help="Which sheet of a workbook; the first one otherwise.", show_default=False)] = "",
) -> None:
    from datahub.cli.inputs import world
    from datahub.document import Document
    from datahub.samples.sample import NoSample
    from datahub.samples.source import infer
    from datahub.syntax.format import format_script

    if not file.is_file():
        raise Stop(f"there is no file `{file}`")
    with world():
        try:
            text = infer(str(file), name, sheet)
        except NoSample as error:
            raise Stop(str(error), code=Exit.WRONG) from error
    give(format_script(Document("inferred.dhm", text)))
