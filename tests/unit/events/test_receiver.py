"""Messages over a real web server: taken once and on the disk before they are answered; forged, stale, large, slow and many ones refused (F49)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from standardwebhooks import Webhook as Signer

from datahub.events.connections import Bounds, Connections
from datahub.events.endpoint import Bucket, Endpoint, at
from datahub.events.intake import Intake
from datahub.events.receiver import Listening, Receiver, app
from datahub.project.trigger import Webhook
from datahub.state.sqlite.arrivals import Arrivals, gather
from datahub.state.sqlite.ledger import SqliteLedger

OLD, NEW = "whsec_" + "b2xkLXNlY3JldC1vZi0yNC1ieXRlcy4u", "whsec_" + "bmV3LXNlY3JldC1vZi0yNC1ieXRlcy4u"
PLAIN = "a plain secret of many bytes"
BODY = json.dumps({"type": "order.paid", "data": {"id": "O-1", "version": 7}})


@contextmanager
def serving(folder, bounds=None, **told):
    store = SqliteLedger(folder / "ledger.sqlite")
    schemes = {"orders": "standard", **{name: name for name in ("stripe", "github", "token", "shopify", "woocommerce", "hmac")}}
    found = {}
    for name, scheme in schemes.items():
        secrets = (OLD, NEW) if scheme == "standard" else (PLAIN,)
        hook = Webhook.model_construct(
            path=name, signature=scheme, secrets=(), key="data.id", version="data.version", parameters={}, **told
        )
        if scheme == "hmac":
            hook = hook.model_copy(update={"header": "X-Erp-Signature", "prefix": "v0=", "encoding": "base64"})
        found[name] = Endpoint(name, "job", hook, secrets, Bucket(hook.rate, hook.burst))
    woken: list[int] = []
    intake = Intake(store.inbox, folder, lambda: woken.append(1), print)
    receiver = Receiver(intake, lambda: found)
    served = Listening(app(receiver, lambda: "", lambda: ""), "127.0.0.1", 0, None, Connections(bounds or Bounds(), receiver.refused))
    served.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", trust_env=False, timeout=30) as client:
            yield client, store, woken
    finally:
        served.stop()
        intake.close()
        store.close()


@pytest.fixture
def world(tmp_path):
    with serving(tmp_path) as found:
        yield found


def signed(body=BODY, id="msg_1", secret=NEW, when=None):
    moment = when or datetime.now(UTC)
    signature = Signer(secret).sign(msg_id=id, timestamp=moment, data=body)
    return {"webhook-id": id, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}


def post(client, headers, body=BODY, name="orders"):
    return client.post(f"/hooks/{name}", content=body, headers=headers)


def arrived(store, count):
    """What came to stand in the ledger, once so many messages do."""
    end = time.monotonic() + 30
    while sum(store.inbox.counts().values()) < count and time.monotonic() < end:
        time.sleep(0.01)
    return store.inbox.counts()


def test_a_message_comes_into_the_ledger_as_it_was_sent(world, tmp_path):
    client, store, woken = world
    assert 200 == post(client, signed()).status_code
    arrived(store, 1)
    other = sqlite3.connect(tmp_path / "ledger.sqlite")
    assert [("orders/msg_1", "orders", "O-1", "order.paid", "n" + "7".zfill(24), BODY.encode(), "new")] == other.execute(
        "SELECT id, channel, key, kind, version, body, state FROM message"
    ).fetchall()
    other.close()
    assert [1] == woken


def test_a_message_that_comes_again_is_taken_once(world):
    client, store, woken = world
    answers = [post(client, signed()).status_code for _ in range(5)]
    assert [200] * 5 == answers
    assert {"new": 1} == arrived(store, 1)
    assert [1] == woken


def test_an_id_with_other_content_is_refused(world):
    client, store, _ = world
    post(client, signed())
    other = BODY.replace("O-1", "O-2")
    assert 409 == post(client, signed(other), other).status_code
    arrived(store, 1)
    assert BODY.encode() == store.inbox.get("orders/msg_1").body


def test_an_id_with_other_content_is_refused_also_after_a_new_start(tmp_path):
    with serving(tmp_path) as (client, _, _):
        post(client, signed())
    with serving(tmp_path) as (client, store, woken):
        other = BODY.replace("O-1", "O-2")
        assert [200, 409] == [post(client, signed()).status_code, post(client, signed(other), other).status_code]
        assert {"new": 1} == store.inbox.counts()
        assert [] == woken


def test_messages_come_in_whatever_order_and_each_keeps_its_version(world):
    client, store, _ = world
    for version in (3, 1, 2):
        body = BODY.replace("7", str(version))
        assert 200 == post(client, signed(body, id=f"m{version}"), body).status_code
    arrived(store, 3)
    # The order of arrival is kept; the version says which is stale.
    assert ["2", "1", "3"] == [one.version.lstrip("n0") for one in store.inbox.list()]


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_two_secrets_hold_while_one_takes_the_place_of_the_other(world, secret):
    assert 200 == post(world[0], signed(secret=secret)).status_code


def test_several_signatures_may_be_given(world):
    headers = signed()
    headers["webhook-signature"] = f"v1a,AAAA v1,AAAA {headers['webhook-signature']}"
    assert 200 == post(world[0], headers).status_code


def _without(name):
    return lambda: {key: value for key, value in signed().items() if key != name}


FORGED = {
    "no signature": dict,
    "no id": _without("webhook-id"),
    "no time": _without("webhook-timestamp"),
    "another secret": lambda: signed(secret="whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtYnl0ZXMu"),
    "another body": lambda: signed(BODY + " "),
    "another id": lambda: {**signed(), "webhook-id": "msg_2"},
    "another time": lambda: {**signed(), "webhook-timestamp": str(int(time.time()) + 1)},
    "hours late": lambda: signed(when=datetime.now(UTC) - timedelta(hours=3)),
    "six minutes late": lambda: signed(when=datetime.now(UTC) - timedelta(minutes=6)),
    "six minutes early": lambda: signed(when=datetime.now(UTC) + timedelta(minutes=6)),
    "a time that is none": lambda: {**signed(), "webhook-timestamp": "nan"},
    "a signature of another kind": lambda: {**signed(), "webhook-signature": "v1a," + signed()["webhook-signature"][3:]},
    "signs of no ASCII": lambda: {**signed(), "webhook-signature": "v1,\u00e9\u00e9".encode()},
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_forged_or_stale_is_refused(world, case):
    client, store, _ = world
    assert 401 == post(client, FORGED[case]()).status_code
    assert {} == store.inbox.counts()


def test_an_address_that_does_not_exist_is_answered_as_a_wrong_signature(world):
    client, store, _ = world
    absent, wrong = post(client, signed(), name="nothing"), post(client, {})
    assert (absent.status_code, absent.text, sorted(absent.headers)) == (wrong.status_code, wrong.text, sorted(wrong.headers))
    assert {} == store.inbox.counts()


@pytest.mark.parametrize("body", ["", "{", "\xff", "[" * 100_000, "<a/>"])
def test_what_is_not_json_is_refused(world, body):
    client, store, _ = world
    assert 400 == post(client, signed(body), body).status_code
    assert {} == store.inbox.counts()


def test_what_nests_too_deep_is_refused_whatever_the_limit_of_recursion(world):
    client, store, _ = world
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        for body in ("[" * 100_000, '{"a":' * 100_000, "[" * 200 + "]" * 200):
            assert 400 == post(client, signed(body), body).status_code
    finally:
        sys.setrecursionlimit(before)
    assert {} == store.inbox.counts()


def test_what_is_too_large_is_refused_whether_it_says_so_or_not(tmp_path):
    with serving(tmp_path, largest=1000) as (client, store, _):
        body = json.dumps({"more": "x" * 2000})
        assert 413 == post(client, signed(body), body).status_code
        parts = (body[at : at + 500].encode() for at in range(0, len(body), 500))
        assert 413 == client.post("/hooks/orders", content=parts, headers=signed(body)).status_code
        assert {} == store.inbox.counts()


def test_too_many_at_once_are_told_when_to_come_again(tmp_path):
    with serving(tmp_path, rate=0.5, burst=3) as (client, store, _):
        answers = [post(client, signed(id=f"m{number}")) for number in range(5)]
        assert [200, 200, 200, 429, 429] == [one.status_code for one in answers]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
        # Whoever is not known uses nothing up, and is told nothing of it.
        assert 401 == post(client, {}).status_code
        assert {"new": 3} == arrived(store, 3)


def test_what_is_compressed_or_not_posted_is_refused(world):
    client = world[0]
    assert 415 == post(client, {**signed(), "content-encoding": "gzip"}).status_code
    assert 405 == client.get("/hooks/orders").status_code


def test_a_request_that_does_not_end_holds_nobody_up(world, monkeypatch):
    monkeypatch.setattr("datahub.events.receiver.DEADLINE", 0.3)
    client, _, _ = world
    with socket.create_connection((client.base_url.host, client.base_url.port)) as slow:
        slow.sendall(b"POST /hooks/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        assert 200 == post(client, signed()).status_code
        slow.settimeout(10)
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def stripe(body=BODY, secret=PLAIN, when=None):
    stamp = int(when or time.time())
    return {
        "stripe-signature": f"t={stamp},v1={'0' * 64},v1={hmac.new(secret.encode(), f'{stamp}.{body}'.encode(), hashlib.sha256).hexdigest()}"
    }


def github(body=BODY, secret=PLAIN):
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()}


def test_other_ways_to_sign_are_known(world):
    client, store, _ = world
    for name, headers in (("stripe", stripe()), ("github", github()), ("token", {"authorization": f"Bearer {PLAIN}"})):
        assert 200 == post(client, headers, name=name).status_code
        assert 200 == post(client, headers, name=name).status_code
    assert {"new": 3} == arrived(store, 3)
    wrong = (
        ("stripe", stripe(secret="x")),
        ("stripe", stripe(when=time.time() - 400)),
        ("github", github("{}")),
        ("token", {"authorization": "no"}),
    )
    assert [401] * 4 == [post(client, headers, name=name).status_code for name, headers in wrong]


def in_base64(header, body=BODY, secret=PLAIN, prefix="", **more):
    made = base64.b64encode(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()).decode()
    return {header: prefix + made, **more}


BODIES = [
    ("shopify", "X-Shopify-Hmac-Sha256", "", {"X-Shopify-Topic": "orders/paid", "X-Shopify-Webhook-Id": "ID"}, "orders/paid"),
    (
        "woocommerce",
        "X-WC-Webhook-Signature",
        "",
        {"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Delivery-ID": "ID"},
        "order.updated",
    ),
    ("hmac", "X-Erp-Signature", "v0=", {}, "order.paid"),
]


@pytest.mark.parametrize("name, header, prefix, more, kind", BODIES, ids=[one[0] for one in BODIES])
def test_signatures_of_the_body_alone_are_known_and_nothing_else_is_believed(world, name, header, prefix, more, kind):
    client, store, _ = world
    # Sent again under another id, and hours later: what says so is not signed, and Shopify tries for hours.
    for id in ("1", "1", "2"):
        told = {key: id if value == "ID" else value for key, value in more.items()}
        sent = in_base64(header, prefix=prefix, **told, **{"X-Shopify-Triggered-At": "2020-01-01T00:00:00.123456789Z"})
        assert 200 == post(client, sent, name=name).status_code
    assert {"new": 1} == arrived(store, 1)
    assert [("O-1", kind)] == [(one.key, one.kind) for one in store.inbox.list()]
    made = in_base64(header, prefix=prefix)[header]
    wrong = [
        in_base64(header, secret="x", prefix=prefix),
        in_base64(header, "{}", prefix=prefix),
        {header: prefix + hmac.new(PLAIN.encode(), BODY.encode(), hashlib.sha256).hexdigest()},
        {header: f"sha256={made}"},
        {header: made[:-1]},
        {header: ""},
        {"X-Signature": made},
        github(),
        {},
    ]
    assert [401] * len(wrong) == [post(client, headers, name=name).status_code for headers in wrong]


def test_what_woocommerce_asks_when_a_webhook_is_saved_is_answered_at_every_address_and_starts_nothing(world):
    client, store, woken = world
    asked = {"content-type": "application/x-www-form-urlencoded"}
    for name in ("woocommerce", "orders", "nowhere"):
        answer = post(client, asked, "webhook_id=17", name=name)
        assert (200, "here\n") == (answer.status_code, answer.text)
        assert 401 == post(client, asked, "webhook_id=17&order=1", name=name).status_code
    assert ({}, []) == (store.inbox.counts(), woken)


def test_what_github_documents_is_verified():
    from datahub.events.signatures import verify

    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verify("github", ["It's a Secret to Everybody"], {"x-hub-signature-256": given}, b"Hello, World!") is not None


def test_while_the_ledger_is_held_messages_are_taken_and_kept(world, tmp_path):
    client, store, woken = world
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert [200] * 3 == [post(client, signed(id=f"m{number}")).status_code for number in range(3)]
    other.execute("COMMIT")
    other.close()
    assert {"new": 3} == arrived(store, 3)
    assert woken


def test_a_ledger_that_cannot_be_written_answers_nobody_as_if_it_could(tmp_path):
    with serving(tmp_path) as (client, store, _):
        store.close()
        # What is on the disk already was acknowledged and is kept; then it is seen that it cannot go on.
        assert 200 == post(client, signed()).status_code
        end = time.monotonic() + 30
        while (status := post(client, signed(id=f"m{time.monotonic_ns()}")).status_code) == 200 and time.monotonic() < end:
            time.sleep(0.01)
        assert 500 <= status
    (left,) = tmp_path.glob("arrivals-*.sqlite")
    with closing(SqliteLedger(tmp_path / "ledger.sqlite")) as store:
        assert gather(tmp_path, store.inbox) >= 1
        assert store.inbox.get("orders/msg_1") is not None
    assert not left.exists()


def test_many_at_once_share_a_sync_and_none_is_lost(tmp_path, monkeypatch):
    puts = []
    real = Arrivals.put

    def counted(self, messages):
        puts.append(len(messages))
        return real(self, messages)

    monkeypatch.setattr(Arrivals, "put", counted)
    with serving(tmp_path, rate=10_000, burst=10_000) as (client, store, _):
        requests = [signed(id=f"m{number % 150}") for number in range(200)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda headers: post(client, headers).status_code, requests))
        assert {200} == set(answers)
        assert {"new": 150} == arrived(store, 150)
    assert 150 == sum(puts)
    assert max(puts) > 1
    assert [] == list(tmp_path.glob("arrivals-*"))


def test_too_many_that_wait_are_told_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr("datahub.events.intake.MOST_WAITING", 2)
    with serving(tmp_path) as (client, store, _):
        other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        answers = [post(client, signed(id=f"m{number}")) for number in range(3)]
        assert [200, 200, 429] == [one.status_code for one in answers]
        assert "1" == answers[-1].headers["retry-after"]
        other.execute("COMMIT")
        other.close()
        assert {"new": 2} == arrived(store, 2)


def test_healthy_and_ready_are_told(world):
    client = world[0]
    assert [200, 200, 200] == [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")]


def test_places_in_a_body():
    body = {"a": {"b": [{"c": 1.5}, "x"]}, "t": True, "n": None, "": 1}
    assert ["1.5", "x", "true", "", "", "", ""] == [at(body, path) for path in ("a.b.0.c", "a.b.1", "t", "n", "a", "a.b.7", "")]


# ---------------------------------------------------------------------------------------------------------- bounds of connections


def connected(client):
    return socket.create_connection(("127.0.0.1", client.base_url.port), timeout=10)


def said(one):
    """All that comes until the other side hangs up."""
    data = b""
    with suppress(ConnectionError):
        while part := one.recv(65536):
            data += part
    return data


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"POST /hooks/orders HTTP/1.1\r\nHost: x\r\n", b"408"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET", b"408"),
    ],
)
def test_who_sends_no_whole_head_is_not_waited_for(tmp_path, sent, status):
    with serving(tmp_path, Bounds(head=0.5)) as (client, *_), connected(client) as slow:
        slow.sendall(sent)
        begun = time.monotonic()
        assert status in said(slow).rpartition(b"HTTP/1.1 ")[2]
        assert time.monotonic() - begun < 5
        assert 200 == client.get("/healthz").status_code


def test_a_head_that_trickles_has_no_more_time_than_another(tmp_path):
    with serving(tmp_path, Bounds(head=0.6)) as (client, *_), connected(client) as slow:
        begun = time.monotonic()
        with suppress(ConnectionError):
            for one in [b"POST /hooks/orders HTTP/1.1\r\n", *[b"A: b\r\n"] * 40]:
                slow.sendall(one)
                time.sleep(0.1)
        assert time.monotonic() - begun < 3 or b"408" in said(slow)


@pytest.mark.parametrize(
    "head",
    [b"A: " + b"a" * 40_000 + b"\r\n", b"A: b\r\n" * 101, b"A: " + b"a" * 5_000_000, (b"A: " + b"a" * 900 + b"\r\n") * 40],
    ids=["one", "many", "endless", "together"],
)
def test_a_head_is_no_larger_than_it_may_be(tmp_path, head):
    with serving(tmp_path) as (client, *_), connected(client) as large:
        with suppress(ConnectionError):
            large.sendall(b"POST /hooks/orders HTTP/1.1\r\nHost: x\r\n" + head + b"Content-Length: 0\r\n\r\n")
        # What is still on its way when the other side hangs up may take the answer along.
        assert (answer := said(large)).startswith(b"HTTP/1.1 431 ") or not answer
        assert 200 == client.get("/healthz").status_code


def test_connections_that_say_nothing_give_way(tmp_path):
    with serving(tmp_path, Bounds(connections=20)) as (client, *_), ExitStack() as held:
        silent = [held.enter_context(connected(client)) for _ in range(60)]
        for one in silent[::2]:
            with suppress(ConnectionError):
                one.sendall(b"POST /hooks/orders HTTP/1.1\r\nHost: x\r\n")
        assert 200 == post(client, signed()).status_code
        assert 200 == client.get("/healthz").status_code


def test_of_one_address_fewer_are_served(tmp_path):
    with serving(tmp_path, Bounds(connections=50, of_address=4)) as (client, *_), ExitStack() as held:
        silent = [held.enter_context(connected(client)) for _ in range(10)]
        for one in silent[:5]:
            assert b"" == said(one)
        assert 200 == client.get("/healthz").status_code


def test_where_all_are_at_work_one_more_is_told_to_come_again(tmp_path):
    with serving(tmp_path, Bounds(connections=2)) as (client, *_), ExitStack() as held:
        for one in [held.enter_context(connected(client)) for _ in range(2)]:
            one.sendall(b"POST /hooks/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        time.sleep(0.3)
        answer = post(client, signed())
        assert (503, "5") == (answer.status_code, answer.headers["retry-after"])


def test_what_is_no_request_is_answered_and_counted(world):
    client, *_ = world
    with connected(client) as other:
        other.sendall(b"garbage\r\n\r\n")
        assert said(other).startswith(b"HTTP/1.1 400 ")
    assert 'dhm_hook_requests_total{hook="",status="400"} 1' in client.get("/metrics").text


WISH = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
CHUNKED = b"POST /hooks/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def request(more="", id="msg_1", name="orders", body=BODY):
    told = "".join(f"{key}: {value}\r\n" for key, value in signed(body, id).items())
    return f"POST /hooks/{name} HTTP/1.1\r\nHost: x\r\n{more}{told}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize("wish", [WISH, WISH.replace("h2c", "websocket"), WISH.replace("h2c", "TLS/1.2")], ids=["h2c", "websocket", "tls"])
@pytest.mark.parametrize("size", [0, 1, 40], ids=["at once", "by byte", "in parts"])
def test_who_asks_for_another_protocol_is_taken_from_in_this_one(world, wish, size):
    with connected(world[0]) as java:
        whole = request(wish, "a") + request(wish, "b") + request("Connection: close\r\n", "c")
        java.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), size or len(whole)):
            java.sendall(whole[start : start + (size or len(whole))])
        answer = said(java)
    assert (3, 3) == (answer.count(b"HTTP/1.1 200 "), answer.count(b"content-length: ")), answer


def test_who_asks_for_another_protocol_has_the_same_bounds(world):
    with connected(world[0]) as java:
        java.sendall(request(WISH + "A: b\r\n" * 101))
        assert said(java).startswith(b"HTTP/1.1 431 ")
    with connected(world[0]) as proxy:
        proxy.sendall(b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n")
        assert said(proxy).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "begin, part",
    [
        (CHUNKED + b"2\r\n{}\r\n0\r\n", b"A: " + b"a" * 9_000 + b"\r\n"),
        (CHUNKED + b"2\r\n{}\r\n0\r\nA: ", b"a" * 9_000),
        (CHUNKED + b"2;a=", b"a" * 9_000),
        (CHUNKED.replace(b"POST /hooks/orders", b"GET /healthz") + b"2\r\n{}\r\n0\r\nA: ", b"a" * 9_000),
        (CHUNKED + b"2\r\n{}\r\n0\r\n\r\nPOST /hooks/orders HTTP/1.1\r\nA: ", b"a" * 9_000),
    ],
    ids=["behind the body", "without end", "beside a size", "behind the answer", "of the next"],
)
def test_what_is_neither_head_nor_body_is_no_larger_than_a_head(world, begin, part):
    with connected(world[0]) as large:
        sent = 0
        with suppress(ConnectionError):
            large.sendall(begin)
            for _ in range(1000):
                large.sendall(part)
                sent += len(part)
                time.sleep(0.002)
        assert sent < 3_000_000
    assert 'status="431"} 1' in world[0].get("/metrics").text


def test_what_stands_behind_a_body_is_no_header(world):
    body = BODY.encode()
    trailers = "".join(f"{key}: {value}\r\n" for key, value in signed().items()).encode()
    with connected(world[0]) as sender:
        head = CHUNKED.replace(b"Host: x", b"Host: x\r\nConnection: close")
        sender.sendall(head + b"%x\r\n%s\r\n0\r\n" % (len(body), body) + trailers + b"\r\n")
        assert said(sender).startswith(b"HTTP/1.1 401 ")


def test_only_so_many_requests_wait_for_their_turn(world):
    with connected(world[0]) as eager:
        with suppress(ConnectionError):
            eager.sendall(request() * 3000)
        assert said(eager).count(b"HTTP/1.1 200 ") < 300
    assert 200 == post(world[0], signed(id="other")).status_code


@pytest.mark.parametrize("more", ["Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n"])
def test_a_body_has_one_length(world, more):
    with connected(world[0]) as smuggler:
        smuggler.sendall(request(more))
        assert said(smuggler).startswith(b"HTTP/1.1 400 ")
