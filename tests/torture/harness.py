"""Kills runs and looks at what is left: nothing may be lost, doubled, half shown, or in need of a hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq

from datahub.records import record
from datahub.state.sqlite.ledger import SqliteLedger
from tests.jobs_world import Shop, context, delivered, feed, make, now, rejected, submit
from tests.servers.receiver import SECRET, Receiver
from tests.torture import chain, span

ROOT = Path(__file__).parents[2]
POINTS = ("fetch", "land", "landed", "half_taken", "taken", "staged", "transform", "transformed", "half_kept", "planned", "stage", "half_written", "staged_out", "receipt", "send", "sent", "marked", "show", "renamed", "shown", "file_marked", "delivered", "dispose", "disposed", "ended")  # fmt: skip
SCENARIOS = ("keyed", "asked", "keep", "cursor", "many")
MANY = 12
"""How many small files there are where there are many: enough for several to be landed, and written down, together."""


@record(frozen=True, slots=True)
class Kill:
    """When a child is killed: at a fail-point for the nth time, or after so many seconds."""

    point: str = ""
    count: int = 1
    seconds: float = 0.0

    @property
    def told(self) -> str:
        return f"{self.point}:{self.count}" if self.point else f"{self.seconds * 1000:.1f} ms"


@record(frozen=True, slots=True)
class Case:
    """One small world, its kills one after the other, and then a child that is let alone."""

    scenario: str
    kills: tuple[Kill, ...]
    mutant: str = ""
    cancelled: bool = False
    """Whether a person cancels the run after the kills, and starts another."""
    more: bool = False
    """Whether there is more to read by then."""

    @property
    def told(self) -> str:
        cancelled = (", cancelled" if self.cancelled else "") + (", with more to read" if self.more else "")
        return f"{self.scenario}: {', '.join(kill.told for kill in self.kills)}{cancelled}{f' [{self.mutant}]' if self.mutant else ''}"


class Zygote:
    """The process that children begin from."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.torture.zygote"]
        self._begun = ""
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def start(self, **asked: Any) -> int:
        assert self._process.stdin is not None
        told = {"fail": "", "trace": "", "lease": 0, "mutant": "", "broken": 0, "halted": False, **asked}
        self._process.stdin.write(json.dumps(told) + "\n")
        # A test that was ended in the middle has left what it did not read.
        while (said := self._line().split())[0] != "begun":
            pass
        self._begun = said[1]
        return int(self._begun)

    def ended(self) -> str:
        """How the child that began last ended: its exit code, minus a signal, or `stopped`."""
        while (said := self._line().split())[:2] != ["ended", self._begun]:
            pass
        return said[2]

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the zygote is gone"
        return line.strip()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Harness:
    """Runs cases; `problems` of a case are what must be none."""

    def __init__(self) -> None:
        os.environ["DHM_TEST_HOOK"] = SECRET
        self.zygote, self.runs, self.killed = Zygote(), 0, 0

    def close(self) -> None:
        self.zygote.close()

    def problems(self, case: Case) -> list[str]:
        folder = Path(tempfile.mkdtemp(prefix="dhm-torture-"))
        shop = Shop(keyed=case.scenario != "asked")
        try:
            return self._case(case, folder, shop)
        finally:
            shop.close()
            shutil.rmtree(folder)

    def _case(self, case: Case, folder: Path, shop: Shop) -> list[str]:
        make(folder)
        if case.scenario == "many":
            good = set[str]().union(*(feed(folder, f"{number:02}.csv", number * 10 + 1, 6) for number in range(MANY)))
        else:
            good = feed(folder, "a.csv", 1, 25) | feed(folder, "b.csv", 101, 25)
        _fire(folder, shop)
        found: list[str] = []
        for kill in case.kills:
            self._child(case, folder, shop, kill)
            found += _half_shown(folder)
        if case.cancelled:
            _cancel(folder)
            if case.more:
                good |= feed(folder, "c.csv", 201, 25)
            _fire(folder, shop)
        if case.scenario == "keep":
            # The files stay where they are, and another run looks at them.
            self._child(case, folder, shop, None)
            _fire(folder, shop)
        code = self._child(case, folder, shop, None)
        if code != "0":
            found.append(f"the last child ended with {code}")
        left = [path.name for path in (folder / "in").iterdir()]
        if left and case.scenario in ("keyed", "asked", "many"):
            found.append(f"{len(left)} files were not moved away")
        return found + verdict(folder, shop, good, once=not case.cancelled)

    def _child(self, case: Case, folder: Path, shop: Shop, kill: Kill | None) -> str:
        self.runs += 1
        fail = f"{kill.point}:{kill.count}" if kill is not None and kill.point else ""
        number = self.zygote.start(folder=str(folder), port=shop.port, scenario=case.scenario, mutant=case.mutant, fail=fail)
        timer = threading.Timer(kill.seconds, _kill, [number]) if kill is not None and not kill.point else None
        if timer is not None:
            timer.start()
        code = self.zygote.ended()
        if timer is not None:
            timer.cancel()
            timer.join()
        self.killed += code == str(-signal.SIGKILL)
        return code

    def chain(self, kills: tuple[Kill, ...], mutant: str = "") -> list[str]:
        """Two jobs, one of which waits for what the other brings, and a receiver of messages: killed, and then let alone."""
        return self._world("chain", chain, kills, mutant)

    def span(self, kills: tuple[Kill, ...], mutant: str = "") -> list[str]:
        """A range of time that is read once more, killed, and then let alone."""
        return self._world("span", span, kills, mutant)

    def piled(self, kills: tuple[Kill, ...]) -> list[str]:
        """Two states of the same offers pile up; the run that takes the first, and the one behind it, are killed, and then let alone."""
        folder = Path(tempfile.mkdtemp(prefix="dhm-torture-"))
        shop = Shop()
        try:
            make(folder)
            good = {f"S{number}" for number in range(25)}
            for name, price in (("a.csv", "1.00"), ("b.csv", "2.00")):
                rows = "".join(f"{sku},{price},1\n" for sku in sorted(good))
                (folder / "in" / name).write_text(f"sku,price,stock\n{rows}", encoding="utf-8")
            _fire(folder, shop)
            case = Case("keyed", kills)
            for kill in kills:
                self._child(case, folder, shop, kill)
            code = self._child(case, folder, shop, None)
            found = [] if code == "0" else [f"the last child ended with {code}"]
            return [*found, *_not_in_turn(folder, shop, good), *_half_shown(folder), *_ledger(folder, good)]
        finally:
            shop.close()
            shutil.rmtree(folder)

    def _world(self, name: str, world: ModuleType, kills: tuple[Kill, ...], mutant: str) -> list[str]:
        folder = Path(tempfile.mkdtemp(prefix="dhm-torture-"))
        receiver = Receiver()
        try:
            world.make(folder, receiver)
            asked = {"folder": str(folder), "port": 0, "scenario": name, "mutant": mutant}
            for kill in kills:
                self.zygote.start(**asked, fail=f"{kill.point}:{kill.count}")
                self.killed += self.zygote.ended() == str(-signal.SIGKILL)
            self.zygote.start(**asked)
            code = self.zygote.ended()
            return [*([] if code == "0" else [f"the last child ended with {code}"]), *world.verdict(folder, receiver)]
        finally:
            receiver.close()
            shutil.rmtree(folder)

    def broken(self, at: int) -> tuple[list[str], int]:
        """A run whose disk refuses one operation, and then one that is let alone; with how often it was begun."""
        folder = Path(tempfile.mkdtemp(prefix="dhm-torture-"))
        shop = Shop()
        try:
            make(folder)
            good = feed(folder, "a.csv", 1, 25)
            _fire(folder, shop)
            asked = {"folder": str(folder), "port": shop.port, "scenario": "keyed"}
            self.zygote.start(**asked, broken=at)
            first = self.zygote.ended()
            self.zygote.start(**asked)
            second = self.zygote.ended()
            found = [] if (first, second) == ("0", "0") else [f"they ended with {first} and {second}"]
            store = SqliteLedger(folder / "state" / "ledger.sqlite")
            attempts = store.runs.list()[0].attempt
            store.close()
            return found + verdict(folder, shop, good), attempts
        finally:
            shop.close()
            shutil.rmtree(folder)

    def stopped(self, mutant: str = "", point: str = "send:2") -> list[str]:
        """A run is stopped while it sends, another takes it over, and the first wakes up."""
        folder = Path(tempfile.mkdtemp(prefix="dhm-torture-"))
        shop = Shop(keyed=False)
        try:
            make(folder)
            good = feed(folder, "a.csv", 1, 25)
            _fire(folder, shop)
            asked = {"folder": str(folder), "port": shop.port, "scenario": "stopped", "mutant": mutant, "lease": 1.2}
            number = self.zygote.start(**asked, fail=f"{point}:stop")
            assert self.zygote.ended() == "stopped"
            _sleep(1.5)
            # The second has all the time it wants.
            self.zygote.start(**{**asked, "lease": 0})
            second = self.zygote.ended()
            os.kill(number, signal.SIGCONT)
            _gone(number)
            found = [] if second == "0" else [f"the second ended with {second}"]
            return found + verdict(folder, shop, good)
        finally:
            shop.close()
            shutil.rmtree(folder)


