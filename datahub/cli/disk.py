"""What a disk does not do that is full, read only or broken: no mistake of DataHub, whichever command meets it."""

from __future__ import annotations

import errno
import shlex
from pathlib import Path

from datahub.cli.output import Exit, Stop

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def of_the_disk(error: BaseException) -> Stop | None:
    """How the command ends; None where the error is of another kind."""
    number = error.errno if isinstance(error, OSError) else None
    if not isinstance(error, OSError) or number not in (*_FULL, errno.EROFS, errno.EIO):
        return None
    place = f" `{error.filename}`" if error.filename else ""
    folder = shlex.quote(str(Path(error.filename).parent)) if error.filename else "."
    if number in _FULL:
        return Stop(
            f"there is no room{f' for{place}' if place else ' on the disk'}",
            f"make room (`df -h {folder}`; `dhm runs prune` removes what old runs left), and type it again",
            code=Exit.LATER,
        )
    if number == errno.EROFS:
        advice = f"`findmnt -T {folder}` says whether its disk is mounted to be read only (`ro`); then type it again"
        return Stop(f"the disk takes nothing{f' at{place}' if place else ''}: it is read only", advice, code=Exit.LATER)
    return Stop(f"the disk does not serve{place or ' a file'}", f"`dmesg | tail` and `df -h {folder}` say more", code=Exit.LATER)
