"""What sources and sinks of files must do on every file system: land whole, deliver whole, and lose nothing on the way."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest

from datahub.connectors.declare import DataHubError, Output, TerminalError, TransientError
from datahub.connectors.files_at_once import FilesAtOnce
from datahub.connectors.files_in import FilesIn
from datahub.connectors.files_out import FilesOut
from datahub.project.binding import After, FilesFrom, FilesTo, Ready
from tests.servers.systems import OBJECTS

AT_ONCE = Ready(stable=timedelta(0))


def source(files, **told):
    told = {"folder": "in", "ready": AT_ONCE} | told
    return FilesIn("feed", files, FilesFrom.model_validate({"connection": "here"} | told), lambda _: None)


@pytest.fixture
def feed(files):
    files.make_folder("in")

    def put(name, data=b"a,b\n1,2\n"):
        with files.write(f"in/{name}") as stream:
            stream.write(data)

    return put


def below(files, folder):
    return [one.name for one in files.list(folder)]


def test_a_file_lands_whole_under_the_digest_of_its_content(files, feed, tmp_path):
    data = os.urandom(1_200_000)
    feed("b.csv")
    feed("a.csv", data)
    feed(".hidden")
    feed("c.csv.part")
    found = source(files)
    splits = list(found.splits())
    assert ["a.csv", "b.csv"] == [one.name for one in splits]
    landed = found.land(splits[0], tmp_path)
    assert (len(data), hashlib.sha256(data).hexdigest(), data) == (landed.size, landed.sha256, landed.path.read_bytes())
    assert [landed.sha256] == [path.name for path in tmp_path.iterdir()]


def test_a_file_that_is_larger_than_the_job_takes_is_refused_whatever_its_listing_says(files, feed, tmp_path):
    feed("a.csv", os.urandom(1_200_000))
    found = source(files, largest=100_000)
    (split,) = found.splits()
    with pytest.raises(TerminalError, match="has 1,200,000 bytes"):
        found.land(split, tmp_path)
    with pytest.raises(TerminalError, match="more than 100,000 bytes"):
        found.land(replace(split, size=None), tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("stable", [0, 1])
def test_a_file_that_stays_as_it_is_counts_as_whole(files, feed, stable):
    feed("a.csv")
    assert ["a.csv"] == [one.name for one in source(files, ready=Ready(stable=timedelta(seconds=stable))).splits()]


def test_many_files_are_fetched_at_once_and_come_in_their_order(files, feed, tmp_path):
    contents = {f"{number:03}.csv": os.urandom(number * 37) for number in range(1, 41)}
    for name, data in contents.items():
        feed(name, data)
    found = FilesAtOnce("feed", files.again, FilesFrom(connection="here", folder="in", ready=AT_ONCE), 4)
    try:
        landed = list(chain.from_iterable(found.land_all(list(found.splits()), tmp_path)))
    finally:
        found.close()
    assert list(contents) == [one.name for one in landed]
    assert list(contents.values()) == [one.path.read_bytes() for one in landed]


def test_small_files_that_changed_since_they_were_listed_are_not_taken(files, feed, tmp_path):
    for number in range(12):
        feed(f"{number:02}.csv", b"first\n")
    found = source(files)
    splits = list(found.splits())
    feed("05.csv", b"another\n")
    landing = found.land_all(splits, tmp_path)
    assert [f"{number:02}.csv" for number in range(5)] == [one.name for _ in range(2) for one in next(landing)]
    with pytest.raises(TransientError):
        next(landing)
    # Nothing half is left.
    assert [] == [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_what_was_read_is_moved_and_nothing_is_overwritten(files, feed, tmp_path):
    for content in (b"one", b"two"):
        feed("a.csv", content)
        found = source(files, after=After(action="move", folder="done"), on_failure=After(action="move", folder="bad"))
        (split,) = found.splits()
        landed = found.land(split, tmp_path)
        found.settle(landed, succeeded=True)
        found.settle(landed, succeeded=True)
    assert ([], 2) == (below(files, "in"), len(below(files, "done")))
    feed("a.csv", b"three")
    (split,) = source(files).splits()
    found.settle(found.land(split, tmp_path), succeeded=False)
    assert ["a.csv"] == below(files, "bad")


def test_what_was_read_is_deleted_or_marked(files, feed, tmp_path):
    feed("a.csv")
    found = source(files, after=After(action="mark"))
    (split,) = found.splits()
    found.settle(found.land(split, tmp_path), succeeded=True)
    assert ["a.csv", "a.csv.done"] == below(files, "in")
    assert [] == list(found.splits())
    found = source(files, after=After(action="delete"), pattern="*.csv")
    (split,) = found.splits()
    found.settle(found.land(split, tmp_path), succeeded=True)
    assert ["a.csv.done"] == below(files, "in")


HOSTILE = [
    "a\tb.csv",
    "a\x1b[31mred.csv",
    "…/x.csv",
    "CON.csv",
    "x" * 200 + ".csv",
    "a;rm -rf ~.csv",
    "$(touch pwned).csv",
    "a%00b.csv",
    "~root.csv",
    "\u202egnp.csv",
]


@pytest.mark.parametrize("name", [one for one in HOSTILE if "/" not in one])
def test_hostile_names_stay_names(files, name, tmp_path):
    if "\x1b" in name and files.system == "store-webdav":
        pytest.skip("its listings are XML, which has no such letters")
    files.make_folder("in")
    (files.folder / "in" / name).write_bytes(b"x")
    if "\x1b" in name or "\t" in name:
        # Servers say such names each in their own way; what matters is that nothing but a name comes of it.
        shown = [one.name for one in files.list("in")]
        assert len(shown) == 1
    (tmp_path / "landed").mkdir()
    found = source(files)
    for split in found.splits():
        assert split.name.isprintable()
        landed = found.land(split, tmp_path / "landed")
        assert landed.path.parent == tmp_path / "landed"
    assert ["landed"] == [path.name for path in tmp_path.iterdir()]
    assert all(len(path.name) == 64 for path in (tmp_path / "landed").iterdir())


def test_a_name_that_is_no_text_is_read_and_moved_like_any_other(files, feed, tmp_path):
    if files.system in OBJECTS or files.system.startswith(("pyftpd", "ftps", "store-webdav")):
        pytest.skip("names of objects, and in XML, are text; pyftpdlib lists no others either")
    feed("a.csv", b"good")
    name = os.fsdecode(b"r\xe9f.csv")
    (files.folder / "in" / name).write_bytes(b"x")
    found = source(files, after=After(action="move", folder="done"), ready=Ready(stable=timedelta(0)))
    splits = list(found.splits())
    assert ["a.csv", "r\\xe9f.csv"] == [split.name for split in splits]
    for split in splits:
        found.settle(found.land(split, tmp_path), succeeded=True)
    assert {b"r\xe9f.csv": b"x", b"a.csv": b"good"} == {
        os.fsencode(one.name): one.read_bytes() for one in (files.folder / "done").iterdir()
    }


def test_what_is_no_file_is_left_alone(files, feed, tmp_path):
    if files.system in OBJECTS or files.system.startswith(("pyftpd", "ftps")):
        pytest.skip("stores of objects have nothing else, and pyftpdlib looks through links, or does not list them")
    feed("a.csv", b"good")
    (tmp_path / "outside.csv").write_bytes(b"secret")
    (files.folder / "in" / "folder.csv").mkdir()
    (files.folder / "in" / "to-nothing.csv").symlink_to("nowhere.csv")
    (files.folder / "in" / "to-folder.csv").symlink_to(tmp_path)
    (files.folder / "in" / "to-outside.csv").symlink_to(tmp_path / "outside.csv")
    (tmp_path / "landed").mkdir()
    found = source(files, recursive=True)
    landed = [found.land(split, tmp_path / "landed") for split in found.splits()]
    assert [b"good"] == [one.path.read_bytes() for one in landed]


# ------------------------------------------------------------------------------------------------ the way out


def output(tmp_path, data=b"x\n", key="k1", **values):
    path = tmp_path / "offers.csv"
    path.write_bytes(data)
    return Output("offers", path, 1, key, values)


def sink(files, **told):
    return FilesOut(files, FilesTo(connection="here", folder="out", document="json", **told))


@pytest.fixture
def out(files):
    files.make_folder("out")


def test_a_file_shows_under_its_name_when_it_is_whole(files, out, tmp_path):
    data = os.urandom(900_000)
    target = sink(files, name="{{ORDERID}}.{{FORMAT}}", done_file="{{STEM}}.ok")
    receipt = target.stage(output(tmp_path, data, ORDERID="172-189"))
    assert [] == [one for one in below(files, "out") if not one.startswith(".")]
    target.commit([receipt])
    target.commit([receipt])
    assert ["172-189.csv", "172-189.ok"] == below(files, "out")
    with files.read("out/172-189.csv") as stream:
        assert data == b"".join(iter(lambda: stream.read(70_000), b""))


def test_what_is_staged_can_be_taken_back(files, out, tmp_path):
    target = sink(files)
    receipt = target.stage(output(tmp_path))
    target.abort([receipt])
    target.abort([receipt])
    assert [] == below(files, "out")


def test_a_name_that_is_taken_is_kept_replaced_or_numbered(files, out, tmp_path):
    sink(files).commit([sink(files).stage(output(tmp_path, b"old"))])
    with pytest.raises(TerminalError, match="exists"):
        sink(files).stage(output(tmp_path, b"new"))
    numbered = sink(files, exists="number")
    numbered.commit([numbered.stage(output(tmp_path, b"newer"))])
    replacing = sink(files, exists="replace")
    receipt = replacing.stage(output(tmp_path, b"newest", key="k2"))
    replacing.commit([receipt])
    replacing.commit([receipt])
    assert {"offers.csv": b"newest", "offers-1.csv": b"newer"} == {
        path.name: path.read_bytes() for path in (files.folder / "out").iterdir()
    }


@pytest.mark.parametrize(
    ("value", "name"), [("../../etc/passwd", "_._.._etc_passwd.csv"), ("a\r\nDELE b", "a__DELE b.csv"), ("a\\b", "a_b.csv")]
)
def test_a_value_adds_no_folder_and_no_command(files, out, tmp_path, value, name):
    target = sink(files, name="{{ORDERID}}.csv")
    target.commit([target.stage(output(tmp_path, ORDERID=value))])
    assert [name] == below(files, "out")


@pytest.mark.parametrize("pattern", ["{{NOPE}}.csv", "..", "{{ORDERID}}"])
def test_a_pattern_that_makes_no_name_is_told_before_anything_is_sent(files, out, tmp_path, pattern):
    with pytest.raises(TerminalError):
        sink(files, name=pattern).stage(output(tmp_path, ORDERID="x" * 300 if pattern == "{{ORDERID}}" else "1"))
    assert [] == below(files, "out")


def test_a_folder_that_is_missing_is_made_only_when_asked(files, tmp_path):
    if files.system not in OBJECTS:
        with pytest.raises(DataHubError):
            sink(files).stage(output(tmp_path))
        assert [] == list(files.folder.iterdir())
    target = sink(files, create_folders=True)
    target.commit([target.stage(output(tmp_path))])
    assert ["offers.csv"] == below(files, "out")
