"""Every kind of mistake by code and by name, gathered from the modules that declare them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

import datahub
from datahub.diagnostics.rule import Rule
from datahub.diagnostics.suggest import nearest


@cache
def rules() -> dict[str, Rule]:
    """All rules by code, in the order of their codes.

    They are declared in modules called `rules` or `rules_…`, and in the modules of packages called `rules`.
    """
    found: dict[str, Rule] = {}
    for name in _homes():
        for rule in vars(import_module(name)).values():
            if isinstance(rule, Rule) and found.setdefault(rule.code, rule) is not rule:
                raise ValueError(f"the code {rule.code} is declared twice: {found[rule.code].name}, {rule.name}")
    return dict(sorted(found.items()))


def _homes() -> Iterator[str]:
    for module in walk_packages(datahub.__path__, "datahub."):
        *_, parent, last = module.name.split(".")
        if not module.ispkg and (last == "rules" or last.startswith("rules_") or parent == "rules"):
            yield module.name


def rule(asked: str) -> Rule | None:
    """The rule with this code or name, in any case."""
    wanted = asked.casefold()
    return next((one for one in rules().values() if wanted in (one.code.casefold(), one.name.casefold())), None)


def near(asked: str) -> str | None:
    """The code or name that may have been meant."""
    return nearest(asked, [*rules(), *(one.name for one in rules().values())])
