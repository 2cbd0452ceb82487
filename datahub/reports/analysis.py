"""Where the time of a run went, for people: the plan with rows, time and memory beside each operator, and what costs most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datahub.engine.profile import Profile, Spent
from datahub.engine.side import Flowed
from datahub.plan import operators as op
from datahub.plan.distribution import AnyBatch, required_distribution
from datahub.plan.explain import explain, headline
from datahub.plan.order import roots, topological
from datahub.plan.text import shown
from datahub.semantic import ir

MOST = 12
"""How many expressions are listed by what they cost."""
WORTH_TELLING = 0.005
"""From this share of all time on an expression has its time and memory beside it."""
LONGEST = 96


def analysis(plan: op.Plan, profile: Profile, rows: int, seconds: float, peak: int) -> str:
    """The plan of a run with what it took, the costliest expressions, and what was done beside the plan.

    `rows` were read, `seconds` went by on the clock, and `peak` bytes were held at most.
    """
    total = _total(profile)
    parts = [
        explain(plan, lambda one: _note(one, profile, total)),
        _costliest(profile, total),
        _beside(profile, total),
        _whole(plan, profile, rows, seconds, peak, total),
    ]
    return "\n".join(part for part in parts if part)


def measured(plan: op.Plan, profile: Profile, rows: int, seconds: float, peak: int) -> dict[str, object]:
    """The same as data: every operator, inputs first, every expression that was worked out, and what was done beside the plan."""
    exchange = _worst(plan, profile, meets=True)
    return {
        "rows": rows,
        "seconds": seconds,
        "processor_seconds": _total(profile),
        "peak_bytes": peak,
        "operators": [_operator(one, profile.operators[id(one)]) for one in _ordered(plan) if id(one) in profile.operators],
        "expressions": [
            {
                "expression": shown(spent.node),
                "rows": spent.rows,
                "values": spent.values,
                "seconds": spent.whole,
                "own_seconds": spent.own,
                "bytes": spent.size,
            }
            for spent in sorted(profile.expressions.values(), key=lambda spent: -spent.own)
        ],
        "beside": profile.beside,
        "costliest_exchange": None if exchange is None else _called(exchange),
    }


def _operator(one: op.Operator, flowed: Flowed) -> dict[str, object]:
    return {
        "operator": headline(one),
        "rows_in": flowed.rows_in,
        "rows_out": flowed.rows_out,
        "rejected": flowed.rejected,
        "filtered": flowed.filtered,
        "seconds": flowed.seconds,
        "bytes": flowed.size,
        "rows_meet": _meets(one),
    }


def _ordered(plan: op.Plan) -> list[op.Operator]:
    return topological(roots(plan))


def _total(profile: Profile) -> float:
    return sum(flowed.seconds for flowed in profile.operators.values()) + sum(profile.beside.values()) or 1e-9


def _note(one: op.Operator | ir.Expression, profile: Profile, total: float) -> str:
    if isinstance(one, op.Operator):
        flowed = profile.operators.get(id(one))
        if flowed is None:
            return ""
        counts = _rows(flowed.rows_out) if flowed.rows_in == flowed.rows_out else f"{flowed.rows_in:,} to {_rows(flowed.rows_out)}"
        size = f", {_megabytes(flowed.size)}" if flowed.size else ""
        return f"[{counts}, {_time(flowed.seconds)}{size}]"
    spent = profile.of(one)
    if spent is None or spent.whole < WORTH_TELLING * total:
        return f"[{_rows(spent.rows)}]" if spent is not None else ""
    values = f" of {spent.values:,} values" if spent.values < spent.rows else ""
    return f"[{_rows(spent.rows)}{values}, {_time(spent.whole)}, {_megabytes(spent.size)}]"


def _rows(count: int) -> str:
    return f"{count:,} row" + ("s" if count != 1 else "")


def _costliest(profile: Profile, total: float) -> str:
    """The expressions that took longest, each without its parts."""
    found = sorted(profile.expressions.values(), key=lambda spent: -spent.own)[:MOST]
    if not found:
        return ""
    lines = [["share", "time", "ns a row", "rows", "values", "made", "expression, without its parts"]]
    lines += [
        [
            f"{spent.own / total:.1%}",
            _time(spent.own),
            f"{spent.own / max(spent.rows, 1) * 1e9:,.0f}",
            f"{spent.rows:,}",
            f"{spent.values:,}",
            _megabytes(spent.size),
            _cut(spent),
        ]
        for spent in found
    ]
    return _table(lines)


def _cut(spent: Spent) -> str:
    text = shown(spent.node)
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"


def _beside(profile: Profile, total: float) -> str:
    lines = [[f"{seconds / total:.1%}", _time(seconds), what] for what, seconds in profile.beside.items() if seconds]
    return _table([["share", "time", "beside the plan"], *lines]) if lines else ""


def _whole(plan: op.Plan, profile: Profile, rows: int, seconds: float, peak: int, total: float) -> str:
    lines = [f"{_rows(rows)} in {seconds:.2f} s; {total:.2f} s of the processor, {_megabytes(peak)} at most"]
    exchange = _worst(plan, profile, meets=True)
    if exchange is not None:
        lines.append(f"costliest exchange: {_called(exchange)}, {_time(profile.operators[id(exchange)].seconds)}")
    worst = max(profile.expressions.values(), key=lambda spent: spent.own, default=None)
    if worst is not None:
        lines.append(f"costliest expression: {_cut(worst)}, {_time(worst.own)}")
    return "\n".join(lines) + "\n"


def _worst(plan: op.Plan, profile: Profile, *, meets: bool) -> op.Operator | None:
    """The operator that took longest among those at which rows meet."""
    found = [one for one in _ordered(plan) if _meets(one) is meets and id(one) in profile.operators]
    return max(found, key=lambda one: profile.operators[id(one)].seconds, default=None)


def _meets(operator: op.Operator) -> bool:
    keyed = isinstance(operator, op.Settle) and isinstance(operator.input, op.Key)
    return keyed or not isinstance(required_distribution(operator), AnyBatch)


def _called(operator: op.Operator) -> str:
    match operator:
        case op.Settle(entity=entity, input=op.Key(columns=columns)):
            return f"rows of {entity} with equal {', '.join(columns)} meet"
        case _:
            return type(operator).__name__.lower()


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:,.1f} MB"


def _table(lines: Sequence[Sequence[Any]]) -> str:
    """Lines in columns, numbers to the right."""
    widths = [max(len(str(line[at])) for line in lines) for at in range(len(lines[0]) - 1)]
    rows = (("  ".join(str(cell).rjust(width) for cell, width in zip(line, widths, strict=False)), line[-1]) for line in lines)
    return "".join(f"{numbers}  {text}\n" for numbers, text in rows)
