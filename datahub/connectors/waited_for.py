"""A thread for calls into libraries that have no deadline: whoever called waits so long and no longer, and the thread is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")


class WaitedFor:
    """One thread that makes calls in turn; it is begun by the first of them, and anew after one was left behind."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] | None = None

    def result(self, work: Callable[[], _T], seconds: float) -> _T:
        """What `work` gives or raises; `TimeoutError` where it takes longer than `seconds`."""
        if self._calls is None:
            self._calls = SimpleQueue()
            # A daemon: what hangs in a library must not hold the process at its end.
            threading.Thread(target=_make, args=(self._calls,), name=self._name, daemon=True).start()
        done: Future[_T] = Future()
        self._calls.put((work, done))
        try:
            return done.result(seconds)
        except TimeoutError:
            if not done.done():
                self.leave()
            raise

    def leave(self) -> None:
        """Let the thread end, once it is through with what it does."""
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.put(None)


def _make(calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]) -> None:
    while (one := calls.get()) is not None:
        work, done = one
        try:
            done.set_result(work())
        except BaseException as problem:  # noqa: BLE001 - it is raised where it is waited for
            done.set_exception(problem)
