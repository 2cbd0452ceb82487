"""Everything at once for a while (G22): schedules, files that arrive, messages, an API that is polled and often fails, two schedulers, and
processes that are killed or stopped. Then every row has arrived once or was rejected, every message had its run, and the process that was
left alone has grown by nothing.

`make torture` goes on for a quarter of an hour, `make test` for a few seconds; `DHM_SOAK_SECONDS` says how long, `DHM_SEED` repeats the chances.
"""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Self

import httpx
import pytest
from standardwebhooks import Webhook as Signer

from tests.servers.api import api

LONG = bool(os.environ.get("DHM_TORTURE"))
SECONDS = float(os.environ.get("DHM_SOAK_SECONDS", "900" if LONG else "12"))
SEED = int(os.environ.get("DHM_SEED", "20261127"))
SECRET = "whsec_" + "YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="
PROJECT = """\
[project]
name = "soak"

[connections.here]
kind = "local"

[connections.shop]
kind = "rest"
url = "${env:SHOP}"
insecure = true

# Files that arrive, and a look every minute.
[jobs.offers]
mapping = "offers.dhm"
overlap = "queue_one"
schedule = "* * * * *"
triggers = {kind = "file", every = "2 s"}
sources.feed = {connection = "here", folder = "in", ready.stable = 0, after = {action = "move", folder = "done"}}
targets.list = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.csv"}

# An API that is polled after them and every minute, and another that takes what is new.
[jobs.orders]
mapping = "orders.dhm"
schedule = "* * * * *"
triggers = {kind = "after-job", job = "offers"}
retry = {attempts = 100, first = "0.2 s", longest = "2 s", within = "2 h"}
targets.erp = {connection = "shop", path = "orders", batch = 10}

[jobs.orders.sources.feed]
connection = "shop"
rows = "$.elements"
cursor = {value = "$.at"}
calls = [{path = "feed", parameters = {since = "{{CURSOR}}"}}]

# Messages, each of which starts a run of its own.
[jobs.paid]
mapping = "paid.dhm"
sources.feed = {connection = "here", folder = "ref", ready.stable = 0, after = {action = "keep"}}
targets.list = {connection = "here", folder = "paid", create_folders = true, name = "{{RUN}}.csv"}

[jobs.paid.triggers]
kind = "webhook"
path = "paid"
secrets = ["${env:HOOK}"]
key = "data.id"
parameters = {order = "data.id"}
rate = 1000
burst = 1000
"""
OFFERS = """\
source feed: csv {
  columns {
    sku: text
    price: decimal
  }
}
entity Offer {
  key sku
  sku: text
  price: decimal(10,2)
}
target list: csv {}
map Offer from f in feed {
  sku: f.sku
  price: f.price
}
flow main {
  write Offer to list
}
"""
ORDERS = """\
source feed: jsonl {
  columns {
    id: text
    at: text
  }
}
entity Order {
  key id
  id: text
}
target erp: api {}
map Order from f in feed {
  id: f.id
}
flow main {
  write Order to erp
}
"""
PAID = 'param order: text = "none"\n' + OFFERS
OPEN = "status NOT IN ('success', 'failed', 'rejected_over_limit', 'cancelled', 'skipped', 'misfired')"


class Shop:
    """Gives rows, and takes them under keys; every seventh answer is an error or lost, also of what was taken."""

    def __init__(self, chance: Random) -> None:
        self.rows: list[dict[str, str]] = []
        self.taken: list[str] = []
        self._keys: set[str] = set()
        self._chance, self._lock, self.calm = chance, threading.Lock(), False

    def give(self, asked):
        if self._fails():
            return (503, {"message": "busy"}, {"Retry-After": "1"})
        with self._lock:
            return {"elements": [row for row in self.rows if row["at"] > asked.query.get("since", "")][:50]}

    def take(self, asked):
        if self._fails():
            return (500, {"message": "no"})
        with self._lock:
            if (key := asked.headers["idempotency-key"]) not in self._keys:
                self._keys.add(key)
                self.taken += [row["id"] for row in asked.json()]
        # Taken, and the answer is lost.
        return None if self._fails() else {"errors": []}

    def add(self, number: int) -> None:
        with self._lock:
            self.rows.append({"id": f"O-{number}", "at": f"{number:012d}"})

    def _fails(self) -> bool:
        return not self.calm and self._chance.random() < 1 / 7


