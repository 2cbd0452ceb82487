"""Scripts made at random out of all that scripts are made of, and rows of text for their sources, some of which cannot be read."""

from __future__ import annotations

import random
from typing import Any

HEAD = """
source items: csv {
  columns {
    sku   : text
    model : text?
    brand : enum(low, mid, high)?
    price : decimal(12,2)?
    qty   : int
    day   : date?
    ok    : bool?
    tags  : [text] @split(",")
  }
}
source dims: csv {
  columns {
    model : text
    label : text?
    rate  : decimal(6,4)?
  }
}
lookup colours (model: text) -> text {
  | model  | colour |
  | M1     | red    |
  | M2     | blue   |
  | M3, M4 | green  |
  otherwise ELSE
}
lookup rates (model: text) asof since: date -> {rate: decimal(6,4), zone: text} {
  | model  | since      | rate | zone |
  | M1     | 2024-01-01 | 0.5  | a    |
  | M1     | 2024-03-12 | 0.75 | b    |
  | M2     | 2024-02-11 | 1.25 | c    |
  | M3, M4 | 2024-01-10 | 2    | d    |
  otherwise DATED
}
lookup codes (letter: text) -> {name: text, rank: int} {
  | letter | name | rank |
  | A      | M1   | 1    |
  | B      | M2   | 2    |
  | C      | S3   | 3    |
}
decide stars (qty: int, ok: bool?) -> {stars: int, why: text?} {
  policy unique
  | qty  | ok   || stars | why   |
  | < 3  | -    || 1     | few   |
  | > 2  | yes  || 2     |       |
  | > 5  | no   || 3     | many  |
  | STARS | null || 4    | nobody knows |
}
decide labels (price: decimal?, model: text?) -> text {
  policy collect
  | price | model    || label  |
  | > 10  | -        || dear   |
  | -     | M1, M2   || known  |
  | null  | -        || open   |
  | -     | /M[3-9]/ || later  |
  OTHERWISE
}
decide band (price: decimal?, qty: int) -> text {
  | price | qty  || band       |
  | null  | -    || none       |
  | < 0   | -    || minus      |
  | 0..10 | > 3  || small many |
  | 0..10 | -    || small      |
  | -     | 1..5 || big few    |
  DEFAULT
}
"""
TYPES = """
type Sku = text(0..12) matches /S[^9]*/ where it <> "S7"
type Few = int where 10 / (it - 4) <> 2
type Tag = text where it <> "é"
type Model = text matches /M[1-4]/
"""
TEXTS = (
    "r.sku",
    "upper(r.sku)",
    'r.sku & "-" & (r.model default "none")',
    "left(r.sku, 2)",
    'replace(r.sku, "1", "x")',
    "text(r.qty)",
    'if(r.qty > 3, r.sku, "few")',
)
NUMBERS = (
    "r.qty",
    "r.qty * 2",
    "r.qty + length(r.sku)",
    "div(r.qty, 2)",
    "mod(100, r.qty)",
    "abs(r.qty)",
    "r.qty * 4611686018427387904",
    "if(r.qty = 0, 0, div(10, r.qty))",
)
MONEY = (
    "r.price default 0",
    "round((r.price default 1) * r.qty, 2)",
    "r.price * 1.2",
    "(r.price default 1) / r.qty",
    "r.price",
    "vat_of(r.price default 0, 20%)",
)
DAYS = ("r.day", "add_days(r.day, r.qty)", 'start_of("month", r.day)', "r.day default make_date(2024, 1, 1)")
CONDITIONS = (
    "r.qty > 2", "r.model is not null", "r.price > 5", 'not (r.model matches /M[12]/)', "r.sku <> r.model", 'r.model in ("M1", "M2")', 'r.brand >= "mid"', "r.ok default false",
    "1 / r.qty > 0.1", 'r.brand is null or r.brand = "low"', "r.qty <> 0 and 10 / r.qty > 2", "r.day > make_date(2024, 3, 1)", "failed(r.price)", "r.model is blank or r.qty in 1..5",
)  # fmt: skip
AGGREGATES = (
    ("n", "int", "count()"), ("total", "int", "sum(r.qty)"), ("best", "int?", "max(r.qty)"), ("mean", "decimal(28,6)?", "avg(r.qty)"), ("names", "[text]", "[x.sku for x in rows order by x.qty desc, x.sku]"),
    ("money", "decimal(24,2)", "sum(r.price)"), ("firstly", "text?", "first(r.sku)"), ("kinds", "int", "count_distinct(r.sku)"), ("joined", "text?", 'join_text("+", r.sku where r.qty > 1)'), ("day", "date?", "min(r.day)"),
    ("any", "bool", "any(r.qty > 3)"), ("middle", "decimal(28,6)?", "median(r.qty)"),
)  # fmt: skip
WINDOWS = (
    "count(* within r.model)",
    "row_number(within r.model order by r.qty, r.sku)",
    "lag(r.qty within r.model order by r.sku) default 0",
    "sum(r.qty within r.brand)",
    "lead(r.qty within r.model) default -1",
    "row_number(within r.sku)",
)


