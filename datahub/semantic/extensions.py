"""Calls of functions that other distributions bring: like builtin ones, once they can be used."""

from __future__ import annotations

from datahub.functions.declare import Function
from datahub.functions.extensions import BrokenExtension, extension
from datahub.semantic.rules_extensions import BROKEN_EXTENSION, SLOW_EXTENSION
from datahub.semantic.scope import Scope
from datahub.semantic.told import tell
from datahub.syntax import ast


def usable(tree: ast.Call, scope: Scope) -> Function | None:
    """The function that a call names, loaded; None where it cannot be used, which is told."""
    name = tree.function
    try:
        function = extension(name.text)
    except BrokenExtension as problem:
        tell(scope, BROKEN_EXTENSION, name.span, problem.message, "cannot be used", help=problem.help)
        return None
    if function.row_wise:
        message = f"`{name.text}` of {function.origin} takes one value after the other"
        help = "where few values are distinct, allow it; else call a function over columns"
        tell(scope, SLOW_EXTENSION, name.span, message, "a Python function of one row", help=help)
    return function
