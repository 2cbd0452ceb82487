"""Scripts and packs on disk."""

from __future__ import annotations

from datahub.document import Document
from datahub.packs.folders import Folders


def test_a_file_is_one_document_however_it_is_named(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.dhm").write_text("# a\n")
    loader = Folders()
    main = Document(str(tmp_path / "deep" / "main.dhm"), "")
    assert loader.file("../a.dhm", main) is loader.file("./../a.dhm", main)
    assert loader.file("nowhere.dhm", main) is None


def test_a_pack_is_its_head_and_the_files_beside_it_by_name(tmp_path):
    place = tmp_path / "djust" / "core"
    place.mkdir(parents=True)
    for name, text in (("pack.dhm", "pack djust.core 1.4.2 {\n}\n"), ("b.dhm", "# b\n"), ("a.dhm", "# a\n")):
        (place / name).write_text(text)
    loader = Folders([tmp_path])
    user = Document(str(tmp_path / "user.dhm"), "")
    found = loader.pack("djust.core", "^1.4", user)
    assert isinstance(found, tuple)
    assert ["pack djust.core 1.4.2 {\n}\n", "# a\n", "# b\n"] == [document.text for document in found]
    assert loader.pack("djust.core", "^2.0", user) is None
    assert loader.pack("djust.other", "", user) is None


def test_a_pack_is_found_under_its_whole_name_too(tmp_path):
    (tmp_path / "acme.shop").mkdir()
    (tmp_path / "acme.shop" / "pack.dhm").write_text("pack acme.shop 0.1.0\n")
    assert Folders([tmp_path]).pack("acme.shop", "", Document("user.dhm", "")) is not None


def test_a_file_of_a_pack_is_one_with_its_pack(tmp_path, dhm):
    (tmp_path / "pack.dhm").write_text("pack acme.core 1.0.0\n\nfn shout(s: text) = upper(s)\n")
    (tmp_path / "items.dhm").write_text('test "shouting" {\n  assert shout("a") = "A"\n}\n')
    alone = tmp_path / "deep"
    alone.mkdir()
    (alone / "other.dhm").write_text('test "shouting" {\n  assert shout("a") = "A"\n}\n')
    assert 0 == dhm("check", tmp_path / "items.dhm").code
    assert "1 passed" in dhm("test", tmp_path / "items.dhm", tmp_path / "pack.dhm").err
    assert 1 == dhm("test", alone / "other.dhm").code
