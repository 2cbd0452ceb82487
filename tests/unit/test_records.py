"""A record is to everyone what a frozen slotted dataclass is."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

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


def test_records_that_change_are_dataclasses_too():
    @record(slots=True)
    class Count:
        name: str
        seen: int = 0
        kept: list[int] = field(default_factory=list)
        made: dict[str, int] = field(default_factory=dict, init=False)
        last: str = field(default="none", init=False)
        unset: int = field(init=False, compare=False)

    one = Count("a", kept=[1])
    one.seen += 1
    assert one == Count("a", 1, [1])
    assert ({}, "none") == (one.made, one.last)
    assert not hasattr(one, "unset")
    assert one.made is not Count("a").made
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        hash(one)
    assert pickle.loads(pickle.dumps(Point(1))) == Point(1)


def test_a_constructor_is_called_and_complains_as_that_of_a_dataclass():
    @record(frozen=True, slots=True)
    class Wide:
        a: int
        b: int = 1
        c: list[int] = field(default_factory=list, kw_only=True)
        d: int = field(kw_only=True)

    assert (1, 1, [], 4) == (Wide(1, d=4).a, Wide(1, d=4).b, Wide(1, d=4).c, Wide(1, d=4).d)
    assert ("a", "b") == Wide.__match_args__
    make: Any = Wide
    for wrong, said in (
        (lambda: make(1), r"Wide\.__init__\(\) missing 1 required keyword-only argument: 'd'"),
        (lambda: make(d=1), r"Wide\.__init__\(\) missing 1 required positional argument: 'a'"),
        (lambda: make(1, 2, 3, d=1), r"Wide\.__init__\(\) takes from 2 to 3 positional arguments"),
        (lambda: make(1, d=1, e=2), r"Wide\.__init__\(\) got an unexpected keyword argument 'e'"),
    ):
        with pytest.raises(TypeError, match=said):
            wrong()


def test_a_record_compared_by_identity_stays_so():
    @record(frozen=True, eq=False, slots=True)
    class Same:
        x: int

    assert Same(1) != Same(1)
    assert len({Same(1), Same(1)}) == 2


def test_fields_without_defaults_stand_first():
    @record(frozen=True, slots=True)
    class Upside:
        x: int = 1
        y: int  # type: ignore[misc]

    with pytest.raises(TypeError, match="a field without a default follows"):
        Upside(1, 2)


def test_many_threads_may_make_the_first_one():
    for _ in range(20):

        @record(frozen=True, slots=True)
        class Shared:
            x: int
            names: list[int] = field(default_factory=list)

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(Shared, range(64)))
        assert [Shared(number) for number in range(64)] == made
