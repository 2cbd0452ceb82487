"""What every file system must do, whichever it is and whoever serves it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from datahub.connectors import load
from datahub.connectors.declare import DataHubError, Missing, ReadsTogether, Taken, TerminalError
from tests.reading import content
from tests.servers.systems import KINDS, OBJECTS, READ_ONLY, WITHOUT_FOLDERS


def put(files, path, data):
    with files.write(path) as stream:
        for at in range(0, len(data), 100_000):
            stream.write(data[at : at + 100_000])


def test_every_kind_of_connection_with_files_is_in_this_suite():
    assert set(KINDS.values()) | READ_ONLY == {kind for kind, connector in load().items() if connector.files is not None}


@pytest.mark.parametrize("size", [0, 1, 65_537, 1_500_000])
def test_what_is_written_is_read(files, size):
    data = os.urandom(size)
    put(files, "a b.csv", data)
    assert data == (files.folder / "a b.csv").read_bytes() == content(files, "a b.csv")
    assert size == files.look("a b.csv").size


def test_a_file_is_read_from_where_it_is_asked_for(files):
    data = os.urandom(500_000)
    put(files, "a", data)
    assert (data[400_001:], b"") == (content(files, "a", 400_001), content(files, "a", 500_000))


def test_writing_empties_what_was_there(files):
    put(files, "a", b"long content")
    put(files, "a", b"short")
    assert b"short" == content(files, "a")


def test_a_listing_has_what_is_there_now(files):
    assert [] == list(files.list(""))
    put(files, "b", b"22")
    put(files, "a", b"1")
    (files.folder / "folder").mkdir()
    assert [("a", "file"), ("b", "file"), ("folder", "folder")] == [(one.path, one.kind) for one in files.list("")]
    assert [1, 2] == [one.size for one in files.list("") if one.kind == "file"]
    files.remove("a")
    assert ["b", "folder"] == [one.name for one in files.list("")]


def test_paths_of_a_listing_open_the_files(files):
    (files.folder / "x" / "y").mkdir(parents=True)
    for name in ("plain.csv", "with  two spaces.csv", "é-日本.csv", "-dash", "100%.csv", "[a]{b}.csv", "a'b\"c.csv", "#tag;v=1.csv"):
        (files.folder / "x" / "y" / name).write_bytes(name.encode())
    found = {one.path: content(files, one.path) for one in files.list("x/y")}
    assert {f"x/y/{path.name}": path.name.encode() for path in (files.folder / "x" / "y").iterdir()} == found


def test_a_link_is_told_as_one_or_not_at_all(files):
    if files.system in OBJECTS:
        pytest.skip("stores of objects have no links")
    put(files, "a", b"a")
    (files.folder / "link").symlink_to("a")
    listed = {one.path: one.kind for one in files.list("")}
    # Servers that look through links cannot be seen through, and one shows none.
    told = listed.get("link", "link" if files.system == "store-webdav" else "")
    assert told in ("link", "file")
    assert ("link" == told) or files.system in ("pyftpd", "ftps-explicit", "pyftpd-windows")


def test_times_are_those_of_the_file(files):
    put(files, "a", b"a")
    if files.system in OBJECTS:
        assert abs((datetime.now(UTC) - files.look("a").modified).total_seconds()) < 30
        return
    os.utime(files.folder / "a", (1_770_000_000, 1_770_000_000))
    assert datetime.fromtimestamp(1_770_000_000, UTC) == files.look("a").modified


def test_a_rename_keeps_what_is_there_unless_it_may_replace(files):
    put(files, "a", b"new")
    put(files, "b", b"old")
    with pytest.raises(Taken):
        files.rename("a", "b", replace=False)
    assert (b"new", b"old") == (content(files, "a"), content(files, "b"))
    files.rename("a", "c", replace=False)
    assert ["b", "c"] == [one.name for one in files.list("")]
    try:
        files.rename("c", "b", replace=True)
    except Taken:
        # A host that cannot replace says so, and loses nothing.
        assert (b"new", b"old") == (content(files, "c"), content(files, "b"))
    else:
        assert (["b"], b"new") == ([one.name for one in files.list("")], content(files, "b"))


def test_a_rename_into_a_folder_is_one(files):
    files.make_folder("done")
    put(files, "a", b"a")
    files.rename("a", "done/a", replace=False)
    assert b"a" == content(files, "done/a")


def test_a_rename_that_cannot_be_done_loses_nothing(files):
    put(files, "a", b"a")
    if not files.system.startswith("store"):
        # Libraries of stores make folders in passing, as stores have none.
        with pytest.raises(TerminalError):
            files.rename("a", "no/such/b", replace=False)
        assert b"a" == content(files, "a")
    with pytest.raises(Missing):
        files.rename("nothing", "b", replace=False)


def test_folders_are_made_when_asked_and_never_in_passing(files):
    if files.system not in OBJECTS:
        with pytest.raises(DataHubError):
            put(files, "tpyo/a", b"x")
        assert [] == [one.name for one in files.folder.iterdir()]
    files.make_folder("a/b/c")
    files.make_folder("a/b/c")
    put(files, "a/b/c/d", b"d")
    assert b"d" == content(files, "a/b/c/d")


def test_what_is_not_there_is_missing_and_never_empty(files):
    if files.system in WITHOUT_FOLDERS:
        # What is called a folder there is gone with the last file in it, and that is no mistake.
        assert [] == list(files.list("nothing"))
    else:
        with pytest.raises(TerminalError if files.system == "vsftpd" else Missing):
            list(files.list("nothing"))
    for work in (
        lambda: files.look("nothing"),
        lambda: content(files, "nothing"),
        lambda: files.remove("nothing"),
        lambda: files.look("no/such/thing"),
    ):
        # vsftpd tells a missing folder as it tells a closed one.
        with pytest.raises(TerminalError if files.system == "vsftpd" else Missing):
            work()


def test_listing_a_file_is_an_error(files):
    put(files, "a", b"a")
    with pytest.raises(DataHubError):
        list(files.list("a"))


def test_a_path_with_a_null_is_refused(files):
    for work in (lambda: files.look("a\0b"), lambda: list(files.list("a\0b")), lambda: content(files, "a\0b")):
        with pytest.raises(TerminalError):
            work()


def test_names_are_never_patterns(files):
    # Libraries look for `[1]`, `*` and `?` in names, and take, move and remove all that fits.
    names = ("x[1].csv", "x1.csv", "x2.csv", "x?.csv", "x*.csv")
    for name in names:
        put(files, name, name.encode())
    for name in ("x[1].csv", "x?.csv", "x*.csv"):
        # WsgiDAV reads `?` in a name that something is moved to as the end of it.
        moved = f"moved {name}" if files.system != "store-webdav" else f"moved {name.replace('?', '-')}"
        files.rename(name, moved, replace=False)
        assert name.encode() == content(files, moved)
        files.remove(moved)
    assert ["x1.csv", "x2.csv"] == [one.name for one in files.list("")]


def test_what_fails_while_writing_raises_what_failed(files):
    def fail(stream):
        stream.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), files.write("a") as stream:
        fail(stream)
    # The connection is of use afterwards.
    put(files, "b", b"b")
    assert b"b" == content(files, "b")


def test_a_reader_may_stop_in_the_middle(files):
    put(files, "a", os.urandom(1_500_000))
    with files.read("a") as stream:
        assert stream.read(10)
    assert 1_500_000 == files.look("a").size


def test_it_can_be_closed_and_used_again(files):
    put(files, "a", b"a")
    files.close()
    files.close()
    assert b"a" == content(files, "a")


def test_small_files_are_read_together_as_each_alone(files):
    together: Any = files
    if not isinstance(together, ReadsTogether):
        pytest.skip("reads each file alone")
    contents = {f"{number:02}.csv": os.urandom(number * 50) for number in range(70)}
    for name, data in contents.items():
        put(files, name, data)
    files.make_folder("folder")
    put(files, "large", b"x" * 4001)
    came = together.read_together([*contents, "nothing", "folder", "large"], 4000)
    assert [(files.look(name), data) for name, data in contents.items()] == list(came[:70])
    assert [None, None, None] == list(came[70:])
    # What could not be had leaves the connection of use.
    assert contents["69.csv"] == content(files, "69.csv")


def test_many_files_are_listed(files):
    for number in range(300):
        (files.folder / f"{number:04}.csv").write_bytes(b"x" * number)
    assert [(f"{number:04}.csv", number) for number in range(300)] == [(one.name, one.size) for one in files.list("")]
