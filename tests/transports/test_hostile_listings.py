"""Hosts that list names which are none, or do harm, or never end (T1): nothing but bytes under a digest of ours comes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import chain

import pytest

from datahub.connectors import file_names
from datahub.connectors.declare import FileSystem, TerminalError
from datahub.connectors.files_in import FilesIn
from datahub.connectors.ftp_files import FtpFiles
from datahub.connectors.kinds.ftp import Ftp
from datahub.connectors.kinds.sftp import Sftp
from datahub.connectors.sftp_files import SftpFiles
from datahub.project.binding import FilesFrom, Ready
from datahub.project.secrets import Secret, Vault
from tests.servers.ftp import PASSWORD, Lies, lying
from tests.servers.ssh import plain_sftp

NO_NAMES = [b"../out.csv", b"../../etc/passwd", b"/etc/passwd", b"in/../../x.csv", b"a/b.csv", b"x\0.csv", b"./x.csv", b"//x.csv"]
HOSTILE = [
    *(b"..\\..\\out.csv", b"C:\\out.csv", b"\\\\host\\share.csv", b"CON.csv", b"aux.csv", b"x.csv::$DATA", b"x.csv.", b"...csv", b"..csv"),
    *(b"-rf.csv", b"$(touch pwned).csv", b"`id`.csv", b"a;rm -rf ~.csv", b"~root.csv", b"%2e%2e%2fout.csv", b"a%00b.csv", b"[a-z]*?.csv"),
    *(b"a\x1b[31mred.csv", b"a\x07\x08.csv", b"\xff\xfe\x80.csv", b"\xc0\xaf.csv", "\u202egnp.csv".encode(), "a\u2028b.csv".encode()),
    *("é.csv".encode(), "e\u0301.csv".encode(), b"TWIN.csv", b"twin.csv", b"x" * 300 + b".csv", "é".encode() * 120 + b".csv", b".csv.csv"),
]
"""Names that a host may have, whatever they would do elsewhere; no listing of FTP has one with a line end, nor with a space first."""
ONLY_SFTP = [b"a\nb.csv", b"a\r\nDELE b.csv", b" x.csv", b"x.csv ", b"a\tb.csv"]
HOSTS = ("sftp", "ftp-unix", "ftp-windows", "ftp-mlsd")


def by_chance(count: int) -> list[bytes]:
    """Names put together out of what has meant harm somewhere, all different."""
    chance = random.Random(20261127)
    parts = [
        b"..",
        b"\\",
        b"%2f",
        b"~",
        b"\xff",
        "é".encode(),
        "\u202e".encode(),
        b"\x1b[2J",
        b"*",
        b"'",
        b'"',
        b"$HOME",
        b"&",
        b"|",
        b"a" * 90,
    ]
    return sorted({b"n" + b"".join(chance.choices(parts, k=chance.randrange(1, 6))) + b".csv" for _ in range(count)})


@contextmanager
def listed(host: str, names: list[bytes], home) -> Iterator[FileSystem]:
    vault = Vault({"PASSWORD": "correct horse" if host == "sftp" else PASSWORD})
    secret = Secret("${env:PASSWORD}", vault)
    if host == "sftp":
        with plain_sftp(home, names) as server:
            sftp = Sftp(host="127.0.0.1", port=server.port, user=server.user, password=secret, fingerprint=server.fingerprint)
            with closing(SftpFiles(sftp, home / "known")) as files:
                yield files
        return
    before = {
        "ftp-unix": b"-rw-r--r-- 1 u g 1 May  1 2026 ",
        "ftp-windows": b"05-01-26 12:00PM 1 ",
        "ftp-mlsd": b"type=file;size=1;modify=20260501120000; ",
    }
    lines = b"".join(before[host] + name + b"\r\n" for name in names).decode("utf-8", "surrogateescape")
    with lying(Lies(content=b"x", listing=lines, facts=lines if host == "ftp-mlsd" else "")) as server:
        ftp = Ftp(host="127.0.0.1", port=server.port, user="dhm", password=secret, tls="none", insecure=True)
        with closing(FtpFiles(ftp, home)) as files:
            yield files


def source(files) -> FilesIn:
    told = FilesFrom.model_validate({"connection": "here", "folder": "in", "ready": Ready(stable=timedelta(0)), "pattern": "*"})
    return FilesIn("feed", files, told, lambda _: None)


@pytest.fixture
def home(tmp_path):
    place = tmp_path / "host"
    place.mkdir()
    return place


@pytest.mark.parametrize("name", NO_NAMES)
@pytest.mark.parametrize("host", HOSTS)
def test_t1_what_is_no_name_is_refused_and_nothing_is_taken(host, name, home, tmp_path):
    with listed(host, [b"good.csv", name], home) as files, pytest.raises(TerminalError, match=r"a name that is none"):
        list(source(files).splits())
    assert ["host"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("host", HOSTS)
def test_t1_names_that_do_harm_elsewhere_are_data_here(host, home, tmp_path):
    names = [*HOSTILE, *(ONLY_SFTP if host == "sftp" else ()), *by_chance(150)]
    landing = tmp_path / "landed"
    landing.mkdir()
    with listed(host, names, home) as files:
        found = source(files)
        splits = list(found.splits())
        taken = [name for name in names if not file_names.temporary(name.decode("utf-8", "surrogateescape"))]
        assert len(taken) == len(splits) == len({split.name for split in splits})
        assert all(split.name.isprintable() and "/" not in split.name for split in splits)
        landed = list(chain.from_iterable(found.land_all(splits, landing)))
    assert {b"x"} == {one.path.read_bytes() for one in landed}
    assert [landed[0].sha256] == [path.name for path in landing.iterdir()]
    assert {"host", "landed"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("host", HOSTS)
def test_t1_a_name_that_is_listed_twice_is_one_file(host, home):
    with listed(host, [b"a.csv", b"b.csv", b"a.csv"], home) as files:
        assert ["a.csv", "b.csv"] == [split.name for split in source(files).splits()]


@pytest.mark.parametrize("host", HOSTS)
def test_t1_a_listing_that_does_not_end_is_not_held(host, home, monkeypatch):
    monkeypatch.setattr(file_names, "MOST_LISTED", 500)
    with listed(host, [b"%d.csv" % number for number in range(2000)], home) as files:
        with pytest.raises(TerminalError, match="has more than 500 names"):
            list(files.list("in"))
        # Whoever was left in the middle of it is not asked again.
        monkeypatch.setattr(file_names, "MOST_LISTED", 5000)
        assert 2000 == len(list(files.list("in")))
