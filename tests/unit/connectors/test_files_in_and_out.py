"""The way in and the way out for files, on a folder of this machine."""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from datahub.connectors.declare import Missing, Output, TerminalError, TransientError
from datahub.connectors.file_names import filled
from datahub.connectors.files_at_once import FilesAtOnce
from datahub.connectors.files_in import FilesIn
from datahub.connectors.files_out import FilesOut
from datahub.connectors.given_names import GivenNames
from datahub.connectors.local_files import LocalFiles
from datahub.project.binding import After, FilesFrom, FilesTo, Ready

AT_ONCE = Ready(stable=timedelta(0))


@pytest.fixture
def here(tmp_path):
    for name in ("in", "out", "landed"):
        (tmp_path / name).mkdir()
    return tmp_path


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def put(here, name, text="a,b\n1,2\n"):
    path = here / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def source(here, sleep=lambda _: None, **told):
    told = {"folder": "in", "ready": AT_ONCE, **told}
    return FilesIn("feed", LocalFiles(here), FilesFrom(connection="here", **told), sleep)


def names(found):
    return [split.name for split in found.splits()]


def test_hidden_temporary_and_strange_entries_are_never_taken(here):
    for name in ("b.csv", "a.csv", ".hidden.csv", "c.csv.part", "d.csv.filepart", "e.tmp", "sub/f.csv"):
        put(here, name)
    (here / "in" / "link.csv").symlink_to(here / "in" / "a.csv")
    os.mkfifo(here / "in" / "pipe.csv")
    assert ["a.csv", "b.csv"] == names(source(here))
    assert ["a.csv", "b.csv", "sub/f.csv"] == names(source(here, recursive=True))
    assert ["a.csv"] == names(source(here, pattern="{a,x}*.csv"))


def test_files_can_be_taken_by_their_time(here):
    os.utime(put(here, "b.csv"), (1, 1))
    os.utime(put(here, "a.csv"), (2, 2))
    assert ["b.csv", "a.csv"] == names(source(here, order="modified"))


def test_one_file_is_named_by_its_path(here):
    assert [] == names(source(here, folder="", path="in/a.csv"))
    put(here, "a.csv")
    assert ["a.csv"] == names(source(here, folder="", path="in/a.csv"))
    with pytest.raises(TerminalError):
        names(source(here, folder="", path="in"))
    with pytest.raises(TerminalError, match=r"`in/a\.csv` is a file"):
        names(source(here, folder="in/a.csv"))
    with pytest.raises(Missing, match="there is no `in/b`"):
        names(source(here, folder="in/b"))


def test_an_empty_folder_is_where_the_paths_of_a_connection_start(here):
    put(here, "a.csv")
    put(here, "../b.csv")
    assert ["b.csv"] == names(source(here, folder=""))
    assert ["b.csv", "in/a.csv"] == names(source(here, folder="", recursive=True))
    with pytest.raises(ValidationError, match="either a `path`"):
        FilesFrom(connection="here")
    with pytest.raises(ValidationError, match="would be read again"):
        FilesFrom(connection="here", folder="", recursive=True, after=After(action="move", folder="done"))


def left(found):
    list(found.splits())
    return list(found.left())


def test_what_is_left_there_is_told_with_the_reason(here):
    assert [] == left(source(here))
    assert ["there is no `in/a.csv`"] == left(source(here, folder="", path="in/a.csv"))
    put(here, "a.csv")
    put(here, "b.csv.ok")
    put(here, "b.csv")
    done = Ready(stable=timedelta(0), done_file="{{NAME}}.ok")
    found = source(here, ready=done)
    assert ["`a.csv` waits for `a.csv.ok`"] == left(found) == left(found)
    assert ["there are 3 files in `in`, and none fits `*.CSV`"] == left(source(here, pattern="*.CSV"))
    young = Ready(stable=timedelta(0), min_age=timedelta(minutes=5))
    assert ["`b.csv` is younger than 300 s"] == left(source(here, ready=young, pattern="b.csv"))
    grows = source(here, lambda _: put(here, "a.csv", "more than before"), ready=Ready(), pattern="*.csv")
    assert ["`a.csv` is still being written"] == left(grows)
    put(here, "a.csv.ok")
    assert [] == left(found)


