"""Files that piled up give what they would have given one by one: how many of them one run takes, and the run that takes the rest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datahub.connectors.declare import Split
from datahub.formats.declare import InputFile
from datahub.plan.whole import written_whole
from datahub.project.binding import FilesFrom
from datahub.records import record
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.replacing import takes_several
from datahub.runner.splits import rows_alone
from datahub.state.records import Admission, Claim, Fire, FireKind, Overlap, Run, RunStatus, Taken

LEFT = "left"
"""The stream of a source's place that says how many files a run has left to the next."""
REST = "rest of "
MOST_IN_A_ROW = 3
"""So many runs that failed are followed by another at once: more of them tell no more, and then it does not lie in the files."""
_KEY = "R303"
_MOST_NAMES = 3
_SECOND = timedelta(seconds=1)

Alone = Callable[[Mapping[str, Sequence[InputFile]], Path], object]
"""Runs the plan over files into a folder, for what its issues tell."""


def portion(context: JobContext, run: str, name: str, unread: Sequence[Split]) -> Sequence[Split]:
    """Those of the unread files of a source that a run takes: as many as the job says, and twice what the run before could take at
    once where that had to leave some, so that a long row of files is not read over and over."""
    bound = context.job.sources.get(name)
    if not isinstance(bound, FilesFrom):
        return unread
    most, before = bound.limit, context.store.runs.cause(run) if run else ""
    if name in context.driving and before.startswith(REST):
        taken = context.store.items.taken(before.removeprefix(REST))
        # One that could not fetch its first file tells nothing of how many can be taken at once.
        most = min(most, 2 * sum(one.source == name for one in taken) or most)
    return unread[:most]


def leave(context: JobContext, claim: Claim, left: Mapping[str, int]) -> None:
    """Write down how many files of each source a run leaves to the next; it counts once the run is a success."""
    for name, count in left.items():
        context.store.cursors.propose(claim, context.places[name], LEFT, str(count))


def files_left(context: JobContext, run: Run) -> int:
    """How many files the last run that read the sources of a job has left, if that was this one."""
    if run.apart:
        return 0
    return sum(int(context.store.cursors.value(context.places[name], LEFT) or 0) for name in _folders(context))


def files_of_part(context: JobContext, claim: Claim, run: Run) -> tuple[int, int]:
    """How many files a run has that is but a part of what waited, and how many one run would have had; none where it has all of it."""
    left = sum(int(context.store.cursors.proposed(claim, context.places[name], LEFT) or 0) for name in _folders(context))
    cause, mine = context.store.runs.cause(run.id), files_taken(context, run.id)
    if not left and not cause.startswith(REST):
        return 0, 0
    whole = mine + left
    # Where a job takes few files a run, the row of runs behind each other is long, and does not matter.
    while cause.startswith(REST) and at_once(context, whole) == whole:
        earlier = cause.removeprefix(REST)
        whole, cause = whole + files_taken(context, earlier), context.store.runs.cause(earlier)
    return mine, at_once(context, whole)


def at_once(context: JobContext, files: int) -> int:
    """How many of so many files a run takes at most, where each of them can be taken."""
    bounds = [bound.limit for name in _folders(context) if isinstance(bound := context.job.sources[name], FilesFrom)]
    return min(files, sum(bounds))


def waits_behind(names: Sequence[str], why: Mapping[str, str]) -> str:
    """Which files were left out of a run, in words, and why the first of them was where that is known."""
    first = f"`{names[0]}` ({why[names[0]]})" if names[0] in why else f"`{names[0]}`"
    return f"{first} waits" if len(names) == 1 else f"{first} and {len(names) - 1:,} more wait"


def files_taken(context: JobContext, run: str) -> int:
    """How many files of the sources that start the job a run has taken."""
    folders = _folders(context)
    return sum(one.source in folders for one in context.store.items.taken(run))


def waiting(count: int) -> str:
    """How many files wait, in words; nothing where none does."""
    return f"{count:,} more file{' waits' if count == 1 else 's wait'}" if count else ""


def behind(context: JobContext, claim: Claim, run: Run, *, aside: bool) -> str:
    """What becomes of the files that a run has left which failed for what it read; they are for a run of their own where that file
    was put `aside`, and else wait until a person has seen to it."""
    if run.apart:
        return ""
    places = [context.places[name] for name in _folders(context)]
    count = sum(int(context.store.cursors.proposed(claim, place, LEFT) or 0) for place in places)
    return rest(context, run, count) if aside and _failed_before(context, run) < MOST_IN_A_ROW else waiting(count)


def _failed_before(context: JobContext, run: Run) -> int:
    """How many runs failed one after the other, each of which left its files to the next, and the last to this."""
    count, cause = 0, context.store.runs.cause(run.id)
    while count < MOST_IN_A_ROW and cause.startswith(REST):
        earlier = context.store.runs.get(cause.removeprefix(REST))
        if earlier is None or earlier.status is RunStatus.SUCCESS:
            break
        count, cause = count + 1, context.store.runs.cause(earlier.id)
    return count


def goes_aside(context: JobContext, unfit: Sequence[Taken]) -> bool:
    """Whether files for which a run failed are not found again where they were: those of a source that is read beside them stay, say."""
    if not any(one.source in context.driving for one in unfit):
        return False
    bounds = [context.job.sources[name] for name in _folders(context)]
    # What could not be fetched is not deleted.
    ways = ("move", "mark", "delete") if all(one.item.sha256 for one in unfit) else ("move", "mark")
    return bool(bounds) and all(isinstance(one, FilesFrom) and one.on_failure.action in ways for one in bounds)


