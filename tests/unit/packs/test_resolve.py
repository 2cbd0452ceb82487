"""Versions that suit everybody: found where there are any, always the same ones, explained where there are none."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from datahub.packs.origins import Offered
from datahub.packs.resolve import Conflict, Required, resolve
from datahub.project.versions import parse_range


class Shelf:
    """An origin made of a table: pack, version, what it requires."""

    shown = "shelf"

    def __init__(self, packs):
        self.packs = packs

    def offers(self, name):
        return [
            Offered(Version.parse(version), tuple((other, parse_range(text)) for other, text in requires.items()), "", withdrawn)
            for version, (requires, withdrawn) in self.packs.get(name, {}).items()
        ]

    def open(self, name, version):
        raise AssertionError("nobody opens a pack to choose its version")


def shelf(**packs):
    made = {}
    for name, versions in packs.items():
        made[name] = {version: requires if isinstance(requires, tuple) else (requires, "") for version, requires in versions.items()}
    return Shelf(made)


def chosen(origin, required, locked=None):
    wanted = [Required(name, parse_range(text), by) for name, text, by in required]
    found = resolve(
        wanted, lambda name, _: origin if name in origin.packs else None, {k: Version.parse(v) for k, v in (locked or {}).items()}
    )
    return {name: str(one.offered.version) for name, one in found.items()}


PACKS = shelf(
    core={"1.0.0": {}, "1.5.0": {}, "2.0.0": {}, "2.1.0-rc.1": {}},
    shop={"1.0.0": {"core": "^1.0"}, "1.1.0": {"core": "^2.0"}},
    erp={"1.0.0": {"core": "^1.2"}},
    old={"1.0.0": {}, "1.1.0": ({}, "loses rows")},
)


def test_the_newest_that_suits_everybody_is_taken():
    assert {"core": "2.0.0", "shop": "1.1.0"} == chosen(PACKS, [("shop", "^1.0", "dhm.toml")])
    assert {"core": "1.5.0", "shop": "1.0.0", "erp": "1.0.0"} == chosen(PACKS, [("shop", "^1.0", "dhm.toml"), ("erp", "", "a.dhm")])


def test_what_is_locked_stays_while_it_suits():
    assert {"core": "1.0.0"} == chosen(PACKS, [("core", "^1.0", "dhm.toml")], {"core": "1.0.0"})
    assert {"core": "2.0.0"} == chosen(PACKS, [("core", "^2.0", "dhm.toml")], {"core": "1.0.0"})


def test_what_was_withdrawn_is_taken_only_where_it_is_locked():
    assert {"old": "1.0.0"} == chosen(PACKS, [("old", "^1.0", "dhm.toml")])
    assert {"old": "1.1.0"} == chosen(PACKS, [("old", "^1.0", "dhm.toml")], {"old": "1.1.0"})


def test_a_conflict_says_who_requires_what_and_what_there_is():
    with pytest.raises(Conflict) as refused:
        chosen(PACKS, [("erp", "", "dhm.toml"), ("core", "^2.0", "mine.dhm")])
    assert [("erp 1.0.0", "^1.2"), ("mine.dhm", "^2.0")] == list(refused.value.rows())
    assert ("core", ["2.1.0-rc.1", "2.0.0", "1.5.0", "1.0.0"]) == (refused.value.name, list(map(str, refused.value.there)))


def test_a_pack_that_nobody_has_is_told_with_who_wants_it():
    with pytest.raises(Conflict, match="nobody has the pack `lost`") as refused:
        chosen(PACKS, [("lost", "^1.0", "mine.dhm")])
    assert [("mine.dhm", "^1.0")] == list(refused.value.rows())


def test_a_pre_release_is_taken_where_it_is_named_where_it_is_locked_and_where_there_is_nothing_else():
    early = shelf(core={"1.0.0": {}, "2.1.0-rc.1": {}}, new={"1.0.0-rc.1": {}, "1.0.0-rc.2": {}})
    anybody = ("core", "", "mine.dhm")
    assert {"core": "1.0.0"} == chosen(early, [anybody])
    assert {"core": "2.1.0-rc.1"} == chosen(early, [anybody, ("core", "2.1.0-rc.1", "dhm.toml")])
    assert {"core": "2.1.0-rc.1"} == chosen(early, [("core", "2.1.0-rc.1", "dhm.toml"), anybody])
    assert {"core": "2.1.0-rc.1"} == chosen(early, [anybody], {"core": "2.1.0-rc.1"})
    assert {"new": "1.0.0-rc.2"} == chosen(early, [("new", "", "dhm.toml")])
    with pytest.raises(Conflict):
        chosen(early, [("new", "^1.0", "dhm.toml")])


NAMES = ("a", "b", "c", "d")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
RANGES = ("", "^1.0", "~1.0", "^2.0", "1.1.0")
REQUIRES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(RANGES), max_size=2)
UNIVERSE = st.fixed_dictionaries({name: st.dictionaries(st.sampled_from(VERSIONS), REQUIRES, min_size=1, max_size=3) for name in NAMES})


def suits(universe, picked, required) -> bool:
    """Whether a choice of versions suits everybody in it, by trying."""
    wanted = [*required.items(), *(pair for name, version in picked.items() for pair in universe[name][version].items())]
    return all(name in picked and parse_range(text).allows(Version.parse(picked[name])) for name, text in wanted)


def any_that_suits(universe, required) -> bool:
    every = [[None, *universe[name]] for name in NAMES]
    picks = ({name: one for name, one in zip(NAMES, versions, strict=True) if one is not None} for versions in product(*every))
    return any(suits(universe, picked, required) for picked in picks)


@given(UNIVERSE, st.dictionaries(st.sampled_from(NAMES), st.sampled_from(RANGES), min_size=1, max_size=3))
def test_a_choice_is_found_if_and_only_if_there_is_one_and_it_is_the_same_each_time(universe, required):
    origin = shelf(**universe)
    wanted = [(name, text, "dhm.toml") for name, text in required.items()]
    if not any_that_suits(universe, required):
        with pytest.raises(Conflict):
            chosen(origin, wanted)
        return
    found = chosen(origin, wanted)
    assert suits(universe, found, required)
    mirrored = shelf(**{name: dict(reversed(versions.items())) for name, versions in reversed(universe.items())})
    assert found == chosen(mirrored, reversed(wanted))
    assert found == chosen(origin, wanted, found)
