"""Every kind of connection that gives or takes rows by itself, with the other side running: for the suites of sources and senders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from datahub.connectors import load
from datahub.connectors.declare import Place, Sender, Source
from datahub.connectors.files_in import FilesIn
from datahub.dev.djust import CLIENT, SECRET, FakeDjust
from datahub.dev.mirakl import KEY, FakeMirakl
from datahub.dev.serving import FakeServer
from datahub.project.binding import FilesFrom
from datahub.project.secrets import Secret
from tests.servers.api import api
from tests.servers.systems import KINDS, System, system
from tests.servers.web import nginx

ROWS = [{"sku": f"S-{number}", "updatedAt": f"2026-01-0{number}T00:00:00Z"} for number in range(1, 6)]


@dataclass
class Gives:
    """A source with five rows behind it; `empty` takes them away, `down` ends the other side."""

    open: Callable[[], Source]
    skus: Callable[[bytes], list[str]]
    empty: Callable[[], None]
    down: Callable[[], None]


@dataclass
class Takes:
    """A sender for rows of which the third is refused; `taken` is what the other side has."""

    open: Callable[[], Sender]
    table: pa.Table
    taken: Callable[[], list[str]]
    down: Callable[[], None]
    good: list[str] = field(default_factory=list)
    bad: int = 2


def from_lines(data: bytes) -> list[str]:
    return [json.loads(line)["sku"] for line in data.splitlines()]


def from_csv(data: bytes) -> list[str]:
    header, *lines = data.decode().replace('"', "").splitlines()
    mark = ";" if ";" in header else ","
    names = header.split(mark)
    at = names.index("sku" if "sku" in names else "shop-sku")
    return [line.split(mark)[at] for line in lines]


# ------------------------------------------------------------------------------------------------------ sources


@contextmanager
def giving(name: str, home: Path) -> Iterator[Gives]:
    """The source called `name`, its other side running."""
    place = Place(home, home / "state")
    place.state.mkdir()
    match name:
        case "rest":
            yield from _rest_source(place)
        case "mirakl":
            yield from _mirakl_source(place)
        case "djust":
            yield from _djust_source(place)
        case "http":
            yield from _http_source(place)
        case _:
            yield from _files_source(name, home)


SOURCES = ("rest", "mirakl", "djust", "http", *sorted(KINDS))
KIND_OF = {"djust": "rest", **KINDS}
"""The kind of connection of those that are called otherwise."""


def _source(kind: str, connection: dict[str, Any], told: dict[str, Any], place: Place) -> Callable[[], Source]:
    connector = load()[kind]
    assert connector.source is not None
    assert connector.connection.reads is not None
    make, way = connector.source, connector.connection.model_validate({"kind": kind} | connection)
    binding = connector.connection.reads.model_validate({"connection": "x"} | told)
    return lambda: make(way, binding, place)


def _rest_source(place: Place) -> Iterator[Gives]:
    with ExitStack() as held:
        server = held.enter_context(api())
        rows = list(ROWS)
        server.routes["GET /rows"] = lambda asked: {
            "rows": rows[int(asked.query["offset"]) :][:2],
            "total": len(rows),
        }
        paging = {"kind": "offset", "size": 2, "total": "$.total"}
        told = {"calls": [{"path": "rows", "paging": paging}], "rows": "$.rows", "cursor": {"value": "$.updatedAt"}}
        opened = _source("rest", {"url": server.url, "insecure": True, "attempts": 1}, told, place)
        yield Gives(opened, from_lines, rows.clear, held.close)


def _mirakl_source(place: Place) -> Iterator[Gives]:
    with ExitStack() as held:
        fake = FakeMirakl(pace=0)
        server = held.enter_context(FakeServer(fake))
        fake.orders = [{"sku": row["sku"], "order_state": "SHIPPING", "last_updated_date": row["updatedAt"]} for row in ROWS]
        paging = {"kind": "offset", "size": 2, "size_parameter": "max", "total": "$.total_count"}
        told = {"calls": [{"path": "api/orders", "paging": paging}], "rows": "$.orders", "cursor": {"value": "$.last_updated_date"}}
        connection = {"url": server.url, "insecure": True, "key": Secret(KEY), "attempts": 1}
        yield Gives(_source("mirakl", connection, told, place), from_lines, fake.orders.clear, held.close)


def _djust_source(place: Place) -> Iterator[Gives]:
    with ExitStack() as held:
        fake = FakeDjust([{"sku": row["sku"], "price": "1", "stock": "1", "updatedAt": row["updatedAt"]} for row in ROWS])
        server = held.enter_context(FakeServer(fake))
        fake.url = server.url
        auth = {"kind": "oauth2", "token_url": f"{server.url}/oauth/token", "client_id": CLIENT, "client_secret": Secret(SECRET)}
        calls = [
            {"method": "POST", "path": "offer/file/generate", "body": {"sinceUpdateDateTime": ""}},
            {"name": "status", "path": "offer/file/status", "until": {"value": "$.statusFile", "equals": ["AVAILABLE"], "every": 0}},
            {"url": "{{status.urlFile}}", "download": True},
        ]
        told = {"calls": calls, "cursor": {}, "name": "offers.csv"}
        opened = _source("rest", {"url": server.url, "insecure": True, "auth": auth, "attempts": 1}, told, place)
        yield Gives(opened, from_csv, fake.offers.clear, held.close)


def _files_source(name: str, home: Path) -> Iterator[Gives]:
    with ExitStack() as held:
        (home / "server").mkdir()
        one = held.enter_context(system(name, home / "server"))
        folder, path = one.folder / "in", one.folder / "in" / "offers.csv"
        _put(one, "sku,updatedAt\n" + "".join(f"{row['sku']},{row['updatedAt']}\n" for row in ROWS))
        told = type(one.connection).reads
        assert told is not None
        binding = told.model_validate(
            {"connection": "x", "folder": "in", "ready": {"stable": 0}, "after": {"action": "move", "folder": "done"}}
        )

        def down() -> None:
            held.close()
            if name in ("local", "store-file"):
                folder.rename(one.folder / "gone")
            elif name == "store-memory":
                # Memory is always there; what can go is the folder.
                one.empty()

        yield Gives(lambda: FilesIn("feed", one.open(), binding), from_csv, path.unlink, down)  # type: ignore[arg-type]


def _http_source(place: Place) -> Iterator[Gives]:
    connector = load()["http"]
    assert connector.files is not None
    opens = connector.files
    with ExitStack() as held:
        (place.project / "server").mkdir()
        plain, _ = held.enter_context(nginx(place.project / "server"))
        (plain.folder / "offers.csv").write_text("sku\n" + "".join(f"{row['sku']}\n" for row in ROWS))
        way = connector.connection.model_validate({"kind": "http", "url": plain.url, "insecure": True})
        binding = FilesFrom.model_validate({"connection": "x", "path": "offers.csv", "ready": {"stable": 0}})
        yield Gives(lambda: FilesIn("feed", opens(way, place), binding), from_csv, (plain.folder / "offers.csv").unlink, held.close)


def _put(one: System, text: str) -> None:
    """A file as the host's own account has it, who may move it away."""
    files = one.open()
    files.make_folder("in")
    with files.write("in/offers.csv") as stream:
        stream.write(text.encode())
    files.close()


