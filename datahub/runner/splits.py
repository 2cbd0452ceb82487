"""One plan in pieces: a worker with the plan and one split reads, transforms and writes it alone.

A split is one file of the source that drives the plan; sources that are looked up or joined go whole to every worker.
What a plan needs of its rows decides: where they must meet for more than the key of an entity, it cannot be spread so.
Keys are compared when all pieces are done, by the hashes that each worker leaves beside its output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datahub.connectors.files import input_files
from datahub.engine import keys
from datahub.engine.start import UnusableRun
from datahub.frames.frame import Frame
from datahub.plan import operators as op
from datahub.plan.distribution import AnyBatch, Broadcast, required_distribution
from datahub.plan.order import topological
from datahub.plan.serde import from_json
from datahub.records import record
from datahub.reports.report import Report
from datahub.runner.run import Options, run
from datahub.semantic import ir


class KeysMeet(Exception):
    """Keys that stand in more than one split: of which entity, and how many."""

    def __init__(self, entity: str, count: int) -> None:
        super().__init__(f"{count} keys of `{entity}` stand in more than one split; run the plan over all files at once")
        self.entity, self.count = entity, count


@record(frozen=True, slots=True)
class Split:
    """What one worker reads: the files of each source."""

    number: int
    files: tuple[tuple[str, tuple[str, ...]], ...]


@record(frozen=True, slots=True)
class Receipt:
    """What a worker left: its folder, its report, and for each entity with a key the file with the hashes of its keys."""

    number: int
    folder: Path
    report: Report
    keys: tuple[tuple[str, Path], ...]


def splits(plan: op.Plan, sources: Mapping[str, Sequence[str]]) -> tuple[Split, ...]:
    """The pieces of a run of `plan` over `sources`; `UnusableRun` where rows of several pieces would have to meet."""
    for operator in topological(output.rows for output in plan.outputs):
        if not isinstance(required_distribution(operator), AnyBatch | Broadcast) and not isinstance(operator, op.Key):
            raise UnusableRun(f"rows must meet for `{type(operator).__name__.lower()}`, so this plan cannot be run in pieces")
    driving = set(driving_sources(plan))
    if len(driving) != 1:
        raise UnusableRun(f"the plan reads {', '.join(sorted(driving))} row by row; in pieces it can read one source so")
    name = driving.pop()
    whole = tuple((other, tuple(paths)) for other, paths in sources.items() if other != name)
    files = input_files(sources[name])
    return tuple(Split(number, (*whole, (name, (file.path,)))) for number, file in enumerate(files))


def driving_sources(plan: op.Plan) -> frozenset[str]:
    """The sources whose rows become rows of the outputs; the others are looked up or joined."""
    return frozenset(_driving(output.rows for output in plan.outputs))


def _driving(roots: Iterable[op.Operator]) -> Iterable[str]:
    """The sources whose rows become the outputs' rows: those that are not the right side of a join."""
    for root in roots:
        match root:
            case op.Read(source=source):
                yield source
            case op.Union(inputs=several):
                yield from _driving(several)
            case _:
                yield from _driving(op.inputs(root)[:1])


def run_split(
    document: str, split: Split, out: Path, parameters: Mapping[str, ir.Value] | None = None, options: Options | None = None
) -> Receipt:
    """Run the plan in `document` over one split, leaving its part in a folder of its own below `out`."""
    plan = from_json(document)
    folder = out / f"part-{split.number:05d}"
    shapes = {shape.name: shape for shape in plan.entities}
    seen: dict[str, list[npt.NDArray[np.uint64]]] = {output.entity: [] for output in plan.outputs if shapes[output.entity].key}

    def watch(entity: str, frame: Frame) -> None:
        if entity in seen:
            seen[entity].append(keys.hashes([frame.columns[name].array(frame.length) for name in shapes[entity].key]))

    report = run(plan, dict(split.files), folder, parameters=parameters, options=replace(options or Options(), watch=watch))
    left = []
    for entity, hashed in seen.items():
        path = folder / "run" / f"keys.{entity}.npy"
        np.save(path, np.concatenate([np.empty((2, 0), np.uint64), *hashed], axis=1))
        left.append((entity, path))
    return Receipt(split.number, folder, report, tuple(left))


def commit(receipts: Sequence[Receipt]) -> int:
    """See that no key stands in two splits, and give the rows written by all; `KeysMeet` where one does."""
    paths: dict[str, list[Path]] = {}
    for receipt in receipts:
        for entity, path in receipt.keys:
            paths.setdefault(entity, []).append(path)
    for entity, parts in paths.items():
        hashed = np.concatenate([np.load(path) for path in parts], axis=1)
        repeated = hashed.shape[1] - len(np.unique(hashed.T, axis=0))
        if repeated:
            raise KeysMeet(entity, repeated)
    return sum(sum(receipt.report.entities.values()) for receipt in receipts)
