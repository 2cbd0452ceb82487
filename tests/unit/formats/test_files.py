from __future__ import annotations

import gzip

import pytest

from datahub.formats import files
from datahub.formats.declare import BadInput, InputFile
from datahub.formats.files import AtomicFile, InputStream, Rereader, sweep


def test_a_file_shows_under_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "out.csv"
    file = AtomicFile(str(path))
    file.write(b"half")
    assert not path.exists()
    file.write(b" and half")
    file.commit()
    assert b"half and half" == path.read_bytes()
    assert ["out.csv"] == [one.name for one in path.parent.iterdir()]


def test_what_was_there_before_stays_until_the_new_file_is_whole(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    file = AtomicFile(str(path))
    file.write(b"new")
    assert b"old" == path.read_bytes()
    file.abort()
    assert b"old" == path.read_bytes()
    assert ["out.csv"] == [one.name for one in tmp_path.iterdir()]


def test_a_written_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "usual").touch()
    file = AtomicFile(str(tmp_path / "out"))
    file.commit()
    assert (tmp_path / "usual").stat().st_mode == (tmp_path / "out").stat().st_mode


def test_what_was_left_of_a_file_is_swept_and_what_is_being_written_is_not(tmp_path):
    """As a process that is killed leaves it: without its lock."""
    mine, left, other = AtomicFile(str(tmp_path / "a")), tmp_path / f".b.csv.{'0f' * 8}.part", tmp_path / ".b.csv.part"
    left.write_bytes(b"half")
    other.write_bytes(b"somebody else's")
    sweep(tmp_path)
    assert {mine.temporary, other} == set(tmp_path.iterdir())
    mine.write(b"whole")
    mine.commit()
    assert b"whole" == (tmp_path / "a").read_bytes()


def test_members_of_a_gzip_file_follow_each_other(tmp_path):
    path = tmp_path / "two.gz"
    path.write_bytes(gzip.compress(b"one,") + gzip.compress(b"two"))
    with InputStream(str(path)) as stream:
        assert b"one,two" == stream.read(100)


def test_a_compressed_file_that_grows_without_bound_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "RATIO_FROM", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(4 << 20)))
    with InputStream(str(path)) as stream, pytest.raises(BadInput, match="when it is decompressed"):
        stream.read(2 << 20)


def test_bytes_are_found_again_in_plain_and_compressed_files(tmp_path):
    content = bytes(range(256)) * 1000
    (tmp_path / "plain").write_bytes(content)
    (tmp_path / "packed").write_bytes(gzip.compress(content))
    again = Rereader()
    for name in ("plain", "packed"):
        for offset, length in ((0, 10), (300, 5), (200_000, 700), (100, 3)):
            assert content[offset : offset + length] == again.read(InputFile(str(tmp_path / name), name), offset, length)
    again.close()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        InputStream(str(tmp_path / "none"))


@pytest.mark.parametrize("data, words", [(b"BZh91AY&SY....", "bzip2"), (b"\xfd7zXZ\0....", "xz"), (b"PK\x03\x04....", "ZIP archive")])
def test_other_compressions_are_refused(tmp_path, data, words):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=words):
        InputStream(str(path))
