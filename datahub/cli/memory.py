"""What a process is told before a run (memory, garbage, how threads take turns), and what it leaves to its end."""

from __future__ import annotations

import sys

left: list[object] | None = None
"""Where this process ends with its command: what a run held, which ending gives back sooner than taking it apart does."""


def prepare_run() -> None:
    """Let Arrow take its memory from jemalloc where it was built with it; `ARROW_DEFAULT_MEMORY_POOL` wins.

    Blocks come and go, and Arrow's default gives the memory of each back to the system: that takes a fifth of the
    processor's time in a run, and a quarter more memory.
    """
    import gc
    import os

    import pyarrow as pa

    # While one thread loads a module, or goes through Python for long, the others would wait 5 ms each time they need the lock that
    # all share; they need it for moments, hundreds of times a block.
    sys.setswitchinterval(0.0005)

    # What was loaded stays, and needs not be looked through; what blocks leave behind may hold their columns.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ and "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