def test_a_file_that_grows_between_two_looks_is_left(here):
    path = put(here, "a.csv")
    put(here, "b.csv")

    def grow(_):
        with path.open("a") as file:
            file.write("3,4\n")

    assert ["b.csv"] == names(source(here, grow, ready=Ready(stable=timedelta(seconds=5))))


def test_a_file_must_be_old_enough_and_announced(here):
    os.utime(put(here, "a.csv"), (1, 1))
    put(here, "b.csv")
    assert ["a.csv"] == names(source(here, ready=Ready(stable=timedelta(0), min_age=timedelta(minutes=1))))
    announced = Ready(stable=timedelta(0), done_file="{{STEM}}.ok")
    assert [] == names(source(here, ready=announced))
    put(here, "b.ok")
    assert ["b.csv"] == names(source(here, ready=announced))


def test_a_landed_file_is_the_one_that_was_listed(here):
    path = put(here, "a.csv")
    found = source(here)
    (split,) = found.splits()
    landed = found.land(split, here / "landed")
    assert landed.path.read_bytes() == path.read_bytes()
    assert [landed.sha256] == listing(here / "landed")
    path.write_text("other\n")
    with pytest.raises(TransientError):
        found.land(split, here / "landed")
    path.unlink()
    with pytest.raises(TransientError):
        found.land(split, here / "landed")
    assert [landed.sha256] == listing(here / "landed")


class Full(LocalFiles):
    """The files of a host that lets nobody else in."""

    def read(self, path, start=0, size=None):
        raise TerminalError("530 too many connections from your address")


def at_once(here, opened):
    first = iter([LocalFiles(here)])

    def open_files():
        opened.append(files := next(first, None) or Full(here))
        return files

    return FilesAtOnce("feed", open_files, FilesFrom(connection="here", folder="in", ready=AT_ONCE), 4)


def test_where_the_host_lets_no_more_in_one_connection_fetches_all(here):
    for number in range(50):
        put(here, f"{number:02}.csv", f"{number}\n")
    opened: list[LocalFiles] = []
    found = at_once(here, opened)
    landed = list(itertools.chain.from_iterable(found.land_all(list(found.splits()), here / "landed")))
    assert [f"{number}\n" for number in range(50)] == [one.path.read_text() for one in landed]
    assert 4 == len(opened)


def test_a_few_files_are_worth_no_further_connection(here):
    for number in range(15):
        put(here, f"{number:02}.csv", f"{number}\n")
    opened: list[LocalFiles] = []
    found = at_once(here, opened)
    assert 15 == sum(map(len, found.land_all(list(found.splits()), here / "landed")))
    assert 1 == len(opened)


def test_after_a_file_that_fails_no_more_is_fetched(here):
    for number in range(60):
        put(here, f"{number:02}.csv", f"{number}\n")
    found = at_once(here, [])
    splits = list(found.splits())
    (here / "in" / "03.csv").unlink()
    landing = found.land_all(splits, here / "landed")
    assert ["00.csv", "01.csv", "02.csv"] == [one.name for one in next(landing)]
    with pytest.raises(TransientError, match="gone since it was listed"):
        next(landing)
    assert 20 > len(listing(here / "landed"))


def test_what_a_killed_run_left_is_cleared_and_in_nobodys_way(here):
    put(here, "a.csv")
    old, young = here / "landed" / ".1.abc.part", here / "landed" / ".2.abc.part"
    for path in (old, young):
        path.write_text("half")
    os.utime(old, (1, 1))
    found = source(here)
    (split,) = found.splits()
    landed = found.land(split, here / "landed")
    # That of a moment ago may be of a run beside this one.
    assert [young.name, landed.sha256] == sorted(path.name for path in (here / "landed").iterdir())


def test_a_file_that_is_too_large_is_refused(here):
    put(here, "a.csv")
    found = source(here, largest=3)
    (split,) = found.splits()
    with pytest.raises(TerminalError, match=r"`in/a.csv` has \d+ bytes, and the job takes 3"):
        found.land(split, here / "landed")


