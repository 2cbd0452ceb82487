"""Many values to one: aggregates over whatever they stand in, and functions over the list that a loop makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.semantic import expressions, ir
from datahub.semantic.comparing import orderable, rank
from datahub.semantic.loops import Inside, collected, element_type, looped, member_scope, narrowed_inside, windowed
from datahub.semantic.misfits import tell_misfit
from datahub.semantic.overloads import AGGREGATE, ROWWISE, Chosen, Given, choose_overload, functions, resolve
from datahub.semantic.possible import possible_codes
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.semantic.scope import Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, shown, tell
from datahub.semantic.values import made
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain

NEVER_NULL_OF_SOME = frozenset(("first", "last", "min", "max", "avg", "median", "same"))
"""Aggregates that are null only of nothing, or of nulls: a group has rows, and a window the row itself."""


def is_gathering(tree: ast.Call, scope: Scope) -> bool:
    """Whether a call is, or may be, one over many rows."""
    if tree.loop is not None or tree.within or tree.where is not None or tree.order:
        return True
    if any(isinstance(one.value, ast.Star) for one in tree.arguments):
        return True
    return any(overload.kind == "aggregate" for overload in functions()[tree.function.text].overloads)


def gathered(tree: ast.Call, scope: Scope, want: t.Type | None) -> ir.Expression:
    """An aggregate over whatever it stands in, or a function over the list that a loop makes."""
    name = tree.function.text
    aggregates = any(overload.kind == "aggregate" for overload in functions()[name].overloads)
    if tree.within:
        return _over(tree, windowed(tree, scope), scope) if aggregates else _no_aggregate(tree, scope)
    if tree.loop is not None:
        inside = looped(tree.loop, tree.where, tree.order, scope)
        return _over(tree, inside, scope) if aggregates else _of_list(tree, inside, scope)
    if scope.grouped is not None:
        return _in_group(tree, scope, aggregates)
    return _in_row(tree, scope, aggregates)


def _no_aggregate(tree: ast.Call, scope: Scope) -> ir.Expression:
    message = f"`{tree.function.text}` is no aggregate, and has no window"
    return tell(scope, BAD_ARGUMENTS, tree.span, message, "takes the values of one row")


# ---------------------------------------------------------------- in a group, in a row


def _in_group(tree: ast.Call, scope: Scope, aggregates: bool) -> ir.Expression:
    """In a grouped map: over the group's rows, unless what is given is a list that the group has."""
    if tree.where is None and not tree.order and not any(isinstance(one.value, ast.Star) for one in tree.arguments) and tree.arguments:
        given = _quietly(tree, scope)
        if given is not None and (not aggregates or any(isinstance(t.base_of(one.value.type), t.ListOf) for one in given)):
            return _of_values(tree, scope, aggregates)
    inside = narrowed_inside(member_scope(scope), ir.Members(None, ()), tree.where, tree.order)
    return _over(tree, inside, scope) if aggregates else _of_list(tree, inside, scope)


def _quietly(tree: ast.Call, scope: Scope) -> list[Given] | None:
    """The arguments as the group itself has them; None where it does not have them all."""
    found: list[Diagnostic] = []
    quiet = replace(scope, emit=found.append)
    given = [Given(expressions.elaborate(one.value, quiet), one.value.span, one.name) for one in tree.arguments]
    errors = [one for one in found if one.level == "error"]
    return None if errors or any(is_unknown(one.value) for one in given) else given


def _in_row(tree: ast.Call, scope: Scope, aggregates: bool) -> ir.Expression:
    """Outside of groups: over a list, over the values given, or over all rows (`count()` in a check)."""
    name = tree.function.text
    star = any(isinstance(one.value, ast.Star) for one in tree.arguments)
    if aggregates and (star or not tree.arguments) and scope.windows:
        return _over(tree, windowed(tree, scope), scope)
    if tree.where is not None or tree.order or star or not tree.arguments:
        message = f"`{name}` goes over rows, and there is one row here"
        help = f"say over what: `{name}(x for x in a_list)`, `{name}(x within key)`, or group the rows"
        return tell(scope, BAD_ARGUMENTS, tree.span, message, "no rows to go over", help=help)
    return _of_values(tree, scope, aggregates)


def _of_values(tree: ast.Call, scope: Scope, aggregates: bool) -> ir.Expression:
    """A function over the values given: over the items of a list, where it is one."""
    name = tree.function.text
    given = [Given(expressions.elaborate(one.value, scope), one.value.span, one.name) for one in tree.arguments]
    if any(is_unknown(one.value) for one in given):
        return UNKNOWN
    function = functions()[name]
    at = next((at for at, one in enumerate(given) if isinstance(t.base_of(one.value.type), t.ListOf)), None)
    if at is not None and name in _OF_ENUMS and isinstance(_item(given[at].value), t.Enum):
        return _over_items(tree, given, at, scope)
    found = choose_overload(function, given, scope)
    if isinstance(found, Chosen) or not aggregates:
        return resolve(name, given, scope, tree.span)
    if at is not None:
        return _over_items(tree, given, at, scope)
    if any(overload.kind in ROWWISE and _takes_no_list(overload.signature) for overload in function.overloads):
        return tell_misfit(function, found, given, scope, tree.span)
    one = given[-1]
    written = shown(one.span)
    message = f"`{name}` takes many values, and `{written}` is one"
    help = f"say over what: `{name}(x for x in a_list)`, `{name}({written} within key)`, or group the rows"
    return tell(scope, BAD_ARGUMENTS, tree.span, message, f"{a(plain(one.value.type))}, one a row", help=help)


