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
from inspect import cleandoc
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from datahub.cli import memory
from datahub.cli.arguments import AtOnce, Command
from datahub.cli.late_kernels import make_kernels_late
from datahub.cli.late_numpy import make_numpy_light
from datahub.cli.output import Exit, Stop

_FOLDER = Path(__file__).parent / "commands"
_JOURNEY = ("infer", "check", "fmt", "explain", "preview", "test", "run", "eval", "functions")
"""Commands in the order in which a person meets them; the others follow by name."""


def program() -> NoReturn:
    """`dhm` as a process of its own: it begins and ends as fast as it can."""
    # Loading makes objects that all stay; looking for garbage among them takes a tenth of the time of `dhm check`.
    gc.set_threshold(300_000, 20, 100)
    # NumPy's linear algebra, which nothing here uses, would start a thread for each core when NumPy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Columns are made by one thread and let go by another: with an arena for each, what one gave back is seldom what the next one wants.
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", f"narenas:{max(1, (os.cpu_count() or 1) // 4)}")
    memory.left = []
    make_numpy_light()
    make_kernels_late()
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
        _stop_for_extension(error)
        _stop_for_disk(error)
        from datahub.cli.bug import tell

        sys.exit(tell(error))


def _stop_for_disk(error: Exception) -> None:
    """End with what to do where a disk is full or read only: that is no mistake of DataHub either."""
    from datahub.cli.disk import of_the_disk

    if (stop := of_the_disk(error)) is not None:
        stop.tell()
        sys.exit(stop.code)


def _stop_for_extension(error: Exception) -> None:
    """End with one sentence where a function of another distribution broke what it declares: that is no mistake of DataHub."""
    if "datahub.functions.extensions" in sys.modules:
        from datahub.functions.extensions import BrokenExtension

        if isinstance(error, BrokenExtension):
            Stop(error.message, error.help).tell()
            sys.exit(Exit.WRONG)


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(Exit.TERMINATED)


class _Commands(Mapping[str, Any]):
    """The commands of a group by name, each made when it is asked for; "" is `dhm` itself."""

    def __init__(self, group: str = "") -> None:
        self._group = group

    def __iter__(self) -> Iterator[str]:
        return iter(names(self._group))

    def __len__(self) -> int:
        return len(names(self._group))

    def __contains__(self, name: object) -> bool:
        return name in names(self._group)

    def __getitem__(self, name: str) -> Any:
        if name not in names(self._group):
            raise KeyError(name)
        if is_group(name):
            return _group(name)
        module = import_module(".".join(filter(None, ("datahub.cli.commands", self._group, name))))
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        settings = getattr(module, "SETTINGS", None)
        single.command(name, cls=Command, help=cleandoc(module.__doc__ or ""), context_settings=settings)(module.command)
        return typer.main.get_command(single)


class _Group(AtOnce, TyperGroup):
    """The group `dhm`: its list of commands is made from the first line of each file, without importing any."""

    within = ""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(self.within)  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:
        return list(names(self.within))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _help(self.within, name).partition("\n")[0]) for name in names(self.within)])


def _group(name: str) -> Any:
    """A command that is a folder: what it can do is a file each, as with `dhm` itself."""
    cls = type(f"_Group_{name}", (_Group,), {"within": name})
    made = typer.Typer(
        name=name, cls=cls, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True
    )
    made.callback(help=_help("", name))(lambda: None)
    return typer.main.get_command(made)


@cache
def names(group: str = "") -> tuple[str, ...]:
    """Every command of a group, in the order of the help: a file, or a folder with commands of its own."""
    folder = _FOLDER / group
    found = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    kept = sorted(name for name in found if not name.startswith("_"))
    return tuple(sorted(kept, key=lambda name: _JOURNEY.index(name) if name in _JOURNEY else len(_JOURNEY)))


def is_group(name: str) -> bool:
    """Whether a command of `dhm` is a folder of commands."""
    return (_FOLDER / name / "__init__.py").is_file()


@cache
def _help(group: str, name: str) -> str:
    """The docstring of the command's file."""
    path = _FOLDER / group / name
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


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
