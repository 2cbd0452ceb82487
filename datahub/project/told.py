"""What pydantic finds wrong with a value, in our words and at the value's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.suggest import listed, nearest
from datahub.document import Span
from datahub.project.model import Config
from datahub.project.places import Path
from datahub.project.rules import LITERAL_SECRET, MISSING_KEY, UNDEFINED_REFERENCE, UNKNOWN_KEY, UNKNOWN_REFERENCE, WRONG_VALUE
from datahub.records import record

_WORDS = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "`true` or `false`",
    "bool_type": "`true` or `false`",
    "string_type": "text in quotes",
    "list_type": "an array",
    "tuple_type": "an array",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "secret_type": "a reference in quotes",
}


@record(frozen=True, slots=True)
class Where:
    """How places are found: the value at a path, and the key at a path."""

    value: Callable[[Path], Span]
    key: Callable[[Path], Span]


def told(detail: ErrorDetails, model: type[Config], at: Path, where: Where) -> Diagnostic:
    """One error of `model`, read from the value at `at`."""
    path: Path = (*at, *detail["loc"])
    key, context = str(path[-1]) if path else "", detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(path, fields_at(model, detail["loc"][:-1]), where)
        case "missing":
            advice = f"write `{key} = …` below it, or set `{variable(path)}`" if len(path) > 1 else f"write a table `[{key}]`"
            label = Label(where.key(path[:-1]), f"`{key}` is missing")
            return Diagnostic(MISSING_KEY, f"`{_table(path[:-1])}` has no `{key}`", label, help=advice)
        case "literal_secret":
            # One of several has no name of its own.
            key = next((str(part) for part in reversed(path) if isinstance(part, str)), key)
            label = Label(where.value(path), "this must be a reference")
            advice = f'write `{key} = "${{env:{_short(path)}}}"`, and set that variable where the job runs'
            return Diagnostic(LITERAL_SECRET, f"`{key}` is a secret, and it stands here", label, help=advice)
        case "undefined_reference" | "unknown_reference" as how:
            label = Label(where.value(path), "referred to here")
            return Diagnostic(
                UNDEFINED_REFERENCE if how == "undefined_reference" else UNKNOWN_REFERENCE,
                str(context["message"]),
                label,
                help=context["help"] or None,
            )
        case kind:
            label = Label(where.value(path), _label(kind, context))
            return Diagnostic(WRONG_VALUE, _wrong(kind, key, detail), label, help=context.get("help") or None)


def _unknown(path: Path, known: list[str], where: Where) -> Diagnostic:
    label = Label(where.key(path), "not a key of it")
    near = nearest(str(path[-1]), known)
    notes = () if near or not known else (f"its keys are {listed(known, 12)}",)
    advice = f"did you mean `{near}`?" if near else None
    return Diagnostic(UNKNOWN_KEY, f"`{_table(path[:-1])}` has no key `{path[-1]}`", label, notes=notes, help=advice)


def fields_at(model: type[Config], loc: tuple[str | int, ...]) -> list[str]:
    """The keys of the table that `loc` leads to from a table of `model`."""
    kind: Any = model
    for part in loc:
        if isinstance(kind, type) and issubclass(kind, Config):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            # A table or an array of models: the part is a name or a number in it.
            kind = kind.__args__[-1] if getattr(kind, "__args__", ()) else None
        kind = _model_in(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, Config) else []


def _model_in(kind: Any) -> Any:
    """`M` out of `M | None` and `Annotated[M, …]`; tables and arrays stay."""
    origin = getattr(kind, "__origin__", None)
    if origin in (dict, list, tuple, Mapping):
        return kind
    models = [one for one in getattr(kind, "__args__", ()) if isinstance(one, type) and issubclass(one, Config)]
    return models[0] if models else kind


def _wrong(kind: str, key: str, detail: ErrorDetails) -> str:
    if kind in _WORDS:
        return f"`{key}` takes {_WORDS[kind]}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"`{key}` takes {message}" if message != detail["msg"] else f"`{key}`: {message[:1].lower()}{message[1:]}"


def _label(kind: str, context: dict[str, Any]) -> str:
    if kind == "literal_error":
        return f"not {context['expected']}"
    return f"not {_WORDS[kind]}" if kind in _WORDS else "this value"


def _table(path: Path) -> str:
    return f"[{'.'.join(map(str, path))}]" if path else "the project"


def variable(path: Path) -> str:
    """The environment variable that sets the value at `path`."""
    return "DHM_" + "__".join(str(part).upper().replace("-", "_") for part in path)


def _short(path: Path) -> str:
    return "_".join(str(part).upper().replace("-", "_") for part in path[1:] if isinstance(part, str))
