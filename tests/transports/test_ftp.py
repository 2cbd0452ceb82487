"""Where FTP bites, each against a real server or one that lies (F1 to F12 of the pitfalls of transports)."""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datahub.connectors.anew import Anew
from datahub.connectors.declare import Entry, Missing, NoRoom, Taken, TerminalError, TransientError
from datahub.connectors.files_in import FilesIn
from datahub.connectors.ftp_files import FtpFiles
from datahub.connectors.ftp_listing import entries, of_facts
from datahub.connectors.kinds.ftp import Ftp
from datahub.project.binding import FilesFrom, Ready
from datahub.project.secrets import Secret, Vault
from tests.reading import content
from tests.servers.ftp import PASSWORD, Lies, certificates, lying, pyftpd
from tests.servers.proxy import Fault, ftp_proxy, proxy
from tests.servers.systems import system
from tests.servers.talking import talking

ALL = ["plain", "unix", "windows", "explicit", "implicit", "vsftpd"]


@pytest.fixture
def connect():
    made = []

    def make(server, port=0, **settings):
        vault = Vault({"PASSWORD": PASSWORD, "WRONG": "a stranger to it"})
        told = {"tls": server.tls, "ca_file": server.ca_file, "insecure": server.tls == "none"} | settings
        told["password"] = Secret(told.get("password", "${env:PASSWORD}"), vault)
        # vsftpd gives its folder to nobody, and takes nothing at the top.
        root = {"root": "served"} if server.user == "anonymous" else {}
        made.append(FtpFiles(Ftp(**({"host": "127.0.0.1", "port": port or server.port, "user": server.user} | root | told)), Path()))
        return made[-1]

    yield make
    for files in made:
        files.close()


def put(files, path, data):
    with files.write(path) as stream:
        for at in range(0, len(data), 300_000):
            stream.write(data[at : at + 300_000])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [0, 1, 262_145, 3_000_001])
def test_files_of_all_sizes_come_and_go_whole(name, size, ftp_server, connect):
    files = connect(ftp_server(name))
    data = os.urandom(size)
    put(files, "a b.csv", data)
    assert (size, data) == (files.look("a b.csv").size, content(files, "a b.csv"))
    if size:
        assert data[size - 1 :] == content(files, "a b.csv", size - 1)


@pytest.mark.parametrize("name", ALL)
def test_f1_what_is_new_is_seen_and_what_is_gone_is_not(name, ftp_server, connect):
    server = ftp_server(name)
    files = connect(server)
    assert [] == list(files.list(""))
    (server.folder / "a").write_bytes(b"1")
    (server.folder / "folder").mkdir()
    assert [("a", "file"), ("folder", "folder")] == [(one.path, one.kind) for one in files.list("")]
    (server.folder / "a").unlink()
    assert ["folder"] == [one.path for one in files.list("")]
    assert [] == list(files.list("folder"))


@pytest.mark.parametrize("name", ALL)
def test_f2_a_file_that_grew_is_read_whole(name, ftp_server, connect):
    server = ftp_server(name)
    files = connect(server)
    (server.folder / "a").write_bytes(b"x" * 10)
    assert 10 == next(files.list("")).size
    (server.folder / "a").write_bytes(b"x" * 100)
    assert 100 == len(content(files, "a"))


@pytest.mark.parametrize("name", ["unix", "windows", "vsftpd"])
def test_f3_listings_without_mlsd_are_read(name, ftp_server, connect):
    server = ftp_server(name)
    names = ["a.csv", "b with  spaces.csv", "é-ü.csv", "1 2 3", "-rw"]
    for number, one in enumerate(names):
        (server.folder / one).write_bytes(b"x" * number)
    files = connect(server)
    assert {one: number for number, one in enumerate(names)} == {one.path: one.size for one in files.list("")}
    assert list(range(len(names))) == [files.look(one).size for one in names]


