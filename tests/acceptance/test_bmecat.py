"""BMEcat catalogues: XML with a DOCTYPE that names a DTD, in the namespace of each version.

Counted by hand in `new_catalog.golden.xml` (1.2): one article with two price tiers, one feature, one image; five groups.
"""

from __future__ import annotations

from decimal import Decimal


def test_articles_prices_and_groups_are_read(mapped, realdata):
    catalogue = realdata / "bmecat/1.2/new_catalog.golden.xml"
    seen = mapped("bmecat", articles=catalogue, groups=catalogue)
    assert {"Product": 1, "Price": 2, "Group": 5} == seen.report.entities
    assert {"sku": "1000", "title": 'Apple MacBook Pro 13"', "ean": "8712670911213", "features": 1, "images": 1} == seen.rows["Product"][0]
    assert [(Decimal("1499.5"), 1), (Decimal("1300.9"), 100)] == [(row["amount"], row["from_quantity"]) for row in seen.rows["Price"]]
    assert [None, "1", "1", "2", "2"] == [row["parent"] for row in seen.rows["Group"]]
