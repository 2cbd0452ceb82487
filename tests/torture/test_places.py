"""Jobs that break off again and again at one place: it ends with what was said last, and is told nothing twice in vain.

By chance: which of two jobs, which rows in which state, as rows or documents, after how many requests it breaks off, and whether the
one that was refused was taken all the same.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.end_to_end.test_sent_before import Place
from tests.servers.api import api

SEED = int(os.environ.get("DHM_SEED", "20261127"))
STEPS = 400 if os.environ.get("DHM_TORTURE") else 30


class Told(Place):
    """A shop that knows of each thing what it was told last, and whether by a run that succeeded."""

    def __init__(self, folder, dhm, server):
        super().__init__(folder, dhm, server)
        self.last: dict[int, tuple[str, bool]] = {}
        self.in_vain, self.refused_all_the_same, self.twice, self.asked = 10_000, False, list[int](), 0

    def take(self, asked):
        self.in_vain -= 1
        refused, key, told = self.in_vain < 0, asked.headers.get("idempotency-key"), asked.json()
        rows = {row["id"]: row["name"] for row in (told if isinstance(told, list) else [told])}
        if (not refused or (self.refused_all_the_same and self.in_vain == -1 and key)) and key not in self.keys:
            self.keys |= {key} - {None}
            self.twice += [number for number, name in rows.items() if self.last.get(number) == (name, False)]
            self.last |= {number: (name, False) for number, name in rows.items()}
        elif refused:
            # Whoever sent it does not know that it was not taken, and says again what it said before.
            self.last |= {
                number: (self.last[number][0], True) for number, name in rows.items() if self.last.get(number, (name,))[0] != name
            }
        return (403, {"error": "the token has expired"}) if refused else {}

    def step(self, job, rows, breaks):
        """One run of a job over a file; what it said, and whether it broke off."""
        for one in (self.folder / "failed").iterdir():
            one.unlink()
        for one in (self.folder / "in").iterdir():
            one.unlink()
        lines = "".join(f"{number},{name}\n" for number, name in rows.items())
        (self.folder / "in" / f"{job}-{self.asked}.csv").write_text(f"id,name\n{lines}", encoding="utf-8")
        self.in_vain, self.asked = breaks, self.asked + 1
        ended = self.dhm("run", job)
        self.in_vain = 10_000
        assert ended.code == (0 if "done: run" in ended.err else 1), ended.err
        return ended.code == 0, ended.err


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "more", ["batch = 3\n", 'document = "json"\n', 'batch = 3\nkey_header = ""\n'], ids=["rows", "documents", "no keys"]
)
def test_a_place_ends_with_what_was_said_last_and_is_told_nothing_twice_in_vain(tmp_path, dhm, monkeypatch, more):
    monkeypatch.chdir(tmp_path)
    chance, broken = Random(SEED), 0
    with api() as server:
        monkeypatch.setenv("SHOP", server.url)
        place = Told(tmp_path, dhm, server)
        place.job("ff", more=more)
        place.job("full", more=more)
        for step in range(STEPS):
            rows = {number: chance.choice("ab") for number in sorted(chance.sample(range(12), chance.randint(1, 10)))}
            place.refused_all_the_same, place.twice = chance.random() < 0.3, []
            good, told = place.step(chance.choice(("ff", "ff", "full")), rows, chance.choice((0, 1, 2, 3, 10_000, 10_000)))
            broken += not good
            where = f"seed {SEED}, step {step}: {told}"
            assert [] == place.twice or "may arrive a second time" in told, where
            if "may arrive a second time" in told:
                # They may by a later run too, under the key that they have got.
                place.last |= {number: (place.last[number][0], True) for number in rows if number in place.last}
            if good:
                assert rows == {number: place.last[number][0] for number in rows}, where
                place.last |= {number: (name, True) for number, name in rows.items()}
    assert 0 < broken < STEPS
