"""What is declared once is known everywhere: rules, functions, formats, commands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from datahub import formats, functions
from datahub.cli.main import is_group, names
from datahub.reports.catalogue import rules

ROOT = Path(__file__).parents[2]


def test_every_rule_has_a_code_of_its_family_and_a_name_that_reads_after_allow():
    for rule in rules().values():
        assert re.fullmatch(r"DHM\d{3}|R\d{3}", rule.code), rule
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name), rule
    assert len({rule.name for rule in rules().values()}) == len(rules())


def test_every_rule_says_a_fact():
    for rule in rules().values():
        assert rule.summary[:1] == rule.summary[:1].lower(), rule
        assert not rule.summary.endswith("."), rule
        assert len(rule.explanation) > len(rule.summary), rule


def test_every_rule_is_raised_somewhere():
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "datahub").rglob("*.py"))
    constants = {
        target.id
        for path in (ROOT / "datahub").rglob("rules*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "Rule"
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    # Once where it is declared; the codes of rows are raised by their letters and digits.
    raised = {constant for constant in constants if len(re.findall(rf"\b{constant}\b", text)) > 1}
    assert [] == sorted(constants - raised)


def test_messages_keep_the_law_of_their_words():
    banned = re.compile(r"\b(invalid|illegal|unexpected|please|oops|failed to)\b", re.IGNORECASE)
    for rule in rules().values():
        assert not banned.search(rule.summary), rule.code


def test_every_function_has_a_summary_and_an_example():
    for function in functions.load().values():
        if function.kind == "operator":
            continue
        assert function.summary.endswith("."), function.name
        assert function.examples, f"{function.name} has no example"


def test_every_format_reads_or_writes():
    for format in formats.load().values():
        assert format.reader or format.writer, format.name
        assert format.extension.isalnum(), format.name


def test_every_command_has_a_sentence_of_help_and_does_not_repeat_a_name():
    folder = ROOT / "datahub" / "cli" / "commands"
    single = [folder / f"{name}.py" for name in names() if not is_group(name)]
    grouped = [folder / group / f"{name}.py" for group in names() if is_group(group) for name in names(group)]
    for path in (*single, *grouped, *(folder / name / "__init__.py" for name in names() if is_group(name))):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        first = (ast.get_docstring(tree) or "").partition("\n\n")[0]
        assert first.endswith("."), path
        commands = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "command"]
        assert (path.name == "__init__.py") is not bool(commands), path
