"""Whatever a learner sends to the fakes is answered as the platform answers: a status and its own words, never with our stack, nor not at all."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from random import Random
from urllib.parse import quote, urlencode

import httpx
import pytest

from datahub.dev.djust import CLIENT, PASSWORD, SECRET, USER, FakeDjust
from datahub.dev.djust_imports import ENTITIES
from datahub.dev.mirakl import KEY, FakeMirakl
from datahub.dev.mirakl_imports import KINDS
from datahub.dev.mirakl_orders import sample_orders
from datahub.dev.serving import FakeServer

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "BREW")
NAMES = (
    "",
    "1",
    "0",
    "-1",
    "2001",
    "99999999999999999999999",
    "x",
    "..",
    "%2e%2e",
    "C-1001-A",
    "C-1001-A-1",
    "%C3%A9",
    "a%2Fb",
    "%ff",
    "{id}",
    "?",
)
QUERIES = ("", "0", "-1", "x", "1.5", "1e3", "9" * 5000, "%00", "é", "true", "²", "null")
VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    "",
    "x",
    "é\ud800",
    "9" * 5000,
    "NaN",
    "1e999999999",
    [],
    [None],
    [1],
    {},
    {"a": [{}]},
    "2024-13-45",
)
KEYS: tuple[str, ...] = (
    "elements",
    "offers",
    "order_lines",
    "id",
    "accepted",
    "refunds",
    "cancelations",
    "amount",
    "order_line_id",
    "reason_code",
    "code",
    "value",
)
KEYS += ("items_per_chunk", "last_request_date", "order_state_codes", "sinceUpdateDateTime", "externalId", "price", "quantity", "shop_sku")
KEYS += ("order_additional_fields",)
BODIES: tuple[bytes, ...] = (
    b"",
    b"xx",
    b"[1]",
    b"[null]",
    b"null",
    b"1",
    b'"x"',
    b"{",
    b"[" * 100_000,
    b"NaN",
    b"[NaN]",
    b"-Infinity",
    b"1e999",
    b"\xff\xfe",
    b"\x00",
)
BODIES += (
    b"sku;price\n\xe9;1\n",
    b'"sku',
    b'a;b\n"x\ny',
    b"a\rb",
    b"\xef\xbb\xbf",
    b";;;\n;;\n",
    b'{"offers": "x"}',
    b'{"elements": 1}',
    b'"\\ud800"',
)
BODIES += (b"9" * 5000, b'{"offers": [{"price": 1e99999999999999999999}]}')
TYPES = (
    "application/json",
    "text/csv",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "a/b",
    "",
    "é",
)


def made(chance: Random, depth: int = 0):
    """A body that has keys which the API knows, and values which it does not."""
    if depth > 2 or chance.random() < 0.3:
        return chance.choice(VALUES)
    if chance.random() < 0.4:
        return [made(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(KEYS): made(chance, depth + 1) for _ in range(chance.randint(0, 4))}


def csv_of(chance: Random, columns: tuple[str, ...]) -> bytes:
    cells = ("", "x", "1", "-1", "NaN", "Infinity", "²", "4006381333931", "é", "a||b", "TRUE", "1|2,3", "A", "B", '"', "delete")
    lines = [
        chance.choices(columns, k=chance.randint(0, 6)),
        *([chance.choice(cells) for _ in range(chance.randint(0, 7))] for _ in range(4)),
    ]
    return "\n".join(";".join(line) for line in lines).encode(chance.choice(("utf-8", "latin-1", "utf-16")), "replace")


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value.encode("utf-8"))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture(params=["mirakl", "djust"])
def fake(request):
    one = FakeMirakl(pace=0, orders=sample_orders()) if request.param == "mirakl" else FakeDjust()
    with FakeServer(one) as server:
        one.url = server.url
        if isinstance(one, FakeMirakl):
            yield server, {"Authorization": KEY}, [pattern for _, pattern, _, _ in one._routes], request.param
        else:
            token = httpx.post(
                f"{server.url}/oauth/token", data={"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
            )
            paths = [path for _, path, _ in one._table()] + ["/oauth/token", *(f"/imports/{entity}" for entity in ENTITIES)]
            yield server, {"Authorization": f"Bearer {token.json()['access_token']}"}, paths, request.param


def test_every_odd_request_is_answered_with_a_status_and_words(fake, capfd):
    server, signed, patterns, platform = fake
    chance = Random(20261128)
    columns = (
        *tuple(dict.fromkeys(name for one in ENTITIES.values() for name in one.fields)),
        "sku",
        "price",
        "hierarchy-code",
        "product-id",
    )
    statuses = set()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        for number in range(1500):
            path = chance.choice([*patterns, "/", "//", "/x", "*", "/api/%", "//[", "/é"])
            for hole in (r"([^/]+)", r"(\d+)", "(.+)"):
                while hole in path:
                    path = path.replace(hole, chance.choice(NAMES), 1)
            path = path + chance.choice(NAMES) if path.endswith("/") else path
            if chance.random() < 0.5:
                wanted = ("pageSize", "pageNumber", "max", "offset", "limit", "page_token", "delimiter", "product_references", "order_ids")
                path += "?" + urlencode({name: chance.choice((*QUERIES, ";", ",")) for name in chance.choices(wanted, k=2)})
            method = chance.choice(METHODS) if chance.random() < 0.4 else chance.choice(("GET", "POST", "PUT"))
            kind = chance.choice(TYPES)
            body = chance.choice((chance.choice(BODIES), json.dumps(made(chance)).encode(), csv_of(chance, columns)))
            if chance.random() < 0.2:
                kind, body = (
                    "multipart/form-data; boundary=x",
                    b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + body + b"\r\n--x--\r\n",
                )
            headers = dict(signed) if chance.random() < 0.95 else {}
            headers |= {"Content-Type": kind} if kind else {}
            headers |= chance.choice(
                ({}, {}, {"Idempotency-Key": "é"}, {"Content-Encoding": "gzip"}, {"Expect": "100-continue"}, {"Accept": "x"})
            )
            status, given = ask(connection, method, quote(path, safe="/?&=%*[;"), body, headers)
            what = (number, method, path, kind, body[:200], status, given[:300])
            statuses.add(status)
            assert status < 500, what
            if status >= 400 and method != "HEAD":
                told = json.loads(given)
                assert told.get("message") or told.get("error"), what
                assert platform == "djust" or told["status"] == status, what
    assert {200, 400, 401, 404, 405, 415} <= statuses
    assert ("", "") == capfd.readouterr()


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"GET\r\n\r\n", 400),
        (b"\x00\xff\r\n\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET / HTTP/x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"POST /orders HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"POST /orders HTTP/1.1\r\nContent-Length: 99\r\n\r\nxx", 400),
        (b"POST /orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
        (b"POST /orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 400),
        (b"POST /orders HTTP/1.1\r\nTransfer-Encoding: deflate\r\n\r\n", 501),
        (b"GET //[ HTTP/1.1\r\n\r\n", 401),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_what_is_hardly_a_request_is_answered_too(fake, sent, status, capfd):
    server, *_ = fake
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert status == answer.status
        assert json.loads(answer.read())["message"]
    assert ("", "") == capfd.readouterr()


def test_who_leaves_before_the_answer_is_told_to_nobody(fake, capfd):
    server, signed, *_ = fake
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            line.sendall(f"GET /offers HTTP/1.1\r\nAuthorization: {signed['Authorization']}\r\n\r\n".encode() * 50)
    assert httpx.get(f"{server.url}/nothing").status_code == 401
    assert ("", "") == capfd.readouterr()


def test_a_body_in_chunks_is_read():
    with FakeServer(FakeMirakl(pace=0)) as server:
        told = httpx.post(
            f"{server.url}/api/offers", headers={"Authorization": KEY}, content=iter((b'{"offers": [', b'{"shop_sku": "A"}]}'))
        )
    assert (201, {"import_id": 2001}) == (told.status_code, told.json())


def test_a_mistake_of_a_fake_is_told_by_its_answer(capfd):
    class Broken(FakeMirakl):
        def __call__(self, asked):
            raise KeyError("elements")

    with FakeServer(Broken()) as server:
        told = httpx.get(server.url)
    assert (500, {"status": 500, "message": "this fake does not know what to make of the request (KeyError: 'elements')"}) == (
        told.status_code,
        told.json(),
    )
    assert ("", "") == capfd.readouterr()


@pytest.fixture
def djust():
    with FakeServer(FakeDjust()) as server, httpx.Client(base_url=server.url) as client:
        token = client.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET})
        client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        yield client


def test_a_row_that_comes_alone_is_taken(djust):
    assert 201 == djust.post("/orders", json={"externalId": "O1"}).status_code
    refused = djust.post("/orders", json={"id": "O1"})
    assert (400, "externalId is missing") == (refused.status_code, refused.json()["message"])
    supplier = djust.post("/imports/SUPPLIER", json={"externalId": "S1", "name": "S"})
    assert (200, {"read": 1, "errors": []}) == (supplier.status_code, supplier.json())


@pytest.mark.parametrize("path", ["/orders?pageSize=0", "/orders?pageNumber=x", "/offers?pageNumber=-1"])
def test_a_page_that_there_cannot_be_is_refused(djust, path):
    told = djust.get(path)
    assert 400 == told.status_code
    assert "must be a whole number from" in told.json()["message"]


def test_every_grant_gives_a_token_and_the_client_may_stand_in_the_header():
    person = {"grant_type": "password", "username": USER, "password": PASSWORD}
    with FakeServer(FakeDjust()) as server, httpx.Client(base_url=server.url, auth=(CLIENT, SECRET)) as client:
        first = client.post("/oauth/token", data=person).json()
        again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = client.post("/oauth/token", data=again).json()
        assert 200 == client.get("/orders", headers={"Authorization": f"Bearer {second['access_token']}"}, auth=None).status_code
        assert (400, {"error": "invalid_grant"}) == ((told := client.post("/oauth/token", data=again)).status_code, told.json())
        assert 400 == client.post("/oauth/token", data=person | {"password": "other"}).status_code
        assert 401 == client.post("/oauth/token", data=person, auth=(CLIENT, "other")).status_code


def test_a_hierarchy_does_not_stand_below_itself():
    header = "hierarchy-code;hierarchy-label;hierarchy-parent-code\n"
    signed = {"Authorization": KEY}
    with FakeServer(FakeMirakl(pace=0)) as server, httpx.Client(base_url=server.url, headers=signed) as client:
        path = KINDS["hierarchies"].path
        for text in ("a;A;\nb;B;a\n", "a;A;b\n"):
            number = client.post(path, files={"file": (header + text).encode()}).json()["import_id"]
            for _ in range(4):
                told = client.get(f"{path}/{number}").json()
        assert 1 == told["lines_in_error"]
        assert [("a", 1), ("b", 2)] == [(one["code"], one["level"]) for one in client.get("/api/hierarchies").json()["hierarchies"]]
