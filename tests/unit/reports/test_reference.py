"""The reference is what the code declares: no page is stale, and what a table says of a text is what reading it gives."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import datahub
from datahub.cli.output import Exit
from datahub.cli.reference import EXITS, pages
from datahub.functions.date_patterns import _LETTERS
from datahub.reports.function_search import shown
from datahub.reports.markdown import anchor, code, table
from datahub.reports.text_forms import PATTERN_LETTERS, TEXT_FORMS
from datahub.testing.expressions import answer, as_json

ROOT = Path(__file__).parents[3]
HOME = ROOT / "docs" / "reference"


def test_no_page_of_the_reference_is_stale():
    made = pages(ROOT)
    assert [] == sorted(name for name in made if not (HOME / name).is_file() or (HOME / name).read_text(encoding="utf-8") != made[name]), (
        "write them again: make docs"
    )
    assert set(made) == {path.relative_to(HOME).as_posix() for path in HOME.rglob("*.md")}


def test_the_reference_is_the_same_each_time():
    assert pages(ROOT) == pages(ROOT)


@pytest.mark.parametrize("path", sorted(HOME.rglob("*.md")), ids=lambda path: path.relative_to(HOME).as_posix())
def test_every_link_within_the_reference_leads_to_a_heading(path):
    import re

    outside = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target, fragment in re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", outside):
        page = path if not target else (path.parent / target).resolve()
        if not page.is_relative_to(HOME):
            continue
        heads = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        assert fragment in {anchor(re.sub(r"\[(.+)\]\(.*\)", r"\1", head)) for head in re.findall(r"^#+ (.+)$", heads, re.MULTILINE)}, (
            fragment
        )


@pytest.mark.parametrize("form", TEXT_FORMS, ids=lambda one: f"{one.column} {one.options}".strip())
def test_a_text_in_a_file_becomes_what_the_reference_says(form, tmp_path):
    declared, _, rest = form.column.partition(" format ")
    kind, _, split = declared.partition(" @split")
    column = f"v: {kind}" + (f" format {rest}" if rest else "") + (f" @split{split}" if split else "")
    script = f"source s: csv {{ {form.options}\n columns {{ n: int, {column} }} }}\nentity E {{ n: int, v: {kind} }}\nmap E from s {{ n: s.n, v: s.v }}\n"
    script = script.replace("from s {", "from r in s {").replace("s.n", "r.n").replace("s.v", "r.v")
    with (tmp_path / "s.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("n", "v"), *((at, one.text) for at, one in enumerate(form.readings))])
    result = datahub.run(script, {"s": tmp_path / "s.csv"})
    found = {row["n"]: written(row["v"], kind) for row in result.entities["E"].to_pylist()}
    found |= {int(row["row"]) - 1: row["code"] for row in result.issues.to_pylist()}
    assert [one.becomes for one in form.readings] == [found[at] for at in range(len(form.readings))]


def written(value, kind: str) -> str:
    """A value as the reference writes it."""
    if kind == "json" or (not isinstance(value, str | list | int | float) and not hasattr(value, "quantize")):
        return str(as_json(value))
    return shown(value)


@pytest.mark.parametrize(("pattern", "gives"), [one[:2] for one in PATTERN_LETTERS])
def test_a_pattern_of_dates_writes_what_the_reference_says(pattern, gives):
    assert gives == answer(f'text(datetime("2024-05-01T14:05:09.123456Z"), "{pattern}")').value


def test_every_letter_of_patterns_is_told():
    told = {letter for pattern, _, _ in PATTERN_LETTERS for letter in pattern}
    assert set() == set(_LETTERS) - told


def test_every_exit_code_is_told():
    assert set(Exit) == set(EXITS)


def test_marks_of_markdown_are_kept_out_of_the_way():
    assert "`` `a` ``" == code("`a`")
    assert r"| `a\|b` |" == table(("x",), [("`a|b`",)]).splitlines()[2]
