"""Mirakl and DJUST as they are spoken to, against the fakes that `dhm dev` starts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from pydantic import ValidationError

from datahub.connectors.declare import CONNECTORS, Place, Refusal, TerminalError, TransientError
from datahub.connectors.kinds.mirakl import Mirakl
from datahub.connectors.kinds.rest import Rest
from datahub.connectors.kinds.sftp import Sftp
from datahub.connectors.mirakl.imports import MiraklImports
from datahub.connectors.mirakl.reports import joined, parsed, written
from datahub.connectors.mirakl.told import MiraklTo
from datahub.connectors.rest.sender import RestOut
from datahub.connectors.rest.session import Request, Session
from datahub.connectors.rest.signing import signing
from datahub.connectors.rest.source import RestIn
from datahub.connectors.rest.told import RestTo
from datahub.connectors.rest.told_auth import KeyAuth
from datahub.connectors.rest.told_source import RestFrom
from datahub.dev import mirakl_imports
from datahub.dev.djust import CLIENT, SECRET, FakeDjust
from datahub.dev.mirakl import KEY, FakeMirakl
from datahub.dev.mirakl_imports import offer
from datahub.dev.serving import FakeServer
from datahub.project.secrets import Secret

OFFERS = pa.table(
    {
        "sku": ["A", "B", "C", "D"],
        "product_id": ["4006381333931", None, "5901234123457", "9780201379624"],
        "product_id_type": ["EAN"] * 4,
        "price": pa.array([Decimal("1.50"), Decimal("2.00"), Decimal("0.00"), Decimal("4.00")], pa.decimal128(10, 2)),
        "quantity": [1, 2, 3, 4],
        "state": ["11"] * 4,
    }
)
ORDERS = [
    {"order_id": f"O-{number:02}", "order_state": "SHIPPING", "last_updated_date": f"2026-02-{number:02}T00:00:00Z"}
    for number in range(1, 24)
]


class Shop:
    def __init__(self, folder: Path, url: str, fake: FakeMirakl, frequency: float = 0.001) -> None:
        self.place, self.fake = Place(folder, folder), fake
        self.connection = Mirakl.model_validate({"url": url, "insecure": True, "key": Secret(KEY), "frequency": frequency})
        self.waits: list[float] = []

    def session(self) -> Session:
        return Session(self.connection, self.place, signing(KeyAuth(name="Authorization", value=Secret(KEY)), self.place.state))

    def imports(self, **told) -> MiraklImports:
        return MiraklImports(
            self.session(), self.connection, MiraklTo.model_validate({"connection": "x", "entity": "offers"} | told), self.place
        )

    def send(self, table: pa.Table, key: str = "k", **told):
        one = self.imports(**told)
        try:
            return one.send(one.render(table), key)
        finally:
            one.close()

    def rows(self, call: dict, **told):
        source = RestIn(self.session(), RestFrom.model_validate({"connection": "x", "calls": [call]} | told), self.place)
        source.start(told.pop("position", None))
        found = [
            json.loads(line) for split in source.splits() for line in source.land(split, self.place.state).path.read_text().splitlines()
        ]
        source.close()
        return found


@pytest.fixture
def shop(tmp_path):
    fake = FakeMirakl(pace=0, orders=[dict(one) for one in ORDERS])
    with FakeServer(fake) as server:
        fake.url = server.url
        yield Shop(tmp_path, server.url, fake)


def test_an_error_report_is_joined_back_to_the_rows(shop):
    answer = shop.send(OFFERS)
    assert [1, 2] == [one.row for one in answer.refused]
    assert Refusal(2, "MIRAKL", "The price must be a number greater than 0") == answer.refused[1]
    assert {"A", "D"} == set(shop.fake.offers)
    assert "1.50" == shop.fake.offers["A"]["price"]
    assert ["OF01", "OF02", "OF02", "OF02", "OF03"] == shop.fake.calls


def test_a_reference_to_a_product_that_is_none_is_refused(shop):
    table = OFFERS.slice(0, 1).set_column(1, "product_id", pa.array(["notanean"]))
    (refusal,) = shop.send(table).refused
    assert "The product-id 'notanean' is not a valid EAN" == refusal.message
    assert {} == shop.fake.offers


def test_rows_go_to_any_operation_over_the_connection_of_the_imports(shop):
    told = MiraklTo.model_validate(
        {
            "connection": "x",
            "method": "PUT",
            "path": "api/orders/{{ORDERID}}/tracking",
            "batch": 1,
            "single": True,
            "results": {"items": "$"},
        }
    )
    make = CONNECTORS["mirakl"].sender
    assert make is not None
    sender = make(shop.connection, told, shop.place)
    row = pa.table({"order_id": ["O-01"], "carrier_code": ["UPS"], "tracking_number": ["1Z"]})
    assert sender.keyed
    assert () == sender.send(sender.render(row), "k", {"ORDERID": "O-01"}).refused
    (refusal,) = sender.send(sender.render(row), "l", {"ORDERID": "O-99"}).refused
    assert 0 == refusal.row
    sender.close()
    assert ["OR23", "OR23"] == shop.fake.calls
    assert "UPS" in str(next(one for one in shop.fake.orders if one["order_id"] == "O-01"))


@pytest.mark.parametrize(
    "told, words",
    [
        ({}, "rows go to an import, by its `entity`, or to an operation, by its `path`"),
        ({"entity": "offers", "path": "api/orders"}, "`path` says nothing of an import"),
        ({"path": "api/orders", "resend": 2}, "`resend` says nothing of an operation"),
    ],
)
def test_rows_go_one_way(told, words):
    with pytest.raises(ValidationError) as problem:
        MiraklTo.model_validate({"connection": "x"} | told)
    assert words in str(problem.value)


def test_only_lines_in_error_are_sent_again(shop, monkeypatch):
    def late(shop, row):
        """A platform that comes to know a product after the first import."""
        return "The product is unknown" if row["sku"] == "D" and len(fake.imports) == 1 else offer(shop, row)

    monkeypatch.setitem(mirakl_imports._LINES, "offers", late)
    fake = FakeMirakl(pace=0)
    with FakeServer(fake) as server:
        answer = Shop(shop.place.state, server.url, fake).send(OFFERS, "other", resend=1)
    assert [["A", "B", "C", "D"], ["B", "C", "D"]] == [[row[0] for row in one.rows] for one in fake.imports.values()]
    assert [1, 2] == [one.row for one in answer.refused]
    assert "2001, 2002" == answer.reference


def test_a_run_goes_on_with_the_import_that_it_began(shop):
    with pytest.raises(TransientError, match=r"import 2001 of offers is still (WAITING|QUEUED)"):
        shop.send(OFFERS, patience=0)
    answer = shop.send(OFFERS)
    assert ("2001", 2) == (answer.reference, len(answer.refused))
    assert 1 == shop.fake.calls.count("OF01")
    shop.send(OFFERS, "another")
    assert 2 == shop.fake.calls.count("OF01")


def test_an_import_that_was_begun_may_be_done_whoever_refuses_to_tell_of_it(shop):
    with pytest.raises(TransientError):
        shop.send(OFFERS, patience=0)
    for submitted in (True, False):
        one = Session(shop.connection, shop.place, signing(KeyAuth(name="Authorization", value=Secret("no-such-key")), shop.place.state))
        imports = MiraklImports(one, shop.connection, MiraklTo.model_validate({"connection": "x", "entity": "offers"}), shop.place)
        with pytest.raises(TerminalError, match="HTTP 401") as failure:
            imports.send(imports.render(OFFERS), "k" if submitted else "another")
        imports.close()
        assert failure.value.untouched is not submitted


def test_stock_goes_its_own_way(shop):
    shop.send(OFFERS)
    table = pa.table({"offer_sku": ["A", "Z", "A"], "quantity": [9, 1, 5], "warehouse_code": ["", "", "W1"]})
    answer = shop.send(table, "stock", entity="stock")
    assert (Refusal(1, "MIRAKL", "The offer 'Z' is unknown"),) == answer.refused
    assert {("A", ""): "9", ("A", "W1"): "5"} == shop.fake.stock


def test_offers_and_quantities_are_deleted_by_their_column(shop):
    shop.send(OFFERS)
    shop.send(pa.table({"offer_sku": ["A", "A"], "quantity": [9, 5], "warehouse_code": ["", "W1"]}), "stock", entity="stock")
    gone = pa.table({"offer_sku": ["A"], "quantity": [None], "warehouse_code": ["W1"], "update_delete": ["delete"]})
    assert () == shop.send(gone, "less", entity="stock").refused
    assert {("A", ""): "9"} == shop.fake.stock
    answer = shop.send(pa.table({"sku": ["A", "Z"], "update_delete": ["delete", "delete"]}), "gone")
    assert (Refusal(1, "MIRAKL", "The offer 'Z' is unknown"),) == answer.refused
    assert {"D"} == set(shop.fake.offers)


def test_offers_that_replace_all_others_go_in_one_file_and_lines_sent_again_replace_nothing(shop):
    shop.send(OFFERS)
    rows = OFFERS.set_column(0, "sku", [["N1", "N2", "N3", "N4"]])
    one = shop.imports(mode="replace", batch=2, resend=1)
    assert one.rows > 1_000_000
    answer = one.send(one.render(rows), "replace")
    one.close()
    assert {"N1", "N4"} == set(shop.fake.offers)
    assert [1, 2] == [refusal.row for refusal in answer.refused]
    assert ["NORMAL", "REPLACE", "NORMAL"] == [each.mode for each in shop.fake.imports.values()]
    with pytest.raises(ValueError, match="for offers alone"):
        shop.imports(mode="replace", entity="stock")


def test_all_prices_of_an_offer_go_together_and_are_sent_again_together(shop):
    shop.send(OFFERS)
    table = pa.table(
        {"offer_sku": ["A", "D", "A", "Z", "D"], "price": ["1.00", "2.00", "0.90", "5.00", "x"], "channels": ["", "", "B2B", "", ""]}
    )
    answer = shop.send(table, "prices", entity="prices", resend=1)
    first, again = [one for one in shop.fake.imports.values() if one.kind.name == "prices"]
    assert ["A", "A", "D", "D", "Z"] == [row[0] for row in first.rows]
    assert ["D", "D", "Z"] == [row[0] for row in again.rows]
    assert ["1.00", "0.90"] == [row["price"] for row in shop.fake.shop.prices["A"]]
    assert "D" not in shop.fake.shop.prices
    assert {
        1: "Another price of the offer 'D' is in error",
        3: "The offer 'Z' is unknown",
        4: "The price must be a number greater than 0",
    } == {one.row: one.message for one in answer.refused}


CATALOGUE = [
    (
        "hierarchies",
        pa.table({"hierarchy_code": ["tools", "saws"], "hierarchy_label": ["Tools", "Saws"], "hierarchy_parent_code": [None, "tools"]}),
    ),
    ("values", pa.table({"list_code": ["brands"], "list_label": ["Brands"], "value_code": ["ACME"], "value_label": ["Acme"]})),
    (
        "attributes",
        pa.table(
            {
                "code": ["shop_sku", "brand", "teeth"],
                "label": ["SKU", "Brand", "Teeth"],
                "hierarchy_code": ["", "", "saws"],
                "type": ["TEXT", "LIST", "INTEGER"],
                "required": ["true", "true", "true"],
                "values_list": ["", "brands", ""],
            }
        ),
    ),
]
PRODUCTS = pa.table(
    {
        "category": ["saws", "saws", "saws", "hats", "tools"],
        "shop_sku": ["P1", "P2", "P3", "P4", "P5"],
        "name_en": ["Saw"] * 5,
        "brand": ["ACME", "ACME", "OTHER", "ACME", "ACME"],
        "teeth": ["12", None, "14", "1", None],
        "ean": ["4006381333931", "4006381333931", "4006381333931", "", "4006381333932"],
    }
)


def test_products_are_transformed_and_then_integrated_and_both_reports_come_back(shop):
    for entity, table in CATALOGUE:
        assert () == shop.send(table, entity, entity=entity).refused
    told = {"entity": "products", "columns": {"name_en": "name [en]"}}
    answer = shop.send(PRODUCTS, "sent", **told)
    first = {
        1: "2004|The attribute 'teeth' (Teeth) is required",
        2: "2022|The value 'OTHER' of the attribute 'brand' is not in the list 'brands'",
        3: "2030|The category 'hats' is unknown",
    }
    assert first == {one.row: one.message for one in answer.refused}
    assert ["category", "shop_sku", "name [en]", "brand", "teeth", "ean"] == shop.fake.imports[2004].header
    assert {} == shop.fake.shop.sent
    answer = shop.send(PRODUCTS, "complete", wait_for="complete", **told)
    assert first | {4: "MCM-04000|The EAN '4006381333932' is not valid"} == {one.row: one.message for one in answer.refused}
    assert ["P1"] == list(shop.fake.shop.sent)
    assert {"P41", "P42", "P44", "P47"} <= set(shop.fake.calls)


def test_the_operators_imports_name_their_lines(shop):
    unknown = pa.table({"hierarchy_code": ["a", "b"], "hierarchy_label": ["A", "B"], "hierarchy_parent_code": ["nowhere", None]})
    assert (Refusal(0, "MIRAKL", "The parent 'nowhere' is unknown"),) == shop.send(unknown, "h", entity="hierarchies").refused
    assert ["H01", "H02", "H02", "H02", "H03"] == shop.fake.calls
    categories = pa.table({"category_code": ["c1", "c2"], "category_label": ["C", None]})
    assert [1] == [one.row for one in shop.send(categories, "c", entity="categories").refused]
    products = pa.table(
        {"product_sku": ["1", "2"], "product_title": ["T", "U"], "category_code": ["c1", "c9"], "product_references": ["EAN|400", ""]}
    )
    answer = shop.send(products, "p", entity="product-synchros")
    assert (Refusal(1, "MIRAKL", "The category 'c9' is unknown"),) == answer.refused
    assert [{"product_sku": "1", "product_title": "T", "category_code": "c1"}] == shop.rows(
        {"path": "api/products", "parameters": {"product_references": "EAN|400,EAN|401"}}, rows="$.products"
    )
    values = pa.table({"list_code": ["l", "l"], "list_label": ["L", "L"], "value_code": ["x", "y"], "value_label": ["X", None]})
    assert [1] == [one.row for one in shop.send(values, "v", entity="values").refused]


def test_the_catalogue_is_read_by_lists(shop):
    for entity, table in CATALOGUE:
        shop.send(table, entity, entity=entity)
    assert [("tools", 1), ("saws", 2)] == [
        (one["code"], one["level"]) for one in shop.rows({"path": "api/hierarchies"}, rows="$.hierarchies")
    ]
    attributes = shop.rows({"path": "api/products/attributes", "parameters": {"hierarchy": "tools"}}, rows="$.attributes")
    assert ["shop_sku", "brand"] == [one["code"] for one in attributes]
    assert ["ACME"] == [value["code"] for value in shop.rows({"path": "api/values_lists"}, rows="$.values_lists[*].values")]
    assert ["Demo"] == [one["shop_name"] for one in shop.rows({"path": "api/shops"}, rows="$.shops")]


def test_an_export_is_asked_for_awaited_and_fetched_in_all_its_parts(shop):
    shop.send(OFFERS)
    calls = [
        {"name": "asked", "method": "POST", "path": "api/offers/export/async", "body": {"items_per_chunk": 1}},
        {
            "name": "made",
            "path": "api/offers/export/async/status/{{asked.tracking_id}}",
            "until": {"value": "$.status", "equals": ["COMPLETED"], "fails": ["FAILED"], "every": 0},
        },
        {"url": "{{made.urls}}", "download": True},
    ]
    told = RestFrom.model_validate({"connection": "x", "calls": calls, "name": "offers.csv", "cursor": {}})
    source = RestIn(shop.session(), told, shop.place)
    source.start(None)
    landed = [source.land(split, shop.place.state) for split in source.splits()]
    source.close()
    assert ["offers-1.csv", "offers-2.csv"] == [one.name for one in landed]
    assert ['"A";"1.50";"1"', '"D";"4.00";"4"'] == [one.path.read_text().splitlines()[1] for one in landed]


def test_an_order_is_accepted_line_by_line(shop):
    shop.fake.orders[0].update(order_state="WAITING_ACCEPTANCE", order_lines=[{"order_line_id": "L1"}, {"order_line_id": "L2"}])
    with httpx.Client(base_url=shop.connection.url, headers={"Authorization": KEY}, trust_env=False) as client:
        half = client.put("/api/orders/O-01/accept", json={"order_lines": [{"id": "L1", "accepted": True}]})
        assert (400, "ORDER_LINE_ACCEPTANCE_DECISION_MISSING") == (half.status_code, half.json()["message"])
        lines = [{"id": "L1", "accepted": True}, {"id": "L2", "accepted": False}]
        assert 204 == client.put("/api/orders/O-01/accept", json={"order_lines": lines}).status_code
        assert 400 == client.put("/api/orders/O-01/accept", json={"order_lines": lines}).status_code
        assert 204 == client.put("/api/orders/O-01/ship").status_code
    assert "SHIPPED" == shop.fake.orders[0]["order_state"]


def test_an_export_of_orders_is_asked_for_awaited_and_fetched(shop):
    calls = [
        {
            "name": "asked",
            "method": "POST",
            "path": "api/orders/async-export",
            "body": {"items_per_chunk": 7, "start_update_date": "{{CURSOR}}"},
        },
        {
            "name": "made",
            "path": "api/orders/async-export/status/{{asked.tracking_id}}",
            "until": {"value": "$.status", "equals": ["COMPLETED"], "fails": ["FAILED", "CANCELED"], "every": 0},
        },
        {"url": "{{made.urls}}", "download": True},
    ]
    told = RestFrom.model_validate({"connection": "x", "calls": calls, "name": "orders.json", "cursor": {}})
    source = RestIn(shop.session(), told, shop.place)
    source.start(None)
    landed = [json.loads(source.land(split, shop.place.state).path.read_text())["orders"] for split in source.splits()]
    source.close()
    assert ORDERS == [one for part in landed for one in part]
    assert all(len(part) <= 7 for part in landed)
    assert ["OR13", "OR14", "OR14"] == shop.fake.calls[:3]
    with httpx.Client(base_url=shop.connection.url, headers={"Authorization": KEY}, trust_env=False) as client:
        first = client.post("/api/orders/async-export", json={"order_state_codes": ["SHIPPING"]}).json()
        # One at a time: whoever asks meanwhile is led to the one that is being made.
        assert first == client.post("/api/orders/async-export", json={}).json()


def test_returns_are_listed_by_seek(shop):
    shop.fake.returns.extend(
        {"id": f"R{number}", "state": "RECEIVED" if number % 2 else "CLOSED", "last_updated_date": f"2026-01-{number:02}"}
        for number in range(1, 13)
    )
    paging = {"kind": "cursor", "parameter": "page_token", "next": "$.next_page_token"}
    call = {"path": "api/returns", "parameters": {"state": "RECEIVED", "limit": 4}, "paging": paging}
    assert ["R1", "R3", "R5", "R7", "R9", "R11"] == [one["id"] for one in shop.rows(call, rows="$.data")]


def test_lines_are_paid_back_cancelled_and_their_incidents_resolved_and_fields_are_changed(shop):
    line = {"order_line_id": "L1", "price": "10.00", "order_line_state": "INCIDENT_OPEN"}
    shop.fake.orders[0].update(order_lines=[line], order_additional_fields=[{"code": "a", "value": "1"}, {"code": "b", "value": "2"}])
    back = {"order_line_id": "L1", "amount": 4, "reason_code": "14"}
    with httpx.Client(base_url=f"{shop.connection.url}/api/orders", headers={"Authorization": KEY}, trust_env=False) as client:
        assert {"refunds": [{"order_line_id": "L1", "id": "L1-1"}]} == client.put("/refund", json={"refunds": [back]}).json()
        for wrong in ({"amount": 40}, {"amount": 0}, {"reason_code": ""}):
            # All of a request, or none of it.
            assert 400 == client.put("/refund", json={"refunds": [back, back | wrong]}).status_code
        assert 404 == client.put("/refund", json={"refunds": [back | {"order_line_id": "L9"}]}).status_code
        assert 1 == len(line["refunds"])
        assert "L1-1" == client.put("/cancel", json={"cancelations": [back]}).json()["cancelations"][0]["id"]
        assert 400 == client.put("/O-01/lines/L1/resolve_incident", json={}).status_code
        assert 204 == client.put("/O-01/lines/L1/resolve_incident", json={"reason_code": "7"}).status_code
        assert 400 == client.put("/O-01/lines/L1/resolve_incident", json={"reason_code": "7"}).status_code
        fields = [{"code": "a", "value": "9"}, {"code": "b", "value": None}, {"code": "c", "value": "3"}]
        assert 204 == client.put("/O-01/additional_fields", json={"order_additional_fields": fields}).status_code
        assert 204 == client.put("/O-01/cancel").status_code
        shop.fake.orders[1]["order_state"] = "SHIPPED"
        assert 400 == client.put("/O-02/cancel").status_code
        assert 404 == client.put("/O-99/cancel").status_code
    one = shop.fake.orders[0]
    assert [{"code": "a", "value": "9"}, {"code": "c", "value": "3"}] == one["order_additional_fields"]
    assert ("CANCELED", "INCIDENT_CLOSED", "7") == (one["order_state"], line["order_line_state"], line["order_line_state_reason_code"])


def test_offers_go_as_json_each_whole_and_what_is_in_error_comes_back(shop):
    shop.send(OFFERS)
    prices = pa.array([[{"channel_code": "FR", "unit_origin_price": Decimal("9.90")}], None, None])
    told = {
        "shop_sku": ["A", "N", "E"],
        "state_code": ["11"] * 3,
        "price": pa.array([Decimal("2.50"), Decimal("3.00"), Decimal(0)]),
        "all_prices": prices,
    }
    new = {"product_id": ["4006381333931", "5901234123457", "96385074"], "product_id_type": ["EAN"] * 3}
    answer = shop.send(pa.table(told | new), "json", form="json")
    assert (Refusal(2, "MIRAKL", "The price must be a number greater than 0"),) == answer.refused
    # What is not sent is reset: the offer had a quantity.
    assert ("2.50", "0") == (shop.fake.offers["A"]["price"], shop.fake.offers["A"]["quantity"])
    assert ["OF24", "OF02"] == shop.fake.calls[5:7]
    assert "OF03" == shop.fake.calls[-1]
    with pytest.raises(TerminalError, match="have no column `shop_sku`"):
        shop.send(OFFERS, "none", form="json")


def test_of_offers_as_json_only_those_in_error_are_sent_again(shop):
    told = {
        "shop_sku": ["A", "B"],
        "state_code": ["11", ""],
        "price": ["1", "1"],
        "product_id": ["4006381333931", "5901234123457"],
        "product_id_type": ["EAN"] * 2,
    }
    answer = shop.send(pa.table(told), "again", form="json", resend=1)
    assert [["A", "B"], ["B"]] == [[row[0] for row in one.rows] for one in shop.fake.imports.values()]
    assert [1] == [one.row for one in answer.refused]


def test_one_line_of_several_with_one_key_is_found_by_its_number():
    lines = [["A", "1"], ["A", "x"], ["B", "2"]]
    report = b"line;reason;offer-sku;quantity\n3;no number;A;x\n"
    assert {1: "no number"} == joined(report, ["offer-sku"], ["offer-sku", "quantity"], lines, "the report").refused
    # A number that counts otherwise points to a line of another key: then all of that key are told, none is lost.
    off = b"line;reason;offer-sku;quantity\n4;no number;A;x\n"
    assert {0: "no number", 1: "no number"} == joined(off, ["offer-sku"], ["offer-sku", "quantity"], lines, "the report").refused
    strange = joined(b"line;reason;offer-sku\n2;no;Z\n", ["offer-sku"], ["offer-sku", "quantity"], lines, "the report")
    assert ({}, 0, "the report has a line that was not sent: `2 no Z`") == (strange.refused, strange.named, strange.doubt)


def test_a_line_of_a_report_that_was_cut_is_in_error_all_the_same():
    lines = [["A", "1"], ["B", "x"]]
    head, line = b"line;offer-sku;quantity;reason\n", b"3;B;x;no number"
    for end in range(2, len(line)):
        told = joined(head + line[:end], ["offer-sku"], ["offer-sku", "quantity"], lines, "the report").refused
        if line[:end] == b"3;B;x;":
            # No more than a warning, as far as it goes.
            assert {} == told
        else:
            assert [1] == list(told), line[:end]
            assert told[1].startswith("n" if end > len(b"3;B;x;") else "the report was cut in this line"), line[:end]
    cut = joined(b"line;offer-sku;quantity;reason\nx", ["offer-sku"], ["offer-sku", "quantity"], lines, "the report")
    assert "the report has a line that was not sent" in cut.doubt


def test_any_cell_comes_back_out_of_the_file_that_is_sent():
    # Longer than Python's reader takes unless it is told.
    long = "a\rb" * 90_000
    assert [["text"], [long]] == parsed(written(["text"], [[long]]))
    for cell in ("a\rb", "\r", "a\r\nb", "\n", 'x"\r;', " ", ""):
        assert [["sku", "text"], ["1", cell], [cell, "2"]] == parsed(written(["sku", "text"], [["1", cell], [cell, "2"]])), cell


def test_call_frequencies_are_honoured(tmp_path):
    # The platform asks for 0.3 s where it would ask for a minute, and answers 429 to whoever is faster.
    fake = FakeMirakl(pace=0.005)
    with FakeServer(fake) as server:
        one = Shop(tmp_path, server.url, fake, frequency=0.31)
        answer = one.send(OFFERS)
    assert 2 == len(answer.refused)
    assert ["OF01", "OF02", "OF02", "OF02", "OF03"] == fake.calls


def test_lists_are_read_by_offset_and_by_seek(shop):
    call = {"path": "api/orders", "parameters": {"start_update_date": "{{CURSOR}}"}}
    paging = {"kind": "offset", "size": 10, "size_parameter": "max", "total": "$.total_count"}
    assert ORDERS == shop.rows(call | {"paging": paging}, rows="$.orders", cursor={"value": "$.last_updated_date"})
    for number in range(12):
        shop.send(OFFERS.slice(0, 1), f"k{number}")
    seek = {
        "kind": "cursor",
        "parameter": "page_token",
        "next": "$.next_page_token",
        "size": 5,
        "size_parameter": "limit",
        "keep_parameters": False,
    }
    assert 12 == len(shop.rows({"path": "api/offers/imports", "paging": seek}, rows="$.data"))
    assert 3 == shop.fake.calls.count("OF04")


def test_a_wrong_key_is_told(shop):
    one = Session(shop.connection, shop.place, signing(KeyAuth(name="Authorization", value=Secret("no-such-key")), shop.place.state))
    imports = MiraklImports(one, shop.connection, MiraklTo.model_validate({"connection": "x", "entity": "offers"}), shop.place)
    with pytest.raises(TerminalError, match="HTTP 401"):
        imports.send(imports.render(OFFERS), "k")
    imports.close()


# ---------------------------------------------------------------------------------------------------------- DJUST


@pytest.fixture
def djust(tmp_path):
    fake = FakeDjust()
    with FakeServer(fake) as server:
        fake.url = server.url
        auth = {"kind": "oauth2", "token_url": f"{server.url}/oauth/token", "client_id": CLIENT, "client_secret": Secret(SECRET)}
        connection = Rest.model_validate({"url": server.url, "insecure": True, "auth": auth})
        place = Place(tmp_path, tmp_path)
        yield fake, Session(connection, place, signing(connection.auth, place.state), sleep=lambda seconds: None), place


FLOW = [
    {"method": "POST", "path": "offer/file/generate", "body": {"sinceUpdateDateTime": "{{CURSOR}}"}},
    {"name": "status", "path": "offer/file/status", "until": {"value": "$.statusFile", "equals": ["AVAILABLE"]}},
    {"url": "{{status.urlFile}}", "download": True},
]


def test_the_flow_of_offer_files(djust):
    fake, session, place = djust
    told = RestFrom.model_validate({"connection": "djust", "calls": FLOW, "cursor": {}, "name": "offers.csv"})
    source = RestIn(session, told, place)
    source.start("2026-01-10T23:00:00Z")
    landed = [source.land(split, place.state) for split in source.splits()]
    lines = landed[0].path.read_text().splitlines()
    assert ["sku;price;stock;updatedAt", "SKU-011;11.50;33;2026-01-11T08:00:00Z", "SKU-012;12.50;36;2026-01-12T08:00:00Z"] == lines
    assert "offers.csv" == landed[0].name
    assert source.position() is not None
    # A token that is no longer taken is replaced once, and nobody notices.
    fake.tokens.clear()
    source.start("2026-01-11T23:00:00Z")
    assert 1 == len(list(source.splits()))
    source.close()


def test_lists_in_an_envelope(djust):
    fake, session, place = djust
    paging = {
        "kind": "number",
        "parameter": "pageNumber",
        "first": 0,
        "size": 5,
        "size_parameter": "pageSize",
        "pages": "$.paging.totalPages",
    }
    source = RestIn(
        session, RestFrom.model_validate({"connection": "x", "calls": [{"path": "offers", "paging": paging}], "rows": "$.elements"}), place
    )
    rows = [json.loads(line) for split in source.splits() for line in source.land(split, place.state).path.read_text().splitlines()]
    assert fake.offers == rows
    source.close()


def test_orders_are_sent_once_and_those_refused_named(djust):
    fake, session, _place = djust
    out = RestOut(session, RestTo.model_validate({"connection": "x", "path": "orders", "results": {"items": "$.results", "ok": "$.ok"}}))
    body = out.render(pa.table({"externalId": ["O-1", None], "total": [1, 2]}))
    first = out.send(body, "k")
    assert (Refusal(1, "F-E-001", "externalId is missing"),) == first.refused
    assert first == out.send(body, "k")
    assert ["O-1"] == list(fake.orders)
    out.close()


def test_orders_for_export_are_read_by_status_and_from_where_they_were_left(djust):
    _fake, session, place = djust
    paging = {
        "kind": "number",
        "parameter": "pageNumber",
        "first": 0,
        "size": 2,
        "size_parameter": "pageSize",
        "pages": "$.paging.totalPages",
    }
    call = {"path": "orders", "parameters": {"updatedSince": "{{CURSOR}}", "orderStatus": "SHIPPED"}, "paging": paging}
    told = RestFrom.model_validate({"connection": "x", "calls": [call], "rows": "$.elements", "cursor": {"value": "$.updatedAt"}})
    source = RestIn(session, told, place)
    source.start("2026-01-02T10:00:00Z")
    rows = [json.loads(line) for split in source.splits() for line in source.land(split, place.state).path.read_text().splitlines()]
    assert ["172-189-4-1", "172-189-6-1"] == [row["reference"] for row in rows]
    assert "2026-01-06T10:00:00Z" == source.position()
    source.close()


def test_every_entity_is_taken_in_bulk_and_what_is_refused_has_the_platforms_code(djust):
    fake, session, _place = djust
    told = {"connection": "x", "path": "imports/SUPPLIER", "batch": 1000, "results": {"items": "$.errors", "row": "$.row"}}
    out = RestOut(session, RestTo.model_validate(told))
    rows = pa.table({"externalId": [f"S{number}" for number in range(999)] + ["S 1000"], "name": ["Supplier"] * 998 + [None, "x"]})
    answer = out.send(out.render(rows), "k")
    assert [(998, "F-E-001"), (999, "F-E-012")] == [(one.row, one.code) for one in answer.refused]
    assert 998 == len(fake.platform.there["SUPPLIER"])
    assert answer == out.send(out.render(rows), "k")
    out.close()


def test_a_csv_needs_its_delimiter_said(djust):
    fake, session, _place = djust
    for mark, status in ((";", 200), ("", 400)):
        request = Request(
            "POST",
            session.address("imports/PRODUCT_TAG"),
            {"delimiter": mark},
            {"Content-Type": "text/csv"},
            {"content": b"productExternalId;deleted\nP1;FALSE\n"},
        )
        assert status == session.ask(request, lambda status: True).status_code
    assert [("P1",)] == list(fake.platform.there["PRODUCT_TAG"])
    session.close()


# ---------------------------------------------------------------------------------------------------------- the command, the example


@pytest.mark.parametrize("server", ["mirakl", "djust"])
def test_the_command_starts_a_fake(server):
    with subprocess.Popen([sys.executable, "-m", "datahub", "dev", server], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found
            assert 401 == httpx.get(f"{found[0]}/api/offers", trust_env=False, timeout=10).status_code
        finally:
            process.terminate()


def test_a_port_that_is_taken_is_told():
    with FakeServer(FakeMirakl()) as server:
        told = [sys.executable, "-m", "datahub", "dev", "mirakl", "--port", str(server.port)]
        ended = subprocess.run(told, capture_output=True, text=True, timeout=60, check=False)
    assert 2 == ended.returncode
    assert f"port {server.port} cannot be listened on: Address already in use" in ended.stderr


def test_the_command_starts_an_sftp_server_that_shows_one_folder(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "a.csv").write_text("x")
    command = [sys.executable, "-m", "datahub", "dev", "sftp", "--folder", str(tmp_path / "served")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r":(\d+); log in as `demo` with the password `(.*)`; its key is (SHA256:\S+)", process.stdout.readline())
            assert found
            told = {"host": "127.0.0.1", "port": int(found[1]), "user": "demo", "fingerprint": found[3]}
            reach = CONNECTORS["sftp"].files
            assert reach is not None
            files = reach(Sftp.model_validate(told | {"password": Secret(found[2])}), Place(tmp_path, tmp_path))
            assert ["a.csv"] == [one.name for one in files.list("..")]
            files.close()
            files = reach(Sftp.model_validate(told | {"password": Secret("no")}), Place(tmp_path, tmp_path))
            with pytest.raises(TerminalError):
                list(files.list(""))
            files.close()
        finally:
            process.terminate()


def test_the_example_goes_from_sftp_to_the_shop_and_rejects_go_back(tmp_path):
    run = Path(__file__).parents[2] / "examples" / "mirakl_delivery" / "run.py"
    ended = subprocess.run([sys.executable, str(run), str(tmp_path)], capture_output=True, text=True, timeout=120, check=False)
    assert 0 == ended.returncode, ended.stderr
    assert "  A-1  12.50  7\n  A-4  3.20  40\n" in ended.stdout
    assert "A-3;5901234123457;free;1;3;4;R104" in ended.stdout
    assert "A-2,,EAN,8.00,3,11,MIRAKL,The columns 'product-id' and 'product-id-type' are mandatory" in ended.stdout
    assert "1 batch delivered, 1 row refused" in ended.stderr
    assert ["offers.csv"] == [path.name for path in (tmp_path / "erp" / "done").iterdir()]
    assert [] == list((tmp_path / "erp" / "in").iterdir())
