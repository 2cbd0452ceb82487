"""What those who call from Python give: taken where it fits, refused in a sentence where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from datahub.document import Document
from datahub.engine.start import UnusableRun
from datahub.packs.folders import Folders


def script_of(script: object, loader: Folders) -> Document:
    """The document of a script: its text, the path of its file, or itself; `UnusableRun` where it is neither."""
    match script:
        case Document():
            return script
        case Path():
            return _file_of(script, loader)
        case str() if "\n" not in script and script.strip().endswith(".dhm"):
            raise UnusableRun(f"`{script}` is taken for the text of a script; give the path of a file as `Path({script!r})`")
        case str():
            return Document("script.dhm", script)
        case _:
            raise UnusableRun(f"a script is its text or the path of its file, and this is {_kind(script)}")


def _file_of(path: Path, loader: Folders) -> Document:
    try:
        return loader.document(path, path.as_posix())
    except UnicodeDecodeError:
        raise UnusableRun(f"the script `{path}` is no text in UTF-8") from None
    except OSError as problem:
        raise UnusableRun(f"the script `{path}` cannot be read: {problem.strerror or problem}") from None


def instant_of(as_of: object) -> datetime:
    """The instant of a run: the one that is given, or now."""
    match as_of:
        case None:
            return datetime.now(UTC)
        case datetime(tzinfo=None):
            raise UnusableRun(f"`as_of` is an instant, and `{as_of}` has no time zone; give `datetime(…, tzinfo=UTC)`")
        case datetime():
            return as_of
        case _:
            raise UnusableRun(f"`as_of` takes a `datetime` with its time zone, and this is {_kind(as_of)}")


def positive(name: str, value: object, least: int = 1) -> int:
    """A whole number that counts something."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UnusableRun(f"`{name}` takes a whole number from {least}, and this is {_kind(value)}")
    return value


def named(name: str, value: object) -> Mapping[str, Any]:
    """Values by their names, as `sources` and `parameters` are."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UnusableRun(f"`{name}` takes values by name, as `{{'items': …}}`, and this is {_kind(value)}")
    wrong = next((one for one in value if not isinstance(one, str)), None)
    if wrong is not None:
        raise UnusableRun(f"`{name}` takes values by name, and {_kind(wrong)} is no name")
    return value


def _kind(value: object) -> str:
    shown = repr(value)
    return f"`{shown}`" if isinstance(value, str | int | float) and len(shown) <= 60 else f"a {type(value).__name__}"
