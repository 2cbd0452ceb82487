"""Files over FTP and FTPS, on the standard library's client: nothing is remembered, and every transfer is compared with the size.

Each thread has a login of its own. A listing that is not understood is an error, and so is a file that comes shorter or
longer than the host said: a closed data connection looks just like the end of a file.
"""

from __future__ import annotations

import ftplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from datahub.connectors.declare import Entry, Missing, Taken, TerminalError, TransientError
from datahub.connectors.file_names import room_for_one_more
from datahub.connectors.ftp_listing import entries, instant, of_facts
from datahub.connectors.ftp_session import FtpSession, refused
from datahub.connectors.kinds.ftp import Ftp
from datahub.connectors.pace import Pace

_T = TypeVar("_T")
_IDLE = 10
"""After so many seconds of silence a connection is tried before it is used."""
_WINDOW = 1 << 18


class FtpFiles:
    """The files of one host."""

    def __init__(self, connection: Ftp, project: Path) -> None:
        self._connection, self._project = connection, project
        self._deadline = connection.deadline.total_seconds()
        self._own = threading.local()
        self._sessions: list[FtpSession] = []

    # ------------------------------------------------------------ what a file system does

    def list(self, folder: str) -> Iterator[Entry]:
        found = self._again(lambda session: list(self._listed(session, folder)), folder)
        yield from sorted(found, key=lambda one: one.path)

    def _listed(self, session: FtpSession, folder: str) -> Iterator[Entry]:
        ftp = session.ftp
        # Going there first tells a folder that is not there from an empty one, and spares the host odd names in options.
        ftp.cwd(self._path(session, folder))
        lines: list[str] = []

        def take(line: str) -> None:
            room_for_one_more(len(lines), folder)
            lines.append(line)

        try:
            if session.features & {"MLSD", "MLST"}:
                session.lines("MLSD", take, folder)
                yield from (entry for line in lines if (entry := of_facts(line, folder)) is not None)
                return
            try:
                session.lines("LIST -a", take, folder)
            except ftplib.error_perm:
                lines.clear()
                session.lines("LIST", take, folder)
        except ftplib.error_temp as answer:
            # Some hosts say so of an empty folder.
            if not str(answer).startswith("450"):
                raise
        finally:
            if not session.lost:
                ftp.voidcmd("TYPE I")
        yield from entries(lines, folder)

    def look(self, path: str) -> Entry:
        return self._again(lambda session: self._looked(session, path), path)

    def _looked(self, session: FtpSession, path: str) -> Entry:
        place = self._path(session, path)
        if session.features & {"MLST", "MLSD"}:
            try:
                # The facts stand in the second line, behind a space.
                second = session.ftp.sendcmd(f"MLST {place}").splitlines()[1:2]
                facts = second[0].lstrip(" ").partition(" ")[0] if second else ""
                entry = of_facts(f"{facts} x", "") if facts else None
                if entry is not None:
                    session.tells = "MLST"
                    return Entry(path, entry.kind, entry.size, entry.modified, entry.identity)
            except ftplib.error_perm as answer:
                if str(answer)[:3] in ("500", "502", "504"):
                    # Its listing has facts that no other command tells.
                    return self._looked_up(session, path)
        try:
            # Of a folder, no host that is known tells both a size and a time.
            size, told = session.ftp.size(place), session.ftp.sendcmd(f"MDTM {place}")
            if size is None:
                return self._looked_up(session, path)
            session.tells = session.tells or "SIZE"
            return Entry(path, "file", size, instant(told[4:]))
        except ftplib.error_perm:
            return self._looked_up(session, path)

    def _looked_up(self, session: FtpSession, path: str) -> Entry:
        """What the listing of its folder says of a path."""
        folder, _, name = path.rpartition("/")
        listed = next((one for one in self._listed(session, folder) if one.name == name), None)
        if listed is None:
            raise Missing(f"there is no `{path}` on {session.name}")
        if listed.kind != "file":
            return Entry(path, listed.kind, listed.size)
        # All that a listing tells: what was listed is held against it.
        return Entry(path, "file", self._size(session, self._path(session, path), listed.size), listed.modified, listed.identity)

    def _size(self, session: FtpSession, place: str, else_: int | None) -> int | None:
        try:
            found = session.ftp.size(place)
        except ftplib.error_perm:
            return else_
        return else_ if found is None else found

    @contextmanager
    def read(self, path: str, start: int = 0, size: int | None = None) -> Iterator[_Download]:
        # The size is asked for just before, never taken from what was known, unless whoever knows it looks again behind it.
        size = self.look(path).size if size is None else size

        def begin(session: FtpSession) -> tuple[FtpSession, socket.socket]:
            return session, session.ftp.transfercmd(f"RETR {self._path(session, path)}", start or None)

        session, data = self._again(begin, path)
        download = _Download(session, data, path, None if size is None else size - start, Pace(f"{session.name}: `{path}`", self._deadline))
        try:
            yield download
        finally:
            if not download.done:
                # There is no telling what the host still sends; a new login is simpler.
                session.lost = True
                data.close()

    @contextmanager
    def write(self, path: str) -> Iterator[_Upload]:
        def begin(session: FtpSession) -> tuple[FtpSession, socket.socket]:
            return session, session.ftp.transfercmd(f"STOR {self._path(session, path)}")

        session, data = self._again(begin, path)
        upload = _Upload(session, data, path)
        try:
            yield upload
            upload.finish()
        except BaseException:
            session.lost = True
            data.close()
            raise

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        # Hosts on Unix replace what is there, so it is looked for.
        if not replace and self._again(lambda session: self._taken(session, new), new):
            raise Taken(f"`{new}` exists on {self._connection.host}")
        try:
            self._once(lambda session: session.ftp.rename(self._path(session, old), self._path(session, new)), old)
        except TransientError:
            raise
        except Exception:
            # Which of the two names the refusal is about, hosts do not say.
            self.look(old)
            with suppress(Missing):
                self.look(new)
                raise Taken(f"`{new}` exists, and {self._connection.host} does not replace it") from None
            self._folder_of(new)
            raise

    def _taken(self, session: FtpSession, path: str) -> bool:
        """Whether a file at a path would be written over; a folder there refuses it itself.

        A command that has told of a file in this login says of another that it is not there: a listing for each of a thousand
        files that are moved would be read a thousand times.
        """
        if session.tells:
            try:
                session.ftp.sendcmd(f"{session.tells} {self._path(session, path)}")
                return True
            except ftplib.error_perm as answer:
                if not refused(str(answer)):
                    return False
        with suppress(Missing):
            self._looked(session, path)
            return True
        return False

    def _folder_of(self, path: str) -> None:
        """`Missing` where the folder of `path` is not there."""
        folder = path.rpartition("/")[0]
        if folder:
            self._again(lambda session: session.ftp.cwd(self._path(session, folder)), folder)

    def remove(self, path: str) -> None:
        self._once(lambda session: session.ftp.delete(self._path(session, path)), path)

    def make_folder(self, path: str) -> None:
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            one = "/".join(parts[:depth])
            one = f"/{one}" if path.startswith("/") else one
            self._again(lambda session, one=one: self._make(session, one), one)  # type: ignore[misc]

    def _make(self, session: FtpSession, folder: str) -> None:
        try:
            session.ftp.cwd(self._path(session, folder))
        except ftplib.error_perm:
            session.ftp.mkd(self._path(session, folder))

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self._sessions.clear()
        self._own = threading.local()

    # ------------------------------------------------------------ logins

    def _again(self, work: Callable[[FtpSession], _T], path: str) -> _T:
        """A request that may be made twice: hosts close what is idle, and say so only when it is used."""
        fresh = getattr(self._own, "session", None) is None
        try:
            return self._once(work, path)
        except TransientError:
            session = getattr(self._own, "session", None)
            if fresh or session is None or not session.lost:
                raise
            return self._once(work, path)

    def _once(self, work: Callable[[FtpSession], _T], path: str) -> _T:
        session = self._session()
        with session.told(path):
            done = work(session)
        self._own.used = time.monotonic()
        return done

    def _session(self) -> FtpSession:
        """The login of this thread, made again where it was lost."""
        session: FtpSession | None = getattr(self._own, "session", None)
        if session is not None and not session.lost and time.monotonic() - self._own.used > _IDLE:
            with suppress(TransientError), session.told(""):
                session.ftp.voidcmd("NOOP")
        if session is not None and session.lost:
            session.close()
            self._sessions.remove(session)
            # The next login may be refused: what was lost is not lost twice.
            session = self._own.session = None
        if session is None:
            session = FtpSession(self._connection, self._project)
            self._sessions.append(session)
            self._own.session = session
            self._own.used = time.monotonic()
        return session

    def _path(self, session: FtpSession, path: str) -> str:
        """From the top, whatever folder the login is in by now."""
        if "\0" in path:
            raise TerminalError(f"{path!r} is no path")
        parts = [part.strip("/") for part in (self._connection.root, path)]
        if self._connection.root.startswith("/") or (path.startswith("/") and not self._connection.root):
            return "/" + "/".join(part for part in parts if part)
        return "/".join([session.home.rstrip("/"), *(part for part in parts if part)]) or "/"


