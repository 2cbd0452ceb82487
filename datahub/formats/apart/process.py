"""A process of its own for what strangers wrote: started early, lent out for one file after another, its end told as a finding.

A file over which it dies (a fault of a library, more memory or time than is allowed) is refused as any damaged file is. Where
somebody else ended it, nothing is known of the file: that is a failure that may pass.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, TypeAlias

from datahub.formats.apart.channel import HEAD, lengths, message, opened
from datahub.formats.bad_input import BadInput, ReaderLost
from datahub.records import record

Answer: TypeAlias = tuple[dict[str, Any], list[memoryview]]
_LAST = 5.0
_KEPT, _GROWN = 2, 256 << 20
"""So many children wait for further work; one that has grown larger is not kept."""
_BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
_SMALLER = "it may be damaged, or larger than it seems; have it written in parts, or as CSV"
_START = "import sys; sys.path[:] = sys.argv[1:]; from datahub.formats.apart.child import main; main()"


@record(frozen=True, slots=True)
class Work:
    """What a child is to do, as `module:function`, for which file, and within which bounds (of each message, for `seconds`)."""

    task: str
    file: str
    memory: int
    seconds: int = 60
    patience: float = 600.0
    """Seconds within which something must be heard of it: far more than it may use of the processor."""


class Child:
    """One child, and the line to it."""

    def __init__(self) -> None:
        self._line, other = socket.socketpair()
        with other:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - what we are ourselves
                # Neither a site nor the environment: it begins at once, and knows no secret.
                [sys.executable, "-S", "-E", "-B", "-c", _START, *map(os.path.abspath, sys.path)],
                stdin=other.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                start_new_session=True,
            )
        self._line.setblocking(False)
        self.grown, self.busy, self._feeds = 0, False, False
        self._feed: Iterator[bytes] | None = None
        self._patience = 0.0
        self._out: list[memoryview] = []

    @property
    def id(self) -> int:
        return self._process.pid

    def answers(self, work: Work, asked: dict[str, Any], feed: Iterator[bytes] | None = None, file: int = -1) -> Iterator[Answer]:
        """What the child says to `work`, while it is fed; `busy` tells afterwards whether all of it was heard."""
        self.busy, self._feed, self._feeds, self._patience = True, feed, feed is not None, work.patience
        try:
            bounds = {"memory": work.memory, "seconds": work.seconds}
            self._begin({**asked, "task": work.task, "fed": self._feeds, **bounds}, file)
            while True:
                told, parts = self._heard()
                if self._is_last(told, work):
                    return
                yield told, parts
        except (EOFError, ConnectionError):
            raise self._broke_down(work) from None
        except ValueError:
            raise BadInput("R005", f"`{work.file}` cannot be read: what reads it came to say nothing", _SMALLER, path=work.file) from None
        except TimeoutError:
            message = f"`{work.file}` was not read: the process that reads it did not answer for {work.patience:g} s"
            raise BadInput("R005", message, _SMALLER, path=work.file) from None

    def _begin(self, asked: dict[str, Any], file: int) -> None:
        first, *rest = message(asked)
        # The file goes with the first bytes.
        sent = socket.send_fds(self._line, [bytes(first)], [file] if file >= 0 else [])
        self._out = [memoryview(first)[sent:], *(memoryview(part) for part in rest)]

    def _is_last(self, told: dict[str, Any], work: Work) -> bool:
        """Whether the child has no more to say; what it refused is raised."""
        if not told.keys() & {"end", "refused", "exceeded", "mistake"}:
            return False
        # Where it stopped early, what is still on its way to it would be taken for its next work.
        self.busy = "end" not in told and self._feeds
        if "end" in told:
            self.grown = int(told["grown"])
            return True
        if "refused" in told:
            code, said, help, path, line = told["refused"]
            raise BadInput(code, said, help, path=path, line=line)
        if "exceeded" in told:
            raise BadInput("R005", f"`{work.file}` needs more than {work.memory >> 20} MB of memory to be read", _SMALLER, path=work.file)
        raise RuntimeError(told["mistake"])

    def _broke_down(self, work: Work) -> Exception:
        """What the end of the child says of the file that it was reading."""
        code = self.end()
        if code >= 0:
            return RuntimeError(f"the process that reads `{work.file}` ended with {code}")
        ended = signal.Signals(-code)
        if ended in _BY_OTHERS:
            return ReaderLost(None, f"the process that was reading it was ended by another ({ended.name})", work.file)
        if ended is signal.SIGXCPU:
            said = f"`{work.file}` needs more than {work.seconds} s of the processor for one piece of it"
        else:
            said = f"`{work.file}` cannot be read: the library that reads it broke down over it ({ended.name})"
        return BadInput("R005", said, _SMALLER, path=work.file)

    def _heard(self) -> Answer:
        text, rest = lengths(self._exactly(HEAD.size))
        return opened(self._exactly(text), self._exactly(rest))

    def _exactly(self, count: int) -> bytearray:
        """The next bytes of the child, which gets what there is for it meanwhile."""
        held = bytearray(count)
        missing = memoryview(held)
        poll = select.poll()
        while missing:
            self._out = [part for part in self._out if part] or self._fed()
            poll.register(self._line, select.POLLIN | (select.POLLOUT if self._out else 0))
            if not poll.poll(self._patience * 1000):
                raise TimeoutError
            with suppress(BlockingIOError):
                got = self._line.recv_into(missing)
                if not got:
                    raise EOFError
                missing = missing[got:]
            try:
                if self._out:
                    self._out[0] = self._out[0][self._line.send(self._out[0]) :]
            except BlockingIOError:
                pass
            except ConnectionError:
                # It has stopped listening, which is no word of why: what it said before that is still to be heard.
                self._feed, self._out = None, []
        return held

    def _fed(self) -> list[memoryview]:
        if self._feed is None:
            return []
        chunk = next(self._feed, b"")
        if not chunk:
            self._feed = None
        return [memoryview(part) for part in message({}, chunk)]

    def end(self) -> int:
        """End the child, if it has not ended; how it ended."""
        if self.lives():
            self._process.kill()
        self._line.close()
        try:
            return self._process.wait(_LAST)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _gone(self) -> bool:
        """Whether the line is closed on its side: then it is ending by itself, and how it does is worth knowing."""
        try:
            with suppress(BlockingIOError):
                return not self._line.recv(1)
        except OSError:
            return True
        return False

    def lives(self) -> bool:
        """Whether it waits for work, as far as is known."""
        return self._process.poll() is None and not self._gone()

    def forget(self) -> None:
        """Leave the child to the process that started it, of which this one is a copy."""
        self._line.close()
        self._process.returncode = 0


class _Waiting:
    """The children that wait for work, of this process and no other."""

    def __init__(self) -> None:
        self._owner, self._children, self._lock = os.getpid(), list[Child](), Lock()

    def take(self) -> Child:
        with self._lock:
            self._own()
            while self._children:
                child = self._children.pop()
                if child.lives():
                    return child
                child.end()
            return Child()

    def put(self, child: Child) -> None:
        with self._lock:
            self._own()
            if not child.busy and child.grown <= _GROWN and len(self._children) < _KEPT:
                self._children.append(child)
                return
        child.end()

    def ahead(self) -> None:
        """Have one ready, so that it starts while something else is done."""
        with self._lock:
            self._own()
            if not self._children:
                self._children.append(Child())

    def _own(self) -> None:
        if self._owner != os.getpid():
            for child in self._children:
                child.forget()
            self._owner, self._children = os.getpid(), []

    def clear(self) -> None:
        with self._lock:
            self._own()
            while self._children:
                self._children.pop().end()


_WAITING = _Waiting()
ahead, clear = _WAITING.ahead, _WAITING.clear
atexit.register(clear)


@contextmanager
def lent() -> Iterator[Child]:
    """A child for one piece of work."""
    child = _WAITING.take()
    try:
        yield child
    finally:
        _WAITING.put(child)


def answer(work: Work, asked: dict[str, Any], feed: Iterator[bytes] | None = None, file: int = -1) -> Answer:
    """The one answer that a piece of work has."""
    with lent() as child:
        (found,) = child.answers(work, asked, feed, file)
        return found
