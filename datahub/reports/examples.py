"""The example of each kind of mistake: a small folder of files that has it, what a person sees there, and the same folder mended.

They lie in `diagnostics/examples`, a Markdown file a code. Under `## Bad` a block ```` ```KIND NAME ```` is a file, and a block
```` ```console ```` holds commands behind `$ ` with what they print; under `## Good` stand only the files that differ. The tests
type the commands in both folders: the first shows this code and no other, the second none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from datahub.records import record
from datahub.reports.markdown import block
from datahub.resources import folder

BLOCK = re.compile(r"^(?P<fence>`{3,})(?P<kind>\w+)(?: (?P<name>[\w./-]+))?\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)\n(?P<printed>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@record(frozen=True, slots=True)
class File:
    """One file of an example; `kind` is that of its block, such as `dhm` or `csv`."""

    name: str
    kind: str
    text: str


@record(frozen=True, slots=True)
class Typed:
    """A command, and what it prints."""

    command: str
    printed: str


@record(frozen=True, slots=True)
class Shown:
    """One side of an example: what is said about it, its files, and what is typed."""

    said: str
    files: tuple[File, ...]
    console: tuple[Typed, ...]


@record(frozen=True, slots=True)
class Example:
    """A folder that has the mistake, and what is other in the one that has not."""

    bad: Shown
    good: Shown

    @property
    def mended(self) -> tuple[File, ...]:
        """All files of the good folder: those of the bad one where they stay as they are."""
        files = {file.name: file for file in (*self.bad.files, *self.good.files)}
        return tuple(files.values())


def place(code: str) -> Path:
    """The file that holds the example of `code`."""
    return folder("diagnostics") / "examples" / f"{code}.md"


def example(code: str) -> Example:
    """The example of `code`."""
    _, bad, good = re.split(r"^## (?:Bad|Good)\n", place(code).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return Example(_shown(bad), _shown(good))


def as_markdown(code: str) -> str:
    """The example of `code`, for pages and for those who show Markdown."""
    shown = example(code)
    return "\n\n".join(("This has it:", *_side(shown.bad), "This has not:", *_side(shown.good)))


def _side(shown: Shown) -> Iterator[str]:
    """One side of an example: what is said, each file below its name, and what is typed."""
    if shown.said:
        yield shown.said
    for file in shown.files:
        yield f"`{file.name}`"
        yield block(file.text, file.kind if file.kind != "dhm" else "text")
    if shown.console:
        yield block("".join(f"$ {one.command}\n{one.printed}" for one in shown.console), "console")


def typed(console: str) -> Iterator[Typed]:
    """The commands of a `console` block; a line that ends in a backslash goes on."""
    return (Typed(found["command"], found["printed"]) for found in _TYPED.finditer(console))


def _shown(section: str) -> Shown:
    blocks = list(BLOCK.finditer(section))
    files = tuple(File(block["name"], block["kind"], block["text"]) for block in blocks if block["name"])
    console = tuple(one for block in blocks if not block["name"] for one in typed(block["text"]))
    return Shown(BLOCK.sub("", section).strip(), files, console)
