"""How advice is declared: one file a lint, with its rule, what it looks for, and nothing to register elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from datahub.diagnostics.diagnostic import Emit
from datahub.diagnostics.rule import Rule
from datahub.records import record
from datahub.registry import load_all
from datahub.semantic.elaborate import Elaborated

Look: TypeAlias = Callable[[Elaborated, Emit], None]


@record(frozen=True, slots=True)
class Lint:
    """The rules that a lint may raise, and the function that looks for them in a program without errors."""

    rules: tuple[Rule, ...]
    look: Look


LINTS: list[Lint] = []
"""Every lint, once the modules below `datahub.lint.rules` are imported."""


def lint(*rules: Rule) -> Callable[[Look], Look]:
    """Declare the decorated function to look for `rules`."""

    def declare(look: Look) -> Look:
        LINTS.append(Lint(rules, look))
        return look

    return declare


def advise(elaborated: Elaborated, emit: Emit) -> None:
    """Tell `emit` what could be better in a program that has no errors."""
    from datahub.lint import rules

    load_all(rules)
    for one in LINTS:
        one.look(elaborated, emit)
