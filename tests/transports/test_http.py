"""Where HTTP and its library bite, each against nginx, a proxy, or a server that lies (H1 to H5 of the pitfalls of transports)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from datahub.connectors.anew import Anew
from datahub.connectors.declare import Entry, Missing, Split, TerminalError, TransientError
from datahub.connectors.files_in import FilesIn
from datahub.connectors.http_client import retry_after
from datahub.connectors.http_files import HttpFiles
from datahub.connectors.kinds.http import Http
from datahub.connectors.landing import Landing, fingerprint
from datahub.project.binding import FilesFrom, Ready
from datahub.project.secrets import Secret, Vault
from tests.reading import content
from tests.servers.ftp import certificates
from tests.servers.proxy import Fault, proxy
from tests.servers.talking import talking
from tests.servers.web import Answers, answering


@pytest.fixture
def connect():
    made = []

    def make(server, port=0, **settings):
        vault = Vault({"PASSWORD": "correct horse", "TOKEN": "t0ken", "WRONG": "a stranger to it"})
        told = {name: Secret(value, vault) if name in ("password", "token") else value for name, value in settings.items()}
        url = f"http://127.0.0.1:{port}" if port else server.url
        trusted = {"ca_file": server.ca_file} if server is not None else {}
        made.append(HttpFiles(Http(url=url, insecure=url.startswith("http:"), **(trusted | told)), Path()))
        return made[-1]

    yield make
    for files in made:
        files.close()


def answer(body=b"", *headers, status="200 OK"):
    return f"HTTP/1.1 {status}\r\n{''.join(f'{one}{chr(13)}{chr(10)}' for one in headers)}Connection: close\r\n\r\n".encode() + body


def head(*headers, status="200 OK"):
    return answer(b"", *headers, status=status)


# ------------------------------------------------------------------------------------------------ nginx


@pytest.mark.parametrize("size", [0, 1, 300_000, 5_000_001])
def test_files_of_all_sizes_come_whole(size, web, connect):
    data = os.urandom(size)
    (web.folder / "a b.csv").write_bytes(data)
    files = connect(web)
    assert (size, data) == (files.look("a b.csv").size, content(files, "a b.csv"))
    if size > 1:
        assert data[size // 2 :] == content(files, "a b.csv", size // 2)
    if size:
        assert b"" == content(files, "a b.csv", size)


def test_a_server_that_would_compress_is_asked_not_to(web, connect):
    # nginx compresses here whatever it is allowed to, and then tells no length.
    (web.folder / "a.csv").write_bytes(b"a,b\n" * 100_000)
    assert b"a,b\n" * 100_000 == content(connect(web), "a.csv")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a?b.csv", "a%3Fb.csv"),
        ("a?b=c&d.csv", "a%3fb=c&d.csv"),
        ("a#b.csv", "a#b.csv"),
        ("a;b.csv", "a;b.csv"),
        ("a+b & c.csv", "a+b & c.csv"),
        ("100%.csv", "100%.csv"),
        ("a%41.csv", "a%2541.csv"),
        ("[é].csv", "[é].csv"),
    ],
)
def test_every_name_of_a_file_can_be_written(name, path, web, connect):
    (web.folder / name).write_bytes(name.encode())
    files = connect(web)
    assert (len(name.encode()), name.encode()) == (files.look(path).size, content(files, path))


def test_what_stands_behind_a_question_mark_is_told_to_nobody(web, connect, tmp_path):
    asked = FilesFrom(connection="web", path="in/a.csv?key=c4nary/7", ready=Ready(stable=timedelta(0)))
    found = FilesIn("feed", connect(web), asked)
    assert ([], ("there is no `in/a.csv`",)) == (list(found.splits()), found.left())
    (web.folder / "in").mkdir()
    (web.folder / "in" / "a.csv").write_bytes(b"a\n1\n")
    (split,) = found.splits()
    landed = found.land(split, tmp_path)
    assert ("a.csv", "a.csv", "in/a.csv") == (split.name, landed.name, landed.split.locator)
    small = FilesIn("feed", connect(web), asked.model_copy(update={"largest": 2}))
    with pytest.raises(TerminalError) as refused:
        small.land(split, tmp_path)
    assert "c4nary" not in refused.value.message


def test_a_listing_is_refused_in_words(web, connect):
    with pytest.raises(TerminalError, match="no folders"):
        connect(web).list("")


def test_what_is_not_there_and_what_is_not_allowed_are_told_apart(web, connect):
    (web.folder / "closed").mkdir()
    (web.folder / "closed" / "a").write_bytes(b"a")
    with pytest.raises(Missing):
        content(connect(web), "nothing")
    with pytest.raises(Missing):
        connect(web).look("nothing")
    with pytest.raises(TerminalError, match="refuses who we are"):
        content(connect(web), "closed/a")
    with pytest.raises(TerminalError, match="refuses who we are"):
        connect(web, user="dhm", password="${env:WRONG}").look("closed/a")
    assert b"a" == content(connect(web, user="dhm", password="${env:PASSWORD}"), "closed/a")


def test_the_certificate_is_checked(secure_web, connect, tmp_path):
    (secure_web.folder / "a").write_bytes(b"a")
    assert b"a" == content(connect(secure_web), "a")
    other, _ = certificates(tmp_path)
    for authorities in ("", str(other)):
        with pytest.raises(TerminalError, match="not to be trusted"):
            content(connect(secure_web, ca_file=authorities), "a")


def test_plain_http_must_be_said_to_be_insecure():
    with pytest.raises(ValueError, match="without TLS"):
        Http(url="http://h")
    with pytest.raises(ValueError, match="begins with"):
        Http(url="ftp://h")


# ------------------------------------------------------------------------------------------------ H1, H2: how long, and whether whole


@pytest.mark.parametrize("cut", [1, 4, 8, 100])
def test_h1_a_compressed_body_that_was_cut_is_a_failure(cut, connect):
    packed = gzip.compress(os.urandom(5000))
    given = Answers([answer(packed[:-cut], "Content-Encoding: gzip", f"Content-Length: {len(packed) - cut}")])
    with answering(given) as server, pytest.raises(TransientError, match="gzip has no end"):
        content(connect(server), "a")


def test_h1_a_compressed_body_is_read_to_the_end_of_its_last_member(connect):
    packed = gzip.compress(b"one") + gzip.compress(b"two")
    with answering(Answers([answer(packed, "Content-Encoding: gzip", f"Content-Length: {len(packed)}")])) as server:
        assert b"onetwo" == content(connect(server), "a")


def test_a_compressed_body_that_grows_past_what_the_job_takes_is_refused(connect, tmp_path):
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000, 1)
    told = ("Content-Encoding: gzip", f"Content-Length: {len(packed)}")
    with answering(Answers([head(*told), head(*told), answer(packed, *told)])) as server:
        found = FilesIn(
            "feed",
            connect(server),
            FilesFrom.model_validate({"connection": "web", "path": "a.csv", "largest": 1 << 20, "ready": {"stable": 0}}),
        )
        (split,) = found.splits()
        with pytest.raises(TerminalError, match="more than 1,048,576 bytes"):
            found.land(split, tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_h1_a_damaged_compressed_body_is_a_failure(connect):
    packed = bytearray(gzip.compress(b"x" * 5000))
    packed[-6] ^= 1
    given = Answers([answer(bytes(packed), "Content-Encoding: gzip", f"Content-Length: {len(packed)}")])
    with answering(given) as server, pytest.raises(TransientError, match="damaged"):
        content(connect(server), "a")


def test_h2_a_body_of_unknown_length_is_refused_unless_told_otherwise(connect):
    with answering(Answers([answer(b"half of it")])) as server:
        with pytest.raises(TerminalError, match="does not say how long"):
            content(connect(server), "a")
        assert b"half of it" == content(connect(server, unknown_length="accept"), "a")


@pytest.mark.parametrize("header", ["Content-Digest", "Repr-Digest"])
def test_a_digest_is_compared(header, connect):
    right, wrong = (base64.b64encode(hashlib.sha256(one).digest()).decode() for one in (b"abc", b"abd"))
    with answering(Answers([answer(b"abc", "Content-Length: 3", f"{header}: sha-256=:{right}:")])) as server:
        assert b"abc" == content(connect(server), "a")
    given = Answers([answer(b"abc", "Content-Length: 3", f"{header}: sha-256=:{wrong}:")])
    with answering(given) as server, pytest.raises(TransientError, match="sha-256"):
        content(connect(server), "a")


@pytest.mark.parametrize("form", ["Repr-Digest: sha-256=:{}:", "Content-Digest: sha-256=:{}:", "Digest: SHA-256={}"])
def test_a_digest_of_what_comes_compressed_is_that_of_the_server_or_of_what_a_proxy_has_compressed(form, connect):
    packed = gzip.compress(b"abc")
    right, plain, wrong = (base64.b64encode(hashlib.sha256(one).digest()).decode() for one in (packed, b"abc", b"abd"))

    def told(digest):
        return [answer(packed, "Content-Encoding: gzip", f"Content-Length: {len(packed)}", form.format(digest))]

    for digest in (right, plain):
        with answering(Answers(told(digest))) as server:
            assert b"abc" == content(connect(server), "a")
    with answering(Answers(told(wrong))) as server, pytest.raises(TransientError, match="sha-256"):
        content(connect(server), "a")


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "502 Bad Gateway", "418 No Tea"])
def test_a_proxy_that_may_have_answered_is_named(status):
    with answering(Answers([head("Content-Length: 0", status=status)])) as server:
        files = HttpFiles(Http(url="http://files.example", proxy=server.url, insecure=True), Path())
        with pytest.raises((TerminalError, TransientError), match=rf"`http://files\.example/a`, by the proxy `127\.0\.0\.1:{server.port}`"):
            files.look("a")
        files.close()


def test_an_older_digest_is_compared_too(connect):
    wrong = base64.b64encode(hashlib.md5(b"abd").digest()).decode()
    given = Answers([answer(b"abc", "Content-Length: 3", f"Content-MD5: {wrong}")])
    with answering(given) as server, pytest.raises(TransientError, match="md5"):
        content(connect(server), "a")


@contextmanager
def telling(data: bytes, sent: list[bytes], digest: str):
    """A server that tells the digest of `data`, sends the next of `sent` each time it is asked for the whole, and goes on with the last from the middle."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            first = int((self.headers.get("range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            asked.append(str(first))
            body = sent[0] if first or len(sent) == 1 else sent.pop(0)
            status = 200 if not first else 416 if first >= len(body) else 206
            rest = b"" if status == 416 else body[first:]
            self.send_response(status)
            self.send_header("Content-Length", str(len(rest)))
            if status != 200:
                self.send_header("Content-Range", f"bytes */{len(body)}" if status == 416 else f"bytes {first}-{len(body) - 1}/{len(body)}")
            self.send_header("ETag", '"1"')
            self.send_header("Repr-Digest", digest)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(rest)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *told: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def test_what_came_damaged_is_fetched_from_its_start_and_never_taken(connect, tmp_path):
    data = b"id\n" + b"1\n" * 500_000
    damaged = data[:-2] + b"2\n"
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
    split = Split("feed", "a.csv", "a.csv", f'{len(data)}||"1"', len(data))
    with telling(data, [damaged, damaged, data], digest) as port:
        (landed,) = Landing(connect(None, port=port), 1 << 30, lambda _: None).several([split], tmp_path).landed
        assert landed.path.read_bytes() == data
    with telling(data, [damaged], digest) as port:
        files = connect(None, port=port)
        with pytest.raises(TransientError, match="came damaged: its sha-256"):
            Landing(files, 1 << 30, lambda _: None).several([split], tmp_path)


