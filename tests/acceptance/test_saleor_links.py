"""Saleor's foreign keys as `references` and `owns`, against a reading of the same file in Python that removes what cannot stand."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest


@pytest.fixture(scope="module")
def data(realdata):
    return realdata / "saleor/saleor/static/populatedb_data.json"


@pytest.fixture(scope="module")
def shop(mapped, data):
    return mapped("saleor_links", records=data)


@pytest.fixture(scope="module")
def standing(data):
    """The keys of all rows by entity: those that nothing is wrong with, without those that fall with another, until none does."""
    records = json.loads(data.read_text(encoding="utf-8"), parse_float=Decimal)

    def of(model):
        return {str(one["pk"]): one["fields"] for one in records if one["model"] == model}

    categories = {pk: one for pk, one in of("product.category").items() if len(one["name"]) <= 10}
    products, variants = of("product.product"), of("product.productvariant")
    listings = list(of("product.productvariantchannellisting").values())
    stocks = list(of("warehouse.stock").values())
    prices = [one for one in listings if Decimal(one["price_amount"]) < 1500]
    full = [one for one in stocks if one["quantity"] < 4000]
    lost = {str(one["variant"]) for one in listings if one not in prices} | {
        str(one["product_variant"]) for one in stocks if one not in full
    }
    tree = {pk for pk in categories if all(one in categories for one in _above(pk, of("product.category")))}
    fallen = {str(one["product"]) for pk, one in variants.items() if pk in lost}
    products = {pk for pk, one in products.items() if (one["category"] is None or str(one["category"]) in tree) and pk not in fallen}
    variants = {pk for pk, one in variants.items() if str(one["product"]) in products}
    return {
        "Category": tree,
        "Product": products,
        "Variant": variants,
        "Price": {(str(one["variant"]), one["channel"]) for one in prices if str(one["variant"]) in variants},
        "Stock": {str(one["product_variant"]) for one in full if str(one["product_variant"]) in variants},
    }


def _above(pk, categories):
    parent = categories[pk]["parent"]
    return [] if parent is None else [str(parent), *_above(str(parent), categories)]


def test_what_stands_is_what_a_plain_reading_leaves(shop, standing):
    channels = {"default-channel": 1, "channel-pln": 2}
    found = {name: {row["id"] for row in shop.rows[name]} for name in ("Category", "Product", "Variant")}
    found["Price"] = {(row["variant"], channels[row["channel"]]) for row in shop.rows["Price"]}
    found["Stock"] = {row["variant"] for row in shop.rows["Stock"]}
    assert standing == found
    # The data has what makes this a test: each kind of row both stands and falls.
    assert {"R202", "R301", "P001", "R502", "R504"} == {one["code"] for one in shop.issues}
    assert all(0 < len(keys) for keys in standing.values())


def test_no_row_is_told_of_twice_for_what_it_fell_with(shop):
    told = [(one["entity"], one["key"]) for one in shop.issues if one["code"] in ("R502", "R503", "R504")]
    assert len(told) == len(set(told))


def test_each_message_names_a_row_that_was_rejected_by_itself(shop):
    own = {f"`{one['entity']}` {one['key']} was rejected" for one in shop.issues if one["code"] in ("R202", "R301", "P001")}
    assert {one["message"] for one in shop.issues if one["code"] in ("R502", "R504")} <= own
