"""The rules of the house that no tool checks: what a module says, how large it is, what it leaves alone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "datahub"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
LARGEST = 400
LARGER = {
    # A closed union is read from top to bottom; cutting it in two would hide half of a `match`.
    "datahub/syntax/ast.py",
    "datahub/semantic/ir.py",
}
# How the core would reach the world without importing a library that the import contracts forbid.
WORLD = re.compile(
    r"(?<!def )(?<![\w.])(open|input|print)\(|\.(read_text|read_bytes|write_text|write_bytes|unlink|mkdir)\(|os\.(environ|getenv|remove|open)|"
    r"(?<![\w.])time\.(time|sleep)\(|datetime\.now\("
)
CORE = ("document.py", "diagnostics", "types", "syntax", "functions", "frames", "semantic", "lint", "plan", "compiler.py", "engine")
# The one place where the core touches disk: what it spills goes through here, into a folder that the runner hands in.
SPILLING = {"datahub/engine/spill.py", "datahub/engine/exchange.py"}
# The parse tables are prebuilt, and read from the package once.
PACKAGED = {"datahub/syntax/grammar.py", "datahub/syntax/parser.py", "datahub/syntax/automaton.py", "datahub/syntax/tables.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code(path: Path) -> list[tuple[int, str]]:
    """Lines of a module by number, without docstrings and comments."""
    text = path.read_text(encoding="utf-8")
    inside = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return [(number, line.partition("#")[0]) for number, line in enumerate(text.splitlines(), 1) if number not in inside]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_in_a_sentence_what_it_holds(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name == "__init__.py" and not tree.body:
        return
    said = ast.get_docstring(tree)
    assert said, f"{name(path)} has no docstring"
    assert said[0].isupper() or not said[0].isalpha()
    assert said.splitlines()[0].endswith((".", ":", ";", ",")) or "\n" in said


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_not_too_large_to_read(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LARGEST or name(path) in LARGER, f"{name(path)} has {lines} lines: split it by topic"


def test_the_modules_that_may_be_larger_are_still_there_and_still_larger():
    grown = {name(path) for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > LARGEST}
    assert LARGER == grown & LARGER


def test_no_module_is_a_drawer():
    words = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base", "shared"}
    assert [] == [name(path) for path in MODULES if words & set(re.split(r"[_.]", path.stem))]


def test_the_core_reaches_for_nothing_outside():
    found = []
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] not in CORE or name(path) in SPILLING | PACKAGED:
            continue
        found += [f"{name(path)}:{number}: {line.strip()}" for number, line in code(path) if WORLD.search(line)]
    assert [] == found


def test_columns_become_python_values_only_where_a_comment_says_why():
    found = []
    for folder in ("engine", "functions"):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines()
            found += [
                f"{name(path)}:{number}: {lines[number - 1].strip()}" for number in by_row(ast.parse(text)) if not explained(lines, number)
            ]
    assert [] == found, "say in a comment on the line or above the statement why rows are touched one by one"


def by_row(tree: ast.Module) -> list[int]:
    """The lines on which a column becomes a list, or values become Python's in a loop; a single constant is no row."""
    loops = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    looped = {id(inner) for node in ast.walk(tree) if isinstance(node, loops) for inner in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = node.func.attr
            if called in ("to_pylist", "tolist") or (called == "as_py" and id(node) in looped):
                found.add(node.func.end_lineno or node.lineno)
    return sorted(found)


def explained(lines: list[str], number: int) -> bool:
    """Whether line `number`, or the comment just above it or above the statement it belongs to, gives a reason."""
    if "#" in lines[number - 1]:
        return True
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    for line in reversed(lines[: number - 1]):
        text = line.strip()
        if text.startswith("#"):
            return True
        # The same statement goes on above; a line that is not indented less ends it.
        if not text or len(line) - len(line.lstrip()) >= indent:
            return False
        indent = len(line) - len(line.lstrip())
    return False


def test_nothing_is_left_for_later():
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
    found = [name(path) for path in tracked() if path.suffix in (".py", ".md", ".dhm", ".toml", ".lark") and words.search(text_of(path))]
    assert [] == found


def test_no_file_names_a_machine():
    # A folder of two parts or more is this machine's and nobody else's; shorter ones are words of the trade.
    places = {str(place) for place in (ROOT, ROOT.parent, Path.home()) if len(place.parts) > 2}
    found = [f"{name(path)}: {place}" for path in tracked() for place in places if place in text_of(path)]
    assert [] == found


def test_no_file_but_the_licence_and_the_grammar_is_another_project():
    assert text_of(ROOT / "LICENSE").lstrip().startswith("Apache License")


def tracked() -> list[Path]:
    """The files of the tree: those that git knows, else all that are not made."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return [path for one in names if one and (path := ROOT / one).is_file()]
    made = {".venv", ".git", "__pycache__", "build", "dist", "out", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
    found = []
    for place, folders, files in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in made]
        found += [Path(place) / one for one in files]
    return found


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