# ------------------------------------------------------------------------------------------------ H3: nothing unasked


def test_h3_a_redirect_is_told_and_not_followed(web, connect):
    with pytest.raises(TerminalError, match=r"leads to `http://elsewhere.example/`"):
        content(connect(web), "away")


def test_h3_the_proxy_of_the_environment_is_not_asked(web, connect, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (web.folder / "a").write_bytes(b"a")
    assert b"a" == content(connect(web), "a")


def test_h3_the_passwords_of_the_account_are_not_sent(connect, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login root password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    given = Answers([answer(b"a", "Content-Length: 1")])
    with answering(given) as server:
        content(connect(server), "a")
    assert "authorization" not in given.seen[0].lower()


def test_secrets_go_where_they_belong(connect):
    given = Answers([answer(b"a", "Content-Length: 1")])
    with answering(given) as server:
        content(connect(server, token="${env:TOKEN}"), "a")
    assert "Authorization: Bearer t0ken" in given.seen[0]


@pytest.mark.parametrize("path", ["//elsewhere.example/a", "http://elsewhere.example/a", "a\r\nX: y", "@elsewhere.example/"])
def test_a_path_never_leads_to_another_host(path, connect):
    given = Answers([answer(b"a", "Content-Length: 1")])
    with answering(given) as server:
        assert b"a" == content(connect(server), path)
    assert 1 == len(given.seen)
    assert "X: y\r\n" not in given.seen[0]


# ------------------------------------------------------------------------------------------------ H4: resumed, or not at all


@pytest.mark.parametrize("act", ["cut", "reset"])
def test_h4_a_download_is_taken_up_again_where_it_broke_off(act, web, connect):
    data = os.urandom(6_000_000)
    (web.folder / "a").write_bytes(data)
    with proxy(web.port, Fault(2_000_000, act), Fault(100, act), Fault(3_000_000, act)) as between:
        assert data == content(connect(web, between.port), "a")
        assert 4 == between.connections
        # It was taken up again, not begun again: hardly more than the file went through.
        assert between.passed < 5_200_000


def test_h4_a_file_that_changed_meanwhile_is_not_put_together(web, connect):
    (web.folder / "a").write_bytes(b"1" * 6_000_000)
    os.utime(web.folder / "a", (1_770_000_000, 1_770_000_000))
    with proxy(web.port, Fault(2_000_000, "cut")) as between:
        files = connect(web, between.port)
        with files.read("a") as stream:
            stream.read(10)
            (web.folder / "a").write_bytes(b"2" * 6_000_000)
            with pytest.raises(TransientError, match="another file than before"):
                list(iter(lambda: stream.read(70_000), b""))


def test_h4_without_a_validator_nothing_is_put_together(connect):
    given = Answers([answer(b"x" * 10, "Content-Length: 100")])
    with answering(given) as server, pytest.raises(TransientError, match="the server ended the connection after 10 of 100 bytes"):
        content(connect(server), "a")
    assert 1 == len(given.seen)


def test_h4_a_weak_tag_is_no_validator(connect):
    given = Answers([answer(b"x" * 10, "Content-Length: 100", 'ETag: W/"1"')])
    with answering(given) as server, pytest.raises(TransientError):
        content(connect(server), "a")
    assert 1 == len(given.seen)


def test_h4_another_part_than_the_one_asked_for_is_refused(connect):
    given = Answers(
        [
            answer(b"x" * 10, "Content-Length: 100", 'ETag: "1"'),
            answer(b"y" * 90, "Content-Length: 90", "Content-Range: bytes 0-89/100", status="206 Partial Content"),
        ]
    )
    with answering(given) as server, pytest.raises(TransientError, match="another part"):
        content(connect(server), "a")
    assert 'If-Range: "1"' in given.seen[1]
    assert "Range: bytes=10-" in given.seen[1]


OLD, NEW = "Last-Modified: Wed, 01 Jan 2025 10:00:00 GMT", "Last-Modified: Wed, 01 Jan 2025 10:00:09 GMT"
DATE = "Date: Wed, 01 Jan 2025 12:00:00 GMT"


@pytest.mark.parametrize(
    ("first", "then"),
    [(['ETag: "A"'], ['ETag: "B"']), (['ETag: "A"'], []), (['ETag: "A"', OLD, DATE], [OLD]), ([OLD, DATE], [NEW])],
    ids=["another tag", "no tag", "a date for a tag", "another date"],
)
def test_h4_the_part_of_another_file_is_not_put_behind_that_of_the_first(first, then, connect, tmp_path):
    # As servers and caches do that do not know `If-Range`; the file was replaced by one of the same length.
    part = ("Content-Length: 50", "Content-Range: bytes 50-99/100")
    broken = [answer(b"x" * 50, "Content-Length: 100", *first), answer(b"y" * 50, *part, *then, status="206 Partial Content")]
    with answering(Answers(broken)) as server, pytest.raises(TransientError, match="not said to be of the same file"):
        content(connect(server), "a")
    # A run takes all of the other one, though its look tells no more than a length.
    look = head("Content-Length: 100")
    with answering(Answers([*broken, look, answer(b"y" * 100, "Content-Length: 100", *then), look])) as server:
        landing = Landing(connect(server), 1 << 30, lambda _: None)
        (landed,) = landing.several([Split("feed", "a", "a", "", 100)], tmp_path).landed
        assert b"y" * 100 == landed.path.read_bytes()


def test_h4_a_part_without_a_date_is_of_the_file_that_was_asked_for_by_one(connect):
    given = Answers(
        [
            answer(b"x" * 50, "Content-Length: 100", OLD, DATE),
            answer(b"y" * 50, "Content-Length: 50", "Content-Range: bytes 50-99/100", status="206 Partial Content"),
        ]
    )
    with answering(given) as server:
        assert b"x" * 50 + b"y" * 50 == content(connect(server), "a")


JUST_NOW = f"Last-Modified: {formatdate(time.time() - 60, usegmt=True)}"


@pytest.mark.parametrize(
    "told", [[OLD, "Date: Wed, 01 Jan 2025 10:00:00 GMT"], [JUST_NOW]], ids=["of the same second", "of a clock that nobody tells"]
)
def test_h4_a_date_as_young_as_the_answer_is_no_validator(told, connect):
    given = Answers([answer(b"x" * 50, "Content-Length: 100", *told), answer(b"y" * 50, status="206 Partial Content")])
    with answering(given) as server, pytest.raises(Anew):
        content(connect(server), "a")
    assert 1 == len(given.seen)


def test_h4_an_old_date_is_a_validator_of_servers_that_tell_no_time(connect):
    part = answer(b"y" * 50, "Content-Length: 50", "Content-Range: bytes 50-99/100", OLD, status="206 Partial Content")
    with answering(Answers([answer(b"x" * 50, "Content-Length: 100", OLD), part])) as server:
        assert b"x" * 50 + b"y" * 50 == content(connect(server), "a")


def test_h4_weak_tags_that_differ_are_of_two_files(connect):
    first = answer(b"x" * 50, "Content-Length: 100", OLD, DATE, 'ETag: W/"A"')
    part = answer(b"y" * 50, "Content-Length: 50", "Content-Range: bytes 50-99/100", OLD, 'ETag: W/"B"', status="206 Partial Content")
    with answering(Answers([first, part])) as server, pytest.raises(Anew, match="not said to be of the same file"):
        content(connect(server), "a")


def test_h4_what_is_known_of_a_file_outlasts_a_host_that_asks_for_patience(connect, tmp_path):
    look = head("Content-Length: 100", OLD)
    given = Answers(
        [
            answer(b"x" * 50, "Content-Length: 100", OLD, DATE, 'ETag: "A"'),
            head("Content-Length: 0", "Retry-After: 1", status="503 No"),
            look,
            answer(b"y" * 50, "Content-Length: 50", "Content-Range: bytes 50-99/100", OLD, 'ETag: "B"', status="206 Partial Content"),
            look,
            answer(b"y" * 100, "Content-Length: 100", OLD, DATE, 'ETag: "B"'),
            look,
        ]
    )
    with answering(given) as server:
        files = connect(server)
        landing = Landing(files, 1 << 30, lambda _: None)
        split = Split("feed", "a", "a", fingerprint(Entry("a", "file", 100, datetime(2025, 1, 1, 10, tzinfo=UTC))), 100)
        (landed,) = landing.several([split], tmp_path).landed
        assert b"y" * 100 == landed.path.read_bytes()
        assert {} == files.begun
    assert 'If-Range: "A"' in given.seen[3]


def test_h4_a_chunked_body_that_was_cut_is_a_failure(connect):
    given = Answers([answer(b"5\r\nhello\r\n5\r\nwor", "Transfer-Encoding: chunked")])
    with answering(given) as server, pytest.raises(TransientError):
        content(connect(server), "a")


# ------------------------------------------------------------------------------------------------ H5: answers, and when to try again


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_h5_answers_that_may_pass(status, connect):
    with (
        answering(Answers([head("Content-Length: 0", "Retry-After: 7", status=f"{status} No")])) as server,
        pytest.raises(TransientError) as told,
    ):
        content(connect(server), "a")
    assert 7 == told.value.wait


@pytest.mark.parametrize("status", [204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 418, 422, 501])
def test_h5_answers_that_will_not(status, connect):
    with answering(Answers([head("Content-Length: 0", status=f"{status} No")])) as server, pytest.raises(TerminalError):
        content(connect(server), "a")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12", 12),
        ("Fri, 01 May 2026 12:00:30 GMT", 30),
        ("Fri, 01 May 2026 11:00:00 GMT", 0),
        ("-5", 0),
        ("1e9", 3600),
        ("1000000000", 3600),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_h5_both_forms_of_retry_after_are_read(text, seconds):
    assert seconds == retry_after(httpx.Response(503, headers={"Retry-After": text}), datetime(2026, 5, 1, 12, tzinfo=UTC))


def test_a_server_that_does_not_know_head_is_asked_otherwise(connect):
    given = Answers([head(status="405 No"), answer(b"abc", "Content-Length: 3", 'ETag: "x"')])
    with answering(given) as server:
        entry = connect(server).look("a")
    assert (3, '"x"') == (entry.size, entry.identity)


def test_a_page_in_the_place_of_a_file_is_a_failure_that_may_pass(web, connect):
    page = b"\xef\xbb\xbf <!DOCTYPE html><html>Back soon</html>"
    for name in ("a.csv", "a.html"):
        (web.folder / name).write_bytes(page)
    with pytest.raises(TransientError, match="web page"):
        content(connect(web), "a.csv")
    assert page == content(connect(web), "a.html")


# ------------------------------------------------------------------------------------------------ silence


@pytest.mark.parametrize("act", ["stall", "trickle"])
def test_a_server_that_falls_silent_or_crawls_is_noticed_within_the_deadline(act, web, connect):
    (web.folder / "a").write_bytes(b"x" * 3_000_000)
    with proxy(web.port, *(Fault(1000, act) for _ in range(20))) as between:
        begun = time.monotonic()
        with pytest.raises(TransientError):
            content(connect(web, between.port, deadline=timedelta(seconds=0.5)), "a")
        assert time.monotonic() - begun < 15


def test_nobody_listening_may_pass(connect, web):
    with pytest.raises(TransientError):
        content(connect(web, 1), "a")


def test_secrets_in_an_address_are_not_told(connect):
    with answering(Answers([head("Content-Length: 0", status="404 No")])) as server, pytest.raises(Missing) as told:
        content(connect(server), "a?api_key=hunter2")
    assert "hunter2" not in str(told.value)


# ------------------------------------------------------------------------------------------------ answers end

TALK = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
    "answers before the answer": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}
BODIES = {
    "the length of a piece": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", b"y"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n"),
}


