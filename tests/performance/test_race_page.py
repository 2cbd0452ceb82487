"""A race of some keeps what the others gave before."""

from __future__ import annotations

from tests.performance.race import BEGIN, END, PAGE, merged, titled

OLD = "\n\nolder\n\n### products\n\n| 1 |\n\n### `dhm --help`\n\n| 2 |\n\nidentical\n\n"


def test_tables_that_were_not_run_stay_where_they_were() -> None:
    assert merged(OLD, titled("### orders\n\n| 4 |\n\n### products\n\n| 3 |")) == {
        "products": "| 3 |",
        "`dhm --help`": "| 2 |\n\nidentical",
        "orders": "| 4 |",
    }


def test_the_tables_of_the_page_are_found_and_say_when_they_were_run() -> None:
    section = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    tables = titled(section)
    assert {"products, 2,000,000 rows", "orders, 300,000 rows", "lookup of 1 M keys"} <= set(tables)
    assert all(" runs in turn" in table for table in tables.values())