def random_case(chance: Random, mutant: str = "") -> Case:
    """A case by chance: a scenario, one kill or two, at a named point or at any instant."""
    kills = []
    for _ in range(chance.choice((1, 1, 2))):
        if chance.random() < 0.5:
            kills.append(Kill(point=chance.choice(POINTS), count=chance.choice((1, 1, 2, 3))))
        else:
            kills.append(Kill(seconds=chance.uniform(0.0, 0.25)))
    scenario = chance.choice(SCENARIOS)
    cancelled = scenario in ("keyed", "cursor") and chance.random() < 0.2
    return Case(scenario, tuple(kills), mutant, cancelled, more=cancelled and chance.random() < 0.5)


def verdict(folder: Path, shop: Shop, good: set[str], *, once: bool = True) -> list[str]:
    """What is wrong with the world after everything was let run to its end."""
    found = [*_differs("the shop", shop.rows, good), *_half_shown(folder)]
    # A run that was cancelled may have shown its file; the next one shows the same rows again under another name.
    shown = delivered(folder)
    found += _differs("the folder", shown if once else Counter(set(shown)), good)
    if once and any(count > 1 for count in rejected(folder).values()):
        found.append("rejects are doubled")
    for place in ("out", "rejects"):
        left = [path.name for path in (folder / place).iterdir() if path.name.startswith(".")]
        found += [f"`{name}` is left in `{place}`" for name in left]
    return found + _ledger(folder, good)


