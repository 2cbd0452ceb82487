"""The examples of all functions with one constant changed: the engine answers or refuses, and says what the reference says.

`python -m tests.differential.changed --seconds N --seed N --noted FILE` holds as many as there is time for, in the order of a die; before
each it notes it in FILE, so that one that never ends is known. One line of JSON says what was held.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Frame
from datahub.functions import load
from tests.differential import columned
from tests.differential.held import checked, compare, expected, state
from tests.differential.test_functions import FLOATS

MEMORY = 6 << 30
"""How much a process may take: what asks for more has no bound."""
_TOKEN = re.compile(r'(?P<list>\[[^\[\]{}]*\])|(?P<text>"(?:\\.|[^"\\])*")|(?P<pattern>/(?:\\.|[^/\\\s])+/)|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))|(?P<truth>\b(?:true|false)\b)')  # fmt: skip
_WITHIN = re.compile(r'(?P<text>"(?:\\.|[^"\\])*")|(?P<pattern>/(?:\\.|[^/\\\s])+/)|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))|(?P<truth>\b(?:true|false)\b)')  # fmt: skip
OTHERS = {
    "list": ("[]", "[null]", "null", "compact([null])"),
    "text": ('""', '"a"', '"é"', '" "', '"0"', '"-"', '"fr"', '"xx"', '"9999-12-31"', '"\\n"', "null"),
    "pattern": ("/a*/", "/(b)?/", "/^/", "null"),
    "number": (
        "0", "1", "(-1)", "2", "1.5", "400", "1000000", "2147483648", "(-2147483649)", "9007199254740993",
        "9223372036854775807", "(-9223372036854775807)", "(-9223372036854775807 - 1)", "99999999999999999999999999999999999999",
        "(99999999999999999999999999999999999999 * 99999999999999999999999999999999999999)", "null",
    ),
    "truth": ("true", "false", "null"),
}  # fmt: skip


def expressions() -> list[tuple[str, str]]:
    """Each function's name with each of its examples, one constant changed, once each."""
    found: dict[str, str] = {}
    for name, function in load().items():
        for example in function.examples:
            for text in changed(example.expression):
                found.setdefault(text, name)
    return [(name, text) for text, name in found.items()]


def changed(expression: str) -> Iterator[str]:
    for token in (_TOKEN, _WITHIN):
        for match in token.finditer(expression):
            for other in OTHERS[str(match.lastgroup)]:
                if other != match.group():
                    yield expression[: match.start()] + other + expression[match.end() :]


def differences(name: str, text: str) -> list[str]:
    """What the engine and the reference do not agree on; an error of either is one."""
    typed = checked(text, {})
    if typed is None:
        return []
    given = evaluate(typed, Scope(Frame({}, 1, np.zeros(1, np.int64)), state()))
    return list(compare(typed, expected(typed, [{}]), [{}], np.zeros(1, np.int64), given, name in FLOATS).differences)


def hold(kind: ModuleType, seconds: float, seed: int, noted: Path | None, most: int) -> dict[str, Any]:
    """As many of the expressions of a module as there is time for: how many were held, and which differ."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    ends, held, told = time.monotonic() + seconds, 0, []
    every = kind.expressions()
    for name, text in random.Random(seed).sample(every, min(most, len(every))):
        if noted is not None:
            noted.write_text(text, encoding="utf-8")
        try:
            told += [f"{text}: {one}" for one in kind.differences(name, text)]
        except Exception as broken:  # noqa: BLE001 - what breaks is what is looked for
            told.append(f"{text}: {type(broken).__name__}: {broken}")
        held += 1
        if time.monotonic() > ends:
            break
    return {"held": held, "of": len(every), "mismatches": len(told), "seed": seed, "told": told}


def main() -> int:
    """Hold them, and say what differed."""
    asked = argparse.ArgumentParser(prog="python -m tests.differential.changed", description=__doc__)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--noted", type=Path)
    asked.add_argument("--most", type=int, default=1_000_000)
    asked.add_argument("--columns", action="store_true", help="the examples as they are, with their constants in columns")
    given = asked.parse_args()
    told = hold(columned if given.columns else sys.modules[__name__], given.seconds, given.seed, given.noted, given.most)
    print(json.dumps(told), flush=True)
    return 1 if told["mismatches"] else 0


if __name__ == "__main__":
    sys.exit(main())
