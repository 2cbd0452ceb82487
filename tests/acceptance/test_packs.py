"""The packs of shops over the data that nobody here wrote; the numbers were worked out by hand from the files.

Shopify, `product_template.csv`: 3 rows of one handle, each with a value of an option: three variants at 25, 19.99 and 19.99; the first has
no SKU, so its number is the handle and its option. Its category is the second step of `Apparel & Accessories > Clothing`.

WooCommerce, `sample_products.csv` (see `test_woocommerce.py`): 24 rows, of which 9 variations and 12 products that are sold themselves (9
simple, 2 downloads, 1 external), which are 21 variants; 2 variable products and 1 group are none. Sale prices stand at 745, 746, 747, 749,
754 and 758. The categories are Clothing, with Tshirts, Hoodies and Accessories below it, Music and Donation: 6. Prices are 21.

Spree, `products.csv` (see `test_spree.py`): 211 rows, 37 products, 13 * 3 + 24 * 2 = 87 variants, each with a price in dollars and one in
euro: 174. `products_import.csv`: 17 rows, most of which end before their last columns: 2 products, `denim-shirt` with 11 rows and so 10
variants, `checked-shirt` with 6 and 5.

BMEcat 2005, `new_catalog.golden.xml`: one product at 1499.50 and, from 100 on, at 1300.90, in the last of five groups, with one feature of two
values; the other catalogue has no classification that has groups.
"""

from __future__ import annotations

import csv
import io
import json
import time
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datahub.resources import folder
from datahub.runner.run import Options
from datahub.runner.run import run as run_plan

PACKS = folder("stdlib_mappings")


