"""What a process keeps of its memory from block to block."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

BLOCKS = """
import resource, sys
if sys.argv[1] == "run":
    from datahub.cli.memory import prepare_run
    prepare_run()
block = lambda: [b"x" * (3 << 20) for _ in range(10)]
block()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    block()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(what: str, **told: str) -> int:
    """How many pages the system had to give for ten blocks of 30 MB, when one was gone before."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))} | told
    done = subprocess.run([sys.executable, "-c", BLOCKS, what], capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of another C library nothing is asked")
def test_what_a_block_used_is_used_again() -> None:
    alone = faults("nothing")
    assert alone > 10_000
    assert faults("run") < alone / 10


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of another C library nothing is asked")
def test_whoever_tells_the_library_otherwise_is_obeyed() -> None:
    assert faults("run", MALLOC_TRIM_THRESHOLD_="131072") > 10_000
