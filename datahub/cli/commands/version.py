"""Print the versions of DataHub, of what it stands on, and of the distributions that add functions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from datahub.cli.output import give, say

_BELOW = ("pyarrow", "numpy", "lark", "pydantic", "typer", "tzdata")


def command(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    import json

    from datahub import __version__

    versions = {"dhm": __version__, "python": platform.python_version()} | {name: version(name) for name in _BELOW} | _extensions()
    if as_json:
        give(json.dumps(versions, indent=2) + "\n")
    else:
        wide = max(map(len, versions))
        give("".join(f"{name:<{wide}} {number}\n" for name, number in versions.items()))
    if _foreign():
        say("note: `acryl-datahub` is installed beside DataHub and uses the same import name; give one of them an environment of its own")


def _extensions() -> dict[str, str]:
    """The distributions that bring functions of the language."""
    from datahub.functions.extensions import distributions

    return dict(distributions())


def _foreign() -> bool:
    """Whether the other package that is imported as `datahub` is here too."""
    try:
        return bool(version("acryl-datahub"))
    except PackageNotFoundError:
        return False
