"""Print the versions of DataHub and of what it stands on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from datahub.cli.output import give, say

_BELOW = ("pyarrow", "numpy", "lark", "pydantic", "typer")


def command(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    import json

    from datahub import __version__

    versions = {"dhm": __version__, "python": platform.python_version()} | {name: version(name) for name in _BELOW}
    if as_json:
        give(json.dumps(versions, indent=2) + "\n")
    else:
        give("".join(f"{name:<9} {number}\n" for name, number in versions.items()))
    if _foreign():
        say("note: `acryl-datahub` is installed beside DataHub and uses the same import name; give one of them an environment of its own")


def _foreign() -> bool:
    """Whether the other package that is imported as `datahub` is here too."""
    try:
        return bool(version("acryl-datahub"))
    except PackageNotFoundError:
        return False
