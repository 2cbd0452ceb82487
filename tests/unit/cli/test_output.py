"""The end of a command: an exit code, a sentence, and never a stack trace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from datahub.cli import output
from datahub.cli.main import names


def dhm(*arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datahub", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_help_lists_every_command_without_loading_any():
    probe = "import sys\nfrom datahub.cli import main\nsys.argv = ['dhm', '--help']\ntry:\n    main.main()\nexcept SystemExit:\n    pass\n"
    probe += "print(sorted(name for name in sys.modules if name.startswith(('pyarrow', 'numpy', 'rich', 'lark', 'datahub.cli.commands.'))))"
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert "[]" == answer.splitlines()[-1]
    assert all(re.search(rf"^  {name} ", answer, re.MULTILINE) for name in names())


def test_a_command_that_is_none_is_wrong_usage_and_names_the_nearest():
    answer = dhm("chek")
    assert 2 == answer.returncode
    assert "Did you mean 'check'" in answer.stderr
    assert "" == answer.stdout


def test_no_arguments_show_the_help():
    answer = dhm()
    assert "Commands:" in answer.stdout + answer.stderr
    assert 2 == answer.returncode


def test_the_version_is_that_of_the_package():
    import datahub

    assert f"dhm {datahub.__version__}\n" == dhm("--version").stdout


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_a_path_that_does_not_exist_is_wrong_usage(command, tmp_path):
    answer = dhm(command, "nowhere.dhm", cwd=tmp_path)
    assert (2, "", "error: there is no file or folder `nowhere.dhm`\n") == (answer.returncode, answer.stdout, answer.stderr)


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_a_folder_without_scripts_is_no_mistake(command, tmp_path):
    answer = dhm(command, cwd=tmp_path)
    assert (0, "no scripts here: a script is a file whose name ends in .dhm\n") == (answer.returncode, answer.stderr)


def test_a_mistake_of_ours_is_one_sentence_and_a_file_without_values(tmp_path):
    script = (
        "import sys, tempfile\n"
        "from datahub.cli import main, scripts\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "def broken(paths): raise KeyError('a value of a ' + 'customer')\n"
        "scripts.scripts = broken\n"
        "sys.argv = ['dhm', 'check', '.']\n"
        "main.main()\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert 70 == answer.returncode
    assert "Traceback" not in answer.stdout + answer.stderr
    assert answer.stderr.startswith("error: this is a mistake of DataHub, not of yours (KeyError)\n")
    (report,) = tmp_path.glob("dhm-bug-*.txt")
    assert report.as_posix() in answer.stderr
    assert "in broken" in report.read_text()
    assert "a value of a customer" not in report.read_text() + answer.stderr


def test_a_parameter_in_a_report_loses_its_value():
    from datahub.cli.bug import _arguments

    given = ["run", "--param", "token=abc", "--param=key=abc", "a.dhm"]
    assert ["run", "--param", "token=…", "--param=…", "a.dhm"] == _arguments(given)


def test_colour_is_for_terminals_and_for_those_who_ask(monkeypatch):
    import io

    from datahub.cli.output import colourful

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert colourful(Terminal())
    assert not colourful(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert colourful(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colourful(Terminal())


def test_output_that_nobody_reads_any_more_ends_quietly():
    answer = subprocess.run(
        f"{sys.executable} -m datahub explain | head -1", shell=True, executable="/bin/bash", capture_output=True, text=True, check=False
    )
    assert "" == answer.stderr


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a\x1b]0;title\x07b", r"a\x1b]0;title\x07b"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("one\rtwo", r"one\x0dtwo"),
        ("a\u202eb\x9bc", r"a\u{202e}b\x9bc"),
        ("\x1b[1;33mwarning\x1b[0m: x\n\ty", "\x1b[1;33mwarning\x1b[0m: x\n\ty"),
    ],
)
def test_what_strangers_wrote_steers_no_terminal(capsys, text, shown):
    output.say(text)
    assert shown + "\n" == capsys.readouterr().err
    output.give(text)
    # What is not a terminal gets the result as it is.
    assert text == capsys.readouterr().out
