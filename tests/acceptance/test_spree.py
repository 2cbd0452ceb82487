"""Spree's sample products: rows that share a slug, cells that are inherited, translations in a file of their own.

Worked out by hand from the files. `products.csv` has 211 rows (lines 2 to 212): 37 slugs, each beginning with the row of the
product, which alone has a name; 13 products have three variants and 24 have two, so 13 * 3 + 24 * 2 = 87 rows in dollars (to
line 125), and from line 126 on once more 87 with the price in euro and nothing else: 37 + 87 + 87 = 211.
`product_translations.csv` has 74 rows: `de` and `fr` of each of the 37.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

IMAGES = "https://raw.githubusercontent.com/spree/spree/main/docs/images/demo-images/"


@pytest.fixture(scope="module")
def shop(mapped, realdata):
    return mapped("spree", rows=realdata / "spree/products.csv", translations=realdata / "spree/product_translations.csv")


def test_every_row_comes_to_a_product_or_a_variant(shop):
    assert {"read": 211, "written": 211} == shop.fates("rows")
    assert {"read": 74, "looked_up": 74} == shop.fates("translations")
    assert {"Product": 37, "Variant": 87} == shop.report.entities
    assert 87 == sum(row["variants"] for row in shop.rows["Product"])
    assert 13 == sum(row["variants"] == 3 for row in shop.rows["Product"])
    assert 174 == sum(len(row["prices"]) for row in shop.rows["Variant"])


def test_a_product_is_its_first_row_with_its_translations(shop):
    # Line 52 of the products; lines 30 and 31 of the translations.
    assert {
        "slug": "air-purifier-tower",
        "sku": "AIR-PURIFIER-TOWER",
        "name": "Air Purifier Tower",
        "names": {"de": "Turm-Luftreiniger", "fr": "Purificateur d'Air Tour"},
        "status": "active",
        "category": ["Air & Climate", "Air Purifiers"],
        "tags": ["air purifier", "tower", "HEPA H13", "smart home", "air & climate"],
        "tax_category": "Default",
        "image": IMAGES + "air-purifier-tower.webp",
        "custom": {
            "wattage": "65W",
            "voltage": "220-240V",
            "warranty": "2 Years",
            "room_coverage": "Up to 80m²",
            "connectivity": "WiFi + App",
        },
        "variants": 3,
    } == shop.one("Product", slug="air-purifier-tower")


def test_custom_fields_are_a_map_of_those_that_are_filled(shop):
    # Filled in the rows of the products, counted by column: capacity in 14, runtime 8, room_coverage 5, noise_level 1, connectivity 4.
    custom = [row["custom"] for row in shop.rows["Product"]]
    counted = {name: sum(name in one for one in custom) for name in ("wattage", "voltage", "warranty", "capacity", "runtime")}
    assert {"wattage": 37, "voltage": 37, "warranty": 37, "capacity": 14, "runtime": 8} == counted
    assert 5 + 1 + 4 == sum(name in one for one in custom for name in ("room_coverage", "noise_level", "connectivity"))
    assert {
        "wattage": "40W",
        "voltage": "14.4V Lithium",
        "warranty": "2 Years",
        "runtime": "120 minutes",
        "connectivity": "App",
    } == shop.one("Product", slug="robot-vacuum")["custom"]


def test_a_variant_inherits_from_its_product_and_has_a_price_a_currency(shop):
    # Line 79 in dollars, line 180 in euro, and line 77 for what it inherits.
    assert {
        "sku": "PROFESSIONAL-GARMENT-STEAMER-BLACK",
        "product": "professional-garment-steamer",
        "product_name": "Professional Garment Steamer",
        "product_type": "Garment Care",
        "tax_category": "Default",
        "options": [{"name": "Color", "value": "Black"}],
        "prices": [
            {"currency": "USD", "price": 100, "compare_at": Decimal("129.99")},
            {"currency": "EUR", "price": 95, "compare_at": Decimal("119.99")},
        ],
        "size": {"width": Decimal("11.8"), "height": 61, "depth": Decimal("11.8")},
        "weight_lb": Decimal("7.7"),
        "stock": 5000,
        "backorderable": False,
        "image": IMAGES + "professional-garment-steamer-black.webp",
        "wattage": "1800W",
    } == shop.one("Variant", sku="PROFESSIONAL-GARMENT-STEAMER-BLACK")
    # Lines 115 and 205, and line 113; `compare_at_price` is 0 in dollars and blank in euro: there is none.
    assert {
        "sku": "BEARD-TRIMMER-7000-BLACK",
        "product": "beard-trimmer-7000",
        "product_name": "Beard Trimmer 7000",
        "product_type": "Grooming",
        "tax_category": "Default",
        "options": [{"name": "Color", "value": "Black"}],
        "prices": [
            {"currency": "USD", "price": Decimal("119.99"), "compare_at": None},
            {"currency": "EUR", "price": Decimal("109.99"), "compare_at": None},
        ],
        "size": {"width": 2, "height": Decimal("7.9"), "depth": Decimal("1.6")},
        "weight_lb": Decimal("0.6"),
        "stock": 5000,
        "backorderable": False,
        "image": IMAGES + "beard-trimmer-7000-black.webp",
        "wattage": "5W",
    } == shop.one("Variant", sku="BEARD-TRIMMER-7000-BLACK")


def test_variants_stand_in_the_order_of_the_file(shop):
    assert ["AUTOMATIC-ESPRESSO-MACHINE-MATTE-BLACK", "AUTOMATIC-ESPRESSO-MACHINE-SILVER"] == [
        row["sku"] for row in shop.rows["Variant"][:2]
    ]
    assert "ROTARY-SHAVER-9000-MATTE-BLACK" == shop.rows["Variant"][-1]["sku"]


def test_a_mistake_in_the_sample_is_found(shop):
    """`robot-vacuum-pro` (line 96) has the SKU of `robot-vacuum` (line 93)."""
    assert [("P001", 93, "warn"), ("P001", 96, "warn")] == [(one["code"], one["line"], one["severity"]) for one in shop.issues]
    assert "the SKU ROBOT-VACUUM stands at 2 products" == shop.issues[0]["message"]


def test_a_product_without_translations_is_rejected_and_its_variants_are_not(mapped, realdata, tmp_path):
    text = (realdata / "spree/product_translations.csv").read_text(encoding="utf-8")
    fewer = tmp_path / "translations.csv"
    fewer.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("steam-iron,")), encoding="utf-8")
    shop = mapped("spree", rows=realdata / "spree/products.csv", translations=fewer)
    assert {"Product": 36, "Variant": 87} == shop.report.entities
    assert {"read": 211, "written": 210, "rejected": 1} == shop.fates("rows")
    assert [("R404", 80)] == [(one["code"], one["line"]) for one in shop.issues if one["severity"] == "error"]
