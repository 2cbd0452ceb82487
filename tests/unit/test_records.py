"""A record is to everyone what a frozen slotted dataclass is."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from datahub.records import record


@record(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)
    place: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Twin:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)
    place: str = field(default="", compare=False, repr=False)


@record(frozen=True, slots=True)
class Alone:
    value: float


@record(frozen=True, slots=True)
class Above(Point):
    z: int = 0


def test_a_record_is_written_and_made_as_a_dataclass_is():
    assert repr(Point(1, names=["a"])) == repr(Twin(1, names=["a"])).replace("Twin", "Point")
    assert Above(1, z=3) == replace(Above(1), z=3)
    assert Point(1).names is not Point(1).names
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_a_record_compares_what_is_to_be_compared():
    nan = float("nan")
    assert Point(1, place="here") == Point(1, place="there")
    assert Point(1) != Above(1)
    other: object = Twin(1)
    assert Point(1) != other
    assert Alone(nan) == Alone(nan)
    assert hash(Alone(1.0)) == hash(Alone(1))


def test_a_record_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del Point(1).x


def test_a_record_is_matched_by_place_copied_and_pickled():
    match Point(1, 5):
        case Point(x, y):
            assert (x, y) == (1, 5)
    assert copy.deepcopy(Point(1)) == Point(1)
    assert pickle.loads(pickle.dumps(Point(3, place="p"))).place == "p"
