"""What loops go over: the elements of a list, the rows of a group, the rows of a window; and the lists made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.records import record
from datahub.semantic import expressions, ir
from datahub.semantic.comparing import orderable
from datahub.semantic.deciding import given, without
from datahub.semantic.narrowing import not_null, path
from datahub.semantic.rules_types import BAD_ARGUMENTS, TYPE_MISMATCH
from datahub.semantic.scope import RowName, Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, shown, tell
from datahub.semantic.values import made
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain


@record(frozen=True, slots=True)
class Inside:
    """A place inside a loop, group or window: its scope, and what it goes over."""

    scope: Scope
    over: ir.Over

    @property
    def window(self) -> ir.Window:
        assert isinstance(self.over, ir.Window)
        return self.over


# ---------------------------------------------------------------- what is gone over


def looped(loop: ast.Loop, where: ast.Expr | None, order: Sequence[ast.SortKey], scope: Scope) -> Inside | None:
    """The elements of a list, or the rows of a group; None where it was told that there are none."""
    if isinstance(loop.over, ast.Reference) and loop.over.name.text == "rows" and scope.grouped is not None and "rows" not in scope.names:
        return _looped_rows(loop, where, order, scope)
    listed = expressions.elaborate(loop.over, scope)
    if is_unknown(listed):
        return None
    base = t.base_of(listed.type)
    if not isinstance(base, t.ListOf):
        written = shown(loop.over.span)
        help = f"go over its entries: `entries({written})`" if isinstance(base, t.MapOf) else None
        tell(scope, TYPE_MISMATCH, loop.over.span, f"`for` goes over a list, and `{written}` is {a(plain(base))}", "not a list", help=help)
        return None
    item = item_name(loop.item.text, scope)
    position = item_name(loop.position.text, scope) if loop.position is not None else ""
    inner = element_scope(loop, item, position, element_type(base), scope)
    return narrowed_inside(inner, ir.Loop(listed, item, position, None, ()), where, order)


def element_type(listed: t.ListOf) -> t.Type:
    """The type of a list's elements; those of `[]` would be null, were there any."""
    return t.Nothing() if isinstance(listed.item, t.Unknown) else listed.item


def item_name(name: str, scope: Scope) -> str:
    """What the columns of a loop's elements are called: in the body of a function after it, so that no argument is taken for one."""
    if scope.inlining:
        return f"{scope.inlining[-1]}:{name}"
    return f"{name}'" if name in ("let", "key") else name


def element_scope(loop: ast.Loop, item: str, position: str, kind: t.Type, scope: Scope) -> Scope:
    """The scope inside a loop: its element as a row, its position as a name."""
    base = t.base_of(kind)
    fields: dict[str, ir.Column] = {}
    if isinstance(base, t.Struct):
        fields = {name: ir.Column(f"{item}.{name}", t.with_null(inner, inner.nullable or kind.nullable)) for name, inner in base.fields}
    hidden = {loop.item.text} | ({loop.position.text} if loop.position is not None else set())
    names = {name: value for name, value in scope.names.items() if name not in hidden}
    if loop.position is not None:
        names[loop.position.text] = ir.Column(position, t.Int())
    inner = replace(scope, names=names, narrowed=frozenset(one for one in scope.narrowed if one.partition(".")[0] != item), windows=False)
    inner = without(inner, (item, position))
    return inner.with_row(RowName(loop.item.text, fields, ir.Column(item, kind)))


def narrowed_inside(inner: Scope, over: ir.Over, where: ast.Expr | None, order: Sequence[ast.SortKey]) -> Inside | None:
    """The same, of those rows for which `where` holds, in order."""
    condition = expressions.condition(where, inner) if where is not None else None
    if condition is not None:
        if is_unknown(condition):
            return None
        assert where is not None
        inner = given(inner, condition, where)
    keys = sorting(order, inner)
    return None if keys is None else Inside(inner, replace(over, where=condition, order=keys))


def sorting(order: Sequence[ast.SortKey], scope: Scope) -> tuple[ir.Sorting, ...] | None:
    """The keys of an `order by`; None where one of them has a mistake."""
    keys = [(orderable(expressions.elaborate(key.value, scope), key.value.span, scope), key.descending) for key in order]
    return None if any(is_unknown(value) for value, _ in keys) else tuple(ir.Sorting(value, descending) for value, descending in keys)


