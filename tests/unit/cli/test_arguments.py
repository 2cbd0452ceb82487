"""What is taken from the command line as it stands is what Typer would have made of it."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from datahub.cli.arguments import Command


class Form(StrEnum):
    ONE = "one"
    TWO = "two"


def command(
    path: Annotated[Path, typer.Argument()],
    text: str = "",
    several: Annotated[list[str] | None, typer.Option()] = None,
    paths: Annotated[list[Path] | None, typer.Option()] = None,
    form: Form = Form.ONE,
    count: Annotated[int, typer.Option(min=1)] = 3,
    share: float = 0.5,
    sure: Annotated[bool, typer.Option("--sure")] = False,
) -> None:
    raise Took(path, text, several, paths, form, count, share, sure)


class Took(Exception):
    """What a command was called with."""


def called(cls: type[TyperCommand], arguments: list[str]) -> tuple[object, ...] | str:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command("it", cls=cls)(command)
    try:
        typer.main.get_command(app).main(arguments, standalone_mode=False)
    except Took as took:
        return tuple((type(one), one) for one in took.args)
    except TyperException as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.dhm"],
        [""],
        ["."],
        ["a.dhm", "--text", "", "--form", "two"],
        ["a.dhm", "--several", "x=1", "--several", "y"],
        ["a.dhm", "--paths", "x", "--paths", "", "--sure"],
        ["a.dhm", "--count", "7", "--share", "1e3"],
        ["a.dhm", "--count", "0"],
        ["a.dhm", "--count", "x"],
        ["a.dhm", "--share", "x"],
        ["a.dhm", "--form", "TWO"],
        ["a.dhm", "--form", "three"],
        ["a.dhm", "--sure=yes"],
        ["a.dhm", "b.dhm"],
        [],
    ],
    ids=" ".join,
)
def test_a_value_is_what_typer_makes_of_it(arguments):
    assert called(TyperCommand, arguments) == called(Command, arguments)


def test_a_command_that_is_given_texts_does_not_load_what_converts_values(tmp_path):
    (tmp_path / "a.dhm").write_text("entity A { x: int }\n", encoding="utf-8")
    probe = "import sys\nfrom datahub.cli import main\nsys.argv = ['dhm', 'check', 'a.dhm']\ntry:\n    main.main()\nexcept SystemExit:\n    pass\n"
    probe += "print(sorted(name for name in sys.modules if name.startswith('pydantic')))"
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert "[]" == answer.splitlines()[-1]
