"""Numbers, texts, templates, lists and structs written in a script."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from datahub.diagnostics.suggest import listed, nearest
from datahub.document import Span
from datahub.semantic import expressions, ir
from datahub.semantic.collect import twice
from datahub.semantic.overloads import Given, applied, resolve
from datahub.semantic.rules_types import MIXED_LIST, NEVER_CONVERTS, NOT_IN_ENUM, TYPE_MISMATCH
from datahub.semantic.scope import Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, replacing, shown, tell
from datahub.semantic.values import as_value, brought, constant, float_of, made, shared_type
from datahub.syntax import ast
from datahub.syntax.literals import MOST_DIGITS, is_too_long
from datahub.types import model as t
from datahub.types.assign import plain
from datahub.types.fits import digits_of, misfit

LARGEST_INT = 2**63 - 1


def number(tree: ast.Number, scope: Scope, want: t.Type | None) -> ir.Expression:
    """A number as written: whole ones are ints, others exact decimals."""
    return number_constant(tree.value, tree.span, scope, want)


def number_constant(value: int | Decimal, span: Span, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`value` as a constant."""
    if want is not None and isinstance(t.base_of(want), t.Float) and (found := float_of(value)) is not None:
        return constant(scope, found, t.Float())
    if isinstance(value, int) and -LARGEST_INT - 1 <= value <= LARGEST_INT:
        return constant(scope, value, t.Int())
    kind = digits_of(value)
    if kind.precision > MOST_DIGITS:
        if is_too_long(span.text):
            # The parser told of it.
            return UNKNOWN
        message = f"`{shown(span)}` has {kind.precision} digits"
        return tell(scope, NEVER_CONVERTS, span, message, f"more than the {MOST_DIGITS} of a decimal")
    return constant(scope, Decimal(value), kind)


def text(tree: ast.String, scope: Scope, want: t.Type | None) -> ir.Expression:
    """A text as written; beside an enumeration a member of it."""
    base = t.base_of(want) if want is not None else None
    if isinstance(base, t.Enum):
        return member_of(tree.value, base, tree.span, scope)
    return constant(scope, tree.value, t.Text(False, len(tree.value), len(tree.value)))


def member_of(value: str, kind: t.Enum, span: Span, scope: Scope) -> ir.Expression:
    """The member that a text names (DHM206 if there is none)."""
    if value in kind.members:
        return constant(scope, value, t.required(kind))
    meant = nearest(value, kind.members)
    return tell(
        scope,
        NOT_IN_ENUM,
        span,
        f'`"{value}"` is no member of the enumeration',
        "not a member",
        notes=(f"the members are {listed(kind.members)}",),
        help=f'write `"{meant}"`' if meant else None,
        fix=replacing(span, f'"{meant}"') if meant else None,
    )


def template(tree: ast.Template, scope: Scope) -> ir.Expression:
    """Text with values in it, each turned into text; null where one of them is."""
    parts = [
        constant(scope, part, t.Text(False, len(part), len(part))) if isinstance(part, str) else as_text(part, scope) for part in tree.parts
    ]
    if any(map(is_unknown, parts)):
        return UNKNOWN
    return parts[0] if len(parts) == 1 else applied("concat_text", parts, scope)


def as_text(tree: ast.Expr, scope: Scope) -> ir.Expression:
    """The value of `tree` as text."""
    value = expressions.elaborate(tree, scope)
    if isinstance(t.base_of(value.type), t.Text | t.Enum | t.Unknown):
        return value
    return resolve("text", (Given(value, tree.span),), scope, tree.span)


def list_of(tree: ast.ListOf, scope: Scope, want: t.Type | None) -> ir.Expression:
    """A list of values of one type."""
    base = t.base_of(want) if want is not None else None
    item = base.item if isinstance(base, t.ListOf) else None
    items = [expressions.elaborate(one, scope, item) for one in tree.items]
    if any(map(is_unknown, items)):
        return UNKNOWN
    kind = shared_type(items) if items else (item or t.Unknown())
    if kind is None:
        return mixed(tree.items, items, scope)
    if all(isinstance(one, ir.Constant) and misfit(one.value, t.base_of(kind)) is None for one in items):
        values = tuple(as_value(one.value, kind) for one in items if isinstance(one, ir.Constant))
        return constant(scope, values, t.ListOf(kind))
    return made(scope, ir.MakeList(tuple(brought(one, kind, scope) for one in items), t.ListOf(kind)))


def mixed(trees: Sequence[ast.Expr], items: Sequence[ir.Expression], scope: Scope) -> ir.Expression:
    """Tell that `items` have no type in common, at the first that has none with those before it."""
    at = next(at for at in range(1, len(items)) if shared_type(items[: at + 1]) is None)
    ours, theirs = plain(items[0].type), plain(items[at].type)
    written = shown(trees[at].span)
    return tell(
        scope,
        MIXED_LIST,
        trees[at].span,
        f"a list of {ours} has {a(theirs)} in it",
        f"this is {a(theirs)}",
        help=f"write `text({written})`" if ours == "text" and theirs not in ("text", "null") else "give all items one type",
    )


def struct_of(tree: ast.StructOf, scope: Scope, want: t.Type | None) -> ir.Expression:
    """A struct of the fields written, those of a spread value among them; a later field wins over a spread one."""
    base = t.base_of(want) if want is not None else None
    wanted = base if isinstance(base, t.Struct) else t.Struct(())
    fields: dict[str, ir.Expression] = {}
    written: dict[str, ast.Name] = {}
    failed = False
    for item in tree.items:
        if isinstance(item, ast.Spread):
            spread = _spread(item, scope)
            failed = failed or spread is None
            fields.update({name: value for name, value in (spread or {}).items() if name not in written})
            continue
        if item.name.text in written:
            scope.emit(twice(item.name, written[item.name.text]))
        written[item.name.text] = item.name
        fields[item.name.text] = expressions.elaborate(item.value, scope, wanted.get(item.name.text))
    if failed or any(map(is_unknown, fields.values())):
        return UNKNOWN
    ordered = _in_order(fields, wanted, scope)
    return made(scope, ir.MakeStruct(ordered, t.Struct(tuple((name, value.type) for name, value in ordered))))


def _in_order(fields: dict[str, ir.Expression], wanted: t.Struct, scope: Scope) -> tuple[tuple[str, ir.Expression], ...]:
    """The fields as the place to fill has them: in its order, and null for those that it lets be absent."""
    if not set(fields) <= {name for name, _ in wanted.fields}:
        return tuple(fields.items())
    absent = {name: constant(scope, None, kind) for name, kind in wanted.fields if name not in fields and kind.nullable}
    every = {**absent, **fields}
    return tuple((name, every[name]) for name, _ in wanted.fields if name in every)


def _spread(item: ast.Spread, scope: Scope) -> dict[str, ir.Expression] | None:
    value = expressions.elaborate(item.value, scope)
    if is_unknown(value):
        return None
    if isinstance(value, ir.MakeStruct):
        return dict(value.fields)
    base = t.base_of(value.type)
    if not isinstance(base, t.Struct):
        message = f"`{shown(item.value.span)}` is {a(plain(base))}, and has no fields to include"
        tell(scope, TYPE_MISMATCH, item.value.span, message, "not a struct")
        return None
    null = value.type.nullable
    return {name: made(scope, ir.Field(value, name, t.with_null(kind, kind.nullable or null))) for name, kind in base.fields}
