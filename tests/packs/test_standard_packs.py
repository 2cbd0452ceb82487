"""The packs that come with DataHub: nothing is wrong with them, they have the one style, and their own tests pass."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest

import datahub
from datahub.diagnostics.row_codes import ROW_CODES
from datahub.diagnostics.rule import Severity
from datahub.packs.folders import Folders
from datahub.resources import folder
from datahub.syntax import ast
from datahub.syntax.parser import parse

PACKS = folder("stdlib_mappings")
SCRIPTS = sorted(PACKS.rglob("*.dhm"))
HEADS = [path for path in SCRIPTS if path.name == "pack.dhm"]


@pytest.mark.parametrize("head", HEADS, ids=lambda path: path.parent.relative_to(PACKS).as_posix())
def test_nothing_is_wrong_with_a_pack(head):
    assert [] == [one for one in datahub.check(head) if one.level is not Severity.NOTE]


def test_every_script_belongs_to_a_pack():
    assert [] == [path for path in SCRIPTS if not (path.parent / "pack.dhm").exists()]


def test_whatever_rejects_a_row_of_djust_has_a_code_of_the_platform():
    script = parse(Folders().document(PACKS / "djust" / "pack.dhm"), lambda one: None)
    told = [code for one in script.declarations if isinstance(one, ast.Pack) and one.codes for code, _ in one.codes.pairs]
    assert [] == [code for code in ROW_CODES if not any(fnmatch(code, one) for one in told)]


def test_they_have_the_one_style(dhm):
    assert 0 == dhm("fmt", "--check", PACKS).code


def test_their_own_tests_pass(dhm):
    ended = dhm("test", PACKS)
    assert 0 == ended.code, ended.out + ended.err


def test_what_the_pages_show_of_their_use_is_right(tmp_path, dhm):
    shown = {page: re.findall(r"```dhm\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL) for page in PACKS.rglob("README.md")}
    assert 8 <= sum(map(len, shown.values()))
    for page, scripts in shown.items():
        for script in scripts:
            (tmp_path / "shown.dhm").write_text(script, encoding="utf-8")
            assert [] == [one for one in datahub.check(tmp_path / "shown.dhm") if one.level is not Severity.NOTE], page
            ended = dhm("test", tmp_path / "shown.dhm")
            assert ended.code in (0, 4), ended.out


@pytest.mark.parametrize("head", HEADS, ids=lambda path: path.parent.relative_to(PACKS).as_posix())
def test_the_sheet_of_a_pack_is_that_of_its_plan(head, dhm):
    page = head.parent / "README.md"
    assert 0 == dhm("docs", head.parent, "--into", page, "--check").code, f"`dhm docs {head.parent} --into {page}`"
