"""Saleor's sample shop: one JSON array of records of many models, exploded and joined by their numbers.

Worked out by hand from `populatedb_data.json`, whose 721 records were counted by `model`. Written are 16 categories, 32 products,
73 variants and 1 sale: 122. Looked up by joins are 8 product types, 48 media, 9 attributes with 39 values, 43 values assigned to
products, 2 collections with 8 products, 56 assignments to variants with 56 values, 2 channels with 146 prices, 56 stocks: 473. Left
out are the other 16 models, 126 records, 64 `productchannellisting` among them.
"""

from __future__ import annotations

from decimal import Decimal

import pytest


@pytest.fixture(scope="module")
def shop(mapped, realdata):
    return mapped("saleor", records=realdata / "saleor/saleor/static/populatedb_data.json")


def test_every_record_comes_to_something(shop):
    assert {"Category": 16, "Product": 32, "Variant": 73, "SaleItem": 5} == shop.report.entities
    assert {"read": 721, "written": 122, "looked_up": 473, "filtered": 126} == shop.fates("records")
    assert [] == shop.issues


def test_categories_know_the_way_from_the_top(shop):
    # 39 and 40 stand in 38, which stands in 27; by `level`, 25, 27 and 42 stand in none, 8 in these, 5 in those.
    assert {"id": "39", "slug": "t-shirts", "path": ["Apparel", "Shirts", "T-shirts"]} == shop.one("Category", id="39")
    assert {"id": "40", "slug": "polo-shirts-2", "path": ["Apparel", "Shirts", "Polo shirts"]} == shop.one("Category", id="40")
    assert {"id": "42", "slug": "groceries", "path": ["Groceries"]} == shop.one("Category", id="42")
    lengths = [len(row["path"]) for row in shop.rows["Category"]]
    assert (3, 8, 5) == (lengths.count(1), lengths.count(2), lengths.count(3))


def test_a_product_has_its_images_in_order_and_its_facts(shop):
    # Media 291 to 294 with `sort_order` 1, 2, 3, 0; value 143 of attribute 44; collection 4 by way of record 11; variants 325 to 331.
    assert {
        "id": "127",
        "slug": "white-plimsolls",
        "name": "White Plimsolls",
        "path": ["Apparel", "Sneakers"],
        "kind": "Shoe",
        "images": [
            "products/white-plimsolls-2_0d32e6cd.png",
            "products/white-plimsolls-1_89b84f81.png",
            "products/white-plimsolls-4_5be43acb.png",
            "products/white-plimsolls-3_1ca670b6.png",
        ],
        "facts": [{"name": "Brand", "value": "Saleor Loom"}],
        "collections": ["Featured Products"],
        "on_sale": False,
        "variants": 7,
    } == shop.one("Product", id="127")
    # Values 129 (Apple, of Flavor) and 142 (Frutello, of Brand); one image, no collection, one variant.
    assert {
        "id": "152",
        "slug": "apple-juice",
        "name": "Apple Juice",
        "path": ["Groceries", "Juices"],
        "kind": "Juice",
        "images": ["products/apple-drink_60641056.png"],
        "facts": [{"name": "Brand", "value": "Frutello"}, {"name": "Flavor", "value": "Apple"}],
        "collections": [],
        "on_sale": False,
        "variants": 1,
    } == shop.one("Product", id="152")
    # 161 is in both collections; 145 has values of no attribute, 160 neither.
    assert ["Featured Products", "Summer Picks"] == shop.one("Product", id="161")["collections"]
    assert [] == shop.one("Product", id="145")["facts"] == shop.one("Product", id="160")["facts"]
    assert 48 == sum(len(row["images"]) for row in shop.rows["Product"])
    assert 43 == sum(len(row["facts"]) for row in shop.rows["Product"])
    assert 8 == sum(len(row["collections"]) for row in shop.rows["Product"])


def test_a_variant_has_its_options_prices_and_stock(shop):
    # Variant 340: assignment 152 with value 108 (39, Shoe size); prices 256 and 257; 400 in stock.
    assert {
        "id": "340",
        "product": "balance-trail-720",
        "sku": "118223581",
        "title": "Paul's Balance 420 39",
        "options": [{"name": "Shoe size", "value": "39"}],
        "prices": [
            {"channel": "channel-pln", "currency": "PLN", "price": Decimal("209.96")},
            {"channel": "default-channel", "currency": "USD", "price": 50},
        ],
        "stock": 400,
        "weight": None,
    } == shop.one("Variant", id="340")
    # Variant 400 has no SKU, no options and no stock; prices 370 and 371.
    assert {
        "id": "400",
        "product": "gift-card-500",
        "sku": None,
        "title": "Gift card 500 UHJvZHVjdFZhcmlhbnQ6NDAw",
        "options": [],
        "prices": [
            {"channel": "channel-pln", "currency": "PLN", "price": 2300},
            {"channel": "default-channel", "currency": "USD", "price": 500},
        ],
        "stock": None,
        "weight": None,
    } == shop.one("Variant", id="400")
    assert {"326": "1000.0:g"} == {row["id"]: row["weight"] for row in shop.rows["Variant"] if row["weight"]}
    assert 146 == sum(len(row["prices"]) for row in shop.rows["Variant"])
    assert 56 == sum(len(row["options"]) for row in shop.rows["Variant"])
    assert 56 == sum(row["stock"] is not None for row in shop.rows["Variant"])


def test_the_sale_is_exploded_to_its_products(shop):
    # `products` of the sale is [128, 137, 126, 141, 143], in this order.
    slugs = ["blue-plimsolls", "blue-polygon-shirt", "headless-omnichannel-commerce", "pirates-beanie", "tactical-neck-warmer"]
    since = "2022-05-14T22:00:00Z"
    assert [{"sale": "Seasonal sale", "product": slug, "since": since} for slug in slugs] == shop.rows["SaleItem"]
    assert {"126", "128", "137", "141", "143"} == {row["id"] for row in shop.rows["Product"] if row["on_sale"]}
