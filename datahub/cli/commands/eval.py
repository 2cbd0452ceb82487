"""Evaluate one expression of the language.

`dhm eval 'upper("abc") & "!"'` prints the value. With --jsonl, standard input has one object a line, `{"expr": "…"}`, and each is
answered by one: `{"value": …}`, with `"type"` where JSON has no such type; `{"null": true}`; `{"rejected": "R104", "message": …}`;
or `{"refused": "DHM201", "message": …}`. A mistake of DataHub itself is answered with `{"mistake": "ValueError", "message": …}`, and
the lines behind it are answered all the same.

Exit codes: 0 a value or null, 1 rejected or refused, 2 wrong usage; with --jsonl 0 once all lines are answered, 70 where a mistake of
DataHub was among the answers.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from datahub.cli.output import Exit, Stop, colourful, give, say

SETTINGS = {"ignore_unknown_options": True}
"""What begins with a minus may be an expression."""


def command(
    expression: Annotated[str, typer.Argument(help="The expression.", show_default=False)] = "",
    as_of: Annotated[str, typer.Option(help="The instant that `now()` and `today()` mean.", metavar="INSTANT", show_default=False)] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Answer the lines of standard input.")] = False,
) -> None:
    if expression.startswith("--"):
        raise Stop(f"there is no option `{expression}`")
    if jsonl == bool(expression):
        raise Stop("there is no expression" if not expression else "with --jsonl the expressions come from standard input")
    run = _run(as_of)
    if jsonl:
        done = Exit.DONE
        for line in sys.stdin.buffer:
            found = _answered(line, run)
            done = Exit.BUG if "mistake" in found else done
            give(json.dumps(found, ensure_ascii=False) + "\n")
        raise typer.Exit(done)
    raise typer.Exit(_one(expression, run))


def _run(as_of: str) -> Any:
    """What a run fixes: the instant, where one is asked for."""
    from datahub.engine.scope import RunState
    from datahub.functions.declare import Context
    from datahub.runner.parameters import instant

    try:
        return RunState(Context(instant(as_of))) if as_of else None
    except ValueError as error:
        raise Stop(f"`{as_of}` is no instant", "write one such as `2024-05-01T00:00Z`") from error


def _one(expression: str, run: Any) -> Exit:
    from datahub.diagnostics.render.text import render
    from datahub.testing.expressions import answer

    found = answer(expression, run=run)
    if found.refused:
        say(render(found.refused, colour=colourful(sys.stderr)))
        return Exit.WRONG
    if found.rejected:
        say(f"rejected: {found.rejected} {found.message}")
        return Exit.WRONG
    value = found.as_json().get("value")
    give((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) + "\n")
    return Exit.DONE


def _answered(line: bytes, run: Any) -> dict[str, Any]:
    from datahub.testing.expressions import answer

    try:
        asked = json.loads(line)
        text = asked["expr"]
        if not isinstance(text, str):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        return {"refused": "DHM001", "message": 'a line is an object such as {"expr": "1 + 1"}'}
    try:
        return answer(text, run=run).as_json()
    except Exception as problem:  # noqa: BLE001 - whoever waits for answers gets one for each line
        return {"mistake": type(problem).__name__, "message": "this is a mistake of DataHub, not of yours: please report the expression"}
