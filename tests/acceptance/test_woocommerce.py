"""WooCommerce's sample products: variations beside their parents, paths of categories, numbered attributes.

Worked out by hand from `sample_products.csv`, by its column `Type`: 24 rows, of them 2 variable (741, 742), 9 simple (743, 745 to
749, 761, 762, 886), 2 simple, downloadable and virtual (753, 754), 1 grouped (871) and 1 external (872), which are 15 products, and
9 variations: 758 to 760 and 894, 895, 897 of `cc-hoodie`, 883 to 885 of `cc-tee`.
"""

from __future__ import annotations

import pytest

FILES = "https://classiccommerce.cc/wp-content/downloads/sample-data-images/"
SAMPLE = "woocommerce/sample-data/sample_products.csv"


@pytest.fixture(scope="module")
def shop(mapped, realdata):
    return mapped("woocommerce", items=realdata / SAMPLE)


def test_every_row_is_a_product_or_a_variation(shop):
    assert {"read": 24, "written": 24} == shop.fates("items")
    assert {"Product": 15, "Variation": 9} == shop.report.entities
    assert [] == shop.issues
    assert 1 == len(shop.report.warnings)  # of the columns that the mapping leaves alone
    kinds = [row["kind"] for row in shop.rows["Product"]]
    assert {"simple": 11, "variable": 2, "grouped": 1, "external": 1} == {kind: kinds.count(kind) for kind in kinds}
    assert ["cc-album", "cc-single"] == [row["sku"] for row in shop.rows["Product"] if row["virtual"]]


def test_a_variable_product_gathers_its_attributes(shop):
    # ID 742: `Attribute 1 default` and `Attribute 2 default` stand far right of the other columns of their groups.
    assert {
        "id": 742,
        "sku": "cc-hoodie",
        "kind": "variable",
        "virtual": False,
        "name": "Hoodie",
        "listed": True,
        "price": None,
        "was": None,
        "categories": [["Clothing", "Hoodies"]],
        "images": [
            FILES + "hoodie-no-pocket-red.png",
            FILES + "hoodie-no-pocket-blue.png",
            FILES + "hoodie-no-pocket-green.png",
            FILES + "hoodie-with-logo.png",
        ],
        "attributes": [
            {"name": "Color", "values": ["Blue", "Green", "Red"], "global": True, "default": "Red"},
            {"name": "Logo", "values": ["Yes", "No"], "global": False, "default": "No"},
        ],
        "downloads": [],
        "members": [],
        "external_url": None,
        "variations": 6,
    } == shop.one("Product", id=742)


def test_products_of_the_other_types(shop):
    # ID 753 with two downloads, no attributes; ID 871 with three members, and an image behind a comma without a space.
    assert {
        "id": 753,
        "sku": "cc-album",
        "kind": "simple",
        "virtual": True,
        "name": "Album",
        "listed": True,
        "price": 15,
        "was": None,
        "categories": [["Music"]],
        "images": [FILES + "cc-album.png"],
        "attributes": [],
        "downloads": [{"name": "Album", "url": FILES + "cc-album.png"}, {"name": "Single 2", "url": FILES + "cc-single.png"}],
        "members": [],
        "external_url": None,
        "variations": 0,
    } == shop.one("Product", id=753)
    grouped = shop.one("Product", id=871)
    assert ["cc-hoodie-with-logo", "cc-beanie-logo", "cc-tshirt-logo"] == grouped["members"]
    pictures = ["cc-clothing-collection.png", "beanie-wth-logo.png", "t-shirt.-with-logo.png", "hoodie-with-logo.png"]
    assert [FILES + name for name in pictures] == grouped["images"]
    assert (None, [["Clothing"]]) == (grouped["price"], grouped["categories"])
    assert "https://www.classicpress.net/donate/" == shop.one("Product", id=872)["external_url"]


def test_what_is_on_sale_says_what_it_was(shop):
    # `Sale price` is filled at 745, 746, 747, 749, 754, and at the variation 758.
    assert {745: (18, 20), 746: (55, 65), 747: (16, 18), 749: (35, 45), 754: (2, 3)} == {
        row["id"]: (row["price"], row["was"]) for row in shop.rows["Product"] if row["was"] is not None
    }
    assert {758: (42, 45)} == {row["id"]: (row["price"], row["was"]) for row in shop.rows["Variation"] if row["was"] is not None}
    assert [749] == [row["id"] for row in shop.rows["Product"] if not row["listed"]]


def test_a_variation_has_its_options_and_what_is_its_parents(shop):
    assert {
        "id": 758,
        "sku": "cc-hoodie-red",
        "parent": "cc-hoodie",
        "parent_name": "Hoodie",
        "position": 4,
        "options": {"Color": "Red", "Logo": "No"},
        "any_of": [],
        "price": 42,
        "was": 45,
        "categories": [["Clothing", "Hoodies"]],
        "image": FILES + "hoodie-no-pocket-red.png",
        "tax_class": None,
    } == shop.one("Variation", id=758)
    # The tax class of 883 is `parent`, and its parent's is blank; its second attribute has a name and no value: any size.
    assert {
        "id": 883,
        "sku": "cc-t-shirt-blue",
        "parent": "cc-tee",
        "parent_name": "T-Shirt",
        "position": 1,
        "options": {"Color": "Blue"},
        "any_of": ["Size"],
        "price": 25,
        "was": None,
        "categories": [["Clothing", "Tshirts"]],
        "image": FILES + "t-shirt-blue.png",
        "tax_class": None,
    } == shop.one("Variation", id=883)


def test_variations_stand_by_parent_position_and_number(shop):
    # Positions: 895 and 897 have 0, 894 has 1, 758 to 760 have 4 to 6; 885 has 0, 883 has 1, 884 has 2.
    assert [895, 897, 894, 758, 759, 760, 885, 883, 884] == [row["id"] for row in shop.rows["Variation"]]


def test_a_parent_may_be_named_by_its_number(shop, mapped, realdata, tmp_path):
    """The sample names all parents by SKU; the same file with the numbers of the two instead gives the same."""
    text = (realdata / SAMPLE).read_text(encoding="utf-8")
    assert (3, 6) == (text.count(",cc-tee,,,,,,"), text.count(",cc-hoodie,,,,,,"))
    other = tmp_path / "numbers.csv"
    other.write_text(text.replace(",cc-tee,,,,,,", ",id:741,,,,,,").replace(",cc-hoodie,,,,,,", ",id:742,,,,,,"), encoding="utf-8")
    assert shop.rows == mapped("woocommerce", items=other).rows


def test_a_variation_without_its_parent_is_rejected(mapped, realdata, tmp_path):
    lines = (realdata / SAMPLE).read_text(encoding="utf-8").splitlines(keepends=True)
    fewer = tmp_path / "orphans.csv"
    fewer.write_text("".join(line for line in lines if not line.startswith("741,")), encoding="utf-8")
    shop = mapped("woocommerce", items=fewer)
    assert {"read": 23, "written": 20, "rejected": 3} == shop.fates("items")
    assert {"Product": 14, "Variation": 6} == shop.report.entities
    # 883, 884 and 885 stand in lines 19 to 21 of the sample, one less without 741.
    assert {18, 19, 20} == {one["line"] for one in shop.issues}
    assert {"R201"} == {one["code"] for one in shop.issues}
    assert {"parent", "parent_name"} <= {one["field"] for one in shop.issues}
