"""How long an FTP host may take over an answer or a listing, and how much it may say: ftplib waits for each line alone, and keeps all."""

from __future__ import annotations

import ftplib
import io
import socket
import time
from collections.abc import Iterator
from typing import Any

from datahub.connectors.anew import Anew
from datahub.connectors.pace import Pace
from datahub.project.redaction import redacted

_MOST = 1 << 20
"""How many characters an answer may have; those of hosts have hundreds."""


class Patient(ftplib.FTP):
    """FTP whose answers come whole within one deadline, that of the socket."""

    _due: float | None = None
    _lines: Any = None

    @property
    def file(self) -> Any:
        """The answers, line by line; the base sets it to what it makes of its socket, once that changes."""
        return self._lines

    @file.setter
    def file(self, made: Any) -> None:
        if made is None or self.sock is None:
            self._lines = made
            return
        self._lines = io.TextIOWrapper(io.BufferedReader(_Answers(self, self.sock, made)), encoding=made.encoding)

    def getmultiline(self) -> str:
        limit = self.sock.gettimeout() if self.sock is not None else None
        self._due = None if limit is None else time.monotonic() + limit
        lines = [self.getline()]
        if not lines[0][:3].isdigit():
            # What is no answer may look like the first line of several, as a greeting of SSH does.
            raise ftplib.error_proto(lines[0])
        size, code = len(lines[0]), lines[0][:3]
        if lines[0][3:4] == "-":
            while not (lines[-1][:3] == code and lines[-1][3:4] != "-" and len(lines) > 1):
                lines.append(self.getline())
                size += len(lines[-1])
                if size > _MOST:
                    raise ftplib.error_proto(f"{redacted.cut(lines[0], 60)} … ({size:,} characters without an end)")
        return "\n".join(lines)

    def size(self, filename: str) -> int | None:
        """The size of a file; None where the host answers with no number."""
        answer = self.sendcmd(f"SIZE {filename}")
        told = answer[3:].strip()
        return int(told) if answer[:3] == "213" and told.isascii() and told.isdecimal() else None

    def sendcmd(self, cmd: str) -> str:
        if not cmd.startswith("REST "):
            return super().sendcmd(cmd)
        try:
            answer = super().sendcmd(cmd)
        except ftplib.error_perm as problem:
            answer = str(problem)
        if answer[:3] != "350":
            # Any other answer promises nothing of where the host goes on.
            raise Anew(f"the host does not go on from the middle of a file: {redacted.cut(answer, 100)}")
        return answer

    def left(self) -> float | None:
        """How many seconds what is waited for may still take; `TimeoutError` where it is none."""
        if self._due is None:
            return None
        left = self._due - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Answers(io.RawIOBase):
    """The bytes of answers; `made` is what the base made of the socket, which holds on to it."""

    def __init__(self, ftp: Patient, sock: socket.socket, made: Any) -> None:
        self._ftp, self._sock, self._made = ftp, sock, made

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        before = self._sock.gettimeout()
        self._sock.settimeout(self._ftp.left())
        try:
            return self._sock.recv_into(into)
        finally:
            self._sock.settimeout(before)

    def close(self) -> None:
        self._made.close()
        super().close()


class _Paced(io.RawIOBase):
    """The bytes of a data connection, counted as they come: a line that never ends is none that could be counted."""

    def __init__(self, data: socket.socket, pace: Pace) -> None:
        self._data, self._pace = data, pace

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        count = self._data.recv_into(into)
        if count:
            self._pace.moved(count)
        return count


def paced_lines(data: socket.socket, encoding: str, longest: int, pace: Pace) -> Iterator[str]:
    """The lines of a data connection without their ends, as `retrlines` of the base reads them."""
    with io.TextIOWrapper(io.BufferedReader(_Paced(data, pace)), encoding=encoding) as lines:
        while line := lines.readline(longest + 1):
            if len(line) > longest:
                raise ftplib.Error(f"got more than {longest} bytes")
            yield line.removesuffix("\n")
