"""What names in expressions stand for: rows, their fields, lets, fields of structs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Label
from datahub.diagnostics.rule import Rule
from datahub.diagnostics.suggest import listed, nearest
from datahub.functions import load
from datahub.semantic import expressions, ir, loops
from datahub.semantic.rules_types import AMBIGUOUS_COLUMN, NOT_AGGREGATED, OMIT_OUTSIDE_PATCH, TYPE_MISMATCH, UNKNOWN_NAME
from datahub.semantic.scope import RowName, Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, replacing, shown, tell
from datahub.semantic.values import made
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain


def reference(tree: ast.Reference, scope: Scope, want: t.Type | None) -> ir.Expression:
    """What a bare name stands for."""
    name = tree.name.text
    found = _named(name, scope)
    if found is not None:
        return found
    having = [row for row in scope.rows.values() if name in row.fields]
    if len(having) == 1:
        return column(having[0], name)
    if having:
        return _ambiguous(tree, having, scope)
    if name == "omit":
        return _omit(tree, scope, want)
    if scope.grouped is not None:
        if name == "rows":
            return loops.rows_of_group(scope)
        if _is_member(name, scope.grouped):
            return not_aggregated(tree, scope)
    return _unknown_name(tree, scope)


def _named(name: str, scope: Scope) -> ir.Expression | None:
    found = scope.names.get(name)
    if found is not None:
        return found
    row = scope.rows.get(name)
    return whole(row, scope) if row is not None else None


def _is_member(name: str, members: Scope) -> bool:
    return name in members.names or name in members.rows or any(name in row.fields for row in members.rows.values())


def column(row: RowName, name: str) -> ir.Column:
    """A field of a row."""
    found = row.fields[name]
    return replace(found, type=t.nullable(found.type)) if row.nullable and not found.type.nullable else found


def whole(row: RowName, scope: Scope) -> ir.Expression:
    """A row as a value: the element of a list, or a struct of all its fields."""
    if row.element is not None:
        return replace(row.element, type=t.nullable(row.element.type)) if row.nullable else row.element
    fields = tuple((name, column(row, name)) for name in row.fields)
    return made(scope, ir.MakeStruct(fields, t.Struct(tuple((name, one.type) for name, one in fields))))


def _ambiguous(tree: ast.Reference, having: list[RowName], scope: Scope) -> ir.Expression:
    name = tree.name.text
    written = [f"{row.name}.{name}" for row in having]
    message = f"{listed(row.name for row in having)} {'both' if len(having) == 2 else 'all'} have a field `{name}`"
    help = f"write `{written[0]}` or `{written[1]}`"
    return tell(scope, AMBIGUOUS_COLUMN, tree.span, message, "whose is meant?", help=help)


def _omit(tree: ast.Reference, scope: Scope, want: t.Type | None) -> ir.Expression:
    if scope.patch:
        return ir.Omitted(want or t.Unknown())
    if scope.absent is not None:
        return made(scope, scope.absent)
    return tell(
        scope,
        OMIT_OUTSIDE_PATCH,
        tree.span,
        "`omit` stands where every field has a value",
        "leaves the field alone",
        help="tag the entity `@patch`, or write `null`",
    )


def _unknown_name(tree: ast.Reference, scope: Scope) -> ir.Expression:
    name, world = tree.name.text, scope.world
    if name in world.missing:
        return UNKNOWN
    called = "lookup" if name in world.lookups else "decision" if name in world.decisions else None
    if name in world.functions or (called is None and name in load()):
        called = "function"
    if called is not None and name not in world.parameters:
        return tell(scope, UNKNOWN_NAME, tree.span, f"`{name}` is a {called}, and no value", f"a {called}", help=f"call it: `{name}(…)`")
    if name in world.parameters:
        fix = replacing(tree.span, f"${name}", safe=True)
        message = f"`{name}` is a parameter"
        return tell(scope, UNKNOWN_NAME, tree.span, message, "written without `$`", help=f"write `${name}`", fix=fix)
    return not_found(tree.name, f"there is no `{name}` here", visible(scope), scope, UNKNOWN_NAME)


def visible(scope: Scope) -> tuple[str, ...]:
    """The names that stand for something in `scope`: those that are near first."""
    fields = [name for row in scope.rows.values() for name in row.fields]
    inner = () if scope.grouped is None else (*scope.grouped.rows, *(name for row in scope.grouped.rows.values() for name in row.fields))
    written = [name for name in scope.names if "(" not in name]
    return tuple(dict.fromkeys((*written, *scope.rows, *fields, *inner)))


def not_found(
    name: ast.Name, message: str, known: Sequence[str], scope: Scope, rule: Rule, also: tuple[Label, ...] = (), help: str | None = None
) -> ir.Expression:
    """Tell that nothing has this name, and what has a name near it; `help` is said where nothing has."""
    # Of a name of one or two letters half would be another.
    meant = nearest(name.text, known) if len(name.text) > 2 else None
    return tell(
        scope,
        rule,
        name.span,
        message,
        "nothing has this name",
        also=also,
        notes=() if meant or not known else (f"there {'is' if len(known) == 1 else 'are'} {listed(known)}",),
        help=f"write `{meant}`" if meant else help,
        fix=replacing(name.span, meant) if meant else None,
    )


# ---------------------------------------------------------------- fields


def member(tree: ast.Member, scope: Scope) -> ir.Expression:
    """A field of a row or struct; of nothing, null."""
    if isinstance(tree.of, ast.Reference) and tree.of.name.text not in scope.names:
        row = scope.rows.get(tree.of.name.text)
        if row is not None and (row.element is None or tree.name.text in row.fields):
            return _field_of_row(tree, row, scope)
        if row is None and scope.grouped is not None and _is_member(tree.of.name.text, scope.grouped):
            return not_aggregated(tree, scope)
    if tree_root(tree) in scope.world.missing:
        return UNKNOWN
    if isinstance(tree.of, ast.Reference):
        having = [row for row in scope.rows.values() if tree.name.text in row.fields]
        if len(having) == 1 and tree.of.name.text not in scope.rows and _is_unknown(tree.of.name.text, scope):
            return _other_row(tree.of.name, tree.name.text, having[0], scope)
    return _field(tree, expressions.elaborate(tree.of, scope), scope)


def _is_unknown(name: str, scope: Scope) -> bool:
    world = scope.world
    called = name in world.lookups or name in world.decisions or name in world.functions or name in world.parameters or name in load()
    return not (called or name in scope.names or any(name in row.fields for row in scope.rows.values()))


def _other_row(name: ast.Name, field: str, row: RowName, scope: Scope) -> ir.Expression:
    """A field of a row that is called by another name."""
    message = f"there is no `{name.text}` here"
    help = f"write `{row.name}.{field}`: the row is called `{row.name}`"
    return tell(scope, UNKNOWN_NAME, name.span, message, "nothing has this name", help=help, fix=replacing(name.span, row.name))


def tree_root(tree: ast.Expr) -> str:
    """The first name of a dotted one."""
    while isinstance(tree, ast.Member):
        tree = tree.of
    return tree.name.text if isinstance(tree, ast.Reference) else ""


def dotted(tree: ast.Expr) -> str | None:
    """The text of a dotted name, or None where `tree` is none."""
    if isinstance(tree, ast.Reference):
        return tree.name.text
    if isinstance(tree, ast.Member):
        before = dotted(tree.of)
        return None if before is None else f"{before}.{tree.name.text}"
    return None


def _field_of_row(tree: ast.Member, row: RowName, scope: Scope) -> ir.Expression:
    name = tree.name.text
    if name in row.fields:
        return column(row, name)
    if scope.grouped is not None and row.name in scope.grouped.rows and name in scope.grouped.rows[row.name].fields:
        return not_aggregated(tree, scope)
    return not_found(tree.name, f"`{row.name}` has no field `{name}`", tuple(row.fields), scope, UNKNOWN_NAME)


def _field(tree: ast.Member, value: ir.Expression, scope: Scope) -> ir.Expression:
    if is_unknown(value):
        return UNKNOWN
    name, base = tree.name.text, t.base_of(value.type)
    if not isinstance(base, t.Struct):
        return _no_fields(tree, base, scope)
    found = base.get(name)
    if found is None:
        known = tuple(key for key, _ in base.fields)
        return not_found(tree.name, f"`{shown(tree.of.span)}` has no field `{name}`", known, scope, UNKNOWN_NAME)
    kind = t.with_null(found, found.nullable or value.type.nullable)
    if isinstance(value, ir.LookUp | ir.Decision) and not value.member:
        return made(scope, replace(value, member=name, type=kind))
    return made(scope, ir.Field(value, name, kind))


def _no_fields(tree: ast.Member, base: t.Type, scope: Scope) -> ir.Expression:
    of, name = shown(tree.of.span), tree.name.text
    help = None
    match base:
        case t.MapOf():
            help = f'write `get({of}, "{name}")`'
        case t.ListOf(item=item) if isinstance(t.base_of(item), t.Struct):
            help = f"say of which element: `first({of}).{name}`, or of all: `[x.{name} for x in {of}]`"
        case t.Json():
            help = f'write `json_get({of}, "{name}")`'
        case _:
            pass
    message = f"`{of}` is {a(plain(base))}, and has no fields"
    return tell(scope, TYPE_MISMATCH, tree.name.span, message, "not a field", help=help)


def not_aggregated(tree: ast.Reference | ast.Member, scope: Scope) -> ir.Expression:
    """Tell that a column of the group's rows stands where the group has one value."""
    if any(is_unknown(value) for value, _ in scope.keys):
        # It may be the key that could not be read.
        return UNKNOWN
    written = shown(tree.span)
    return tell(
        scope,
        NOT_AGGREGATED,
        tree.span,
        f"`{written}` has a value for each row of the group",
        "not one value",
        help=f"say which is meant: `first({written})`, `same({written})`, `list({written})`, …, or make it a key: `group by …, {written}`",
    )
