"""Two jobs, one of which waits for what the other brings, and a receiver of messages that stands outside of what is killed.

`live` does what `dhm serve` does, one thing after the other, and says nothing twice however often it is begun.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from datahub.runner.jobs.posting import send_to
from datahub.state.records import Admission, Fire, FireKind, Overlap
from tests.jobs_project import Projected
from tests.servers.receiver import Receiver

POINTS = ("fetch", "landed", "taken", "staged", "transform", "transformed", "half_kept", "remembered", "planned", "stage", "staged_out", "receipt", "show", "shown", "file_marked", "delivered", "dispose", "disposed", "ended", "entered", "told", "post", "posted", "post_marked")  # fmt: skip
PROJECT = """\
[project]
name = "chain"
[connections.here]
kind = "local"
[connections.erp]
kind = "webhook"
url = "URL"
secrets = ["${env:DHM_TEST_HOOK}"]
insecure = true
[jobs.import]
mapping = "import.dhm"
notify = {connection = "erp", on = ["success"]}
sources.feed = {connection = "here", folder = "in", ready.stable = 0, after = {action = "move", folder = "done"}}
targets.kept = {connection = "here", folder = "out", name = "kept-{{RUN}}.csv"}
targets.hook = {connection = "erp", type = "order.changed", key = "id"}
[jobs.export]
mapping = "export.dhm"
triggers = {kind = "status", entity = "Order", statuses = ["PAID", "SHIPPED"]}
sources.orders.entity = "Order"
targets.erp = {connection = "here", folder = "erp", name = "{{RUN}}.csv"}
"""
IMPORT = """\
source feed: csv { columns { id: text, status: text } }
entity Order {
  key id
  id: text, status: text
}
map Order from f in feed { include f }
target kept: csv {}
target hook: api {}
flow main {
  write Order to kept
  write Order to hook
}
"""
EXPORT = """\
source orders: jsonl { columns { id: text, status: text } }
entity Sent {
  key id
  id: text, status: text
}
map Sent from o in orders { include o }
target erp: csv {}
flow main { write Sent to erp }
"""
FIRST = {f"O{number}": "PAID" if number % 2 else "NEW" for number in range(12)}
THEN = {"O0": "PAID", "O1": "SHIPPED", "O2": "NEW", "O3": "PAID", "O20": "PAID"}
ENTERED = Counter(
    [(key, status) for key, status in FIRST.items() if status == "PAID"] + [("O0", "PAID"), ("O1", "SHIPPED"), ("O20", "PAID")]
)


def make(folder: Path, receiver: Receiver) -> None:
    """The world before anything happens in it."""
    for name in ("in", "later", "out", "erp"):
        (folder / name).mkdir()
    Projected(folder, {"dhm.toml": PROJECT.replace("URL", receiver.url), "import.dhm": IMPORT, "export.dhm": EXPORT}).close()
    for place, rows in (("in", FIRST), ("later", THEN)):
        text = "id,status\n" + "".join(f"{key},{status}\n" for key, status in rows.items())
        (folder / place / f"{place}.csv").write_text(text, encoding="utf-8")


def live(folder: Path) -> None:
    """Let the first file come, then the second; let the export do what is its, and tell the receiver."""
    shop = Projected(folder, {})
    for number, name in enumerate(("in.csv", "later.csv")):
        if (folder / "later" / name).exists():
            (folder / "later" / name).rename(folder / "in" / name)
        at = datetime(2026, 1, 1 + number, tzinfo=UTC)
        shop.store.runs.submit(Fire("import", FireKind.CRON, at), Admission(Overlap.QUEUE_ALL), datetime.now(UTC))
        shop.work("import")
        shop.work("export")
        while shop.fired():
            shop.work("export")
    send_to(shop.store, shop.loaded, "erp")
    shop.close()


def verdict(folder: Path, receiver: Receiver) -> list[str]:
    """What is wrong with the world after everything was let run to its end."""
    exported: Counter[tuple[str, str]] = Counter()
    for path in (folder / "erp").iterdir():
        exported.update((line.partition(",")[0], line.partition(",")[2]) for line in path.read_text(encoding="utf-8").splitlines()[1:])
    found = [f"{name}: {dict(some)}" for name, some in (("lost", ENTERED - exported), ("doubled", exported - ENTERED)) if some]
    by_id = {id: json.dumps(message, sort_keys=True) for id, message, _ in receiver.got}
    told = Counter((one["data"]["id"], one["data"]["status"]) for one in map(json.loads, by_id.values()) if one["type"] == "order.changed")
    wanted = Counter([*FIRST.items(), *THEN.items()])
    found += [f"messages {name}: {dict(some)}" for name, some in (("lost", wanted - told), ("doubled", told - wanted)) if some]
    ends = [one for one in map(json.loads, by_id.values()) if one["type"] == "run.success"]
    if 2 != len(ends):
        found.append(f"{len(ends)} ends of runs were told of 2")
    if any(by_id[id] != json.dumps(message, sort_keys=True) for id, message, _ in receiver.got):
        found.append("a message was sent again and said something else")
    shop = Projected(folder, {})
    found += [f"run {run.id} of {run.job} is {run.status}: {run.reason}" for run in shop.store.runs.list() if run.status != "success"]
    left = shop.store.outbox.counts().get("new", 0) + shop.store.outbox.counts().get("claimed", 0)
    if left:
        found.append(f"{left} messages wait")
    shop.close()
    return found
