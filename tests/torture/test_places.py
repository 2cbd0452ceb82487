"""Jobs that break off again and again at one place: it ends with what was said last, and is told nothing twice in vain.

By chance: which of two jobs, which rows in which state, as rows or documents, after how many requests it breaks off, whether it is refused
then or nobody knows whether it was taken, and which rows the other side would not have.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

from datahub.connectors.rest import session
from datahub.runner.jobs import broken_off
from datahub.state.sqlite.deliveries import SqliteDeliveries
from tests.end_to_end.test_sent_before import Place
from tests.servers.api import api

SEED = int(os.environ.get("DHM_SEED", "20261127"))
STEPS = 400 if os.environ.get("DHM_TORTURE") else 30
FORMS = {
    "rows": "batch = 3\n",
    "documents": 'document = "json"\n',
    "no keys": 'batch = 3\nkey_header = ""\n',
    "refused rows": 'batch = 3\nresults = {items = "$.errors", row = "$.row", message = "$.why"}\n',
}


class Told(Place):
    """A shop that knows of each thing what it was told last, and whether by a run that succeeded."""

    def __init__(self, folder, dhm, server):
        super().__init__(folder, dhm, server)
        self.last: dict[int, tuple[str, bool]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.in_vain, self.known, self.taken_all_the_same, self.unwanted = 10_000, True, False, set[int]()
        self.by_row = False
        self.twice, self.refused, self.asked = list[int](), set[int](), 0

    def take(self, asked):
        self.in_vain -= 1
        key, told = asked.headers.get("idempotency-key"), asked.json()
        rows = {row["id"]: row["name"] for row in (told if isinstance(told, list) else [told])}
        if self.in_vain >= 0:
            return self.taken(key, rows)
        if self.known:
            return 403, {"error": "the token has expired"}
        if self.taken_all_the_same and self.in_vain == -1 and key:
            self.taken(key, rows)
        elif key not in self.answers:
            # Whoever sent it does not know that it was not taken, and says again what it said before.
            self.last |= {
                number: (self.last[number][0], True) for number, name in rows.items() if self.last.get(number, (name,))[0] != name
            }
        # Where rows are refused one by one, a conflict over a row is such a refusal.
        return (500, {"error": "it broke down"}, {"Retry-After": "0"}) if self.by_row else (409, {"error": "something else is being done"})

    def taken(self, key, rows):
        if key not in self.answers:
            good = {number: name for number, name in rows.items() if number not in self.unwanted}
            self.twice += [number for number, name in good.items() if self.last.get(number) == (name, False)]
            self.last |= {number: (name, False) for number, name in good.items()}
            answer = {"errors": [{"row": at, "why": "no"} for at, number in enumerate(rows) if number in self.unwanted]}
            if key is None:
                return answer
            self.answers[key] = answer
        # Who asks again under a key is told what was refused then.
        self.refused |= {[*rows][one["row"]] for one in self.answers[key]["errors"]}
        return self.answers[key]

    def step(self, job, rows, breaks):
        """One run of a job over a file; what it said, and whether it broke off."""
        for one in (self.folder / "failed").iterdir():
            one.unlink()
        for one in (self.folder / "in").iterdir():
            one.unlink()
        lines = "".join(f"{number},{name}\n" for number, name in rows.items())
        (self.folder / "in" / f"{job}-{self.asked}.csv").write_text(f"id,name\n{lines}", encoding="utf-8")
        self.in_vain, self.asked, self.twice, self.refused = breaks, self.asked + 1, [], set()
        ended = self.dhm("run", job)
        self.in_vain = 10_000
        assert ended.code == (0 if "done: run" in ended.err else 1), ended.err
        return ended.code == 0, ended.err


def through(place, form, steps, seed=SEED):
    """So many runs by chance, each held to what the shop knows."""
    chance, broken, certain = Random(seed), 0, True
    place.by_row = form == "refused rows"
    place.job("ff", more=FORMS[form])
    place.job("full", more=FORMS[form])
    for step in range(steps):
        rows = {number: chance.choice("ab") for number in sorted(chance.sample(range(12), chance.randint(1, 10)))}
        place.known, place.taken_all_the_same = chance.random() < 0.5, chance.random() < 0.5
        place.unwanted = {number for number in rows if form == "refused rows" and chance.random() < 0.1}
        good, told = place.step(chance.choice(("ff", "ff", "full")), rows, chance.choice((0, 1, 2, 3, 10_000, 10_000)))
        broken += not good
        certain &= good or place.known
        where = f"seed {seed}, step {step}: {told}"
        again = "may arrive a second time" in told
        assert not (again and certain), where
        assert "not what it was" not in told, where
        assert [] == place.twice or again, where
        if again:
            # They may by a later run too, under the key that they have got.
            place.last |= {number: (place.last[number][0], True) for number in rows if number in place.last}
        if good:
            took = {number: name for number, name in rows.items() if number not in place.refused}
            assert took == {number: place.last[number][0] for number in took}, where
            place.last |= {number: (name, True) for number, name in took.items()}
    return broken


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("form", FORMS)
def test_a_place_ends_with_what_was_said_last_and_is_told_nothing_twice_in_vain(tmp_path, dhm, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    with api() as server:
        monkeypatch.setenv("SHOP", server.url)
        assert 0 < through(Told(tmp_path, dhm, server), form, STEPS) < STEPS


MUTANTS = {
    "what was refused was told": ("rows", (SqliteDeliveries, "refused", lambda *_: None)),
    "what nobody knows of was not told": ("rows", (session, "_UNREAD", frozenset({403, 409}))),
    "rows that were refused were told": ("refused rows", (broken_off, "_refused_for_certain", lambda batches: [])),
    "rows that were refused stand": ("refused rows", (broken_off, "_refused", lambda batch: iter(()))),
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("planted", MUTANTS)
def test_a_planted_mistake_about_what_was_told_is_found(tmp_path, dhm, monkeypatch, planted):
    form, mistake = MUTANTS[planted]
    monkeypatch.setattr(*mistake)
    with pytest.raises(AssertionError, match="step"):
        _from_several_beginnings(tmp_path, dhm, monkeypatch, form)


def _from_several_beginnings(tmp_path, dhm, monkeypatch, form):
    """A mistake about what was refused shows before anything happens that nobody knows of: a few beginnings find more than one long run."""
    for seed in range(SEED, SEED + 8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        monkeypatch.chdir(folder)
        with api() as server:
            monkeypatch.setenv("SHOP", server.url)
            through(Told(folder, dhm, server), form, 50, seed)
