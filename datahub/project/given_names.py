"""Names of connections and jobs: typed in commands, and part of names of files, so not every text is one."""

from __future__ import annotations

PATTERN = r"^[^\s\-./\\:\x00-\x1f\x7f]([^/\\:\x00-\x1f\x7f]*[^\s/\\:\x00-\x1f\x7f])?$"
"""What a JSON Schema can say of them."""
HELP = "a name is typed in commands and stands in names of files, such as `erp` or `offers-daily`"


def unfit(name: str) -> str:
    """Why a connection or a job cannot be called so; nothing where it can."""
    if not name.strip():
        return "is empty"
    if name != name.strip():
        return "begins or ends with a space"
    if not name.isprintable():
        return "has a character that cannot be shown"
    if found := next((one for one in "/\\:" if one in name), ""):
        return f"has a `{found}`"
    return f"begins with `{name[0]}`" if name[0] in "-." else ""