def ran(pack: str, file: Path, out: Path):
    import datahub

    plan = datahub.compile(PACKS / "commerce" / pack / "pack.dhm")
    report = run_plan(plan, {pack: [str(file)]}, out, options=Options())
    assert (report.status, report.adds_up) == ("done", True)
    rows = {
        path.stem.removeprefix("d."): [json.loads(line, parse_float=Decimal) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (out / "djust").glob("*.jsonl")
    }
    return report, rows


def counts(rows):
    return {name: len(found) for name, found in rows.items()}


def test_bmecat(realdata, tmp_path):
    _report, rows = ran("bmecat", realdata / "bmecat" / "2005" / "new_catalog.golden.xml", tmp_path)
    assert {"ProductVariant": 1, "Offer": 1, "OfferPrice": 1, "ProductTag": 1, "ClassificationCategory": 5, "Attribute": 1} == counts(rows)
    assert [(1, Decimal("1499.5")), (100, Decimal("1300.9"))] == [
        (tier["quantity"], tier["price"]) for tier in rows["OfferPrice"][0]["priceRanges"]
    ]
    (product,) = rows["ProductVariant"]
    assert ("1000", "5", "8712670911213") == tuple(
        product[name] for name in ("variantExternalId", "productClassificationCategoryId", "variantEan")
    )
    assert {"netzspannung": "110 VLT||220 VLT"} == product["attributes"]
    assert [("1", "Root"), ("2", "1"), ("3", "1"), ("4", "2"), ("5", "2")] == [
        (row["classificationExternalId"], row["classificationParentExternalId"]) for row in rows["ClassificationCategory"]
    ]


def test_bmecat_of_version_1_2(realdata, tmp_path):
    """The same catalogue in the older version gives the same rows."""
    old, new = (
        ran("bmecat", realdata / "bmecat" / version / "new_catalog.golden.xml", tmp_path / version)[1] for version in ("1.2", "2005")
    )
    assert new == old
    _, changed = ran("bmecat", realdata / "bmecat" / "1.2" / "update_products.golden.xml", tmp_path / "changed")
    assert [("1000", False), ("2000", True)] == [(row["variantExternalId"], row["deletedVariant"]) for row in changed["ProductVariant"]]


def test_a_bmecat_without_groups(realdata, tmp_path):
    catalogue = realdata / "bmecat" / "2005" / "new_catalog_with_blank_classification_system.golden.xml"
    _report, rows = ran("bmecat", catalogue, tmp_path)
    # The product is in group 5 of a classification that says nothing of its groups: an earlier catalogue did.
    assert ["5"] == [row["productClassificationCategoryId"] for row in rows["ProductVariant"]]
    assert [] == rows["ClassificationCategory"]


@pytest.mark.parametrize("currency", ["CHF", "EUR"])
def test_each_catalogue_of_several_has_its_own_header(currency, tmp_path):
    given = tmp_path / "in"
    given.mkdir()
    for each in ("CHF", "EUR"):
        (given / f"{each}.xml").write_text(
            f"""<BMECAT version="2005"><HEADER><CATALOG><CATALOG_ID>C{each}</CATALOG_ID><CURRENCY>{each}</CURRENCY>
            <MIME_ROOT>https://{each}.test/</MIME_ROOT></CATALOG></HEADER><T_NEW_CATALOG><PRODUCT><SUPPLIER_PID>A{each}</SUPPLIER_PID>
            <PRODUCT_DETAILS><DESCRIPTION_SHORT>A</DESCRIPTION_SHORT></PRODUCT_DETAILS><PRODUCT_PRICE_DETAILS>
            <PRODUCT_PRICE price_type="net_list"><PRICE_AMOUNT>5</PRICE_AMOUNT></PRODUCT_PRICE></PRODUCT_PRICE_DETAILS>
            <MIME_INFO><MIME><MIME_TYPE>image/jpeg</MIME_TYPE><MIME_SOURCE>a.jpg</MIME_SOURCE></MIME></MIME_INFO></PRODUCT>
            </T_NEW_CATALOG></BMECAT>""",
            encoding="utf-8",
        )
    _report, rows = ran("bmecat", given, tmp_path / "out")
    assert [currency] == [row["currency"] for row in rows["OfferPrice"] if row["stockExternalId"] == f"A{currency}"]
    pictures = {row["variantExternalId"]: row["variantMainImageUrl"] for row in rows["ProductVariant"]}
    assert f"https://{currency}.test/a.jpg" == pictures[f"A{currency}"]


def test_shopify(realdata, tmp_path):
    report, rows = ran("shopify", realdata / "shopify" / "product_template.csv", tmp_path)
    assert {"ProductVariant": 3, "Offer": 3, "OfferPrice": 3, "ProductTag": 1, "ClassificationCategory": 2, "Attribute": 1} == counts(rows)
    assert ["example-t-shirt-lithograph-height-9-x-width-12", "example-shirt-s", "example-shirt-m"] == [
        row["variantExternalId"] for row in rows["ProductVariant"]
    ]
    assert [Decimal(25), Decimal("19.99"), Decimal("19.99")] == [row["priceRanges"][0]["price"] for row in rows["OfferPrice"]]
    assert {"apparel-accessories--clothing"} == {row["productClassificationCategoryId"] for row in rows["ProductVariant"]}
    assert [("apparel-accessories", "Root"), ("apparel-accessories--clothing", "apparel-accessories")] == [
        (row["classificationExternalId"], row["classificationParentExternalId"]) for row in rows["ClassificationCategory"]
    ]
    assert ["mens t-shirt example"] == rows["ProductTag"][0]["productTags"]
    assert 0 == sum(one.rejected for one in report.sources)


def test_woocommerce(realdata, tmp_path):
    _, rows = ran("woocommerce", realdata / "woocommerce" / "sample-data" / "sample_products.csv", tmp_path)
    assert {"ProductVariant": 21, "Offer": 21, "OfferPrice": 21, "ProductTag": 0, "ClassificationCategory": 6, "Attribute": 3} == counts(
        rows
    )
    by_number = {row["variantExternalId"]: row for row in rows["ProductVariant"]}
    assert "cc-hoodie" == by_number["cc-hoodie-red"]["productExternalId"]
    assert {"color": "Red", "logo": "No"} == by_number["cc-hoodie-red"]["attributes"]
    assert {"color": "Blue"} == by_number["cc-t-shirt-blue"]["attributes"]  # any size
    assert {"cc-hoodie", "cc-tee"} == {row["productExternalId"] for row in rows["ProductVariant"]} - set(by_number)
    prices = {row["stockExternalId"]: row["priceRanges"][0]["price"] for row in rows["OfferPrice"]}
    assert (42, 18, 2) == (prices["cc-hoodie-red"], prices["cc-beanie"], prices["cc-single"])
    assert {"clothing", "clothing--tshirts", "clothing--hoodies", "clothing--accessories", "music", "donation"} == {
        row["classificationExternalId"] for row in rows["ClassificationCategory"]
    }


def test_spree(realdata, tmp_path):
    _, rows = ran("spree", realdata / "spree" / "products.csv", tmp_path)
    assert {"ProductVariant": 87, "Offer": 87, "OfferPrice": 174, "ProductTag": 37} == {
        name: count for name, count in counts(rows).items() if name not in ("ClassificationCategory", "Attribute")
    }
    assert {"USD": 87, "EUR": 87} == {code: sum(row["currency"] == code for row in rows["OfferPrice"]) for code in ("USD", "EUR")}
    assert 37 == len({row["productExternalId"] for row in rows["ProductVariant"]})
    toaster = next(row for row in rows["ProductVariant"] if row["variantExternalId"] == "2-SLICE-TOASTER-BLACK")
    assert ("2-slice-toaster", "Black") == (toaster["productExternalId"], toaster["attributes"]["color"])
    assert {5000} == {row["stockNumber"] for row in rows["Offer"] if row["stockExternalId"].startswith("2-SLICE-TOASTER-")}


def test_spree_with_records_that_end_early(realdata, tmp_path):
    _, rows = ran("spree", realdata / "spree" / "products_import.csv", tmp_path)
    assert (15, 15, 15) == (len(rows["ProductVariant"]), len(rows["Offer"]), len(rows["OfferPrice"]))
    assert 2 == len({row["productExternalId"] for row in rows["ProductVariant"]})
    first = next(row for row in rows["ProductVariant"] if row["variantExternalId"] == "DENIM-SHIRT-XS-BLUE")
    assert ("Denim Shirt - Blue / XS", "men--shirts") == (first["variantNames"], first["productClassificationCategoryId"])
    assert (
        Decimal("62.99") == next(r for r in rows["OfferPrice"] if r["stockExternalId"] == "DENIM-SHIRT-XS-BLUE")["priceRanges"][0]["price"]
    )


def test_nothing_is_delivered_of_a_variant_that_is_refused(realdata, tmp_path):
    """The espresso machine in black gets a picture that is no address (line 3): its offer goes, and its prices in dollars and in euro."""
    file = realdata / "spree" / "products.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    black = next(at for at, line in enumerate(lines) if ",AUTOMATIC-ESPRESSO-MACHINE-MATTE-BLACK," in line)
    lines[black] = lines[black].replace("https://raw.githubusercontent.com/", "no address/", 1)
    spoilt = tmp_path / "products.csv"
    spoilt.write_text("".join(lines), encoding="utf-8")
    _, rows = ran("spree", spoilt, tmp_path / "out")
    assert {"ProductVariant": 86, "Offer": 86, "OfferPrice": 172, "ProductTag": 37} == {
        name: count for name, count in counts(rows).items() if name not in ("ClassificationCategory", "Attribute")
    }
    assert not {"AUTOMATIC-ESPRESSO-MACHINE-MATTE-BLACK"} & {row["stockExternalId"] for row in (*rows["Offer"], *rows["OfferPrice"])}
    issues = pq.read_table(tmp_path / "out" / "run" / "issues.parquet").to_pylist()
    assert ["F-E-002", "F-E-002", "F-E-012"] == sorted(one["code"] for one in issues)


@pytest.mark.parametrize("change", ["bom", "capitals", "crlf", "blank rows"])
def test_files_as_people_make_them(change, realdata, tmp_path):
    """What changes nothing for a reader changes nothing that comes out."""
    file = realdata / "woocommerce" / "sample-data" / "sample_products.csv"
    text = file.read_text(encoding="utf-8")
    header, rest = text.split("\n", 1)
    changed = {
        "bom": "\ufeff" + text,
        "capitals": header.upper() + "\n" + rest,
        "crlf": text.replace("\r\n", "\n").replace("\n", "\r\n"),
        "blank rows": header + "\n" + "," * header.count(",") + "\n" + rest.rstrip("\n") + "\n" + "," * header.count(",") + "\n",
    }[change]
    other = tmp_path / "changed.csv"
    other.write_bytes(changed.encode())
    assert ran("woocommerce", file, tmp_path / "a")[1] == ran("woocommerce", other, tmp_path / "b")[1]


FILES = {
    "shopify": "shopify/product_template.csv",
    "woocommerce": "woocommerce/sample-data/sample_products.csv",
    "spree": "spree/products.csv",
}


@pytest.mark.parametrize("pack", FILES)
@pytest.mark.parametrize("change", ["columns in another order", "a column of nobody"])
def test_columns_stand_where_they_like(pack, change, realdata, tmp_path):
    """The same rows come out of a file whose columns are turned round, and of one with a column that the pack does not know."""
    file = realdata / FILES[pack]
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    changed = [row[::-1] for row in rows] if change == "columns in another order" else [[*row, f"x{at}"] for at, row in enumerate(rows)]
    with (tmp_path / "changed.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(changed)
    straight, turned = ran(pack, file, tmp_path / "a")[1], ran(pack, tmp_path / "changed.csv", tmp_path / "b")[1]
    # Attributes come in the order of the columns that name them, and so do their values.
    assert alike(straight) == alike(turned)


def alike(rows):
    return {name: sorted(json.dumps(row, sort_keys=True, default=str) for row in found) for name, found in rows.items()}


def test_akeneo_with_as_many_columns_as_a_catalogue_has(tmp_path):
    """As many cells in 600 columns as in 50 take about as long: the columns of a row are gone over a fixed number of times."""
    run_wide(tmp_path / "warm", 10, 10)
    narrow, wide = run_wide(tmp_path / "narrow", 1_200, 50), run_wide(tmp_path / "wide", 100, 600)
    assert wide < 4 * narrow


def run_wide(folder: Path, products: int, attributes: int) -> float:
    import datahub

    folder.mkdir()
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter=";")
        out.writerow(["sku", "enabled", "name-en_US", *(f"a{at}" for at in range(attributes))])
        out.writerows([f"p{row}", 1, f"Product {row}", *(row % 7 for _ in range(attributes))] for row in range(products))
    (folder / "models.csv").write_text("code;parent\n", encoding="utf-8")
    plan = datahub.compile(PACKS / "commerce" / "akeneo" / "pack.dhm")
    sources = {"akeneo": [str(folder / "products.csv")], "akeneo_models": [str(folder / "models.csv")]}
    started = time.process_time()
    report = run_plan(plan, sources, folder / "out", options=Options())
    assert (report.status, report.adds_up) == ("done", True)
    with (folder / "out" / "djust" / "d.ProductVariant.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    assert (products, {attributes}) == (len(rows), {len(row["attributes"]) for row in rows})
    return time.process_time() - started
