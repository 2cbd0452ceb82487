"""The long comparison of the engine with the reference interpreter: `python -m tests.differential.long WHAT --seconds N --seed N`.

Rounds of made-up rows over every function and operator, scripts made by chance, and DuckDB's answers, until the time is over; each
round has a seed of its own, counted up from the one given, so that what is found can be found again. One line of JSON says what was held.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Round = Callable[[int, Callable[[], bool]], Iterator[tuple[int, list[str]]]]
"""With a seed and a question whether time is over: for each thing held, how many cells it had and what differed."""
ROWS = 2000


def functions(seed: int, over: Callable[[], bool]) -> Iterator[tuple[int, list[str]]]:
    """Every function and operator, in the order of a die, so that a short run is no run of the first letters alone."""
    from tests.differential.held import hold, rows_for
    from tests.differential.test_functions import FLOATS, NAMES, typed_calls

    for name in random.Random(seed).sample(NAMES, len(NAMES)):
        cells = 0
        differences: list[str] = []
        for expression, call in typed_calls(name):
            if over():
                break
            r = random.Random(f"{seed}{name}{call.expression}{call.columns}")
            with _told(differences, call.expression):
                held = hold(expression, call, rows_for(call, ROWS, r), np.arange(ROWS), name in FLOATS)
                cells += held.cells
                differences += [f"{call.expression}: {one}" for one in held.differences]
        yield cells, differences


def scripts(seed: int, over: Callable[[], bool]) -> Iterator[tuple[int, list[str]]]:
    """One script of 40 rows, run in a way that the seed chooses."""
    from tests.differential.scripts import script, sources
    from tests.differential.test_scripts import WAYS, hold, made, meant

    r = random.Random(seed)
    text, rows = script(r), sources(r, 40)
    way = list(WAYS)[seed % len(WAYS)]
    with tempfile.TemporaryDirectory() as folder:
        differences: list[str] = []
        with _told(differences, way):
            hold(made(text, rows, Path(folder), **WAYS[way]), meant(text, rows), text)
    yield 40, differences


def duckdb(seed: int, over: Callable[[], bool]) -> Iterator[tuple[int, list[str]]]:
    """Every expression that DuckDB has too, over 1,500 rows of the seed."""
    from tests.differential.duckdb_pairs import SAME
    from tests.differential.test_duckdb import ROWS, both, columns

    given = columns(f"duckdb{seed}")
    for expression, sql in SAME.items():
        if over():
            return
        differences: list[str] = []
        with _told(differences, expression):
            differences += both(expression, sql, *given)
        yield ROWS, differences


def written(seed: int, over: Callable[[], bool]) -> Iterator[tuple[int, list[str]]]:
    """Operators between written numbers and columns of them, fifty at a time, held against Python's fractions."""
    from tests.differential.written import ROWS, asked
    from tests.differential.written import differences as differing

    for part in range(20):
        if over():
            return
        differences: list[str] = []
        for at in range(50):
            die = random.Random(f"written {seed} {part} {at}")
            one = asked(die)
            with _told(differences, one.text):
                differences += differing(one, die)
        yield 50 * ROWS, differences


def characters(seed: int, over: Callable[[], bool]) -> Iterator[tuple[int, list[str]]]:
    """A part of all characters in every function that takes a text, in the order of a die; as many seeds as there are parts are all of them."""
    from tests.differential.characters import PARTS, asked, rows_with
    from tests.differential.held import hold
    from tests.differential.test_functions import FLOATS, NAMES
    from tests.differential.values import EVERY

    r = random.Random(f"characters {seed}")
    for name in r.sample(NAMES, len(NAMES)):
        for turn, (expression, call) in enumerate(asked(name)):
            if over():
                return
            part = EVERY[(seed + turn) % PARTS :: PARTS]
            differences: list[str] = []
            with _told(differences, call.expression):
                held = hold(expression, call, rows_with(part, call, r), np.arange(len(part)), name in FLOATS)
                differences += [f"{call.expression}: {one}" for one in held.differences]
            yield len(part), differences


def ends(seed: int, over: Callable[[], bool]) -> Iterator[tuple[int, list[str]]]:
    """Numbers at the ends of their types in every function that takes some, in the order of a die."""
    from tests.differential.ends import asked, rows_at
    from tests.differential.held import hold
    from tests.differential.test_functions import FLOATS, NAMES

    for name in random.Random(f"ends {seed}").sample(NAMES, len(NAMES)):
        for expression, call in asked(name):
            if over():
                return
            r = random.Random(f"ends {seed}{name}{call.expression}{call.columns}")
            differences: list[str] = []
            with _told(differences, call.expression):
                rows = rows_at(call, ROWS // 10, r)
                held = hold(expression, call, rows, np.arange(len(rows)), name in FLOATS)
                differences += [f"{call.expression}: {one}" for one in held.differences]
            yield ROWS // 10, differences


@contextmanager
def _told(differences: list[str], what: str) -> Iterator[None]:
    """Whatever breaks, the engine, the reference or the comparison, is told with its seed, and the run goes on."""
    try:
        yield
    except Exception as broken:  # noqa: BLE001 - what breaks is what is looked for
        at = traceback.extract_tb(broken.__traceback__)[-1]
        differences.append(f"{what}: {type(broken).__name__}: {broken} ({Path(at.filename).name}:{at.lineno})")


KINDS: dict[str, Round] = {
    "functions": functions,
    "scripts": scripts,
    "duckdb": duckdb,
    "written": written,
    "characters": characters,
    "ends": ends,
}


def main() -> int:
    """Run until the time is over, and say what was held and what differed."""
    asked = argparse.ArgumentParser(prog="python -m tests.differential.long", description=__doc__)
    asked.add_argument("what", choices=KINDS)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    told = run(KINDS[given.what], given.seconds, given.seed)
    print(json.dumps(told), flush=True)
    return 1 if told["mismatches"] else 0


def run(kind: Round, seconds: float, seed: int) -> dict[str, Any]:
    """Rounds of a kind for so many seconds: things and cells held, what differed, the first and last seed."""
    ends = time.monotonic() + seconds
    held = cells = 0
    differences: list[str] = []
    number = seed
    while True:
        for count, found in kind(number, lambda: time.monotonic() > ends):
            held += count > 0
            cells += count
            differences += [f"seed {number}: {one}" for one in found]
        if time.monotonic() > ends or len(differences) > 100:
            break
        number += 1
    return {"held": held, "cells": cells, "mismatches": len(differences), "seeds": [seed, number], "told": differences[:10]}


if __name__ == "__main__":
    sys.exit(main())
