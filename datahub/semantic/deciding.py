"""Conditions that are decided before any row is there: by what they ask themselves, or by what leads to where they are asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Rule
from datahub.semantic import ir
from datahub.semantic.narrowing import facts
from datahub.semantic.proof_boxes import Spent
from datahub.semantic.proof_conditions import Held, excluded
from datahub.semantic.rules_proofs import NOT_PROVED
from datahub.semantic.rules_types import ALWAYS_TRUE, DEAD_BRANCH, NEVER_TRUE
from datahub.semantic.scope import Part, Premise, Scope
from datahub.semantic.told import is_unknown, shown, tell
from datahub.semantic.walk import columns_read
from datahub.syntax import ast

MOST = 64
"""So many conditions that lead to a place are looked at, those nearest to it."""
_MOST_SHOWN = 3

Place = Literal["condition", "branch", "value", "check"]
"""Where a condition stands; `value` is one of a `case` of values. Of a branch that always holds is told what it hides."""


def given(scope: Scope, condition: ir.Expression, at: ast.Expr, holds: bool = True, *, passed: bool = False) -> Scope:
    """`scope` where `condition`, written `at`, is known to hold or not to."""
    told = facts(condition)
    narrow = scope.narrow(told.true if holds else told.false)
    if is_unknown(condition) or isinstance(condition, ir.Constant):
        return narrow
    return replace(narrow, premises=(*narrow.premises, Premise(condition, holds, at.span, passed))[-MOST:])


def without(scope: Scope, columns: Collection[str]) -> Scope:
    """`scope` where nothing is known any more of what reads `columns`, or fields of them: they stand for other values from here on."""
    kept = tuple(one for one in scope.premises if not any(_is_of(read, columns) for read in columns_read(one.condition)))
    return replace(scope, premises=kept)


def _is_of(read: str, columns: Collection[str]) -> bool:
    return read in columns or read.partition(".")[0] in columns


def read(tree: ast.Expr, scope: Scope, typed: Callable[[Scope], ir.Expression], place: Place) -> ir.Expression:
    """The condition `tree` as `typed` reads it, after telling what of it is decided already."""
    parts: list[Part] = []
    told: set[Rule] = set()

    def emit(diagnostic: Diagnostic) -> None:
        told.add(diagnostic.rule)
        scope.emit(diagnostic)

    value = typed(replace(scope, parts=parts, emit=emit))
    if not is_unknown(value) and scope.world.budget.left > 0:
        try:
            _note(tree, value, parts, scope, place, bool(told & {NEVER_TRUE, ALWAYS_TRUE}))
        except Spent:
            message = f"nobody knows whether rows decide `{shown(tree.span)}`"
            tell(scope, NOT_PROVED, tree.span, message, "too much leads here to be looked into")
    return value


def decided(condition: ir.Expression, premises: tuple[Premise, ...], scope: Scope) -> bool | None:
    """Whether a condition is certainly true, or certainly not, where `premises` hold; None where rows decide, or none gets there.

    Raise `Spent` where that takes too long.
    """
    if isinstance(condition, ir.Constant):
        return None
    key = id(condition), id(premises)
    if key not in scope.world.decided:
        near = _near(condition, premises, scope)
        never = _excluded((*near, (condition, True)), scope)
        always = _excluded((*near, (condition, False)), scope)
        scope.world.decided[key] = condition, premises, None if never is always else always
    return scope.world.decided[key][2]


def _excluded(conditions: Iterable[Held], scope: Scope) -> bool:
    return excluded(conditions, scope.world.alike, scope.world.budget)


def _near(condition: ir.Expression, premises: Sequence[Premise], scope: Scope) -> tuple[Held, ...]:
    """The premises that say something of what the condition asks about, or of what those ask about in turn."""
    alike = scope.world.alike
    about = alike.values(condition)
    left = [(one, alike.values(one.condition)) for one in premises]
    found: list[Premise] = []
    while near := [(one, values) for one, values in left if values & about]:
        found += [one for one, _ in near]
        left = [(one, values) for one, values in left if not values & about]
        about = about.union(*(values for _, values in near))
    return tuple((one.condition, one.holds) for one in found)


def takes_the_rest(condition: ir.Expression, scope: Scope) -> bool:
    """Whether every row that gets to a branch is taken by it, because of the branches before."""
    return is_certainly(True, condition, scope) and decided(condition, (), scope) is None


def is_certainly(answer: bool, condition: ir.Expression, scope: Scope) -> bool:
    """Whether it is known that `condition` is true here, or not."""
    try:
        return decided(condition, scope.premises, scope) is answer
    except Spent:
        return False


# ---------------------------------------------------------------- telling


def _note(tree: ast.Expr, value: ir.Expression, parts: Sequence[Part], scope: Scope, place: Place, is_told: bool) -> None:
    """Tell what is decided; with `is_told` a type decided a part, which was told where it was read."""
    whole = decided(value, scope.premises, scope)
    if whole is True and place == "check":
        return
    if whole is not None and decided(value, (), scope) is None:
        # What leads here decides all of it.
        if not is_told and (not whole or place == "condition"):
            _tell(tree, whole, scope.premises, value, scope, place)
        return
    found = [(part, answer) for part in parts if (answer := _of_part(part, scope)) is not None]
    for part, answer in found:
        _tell(part.tree, answer, part.premises, part.condition, scope)
    if whole is not None and not found and not is_told and not _is_told(value):
        _tell(tree, whole, (), value, scope, place)


def _of_part(part: Part, scope: Scope) -> bool | None:
    """Whether a part is decided; what earlier branches left is often said again, as in `w >= 10 and w < 20`, and no mistake."""
    if _is_told(part.condition) or _has_parts(part.tree):
        return None
    answer = decided(part.condition, part.premises, scope)
    if answer is True and any(one.passed for one in part.premises):
        return decided(part.condition, tuple(one for one in part.premises if not one.passed), scope)
    return answer


def _has_parts(tree: ast.Expr) -> bool:
    return isinstance(tree, ast.Binary | ast.Unary) and tree.operator in ("and", "or", "not")


def _is_told(value: ir.Expression) -> bool:
    """Whether it was told by the type alone: null is asked for where there is none."""
    match value:
        case ir.Call(function="not", arguments=(inner,)):
            return _is_told(inner)
        case ir.Call(function="is_null", arguments=(asked,)):
            return not asked.type.nullable
        case _:
            return False


def _tell(
    tree: ast.Expr, answer: bool, premises: Sequence[Premise], value: ir.Expression, scope: Scope, place: Place = "condition"
) -> None:
    because = _because(value, answer, premises, scope)
    written = shown(tree.span)
    if answer:
        message = f"`{written}` is always true here" if because else f"`{written}` is always true"
        tell(scope, ALWAYS_TRUE, tree.span, message, "no row makes it false", also=_labels(because), help=_help(tree, because))
    elif any(one.passed for one in because):
        message = f"no row that gets here has `{written}`" if place == "value" else f"no row that gets here makes `{written}` true"
        tell(scope, DEAD_BRANCH, tree.span, message, "never true here", also=_labels(because))
    else:
        message = f"`{written}` is never true here" if because else f"`{written}` is never true"
        tell(scope, NEVER_TRUE, tree.span, message, "no row makes it true", also=_labels(because), help=_help(tree, because))


def _because(value: ir.Expression, answer: bool, premises: Sequence[Premise], scope: Scope) -> tuple[Premise, ...]:
    """The premises that decide it: one that does alone, else those that do together."""
    if _excluded(((value, not answer),), scope):
        return ()
    about = _near(value, premises, scope)
    near = [one for one in premises if (one.condition, one.holds) in about]
    alone = next((one for one in reversed(near) if _excluded(((one.condition, one.holds), (value, not answer)), scope)), None)
    if alone is not None:
        return (alone,)
    kept = near
    for one in near:
        fewer = [other for other in kept if other is not one]
        if _excluded((*((other.condition, other.holds) for other in fewer), (value, not answer)), scope):
            kept = fewer
    return tuple(kept)


def _labels(because: Sequence[Premise]) -> tuple[Label, ...]:
    return tuple(Label(one.span, _said(one, len(because) > 1)) for one in because[:_MOST_SHOWN])


def _said(premise: Premise, several: bool) -> str:
    if premise.passed:
        return "takes a part of its rows" if several else "takes its rows"
    return "this holds here" if premise.holds else "this does not hold here"


def _help(tree: ast.Expr, because: Sequence[Premise]) -> str | None:
    if isinstance(tree, ast.In) and isinstance(tree.among, ast.Range) and not because:
        return f"the smaller end stands first: `{shown(tree.among.high.span)}..{shown(tree.among.low.span)}`"
    return None
