"""The few forms of Markdown that generated pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def page(title: str, *parts: str) -> str:
    """A page that says it is generated; parts are set apart by blank lines."""
    kept = [part.strip("\n") for part in parts if part.strip("\n")]
    return "\n\n".join((f"# {title}", *kept, "*This page is generated: `make docs` writes it.*")) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a `|` in a cell is escaped, and a cell is one line."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """`text` between as many backticks as it takes."""
    if not text:
        return ""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def block(text: str, kind: str = "") -> str:
    """A fenced block."""
    return f"```{kind}\n{text.rstrip(chr(10))}\n```"


def anchor(heading: str) -> str:
    """The fragment that a heading is reached by."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-")
