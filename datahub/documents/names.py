"""What every name of a template is, by the entities that it is made of; and what is not there, or cannot be written as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from jinja2 import nodes

from datahub.diagnostics.suggest import listed, nearest
from datahub.documents.language import LOOP
from datahub.documents.shapes import RowShape
from datahub.documents.told import Kind, Problem
from datahub.records import record
from datahub.types import model as t


@record(frozen=True, slots=True)
class Rows:
    """A list of rows."""

    of: RowShape


@record(frozen=True, slots=True)
class Loop:
    """What Jinja tells of the loop around."""


Known: TypeAlias = "RowShape | Rows | Loop | t.Type"
Scope: TypeAlias = Mapping[str, Known]
_ORDERED = {"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


def misused(tree: nodes.Template, row: RowShape, kind: Kind) -> Iterator[Problem]:
    """Every name that is not there, and every value that stands where it cannot."""
    found: list[Problem] = []
    _Names(kind, found.append).block(tree.body, {row.name: row})
    return iter(dict.fromkeys(found))


class _Names:
    def __init__(self, kind: Kind, tell: Callable[[Problem], None]) -> None:
        self._kind, self._tell = kind, tell

    def block(self, body: list[nodes.Node], scope: Scope) -> None:
        for node in body:
            match node:
                case nodes.Output(nodes=parts):
                    for part in parts:
                        if not isinstance(part, nodes.TemplateData):
                            self._written(part, self._of(part, scope))
                case nodes.For():
                    self._loop(node, scope)
                case nodes.If(test=test, body=inner, elif_=others, else_=last):
                    self._of(test, scope)
                    self.block(inner, scope)
                    self.block(list(others), scope)
                    self.block(last, scope)
                case _:
                    pass

    def _loop(self, node: nodes.For, scope: Scope) -> None:
        over = self._of(node.iter, scope)
        item: Known
        match t.base_of(over) if not isinstance(over, RowShape | Rows | Loop) else over:
            case Rows(of=shape):
                item = shape
            case t.ListOf(item=kind):
                item = kind
            case t.Unknown():
                item = t.Unknown()
            case other:
                word = _word(node.iter)
                self._told(node, f"`{word}` is {_described(other)}, and no list", "loop over a list", word.rpartition(".")[2])
                item = t.Unknown()
        assert isinstance(node.target, nodes.Name)
        inner = {**scope, node.target.name: item, "loop": Loop()}
        if node.test is not None:
            self._of(node.test, inner)
        self.block(node.body, inner)
        self.block(node.else_, scope)

    def _written(self, node: nodes.Expr, value: Known) -> None:
        """What stands in `{{ … }}` must have one way to be written."""
        if self._kind == "json" and not isinstance(value, Loop):
            return
        many = isinstance(value, RowShape | Rows | Loop) or isinstance(t.base_of(value), t.ListOf | t.Struct | t.MapOf)
        if many:
            word = _word(node)
            base = value if isinstance(value, RowShape | Rows | Loop) else t.base_of(value)
            advice = "name one of its fields" if isinstance(base, RowShape | t.Struct) else f"write `{{% for one in {word} %}}`"
            self._told(node, f"`{word}` is {_described(base)}, which cannot be written as it is", f"{advice}, or `| tojson`", word)

    # ------------------------------------------------------------ expressions

    def _of(self, node: nodes.Node, scope: Scope) -> Known:
        match node:
            case nodes.Name(name=name):
                return self._named(node, name, scope)
            case nodes.Getattr(node=inner, attr=name):
                return self._inside(node, self._of(inner, scope), _word(inner), name)
            case nodes.Getitem(node=inner, arg=nodes.Const(value=str(name))):
                return self._inside(node, self._of(inner, scope), _word(inner), name)
            case nodes.Filter(node=inner, name=name) if inner is not None:
                return self._filtered(node, name, self._of(inner, scope))
            case nodes.Compare():
                return self._compared(node, scope)
            case nodes.Not(node=inner) | nodes.Test(node=inner):
                self._of(inner, scope)
                return t.Bool()
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                return self._either(self._of(left, scope), self._of(right, scope))
            case nodes.CondExpr(test=test, expr1=left, expr2=right):
                self._of(test, scope)
                chosen = self._of(left, scope)
                if right is None:
                    self._told(node, "`if` without `else` may give nothing", 'write what stands there otherwise: `… else ""`')
                    return chosen
                return self._either(chosen, self._of(right, scope))
            case nodes.Const(value=value):
                return _of_constant(value)
            case _:
                return t.Unknown()

    def _named(self, node: nodes.Node, name: str, scope: Scope) -> Known:
        if name in scope:
            return scope[name]
        near = nearest(name, scope)
        self._told(node, f"nothing is called `{name}`", f"did you mean `{near}`?" if near else f"there is {listed(list(scope), 8)}", name)
        return t.Unknown()

    def _inside(self, node: nodes.Node, value: Known, whole: str, name: str) -> Known:
        match value:
            case RowShape():
                owned = value.list_of(name)
                found = value.field(name) or (Rows(owned.rows) if owned else None)
                return found or self._absent(
                    node, whole, name, [*(one for one, _ in value.fields), *(one.rows.name for one in value.owned)]
                )
            case Rows():
                self._told(node, f"`{whole}` is a list of rows", f"write `{{% for one in {whole} %}}`, and `one.{name}` in it", name)
                return t.Unknown()
            case Loop():
                return t.Int() if name in LOOP else self._absent(node, whole, name, list(LOOP))
            case _:
                return self._part(node, t.base_of(value), whole, name)

    def _part(self, node: nodes.Node, base: t.Type, whole: str, name: str) -> Known:
        match base:
            case t.Struct(fields=fields):
                found = base.get(name)
                # Nothing is in null, and that is null.
                return (
                    t.with_null(found, found.nullable or base.nullable)
                    if found
                    else self._absent(node, whole, name, [n for n, _ in fields])
                )
            case t.Unknown() | t.Json():
                return t.Unknown()
            case t.ListOf():
                self._told(node, f"`{whole}` is a list", f"write `{{% for one in {whole} %}}`, and `one.{name}` in it", name)
            case _:
                self._told(node, f"`{whole}` is {_described(base)}, and has no `{name}` in it", word=name)
        return t.Unknown()

    def _absent(self, node: nodes.Node, whole: str, name: str, known: list[str]) -> Known:
        near = nearest(name, known)
        self._told(node, f"`{whole}` has no `{name}`", f"did you mean `{near}`?" if near else f"it has {listed(known, 12)}", name)
        return t.Unknown()

    def _filtered(self, node: nodes.Node, name: str, value: Known) -> Known:
        base = value if isinstance(value, RowShape | Rows | Loop) else t.base_of(value)
        match name:
            case "tojson":
                return t.Text()
            case "length" if isinstance(base, Rows | t.ListOf | t.Text | t.Unknown):
                return t.Int()
            case "first" | "last" if isinstance(base, Rows):
                return base.of
            case "first" | "last" if isinstance(base, t.ListOf):
                return t.nullable(base.item)
            case "upper" | "lower" | "trim" if isinstance(base, t.Text | t.Enum | t.Unknown):
                return t.Text(nullable=base.nullable)
            case _ if isinstance(base, t.Unknown):
                return base
            case _:
                pass
        self._told(node, f"`{name}` does not go with {_described(base)}", word=name)
        return t.Unknown()

    def _compared(self, node: nodes.Compare, scope: Scope) -> Known:
        left = self._of(node.expr, scope)
        for operand in node.ops:
            right = self._of(operand.expr, scope)
            sign = _ORDERED.get(operand.op)
            if sign is not None:
                for side in (left, right):
                    if not isinstance(side, RowShape | Rows | Loop | t.Unknown) and side.nullable:
                        self._told(
                            node,
                            f"a side of `{sign}` may be null",
                            "give the entity a field that says it: `default` decides about null",
                            sign,
                        )
                if not _comparable(left, right):
                    self._told(node, f"the sides of `{sign}` are {_described(left)} and {_described(right)}", word=sign)
            left = right
        return t.Bool()

    def _either(self, left: Known, right: Known) -> Known:
        return right if isinstance(left, t.Nothing | t.Unknown) else left

    def _told(self, node: nodes.Node, message: str, help: str = "", word: str = "") -> None:
        self._tell(Problem(node.lineno, message, help, word))


def _comparable(left: Known, right: Known) -> bool:
    numbers = t.Int | t.Decimal | t.Float
    sides = [one if isinstance(one, RowShape | Rows | Loop) else t.base_of(one) for one in (left, right)]
    if any(isinstance(one, t.Unknown | t.Nothing) for one in sides):
        return True
    if all(isinstance(one, numbers) for one in sides):
        return True
    # Dates and instants are texts here, which are in the order of time.
    return all(isinstance(one, t.Text | t.Enum | t.Date | t.DateTime | t.LocalDateTime | t.Time) for one in sides)


def _of_constant(value: object) -> t.Type:
    match value:
        case None:
            return t.Nothing()
        case bool():
            return t.Bool()
        case int():
            return t.Int()
        case float():
            return t.Float()
        case _:
            return t.Text()


def _described(value: Known) -> str:
    match value:
        case RowShape():
            return "a row"
        case Rows() | t.ListOf():
            return "a list"
        case Loop():
            return "the loop"
        case t.Struct():
            return "several values"
        case _:
            return f"`{t.spelled(value)}`"


def _word(node: nodes.Node) -> str:
    """An expression as it is written, as far as it is names."""
    match node:
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=inner, attr=name):
            return f"{_word(inner)}.{name}"
        case nodes.Getitem(node=inner, arg=nodes.Const(value=name)):
            return f"{_word(inner)}.{name}"
        case nodes.Filter(node=inner) if inner is not None:
            return _word(inner)
        case _:
            return "this"
