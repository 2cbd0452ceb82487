"""Names, calls, lists, structs and cases."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Edit, Fix
from datahub.diagnostics.rule import Severity
from datahub.document import Span
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.nodes.building import Actions, Building, Token, kept
from datahub.syntax.rules import SYNTAX

ACTION = Actions()


@record(frozen=True, slots=True)
class Rest:
    """What stands between the parentheses of a call."""

    arguments: tuple[ast.Argument, ...]
    loop: ast.Loop | None
    where: ast.Expr | None
    order: tuple[ast.SortKey, ...]
    within: tuple[ast.Expr, ...]


@ACTION
def expression(b: Building, span: Span, value: ast.Expr) -> ast.Expr:
    return value


@ACTION
def exprs(b: Building, span: Span, *values: ast.Expr) -> tuple[ast.Expr, ...]:
    return values


@ACTION
def qname(b: Building, span: Span, *names: Token) -> ast.QName:
    return ast.QName(tuple(map(b.name, names)), span)


@ACTION
def reference(b: Building, span: Span, name: Token) -> ast.Reference:
    return ast.Reference(b.name(name), span)


@ACTION
def parameter(b: Building, span: Span, name: Token) -> ast.Parameter:
    return ast.Parameter(b.name(name), span)


@ACTION
def parenthesised(b: Building, span: Span, value: ast.Expr) -> ast.Expr:
    b.wrapped[id(value)] = (span, value)
    return value


@ACTION
def member(b: Building, span: Span, of: ast.Expr, name: Token) -> ast.Expr:
    return b.nested(ast.Member(of, b.name(name), span), span, (of,))


@ACTION
def member_safe(b: Building, span: Span, of: ast.Expr, dot: Token, name: Token) -> ast.Expr:
    place = b.span(dot)
    b.report.foreign(place.start, place.end, ".", severity=Severity.NOTE, note="`.` on what is null gives null")
    return member(b, span, of, name)


@ACTION
def call(b: Building, span: Span, function: ast.Expr, rest: Rest) -> ast.Expr:
    name = None if id(function) in b.wrapped else _function_name(function)
    arguments = rest.arguments
    if name is None:
        name, arguments = _call_on_value(b, function, arguments)
    made = ast.Call(name, arguments, rest.loop, rest.where, rest.order, rest.within, span)
    over = rest.loop.over if rest.loop else None
    inner = [argument.value for argument in arguments] + [key.value for key in rest.order]
    return b.nested(made, span, [*inner, over, rest.where, *rest.within])


def _function_name(function: ast.Expr) -> ast.QName | None:
    parts: list[ast.Name] = []
    at = function
    while isinstance(at, ast.Member):
        parts.append(at.name)
        at = at.of
    if not isinstance(at, ast.Reference):
        return None
    return ast.QName((at.name, *reversed(parts)), function.span)


def _call_on_value(b: Building, function: ast.Expr, arguments: tuple[ast.Argument, ...]) -> tuple[ast.QName, tuple[ast.Argument, ...]]:
    """Tell a call on what is no function, and take `x.f(y)` as `f(x, y)`."""
    place = b.place_of(function)
    if not isinstance(function, ast.Member):
        b.report.tell(SYNTAX, place.start, place.end, "only a function can be called", "this is no name of a function")
        return ast.QName((ast.Name("", place),), place), arguments
    name, of = function.name, function.of
    given = b.place_of(of).text[:40] + (", …" if arguments else "")
    message, label = f"`{name.text}` is called on a value", "functions take values in parentheses"
    b.report.tell(SYNTAX, name.span.start, name.span.end, message, label, help=f"write `{name.text}({given})`")
    return ast.QName((name,), name.span), (ast.Argument(None, of, of.span), *arguments)


@ACTION
def call_rest(
    b: Building,
    span: Span,
    arguments: tuple[ast.Argument, ...] | None,
    loop: ast.Loop | None,
    where: ast.Expr | None,
    end: tuple[tuple[ast.SortKey, ...], tuple[ast.Expr, ...]] | None,
) -> Rest:
    order, within = end or ((), ())
    return Rest(arguments or (), loop, where, order, within)


@ACTION
def arguments(b: Building, span: Span, *given: ast.Argument) -> tuple[ast.Argument, ...]:
    return given


@ACTION
def named_argument(b: Building, span: Span, name: Token, value: ast.Expr) -> ast.Argument:
    return ast.Argument(b.name(name), value, span)


@ACTION
def plain_argument(b: Building, span: Span, value: ast.Expr) -> ast.Argument:
    return ast.Argument(None, value, span)


@ACTION
def star_argument(b: Building, span: Span, star: Token) -> ast.Argument:
    return ast.Argument(None, ast.Star(span), span)


@ACTION
def loop(b: Building, span: Span, item: Token, position: Token | None, over: ast.Expr) -> ast.Loop:
    return ast.Loop(b.name(item), None if position is None else b.name(position), over, span)


@ACTION
def filter_(b: Building, span: Span, condition: ast.Expr) -> ast.Expr:
    return condition


@ACTION
def sort(b: Building, span: Span, keys: tuple[ast.SortKey, ...]) -> tuple[ast.SortKey, ...]:
    return keys


@ACTION
def within(b: Building, span: Span, keys: tuple[ast.Expr, ...]) -> tuple[ast.Expr, ...]:
    return keys


@ACTION
def end_sort(b: Building, span: Span, order: tuple[ast.SortKey, ...]) -> object:
    return order, ()


@ACTION
def end_within(b: Building, span: Span, keys: tuple[ast.Expr, ...]) -> object:
    return (), keys


@ACTION
def end_sort_within(b: Building, span: Span, order: tuple[ast.SortKey, ...], keys: tuple[ast.Expr, ...]) -> object:
    return order, keys


@ACTION
def end_within_sort(b: Building, span: Span, keys: tuple[ast.Expr, ...], order: tuple[ast.SortKey, ...]) -> object:
    return order, keys


@ACTION
def sort_keys(b: Building, span: Span, *keys: ast.SortKey) -> tuple[ast.SortKey, ...]:
    return keys


@ACTION
def sort_key(b: Building, span: Span, value: ast.Expr, direction: Token | None) -> ast.SortKey:
    if direction is not None and b.laid.kinds[direction] != "DESC" and b.raw(direction).lower() == "asc":
        after = b.place_of(value).end
        b.report.foreign(b.span(direction).start, span.end, "", edit_from=after, note="keys are in ascending order without a word")
        return ast.SortKey(value, False, span)
    return ast.SortKey(value, direction is not None, span)


@ACTION
def set_of(b: Building, span: Span, *items: ast.Expr) -> ast.Expr:
    """`(a, b)`, which only `in` takes; whoever takes it removes it from the sets."""
    made = ast.ListOf(items, span)
    b.sets[id(made)] = made
    return b.nested(made, span, items)


def tell_sets(b: Building) -> None:
    """Tell the sets that stand elsewhere than after `in`."""
    for made in b.sets.values():
        start, end = made.span.start, made.span.end
        edits = (Edit(b.report.span(start, start + 1), "["), Edit(b.report.span(end - 1, end), "]"))
        message, helps = "values in parentheses stand only after `in`", "write a list in brackets: `[a, b]`"
        b.report.tell(SYNTAX, start, end, message, "this is no list", help=helps, fix=Fix("write a list", edits))


@ACTION
def empty_list(b: Building, span: Span) -> ast.ListOf:
    return ast.ListOf((), span)


@ACTION
def list_of(b: Building, span: Span, *items: ast.Expr) -> ast.Expr:
    return b.nested(ast.ListOf(items, span), span, items)


@ACTION
def comprehension(
    b: Building, span: Span, value: ast.Expr, over: ast.Loop, where: ast.Expr | None, order: tuple[ast.SortKey, ...] | None
) -> ast.Expr:
    made = ast.Comprehension(value, over, where, order or (), span)
    return b.nested(made, span, [value, over.over, where, *(key.value for key in order or ())])


@ACTION
def struct_of(b: Building, span: Span, *items: ast.StructField | ast.Spread | None) -> ast.Expr:
    held: tuple[ast.StructField | ast.Spread, ...] = kept(items)
    return b.nested(ast.StructOf(held, span), span, [item.value for item in held])


@ACTION
def struct_field(b: Building, span: Span, name: Token, value: ast.Expr) -> ast.StructField:
    return ast.StructField(b.name(name), value, span)


@ACTION
def spread(b: Building, span: Span, value: ast.Expr) -> ast.Spread:
    return ast.Spread(value, span)


@ACTION
def when(b: Building, span: Span, tests: tuple[ast.Expr, ...], value: ast.Expr) -> ast.When:
    return ast.When(tests, value, span)


@ACTION
def case(b: Building, span: Span, subject: ast.Expr | None, *rest: ast.When | Token | ast.Expr | None) -> ast.Expr:
    branches = tuple(branch for branch in rest[:-2] if isinstance(branch, ast.When))
    otherwise = rest[-1]
    assert not isinstance(otherwise, int | ast.When)
    inner = [part for branch in branches for part in (*branch.tests, branch.value)]
    return b.nested(ast.Case(subject, branches, otherwise, span), span, [subject, otherwise, *inner])


@ACTION
def broken(b: Building, span: Span, token: Token) -> None:
    """A statement that was given up."""
    return