@pytest.mark.parametrize(
    "after, left",
    [
        (After(), ["a.csv"]),
        (After(action="delete"), []),
        (After(action="mark"), ["a.csv", "a.csv.done"]),
        (After(action="move", folder="old"), []),
    ],
)
def test_after_a_run_a_file_is_disposed_of_once(here, after, left):
    put(here, "a.csv")
    found = source(here, after=after)
    (split,) = found.splits()
    landed = found.land(split, here / "landed")
    for _ in range(2):
        found.settle(landed, succeeded=True)
    assert left == listing(here / "in")
    if after.action == "move":
        assert ["a.csv"] == listing(here / "old")


def test_a_name_that_is_taken_in_the_archive_is_not_written_over(here):
    found = source(here, after=After(action="move", folder="old"), on_failure=After(action="move", folder="bad"))
    for text in ("1\n", "2\n"):
        put(here, "a.csv", text)
        (split,) = found.splits()
        landed = found.land(split, here / "landed")
        found.settle(landed, succeeded=True)
    assert {"1\n", "2\n"} == {path.read_text() for path in (here / "old").iterdir()}
    put(here, "a.csv", "3\n")
    (split,) = found.splits()
    found.settle(found.land(split, here / "landed"), succeeded=False)
    assert ["a.csv"] == listing(here / "bad")


def test_the_folder_that_files_are_moved_to_is_made_once_in_a_run(here):
    class Counting(LocalFiles):
        made = 0

        def make_folder(self, path):
            type(self).made += 1
            super().make_folder(path)

    told = FilesFrom(connection="here", folder="in", ready=AT_ONCE, after=After(action="move", folder="done"))
    found = FilesIn("feed", Counting(here), told)
    for turn in range(2):
        for number in range(3):
            put(here, f"{number}.csv", f"{turn} {number}\n")
        for split in list(found.splits()):
            found.settle(found.land(split, here / "landed"), succeeded=True)
        assert turn + 1 == Counting.made
        # Between two runs somebody may have cleared it away.
        found.close()
        shutil.rmtree(here / "done")
    assert [] == listing(here / "in")


def test_a_file_that_was_replaced_while_it_was_read_is_not_moved_away_unread(here):
    path = put(here, "a.csv")
    found = source(here, after=After(action="delete"))
    (split,) = found.splits()
    landed = found.land(split, here / "landed")
    path.write_text("newer\n")
    found.settle(landed, succeeded=True)
    assert "newer\n" == path.read_text()


def test_the_announcement_goes_with_the_file(here):
    put(here, "a.csv")
    put(here, "a.ok")
    found = source(here, ready=Ready(stable=timedelta(0), done_file="{{STEM}}.ok"), after=After(action="delete"))
    (split,) = found.splits()
    found.settle(found.land(split, here / "landed"), succeeded=True)
    assert [] == listing(here / "in")


@pytest.mark.parametrize("done", ["all.ok", "{{STEM}}.ok"])
def test_what_announces_several_files_goes_with_the_last_of_them(here, done):
    names_of = ("a.csv", "b.csv") if done == "all.ok" else ("a.csv", "a.txt")
    for name in (*names_of, "all.ok", "a.ok"):
        put(here, name)
    told = {"ready": Ready(stable=timedelta(0), done_file=done), "after": After(action="delete"), "pattern": "*.{csv,txt}", "limit": 1}
    for taken in names_of:
        found = source(here, **told)
        split = next(iter(found.splits()))
        assert split.name == taken
        found.settle(found.land(split, here / "landed"), succeeded=True)
    assert (["a.ok"] if done == "all.ok" else ["all.ok"]) == listing(here / "in")


# ---------------------------------------------------------------- out


@pytest.fixture
def output(here):
    path = here / "list.csv"
    path.write_text("sku\nA\n")
    return Output("list", path, 1, "key", {"RUN": "7", "TARGET": "list"})


def target(here, **told):
    return FilesOut(LocalFiles(here), FilesTo(connection="here", **{"folder": "out", **told}))