def script(r: random.Random) -> str:
    """A script: the head, a view, and one or two maps with their entities and checks."""
    miss = r.choice(("null", "self", '"other"', "error", 'error "no {model}"'))
    head = HEAD.replace("ELSE", miss).replace("DEFAULT", r.choice(('otherwise "rest"', "| - | - || much |", 'otherwise error "none"')))
    head = head.replace("DATED", r.choice(("error", "null", '{rate: 9, zone: "none"}')))
    head = head.replace("STARS", r.choice((">= 3", "> 5", "7"))).replace(
        "OTHERWISE", r.choice(('otherwise ["none"]', "otherwise error", ""))
    )
    linked = r.random() < 0.35
    parts = [head, view(r)]
    parts.append(plain_map(r, miss, linked))
    if linked:
        parts.append(linked_maps(r))
    elif r.random() < 0.4:
        parts.append(copied_map(r))
    if r.random() < 0.6:
        parts.append(grouped_map(r))
    if r.random() < 0.3:
        parts.append(patch_map(r))
    whole = "\n".join(parts)
    return with_named_types(r, whole) if r.random() < 0.4 else whole


def with_named_types(r: random.Random, script: str) -> str:
    """`script` with columns, and fields and outputs that they feed, of types that ask something of their values."""
    named = (
        ("    sku   : text\n", "    sku   : Sku\n"),
        ("    qty   : int\n", "    qty   : Few\n"),
        # The reference knows of a list only that it failed; rows made of its elements stand apart.
        ("    tags  : [text] ", "    tags  : [text] " if "each " in script else "    tags  : [Tag] "),
        ("    model : text?\n    brand", "    model : Model?\n    brand"),
        ("  sku : text(12)\n", "  sku : Sku\n"),
        ("  model : text?\n", "  model : Model?\n"),
        ("-> {stars: int, why: text?}", "-> {stars: Few, why: Tag?}"),
        ("  r5 : int?\n", "  r5 : Few?\n"),
    )
    for plain, meant in named:
        if r.random() < 0.6:
            script = script.replace(plain, meant)
    return TYPES + script


def clauses(r: random.Random, many: bool) -> list[str]:
    """Clauses in a row, in any order that is allowed."""
    found = []
    if r.random() < 0.25:
        found.append(f"fill {r.choice(('r.price', 'r.model', 'r.price, r.day'))} by {r.choice(('r.model', 'r.brand', 'r.sku'))}")
    if r.random() < 0.6:
        found.append(f"where {r.choice(CONDITIONS)}")
    if many and r.random() < 0.3:
        found.append(f"each {r.choice(('', 'outer '))}t, at in r.tags")
    if many and r.random() < 0.45:
        found.append(
            f"join {r.choice(('', 'many ', 'required ', 'many required '))}d in dims on d.model = r.model{r.choice(('', ' and d.label is not null'))}"
        )
    if r.random() < 0.3:
        found.append(
            f"unique by {r.choice(('r.sku', 'r.model', 'r.sku, r.qty', 'r.qty'))} keep {r.choice(('first', 'last'))}{r.choice(('', ' reject DUP'))}"
        )
    if r.random() < 0.35:
        found.append(f"order by {r.choice(('r.qty desc, r.sku', 'r.price, r.sku desc', 'r.brand desc, r.qty', 'r.day desc, r.sku'))}")
    return found


def view(r: random.Random) -> str:
    body = clauses(r, False)
    return (
        "view v from r in items\n  " + "\n  ".join(body) + "\n{\n  include r\n}\n"
        if body
        else "view v from r in items\n{\n  include r\n}\n"
    )


