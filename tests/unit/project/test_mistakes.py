"""Mistakes that people make in `dhm.toml`, one at a time: what is told of each, and whether an editor sees it by the JSON Schema."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from datahub.connectors import models
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.project.load import Request, load
from datahub.project.schema import schema

PAGE = Path(__file__).parent / "mistakes.md"
TEXT = PAGE.read_text(encoding="utf-8")
_, PROJECT, REST = re.split(r"^```toml\n(.*?)^```\n", TEXT, maxsplit=1, flags=re.MULTILINE | re.DOTALL)
CASE = re.compile(
    r"^## (?P<title>[^\n]+)\n\n```diff\n(?P<diff>.*?)```\n```text schema: (?P<schema>yes|no)\n(?P<told>.*?)```\n", re.MULTILINE | re.DOTALL
)
CASES = list(CASE.finditer(REST))
SCHEMA = jsonschema.Draft202012Validator(schema(models()))


def changed(diff: str) -> str:
    lines = diff.splitlines()
    before = "\n".join(one[1:] for one in lines if one.startswith("-"))
    after = "\n".join(one[1:] for one in lines if one.startswith("+"))
    assert PROJECT.count(f"\n{before}\n") == 1 or PROJECT.startswith(before), before
    return PROJECT.replace(before, after, 1)


def told(text: str, folder: Path) -> str:
    (folder / "dhm.toml").write_text(text, encoding="utf-8")
    found: list[Diagnostic] = []
    load(Request(folder, variables={"S": "x"}), models(), found.append)
    shown = render(found).replace(f"{folder}/", "")
    return "".join(f"{line.rstrip()}\n" for line in shown.splitlines() if line.strip(" |") and "= more:" not in line)


def seen(text: str) -> bool:
    return not SCHEMA.is_valid(tomllib.loads(text))


def test_the_project_itself_has_no_mistake(tmp_path):
    jsonschema.Draft202012Validator.check_schema(SCHEMA.schema)
    assert "" == told(PROJECT, tmp_path)
    SCHEMA.validate(tomllib.loads(PROJECT))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_a_mistake_is_told_where_it_stands_and_what_to_do(case, tmp_path):
    text = changed(case["diff"])
    found, by_schema = told(text, tmp_path), "yes" if seen(text) else "no"
    if os.environ.get("DHM_ACCEPT"):
        page = PAGE.read_text(encoding="utf-8")
        head = case[0].partition("```text")[0]
        PAGE.write_text(page.replace(case[0], f"{head}```text schema: {by_schema}\n{found}```\n"), encoding="utf-8")
        return
    assert (case["told"], case["schema"]) == (found, by_schema)


def test_each_mistake_is_told_and_most_are_seen_by_the_schema():
    assert len(CASES) >= 80
    assert all(case["told"].startswith("error[DHM9") for case in CASES)
    # One mistake, one message; a misspelt table takes along what names it.
    assert [case["title"] for case in CASES if case["told"].count("error[") > 1] == ["the connections are misspelt"]
    assert sum(case["schema"] == "yes" for case in CASES) >= 54
