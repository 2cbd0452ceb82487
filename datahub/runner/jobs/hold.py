"""The right to work on a run, kept alive by a thread; what takes it away is heard before the next effect."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from datahub.connectors.waits import LISTENING
from datahub.state.owner import uptime
from datahub.state.records import Claim
from datahub.state.store import LEASE_SECONDS, Fenced, LedgerUnusable, StateStore

BEAT = LEASE_SECONDS / 4
MARGIN = LEASE_SECONDS / 6
"""Nothing is begun when less than this is left of the lease: an effect must be over before another may take the run."""

ECHO = 5.0
"""What comes so soon behind a signal to end is the same once more: who stops a whole group (systemd, Ctrl-C in a terminal) tells each
process of it, and `dhm serve` tells its own."""

_ENDS = (signal.SIGTERM, signal.SIGINT)


class Cancelled(Exception):
    """A person, or a later fire, has asked the run to stop."""


class Stopped(SystemExit):
    """The process was told to end; the run goes on when it is claimed next."""


class Hold:
    """The lease of one run while this process works on it; entered once, by the thread that works."""

    def __init__(self, store: StateStore, claim: Claim) -> None:
        self._store, self._claim = store, claim
        self._until = uptime() + LEASE_SECONDS
        self._over = threading.Event()
        self._heard_by, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._beat, name="dhm-lease", daemon=True)
        self._busy = False
        self._told: int | None = None
        self._heard: float | None = None
        self._handlers: dict[int, Any] = {}
        self._wakes = -1

    def check(self) -> None:
        """Raise where the run must not go on here: it was taken over, cancelled, or the process shall end."""
        if self._told is not None:
            raise Stopped(128 + self._told)
        if self._over.is_set() or uptime() > self._until - MARGIN:
            raise Fenced(f"the lease of run {self._claim.run} ran out")
        asked = self._store.runs.cancelled(self._claim)
        if asked:
            raise Cancelled(asked)

    @contextmanager
    def effect(self) -> Iterator[None]:
        """An effect and its mark, which a signal to end does not part but where the effect only waits; one that comes later does."""
        self.check()
        self._busy = True
        before = LISTENING.set(self.check)
        try:
            yield
        finally:
            LISTENING.reset(before)
            self._busy = False
        if self._told is not None:
            raise Stopped(128 + self._told)

    def _beat(self) -> None:
        while True:
            signalled = self._waited()
            if self._over.is_set():
                return
            asked = uptime()
            try:
                if signalled:
                    self._store.leases.ending(self._claim.scope, self._claim.epoch)
                if not self._store.leases.renew(self._claim.scope, self._claim.epoch, LEASE_SECONDS):
                    self._over.set()
                    return
            except LedgerUnusable:
                # It may pass; if it does not, the lease runs out and `check` says so.
                continue
            self._until = asked + LEASE_SECONDS

    def _waited(self) -> bool:
        """Wait for the next beat; whether a signal to end came before it. The main thread hears none within one long step of the engine,
        and whoever sent it may not wait for the end of that."""
        try:
            return any(number in _ENDS for number in self._heard_by.recv(64))
        except TimeoutError:
            return False

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._heard is not None and uptime() < self._heard + ECHO:
            return
        self._heard = uptime()
        if self._busy and self._told is None:
            self._told = number
            return
        raise Stopped(128 + number)

    def __enter__(self) -> Self:
        self._heard_by.settimeout(BEAT)
        self._woken.setblocking(False)
        self._thread.start()
        if threading.current_thread() is threading.main_thread():
            for number in _ENDS:
                self._handlers[number] = signal.signal(number, self._signalled)
            self._wakes = signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        if self._handlers:
            signal.set_wakeup_fd(self._wakes)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._over.set()
        self._woken.send(b"\0")
        self._thread.join()
        self._heard_by.close()
        self._woken.close()
