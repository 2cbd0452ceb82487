"""A page that statements are put on one below the other, each with the comments that belong to it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby, zip_longest

from datahub.records import record
from datahub.syntax.parser import Comment

LONGEST_ALIGNED = 32
"""A cell that is longer does not widen its column: what follows it stands where it stands."""

_BETWEEN = re.compile(r"[ \t,]*")


@record(frozen=True, slots=True)
class Entry:
    """A statement in a block: where it stood, and its parts, which are aligned with those of its neighbours."""

    start: int
    end: int
    parts: tuple[str, ...]
    separators: tuple[str, ...] = ()


class Page:
    """The text printed so far, and the comments that are still to be put on it."""

    def __init__(self, text: str, comments: tuple[Comment, ...]) -> None:
        self.text = text
        self.comments = comments
        self.comment_starts = [comment.span.start for comment in comments]
        self.next = 0
        self.lines: list[str] = []
        self.printed_to = 0
        self.fresh = True

    def put(self, start: int, end: int, said: str, indent: str) -> None:
        """Put a statement that stood from `start` to `end`; comments in its midst come before it."""
        self.put_comments(start, indent)
        if self.blank_before(start):
            self.lines.append("")
        while self.next < len(self.comments) and self.comments[self.next].span.start < end:
            # A `##` that stood inside a statement documents nothing, and must not begin to.
            self.lines.append(indent + "#" + self.take().text.lstrip("#"))
        self.lines += (indent + said).split("\n")
        self.printed_to = max(self.printed_to, end)
        self.fresh = False
        self.put_trailing(end)

    def put_comments(self, before: int, indent: str) -> None:
        """Put the comments that stood before an offset, each on a line of its own."""
        while self.next < len(self.comments) and self.comments[self.next].span.start < before:
            comment = self.take()
            if self.blank_before(comment.span.start):
                self.lines.append("")
            # A comment that shared its line with a statement printed elsewhere documents nothing.
            said = comment.text if comment.alone else "#" + comment.text.lstrip("#")
            self.lines += [indent + line.strip() for line in said.split("\n")]
            self.printed_to = max(self.printed_to, comment.span.end)
            self.fresh = False

    def put_trailing(self, end: int) -> None:
        """Put the comment that stood on the line of what was just printed."""
        between = _BETWEEN.match(self.text, end)
        if between is not None and self.comment_starts[self.next : self.next + 1] == [between.end()]:
            comment = self.take()
            self.lines[-1] += "  " + comment.text
            self.printed_to = comment.span.end

    def trailing(self, end: int) -> bool:
        """Whether a comment stands on the line of what ends at an offset."""
        between = _BETWEEN.match(self.text, end)
        return between is not None and self.text.startswith("#", between.end())

    def open(self, end: int) -> None:
        """Begin a block after what was just printed: no blank line stands at its top."""
        self.printed_to = max(self.printed_to, end)
        self.fresh = True

    def close(self, start: int, said: str, indent: str) -> None:
        """End a block at the bracket at `start`: no blank line stands at its foot."""
        self.put_comments(start, indent + "  ")
        self.fresh = True
        self.put(start, start + 1, said, indent)

    def blank_before(self, start: int) -> bool:
        """Whether a blank line stood between what was printed last and what stands at `start`."""
        return not self.fresh and bool(self.lines) and self.text.count("\n", self.printed_to, start) > 1 and self.empty_line_before(start)

    def empty_line_before(self, start: int) -> bool:
        above = self.text[self.printed_to : start]
        return any(not line.strip(" \t\r,") for line in above.split("\n")[1:-1])

    def commented(self, start: int, end: int) -> bool:
        """Whether a comment stands between two offsets."""
        return bisect_left(self.comment_starts, start) < bisect_left(self.comment_starts, end)

    def take(self) -> Comment:
        self.next += 1
        return self.comments[self.next - 1]

    def put_aligned(self, entries: Sequence[Entry], indent: str) -> None:
        """Put the statements of a block; neighbours without a blank line between them are aligned."""
        for said, entry in zip(self.aligned(entries, indent), entries, strict=True):
            self.put(entry.start, entry.end, said, indent)

    def aligned(self, entries: Sequence[Entry], indent: str) -> list[str]:
        group = 0
        groups = []
        for number, entry in enumerate(entries):
            if number and self.apart(entries[number - 1].end, entry.start):
                group += 1
            groups.append((group, entry))
        return [line for _, held in groupby(groups, key=lambda pair: pair[0]) for line in self.beside([entry for _, entry in held])]

    def beside(self, entries: list[Entry]) -> list[str]:
        """The aligned statements of one group, those with a comment on their line padded so that the comments are aligned."""
        lines = align(entries)
        lengths = [len(line.rpartition("\n")[2]) if self.trailing(entry.end) else 0 for line, entry in zip(lines, entries, strict=True)]
        return [line + " " * (max(lengths) - length) if length else line for line, length in zip(lines, lengths, strict=True)]

    def apart(self, end: int, start: int) -> bool:
        """Whether a blank line stands between two offsets."""
        lines = self.text[end:start].split("\n")
        return any(not line.strip(" \t\r,") for line in lines[1:-1])


def align(entries: list[Entry]) -> list[str]:
    """Pad the parts of statements so that they stand below one another; the last part of each is as long as it is."""
    parted = [_parted(entry.parts) for entry in entries]
    alone = sum(len(parts) > 1 for parts in parted) == 1
    widths = [
        max((len(part) for part in column if part and "\n" not in part and len(part) <= LONGEST_ALIGNED), default=0)
        for column in zip_longest(*(parts[:-1] for parts in parted))
    ]
    lines = []
    for entry, parts in zip(entries, parted, strict=True):
        line = ""
        for number, part in enumerate(parts[:-1]):
            separator = entry.separators[number] if number < len(entry.separators) else "  "
            if alone:
                line += f"{part}: " if separator == " : " else part + separator if part else ""
            else:
                line += part.ljust(widths[number]) + separator
        lines.append(line + parts[-1])
    return lines


def _parted(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The parts without the empty ones at the end."""
    last = max((number for number, part in enumerate(parts) if part), default=0)
    return parts[: last + 1]
