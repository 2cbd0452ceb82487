"""Files of one name are told apart, by whoever joins by `file_name` and in rejects."""

from __future__ import annotations

import json

import pytest

SCRIPT = """
source items: csv { columns { ref: text, n: int? } }
entity Item { ref: text, n: int?, file: text }
map Item from i in items { ref: i.ref, n: i.n, file: file_name(i) }
target out: jsonl { }
flow f { write Item to out }
"""
CATALOGUE = """<BMECAT version="2005"><HEADER><CATALOG><CATALOG_ID>{0}</CATALOG_ID><CURRENCY>{0}</CURRENCY><MIME_ROOT>https://{0}.test</MIME_ROOT></CATALOG></HEADER>
<T_NEW_CATALOG><PRODUCT mode="new"><SUPPLIER_PID>A{0}</SUPPLIER_PID><PRODUCT_DETAILS><DESCRIPTION_SHORT>Tee</DESCRIPTION_SHORT></PRODUCT_DETAILS>
<PRODUCT_PRICE_DETAILS><PRODUCT_PRICE price_type="net_list"><PRICE_AMOUNT>1</PRICE_AMOUNT></PRODUCT_PRICE></PRODUCT_PRICE_DETAILS>
<MIME_INFO><MIME><MIME_SOURCE>a.jpg</MIME_SOURCE></MIME></MIME_INFO></PRODUCT></T_NEW_CATALOG></BMECAT>"""
PRICES = """
use djust ^1.0 as d
use commerce.bmecat ^1.0 as b
target out: jsonl { }
flow f { write d.OfferPrice, d.ProductVariant to out }
"""


@pytest.fixture
def read(tmp_path, dhm):
    """Runs a script over files of one source, and gives the rows that it wrote and what was said."""

    def reading(script, source, files):
        (tmp_path / "s.dhm").write_text(script, encoding="utf-8")
        given = []
        for name, text in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
            given += ["--source", f"{source}={tmp_path / name}"]
        ended = dhm("run", tmp_path / "s.dhm", *given, "--out", tmp_path / "out")
        assert 0 == ended.code, ended.out + ended.err
        written = [one for one in (tmp_path / "out").rglob("*.jsonl") if "run" not in one.parts]
        return [json.loads(line) for one in written for line in one.read_text(encoding="utf-8").splitlines()], ended.err

    return reading


def test_as_much_of_their_folders_stands_before_the_name_as_tells_them_apart(read):
    files = [
        ("x/a/items.csv", "ref,n\n1,1\n"),
        ("x/b/items.csv", "ref,n\n2,u\n3,1\n"),
        ("y/b/items.csv", "ref,n\n4,1\n"),
        ("other.csv", "ref,n\n5,1\n"),
    ]
    rows, told = read(SCRIPT, "items", files)
    assert {"1": "a/items.csv", "3": "x/b/items.csv", "4": "y/b/items.csv", "5": "other.csv"} == {one["ref"]: one["file"] for one in rows}
    assert "x/b/items.csv:2" in told


def test_each_catalogue_has_its_own_header(read):
    rows, _ = read(PRICES, "b.bmecat", [(f"{currency}/cat.xml", CATALOGUE.format(currency)) for currency in ("EUR", "CHF")])
    assert {"EUR", "CHF"} == {one["currency"] for one in rows if "currency" in one}
    assert all(one["offerPriceExternalId"].startswith("A" + one["currency"]) for one in rows if "currency" in one)
    assert {"AEUR": "https://EUR.test/a.jpg", "ACHF": "https://CHF.test/a.jpg"} == {
        one["variantExternalId"]: one["variantMainImageUrl"] for one in rows if "variantMainImageUrl" in one
    }
