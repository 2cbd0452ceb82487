"""Names that read alike throughout a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic.unit import Unit
from datahub.syntax import ast

NAMING = Rule(
    "DHM801",
    "naming",
    Severity.NOTE,
    "a name that is not written as others of its kind",
    "Entities and types begin with a capital letter, so that one sees what has a key and is delivered: `ProductVariant`. "
    "Sources, views, lookups, functions and parameters are small, with `_` between words: `erp_products`.",
)

_LOWER = re.compile(r"[a-z]")
_UPPER = re.compile(r"[A-Z]")


@lint(NAMING, own=True)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which names of the script are not written as their kind is."""
    for name, what in _capital(subject.unit):
        if _LOWER.match(name.text):
            better = "".join(part[:1].upper() + part[1:] for part in name.text.split("_"))
            emit(_told(name, f"{what} begins with a capital letter", better))
    for name, what in _small(subject.unit):
        if _UPPER.search(name.text) and not name.text.isupper():
            emit(_told(name, f"{what} is written small", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.text).lower()))


def _told(name: ast.Name, law: str, better: str) -> Diagnostic:
    return Diagnostic(NAMING, f"the name of {law}", Label(name.span, "differs from the others"), help=f"call it `{better}`")


def _capital(unit: Unit) -> Iterator[tuple[ast.Name, str]]:
    yield from ((one.name, "an entity") for one in unit.declared.of(ast.Entity))
    yield from ((one.name, "a type") for one in unit.declared.types.values())


def _small(unit: Unit) -> Iterator[tuple[ast.Name, str]]:
    yield from ((one.name, "a source") for one in unit.declared.of(ast.Source))
    yield from ((one.name, "a view") for one in unit.declared.of(ast.View))
    yield from ((one.name, "a table or function") for one in unit.declared.callables.values())
    yield from ((one.name, "a parameter") for one in unit.declared.params.values())
