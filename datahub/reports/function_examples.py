"""What a function's page shows of it: the examples that it declares, and one with null where it declares none."""

from __future__ import annotations

import re

from datahub.functions.declare import Example, Function, arguments_of
from datahub.reports.function_search import null_rule


def shown_examples(function: Function) -> tuple[Example, ...]:
    """The examples in the order in which a reader meets them: what it gives, what null gives, what it rejects."""
    declared = function.examples
    if not any(re.search(r"\bnull\b", one.expression) for one in declared):
        declared = (*declared, *_with_null(function))
    return (*(one for one in declared if not one.rejected), *(one for one in declared if one.rejected))


def _with_null(function: Function) -> tuple[Example, ...]:
    """The first example that can be said with null: in the place of the first column, or among the values of an aggregate."""
    rule = null_rule(function)
    for one in sorted(function.examples, key=lambda one: bool(one.rejected)):
        arguments = _called_with(one.expression, function.name)
        at = _first_column(function, len(arguments))
        if at is None or function.name in _OF_STRUCTS:
            continue
        if rule == "null out":
            arguments[at] = "null"
            return (Example(f"{function.name}({', '.join(arguments)})"),)
        if rule == "left out" and arguments[at].startswith("[") and one.expression == f"{function.name}({', '.join(arguments)})":
            arguments[at] = "[null, " + arguments[at][1:]
            return (Example(f"{function.name}({', '.join(arguments)})", one.result),)
    return ()


_OF_STRUCTS = frozenset(("pick", "omit", "merge", "distinct_by", "index_by", "group_by"))
"""Functions of structs: a null that is written out has no fields."""


def _called_with(expression: str, name: str) -> list[str]:
    """The arguments of the first call of a function in an expression; none where there is no call, or quotes are hard to tell."""
    begins = re.search(rf"(?<!\w){re.escape(name)}\(", expression)
    if begins is None or '\\"' in expression:
        return []
    depth, quoted = 1, False
    for at in range(begins.end(), len(expression)):
        quoted ^= expression[at] == '"'
        depth += 0 if quoted else (expression[at] in "([{") - (expression[at] in ")]}")
        if depth == 0:
            return arguments_of(expression[begins.end() : at])
    return []


def _first_column(function: Function, given: int) -> int | None:
    """Which argument is the first that need not be constant, in a signature that so many fit."""
    for overload in function.overloads:
        for at, parameter in enumerate(overload.parameters[:given]):
            if not parameter.constant:
                return at
    return None
