"""One control connection of FTP: logged in, under TLS that was verified, its answers told as what they mean."""

from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from datahub.connectors.declare import DataHubError, Missing, NoRoom, TerminalError, TransientError
from datahub.connectors.file_names import shown
from datahub.connectors.ftp_patience import Patient, paced_lines
from datahub.connectors.kept_bytes import keeping
from datahub.connectors.kinds.ftp import Ftp
from datahub.connectors.pace import Pace
from datahub.project.in_words import ANOTHER, NO_TLS, TLS_ENDED, Words, in_words, said
from datahub.project.redaction import redacted

_FULL = "a full disk or a quota is the usual cause: ask whoever runs the host"
_RIGHTS = "the account may lack the right to it, or what is there may be in the way: ask whoever runs the host"
_ABSENT = re.compile(r"no such|not found|cannot find|does ?n[o']t exist|not a (directory|regular file)|no files", re.IGNORECASE)
_REFUSED = re.compile(r"denied|permission|not allowed|read-?only|forbidden|privilege", re.IGNORECASE)


def refused(answer: str) -> bool:
    """Whether an answer is about what we may do, and says nothing of what is there."""
    return _REFUSED.search(answer) is not None


class _Tls(Patient, ftplib.FTP_TLS):
    """FTP under TLS: from its first byte where it is implicit, and files in the session of the login where servers ask for it."""

    implicit = False
    reuse = True

    def connect(self, host: str = "", port: int = 0, timeout: float = -999, source_address: Any = None) -> str:
        if not self.implicit:
            return super().connect(host, port, timeout)
        self.host, self.port, self.timeout = host, port, timeout
        self.sock = self._wrapped(socket.create_connection((host, port), timeout), None)
        self.af = self.sock.family
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        # As the base does it, but in the session of the login.
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if self.reuse and isinstance(self.sock, ssl.SSLSocket) else None
        return self._wrapped(plain, session), size

    def _wrapped(self, plain: socket.socket, session: ssl.SSLSession | None) -> ssl.SSLSocket:
        try:
            return self.context.wrap_socket(plain, server_hostname=self.host, session=session)
        except BaseException:
            plain.close()
            raise


