"""What may be in a pack, in a folder and in archives made to deceive."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile

import pytest

from datahub.packs.archive import from_bytes, pack_up
from datahub.packs.contents import LARGEST, Contents, NotAPack, from_folder
from datahub.packs.manifest import manifest_of, required_by

GOOD = {
    "pack.dhm": b'pack acme.core 1.2.0 {\n  about "Core"\n  requires acme.base ^1.0\n  exports a, b\n}\nuse acme.base\n',
    "README.md": b"# Core\n",
}


def tarred(*entries, packed=True):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz" if packed else "w") as tar:
        for name, data, *kind in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            for key, value in (kind[0] if kind else {}).items():
                setattr(entry, key, value)
            tar.addfile(entry, io.BytesIO(data))
    return raw.getvalue()


def zipped(*entries):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, *mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (mode[0] if mode else 0o100644) << 16
            archive.writestr(entry, data)
    return raw.getvalue()


HEAD = ("pack.dhm", GOOD["pack.dhm"])
NAMES = [
    ("/etc/passwd.txt", "leaves the pack"),
    ("../up.dhm", "leaves the pack"),
    ("a/../../up.dhm", "leaves the pack"),
    ("a/./b.dhm", "leaves the pack"),
    ("C:/x.dhm", "leaves the pack"),
    ("a\\b.dhm", "leaves the pack"),
    ("a\x07.dhm", "cannot be seen"),
    ("cafe\u0301.dhm", "accents apart"),
    (".hidden.dhm", "hidden"),
    (".git/config.txt", "hidden"),
    ("con.dhm", "Windows"),
    ("a .dhm/x.dhm", None),
    ("a./x.dhm", "Windows"),
    ("run.py", "`.py` files are no data"),
    ("lib.so", "`.so` files are no data"),
    ("Makefile", "without an ending"),
    ("x.dhm.exe", "`.exe` files"),
    ("a" * 201 + ".dhm", "longer"),
    ("PACK.dhm", "same file as"),
    ("tables/rates.csv", None),
    ("LICENSE", None),
]


@pytest.mark.parametrize("make", [tarred, zipped])
@pytest.mark.parametrize(("name", "reason"), NAMES)
def test_names_that_a_pack_may_not_hold_are_refused_in_archives(make, name, reason):
    data = make(HEAD, (name, b"x"))
    if reason is None:
        assert name in from_bytes(data, "a").files
        return
    with pytest.raises(NotAPack) as refused:
        from_bytes(data, "a")
    assert any(reason in one.message for one in refused.value.findings), [one.message for one in refused.value.findings]
    assert {"DHM121"} == {one.rule.code for one in refused.value.findings}


@pytest.mark.parametrize(
    "data",
    [
        tarred(HEAD, ("link.dhm", b"", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"})),
        tarred(HEAD, ("link.dhm", b"", {"type": tarfile.LNKTYPE, "linkname": "pack.dhm"})),
        tarred(HEAD, ("pipe.dhm", b"", {"type": tarfile.FIFOTYPE})),
        tarred(HEAD, ("disk.dhm", b"", {"type": tarfile.BLKTYPE, "devmajor": 8})),
        zipped(HEAD, ("link.dhm", b"/etc/passwd", 0o120777)),
        zipped(HEAD, ("pipe.dhm", b"", 0o010644)),
    ],
)
def test_links_and_devices_are_refused_in_archives(data):
    with pytest.raises(NotAPack) as refused:
        from_bytes(data, "a")
    assert ["DHM121"] == [one.rule.code for one in refused.value.findings]


def test_a_file_that_stands_in_an_archive_twice_is_refused():
    with pytest.raises(NotAPack) as refused:
        from_bytes(tarred(HEAD, HEAD), "a")
    assert "twice" in refused.value.findings[0].message


@pytest.mark.parametrize("make", [tarred, zipped])
def test_what_inflates_beyond_all_measure_is_refused_before_it_does(make):
    with pytest.raises(NotAPack, match="larger than a pack may be"):
        from_bytes(make(HEAD, ("big.csv", b"0" * (LARGEST + 1))), "a")


def test_a_tar_that_lies_about_its_size_is_refused():
    # The header says a terabyte, of which nothing follows.
    entry = tarfile.TarInfo("big.csv")
    entry.size = 1 << 40
    with pytest.raises(NotAPack):
        from_bytes(gzip.compress(entry.tobuf(tarfile.GNU_FORMAT)), "a")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nothing", b"\x1f\x8b\x08 nothing", b"plain text", tarred(HEAD)[:-20]])
def test_what_is_no_archive_is_told(data):
    with pytest.raises(NotAPack):
        from_bytes(data, "a")


@pytest.mark.parametrize("at", [-8, -4], ids=["sum", "length"])
def test_a_gzip_whose_sum_or_length_is_wrong_is_refused(at):
    data = bytearray(tarred(HEAD))
    data[at] ^= 1
    with pytest.raises(NotAPack, match="cannot be read as an archive"):
        from_bytes(bytes(data), "a")


def test_an_archive_holds_what_the_folder_held_and_is_written_the_same_each_time(tmp_path):
    for name, text in GOOD.items():
        (tmp_path / name).write_bytes(text)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    folder = from_folder(tmp_path)
    archive = from_bytes(pack_up(folder), "a")
    assert (folder.files, folder.digest, pack_up(folder)) == (archive.files, archive.digest, pack_up(archive))


def test_every_bit_of_every_file_and_name_counts():
    files = {"pack.dhm": b"pack a.b 1.0.0\n", "a.csv": b"x,y\n"}
    digests = {Contents("a", files).digest}
    for name, data in files.items():
        for at in range(len(data)):
            for bit in range(8):
                turned = bytes(byte ^ (1 << bit) if place == at else byte for place, byte in enumerate(data))
                digests.add(Contents("a", {**files, name: turned}).digest)
    digests.add(Contents("a", {"pack.dhm": files["pack.dhm"], "b.csv": files["a.csv"]}).digest)
    digests.add(Contents("a", {**files, "a.csv": b"x,y", "\n.csv": b""}).digest)
    assert 1 + 8 * sum(map(len, files.values())) + 2 == len(digests)


def test_links_and_programs_are_refused_in_folders(tmp_path):
    (tmp_path / "pack.dhm").write_bytes(GOOD["pack.dhm"])
    (tmp_path / "run.sh").write_text("rm -rf /")
    (tmp_path / "out.csv").symlink_to("/etc/passwd")
    (tmp_path / "away").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(NotAPack) as refused:
        from_folder(tmp_path, "p")
    told = [one.message for one in refused.value.findings]
    assert 4 == len(told), told
    assert "`away` cannot be in a pack: it is a link, and links are not followed" in told


def test_a_pack_inside_a_pack_and_a_project_that_shows_its_use_are_no_part_of_it(tmp_path):
    for name, text in {
        **GOOD,
        "inner/pack.dhm": b"pack acme.inner 1.0.0\n",
        "example/dhm.toml": b"[project]\n",
        "tests/a.dhm": b"# a\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text)
    assert ["README.md", "pack.dhm", "tests/a.dhm"] == sorted(from_folder(tmp_path).files)


def test_a_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(NotAPack):
        from_folder(tmp_path / "link")


def test_the_head_says_what_a_pack_is():
    made = manifest_of(Contents("a", GOOD))
    assert ("acme.core", "1.2.0", "Core", ("a", "b")) == (made.name, str(made.version), made.about, made.exports)
    required = required_by(Contents("a", GOOD), made)
    assert [("acme.base", "^1.0"), ("acme.base", "any version")] == [(name, str(versions)) for name, versions in required]


@pytest.mark.parametrize(
    "text", [b"", b"fn f(x: int) = x\n", b"pack a.b 1.0.0\npack a.c 1.0.0\n", b"pack a.b 1.0\n", b"pack {\n", b"pack `../up` 1.0.0\n"]
)
def test_a_head_that_says_nothing_clear_is_told(text):
    with pytest.raises(NotAPack):
        manifest_of(Contents("a", {"pack.dhm": text}))


@pytest.mark.parametrize("make", [tarred, zipped, lambda *entries: tarred(*entries, packed=False)], ids=["tar.gz", "zip", "tar"])
def test_an_archive_with_a_bit_turned_is_refused_or_has_another_hash_or_the_same_files(make):
    files = [HEAD, ("README.md", GOOD["README.md"]), ("tables/rates.csv", b"a,b\n1,2\n")]
    data, before = make(*files), from_bytes(make(*files), "a")
    for at in range(len(data)):
        turned = bytearray(data)
        turned[at] ^= 1 << at % 8
        try:
            found = from_bytes(bytes(turned), "a")
        except NotAPack:
            continue
        assert found.digest != before.digest or found.files == before.files
