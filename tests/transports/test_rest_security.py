"""What an API connection must withstand: certificates that are not to be trusted, addresses that lead inside, secrets that would leave."""

from __future__ import annotations

import json
import ssl
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from datahub.connectors.declare import Place, TerminalError, TransientError, Uncertain
from datahub.connectors.kinds.rest import Rest
from datahub.connectors.rest.guard import addresses, followed, origin
from datahub.connectors.rest.session import Request, Session
from datahub.connectors.rest.signing import signing
from datahub.connectors.rest.source import RestIn
from datahub.connectors.rest.told import named_host
from datahub.connectors.rest.told_source import RestFrom
from datahub.project.secrets import Secret
from tests.servers.api import api


@pytest.fixture
def start():
    with ExitStack() as held:
        yield lambda **told: held.enter_context(api(**told))


@pytest.fixture
def session(tmp_path):
    with ExitStack() as held:

        def make(url, headers=dict, **told):
            connection = Rest.model_validate({"url": url, "attempts": 1} | told)
            one = Session(
                connection, Place(tmp_path, tmp_path), signing(connection.auth, tmp_path), headers=headers, sleep=lambda seconds: None
            )
            held.callback(one.close)
            return one

        yield make


def follow(one: Session, folder, **call):
    calls = [{"name": "a", "path": "first"}, {"url": "{{a.url}}", "download": True, **call}]
    source = RestIn(one, RestFrom.model_validate({"connection": "x", "calls": calls}), Place(folder, folder))
    source.start(None)
    return [source.land(split, folder).path.read_bytes() for split in source.splits()]


# ---------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, str(path)


def serving(ca, name="127.0.0.1", **told):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **told).configure_cert(context)
    return context


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(start, session, authority):
    ca, path = authority
    server = start(tls=serving(ca))
    server.routes["GET /x"] = lambda asked: {"ok": True}
    assert server.url.startswith("https://")
    assert b'{"ok": true}' == session(server.url, ca_file=path).ask(Request("GET", f"{server.url}/x")).content


@pytest.mark.parametrize(
    "case, says",
    [
        ("self-signed", "unable to get local issuer certificate"),
        ("other authority", "unable to get local issuer certificate"),
        ("wrong host", "IP address mismatch"),
        ("expired", "certificate has expired"),
        ("not yet", "certificate is not yet valid"),
    ],
)
def test_a_certificate_that_is_not_to_be_trusted_is_told_with_its_reason(start, session, authority, tmp_path, case, says):
    ca, path = authority
    now = datetime.now(UTC)
    match case:
        case "self-signed":
            context, trusted = serving(trustme.CA()), ""
        case "other authority":
            context, trusted = serving(trustme.CA()), path
        case "wrong host":
            context, trusted = serving(ca, "api.example.com"), path
        case "expired":
            context, trusted = serving(ca, not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)), path
        case _:
            context, trusted = serving(ca, not_before=now + timedelta(days=1), not_after=now + timedelta(days=9)), path
    server = start(tls=context)
    with pytest.raises(TerminalError, match=says) as problem:
        session(server.url, ca_file=trusted).ask(Request("GET", f"{server.url}/x"))
    assert "the certificate is not to be trusted" in problem.value.message
    assert "ca_file" in problem.value.help
    assert [] == server.seen


def test_a_host_behind_an_address_out_of_data_is_held_to_the_same_certificates(start, session, authority, tmp_path):
    ca, path = authority
    good, bad = start(tls=serving(ca)), start(tls=serving(trustme.CA()))
    for store in (good, bad):
        store.routes["GET /f"] = lambda asked: (200, b"a")
    server = start(tls=serving(ca))
    one = session(server.url, ca_file=path, follow_hosts=[f"127.0.0.1:{good.port}", f"127.0.0.1:{bad.port}"])
    server.routes["GET /first"] = lambda asked: {"url": f"{good.url}/f"}
    assert [b"a"] == follow(one, tmp_path)
    server.routes["GET /first"] = lambda asked: {"url": f"{bad.url}/f"}
    with pytest.raises(TerminalError, match="not to be trusted"):
        follow(one, tmp_path)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_older_than_1_2_is_not_spoken(start, session, authority):
    ca, path = authority
    context = serving(ca)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    server = start(tls=context)
    with pytest.raises(TransientError, match="no kind of TLS in common"):
        session(server.url, ca_file=path).ask(Request("GET", f"{server.url}/x"))
    assert [] == server.seen


def test_certificates_that_cannot_be_read_are_told(session, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "nowhere.pem"):
        with pytest.raises(TerminalError, match="cannot be read as certificates"):
            session("https://127.0.0.1:1", ca_file=name).ask(Request("GET", "https://127.0.0.1:1/x"))


# ---------------------------------------------------------------------------------------------------------- T10: addresses out of data

