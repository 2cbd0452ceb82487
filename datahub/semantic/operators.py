"""Operators: arithmetic, joining of texts, truth, membership, presence, matching."""

from __future__ import annotations

from datahub.semantic import choices, deciding, expressions, ir
from datahub.semantic.comparing import beside, compared, no_float
from datahub.semantic.constructors import mixed, number_constant
from datahub.semantic.names import dotted
from datahub.semantic.overloads import Given, applied, resolve
from datahub.semantic.rules_types import (
    ALWAYS_TRUE,
    BAD_ARGUMENTS,
    COMPARE_DIFFERENT_TYPES,
    NEVER_TRUE,
    PRECISION_OVERFLOW,
    TYPE_MISMATCH,
)
from datahub.semantic.scope import LookupName, Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, shown, tell
from datahub.semantic.values import as_floats, brought, constant, made, shared_type
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import MOST_DIGITS, assignable, plain

COMPARISONS = frozenset(("=", "<>", "<", "<=", ">", ">="))


def unary(tree: ast.Unary, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`-x` and `not x`."""
    if tree.operator == "not":
        value = expressions.part(tree.operand, scope)
        return negated(value, scope)
    if isinstance(tree.operand, ast.Number):
        return number_constant(tree.operand.opposite, tree.span, scope, want)
    value = expressions.elaborate(tree.operand, scope)
    return resolve("neg", (Given(value, tree.operand.span),), scope, tree.span)


def negated(value: ir.Expression, scope: Scope) -> ir.Expression:
    """The plain negation of a condition."""
    if is_unknown(value):
        return UNKNOWN
    if isinstance(value, ir.Call) and value.function == "not":
        return value.arguments[0]
    return applied("not", (value,), scope)


def binary(tree: ast.Binary, scope: Scope, want: t.Type | None) -> ir.Expression:
    """An operator between two values."""
    if tree.operator in ("and", "or"):
        if scope.parts is None:
            return deciding.read(tree, scope, lambda inner: _chain(tree, inner), "condition")
        return _chain(tree, scope)
    if tree.operator == "default":
        return choices.default(tree, scope, want)
    if tree.operator in COMPARISONS:
        return _comparison(tree, scope)
    return _arithmetic(tree, scope)


# ---------------------------------------------------------------- truth


def _chain(tree: ast.Binary, scope: Scope) -> ir.Expression:
    """A chain of `and` or of `or`: what its left parts tell of columns holds for its right ones."""
    operator = tree.operator
    assert operator in ("and", "or")
    if operator == "or" and isinstance(tree.right, ast.String | ast.Number):
        return _stand_in(tree, scope)
    parts: list[ast.Expr] = []
    left: ast.Expr = tree
    while isinstance(left, ast.Binary) and left.operator == operator:
        parts.append(left.right)
        left = left.left
    found = last = expressions.part(left, scope)
    failed = is_unknown(found)
    before = left
    for part in reversed(parts):
        scope = deciding.given(scope, last, before, operator == "and")
        right = last = expressions.part(part, scope)
        before = part
        failed = failed or is_unknown(right)
        found = right if is_unknown(found) else found if is_unknown(right) else made(scope, ir.Logic(operator, found, right, t.Bool()))
    return UNKNOWN if failed else found


def _stand_in(tree: ast.Binary, scope: Scope) -> ir.Expression:
    """`name or "none"`, as other languages say what stands in for a value that is not there."""
    expressions.elaborate(tree.left, scope)
    message = f"`or` joins conditions, and `{shown(tree.right.span)}` is none"
    better = f"{shown(tree.left.span)} default {shown(tree.right.span)}"
    return tell(scope, TYPE_MISMATCH, tree.right.span, message, "a value", help=f"write `{better}` for what stands in for null")


def both(left: ir.Expression, right: ir.Expression, scope: Scope) -> ir.Expression:
    """Both conditions, as the checker writes them."""
    return made(scope, ir.Logic("and", left, right, t.Bool()))


# ---------------------------------------------------------------- arithmetic


def _arithmetic(tree: ast.Binary, scope: Scope) -> ir.Expression:
    """`+ - * / &` from the left, without going deep for long chains."""
    waiting: list[ast.Binary] = []
    left: ast.Expr = tree
    while isinstance(left, ast.Binary) and left.operator in ("+", "-", "*", "/", "&"):
        waiting.append(left)
        left = left.left
    found = expressions.elaborate(left, scope)
    for node in reversed(waiting):
        given = (Given(found, node.left.span), Given(expressions.elaborate(node.right, scope), node.right.span))
        found = resolve(node.operator, given, scope, node.span)
        _note_overflow(found, node, scope)
    return found


def _note_overflow(found: ir.Expression, node: ast.Binary, scope: Scope) -> None:
    base = t.base_of(found.type)
    if isinstance(base, t.Decimal) and base.precision >= MOST_DIGITS and node.operator in ("*", "/"):
        message = f"`{shown(node.span)}` may need more than the {MOST_DIGITS} digits of a decimal"
        help = f"round what is large before: `round({shown(node.left.span)}, 6)`"
        tell(scope, PRECISION_OVERFLOW, node.span, message, "larger results are rejected (R602)", help=help)


# ---------------------------------------------------------------- comparison


def _comparison(tree: ast.Binary, scope: Scope) -> ir.Expression:
    left = expressions.elaborate(tree.left, scope)
    right = expressions.elaborate(tree.right, scope, left.type if isinstance(t.base_of(left.type), t.Enum | t.ListOf | t.Float) else None)
    return compared(tree.operator, left, right, tree.left.span, tree.right.span, tree.span, scope)


def presence(tree: ast.Is, scope: Scope) -> ir.Expression:
    """`is null` and `is blank`, and their negations."""
    value = _asked(tree.value, scope)
    if is_unknown(value):
        return UNKNOWN
    base = t.base_of(value.type)
    if tree.what == "blank":
        if not isinstance(base, t.Text | t.Enum | t.Nothing):
            written = shown(tree.value.span)
            message = f"only text is blank, and `{written}` is {a(plain(base))}"
            return tell(scope, TYPE_MISMATCH, tree.value.span, message, f"this is {a(plain(base))}", help=f"write `{written} is null`")
        found = applied("is_blank", (value,), scope)
    else:
        if not value.type.nullable:
            rule, often = (ALWAYS_TRUE, "always") if tree.negated else (NEVER_TRUE, "never")
            tell(scope, rule, tree.span, f"`{shown(tree.span)}` is {often} true", f"`{shown(tree.value.span)}` is never null")
        found = applied("is_null", (value,), scope)
    return negated(found, scope) if tree.negated else found


def _asked(tree: ast.Expr, scope: Scope) -> ir.Expression:
    """What is asked about: of the row of a left join, a field that it always has where it is there."""
    if isinstance(tree, ast.Reference) and tree.name.text not in scope.names:
        row = scope.rows.get(tree.name.text)
        if row is not None and row.nullable and row.element is None:
            always = next((column for column in row.fields.values() if not column.type.nullable), None)
            if always is not None:
                return ir.Column(always.name, t.nullable(always.type))
    return expressions.elaborate(tree, scope)


# ---------------------------------------------------------------- membership


def membership(tree: ast.In, scope: Scope) -> ir.Expression:
    """`x in …`, `x not in …`: false for null, both."""
    if isinstance(tree.among, tuple):
        return _in_set(tree, tree.among, scope)
    if isinstance(tree.among, ast.Range):
        return _in_range(tree, tree.among, scope)
    name = dotted(tree.among)
    if name is not None and name.partition(".")[0] not in scope.names and name.partition(".")[0] not in scope.rows:
        if name.partition(".")[0] in scope.world.missing:
            return UNKNOWN
        lookup = scope.world.lookups.get(name)
        if lookup is not None:
            return _in_lookup(tree, lookup, scope)
    return _in_list(tree, tree.among, scope)


def _in_set(tree: ast.In, among: tuple[ast.Expr, ...], scope: Scope) -> ir.Expression:
    value = expressions.elaborate(tree.value, scope)
    base = t.base_of(value.type)
    items = [expressions.elaborate(one, scope, base if isinstance(base, t.Enum | t.Float) else None) for one in among]
    if is_unknown(value) or any(map(is_unknown, items)):
        return UNKNOWN
    if len(items) == 1 and isinstance(t.base_of(items[0].type), t.ListOf) and shared_type((value, items[0])) is None:
        # `x in (list default [])`: the parentheses are around the list, and not the list.
        return _among_list(tree, among[0], value, items[0], scope)
    for one, item in zip(among, items, strict=True):
        if shared_type((value, item)) is None:
            return _never_among(tree, value, one, item, scope)
    kind = shared_type((value, *items))
    if kind is None:
        return mixed(among, items, scope)
    if all(isinstance(item, ir.Constant) for item in items) and not isinstance(t.base_of(kind), t.ListOf | t.MapOf):
        nullable = any(item.type.nullable for item in items)
        values = constant(scope, tuple(_constant_of(item, kind, scope) for item in items), t.ListOf(t.with_null(kind, nullable)))
        return applied("not_in_set" if tree.negated else "in_set", (beside(value, kind, scope), values), scope)
    nullable = any(item.type.nullable for item in items)
    listed = made(scope, ir.MakeList(tuple(brought(item, kind, scope) for item in items), t.ListOf(t.with_null(kind, nullable))))
    return applied("not_in_list" if tree.negated else "in_list", (beside(value, kind, scope), listed), scope)


def _constant_of(item: ir.Expression, kind: t.Type, scope: Scope) -> ir.Value:
    there = brought(item, kind, scope)
    assert isinstance(there, ir.Constant)
    return there.value


def _never_among(tree: ast.In, value: ir.Expression, one: ast.Expr, item: ir.Expression, scope: Scope) -> ir.Expression:
    ours, theirs = plain(value.type), plain(item.type)
    help = None
    if isinstance(item, ir.Constant) and ours == "text":
        help = f'write `"{shown(one.span)}"`'
    elif isinstance(item, ir.Constant) and ours in ("int", "decimal") and isinstance(item.value, str) and item.value.isdecimal():
        help = f"write `{item.value}`"
    label = f"`{shown(tree.value.span)}` is {a(ours)}"
    return tell(scope, COMPARE_DIFFERENT_TYPES, one.span, f"{ours} compared with {theirs}", label, notes=no_float(value, item), help=help)


def _in_range(tree: ast.In, among: ast.Range, scope: Scope) -> ir.Expression:
    value = expressions.elaborate(tree.value, scope)
    hint = value.type if isinstance(t.base_of(value.type), t.Enum | t.Float) else None
    low, high = expressions.elaborate(among.low, scope, hint), expressions.elaborate(among.high, scope, hint)
    from_low = compared("<" if tree.negated else ">=", value, low, tree.value.span, among.low.span, tree.span, scope)
    if is_unknown(from_low):
        return UNKNOWN
    to_high = compared(">" if tree.negated else "<=", value, high, tree.value.span, among.high.span, tree.span, scope, noted=False)
    if is_unknown(to_high):
        return UNKNOWN
    return made(scope, ir.Logic("or" if tree.negated else "and", from_low, to_high, t.Bool()))


def _in_lookup(tree: ast.In, lookup: LookupName, scope: Scope) -> ir.Expression:
    value = expressions.elaborate(tree.value, scope)
    scope.world.used.add(f"lookup {lookup.name}")
    if is_unknown(value):
        return UNKNOWN
    if len(lookup.keys) != 1:
        message = f"`{lookup.name}` has {len(lookup.keys)} keys, and one value is looked for in it"
        return tell(scope, BAD_ARGUMENTS, tree.span, message, "which key is this?")
    key, kind = lookup.keys[0]
    if not assignable(value.type, kind) and not isinstance(kind, t.Unknown):
        message = f"`{key}` of `{lookup.name}` is {a(plain(kind))}, and `{shown(tree.value.span)}` is {a(plain(value.type))}"
        return tell(scope, TYPE_MISMATCH, tree.value.span, message, f"this is {a(plain(value.type))}")
    found = made(scope, ir.InLookUp(lookup.name, (value,), t.Bool()))
    if not tree.negated:
        return found
    lacking = negated(found, scope)
    return both(negated(applied("is_null", (value,), scope), scope), lacking, scope) if value.type.nullable else lacking


def _in_list(tree: ast.In, among: ast.Expr, scope: Scope) -> ir.Expression:
    value, listed = expressions.elaborate(tree.value, scope), expressions.elaborate(among, scope)
    if is_unknown(value) or is_unknown(listed):
        return UNKNOWN
    return _among_list(tree, among, value, listed, scope)


def _among_list(tree: ast.In, among: ast.Expr, value: ir.Expression, listed: ir.Expression, scope: Scope) -> ir.Expression:
    base = t.base_of(listed.type)
    written = shown(among.span)
    if not isinstance(base, t.ListOf):
        help = f'ask for a key with `has({written}, "…")`' if isinstance(base, t.MapOf) else f"write `in ({written})`, or `= {written}`"
        message = f"`in` looks into a list, and `{written}` is {a(plain(base))}"
        return tell(scope, TYPE_MISMATCH, among.span, message, "not a list", help=help)
    kind = shared_type((value, ir.Column("", base.item)))
    if kind is None:
        # `x in [1, 2]` of a float: what is written is a list of floats.
        listed = brought(listed, as_floats(listed, listed.type, (t.ListOf(value.type),)), scope)
        counted = t.base_of(listed.type)
        kind = shared_type((value, ir.Column("", counted.item))) if isinstance(counted, t.ListOf) else None
    if kind is None:
        message = f"`{shown(tree.value.span)}` is {a(plain(value.type))}, and the items of `{written}` are {plain(base.item)}"
        return tell(
            scope, COMPARE_DIFFERENT_TYPES, tree.value.span, message, "of another type", notes=no_float(value, ir.Column("", base.item))
        )
    return applied("not_in_list" if tree.negated else "in_list", (beside(value, kind, scope), listed), scope)


def span_of(tree: ast.Range, scope: Scope) -> ir.Expression:
    """`low..high` alone: a list of whole numbers."""
    given = tuple(Given(expressions.elaborate(one, scope), one.span) for one in (tree.low, tree.high))
    return resolve("range", given, scope, tree.span)


def matching(tree: ast.Matches, scope: Scope) -> ir.Expression:
    """`x matches /…/`: the whole text; false for null, as its negation."""
    value, pattern = expressions.elaborate(tree.value, scope), expressions.elaborate(tree.pattern, scope)
    if is_unknown(value) or is_unknown(pattern):
        return UNKNOWN
    found = resolve("matches", (Given(value, tree.value.span), Given(pattern, tree.pattern.span)), scope, tree.span)
    if is_unknown(found):
        return UNKNOWN
    if found.type.nullable:
        found = made(scope, ir.Default(found, constant(scope, False, t.Bool()), t.Bool()))
    if not tree.negated:
        return found
    lacking = negated(found, scope)
    return both(negated(applied("is_null", (value,), scope), scope), lacking, scope) if value.type.nullable else lacking
