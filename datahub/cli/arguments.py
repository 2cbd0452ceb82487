"""What stands on a command line as values: texts, paths and choices at once, all else by Typer's own means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from typer._coercion import RuntimeParam, build_runtime_param
from typer._param_types import coerce_cli_path
from typer.core import TyperCommand


class AtOnce:
    """A command whose parameters take what needs no conversion as it is.

    Typer has pydantic convert every value, texts too, and pydantic takes longer to load than most commands take to run. What is to be
    converted or refused (a number, a choice that is none) is still converted or refused by it.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            kind = parameter.type_descriptor
            if kind.parameter_info.parser is None:
                parameter._runtime_param = _Plain(kind.parameter_info, kind.annotation)  # noqa: SLF001 - Typer has no other door
        return parameters


class Command(AtOnce, TyperCommand):
    """A command of `dhm`."""


@dataclass(frozen=True)
class _Plain(RuntimeParam):
    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        origin: Any = get_origin(self.annotation)
        several = origin is list
        kind = get_args(self.annotation)[0] if several else self.annotation
        values = list(value) if several else [value]
        made = [self._taken(one, kind, param, ctx) for one in values]
        if any(one is None for one in made):
            return build_runtime_param(param.type_descriptor).coerce(value, param, ctx)
        return made if several else made[0]

    def _taken(self, value: Any, kind: type, param: Any, ctx: Any) -> Any:
        """The value, or None where it must be converted."""
        if kind is Path and isinstance(value, str | Path):
            return coerce_cli_path(Path(value), self.parameter_info, path_type=Path, param=param, ctx=ctx)
        if type(value) is kind:
            return value
        if issubclass(kind, Enum):
            return next((one for one in kind if one.value == value), None)
        return None
