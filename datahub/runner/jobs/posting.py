"""Who sends what is in the outbox: a thread for each receiver that something is due to, while `dhm serve` is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from datahub.connectors.declare import DataHubError
from datahub.project.load import Loaded
from datahub.runner.jobs.bind import receivers
from datahub.runner.jobs.outbox import Sent, send
from datahub.state.owner import this_process
from datahub.state.store import LedgerUnusable, StateStore


class Posting:
    """Sends messages as they become due. `loaded` gives the project as it is declared now, `tell` is told what a person should know."""

    def __init__(self, store: StateStore, loaded: Callable[[], Loaded], tell: Callable[[str, str], None]) -> None:
        self._store, self._loaded, self._tell = store, loaded, tell
        self._sending: dict[str, threading.Thread] = {}
        self._told: dict[str, str] = {}

    def tend(self, now: datetime) -> None:
        """Begin to send what is due; returns at once."""
        for channel in self._store.outbox.due(now):
            before = self._sending.get(channel)
            if before is None or not before.is_alive():
                thread = threading.Thread(target=self._send, args=(channel,), name=f"dhm-out-{channel}", daemon=True)
                self._sending[channel] = thread
                thread.start()

    def wait(self, seconds: float) -> None:
        """Let what is being sent come to its end, for so long at most."""
        for thread in self._sending.values():
            thread.join(seconds)

    def _send(self, channel: str) -> None:
        try:
            sent = send_to(self._store, self._loaded(), channel)
        except (DataHubError, LedgerUnusable) as problem:
            self._say(channel, f"messages to `{channel}` wait: {problem.message}{f'; {problem.help}' if problem.help else ''}")
            return
        if sent.closed:
            self._say(channel, f"messages to `{channel}` wait: {sent.closed}; `dhm messages open {channel}` lets them be sent again")
        elif sent.dead:
            self._tell("", f"{sent.dead} messages to `{channel}` were set aside: `dhm messages ls --state dead` lists them")
        else:
            self._told.pop(channel, None)

    def _say(self, channel: str, what: str) -> None:
        # The same trouble is told once, not at every look.
        if self._told.get(channel) != what:
            self._told[channel] = what
            self._tell("", what)


def send_to(store: StateStore, loaded: Loaded, channel: str) -> Sent:
    """Send what is due to one receiver; where the project does not know it any more, or lacks its secret, its messages wait."""
    connection, poster = receivers(loaded, (channel,))[channel]
    connection.keys()
    return send(store, channel, connection, poster, this_process())