def plain_map(r: random.Random, miss: str, linked: bool) -> str:
    body = clauses(r, True)
    joined = any(one.startswith("join") for one in body)
    each = any(one.startswith("each") for one in body)
    fields: list[tuple[str, str, str]] = [
        ("sku", "text(12)", r.choice(TEXTS)),
        ("a", r.choice(("int", "int(16)", "int?")), r.choice(NUMBERS)),
        ("b", r.choice(("decimal(12,2)?", "decimal(12,2) rounded half_up", "decimal(20,6)?", "decimal(6,2)?")), r.choice(MONEY)),
        ("c", "date?", r.choice(DAYS)),
        (
            "d",
            "text?",
            r.choice(
                (
                    "colours(r.model)",
                    "r.model",
                    "r.model on error null",
                    'colours(r.model) on error "lost"',
                    "colours(r.model) on error reject LOST",
                )
            ),
        ),
        ("e", "text?", "band(r.price, r.qty)"),
    ]
    if miss in ("null", "self") or "error" in miss or "other" in miss:
        fields.append(("f", "bool", "r.model in colours"))
    if r.random() < 0.5:
        fields.append(("w", "int", r.choice(WINDOWS)))
    extra = r.sample(
        (
            (
                "r1",
                "decimal(6,4)?",
                r.choice(("rates(r.model, r.day).rate", "rates(r.model, day: r.day default make_date(2024, 2, 20)).rate")),
            ),
            (
                "r2",
                "text?",
                r.choice(("rates(r.model, r.day).zone on error null", "rates(r.model, r.day).zone", 'rates("M2", r.day).zone')),
            ),
            (
                "r3",
                "text?",
                r.choice(("inverse(codes.name, r.model) on error null", "inverse(codes.name, r.sku)", "inverse(codes.rank, r.qty)")),
            ),
            ("r4", "{stars: int, why: text?}", "stars(r.qty, r.ok)"),
            ("r5", "int?", "stars(r.qty, r.ok).stars on error -1"),
            ("r6", "[text]", "labels(r.price, r.model)"),
            ("r7", "{a: int, b: text?, c: {d: date?}}", "{a: r.qty, b: r.model, c: {d: r.day}}"),
            ("r8", "[{n: int, t: text}]", "[{n: length(t), t: t} for t in r.tags where t is not blank order by t desc]"),
            ("r9", "map(text)", '{sku: r.sku, model: r.model default "-"}'),
        ),
        r.randint(0, 3),
    )
    fields += [one for one in extra if one[0] != "r9"]
    if joined:
        fields += [("g", "text?", "d.label"), ("h", "decimal(20,6)?", "d.rate * r.qty")]
    if each:
        fields += [("t", "text?", "t"), ("at", "int", "at")]
    key = "  key sku\n" if linked else r.choice(("", "  key sku\n", "  key sku, a\n"))
    owns = "  owns Part on sku\n" if linked and r.random() < 0.6 else ""
    entity = "entity Item {\n" + key + owns + "".join(f"  {name} : {kind}\n" for name, kind, _ in fields) + "}\n"
    source = r.choice(("items", "v", "items, v", "v, v"))
    mapping = (
        f"map Item from r in {source}\n  "
        + "\n  ".join(body)
        + "\n{\n"
        + "".join(f"  {name} : {value}\n" for name, _, value in fields)
        + "}\n"
    )
    checks = ""
    if r.random() < 0.5:
        rules = r.sample(
            (
                "C1 error: a < 20",
                'C2 error: b > 0  "b is {b}"',
                'C3 warn : sku <> "S1"',
                "C4 error: count(* within sku) < 3",
                "C6 warn: c > make_date(2024, 2, 1)",
                "C7 error: sum(a within d) < 30",
                "C8 error after checks: count(* within e) < 4",
                "C9 error: b is not null when a > 3",
            ),
            2,
        )
        checks = "checks Item {\n  " + "\n  ".join(rules) + "\n}\n"
    return entity + mapping + changed(r) + checks


def changed(r: random.Random) -> str:
    """Rules that change what the map made, one after the other."""
    if r.random() < 0.6:
        return ""
    rules = r.sample(
        (
            'rule R10 when a > 5 set d: "large" otherwise set d: "small"',
            "rule R20 when b is null set b: 1",
            'rule R30 when d = "large" set e: d & "!", c: null',
            "rule R40 when 10 / a > 3 set b: b * 2",
            'rule R50 when sku matches /S1.*/ set sku: sku & "x"',
            "rule R60 when c > make_date(2024, 2, 15) set a: a + 1 otherwise set b: 0",
        ),
        r.randint(1, 3),
    )
    return f"rules some for Item {r.choice(('', 'priority 5 '))}{{\n  " + "\n  ".join(rules) + "\n}\n"


