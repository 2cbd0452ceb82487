"""The TOML of the how-to pages: every block is a piece of a dhm.toml without a mistake, and what it reads is read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import tomlkit

from datahub.connectors import models
from datahub.connectors.declare import CONNECTORS, Place
from datahub.connectors.rest.source import RestIn
from datahub.connectors.rest.told_source import RestFrom
from datahub.dev.djust import CLIENT, SECRET, FakeDjust
from datahub.dev.mirakl import KEY, FakeMirakl
from datahub.dev.serving import FakeServer
from datahub.diagnostics.rule import Severity
from datahub.project.load import Request, check, load
from datahub.project.schema import schema

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```toml(?: (?P<name>[\w./-]+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {path.name: list(BLOCK.finditer(path.read_text(encoding="utf-8"))) for path in sorted(HOW_TO.glob("*.md"))}
PIECES = [(page, number) for page, found in PAGES.items() for number, one in enumerate(found) if not one["name"]]


def whole(page: str, number: int) -> str:
    """A piece as a project of its own: with the connections of the page's other pieces, and what a job must have."""
    told = tomllib.loads(PAGES[page][number]["text"])
    others = [tomllib.loads(one["text"]) for one in PAGES[page]]
    made = {"project": {"name": "page"}, **told}
    connections = dict(made.get("connections", {}))
    jobs = made.get("jobs", {})
    for job in jobs.values():
        job.setdefault("mapping", "x.dhm")
        ends = [*job.get("sources", {}).values(), *job.get("targets", {}).values(), *([job["rejects"]] if "rejects" in job else [])]
        for name in [end["connection"] for end in ends if "connection" in end]:
            known = next((one["connections"][name] for one in others if name in one.get("connections", {})), None)
            # A page that leaves it open says what files of any kind take; calls are for an API.
            calls = any("calls" in end or ("path" in end and "results" in end) for end in ends if end.get("connection") == name)
            open_ = {"kind": "rest", "url": "https://api.example.com"} if calls else {"kind": "local"}
            connections.setdefault(name, known or open_)
    return tomlkit.dumps({**made, **({"connections": connections} if connections else {})})


@pytest.mark.parametrize("page, number", PIECES, ids=lambda one: str(one))
def test_a_piece_of_a_page_is_a_project_without_a_mistake(page, number, tmp_path):
    (tmp_path / "dhm.toml").write_text(whole(page, number), encoding="utf-8")
    found, _ = check(tmp_path, models())
    assert [] == [(one.rule.code, one.message) for one in found if one.level is Severity.ERROR]


@pytest.mark.parametrize("page, number", PIECES, ids=lambda one: str(one))
def test_a_piece_of_a_page_is_taken_by_the_schema(page, number):
    jsonschema.Draft202012Validator(schema(models())).validate(tomllib.loads(whole(page, number)))


def test_there_are_pieces():
    assert len(PIECES) >= 15


# ---------------------------------------------------------------------------------------------------------- what is read


def sources(page: str, text: str):
    """The sources on connections to an API that a page shows."""
    return [
        (number, job, name)
        for at, number in PIECES
        if at == page
        for job, told in tomllib.loads(whole(page, number)).get("jobs", {}).items()
        for name, source in told.get("sources", {}).items()
        if "calls" in source and text in str(source)
    ]


def read(page: str, number: int, job: str, source: str, folder: Path, **settings: str) -> list[bytes]:
    text = whole(page, number)
    (folder / "dhm.toml").write_text(text, encoding="utf-8")
    told: list[object] = []
    given = {"SHOP_SECRET": SECRET, "MIRAKL_KEY": KEY}
    loaded = load(Request(folder, variables=given, set=tuple(settings.items())), models(), told.append)
    assert loaded is not None, told
    binding = loaded.project.jobs[job].sources[source]
    assert isinstance(binding, RestFrom)
    connection = loaded.project.connections[binding.connection]
    make = CONNECTORS[connection.kind].source
    assert make is not None
    one = make(connection, binding, Place(folder, folder))
    assert isinstance(one, RestIn)
    one._session.sleep = lambda seconds: None
    one.start("2026-01-03T00:00:00Z")
    try:
        return [one.land(split, folder).path.read_bytes() for split in one.splits()]
    finally:
        one.close()


@pytest.mark.parametrize("number, job, source", sources("call-a-rest-api.md", ""))
def test_what_the_page_on_apis_reads_is_read(number, job, source, tmp_path):
    fake = FakeDjust()
    with FakeServer(fake) as server:
        fake.url = server.url
        settings = {
            "connections.shop.url": server.url,
            "connections.shop.insecure": "true",
            "connections.shop.auth.token_url": f"{server.url}/oauth/token",
        }
        (data,) = read("call-a-rest-api.md", number, job, source, tmp_path, **settings | {"connections.shop.auth.client_id": CLIENT})
    assert data.count(b"\n") >= 4


@pytest.mark.parametrize("number, job, source", sources("deliver-to-mirakl.md", ""))
def test_what_the_page_on_mirakl_reads_is_read(number, job, source, tmp_path):
    fake = FakeMirakl(
        pace=0, orders=[{"order_id": "1", "order_state": "SHIPPING", "last_updated_date": f"2026-02-0{day}"} for day in (1, 2)]
    )
    fake.offers.update({"A": {"sku": "A", "price": "1"}})
    with FakeServer(fake) as server:
        fake.url = server.url
        settings = {"connections.marketplace.url": server.url, "connections.marketplace.insecure": "true"}
        (data,) = read("deliver-to-mirakl.md", number, job, source, tmp_path, **settings)
    assert data.count(b"\n") == 2
