"""The two ways in which Mirakl gives lists: by a token that leads on, and by an offset."""

from __future__ import annotations

from typing import Any

from datahub.dev.serving import Asked, Given


def seek(asked: Asked, found: list[dict[str, Any]]) -> Given:
    """A token leads to the next page, and other filters count no more."""
    size, token = min(asked.number("limit", 10, 1), 100), asked.number("page_token", 0)
    more = {"next_page_token": str(token + size)} if token + size < len(found) else {}
    return Given(200, {"data": found[token : token + size], **more})


def page(asked: Asked, name: str, found: list[dict[str, Any]]) -> Given:
    """What lies behind an offset, and how much there is in all."""
    if asked.query.get("paginate") == "false":
        return Given(200, {name: found, "total_count": len(found)})
    size, start = min(asked.number("max", 10, 1), 100), asked.number("offset", 0)
    return Given(200, {name: found[start : start + size], "total_count": len(found)})
