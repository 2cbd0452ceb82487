"""Ten thousand fires that wait, and several `dhm serve` over one ledger, of which one after the other is killed (G14): each fire has one run,
each run one end, and each delivers what its message named once.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from datahub.state.records import Admission, Fire, FireKind, Overlap
from datahub.state.sqlite.ledger import SqliteLedger

LONG = bool(os.environ.get("DHM_TORTURE"))
FIRES = int(os.environ.get("DHM_FIRES", "10000" if LONG else "24"))
SCHEDULERS = int(os.environ.get("DHM_SCHEDULERS", "8" if LONG else "2"))
SEED = int(os.environ.get("DHM_SEED", "20261127"))
JOBS = ("north", "south")
SCRIPT = """\
param order: text = "none"

source feed: csv {
  columns {
    sku: text
  }
}
entity Offer {
  key sku
  sku: text
  order: text
}
target list: csv {}
map Offer from f in feed {
  sku: f.sku
  order: $order
}
flow main {
  write Offer to list
}
"""
JOB = """
[jobs.{name}]
mapping = "offers.dhm"
sources.feed = {{connection = "here", folder = "in", ready.stable = 0, after = {{action = "keep"}}}}
targets.list = {{connection = "here", folder = "out", create_folders = true, name = "{{{{RUN}}}}.csv"}}
"""


def query(folder, text):
    with closing(sqlite3.connect(folder / ".dhm" / "default" / "ledger.sqlite", timeout=60)) as opened:
        return opened.execute(text).fetchall()


def scheduler(folder):
    with (folder / "serve.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "datahub", "serve", "--workers", "2"], cwd=folder, stderr=log)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_each_fire_that_waits_has_one_run_whoever_serves_and_whoever_is_killed(tmp_path):
    project = '[project]\nname = "queue"\n\n[connections.here]\nkind = "local"\n' + "".join(JOB.format(name=name) for name in JOBS)
    for name, text in (("dhm.toml", project), ("offers.dhm", SCRIPT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("sku\nA\n", encoding="utf-8")
    then = datetime.now(UTC) - timedelta(days=1)
    with closing(SqliteLedger(tmp_path / ".dhm" / "default" / "ledger.sqlite")) as store, store.together():
        for number in range(FIRES):
            fire = Fire(JOBS[number % len(JOBS)], FireKind.EVENT, then + timedelta(seconds=number), f"m{number}")
            store.runs.submit(fire, Admission(Overlap.QUEUE_ALL, FIRES, f'{{"order": "{number}"}}'), then)
    chance, begun, killed = Random(SEED), time.monotonic(), 0
    several = [scheduler(tmp_path) for _ in range(SCHEDULERS)]
    try:
        while query(tmp_path, "SELECT 1 FROM run WHERE status <> 'success' LIMIT 1"):
            assert time.monotonic() - begun < 7000, query(tmp_path, "SELECT job, status, count(*), max(reason) FROM run GROUP BY 1, 2")
            time.sleep(chance.uniform(2, 5))
            victim = chance.randrange(SCHEDULERS)
            several[victim].kill()
            several[victim].wait()
            several[victim] = scheduler(tmp_path)
            killed += 1
    finally:
        for one in several:
            one.terminate()
        # One that was started this moment does not listen to signals yet.
        assert {143, -15} >= {one.wait(90) for one in several}
    assert [(FIRES, FIRES)] == query(tmp_path, "SELECT count(*), count(DISTINCT fire.key) FROM fire JOIN run ON run.id = fire.run")
    assert [(1,)] == query(tmp_path, "SELECT DISTINCT attempt FROM run")
    conserved(tmp_path)
    took = time.monotonic() - begun
    print(f"seed {SEED}: {FIRES:,} fires of {len(JOBS)} jobs, {SCHEDULERS} schedulers, {killed} of them killed: {FIRES:,} runs, one each, in {took:,.0f} s; load {os.getloadavg()[0]:.1f}")  # fmt: skip


def conserved(folder):
    """What each run delivered; a file that was read before is read by the first run of each job alone."""
    delivered = sorted(path.read_text() for path in (folder / "out").iterdir())
    assert [f"sku,order\nA,{number}\n" for number in range(len(JOBS))] == delivered
    assert [] == query(folder, "SELECT id FROM run WHERE read <> written + rejected + filtered + merged + empty + looked_up")