class _Download:
    """The bytes of a file; `done` once all came and the host said so."""

    def __init__(self, session: FtpSession, data: socket.socket, path: str, size: int | None, pace: Pace) -> None:
        self._session, self._data, self._path, self._size, self._pace = session, data, path, size, pace
        self._got = 0
        self.done = False

    def read(self, size: int, /) -> bytes:
        if self.done:
            return b""
        with self._session.told(self._path):
            part = self._filled(min(size, _WINDOW))
            if part:
                return part
            self._data.close()
            # The host says itself whether all was sent, but not every host knows.
            self._session.ftp.voidresp()
        if self._size is not None and self._got != self._size:
            self._session.lost = True
            raise TransientError(f"{self._session.name}: `{self._path}` came with {self._got} bytes, and has {self._size}")
        self.done = True
        return b""

    def _filled(self, size: int) -> bytes:
        """So many bytes, fewer at the end: TLS gives sixteen thousand at once, which cost more to hand on than to read."""
        buffer = bytearray(size)
        view, filled = memoryview(buffer), 0
        while filled < size and (count := self._data.recv_into(view[filled:])):
            filled += count
            self._pace.moved(count)
        self._got += filled
        return bytes(view[:filled])


class _Upload:
    """A file that is being sent."""

    def __init__(self, session: FtpSession, data: socket.socket, path: str) -> None:
        self._session, self._data, self._path = session, data, path

    def write(self, data: bytes, /) -> None:
        with self._session.told(self._path):
            self._data.sendall(data)

    def finish(self) -> None:
        with self._session.told(self._path):
            if hasattr(self._data, "unwrap"):
                # The end of the file is said within TLS, so that it can be told from a cut.
                with suppress(OSError):
                    self._data.unwrap()
            self._data.close()
            self._session.ftp.voidresp()