def test_f3_a_line_that_nobody_knows_is_an_error_and_no_empty_folder(connect):
    with lying(Lies(listing="-r--  VMS;1  17-JUN-2026\r\n")) as server, pytest.raises(TerminalError, match="in a form that is not known"):
        list(connect(server).list(""))


@pytest.mark.parametrize(
    ("line", "path", "kind", "size"),
    [
        ("-rw-r--r--   1 owner    group         1803128 Jul 10 10:18 ls-lR.Z", "ls-lR.Z", "file", 1803128),
        ("drwxr-xr-x  41 1000 1000 4096 Feb 29 2024 pub", "pub", "folder", 4096),
        ("lrwxrwxrwx 1 root wheel 7 Jan 25 00:17 bin -> usr/bin", "bin", "link", 7),
        ("-rw-------   1 a.b@c.example Domain Users  12 März 3 2026 x y", "x y", "file", 12),
        ("-rwxrwx---+ 1 u g 5 2026-05-01 12:30 z", "z", "file", 5),
        ("-rw-r--r--  1 1000  5 May  1 12:30 no group", "no group", "file", 5),
        ("crw-rw---- 1 root tty 4, 64 May  1 12:30 ttyS0", "ttyS0", "other", None),
        ("04-27-26  09:09PM       <DIR>          licensed", "licensed", "folder", None),
        ("07-18-2026  10:16       1,234 x  y.csv", "x  y.csv", "file", 1234),
        ("05/01/26  03:04 AM                 0 empty", "empty", "file", 0),
    ],
)
def test_f3_lines_of_hosts_that_are_met(line, path, kind, size):
    assert [(path, kind, size)] == [(one.path, one.kind, one.size) for one in entries([line], "")]


@pytest.mark.parametrize("sent", [0, 1, 400, 999])
def test_f4_a_transfer_that_ends_early_and_says_that_it_is_complete_is_a_failure(sent, connect):
    lies = Lies(content=b"x" * 1000, sent=sent, listing="-rw-r--r-- 1 u g 1000 May  1 2026 a\r\n")
    with lying(lies) as server, pytest.raises(TransientError, match=f"came with {sent} bytes, and has 1000"):
        content(connect(server), "a")


def test_f4_a_transfer_that_the_host_calls_off_is_a_failure(connect):
    lies = Lies(content=b"x" * 1000, end="426 Connection closed; transfer aborted", listing="-rw-r--r-- 1 u g 1000 May  1 2026 a\r\n")
    with lying(lies) as server, pytest.raises(TransientError, match="426"):
        content(connect(server), "a")


@pytest.mark.parametrize("act", ["cut", "reset"])
def test_f5_a_login_that_was_lost_is_made_again_and_nothing_is_taken_for_absent(act, ftp_server, connect):
    server = ftp_server("unix")
    (server.folder / "a").write_bytes(b"a")
    with proxy(server.port, Fault(700, act), Fault(700, act), Fault(700, act)) as between:
        files = connect(server, between.port)
        for _ in range(80):
            try:
                assert "file" == files.look("a").kind
            except TransientError:
                continue
        assert between.connections > 2


def _end_in_the_midst(server, remote):
    assert remote.read(1000)
    server.close()
    while remote.read(1 << 20):
        pass


def test_f5_a_host_that_goes_down_for_good_is_told_as_such_however_often_it_is_asked(tmp_path):
    with ExitStack() as server:
        place = server.enter_context(system("pyftpd", tmp_path))
        (place.folder / "a.csv").write_bytes(b"x" * (8 << 20))
        files = place.open()
        with pytest.raises(TransientError), files.read("a.csv") as remote:
            _end_in_the_midst(server, remote)
    for ask in (lambda: files.look("a.csv"), lambda: list(files.list("")), lambda: content(files, "a.csv")) * 2:
        with pytest.raises(TransientError, match="refuse"):
            ask()
    files.close()


