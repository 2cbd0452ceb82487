"""FTP servers: pyftpdlib with and without TLS, vsftpd, and one that lies as it is told to."""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.servers.ports import free_port
from tests.servers.programs import program, running

USER, PASSWORD = "dhm", "correct horse"


@dataclass(frozen=True)
class FtpServer:
    port: int
    folder: Path
    ca_file: str = ""
    tls: str = "none"
    user: str = USER
    data: range = range(0)
    """The ports of its data connections, where they are known."""


_DATA = 30
"""How many ports a server has for its data connections."""


def certificates(folder: Path, *names: str) -> tuple[Path, Path]:
    """The certificate of an authority, and one that it made out to `names`, with its key."""
    authority = trustme.CA()
    made = authority.issue_cert(*(names or ("127.0.0.1", "127.0.0.2", "localhost")))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    made.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder / "ca.pem", folder / "server.pem"


@contextmanager
def pyftpd(folder: Path, tls: str = "none", listing: str = "mlsd", idle: int = 300) -> Iterator[FtpServer]:
    """pyftpdlib in a process of its own: `tls` as the connection says it, `listing` mlsd, unix or windows."""
    served = folder / "served"
    served.mkdir()
    ca, pem = certificates(folder)
    port = free_port()
    low = 20_000 + port % 12_000
    command = [sys.executable, "-m", "tests.servers.pyftpd", str(port), str(served), tls, str(pem), listing, str(idle), str(low)]
    with running(command, port, folder / "ftp.log"):
        yield FtpServer(port, served, str(ca) if tls != "none" else "", tls, data=range(low, low + _DATA))


@contextmanager
def vsftpd(folder: Path) -> Iterator[FtpServer]:
    """vsftpd with TLS, which asks for the session of the login on every transfer, and has no MLSD."""
    found = program("vsftpd")
    # Not below pytest's own folder, which is for one account alone, and which every new run of pytest closes again.
    with tempfile.TemporaryDirectory(prefix="dhm-vsftpd-") as home:
        yield from _vsftpd(found, folder, Path(home))


def _vsftpd(found: str, folder: Path, home: Path) -> Iterator[FtpServer]:
    home.chmod(0o755)
    served = home / "served"
    served.mkdir()
    ca, pem = certificates(folder)
    port, low = free_port(), 42_000 + os.getpid() % 10_000
    if os.getuid() != 0:
        pytest.skip("vsftpd changes to another account, which only root can do")
    # The account that the package brings, as vsftpd serves nothing as root.
    shutil.chown(served, "ftp")
    config = folder / "vsftpd.conf"
    config.write_text(
        f"""
listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
no_anon_password=NO
anon_root={home}
ftp_username=ftp
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
write_enable=YES
local_enable=NO
allow_anon_ssl=YES
ssl_enable=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_tlsv1=YES
rsa_cert_file={pem}
rsa_private_key_file={pem}
seccomp_sandbox=NO
pasv_min_port={low}
pasv_max_port={low + _DATA - 1}
xferlog_enable=NO
"""
    )
    with running([found, str(config)], port, folder / "vsftpd.log"):
        yield FtpServer(port, served, str(ca), "explicit", "anonymous", range(low, low + _DATA))


# ------------------------------------------------------------------------------------------------ one that lies


@dataclass
class Lies:
    """What a server of ours says that is not so."""

    content: bytes = b""
    sent: int | None = None
    """How many bytes of the content are sent before the data connection is closed; all where it is None."""
    every: float = 0
    """How many seconds lie between two bytes of a file, or two pieces of `pieces`."""
    end: str = "226 Transfer complete"
    """What is said of the transfer behind it."""
    listing: str = ""
    """What LIST answers."""
    facts: str = ""
    """What MLSD answers; without it there is none."""
    pieces: Sequence[str] = ()
    """What LIST and MLSD say behind that, piece by piece."""
    passive_host: str = "127,0,0,1"
    """The address that PASV names."""
    answers: dict[str, str] = field(default_factory=dict)
    """What is answered to a command, in place of the usual."""
    seen: list[str] = field(default_factory=list)


@contextmanager
def lying(lies: Lies) -> Iterator[FtpServer]:
    """A server in sixty lines, for what no real one can be made to do."""

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            with socket.create_server(("127.0.0.1", 0)) as listener, suppress(OSError):
                self.answer(listener)

        def answer(self, listener: socket.socket) -> None:
            self.say("220 hello")
            for raw in self.rfile:
                line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
                word = line.split(" ")[0].upper()
                lies.seen.append(line)
                if word in lies.answers:
                    self.say(lies.answers[word])
                    continue
                match word:
                    case "USER":
                        self.say("331 password")
                    case "PASS":
                        self.say("230 in")
                    case "PWD":
                        self.say('257 "/"')
                    case "SIZE":
                        self.say(f"213 {len(lies.content)}")
                    case "MDTM":
                        self.say("213 20260501120000")
                    case "PASV" | "EPSV":
                        port = listener.getsockname()[1]
                        self.say(f"227 passive ({lies.passive_host},{port >> 8},{port & 255})")
                    case "RETR" | "LIST" | "MLSD":
                        self.say("150 here it comes")
                        data, _ = listener.accept()
                        with data:
                            told = {"LIST": lies.listing, "MLSD": lies.facts}
                            content = lies.content[: lies.sent] if word == "RETR" else told[word].encode("utf-8", "surrogateescape")
                            for byte in content if lies.every and word == "RETR" else ():
                                data.sendall(bytes([byte]))
                                time.sleep(lies.every)
                            data.sendall(content)
                            for piece in lies.pieces if word != "RETR" else ():
                                data.sendall(piece.encode())
                                time.sleep(lies.every)
                        self.say(lies.end if word == "RETR" else "226 done")
                    case "FEAT" if lies.facts:
                        self.say("211-features\r\n MLST type*;size*;modify*;\r\n UTF8\r\n211 end")
                    case "FEAT":
                        self.say("502 no")
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("200 fine")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield FtpServer(server.server_address[1], Path())
        server.shutdown()
