"""What `@split` and patterns write is read by the same declaration, whatever the values are; what could not be is a reject."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datahub.runner.embed import compile
from datahub.runner.run import run

Make = Callable[[random.Random], Any]
ROWS = 120


def text(chance: random.Random) -> str:
    return "".join(chance.choice("ab|#,=/;x") if chance.random() < 0.15 else chance.choice("ab") for _ in range(chance.randint(1, 4)))


def number(chance: random.Random) -> int | None:
    return None if chance.random() < 0.3 else chance.randint(-9, 9)


def some(make: Make, fewest: int = 0) -> Make:
    return lambda chance: [make(chance) for _ in range(chance.randint(fewest, 3))]


def of(**fields: Make) -> Make:
    return lambda chance: {name: make(chance) for name, make in fields.items()}


def keyed(make: Make) -> Make:
    return lambda chance: {text(chance): make(chance) for _ in range(chance.randint(0, 3))}


def perhaps(make: Make) -> Make:
    return lambda chance: None if chance.random() < 0.3 else make(chance)


EVERY = ("csv", "xlsx", "jsonl", "xml", "parquet")
SPREADING = ("csv", "xlsx", "jsonl")
SHAPES: dict[str, tuple[Make, tuple[str, ...]]] = {
    '[text]  @split("||")': (some(text), EVERY),
    '[int]  @split("|")': (some(lambda chance: chance.randint(-9, 9)), EVERY),
    '{a: text, b: int?}  @split("||")': (of(a=text, b=number), EVERY),
    '[{a: text, b: int?}]  @split("||", "|")': (some(of(a=text, b=number)), EVERY),
    'map(text)  @split(",", "=")': (keyed(text), EVERY),
    'map(text)  @split("#")': (keyed(text), EVERY),
    'map([text])  @split(";", "=", ",")': (keyed(some(text, 1)), EVERY),
    '{a: text, m: map(text)}  @split("#", ",", "=")': (of(a=text, m=keyed(text)), EVERY),
    '[{a: text, b: [text] @split(",")}]  @split("||", "|")': (some(of(a=text, b=some(text))), EVERY),
    '[{a: text, b: bool("y", "n")}]  @split("#", ",")': (some(of(a=text, b=lambda chance: chance.random() < 0.5)), ("csv", "xlsx")),
    '[{a: text, b: [text] @split("/")}]': (some(of(a=text, b=some(text))), ("json", "parquet")),
    'map([text])  at /^M_(.+)$/  @split(",")': (keyed(some(text, 1)), SPREADING),
    "map(text)  at /^K_([a-x]+)$/": (keyed(text), SPREADING),
    '[[text]]  at /^T(\\d+)$/  @split("||")': (some(some(text, 1)), SPREADING),
    "[text]  at /^T_(\\d)$/": (some(text), SPREADING),
    '{fr: [text], de: text?}  at /^t_(..)$/  @split("/")': (of(fr=some(text), de=perhaps(text)), SPREADING),
    '[{a: text at "x", b: [text] at "the y" @split(",")}]  at /^A (\\d+) (.+)$/': (some(of(a=text, b=some(text))), SPREADING),
}


def entity(declared: str) -> str:
    """The type of a column without what says how it is written."""
    kind = declared.partition("  ")[0].replace('bool("y", "n")', "bool")
    for said in (' @split(",")', ' @split("/")', ' at "x"', ' at "the y"'):
        kind = kind.replace(said, "")
    return kind


def known(value: Any) -> Any:
    """A value without the parts that are none in a cell: null, and what is empty."""
    if isinstance(value, dict):
        return {key: inner for key, one in value.items() if (inner := known(one)) not in (None, [], {})}
    return [known(one) for one in value] if isinstance(value, list) else value


def rows_of(path: Path) -> dict[int, Any]:
    return {row["n"]: known(row["v"]) for row in map(json.loads, path.read_text().splitlines())}


@pytest.mark.parametrize(("declared", "kind"), [(declared, kind) for declared, (_, kinds) in SHAPES.items() for kind in kinds])
def test_what_is_written_is_read_again(tmp_path: Path, declared: str, kind: str) -> None:
    chance = random.Random(declared)
    sent = {n: SHAPES[declared][0](chance) for n in range(ROWS)}
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"n": n, "v": value}) + "\n" for n, value in sent.items()))
    column, plain = f"columns {{ n: int, v: {declared} }}", entity(declared)
    made = f"entity E {{ n: int, v: {plain} }}\nmap E from r in rows {{ n: r.n, v: r.v }}\n"
    writing = compile(
        f"source rows: jsonl {{ columns {{ n: int, v: {plain} }} }}\n{made}target out: {kind} {{ {column} }}\nflow f {{ write E to out }}"
    )
    reading = compile(f"source rows: {kind} {{ {column} }}\n{made}")
    report = run(writing, {"rows": [str(tmp_path / "in.jsonl")]}, tmp_path / "out")
    assert {"R703"} >= {one.code for one in report.codes}
    again = run(reading, {"rows": [str(tmp_path / "out" / f"out.{kind}")]}, tmp_path / "again")
    assert [] == [one.code for one in again.codes]
    refused = tmp_path / "out" / "run" / "rejects" / "rows.jsonl"
    lost = {json.loads(line)["n"] for line in refused.read_text().splitlines()} if refused.exists() else set()
    assert {n: known(value) for n, value in sent.items() if n not in lost} == rows_of(tmp_path / "again" / "E.jsonl")
    assert len(lost) < ROWS / 2
