"""`dhm` as a program: finds the command that is asked for, loads that one alone, and turns every end into an exit code."""

from __future__ import annotations

import ast
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from datahub.cli.output import Exit, Stop

_FOLDER = Path(__file__).parent / "commands"
_JOURNEY = ("infer", "check", "fmt", "explain", "preview", "test", "run", "eval", "functions")
"""Commands in the order in which a person meets them; the others follow by name."""


def program() -> NoReturn:
    """`dhm` as a process of its own: it begins and ends as fast as it can."""
    # Loading makes objects that all stay; looking for garbage among them takes a tenth of the time of `dhm check`.
    gc.set_threshold(50_000, 20, 100)
    code: object = Exit.DONE
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            # Nobody reads any more.
            continue
    number = code if isinstance(code, int) else Exit.DONE if code is None else Exit.WRONG
    # Everything is written and closed by now; taking down each module would take another tenth. Besides, Python may end
    # by the signal instead of the code where an interrupt went through text that it was executing.
    if all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(number)
    sys.exit(number)


def main() -> None:
    """Run `dhm` on the arguments of this process, and raise `SystemExit`."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app(prog_name="dhm")
    except Stop as stop:
        stop.tell()
        sys.exit(stop.code)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter would complain at its own exit.
        sys.stdout = None
        sys.exit(Exit.DONE)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:
        if os.environ.get("DHM_TRACEBACK"):
            raise
        from datahub.cli.bug import tell

        sys.exit(tell(error))


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(Exit.TERMINATED)


class _Commands(Mapping[str, Any]):
    """The commands by name, each made when it is asked for."""

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())

    def __contains__(self, name: object) -> bool:
        return name in names()

    def __getitem__(self, name: str) -> Any:
        if name not in names():
            raise KeyError(name)
        module = import_module(f"datahub.cli.commands.{name}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(name, help=_help(name))(module.command)
        return typer.main.get_command(single)


class _Group(TyperGroup):
    """The group `dhm`: its list of commands is made from the first line of each file, without importing any."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:
        return list(names())

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _help(name).partition("\n")[0]) for name in names()])


@cache
def names() -> tuple[str, ...]:
    """Every command, in the order of the help."""
    found = sorted(path.stem for path in _FOLDER.glob("*.py") if not path.stem.startswith("_"))
    return tuple(sorted(found, key=lambda name: _JOURNEY.index(name) if name in _JOURNEY else len(_JOURNEY)))


@cache
def _help(name: str) -> str:
    """The docstring of the command's file."""
    return ast.get_docstring(ast.parse((_FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""


def _version(asked: bool) -> None:
    if asked:
        from datahub import __version__

        print(f"dhm {__version__}")
        raise typer.Exit


app = typer.Typer(cls=_Group, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback(epilog="`dhm COMMAND --help` tells more of each. Exit codes: 0 done, 1 the script or the data is wrong, 2 wrong usage.")
def dhm(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and stop."),
) -> None:
    """Check, run and explain mappings written in .dhm."""
