"""One plan in pieces: a worker with the plan and one split reads, transforms and writes it alone.

A split is a file of the source that drives the plan, or a part of one: stretches of whole records with the line and the row on which
they begin, found by reading the file through once without converting anything, so that a line end inside of quotes ends nothing.
Sources that are looked up or joined go whole to every worker. What a plan needs of its rows decides: where they must meet for more
than the key of an entity, all of them are one split.

Keys meet by exchange: each worker leaves the hashes of the keys that it had, and the splits that have keys of earlier ones are run
again with those known (`taken`), so that the rows which one run rejects for their key are rejected here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from datahub.connectors.files import input_files, open_feeds
from datahub.engine.exchange import Exchange
from datahub.engine.keys import Hashes
from datahub.formats.declare import InputFile, Stretch
from datahub.plan import operators as op
from datahub.plan.distribution import AnyBatch, Broadcast, required_distribution
from datahub.plan.order import topological
from datahub.plan.serde import from_json
from datahub.plan.whole import written_whole
from datahub.records import record
from datahub.reports.report import Report
from datahub.runner.run import Options, run
from datahub.semantic import ir

SIZE = 64 << 20
"""About how many bytes of a file are one split."""
_IN_PARTS = ("csv", "jsonl")
"""The kinds of sources whose files are read in parts: their records stand one behind the other."""

_GATHERING = (op.Group, op.Windowed, op.Fill, op.Join, op.SetCheck, op.Graph)


class KeysMeet(Exception):
    """Keys that stand in more than one split: of which entity, and how many."""

    def __init__(self, entity: str, count: int) -> None:
        super().__init__(f"{count} keys of `{entity}` stand in more than one split; run the later splits again with what `taken` gives")
        self.entity, self.count = entity, count


@record(frozen=True, slots=True)
class Split:
    """What one worker reads: the files of each source, or parts of them."""

    number: int
    files: tuple[tuple[str, tuple[InputFile, ...]], ...]


@record(frozen=True, slots=True)
class Receipt:
    """What a worker left: its folder, its report, and for each entity with a key the file with the hashes of its keys."""

    number: int
    folder: Path
    report: Report
    keys: tuple[tuple[str, Path], ...]


def splits(plan: op.Plan, sources: Mapping[str, Sequence[str]], size: int = SIZE) -> tuple[Split, ...]:
    """The pieces of a run of `plan` over `sources`, in the order of its rows; one where all rows must meet."""
    files = {name: tuple(input_files(paths)) for name, paths in sources.items()}
    name = _spread_by(plan)
    if name is None or name not in files:
        return (Split(0, tuple(files.items())),)
    whole = tuple((other, found) for other, found in files.items() if other != name)
    pieces = (piece for file in files[name] for piece in _parts(plan, name, file, size))
    return tuple(Split(number, (*whole, (name, (piece,)))) for number, piece in enumerate(pieces))


def _spread_by(plan: op.Plan) -> str | None:
    """The one source whose rows become the outputs' rows and need not meet; None where there is none."""
    if plan.flow is not None and (plan.flow.aborts or any(written_whole(plan.targets, plan.entities, plan.flow))):
        # Whether a run is aborted is known of all rows together.
        return None
    for operator in topological(output.rows for output in plan.outputs):
        if not isinstance(required_distribution(operator), AnyBatch | Broadcast) and not isinstance(operator, op.Key):
            return None
    driving = set(driving_sources(plan))
    return driving.pop() if len(driving) == 1 else None


def rows_alone(plan: op.Plan) -> bool:
    """Whether what becomes of a row is the same whatever other rows are read with it."""
    return not any(isinstance(operator, _GATHERING) for operator in topological(output.rows for output in plan.outputs))


def driving_sources(plan: op.Plan) -> frozenset[str]:
    """The sources whose rows become the outputs' rows: those that are not looked up, nor the right side of a join."""
    return frozenset(_driving(output.rows for output in plan.outputs))


