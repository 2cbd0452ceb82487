"""Options of sources and targets: what was written, checked against the kind, the rest as it is by default."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.suggest import listed
from datahub.functions.calendar_names import LOCALES, is_known
from datahub.functions.numerals import may_mark
from datahub.semantic.collect import twice
from datahub.semantic.ir import Value
from datahub.semantic.kinds import Kind, OptionShape
from datahub.semantic.resolve_types import missing
from datahub.semantic.row_path import row_path
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.syntax import ast

_CALLED = {"excel": "xlsx", "spreadsheet": "xlsx", "ndjson": "jsonl", "tsv": "csv", "txt": "csv"}
"""What people call kinds whose own names do not look like it."""


class _Refused(ValueError):
    """The value does not fit the option; the message says what does."""


def find_kind(name: ast.Name, kinds: dict[str, Kind], emit: Emit) -> Kind | None:
    """The kind called `name`."""
    if name.text not in kinds:
        role = next(iter(kinds.values())).role
        meant = _CALLED.get(name.text.casefold(), name.text)
        emit(missing(f"there is no kind of {role} `{name.text}`", f"no kind of {role} has this name", name.span, meant, tuple(kinds)))
        return None
    return kinds[name.text]


def read_options(written: tuple[ast.Option, ...], kind: Kind, emit: Emit) -> dict[str, Value]:
    """Every option of `kind` with its value."""
    values = {option.name: option.default for option in kind.options}
    first: dict[str, ast.Name] = {}
    for option in written:
        name = option.name.text
        shape = kind.option(name)
        if shape is None:
            known = tuple(one.name for one in kind.options)
            emit(
                missing(
                    f"a {kind.role} of kind `{kind.name}` has no option `{name}`", "no option has this name", option.name.span, name, known
                )
            )
        elif name in first:
            emit(twice(option.name, first[name], "set"))
        else:
            first[name] = option.name
            try:
                values[name] = _value(option.value, shape)
            except _Refused as refused:
                at = option.value.span if option.value is not None else option.name.span
                emit(Diagnostic(BAD_ARGUMENTS, f"`{name}` takes {refused}", Label(at, "this does not fit"), notes=(shape.doc,)))
    return values


def _value(literal: ast.Literal_ | None, shape: OptionShape) -> Value:
    match shape.type, literal:
        case ("text", ast.String(value=text)):
            return text
        case ("text", ast.Reference(name=name)):
            return name.text
        case ("sheet", ast.String(value=text)) if _may_be_sheet(text):
            return text
        case ("sheet", ast.Reference(name=name)) if _may_be_sheet(name.text):
            return name.text
        case ("locale", ast.String(value=text)) if is_known(text):
            return text
        case ("locale", ast.Reference(name=name)) if is_known(name.text):
            return name.text
        case ("path", ast.String(value=text)) if row_path(text) is not None:
            return text
        case ("marks", ast.String(value=text)) if text and not any(mark in text for mark in "\r\n\0"):
            return text
        case ("encoding", ast.String(value=text)) if _is_encoding(text):
            return text
        case ("encoding", ast.Reference(name=name)) if _is_encoding(name.text):
            return name.text
        case ("date pattern", ast.String(value=text)):
            return text
        case ("decimal mark", ast.String(value=text)) if may_mark(text):
            return text
        case ("character", ast.String(value=text)) if len(text) <= 1:
            return text
        case ("bool", ast.Boolean(value=flag)):
            return flag
        case ("bool", None):
            return True
        case ("int", ast.Number(value=int(number))) if number >= 0:
            return number
        case ("texts", ast.ListOf(items=items)) if all(isinstance(item, ast.String) for item in items):
            return tuple(item.value for item in items if isinstance(item, ast.String))
        case ("texts", ast.String(value=text)):
            return (text,)
        case ("word", ast.Reference(name=name)) if name.text in shape.words:
            return name.text
        case ("word", ast.String(value=text)) if text in shape.words:
            return text
        case ("word", ast.Null()) if "null" in shape.words:
            return "null"
        case _:
            raise _Refused(_wanted(shape))


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _may_be_sheet(name: str) -> bool:
    """Whether Excel lets a sheet be called so; nothing stands for the name of the target."""
    return len(name) <= 31 and not any(one in "[]:*?/\\" or one < " " for one in name) and name == name.strip("'")


def _wanted(shape: OptionShape) -> str:
    match shape.type:
        case "text":
            return 'text, such as `"…"`'
        case "sheet":
            return "what Excel lets a sheet be called: at most 31 characters, none of them `[`, `]`, `:`, `*`, `?`, `/` or `\\`"
        case "locale":
            return "one of the languages " + listed(tuple(LOCALES), most=9) + ", alone or with a country: `fr-BE`"
        case "path":
            return "a path of member names that ends at an array, such as `$.orders[*]`"
        case "marks":
            return 'one character or more in quotes, such as `";"`'
        case "encoding":
            return 'the name of a character encoding, such as `"utf-8"`, `"cp1252"` or `"iso-8859-15"`'
        case "date pattern":
            return 'a pattern in quotes, such as `"dd/MM/yyyy"`'
        case "decimal mark":
            return 'one character that stands in no number otherwise, such as `","`'
        case "character":
            return 'one character in quotes, or none: `""`'
        case "bool":
            return "`true` or `false`"
        case "int":
            return "a whole number from 0"
        case "texts":
            return 'a list of texts, such as `["NULL", "N/A"]`'
        case "word":
            return "one of " + listed(shape.words, most=9)
