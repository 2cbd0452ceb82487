"""`make docs`: writes the reference into `docs/reference`, from what the code declares and the commands' own help."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from datahub.cli.main import app, is_group, names
from datahub.cli.output import Exit
from datahub.reports.reference import CommandHelp, reference
from datahub.resources import folder

EXITS: Mapping[Exit, str] = {
    Exit.DONE: "done; rejects are accepted unless asked otherwise",
    Exit.WRONG: "the script or the data is wrong: `dhm check` found errors, a test failed, `dhm run` was aborted by the script's own "
    "rules or could not read its input",
    Exit.USAGE: "wrong usage, or `dhm run` of a script that does not compile; nothing was touched",
    Exit.REJECTS: "rows were rejected, with `--fail-on-rejects`",
    Exit.EMPTY: "no row was read, with `--fail-on-empty`",
    Exit.SKIPPED: "another run of the job is not done, with `--fail-on-skip`",
    Exit.BUG: "a mistake of DataHub; a report is written, to be sent with the question",
    Exit.LATER: "the world did not answer; trying again may work",
    Exit.INTERRUPTED: "interrupted",
    Exit.TERMINATED: "terminated",
}
"""What each exit code means."""

GRAMMAR = ("dhm.lark", "expressions.lark", "terminals.lark")


def main() -> None:
    """Write the pages below the folder named, and remove those that are no more."""
    root = Path(sys.argv[1])
    made = pages(root)
    home = root / "docs" / "reference"
    for path in home.rglob("*.md"):
        if path.relative_to(home).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")


def pages(root: Path) -> dict[str, str]:
    """Every page of the reference of the checkout at `root`, by its path below `docs/reference`."""
    return reference(
        list(_commands()),
        [(code.value, says) for code, says in EXITS.items()],
        {name: (folder("grammar") / name).read_text(encoding="utf-8") for name in GRAMMAR},
        {path.name: path.read_text(encoding="utf-8") for path in sorted((root / "tests" / "spec").glob("*.md"))},
    )


def _commands() -> Iterator[CommandHelp]:
    whole: Any = typer.main.get_command(app)
    for name in names():
        command = whole.commands[name]
        if is_group(name):
            yield CommandHelp(name, command.help or "", f"dhm {name} COMMAND", ())
            for inner in names(name):
                yield _command(f"{name} {inner}", command.commands[inner])
        else:
            yield _command(name, command)


def _command(name: str, command: Any) -> CommandHelp:
    shown = [one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)]
    words = [f"dhm {name}", "[OPTIONS]"] if any(one.param_type_name == "option" for one in shown) else [f"dhm {name}"]
    usage = " ".join(words + [_argument(one) for one in shown if one.param_type_name == "argument"])
    return CommandHelp(name, command.help or "", usage, tuple(map(_option, shown)))


def _option(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        return _argument(parameter), "", parameter.help or ""
    name = ", ".join(sorted(parameter.opts, key=len, reverse=True))
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        name += f" <{'|'.join(str(one.value) for one in kind)}>"
    elif not parameter.is_flag:
        name += f" {parameter.metavar or ('NUMBER' if kind is int else 'TEXT')}"
    return name, _default(parameter), parameter.help or ""


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    many = "..." if parameter.nargs == -1 else ""
    return f"{name}{many}" if parameter.required else f"[{name}{many}]"


def _default(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return str(parameter.show_default)
    value = parameter.default
    if parameter.is_flag or not parameter.show_default or value in (None, "", ()):
        return ""
    return str(value.value if isinstance(value, Enum) else value)


if __name__ == "__main__":
    main()
