"""A run is killed at its system calls, one after the other, and each of them fails once (G2, G3); `make torture` alone has the time.

strace brings it about from outside: nothing in the process knows of it, SQLite's own calls are among them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.jobs_world import Shop, feed, make
from tests.torture.harness import Harness, _fire, _gone, verdict

STRIDE = int(os.environ.get("DHM_STRIDE", "1"))
CALLS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "link", "sendto")
FAILING = {
    "EIO": ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "link"),
    "ENOSPC": ("pwrite64", "write", "fdatasync", "fsync", "rename", "link"),
}
MOST = 2000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(not os.environ.get("DHM_TORTURE"), reason="it takes half an hour: `make torture`"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here"),
]


@pytest.fixture(scope="module")
def harness():
    made = Harness()
    yield made
    made.close()


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_any_system_call_costs_nothing(harness, call):
    killed = _each(harness, call, "signal=SIGKILL", f"{call}(")
    print(f"{call}: {killed} kills, 0 lost, 0 doubled")
    assert killed


@pytest.mark.parametrize("error, call", [(error, call) for error, several in FAILING.items() for call in several])
def test_a_system_call_that_fails_costs_nothing(harness, error, call):
    failed = _each(harness, call, f"error={error}", "(INJECTED)")
    print(f"{call}: {failed} times {error}, 0 lost, 0 doubled")
    assert failed


def _each(harness: Harness, call: str, what: str, shown: str) -> int:
    """Let each call meet its end in a world of its own, until a run has no more of them; how many did."""
    for at in range(1, MOST, STRIDE):
        problems, traced = _injected(harness, f"inject={call}:{what}:when={at}")
        assert [] == problems, f"{call}, {what}, the {at}th"
        met = "+++ killed by SIGKILL" in traced if "SIGKILL" in what else shown in traced
        if not met:
            return (at - 1 + STRIDE - 1) // STRIDE
    raise AssertionError("there is no end of them")


def _injected(harness: Harness, inject: str) -> tuple[list[str], str]:
    folder = Path(tempfile.mkdtemp(prefix="dhm-torture-"))
    shop = Shop()
    try:
        make(folder)
        good = feed(folder, "a.csv", 1, 25)
        _fire(folder, shop)
        asked = {"folder": str(folder), "port": shop.port, "scenario": "keyed"}
        number = harness.zygote.start(**asked, halted=True)
        assert harness.zygote.ended() == "stopped"
        traced = _traced(number, inject, folder / "trace")
        harness.zygote.start(**asked)
        code = harness.zygote.ended()
        found = [] if code == "0" else [f"the last child ended with {code}"]
        return found + verdict(folder, shop, good), traced
    finally:
        shop.close()
        shutil.rmtree(folder)


def _traced(number: int, inject: str, path: Path) -> str:
    """Let a process that has halted go on under strace; what that has seen of it."""
    calls = inject.removeprefix("inject=").partition(":")[0]
    # Each thread has a count of its own: an error would come in every attempt, from threads that are new, and never pass. One kill is one.
    threads = ["-f"] if "SIGKILL" in inject else []
    command = ["strace", *threads, "-o", str(path), "-e", f"trace={calls}", "-e", inject, "-p", str(number)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        assert "attached" in strace.stderr.readline()
        os.kill(number, signal.SIGCONT)
        strace.stderr.read()
    _gone(number)
    return path.read_text(encoding="utf-8")
