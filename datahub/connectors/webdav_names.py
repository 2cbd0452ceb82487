"""Names that files of WebDAV cannot be given."""

from __future__ import annotations

HELP = "have names without `{mark}`: `replace` it in the field that the name of a target's file has"


def ends_at(name: str) -> str:
    """The character at which some servers end a name, so that files fall on one; nothing where there is none."""
    return next((one for one in "?;" if one in name), "")


def unnameable(name: str) -> str:
    """Why a file cannot be called so; nothing where it can."""
    mark = ends_at(name)
    return mark and f"`{name}` cannot be the new name of a file: some servers of WebDAV end names at `{mark}`, and files fall on one name"
