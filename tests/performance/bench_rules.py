"""What decision tables cost: `python -m tests.performance.bench_rules` proves a table of 200 rows and 6 columns, asks a table of 5 rows and 3 inputs
of 5 million rows, and holds 10,000 random proofs to trying every input. Times are of the processor, medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from random import Random

import numpy as np
import pyarrow as pa

from datahub.document import Document
from datahub.engine import decisions
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Column, Frame
from datahub.semantic import ir
from datahub.semantic.elaborate import elaborate
from datahub.semantic.loaders import NoLoader
from datahub.semantic.proofs import prove
from datahub.syntax.parser import parse
from tests.properties.test_decision_proofs import agrees
from tests.unit.engine.trees import col, state

ROUNDS, BLOCK, BLOCKS, TABLES = 15, 131_072, 40, 10_000

SMALL = """
decide fee (country: text, weight: decimal(8,2), express: bool) -> decimal(6,2) {
  | country | weight | express || fee |
  | FR, BE  | <= 10  | false   || 5   |
  | FR, BE  | > 10   | false   || 9   |
  | FR      | -      | true    || 15  |
  | DE      | -      | -       || 12  |
  | -       | -      | true    || 30  |
  otherwise 20
}
"""


def large() -> str:
    """A table of 200 rows and 6 columns: five inputs and an output."""
    draw = Random(6)
    rows = []
    for number in range(200):
        low = draw.randrange(0, 900)
        country, kind = ", ".join(draw.sample(("FR", "BE", "DE", "ES", "IT", "NL", "PL"), 2)), draw.choice(("a", "b", "c", "-"))
        qty, express = draw.choice((">= 10", "< 10", "-", "5..20")), draw.choice(("true", "false", "-"))
        rows.append(f"  | {country} | {kind} | {low}..{low + draw.randrange(1, 200)} | {qty} | {express} || {number} |")
    head = "decide fee (country: text, kind: text, weight: decimal(8,2), qty: int, express: bool) -> int {\n"
    return head + "  | country | kind | weight | qty | express || fee |\n" + "\n".join(rows) + "\n  otherwise 0\n}\n"


def table(script: str) -> ir.DecisionTable:
    told: list[object] = []
    program = elaborate(parse(Document("bench.dhm", script), told.append), NoLoader(), told.append)
    assert told == []
    return program.decisions[0]


def median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of the processor's seconds."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


def asked(small: ir.DecisionTable) -> Callable[[], None]:
    """Asks the small table of all rows, block by block, as a run does."""
    draw = np.random.default_rng(5)
    countries = pa.array(draw.choice(["FR", "BE", "DE", "ES", "PL"], BLOCK))
    weights = pa.array(draw.integers(0, 3000, BLOCK)).cast(pa.decimal128(20, 0)).cast(pa.decimal128(22, 2)).cast(pa.decimal128(8, 2))
    express = pa.array(draw.integers(0, 2, BLOCK).astype(np.bool_))
    columns = {"c": Column(countries), "w": Column(weights), "e": Column(express)}
    (_, text), (_, number), (_, flag) = small.inputs
    call = ir.Decision("fee", (col("c", text), col("w", number), col("e", flag)), "", small.result)

    def work() -> None:
        for block in range(BLOCKS):
            frame = Frame(columns, BLOCK, np.arange(block * BLOCK, (block + 1) * BLOCK, dtype=np.int64))
            found = evaluate(call, Scope(frame, state(decisions={"fee": decisions.build(small)})))
            assert found.failures == ()

    return work


def main() -> None:
    whole, small = table(large()), table(SMALL)
    print(f"proof of 200 rows and 6 columns: {median(lambda: prove(whole)) * 1000:.1f} ms (budget spent: {bool(prove(whole).spent)})")
    rows = BLOCK * BLOCKS
    print(f"5 rows, 3 inputs: {rows / median(asked(small), 5) / 1e6:.1f} million rows a second, of {rows:,}")
    start = time.process_time()
    for seed in range(TABLES):
        agrees(seed)
    print(f"{TABLES:,} random tables agree with trying every input, in {time.process_time() - start:.0f} s")


if __name__ == "__main__":
    main()