def test_f5_an_idle_login_that_the_host_ended_is_made_again(connect, tmp_path):
    with pyftpd(tmp_path, "none", "mlsd", 1) as server:
        (server.folder / "a").write_bytes(b"a")
        files = connect(server)
        assert b"a" == content(files, "a")
        time.sleep(2.5)
        assert b"a" == content(files, "a")


@pytest.mark.parametrize("name", ["explicit", "implicit", "vsftpd"])
def test_f6_a_certificate_of_nobody_that_is_trusted_is_refused(name, ftp_server, connect, tmp_path):
    server = ftp_server(name)
    with pytest.raises(TerminalError, match="is not to be trusted"):
        list(connect(server, ca_file="").list(""))
    other, _ = certificates(tmp_path)
    with pytest.raises(TerminalError, match="is not to be trusted"):
        list(connect(server, ca_file=str(other)).list(""))


def test_f6_a_certificate_for_another_name_is_refused(connect, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.servers.ftp.certificates", lambda folder, *_: certificates(folder, "elsewhere.example"))
    with pyftpd(tmp_path, "explicit") as server, pytest.raises(TerminalError, match="is not to be trusted"):
        list(connect(server).list(""))


def test_f6_a_host_without_tls_gets_no_password(ftp_server, connect):
    with lying(Lies(answers={"AUTH": "500 what?"})) as server:
        lies = connect(server, tls="explicit", ca_file="")
        with pytest.raises(TerminalError, match="does not do"):
            list(lies.list(""))


def test_f6_tls_at_the_wrong_moment_is_told_with_what_to_write(ftp_server, connect):
    with pytest.raises(TerminalError, match="does not begin with TLS") as told:
        list(connect(ftp_server("explicit"), tls="implicit").list(""))
    assert "explicit" in told.value.help
    with pytest.raises(TransientError, match="no answer in time") as waited:
        list(connect(ftp_server("implicit"), tls="explicit", connect_timeout=1).list(""))
    assert "implicit" in waited.value.help


def test_a_host_that_nobody_knows_is_told_with_what_to_look_at(connect):
    with lying(Lies()) as server, pytest.raises(TransientError) as told:
        list(connect(server, host="nosuch.invalid").list(""))
    assert "look at the host" in told.value.help


def test_f6_a_password_is_never_sent_before_tls():
    seen = Lies(answers={"AUTH": "500 what?"})
    with lying(seen) as server, pytest.raises(TerminalError):
        list(FtpFiles(Ftp(host="127.0.0.1", port=server.port, user="u", password=Secret("${env:P}", Vault({"P": "p"}))), Path()).list(""))
    assert [] == [line for line in seen.seen if line.startswith(("USER", "PASS"))]


def test_f6_plain_ftp_must_be_said_to_be_insecure():
    with pytest.raises(ValueError, match="without TLS"):
        Ftp(host="h", tls="none")
    assert Ftp(host="h", tls="none", insecure=True).at_port == 21
    assert (21, 990) == (Ftp(host="h").at_port, Ftp(host="h", tls="implicit").at_port)


@pytest.mark.parametrize("name", ["explicit", "implicit", "vsftpd"])
def test_f6_files_travel_under_tls_too(name, ftp_server, connect):
    # All three servers refuse a transfer without it; vsftpd asks for the session of the login besides.
    server = ftp_server(name)
    files = connect(server)
    put(files, "a", b"secret" * 1000)
    assert b"secret" * 1000 == content(files, "a")


@pytest.mark.parametrize("answers", [{}, {"SIZE": "213 lots"}, {"SIZE": "502 no"}, {"SIZE": "502 no", "MDTM": "502 no"}])
@pytest.mark.parametrize("unique", ["", "unique=801U2A;"])
def test_f10_what_a_listing_alone_tells_of_a_file_is_told_by_a_look_too(answers, unique, connect, tmp_path):
    facts = f"type=file;size=5;modify=20260501115900;{unique} a.csv\r\n"
    with lying(Lies(b"a\n12\n", facts=facts, answers={"MLST": "502 no"} | answers)) as server:
        found = FilesIn("feed", connect(server), FilesFrom(connection="erp", folder="in", ready=Ready(stable=timedelta(0))))
        (split,) = found.splits()
        assert b"a\n12\n" == found.land(split, tmp_path).path.read_bytes()


def test_f6_a_host_that_asks_for_the_session_of_the_login_refuses_another(ftp_server, connect):
    server = ftp_server("vsftpd")
    with pytest.raises((TerminalError, TransientError)) as refused:
        put(connect(server, reuse_session=False), "a", b"x")
    assert "`reuse_session`" in refused.value.help
    assert "_ssl" not in refused.value.message


@pytest.mark.parametrize("name", ALL)
def test_f8_a_file_is_renamed_where_it_lies(name, ftp_server, connect):
    server = ftp_server(name)
    files = connect(server)
    put(files, "a.part", b"new")
    files.rename("a.part", "a", replace=False)
    put(files, "b.part", b"newer")
    with pytest.raises(Taken):
        files.rename("b.part", "a", replace=False)
    with pytest.raises(Missing):
        files.rename("nothing", "c", replace=False)
    with pytest.raises(TerminalError):
        files.rename("b.part", "no/such/c", replace=False)
    assert (b"new", b"newer") == ((server.folder / "a").read_bytes(), (server.folder / "b.part").read_bytes())
    files.rename("b.part", "a", replace=True)
    assert [("a", b"newer")] == [(one.name, one.read_bytes()) for one in server.folder.iterdir()]
    files.remove("a")
    assert [] == list(server.folder.iterdir())


@pytest.mark.parametrize("name", ["plain", "unix"])
def test_f8_moving_files_reads_no_listing_for_each(name, ftp_server, connect):
    server = ftp_server(name)
    (server.folder / "done").mkdir()
    for number in range(20):
        (server.folder / f"{number}").write_bytes(b"new")
    (server.folder / "done" / "7").write_bytes(b"old")
    with ftp_proxy(server.port) as between:
        files = connect(server, between.port)
        for number in range(20):
            assert 3 == files.look(f"{number}").size
            with pytest.raises(Taken) if number == 7 else nullcontext():
                files.rename(f"{number}", f"done/{number}", replace=False)
        # The one whose name is taken is looked for, and what listing tells is asked of no other.
        assert between.offered <= 2
    assert b"old" == (server.folder / "done" / "7").read_bytes()
    assert ["7", "done"] == sorted(one.name for one in server.folder.iterdir())


def test_f9_threads_have_logins_of_their_own(ftp_server, connect):
    server = ftp_server("explicit")
    for number in range(6):
        (server.folder / str(number)).write_bytes(bytes([number]) * 700_000)
    files = connect(server)
    found: dict[int, bytes] = {}

    def work(number):
        for _ in range(3):
            found[number] = content(files, str(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {number: bytes([number]) * 700_000 for number in range(6)} == found


@pytest.mark.parametrize("name", ALL)
def test_f10_times_are_utc(name, ftp_server, connect, monkeypatch):
    server = ftp_server(name)
    (server.folder / "a").write_bytes(b"a")
    os.utime(server.folder / "a", (1_770_000_000, 1_770_000_000))
    assert datetime.fromtimestamp(1_770_000_000, UTC) == connect(server).look("a").modified


def test_f10_facts_of_mlsd():
    line = "type=file;size=12;modify=20260501120000.25;unique=8g; a b;c"
    entry = of_facts(line, "in")
    assert entry is not None
    assert ("in/a b;c", "file", 12, datetime(2026, 5, 1, 12, 0, 0, 250000, UTC), "8g") == (
        entry.path,
        entry.kind,
        entry.size,
        entry.modified,
        entry.identity,
    )
    assert Entry("l", "link") == of_facts("type=OS.unix=slink:/x; l", "")
    assert None is of_facts("type=cdir;modify=20260501120000; .", "")


@pytest.mark.parametrize("name", ALL)
def test_f11_paths_are_those_that_open_the_file(name, ftp_server, connect):
    server = ftp_server(name)
    (server.folder / "a" / "b").mkdir(parents=True)
    (server.folder / "a" / "b" / "c").write_bytes(b"c")
    files = connect(server)
    assert ["a/b/c"] == [one.path for one in files.list("a/b")]
    assert b"c" == content(files, "a/b/c")


@pytest.mark.parametrize("name", ALL)
def test_f12_what_is_not_there_and_what_is_not_allowed_are_told_apart(name, ftp_server, connect):
    files = connect(ftp_server(name))
    for work in (
        lambda: files.look("nothing"),
        lambda: content(files, "nothing"),
        lambda: list(files.list("nothing")),
        lambda: files.remove("nothing"),
    ):
        with pytest.raises(Missing if name != "vsftpd" else TerminalError):
            work()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 Permission denied", TerminalError),
        ("550 File not found", Missing),
        ("450 File busy", TransientError),
        ("452 Disk full", NoRoom),
        ("552 Quota exceeded", NoRoom),
        ("553 Name not allowed", TerminalError),
        ("421 Too many users", TransientError),
    ],
)
def test_f12_answers_mean_what_their_codes_say(answer, kind, connect):
    with lying(Lies(answers={"DELE": answer})) as server:
        with pytest.raises(kind) as told:
            connect(server).remove("a")
        assert kind is type(told.value)


@pytest.mark.parametrize("answer", ["550 Permission denied", "550 Rename failed.", "553 Could not create file."])
def test_what_the_host_refuses_is_told_with_where_to_look(answer, connect):
    with lying(Lies(answers={"DELE": answer})) as server:
        with pytest.raises(TerminalError, match=answer[4:]) as told:
            connect(server).remove("a")
        assert "the account may lack the right" in told.value.help


def test_a_wrong_password_is_told_and_not_tried_again(ftp_server, connect):
    with pytest.raises(TerminalError, match="refuses the login of `dhm`"):
        list(connect(ftp_server("plain"), password="${env:WRONG}").list(""))


def test_the_address_that_a_host_names_for_files_is_not_followed(connect):
    with lying(Lies(content=b"x", passive_host="10,255,255,1", listing="-rw-r--r-- 1 u g 1 May  1 2026 a\r\n")) as server:
        assert b"x" == content(connect(server, deadline=timedelta(seconds=3)), "a")


def test_a_host_that_falls_silent_is_noticed_within_the_deadline(ftp_server, connect):
    server = ftp_server("plain")
    (server.folder / "a").write_bytes(b"x" * 3_000_000)
    with proxy(server.port, Fault(560, "stall"), Fault(0, "stall")) as between:
        files = connect(server, between.port, deadline=timedelta(seconds=1), connect_timeout=timedelta(seconds=1))
        begun = time.monotonic()
        with pytest.raises(TransientError, match="no answer in time"):
            ask_often(files)
        assert time.monotonic() - begun < 10


def ask_often(files):
    for _ in range(40):
        files.look("a")


@pytest.mark.parametrize("seconds", [0.05, 0.2])
def test_a_file_that_crawls_is_noticed_within_the_deadline(seconds, connect):
    lies = Lies(content=b"x" * 100_000, every=seconds, listing="-rw-r--r-- 1 u g 100000 May  1 2026 a\r\n")
    with lying(lies) as server, pytest.raises(TransientError, match="bytes came in 1 s"):
        content(connect(server, deadline=timedelta(seconds=1)), "a")


_FACTS = "type=file;size=1;modify=20260501120000; {}\r\n"
_LISTED = "-rw-r--r-- 1 u g 1 May  1 2026 {}\r\n"


@pytest.mark.parametrize(
    "lies",
    [
        Lies(facts=_FACTS.format("a"), pieces=[_FACTS.format(f"a{at}") for at in range(60)], every=0.5),
        Lies(listing=_LISTED.format("a"), pieces=[_LISTED.format(f"a{at}") for at in range(60)], every=0.5),
        Lies(listing=_LISTED.format("a"), pieces=["-"] * 60, every=0.5),
    ],
    ids=["lines of MLSD", "lines of LIST", "a line without an end"],
)
def test_a_listing_that_crawls_is_noticed_within_the_deadline(lies, connect):
    with lying(lies) as server:
        begun = time.monotonic()
        with pytest.raises(TransientError, match=r"`\.`: only [\d,]+ bytes came in 1 s") as told:
            list(connect(server, deadline=timedelta(seconds=1)).list(""))
        assert "a longer `deadline`" in told.value.help
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize(("line", "kind"), [(_FACTS, "MLSD"), (_LISTED, "LIST")], ids=["MLSD", "LIST"])
def test_a_long_listing_may_take_longer_than_the_deadline(line, kind, connect):
    first = line.format("a")
    pieces = ["".join(line.format(f"a{piece}-{at}") for at in range(200)) for piece in range(12)]
    lies = Lies(facts=first, pieces=pieces, every=0.2) if kind == "MLSD" else Lies(listing=first, pieces=pieces, every=0.2)
    with lying(lies) as server:
        begun = time.monotonic()
        assert 2401 == len(list(connect(server, deadline=timedelta(seconds=1)).list("")))
        assert time.monotonic() - begun > 2


@pytest.mark.parametrize("path", ["a\r\nDELE b", "a\nb", "a\rb"])
def test_a_path_is_never_two_commands(path, ftp_server, connect):
    server = ftp_server("plain")
    (server.folder / "b").write_bytes(b"b")
    with pytest.raises(TerminalError, match="is no path"):
        connect(server).remove(path)
    assert b"b" == (server.folder / "b").read_bytes()


# ------------------------------------------------------------------------------------------------ answers end


@pytest.mark.parametrize(("first", "then"), [(b"220-hello\r\n", b"220-more\r\n"), (b"220 hel", b"l")], ids=["lines", "one line"])
def test_an_answer_that_never_ends_is_not_waited_for(first, then):
    with talking(first, then, 0.1, asked=False) as port:
        files = FtpFiles(
            Ftp(
                host="127.0.0.1",
                port=port,
                user="u",
                tls="none",
                insecure=True,
                connect_timeout=timedelta(seconds=1),
                deadline=timedelta(seconds=1),
            ),
            Path(),
        )
        begun = time.monotonic()
        with pytest.raises(TransientError, match="no answer in time"):
            list(files.list(""))
        assert time.monotonic() - begun < 15


def test_an_answer_that_grows_without_bound_is_refused():
    with talking(b"220-hello\r\n", b"220-more\r\n" * 10_000, 0, asked=False) as port:
        files = FtpFiles(Ftp(host="127.0.0.1", port=port, user="u", tls="none", insecure=True), Path())
        with pytest.raises(TransientError, match="answers what is no FTP: `220-hello … "):
            list(files.list(""))


def test_a_size_that_is_no_number_is_looked_up_in_the_listing(connect):
    line = "-rw-r--r-- 1 u g 1000 May  1 2026 a\r\n"
    with lying(Lies(content=b"x" * 1000, answers={"SIZE": "213 lots"}, listing=line)) as server:
        files = connect(server)
        assert 1000 == files.look("a").size
        assert b"x" * 1000 == content(files, "a")


@pytest.mark.parametrize("answer", ["200 fine", "502 what?"])
def test_a_host_that_does_not_promise_to_go_on_from_the_middle_is_asked_for_the_whole(answer, connect):
    line = "-rw-r--r-- 1 u g 1000 May  1 2026 a\r\n"
    with lying(Lies(content=b"x" * 1000, answers={"REST": answer}, listing=line)) as server, pytest.raises(Anew, match="from the middle"):
        content(connect(server), "a", 500)
