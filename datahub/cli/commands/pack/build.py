"""Write a pack as one archive, the same bytes each time, and add it to an index where one is asked for.

FOLDER holds the pack. The archive is called NAME-VERSION.tar.gz. With `--index DIR` it is put into that folder, and what an index says of
its packs is written beside it: the folder, served by any web server or lying on a share, is then an index.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Stop, counted, give, say


def command(
    folder: Annotated[Path, typer.Argument(help="The folder of the pack.")] = Path(),
    out: Annotated[Path, typer.Option(help="Where the archive is put.")] = Path(),
    index: Annotated[Path | None, typer.Option(help="The folder of an index, which takes the archive.", show_default=False)] = None,
) -> None:
    from datahub.cli.compiled import elaborated
    from datahub.cli.packs import failures_told, opened_or_stop
    from datahub.packs.archive import pack_up
    from datahub.packs.index import publish

    if not folder.is_dir():
        raise Stop(f"there is no folder `{folder}`")
    pack = opened_or_stop(folder)
    elaborated(folder, Path.cwd())
    if index is not None:
        with failures_told():
            place = publish(pack, index)
    else:
        place = out / f"{pack.manifest.name}-{pack.manifest.version}.tar.gz"
        if not out.is_dir():
            raise Stop(f"there is no folder `{out}`")
        place.write_bytes(pack_up(pack.contents))
    say(f"{pack.called}: {counted(len(pack.contents.files), 'file')}, {pack.contents.digest}")
    give(f"{place}\n")
