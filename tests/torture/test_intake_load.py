"""Load of messages: how many a second `dhm serve` acknowledges, and how long a sender waits, with the sender on the same machine (G11).

The sender keeps a number of connections busy, each with one message at a time; a tenth of the messages comes twice, some are
forged, and the process is killed in between. What was acknowledged is in the ledger once, or the test fails; figures are printed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from datahub.state.sqlite.arrivals import gather
from datahub.state.sqlite.ledger import SqliteLedger

KEY = b"a secret of twenty-four b"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PROJECT = """\
[project]
name = "load"

[connections.here]
kind = "local"

# Switched off, so that messages are taken and kept: what is measured is taking them.
[jobs.paid]
mapping = "offers.dhm"
enabled = false
triggers = {kind = "webhook", path = "orders", secrets = ["${env:HOOK}"], rate = 1000000, burst = 1000000}

[jobs.paid.sources.feed]
folder = "in"
connection = "here"

[jobs.paid.targets.list]
folder = "out"
connection = "here"
"""
LONG = bool(os.environ.get("DHM_TORTURE"))
SECONDS = float(os.environ.get("DHM_LOAD_SECONDS", "30" if LONG else "1"))
CONNECTIONS = int(os.environ.get("DHM_LOAD_CONNECTIONS", "32"))
ROUNDS = int(os.environ.get("DHM_LOAD_ROUNDS", "3"))


@contextmanager
def served(folder):
    log = folder / "serve.log"
    with log.open("ab") as file:
        start = file.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "datahub", "serve", "--listen", "127.0.0.1:0"],
            cwd=folder,
            stderr=file,
            env={**os.environ, "HOOK": SECRET},
        )
    try:
        end = time.monotonic() + 60
        while not (found := re.search(r"listening at http://127\.0\.0\.1:(\d+)", log.read_text()[start:])):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait(30)


def request(id, good=True):
    body = json.dumps({"type": "order.paid", "data": {"id": id}}).encode()
    stamp = str(int(time.time()))
    signed = base64.b64encode(hmac.digest(KEY if good else b"x", f"{id}.{stamp}.".encode() + body, hashlib.sha256)).decode()
    head = f"POST /hooks/orders HTTP/1.1\r\nHost: a\r\nwebhook-id: {id}\r\nwebhook-timestamp: {stamp}\r\nwebhook-signature: v1,{signed}\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


class Load:
    """Senders that send as fast as they are answered, until a time; each status and how long it took."""

    def __init__(self, seed):
        self.chance, self.number = Random(seed), 0
        self.took, self.acknowledged, self.answers = [], set(), {}

    async def run(self, port, seconds):
        until = time.perf_counter() + seconds
        await asyncio.gather(*(self.sender(port, until) for _ in range(CONNECTIONS)))

    async def sender(self, port, until):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # The process that answers is killed at some time.
        with suppress(OSError, asyncio.IncompleteReadError):
            while time.perf_counter() < until:
                await self.one(reader, writer)
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def one(self, reader, writer):
        draw = self.chance.random()
        if draw < 0.1 and self.number:
            id = f"m{self.chance.randrange(self.number)}"
        else:
            self.number += 1
            id = f"m{self.number}"
        good = draw < 0.98
        sent = time.perf_counter()
        writer.write(request(id, good))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0]))
        status = int(head[9:12])
        self.answers[status] = self.answers.get(status, 0) + 1
        assert (status == 200) == good, head
        if good:
            self.took.append(time.perf_counter() - sent)
            self.acknowledged.add(f"orders/{id}")


def kept(folder):
    """The messages in the ledger, once it has what the killed process has left."""
    state = folder / ".dhm" / "default"
    with closing(SqliteLedger(state / "ledger.sqlite")) as ledger:
        gather(state, ledger.inbox)
        return [row["id"] for row in ledger.rows("SELECT id FROM message")]


@pytest.fixture
def here(tmp_path):
    (tmp_path / "dhm.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "offers.dhm").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_how_many_messages_a_second_are_acknowledged(here):
    rates, slow, half = [], [], []
    with served(here) as (process, port):
        asyncio.run(Load(0).run(port, 0.5))  # warm
        memory, before, total = resident(process.pid), processor(process.pid), 0
        for seed in range(1, ROUNDS + 1):
            load = Load(seed)
            load.number = seed * 10_000_000
            begun = time.perf_counter()
            asyncio.run(load.run(port, SECONDS))
            rates.append(len(load.took) / (time.perf_counter() - begun))
            total += sum(load.answers.values())
            slow.append(statistics.quantiles(load.took, n=100)[98] * 1000)
            half.append(statistics.median(load.took) * 1000)
        grown = resident(process.pid) / memory
        used = processor(process.pid) - before
    print(f"{CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:g} s: {statistics.median(rates):,.0f} acknowledged/s (median), ", end="")
    print(
        f"p50 {statistics.median(half):.1f} ms, p99 {statistics.median(slow):.1f} ms, memory x{grown:.2f}, {used / total * 1e6:,.0f} µs of processor a request in the server, load {os.getloadavg()[0]:.1f}"
    )
    # Far below what is reached, so that a machine that is shared does not fail it; a transaction for each message would.
    assert statistics.median(rates) > 100


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_by_kills(here):
    acknowledged: set[str] = set()
    number = 0
    for kill in range(int(os.environ.get("DHM_LOAD_KILLS", "60" if LONG else "3"))):
        load = Load(kill)
        load.number = number
        with served(here) as (process, port):

            async def killed(load=load, port=port, process=process):
                work = asyncio.create_task(load.run(port, 30))
                await asyncio.sleep(0.3 + load.chance.random())
                process.send_signal(signal.SIGKILL)
                await work

            asyncio.run(killed())
        assert load.acknowledged
        acknowledged, number = acknowledged | load.acknowledged, load.number
    there = kept(here)
    assert set() == acknowledged - set(there)
    assert len(there) == len(set(there))
    print(f"{len(acknowledged):,} acknowledged, {len(there):,} kept, 0 lost")


def resident(pid):
    with Path(f"/proc/{pid}/statm").open() as file:
        return int(file.read().split()[1])


def processor(pid):
    """Seconds of processor that a process has used."""
    with Path(f"/proc/{pid}/stat").open() as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
