"""Messages on their way to the disk: many requests share one sync, and none is answered before it is over.

They are set down in a file of this process first and go into the ledger from there, many in a transaction: a ledger that is busy
with runs keeps no sender waiting.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue

from datahub.records import record
from datahub.state.records import Message
from datahub.state.sqlite.arrivals import Arrivals, gather
from datahub.state.store import LedgerUnusable, Messages

MOST_AT_ONCE = 500
MOST_WAITING = 4000
"""So many messages may wait for the disk and the ledger; more are told to come again."""
REMEMBERED = 50_000
"""Of at least so many messages it is known at once whether another is the same."""
LOOK = 60.0
"""How often it is looked for what other processes left when they were killed, in seconds."""
AGAIN = 1.0
REMINDS = 300.0
"""How often it is told that messages cannot be taken, in seconds."""

Tell = Callable[[str], None]


class Full(Exception):
    """More messages wait than may."""


@record(frozen=True, slots=True)
class Taken:
    """What became of a message: `new`, or known before; `same`: with this very content."""

    new: bool
    same: bool = True


class Intake:
    """Takes messages for an inbox; `wake` is called when there are new ones in it, `tell` of what could not be answered for, `warn` of what
    keeps messages from being taken, and of its end."""

    def __init__(self, inbox: Messages, folder: Path, wake: Callable[[], None], tell: Tell, warn: Tell | None = None) -> None:
        self._inbox, self._folder, self._wake, self._tell = inbox, folder, wake, tell
        self._waiting: deque[tuple[Message, asyncio.Future[Taken]]] = deque()
        self._work: asyncio.Task[None] | None = None
        self._recent = Recent(inbox.digests(REMEMBERED))
        self._arrivals = Arrivals(folder)
        self._disk = ThreadPoolExecutor(1, "dhm-arrivals")
        self._kept = self._moved = 0
        self._warn = warn or tell
        self._trouble: Exception | None = None
        """What keeps messages from the ledger, which is tried again all the time."""
        self._full: Exception | None = None
        """… and from the disk, until one gets there."""
        self._told: float | None = None
        self._queue: SimpleQueue[tuple[int, Sequence[Message]] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._mover = threading.Thread(target=self._move, name="dhm-inbox", daemon=True)
        self._mover.start()

    @property
    def waiting(self) -> int:
        """How many messages are not in the ledger yet."""
        return len(self._waiting) + self._kept - self._moved

    def why_not(self) -> str:
        """Why no messages can be taken now; empty where they can. May wait for the disk."""
        if self._full is not None:
            # Whoever asks may be what keeps messages away until it is well again.
            try:
                self._arrivals.probe()
            except Exception as problem:  # noqa: BLE001 - told to whoever asks
                self._full = problem
            else:
                self._full = None
                self._is_well()
        trouble = self._full or self._trouble
        return "" if trouble is None else _words(trouble)

    def _is_not_well(self, problem: Exception) -> None:
        now = time.monotonic()
        if self._told is None or now - self._told >= REMINDS:
            self._told = now
            self._warn(f"messages cannot be taken, and are answered with 503: {_words(problem)}")

    def _is_well(self) -> None:
        if self._told is not None and self._full is None and self._trouble is None:
            self._told = None
            self._warn("messages are taken again")

    async def put(self, message: Message) -> Taken:
        """Return once the message is on the disk; `Full` where too many wait, and whatever the disk or the ledger raises."""
        if self._trouble is not None:
            raise self._trouble
        if self.waiting >= MOST_WAITING:
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
            taken, fresh = self._sorted([message for message, _ in several])
            try:
                if fresh:
                    number = await loop.run_in_executor(self._disk, self._arrivals.put, list(fresh.values()))
            except Exception as problem:  # noqa: BLE001 - whoever waits is told, and answers for it
                self._full = problem
                self._is_not_well(problem)
                for _, future in several:
                    if not future.done():
                        future.set_exception(problem)
                continue
            if fresh:
                if self._full is not None:
                    self._full = None
                    self._is_well()
                self._recent.add(fresh)
                self._kept += len(fresh)
                self._queue.put((number, list(fresh.values())))
            for (_, future), one in zip(several, taken, strict=True):
                # Whoever has hung up sends it again, and is told that it is known.
                if not future.done():
                    future.set_result(one)

    def _sorted(self, messages: Sequence[Message]) -> tuple[Sequence[Taken], Mapping[str, Message]]:
        """What is to be answered, and the messages that are new, as far as it is known here."""
        taken, fresh = [], dict[str, Message]()
        for message in messages:
            before = fresh.get(message.id)
            if before is not None:
                taken.append(Taken(False, before.body == message.body))
            elif (known := self._recent.find(message.id)) is not None:
                taken.append(Taken(False, known == _digest(message)))
            else:
                fresh[message.id] = message
                taken.append(_NEW)
        return taken, fresh

    # ------------------------------------------------------------ into the ledger

    def _move(self) -> None:
        more = True
        while more:
            try:
                found = self._queue.get(timeout=LOOK)
            except Empty:
                self._try(lambda: gather(self._folder, self._inbox))
                continue
            number, messages, more = self._gathered(found)
            if messages:
                if not self._try(partial(self._into_ledger, messages)):
                    return
                self._arrivals.moved(number)
                self._moved += len(messages)

    def _gathered(self, found: tuple[int, Sequence[Message]] | None) -> tuple[int, Sequence[Message], bool]:
        """What came while the ledger was busy, as one; and whether there may be more."""
        number, messages = 0, list[Message]()
        while found is not None:
            number = found[0]
            messages += found[1]
            if len(messages) >= MOST_AT_ONCE or self._queue.empty():
                return number, messages, True
            found = self._queue.get()
        return number, messages, False

    def _try(self, work: Callable[[], int]) -> bool:
        """Do it until it is done, and wake whoever makes runs of it; False where it is not done when this ends."""
        while True:
            try:
                new = work()
            except Exception as problem:  # noqa: BLE001 - whoever sends is told, and it is tried again
                self._trouble = problem
                self._is_not_well(problem)
                if self._closing.wait(AGAIN):
                    return False
                continue
            if self._trouble is not None:
                self._trouble = None
                self._is_well()
            if new:
                self._wake()
            return True

    def _into_ledger(self, messages: Sequence[Message]) -> int:
        new = self._inbox.put(messages)
        known = [message for message, is_new in zip(messages, new, strict=True) if not is_new]
        for message, same in zip(known, self._inbox.same(known) if known else (), strict=True):
            if not same:
                self._tell(f"message {message.id} had other content when it came first: this one starts nothing")
        return sum(new)

    def close(self) -> None:
        """Let what is under way come into the ledger; where that cannot be, it stays on the disk for the next process."""
        self._disk.shutdown()
        self._queue.put(None)
        self._closing.set()
        self._mover.join(30)
        self._arrivals.close()


class Recent:
    """The digests of messages that came lately, in two generations of which the older is dropped as a whole."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._young: dict[str, str] = {}
        self._old = dict(known)

    def find(self, id: str) -> str | None:
        return self._young.get(id) or self._old.get(id)

    def add(self, messages: Mapping[str, Message]) -> None:
        if len(self._young) >= REMEMBERED:
            self._old, self._young = self._young, {}
        self._young.update({id: _digest(message) for id, message in messages.items()})


def _words(problem: Exception) -> str:
    return problem.message if isinstance(problem, LedgerUnusable) else f"{type(problem).__name__}: {problem}"


def _digest(message: Message) -> str:
    return sha256(message.body).hexdigest()


_NEW = Taken(True)
