"""proftpd, unpacked beside vsftpd: FTP under explicit TLS with MLSD, for clients that connect and for those that are connected to, and SFTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.servers.ftp import USER, FtpServer, certificates
from tests.servers.ports import free_port
from tests.servers.programs import UNPACKED, program, running
from tests.servers.ssh import SshServer

# The hash of `correct horse`, as `openssl passwd -6` makes it.
_HASH = "$6$IjIHHHgsxPlc3So9$LAdOt9di66C7x72QPdxCmH6BPofeF373YZ.o3Vwf8dWDlO2AnTCrd1RViKSQcbvFZEuxZkSmOohflVjnNCuym/"


@contextmanager
def proftpd(folder: Path) -> Iterator[FtpServer]:
    """proftpd under TLS, which asks for the session of the login on every transfer."""
    ca, pem = certificates(folder)
    pem.chmod(0o600)
    lines = [
        "LoadModule mod_tls.c",
        "TLSEngine on",
        "TLSRequired on",
        f"TLSRSACertificateFile {pem}",
        f"TLSRSACertificateKeyFile {pem}",
        "TLSOptions NoEmptyFragments",
    ]
    with _running(folder, lines) as (port, served):
        yield FtpServer(port, served, str(ca), "explicit", USER)


@contextmanager
def proftpd_sftp(folder: Path) -> Iterator[SshServer]:
    """proftpd's own SFTP, for a login by password."""
    host = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    (folder / "host_key").touch(0o600)
    host.write_private_key(str(folder / "host_key"), "pkcs1-pem")
    lines = ["LoadModule mod_sftp.c", "SFTPEngine on", f"SFTPHostKey {folder / 'host_key'}", "SFTPAuthMethods password"]
    with _running(folder, lines) as (port, served):
        yield SshServer(port, served, USER, "", host.export_public_key().decode().strip(), host.get_fingerprint())


@contextmanager
def _running(folder: Path, lines: list[str]) -> Iterator[tuple[int, Path]]:
    found = program("proftpd")
    if os.getuid() != 0:
        pytest.skip("proftpd logs others in, which only root can do")
    served = folder / "served"
    served.mkdir()
    port = free_port()
    passwords = folder / "passwd"
    passwords.write_text(f"{USER}:{_HASH}:0:0::{served}:/bin/false\n")
    passwords.chmod(0o600)
    modules = next(place for place in (UNPACKED / "usr/lib/proftpd", Path("/usr/lib/proftpd")) if place.is_dir())
    config = folder / "proftpd.conf"
    config.write_text(
        "\n".join(
            [
                f"ModulePath {modules}",
                "ServerType standalone",
                "ServerName tests",
                "DefaultAddress 127.0.0.1",
                f"Port {port}",
                "UseIPv6 off",
                "User root",
                "Group root",
                f"PidFile {folder / 'pid'}",
                f"ScoreboardFile {folder / 'scoreboard'}",
                "DelayEngine off",
                f"AuthUserFile {passwords}",
                "AuthOrder mod_auth_file.c",
                "RequireValidShell off",
                "RootLogin on",
                f"DefaultRoot {served}",
                "AllowOverwrite on",
                "AllowStoreRestart on",
                "AllowRetrieveRestart on",
                "MaxInstances none",
                "UseReverseDNS off",
                "WtmpLog off",
                "TransferLog none",
                "TimesGMT on",
                "ListOptions -a",
                *lines,
                "",
            ]
        )
    )
    # Its libraries are unpacked beside it.
    library = ":".join(str(one) for one in sorted((UNPACKED / "usr/lib").glob("*-linux-gnu")))
    env = {"LD_LIBRARY_PATH": library} if library else {}
    with running([found, "-n", "-c", str(config)], port, folder / "proftpd.log", env):
        yield port, served
