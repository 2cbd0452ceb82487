"""Names of files: which are temporary, which fit a pattern, and what a template such as `{{STEM}}.done` stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from datahub.connectors.declare import TerminalError
from datahub.project.slots import SLOT

_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_BRACES = re.compile(r"\{([^{}]*)\}")
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST = 200
"""Bytes that a file name may have: 255 is what most file systems take, and the temporary name is longer."""
MOST_LISTED = 1_000_000
"""Names of one folder, which are all held."""


def temporary(name: str) -> bool:
    """Whether a name says that the file is hidden, or is being written."""
    return name.startswith(".") or name.lower().endswith(_TEMPORARY)


def fits(name: str, pattern: str) -> bool:
    """Whether a name fits `products-*.{csv,txt}`; upper and lower case differ."""
    return any(fnmatchcase(name, one) for one in _alternatives(pattern))


def shown(name: str) -> str:
    """A name as text: bytes that are none, and characters that do something to a terminal or a log, by their numbers."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def checked(name: str, folder: str) -> str:
    """A name out of a listing; a host that puts a path in its place is up to something."""
    if "/" in name or "\0" in name or name in ("", ".", ".."):
        raise TerminalError(
            f"the listing of `{folder or '.'}` has a name that is none: `{shown(name)}`", "nothing of that folder was taken"
        )
    return name


def room_for_one_more(count: int, folder: str) -> None:
    """Hold a listing to so many names: a host that never ends one would fill the memory."""
    if count >= MOST_LISTED:
        raise TerminalError(
            f"`{folder or '.'}` has more than {MOST_LISTED:,} names",
            "nothing of it was taken; move away what was read, or name a folder below",
        )


def filled(template: str, values: Mapping[str, str]) -> str:
    """A name with its `{{SLOTS}}` filled; a value can add no folder, and an unknown slot is an error."""

    def value(found: re.Match[str]) -> str:
        name = found[1].upper()
        if name not in values:
            known = ", ".join(f"{{{{{one}}}}}" for one in sorted(values))
            raise TerminalError(f"the file name `{template}` has `{found[0]}`, which nothing fills", f"there are {known}")
        return _UNFIT.sub("_", values[name])

    name = SLOT.sub(value, template)
    if name.startswith(".") and not template.startswith("."):
        # Whoever polls for files passes over hidden ones.
        name = f"_{name[1:]}"
    if name in ("", ".", "..") or _UNFIT.search(name):
        raise TerminalError(f"`{template}` makes no file name: `{shown(name)}`", "name folders in `folder`")
    if len(name.encode()) > _LONGEST:
        raise TerminalError(
            f"`{template}` makes a file name of {len(name.encode())} bytes: `{shown(name)[:60]}…`", f"{_LONGEST} fit everywhere"
        )
    return name


def about(name: str) -> dict[str, str]:
    """What templates can say of a file: its name, and that without its last ending."""
    stem = name.rpartition(".")[0] or name
    return {"NAME": name, "STEM": stem}


def _alternatives(pattern: str) -> list[str]:
    found = _BRACES.search(pattern)
    if found is None:
        return [pattern]
    return [one for part in found[1].split(",") for one in _alternatives(pattern[: found.start()] + part + pattern[found.end() :])]
