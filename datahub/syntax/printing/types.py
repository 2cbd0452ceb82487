"""Types, tags, places of columns and the values of options to text."""

from __future__ import annotations

from typing import assert_never

from datahub.syntax import ast
from datahub.syntax.literals import is_plain_name, quoted
from datahub.syntax.printing.expressions import field_name, number, path, spelled


def type_text(node: ast.TypeExpr) -> str:
    """Print a type on one line."""
    mark = "?" if node.nullable else ""
    match node:
        case ast.TypeName(name=name, arguments=arguments):
            comma = "," if all(isinstance(argument, int) for argument in arguments) else ", "
            inside = comma.join(argument_text(argument, name.text == "enum") for argument in arguments)
            return path(name) + (f"({inside})" if arguments else "") + mark
        case ast.TypeList(item=item):
            return f"[{type_text(item)}]{mark}"
        case ast.TypeStruct(fields=fields):
            return "{" + ", ".join(map(type_field, fields)) + "}" + mark
        case _:
            assert_never(node)


def type_field(field: ast.TypeField) -> str:
    """Print a field of a struct type."""
    return " ".join(
        [f"{field_name(field.name)}: {type_text(field.type)}", *([at_text(field.at)] if field.at else []), *map(tag_text, field.tags)]
    )


def argument_text(argument: ast.TypeArgument, member: bool) -> str:
    """Print an argument of a type; a `member` of an enum is a bare word where it can be."""
    match argument:
        case int():
            return str(argument)
        case str():
            return argument if member and is_plain_name(argument) else quoted(argument)
        case ast.TypeRange(low=low, high=high):
            return f"{low}.." + ("" if high is None else str(high))
        case _:
            return type_text(argument)


def type_lines(node: ast.TypeExpr, indent: str, room: int) -> str:
    """Print a type; a struct that does not fit stands with one field on each line."""
    flat = type_text(node)
    if len(flat) <= room:
        return flat
    mark = "?" if node.nullable else ""
    match node:
        case ast.TypeStruct(fields=fields):
            return struct_lines(fields, indent) + mark
        case ast.TypeList(item=item):
            return f"[{type_lines(item, indent, room - 2)}]{mark}"
        case _:
            return flat


def struct_lines(fields: tuple[ast.TypeField, ...], indent: str) -> str:
    """Print the fields of a struct type, one on each line."""
    inner = indent + "  "
    width = max(len(field_name(field.name)) for field in fields)
    lines = []
    for field in fields:
        name = f"{field_name(field.name).ljust(width)} : "
        rest = "".join(f" {part}" for part in [*([at_text(field.at)] if field.at else []), *map(tag_text, field.tags)])
        lines.append(inner + name + type_lines(field.type, inner, 100 - len(inner) - len(name) - len(rest)) + rest)
    return "{\n" + "\n".join(lines) + f"\n{indent}}}"


def at_text(at: ast.At) -> str:
    """Print where a column stands."""
    if at.pattern is not None:
        return f"at /{at.pattern.source}/{at.pattern.flags}"
    if at.positions is not None:
        first, last = at.positions
        return f"at {first}" if first == last else f"at {first}..{last}"
    return "at " + " or ".join(map(quoted, at.names))


def tag_text(tag: ast.Tag) -> str:
    """Print a tag."""
    return f"@{spelled(tag.name)}" + (f"({', '.join(map(literal_text, tag.arguments))})" if tag.arguments else "")


def literal_text(node: ast.Literal_) -> str:
    """Print the value of an option."""
    match node:
        case ast.Number():
            return number(node)
        case ast.String(value=value, block=block):
            return f'"""{value}"""' if block else quoted(value)
        case ast.Boolean(value=value):
            return "true" if value else "false"
        case ast.Null():
            return "null"
        case ast.Reference(name=name):
            return spelled(name)
        case ast.ListOf(items=items):
            return "[" + ", ".join(literal_text(item) for item in items) + "]"  # type: ignore[arg-type]
        case _:
            assert_never(node)


def params_text(params: tuple[ast.FnParam, ...]) -> str:
    """Print the parameters of a function, a lookup or a decision table."""
    return ", ".join(f"{field_name(param.name)}: {type_text(param.type)}" for param in params)