def _ledger(folder: Path, good: set[str]) -> list[str]:
    found = []
    raw = sqlite3.connect(folder / "state" / "ledger.sqlite")
    if raw.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        found.append("the ledger is damaged")
    raw.close()
    store = SqliteLedger(folder / "state" / "ledger.sqlite")
    for run in store.runs.list():
        if run.status not in ("success", "cancelled"):
            found.append(f"run {run.id} is {run.status}: {run.reason}")
        if not run.counts.add_up:
            found.append(f"the rows of run {run.id} do not add up")
    current = store.snapshots.current("Offer")
    store.close()
    kept = set() if current is None else set(pq.read_table(folder / "state" / "snapshots" / f"{current.sha256}.parquet")["sku"].to_pylist())
    return found if kept == good else [*found, f"{len(kept)} offers are remembered of {len(good)}"]


def _not_in_turn(folder: Path, shop: Shop, good: set[str]) -> list[str]:
    """What is wrong where each offer has to arrive in its first state and then in its second, once each."""
    shown = [path.read_text(encoding="utf-8") for path in sorted((folder / "out").glob("*.csv"))]
    prices = [{line.split(",")[1] for line in text.splitlines()[1:]} for text in shown]
    found = [] if prices == [{"1.00"}, {"2.00"}] else [f"the files have the prices {prices}"]
    for where, there in (("the folder", delivered(folder)), ("the shop", shop.rows)):
        if there != Counter(dict.fromkeys(good, 2)):
            found.append(f"not every offer is there twice in {where}")
    return found


def _differs(where: str, there: Counter[str], good: set[str]) -> list[str]:
    lost, twice = good - set(there), [one for one, count in there.items() if count > 1]
    strange = set(there) - good
    told = []
    if lost:
        told.append(f"{len(lost)} rows are lost in {where}")
    if twice:
        told.append(f"{len(twice)} rows are doubled in {where}")
    return [*told, f"{len(strange)} rows in {where} are nobody's"] if strange else told


def _half_shown(folder: Path) -> list[str]:
    """Files that can be seen and are not whole: they end in the middle of a line, or have fewer than the run made."""
    found = []
    for place in ("out", "rejects"):
        for path in (folder / place).iterdir():
            if not path.name.startswith("."):
                data = path.read_bytes()
                made = list((folder / "state" / "runs").rglob("*.csv"))
                if not any(one.read_bytes() == data for one in made):
                    found.append(f"`{path.name}` is half a file")
    return found


def _fire(folder: Path, shop: Shop) -> None:
    one = context(folder, shop.port)
    submit(one)
    one.store.close()


def _cancel(folder: Path) -> None:
    store = SqliteLedger(folder / "state" / "ledger.sqlite")
    for run in store.runs.list():
        store.runs.cancel(run.id, "the wrong day", now())
    store.close()


def _kill(number: int) -> None:
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _gone(number: int) -> None:
    """Wait until a process has ended; it is the zygote's child, which does not bury it."""
    for _ in range(1000):
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        _sleep(0.01)
    raise AssertionError("it does not end")


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)
