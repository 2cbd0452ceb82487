"""The rewrites of a plan, in order; the order is meaning."""

from __future__ import annotations

from collections.abc import Callable

from datahub.plan.operators import Plan
from datahub.plan.rewrites.filter_early import filter_early
from datahub.plan.rewrites.prune_columns import prune_columns

REWRITES: tuple[Callable[[Plan], Plan], ...] = (filter_early, prune_columns)


def optimize(plan: Plan) -> Plan:
    """`plan` rewritten so that it does less and gives the same."""
    for rewrite in REWRITES:
        plan = rewrite(plan)
    return plan
