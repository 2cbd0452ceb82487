"""What Mirakl, or what stands before it, may answer to the questions about an import, against a real HTTP server."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datahub.connectors.declare import UNSAID, TerminalError, TransientError
from datahub.connectors.mirakl import following
from datahub.dev.mirakl import FakeMirakl
from tests.servers.api import api
from tests.transports.test_mirakl_and_djust import Shop

SKUS = ["A", "B", "C"]
OFFERS = pa.table(
    {"sku": SKUS, "product_id": ["4006381333931"] * 3, "product_id_type": ["EAN"] * 3, "price": [1, 2, 3], "quantity": [1] * 3}
)
PRICES = pa.table({"offer_sku": SKUS, "price": [1, 2, 3]})
DONE = {"import_id": 7, "status": "COMPLETE"}
REPORT = "sku;error-line;error-message\n"


@pytest.fixture
def server():
    with api() as one:
        one.routes["POST /api/offers/imports"] = one.routes["POST /api/offers/pricing/imports"] = lambda asked: {"import_id": 7}
        yield one


@pytest.fixture
def shop(server, tmp_path):
    return Shop(tmp_path, server.url, FakeMirakl())


def says(server, status, report=None):
    server.routes["GET /api/offers/imports/7"] = lambda asked: status
    server.routes["GET /api/offers/imports/7/error_report"] = lambda asked: (200, report)


def refused(answer):
    return [(one.row, one.code) for one in answer.refused]


def test_a_report_that_is_not_utf_8_names_its_lines(server, shop):
    says(server, DONE | {"has_error_report": True, "lines_in_error": 1}, (REPORT + "B;3;mauvaise donn\u00e9e\n").encode("latin-1"))
    (refusal,) = shop.send(OFFERS).refused
    assert (1, "MIRAKL", "mauvaise donn\u00e9e") == (refusal.row, refusal.code, refusal.message)


@pytest.mark.parametrize(
    "report", [b"", b"\n", b"\xef\xbb\xbf", REPORT.encode(), b"sku;error-line;error-message\nB;" + b"9" * 5000 + b";x\n"], ids=len
)
def test_a_report_without_its_lines_leaves_none_for_delivered(server, shop, report):
    named = [(1, "MIRAKL")] if len(report) > 100 else []
    says(server, DONE | {"has_error_report": True, "lines_in_error": 2}, report)
    answer = shop.send(OFFERS)
    assert sorted(named + [(row, UNSAID) for row in range(3) if (row, "MIRAKL") not in named]) == refused(answer)
    assert any(why in answer.refused[0].message for why in ("import 7 has 2 lines in error, and its error report names", "is empty"))


def test_of_lines_that_no_report_names_nobody_knows_whether_they_are_in(server, shop):
    says(server, DONE | {"has_error_report": True, "lines_in_error": "2"}, (REPORT + "B;3;bad\n").encode())
    assert [(0, UNSAID), (1, "MIRAKL"), (2, UNSAID)] == refused(shop.send(OFFERS, resend=0))
    says(server, DONE | {"has_error_report": True, "lines_in_error": 1}, (REPORT + "B;3;bad\n").encode())
    assert [(1, "MIRAKL")] == refused(shop.send(OFFERS, "other"))
    says(server, DONE | {"lines_in_error": 3})
    assert [(row, UNSAID) for row in range(3)] == refused(shop.send(OFFERS, "third"))


@pytest.mark.parametrize(
    "status", [(404, {"message": "Import not found"}), {"import_id": 7, "status": "FAILED", "reason_status": "busy"}], ids=str
)
def test_an_import_of_which_nothing_will_come_is_sent_again_by_the_next_run(server, shop, status, monkeypatch):
    monkeypatch.setattr(following, "_SETTLED", 0.0)
    says(server, status)
    with pytest.raises(TerminalError, match=r"does not know that import|ended as FAILED: busy") as told:
        shop.send(OFFERS)
    assert "the next run sends these lines as a new import" in told.value.help
    assert not told.value.untouched
    says(server, DONE)
    assert () == shop.send(OFFERS).refused
    assert ["POST", "GET", "POST", "GET"] == [asked.method for asked in server.seen]


@pytest.mark.parametrize("page", [[], {"data": 1}, {"data": {}, "x": 1}, "no", None, {"data": {"a": 1}}], ids=str)
def test_a_list_of_imports_that_is_none_is_told_or_waited_for(server, shop, page):
    server.routes["GET /api/offers/pricing/imports"] = lambda asked: (200, b"null") if page is None else (200, page)
    with pytest.raises((TerminalError, TransientError), match=r"PRI02 answers no list of imports|is still not known yet"):
        shop.send(PRICES, entity="prices", patience="0 s")


def test_the_list_of_imports_may_have_other_things_in_it(server, shop):
    listed = {"data": [1, None, {"x": 1}, {"import_id": "7", "status": "COMPLETE", "has_error_report": False}]}
    server.routes["GET /api/offers/pricing/imports"] = lambda asked: listed
    assert () == shop.send(PRICES, entity="prices").refused
    server.routes["GET /api/offers/pricing/imports"] = lambda asked: {"data": None}
    with pytest.raises(TransientError, match="is still not known yet"):
        shop.send(PRICES, "other", entity="prices", patience="0 s")


def test_a_list_of_imports_that_leads_nowhere_ends(server, shop):
    server.routes["GET /api/offers/pricing/imports"] = lambda asked: {"data": [], "next_page_token": "x"}
    with pytest.raises(TerminalError, match="PRI02 answers a list that goes in a circle"):
        shop.send(PRICES, entity="prices")
    server.routes["GET /api/offers/pricing/imports"] = lambda asked: {"data": [], "next_page_token": f"t{len(server.seen)}"}
    with pytest.raises(TransientError, match="is not found in 1 pages of the list"):
        shop.send(PRICES, "other", entity="prices", patience="0 s")
