"""A range of time that is read once more in parts, killed at any point: each part is delivered once, and all else of the job is as it was.

Two of four files were read before and moved away, and the third, which nobody has read, belongs to the range too.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from datahub.runner.jobs.backfill import Window, submitted, windows
from datahub.runner.jobs.posting import send_to
from datahub.state.records import Admission, Fire, FireKind, Overlap
from tests.jobs_project import Projected
from tests.servers.receiver import Receiver
from tests.torture import chain

POINTS = ("fetch", "land", "half_taken", "taken", "staged", "transform", "transformed", "half_kept", "planned", "stage", "half_written", "staged_out", "receipt", "show", "renamed", "shown", "file_marked", "told", "delivered", "ended", "remembered", "entered", "dispose", "disposed", "post", "posted", "post_marked")  # fmt: skip
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
RANGE = Window(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
DELIVERED = Counter({("manual", 1): 3, ("manual", 2): 3, ("backfill", 2): 3, ("backfill", 3): 3, ("cron", 3): 3, ("cron", 4): 3})
"""How many rows of which file a run of which kind delivers."""


def make(folder: Path, receiver: Receiver) -> None:
    """The world before anything is killed in it: the first two files were delivered."""
    for name in ("in", "out", "erp"):
        (folder / name).mkdir()
    files = {"dhm.toml": chain.PROJECT.replace("URL", receiver.url), "import.dhm": chain.IMPORT, "export.dhm": chain.EXPORT}
    shop = Projected(folder, files)
    for number in range(1, 5):
        rows = "".join(f"F{number}-{row},{'PAID' if row else 'NEW'}\n" for row in range(3))
        shop.put(f"in/{number}.csv", f"id,status\n{rows}")
        at = (FIRST + timedelta(days=number - 1)).timestamp()
        os.utime(folder / "in" / f"{number}.csv", (at, at))
    (folder / "later").mkdir()
    for number in (3, 4):
        (folder / "in" / f"{number}.csv").rename(folder / "later" / f"{number}.csv")
    shop.by_hand("import")
    for number in (3, 4):
        (folder / "later" / f"{number}.csv").rename(folder / "in" / f"{number}.csv")
    shop.close()


def live(folder: Path) -> None:
    """Do the range in its parts, then what is new; let the export do what is its, and tell the receiver."""
    shop = Projected(folder, {})
    context = shop.context("import")
    known = {run.window for run in shop.store.runs.list("import")}
    parts = [one for one in windows(RANGE, timedelta(days=1), "UTC") if one.text not in known]
    list(submitted(context, parts, "{}"))
    if all(run.kind is not FireKind.CRON for run in shop.store.runs.list("import")):
        shop.work("import")
        _untouched(shop)
    now = datetime.now(UTC)
    shop.store.runs.submit(Fire("import", FireKind.CRON, FIRST), Admission(Overlap.QUEUE_ALL), now)
    shop.work("import")
    shop.work("export")
    while shop.fired():
        shop.work("export")
    send_to(shop.store, shop.loaded, "erp")
    shop.close()


def _untouched(shop: Projected) -> None:
    """Behind the range all is as it was before it."""
    there = sorted(path.name for path in (shop.folder / "in").iterdir())
    assert ["3.csv", "4.csv"] == there, f"after the range there lie {there}"
    kept = shop.store.snapshots.current("Order")
    first = [run.id for run in shop.store.runs.list("import") if run.kind is FireKind.MANUAL]
    assert kept is not None
    assert first == [kept.run], "the range is remembered"
    entered = shop.store.entries.latest("export", "Order")
    assert entered is not None
    assert first == [entered.run], "what the range delivered has entered a status"


def verdict(folder: Path, receiver: Receiver) -> list[str]:
    """What is wrong with the world after everything was let run to its end."""
    shop = Projected(folder, {})
    runs = {run.id: run for run in shop.store.runs.list(limit=100)}
    found = [f"run {run.id} of {run.job} is {run.status}: {run.reason}" for run in runs.values() if run.status != "success"]
    shown: Counter[tuple[str, int]] = Counter()
    for path in (folder / "out").iterdir():
        if path.name.startswith("."):
            found.append(f"`{path.name}` is left")
            continue
        run = runs[path.stem.removeprefix("kept-")]
        shown.update((run.kind.value, int(line[1])) for line in path.read_text(encoding="utf-8").splitlines()[1:])
    found += _differs("rows", DELIVERED, shown)
    told = {id: message["data"]["id"] for id, message, _ in receiver.got if message["type"] == "order.changed"}
    files: Counter[int] = Counter()
    for (_, number), count in DELIVERED.items():
        files[number] += count
    found += _differs("messages", files, Counter(int(id[1]) for id in told.values()))
    exported = Counter(line for path in (folder / "erp").iterdir() for line in path.read_text(encoding="utf-8").splitlines()[1:])
    found += _differs("what entered", Counter(f"F{number}-{row},PAID" for number in range(1, 5) for row in (1, 2)), exported)
    if len(list((folder / "done").iterdir())) != 4:
        found.append("not every file was moved away")
    waiting = json.dumps(dict(shop.store.outbox.counts()))
    if "new" in waiting or "claimed" in waiting:
        found.append(f"messages wait: {waiting}")
    shop.close()
    return found


def _differs(what: str, wanted: Counter, there: Counter) -> list[str]:
    return [f"{what} {name}: {dict(some)}" for name, some in (("lost", wanted - there), ("doubled", there - wanted)) if some]
