"""Calls: functions of the registry, of the script, lookups, decisions, and the forms that only the checker knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from datahub.diagnostics.suggest import nearest
from datahub.functions.elsewhere.spelling import spelled
from datahub.functions.extensions import is_extension, names
from datahub.semantic import aggregates, choices, expressions, extensions, inlining, ir, rows
from datahub.semantic.names import dotted
from datahub.semantic.overloads import Given, functions, resolve
from datahub.semantic.rules_types import BAD_ARGUMENTS, ENUM_ORDER, NOT_INVERTIBLE, TYPE_MISMATCH, UNKNOWN_FUNCTION
from datahub.semantic.scope import DecisionName, LookupName, Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, replacing, shown, tell
from datahub.semantic.values import brought, made
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import assignable, plain, unnamed

Form = Callable[[ast.Call, Scope, "t.Type | None"], ir.Expression]


def call(tree: ast.Call, scope: Scope, want: t.Type | None) -> ir.Expression:
    """What a call means: a declaration of the script goes before a builtin function of its name."""
    name, world = tree.function.text, scope.world
    if len(tree.arguments) < 2 and scope.names:
        # Facts of a run are named as they are written: `rejected(Product)`.
        fact = scope.names.get(f"{name}({dotted(tree.arguments[0].value) if tree.arguments else None})")
        if fact is not None:
            return fact
    if name in world.functions:
        return _plain(tree, scope) or inlining.call_fn(tree, world.functions[name], scope)
    if name in world.lookups:
        return _plain(tree, scope) or look_up(tree, world.lookups[name], scope)
    if name in world.decisions:
        return _plain(tree, scope) or decide(tree, world.decisions[name], scope)
    form = SPECIAL.get(name)
    if form is not None:
        return _plain(tree, scope) or form(tree, scope, want)
    if rows.is_form(tree, scope):
        return rows.FORMS[name](tree, scope)
    if name in functions():
        return declared(tree, scope, want)
    if is_extension(name):
        return declared(tree, scope, want) if extensions.usable(tree, scope) else UNKNOWN
    return _unknown(tree, scope)


SPECIAL: dict[str, Form] = {
    "if": choices.if_,
    "coalesce": choices.coalesce,
    "failed": lambda tree, scope, _want: choices.failed(tree, scope),
    "inverse": lambda tree, scope, _want: inverse(tree, scope),
}


def _plain(tree: ast.Call, scope: Scope) -> ir.Expression | None:
    """Tell of words after the arguments that only aggregates have."""
    if tree.loop is None and tree.where is None and not tree.order and not tree.within:
        return None
    word = "for" if tree.loop else "where" if tree.where else "order by" if tree.order else "within"
    message = f"`{tree.function.text}` takes one value, and `{word}` gives many"
    help = f"make a list: `[{tree.function.text}(x) for x in …]`"
    return tell(scope, BAD_ARGUMENTS, tree.span, message, f"`{word}` stands in aggregates", help=help)


def declared(tree: ast.Call, scope: Scope, want: t.Type | None) -> ir.Expression:
    """A function that is declared in Python, over one row or over many."""
    return aggregates.gathered(tree, scope, want) if aggregates.is_gathering(tree, scope) else builtin(tree, scope)


def builtin(tree: ast.Call, scope: Scope) -> ir.Expression:
    """A function of the registry, row by row."""
    given = arguments(tree, scope)
    strange = next((one for one in given if tree.function.text in _BY_CODE_POINT and _is_enum(one.value.type)), None)
    if strange is not None:
        message = f"`{tree.function.text}` goes by the letters of a text, and `{shown(strange.span)}` is ordered as declared"
        return tell(scope, ENUM_ORDER, strange.span, message, "a member of an enumeration", help=_BY_CODE_POINT[tree.function.text])
    return resolve(tree.function.text, given, scope, tree.span)


_BY_CODE_POINT = {
    "least": "compare the two: `if(a < b, a, b)`",
    "greatest": "compare the two: `if(a > b, a, b)`",
    "clamp": "compare it with both: `if(x < low, low, if(x > high, high, x))`",
    "sort": "say the order in a loop: `[x for x in xs order by x]`",
}
"""Functions that put texts in order, and what to write for members of an enumeration."""


def _is_enum(kind: t.Type) -> bool:
    base = t.base_of(kind)
    return isinstance(base, t.Enum) or (isinstance(base, t.ListOf) and _is_enum(base.item))


def arguments(tree: ast.Call, scope: Scope) -> tuple[Given, ...]:
    """The arguments as given."""
    return tuple(Given(expressions.elaborate(one.value, scope), one.value.span, one.name) for one in tree.arguments)


def _unknown(tree: ast.Call, scope: Scope) -> ir.Expression:
    name, world = tree.function.text, scope.world
    if tree.function.parts[0].text in world.missing:
        return UNKNOWN
    method = _method(tree, scope)
    if method is not None:
        return method
    known = (*world.functions, *world.lookups, *world.decisions, *(one for one in functions() if one[:1].isalpha()), *SPECIAL, *names())
    meant = next((one for one in known if spelled(one) == spelled(name)), None)
    other = "" if meant else _elsewhere(name)
    if not other and meant is None and len(name) > 2:
        meant = nearest(name, known)
    help = f"write `{meant}`" if meant else other or _WHERE_FROM["." in name]
    at = tree.function.span
    fix = replacing(at, meant) if meant else None
    found = tell(scope, UNKNOWN_FUNCTION, at, f"there is no function `{name}`", "not a function", help=help, fix=fix)
    # It may have been one over the rows of a group.
    inside = scope.grouped or scope
    for one in tree.arguments:
        if not isinstance(one.value, ast.Star) and tree.loop is None:
            expressions.elaborate(one.value, inside)
    return found


def _method(tree: ast.Call, scope: Scope) -> ir.Expression | None:
    """A function written behind a value, as `r.ref.trim()`; None where it is something else."""
    name = tree.function.text
    value, _, last = name.rpartition(".")
    first = value.partition(".")[0]
    if not value or not (first in scope.rows or first in scope.names):
        return None
    meant = last if last in functions() else _elsewhere(last) or nearest(last, functions()) or last
    written = f"{meant}({', '.join([value, *(shown(one.span) for one in tree.arguments)])})"
    message = f"`{name}` is written `{written}` here" if meant in functions() else f"there is no function `{name}`"
    help = f"write `{written}`: functions take their values in parentheses"
    fix = replacing(tree.span, written) if meant in functions() else None
    for one in tree.arguments:
        if not isinstance(one.value, ast.Star) and tree.loop is None:
            expressions.elaborate(one.value, scope)
    return tell(scope, UNKNOWN_FUNCTION, tree.function.span, message, "functions do not stand behind a value", help=help, fix=fix)


_WHERE_FROM = {
    False: "`dhm functions WORD` finds functions by what they do",
    True: "a name with a point is of a pack that the script uses, or of an installed distribution that brings functions",
}


def _elsewhere(name: str) -> str:
    """What stands here for what another tool calls `name`, or why nothing does."""
    from datahub.functions.elsewhere.habits import HABITS
    from datahub.functions.elsewhere.search import meant

    found = meant(functions(), name)
    usual = HABITS.get(spelled(name)) or tuple(one.name for one in found.functions)
    ways = [*(one.written for one in found.forms), *usual][:2]
    if ways:
        return "here it is " + " or ".join(f"`{one}`" for one in ways)
    return f"it is not here, on purpose: {found.absent[0].why[0].lower()}{found.absent[0].why[1:].rstrip('.')}" if found.absent else ""


# ---------------------------------------------------------------- lookups and decisions


def look_up(tree: ast.Call, lookup: LookupName, scope: Scope) -> ir.Expression:
    """A lookup called with its keys, and its day where its values have dates."""
    scope.world.used.add(f"lookup {lookup.name}")
    wanted = (*lookup.keys, *((("day", lookup.day),) if lookup.day is not None else ()))
    values = _inputs(tree, tree.function.text, wanted, scope)
    if values is None or isinstance(lookup.result, t.Unknown):
        return UNKNOWN
    day = values.pop() if lookup.day is not None else None
    null = any(value.type.nullable for value in (*values, *((day,) if day is not None else ())))
    kind = t.with_null(lookup.result, lookup.result.nullable or null)
    return made(scope, ir.LookUp(lookup.name, tuple(values), day, "", False, kind, lookup.codes))


def decide(tree: ast.Call, decision: DecisionName, scope: Scope) -> ir.Expression:
    """A decision table called with its inputs; null where an input that must be there is null."""
    scope.world.used.add(f"decide {decision.name}")
    values = _inputs(tree, tree.function.text, decision.inputs, scope)
    if values is None or isinstance(decision.result, t.Unknown):
        return UNKNOWN
    nulls = [value for value, (_, kind) in zip(values, decision.inputs, strict=True) if value.type.nullable and not kind.nullable]
    return choices.null_where(nulls, made(scope, ir.Decision(decision.name, tuple(values), "", decision.result, decision.codes)), scope)


def _inputs(tree: ast.Call, name: str, wanted: Sequence[tuple[str, t.Type]], scope: Scope) -> list[ir.Expression] | None:
    """The values for `wanted`, in its order, each in the kind of its type; None where that was told to be impossible."""
    aligned = aligned_arguments(tree, name, [key for key, _ in wanted], scope)
    if aligned is None:
        return None
    found: list[ir.Expression] = []
    failed = False
    for one, (key, kind) in zip(aligned, wanted, strict=True):
        value = input_value(expressions.elaborate(one.value, scope, kind), one, key, name, kind, scope)
        failed = failed or is_unknown(value)
        found.append(value)
    return None if failed else found


def input_value(value: ir.Expression, one: ast.Argument, key: str, name: str, kind: t.Type, scope: Scope) -> ir.Expression:
    """An argument as a value of the kind of `kind`: longer or more exact ones are looked for as they are."""
    if is_unknown(value) or isinstance(kind, t.Unknown):
        return UNKNOWN
    if not assignable(value.type, kind):
        ours = plain(value.type)
        message = f"`{name}` takes {a(plain(kind))} as `{key}`, and `{shown(one.value.span)}` is {a(ours)}"
        return tell(scope, TYPE_MISMATCH, one.value.span, message, f"this is {a(ours)}", help=_conversion_help(value, one, kind))
    base = t.base_of(kind)
    if isinstance(base, t.Decimal) and isinstance(t.base_of(value.type), t.Int):
        return brought(value, t.Decimal(False, 19, 0), scope)
    return brought(value, kind, scope) if isinstance(value.type, t.Nothing) else value


def _conversion_help(value: ir.Expression, one: ast.Argument, kind: t.Type) -> str | None:
    from datahub.semantic.misfits import conversion

    written = conversion(shown(one.value.span), value.type, t.base_of(kind))
    return f"write `{written}`" if written else None


def aligned_arguments(tree: ast.Call, name: str, names: Sequence[str], scope: Scope) -> list[ast.Argument] | None:
    """The arguments in the order of `names`, those given by name among them; None where that was told to be impossible."""
    by_name = {one.name.text: one for one in tree.arguments if one.name is not None}
    for one in tree.arguments:
        if one.name is not None and one.name.text not in names:
            meant = nearest(one.name.text, names) if len(one.name.text) > 2 else None
            message = f"`{name}` has no argument `{one.name.text}`"
            tell(scope, BAD_ARGUMENTS, one.name.span, message, "no argument has this name", help=f"write `{meant}`" if meant else None)
            return None
    positional = [one for one in tree.arguments if one.name is None]
    found = [by_name[key] if key in by_name else positional.pop(0) if positional else None for key in names]
    given = [one for one in found if one is not None]
    if len(given) == len(names) and not positional:
        return given
    few = "no arguments" if not names else "one argument" if len(names) == 1 else f"{len(names)} arguments"
    count = len(tree.arguments)
    message = f"`{name}` takes {few}, and {count or 'none'} {'is' if count < 2 else 'are'} given"
    tell(scope, BAD_ARGUMENTS, tree.span, message, "not as many", help=f"write `{name}({', '.join(names)})`")
    return None


def inverse(tree: ast.Call, scope: Scope) -> ir.Expression:
    """`inverse(table, value)`, `inverse(table.code, value)`: the key under which a value stands."""
    if len(tree.arguments) != 2:
        help = "write `inverse(table, value)`"
        return tell(scope, BAD_ARGUMENTS, tree.span, "`inverse` takes a lookup and a value", "not these", help=help)
    named, searched = (one.value for one in tree.arguments)
    lookup, member = _lookup_named(named, scope)
    if lookup is None:
        if dotted(named) is not None and (dotted(named) or "").partition(".")[0] in scope.world.missing:
            return UNKNOWN
        return tell(scope, BAD_ARGUMENTS, named.span, f"`{shown(named.span)}` is no lookup", "not a lookup")
    scope.world.used.add(f"lookup {lookup.name}")
    if isinstance(lookup.result, t.Unknown):
        return UNKNOWN
    return _inverted(tree, lookup, member, named, searched, scope)


def _lookup_named(tree: ast.Expr, scope: Scope) -> tuple[LookupName | None, str]:
    name = dotted(tree) or ""
    if name in scope.world.lookups:
        return scope.world.lookups[name], ""
    head, _, member = name.rpartition(".")
    return scope.world.lookups.get(head), member


def _inverted(tree: ast.Call, lookup: LookupName, member: str, named: ast.Expr, searched: ast.Expr, scope: Scope) -> ir.Expression:
    result = t.base_of(lookup.result)
    kind: t.Type | None = lookup.result
    if isinstance(result, t.Struct):
        kind = result.get(member)
        if kind is None:
            columns = ", ".join(f"`{lookup.name}.{name}`" for name, _ in result.fields)
            message = f"`{shown(named.span)}` does not say which of its values is searched"
            return tell(scope, BAD_ARGUMENTS, named.span, message, "has several", help=f"say one of {columns}")
    if member not in lookup.invertible:
        why = dict(lookup.repeated).get(member, "its values are not in the script")
        return tell(scope, NOT_INVERTIBLE, named.span, f"`{shown(named.span)}` cannot be searched by value", why)
    value = expressions.elaborate(searched, scope, kind)
    value = input_value(value, ast.Argument(None, searched, searched.span), member or "value", "inverse", kind or t.Unknown(), scope)
    if is_unknown(value):
        return UNKNOWN
    key = lookup.keys[0][1] if len(lookup.keys) == 1 else t.Struct(lookup.keys)
    # Of cells, keys among them, nothing was asked that must hold of a declared type.
    key = unnamed(key)
    found = t.with_null(key, key.nullable or value.type.nullable or lookup.misses_to_null)
    return made(scope, ir.LookUp(lookup.name, (value,), None, member, True, found, () if lookup.misses_to_null else ("R401",)))
