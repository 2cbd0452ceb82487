"""How long and how deep a record may be whatever it is written in, and what is not its own."""

from __future__ import annotations

LONGEST_RECORD = 16 << 20
DEEPEST = 128
"""Values nested deeper are refused: parsers that recurse would fall over far deeper ones."""
ADDED = "_dhm_"
"""How the columns begin that a reject file has beside its source's own; when it is read again they are passed over."""
RATIO, RATIO_FROM = 100, 64 << 20
"""A compressed file may not grow more than this many times, counted once it has grown to so many bytes."""