def linked_maps(r: random.Random) -> str:
    """Parts of items, and the models that both may name: what falls takes others with it."""
    where = r.choice(("", "\n  where r.qty < 8", "\n  where 9 / r.qty > 1"))
    return (
        f"entity Part {{\n  sku : text{r.choice((' references Item', ''))}\n  no : int where no < 3\n"
        f"  of : text?{r.choice((' references Kind', ''))}\n}}\n"
        f"map Part from r in {r.choice(('items', 'v'))}{where}\n  each t, at in r.tags\n{{\n  sku : r.sku\n  no : at\n  of : r.model\n}}\n"
        "entity Kind {\n  key model\n  model : text\n  rate : decimal(6,4)\n}\n"
        "map Kind from d in dims {\n  model : d.model\n  rate : d.rate\n}\n"
    )


def copied_map(r: random.Random) -> str:
    """A map that reads what another one made."""
    return (
        "entity Copy {\n  sku : text\n  twice : int?\n  near : text?\n}\n"
        f"map Copy from x in Item\n  {r.choice(('where x.a > 1', 'order by x.a desc, x.sku', 'unique by x.sku keep last', 'where x.b is not null'))}\n"
        f'{{\n  sku : x.sku\n  twice : {r.choice(("x.a * 2", "12 / x.a"))}\n  near : x.d & (x.e default "?")\n}}\n'.replace(
            "12 / x.a", "div(12, x.a)"
        )
    )


def patch_map(r: random.Random) -> str:
    """Changes: a value, nothing, or left as it is."""
    return (
        "entity Change @patch {\n  key sku\n  sku : text\n  model : text?\n  price : decimal(12,2)?\n  qty : int\n}\n"
        f"map Change from r in {r.choice(('items', 'v'))}\n  unique by r.sku keep last\n{{\n  sku : r.sku\n"
        f"  model : {r.choice(('if(r.model is null, omit, r.model)', 'r.model', 'case when r.qty > 5 then omit otherwise r.model end'))}\n"
        f"  price : {r.choice(('if(r.qty > 3, omit, r.price)', 'if(10 / r.qty > 2, r.price, omit)'))}\n"
        f"  qty : {r.choice(('r.qty', 'if(r.ok default false, omit, r.qty)'))}\n}}\n"
    )


def grouped_map(r: random.Random) -> str:
    body = [one for one in clauses(r, False) if not one.startswith(("unique", "order"))]
    chosen = r.sample(AGGREGATES, r.randint(2, 5))
    key = r.choice(("model: r.model", "model: r.model, brand: r.brand"))
    fields = [("model", "text?", "model"), *chosen]
    entity = "entity Model {\n" + "".join(f"  {name} : {kind}\n" for name, kind, _ in fields) + "}\n"
    after = r.choice(("", "\n  where count() > 1", "\n  order by sum(r.qty) desc, model"))
    body.append(f"group by {r.choice(('', 'partial '))}{key}{after}")
    return (
        entity
        + f"map Model from r in {r.choice(('items', 'v'))}\n  "
        + "\n  ".join(body)
        + "\n{\n"
        + "".join(f"  {name} : {value}\n" for name, _, value in fields)
        + "}\n"
    )


def item(r: random.Random) -> dict[str, Any]:
    def maybe(value: str, nothing: float = 0.1) -> str:
        return "" if r.random() < nothing else value

    return {
        "sku": maybe(f"S{r.randint(1, 40)}", 0.02),
        "model": maybe(r.choice(("M1", "M2", "M3", "M4", "M5", "m1"))),
        "brand": maybe(r.choice(("low", "mid", "high", "top" if r.random() < 0.1 else "low"))),
        "price": maybe(
            r.choice(("oops", "1e3"))
            if r.random() < 0.05
            else f"{r.choice((r.randint(-3, 30), r.randint(0, 9999)))}.{r.randint(0, 99):02d}"
        ),
        "qty": "many" if r.random() < 0.04 else str(r.randint(0, 9)),
        "day": maybe("2024-02-30" if r.random() < 0.05 else f"2024-0{r.randint(1, 5)}-1{r.randint(0, 9)}"),
        "ok": maybe(r.choice(("true", "false", "true", "oui" if r.random() < 0.1 else "false"))),
        "tags": maybe(",".join(r.choice(("a", "b", "", "é")) for _ in range(r.randint(1, 3))), 0.3),
    }


def dim(r: random.Random, at: int) -> dict[str, Any]:
    model = r.choice((f"M{at % 7}", f"M{at % 7}", "M1")) if at > 3 else f"M{at + 1}"
    return {"model": model, "label": r.choice(("", "L1", "L2")), "rate": r.choice(("", "0.5", "1.25", "2"))}


def sources(r: random.Random, rows: int) -> dict[str, list[dict[str, Any]]]:
    return {"items": [item(r) for _ in range(rows)], "dims": [dim(r, at) for at in range(r.choice((0, 3, 5, 9)))]}