def test_a_file_is_shown_whole_and_once(here, output):
    sink = target(here, name="{{TARGET}}-{{RUN}}.{{FORMAT}}", done_file="{{NAME}}.done")
    receipt = sink.stage(output)
    assert [] == [name for name in listing(here / "out") if not name.startswith(".")]
    for _ in range(2):
        sink.commit([receipt])
    assert ["list-7.csv", "list-7.csv.done"] == listing(here / "out")


def test_what_announces_a_file_is_never_written_over_it(here, output):
    sink = target(here, name="{{TARGET}}.csv", done_file="list.csv", exists="replace")
    with pytest.raises(TerminalError, match="the name of the file itself"):
        sink.stage(output)
    other, given = target(here, name="{{RUN}}.csv", done_file="{{STEM}}"), GivenNames()
    given.add(other.stage(output, given))
    with pytest.raises(TerminalError, match="the name of another file"):
        other.stage(replace(output, key="more", values={"RUN": "7.csv", "TARGET": "list"}), given)
    assert [] == [name for name in listing(here / "out") if not name.startswith(".")]


def test_what_announces_a_file_is_not_written_over_what_somebody_else_has_put_there(here, output):
    (here / "out" / "keep.csv").write_text("precious")
    for exists in ("fail", "number", "replace"):
        with pytest.raises(TerminalError, match="a file that has content is called so"):
            target(here, name="o.csv", done_file="keep.csv", exists=exists).stage(output)
    (here / "out" / "keep.csv").write_text("")
    sink = target(here, name="o.csv", done_file="keep.csv")
    sink.commit([sink.stage(output)])
    assert ["keep.csv", "o.csv"] == listing(here / "out")


def test_what_was_refused_or_interrupted_is_given_up(here, output):
    sink = target(here)
    receipt = sink.stage(output)
    for _ in range(2):
        sink.give_up(output)
    assert receipt.temporary.endswith(".part")
    assert [] == list((here / "out").iterdir())


NAMES = [("a.csv", "", "fail"), ("a.csv", "", "replace"), ("a.csv", "", "number"), ("a-1.csv", "", "replace")]
NAMES += [("b.csv", "a.csv", "replace"), ("b.csv", "b.ok", "replace"), ("{{STEM}}.csv", "a-1.csv", "number"), ("b.ok", "", "number")]
ROOTS = [("", "out"), ("out", ""), (".", "./out/"), ("link", "")]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("files", list(itertools.product(NAMES, NAMES)))
def test_no_file_of_a_run_is_written_over_by_another_of_it_wherever_it_is_said_to_lie(here, output, files, root):
    (here / "link").symlink_to(here / "out")
    places = [("", "out"), root]
    given, sinks, receipts = GivenNames(), [], []
    for number, ((name, done, exists), (top, folder)) in enumerate(zip(files, places, strict=True)):
        path = here / f"t{number}.csv"
        path.write_text(f"file {number}")
        told = FilesTo(connection="here", folder=folder, name=name, done_file=done, exists=exists)
        sinks.append(FilesOut(LocalFiles(here / top), told))
        made = Output(f"t{number}", path, 1, f"key{number}", {"RUN": "7", "TARGET": f"t{number}"})
        try:
            receipts.append(sinks[-1].stage(made, given))
        except TerminalError:
            # Nothing of the run is seen before all is staged.
            assert [] == [one for one in listing(here / "out") if not one.startswith(".")]
            return
        given.add(receipts[-1])
    for sink, receipt in zip(sinks, receipts, strict=True):
        sink.commit([receipt])
    there = [path.read_text() for path in (here / "out").iterdir()]
    assert ["file 0", "file 1"] == sorted(text for text in there if text)


@pytest.mark.parametrize(
    "told",
    [
        {"done_file": "{{NAME}}"},
        {"done_file": "{{ name }}"},
        {"done_file": "o.csv", "name": "o.csv"},
        {"done_file": "{{STEM}}.csv", "name": "o-{{RUN}}.csv"},
        {"done_file": "{{NAME}}", "name": "{{ORDER}}.xml", "document": "xml"},
    ],
)
def test_a_file_cannot_announce_itself(told):
    with pytest.raises(ValidationError, match="the name of the file itself"):
        FilesTo(connection="here", **told)