def _folders(context: JobContext) -> list[str]:
    """The sources of files that start a job."""
    return [name for name in context.driving if isinstance(context.job.sources.get(name), FilesFrom) and name in context.places]


def part(context: JobContext, run: Run, files: Mapping[str, Sequence[InputFile]], bad: str = "") -> tuple[str, int]:
    """How many files of which source are tried by themselves where all of them cannot be taken together: those before the `bad` one
    where it is known, else half of them. None where they are no runs of their own, nor where the script gathers rows: an order
    whose lines lie in two files would go out with those of one."""
    if not rows_alone(context.plan):
        return "", 0
    for source, found in files.items():
        names = [one.name for one in found]
        if source not in context.driving or len(names) < 2 or (bad and bad not in names) or not splittable(context, run, source):
            continue
        return source, max(1, names.index(bad) if bad else len(names) // 2)
    return "", 0


def rest(context: JobContext, run: Run, count: int) -> str:
    """Let a run in that takes the files that a run has left, and say so; nothing where there are none."""
    if not count:
        return ""
    now = context.clock()
    # Files that are named after the instants of their runs must not have one name.
    begun = max(now, run.as_of.replace(microsecond=0) + _SECOND)
    # It goes before what waits: another would read these files with parameters of its own.
    overlap = Overlap.ALLOW if context.job.overlap == "allow" else Overlap.QUEUE_ALL
    admission = Admission(overlap, parameters=run.parameters, precedes=True, as_of=begun, alone=True)
    let_in = context.store.runs.submit(Fire(context.name, FireKind.EVENT, now, f"{REST}{run.id}"), admission, now)
    if let_in is None or let_in.ended_for_good:
        return waiting(count)
    return f"{count:,} file{'' if count == 1 else 's'} left to run {let_in.id}"


@record(frozen=True, slots=True)
class Piled:
    """The files of one source in the order in which a run reads them, of which the `first` and those behind it hold keys again that
    rows before them have (`keys`, of which there are `count`)."""

    source: str
    names: tuple[str, ...]
    first: int
    keys: tuple[str, ...]
    count: int
    limited: str = ""
    """Where a `limit` could be said: the table of the source."""

    @property
    def brief(self) -> str:
        """In a few words, for a list of runs."""
        return f"`{self.names[self.first]}` repeats keys, of which the rows before it were taken"

    @property
    def told(self) -> str:
        """In words, for whoever has to know that older rows were taken."""
        keys = ", ".join(f"`{key}`" for key in self.keys)
        more = f" and {self.count - len(self.keys)} more" if self.count > len(self.keys) else ""
        return (
            f"{self.source}: `{self.names[self.first]}` was read behind `{self.names[self.first - 1]}` and holds keys that are there"
            f" already ({keys}{more}): the rows that came first are taken. Where the later ones are the newer state, write"
            f" `unique by … keep last` in the map{f', or `limit = 1` below `{self.limited}`' if self.limited else ''}"
        )


def repeated(context: JobContext, files: Mapping[str, Sequence[InputFile]], out: Path, alone: Alone) -> Piled | None:
    """The first of several files that repeats keys of entities which files before it have, as the issues of a run in `out` tell.

    A file may repeat its own keys: then it has as many repeated rows where it is read alone.
    """
    several = {name: found for name, found in files.items() if name in context.driving and len(found) > 1}
    if not several:
        return None
    twice = _twice(out)
    for source, found in several.items():
        for number, file in enumerate(found[1:], 1):
            of_it = twice.filter(pc.equal(twice["file"], file.name))
            if not of_it.num_rows:
                continue
            apart = out / "alone"
            alone({**files, source: [file]}, apart)
            own = _twice(apart)
            shutil.rmtree(apart)
            if of_it.num_rows > own.num_rows:
                keys = [key for key in of_it["key"].unique().to_pylist() if key is not None]
                table = f"[jobs.{context.name}.sources.{source}]" if isinstance(context.job.sources.get(source), FilesFrom) else ""
                return Piled(source, tuple(one.name for one in found), number, tuple(keys[:_MOST_NAMES]), len(keys), table)
    return None


def _twice(out: Path) -> pa.Table:
    """The issues of a run about rows whose key is there already."""
    path = out / "run" / "issues.parquet"
    if not path.is_file():
        return pa.table({"file": pa.array([], pa.string()), "key": pa.array([], pa.string())})
    issues = pq.read_table(path, columns=["file", "code", "caused_by", "field", "key"])
    # What a script says itself of rows that are there twice (`unique by … reject`) names no field.
    of_keys = pc.and_(pc.or_(pc.equal(issues["code"], _KEY), pc.equal(issues["caused_by"], _KEY)), pc.not_equal(issues["field"], ""))
    return issues.filter(pc.fill_null(of_keys, False))


def splittable(context: JobContext, run: Run, source: str) -> bool:
    """Whether some files of a source and those behind them can be runs of their own, which together give what was asked for.

    Where other sources are read beside these, or where a run replaces what the one before has delivered, nobody can know. What an API
    gave in several files is not there any more for the next run: its position has gone on.
    """
    files = isinstance(context.job.sources.get(source), FilesFrom)
    alone = files and [name for name in context.ways.sources if name in context.driving] == [source]
    kind = run.apart or context.job.overlap == "allow"
    plan = context.plan
    whole = plan.flow is not None and any(written_whole(plan.targets, plan.entities, plan.flow))
    return alone and not kind and not whole and all(map(takes_several, context.job.targets.values()))
