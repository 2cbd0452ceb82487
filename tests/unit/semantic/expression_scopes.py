"""Expressions of a script, typed in scopes made by hand, and told in one line each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document, Span
from datahub.semantic import ir
from datahub.semantic.expressions import codes, condition, elaborate
from datahub.semantic.fitting import fit
from datahub.semantic.scope import DecisionName, FnName, LookupName, RowName, Scope, TypeName, World
from datahub.syntax import ast
from datahub.syntax.parser import parse, parse_expression
from datahub.types import model as t

LINE = t.Struct((("sku", t.Text()), ("qty", t.Int()), ("price", t.Decimal()), ("note", t.Text(True))))
STATUS = t.Enum(("draft", "live", "off"))
FIELDS: dict[str, t.Type] = {
    "sku": t.Text(),
    "label": t.Text(True),
    "qty": t.Int(),
    "stock": t.Int(True),
    "price": t.Decimal(False, 12, 2),
    "day": t.Date(),
    "at": t.DateTime(),
    "local": t.LocalDateTime(),
    "status": STATUS,
    "lines": t.ListOf(LINE),
    "tags": t.ListOf(t.Text()),
    "extras": t.MapOf(t.Text()),
    "customer": t.Struct((("name", t.Text(True)), ("id", t.Text())), True),
    "flag": t.Bool(True),
    "ratio": t.Float(),
    "raw": t.Json(),
}


def row(name: str, *, nullable: bool = False) -> RowName:
    """A row with the fields above."""
    return RowName(name, {field: ir.Column(f"{name}.{field}", kind) for field, kind in FIELDS.items()}, None, nullable, frozenset(FIELDS))


def world() -> World:
    """Declarations that expressions call."""
    made = World(parameters={"limit": t.Int(), "mode": t.Text(True)})
    vat = t.Struct((("code", t.Text()), ("rate", t.Decimal(False, 5, 2))))
    nowhere = Span(Document("tables.dhm", ""), 0, 0)
    made.lookups["vat"] = LookupName("vat", (("erp", t.Text()),), None, vat, ("R401",), ("code",), (), nowhere)
    made.lookups["fx"] = LookupName("fx", (("currency", t.Text()),), t.Date(), t.Decimal(False, 12, 6), ("R401", "R402"), (), (), nowhere)
    made.lookups["m.units"] = LookupName("m.units", (("erp", t.Text()),), None, t.Text(), ("R401",), ("",), (), nowhere)
    inputs = (("weight", t.Decimal(True)), ("country", t.Text()))
    carrier = t.Struct((("class", t.Text()), ("carrier", t.Text(True))))
    made.decisions["ship"] = DecisionName("ship", inputs, carrier, ("R405",), nowhere)
    return made


def declare(made: World, source: str, *, result: t.Type | None = None, **parameters: t.Type) -> None:
    """Add a function of the script to a world."""
    told: list[Diagnostic] = []
    (declaration,) = parse(Document("fn.dhm", source), told.append).declarations
    assert isinstance(declaration, ast.Fn)
    assert not told
    name = declaration.name.text
    made.functions[name] = FnName(name, declaration, tuple(parameters.items()), result, made)


def name_type(made: World, name: str, base: t.Type, condition_: ir.Expression, code: str) -> t.Named:
    """Add a named type with one condition to a world."""
    made.types[name] = made.named[name] = TypeName(name, base, ((condition_, code),), Span(Document("types.dhm", ""), 0, 0))
    return t.Named(name, base)


def in_row(made: World | None = None, **more: object) -> Scope:
    """The scope of a map over one row `r`, whose columns never fail."""
    return replace(Scope(made or world(), _unheard, rows={"r": row("r")}, codes={}), **more)  # type: ignore[arg-type]


def in_group(made: World | None = None) -> Scope:
    """The scope of a map grouped by `ref: r.sku`."""
    declared = made or world()
    key = ir.Column("key.ref", t.Text())
    members = Scope(declared, _unheard, rows={"r": row("r")})
    return Scope(declared, _unheard, names={"ref": key}, grouped=members, keys=((members.rows["r"].fields["sku"], key),), codes={})


def in_checks(made: World | None = None) -> Scope:
    """The scope of the checks of an entity with the fields above."""
    return Scope(made or world(), _unheard, names={name: ir.Column(name, kind) for name, kind in FIELDS.items()}, windows=True, codes={})


def _unheard(diagnostic: Diagnostic) -> None:
    raise AssertionError(diagnostic.message)


@dataclass(frozen=True)
class Typed:
    """What became of an expression."""

    value: Any
    told: tuple[Diagnostic, ...]

    @property
    def type(self) -> str:
        return t.spelled(self.value.type)

    @property
    def codes(self) -> tuple[str, ...]:
        return codes(self.value)

    @property
    def rules(self) -> list[str]:
        return [one.rule.code for one in self.told]

    @property
    def message(self) -> str:
        (one,) = self.told
        return one.message

    @property
    def help(self) -> str | None:
        (one,) = self.told
        return one.help

    @property
    def place(self) -> str:
        (one,) = self.told
        return one.at.span.text

    @property
    def shape(self) -> str:
        return shape(self.value)


def typed(text: str, scope: Scope | None = None, *, want: t.Type | None = None, silent: bool = False) -> Typed:
    """Elaborate `text`; unless `silent` is said, notes are among what is told."""
    told: list[Diagnostic] = []
    tree = _tree(text)
    value = elaborate(tree, replace(scope or in_row(), emit=told.append), want)
    return Typed(value, tuple(one for one in told if not silent or one.level != "note"))


def asked(text: str, scope: Scope | None = None) -> Typed:
    """Elaborate `text` as a condition."""
    told: list[Diagnostic] = []
    return Typed(condition(_tree(text), replace(scope or in_row(), emit=told.append)), tuple(told))


def fitted(text: str, into: t.Type, scope: Scope | None = None, rounding: str = "") -> Typed:
    """Elaborate `text` and fit it into the field `f` of type `into`."""
    told: list[Diagnostic] = []
    tree = _tree(text)
    here = replace(scope or in_row(), emit=told.append)
    return Typed(fit(elaborate(tree, here, into), into, here, tree.span, rounding, "f"), tuple(told))


def _tree(text: str) -> ast.Expr:
    troubles: list[Diagnostic] = []
    tree = parse_expression(Document("test.dhm", text), troubles.append)
    assert tree is not None
    assert not troubles
    return tree


def shape(node: ir.Expression) -> str:
    """A typed expression in a short spelling."""
    match node:
        case ir.Column(name=name):
            return name
        case ir.Constant(value=value):
            return repr(value) if not isinstance(value, str) else f'"{value}"'
        case ir.Parameter(name=name):
            return f"${name}"
        case ir.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(shape, arguments))})"
        case ir.Logic(operator=operator, left=left, right=right):
            return f"({shape(left)} {operator} {shape(right)})"
        case ir.Fit(value=inner, type=kind):
            return f"fit({shape(inner)}, {t.spelled(kind)})"
        case ir.Choose(branches=branches, otherwise=otherwise):
            return "choose(" + "".join(f"{shape(test)}: {shape(value)}, " for test, value in branches) + shape(otherwise) + ")"
        case ir.Default(value=value, fallback=fallback):
            return f"({shape(value)} default {shape(fallback)})"
        case ir.Recover(value=value, how=how, fallback=fallback, code=code):
            return f"({shape(value)} on error {how} {shape(fallback) if fallback is not None else code})"
        case ir.Field(of=of, name=name):
            return f"{shape(of)}.{name}"
        case ir.MakeStruct(fields=fields):
            return "{" + ", ".join(f"{name}: {shape(value)}" for name, value in fields) + "}"
        case ir.MakeList(items=items):
            return "[" + ", ".join(map(shape, items)) + "]"
        case ir.Aggregate(function=function, arguments=arguments, over=over):
            return f"{function}({', '.join(map(shape, arguments))} {_over(over)})"
        case ir.Collect(value=value, over=over):
            return f"[{shape(value)} {_over(over)}]"
        case ir.WindowCall(function=function, argument=argument, steps=steps, over=over):
            return f"{function}({shape(argument) if argument is not None else ''}, {steps} {_over(over)})"
        case ir.LookUp(table=table, keys=keys, day=day, member=member, inverse=inverse):
            given = ", ".join(map(shape, keys if day is None else (*keys, day)))
            return f"{'inverse ' if inverse else ''}{table}({given}){'.' + member if member else ''}"
        case ir.InLookUp(table=table, keys=keys):
            return f"{table} has {', '.join(map(shape, keys))}"
        case ir.Decision(table=table, inputs=inputs, member=member):
            return f"{table}({', '.join(map(shape, inputs))}){'.' + member if member else ''}"
        case ir.Present(column=column):
            return f"has {column}"
        case ir.RowFact(fact=fact):
            return fact
        case ir.Failed(value=value, code=code):
            return f"failed({shape(value)}{', ' + code if code else ''})"
        case ir.Omitted():
            return "omit"
        case _:
            return repr(node)


def _over(over: ir.Over) -> str:
    rest = f" where {shape(over.where)}" if over.where is not None else ""
    if over.order:
        rest += " order by " + ", ".join(shape(key.value) + (" desc" if key.descending else "") for key in over.order)
    match over:
        case ir.Loop(over=listed, item=item):
            return f"for {item} in {shape(listed)}{rest}"
        case ir.Members():
            return f"of group{rest}"
        case ir.Window(keys=keys):
            return f"within ({', '.join(map(shape, keys))}){rest}"
