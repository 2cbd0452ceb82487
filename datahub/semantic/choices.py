"""Choices between values: `if`, `case`, `default`, `coalesce`, and the answers to failures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.semantic import deciding, expressions, ir, operators
from datahub.semantic.codes import codes, columns
from datahub.semantic.comparing import compared
from datahub.semantic.overloads import applied
from datahub.semantic.rules_types import (
    BAD_ARGUMENTS,
    DEAD_BRANCH,
    DEFAULT_ON_NON_NULL,
    ENUM_NOT_EXHAUSTED,
    NEVER_CONVERTS,
    ON_ERROR_ON_INFALLIBLE,
    SILENT_NULL,
    TYPE_MISMATCH,
)
from datahub.semantic.scope import Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, shown, tell
from datahub.semantic.values import brought, choose, constant, made, shared_type
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain

Branch = tuple[ir.Expression, ir.Expression, Span]
"""A condition, the value where it is true, and where that value stands."""


def if_(tree: ast.Call, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`if(condition, value, otherwise)`; without the third, null."""
    if not 2 <= len(tree.arguments) <= 3 or any(one.name for one in tree.arguments):
        message = "`if` takes a condition, a value, and a value otherwise"
        return tell(scope, BAD_ARGUMENTS, tree.span, message, "not these", help="write `if(condition, value, otherwise)`")
    test, then, *rest = (one.value for one in tree.arguments)
    asked = expressions.condition(test, scope)
    value = expressions.elaborate(then, deciding.given(scope, asked, test), want)
    last = expressions.elaborate(rest[0], deciding.given(scope, asked, test, False, passed=True), want) if rest else _null(scope)
    return _joined("if", [(asked, value, then.span)], last, rest[0].span if rest else tree.span, scope)


def _null(scope: Scope) -> ir.Expression:
    return constant(scope, None, t.Nothing())


def _joined(word: str, branches: Sequence[Branch], otherwise: ir.Expression, at: Span, scope: Scope) -> ir.Expression:
    """The choice between branches, of the type that all share."""
    values = [*(value for _, value, _ in branches), otherwise]
    if any(map(_failed, values)) or any(is_unknown(asked) for asked, _, _ in branches):
        return UNKNOWN
    kind = shared_type(values)
    if kind is None:
        return _different(word, values, [*(span for _, _, span in branches), at], scope)
    return choose(scope, [(asked, value) for asked, value, _ in branches], otherwise, kind)


def _failed(value: ir.Expression) -> bool:
    # `omit` takes the type of what stands beside it.
    return is_unknown(value) and not isinstance(value, ir.Omitted)


def _different(word: str, values: Sequence[ir.Expression], places: Sequence[Span], scope: Scope) -> ir.Expression:
    at = next(at for at in range(1, len(values)) if shared_type(values[: at + 1]) is None)
    ours, theirs = plain(values[0].type), plain(values[at].type)
    help = f"write `text({shown(places[at])})`" if ours == "text" else f"write `text({shown(places[0])})`" if theirs == "text" else None
    message = f"one branch of `{word}` is {a(ours)}, another {a(theirs)}"
    return tell(scope, TYPE_MISMATCH, places[at], message, f"this is {a(theirs)}", help=help)


# ---------------------------------------------------------------- case


