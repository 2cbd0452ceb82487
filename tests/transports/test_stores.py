"""Where stores of objects bite, against moto, which answers as S3 does."""

from __future__ import annotations

import gc
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from datahub.connectors.declare import Missing, Place, TerminalError, TransientError
from datahub.connectors.files_in import FilesIn
from datahub.connectors.kinds.store import Store
from datahub.connectors.store_files import StoreFiles
from datahub.project.binding import FilesFrom, Ready
from datahub.project.secrets import Secret, Vault
from tests.reading import content
from tests.servers.objects import BUCKET, KEY, SECRET, ObjectPath, s3
from tests.servers.proxy import Fault, proxy


@pytest.fixture(scope="session")
def _moto(tmp_path_factory):
    with s3(tmp_path_factory.mktemp("s3")) as objects:
        yield objects


@pytest.fixture
def bucket(_moto):
    path = ObjectPath(_moto)
    path.empty()
    return path


@pytest.fixture
def connect(bucket):
    made = []

    def make(**told):
        vault = Vault({"KEY": KEY, "SECRET": SECRET})
        secrets = {"key": Secret("${env:KEY}", vault), "secret": Secret("${env:SECRET}", vault)}
        options = {"endpoint_url": told.pop("url", bucket.store.url), "client_kwargs": {"region_name": "us-east-1"}}
        settings = {"protocol": "s3", "root": BUCKET, "options": options, "secrets": secrets} | told
        made.append(StoreFiles(Store(**settings)))
        return made[-1]

    yield make
    for files in made:
        files.close()


@pytest.mark.parametrize("size", [10, 60_000_000])
def test_what_fails_while_it_is_written_is_no_object(size, bucket, connect):
    def fail(stream):
        stream.write(b"x" * size)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), connect().write("half") as stream:
        fail(stream)
    # The library's file would be closed, and so shown, when it is collected.
    gc.collect()
    assert [] == bucket.store.keys("")


def test_a_folder_whose_last_file_was_taken_is_empty(bucket, connect):
    files = connect()
    (bucket / "in" / "a").write_bytes(b"a")
    files.remove("in/a")
    assert [] == list(files.list("in"))
    files.make_folder("done")
    assert [] == bucket.store.keys("")


def test_the_object_that_stands_for_a_folder_is_no_file(bucket, connect):
    (bucket / "in").mkdir()
    (bucket / "in" / "a").write_bytes(b"a")
    assert [("in/a", "file")] == [(one.path, one.kind) for one in connect().list("in")]
    assert [("in", "folder")] == [(one.path, one.kind) for one in connect().list("")]


def test_an_object_whose_name_ends_like_its_folder_is_no_folder(bucket, connect):
    (bucket / f"my-{BUCKET}").write_bytes(b"a")
    assert [f"my-{BUCKET}"] == [one.path for one in connect().list("")]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_a_listing_and_a_look_tell_one_time_wherever_we_are(zone, bucket, connect, monkeypatch, tmp_path):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        (bucket / "in" / "a").write_bytes(b"a" * 1_200_000)
        files = connect()
        (listed,) = files.list("in")
        assert (listed, "UTC") == (files.look("in/a"), str(listed.modified.tzinfo))
        found = FilesIn("feed", files, FilesFrom(connection="x", folder="in", ready=Ready(stable=timedelta(0))))
        (split,) = found.splits()
        assert 1_200_000 == found.land(split, tmp_path).size
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_an_object_that_is_replaced_while_it_is_read_is_not_put_together(bucket, connect):
    (bucket / "a").write_bytes(b"1" * 20_000_000)
    with connect().read("a") as stream:
        stream.read(10)
        (bucket / "a").write_bytes(b"2" * 20_000_000)
        with pytest.raises(TransientError):
            list(iter(lambda: stream.read(1 << 20), b""))


def test_a_bucket_that_is_not_there_is_told_by_its_name_and_never_made(connect):
    files = connect(root="no-such-bucket/in")
    with pytest.raises(Missing, match="no-such-bucket"):
        list(files.list(""))
    files.make_folder("x")
    with pytest.raises(Missing), files.write("a") as stream:
        stream.write(b"a")


def test_a_login_that_is_missing_is_ours_to_mend(bucket, connect, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(TerminalError) as told:
        list(connect(secrets={}).list(""))
    assert "credentials" in str(told.value)
    assert "`secrets`" in told.value.help


def test_a_store_that_nobody_serves_may_pass(connect):
    options = {"endpoint_url": "http://127.0.0.1:1", "client_kwargs": {"region_name": "us-east-1"}}
    options["config_kwargs"] = {"retries": {"total_max_attempts": 1}}
    with pytest.raises(TransientError):
        list(connect(options=options, deadline=timedelta(seconds=20)).list(""))


@pytest.mark.parametrize("act", ["stall", "trickle"])
def test_a_store_that_falls_silent_is_noticed_within_the_deadline(act, bucket, connect):
    (bucket / "a").write_bytes(b"x" * 9_000_000)
    port = int(bucket.store.url.rpartition(":")[2])
    with proxy(port, *(Fault(100_000, act) for _ in range(20))) as between:
        files = connect(url=f"http://127.0.0.1:{between.port}", deadline=timedelta(seconds=1))
        begun = time.monotonic()
        with pytest.raises(TransientError, match="did not answer within 1 s"):
            content(files, "a")
        assert time.monotonic() - begun < 10
    # Whoever asks again does so over a connection of its own.
    assert b"x" * 9_000_000 == content(connect(), "a")


@pytest.mark.parametrize("act", ["cut", "reset"])
def test_a_download_that_breaks_off_comes_whole_or_fails(act, bucket, connect):
    data = os.urandom(9_000_000)
    (bucket / "a").write_bytes(data)
    port = int(bucket.store.url.rpartition(":")[2])
    with proxy(port, None, Fault(200_000, act), Fault(1_000_000, act)) as between:
        files = connect(url=f"http://127.0.0.1:{between.port}", deadline=timedelta(seconds=30))
        for _ in range(4):
            try:
                assert data == content(files, "a")
                break
            except TransientError:
                continue
        else:
            pytest.fail("it never came")


def test_what_the_store_is_told_is_not_told_to_others(connect):
    files = connect(options={"endpoint_url": "http://127.0.0.1:1", "client_kwargs": {"region_name": "nope!"}})
    with pytest.raises((TransientError, TerminalError)) as told:
        list(files.list(""))
    assert SECRET not in str(told.value)


def test_a_protocol_that_nobody_knows_and_one_whose_library_is_missing_are_told():
    for protocol, words in (("nope", "fsspec knows no `nope`"), ("gcs", "needs a library that is not installed")):
        with pytest.raises(TerminalError, match=words):
            list(StoreFiles(Store(protocol=protocol)).list(""))


def test_the_registry_opens_it():
    from datahub.connectors import load

    make = load()["store"].files
    assert make is not None
    files = make(Store(protocol="memory", root="test-stores"), Place(Path(), Path()))
    files.make_folder("")
    assert [] == list(files.list(""))
