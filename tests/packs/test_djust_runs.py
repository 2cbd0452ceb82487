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
STATUSES = """
use djust ^1.0 as d
use djust.files ^1.0 as f
target own: csv { delimiter ";" }
flow statuses { write d.OrderStatus to own }
"""
TREE = """
use djust ^1.0 as d
use djust.files ^1.0 as f
target own: csv { delimiter ";" }
target looked_at: csv { whole false }
flow tree { write d.NavigationCategory to f.navigation_categories_file }
flow elsewhere { write d.NavigationCategory to own }
flow look { write d.NavigationCategory to looked_at }
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


def test_of_an_order_under_two_names_one_status_goes_out_without_what_is_for_us(run, tmp_path):
    rows = "Order Reference;Order External Id;Order Status\n;O1;SHIPPED\nR1;O1;DELIVERED\nR2;;SHIPPED\n"
    ended = run(STATUSES, "f.order_statuses_file", rows)
    assert 0 == ended.code, ended.out + ended.err
    written = (tmp_path / "out" / "own.csv").read_text().splitlines()
    assert ["orderReference;orderExternalId;orderStatus", ";O1;SHIPPED", "R2;;SHIPPED"] == written
    assert "O1 is an order that an earlier row has, as O1" in ended.err


def test_the_patch_on_the_page_of_the_pack_says_nothing_else(run, tmp_path):
    page = (PACKS / "djust" / "README.md").read_text(encoding="utf-8")
    (script,) = [one for one in re.findall(r"```dhm\n(.*?)```", page, re.DOTALL) if "@patch" in one]
    ended = run(script, "closed", "number,day\nA1,2024-05-01\n")
    assert 0 == ended.code, ended.out + ended.err
    assert [{"accountExternalId": "A1", "deleted": True}] == [
        json.loads(line) for line in (tmp_path / "out" / "djust.jsonl").read_text().splitlines()
    ]


PATCHES = """
use djust ^1.0 as d
use djust.files ^1.0 as f
use djust.payloads ^1.0 as p
override entity d.Account @patch { }
override entity d.CustomerUser @patch { }
override entity d.Offer @patch { }
override entity d.ProductVariant @patch { }
target out: jsonl { }
flow account { write d.Account as patch to out }
flow user { write d.CustomerUser as patch to out }
flow offer { write d.Offer as patch to out }
flow product { write d.ProductVariant as patch to out }
"""
USER = "Customer User External Id;Customer User Civility;Customer User First Name;Customer User Last Name;Customer User Email;Customer User Phone;"


@pytest.mark.parametrize(
    ("flow", "source", "data", "written"),
    [
        ("account", "f.accounts", "Account External Id;deleted\nA1;TRUE\n", [{"accountExternalId": "A1", "deleted": True}]),
        (
            "account",
            "f.accounts",
            "Account External Id;accountWebsite;CF_region\nA1;;\n",
            [{"accountExternalId": "A1", "accountWebsite": None, "custom": {"region": None}}],
        ),
        (
            "account",
            "f.accounts",
            (
                "Account External Id;accountName;accountWebsite;customerTagExternalId;deleted;inactive;CF_region\n"
                "A1;;;;TRUE;;\nA2;;https://a.test;;;TRUE;\nA3;Nord;;;;TRUE;\n"
            ),
            [
                {"accountExternalId": "A1", "deleted": True, "inactive": False},
                {"accountExternalId": "A2", "accountWebsite": "https://a.test", "deleted": False, "inactive": True},
                {
                    "accountExternalId": "A3",
                    "accountName": "Nord",
                    "accountWebsite": None,
                    "customerTagExternalIds": [],
                    "deleted": False,
                    "inactive": True,
                    "custom": {"region": None},
                },
            ],
        ),
        (
            "account",
            "p.account_list",
            (
                '[{"accountExternalId": "A2", "addressExternalId": "AD1"}, {"accountExternalId": "A3", "deleted": true},'
                ' {"accountExternalId": "A4", "accountWebsite": null, "customerTagExternalId": [], "CF_region": "N"}]'
            ),
            [
                {"accountExternalId": "A2"},
                {"accountExternalId": "A3", "deleted": True},
                {"accountExternalId": "A4", "accountWebsite": None, "customerTagExternalIds": [], "custom": {"region": "N"}},
            ],
        ),
        (
            "user",
            "f.customer_users",
            USER + "Customer User Groups;Customer User Account Ids;deleted\nU1;MR;Alan;Turing;a@nord.test;012;FOC_User;A1;TRUE\n",
            [
                {
                    "customerUserExternalId": "U1",
                    "customerUserCivility": "MR",
                    "customerUserFirstName": "Alan",
                    "customerUserLastName": "Turing",
                    "customerUserEmail": "a@nord.test",
                    "customerUserPhone": "012",
                    "customerUserGroups": ["FOC_User"],
                    "customerUserAccountIds": ["A1"],
                    "deleted": True,
                }
            ],
        ),
        (
            "product",
            "p.product_list",
            (
                '[{"productExternalId": "P1", "productNames": "Tee", "productClassificationCategoryId": "tops", "variantExternalId": "V1",'
                ' "variantNames": "Tee S", "variantMpn": null}]'
            ),
            [
                {
                    "productExternalId": "P1",
                    "productNames": "Tee",
                    "productClassificationCategoryId": "tops",
                    "variantExternalId": "V1",
                    "variantNames": "Tee S",
                    "variantMpn": None,
                }
            ],
        ),
        (
            "offer",
            "f.offers",
            "Stock External Id;Stock Variant Id;Supplier External Id;Stock Number;Quantity Per Pack\nST1;V1;S1;5;6\n",
            [{"stockExternalId": "ST1", "stockVariantId": "V1", "supplierExternalId": "S1", "stockNumber": 5, "quantityPerPack": 6}],
        ),
    ],
    ids=[
        "an account to delete",
        "cells that are empty",
        "accounts that are closed",
        "accounts of the API",
        "a user",
        "a product of the API",
        "a stock",
    ],
)
def test_what_the_data_does_not_have_is_left_alone(flow, source, data, written, dhm, tmp_path):
    (tmp_path / "s.dhm").write_text(PATCHES, encoding="utf-8")
    given = tmp_path / ("in.json" if source.startswith("p.") else "in.csv")
    given.write_text(data, encoding="utf-8")
    # The other reader of the same entity has nothing to read.
    other = {"p.account_list": "f.accounts", "f.accounts": "p.account_list", "p.product_list": "f.products"}.get(source)
    empty = tmp_path / ("none.json" if source == "f.accounts" else "none.csv")
    head = {"f.products": "productExternalId\n", "f.accounts": "accountExternalId\n"}.get(other or "", "[]")
    empty.write_text(head, encoding="utf-8")
    beside = ("--source", f"{other}={empty}") if other else ()
    ended = dhm("run", tmp_path / "s.dhm", "--flow", flow, "--source", f"{source}={given}", *beside, "--out", tmp_path / "out")
    assert 0 == ended.code, ended.out + ended.err
    assert written == [json.loads(line) for line in (tmp_path / "out" / "out.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("n1;Tools;;tools;;1\nn2;Drills;ghost;drills;;1\n", "one row of `d.NavigationCategory` is rejected"),
        ("n1;Tools;;tools;;1\nn2;Drills;n3;drills;;1\nn3;Bits;n2;bits;;1\n", "2 rows of `d.NavigationCategory` are rejected"),
        ("", "DJ301"),
    ],
    ids=["a parent that is not there", "a ring", "no nodes at all"],
)
@pytest.mark.parametrize(("flow", "file"), [("tree", "f.navigation_categories_file.csv"), ("elsewhere", "own.csv")])
def test_a_tree_that_is_not_whole_does_not_go_out(flow, file, rows, told, run, tmp_path):
    ended = run(TREE, "f.navigation_categories", HEAD + rows, "--flow", flow)
    assert 1 == ended.code
    assert told in ended.out + ended.err
    assert not (tmp_path / "out" / file).exists()


def test_a_tree_that_is_only_looked_at_goes_out_torn(run, tmp_path):
    ended = run(TREE, "f.navigation_categories", HEAD + "n1;Tools;;tools;;1\nn2;Drills;ghost;drills;;1\n", "--flow", "look")
    assert 0 == ended.code, ended.out + ended.err
    assert 2 == len((tmp_path / "out" / "looked_at.csv").read_text().splitlines())
