"""Many rows to one value or one list: aggregates over lists, over the rows of a group, over windows; comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.semantic import expressions, ir
from datahub.semantic.comparing import orderable, rank
from datahub.semantic.misfits import tell_misfit
from datahub.semantic.narrowing import facts, path
from datahub.semantic.overloads import AGGREGATE, ROWWISE, Chosen, Given, choose_overload, functions, resolve
from datahub.semantic.possible import possible_codes
from datahub.semantic.rules_types import BAD_ARGUMENTS, TYPE_MISMATCH
from datahub.semantic.scope import RowName, Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, shown, tell
from datahub.semantic.values import made
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain

NEVER_NULL_OF_SOME = frozenset(("first", "last", "min", "max", "avg", "median", "same"))
"""Aggregates that are null only of nothing, or of nulls: a group has rows, and a window the row itself."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A place inside a loop, group or window: its scope, and what it goes over."""

    scope: Scope
    over: ir.Over


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
    inner = element_scope(loop, item, position, base.item, scope)
    return _narrowed(inner, ir.Loop(listed, item, position, None, ()), where, order)


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
    return inner.with_row(RowName(loop.item.text, fields, ir.Column(item, kind)))


def _narrowed(inner: Scope, over: ir.Over, where: ast.Expr | None, order: Sequence[ast.SortKey]) -> Inside | None:
    """The same, of those rows for which `where` holds, in order."""
    condition = expressions.condition(where, inner) if where is not None else None
    if condition is not None:
        if is_unknown(condition):
            return None
        inner = inner.narrow(facts(condition).true)
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
    return _narrowed(inner.with_row(row), ir.Members(None, ()), where, order)


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


def window(tree: ast.Call, scope: Scope) -> ir.Window | None:
    """The rows of the map that share the keys of `within`; None where it was told that there are none."""
    inside = windowed(tree, scope)
    return inside.over if inside is not None and isinstance(inside.over, ir.Window) else None


def windowed(tree: ast.Call, scope: Scope) -> Inside | None:
    """The place inside the window of a call."""
    if tree.loop is not None:
        tell(scope, BAD_ARGUMENTS, tree.span, "`for` goes over a list, and `within` over the rows of the map", "one of the two")
        return None
    if not scope.windows:
        message = "`within` looks at other rows, which are not all there yet at this place"
        tell(scope, BAD_ARGUMENTS, tree.within[0].span if tree.within else tree.span, message, "no window here")
        return None
    keys = [expressions.elaborate(key, scope) for key in tree.within]
    if any(map(is_unknown, keys)):
        return None
    return _narrowed(replace(scope, windows=False), ir.Window(tuple(keys), None, ()), tree.where, tree.order)


# ---------------------------------------------------------------- in a group, in a row


def _in_group(tree: ast.Call, scope: Scope, aggregates: bool) -> ir.Expression:
    """In a grouped map: over the group's rows, unless what is given is a list that the group has."""
    if tree.where is None and not tree.order and not any(isinstance(one.value, ast.Star) for one in tree.arguments) and tree.arguments:
        given = _quietly(tree, scope)
        if given is not None and (not aggregates or any(isinstance(t.base_of(one.value.type), t.ListOf) for one in given)):
            return _of_values(tree, scope, aggregates)
    inside = _narrowed(member_scope(scope), ir.Members(None, ()), tree.where, tree.order)
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
    items = [replace(one, value=ir.Column(item, base.item)) if number == at else one for number, one in enumerate(given)]
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
    given.append(Given(_collected(value, inside.over, scope), last.value.span, last.name))
    return resolve(tree.function.text, given, scope, tree.span)


# ---------------------------------------------------------------- comprehensions


def comprehension(tree: ast.Comprehension, scope: Scope, want: t.Type | None) -> ir.Expression:
    """`[value for x in xs where … order by …]`."""
    inside = looped(tree.loop, tree.where, tree.order, scope)
    if inside is None:
        return UNKNOWN
    base = t.base_of(want) if want is not None else None
    value = expressions.elaborate(tree.value, inside.scope, base.item if isinstance(base, t.ListOf) else None)
    return UNKNOWN if is_unknown(value) else _collected(value, inside.over, scope)


def _collected(value: ir.Expression, over: ir.Over, scope: Scope) -> ir.Expression:
    assert not isinstance(over, ir.Window)
    null = isinstance(over, ir.Loop) and over.over.type.nullable
    return made(scope, ir.Collect(value, over, t.ListOf(value.type, null)))


def rows_of_group(scope: Scope) -> ir.Expression:
    """`rows` as a value: the group's rows as a list of structs."""
    fields = tuple(group_fields(member_scope(scope)).items())
    row = made(scope, ir.MakeStruct(fields, t.Struct(tuple((name, column.type) for name, column in fields))))
    return _collected(row, ir.Members(None, ()), scope)


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
