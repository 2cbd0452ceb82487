"""A small world for jobs: a folder that files come from, one they go to, and a shop that takes batches over HTTP and keeps them.

The shop stands outside of the process that is killed. What it holds, and what lies in the folders, is the truth that the
ledger is measured by.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

from datahub.compiler import compile
from datahub.connectors.declare import Answer, Landed, Split, TransientError, Uncertain
from datahub.connectors.files_in import FilesIn
from datahub.connectors.files_out import FilesOut
from datahub.connectors.local_files import LocalFiles
from datahub.document import Document
from datahub.packs.folders import Folders as Scripts
from datahub.project.binding import After, FilesFrom, FilesTo, Ready, To
from datahub.project.job import Job
from datahub.project.policy import Retry
from datahub.runner.jobs.job_context import Folders, JobContext, Ways
from datahub.runner.jobs.perform import Ending, perform
from datahub.runner.splits import driving_sources
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Overlap
from datahub.state.sqlite.ledger import SqliteLedger

SCRIPT = """\
source feed: csv {
  columns {
    sku: text
    price: decimal
    stock: int
  }
}
entity Offer {
  key sku
  sku: text(1..20)
  price: decimal(10,2) where price > 0
  stock: int
}
target list: csv {}
target shop: api {}
map Offer from f in feed
  where f.stock > 0
{
  sku: f.sku
  price: f.price
  stock: f.stock
}
flow main {
  write Offer to list
  write Offer to shop
}
"""


def sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def folder_source(folder: Path, keep: bool = False) -> FilesIn:
    """Files of the folder `in`, moved to `done` after a success and to `failed` after a failure."""
    after = After() if keep else After(action="move", folder="done")
    told = FilesFrom(connection="here", folder="in", ready=Ready(stable=timedelta(0)), after=after, on_failure=FAILED)
    return FilesIn("feed", LocalFiles(folder), told)


FAILED = After(action="move", folder="failed")


def folder_sink(folder: Path, name: str) -> FilesOut:
    return FilesOut(LocalFiles(folder), FilesTo(connection="here", folder=name, name="{{TARGET}}-{{RUN}}.{{FORMAT}}"))


class CursorSource:
    """An API that gives the rows that came after a position; it keeps them all, and hears nothing of what became of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._start, self._end = folder, 0, 0

    def start(self, position: str | None) -> None:
        self._start = int(position or 0)

    def position(self) -> str | None:
        return str(self._end)

    def splits(self) -> Iterator[Split]:
        lines = [path.read_text(encoding="utf-8").splitlines()[1:] for path in sorted(self.folder.iterdir())]
        self._rows = [line for several in lines for line in several]
        self._end = len(self._rows)
        if self._end > self._start:
            yield Split("feed", f"{self._start}", f"rows-{self._start}.csv")

    def land(self, split: Split, folder: Path) -> Landed:
        data = "\n".join(["sku,price,stock", *self._rows[self._start :]]).encode() + b"\n"
        return landed(split, folder, data)

    def settle(self, landed: Landed, *, succeeded: bool) -> None:
        """An API has nothing to settle."""

    def close(self) -> None:
        """Nothing is held."""


def landed(split: Split, folder: Path, data: bytes) -> Landed:
    """Bytes as a file of ours, on the disk before it has its name."""
    digest = hashlib.sha256(data).hexdigest()
    part, final = folder / f".{os.getpid()}.part", folder / digest
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(final)
    sync(folder)
    return Landed(split, final, split.name, len(data), digest)


