"""Reads the specification: Markdown files whose fenced blocks say what goes in and what must come out.

A case is a `## title` and the blocks below it, up to the next one. Blocks that go in:

    dhm              the script; `dhm NAME` is another file that it uses, or `dhm pack NAME` a pack's
    csv|json|jsonl NAME    a file for the source NAME; several blocks are several files; `source NAME FILE` for other formats
    run              options of the run: `--param NAME=VALUE`, `--as-of INSTANT`, `--flow NAME`, `--format NAME`

Blocks that must come out:

    csv|json|jsonl NAME    the rows of entity NAME, or the file of target NAME, or `TARGET/ENTITY`
    issues           one line an issue: place, field, code, value, two spaces or more between them;
                     `issues code message` shows these columns instead
    rejects SOURCE   the reject file of a source, as it is
    failure          why the run ended without writing anything
    report           `name: value` lines out of the run's counts
    diagnostics      all findings as `dhm check` prints them
    signature        `Entity.field  CODE CODE`, for every field that can reject its row
    formatted        the script as `dhm fmt` writes it
    plan             the plan as `dhm explain` prints it
    eval             `expression → value` lines; a reject is its code; beside a script its functions and tables can be named
    tests            what became of the `test` blocks of the script, as `dhm test` tells it

On a line of the script, `# error: CODE`, `# warning: CODE` and `# type: T` say what is found there. Every error must be
said. Warnings too, in a case that says one or has a `diagnostics` block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^`]*)$")
DATA = ("csv", "json", "jsonl")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its kind, what it is about, its text, and the lines of the file between the fences."""

    kind: str
    about: str
    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Case:
    """One `## title` with its blocks."""

    path: Path
    title: str
    line: int
    blocks: tuple[Block, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.path.stem}: {self.title}"

    def of(self, *kinds: str) -> list[Block]:
        return [block for block in self.blocks if block.kind in kinds]

    @property
    def script(self) -> Block | None:
        """The script itself, not what it uses."""
        return next((block for block in self.of("dhm") if not block.about), None)


def cases(path: Path) -> Iterator[Case]:
    """The cases of one file that hold a block of ours; others are prose."""
    title, line, blocks = "", 0, []
    for found in _parts(path.read_text(encoding="utf-8").split("\n")):
        if isinstance(found, Block):
            blocks.append(found)
            continue
        if title and blocks:
            yield Case(path, title, line, tuple(blocks))
        (title, line), blocks = found, []
    if title and blocks:
        yield Case(path, title, line, tuple(blocks))


def _parts(lines: list[str]) -> Iterator[Block | tuple[str, int]]:
    at = 0
    while at < len(lines):
        if lines[at].startswith("## "):
            yield lines[at][3:].strip(), at + 1
        elif match := FENCE.match(lines[at]):
            # A fence closes with as many backticks as it was opened with, so that a block can show blocks.
            end = next((n for n in range(at + 1, len(lines)) if lines[n].rstrip() == match["fence"]), None)
            if end is None:
                raise ValueError(f"the block on line {at + 1} is not closed")
            kind, _, about = match["info"].strip().partition(" ")
            yield Block(kind, about.strip(), "".join(f"{line}\n" for line in lines[at + 1 : end]), at + 1, end)
            at = end
        at += 1


def rewrite(case: Case, changes: dict[int, str]) -> None:
    """Put new text into the blocks of `case` with these numbers, and leave all else as it is.

    The file is read again: cases above may have been rewritten since.
    """
    lines = case.path.read_text(encoding="utf-8").split("\n")
    now = next(one for one in cases(case.path) if one.title == case.title)
    for number in sorted(changes, reverse=True):
        block = now.blocks[number]
        lines[block.first : block.last] = changes[number].removesuffix("\n").split("\n") if changes[number] else []
    case.path.write_text("\n".join(lines), encoding="utf-8")