class Feeding:
    """What comes from outside while the soak goes on: files, rows of an API, and messages; it remembers what it gave."""

    def __init__(self, folder: Path, shop: Shop, port: str, chance: Random) -> None:
        self.folder, self.shop, self.port, self.chance = folder, shop, port, chance
        self.good: list[str] = []
        self.bad: list[str] = []
        self.acknowledged: set[str] = set()
        self.over = threading.Event()
        self.problems: list[str] = []
        self._threads = [threading.Thread(target=self._guarded, args=(work,)) for work in (self._files, self._rows, self._messages)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(60)

    def _guarded(self, work) -> None:
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - told by the test
            self.problems.append(repr(problem))

    def _files(self) -> None:
        number = 0
        while not self.over.wait(1.0):
            number += 1
            self.file(number)

    def file(self, number: int) -> None:
        lines = ["sku,price"]
        for row in range(20):
            sku, bad = f"S-{number}-{row}", self.chance.random() < 0.05
            (self.bad if bad else self.good).append(sku)
            lines.append(f"{sku},{'dear' if bad else row}")
        part = self.folder / "in" / f".{number}.csv.part"
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.rename(self.folder / "in" / f"{number}.csv")

    def _rows(self) -> None:
        number = 0
        while not self.over.wait(0.3):
            number += 1
            self.shop.add(number)

    def _messages(self) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=30) as client:
            number = 0
            while not self.over.wait(1.0):
                again = number and self.chance.random() < 0.1
                if not again:
                    number += 1
                id, good = f"m{self.chance.randrange(number) + 1 if again else number}", self.chance.random() > 0.05
                body, now = json.dumps({"type": "order.paid", "data": {"id": f"O-{id}"}}), datetime.now(UTC)
                signature = Signer(SECRET).sign(msg_id=id, timestamp=now, data=body) if good else "v1,AAAA"
                headers = {"webhook-id": id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
                status = client.post("/hooks/paid", content=body, headers=headers).status_code
                if status != (200 if good else 401):
                    self.problems.append(f"message {id} was answered by {status}")
                if status == 200:
                    self.acknowledged.add(f"paid/{id}")


@contextmanager
def serving(folder: Path, url: str, *more: str):
    with (folder / "serve.log").open("ab") as log:
        environment = {**os.environ, "HOOK": SECRET, "SHOP": url}
        process = subprocess.Popen(
            [sys.executable, "-m", "datahub", "serve", "--workers", "2", *more], cwd=folder, stderr=log, env=environment
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(found, seconds, what):
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.2)
    return answer


def ledger(folder, query):
    with closing(sqlite3.connect(folder / ".dhm" / "default" / "ledger.sqlite", timeout=60)) as opened:
        return opened.execute(query).fetchall()


def runs_at_work(folder):
    """The processes of runs in this folder, by number."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                if b"--claimed" in (path / "cmdline").read_bytes() and (path / "cwd").resolve() == folder:
                    found.append(int(path.name))
            except OSError:
                continue
    return found


def size(pid):
    """Memory in MB, handles and threads of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    handles = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    memory, threads = (int(re.findall(rf"{name}:\s+(\d+)", status)[0]) for name in ("VmRSS", "Threads"))
    return memory / 1000, handles, threads


def trouble(folder, chance):
    """Kill a run, or stop one for a while."""
    pids = runs_at_work(folder)
    if not pids:
        return ""
    pid, what = chance.choice(pids), chance.choice(("killed", "killed", "stopped"))
    try:
        if what == "stopped":
            os.kill(pid, signal.SIGSTOP)
            time.sleep(chance.uniform(0.5, 4))
            os.kill(pid, signal.SIGCONT)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return ""
    return what


@pytest.mark.slow
@pytest.mark.timeout(4000)
def test_everything_at_once_loses_nothing_and_grows_by_nothing(tmp_path):
    chance = Random(SEED)
    folder = tmp_path.resolve()
    for name, text in (("dhm.toml", PROJECT), ("offers.dhm", OFFERS), ("orders.dhm", ORDERS), ("paid.dhm", PAID)):
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("in", "ref"):
        (folder / name).mkdir()
    (folder / "ref" / "a.csv").write_text("sku,price\nA,1\n", encoding="utf-8")
    shop, happened, sizes = Shop(Random(SEED + 1)), dict.fromkeys(("killed", "stopped", "schedulers killed"), 0), []
    with api() as server:
        server.routes["GET /feed"], server.routes["POST /orders"] = shop.give, shop.take
        with serving(folder, server.url, "--listen", "127.0.0.1:0") as kept:
            log = folder / "serve.log"
            port = until(lambda: re.findall(r"listening at http://127\.0\.0\.1:(\d+)", log.read_text()), 60, "the server")[0]
            with Feeding(folder, shop, port, Random(SEED + 2)) as feeding:
                end = time.monotonic() + SECONDS
                while time.monotonic() < end:
                    with serving(folder, server.url):
                        next_kill = min(end, time.monotonic() + chance.uniform(0.1, 0.2) * max(SECONDS, 60))
                        while time.monotonic() < next_kill:
                            time.sleep(min(chance.uniform(2, 12), max(0.1, SECONDS / 8)))
                            if what := trouble(folder, chance):
                                happened[what] += 1
                            sizes.append(size(kept.pid))
                            del server.seen[:]
                    happened["schedulers killed"] += 1
            shop.calm = True
            assert [] == feeding.problems
            # What is left is done by the one that lives, as it would be at night.
            until(lambda: not ledger(folder, "SELECT 1 FROM message WHERE state = 'new'"), 600, "the messages")
            until(lambda: not ledger(folder, f"SELECT 1 FROM run WHERE {OPEN}"), 1800, "the end of all runs")
            sizes.append(size(kept.pid))
            kept.send_signal(signal.SIGTERM)
            assert 143 == kept.wait(60)
        # What a process was landing when it was killed is removed by the landings of the day after, once nobody can be writing it any more.
        (folder / ".dhm" / "default" / "landed" / ".killed.part").write_bytes(b"half")
        for path in folder.rglob("landed/.*.part"):
            os.utime(path, (yesterday := time.time() - 25 * 3600, yesterday))
        feeding.file(0)
        for job in ("offers", "orders"):
            for _ in range(1 if job == "offers" else 1 + len(shop.rows) // 50):
                subprocess.run(
                    [sys.executable, "-m", "datahub", "run", job, "--quiet"],
                    cwd=folder,
                    env={**os.environ, "HOOK": SECRET, "SHOP": server.url},
                    check=True,
                    timeout=300,
                )
    conserved(folder, feeding, shop)
    grown(sizes)
    counts = dict(ledger(folder, "SELECT status, count(*) FROM run GROUP BY status"))
    print(
        f"seed {SEED}, {SECONDS:g} s: {sum(counts.values()):,} runs {counts}, {len(feeding.good) + len(feeding.bad):,} rows of files, {len(shop.rows):,} of an API,"
        f" {len(feeding.acknowledged):,} messages; {happened}; MB, handles, threads: {sizes[0]} to {sizes[-1]}; load {os.getloadavg()[0]:.1f}"
    )


def conserved(folder, feeding, shop):
    delivered = [row["sku"] for path in (folder / "out").iterdir() for row in csv.DictReader(path.read_text().splitlines())]
    assert sorted(feeding.good) == sorted(delivered)
    assert [(len(feeding.good), len(feeding.bad))] == ledger(folder, "SELECT sum(written), sum(rejected) FROM run WHERE job = 'offers'")
    assert sorted(row["id"] for row in shop.rows) == sorted(shop.taken)
    started = ledger(folder, "SELECT fire.key, count(*), min(run.status), json_extract(max(run.parameters), '$.order') FROM fire JOIN run ON run.id = fire.run WHERE fire.job = 'paid' GROUP BY 1")  # fmt: skip
    assert sorted((id, 1, "success", f"O-{id.removeprefix('paid/')}") for id in feeding.acknowledged) == sorted(started)
    assert [] == ledger(folder, "SELECT id, status, reason FROM run WHERE status NOT IN ('success', 'skipped', 'misfired')")
    assert [] == ledger(folder, "SELECT id FROM run WHERE read <> written + rejected + filtered + merged + empty + looked_up")
    assert [] == [
        path for path in folder.rglob("*") if path.name.startswith((".", "arrivals-")) and path.is_file() and ".part" in path.name
    ]
    assert [] == list((folder / ".dhm" / "default").glob("arrivals-*"))
    assert [] == list((folder / "in").iterdir())


def grown(sizes):
    """The last third of the measurements stands beside the middle one: what is loaded at first is no growth."""
    third = max(1, len(sizes) // 3)
    for name, at, more in (("memory", 0, 1.05), ("handles", 1, 1.0), ("threads", 2, 1.0)):
        before, after = (statistics.median(one[at] for one in part) for part in (sizes[third : 2 * third] or sizes[:1], sizes[-third:]))
        # Two handles are a process that is being started.
        assert after <= before * more + (5 if at == 0 else 2), f"{name}: {before} to {after}"
