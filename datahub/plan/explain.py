"""A plan as indented text: what is read, what is done to it, and where rows must meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from datahub.plan import operators as op
from datahub.plan.distribution import AnyBatch, Broadcast, HashPartitioned, required_distribution
from datahub.plan.order import topological
from datahub.plan.text import shown
from datahub.semantic import ir

Note = Callable[["op.Operator | ir.Expression"], str]


def explain(plan: op.Plan, note: Note = lambda operator: "") -> str:
    """`plan` from its outputs down to its sources; `note` may add a remark to an operator or an expression of it (rows, time)."""
    lines: list[str] = []
    named = _Named(_shared([*(output.rows for output in plan.outputs), *(feed.rows for feed in plan.feeds)]))
    for output in plan.outputs:
        lines.append(f"{output.entity}{_targets(plan, output.entity)}")
        lines.extend(_tree(output.rows, 1, named, note))
    for feed in plan.feeds:
        lines.append(f"lookup {feed.lookup}")
        lines.extend(_tree(feed.rows, 1, named, note))
    return "\n".join(lines) + "\n"


def headline(operator: op.Operator) -> str:
    """What an operator does, on one line."""
    return _said(operator, lambda _: "")[0]


def _targets(plan: op.Plan, entity: str) -> str:
    if plan.flow is None:
        return ""
    targets = [item.target for item in plan.flow.writes if entity in item.entities]
    return f" to {', '.join(targets)}" if targets else " (counted, not written)"


@dataclass(slots=True)
class _Named:
    """The operators that several others read: what they are called once they were shown."""

    shared: frozenset[int]
    names: dict[int, str] = field(default_factory=dict)

    def name(self, operator: op.Operator) -> str:
        """What a shared operator is called from now on; nothing where no other asks for it."""
        if isinstance(operator, op.Settle | op.Read):
            self.names[id(operator)] = f"settle {operator.entity}" if isinstance(operator, op.Settle) else f"read {operator.source}"
        elif id(operator) in self.shared:
            number = 1 + sum(name.startswith("(") for name in self.names.values())
            self.names[id(operator)] = f"({number})"
            return f"({number}) "
        return ""


def _shared(roots: Sequence[op.Operator]) -> frozenset[int]:
    readers = Counter(id(source) for operator in topological(roots) for source in op.inputs(operator))
    return frozenset(number for number, count in readers.items() if count > 1)


def _tree(operator: op.Operator, depth: int, named: _Named, note: Note) -> Iterator[str]:
    indent = "  " * depth
    known = named.names.get(id(operator))
    if known is not None:
        yield f"{indent}{known}, as above"
        return
    called = named.name(operator)
    exchange = _exchange(operator)
    if exchange:
        yield f"{indent}{exchange}"
    remark = note(operator)
    head, *rest = _said(operator, note)
    yield f"{indent}{called}{head}{_remark(remark)}"
    yield from (f"{indent}    {line}" for line in rest)
    for source in op.inputs(operator):
        yield from _tree(source, depth + 1, named, note)


def _exchange(operator: op.Operator) -> str:
    """The line that tells where rows must meet, empty where they need not."""
    match required_distribution(operator):
        case AnyBatch():
            return ""
        case Broadcast(keys=keys):
            return f"-- exchange: the right side to every worker, by {', '.join(keys)}"
        case HashPartitioned(keys=keys):
            return f"-- exchange: rows with equal {', '.join(keys)} meet"
        case _:
            return "-- exchange: all rows meet"


def _said(operator: op.Operator, note: Note) -> list[str]:
    match operator:
        case op.Read(source=source, columns=columns):
            return [f"read {source}: {', '.join(name.removeprefix(f'#{source}.') for name in columns)}"]
        case op.Compute(assignments=assignments):
            return ["compute", *_assigned(assignments, note)]
        case op.Windowed(assignments=assignments):
            return ["compute over all rows", *_assigned(assignments, note)]
        case op.Rename(columns=columns):
            prefix = columns[0][1].partition(".")[0] if columns else ""
            return [f"as {prefix}: {', '.join(old for old, _ in columns)}"]
        case op.Filter(condition=condition):
            return [f"where {shown(condition)}"]
        case op.Fill(columns=names, by=by):
            return [f"fill {', '.join(names)} by {', '.join(map(shown, by))}"]
        case op.Expand(over=over, item=item, outer=outer):
            return [f"each {'outer ' if outer else ''}{item} in {shown(over)}"]
        case op.Join():
            words = " ".join(word for word in ("join", "many" if operator.many else "", "required" if operator.required else "") if word)
            pairs = " and ".join(
                f"{shown(left)} = {shown(right)}" for left, right in zip(operator.left_keys, operator.right_keys, strict=True)
            )
            also = f" and {shown(operator.also)}" if operator.also is not None else ""
            return [f"{words} on {pairs}{also}"]
        case op.Group(keys=keys, assignments=assignments, partial=partial):
            named = ", ".join(f"{key.name.removeprefix('key.')}: {shown(key.value)}" for key in keys)
            return [f"group by {'partial ' if partial else ''}{named}", *_assigned(assignments, note)]
        case op.Unique(keys=unique_keys, keep=keep, code=code):
            return [f"unique by {', '.join(map(shown, unique_keys))} keep {keep}{' reject ' + code if code else ''}"]
        case op.Sort(keys=sorting):
            return ["order by " + ", ".join(shown(key.value) + (" desc" if key.descending else "") for key in sorting)]
        case op.Union():
            return ["one after the other"]
        case op.Check(checks=checks) | op.SetCheck(checks=checks):
            return ["check", *(_checked(check) + _remark(note(check.condition)) for check in checks)]
        case op.Key(columns=names):
            return [f"key {', '.join(names)}"]
        case op.Settle(entity=entity):
            return [f"settle {entity}"]
        case op.Graph(links=links):
            return ["whole or not at all", *map(_linked, links)]
        case op.Surviving(entity=entity):
            return [f"surviving {entity}"]
        case _:
            assert_never(operator)


def _assigned(assignments: tuple[ir.Assignment, ...], note: Note) -> list[str]:
    width = max((len(one.name) for one in assignments), default=0)
    return [f"{one.name.ljust(width)} : {shown(one.value)}{_remark(note(one.value))}" for one in assignments]


def _remark(text: str) -> str:
    return f"    {text}" if text else ""


def _checked(check: ir.CheckRule) -> str:
    when = f" when {shown(check.when)}" if check.when is not None else ""
    return f"{check.code} {check.severity}: {shown(check.condition)}{when}"


def _linked(link: op.Link) -> str:
    columns = ", ".join(link.columns)
    if link.owns and link.child == link.parent:
        return f"{link.child} by {columns}"
    return f"{link.parent} owns {link.child} on {columns}" if link.owns else f"{link.child}: {columns} references {link.parent}"