def _looped_rows(loop: ast.Loop, where: ast.Expr | None, order: Sequence[ast.SortKey], scope: Scope) -> Inside | None:
    if loop.position is not None:
        message = "the rows of a group have no position"
        tell(scope, BAD_ARGUMENTS, loop.position.span, message, "not counted", help="number them before: `row_number(within key)`")
        return None
    members = member_scope(scope)
    row = RowName(loop.item.text, group_fields(members))
    inner = replace(members, names={name: value for name, value in members.names.items() if name != loop.item.text})
    return narrowed_inside(inner.with_row(row), ir.Members(None, ()), where, order)


def member_scope(scope: Scope) -> Scope:
    """The scope of a group's rows; the group's keys can be named there too."""
    assert scope.grouped is not None
    columns = {column for _, column in scope.keys}
    keys = {name: value for name, value in scope.names.items() if value in columns}
    return replace(scope.grouped, emit=scope.emit, names={**keys, **scope.grouped.names})


def group_fields(members: Scope) -> dict[str, ir.Column]:
    """The columns of a group's rows, by field: of two rows side by side, the first one's."""
    fields: dict[str, ir.Column] = {}
    for row in members.rows.values():
        for name, column in row.fields.items():
            fields.setdefault(name, replace(column, type=t.nullable(column.type)) if row.nullable else column)
    return fields


def windowed(tree: ast.Call, scope: Scope) -> Inside | None:
    """The place inside the window of a call."""
    if tree.loop is not None:
        tell(scope, BAD_ARGUMENTS, tree.span, "`for` goes over a list, and `within` over the rows of the map", "one of the two")
        return None
    if not scope.windows:
        message = "`within` looks at other rows, which are not all there yet at this place"
        tell(scope, BAD_ARGUMENTS, tree.within[0].span if tree.within else tree.span, message, "no window here")
        return None
    # The rows of a window need not meet what leads the row here; of that only what is said of a whole key holds for them all.
    every = replace(
        scope, narrowed=frozenset(name for name in scope.narrowed if name in scope.narrowed_all or name.startswith("$")), premises=()
    )
    keys = [expressions.elaborate(key, every) for key in tree.within]
    if any(map(is_unknown, keys)):
        return None
    shared = frozenset[str]().union(*(not_null(key) for key in keys if path(key) in scope.narrowed))
    return narrowed_inside(replace(every.narrow(shared), windows=False), ir.Window(tuple(keys), None, ()), tree.where, tree.order)


# ---------------------------------------------------------------- comprehensions


def comprehension(tree: ast.Comprehension, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`[value for x in xs where … order by …]`."""
    inside = looped(tree.loop, tree.where, tree.order, scope)
    if inside is None:
        return UNKNOWN
    base = t.base_of(want) if want is not None else None
    value = expressions.elaborate(tree.value, inside.scope, base.item if isinstance(base, t.ListOf) else None)
    return UNKNOWN if is_unknown(value) else collected(value, inside.over, scope)


def collected(value: ir.Expression, over: ir.Over, scope: Scope) -> ir.Expression:
    assert not isinstance(over, ir.Window)
    null = isinstance(over, ir.Loop) and over.over.type.nullable
    return made(scope, ir.Collect(value, over, t.ListOf(value.type, null)))


def rows_of_group(scope: Scope) -> ir.Expression:
    """`rows` as a value: the group's rows as a list of structs."""
    fields = tuple(group_fields(member_scope(scope)).items())
    row = made(scope, ir.MakeStruct(fields, t.Struct(tuple((name, column.type) for name, column in fields))))
    return collected(row, ir.Members(None, ()), scope)


def key_column(tree: ast.Expr, scope: Scope) -> ir.Expression | None:
    """The column of the group that holds what `tree` says, where it says what one of the keys does."""
    if scope.grouped is None or (isinstance(tree, ast.Reference) and tree.name.text in scope.names):
        return None
    alike = [(key, column) for key, column in scope.keys if _alike(tree, key)]
    if not alike:
        return None
    found: list[Diagnostic] = []
    value = expressions.elaborate(tree, replace(scope.grouped, emit=found.append))
    return next((column for key, column in alike if key is value or key == value), None) if not found else None


def _alike(tree: ast.Expr, key: ir.Expression) -> bool:
    """Whether it is worth while to look closer."""
    match tree:
        case ast.Reference(name=name) | ast.Member(name=name):
            whole = path(key)
            return whole is not None and whole.rpartition(".")[2] == name.text
        case ast.Call(function=function):
            return not (isinstance(key, ir.Call) and key.function != function.text) and path(key) is None
        case _:
            return isinstance(key, ir.Call | ir.Choose | ir.Default | ir.Logic)