def case(tree: ast.Case, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`case … end`: with a subject its tests are values to compare it with, without one they are conditions."""
    subject = expressions.elaborate(tree.subject, scope) if tree.subject is not None else None
    branches: list[Branch] = []
    failed = subject is not None and is_unknown(subject)
    seen: dict[object, Span] = {}
    hidden = False
    for number, branch in enumerate(tree.branches):
        asked, inside, after = _tests(tree, branch, subject, scope, seen)
        value = expressions.elaborate(branch.value, inside, want)
        failed = failed or asked is None or _failed(value)
        if asked is not None:
            branches.append((asked, value, branch.value.span))
            hidden = hidden or _note_hidden(tree, number, asked, scope)
        scope = after
    otherwise, at = None, tree.span
    if tree.otherwise is not None:
        otherwise, at = expressions.elaborate(tree.otherwise, scope, want), tree.otherwise.span
    elif subject is not None and not failed and _exhausted(tree, subject, seen, scope):
        # Every member has its branch, so that the last one needs no test.
        _, otherwise, at = branches.pop()
    if failed or not (branches or otherwise):
        return UNKNOWN
    return _joined("case", branches, _null(scope) if otherwise is None else otherwise, at, scope)


def _note_hidden(tree: ast.Case, at: int, asked: ir.Expression, scope: Scope) -> bool:
    """Tell what stands behind a branch that takes every row; whether it does."""
    if not (isinstance(asked, ir.Constant) and asked.value is True) and not deciding.takes_the_rest(asked, scope):
        return False
    behind = tree.branches[at + 1].value if at + 1 < len(tree.branches) else tree.otherwise
    if behind is not None:
        what = "the branch before this one takes every row" if at == 0 else "the branches before this one take every row"
        tell(scope, DEAD_BRANCH, behind.span, what, "never gets here")
    return True


def _tests(
    tree: ast.Case, branch: ast.When, subject: ir.Expression | None, scope: Scope, seen: dict[object, Span]
) -> tuple[ir.Expression | None, Scope, Scope]:
    """The condition of a branch, and the scopes where it holds, and behind it."""
    found: ir.Expression | None = None
    after = scope
    for test in branch.tests:
        asked = expressions.condition(test, after, "branch") if subject is None else _equals(tree, test, subject, after, seen)
        if is_unknown(asked):
            return None, scope, scope
        found = asked if found is None else made(scope, ir.Logic("or", found, asked, t.Bool()))
        after = deciding.given(after, asked, test, False, passed=True)
    if found is None:
        return None, scope, scope
    return found, deciding.given(scope, found, branch.tests[0]), after


def _equals(tree: ast.Case, test: ast.Expr, subject: ir.Expression, scope: Scope, seen: dict[object, Span]) -> ir.Expression:
    """Whether the subject is what a branch asks for; that it never is, is told."""
    asked = _compared(tree, test, subject, scope)
    if not _is_repeated(test, asked, seen, scope) and not is_unknown(asked):
        return deciding.read(test, scope, lambda _: asked, "value")
    return asked


def _compared(tree: ast.Case, test: ast.Expr, subject: ir.Expression, scope: Scope) -> ir.Expression:
    assert tree.subject is not None
    if isinstance(test, ast.Range):
        return operators.membership(ast.In(tree.subject, False, test, test.span), scope)
    value = expressions.elaborate(test, scope, subject.type if isinstance(t.base_of(subject.type), t.Enum) else None)
    if isinstance(value.type, t.Pattern):
        return operators.matching(ast.Matches(tree.subject, False, test, test.span), scope)
    return compared("=", subject, value, tree.subject.span, test.span, test.span, scope)


def _is_repeated(test: ast.Expr, asked: ir.Expression, seen: dict[object, Span], scope: Scope) -> bool:
    """Whether an earlier branch has the same value, which is told."""
    match asked:
        case ir.Call(function="=", arguments=(_, ir.Constant(value=value))):
            key: object = (type(value), value)
        case ir.Call(function="is_null"):
            key = None
        case _:
            return False
    if key in seen:
        tell(scope, DEAD_BRANCH, test.span, f"`{shown(test.span)}` is tested twice", "never gets here")
        return True
    seen[key] = test.span
    return False


def _exhausted(tree: ast.Case, subject: ir.Expression, seen: dict[object, Span], scope: Scope) -> bool:
    base = t.base_of(subject.type)
    if isinstance(base, t.Bool) and not base.nullable:
        return (bool, True) in seen and (bool, False) in seen
    if not isinstance(base, t.Enum):
        return False
    left = [member for member in base.members if (str, member) not in seen]
    if left:
        message = f"{listed(left)} {'has' if len(left) == 1 else 'have'} no branch"
        tell(scope, ENUM_NOT_EXHAUSTED, tree.span, message, "gives null for the rest", help="name them, or write `otherwise`")
    return not left and (not subject.type.nullable or None in seen)


# ---------------------------------------------------------------- null


def default(tree: ast.Binary, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`value default fallback`: the fallback where the value is null."""
    value = expressions.elaborate(tree.left, scope, want)
    fallback = expressions.elaborate(tree.right, scope, want if want is not None else value.type)
    if is_unknown(value) or is_unknown(fallback):
        return UNKNOWN
    if not value.type.nullable:
        return _never_used(tree, value, scope)
    return or_else(value, fallback, tree.left.span, tree.right.span, scope)


def _never_used(tree: ast.Binary, value: ir.Expression, scope: Scope) -> ir.Expression:
    written = shown(tree.left.span)
    help = f"leave the default away: `{written}`"
    tell(scope, DEFAULT_ON_NON_NULL, tree.right.span, f"`{written}` is never null", "never taken", help=help)
    return value


def or_else(value: ir.Expression, fallback: ir.Expression, at: Span, fallback_at: Span, scope: Scope) -> ir.Expression:
    """`value`, and `fallback` where it is null."""
    kind = shared_type((value, fallback))
    if kind is None:
        return _different("default", (value, fallback), (at, fallback_at), scope)
    kind = t.with_null(kind, fallback.type.nullable)
    return made(scope, ir.Default(brought(value, kind, scope), brought(fallback, kind, scope), kind))


def coalesce(tree: ast.Call, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`coalesce(a, b, c)`: the first that is not null."""
    if len(tree.arguments) < 2:
        return tell(scope, BAD_ARGUMENTS, tree.span, "`coalesce` takes two values or more", "too few")
    given = [(expressions.elaborate(one.value, scope, want), one.value.span) for one in tree.arguments]
    if any(is_unknown(value) for value, _ in given):
        return UNKNOWN
    for at, (value, span) in enumerate(given[:-1]):
        if not value.type.nullable:
            message = f"`{shown(span)}` is never null"
            tell(scope, DEFAULT_ON_NON_NULL, given[at + 1][1], message, "never taken", help="leave away what follows it")
            given = given[: at + 1]
            break
    found, found_at = given[-1]
    for value, span in reversed(given[:-1]):
        found = or_else(value, found, span, found_at, scope)
        if is_unknown(found):
            return UNKNOWN
    return found


# ---------------------------------------------------------------- failures


def on_error(tree: ast.OnError, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`value on error …`."""
    value = expressions.elaborate(tree.value, scope if tree.fallback is None else _caught(scope), want)
    hint = want if want is not None else value.type
    fallback = expressions.elaborate(tree.fallback, scope, hint) if tree.fallback is not None else None
    if is_unknown(value) or (fallback is not None and is_unknown(fallback)):
        return UNKNOWN
    if not fallible(value, scope):
        written = shown(tree.value.span)
        help = f"null is answered by `default`: `{written} default …`" if value.type.nullable else f"leave it away: `{written}`"
        tell(scope, ON_ERROR_ON_INFALLIBLE, tree.span, f"`{written}` never fails", "nothing to answer", help=help)
    if fallback is None:
        code = tree.code.text if tree.code is not None else ""
        return made(scope, ir.Recover(value, "reject", None, code, value.type)) if code else value
    return _recovered(tree, value, fallback, scope)


def _caught(scope: Scope) -> Scope:
    """`scope` where a failure is answered: that constants fail in every row is meant there."""

    def emit(diagnostic: Diagnostic) -> None:
        if diagnostic.rule is not NEVER_CONVERTS or diagnostic.severity is not Severity.WARNING:
            scope.emit(diagnostic)

    return replace(scope, emit=emit)


def fallible(value: ir.Expression, scope: Scope) -> bool:
    """Whether `value` can fail, itself or with a column that it reads; of columns unknown it is assumed."""
    if codes(value, scope.codes or {}):
        return True
    return scope.codes is None and bool(columns(value))


def _recovered(tree: ast.OnError, value: ir.Expression, fallback: ir.Expression, scope: Scope) -> ir.Expression:
    assert tree.fallback is not None
    if isinstance(fallback, ir.Constant) and fallback.value is None and tree.how == "use":
        written = shown(tree.value.span)
        message = f"a failure of `{written}` becomes null, and is listed nowhere"
        help = f"write `{written} on error warn null`"
        tell(scope, SILENT_NULL, tree.fallback.span, message, "hides what went wrong", help=help)
    kind = shared_type((value, fallback))
    if kind is None:
        return _different("on error", (value, fallback), (tree.value.span, tree.fallback.span), scope)
    kind = t.with_null(kind, value.type.nullable or fallback.type.nullable)
    place = f"{tree.span.document.path}:{tree.span.line}"
    return made(scope, ir.Recover(brought(value, kind, scope), tree.how, brought(fallback, kind, scope), "", kind, place))


def failed(tree: ast.Call, scope: Scope) -> ir.Expression:
    """`failed(value)`, `failed(value, "R104")`."""
    if not 1 <= len(tree.arguments) <= 2:
        help = 'write `failed(value, "R104")`'
        return tell(scope, BAD_ARGUMENTS, tree.span, "`failed` takes a value, and perhaps a code", "not these", help=help)
    value = expressions.elaborate(tree.arguments[0].value, _caught(scope))
    code = ""
    if len(tree.arguments) == 2:
        second = tree.arguments[1].value
        if not isinstance(second, ast.String):
            message = "the code that `failed` looks for is a text in quotes"
            return tell(scope, BAD_ARGUMENTS, second.span, message, "not a text", help='such as `"R104"`')
        code = second.value
    return UNKNOWN if is_unknown(value) else made(scope, ir.Failed(value, code, t.Bool()))


def null_where(nulls: Sequence[ir.Expression], value: ir.Expression, scope: Scope) -> ir.Expression:
    """`value`, but null where one of `nulls` is."""
    asked: ir.Expression | None = None
    for one in nulls:
        test = applied("is_null", (one,), scope)
        asked = test if asked is None else made(scope, ir.Logic("or", asked, test, t.Bool()))
    if asked is None or is_unknown(value):
        return value
    kind = t.nullable(value.type)
    return made(scope, ir.Choose(((asked, constant(scope, None, kind)),), value, kind))