# ------------------------------------------------------------------------------------------------------ senders


@contextmanager
def taking(name: str, home: Path) -> Iterator[Takes]:
    """The sender called `name`, its other side running."""
    place = Place(home, home / "state")
    place.state.mkdir()
    match name:
        case "rest":
            yield from _rest_sender(place)
        case "djust":
            yield from _djust_sender(place)
        case _:
            yield from _mirakl_sender(name.removeprefix("mirakl-"), place)


MIRAKL = {
    "offers": pa.table({"sku": ["A", "B", "C"], "product_id": ["4006381333931"] * 3, "product_id_type": ["EAN"] * 3, "price": ["1", "2", "-"], "state": ["11"] * 3}),
    "prices": pa.table({"offer_sku": ["K1", "K2", "Z"], "price": ["1", "2", "3"]}),
    "stock": pa.table({"offer_sku": ["K1", "K2", "Z"], "quantity": [1, 2, 3]}),
    "products": pa.table({"category": ["c", "c", None], "shop_sku": ["A", "B", "C"]}),
    "categories": pa.table({"category_code": ["A", "B", "C"], "category_label": ["a", "b", None]}),
    "hierarchies": pa.table({"hierarchy_code": ["A", "B", "C"], "hierarchy_label": ["a", "b", None]}),
    "values": pa.table({"list_code": ["l"] * 3, "list_label": ["L"] * 3, "value_code": ["A", "B", "C"], "value_label": ["a", "b", None]}),
    "attributes": pa.table({"code": ["A", "B", "C"], "hierarchy_code": [""] * 3, "label": ["a", "b", "c"], "type": ["TEXT", "TEXT", None]}),
    "product-synchros": pa.table({"product_sku": ["A", "B", "C"], "product_title": ["a", "b", None], "category_code": ["c"] * 3}),
}  # fmt: skip
SENDERS = ("rest", "djust", *(f"mirakl-{name}" for name in MIRAKL))


