"""What has a name is on the disk, and so is the name, before the ledger says that it is there (G19): else a power cut would lose it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datahub.state.sqlite.ledger import SqliteLedger
from tests.jobs_world import Shop, context, feed, make, submit, work

OURS = ("landed", "snapshots", "runs", "out", "rejects", "done")


class Spy:
    """Everything that a run asks of the disk, in order."""

    def __init__(self, monkeypatch, folder, spoil=""):
        self.seen, self._folder, self._spoil = [], folder, spoil
        self._sync = os.fsync
        monkeypatch.setattr(os, "fsync", self._fsync)
        for name in ("replace", "rename", "link"):
            monkeypatch.setattr(os, name, self._naming(getattr(os, name)))

    def _fsync(self, handle):
        path = Path(f"/proc/self/fd/{handle if isinstance(handle, int) else handle.fileno()}").readlink()
        if self._spoil == ("no folder is synced" if path.is_dir() else "no file is synced"):
            return
        self.seen.append(("sync", str(path)))
        self._sync(handle)

    def _naming(self, act):
        def named(old, new, **more):
            act(old, new, **more)
            self.seen.append(("name", os.fspath(old), os.fspath(new)))

        return named

    def commit(self, query):
        if query == "COMMIT":
            self.seen.append(("commit",))

    def problems(self):
        """Names that were given to what was not on the disk, or that the ledger may have told of before they were."""
        found = []
        for at, (what, *about) in enumerate(self.seen):
            if what != "name" or not any(part in OURS for part in Path(about[1]).relative_to(self._folder).parts):
                continue
            old, new = about
            if ("sync", old) not in self.seen[:at] and not self._moved(old):
                found.append(f"{new} has a name and is not on the disk")
            behind = self.seen[at:]
            until = next((place for place, one in enumerate(behind) if one == ("commit",)), len(behind))
            if ("sync", str(Path(new).parent)) not in behind[:until]:
                found.append(f"the name of {new} is not on the disk when the ledger goes on")
        return found

    def _moved(self, old):
        """Whether it is somebody else's file, which was on the disk before."""
        return Path(old).relative_to(self._folder).parts[0] == "in"


def watched(folder, monkeypatch, spoil=""):
    make(folder)
    feed(folder, "a.csv", 1, 25)
    shop = Shop()
    one = context(folder, shop.port)
    spy = Spy(monkeypatch, folder, spoil)
    assert isinstance(one.store, SqliteLedger)
    one.store._connection.set_trace_callback(spy.commit)
    submit(one)
    (ending,) = work(one)
    one.store.close()
    shop.close()
    assert ending.run.status == "success"
    return spy


def test_what_has_a_name_is_on_the_disk_before_the_ledger_tells_of_it(tmp_path, monkeypatch):
    spy = watched(tmp_path, monkeypatch)
    given = [Path(one[2]).relative_to(tmp_path).parts for one in spy.seen if one[0] == "name"]
    assert {"out", "rejects", "done", "state"} == {parts[0] for parts in given}
    assert [] == spy.problems()


@pytest.mark.parametrize("spoil", ["no file is synced", "no folder is synced"])
def test_a_missing_sync_is_found(tmp_path, monkeypatch, spoil):
    assert watched(tmp_path, monkeypatch, spoil).problems()
