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
from pathlib import Path

import pytest

from datahub.dev.mirakl import KEY, FakeMirakl
from datahub.dev.mirakl_orders import sample_orders
from datahub.dev.serving import FakeServer
from datahub.reports.examples import BLOCK, typed
from tests.typed_pages import kept, run_here

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def marketplace(page, monkeypatch):
    """What the page on Mirakl has running in another terminal."""
    if page.stem != "from-mirakl-to-your-erp":
        yield
        return
    with FakeServer(FakeMirakl(pace=0, orders=sample_orders())) as server:
        monkeypatch.setenv("MIRAKL_URL", server.url)
        monkeypatch.setenv("MIRAKL_KEY", KEY)
        yield


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_shows_is_what_happens(page, tmp_path, marketplace):
    text = page.read_text(encoding="utf-8")
    home = tmp_path / page.relative_to(ROOT).parent if page.is_relative_to(ROOT / "examples") else tmp_path
    # A page that does not speak of the examples has a project of its own: theirs would be locked with it.
    if home != tmp_path or "examples/" in text:
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
    now = BLOCK.sub(lambda found: shown(found, home), text)
    if os.environ.get("DHM_ACCEPT"):
        page.write_text(now, encoding="utf-8")
    assert text == now


SERVED = {"docs/how-to/call-a-rest-api.md", "docs/how-to/deliver-to-mirakl.md", "docs/how-to/start-on-events.md"}
"""Pages about two processes that talk to each other; tests/transports and tests/end_to_end run what they speak of."""


def test_the_pages_are_there_and_type_something():
    shown = {name(page): BLOCK.findall(page.read_text(encoding="utf-8")) for page in PAGES}
    assert len(shown) >= 10
    assert [] == [
        page
        for page, blocks in shown.items()
        if page.startswith("docs/") and page not in SERVED and not any(kind == "console" for _, kind, _, _ in blocks)
    ]


def shown(found: re.Match[str], home: Path) -> str:
    """The block as it should be: a file is written and stays as it is, commands stand before what they print."""
    if found["name"]:
        path = home / found["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
    elif found["kind"] == "console":
        parts = (f"$ {one.command}\n{kept(one.printed, run_here(one.command, home)[0])}" for one in typed(found["text"]))
        return f"{found['fence']}console\n{''.join(parts)}{found['fence']}"
    return found[0]
