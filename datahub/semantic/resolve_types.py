"""Types as written to types as meant."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Emit, Fix, Label
from datahub.diagnostics.rule import Rule
from datahub.diagnostics.suggest import listed, nearest
from datahub.document import Span
from datahub.records import record
from datahub.semantic.collect import BUILTIN_TYPES, twice
from datahub.semantic.rules_types import BAD_ARGUMENTS, UNKNOWN_NAME
from datahub.semantic.scope import World
from datahub.syntax import ast
from datahub.types import model as t

MOST_DIGITS = 38
_PLAIN: dict[str, t.Type] = {
    "float": t.Float(),
    "date": t.Date(),
    "time": t.Time(),
    "datetime": t.DateTime(),
    "local_datetime": t.LocalDateTime(),
    "duration": t.Duration(),
    "json": t.Json(),
}


_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("string", "str", "varchar", "char", "nvarchar"), "text"),
    **dict.fromkeys(("integer", "bigint", "long", "smallint"), "int"),
    **dict.fromkeys(("number", "numeric", "money"), "decimal"),
    **dict.fromkeys(("double", "real"), "float"),
    **dict.fromkeys(("timestamp", "instant", "timestamptz"), "datetime"),
    "boolean": "bool",
    "interval": "duration",
}
"""What other languages call the types."""


def resolve_type(written: ast.TypeExpr, world: World, emit: Emit) -> t.Type:
    """The type that `written` means; `Unknown` for what is reported here."""
    match written:
        case ast.TypeList(item=item):
            return t.ListOf(resolve_type(item, world, emit), written.nullable)
        case ast.TypeStruct(fields=fields):
            return t.Struct(_fields(fields, world, emit), written.nullable)
        case ast.TypeName():
            kind = _Named(written, world, emit).resolve()
            return t.nullable(kind) if written.nullable else kind


def _fields(fields: tuple[ast.TypeField, ...], world: World, emit: Emit) -> tuple[tuple[str, t.Type], ...]:
    found: dict[str, tuple[ast.Name, t.Type]] = {}
    for one in fields:
        kind = resolve_type(one.type, world, emit)
        if one.name.text in found:
            emit(twice(one.name, found[one.name.text][0]))
        else:
            found[one.name.text] = (one.name, kind)
    return tuple((name, kind) for name, (_, kind) in found.items())


@record(frozen=True, slots=True)
class _Named:
    written: ast.TypeName
    world: World
    emit: Emit

    def resolve(self) -> t.Type:
        name = self.written.name.text
        match name:
            case "bool":
                return self._bool()
            case "int":
                return self._int()
            case "decimal":
                return self._decimal()
            case "text":
                return self._text()
            case "enum":
                return self._enum()
            case "map":
                return self._map()
            case _:
                return self._plain(name)

    def _plain(self, name: str) -> t.Type:
        if self.written.arguments and (name in _PLAIN or name in self.world.types):
            self._refuse(f"`{name}` takes no arguments")
        if name in _PLAIN:
            return _PLAIN[name]
        return self._declared(name)

    def _declared(self, name: str) -> t.Type:
        declared = self.world.types.get(name)
        if declared is not None:
            self.world.used.add(f"type {name}")
            return t.Named(declared.name, declared.type) if not isinstance(declared.type, t.Unknown) else t.Unknown()
        if self.written.name.parts[0].text not in self.world.missing:
            self.emit(self._unknown(name))
        return t.Unknown()

    def _unknown(self, name: str) -> Diagnostic:
        known = (*self.world.types, *BUILTIN_TYPES)
        meant = _ELSEWHERE.get(name.casefold())
        if meant is None:
            return unknown_name("type", self.written.name, known)
        span = self.written.name.span
        fix = Fix(f"write `{meant}`", (Edit(span, meant),), safe=False)
        return Diagnostic(
            UNKNOWN_NAME, f"there is no type `{name}`", Label(span, "no type has this name"), help=f"here it is `{meant}`", fix=fix
        )

    def _bool(self) -> t.Type:
        arguments = self.written.arguments
        if arguments and not (len(arguments) == 2 and all(isinstance(one, str) for one in arguments)):
            self._refuse("`bool` takes the words for true and false", 'such as `bool("O", "N")`')
        return t.Bool()

    def _int(self) -> t.Type:
        match self.written.arguments:
            case ():
                return t.Int()
            case (16 | 32 | 64 as width,):
                return t.Int(width=width)
            case _:
                self._refuse("`int` is 16, 32 or 64 bits wide", "such as `int(32)`")
                return t.Int()

    def _decimal(self) -> t.Type:
        match self.written.arguments:
            case ():
                return t.Decimal()
            case (int(precision), int(scale)) if 1 <= precision <= MOST_DIGITS and 0 <= scale <= precision:
                return t.Decimal(precision=precision, scale=scale)
            case _:
                self._refuse(
                    f"`decimal` takes digits (1 to {MOST_DIGITS}) and how many of them stand after the point", "such as `decimal(12, 2)`"
                )
                return t.Decimal()

    def _text(self) -> t.Type:
        match self.written.arguments:
            case ():
                return t.Text()
            case (int(longest),) if longest > 0:
                return t.Text(longest=longest)
            case (ast.TypeRange(low=low, high=high),) if 0 <= low and (high is None or low <= high):
                return t.Text(shortest=low or None, longest=high)
            case _:
                self._refuse("`text` takes its longest length, or its shortest and longest", "such as `text(40)` or `text(1..40)`")
                return t.Text()

    def _enum(self) -> t.Type:
        members: list[str] = []
        for one in self.written.arguments:
            match one:
                case str(member):
                    members.append(member)
                case ast.TypeName(name=name, arguments=(), nullable=False):
                    members.append(name.text)
                case _:
                    self._refuse("`enum` takes its members", "such as `enum(draft, live, off)`")
                    return t.Unknown()
        doubled = next((member for at, member in enumerate(members) if member in members[:at]), None)
        if not members or doubled is not None:
            self._refuse("`enum` has no members" if not members else f"`{doubled}` is a member twice", "such as `enum(draft, live, off)`")
            return t.Unknown()
        return t.Enum(tuple(members))

    def _map(self) -> t.Type:
        match self.written.arguments:
            case (ast.TypeName() | ast.TypeList() | ast.TypeStruct() as value,):
                return t.MapOf(resolve_type(value, self.world, self.emit))
            case _:
                self._refuse("`map` takes the type of its values; its keys are text", "such as `map(decimal)`")
                return t.Unknown()

    def _refuse(self, message: str, help: str | None = None) -> None:
        self.emit(Diagnostic(BAD_ARGUMENTS, message, Label(self.written.span, "these do not fit"), help=help and f"write it {help}"))


def unknown_name(
    kind: str, name: ast.QName | ast.Name, known: tuple[str, ...], rule: Rule = UNKNOWN_NAME, also: tuple[Label, ...] = ()
) -> Diagnostic:
    """Nothing of this kind has this name: what there is, and the nearest of it."""
    return missing(f"there is no {kind} `{name.text}`", f"no {kind} has this name", name.span, name.text, known, rule, also)


def missing(
    message: str, label: str, span: Span, written: str, known: tuple[str, ...], rule: Rule = UNKNOWN_NAME, also: tuple[Label, ...] = ()
) -> Diagnostic:
    """A name that is not among `known`, with the nearest of them as the fix."""
    meant = nearest(written, known)
    return Diagnostic(
        rule,
        message,
        Label(span, label),
        also,
        () if meant or not known else (f"there are {listed(known)}",),
        f"write `{meant}`" if meant else None,
        Fix(f"write `{meant}`", (Edit(span, meant),), safe=False) if meant else None,
    )