INSIDE = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0x7f.1",
    "0177.0.0.1", "017700000001", "0177.0x0.0.1", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0", "0x0", "00000000",
    "10.0.0.1", "10.255.255.255", "167772161", "0xa.1", "012.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1",
    "0xc0a80001", "3232235521", "169.254.169.254", "169.254.1", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "100.64.0.1",
    "100.127.255.254", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "255.255.255.255", "224.0.0.1",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[0:0:0:0:0:0:0:1]",
    "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::]", "[2001:db8::1]", "[ff02::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_no_form_of_an_address_of_the_inside_is_reached_even_where_its_host_is_named(host, start, session, tmp_path):
    """Sixty ways to write an address that no answer may lead to: named without its port, so that only what it stands for decides."""
    with api() as victim:
        victim.routes["GET /f"] = lambda asked: (200, b"secret")
        server = start()
        server.routes["GET /first"] = lambda asked: {"url": f"http://{host}:{victim.port}/f"}
        bare = host.strip("[]").rstrip(".").lower()
        one = session(server.url, insecure=True, connect_timeout=2, follow_hosts=[bare])
        with pytest.raises((TerminalError, TransientError)):
            follow(one, tmp_path)
        assert [] == victim.seen


def test_the_forms_are_sixty_and_more():
    assert 60 <= len(set(INSIDE))


@pytest.mark.parametrize(
    "url",
    [
        "http://user@127.0.0.1/", "http://user:password@api.example/", "http://api.example@evil.example/", "http://evil.example\\@api.example/",
        "http://api.example:80:80/", "http://api.example:99999/", "http://[::1/", "http:///x", "http://", "https:/\\evil.example/",
        "//evil.example/x", "///evil.example/x", "\\\\evil.example\\x", "file:///etc/passwd", "ftp://api.example/", "gopher://api.example/",
        "data:text/plain,x", "javascript:alert(1)", "dict://api.example:11211/", "jar:http://api.example!/", "http://api.example.evil.example/",
        "http://evilapi.example/", "http://api.example%2eevil.example/", "http://api.example%00.evil.example/", "http://api.example#@evil.example/x:81",
        "http://api.example:81/", "https://api.example/",
    ],
)  # fmt: skip
def test_an_address_is_what_it_says_or_is_not_followed(url):
    try:
        assert ("http", "api.example", 80) == origin(followed(url, "http://api.example/v1/", []))
    except TerminalError:
        return


@pytest.mark.parametrize(
    "text, host",
    [("h", ("h", None)), ("H.example.", ("h.example", None)), ("h:8", ("h", 8)), ("[::1]:8", ("::1", 8)), ("::1", ("::1", None))],
)
def test_hosts_are_named_with_and_without_port(text, host):
    assert host == named_host(text)


@pytest.mark.parametrize("text", ["", "http://h", "h/x", "u@h", "h:x", "h:99999", "[::1", "h?x"])
def test_what_is_no_host_is_told_where_it_is_written(text, session):
    with pytest.raises(ValueError, match="is no host"):
        session("https://api.example", follow_hosts=[text])


def test_what_a_name_stands_for_is_looked_up_once_and_connected_to_as_it_was_checked(monkeypatch):
    """A name that changes between two looks (DNS rebinding) finds no second look."""
    import socket

    from datahub.connectors.rest.guard import GuardedBackend

    asked, connected = [], []
    real = socket.getaddrinfo

    def changing(host, port, *rest, **more):
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return (
            [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))] if host == "rebind.example" else real(host, port, *rest, **more)
        )

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    backend = GuardedBackend([])
    monkeypatch.setattr(backend._real, "connect_tcp", lambda host, *rest: connected.append(host))
    backend.connect_tcp("rebind.example", 80)
    assert ["93.184.216.34"] == connected
    with pytest.raises(TerminalError, match="a machine of the inside"):
        addresses("rebind.example", 80)


# ---------------------------------------------------------------------------------------------------------- T11: secrets stay at home


def test_nothing_of_us_goes_to_another_host(start, session, tmp_path):
    server, store = start(), start()
    server.routes["GET /first"] = lambda asked: (200, {"url": f"{store.url}/f"}, {"Set-Cookie": "session=ours; Path=/"})
    store.routes["GET /f"] = lambda asked: (200, b"a", {"Set-Cookie": "theirs=1"})
    for auth in (
        {"kind": "basic", "user": "me", "password": Secret("canary-1")},
        {"kind": "bearer", "token": Secret("canary-1")},
        {"kind": "key", "value": Secret("canary-1")},
        {"kind": "key", "place": "query", "name": "key", "value": Secret("canary-1")},
        {"kind": "hmac", "secret": Secret("canary-1")},
    ):
        one = session(
            server.url, headers=lambda: {"X-Tenant": "canary-2"}, insecure=True, auth=auth, follow_hosts=[f"127.0.0.1:{store.port}"]
        )
        assert [b"a"] == follow(one, tmp_path)
    told = json.dumps([[asked.query, asked.headers] for asked in store.seen])
    assert 5 == len(store.seen)
    for word in ("canary", "authorization", "x-api-key", "x-signature", "x-tenant", "cookie", "bmU6"):
        assert word not in told.lower()