def _sender(kind: str, connection: dict[str, Any], told: dict[str, Any], place: Place) -> Callable[[], Sender]:
    connector = load()[kind]
    assert connector.sender is not None
    assert connector.connection.writes is not None
    make, way = connector.sender, connector.connection.model_validate({"kind": kind} | connection)
    binding = connector.connection.writes.model_validate({"connection": "x"} | told)
    return lambda: make(way, binding, place)


TABLE = pa.table({"externalId": ["O-1", "O-2", None], "total": [1, 2, 3]})


def _rest_sender(place: Place) -> Iterator[Takes]:
    with ExitStack() as held:
        server = held.enter_context(api())
        known: dict[str, Any] = {}
        taken: list[str] = []

        def take(asked: Any) -> Any:
            key = asked.headers["idempotency-key"]
            if key not in known:
                rows = asked.json()
                taken.extend(row["externalId"] for row in rows if row["externalId"])
                known[key] = {
                    "errors": [{"row": at, "code": "E1", "message": "no id"} for at, row in enumerate(rows) if not row["externalId"]]
                }
            return known[key]

        server.routes["POST /orders"] = take
        told = {"path": "orders", "results": {"items": "$.errors", "row": "$.row"}}
        opened = _sender("rest", {"url": server.url, "insecure": True, "attempts": 1}, told, place)
        yield Takes(opened, TABLE, lambda: taken, held.close, ["O-1", "O-2"])


def _djust_sender(place: Place) -> Iterator[Takes]:
    with ExitStack() as held:
        fake = FakeDjust()
        server = held.enter_context(FakeServer(fake))
        auth = {"kind": "oauth2", "token_url": f"{server.url}/oauth/token", "client_id": CLIENT, "client_secret": Secret(SECRET)}
        told = {"path": "orders", "results": {"items": "$.results", "ok": "$.ok"}}
        opened = _sender("rest", {"url": server.url, "insecure": True, "auth": auth, "attempts": 1}, told, place)
        yield Takes(opened, TABLE, lambda: list(fake.orders), held.close, ["O-1", "O-2"])


def _mirakl_sender(entity: str, place: Place) -> Iterator[Takes]:
    with ExitStack() as held:
        fake = FakeMirakl(pace=0)
        server = held.enter_context(FakeServer(fake))
        shop = fake.shop
        if entity in ("prices", "stock"):
            shop.offers.update({"K1": {"sku": "K1"}, "K2": {"sku": "K2"}})
        kept: dict[str, Callable[[], list[str]]] = {
            "offers": lambda: list(shop.offers),
            "prices": lambda: list(shop.prices),
            "stock": lambda: [sku for sku, _ in shop.stock],
            "products": lambda: [
                row["shop_sku"] for one in fake.imports.values() for at, row in enumerate(one.dicts()) if at not in one.transformation
            ],
            "categories": lambda: list(shop.categories),
            "hierarchies": lambda: list(shop.hierarchies),
            "values": lambda: [code for _, code in shop.values],
            "attributes": lambda: [code for code, _ in shop.attributes],
            "product-synchros": lambda: list(shop.products),
        }
        connection = {"url": server.url, "insecure": True, "key": Secret(KEY), "frequency": 0.001, "attempts": 1}
        opened = _sender("mirakl", connection, {"entity": entity}, place)
        yield Takes(opened, MIRAKL[entity], kept[entity], held.close, ["K1", "K2"] if entity in ("prices", "stock") else ["A", "B"])
