"""What pydantic finds wrong with a value, in our words and at the value's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic_core import ErrorDetails

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.suggest import listed, nearest
from datahub.document import Span
from datahub.project.literals import with_user
from datahub.project.model import Config
from datahub.project.places import Path
from datahub.project.rules import LITERAL_SECRET, MISSING_KEY, UNDEFINED_REFERENCE, UNKNOWN_KEY, UNKNOWN_REFERENCE, WRONG_VALUE
from datahub.project.trigger import KINDS
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
_BOUNDS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "{} or less"),
    "too_short": ("min_length", "{} or more"),
    "string_too_short": ("min_length", "{} or more characters"),
    "string_pattern_mismatch": ("pattern", "text of the form `{}`"),
}


@record(frozen=True, slots=True)
class Where:
    """How places are found: the value at a path, and the key at a path."""

    value: Callable[[Path], Span]
    key: Callable[[Path], Span]


def all_told(details: Sequence[ErrorDetails], model: type[Config], value: Any, at: Path, where: Where) -> Iterator[Diagnostic]:
    """What `details` say of `value`, which stands at `at`. A key that is misspelt is told as that, and not as one that is missing too."""
    found = [(one, *_led(model, value, one["loc"])) for one in details]
    misspelt = {
        (*path[:-1], near)
        for one, path, holder in found
        if one["type"] == "extra_forbidden" and (near := nearest(str(path[-1]), _keys(holder))) is not None
    }
    within = {path[:length] for _, path, _ in found for length in range(len(path))}
    for one, path, holder in found:
        # What is wrong in an array is not counted, and may be all that it lacks.
        counted = one["type"] == "too_short" and path in within
        if not counted and not (one["type"] == "missing" and path in misspelt):
            yield _told(one, (*at, *path), holder, where)


def _told(detail: ErrorDetails, path: Path, holder: type[Config] | None, where: Where) -> Diagnostic:
    """One error at `path`; `holder` is the model of the table around it."""
    context = detail.get("ctx", {})
    key = next((one for one in reversed(path) if isinstance(one, str)), "")
    match detail["type"]:
        case "extra_forbidden":
            return unknown(path, _keys(holder), where, _below(holder, str(path[-1])))
        case "missing":
            return missing(path, where)
        case "literal_secret":
            label = Label(where.value(path), "this must be a reference")
            written = f'"${{env:{_short(path)}}}"'
            advice = f"write `{key} = {f'[{written}]' if isinstance(path[-1], int) else written}`, and set that variable where the job runs"
            return Diagnostic(LITERAL_SECRET, f"`{key}` is a secret, and it stands here", label, help=advice)
        case "undefined_reference" | "unknown_reference" as how:
            label = Label(where.value(path), "referred to here")
            rule = UNDEFINED_REFERENCE if how == "undefined_reference" else UNKNOWN_REFERENCE
            return Diagnostic(
                rule, str(context["message"]), label, help=str(context["help"] or f'write `{key} = "${{env:{_short(path)}}}"`')
            )
        case "address_user":
            return with_user(key, where.value(path), where.value(path).text)
        case "trigger" if (kind := where.value((*path, "kind"))).text and kind.text != where.value(path).text:
            return _no_word((*path, "kind"), kind.text.strip("\"'"), KINDS, where)
        case "union_tag_not_found" | "trigger":
            return missing((*path, "kind"), where, "" if detail["type"] == "union_tag_not_found" else detail["msg"])
        case "union_tag_invalid":
            known = [one.strip(" '") for one in str(context["expected_tags"]).split(",")]
            return _no_word((*path, "kind"), str(context["tag"]), known, where)
        case "literal_error":
            known = [one.strip(" '") for one in str(context["expected"]).replace(" or ", ", ").split(",")]
            found = where.value(path).text.strip("\"'")
            return _no_word(path, found, known, where)
        case kind:
            deeper = context.get("key") or ()
            label = Label(where.value((*path, *((deeper,) if isinstance(deeper, str) else deeper))), _label(kind))
            # A mistake between several keys names them itself.
            message = detail["msg"] if deeper else _wrong(kind, key, detail)
            return Diagnostic(WRONG_VALUE, message, label, help=context.get("help") or None)


def _led(model: type[Config], value: Any, loc: tuple[str | int, ...]) -> tuple[Path, type[Config] | None]:
    """Where an error lies in the file, and the model of the table around it.

    What pydantic tells leads through the models: the word of a choice between models stands in no file, nor the place in a list of one,
    nor the key of a table for which a text is short.
    """
    path: list[str | int] = []
    kind: Any = model
    holder: type[Config] | None = model
    for part in loc:
        choices = _choices(kind)
        if len(choices) > 1 and not isinstance(value, list | tuple) and str(part) in choices:
            kind = holder = choices[str(part)]
            continue
        short = isinstance(value, str | int | float) or (isinstance(part, int) and not isinstance(value, list | tuple))
        if not short:
            path.append(part)
            value = _inside(value, part)
        if isinstance(kind, type) and issubclass(kind, Config):
            holder = kind
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            kind = _item(kind)
            holder = _model(kind) or holder
        only = _model(kind)
        kind = only if only is not None and _is_plain(kind) else kind
    return tuple(path), holder


def _inside(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _arguments(kind: Any) -> tuple[Any, ...]:
    return tuple(one for one in get_args(kind) if one is not Ellipsis)


def _item(kind: Any) -> Any:
    """What a table or an array holds: `M` of `dict[str, M]`, `list[M] | None`, `tuple[M, ...]`."""
    origin = getattr(kind, "__origin__", None)
    if origin in (dict, list, tuple, Mapping):
        found = _arguments(kind)
        return found[-1] if found else None
    return next((inner for one in _arguments(kind) if (inner := _item(one)) is not None), None)


def _is_plain(kind: Any) -> bool:
    """Whether a kind is one table, and none of several."""
    return _item(kind) is None and len(_choices(kind)) <= 1


def _model(kind: Any) -> type[Config] | None:
    """`M` out of `M | None` and `Annotated[M, …]`."""
    if isinstance(kind, type) and issubclass(kind, Config):
        return kind
    if getattr(kind, "__origin__", None) in (dict, list, tuple, Mapping):
        return None
    return next((found for one in _arguments(kind) if (found := _model(one)) is not None), None)


def _choices(kind: Any) -> dict[str, type[Config]]:
    """The models that a `kind` chooses between, by their words."""
    if isinstance(kind, type) and issubclass(kind, Config):
        field = kind.model_fields.get("kind")
        return {str(field.default): kind} if field is not None else {}
    if getattr(kind, "__origin__", None) in (dict, list, tuple, Mapping):
        return {}
    return {word: model for one in _arguments(kind) for word, model in _choices(one).items()}


def _keys(holder: type[Config] | None) -> list[str]:
    return list(holder.model_fields) if holder is not None else []


def _below(holder: type[Config] | None, key: str) -> str:
    """The table of a model that has a key which the model itself has not, if there is one."""
    fields = holder.model_fields.items() if holder is not None else ()
    return next((name for name, field in fields if key in _keys(_table_of(field.annotation))), "")


def _table_of(kind: Any) -> type[Config] | None:
    """The model of a key that is one table, or several side by side; not of tables that have names."""
    several = getattr(kind, "__origin__", None) in (list, tuple)
    return _model(_item(kind) if several else kind)


def unknown(path: Path, known: Sequence[str], where: Where, below: str = "") -> Diagnostic:
    """A key that its table has not; `below` is a table of it that has."""
    label = Label(where.key(path), "not a key of it")
    near = nearest(str(path[-1]), known)
    notes = () if near or below or not known else (f"its keys are {listed(known, 12)}",)
    advice = f"did you mean `{near}`?" if near else None
    if below and not near:
        advice = f"it is a key of `{below}`: write `{below} = {{…, {path[-1]} = …}}`"
    return Diagnostic(UNKNOWN_KEY, f"{_table(path[:-1])} has no key `{path[-1]}`", label, notes=notes, help=advice)


def missing(path: Path, where: Where, advice: str = "") -> Diagnostic:
    """A key that a table must have."""
    key = str(path[-1])
    advice = advice or (f"write `{key} = …` below it, or set `{variable(path)}`" if len(path) > 1 else f"write a table `[{key}]`")
    label = Label(where.key(path[:-1]), f"`{key}` is missing")
    return Diagnostic(MISSING_KEY, f"{_table(path[:-1])} has no `{key}`", label, help=advice)


def _no_word(path: Path, found: str, known: Sequence[str], where: Where) -> Diagnostic:
    """A word that is none of those that a key takes."""
    near = nearest(found, known)
    label = Label(where.value(path), "none of these")
    words = listed(known, 20).replace(", and ", " or ").replace(" and ", " or ")
    return Diagnostic(WRONG_VALUE, f"`{path[-1]}` takes {words}", label, help=f"did you mean `{near}`?" if near else None)


def _wrong(kind: str, key: str, detail: ErrorDetails) -> str:
    if kind in _WORDS:
        return f"`{key}` takes {_WORDS[kind]}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"`{key}` takes {words.format(detail.get('ctx', {})[bound])}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"`{key}` takes {message}" if message != detail["msg"] else f"`{key}`: {message}"


def _label(kind: str) -> str:
    return f"not {_WORDS[kind]}" if kind in _WORDS else "here"


def _table(path: Path) -> str:
    """A table as it is headed; one in an array by its number, from 1."""
    if not path:
        return "the file"
    named = "`[" + ".".join(str(one) for one in path if isinstance(one, str)) + "]`"
    numbers = [one + 1 for one in path if isinstance(one, int)]
    return f"{named} (number {numbers[-1]})" if numbers else named


def variable(path: Path) -> str:
    """The environment variable that sets the value at `path`."""
    return "DHM_" + "__".join(str(part).upper().replace("-", "_") for part in path)


def _short(path: Path) -> str:
    return "_".join(part.upper().replace("-", "_") for part in path[1:] if isinstance(part, str))
