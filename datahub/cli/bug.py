"""What a person sees when DataHub itself is wrong: one sentence, and a file to attach to a report."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path

from datahub import __version__
from datahub.cli.output import Exit, clean, say

_SECRET = ("--param",)


def tell(error: BaseException) -> Exit:
    """Write the report, say where it is, and give the exit code."""
    say(f"error: this is a mistake of DataHub, not of yours ({type(error).__name__})")
    try:
        path = _write(error)
    except OSError as failure:
        say(f"  note: no report could be written: {failure.strerror or failure}")
    else:
        say(f"  help: please attach {path} to a report; it holds the command, versions and the place in our code, and none of your data")
    return Exit.BUG


def _write(error: BaseException) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="dhm-bug-", suffix=".txt", encoding="utf-8", delete=False) as file:
        file.write(f"dhm {__version__}\nPython {platform.python_version()} on {platform.platform()}\n")
        file.write(clean(f"command: {' '.join(_arguments(sys.argv[1:]))}\n\n{_trace(error)}"))
    return Path(file.name)


def _arguments(arguments: list[str]) -> list[str]:
    """The arguments; what follows `--param` may be a secret."""
    shown = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before in _SECRET or argument.startswith(tuple(f"{name}=" for name in _SECRET)):
            argument = argument.partition("=")[0] + "=…"
        shown.append(argument)
    return shown


def _trace(error: BaseException) -> str:
    """The stack and the kinds of the exceptions; their texts may hold values of a file, so they are left out."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        lines += traceback.format_tb(seen.__traceback__)
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}\n")
        seen = seen.__cause__ or seen.__context__
        if seen is not None:
            lines.append("\nwhile handling, or because of:\n")
    return "".join(lines)