@pytest.mark.parametrize("talk", TALK)
@pytest.mark.parametrize("way", ["look", "read"])
def test_a_head_that_never_ends_is_not_waited_for(talk, way, connect):
    with talking(*TALK[talk], 0.1, asked=True) as port:
        files, begun = connect(None, port=port, deadline=1), time.monotonic()
        with pytest.raises(TransientError, match="no answer in time"):
            files.look("a") if way == "look" else content(files, "a")
        assert time.monotonic() - begun < 15


@pytest.mark.parametrize("talk", BODIES)
def test_what_stands_around_a_body_is_not_waited_for_for_ever(talk, connect):
    with talking(*BODIES[talk], 0.1, asked=True) as port:
        files, begun = connect(None, port=port, deadline=1), time.monotonic()
        with pytest.raises(TransientError, match="no answer in time"):
            content(files, "a")
        assert time.monotonic() - begun < 15


def test_a_head_and_its_body_are_in_time_each_by_itself(connect):
    class Late(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(1.2)
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            time.sleep(1.2)
            self.wfile.write(b"whole")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        assert b"whole" == content(connect(None, port=server.server_address[1], deadline=2), "a")
        server.shutdown()


def test_the_answer_of_a_proxy_is_not_waited_for_for_ever(connect):
    with talking(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.1, asked=True) as port:
        files, begun = (
            HttpFiles(Http(url="https://files.example", proxy=f"http://127.0.0.1:{port}", deadline=timedelta(seconds=1)), Path()),
            time.monotonic(),
        )
        with pytest.raises(TransientError, match="no answer in time"):
            files.look("a")
        assert time.monotonic() - begun < 15
        files.close()
