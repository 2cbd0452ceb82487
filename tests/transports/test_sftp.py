"""Where SFTP and its library bite, each against a real server (S1 to S11 of the pitfalls of transports)."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest
from pydantic import ValidationError

from datahub.connectors.declare import Missing, Output, Taken, TerminalError, TransientError
from datahub.connectors.files_out import FilesOut
from datahub.connectors.kinds.sftp import Sftp
from datahub.connectors.sftp_files import SftpFiles
from datahub.connectors.ssh_keys import remember, shown_key
from datahub.project.binding import FilesTo
from datahub.project.secrets import Secret, Vault
from tests.reading import content
from tests.servers.proxy import Fault, proxy


@pytest.fixture
def connect(tmp_path):
    made = []

    def make(server, port=0, **settings):
        vault = Vault({"PASSWORD": "correct horse", "KEY": server.key, "WRONG": "a stranger to it"})
        way = {"key": Secret("${env:KEY}", vault)} if server.key else {"password": Secret("${env:PASSWORD}", vault)}
        way |= {name: Secret(value, vault) for name, value in settings.items() if name == "password"}
        told = {name: value for name, value in settings.items() if name != "password"}
        known = {} if "known_hosts" in told else {"fingerprint": server.fingerprint}
        connection = Sftp(host="127.0.0.1", port=port or server.port, user=server.user, **(known | way | told))
        made.append(SftpFiles(connection, tmp_path / connection.known_hosts))
        return made[-1]

    yield make
    for files in made:
        files.close()


def test_what_has_no_room_is_told_with_the_usual_cause_and_leaves_nothing(sshd, connect, tmp_path):
    target = FilesOut(connect(sshd), FilesTo(connection="erp", folder="out"))
    (sshd.folder / "out").mkdir()
    (tmp_path / "shop.jsonl").write_bytes(b"x" * 300_000)
    # A disk that is full, as the system has one: what is written there is refused by the server as it is on any other.
    (sshd.folder / "out" / ".shop.jsonl.0123456789abcdef.part").symlink_to("/dev/full")
    with pytest.raises(TransientError, match="the host does not say why") as problem:
        target.stage(Output("shop", tmp_path / "shop.jsonl", 1, "0123456789abcdef", {}))
    assert "a full disk or a quota is the usual cause" in problem.value.help
    assert [] == list((sshd.folder / "out").iterdir())


def put(files, path, data):
    with files.write(path) as stream:
        for at in range(0, len(data), 300_000):
            stream.write(data[at : at + 300_000])


# ------------------------------------------------------------------------------------------------ S1, S11: host keys


@pytest.mark.parametrize("server", ["sshd", "plain"])
def test_s1_a_host_whose_key_is_not_known_is_refused(server, connect, request, tmp_path):
    (tmp_path / "known_hosts").write_text("")
    with pytest.raises(TerminalError, match="not the one that is known") as told:
        list(connect(request.getfixturevalue(server), known_hosts="known_hosts").list(""))
    assert "dhm connections trust" in told.value.help


def test_s1_another_key_than_the_known_one_is_refused(sshd, connect, tmp_path):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {other}")
    with pytest.raises(TerminalError, match="not the one that is known"):
        list(connect(sshd, known_hosts="known_hosts").list(""))


def test_s1_another_fingerprint_than_the_pinned_one_is_refused(sshd, connect):
    with pytest.raises(TerminalError, match="not the one that is known") as told:
        list(connect(sshd, fingerprint="SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").list(""))
    # What is to be compared, and where it goes.
    assert f"it shows {sshd.fingerprint}" in told.value.message
    assert f'write `fingerprint = "{sshd.fingerprint}"`' in told.value.help


@pytest.mark.parametrize("pin", ["MD5:" + ":".join(["ab"] * 16), ":".join(["ab"] * 16), "SHA256:AAAA", "A" * 43, ["SHA256:" + "A" * 42]])
def test_what_is_no_fingerprint_is_told_where_it_is_written(pin):
    with pytest.raises(ValidationError, match="`SHA256:` and 43 characters") as told:
        Sftp(host="h", user="u", password=Secret("${env:X}"), fingerprint=pin)
    assert ("MD5" in str(told.value)) is (":ab" in pin)


def test_s1_a_key_that_was_shown_and_written_down_is_trusted(sshd, connect, tmp_path):
    files = connect(sshd, known_hosts="known_hosts")
    key = shown_key(Sftp(host="127.0.0.1", port=sshd.port, user="x", password=Secret("${env:X}")))
    assert sshd.fingerprint == key.fingerprint
    remember(key, tmp_path / "known_hosts")
    remember(key, tmp_path / "known_hosts")
    assert 1 == len((tmp_path / "known_hosts").read_text().splitlines())
    assert [] == list(files.list(""))


def test_s11_a_missing_file_of_known_hosts_is_told_with_what_to_do(sshd, connect):
    with pytest.raises(TerminalError, match="there is no file `nowhere/known_hosts`") as told:
        list(connect(sshd, known_hosts="nowhere/known_hosts").list(""))
    assert "dhm connections trust" in told.value.help


def test_two_pins_serve_while_a_key_is_changed(sshd, connect):
    assert [] == list(connect(sshd, fingerprint=["SHA256:" + "o" * 43, sshd.fingerprint]).list(""))


# ------------------------------------------------------------------------------------------------ logins


def test_a_wrong_password_is_told_and_not_tried_again(plain, connect):
    with pytest.raises(TerminalError, match="refuses the login of `dhm`"):
        list(connect(plain, password="${env:WRONG}").list(""))


def test_the_keys_that_lie_about_are_not_tried(plain, connect, monkeypatch, tmp_path):
    # The account that runs us may have keys, an agent and a configuration; none of them is asked.
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host *\n  Port 1\n  ProxyCommand false\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [] == list(connect(plain).list(""))


def test_a_key_with_a_passphrase_is_opened(sshd, connect):
    locked = asyncssh.import_private_key(sshd.key).export_private_key(passphrase="open sesame").decode()
    vault = Vault({"KEY": locked, "PHRASE": "open sesame"})
    key, phrase = Secret("${env:KEY}", vault), Secret("${env:PHRASE}", vault)
    assert [] == list(connect(sshd, key=key, passphrase=phrase).list(""))
    with pytest.raises(TerminalError, match="passphrase"):
        list(connect(sshd, key=key).list(""))


# ------------------------------------------------------------------------------------------------ S2, S7: rename


@pytest.mark.parametrize("server", ["sshd", "plain"])
def test_s2_a_rename_that_cannot_be_done_loses_nothing(server, connect, request):
    server = request.getfixturevalue(server)
    files = connect(server)
    put(files, "a", b"new")
    put(files, "b", b"old")
    with pytest.raises(Taken):
        files.rename("a", "b", replace=False)
    with pytest.raises(Missing):
        files.rename("a", "no/such/folder/b", replace=True)
    assert (b"new", b"old") == ((server.folder / "a").read_bytes(), (server.folder / "b").read_bytes())


def test_s2_a_server_that_cannot_replace_says_so_and_loses_nothing(plain, connect):
    files = connect(plain)
    put(files, "a", b"new")
    put(files, "b", b"old")
    with pytest.raises(Taken, match="does not replace"):
        files.rename("a", "b", replace=True)
    assert (b"new", b"old") == ((plain.folder / "a").read_bytes(), (plain.folder / "b").read_bytes())
    files.rename("a", "c", replace=True)
    assert ["b", "c"] == [one.name for one in files.list("")]


def test_a_rename_replaces_in_one_step_where_the_server_can(sshd, connect):
    files = connect(sshd)
    put(files, "a", b"new")
    put(files, "b", b"old")
    files.rename("a", "b", replace=True)
    assert ([b"new"], ["b"]) == ([content(files, "b")], [one.name for one in files.list("")])


def test_s7_no_shell_is_asked_for_anything(sshd, connect):
    # The account may do nothing but SFTP (`ForceCommand internal-sftp`): a copy or a checksum by the shell would fail.
    files = connect(sshd)
    data = os.urandom(3_000_000)
    put(files, "a", data)
    files.rename("a", "b", replace=False)
    assert data == content(files, "b")
    files.remove("b")
    assert [] == list(files.list(""))


# ------------------------------------------------------------------------------------------------ S3, S6: reading


def test_s3_a_file_is_read_from_where_it_is_asked_for(sshd, connect):
    files = connect(sshd)
    data = os.urandom(2_500_000)
    (sshd.folder / "a").write_bytes(data)
    assert data[2_400_001:] == content(files, "a", 2_400_001)
    assert b"" == content(files, "a", 2_500_000)


@pytest.mark.parametrize("size", [0, 1, 255, 32_768, 262_144, 1_048_577, 9_000_001])
@pytest.mark.parametrize("server", ["sshd", "plain"])
def test_files_of_all_sizes_come_and_go_whole(server, size, connect, request):
    files = connect(request.getfixturevalue(server))
    data = os.urandom(size)
    put(files, "a", data)
    assert (size, data) == (files.look("a").size, content(files, "a"))


@pytest.mark.parametrize("act", ["cut", "reset"])
@pytest.mark.parametrize("after", [5_000, 1_000_000, 3_900_000])
def test_s6_a_transfer_that_is_cut_is_a_failure_that_may_pass(act, after, sshd, connect):
    (sshd.folder / "a").write_bytes(os.urandom(4_000_000))
    with proxy(sshd.port, Fault(after, act)) as between:
        files = connect(sshd, between.port)
        with pytest.raises(TransientError):
            content(files, "a")
        # S4: the next request makes a new connection.
        assert 4_000_000 == len(content(files, "a"))


# ------------------------------------------------------------------------------------------------ S4, S5: connections


def test_s4_a_connection_that_was_lost_meanwhile_is_made_again(sshd, connect):
    (sshd.folder / "a").write_bytes(b"a")
    with proxy(sshd.port) as between:
        files = connect(sshd, between.port)
        assert b"a" == content(files, "a")
        for one in list(between._open):
            # The end of one side may have closed the other already.
            with suppress(OSError):
                one.shutdown(2)
        assert ["a"] == [one.name for one in files.list("")]
        assert 2 == between.connections


def test_s5_a_host_that_falls_silent_is_noticed_within_the_deadline(sshd, connect):
    (sshd.folder / "a").write_bytes(os.urandom(8_000_000))
    with proxy(sshd.port, Fault(2_000_000, "stall")) as between:
        files = connect(sshd, between.port, deadline=timedelta(seconds=1))
        begun = time.monotonic()
        with pytest.raises(TransientError):
            content(files, "a")
        assert time.monotonic() - begun < 8


def test_s5_a_host_that_answers_a_byte_now_and_then_is_noticed(sshd, connect):
    (sshd.folder / "a").write_bytes(os.urandom(8_000_000))
    with proxy(sshd.port, Fault(2_000_000, "trickle")) as between:
        files = connect(sshd, between.port, deadline=timedelta(seconds=1))
        with pytest.raises(TransientError):
            content(files, "a")


def test_a_lost_connection_leaves_no_noise(sshd, connect, caplog, capfd):
    import gc

    (sshd.folder / "a").write_bytes(os.urandom(4_000_000))
    with proxy(sshd.port, Fault(1_000_000, "reset")) as between, pytest.raises(TransientError):
        content(connect(sshd, between.port), "a")
    gc.collect()
    time.sleep(0.2)
    assert ("", []) == (capfd.readouterr().err, [one.getMessage() for one in caplog.records if one.levelname in ("WARNING", "ERROR")])


def test_s5_keepalive_notices_a_frozen_server(sshd, connect, tmp_path):
    files = connect(sshd, keepalive=timedelta(seconds=0.3), deadline=timedelta(seconds=30))
    list(files.list(""))
    children = [int(pid) for pid in Path(f"/proc/{sshd.pid}/task/{sshd.pid}/children").read_text().split()]
    grown = [*children, *(int(pid) for one in children for pid in Path(f"/proc/{one}/task/{one}/children").read_text().split())]
    for pid in grown:
        os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with pytest.raises(TransientError):
            files.remove("a")
        assert time.monotonic() - begun < 10
    finally:
        for pid in grown:
            os.kill(pid, signal.SIGCONT)


def test_s5_a_host_that_does_not_speak_is_not_waited_for(sshd, connect):
    with proxy(sshd.port, Fault(0, "stall")) as between:
        files = connect(sshd, between.port, connect_timeout=timedelta(seconds=1))
        begun = time.monotonic()
        with pytest.raises(TransientError):
            list(files.list(""))
        assert time.monotonic() - begun < 8


def test_nobody_listening_may_pass(sshd, connect):
    with pytest.raises(TransientError):
        list(connect(sshd, 1).list(""))


def test_workers_have_connections_of_their_own(sshd, connect):
    for number in range(4):
        (sshd.folder / str(number)).write_bytes(bytes([number]) * 500_000)
    found: dict[int, bytes] = {}

    def work(number):
        found[number] = content(connect(sshd), str(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {number: bytes([number]) * 500_000 for number in range(4)} == found


# ------------------------------------------------------------------------------------------------ S8, S9, S10


@pytest.mark.parametrize("server", ["sshd", "plain"])
def test_s8_no_folder_is_made_in_passing(server, connect, request):
    server = request.getfixturevalue(server)
    files = connect(server)
    with pytest.raises(Missing):
        put(files, "tpyo/a", b"x")
    assert [] == list(server.folder.iterdir())
    files.make_folder("a/b")
    put(files, "a/b/c", b"x")
    assert b"x" == (server.folder / "a/b/c").read_bytes()


def test_s9_entries_are_alike_from_a_listing_and_from_a_look(sshd, connect):
    (sshd.folder / "folder").mkdir()
    (sshd.folder / "file").write_bytes(b"12345")
    (sshd.folder / "link").symlink_to("file")
    files = connect(sshd)
    listed = {one.path: one for one in files.list("")}
    assert {"file": "file", "folder": "folder", "link": "link"} == {path: one.kind for path, one in listed.items()}
    assert {path: files.look(path) for path in listed} == listed
    assert 5 == listed["file"].size


def test_s9_listing_a_file_is_an_error_and_so_is_nothing(sshd, connect):
    (sshd.folder / "file").write_bytes(b"")
    files = connect(sshd)
    with pytest.raises((Missing, TerminalError, TransientError)):
        list(files.list("file"))
    with pytest.raises(Missing):
        list(files.list("nothing"))
    with pytest.raises(Missing):
        files.look("nothing")


def test_s10_what_is_not_allowed_is_told_as_that(plain, connect):
    # The server refuses by the protocol's code for it, whoever runs the test.
    (plain.folder / "forbidden").write_bytes(b"x")
    files = connect(plain)
    with pytest.raises(TerminalError, match="does not allow it: `forbidden`"):
        content(files, "forbidden")
    with pytest.raises(TerminalError, match="does not allow it: `a/forbidden`"):
        put(files, "a/forbidden", b"x")


def test_paths_start_from_the_root_of_the_connection(sshd, connect):
    (sshd.folder / "in").mkdir()
    (sshd.folder / "in" / "a").write_bytes(b"a")
    assert b"a" == content(connect(sshd, root=str(sshd.folder / "in")), "a")
    assert b"a" == content(connect(sshd, root="in"), "a")
