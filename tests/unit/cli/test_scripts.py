"""Finding and reading scripts."""

from __future__ import annotations

import pytest

from datahub.cli.files import replace_text
from datahub.cli.output import Stop
from datahub.cli.scripts import Unreadable, in_order, one, read, scripts
from datahub.packs.folders import Folders
from tests.unit.diagnostics import samples


def test_folders_are_searched_by_name_and_what_is_made_or_hidden_is_left_out(tmp_path):
    for name in ("b.dhm", "a.dhm", "deep/c.dhm", ".git/d.dhm", "out/e.dhm", "notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert ["a.dhm", "b.dhm", "deep/c.dhm"] == [path.relative_to(tmp_path).as_posix() for path in scripts([tmp_path])]
    assert 1 == len(scripts([tmp_path / "a.dhm", tmp_path / "a.dhm"]))


def test_a_script_in_another_encoding_is_a_finding_at_its_byte(tmp_path):
    path = tmp_path / "a.dhm"
    path.write_bytes("# prix\n# réf\n".encode("cp1252"))
    found = read(path, Folders())
    assert isinstance(found, Unreadable)
    assert ("DHM903", 2, 4, "byte 0xE9 is no part of a UTF-8 character") == (
        found.finding.rule.code,
        found.finding.at.span.line,
        found.finding.at.span.column,
        found.finding.at.text,
    )


def test_a_byte_order_mark_is_no_part_of_a_script(tmp_path):
    path = tmp_path / "a.dhm"
    path.write_bytes(b"\xef\xbb\xbf# a\r\n")
    assert "# a\r\n" == one(path, Folders()).text


def test_a_script_that_is_not_there_names_those_that_are(tmp_path):
    (tmp_path / "offers.dhm").write_text("")
    with pytest.raises(Stop) as stopped:
        one(tmp_path / "offer.dhm", Folders())
    assert f"there is `{tmp_path.as_posix()}/offers.dhm`" == stopped.value.advice


def test_findings_are_told_file_by_file_in_the_order_asked_for_and_by_place():
    found = [samples.type_mismatch(), samples.unknown_name(), samples.narrowing()]
    assert ["DHM203", "DHM101", "DHM201"] == [finding.rule.code for finding in in_order(found, ["mappings/offers.dhm"])]


def test_a_file_is_replaced_at_once_and_keeps_its_rights_and_its_links(tmp_path):
    path, link = tmp_path / "a.dhm", tmp_path / "link.dhm"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    replace_text(link, "nouveau é")
    assert ("nouveau é", 0o640, True) == (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777, link.is_symlink())
    assert ["a.dhm", "link.dhm"] == sorted(one.name for one in tmp_path.iterdir())


def test_a_folder_that_takes_no_files_ends_the_command(tmp_path):
    with pytest.raises(Stop) as stopped:
        replace_text(tmp_path / "nowhere" / "a.dhm", "x")
    assert "cannot be written" in stopped.value.message
