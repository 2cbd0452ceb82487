"""Expressions to text: on one line where it fits, else broken at the loosest operator."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import assert_never

from datahub.syntax import ast
from datahub.syntax.literals import EXACT, is_plain_name, quoted
from datahub.syntax.nodes.operators import ARITHMETIC
from datahub.syntax.tables import tables

WIDTH = 100
STEP = "  "

_TOP, _OR, _AND, _NOT, _COMPARISON, _RANGE, _RESCUE, _JOINED, _SUM, _PRODUCT, _UNARY, _POSTFIX, _ATOM = range(13)
_LEVELS: dict[str, int] = {
    "or": _OR, "and": _AND, "=": _COMPARISON, "<>": _COMPARISON, "<": _COMPARISON, "<=": _COMPARISON, ">": _COMPARISON,
    ">=": _COMPARISON, "default": _RESCUE, "&": _JOINED, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT,
}  # fmt: skip


class Expressions:
    """How the expressions of one script are printed: the parentheses that its author wrote around operators are kept."""

    def __init__(self, wrapped: frozenset[int]) -> None:
        self.wrapped = wrapped
        self.quote = '"'

    def lines(self, node: ast.Expr, indent: str, room: int) -> str:
        """Print an expression; `room` is left on the line it begins on, which is indented by `indent`."""
        flat = self.flat(node)
        return flat if len(flat) <= room else self.broken(node, indent)

    # ------------------------------------------------------------ on one line

    def flat(self, node: ast.Expr, least: int = _TOP) -> str:
        """Print an expression on one line, in parentheses where it binds less than `least`."""
        text = self.bare(node)
        return f"({text})" if self.needs_parentheses(node, least) else text

    def needs_parentheses(self, node: ast.Expr, least: int) -> bool:
        level = _level(node)
        return level < least or (least > _TOP and id(node) in self.wrapped and _OR <= level < _UNARY)

    def bare(self, node: ast.Expr) -> str:
        match node:
            case ast.Number() | ast.String() | ast.Template() | ast.Boolean() | ast.Null() | ast.Pattern():
                return self.literal(node)
            case ast.Reference(name=name):
                return spelled(name)
            case ast.Parameter(name=name):
                return "$" + spelled(name)
            case ast.Member(of=of, name=name):
                return f"{self.flat(of, _POSTFIX)}.{spelled(name)}"
            case ast.Star():
                return "*"
            case ast.Call():
                return f"{path(node.function)}({self.between(node)})"
            case ast.Unary() | ast.Binary() | ast.In() | ast.Range() | ast.Is() | ast.Matches() | ast.OnError():
                return self.operation(node)
            case ast.ListOf(items=items):
                return "[" + ", ".join(map(self.flat, items)) + "]"
            case ast.Comprehension():
                return "[" + " ".join(self.comprehended(node)) + "]"
            case ast.StructOf(items=struct):
                return "{" + ", ".join(map(self.struct_item, struct)) + "}"
            case ast.Case():
                return " ".join([*self.case_parts(node), "end"])
            case _:
                assert_never(node)

    def literal(self, node: ast.Number | ast.String | ast.Template | ast.Boolean | ast.Null | ast.Pattern) -> str:
        match node:
            case ast.Number():
                return number(node)
            case ast.String(block=True):
                return f'"""{node.value}"""'
            case ast.String():
                return quoted(_braced(node.value), self.quote)
            case ast.Template(parts=parts):
                return self.template(parts)
            case ast.Boolean(value=value):
                return "true" if value else "false"
            case ast.Null():
                return "null"
            case ast.Pattern(source=source, flags=flags):
                return f"/{source}/{flags}"
            case _:
                assert_never(node)

    def template(self, parts: tuple[str | ast.Expr, ...]) -> str:
        outer, self.quote = self.quote, "'"
        inside = [quoted(_braced(part), outer)[1:-1] if isinstance(part, str) else "{" + self.hole(part) + "}" for part in parts]
        self.quote = outer
        return outer + "".join(inside) + outer

    def hole(self, node: ast.Expr) -> str:
        """An expression in a text; a brace that it begins with must not look like a doubled one."""
        text = self.flat(node)
        return f" {text}" if text.startswith("{") else text

    def operation(self, node: ast.Unary | ast.Binary | ast.In | ast.Range | ast.Is | ast.Matches | ast.OnError) -> str:
        match node:
            case ast.Unary(operator="not", operand=operand):
                return f"not {self.flat(operand, _NOT)}"
            case ast.Unary(operand=operand):
                # Two signs side by side would look like a comment of other languages.
                return f"-{self.flat(operand, _POSTFIX)}"
            case ast.Range(low=low, high=high):
                return f"{self.flat(low, _RESCUE)}..{self.flat(high, _RESCUE)}"
            case _:
                return " ".join(self.operands(node))

    def operands(self, node: ast.Binary | ast.In | ast.Is | ast.Matches | ast.OnError) -> list[str]:
        """The left side of an operator, and the operator with its right side."""
        match node:
            case ast.Binary(operator=operator):
                level = _LEVELS[operator]
                low = _RANGE if level == _COMPARISON else level
                high = _RANGE if level == _COMPARISON else level + 1
                return [self.side(operator, node.left, low), f"{operator} {self.side(operator, node.right, high)}"]
            case ast.In(value=value, negated=negated, among=among):
                return [self.flat(value, _RANGE), ("not in " if negated else "in ") + self.among(among)]
            case ast.Is(value=value, negated=negated, what=what):
                return [self.flat(value, _RANGE), f"is not {what}" if negated else f"is {what}"]
            case ast.Matches(value=value, negated=negated, pattern=pattern):
                return [self.flat(value, _RANGE), ("not matches " if negated else "matches ") + self.flat(pattern, _RANGE)]
            case ast.OnError():
                return [self.side("on error", node.value, _RESCUE), self.rescue(node)]
            case _:
                assert_never(node)

    def side(self, operator: str, operand: ast.Expr, least: int) -> str:
        """One side of an operator; beside `default` and `on error`, sums and the like stand in parentheses."""
        if operator in ("default", "on error") and isinstance(operand, ast.Binary) and operand.operator in ARITHMETIC:
            return f"({self.bare(operand)})"
        return self.flat(operand, least)

    def rescue(self, node: ast.OnError) -> str:
        if node.how == "reject":
            return "on error reject" + (f" {spelled(node.code)}" if node.code else "")
        assert node.fallback is not None
        return ("on error warn " if node.how == "warn" else "on error ") + self.side("on error", node.fallback, _JOINED)

    def among(self, among: tuple[ast.Expr, ...] | ast.Range | ast.Expr) -> str:
        if isinstance(among, tuple):
            return "(" + ", ".join(map(self.flat, among)) + ")"
        return self.flat(among, _RANGE)

    # ------------------------------------------------------------ the parts of calls and the like

    def between(self, node: ast.Call) -> str:
        """What stands between the parentheses of a call."""
        arguments = ", ".join(map(self.argument, node.arguments))
        return " ".join(part for part in [arguments, *self.tail(node)] if part)

    def argument(self, argument: ast.Argument) -> str:
        text = self.flat(argument.value)
        return f"{field_name(argument.name)}: {text}" if argument.name else text

    def tail(self, node: ast.Call) -> list[str]:
        parts = self.source(node.loop, node.where)
        if node.within:
            parts.append("within " + ", ".join(map(self.flat, node.within)))
        return parts + self.order(node.order)

    def comprehended(self, node: ast.Comprehension) -> list[str]:
        return [self.flat(node.value), *self.source(node.loop, node.where), *self.order(node.order)]

    def source(self, loop: ast.Loop | None, where: ast.Expr | None) -> list[str]:
        parts = []
        if loop is not None:
            names = spelled(loop.item) + (f", {spelled(loop.position)}" if loop.position else "")
            parts.append(f"for {names} in {self.flat(loop.over, _RANGE)}")
        if where is not None:
            parts.append(f"where {self.flat(where)}")
        return parts

    def order(self, keys: Iterable[ast.SortKey]) -> list[str]:
        text = ", ".join(self.sort_key(key) for key in keys)
        return [f"order by {text}"] if text else []

    def sort_key(self, key: ast.SortKey) -> str:
        """One key of an order."""
        return self.flat(key.value) + (" desc" if key.descending else "")

    def struct_item(self, item: ast.StructField | ast.Spread) -> str:
        if isinstance(item, ast.Spread):
            return f"include {self.flat(item.value)}"
        return f"{field_name(item.name)}: {self.flat(item.value)}"

    def case_parts(self, node: ast.Case) -> list[str]:
        head = "case" + (f" {self.flat(node.subject)}" if node.subject is not None else "")
        branches = [f"when {', '.join(map(self.flat, when.tests))} then {self.flat(when.value)}" for when in node.branches]
        return [head, *branches, *([f"otherwise {self.flat(node.otherwise)}"] if node.otherwise is not None else [])]

    # ------------------------------------------------------------ over several lines

    def broken(self, node: ast.Expr, indent: str) -> str:
        """Print an expression over several lines, of which the first is indented by `indent`."""
        inner = indent + STEP
        match node:
            case ast.Binary(operator="or" | "and" | "&" | "+" | "*"):
                return self.chain(node, inner)
            case ast.Binary() | ast.OnError() | ast.Is() | ast.Matches():
                return f"\n{inner}".join(self.operands(node))
            case ast.In(among=tuple() as items):
                left, right = self.operands(node)
                return left + " " + right[: right.index("(")] + self.bracketed("(", map(self.flat, items), ")", indent, trailing=False)
            case ast.In():
                return f"\n{inner}".join(self.operands(node))
            case ast.Call() if node.arguments or self.tail(node):
                return f"{path(node.function)}(" + self.call_lines(node, inner) + f"\n{indent})"
            case ast.ListOf(items=items) if items:
                return self.bracketed("[", (self.lines(item, inner, WIDTH - len(inner) - 1) for item in items), "]", indent)
            case ast.StructOf(items=struct):
                return self.bracketed("{", (self.struct_lines(item, inner) for item in struct), "}", indent)
            case ast.Comprehension():
                return "[" + f"\n{inner}".join(["", *self.comprehended(node)]) + f"\n{indent}]"
            case ast.Case():
                return f"\n{inner}".join(self.case_parts(node)) + f"\n{indent}end"
            case _:
                return self.bare(node)

    def chain(self, node: ast.Binary, indent: str) -> str:
        """A row of the same operator, one operand on each line."""
        level = _LEVELS[node.operator]
        operands: list[str] = []
        at: ast.Expr = node
        while isinstance(at, ast.Binary) and at.operator == node.operator and (at is node or id(at) not in self.wrapped):
            operands.append(self.operand_lines(at.right, level + 1, indent))
            at = at.left
        first = self.operand_lines(at, level, indent)
        return f"\n{indent}{node.operator} ".join([first, *reversed(operands)])

    def operand_lines(self, node: ast.Expr, least: int, indent: str) -> str:
        flat = self.flat(node, least)
        if len(flat) + len(indent) + 5 <= WIDTH:
            return flat
        if self.needs_parentheses(node, least):
            inner = indent + STEP
            return f"(\n{inner}{self.lines(node, inner, WIDTH - len(inner))}\n{indent})"
        return self.broken(node, indent)

    def call_lines(self, node: ast.Call, inner: str) -> str:
        arguments = []
        for argument in node.arguments:
            name = f"{field_name(argument.name)}: " if argument.name else ""
            arguments.append(name + self.lines(argument.value, inner, WIDTH - len(inner) - len(name) - 1))
        lines = [f",\n{inner}".join(arguments)] if arguments else []
        return "".join(f"\n{inner}{line}" for line in [*lines, *self.tail(node)])

    def struct_lines(self, item: ast.StructField | ast.Spread, inner: str) -> str:
        if isinstance(item, ast.Spread):
            return self.struct_item(item)
        name = field_name(item.name)
        return f"{name}: {self.lines(item.value, inner, WIDTH - len(inner) - len(name) - 3)}"

    def bracketed(self, opening: str, items: Iterable[str], closing: str, indent: str, *, trailing: bool = True) -> str:
        inner = indent + STEP
        return f"{opening}\n{inner}" + f",\n{inner}".join(items) + ("," if trailing else "") + f"\n{indent}{closing}"


def _level(node: ast.Expr) -> int:
    match node:
        case ast.Binary(operator=operator):
            return _LEVELS[operator]
        case ast.Unary(operator="not"):
            return _NOT
        case ast.Unary():
            return _UNARY
        case ast.In() | ast.Is() | ast.Matches():
            return _COMPARISON
        case ast.Range():
            return _RANGE
        case ast.OnError():
            return _RESCUE
        case _:
            return _ATOM


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}") if "{" in text or "}" in text else text


def number(node: ast.Number) -> str:
    """Write a number as it was written."""
    if node.percent:
        return format(Decimal(node.value).scaleb(2, EXACT), "f") + "%"
    return str(node.value) if isinstance(node.value, int) else format(node.value, "f")


def spelled(name: ast.Name) -> str:
    """Write a name, in backticks where it needs them, or where its author took it for one that does."""
    text = name.text
    keyword = text in tables().words or text.upper() == text or text in ("True", "False", "None")
    if is_plain_name(text) and not (keyword and name.span.text.startswith("`")):
        return text
    return f"`{text}`"


def field_name(name: ast.Name) -> str:
    """Write a name before a colon, where no word is a keyword."""
    return name.text if is_plain_name(name.text) else f"`{name.text}`"


def path(name: ast.QName) -> str:
    """Write a name with the packs before it."""
    return ".".join(map(spelled, name.parts))
