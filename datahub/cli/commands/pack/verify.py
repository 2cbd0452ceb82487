"""Say whether packs are what they should be: nothing but data, no host and no secret in them, and as they were locked.

PATHS are folders or archives of packs. Without any, the packs of the project are held against dhm.lock: version, hash of the files, and
what they require of each other.

Exit codes: 0 all is well, 1 something is not, 75 a server did not answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Paint, give


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders or archives of packs.", show_default=False)] = None,
) -> None:
    import sys

    from datahub.cli.packs import opened_or_stop

    paint = Paint(sys.stdout)
    for path in paths or []:
        pack = opened_or_stop(path)
        give(f"{paint('1;32', 'ok')} {pack.called}  {path}  {pack.contents.digest}\n")