def test_a_file_cannot_wait_for_itself():
    with pytest.raises(ValidationError, match="the name of the file itself"):
        Ready(done_file="{{NAME}}")
    assert "{{STEM}}.csv" == Ready(done_file="{{STEM}}.csv").done_file


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"after": After(action="mark"), "ready": Ready(done_file="{{NAME}}.done")}, "none would ever be read"),
        ({"on_failure": After(action="mark"), "ready": Ready(done_file="{{ name }}.done")}, "none would ever be read"),
        ({"pattern": "*.jsonl", "ready": Ready(done_file="{{STEM}}.jsonl")}, "the name of the file itself"),
        ({"folder": "", "path": "in/a.csv", "ready": Ready(done_file="a.csv")}, "the name of the file itself"),
    ],
)
def test_what_files_wait_for_is_neither_a_mark_nor_one_of_them(told, says):
    with pytest.raises(ValidationError, match=says):
        FilesFrom(connection="here", **{"folder": "in", **told})


def test_what_a_row_says_makes_no_hidden_file():
    assert "_hid.xml" == filled("{{ID}}.xml", {"ID": ".hid"})
    assert "_..xml" == filled("{{ID}}.xml", {"ID": ".."})
    assert ".a.xml" == filled(".{{ID}}.xml", {"ID": "a"})


def test_whoever_takes_the_file_before_it_was_marked_does_not_get_it_again(here, output):
    sink = target(here)
    receipt = sink.stage(output)
    sink.commit([receipt])
    (here / "out" / "list.csv").unlink()
    sink.commit([receipt])
    assert [] == listing(here / "out")


def test_a_name_that_is_taken_is_what_the_job_says(here, output):
    (here / "out" / "list.csv").write_text("theirs")
    with pytest.raises(TerminalError):
        target(here).stage(output)
    numbered = target(here, exists="number")
    numbered.commit([numbered.stage(output)])
    assert ["list-1.csv", "list.csv"] == listing(here / "out")
    replacing = target(here, exists="replace")
    replacing.commit([replacing.stage(output)])
    assert "sku\nA\n" == (here / "out" / "list.csv").read_text()


def test_a_name_that_is_taken_in_between_is_not_written_over(here, output):
    sink = target(here)
    receipt = sink.stage(output)
    (here / "out" / "list.csv").write_text("theirs")
    with pytest.raises(TerminalError):
        sink.commit([receipt])
    sink.abort([receipt])
    assert [("list.csv", "theirs")] == [(path.name, path.read_text()) for path in (here / "out").iterdir()]


def test_a_folder_that_is_not_there_is_made_where_the_job_says_so(here, output):
    with pytest.raises(TerminalError, match="there is no folder `new`") as told:
        target(here, folder="new").stage(output)
    assert "create_folders = true" in told.value.help
    sink = target(here, folder="new/deep", create_folders=True)
    sink.commit([sink.stage(output)])
    assert ["list.csv"] == listing(here / "new" / "deep")


def test_a_value_can_add_no_folder_and_a_slot_that_nothing_fills_is_told(here, output):
    sink = target(here, name="{{RUN}}.csv")
    receipt = sink.stage(replace(output, values={"RUN": "../../etc/passwd"}))
    assert "out/_._.._etc_passwd.csv" == receipt.locator
    with pytest.raises(ValidationError, match=r"nothing fills .*ORDER"):
        target(here, name="{{ORDER}}.csv")
    with pytest.raises(TerminalError, match="ORDER"):
        # What names of documents can say, their row knows.
        target(here, name="{{ORDER}}.csv", document="json").stage(output)


def test_a_process_that_died_between_the_two_steps_of_a_name_has_shown_the_file(here, output):
    sink = target(here)
    receipt = sink.stage(output)
    # What a folder of this machine does where nothing is to be replaced: a second name, then the first one goes.
    (here / receipt.locator).hardlink_to(here / receipt.temporary)
    sink.commit([receipt])
    assert ["list.csv"] == listing(here / "out")