class Shop:
    """A server that takes batches; keyed, it does each key once. `lose` answers are cut off after the work is done."""

    def __init__(self, keyed: bool = True) -> None:
        self.keyed, self.rows, self.keys, self.posts = keyed, Counter[str](), set[str](), 0
        self.lose = 0
        self.busy = 0
        self._lock = threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    # Whoever sent it has died in the middle: no server takes half a request.
                    self.close_connection = True
                    return
                if shop.busy:
                    shop.busy -= 1
                    self.send_response(503)
                    self.end_headers()
                    return
                shop.take(self.headers["Idempotency-Key"], body)
                if shop.lose:
                    shop.lose -= 1
                    self.close_connection = True
                    return
                self.send_response(201)
                self.end_headers()

            def do_GET(self) -> None:
                self.send_response(200 if self.path.rpartition("/")[2] in shop.keys else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def take(self, key: str, body: bytes) -> None:
        with self._lock:
            self.posts += 1
            if self.keyed and key in self.keys:
                return
            self.keys.add(key)
            self.rows.update(json.loads(line)["sku"] for line in body.splitlines())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class ShopSender:
    """The way to a shop."""

    manner, replaces = "POST", False

    def __init__(self, port: int, keyed: bool = True, rows: int = 10, asks: bool = False) -> None:
        self.address = "the shop"
        self.port, self.keyed, self.rows, self.asks = port, keyed, rows, asks

    def render(self, rows) -> bytes:
        return b"".join(json.dumps(row, default=str).encode() + b"\n" for row in rows.to_pylist())

    def send(self, body: bytes, key: str, about: Mapping[str, str] | None = None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            try:
                connection.connect()
            except OSError as problem:
                raise TransientError(f"the shop is closed: {problem}") from problem
            try:
                connection.request("POST", "/batch", body, {"Idempotency-Key": key})
                answer = connection.getresponse()
            except (OSError, HTTPException) as problem:
                raise Uncertain(f"no answer: {problem}") from problem
            if answer.status != 201:
                raise TransientError("the shop is busy")
            return Answer(key)
        finally:
            connection.close()

    def arrived(self, key: str) -> bool | None:
        if not self.asks:
            return None
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", f"/batch/{key}")
        answer = connection.getresponse()
        connection.close()
        return answer.status == 200

    def close(self) -> None:
        """Nothing is open."""


def compiled(script: str):
    found: list = []
    plan = compile(Document("offers.dhm", script), Scripts(), found.append, None)
    assert plan is not None, found
    return plan


def make(folder: Path) -> None:
    for name in ("in", "out", "rejects", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def feed(folder: Path, name: str, first: int, rows: int, bad: int = 7) -> set[str]:
    """A file of offers; every `bad`th row has no price. The keys of the good ones."""
    lines, good = ["sku,price,stock"], set()
    for number in range(first, first + rows):
        broken = number % bad == 0
        lines.append(f"S{number},{'sur devis' if broken else '12.50'},3")
        if not broken:
            good.add(f"S{number}")
    part = folder / "in" / f".{name}"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.rename(folder / "in" / name)
    return good


JOB = Job(
    mapping="offers.dhm",
    sources={"feed": FilesFrom(connection="here", folder="in")},
    targets={"list": To(connection="here"), "shop": To(connection="shop")},
    retry=Retry(first=timedelta(0), attempts=100),
    remember=("Offer",),
)


def context(folder: Path, port: int, *, job: Job = JOB, script: str = SCRIPT, keyed: bool = True) -> JobContext:
    """The job of this world."""
    folders = Folders(folder / "state")
    store = SqliteLedger(folders.ledger)
    plan = compiled(script)
    sender = ShopSender(port, keyed, asks=not keyed)
    ways = Ways(
        {"feed": folder_source(folder)},
        {"list": folder_sink(folder, "out"), "rejects": folder_sink(folder, "rejects")},
        {"shop": sender},
    )
    return JobContext("offers", job, plan, store, folders, ways, {"feed": "offers:feed"}, driving_sources(plan), now, Random(7), 1)


def now() -> datetime:
    return datetime.now(UTC)


def submit(one: JobContext, overlap: Overlap = Overlap.QUEUE_ALL, parameters: Mapping[str, object] | None = None):
    admission = Admission(overlap, parameters=json.dumps(parameters or {}))
    return one.store.runs.submit(Fire(one.name, FireKind.MANUAL, now()), admission, now())


def work(one: JobContext) -> list[Ending]:
    """Do everything that can be claimed now."""
    ended = []
    while (found := one.store.runs.claim(one.name, this_process(), now())) is not None:
        ended.append(perform(one, *found))
    return ended


def delivered(folder: Path) -> Counter[str]:
    """What lies in the folder that files go to: how often each key."""
    found: Counter[str] = Counter()
    for path in (folder / "out").iterdir():
        if not path.name.startswith("."):
            found.update(line.split(",")[0] for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return found


def rejected(folder: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in (folder / "rejects").iterdir():
        if not path.name.startswith("."):
            found.update(line.split(",")[0] for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return found
