"""The runner of the specification: what it reads, what it rewrites, and that it notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec_case import differences
from tests.spec_runner import Case, cases, rewrite

TEXT = """\
# Numbers

Prose.

## A first case
Words.

```dhm
param a: text = "x"
```
```csv items
a
```

## Only prose here
Nothing.

## A case that shows blocks
````markdown
```dhm
not this one
```
````
```issues
```
"""


@pytest.fixture
def page(tmp_path) -> Path:
    path = tmp_path / "numbers.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_case_is_a_title_with_its_blocks(page):
    first, second = cases(page)
    assert ("numbers: A first case", ["dhm", "csv"]) == (first.name, [block.kind for block in first.blocks])
    assert ("items", "a\n") == (first.blocks[1].about, first.blocks[1].text)
    assert ["markdown", "issues"] == [block.kind for block in second.blocks]
    assert "```dhm\nnot this one\n```\n" == second.blocks[0].text


def test_rewriting_a_block_leaves_all_else_and_finds_it_after_lines_moved(page):
    first, second = cases(page)
    rewrite(first, {1: "a\nb\nc\n"})
    rewrite(second, {1: "items:2  a  R101  b\n"})
    expected = TEXT.replace("```csv items\na\n```", "```csv items\na\nb\nc\n```").replace(
        "```issues\n```", "```issues\nitems:2  a  R101  b\n```"
    )
    assert expected == page.read_text(encoding="utf-8")
    rewrite(next(cases(page)), {1: ""})
    assert "```csv items\n```\n" in page.read_text(encoding="utf-8")


def test_a_block_that_is_not_closed_is_told(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("## A\n```dhm\n", encoding="utf-8")
    with pytest.raises(ValueError, match="the block on line 2 is not closed"):
        list(cases(path))


SCRIPT = """\
source items: csv {
  columns {
    sku: text
    price: decimal
  }
}

entity Offer {
  key sku
  sku: text
  price: decimal(10,2)
}

map Offer from i in items {
  sku: upper(i.sku)%s
  price: i.price
}
"""


def case(tmp_path: Path, *blocks: str, mark: str = "") -> Case:
    path = tmp_path / "a.md"
    path.write_text("## A case\n" + "".join(f"```{block}```\n" for block in (f"dhm\n{SCRIPT % mark}", *blocks)), encoding="utf-8")
    (found,) = cases(path)
    return found


def folder(tmp_path: Path) -> Path:
    place = tmp_path / "run"
    place.mkdir()
    return place


FEED = "csv items\nsku,price\na,1.50\nb,free\n"
OFFERS = 'jsonl Offer\n{"sku": "A", "price": 1.50}\n'
ISSUES = "issues\nitems:3  price  R104  free\n"


def test_a_case_that_holds_has_no_differences(tmp_path):
    held = case(tmp_path, FEED, OFFERS, ISSUES, mark="  # type: text")
    assert [] == differences(held, folder(tmp_path))


@pytest.mark.parametrize(
    ("blocks", "mark", "kind"),
    [
        ((FEED, OFFERS.replace("1.50", "1.5")), "", "jsonl"),
        ((FEED, OFFERS.replace('"A"', '"a"')), "", "jsonl"),
        ((FEED, OFFERS + '{"sku": "B", "price": 2.00}\n'), "", "jsonl"),
        ((FEED, "issues\nitems:3  price  R105  free\n"), "", "issues"),
        ((FEED, "issues\n"), "", "issues"),
        ((FEED, "rejects items\n"), "", "rejects"),
        ((FEED, "failure\nR001 the file is empty\n"), "", "failure"),
        ((), "  # error: DHM201", None),
        ((), "  # warning: DHM203", None),
        ((), "  # type: int", None),
        (("nonsense\n",), "", None),
    ],
)
def test_whatever_does_not_hold_is_noticed(tmp_path, blocks, mark, kind):
    found = differences(case(tmp_path, *blocks, mark=mark), folder(tmp_path))
    assert [kind] == [one.block.kind if one.block else None for one in found]


def test_an_error_that_the_script_does_not_state_is_noticed(tmp_path):
    broken = case(tmp_path, mark=" & nothing")
    assert ["not stated"] == [one.text.partition(":")[0] for one in differences(broken, folder(tmp_path))]
