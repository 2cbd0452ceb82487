"""Shopify's product template: three rows of one handle, CRLF, cells with quotes and commas, and rows of our own in its columns.

Worked out by hand from `product_template.csv`: all of its three rows are of `example-t-shirt`; each has an option value, so there
are three variants; the first alone has a title, an option name and an image.
"""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

TEMPLATE = "shopify/product_template.csv"


@pytest.fixture(scope="module")
def shop(mapped, realdata):
    return mapped("shopify", rows=realdata / TEMPLATE)


def test_the_rows_of_a_handle_are_one_product(shop):
    assert {"read": 3, "written": 3} == shop.fates("rows")
    assert {"Product": 1, "Variant": 3} == shop.report.entities
    assert [] == shop.issues
    assert [
        {
            "handle": "example-t-shirt",
            "title": "Example T-Shirt",
            "vendor": "Acme",
            "kind": "Shirts",
            "tags": ["mens t-shirt example"],
            "published": True,
            "options": ["Title"],
            "images": [
                {
                    "src": "https://cdn.shopify.com/s/images/shopify_shirt.png?e6948ca4d9028f9e734b8202cc472e3b89aae0f3",
                    "position": 1,
                    "alt": None,
                }
            ],
            "seo_title": "Our awesome T-shirt in 70 characters or less.",
            "google": {
                "Google Product Category": "Apparel & Accessories > Clothing",
                "Gender": "Unisex",
                "Age Group": "Adult",
                "MPN": "7X8ABC910",
                "AdWords Grouping": "T-shirts",
                "AdWords Labels": "cotton, pre-shrunk",
                "Condition": "used",
                "Custom Product": "FALSE",
            },
            "variants": 3,
        }
    ] == shop.rows["Product"]


def test_variants_take_the_names_of_their_options_from_the_first_row(shop):
    def variant(value, sku, price, compare_at, grams, tracked):
        return {
            "handle": "example-t-shirt",
            "title": "Example T-Shirt",
            "options": [{"name": "Title", "value": value}],
            "sku": sku,
            "price": price,
            "compare_at": compare_at,
            "grams": grams,
            "tracked": tracked,
        }

    assert [
        variant('Lithograph - Height: 9" x Width: 12"', None, 25, None, 3629, False),
        variant("Small", "example-shirt-s", Decimal("19.99"), Decimal("24.99"), 200, False),
        variant("Medium", "example-shirt-m", Decimal("19.99"), Decimal("24.99"), 200, True),
    ] == shop.rows["Variant"]


def test_rows_with_nothing_but_an_image_are_no_variants(mapped, realdata, tmp_path):
    """The template has no such row; here are two of our own, and a second product between them."""
    with (realdata / TEMPLATE).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    blank = dict.fromkeys(header, "")
    more = [
        {"Handle": "example-t-shirt", "Image Src": "https://example.com/back.png", "Image Position": "3", "Image Alt Text": 'the "back"'},
        {"Handle": "mug", "Title": "Mug", "Vendor": "Acme", "Option1 Name": "Colour", "Option1 Value": "blue", "Option2 Name": "Size"}
        | {"Option2 Value": "XL", "Option3 Name": "Lid", "Option3 Value": "yes", "Variant Price": "7.50", "Tags": "a, b"},
        {"Handle": "example-t-shirt", "Image Src": "https://example.com/front.png", "Image Position": "2"},
    ]
    path = tmp_path / "more.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows([header, *rows, *((blank | one).values() for one in more)])
    shop = mapped("shopify", rows=path)
    assert {"read": 6, "written": 6} == shop.fates("rows")
    assert {"Product": 2, "Variant": 4} == shop.report.entities
    shirt, mug = shop.rows["Product"]
    assert [(1, None), (2, None), (3, 'the "back"')] == [(one["position"], one["alt"]) for one in shirt["images"]]
    assert 3 == shirt["variants"]
    assert (["Colour", "Size", "Lid"], ["a", "b"], [], False, 1) == tuple(
        mug[name] for name in ("options", "tags", "images", "published", "variants")
    )
    assert [{"name": "Colour", "value": "blue"}, {"name": "Size", "value": "XL"}, {"name": "Lid", "value": "yes"}] == shop.one(
        "Variant", handle="mug"
    )["options"]
