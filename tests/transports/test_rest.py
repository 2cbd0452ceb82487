"""Sources and targets on an API, against a real HTTP server."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pyarrow as pa
import pytest
from pydantic import ValidationError

from datahub.connectors.declare import DataHubError, Missing, Place, Refusal, TerminalError, TransientError, Uncertain
from datahub.connectors.kinds.rest import Rest
from datahub.connectors.rest.guard import addresses, followed
from datahub.connectors.rest.links import next_of
from datahub.connectors.rest.sender import RestOut
from datahub.connectors.rest.session import Session
from datahub.connectors.rest.signing import signing
from datahub.connectors.rest.source import RestIn
from datahub.connectors.rest.told import RestTo
from datahub.connectors.rest.told_source import RestFrom
from datahub.formats.json_lost import lost_in
from datahub.project.redaction import redacted
from datahub.project.secrets import Secret, Vault
from tests.servers.api import api
from tests.servers.talking import talking

ROWS = [{"id": number, "at": f"2026-01-{number:02}T00:00:00Z"} for number in range(1, 8)]


@pytest.fixture
def server():
    with api() as one:
        yield one


class World:
    def __init__(self, server, folder, **told):
        self.waits: list[float] = []
        self.place = Place(folder, folder / "state")
        self.place.state.mkdir(exist_ok=True)
        self.connection = Rest.model_validate({"kind": "rest", "url": server.url, "insecure": True} | told)
        self.session = Session(
            self.connection,
            self.place,
            signing(self.connection.auth, self.place.state),
            headers=lambda: {name: value.reveal() for name, value in self.connection.headers.items()},
            sleep=self.waits.append,
        )
        self.folder = folder / "landed"
        self.folder.mkdir(exist_ok=True)

    def source(self, *calls, **told):
        return RestIn(self.session, RestFrom.model_validate({"connection": "x", "calls": list(calls)} | told), self.place)

    def lines(self, source, position=None):
        source.start(position)
        try:
            landed = [source.land(split, self.folder) for split in source.splits()]
            return [json.loads(line) for one in landed for line in one.path.read_text().splitlines()]
        finally:
            self.session.close()

    def text(self, source):
        landed = [source.land(split, self.folder) for split in source.splits()]
        self.session.close()
        return [one.path.read_bytes() for one in landed]


@pytest.fixture
def world(server, tmp_path):
    return lambda **told: World(server, tmp_path, **told)


def secret(text):
    return Secret(text)


# ---------------------------------------------------------------------------------------------------------- pages


def numbered(asked):
    page, size = int(asked.query["page"]), int(asked.query["per_page"])
    part = ROWS[(page - 1) * size : page * size]
    return {"elements": part, "paging": {"totalPages": 3}}


def offsets(asked):
    start = int(asked.query["offset"])
    return {"elements": ROWS[start : start + 3], "total_count": len(ROWS)}


def cursors(asked):
    start = int(asked.query.get("page_token", "0"))
    return {"elements": ROWS[start : start + 3], "next_page_token": str(start + 3) if start + 3 < len(ROWS) else None}


def links(asked):
    start = int(asked.query.get("from", "0"))
    more = {"Link": f'<?from={start + 3}>; rel="next", <?from=0>; rel="first"'} if start + 3 < len(ROWS) else {}
    return 200, {"elements": ROWS[start : start + 3]}, more


def addressed(asked):
    start = int(asked.query.get("from", "0"))
    return {"elements": ROWS[start : start + 3], "next": f"/rows?from={start + 3}" if start + 3 < len(ROWS) else ""}


@pytest.mark.parametrize(
    "route, paging",
    [
        (numbered, {"kind": "number", "size": 3, "size_parameter": "per_page", "pages": "$.paging.totalPages"}),
        (numbered, {"kind": "number", "size": 3, "size_parameter": "per_page"}),
        (offsets, {"kind": "offset", "size": 3, "total": "$.total_count"}),
        (offsets, {"kind": "offset", "size": 3}),
        (cursors, {"kind": "cursor", "parameter": "page_token", "next": "$.next_page_token"}),
        (links, {"kind": "link"}),
        (addressed, {"kind": "next_url", "next": "$.next"}),
    ],
)
def test_every_way_of_paging_gives_every_row_once(server, world, route, paging):
    server.routes["GET /rows"] = route
    one = world()
    assert ROWS == one.lines(one.source({"path": "rows", "paging": paging}, rows="$.elements"))
    assert 3 == len(server.seen)


def test_cursors_that_lead_in_a_circle_are_found_out(server, world):
    follow = {"": "a", "a": "b", "b": "a"}
    server.routes["GET /rows"] = lambda asked: {
        "rows": [{"of": asked.query.get("cursor", "")}],
        "next": follow[asked.query.get("cursor", "")],
    }
    one = world()
    with pytest.raises(TerminalError, match="in a circle"):
        one.lines(one.source({"path": "rows", "paging": {"kind": "cursor", "next": "$.next"}}, rows="$.rows"))
    assert 3 == len(server.seen)


def test_more_pages_than_the_job_takes_end_the_run(server, world):
    server.routes["GET /rows"] = lambda asked: [{"page": asked.query["page"]}]
    one = world()
    with pytest.raises(TerminalError, match="more than 5 pages"):
        one.lines(one.source({"path": "rows", "paging": {"kind": "number", "most": 5}}))


def test_numbers_keep_their_digits(server, world):
    server.routes["GET /rows"] = lambda asked: (200, b'[{"price": 1.50, "id": 12345678901234567890123}]')
    one = world()
    assert [b'{"price":1.50,"id":12345678901234567890123}\n'] == one.text(one.source({"path": "rows"}))


def test_no_rows_are_no_file(server, world):
    server.routes["GET /rows"] = lambda asked: {"data": {"items": []}}
    one = world()
    assert [] == list(one.source({"path": "rows"}, rows="$.data.items").splits())
    with pytest.raises(TerminalError) as problem:
        one.lines(one.source({"path": "rows"}, rows="$.elements"))
    assert "`data`" in problem.value.help
    one.session.close()


# ---------------------------------------------------------------------------------------------------------- calls


def test_calls_are_chained_polled_and_end_in_a_download(server, world):
    states = iter(["RUNNING", "RUNNING", "AVAILABLE"])
    server.routes["POST /offer/file/generate"] = lambda asked: {"job": {"id": 7}}
    server.routes["GET /offer/file/status/7"] = lambda asked: {"statusFile": next(states), "urlFile": f"{server.url}/files/offers.csv"}
    server.routes["GET /files/offers.csv"] = lambda asked: (200, b"sku;price\nA;1.50\n", {"Content-Type": "text/csv"})
    one = world()
    source = one.source(
        {"name": "made", "method": "POST", "path": "offer/file/generate", "body": {"sinceUpdateDateTime": "{{CURSOR}}"}},
        {
            "name": "status",
            "path": "offer/file/status/{{made.job.id}}",
            "until": {"value": "$.statusFile", "equals": ["AVAILABLE"], "fails": ["FAILED"], "every": "10 s"},
        },
        {"url": "{{status.urlFile}}", "download": True},
        cursor={"first": "2026-01-01T00:00:00Z"},
        name="offers-{{TIMESTAMP}}.csv",
    )
    assert [b"sku;price\nA;1.50\n"] == one.text(source)
    assert {"sinceUpdateDateTime": "2026-01-01T00:00:00Z"} == server.seen[0].json()
    assert [10.0, 10.0] == one.waits


def test_a_call_is_made_for_each_row_of_an_earlier_one_in_their_order(server, world):
    orders = {f"/orders/{number}/lines": [{"sku": f"A{number}"}, {"sku": "B"}] for number in (3, 1, 2)}
    server.routes["GET /orders"] = lambda asked: (
        {"elements": [{"id": 3, "at": "x"}, {"id": 1, "at": "y"}], "next": "2"}
        if "cursor" not in asked.query
        else {"elements": [{"id": 2, "at": "z"}], "next": None}
    )
    for path, lines in orders.items():
        server.routes[f"GET {path}"] = lambda asked, lines=lines: {"lines": lines}
    one = world()
    found = one.lines(
        one.source(
            {"name": "orders", "path": "orders", "paging": {"kind": "cursor", "next": "$.next"}, "rows": "$.elements"},
            {"each": "{{orders}}", "path": "orders/{{EACH.id}}/lines", "add": {"order": "{{EACH.id}}", "about": "{{EACH.at}}-{{EACH.id}}"}},
            rows="$.lines",
        )
    )
    assert [(3, "A3"), (3, "B"), (1, "A1"), (1, "B"), (2, "A2"), (2, "B")] == [(row["order"], row["sku"]) for row in found]
    assert "x-3" == found[0]["about"]
    assert ["/orders", "/orders", "/orders/3/lines", "/orders/1/lines", "/orders/2/lines"] == [asked.path for asked in server.seen]


def test_calls_for_each_element_can_follow_each_other_have_pages_and_be_waited_for(server, world):
    states = iter(["RUNNING", "DONE", "DONE"])
    server.routes["GET /shops"] = lambda asked: {"ids": ["a", "b"]}
    server.routes["POST /exports/a"] = server.routes["POST /exports/b"] = lambda asked: {"job": asked.path[-1].upper()}
    server.routes["GET /jobs/A"] = server.routes["GET /jobs/B"] = lambda asked: {"state": next(states), "of": asked.path[-1]}
    for name in "AB":
        server.routes[f"GET /rows/{name}"] = lambda asked: (
            [{"n": int(asked.query["page"]), "of": asked.path[-1]}] * (3 - int(asked.query["page"]))
        )
    one = world()
    found = one.lines(
        one.source(
            {"name": "shops", "path": "shops"},
            {"name": "jobs", "each": "{{shops.ids}}", "method": "POST", "path": "exports/{{EACH}}"},
            {
                "name": "done",
                "each": "{{jobs}}",
                "path": "jobs/{{EACH.job}}",
                "until": {"value": "$.state", "equals": ["DONE"], "every": "10 s"},
            },
            {"each": "{{done}}", "path": "rows/{{EACH.of}}", "paging": {"kind": "number", "size": 2}},
        )
    )
    assert [(1, "A"), (1, "A"), (2, "A"), (1, "B"), (1, "B"), (2, "B")] == [(row["n"], row["of"]) for row in found]
    assert [10.0] == one.waits


def test_a_download_for_each_element_is_a_file_for_each(server, world):
    server.routes["GET /files"] = lambda asked: [{"name": "a"}, {"name": "b"}]
    for name in "ab":
        server.routes[f"GET /files/{name}.csv"] = lambda asked: (200, asked.path.encode(), {})
    one = world()
    source = one.source({"name": "files", "path": "files"}, {"each": "{{files}}", "path": "files/{{EACH.name}}.csv", "download": True})
    assert [b"/files/a.csv", b"/files/b.csv"] == one.text(source)


def test_no_element_is_no_call_and_no_file(server, world):
    server.routes["GET /orders"] = lambda asked: {"elements": []}
    one = world()
    source = one.source({"name": "orders", "path": "orders"}, {"each": "{{orders.elements}}", "path": "orders/{{EACH.id}}"})
    assert [] == list(source.splits())
    source.close()
    assert ["/orders"] == [asked.path for asked in server.seen]


def test_calls_for_each_element_keep_the_budget_and_end_where_one_fails(server, world):
    server.routes["GET /orders"] = lambda asked: [{"id": 1}, {"id": 2}, {"id": 3}]
    server.routes["GET /orders/1"] = server.routes["GET /orders/3"] = lambda asked: {"id": 1}
    one = world(budget={"requests": 3, "within": "30 s"})
    with pytest.raises(Missing, match="orders/2"):
        one.lines(one.source({"name": "orders", "path": "orders"}, {"each": "{{orders}}", "path": "orders/{{EACH.id}}"}))
    assert ["/orders", "/orders/1", "/orders/2"] == [asked.path for asked in server.seen]
    server.routes["GET /orders/2"] = server.routes["GET /orders/1"]
    other = world(budget={"requests": 3, "within": "1 h"})
    with pytest.raises(TransientError, match="used up"):
        other.lines(other.source({"name": "orders", "path": "orders"}, {"each": "{{orders}}", "path": "orders/{{EACH.id}}"}))
    assert 3 == len(server.seen)


@pytest.mark.parametrize("kind", ["number", "offset"])
@pytest.mark.parametrize("behind", [[], (404, {}), (400, {"message": "out of range"})], ids=["empty", "404", "400"])
@pytest.mark.parametrize("count", [0, 3, 5, 10, 23])
def test_a_server_that_gives_less_than_it_is_asked_for_is_read_to_its_end(server, world, kind, behind, count):
    def rows(asked):
        start = (int(asked.query["page"]) - 1) * 5 if kind == "number" else int(asked.query["offset"])
        part = [{"id": number} for number in range(count)][start : start + 5]
        return part or (behind if start else [])

    server.routes["GET /rows"] = rows
    one = world()
    source = one.source({"path": "rows", "paging": {"kind": kind, "size": 10, "size_parameter": "max"}})
    assert list(range(count)) == [row["id"] for row in one.lines(source)]


@pytest.mark.parametrize(
    "header, where",
    [
        ('</p?n=3>; title="a, b; rel=next"; rel="prev next"', "/p?n=3"),
        ('</a>; rel="prev", </b>; rel=next', "/b"),
        ("</a>; REL=NEXT", "/a"),
        ('</a,b;c>; rel="next"', "/a,b;c"),
        ('</a>; rel="nextish", </b>; title="</c>; rel=next"', ""),
        ('</a>; rel="prev"; rel="next"', ""),
        ("", ""),
    ],
)
def test_the_next_page_of_a_link_header(header, where):
    assert where == next_of(header)


@pytest.mark.parametrize("cut", [0.5, -8, -1])
@pytest.mark.parametrize("download", [True, False])
def test_a_compressed_answer_that_was_cut_is_a_failure(server, world, download, cut):
    rows = [{"id": number, "text": "x" * (number % 37)} for number in range(3000)]
    packed = gzip.compress(json.dumps(rows).encode())
    part = packed[: int(len(packed) * cut) if cut > 0 else int(cut)]
    server.routes["GET /rows"] = lambda asked: (200, part, {"Content-Encoding": "gzip"})
    one = world(attempts=1)
    with pytest.raises(TransientError, match="cut short"):
        one.lines(one.source({"path": "rows", "download": download}))
    server.routes["GET /rows"] = lambda asked: (200, packed, {"Content-Encoding": "gzip"})
    (found,) = one.text(one.source({"path": "rows", "download": download}))
    assert rows == (json.loads(found) if download else [json.loads(line) for line in found.splitlines()])


@pytest.mark.parametrize("download", [True, False], ids=["a file", "rows"])
def test_a_compressed_answer_that_grows_without_bound_is_told_and_leaves_nothing(server, world, download):
    packed = gzip.compress(b"[" + b" " * 50_000_000 + b"]", 1)
    server.routes["GET /rows"] = lambda asked: (200, packed, {"Content-Encoding": "gzip"})
    one = world(largest=1 << 20)
    source = one.source({"path": "rows", "download": download}, **({"largest": 1 << 20, "name": "rows.csv"} if download else {}))
    with pytest.raises(TerminalError, match="more than 1,048,576 bytes") as told:
        list(source.splits())
    assert "`largest`" in told.value.help
    written = sum(path.stat().st_size for path in one.place.state.rglob("*") if path.is_file())
    assert written < len(packed) + (2 << 20)
    source.close()
    assert [] == list(one.place.state.rglob("*.part"))


@pytest.mark.parametrize(
    ("told", "encoding"),
    [
        ("application/json; charset=iso-8859-1", "iso-8859-1"),
        ("application/json", "utf-16"),
        ("application/json; charset=windows-1252", "utf-8"),
    ],
)
def test_an_answer_is_read_in_the_encoding_that_it_has(server, world, told, encoding):
    server.routes["GET /rows"] = lambda asked: (
        200,
        json.dumps([{"name": "é"}], ensure_ascii=False).encode(encoding),
        {"Content-Type": told},
    )
    one = world()
    assert [{"name": "é"}] == one.lines(one.source({"path": "rows"}))


@pytest.mark.parametrize(
    ("body", "told", "message"),
    [
        (b'[{"name": "\xe9"}]', "application/json", "no JSON .its text is not UTF-8."),
        (b'[{"name": "\xe9"}]', "application/json; charset=nope", "no JSON .its text is not "),
        (b"[" * 200_000, "application/json", "nested too deeply"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_in_plain_words(server, world, body, told, message):
    server.routes["GET /rows"] = lambda asked: (200, body, {"Content-Type": told})
    one = world()
    with pytest.raises(TerminalError, match=message):
        one.lines(one.source({"path": "rows"}))


def test_a_token_that_is_not_known_at_once_is_replaced_once(server, world):
    tokens = iter(("t1", "t2", "t3"))
    server.routes["POST /token"] = lambda asked: {"access_token": next(tokens), "expires_in": 3600}
    server.routes["GET /rows"] = lambda asked: [] if asked.headers["authorization"] == "Bearer t2" else (401, {})
    one = world(
        auth={
            "kind": "oauth2",
            "grant": "client_credentials",
            "token_url": f"{server.url}/token",
            "client_id": "c",
            "client_secret": secret("s"),
        }
    )
    one.lines(one.source({"path": "rows"}))
    assert next(tokens) == "t3"


def test_null_in_place_of_rows_is_none(server, world):
    server.routes["GET /rows"] = lambda asked: {"elements": None}
    one = world()
    assert [] == one.lines(one.source({"path": "rows"}, rows="$.elements"))


GONE = (404, {"message": "no such order"})


def asked_for_each(server, world, missing, *, paging=None):
    """Five orders, of which one is gone, one has no id, and one is null: what is read of them."""
    server.routes["GET /orders"] = lambda asked: [{"id": 1}, {"id": 2}, {"id": None}, {"name": "x"}, {"id": 5}]
    server.routes["GET /orders/1"] = server.routes["GET /orders/5"] = lambda asked: [{"sku": "A"}] * (asked.query.get("page", "1") == "1")
    server.routes["GET /orders/2"] = lambda asked: GONE
    server.routes["GET /orders/"] = lambda asked: pytest.fail("all orders were asked for, in place of one")
    one = world()
    call = {"each": "{{orders}}", "path": "orders/{{EACH.id}}", "missing": missing} | ({"paging": paging} if paging else {})
    return one, one.source({"name": "orders", "path": "orders"}, call)


def test_an_element_of_which_nothing_is_found_ends_the_run_unless_the_call_says_otherwise(server, world):
    one, source = asked_for_each(server, world, "fail")
    with pytest.raises(Missing, match=r"element 2 of `\{\{orders\}\}`: GET .*/orders/2: HTTP 404: .*no such order") as problem:
        one.lines(source)
    assert 'missing = "reject"' in problem.value.help


@pytest.mark.parametrize("paging", [None, {"kind": "number", "size": 2}])
def test_elements_of_which_nothing_is_found_are_skipped_and_told_of(server, world, paging):
    one, source = asked_for_each(server, world, "skip", paging=paging)
    (split,) = source.splits()
    landed = source.land(split, one.folder)
    source.close()
    assert [{"sku": "A"}] * 2 == [json.loads(line) for line in landed.path.read_text().splitlines()]
    assert "3 elements were skipped, as nothing was found for them: element 2 of `{{orders}}`" in split.note


def test_elements_of_which_nothing_is_found_are_rejected_where_their_rows_would_have_stood(server, world):
    one, source = asked_for_each(server, world, "reject")
    (data,) = one.text(source)
    lines = data.splitlines(keepends=True)
    assert [b"{", b"!", b"!", b"!", b"{"] == [line[:1] for line in lines]
    lost = [one for line in lines[1:4] if (one := lost_in(line)) is not None]
    assert ['{"id":2}', '{"id":null}', '{"name":"x"}'] == [one.element for one in lost]
    assert ["HTTP 404", "is empty, and stands in a path", "has nothing at `$.id`"] == [
        next(words for words in ("HTTP 404", "is empty, and stands in a path", "has nothing at `$.id`") if words in one.reason)
        for one in lost
    ]


def test_an_element_of_which_a_part_has_come_is_no_longer_one_without_anything(server, world):
    server.routes["GET /orders"] = lambda asked: [{"id": 1}]
    server.routes["GET /orders/1"] = lambda asked: {"pages": 2, "lines": [{"sku": "A"}]} if asked.query["page"] == "1" else GONE
    one = world()
    paging = {"kind": "number", "pages": "$.pages"}
    call = {"each": "{{orders}}", "path": "orders/{{EACH.id}}", "missing": "skip", "paging": paging}
    with pytest.raises(Missing):
        one.lines(one.source({"name": "orders", "path": "orders"}, call, rows="$.lines"))


def test_files_of_elements_that_are_gone_are_left_out_and_told_of(server, world):
    server.routes["GET /files"] = lambda asked: [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    for name in "ac":
        server.routes[f"GET /files/{name}.csv"] = lambda asked: (200, asked.path.encode(), {})
    one = world()
    call = {"each": "{{files}}", "path": "files/{{EACH.name}}.csv", "download": True, "missing": "skip"}
    source = one.source({"name": "files", "path": "files"}, call)
    first, second = source.splits()
    source.close()
    assert ("1 element was skipped" in first.note, "") == (True, second.note)


def test_an_earlier_call_of_each_can_lack_an_answer_too(server, world):
    server.routes["GET /shops"] = lambda asked: ["a", "b"]
    server.routes["GET /shops/a"] = lambda asked: {"id": 7}
    server.routes["GET /rows/7"] = lambda asked: [{"n": 1}]
    one = world()
    shops = {"name": "shops", "path": "shops"}
    known = {"name": "known", "each": "{{shops}}", "path": "shops/{{EACH}}", "missing": "reject"}
    (data,) = one.text(one.source(shops, known, {"each": "{{known}}", "path": "rows/{{EACH.id}}"}))
    lost, row = data.splitlines(keepends=True)
    told = lost_in(lost)
    assert told is not None
    assert ('"b"', {"n": 1}) == (told.element, json.loads(row))


@pytest.mark.parametrize(
    "calls, words",
    [
        ([{"path": "a", "missing": "skip"}], "`missing` is about the elements of `each`"),
        (
            [{"name": "o", "path": "a"}, {"path": "b", "each": "{{o}}", "missing": "reject", "download": True}],
            "a download has no rows for one to be rejected among",
        ),
        ([{"path": "a", "parameters": {"x": "{{EACH.id}}"}}], "nothing fills `{{EACH.id}}`"),
        ([{"path": "a", "each": "{{orders}}"}], "nothing fills `{{orders}}`"),
        ([{"name": "o", "path": "a"}, {"path": "b", "each": "all of {{o}}"}], "`each` is a list out of an earlier answer"),
        ([{"name": "o", "path": "a"}, {"path": "b", "each": "{{EACH}}"}], "nothing fills `{{EACH}}`"),
        ([{"name": "EACH", "path": "a"}], "is what we call something ourselves"),
        ([{"name": "o", "path": "a", "rows": "$.x"}, {"path": "b"}], "an earlier call has `rows` where it has pages, or `each`"),
        ([{"path": "b", "rows": "$.x"}], "the rows of the last call are told by `rows` of the source"),
        ([{"path": "b", "download": True, "add": {"x": "y"}}], "nothing is added to its rows"),
        ([{"path": "b", "download": True}, {"path": "c"}], "only the last call is a download"),
    ],
)
def test_calls_for_each_element_that_cannot_be_are_told_before_there_is_data(calls, words):
    with pytest.raises(ValidationError) as problem:
        RestFrom.model_validate({"connection": "x", "calls": calls})
    assert words in str(problem.value)


def test_what_is_no_list_or_too_long_a_one_is_told_before_the_first_of_its_calls(server, world):
    server.routes["GET /orders"] = lambda asked: {"elements": [1, 2, 3], "count": 3}
    for told, words in (
        ({"each": "{{orders.count}}"}, "is `3`, and no list"),
        ({"each": "{{orders.elements}}", "most": 2}, "more than 2 calls"),
    ):
        one = world()
        with pytest.raises(TerminalError, match=words):
            one.lines(one.source({"name": "orders", "path": "orders"}, {"path": "orders/{{EACH}}"} | told))
    assert {"/orders"} == {asked.path for asked in server.seen}


def test_what_is_waited_for_and_fails_ends_the_run(server, world):
    server.routes["GET /status"] = lambda asked: {"state": "FAILED"}
    one = world()
    until = {"value": "$.state", "equals": ["DONE"], "fails": ["FAILED"]}
    with pytest.raises(TerminalError, match="`FAILED`, and what is waited for will not come"):
        one.lines(one.source({"path": "status", "until": until}))
    server.routes["GET /status"] = lambda asked: {"state": "RUNNING"}
    with pytest.raises(TransientError, match="still `RUNNING` after 3 calls"):
        one.lines(one.source({"path": "status", "until": until | {"attempts": 3}}))


def test_what_is_not_there_yet_is_waited_for(server, world):
    server.routes["GET /status"] = after({}, {"file": None}, {"file": {"state": "AVAILABLE", "id": 7}})
    server.routes["GET /rows"] = lambda asked: [{"id": asked.query["id"]}]
    one = world()
    until = {"value": "$.file.state", "equals": ["AVAILABLE"], "every": "2 s"}
    calls = {"name": "status", "path": "status", "until": until}, {"path": "rows", "parameters": {"id": "{{status.file.id}}"}}
    assert [{"id": "7"}] == one.lines(one.source(*calls))
    assert [2.0, 2.0] == one.waits
    server.routes["GET /status"] = lambda asked: {}
    with pytest.raises(TransientError, match=r"there is still nothing at `\$.file.state` after 3 calls"):
        one.lines(one.source({"path": "status", "until": until | {"attempts": 3}}))


def test_a_status_alone_can_be_waited_for(server, world):
    server.routes["GET /rows"] = after((404, {}), (202, {}), (409, {}), [{"id": 1}])
    one = world()
    assert [{"id": 1}] == one.lines(one.source({"path": "rows", "until": {"status": 200, "every": "1 s"}}))
    assert [1.0, 1.0, 1.0] == one.waits
    server.routes["GET /rows"] = lambda asked: (202, {})
    with pytest.raises(TransientError, match="the answer is still HTTP 202 after 2 calls"):
        one.lines(one.source({"path": "rows", "until": {"status": 200, "attempts": 2}}))
    server.routes["GET /rows"] = lambda asked: (403, {})
    with pytest.raises(TerminalError, match="HTTP 403"):
        one.lines(one.source({"path": "rows", "until": {"status": 200}}))


def test_true_is_no_1(server, world):
    server.routes["GET /status"] = lambda asked: {"done": True}
    one = world()
    with pytest.raises(TransientError, match="still `true`"):
        one.lines(one.source({"path": "status", "until": {"value": "$.done", "equals": [1], "attempts": 1}}))


def test_a_value_of_an_answer_adds_no_path_and_no_query(server, world):
    server.routes["GET /first"] = lambda asked: {"id": "../admin?x=1"}
    server.routes["GET /things/..%2Fadmin%3Fx%3D1"] = lambda asked: [{"ok": True}]
    one = world()
    assert [{"ok": True}] == one.lines(one.source({"name": "a", "path": "first"}, {"path": "things/{{a.id}}"}))
    with pytest.raises(TerminalError, match="climbs up"):
        one.session.address("things/../admin")


# ---------------------------------------------------------------------------------------------------------- cursor


def test_the_cursor_is_the_greatest_of_the_rows_and_starts_where_the_last_run_ended(server, world):
    server.routes["GET /rows"] = lambda asked: [row for row in ROWS if row["at"] > asked.query.get("since", "")]
    one = world()
    source = one.source({"path": "rows", "parameters": {"since": "{{CURSOR}}"}}, cursor={"value": "$.at"})
    assert 7 == len(one.lines(source))
    assert "since" not in server.seen[0].query
    assert "2026-01-07T00:00:00Z" == source.position()
    assert [] == one.lines(source, "2026-01-07T00:00:00Z")
    assert source.position() is None
    assert ROWS[5:] == one.lines(
        one.source({"path": "rows", "parameters": {"since": "{{CURSOR}}"}}, cursor={"value": "$.at"}), ROWS[4]["at"]
    )


def test_a_row_without_its_cursor_is_told_and_can_be_taken(server, world):
    rows = [{"id": 1, "at": "2026-01-01"}, {"id": 2, "at": None}, {"id": 3}]
    server.routes["GET /rows"] = lambda asked: [] if asked.query["page"] == "3" else rows[: 3 if asked.query["page"] == "2" else 2]
    one = world()
    call = {"path": "rows", "paging": {"kind": "number"}}
    with pytest.raises(TerminalError, match=r"row 5 has nothing at `\$\.at`, .*: `\{\"id\":3\}`") as told:
        one.lines(one.source(call, cursor={"value": "$.at"}))
    assert 'missing = "take"' in told.value.help
    source = one.source(call, cursor={"value": "$.at", "missing": "take"})
    assert 5 == len(one.lines(source))
    assert "2026-01-01" == source.position()


def again(one, source, known, position="2026-01-07T00:00:00Z", apart=True):
    source.recall(known, apart=apart)
    return one.lines(source, position), source.remembered()


SINCE = {"path": "rows", "parameters": {"since": "{{CURSOR}}"}}
SAME = [{"id": 1, "at": 7}, {"id": 2, "at": 7}, {"id": 2, "at": 7}, {"id": 3, "at": 6}]


@pytest.mark.parametrize(
    "cursor, now, left",
    [
        pytest.param({"value": "$.at"}, SAME, [{"id": 3, "at": 6}], id="rows of the last instant alone are remembered"),
        pytest.param({"value": "$.at"}, [*SAME[1:3], SAME[1]], [SAME[1]], id="rows that are alike count one by one"),
        pytest.param({"value": "$.at"}, [{"id": 1, "at": 7.0}], [{"id": 1, "at": 7.0}], id="what reads otherwise is another"),
        pytest.param({"value": "$.at", "same_rows": "read"}, SAME, SAME, id="all of them where somebody wants them"),
        pytest.param({"overlap": "5 min"}, [*SAME, {"id": 4}], [{"id": 4}], id="all of the last run where rows have no cursor"),
        pytest.param({}, SAME, SAME, id="the moment of the call gives nothing again"),
    ],
)
def test_rows_that_the_last_run_has_read_as_they_are_are_left_out(server, world, cursor, now, left):
    rows = list(SAME)
    server.routes["GET /rows"] = lambda asked: rows
    one = world()
    source = one.source(SINCE, cursor=cursor)
    first, known = again(one, source, None, "5" if "value" in cursor else "2026-01-07T00:00:00Z")
    assert SAME == first
    rows[:] = now
    found, _ = again(one, source, known, "7" if "value" in cursor else "2026-01-07T00:00:00Z")
    assert left == found


def test_rows_that_go_together_are_left_out_one_by_one_where_that_is_said(server, world):
    rows = [one for one in SAME if one["at"] == 7]
    server.routes["GET /rows"] = lambda asked: rows
    one = world()
    source = one.source(SINCE, cursor={"value": "$.at", "same_rows": "skip"})
    _, known = again(one, source, None, "7", apart=False)
    rows.append({"id": 9, "at": 7})
    assert [{"id": 9, "at": 7}] == again(one, source, known, "7", apart=False)[0]


@pytest.mark.parametrize("more, given", [([], 0), ([{"id": 9, "at": 7}], 5)], ids=["nothing new", "one is new"])
def test_rows_that_go_together_come_all_or_none(server, world, more, given):
    rows = [one for one in SAME if one["at"] == 7] + [SAME[0]]
    server.routes["GET /rows"] = lambda asked: rows
    one = world()
    source = one.source(SINCE, cursor={"value": "$.at"})
    _, known = again(one, source, None, "7", apart=False)
    rows += more
    assert given == len(again(one, source, known, "7", apart=False)[0])


def test_as_many_rows_are_remembered_as_lie_within_the_overlap(server, world):
    rows = [{"id": number, "at": f"2026-01-07T00:{number:02}:00Z"} for number in range(60)]
    server.routes["GET /rows"] = lambda asked: rows
    one = world()
    source = one.source(SINCE, cursor={"value": "$.at", "overlap": "10 min"})
    _, known = again(one, source, None)
    assert 11 * 16 == len(known)
    found, _ = again(one, source, known)
    assert rows[:49] == found


def test_more_rows_of_one_instant_than_are_remembered_come_again(server, world, monkeypatch):
    monkeypatch.setattr("datahub.connectors.rest.again.MOST", 2)
    server.routes["GET /rows"] = lambda asked: SAME
    one = world()
    source = one.source(SINCE, cursor={"value": "$.at"})
    _, known = again(one, source, None)
    assert ("", SAME) == (known, again(one, source, known)[0])


def test_the_cursor_can_be_the_moment_of_the_call_with_an_overlap(server, world):
    server.routes["GET /rows"] = lambda asked: []
    one = world()
    source = one.source({"path": "rows", "parameters": {"since": "{{CURSOR}}"}}, cursor={"overlap": "5 min"})
    before = datetime.now(UTC)
    one.lines(source, "2026-01-07T00:00:00.000Z")
    assert "2026-01-06T23:55:00.000Z" == server.seen[0].query["since"]
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(source.position()) <= datetime.now(UTC)


# ---------------------------------------------------------------------------------------------------------- auth


def signed(world, server, auth):
    server.routes["GET /rows"] = lambda asked: []
    one = world(auth=auth)
    one.lines(one.source({"path": "rows", "parameters": {"a": "1"}}))
    return server.seen[-1]


def test_fixed_secrets(server, world):
    assert (
        f"Basic {base64.b64encode(b'me:s').decode()}"
        == signed(world, server, {"kind": "basic", "user": "me", "password": secret("s")}).headers["authorization"]
    )
    assert "Bearer t" == signed(world, server, {"kind": "bearer", "token": secret("t")}).headers["authorization"]
    assert "k" == signed(world, server, {"kind": "key", "value": secret("k")}).headers["x-api-key"]
    assert {"a": "1", "key": "k"} == signed(world, server, {"kind": "key", "place": "query", "name": "key", "value": secret("k")}).query


def test_hmac_signs_method_target_time_and_body(server, world):
    seen = signed(world, server, {"kind": "hmac", "secret": secret("s"), "prefix": "sha256="})
    message = f"GET\n/rows?a=1\n{seen.headers['x-timestamp']}\n{hashlib.sha256(b'').hexdigest()}"
    assert f"sha256={hmac.new(b's', message.encode(), 'sha256').hexdigest()}" == seen.headers["x-signature"]
    assert abs(time.time() - int(seen.headers["x-timestamp"])) < 60


@pytest.mark.parametrize(
    "grant, told, fields",
    [
        ("client_credentials", {}, {}),
        ("password", {"user": "u", "password": secret("p")}, {"username": "u", "password": "p"}),
        ("refresh_token", {"refresh_token": secret("r0")}, {"refresh_token": "r0"}),
    ],
)
def test_a_token_is_asked_for_once_and_replaced_once_where_it_is_refused(server, world, grant, told, fields):
    given = []
    good: set[str] = set()

    def token(asked):
        given.append(dict(pair.split("=") for pair in asked.body.decode().split("&")))
        good.clear()
        good.add(f"Bearer t{len(given)}")
        return {"access_token": f"t{len(given)}", "expires_in": 3600, "refresh_token": f"r{len(given)}"}

    server.routes["POST /token"] = token
    server.routes["GET /rows"] = lambda asked: [] if asked.headers["authorization"] in good else (401, {})
    one = world(
        auth={"kind": "oauth2", "grant": grant, "token_url": f"{server.url}/token", "client_id": "c", "client_secret": secret("s")} | told
    )
    source = one.source({"path": "rows"})
    one.lines(source)
    one.lines(source)
    assert [{"grant_type": grant, "client_id": "c", "client_secret": "s"} | fields] == given
    good.clear()
    one.lines(source)
    assert 2 == len(given)
    if grant == "refresh_token":
        assert "r1" == given[1]["refresh_token"]
    server.routes["GET /rows"] = lambda asked: (401, {})
    with pytest.raises(TerminalError, match="HTTP 401"):
        one.lines(source)
    assert 3 == len(given)


@pytest.mark.parametrize(
    "answer, words",
    [
        ((400, {"error": "invalid_grant", "error_description": "the password has expired"}), "HTTP 400.: invalid_grant: the password has"),
        ((401, {"error": "invalid_client"}), "HTTP 401.: invalid_client$"),
        ((403, b"<h1>Blocked</h1>"), "HTTP 403.: <h1>Blocked"),
        ((400, {"error": "invalid_client", "error_description": "not swordfish-77 " * 20}), "not ••• not"),
    ],
)
def test_why_no_token_is_given_is_told_and_no_secret(server, world, answer, words):
    server.routes["POST /token"] = lambda asked: answer
    clear = Secret("${env:CLIENT}", Vault({"CLIENT": "swordfish-77"}))
    one = world(auth={"kind": "oauth2", "token_url": f"{server.url}/token", "client_id": "c", "client_secret": clear})
    with pytest.raises(TerminalError, match=words) as told:
        one.lines(one.source({"path": "rows"}))
    assert "swordfish" not in told.value.message


def test_a_token_may_be_created(server, world):
    server.routes["POST /token"] = lambda asked: (201, {"access_token": "t-made", "expires_in": 60})
    server.routes["GET /rows"] = lambda asked: [{"id": asked.headers["authorization"]}]
    one = world(auth={"kind": "oauth2", "token_url": f"{server.url}/token", "client_id": "c", "client_secret": secret("s")})
    assert [{"id": "Bearer t-made"}] == one.lines(one.source({"path": "rows"}))


def test_a_refresh_token_that_was_replaced_is_used_by_the_next_process_until_a_person_signs_in_anew(server, world):
    live = ["first-refresh-token"]

    def token(asked):
        given = dict(pair.split("=") for pair in asked.body.decode().split("&"))["refresh_token"]
        if given != live[-1]:
            return 400, {"error": "invalid_grant"}
        live.append(f"rotated-refresh-{len(live)}")
        return {"access_token": "access-token-1", "expires_in": 3600, "refresh_token": live[-1]}

    server.routes["POST /token"] = token
    server.routes["GET /rows"] = lambda asked: []

    def run(given):
        auth = {"kind": "oauth2", "grant": "refresh_token", "token_url": f"{server.url}/token", "refresh_token": secret(given)}
        one = world(auth=auth)
        one.lines(one.source({"path": "rows"}))
        return one

    one = run("first-refresh-token")
    run("first-refresh-token")
    assert 3 == len(live)
    (kept,) = (one.place.state / "tokens").glob("*.json")
    assert 0o600 == kept.stat().st_mode & 0o777
    assert live[-1] not in redacted(f"the token {live[-1]}")
    live.append("signed-in-anew-token")
    with pytest.raises(TerminalError, match="is refused"):
        run("first-refresh-token")
    run("signed-in-anew-token")
    run("signed-in-anew-token")


# ---------------------------------------------------------------------------------------------------------- failures


def after(*answers):
    given = iter(answers)
    return lambda asked: next(given)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for_in_both_forms(server, world, form):
    text = "7" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=8), usegmt=True)
    server.routes["GET /rows"] = after((429, {}, {"Retry-After": text}), ROWS)
    one = world()
    assert ROWS == one.lines(one.source({"path": "rows"}))
    assert 6 <= one.waits[0] <= 8


def test_a_long_wait_is_left_for_a_later_run(server, world):
    server.routes["GET /rows"] = after((429, {}, {"Retry-After": "600"}))
    one = world()
    with pytest.raises(TransientError, match=r"; it asks for a wait of 10 min$") as problem:
        one.lines(one.source({"path": "rows"}))
    assert 600 == problem.value.wait


@pytest.mark.parametrize("before", [250, 270, 290, 296])
def test_an_answer_that_repeats_a_secret_is_told_without_any_part_of_it(server, world, before):
    redacted.remember("Qm7CanaryTokenV4zWx81LmKp3RtYb6NcDf20HjGs95")
    one = world()
    server.routes["GET /rows"] = after(
        (400, {"message": "." * before + "Qm7CanaryTokenV4zWx81LmKp3RtYb6NcDf20HjGs95 and more" + "." * 300})
    )
    with pytest.raises(TerminalError, match="HTTP 400") as problem:
        one.lines(one.source({"path": "rows"}))
    assert "Qm7" not in problem.value.message
    assert problem.value.message.endswith("…")


@pytest.mark.parametrize(
    "seconds, words", [("1000000000", "; it asks for a wait of an hour or more"), ("45", "; it asks for a wait of 45 s"), ("0", "")]
)
def test_a_wait_that_is_asked_for_is_told_where_nothing_is_tried_again(server, world, seconds, words):
    server.routes["GET /rows"] = after((429, {}, {"Retry-After": seconds}))
    one = world(attempts=1)
    with pytest.raises(TransientError) as problem:
        one.lines(one.source({"path": "rows"}))
    assert f"GET {server.url}/rows: HTTP 429: {{}}{words}" == problem.value.message


def test_what_may_pass_is_tried_again_and_what_may_not_is_told(server, world):
    server.routes["GET /rows"] = after((500, {}), None, (503, {}), ROWS)
    one = world()
    assert ROWS == one.lines(one.source({"path": "rows"}))
    assert 3 == len(one.waits)
    server.routes["GET /rows"] = after((400, {"message": "no such filter"}))
    with pytest.raises(TerminalError, match=r"HTTP 400.*no such filter"):
        one.lines(one.source({"path": "rows"}))
    server.routes["GET /rows"] = after((302, {}, {"Location": "http://elsewhere.example/"}))
    with pytest.raises(TerminalError, match="leads to"):
        one.lines(one.source({"path": "rows"}))


@pytest.mark.parametrize("attempts", [1, 4])
def test_what_stays_away_is_sent_as_often_as_the_connection_says_and_that_is_told(server, world, attempts):
    server.routes["POST /rows"] = lambda asked: (429, {})
    one = world(attempts=attempts)
    with pytest.raises(TransientError) as problem:
        one.lines(one.source({"method": "POST", "path": "rows"}))
    assert (attempts, attempts) == (len(server.seen), problem.value.tries)
    assert str(problem.value).endswith("(sent 4 times)") == (attempts == 4)


def test_of_rows_that_are_not_there_the_call_is_named(server, world):
    server.routes["GET /shops"] = lambda asked: (200, {"items": []})
    one = world()
    with pytest.raises(TerminalError) as problem:
        one.lines(one.source({"path": "shops"}, rows="$.data"))
    assert "GET shops: the answer has nothing at `$.data`" == str(problem.value)


@pytest.mark.parametrize("answer", [None, (503, {}), (503, {}, {"Retry-After": "5"}), (502, {})], ids=str)
def test_a_post_that_may_have_arrived_is_not_sent_again(server, world, answer):
    server.routes["POST /rows"] = after(answer, ROWS)
    one = world()
    with pytest.raises(Uncertain):
        one.lines(one.source({"method": "POST", "path": "rows"}))
    assert 1 == len(server.seen)
    server.routes["POST /rows"] = after((429, {}), ROWS)
    assert ROWS == one.lines(one.source({"method": "POST", "path": "rows"}))


def test_the_budget_is_kept_over_sessions(server, world):
    server.routes["GET /rows"] = lambda asked: ROWS
    budget = {"requests": 2, "within": "1 h"}
    for _ in range(2):
        one = world(budget=budget)
        one.lines(one.source({"path": "rows"}))
    one = world(budget=budget)
    with pytest.raises(TransientError) as problem:
        one.lines(one.source({"path": "rows"}))
    assert 3500 < (problem.value.wait or 0) <= 3600
    assert 2 == len(server.seen)


# ---------------------------------------------------------------------------------------------------------- addresses out of data


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1/", "http://2130706433:1/", "http://0x7f.1:1/", "http://[::ffff:127.0.0.1]:1/", "http://169.254.169.254/", "http://0.0.0.0:1/",
     "http://127.1:1/", "file:///etc/passwd", "http://user@127.0.0.1/", "ftp://x/", "//other.example/x"],
)  # fmt: skip
def test_an_answer_leads_to_no_host_that_is_not_named(server, world, url):
    server.routes["GET /rows"] = lambda asked: {"rows": ROWS[:1], "next": url}
    one = world()
    with pytest.raises(TerminalError, match=r"leads to|is no address"):
        one.lines(one.source({"path": "rows", "paging": {"kind": "next_url", "next": "$.next"}}, rows="$.rows"))
    assert 1 == len(server.seen)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "2130706433",
        "0x7f.1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "127.1",
        "10.0.0.1",
        "::1",
        "100.64.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "::127.0.0.1",
        "fec0::1",
    ],
)
def test_a_named_host_that_is_of_the_inside_is_not_connected_to(host):
    with pytest.raises(TerminalError, match="a machine of the inside"):
        addresses(host, 80)


def test_a_host_named_without_port_is_looked_up_and_refused_where_it_is_of_the_inside(server, world):
    server.routes["GET /first"] = lambda asked: {"url": "http://localhost/file"}
    one = world(follow_hosts=["localhost"])
    with pytest.raises(TerminalError, match="a machine of the inside"):
        one.lines(one.source({"name": "a", "path": "first"}, {"url": "{{a.url}}", "download": True}))
    one.session.close()


def test_a_store_of_files_that_is_named_with_its_port_is_followed_without_our_secrets(server, world):
    with api() as store:
        store.routes["GET /file"] = lambda asked: (200, b"a\n")
        server.routes["GET /first"] = lambda asked: {"url": f"{store.url}/file?signature=x"}
        one = world(auth={"kind": "bearer", "token": secret("t")}, follow_hosts=[f"127.0.0.1:{store.port}"])
        assert [b"a\n"] == one.text(one.source({"name": "a", "path": "first"}, {"url": "{{a.url}}", "download": True}))
        assert "authorization" not in store.seen[0].headers
        assert "Bearer t" == server.seen[0].headers["authorization"]


def test_tls_is_not_left():
    with pytest.raises(TerminalError, match="from TLS"):
        followed("http://files.example:80/x", "https://api.example", ["files.example:80"])


# ---------------------------------------------------------------------------------------------------------- targets


def sender(one, **told):
    return RestOut(one.session, RestTo.model_validate({"connection": "x", "path": "offers"} | told))


TABLE = pa.table({"sku": ["A", "B", "C"], "price": pa.array([Decimal("1.50"), Decimal("2.00"), None], pa.decimal128(10, 2))})


def test_a_batch_carries_its_key_and_exact_numbers(server, world):
    server.routes["POST /offers"] = after(None, (503, {}), {"ok": True})
    one = world()
    out = sender(one, envelope="offers")
    body = out.render(TABLE)
    assert b'{"offers":[{"sku":"A","price":1.50},{"sku":"B","price":2.00},{"sku":"C","price":null}]}' == body
    assert () == out.send(body, "k1").refused
    assert ["k1"] * 3 == [asked.headers["idempotency-key"] for asked in server.seen]
    out.close()


def test_plain_headers_go_along_and_only_what_is_secret_is_hidden(server, world):
    server.routes["POST /offers"] = lambda asked: {}
    one = world(headers={"Accept": "application/vnd.shop+json", "X-Api-Version": "2026-01", "X-Api-Key": secret("letmein-4711")})
    out = sender(one, headers={"Prefer": "return=minimal", "accept": "text/plain"})
    out.send(out.render(TABLE), "k")
    out.close()
    sent = server.seen[-1].headers
    assert ("text/plain", "2026-01", "letmein-4711", "return=minimal") == tuple(
        sent[name] for name in ("accept", "x-api-version", "x-api-key", "prefer")
    )
    assert "2026-01" == redacted("2026-01")


@pytest.mark.parametrize(
    "name, value",
    [
        ("X-Api-Key", "a"),
        ("X-Session", "a"),
        ("X-Any", "Bearer a"),
        ("X-Any", "eyJhbGciOi.J9.x"),
        ("X-Any", "a8f5f167f44f4964e6c998dee827110c"),
        ("X-Any", "two\r\nX-Other: lines"),
        ("X Any", "a"),
        ("Host", "elsewhere"),
    ],
)
def test_headers_that_look_secret_or_are_none_are_refused(server, world, name, value):
    with pytest.raises(ValidationError):
        world(headers={name: value})
    world(headers={"X-Any": "550e8400-e29b-41d4-a716-446655440000", "Accept": "application/vnd.acme.catalogue.v12+json"})


def test_a_row_alone_goes_to_the_address_that_it_names(server, world):
    server.routes["PUT /offers/A/price"] = lambda asked: {}
    out = sender(world(), method="PUT", path="offers/{{SKU}}/price", batch=1, single=True)
    assert () == out.send(out.render(TABLE.slice(0, 1)), "k").refused
    for value, has in (("..", "`..` there"), ("", "nothing there"), (None, "nothing there")):
        row = pa.table({"sku": pa.array([value], pa.string())})
        assert (Refusal(0, "PATH", f"the path has `{{{{SKU}}}}`, and the row has {has}"),) == out.send(out.render(row), "k").refused
    assert 1 == len(server.seen)
    out.close()
    told = {"method": "PUT", "batch": 1, "single": True, "results": {"items": "$"}}
    gone = {"message": "offer A is unknown"}
    server.routes["PUT /offers/A/price"] = server.routes["PUT /offers"] = lambda asked: (404, gone)
    out = sender(world(), path="offers/{{SKU}}/price", **told)
    assert (Refusal(0, "404", "offer A is unknown"),) == out.send(out.render(TABLE.slice(0, 1)), "k").refused
    out.close()
    # Where the address names no row, it is the address that is wrong.
    out = sender(world(), path="offers", **told)
    with pytest.raises(Missing, match="HTTP 404"):
        out.send(out.render(TABLE.slice(0, 1)), "k")
    out.close()
    with pytest.raises(ValidationError, match="a path can name a row only where each request has one"):
        sender(world(), path="offers/{{SKU}}")


@pytest.mark.parametrize(
    "rows, answers, untouched",
    [
        pytest.param(3, [(403, {})], True, id="who we are"),
        pytest.param(3, [(413, {})], True, id="how much"),
        pytest.param(3, [(429, {}, {"Retry-After": "0"})] * 4, True, id="how often"),
        pytest.param(3, [(422, {})], False, id="several rows"),
        pytest.param(1, [(422, {})], True, id="one row"),
        pytest.param(1, [(409, {})], False, id="a conflict with what it has"),
        pytest.param(1, [(302, {}, {"Location": "/done"})], False, id="elsewhere"),
        pytest.param(1, [(500, {})] * 4, False, id="it broke down"),
        pytest.param(1, [None] * 4, False, id="no answer"),
        pytest.param(1, [None, (403, {})], False, id="no answer, and then a refusal"),
        pytest.param(1, [(429, {}, {"Retry-After": "0"}), (403, {})], True, id="two refusals"),
        pytest.param(1, [(200, b"<html>")], False, id="taken, and nobody understands what is said of it"),
    ],
)
def test_a_failure_tells_whether_the_other_side_is_for_certain_as_it_was(server, world, rows, answers, untouched):
    server.routes["POST /offers"] = after(*answers)
    results = {"items": "$.errors", "row": "$.row"} if answers[0] == (200, b"<html>") else None
    out = sender(world(), results=results)
    with pytest.raises(DataHubError) as failure:
        out.send(out.render(TABLE.slice(0, rows)), "k")
    out.close()
    assert (len(answers), untouched) == (len(server.seen), failure.value.untouched)


def test_of_rows_that_are_sent_once_more_some_may_have_been_taken_before(server, world):
    named = (422, {"errors": [{"row": 1, "why": "no"}]})
    server.routes["POST /offers"] = after(named, (403, {}))
    out = sender(world(), results={"items": "$.errors", "row": "$.row", "message": "$.why"})
    with pytest.raises(TerminalError, match="HTTP 403") as failure:
        out.send(out.render(TABLE), "k")
    out.close()
    assert (2, False) == (len(server.seen), failure.value.untouched)


def test_whoever_gets_no_token_has_told_nothing(server, world):
    server.routes["POST /token"] = lambda asked: (401, {"error": "invalid_client"})
    told = {"kind": "oauth2", "token_url": f"{server.url}/token", "client_id": "us", "client_secret": secret("kTz81-quiet")}
    out = sender(world(auth=told))
    with pytest.raises(TerminalError, match="token") as failure:
        out.send(out.render(TABLE), "k")
    out.close()
    assert failure.value.untouched


def test_what_may_have_arrived_is_not_sent_again_without_a_key(server, world):
    server.routes["POST /offers"] = after(None, {})
    one = world()
    out = sender(one, key_header="")
    assert not out.keyed
    with pytest.raises(Uncertain):
        out.send(out.render(TABLE), "k")
    assert 1 == len(server.seen)


@pytest.mark.parametrize(
    "results, answer",
    [
        (
            {"items": "$.results", "ok": "$.ok"},
            {"results": [{"ok": True}, {"ok": False, "code": "P1", "message": "no price"}, {"ok": True}]},
        ),
        ({"items": "$.errors", "row": "$.index"}, {"errors": [{"index": 1, "code": "P1", "message": "no price"}]}),
        ({"items": "$.errors", "key": "$.sku", "column": "sku"}, {"errors": [{"sku": "B", "code": "P1", "message": "no price"}]}),
    ],
)
@pytest.mark.parametrize("status", [200, 207, 422])
def test_rows_that_are_refused_are_joined_back(server, world, results, answer, status):
    server.routes["POST /offers"] = lambda asked: (
        (status, answer) if b"B" in asked.body else {next(iter(answer)): [{"ok": True} for _ in asked.json()] if "ok" in results else []}
    )
    one = world()
    out = sender(one, results=results)
    assert (Refusal(1, "P1", "no price"),) == out.send(out.render(TABLE), "k").refused
    out.close()


SHAPES = {
    "places from 1": ({"items": "$.errors", "row": "$.line", "first": 1}, {"errors": [{"line": 2, "code": "P1", "message": "no price"}]}),
    "several places at once": ({"items": "$.errors", "row": "$.rows"}, {"errors": [{"rows": [1], "code": "P1", "message": "no price"}]}),
    "a table by place": ({"items": "$.errors"}, {"errors": {"1": {"code": "P1", "message": "no price"}}}),
    "a table by place, several each": ({"items": "$.errors"}, {"errors": {"1": [{"code": "P1", "message": "no price"}]}}),
    "a table by key": ({"items": "$.failed", "column": "sku"}, {"failed": {"B": {"code": "P1", "message": "no price"}}}),
    "several reasons of one row": (
        {"items": "$.lines", "ok": "$.status", "code": "$.errors[*].code", "message": "$.errors[*].text"},
        {"lines": [{"status": 201}, {"status": 422, "errors": [{"code": "P1", "text": "no price"}]}, {"status": 201}]},
    ),
    "two results of one row": (
        {"items": "$.errors", "row": "$.index"},
        {"errors": [{"index": 1, "code": "P1", "message": "no price"}, {"index": 1, "code": "P1", "message": "no price"}]},
    ),
    "the list itself": (
        {"items": "$", "ok": "$.ok", "ok_values": ["yes"]},
        [{"ok": "yes"}, {"ok": "no", "code": "P1", "message": "no price"}, {"ok": "yes"}],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_results_are_joined_to_rows_in_every_shape(server, world, shape):
    results, answer = SHAPES[shape]
    server.routes["POST /offers"] = lambda asked: (207, answer)
    out = sender(world(), results=results)
    assert (Refusal(1, "P1", "no price"),) == out.send(out.render(TABLE), "k").refused
    out.close()


def test_reasons_that_are_text_alone_belong_to_the_row_in_their_place(server, world):
    server.routes["POST /offers"] = lambda asked: {"errors": {"1": ["no price", "no name"]}}
    out = sender(world(), results={"items": "$.errors"})
    assert (Refusal(1, "", "no price; no name"),) == out.send(out.render(TABLE), "k").refused
    out.close()


def test_rows_that_a_refusal_of_all_does_not_name_are_sent_again_without_those_that_it_names(server, world):
    def take(asked):
        bad = [place for place, row in enumerate(asked.json()) if row["price"] is None or row["sku"] == "A"][:1]
        return (422, {"errors": [{"index": bad[0], "code": "P", "message": "no"}]}) if bad else (201, {"errors": []})

    server.routes["POST /offers"] = take
    results = {"items": "$.errors", "row": "$.index"}
    out = sender(world(), results=results)
    assert (Refusal(0, "P", "no"), Refusal(2, "P", "no")) == out.send(out.render(TABLE), "k").refused
    sent = [[row["sku"] for row in asked.json()] for asked in server.seen]
    assert [["A", "B", "C"], ["B", "C"], ["B"]] == sent
    assert ["k", "k-1", "k-2"] == [asked.headers["idempotency-key"] for asked in server.seen]
    assert b'"price":2.00' in server.seen[2].body
    out.close()
    del server.seen[:]
    out = sender(world(), results=results | {"rest": "taken"})
    assert (Refusal(0, "P", "no"),) == out.send(out.render(TABLE), "k").refused
    assert 1 == len(server.seen)
    out.close()


def test_a_refusal_that_names_no_row_is_never_taken_for_success(server, world):
    server.routes["POST /offers"] = lambda asked: (400, {"errors": []})
    out = sender(world(), results={"items": "$.errors", "row": "$.index"})
    with pytest.raises(TerminalError, match="HTTP 400"):
        out.send(out.render(TABLE), "k")
    out.close()


@pytest.mark.parametrize(
    "answer, refusal",
    [
        ((422, {"code": "O1", "message": "unknown shop"}), Refusal(0, "O1", "unknown shop")),
        ((409, {"detail": "it is there", "title": "Conflict"}), Refusal(0, "409", "it is there")),
        ((400, {}), Refusal(0, "400", "{}")),
        ((200, {"code": "O1", "message": "unknown shop", "ok": False}), Refusal(0, "O1", "unknown shop")),
    ],
)
def test_what_is_said_of_a_request_with_one_row_is_said_of_that_row(server, world, answer, refusal):
    server.routes["POST /offers"] = lambda asked: answer
    items = "$" if "code" in answer[1] else "$.errors"
    out = sender(world(), single=True, batch=1, results={"items": items, "ok": "$.ok"})
    assert (refusal,) == out.send(out.render(TABLE.slice(0, 1)), "k").refused
    server.routes["POST /offers"] = lambda asked: (401, {})
    with pytest.raises(TerminalError, match="HTTP 401"):
        out.send(out.render(TABLE.slice(0, 1)), "k2")
    out.close()


@pytest.mark.parametrize(
    "results, answer, lost, words",
    [
        ({"items": "$.results", "ok": "$.ok"}, {"results": [{"ok": True}]}, [0, 1, 2], "3 rows were sent, and the answer has 1 results"),
        ({"items": "$.results", "ok": "$.ok"}, {"results": []}, [0, 1, 2], "the answer has 0 results"),
        ({"items": "$.results", "ok": "$.ok"}, {"other": 1}, [0, 1, 2], r"nothing of this row"),
        ({"items": "$.results", "ok": "$.ok"}, b"", [0, 1, 2], r"nothing of this row"),
        ({"items": "$.results", "ok": "$.ok", "row": "$.at"}, {"results": [{"ok": True, "at": 1}]}, [0, 2], r"nothing of this row"),
        ({"items": "$.errors"}, {"errors": [{"message": "no price"}]}, [0, 1, 2], "`row`, or `key` and `column`"),
    ],
)
def test_a_row_of_which_a_success_says_nothing_comes_back(server, world, results, answer, lost, words):
    server.routes["POST /offers"] = lambda asked: answer
    out = sender(world(), results=results)
    refused = out.send(out.render(TABLE), "k").refused
    assert [(row, "UNSAID") for row in lost] == [(one.row, one.code) for one in refused]
    assert all(re.search(words, one.message) for one in refused), refused
    out.close()


NOTHING = {"success": False, "error": "nothing taken"}


@pytest.mark.parametrize("results", [{"success": "$.success"}, {"success": "$.success", "items": "$.errors", "row": "$.index"}], ids=str)
def test_what_an_answer_says_of_all_of_a_request_counts_whatever_its_status(server, world, results):
    server.routes["POST /offers"] = lambda asked: NOTHING
    out = sender(world(), results=results)
    with pytest.raises(TerminalError, match=r"HTTP 200: .*nothing taken") as told:
        out.send(out.render(TABLE), "k")
    assert "the whole batch is refused, and no row named" in told.value.help
    assert (Refusal(0, "REFUSED", "nothing taken"),) == out.send(out.render(TABLE.slice(0, 1)), "k").refused
    server.routes["POST /offers"] = lambda asked: {"success": True}
    assert () == out.send(out.render(TABLE), "k").refused
    server.routes["POST /offers"] = lambda asked: (204, b"")
    assert () == out.send(out.render(TABLE), "k").refused
    server.routes["POST /offers"] = lambda asked: {"data": None}
    refused = out.send(out.render(TABLE), "k").refused
    assert [(row, "UNSAID") for row in range(3)] == [(one.row, one.code) for one in refused]
    assert "the answer says at `$.success` nothing of this row" in refused[0].message
    out.close()


def test_rows_that_a_failure_in_a_success_names_are_refused_and_the_others_sent_again(server, world):
    server.routes["POST /offers"] = lambda asked: (
        {"status": "error", "errors": [{"index": 1, "message": "no price"}]} if b"B" in asked.body else {"status": "ok"}
    )
    results = {"success": "$.status", "items": "$.errors", "row": "$.index"}
    out = sender(world(), results=results)
    assert (Refusal(1, "REFUSED", "no price"),) == out.send(out.render(TABLE), "k").refused
    assert [3, 2] == [len(asked.json()) for asked in server.seen]
    out.close()
    out = sender(world(), results=results | {"rest": "taken"})
    assert (Refusal(1, "REFUSED", "no price"),) == out.send(out.render(TABLE), "k").refused
    assert 3 == len(server.seen)
    out.close()


@pytest.mark.parametrize("results", [{"row": "$.index"}, {"key": "$.sku", "column": "sku"}], ids=str)
def test_an_error_that_names_no_row_is_never_left_out(server, world, results):
    server.routes["POST /offers"] = lambda asked: {"errors": [{"message": "all of it is wrong"}]}
    out = sender(world(), results={"items": "$.errors"} | results)
    with pytest.raises(TerminalError, match=r"all of it is wrong.*is of no row that was sent"):
        out.send(out.render(TABLE), "k")
    out.close()


def test_what_is_said_once_of_all_rows_has_its_own_place(server, world):
    server.routes["POST /offers"] = lambda asked: {"success": False}
    out = sender(world(), results={"items": "$", "ok": "$.success"})
    with pytest.raises(TerminalError) as told:
        out.send(out.render(TABLE), "k")
    assert "what is said once of all rows stands at `success`" in told.value.help
    out.close()
    with pytest.raises(ValidationError, match="what became of the rows is told by `items`, `success`, or both"):
        RestTo.model_validate({"connection": "x", "results": {"ok": "$.ok"}})


def test_a_success_without_a_body_is_one_of_all_rows(server, world):
    server.routes["POST /offers"] = lambda asked: (204, b"")
    out = sender(world(), results={"items": "$.results", "ok": "$.ok"})
    assert () == out.send(out.render(TABLE), "k").refused
    out.close()


def test_a_refusal_whose_reasons_are_of_no_row_in_particular_blames_none(server, world):
    server.routes["POST /offers"] = lambda asked: (422, {"errors": [{"message": "no price"}]})
    out = sender(world(), results={"items": "$.errors"})
    with pytest.raises(TerminalError, match=r"3 rows were sent, and the answer has 1 results, the first of them .*no price"):
        out.send(out.render(TABLE), "k")
    out.close()


def test_a_batch_that_is_too_large_is_told_with_what_to_change(server, world):
    server.routes["POST /offers"] = lambda asked: (413, {"message": "no more than 1 MB"})
    out = sender(world())
    with pytest.raises(TerminalError, match=r"HTTP 413.*no more than 1 MB") as told:
        out.send(out.render(TABLE), "k")
    assert "`batch`" in told.value.help
    out.close()


def test_a_result_of_no_row_is_an_error(server, world):
    server.routes["POST /offers"] = lambda asked: {"errors": [{"sku": "Z", "code": "P1"}]}
    one = world()
    out = sender(one, results={"items": "$.errors", "key": "$.sku", "column": "sku"})
    with pytest.raises(TerminalError, match="of no row that was sent"):
        out.send(out.render(TABLE), "k")
    server.routes["POST /offers"] = lambda asked: (422, {"message": "bad"})
    with pytest.raises(TerminalError, match=r"the answer has nothing|HTTP 422"):
        out.send(out.render(TABLE), "k")
    out.close()


def test_a_head_that_never_ends_is_not_waited_for(server, tmp_path):
    with talking(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.1, asked=True) as port:
        told, begun = {"url": f"http://127.0.0.1:{port}", "deadline": 1, "attempts": 1}, time.monotonic()
        world = World(server, tmp_path, **told)
        with pytest.raises(TransientError, match="no answer in time"):
            world.lines(world.source({"path": "a"}))
        assert time.monotonic() - begun < 15
