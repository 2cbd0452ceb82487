"""ZIP archives: the files in them are read one after the other, and nothing of them touches the disk."""

from __future__ import annotations

import gzip
import zipfile

import pytest

from datahub.connectors.files import bound_files, open_feeds
from datahub.formats.archives import members
from datahub.formats.declare import BadInput, InputFile
from datahub.formats.files import InputStream
from tests.jobs_world import compiled


def archive(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files:
            made.writestr(name, content)
    return InputFile(str(path), path.name)


def test_files_are_chosen_by_their_names(tmp_path):
    file = archive(
        tmp_path / "f.zip",
        [("b/products-2.csv", "x"), ("products-1.csv", "x"), ("stock.csv", "x"), ("__MACOSX/products-1.csv", "x"), (".x", "x")],
    )
    assert ["b/products-2.csv", "products-1.csv"] == [one.member for one in members(file, "csv", "products*.csv")]
    assert ["b/products-2.csv", "products-1.csv", "stock.csv"] == [one.member for one in members(file, "csv", "")]
    assert [file] == members(file, "xlsx", "")
    with pytest.raises(BadInput, match=r"no file like `\*.xml`") as caught:
        members(file, "xml", "*.xml")
    assert "stock.csv" in caught.value.help


def test_names_that_stand_twice_and_damaged_archives_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        file = archive(tmp_path / "f.zip", [("a.csv", "x"), ("a.csv", "y")])
    with pytest.raises(BadInput, match="twice"):
        members(file, "csv", "")
    (tmp_path / "g.zip").write_bytes((tmp_path / "f.zip").read_bytes()[:60])
    with pytest.raises(BadInput, match="no whole ZIP"):
        members(InputFile(str(tmp_path / "g.zip"), "g.zip"), "csv", "")


def test_an_archive_whose_parts_contradict_each_other_is_refused(tmp_path):
    """The directory at the end names what the heads before each file do not."""
    whole = archive(tmp_path / "f.zip", [("a.csv", "sku\nA\n"), ("b.csv", "sku\nB\n")])
    data = (tmp_path / "f.zip").read_bytes()
    second = data.index(b"PK\x03\x04", 4)
    found = members(whole, "csv", "")
    (tmp_path / "f.zip").write_bytes(data[:second] + b"XX" + data[second + 2 :])
    with pytest.raises(BadInput, match=r"`b.csv` in .* is damaged") as caught:
        InputStream(found[1].path, found[1].member)
    assert "fetch it again" == caught.value.help
    made = zipfile.ZipInfo("x")
    made.filename = ""
    with zipfile.ZipFile(tmp_path / "h.zip", "w") as file:
        file.writestr(made, "x")
        file.writestr("a.csv", "sku\nA\n")
    assert ["a.csv"] == [one.member for one in members(InputFile(str(tmp_path / "h.zip"), "h.zip"), "csv", "")]


def test_hostile_names_are_names_alone(tmp_path):
    file = archive(tmp_path / "f.zip", [("../../evil.csv", "a\n1\n"), ("/etc/evil.csv", "a\n2\n")])
    assert ["f.zip/../../evil.csv", "f.zip//etc/evil.csv"] == [one.name for one in members(file, "csv", "")]
    assert ["f.zip"] == [one.name for one in tmp_path.iterdir()]


def test_a_name_in_an_archive_writes_nothing_to_a_terminal(tmp_path):
    (one,) = members(archive(tmp_path / "f.zip", [("a\x1b[31m\n.csv", "sku\nA\n")]), "csv", "")
    assert r"f.zip/a\x1b[31m\x0a.csv" == one.name
    with InputStream(one.path, one.member) as stream:
        assert b"sku\nA\n" == stream.read(100)


def test_an_empty_archive_is_told_as_one(tmp_path):
    with pytest.raises(BadInput, match="holds no files"):
        members(archive(tmp_path / "f.zip", []), "csv", "")


def test_what_is_compressed_within_its_archive_is_refused(tmp_path):
    archive(tmp_path / "f.zip", [("a.csv.gz", gzip.compress(b"sku\nA\n")), ("b.zip", (b"PK\x03\x04" + bytes(40)))])
    landed = InputFile(str(tmp_path / "f.zip"), "offers.zip")
    for one, words in zip(members(landed, "csv", ""), ("compressed with gzip, and", "a ZIP archive, and"), strict=True):
        with InputStream(one.path, one.member, one.name) as stream, pytest.raises(BadInput, match=f"`offers.zip/{one.member}` is {words}"):
            stream.read(100)


def test_a_file_that_is_not_meant_is_told_with_how_to_leave_it_out(tmp_path):
    archive(tmp_path / "f.zip", [("a.csv", "sku\nA\n"), ("readme.txt", "Read me\n")])
    plan = compiled("source feed: csv { columns { sku: text } }\nentity Item { sku: text }\nmap Item from f in feed { include f }\n")
    files = bound_files(plan, {"feed": [InputFile(str(tmp_path / "f.zip"), "f.zip")]})
    _, feeds = open_feeds(plan, files)
    with pytest.raises(BadInput, match=r"f.zip/readme.txt") as caught:
        list(feeds["feed"].blocks())
    assert 'member "*.csv"' in caught.value.help


def test_a_landed_file_is_called_by_its_own_name(tmp_path):
    landed = tmp_path / "16f6c3a6"
    landed.write_bytes(gzip.compress(b"sku\n" + b"A\n" * 1000)[:-9])
    with InputStream(str(landed), name="x.csv.gz") as stream, pytest.raises(BadInput, match=r"^`x.csv.gz` is damaged or was cut short"):
        stream.read(1 << 20)
    landed.write_bytes(b"BZh91AY&SY")
    with pytest.raises(BadInput, match=r"^`x.csv` is compressed with bzip2"):
        InputStream(str(landed), name="x.csv")