class FtpSession:
    """One login. What fails in a way that leaves the connection useless sets `lost`."""

    def __init__(self, connection: Ftp, project: Path) -> None:
        self._connection = connection
        self.lost = False
        self.tells = ""
        """The command that has told of one file alone in this login."""
        self.name = f"{connection.host}:{connection.at_port}"
        with self.told(""):
            self.ftp = self._login(project)
            self.features = self._features()
            self.home = self.ftp.pwd()

    def _login(self, project: Path) -> ftplib.FTP:
        wanted = self._connection
        limit = wanted.connect_timeout.total_seconds()
        ftp: ftplib.FTP
        if wanted.tls == "none":
            ftp = Patient(encoding=keeping(wanted.encoding))
        else:
            ftp = _Tls(context=_context(wanted, project), encoding=keeping(wanted.encoding))
            ftp.implicit, ftp.reuse = wanted.tls == "implicit", wanted.reuse_session
        ftp.set_pasv(wanted.passive)
        try:
            ftp.connect(wanted.host, wanted.at_port, limit)
            if isinstance(ftp, _Tls) and not ftp.implicit:
                ftp.auth()
            if ftp.sock is not None:
                ftp.sock.settimeout(wanted.deadline.total_seconds())
            ftp.timeout = wanted.deadline.total_seconds()
            # The base would ask for TLS a second time, and send a password where it got none.
            ftplib.FTP.login(ftp, wanted.user, wanted.password.reveal() if wanted.password else "")
            if isinstance(ftp, _Tls):
                ftp.prot_p()
            ftp.voidcmd("TYPE I")
        except BaseException:
            ftp.close()
            raise
        return ftp

    def _features(self) -> frozenset[str]:
        try:
            answer = self.ftp.sendcmd("FEAT")
        except ftplib.error_perm:
            return frozenset()
        known = frozenset(line.split()[0].upper() for line in answer.splitlines()[1:-1] if line.split())
        if "UTF8" in known:
            self.ftp.encoding = keeping("utf-8")
            with suppress(ftplib.error_perm, ftplib.error_reply):
                self.ftp.sendcmd("OPTS UTF8 ON")
            if self.ftp.sock is not None:
                self.ftp.file = self.ftp.sock.makefile("r", encoding=self.ftp.encoding)
        return known

    def lines(self, command: str, take: Callable[[str], None], folder: str) -> None:
        """Hand on each line of a listing, which comes no slower than a file may."""
        ftp = self.ftp
        ftp.sendcmd("TYPE A")
        with ftp.transfercmd(command) as data:
            # Whoever is left in the middle of a listing cannot go on with this login.
            self.lost = True
            pace = Pace(f"{self.name}: `{folder or '.'}`", self._connection.deadline.total_seconds())
            for line in paced_lines(data, ftp.encoding, ftp.maxline, pace):
                take(line)
            if isinstance(data, ssl.SSLSocket):
                data.unwrap()
            self.lost = False
        ftp.voidresp()

    @contextmanager
    def told(self, path: str) -> Iterator[None]:
        """What goes wrong inside is told as a failure of the world."""
        try:
            yield
        except DataHubError:
            raise
        except ftplib.Error as problem:
            raise self._answer(problem, path) from None
        except ssl.SSLCertVerificationError as problem:
            self.lost = True
            raise TerminalError(
                f"the certificate of {self.name} is not to be trusted: {problem.verify_message}",
                "if an authority of your own made it out, name that in `ca_file`",
            ) from None
        except (OSError, EOFError) as problem:
            self.lost = True
            known = in_words(problem)
            if known is NO_TLS and not path:
                advice = 'where it is asked for TLS once connected: `tls = "explicit"`, mostly on port 21'
                raise TerminalError(f"{self.name} does not begin with TLS", advice) from None
            reason = "no answer in time" if isinstance(problem, TimeoutError) else said(problem)
            reason = "the connection was closed" if isinstance(problem, EOFError) else reason
            place = f"{self.name}{f': `{path}`' if path else ''}"
            raise TransientError(f"{place}: {reason}", self._advice(problem, known, path)) from None
        except ValueError as problem:
            # ftplib lets no line end through, which a file name may have.
            raise TerminalError(f"{path!r} is no path: {problem}") from None

    def _advice(self, problem: OSError | EOFError, known: Words, path: str) -> str:
        """What may be wrong where nobody answers the first word, or TLS is not gone on with."""
        wanted = self._connection
        if isinstance(problem, TimeoutError) and not path and wanted.tls == "explicit":
            return 'a host where TLS begins with the first byte says nothing before: `tls = "implicit"`, mostly on port 990'
        if isinstance(problem, EOFError) and not path:
            return ANOTHER
        if known is TLS_ENDED and not wanted.reuse_session:
            return "many hosts want files in the TLS session of the login: leave `reuse_session` out"
        return known.help

    def _answer(self, problem: ftplib.Error, path: str) -> DataHubError:
        """An answer by its code, and by its words where the code says everything."""
        text = str(problem).replace("\n", " ")
        code = text[:3]
        if isinstance(problem, ftplib.error_proto | ftplib.error_reply):
            self.lost = True
            return TransientError(f"{self.name} answers what is no FTP: `{shown(redacted.cut(text, 100))}`", ANOTHER)
        match code:
            case "421":
                self.lost = True
                return TransientError(f"{self.name} closes the connection: {text}")
            case "530" | "430" | "331" | "332":
                return TerminalError(
                    f"{self.name} refuses the login of `{self._connection.user}`: {text}", "the user or the password is wrong"
                )
            case "534" | "522" | "431":
                return TerminalError(f"{self.name} does not do TLS as asked: {text}", "look at `tls` and `reuse_session`")
            case "500" | "502" | "504" if not path:
                return TerminalError(
                    f"{self.name} does not do what is asked: {text}", 'where it has no TLS: `tls = "none"`, `insecure = true`'
                )
            case "550" if _ABSENT.search(text):
                return Missing(f"there is no `{path}` on {self.name}")
            case "550" | "553" | "532" | "550" if _REFUSED.search(text):
                return TerminalError(f"{self.name} does not allow it: `{path}`: {text}", _RIGHTS)
            case "426" | "451" | "452" | "552":
                return NoRoom(f"{self.name}: `{path}`: {text}", "" if code == "426" else _FULL)
            case "550" | "553":
                return TerminalError(f"{self.name}: `{path}`: {text}", _RIGHTS)
            case _ if code.startswith("4"):
                return TransientError(f"{self.name}: `{path}`: {text}")
            case _:
                return TerminalError(f"{self.name}: `{path}`: {text}")

    def close(self) -> None:
        """End without waiting for an answer."""
        with suppress(OSError, EOFError, ftplib.Error):
            if not self.lost and self.ftp.sock is not None:
                self.ftp.sock.settimeout(2)
                self.ftp.quit()
        with suppress(OSError):
            self.ftp.close()


def _context(connection: Ftp, project: Path) -> ssl.SSLContext:
    """TLS that checks who is there: from 1.2 on, by the system's authorities or those that are named."""
    authorities = project / Path(connection.ca_file).expanduser() if connection.ca_file else None
    try:
        context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    except (OSError, ssl.SSLError) as problem:
        raise TerminalError(f"`{connection.ca_file}` cannot be read as certificates: {problem}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
