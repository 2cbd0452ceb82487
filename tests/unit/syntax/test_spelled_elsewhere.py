"""What is spelled as in another language is told with how it is spelled here."""

from __future__ import annotations

import pytest

from datahub.runner.embed import check

SOURCE = "source s: csv { columns { id: text, ref: text? } }\n"
ENTITY = "entity E { id: text, ref: text? }\n"
MAP = "map E from r in s { id: r.id, ref: r.ref }\n"


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        ("source s: csv { columns [\n id: text\n] }\n" + ENTITY + MAP, "columns stand in braces: `columns { sku: text }`"),
        (SOURCE + "entity E { id: enum[a, b], ref: text? }\n" + MAP, "write `enum(a, b)`"),
        (SOURCE + "entity E { id: text(1-40), ref: text? }\n" + MAP, "write `1..40`"),
        (SOURCE + "entity E { id: text, ref: nullable text(3) }\n" + MAP, "write `text(3)?`"),
        (
            SOURCE + ENTITY + MAP.replace("in s", "in s where r.ref is not empty"),
            "write `blank`: null, or nothing but spaces",
        ),
        (SOURCE + ENTITY + MAP + 'checks E {\n  P1: id <> "a"\n}\n', "write `P1 error:`: a check says how grave it is"),
        (SOURCE + ENTITY + MAP + "target t: csv { }\nflow main {\n  write E into t\n}\n", "write `to`"),
        (
            SOURCE + ENTITY + MAP.replace("ref: r.ref", "ref: trim r.ref"),
            "write `trim(r.ref)`: what a function takes stands in parentheses",
        ),
    ],
)
def test_the_advice_is_how_it_is_spelled_here(script: str, advice: str) -> None:
    first = check(script)[0]
    assert (first.rule.code, first.help) == ("DHM001", advice)