def _item(value: ir.Expression) -> t.Type | None:
    base = t.base_of(value.type)
    return t.base_of(base.item) if isinstance(base, t.ListOf) else None


def _takes_no_list(signature: str) -> bool:
    return "[" not in signature.partition("->")[0]


def _over_items(tree: ast.Call, given: Sequence[Given], at: int, scope: Scope) -> ir.Expression:
    """An aggregate that has no overload over lists, over the items of one."""
    base = t.base_of(given[at].value.type)
    assert isinstance(base, t.ListOf)
    item = f"#{tree.function.text}"
    items = [replace(one, value=ir.Column(item, element_type(base))) if number == at else one for number, one in enumerate(given)]
    return _aggregated(tree, items, ir.Loop(given[at].value, item, "", None, ()), scope)


# ---------------------------------------------------------------- aggregates


def _over(tree: ast.Call, inside: Inside | None, scope: Scope) -> ir.Expression:
    """The aggregate of a call over what `inside` goes over."""
    if inside is None:
        return UNKNOWN
    written = [one for one in tree.arguments if not isinstance(one.value, ast.Star)]
    given = [Given(expressions.elaborate(one.value, inside.scope), one.value.span, one.name) for one in written]
    return _aggregated(tree, given, inside.over, scope)


def _aggregated(tree: ast.Call, given: Sequence[Given], over: ir.Over, scope: Scope) -> ir.Expression:
    if any(is_unknown(one.value) for one in given):
        return UNKNOWN
    name = tree.function.text
    if name in _OF_ENUMS and len(given) == 1 and isinstance(t.base_of(given[0].value.type), t.Enum):
        name, given, over = _OF_ENUMS[name](given[0], over, scope)
    function = functions()[name]
    found = choose_overload(function, given, scope, AGGREGATE)
    if not isinstance(found, Chosen):
        return tell_misfit(function, found, given, scope, tree.span)
    kind = _without_nothing(name, found, over)
    return made(scope, ir.Aggregate(name, found.index, found.values, over, kind, possible_codes(name, found.overload, found.values, kind)))


def _smallest(given: Given, over: ir.Over, scope: Scope) -> tuple[str, Sequence[Given], ir.Over]:
    return "first", (given,), _by_rank(given.value, over, False, scope)


def _largest(given: Given, over: ir.Over, scope: Scope) -> tuple[str, Sequence[Given], ir.Over]:
    return "first", (given,), _by_rank(given.value, over, True, scope)


def _rising(given: Given, over: ir.Over, scope: Scope) -> tuple[str, Sequence[Given], ir.Over]:
    return "increasing", (replace(given, value=orderable(given.value, given.span, scope)),), over


_OF_ENUMS: dict[str, Callable[[Given, ir.Over, Scope], tuple[str, Sequence[Given], ir.Over]]] = {
    "min": _smallest,
    "max": _largest,
    "increasing": _rising,
}
"""Aggregates that go by order, of members of an enumeration: by the order in which these are declared."""


def _by_rank(value: ir.Expression, over: ir.Over, descending: bool, scope: Scope) -> ir.Over:
    """The same rows, those without value last."""
    base = t.base_of(value.type)
    assert isinstance(base, t.Enum)
    return replace(over, order=(ir.Sorting(rank(value, base, scope), descending),))


def _without_nothing(name: str, found: Chosen, over: ir.Over) -> t.Type:
    """The type of an aggregate; not nullable where there are rows for sure, and each has a value."""
    values = [value for value, (parameter, _) in zip(found.values, found.pairs, strict=True) if not parameter.constant]
    some = not isinstance(over, ir.Loop) and over.where is None
    if some and name in NEVER_NULL_OF_SOME and not any(value.type.nullable for value in values):
        return t.required(found.type)
    return found.type


def _of_list(tree: ast.Call, inside: Inside | None, scope: Scope) -> ir.Expression:
    """A function over the list of a loop's values: `f(a, x for x in xs)` is `f(a, [x for x in xs])`."""
    if inside is None:
        return UNKNOWN
    if not tree.arguments:
        return tell(scope, BAD_ARGUMENTS, tree.span, f"`{tree.function.text}` is given no value for each element", "nothing to go over")
    *before, last = tree.arguments
    given = [Given(expressions.elaborate(one.value, scope), one.value.span, one.name) for one in before]
    value = expressions.elaborate(last.value, inside.scope)
    if is_unknown(value):
        return UNKNOWN
    given.append(Given(collected(value, inside.over, scope), last.value.span, last.name))
    return resolve(tree.function.text, given, scope, tree.span)
