"""A file among several that cannot be fetched: what came before it is taken all the same, and it alone is to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from datahub.connectors.declare import DataHubError, Gone, Landed, Split, TransientError
from datahub.project.binding import FilesFrom
from datahub.records import record
from datahub.runner.jobs.backoff import exhausted
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.piled_up import splittable
from datahub.runner.splits import rows_alone
from datahub.state.records import Run

LandedOf = Callable[[Sequence[Split]], Iterator[Sequence[Landed]]]
"""Splits landed, in their order, with what came together."""


class Unfetched(Exception):
    """A file of a folder that cannot be fetched however often it is tried, and that the run cannot go on without."""

    def __init__(self, problem: DataHubError, source: str, split: Split) -> None:
        super().__init__(problem.message)
        self.problem, self.source, self.split = problem, source, split


@record(frozen=True, slots=True)
class Came:
    """How many of the files were left where they are, and what a person has to hear of it."""

    left: int = 0
    told: tuple[str, ...] = ()


def land_each(
    context: JobContext, run: Run, name: str, wanted: Sequence[Split], landed_of: LandedOf, take: Callable[[Sequence[Landed]], None]
) -> Came:
    """Land the files of a source one after the other, as far as they can be fetched.

    What may pass is raised as long as the run is tried again for it. After that a file which the host lists and does not have is
    passed over; before any other the run ends, and is content with what has landed where that can go alone.
    """
    rest, landed, told = list(wanted), 0, list[str]()
    while True:
        coming, came = landed_of(rest), 0
        try:
            while (some := next(coming, None)) is not None:
                take(some)
                came += len(some)
            return Came(told=tuple(told))
        except DataHubError as problem:
            landed, rest = landed + came, rest[came:]
            passes = isinstance(problem, TransientError)
            if not rest or not _of_folder(context, name) or (passes and not exhausted(context, run)):
                raise
            if isinstance(problem, Gone):
                told.append(f"{name}: {problem.message}, and was passed over")
                rest = rest[1:]
            elif landed and rows_alone(context.plan) and splittable(context, run, name):
                more = f" and {len(rest) - 1:,} more wait" if rest[1:] else " waits"
                why = f"`{rest[0].name}`{more}, for it could not be fetched ({problem.message}); what lies before it was taken"
                return Came(len(rest), (*told, f"{name}: {why}"))
            elif passes:
                raise
            else:
                raise Unfetched(problem, name, rest[0]) from problem


def _of_folder(context: JobContext, name: str) -> bool:
    """Whether a source has files of which one may be read without another."""
    bound = context.job.sources.get(name)
    return name in context.driving and isinstance(bound, FilesFrom) and not bound.path
