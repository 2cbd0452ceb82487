"""Targets at which what a run delivers takes the place of all that was there: a few rows alone would take the others away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from datahub.plan.operators import Plan
from datahub.plan.whole import written_whole
from datahub.project.binding import FilesTo, To
from datahub.runner.jobs.job_context import Ways

_OF_ONE_RUN = re.compile(r"\{\{\s*(RUN|TIMESTAMP)\s*\}\}", re.IGNORECASE)


def takes_several(told: To) -> bool:
    """Whether what a target gets from two runs stands side by side, or is told apart by keys."""
    if not isinstance(told, FilesTo) or told.documents:
        return True
    return told.exists == "number" or _OF_ONE_RUN.search(told.name) is not None


def replacing(plan: Plan, ways: Ways, targets: Mapping[str, To]) -> Iterator[tuple[str, str]]:
    """Each target that is so, and what of it says so."""
    whole = dict(written_whole(plan.targets, plan.entities, plan.flow)) if plan.flow is not None else {}
    for target, told in targets.items():
        if isinstance(told, FilesTo) and not takes_several(told) and told.exists == "replace":
            yield target, 'its file has one name, and `exists = "replace"`'
        elif target in whole:
            yield target, "it is written whole"
        elif target in ways.senders and ways.senders[target].replaces:
            yield target, "the other side deletes what it is not given"
