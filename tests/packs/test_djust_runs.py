"""What goes out of scripts that use the pack `djust`, run as a script is: what new rows need, what a patch says, and when nothing goes out."""

from __future__ import annotations

import json
import re

import pytest

from datahub.resources import folder

PACKS = folder("stdlib_mappings")

ACCOUNTS = """
use djust ^1.0
use djust.files ^1.0
use djust.rows ^1.0 as r
flow create { write r.AccountRow to r.account_rows_file }
flow change { write r.AccountRow as patch to r.account_rows_file }
"""
ROWS = """accountExternalId;accountName;companyRegistrationName;businessRegistrationNumber;accountManagerName
A1;Nord;Nord SA;1;Ada
A2;;;;Bob
"""
TREE = """
use djust ^1.0 as d
use djust.files ^1.0 as f
flow tree { write d.NavigationCategory to f.navigation_categories_file }
"""
HEAD = (
    "Navigation Category External Id;Navigation Category Names;Navigation Category Parent Id;Classification Category Code;"
    "Navigation Category Active;Navigation Category Position\n"
)


@pytest.fixture
def run(tmp_path, dhm):
    """Runs a script over a file of one source, with more arguments."""

    def running(script, source, rows, *more):
        (tmp_path / "s.dhm").write_text(script, encoding="utf-8")
        (tmp_path / "in.csv").write_text(rows, encoding="utf-8")
        return dhm("run", tmp_path / "s.dhm", "--source", f"{source}={tmp_path / 'in.csv'}", "--out", tmp_path / "out", *more)

    return running


def test_a_new_account_needs_its_names_in_rows_too(run, tmp_path):
    ended = run(ACCOUNTS, "files.accounts", ROWS, "--flow", "create")
    assert 0 == ended.code, ended.out + ended.err
    assert ["A1"] == [line.split(";")[0] for line in (tmp_path / "out" / "r.account_rows_file.csv").read_text().splitlines()[1:]]
    assert re.search(r"F-E-001\s+3 ", ended.err), ended.err


def test_an_account_that_is_there_needs_them_not(run, tmp_path):
    ended = run(ACCOUNTS, "files.accounts", ROWS, "--flow", "change")
    assert 0 == ended.code, ended.out + ended.err
    assert ["A1", "A2"] == [line.split(";")[0] for line in (tmp_path / "out" / "r.account_rows_file.csv").read_text().splitlines()[1:]]


def test_the_patch_on_the_page_of_the_pack_says_nothing_else(run, tmp_path):
    page = (PACKS / "djust" / "README.md").read_text(encoding="utf-8")
    (script,) = [one for one in re.findall(r"```dhm\n(.*?)```", page, re.DOTALL) if "@patch" in one]
    ended = run(script, "closed", "number,day\nA1,2024-05-01\n")
    assert 0 == ended.code, ended.out + ended.err
    assert [{"accountExternalId": "A1", "deleted": True}] == [
        json.loads(line) for line in (tmp_path / "out" / "djust.jsonl").read_text().splitlines()
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("n1;Tools;;tools;;1\nn2;Drills;ghost;drills;;1\n", "one row of `d.NavigationCategory` is rejected"),
        ("n1;Tools;;tools;;1\nn2;Drills;n3;drills;;1\nn3;Bits;n2;bits;;1\n", "2 rows of `d.NavigationCategory` are rejected"),
        ("", "DJ301"),
    ],
    ids=["a parent that is not there", "a ring", "no nodes at all"],
)
def test_a_tree_that_is_not_whole_does_not_go_out(rows, told, run, tmp_path):
    ended = run(TREE, "f.navigation_categories", HEAD + rows)
    assert 1 == ended.code
    assert told in ended.out + ended.err
    assert not (tmp_path / "out" / "f.navigation_categories_file.csv").exists()
