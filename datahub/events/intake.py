"""Messages on their way to the disk: many requests share one transaction, and none is answered before it is over."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from datahub.records import record
from datahub.state.records import Message
from datahub.state.store import Messages

MOST_AT_ONCE = 500
MOST_WAITING = 4000
"""So many messages may wait for the disk; more are told to come again."""


class Full(Exception):
    """More messages wait for the disk than may."""


@record(frozen=True, slots=True)
class Taken:
    """What became of a message: `new`, or known before; `same`: with this very content."""

    new: bool
    same: bool = True


class Intake:
    """Group commit into an inbox: what comes while a transaction is under way goes into the next."""

    def __init__(self, inbox: Messages) -> None:
        self._inbox = inbox
        self._waiting: deque[tuple[Message, asyncio.Future[Taken]]] = deque()
        self._disk = ThreadPoolExecutor(1, "dhm-inbox")
        self._work: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def put(self, message: Message) -> Taken:
        """Return once the message is on the disk; `Full` where too many wait, and whatever the ledger raises."""
        if len(self._waiting) >= MOST_WAITING:
            raise Full
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Taken] = loop.create_future()
        self._waiting.append((message, future))
        if self._work is None or self._work.done():
            self._work = loop.create_task(self._commit())
        return await future

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            several = [self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))]
            try:
                taken = await loop.run_in_executor(self._disk, self._put, [message for message, _ in several])
            except Exception as problem:  # noqa: BLE001 - whoever waits is told, and answers for it
                for _, future in several:
                    if not future.done():
                        future.set_exception(problem)
                continue
            for (_, future), one in zip(several, taken, strict=True):
                # Whoever has hung up sends it again, and is told that it is known.
                if not future.done():
                    future.set_result(one)

    def _put(self, messages: list[Message]) -> list[Taken]:
        fresh = self._inbox.put(messages)
        known = [message for message, new in zip(messages, fresh, strict=True) if not new]
        same = iter(self._inbox.same(known) if known else ())
        return [_NEW if new else Taken(False, next(same)) for new in fresh]

    def close(self) -> None:
        self._disk.shutdown()


_NEW = Taken(True)
