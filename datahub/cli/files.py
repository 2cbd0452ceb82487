"""Files that a command changes: never left half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from datahub.cli.output import Stop


def replace_text(path: Path, text: str) -> None:
    """Put `text` in the place of the file at `path`, all at once, with its rights as they were."""
    # A link stays a link: what it points at is replaced.
    place = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(place.stat().st_mode & 0o7777)
            temporary.replace(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Stop(f"`{path}` cannot be written: {error.strerror}") from error