def _driving(roots: Iterable[op.Operator]) -> Iterable[str]:
    for root in roots:
        match root:
            case op.Read(source=source):
                yield source
            case op.Union(inputs=several):
                yield from _driving(several)
            case _:
                yield from _driving(op.inputs(root)[:1])


def _parts(plan: op.Plan, name: str, file: InputFile, size: int) -> Iterator[InputFile]:
    """A file in parts of about `size` bytes; whole where it is small, packed, or of a kind that is not read in parts."""
    kind = next(shape.kind for shape in plan.sources if shape.name == name)
    length = Path(file.path).stat().st_size
    if kind not in _IN_PARTS or length <= size:
        yield file
        return
    stretches = list(_stretches(plan, name, file))
    if sum(one.length for one in stretches) > length:
        yield file
        return
    part: list[Stretch] = []
    for one in stretches:
        if part and one.offset + one.length - part[0].offset > size:
            yield replace(file, part=tuple(part))
            part = []
        part.append(one)
    yield replace(file, part=tuple(part))


def _stretches(plan: op.Plan, name: str, file: InputFile) -> Iterator[Stretch]:
    """The blocks of a file with the line and the row at which each begins."""
    alone = replace(plan, feeds=(), outputs=(op.Output("", op.Read(name, ())),))
    _, feeds = open_feeds(alone, {name: [file]})
    row = 1
    for block in feeds[name].blocks():
        yield Stretch(block.offset, block.length, block.first_line, row)
        row += feeds[name].parse(block).records


def run_split(
    document: str,
    split: Split,
    out: Path,
    taken: Mapping[str, Hashes] | None = None,
    parameters: Mapping[str, ir.Value] | None = None,
    options: Options | None = None,
) -> Receipt:
    """Run the plan in `document` over one split, leaving its part in a folder of its own below `out`."""
    plan = from_json(document)
    folder = out / f"part-{split.number:05d}"
    exchange = Exchange(taken or {})
    report = run(plan, dict(split.files), folder, parameters=parameters, options=replace(options or Options(), exchange=exchange))
    left = []
    for entity, hashed in exchange.seen.items():
        path = folder / "run" / f"keys.{entity}.npy"
        np.save(path, hashed)
        left.append((entity, path))
    return Receipt(split.number, folder, report, tuple(left))


def taken(receipts: Sequence[Receipt]) -> dict[int, dict[str, Hashes]]:
    """The splits that must be run again, by number, each with the keys that earlier splits have already."""
    found: dict[int, dict[str, Hashes]] = {}
    for entity, parts in _keys(receipts).items():
        before = np.empty((2, 0), np.uint64)
        for number, hashed in parts:
            known = _pairs(hashed)[np.isin(_pairs(hashed), _pairs(before))]
            if len(known):
                found.setdefault(number, {})[entity] = np.ascontiguousarray(known.view(np.uint64).reshape(-1, 2).T)
            before = np.concatenate([before, hashed], axis=1)
    return found


def commit(receipts: Sequence[Receipt]) -> int:
    """See that no key stands in two splits, and give the rows written by all; `KeysMeet` where one does."""
    for entity, parts in _keys(receipts).items():
        pairs = np.concatenate([_pairs(hashed) for _, hashed in parts])
        repeated = len(pairs) - len(np.unique(pairs))
        if repeated:
            raise KeysMeet(entity, repeated)
    return sum(sum(receipt.report.entities.values()) for receipt in receipts)


def _keys(receipts: Sequence[Receipt]) -> dict[str, list[tuple[int, Hashes]]]:
    """For each entity the keys of each split, in the order of the splits."""
    found: dict[str, list[tuple[int, Hashes]]] = {}
    for receipt in sorted(receipts, key=lambda one: one.number):
        for entity, path in receipt.keys:
            found.setdefault(entity, []).append((receipt.number, np.load(path)))
    return found


def _pairs(hashed: Hashes) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """The two halves of each hash as one value that can be compared."""
    both: np.ndarray[tuple[int], np.dtype[np.void]] = (
        np.ascontiguousarray(hashed.T).view([("low", np.uint64), ("high", np.uint64)]).reshape(-1)
    )
    return both