def test_a_token_is_asked_for_without_the_headers_of_the_api_and_the_api_gets_no_secret_of_the_client(start, session):
    server, login = start(), start()
    server.routes["GET /rows"] = lambda asked: []
    login.routes["POST /token"] = lambda asked: {"access_token": "t", "expires_in": 60}
    auth = {"kind": "oauth2", "token_url": f"{login.url}/token", "client_id": "c", "client_secret": Secret("canary-3")}
    one = session(server.url, headers=lambda: {"X-Tenant": "canary-2"}, insecure=True, auth=auth)
    one.ask(Request("GET", f"{server.url}/rows"))
    assert "x-tenant" not in login.seen[0].headers
    assert "canary-3" not in json.dumps([server.seen[0].headers, server.seen[0].query])


def test_cookies_are_not_kept(start, session):
    server = start()
    server.routes["GET /a"] = lambda asked: (200, {}, {"Set-Cookie": "tracked=1; Path=/"})
    one = session(server.url, insecure=True)
    for _ in range(2):
        one.ask(Request("GET", f"{server.url}/a"))
    assert ["cookie" in asked.headers for asked in server.seen] == [False, False]


def test_a_redirect_is_told_and_not_followed(start, session):
    server, other = start(), start()
    for status in (301, 302, 303, 307, 308):
        server.routes["GET /a"] = lambda asked, status=status: (status, b"", {"Location": f"{other.url}/x"})
        with pytest.raises(TerminalError, match="leads to"):
            session(server.url, insecure=True).ask(Request("GET", f"{server.url}/a"))
    assert [] == other.seen


def test_the_environment_says_neither_proxy_nor_password(start, session, monkeypatch, tmp_path):
    server, proxy = start(), start()
    server.routes["GET /a"] = lambda asked: {}
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password canary\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    session(server.url, insecure=True).ask(Request("GET", f"{server.url}/a"))
    assert [] == proxy.seen
    assert "authorization" not in server.seen[0].headers


# ---------------------------------------------------------------------------------------------------------- proxies


def test_all_requests_go_through_the_proxy_that_is_named_also_those_to_hosts_that_are_followed(start, session, tmp_path):
    # What the proxy is asked for by whole addresses, it answers itself here.
    proxy = start()
    proxy.routes["GET /first"] = lambda asked: {"url": "http://files.example:8080/f"}
    proxy.routes["GET /f"] = lambda asked: (200, b"a")
    auth = {"kind": "bearer", "token": Secret("canary-4")}
    one = session("http://api.example", insecure=True, proxy=proxy.url, auth=auth, follow_hosts=["files.example:8080"])
    assert [b"a"] == follow(one, tmp_path)
    assert ["api.example", "files.example:8080"] == [asked.headers["host"] for asked in proxy.seen]
    assert "authorization" not in proxy.seen[1].headers


@pytest.mark.parametrize(("status", "kind"), [(407, TerminalError), (403, TerminalError), (502, TransientError)])
def test_a_proxy_that_does_not_lead_there_is_named_and_nothing_has_arrived(start, session, status, kind):
    proxy = start()
    # What it is asked to lead to is `api.example:443`.
    proxy.routes["CONNECT 443"] = lambda asked: (status, {})
    one = session("https://api.example", proxy=proxy.url.replace("://", "://dhm:c4nary-Pr0xy@"))
    with pytest.raises(kind, match=f"by the proxy `127.0.0.1:{proxy.port}`: it does not lead there: {status}") as caught:
        one.ask(Request("POST", "https://api.example/orders"))
    assert (True, False) == (caught.value.untouched, isinstance(caught.value, Uncertain))
    assert "c4nary" not in str(caught.value)


def test_a_proxy_that_refuses_who_we_are_or_is_not_there_is_named(start, session):
    proxy = start()
    proxy.routes["GET /orders"] = lambda asked: (407, {})
    with pytest.raises(TerminalError, match="HTTP 407") as caught:
        session("http://api.example", insecure=True, proxy=proxy.url).ask(Request("GET", "http://api.example/orders"))
    assert "the proxy refuses who we are" in caught.value.help
    with pytest.raises(TransientError, match=r"by the proxy `127\.0\.0\.1:1`"):
        session("http://api.example", insecure=True, proxy="http://127.0.0.1:1").ask(Request("GET", "http://api.example/orders"))


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "localhost", "[::1]", "169.254.169.254", "10.1"])
def test_a_proxy_is_not_asked_for_machines_of_the_inside(start, session, tmp_path, host):
    proxy = start()
    proxy.routes["GET /first"] = lambda asked: {"url": f"http://{host}/f"}
    proxy.routes["GET /f"] = lambda asked: (200, b"a")
    one = session("http://api.example", insecure=True, proxy=proxy.url, follow_hosts=[host.strip("[]")])
    with pytest.raises(TerminalError):
        follow(one, tmp_path)
    assert 1 == len(proxy.seen)
