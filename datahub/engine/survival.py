"""Which rows of linked entities survive: what falls takes with it what it owns, what owns it, and what refers to it.

Rows wait here until those of all entities are there, on disk where they are too many; what is kept of each in memory are the hashes
of its keys. Every row has a number within its entity: those that stand first, in order, then those that had fallen before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine import issues, keys
from datahub.engine.codes import translated
from datahub.engine.doubled import Made, all_pairs, told_apart
from datahub.engine.fallen import Held
from datahub.engine.ledger import Fate
from datahub.engine.links import MISSING, NONE, ROW_BITS, Bound, Verdicts, judge, parents_of
from datahub.engine.run_state import RunState
from datahub.engine.settle import OUTSIDE
from datahub.engine.side import Side
from datahub.engine.waiting import Budget
from datahub.frames.frame import Column, Failure, Frame, Rows
from datahub.frames.spill import FrameShelf, size_of
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic.ir import EntityShape
from datahub.types.arrow import arrow_type

if TYPE_CHECKING:
    import numpy.typing as npt

Hashed: TypeAlias = "tuple[keys.Hashes, npt.NDArray[np.bool_]]"
"""The hashes of keys, and which of the keys hold a null."""
_ROW = (1 << ROW_BITS) - 1
BEGAN = "!began"
"""Beside rows that fell with others: what began it, in words."""


@record(slots=True)
class _Entity:
    """What is known of one entity: its rows, the keys of its rows by the columns they stand in, the keys of its fallen as text."""

    shape: EntityShape
    falls: bool
    gone: Held
    """The rows that had fallen before, for those behind."""
    keys: dict[tuple[str, ...], list[Hashed]] = field(default_factory=dict)
    fallen_keys: dict[tuple[str, ...], list[Hashed]] = field(default_factory=dict)
    told: list[pa.Array] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    shelf: FrameShelf | None = None
    made: Made = field(default_factory=Made)
    fallen_made: Made = field(default_factory=Made)
    count: int = 0
    fallen: int = 0

    def hashed(self, columns: tuple[str, ...]) -> Hashed:
        """The keys of all rows, those that stand before those that had fallen."""
        parts = [*self.keys.get(columns, ()), *self.fallen_keys.get(columns, ())]
        if not parts:
            return np.empty((2, 0), np.uint64), np.empty(0, np.bool_)
        return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts])

    def rows(self) -> Iterator[Frame]:
        if self.shelf is None:
            yield from self.frames
        else:
            yield from self.shelf.take()


class Survival:
    """The graph as an operator at which rows meet; `survivors` are asked for when it has finished."""

    def __init__(self, operator: op.Graph, shapes: dict[str, EntityShape], run: RunState, budget: Budget) -> None:
        self._links, self._run, self._budget = operator.links, run, budget
        falling = {link.child for link in operator.links} | {link.parent for link in operator.links if link.owns}
        self._entities = {name: _Entity(shapes[name], name in falling, Held(budget)) for name in operator.entities}
        self._names = operator.entities
        self._owning = {name for link in operator.links if _owns_others(link) for name in (link.parent, link.child)}
        self._kinds = {(name, columns): self._key_types(name, columns) for link in operator.links for name, columns in _columns_of(link)}
        self._held = 0
        self._verdicts: dict[str, Verdicts] = {}
        self._roots: dict[str, Rows] = {}
        self._told: dict[str, pa.Array] = {}

    def _key_types(self, name: str, columns: tuple[str, ...]) -> list[pa.DataType]:
        """The types in which the values of `columns` are compared: those of the key that they are."""
        link = next(link for link in self._links if (name, columns) in _columns_of(link))
        types = {one.name: one.type for one in self._entities[link.parent].shape.fields}
        return [arrow_type(types[column]) for column in link.key]

    def prepare(self, frame: Frame, side: Side) -> Frame:
        return frame

    def accept(self, port: int, payload: Frame, side: Side) -> Iterator[Frame]:
        name = self._names[port]
        entity = self._entities[name]
        entity.count += payload.length
        if name in self._owning:
            for frame, made in ((payload, entity.made), (payload.fallen, entity.fallen_made)):
                if frame is not None and frame.length:
                    made.put(frame)
        if payload.length:
            self._note(name, payload, entity.keys)
        if payload.fallen is not None:
            entity.gone.put(payload.fallen)
            entity.fallen += payload.fallen.length
            self._note(name, payload.fallen, entity.fallen_keys)
            entity.told.append(_rejected(entity.shape, payload.fallen, np.arange(payload.fallen.length)))
        if entity.falls and payload.length:
            self._hold(entity, Frame(payload.columns, payload.length, payload.rows, payload.paths, payload.members))
        return iter(())

    def _note(self, name: str, frame: Frame, known: dict[tuple[str, ...], list[Hashed]]) -> None:
        for (entity, columns), kinds in self._kinds.items():
            if entity == name:
                arrays = [frame.columns[column].array(frame.length).cast(kind) for column, kind in zip(columns, kinds, strict=True)]
                known.setdefault(columns, []).append((keys.hashes(arrays), keys.any_null(arrays)))

    def _hold(self, entity: _Entity, frame: Frame) -> None:
        if entity.shelf is not None:
            entity.shelf.put(frame)
            return
        entity.frames.append(frame)
        self._held += size_of(frame)
        if self._held > self._budget.size and self._budget.space is not None:
            self._set_aside()

    def _set_aside(self) -> None:
        """From now on rows go to disk, those held so far first."""
        assert self._budget.space is not None
        for entity in self._entities.values():
            if entity.falls and entity.shelf is None:
                entity.shelf = FrameShelf(self._budget.space)
                for frame in entity.frames:
                    entity.shelf.put(frame)
                entity.frames = []

    def finish(self, side: Side) -> Iterator[Frame]:
        counts = {name: (entity.count, entity.fallen) for name, entity in self._entities.items()}
        bound: list[Bound] = []
        for name, entity in self._entities.items():
            pointing = [link for link in self._links if link.parent == name]
            if pointing:
                mine = entity.hashed(pointing[0].key)
                theirs = [self._entities[link.child].hashed(link.columns) for link in pointing]
                parents = parents_of(mine, theirs)
                for link, child, found in zip(pointing, theirs, parents, strict=True):
                    bound.append(Bound(link, self._apart(link, mine, self._known(link, child, found))))
        self._verdicts = judge(sorted(bound, key=lambda one: self._links.index(one.link)), counts)
        self._name_roots()
        for entity in self._entities.values():
            entity.keys, entity.fallen_keys = {}, {}
            entity.made, entity.fallen_made = Made(), Made()
        return iter(())

    def _apart(self, link: op.Link, mine: Hashed, parents: Rows) -> Sequence[Rows]:
        if not _owns_others(link):
            return [parents]
        above, below = self._entities[link.parent], self._entities[link.child]
        made = all_pairs(above.made, above.fallen_made)
        return told_apart(mine, above.count, made, (parents, all_pairs(below.made, below.fallen_made)))

    def _known(self, link: op.Link, theirs: Hashed, parents: Rows) -> Rows:
        """The parents of rows, where those that are missing here and were delivered before are nobody's to miss."""
        before = self._run.delivered.get(link.parent)
        if before is None or link.owns or link.elsewhere or not (parents == MISSING).any():
            return parents
        kinds = self._kinds[(link.child, link.columns)]
        arrays = [before.column(name).combine_chunks().cast(kind) for name, kind in zip(link.key, kinds, strict=True)]
        (found,) = parents_of((keys.hashes(arrays), keys.any_null(arrays)), [theirs])
        return np.where((parents == MISSING) & (found >= 0), NONE, parents)

    def survivors(self, operator: op.Surviving, side: Side, watched: bool) -> Iterator[Frame]:
        """The rows of one entity that survive; those that do not are told of, and ride beside where somebody must know them."""
        entity, verdicts = self._entities[operator.entity], self._verdicts[operator.entity]
        begun = 0
        for frame in entity.rows():
            dies = verdicts.dies[begun : begun + frame.length]
            count = side.count(operator)
            count.rows_in += frame.length
            at = np.flatnonzero(dies).astype(np.int64)
            if len(at):
                self._tell(entity.shape, frame, at, verdicts, begun, side)
                side.mark(frame, at, Fate.REJECTED)
                count.rejected += len(at)
            kept = frame.filter(~dies)
            count.rows_out += kept.length
            yield replace(kept, fallen=self._gone(frame, at, verdicts.root[begun + at])) if watched and len(at) else kept
            begun += frame.length
        if watched:
            yield from entity.gone.all()

    def _gone(self, frame: Frame, at: Rows, roots: Rows) -> Frame:
        """Rows that fall here, for those behind, who are told which row began it."""
        return frame.take(at).with_columns({BEGAN: Column(self._began(roots)), OUTSIDE: Column(pa.repeat(True, len(at)))})

    def _tell(self, shape: EntityShape, frame: Frame, at: Rows, verdicts: Verdicts, begun: int, side: Side) -> None:
        for number, link in enumerate(self._links):
            for code in ("R502", "R503", "R504", "R505"):
                here = at[(verdicts.link[begun + at] == number) & (verdicts.code[begun + at] == int(code[1:]))]
                if not len(here):
                    continue
                up = link.owns and link.parent == shape.name and (link.child != shape.name)
                columns, origin = (link.key, link.above) if up else (link.columns, link.below)
                values = issues.key_text(frame, columns, pa.array(here))
                if not shape.key and link.parent == shape.name:
                    texts = pc.binary_join_element_wise(f"another `{shape.name}` of ", values, " was rejected", "")
                else:
                    texts = None if code in ("R503", "R505") else self._why(link, up, verdicts, begun + here)
                failure = Failure(here, code, values=values, texts=texts, origin=self._run.origins.number(origin))
                finding = issues.Finding(failure, translated(code, shape.translate, origin), shape.name, columns[0], origin)
                side.issues.append(issues.table([finding], frame, shape.key))

    def _why(self, link: op.Link, up: bool, verdicts: Verdicts, rows: Rows) -> pa.Array:
        """What each of `rows` falls with: a row that does not exist, or the one that began it, by name."""
        missing = pa.array(verdicts.missing[rows])
        began = self._began(verdicts.root[rows])
        if up:
            same = pa.array(verdicts.root[rows] >> ROW_BITS == list(self._entities).index(link.parent))
            began = pc.if_else(same, pc.binary_join_element_wise("another", began, " "), began)
        return pc.if_else(missing, f"there is no such `{link.child if up else link.parent}`", began)

    def _began(self, roots: Rows) -> pa.Array:
        """What is said of the rows that others fall with."""
        texts, begins = [], [0]
        at = np.zeros(len(roots), np.int64)
        for number, (name, entity) in enumerate(self._entities.items()):
            mine, rows = roots >> ROW_BITS == number, roots & _ROW
            known = self._roots[name]
            within = np.where(rows >= entity.count, len(known) + rows - entity.count, np.searchsorted(known, rows))
            at = np.where(mine, begins[-1] + within, at)
            texts += [self._told[name], *entity.told]
            begins.append(sum(map(len, texts)))
        return pa.concat_arrays(texts).take(pa.array(at))

    def _name_roots(self) -> None:
        """The keys of rows that fall by themselves, so that those that fall with them can name them."""
        numbers = np.unique(np.concatenate([one.root[one.dies] for one in self._verdicts.values()]))
        for number, (name, entity) in enumerate(self._entities.items()):
            rows = numbers[numbers >> ROW_BITS == number] & _ROW
            self._roots[name] = rows = rows[rows < entity.count]
            texts, begun = [pa.array([], pa.string())], 0
            for frame in entity.rows() if len(rows) else ():
                here = rows[(rows >= begun) & (rows < begun + frame.length)] - begun
                texts.append(_rejected(entity.shape, frame, here))
                begun += frame.length
            self._told[name] = pa.concat_arrays(texts)


def _rejected(shape: EntityShape, frame: Frame, rows: Rows) -> pa.Array:
    """What is said of rows that others fall with: which they are, or which one they fell with themselves."""
    at = pa.array(rows)
    keyed = pc.binary_join_element_wise(f"`{shape.name}` ", issues.key_text(frame, shape.key, at), " was rejected", "")
    told = pc.fill_null(keyed, f"`{shape.name}` was rejected")
    began = frame.columns.get(BEGAN)
    return told if began is None else pc.coalesce(began.array(frame.length).cast(pa.string()).take(at), told)


def _owns_others(link: op.Link) -> bool:
    return link.owns and link.parent != link.child


def _columns_of(link: op.Link) -> Sequence[tuple[str, tuple[str, ...]]]:
    return ((link.child, link.columns), (link.parent, link.key))
