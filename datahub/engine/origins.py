"""The places that failures name, each under a number, so that a failure carries one number and no texts."""

from __future__ import annotations

from threading import Lock

from datahub.semantic.ir import Origin


class Origins:
    """Origins by number; the same origin always has the same number."""

    __slots__ = ("_known", "_lock", "_numbers")

    def __init__(self) -> None:
        self._known: list[Origin] = []
        self._numbers: dict[Origin, int] = {}
        self._lock = Lock()

    def number(self, origin: Origin) -> int:
        """The number of `origin`, given when it is first asked for."""
        found = self._numbers.get(origin)
        if found is None:
            with self._lock:
                found = self._numbers.get(origin)
                if found is None:
                    found = len(self._known)
                    self._known.append(origin)
                    self._numbers[origin] = found
        return found

    def __getitem__(self, number: int) -> Origin:
        return self._known[number]
