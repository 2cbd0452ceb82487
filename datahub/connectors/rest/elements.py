"""Calls that are made for each element of an earlier answer: one after the other, and what becomes of those of which nothing is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, assert_never

from datahub.connectors.declare import Missing, TerminalError
from datahub.connectors.rest.told_source import Call
from datahub.connectors.rest.values import Absent, described, encoded, fill
from datahub.connectors.waits import LOG
from datahub.formats.json_lost import Lost, line_of

_NAME = "EACH"


class Elements:
    """The elements that the calls of one run are made for; `values` knows the one at hand as `{{EACH}}`."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values, self._place = values, 0
        self._rejected: list[Lost] = []
        self._skipped: list[str] = []

    def rounds(self, call: Call) -> Iterator[None]:
        """Once; or once for each element that the call is made for, which it knows meanwhile."""
        if not call.each:
            yield
            return
        found = fill(call.each, self._values)
        if not isinstance(found, list):
            raise TerminalError(f"`{call.each}` is `{described(found)}`, and no list", "`each` must lead to a list")
        if len(found) > call.most:
            raise TerminalError(
                f"`{call.each}` has {len(found):,} elements: that is more than {call.most:,} calls",
                "if that is right, raise `most` of the call",
            )
        try:
            for self._place, self._values[_NAME] in enumerate(found, 1):
                yield
        finally:
            self._values.pop(_NAME, None)

    @contextmanager
    def spared(self, call: Call) -> Iterator[None]:
        """What is done for one element; where its call finds nothing, the others go on if the call says so."""
        try:
            yield
        except (Missing, Absent) as problem:
            if _NAME not in self._values:
                raise
            about = f"element {self._place:,} of `{call.each}`: {problem.message}"
            match call.missing:
                case "fail":
                    help = problem.help or 'if that is to be expected, say what becomes of it: `missing = "reject"`, or `"skip"`'
                    raise type(problem)(about, help) from None
                case "skip":
                    LOG.info("skipped %s", about)
                    self._skipped.append(about)
                case "reject":
                    self._rejected.append(Lost(encoded(self._values[_NAME]).decode("utf-8", "replace"), problem.message))
                case _:
                    assert_never(call.missing)

    def rejected(self) -> bytes:
        """The lines of those that were rejected since it was asked last."""
        lines = b"".join(map(line_of, self._rejected))
        self._rejected = []
        return lines

    def note(self) -> str:
        """What a person should hear of those that were skipped."""
        if not self._skipped:
            return ""
        first, count = self._skipped[0], len(self._skipped)
        if count == 1:
            return f"1 element was skipped, as nothing was found for it: {first}"
        return f"{count:,} elements were skipped, as nothing was found for them: {first}, and {count - 1:,} more"
