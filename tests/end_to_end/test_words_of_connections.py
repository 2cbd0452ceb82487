"""What people are told of connections that do not work: in words of theirs, with what to do, and as data for programs."""

from __future__ import annotations

import json

import pytest

from datahub.cli.output import Exit
from datahub.connectors import load
from tests.servers.ports import free_port
from tests.servers.talking import saying

PIN = "SHA256:" + "A" * 43
OF_LIBRARIES = ("Errno", "argument", "Exception", "Connection lost", "_ssl", "\\ud", "bytearray", "``", "nowhere")
"""Words of Python and its libraries, and what is left where there was no word."""


def told(kind: str, port: int) -> str:
    """A connection of a kind to a port of this machine."""
    return {
        "sftp": f'kind = "sftp"\nhost = "127.0.0.1"\nport = {port}\nuser = "u"\npassword = "${{env:WORD}}"\nfingerprint = "{PIN}"\n',
        "ftp": f'kind = "ftp"\nhost = "127.0.0.1"\nport = {port}\n',
        "implicit": f'kind = "ftp"\nhost = "127.0.0.1"\nport = {port}\ntls = "implicit"\n',
        "http": f'kind = "http"\nurl = "http://127.0.0.1:{port}"\ninsecure = true\n',
        "https": f'kind = "http"\nurl = "https://127.0.0.1:{port}"\n',
        "rest": f'kind = "rest"\nurl = "http://127.0.0.1:{port}"\ninsecure = true\nattempts = 1\n',
        "webhook": f'kind = "webhook"\nurl = "http://127.0.0.1:{port}"\ninsecure = true\nsecrets = ["${{env:WORD}}"]\n',
        "webdav": f'kind = "store"\nprotocol = "webdav"\noptions = {{ base_url = "http://127.0.0.1:{port}", insecure = true }}\n',
    }[kind]


@pytest.fixture
def tested(dhm, tmp_path, monkeypatch):
    """What `dhm connections test` says of one connection."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORD", "harrow-quill-81")

    def test(text: str, *more: str):
        (tmp_path / "dhm.toml").write_text(f'[project]\nname = "shop"\n\n[connections.erp]\n{text}', encoding="utf-8")
        return dhm("connections", "test", *more)

    return test


HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.2\r\n"


@pytest.mark.parametrize(
    ("kind", "words", "asked", "says", "helps"),
    [
        ("sftp", HTTP, True, "ended the connection before a word of SSH", "another program may listen there"),
        ("sftp", b"", False, "ended the connection before a word of SSH", "another program may listen there"),
        ("ftp", b"\xff\xfe\x00binary\r\n", False, "answers what is no FTP: `\\xff\\xfe\\x00binary`", "another program may listen there"),
        ("ftp", SSH, False, "answers what is no FTP: `SSH-2.0-OpenSSH_9.2`", "another program may listen there"),
        ("ftp", b"", False, "the connection was closed", "another program may listen there"),
        ("implicit", HTTP, True, "does not begin with TLS", '`tls = "explicit"`'),
        ("http", b"HTTP/1.1 304 Not Modified\r\n\r\n", True, "nothing has changed (HTTP 304), which it was not asked", "whoever runs it"),
        ("rest", b"HTTP/1.1 304 Not Modified\r\n\r\n", True, "nothing has changed (HTTP 304), which it was not asked", "whoever runs it"),
        ("http", b"HTTP/1.1 302 Found\r\n\r\n", True, "is elsewhere, and not where (HTTP 302)", "whoever runs it"),
        ("http", SSH + b"\r\n", True, "does not speak HTTP", "another program may listen there"),
        ("http", b"", True, "ended the connection without an answer", "another program may listen there"),
        ("https", HTTP, True, "does not speak TLS", "whether the server does TLS at all"),
        ("webhook", HTTP, True, "the receiver answers (HTTP 400)", ""),
    ],
)
def test_another_program_at_the_port_is_told_as_that(tested, kind, words, asked, says, helps):
    with saying(words, asked=asked) as port:
        ended = tested(told(kind, port))
    assert says in ended.out, ended
    assert helps in ended.err
    assert [] == [one for one in OF_LIBRARIES if one in ended.out + ended.err]


@pytest.mark.parametrize("kind", ["sftp", "ftp", "implicit", "http", "https", "rest", "webhook", "webdav"])
def test_where_nothing_listens_it_is_told_alike_for_every_kind(tested, kind):
    ended = tested(told(kind, free_port()))
    assert Exit.LATER == ended.code
    assert "nothing listens there (connection refused)" in ended.out
    assert "look at the port" in ended.err
    assert [] == [one for one in OF_LIBRARIES if one in ended.out + ended.err]


def test_a_name_of_several_addresses_where_nothing_listens_is_told_alike(tested):
    ended = tested(told("sftp", free_port()).replace("127.0.0.1", "localhost"))
    assert "nothing listens there (connection refused)" in ended.out, ended


@pytest.mark.parametrize(
    ("protocol", "options", "says", "helps"),
    [
        ("s3", '{ endpoint_urll = "http://127.0.0.1:1" }', "takes no `endpoint_urll`", "did you mean `endpoint_url`?"),
        ("s3", "{ config_kwargs = { nope = 1 } }", "takes no `nope`", "see `options`"),
        ("webdav", "{}", "must be told `base_url`", 'write `options = { base_url = "…" }`'),
        ("github", "{}", "must be told `org` and `repo`", 'org = "…", repo = "…"'),
        ("wedbav", "{}", "fsspec knows no `wedbav`", "did you mean `webdav`?"),
        ("zip", "{}", "`zip`: Is a directory", ""),
    ],
)
def test_what_a_library_is_told_wrongly_is_told_by_its_name(tested, protocol, options, says, helps):
    ended = tested(f'kind = "store"\nprotocol = "{protocol}"\noptions = {options}\n')
    assert Exit.WRONG == ended.code
    assert says in ended.out, ended
    assert helps in ended.err
    assert [] == [one for one in OF_LIBRARIES if one in ended.out + ended.err]


def test_what_came_of_a_test_is_there_as_data(tested):
    with saying(HTTP) as port:
        ended = tested(
            told("http", port) + f"\n[connections.away]\n{told('ftp', free_port())}\n[connections.here]\nkind = 'local'\n",
            "--output",
            "json",
        )
    facts = json.loads(ended.out)
    assert (Exit.WRONG, "") == (ended.code, ended.err)
    assert [("erp", "http", False, False), ("away", "ftp", False, True), ("here", "local", True, None)] == [
        (one["name"], one["kind"], one["ok"], one.get("may_pass")) for one in facts
    ]
    assert all(one["message"] and one["seconds"] >= 0 for one in facts)
    assert "look at the port" in facts[1]["help"]


def test_what_is_only_warned_of_does_not_bury_what_is_wrong(tested, dhm):
    insecure = "".join(f"\n[connections.c{number}]\n{told('http', 80)}" for number in range(20))
    ended = tested('kind = "ftp"\nhozt = "h"\n' + insecure)
    assert Exit.USAGE == ended.code
    assert "DHM929" not in ended.err
    assert "`dhm check` tells of 20 warnings besides" in ended.err
    assert "1 error, 20 warnings in 1 project file" in dhm("check").err
    fine = tested("kind = 'local'\n" + insecure, "erp")
    assert (Exit.DONE, "") == (fine.code, fine.err)


def test_every_kind_of_connection_can_be_tried():
    assert [] == [kind for kind, one in load().items() if one.test is None and one.files is None]
