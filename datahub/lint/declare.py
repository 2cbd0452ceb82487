"""How advice is declared: one file a lint, with its rule, what it looks for, and nothing to register elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from datahub.diagnostics.diagnostic import Emit
from datahub.diagnostics.rule import Rule
from datahub.lint.subject import Subject
from datahub.records import record

Look: TypeAlias = Callable[[Subject, Emit], None]


@record(frozen=True, slots=True)
class Lint:
    """The rules that a lint may raise, and the function that looks for them in a program without errors.

    One that is `own` looks at what a script writes for itself: what overrides leave unread in a pack is no fault of theirs.
    """

    rules: tuple[Rule, ...]
    look: Look
    own: bool = False


LINTS: list[Lint] = []
"""Every lint, once the modules below `datahub.lint.rules` are imported."""


def lint(*rules: Rule, own: bool = False) -> Callable[[Look], Look]:
    """Declare the decorated function to look for `rules`."""

    def declare(look: Look) -> Look:
        LINTS.append(Lint(rules, look, own))
        return look

    return declare
