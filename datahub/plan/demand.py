"""What each operator of a plan must give: the columns, and the marks of presence, that are read after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from datahub.plan import operators as op
from datahub.plan.order import roots, topological
from datahub.semantic import ir
from datahub.semantic.walk import columns_read


def demanded(plan: op.Plan) -> dict[int, set[str]]:
    """By the identity of each operator the names that are read after it."""
    strict = strict_sources(plan)
    needed: dict[int, set[str]] = {}
    for feed in plan.feeds:
        assert isinstance(feed.rows, op.Rename)
        needed.setdefault(id(feed.rows), set()).update(new for _, new in feed.rows.columns)
    for operator in reversed(topological(roots(plan))):
        _ask(operator, needed.setdefault(id(operator), set()), needed, strict)
    return needed


def strict_sources(plan: op.Plan) -> frozenset[str]:
    """The sources all of whose columns are converted, read or not."""
    return frozenset(source.name for source in plan.sources if source.strict)


def needed_before(
    assignments: Sequence[ir.Assignment], wanted: set[str], strict: frozenset[str]
) -> tuple[tuple[ir.Assignment, ...], set[str]]:
    """The assignments that are needed for `wanted`, and the columns needed before them."""
    names = set(wanted)
    kept = []
    for assignment in reversed(assignments):
        converts_always = assignment.origin.map in strict and isinstance(assignment.value, ir.Convert)
        if assignment.name not in names and not converts_always:
            continue
        kept.append(assignment)
        names.discard(assignment.name)
        names |= columns_read(assignment.value) | _raws([assignment.origin])
    return tuple(reversed(kept)), names


def marks_asked(columns: Sequence[tuple[str, str]], wanted: set[str]) -> list[tuple[str, str, str]]:
    """The columns of which it is wanted whether they were there, by their old and new names, or whether what a path leads to was."""
    new = {name: old for old, name in columns}
    asked = sorted(name[1:] for name in wanted if name.startswith("?") and name not in new)
    return [
        (new[column], column, name.removeprefix(column))
        for name in asked
        if (column := name if name in new else name.partition("/")[0]) in new
    ]


def _ask(operator: op.Operator, wanted: set[str], needed: dict[int, set[str]], strict: frozenset[str]) -> None:
    """Tell the inputs of `operator` what they must give so that it can give `wanted`."""

    def ask(source: op.Operator, names: set[str]) -> None:
        needed.setdefault(id(source), set()).update(names)

    match operator:
        case op.Read():
            return
        case op.Compute(input=source, assignments=assignments) | op.Windowed(input=source, assignments=assignments):
            ask(source, needed_before(assignments, wanted, strict)[1])
        case op.Rename(input=source, columns=columns):
            marks = {f"?{old}{path}" for old, _, path in marks_asked(columns, wanted)}
            ask(source, {old for old, new in columns if new in wanted} | marks | {name for name in wanted if name.startswith("#")})
        case op.Filter(input=source, condition=condition, origin=origin):
            ask(source, wanted | _reads([condition]) | _raws([origin]))
        case op.Fill(input=source, columns=columns, by=by):
            ask(source, wanted | set(columns) | _reads(by))
        case op.Expand(input=source, over=over, item=item, position=position):
            made = {position, item}
            ask(source, {name for name in wanted if name not in made and not name.startswith(f"{item}.")} | _reads([over]))
        case op.Join(left=left, right=right, columns=columns):
            wanted |= _reads([operator.also])
            theirs = {new for _, new in columns}
            ask(left, {name for name in wanted if name not in theirs} | _reads(operator.left_keys))
            shown = {name for name in wanted if name.startswith("#")}
            ask(right, {old for old, new in columns if new in wanted} | shown | _reads(operator.right_keys))
        case op.Group(input=source, keys=keys, assignments=assignments):
            names = needed_before(assignments, wanted, frozenset())[1]
            made = {key.name for key in keys} | {one.name for one in assignments}
            ask(
                source, {name for name in names if name not in made} | _reads(key.value for key in keys) | _raws(one.origin for one in keys)
            )
        case op.Unique(input=source, keys=keys, origin=origin):
            ask(source, wanted | _reads(keys) | _raws([origin]))
        case op.Sort(input=source, keys=sorting, origin=origin):
            ask(source, wanted | _reads(key.value for key in sorting))
        case op.Union(inputs=several):
            for source in several:
                ask(source, wanted)
        case op.Graph(inputs=several, entities=entities, links=links):
            # Which columns of which entity survivors are asked for is not told apart: a settled row has all of its own.
            for source, entity in zip(several, entities, strict=True):
                named = {name for link in links for name in (*link.columns * (link.child == entity), *link.key * (link.parent == entity))}
                ask(source, wanted | named)
        case op.Surviving(graph=graph):
            ask(graph, wanted)
        case op.Check(input=source, checks=checks) | op.SetCheck(input=source, checks=checks):
            read = _reads(part for check in checks for part in (check.condition, check.when, check.message))
            ask(source, wanted | read | _raws(check.origin for check in checks))
        case op.Key(input=source, columns=key_columns, origin=origin):
            ask(source, wanted | set(key_columns) | _raws([origin]))
        case op.Settle(input=source, columns=columns, beside=beside):
            ask(source, {name for name, _ in columns} | set(beside))
        case _:
            assert_never(operator)


def _reads(expressions: Iterable[ir.Expression | None]) -> set[str]:
    found: set[str] = set()
    for expression in expressions:
        if expression is not None:
            found |= columns_read(expression)
    return found


def _raws(origins: Iterable[ir.Origin]) -> set[str]:
    return {evidence.raw for origin in origins for evidence in origin.evidence if evidence.raw}
