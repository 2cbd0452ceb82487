"""Sources that leave what is there and not ready yet, and say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Leaving(Protocol):
    """A source that leaves what is there and not ready yet."""

    def left(self) -> Sequence[str]:
        """What it left the last time that it was asked for its splits, each with the reason."""
        ...

    def unready(self) -> Sequence[str]:
        """The files among those: each is there, for this source, and not taken yet."""
        ...
