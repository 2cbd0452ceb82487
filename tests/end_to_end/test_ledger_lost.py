"""Who goes back to the copy of a ledger, as its message says, has nothing arrive twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.end_to_end.test_sent_before import Place
from tests.servers.api import api


@pytest.fixture
def place(tmp_path, dhm, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with api() as server:
        monkeypatch.setenv("SHOP", server.url)
        place = Place(tmp_path, dhm, server)
        place.job(more="batch = 2\n")
        yield place


def gone_back(place):
    """Damage the ledger, and type what is told then."""
    ledger = next((place.folder / ".dhm").rglob("ledger.sqlite"))
    os.truncate(ledger, 5000)
    ended = place.dhm("run", "ff")
    assert "damaged" in ended.err
    command = re.search(r"`(mv [^`]+ cp [^`]+)`", ended.err)
    assert command is not None, ended.err
    subprocess.run(command[1], shell=True, check=True)
    return ended.err


def test_what_was_delivered_before_the_ledger_was_lost_does_not_come_again(place):
    for number, name in enumerate("abc"):
        place.put(name, number, number + 1)
        place.run()
    assert "is not known any more" in gone_back(place)
    assert "nothing new" in place.run()
    place.put("d", 3, 5)
    place.run()
    assert [*range(5)] == place.ids()


@pytest.mark.parametrize("point", ["send", "sent:2", "marked:2"])
def test_what_was_on_its_way_when_the_ledger_was_lost_goes_on_under_its_keys(place, point):
    place.put("a", 0, 2)
    place.run()
    place.put("b", 2, 10)
    environment = {**os.environ, "DHM_FAIL": point}
    assert -9 == subprocess.run([sys.executable, "-m", "datahub", "run", "ff"], env=environment, capture_output=True).returncode
    gone_back(place)
    place.run()
    assert [*range(10)] == place.ids()
    assert 5 == len(place.keys)
