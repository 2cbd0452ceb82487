"""Owners whose key comes twice: which of them owns a row is told by the record that both came of, else by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import pyarrow as pa

from datahub.engine import keys
from datahub.engine.links import NONE, parents_of
from datahub.frames.frame import Frame, Mask, Rows
from datahub.records import record


@record(slots=True)
class Made:
    """Of which rows of sources the rows of an entity came: `numbers` of its rows, and an id beside each; a group has several."""

    count: int = 0
    _numbers: list[Rows] = field(default_factory=list)
    _ids: list[Rows] = field(default_factory=list)

    def put(self, frame: Frame) -> None:
        own = np.arange(self.count, self.count + frame.length, dtype=np.int64)
        if frame.members is None:
            self._numbers.append(own)
            self._ids.append(frame.rows)
        else:
            # A row that is no group has no members.
            counts = np.diff(frame.members.offsets.to_numpy())
            alone = (counts == 0) | ~np.asarray(frame.members.is_valid())
            self._numbers += [np.repeat(own, counts), own[alone]]
            self._ids += [frame.members.flatten().to_numpy(zero_copy_only=False).astype(np.int64), frame.rows[alone]]
        self.count += frame.length

    def pairs(self) -> tuple[Rows, Rows]:
        return _joined(self._numbers), _joined(self._ids)


def all_pairs(standing: Made, fallen: Made) -> tuple[Rows, Rows]:
    """The rows of an entity with the ids that they came of, those that stand before those that had fallen."""
    (numbers, ids), (behind, theirs) = standing.pairs(), fallen.pairs()
    return np.concatenate([numbers, behind + standing.count]), np.concatenate([ids, theirs])


def told_apart(mine: tuple[keys.Hashes, Mask], standing: int, made: tuple[Rows, Rows], owned: tuple[Rows, tuple[Rows, Rows]]) -> list[Rows]:
    """The owners of rows, of which `standing` stand, and a second one of those that may be of either.

    `owned` is the first owner that has the key of a row, and what the rows came of. Where it cannot be known which one a row is of, its
    owner is one that had fallen, and the one that stands is its owner as well: all of that key fall.
    """
    found, (children, theirs) = owned
    hashed, null = mine
    there = np.flatnonzero(~null)
    first = keys.SeenKeys().first_rows(hashed[:, there], there)
    several = np.unique(first[first != there])
    if not len(several):
        return [found]
    of_several = np.isin(first, several)
    owners, firsts = there[of_several], first[of_several]
    last = np.empty(len(several), np.int64)
    last[np.searchsorted(several, firsts)] = owners
    asked = np.flatnonzero(np.isin(found, several))
    fallen = last[np.searchsorted(several, found[asked])]
    asked, fallen = asked[fallen >= standing], fallen[fallen >= standing]
    known = _by_record((owners, firsts), made, found[asked], _id_of(asked, children, theirs))
    single, beside = found.copy(), np.full(len(found), NONE, np.int64)
    single[asked] = np.where(known >= 0, known, fallen)
    beside[asked] = np.where((known < 0) & (found[asked] < standing), found[asked], NONE)
    return [single, beside]


def _by_record(owners: tuple[Rows, Rows], made: tuple[Rows, Rows], keyed: Rows, ids: Rows) -> Rows:
    """For each row the one owner of its key (`keyed`, the first owner that has it) that came of the same record, or a negative number."""
    numbers, theirs = made
    mine = np.isin(numbers, owners[0])
    numbers, theirs = numbers[mine], theirs[mine]
    pairs = _hashes(owners[1][np.searchsorted(owners[0], numbers)], theirs)
    places = np.arange(len(numbers), dtype=np.int64)
    first = keys.SeenKeys().first_rows(pairs, places)
    # Two owners of one record and one key: that record does not tell them apart.
    unsure = np.unique(first[numbers[first] != numbers])
    (at,) = parents_of((pairs, np.zeros(len(numbers), np.bool_)), [(_hashes(keyed, ids), np.zeros(len(ids), np.bool_))])
    at = np.where(np.isin(at, unsure), NONE, at)
    return np.where(at >= 0, np.append(numbers, 0)[at], at)


def _id_of(rows: Rows, numbers: Rows, ids: Rows) -> Rows:
    """The first of the ids that each of `rows` came of."""
    order = np.argsort(numbers, kind="stable")
    return ids[order[np.searchsorted(numbers[order], rows)]]


def _hashes(keyed: Rows, ids: Rows) -> keys.Hashes:
    return keys.hashes([pa.array(keyed), pa.array(ids)])


def _joined(parts: Sequence[Rows]) -> Rows:
    return np.concatenate([np.empty(0, np.int64), *parts])
