"""What the documentation shows is what happens: files of a page are written, its commands typed, their output compared.

A block ```` ```KIND NAME ```` is a file of that name. A block ```` ```console ```` holds commands behind `$ ` and what they print;
a line `…` stands for any lines. Commands run in a folder of the page's own, with a copy of `examples/` where
the page speaks of it.
`DHM_ACCEPT=1` writes what comes out into the blocks that do not hold.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<kind>\w+)(?: (?P<name>[\w./-]+))?\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
SPEED = re.compile(r"in [\d.]+ s \([\d,]+ rows/s\)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of a page, and what the page says it prints."""

    command: str
    printed: str


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_shows_is_what_happens(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    home = tmp_path / page.relative_to(ROOT).parent if page.is_relative_to(ROOT / "examples") else tmp_path
    # A page that does not speak of the examples has a project of its own: theirs would be locked with it.
    if home != tmp_path or "examples/" in text:
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
    now = FENCE.sub(lambda found: shown(found, home), text)
    if os.environ.get("DHM_ACCEPT"):
        page.write_text(now, encoding="utf-8")
    assert text == now


SERVED = {"docs/how-to/call-a-rest-api.md", "docs/how-to/deliver-to-mirakl.md", "docs/how-to/start-on-events.md"}
"""Pages about two processes that talk to each other; tests/transports and tests/end_to_end run what they speak of."""


def test_the_pages_are_there_and_type_something():
    typed = {name(page): FENCE.findall(page.read_text(encoding="utf-8")) for page in PAGES}
    assert len(typed) >= 10
    assert [] == [
        page
        for page, blocks in typed.items()
        if page.startswith("docs/") and page not in SERVED and not any(kind == "console" for _, kind, _, _ in blocks)
    ]


def shown(found: re.Match[str], home: Path) -> str:
    """The block as it should be: a file is written and stays as it is, commands stand before what they print."""
    if found["name"]:
        path = home / found["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
    elif found["kind"] == "console":
        parts = (f"$ {one.command}\n{kept(one.printed, run(one.command, home))}" for one in commands(found["text"]))
        return f"{found['fence']}console\n{''.join(parts)}{found['fence']}"
    return found[0]


def commands(text: str) -> Iterator[Typed]:
    """The commands of a block; a line that ends in a backslash goes on."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        typed = re.match(r"(?:.*\\\n)*.*\n", part)
        assert typed is not None
        yield Typed(typed[0].rstrip("\n"), part[typed.end() :])


def run(command: str, home: Path) -> str:
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "PATH": places, "LC_ALL": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}
    settings.pop("GITHUB_ACTIONS", None)
    typed = ["bash", "-c", command]
    ended = subprocess.run(typed, cwd=home, env=settings, check=False, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    printed = ended.stdout.decode("utf-8").replace(f"{home}/", "")
    assert "Traceback" not in printed, printed
    return printed


def kept(said: str, printed: str) -> str:
    """What the page says where that holds, else what was printed."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(still(line)) + r"\n" for line in said.splitlines())
    return said if re.fullmatch(pattern, still(printed)) else printed


def still(text: str) -> str:
    """Text without what differs each time."""
    return MOMENT.sub("MOMENT", SPEED.sub("in 0 s (0 rows/s)", text))
