"""What the documents tell people to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datahub.cli.main import names

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_a_page_names_is_one(page):
    text = page.read_text(encoding="utf-8")
    code = [*re.findall(r"`([^`\n]+)`", text), *"\n".join(re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL)).splitlines()]
    said = {match[1] for line in code for match in re.finditer(r"(?:^|\$ )dhm ([a-z]+)", line.strip())}
    assert set() == said - set(names()), page


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_task_that_a_page_names_is_one(page):
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    said = set(re.findall(r"(?:^|`|\$ )make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert set() == said - tasks, page


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_to_a_file_leads_to_one(page):
    prose = re.sub(r"^(`{3,}).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", prose)
    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_the_page_of_the_house_names_every_layer_from_top_to_bottom():
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index("## Layers") : page.index("## The command line")]
    rows = [set(re.findall(r"`([a-z]+)`", row)) for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)]
    assert [set(layer.split(" | ")) for layer in layers] == rows


def test_every_option_that_the_readme_shows_is_one():
    import subprocess
    import sys

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown: dict[str, set[str]] = {}
    for line in re.findall(r"^\$? ?dhm ([a-z]+)(.*)$", text, re.MULTILINE):
        shown.setdefault(line[0], set()).update(re.findall(r"(--[a-z-]+)", line[1]))
    for command, options in shown.items():
        help = subprocess.run([sys.executable, "-m", "datahub", command, "--help"], capture_output=True, text=True, check=True).stdout
        assert set() == {option for option in options if option not in help}, command
