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

    _keep_what_blocks_use_again()

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ and "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of glibc's `mallopt`."""


def _keep_what_blocks_use_again() -> None:
    """Let glibc keep what NumPy takes for a block for the next one, and give back at once what is larger: whole texts and tables.

    Left alone it asks the system for either the more often, the less it has seen, and keeps all of it once it has seen much.
    """
    import ctypes
    import os

    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    # Other libraries have none, or take no notice.
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 32 << 20)
        mallopt(_TRIM_THRESHOLD, 64 << 20)
