"""The child: it takes one task after another from its parent, within bounds of memory and time, and can reach nothing else.

It has no environment, no terminal and no files but the one that comes with a task, and the kernel keeps it from the network, from other
programs and from changes to files; it imports neither Arrow nor the rest of the
house, so that it is there at once. Each time it hears of its parent it may use the processor for some seconds more.
"""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from datahub.formats.apart.channel import END, HEAD, lengths, message, opened
from datahub.formats.apart.confined import confine
from datahub.formats.bad_input import BadInput

MOST_OPEN = 16
"""So many files may be open: what its libraries need, and not many more."""
_TOO_MUCH = "memory"


class Talk:
    """What a task says to the parent and hears from it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._seconds = 60
        self.unheard = False
        """Whether more is on its way of what is read."""

    def bounded(self, memory: int, seconds: int) -> None:
        """From now on the process may have `memory` bytes of addresses, and so many seconds of the processor for each message."""
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
        self._seconds = seconds
        self._renewed()

    def _renewed(self) -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + self._seconds + 1, resource.RLIM_INFINITY))

    def request(self) -> tuple[dict[str, Any], int]:
        """The next task, and the file that comes with it (-1 where none does)."""
        first, files, _, _ = socket.recv_fds(self._line, HEAD.size, 1)
        if not first:
            raise EOFError
        told, _ = self._rest(first + self._exactly(HEAD.size - len(first)))
        self.unheard = told.pop("fed")
        return told, files[0] if files else -1

    def read(self) -> memoryview:
        """The next bytes of what is read; empty at its end."""
        _, (part,) = self._rest(self._exactly(HEAD.size))
        self.unheard = bool(part)
        return part

    def hear_out(self) -> None:
        """Pass over what is left of what is read: it would be taken for the next task."""
        while self.unheard:
            self.read()

    def send(self, told: dict[str, Any], *parts: bytes | memoryview) -> None:
        self._renewed()
        for part in message(told, *parts):
            self._line.sendall(part)

    def _rest(self, head: bytes | bytearray) -> tuple[dict[str, Any], list[memoryview]]:
        self._renewed()
        text, rest = lengths(head)
        return opened(self._exactly(text), self._exactly(rest))

    def _exactly(self, count: int) -> bytearray:
        held = bytearray(count)
        view = memoryview(held)
        while view:
            got = self._line.recv_into(view)
            if not got:
                raise EOFError
            view = view[got:]
        return held


Task: TypeAlias = Callable[[Talk, dict[str, Any], int], None]
"""Reads what it was given (a request and a file, or what the talk brings) and says what it found."""


def main() -> None:
    """Do what the parent asks for, until it is gone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_OPEN, MOST_OPEN))
    talk = Talk(socket.socket(fileno=0))
    confine()
    try:
        while True:
            request, file = talk.request()
            _answer(talk, request, file)
            if talk.unheard:
                # What is still on its way belongs to what was refused, and is no request.
                return
    except (EOFError, ConnectionError):
        return


def _answer(talk: Talk, request: dict[str, Any], file: int) -> None:
    module, _, name = request.pop("task").partition(":")
    try:
        talk.bounded(request.pop("memory"), request.pop("seconds"))
        task: Task = getattr(import_module(module), name)
        task(talk, request, file)
        talk.hear_out()
    except BadInput as problem:
        talk.send({"refused": [problem.code, problem.message, problem.help, problem.path, problem.line]})
    except MemoryError:
        talk.send({"exceeded": _TOO_MUCH})
    except (EOFError, ConnectionError):
        raise
    except Exception as problem:  # noqa: BLE001 - the parent reports what is a mistake of ours
        import traceback

        talk.send({"mistake": "".join(traceback.format_exception(problem))[-8000:]})
    else:
        talk.send({**END, "grown": _held()})
    finally:
        if file >= 0:
            os.close(file)


def _held() -> int:
    """How many bytes of memory the process has; what it had at most would count what its parent had when it was started."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as told:  # noqa: PTH123 - paths take a while to load
            return int(told.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
