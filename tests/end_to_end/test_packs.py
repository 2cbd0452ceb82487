"""`dhm pack` and `dhm check --locked`: packs from folders, archives, an index behind a web server, and an installed distribution."""

from __future__ import annotations

import functools
import gzip
import http.server
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.servers.talking import talking

ORDERS = """\
pack acme.orders {version} {{
  about   "Orders of the shop"
  exports orders, Order, slug, carriers
}}
source orders: csv {{ columns {{ id: text, total: decimal, ship: text }} }}
entity Order {{
  key id
  id      : text
  total   : decimal(8,2)
  carrier : text
}}
fn slug(x: text) = {slug}
lookup carriers (code: text) -> text {{
  | code | carrier |
  | DPD  | dpd     |
}}
map Order from o in orders {{
  id      : slug(o.id)
  total   : o.total
  carrier : carriers(o.ship)
}}
checks Order {{ O001 error: total > 0 }}
"""
MINE = """\
use acme.orders as m
override map m.Order { id : "X-" & o.id }
override checks m.Order { O001 warn }
"""


def orders(version: str, slug: str = "lower(x)") -> str:
    return ORDERS.format(version=version, slug=slug)


def make(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_dhm", ".dhm")).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project in whose folder commands are typed; the packs lie beside it."""
    project = make(tmp_path / "project", mine_dhm=MINE)
    (project / "dhm.toml").write_text('# ours\n[project]\nname = "shop"\n', encoding="utf-8")
    monkeypatch.chdir(project)
    return project


class Quiet(http.server.SimpleHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
        elif self.path.startswith("/broken"):
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path):
    """A folder behind a web server of this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    Quiet.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secured(tmp_path):
    """The same behind TLS, with the certificate of an authority that nobody knows."""
    folder = tmp_path / "served"
    folder.mkdir()
    Quiet.asked = []
    authority = trustme.CA()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    yield folder, f"https://127.0.0.1:{server.server_port}", tmp_path / "authority.pem"
    server.shutdown()
    thread.join()
    server.server_close()


def publish(dhm, tmp_path, index, version, slug="lower(x)"):
    folder = make(tmp_path / f"orders-{version}", pack_dhm=orders(version, slug))
    assert 0 == dhm("pack", "build", folder, "--index", index).code


def test_a_pack_begins_with_one_command_and_passes_its_checks_and_tests(tmp_path, monkeypatch, dhm):
    monkeypatch.chdir(tmp_path)
    assert 0 == dhm("pack", "init", "acme.codes").code
    assert 0 == dhm("check", "acme.codes").code
    assert "1 passed" in dhm("test", "acme.codes").err
    ended = dhm("pack", "build", "acme.codes")
    assert (0, "acme.codes-0.1.0.tar.gz\n") == (ended.code, ended.out)
    assert dhm("pack", "verify", "acme.codes-0.1.0.tar.gz").out.startswith("ok acme.codes 0.1.0")
    assert 2 == dhm("pack", "init", "acme.codes").code
    assert 2 == dhm("pack", "init", "codes").code


def test_a_pack_beside_a_project_is_built_with_the_packs_of_the_project(here, tmp_path, dhm):
    assert 0 == dhm("pack", "add", "acme.orders", "--path", make(tmp_path / "shared" / "acme.orders", pack_dhm=orders("1.2.3"))).code
    beside = make(
        tmp_path / "beside",
        pack_dhm="pack acme.more 1.0.0 {\n  requires acme.orders ^1.2\n}\nuse acme.orders ^1.2 as o\nview all from r in o.Order { include r }\n",
    )
    ended = dhm("pack", "build", beside, "--out", tmp_path)
    assert 0 == ended.code, ended.err
    assert (tmp_path / "acme.more-1.0.0.tar.gz").exists()


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_pack_of_a_folder_or_archive_is_added_locked_and_used(here, tmp_path, dhm, kind):
    place = make(tmp_path / "packs" / "orders", pack_dhm=orders("1.2.3"))
    if kind == "archive":
        assert 0 == dhm("pack", "build", place, "--out", tmp_path).code
        place = tmp_path / "acme.orders-1.2.3.tar.gz"
    ended = dhm("pack", "add", "acme.orders", "--path", place)
    assert 0 == ended.code, ended.err
    written = (here / "dhm.toml").read_text(encoding="utf-8")
    assert written.startswith('# ours\n[project]\nname = "shop"\n')
    assert '"acme.orders" = {version = "^1.2", path = "' in written
    assert (0, "") == (dhm("check", "--locked").code, dhm("check").out)
    (here / "orders.csv").write_text("id,total,ship\nA,0,DPD\n", encoding="utf-8")
    ended = dhm("run", "mine.dhm", "--source", "m.orders=orders.csv", "--out", "out")
    assert 0 == ended.code, ended.err
    assert '{"id":"X-A","total":0.00,"carrier":"dpd"}' == (here / "out" / "m.Order.jsonl").read_text().strip().replace(" ", "")


def test_a_pre_release_is_added_locked_and_used_by_whoever_names_it_or_asks_nothing(here, tmp_path, dhm):
    make(tmp_path / "orders", pack_dhm=orders("1.2.0-rc.1"))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", tmp_path / "orders").code
    assert "^1.2.0-rc.1" in (here / "dhm.toml").read_text(encoding="utf-8")
    for asked in ("", " ^1.2.0-rc.1", " 1.2.0-rc.1"):
        (here / "mine.dhm").write_text(MINE.replace("use acme.orders as", f"use acme.orders{asked} as"), encoding="utf-8")
        assert 0 == dhm("pack", "lock").code
        assert 0 == dhm("check", "--locked", "mine.dhm").code


def test_a_folder_beside_the_project_is_named_from_the_project(here, tmp_path, dhm, monkeypatch):
    make(tmp_path / "packs" / "orders", pack_dhm=orders("1.2.3"))
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    ended = dhm("pack", "add", "acme.orders", "--path", "../../packs/orders")
    assert 0 == ended.code, ended.err
    for file in ("dhm.toml", "dhm.lock"):
        told = (here / file).read_text(encoding="utf-8")
        assert "../packs/orders" in told
        assert str(tmp_path) not in told


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("erp.acme-corp.com", "erp.acme-corp.com"),
        ("localhost:8080", "localhost:8080"),
        ("to erp.acme.fr:8443", "erp.acme.fr:8443"),
        ("orders@acme.com", "acme.com"),
        ("name.fr", ""),
        ("price.net", ""),
        ("order.lines.community", ""),
    ],
)
def test_a_host_without_a_scheme_is_one_and_the_end_of_a_column_is_none(here, tmp_path, dhm, text, host):
    place = make(tmp_path / "orders", pack_dhm=orders("1.2.3"), more_dhm=f'fn where() = "{text}"\n')
    ended = dhm("pack", "verify", place)
    assert (1 if host else 0, bool(host)) == (ended.code, bool(host) and f"a pack names the host `{host}`" in ended.err), ended.err


def test_a_script_that_is_no_text_is_no_part_of_a_pack(here, tmp_path, dhm):
    place = make(tmp_path / "orders", pack_dhm=orders("1.2.3"))
    (place / "more.dhm").write_bytes(b"fn f(x: text) = x\xff\n")
    ended = dhm("pack", "verify", place)
    assert (1, True) == (ended.code, "`more.dhm` cannot be in a pack: it is not UTF-8 at byte 18" in ended.err), ended.err


def test_packs_come_from_a_web_server_and_are_kept(here, tmp_path, dhm, served):
    folder, address = served
    publish(dhm, tmp_path, folder, "1.2.0")
    publish(dhm, tmp_path, folder, "1.3.0")
    publish(dhm, tmp_path, folder, "2.0.0")
    ended = dhm("pack", "add", "acme.orders@^1.2", "--index", address)
    assert 0 == ended.code, ended.err
    assert 'version = "1.3.0"' in (here / "dhm.lock").read_text(encoding="utf-8")
    before = len(Quiet.asked)
    assert 0 == dhm("check", "--locked").code
    assert 0 == dhm("pack", "verify").code
    assert before == len(Quiet.asked), "what is locked and kept is not fetched again"
    assert "acme.orders  1.3.0   1.3.0    2.0.0" in dhm("pack", "outdated").out
    assert f"acme.orders 1.3.0 (^1.2)  index:{address}" in dhm("pack", "tree").out


def test_a_server_is_believed_only_with_a_certificate_that_is_trusted(here, tmp_path, dhm, secured, monkeypatch):
    folder, address, authority = secured
    publish(dhm, tmp_path, folder, "1.2.0")
    ended = dhm("pack", "add", "acme.orders", "--index", address)
    assert (1, True) == (ended.code, "is not one that is trusted" in ended.err), ended.err
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    ended = dhm("pack", "add", "acme.orders", "--index", address)
    assert 0 == ended.code, ended.err
    assert 0 == dhm("check", "--locked").code


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/nowhere", 1, "nobody has the pack `acme.orders`"),
        ("/moved", 1, "has moved to"),
        ("/broken", 75, "answers 503"),
    ],
)
def test_a_server_that_does_not_help_is_told(here, dhm, served, path, code, said):
    ended = dhm("pack", "add", "acme.orders@^1.2", "--index", served[1] + path)
    assert code == ended.code
    assert said in ended.err
    assert "packs" not in (here / "dhm.toml").read_text(encoding="utf-8")
    assert not (here / "dhm.lock").exists()


def test_a_server_that_is_not_there_may_answer_later(here, dhm):
    ended = dhm("pack", "add", "acme.orders@^1.2", "--index", "http://127.0.0.1:1")
    assert (75, True) == (ended.code, "does not answer: nothing listens there (connection refused)" in ended.err), ended.err


@pytest.mark.parametrize(
    ("first", "then"),
    [(b"HTTP/1.1 200 OK\r\n", b"X-More: b\r\n"), (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x")],
)
@pytest.mark.timeout(30)
def test_a_server_that_says_its_answer_without_end_is_not_waited_for(here, dhm, monkeypatch, first, then):
    monkeypatch.setattr("datahub.packs.fetch._SECONDS", 1.0)
    with talking(first, then, 0.2, asked=True) as port:
        ended = dhm("pack", "add", "acme.orders@^1.2", "--index", f"http://127.0.0.1:{port}")
    assert (75, True) == (ended.code, "does not answer" in ended.err), ended.err


def test_the_proxy_of_the_environment_leads_to_packs(here, tmp_path, dhm, served, monkeypatch):
    folder, address = served
    publish(dhm, tmp_path, folder, "1.2.0")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", address.removeprefix("http://"))
    ended = dhm("pack", "add", "acme.orders", "--index", "http://packs.example")
    # The server takes what it is asked for as a proxy for a file of its own: that it was asked is what counts.
    assert any("http://packs.example" in one for one in Quiet.asked), ended.err


def test_an_archive_that_is_not_the_one_of_the_index_is_refused(here, tmp_path, dhm, served):
    folder, address = served
    publish(dhm, tmp_path, folder, "1.2.0")
    archive = folder / "acme.orders" / "acme.orders-1.2.0.tar.gz"
    other = make(tmp_path / "other", pack_dhm=orders("1.2.0", "upper(x)"))
    assert 0 == dhm("pack", "build", other, "--out", tmp_path).code
    archive.write_bytes((tmp_path / archive.name).read_bytes())
    ended = dhm("pack", "add", "acme.orders", "--index", address)
    assert 1 == ended.code
    assert "not those that were promised" in ended.err


def test_what_was_published_is_not_replaced(tmp_path, dhm):
    publish(dhm, tmp_path, tmp_path / "index", "1.2.0")
    publish(dhm, tmp_path, tmp_path / "index", "1.2.0")
    other = make(tmp_path / "other", pack_dhm=orders("1.2.0", "upper(x)"))
    ended = dhm("pack", "build", other, "--index", tmp_path / "index")
    assert (1, True) == (ended.code, "give the pack a new version" in ended.err)


def test_a_pack_comes_with_an_installed_distribution_whose_code_is_not_run(here, tmp_path, dhm, monkeypatch):
    site = tmp_path / "site"
    make(site / "acme_mappings" / "orders", pack_dhm=orders("1.4.0"))
    for folder in (site / "acme_mappings", site / "acme_mappings" / "orders"):
        (folder / "__init__.py").write_text("raise SystemExit('this must not run')\n")
    (site / "acme_mappings" / "orders" / "py.typed").write_text("")
    info = site / "acme_mappings-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-mappings\nVersion: 3.1\n")
    (info / "entry_points.txt").write_text("[datahub.packs]\nacme.orders = acme_mappings.orders\n")
    monkeypatch.syspath_prepend(str(site))
    # Without a project too …
    (tmp_path / "alone").mkdir()
    make(tmp_path / "alone", mine_dhm=MINE)
    assert 0 == dhm("check", tmp_path / "alone").code
    (site / "acme_mappings" / "orders" / "tools.py").write_text("")
    assert "`tools.py` cannot be in a pack: `.py` files are no data" in dhm("check", tmp_path / "alone").out
    (site / "acme_mappings" / "orders" / "tools.py").unlink()
    # … and locked within one.
    assert 0 == dhm("pack", "add", "acme.orders").code
    assert 'origin = "installed:acme-mappings"' in (here / "dhm.lock").read_text(encoding="utf-8")
    assert 0 == dhm("check", "--locked").code


def test_a_pack_that_comes_with_datahub_is_locked_too(here, dhm):
    (here / "mine.dhm").write_text("use djust\nmap X from p in djust.Attribute { a: 1 }\nentity X { a: int }\n", encoding="utf-8")
    assert 0 == dhm("pack", "lock").code
    assert 'origin = "shipped"' in (here / "dhm.lock").read_text(encoding="utf-8")


def test_without_a_lock_there_is_none_to_hold_the_project_against(here, tmp_path, dhm):
    make(tmp_path / "packs" / "orders", pack_dhm=orders("1.2.3"))
    with (here / "dhm.toml").open("a") as file:
        file.write('[packs]\n"acme.orders" = { version = "^1.2", path = "../packs/orders" }\n')
    assert 0 == dhm("check").code
    ended = dhm("check", "--locked")
    assert 1 == ended.code
    assert "error[DHM112]: there is no `dhm.lock`" in ended.out


def test_the_same_project_is_locked_the_same(here, tmp_path, dhm):
    publish(dhm, tmp_path, tmp_path / "index", "1.2.0")
    publish(dhm, tmp_path, tmp_path / "index", "1.3.0")
    assert 0 == dhm("pack", "add", "acme.orders@^1.2", "--index", "../index").code
    first = (here / "dhm.lock").read_bytes()
    (here / "dhm.lock").unlink()
    assert 0 == dhm("pack", "lock").code
    assert first == (here / "dhm.lock").read_bytes()


def test_a_tampered_byte_is_found_wherever_the_pack_lies(here, tmp_path, dhm):
    publish(dhm, tmp_path, tmp_path / "index", "1.2.0")
    assert 0 == dhm("pack", "add", "acme.orders@^1.2", "--index", "../index").code
    (kept,) = (here / ".dhm" / "packs").iterdir()
    inside = gzip.decompress(kept.read_bytes())
    at = inside.index(b"DPD")
    kept.write_bytes(gzip.compress(inside[:at] + b"X" + inside[at + 1 :]))
    assert "not those that were locked" in dhm("check").out
    ended = dhm("check", "--locked")
    assert (1, True) == (ended.code, "error[DHM120]" in ended.out)
    assert 1 == dhm("pack", "verify").code
    assert 0 == dhm("pack", "lock").code
    assert 0 == dhm("check", "--locked").code


def test_a_folder_that_is_worked_on_is_behind_its_lock_only_where_that_is_asked(here, tmp_path, dhm):
    place = make(tmp_path / "orders", pack_dhm=orders("1.2.3"))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", place).code
    (place / "pack.dhm").write_text(orders("1.2.3").replace("dpd", "DPD"), encoding="utf-8")
    assert 0 == dhm("check").code
    ended = dhm("check", "--locked")
    assert (1, True) == (ended.code, "error[DHM120]" in ended.out)
    assert "means something else" in dhm("pack", "lock").err
    assert 0 == dhm("check", "--locked").code


def test_drift_after_a_new_version_of_a_folder_names_both_versions(here, tmp_path, dhm):
    place = make(tmp_path / "orders", pack_dhm=orders("1.2.0"))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", place).code
    make(place, pack_dhm=orders("1.2.1", "trim(lower(x))").replace("slug(o.id)", "trim(slug(o.id))"))
    told = dhm("check").out
    assert (True, True) == ("now, in acme.orders 1.2.1" in told, "in acme.orders 1.2.0:" in told), told
    assert "the files of acme.orders 1.2.0 are not those that were locked, and are those of 1.2.1 now" in dhm("check", "--locked").out


def test_drift_below_an_override_is_shown_from_three_sides_until_it_is_accepted(here, tmp_path, dhm):
    publish(dhm, tmp_path, tmp_path / "index", "1.2.0")
    publish(dhm, tmp_path, tmp_path / "index", "1.3.0", "trim(lower(x))")
    assert 0 == dhm("pack", "add", "acme.orders@1.2.0", "--index", "../index").code
    toml = here / "dhm.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"1.2.0"', '"^1.2"'), encoding="utf-8")
    assert 0 == dhm("pack", "update").code
    told = dhm("check").out
    assert "warning[DHM111]: `map Order.id` of `acme.orders` has changed since it was overridden" in told
    assert "checks Order.O001" not in told, "what means the same has not drifted"
    assert "yours" in told
    assert "now, in acme.orders 1.3.0" in told
    assert "before, in acme.orders 1.2.0: id      : slug(o.id)".replace("      ", " ") in told
    assert 1 == dhm("check", "--locked").code
    assert 0 == dhm("pack", "lock").code
    assert "DHM111" in dhm("check").out, "locking again does not forget"
    assert 0 == dhm("pack", "lock", "--accept").code
    assert 0 == dhm("check", "--locked").code


def test_an_override_that_is_new_or_gone_makes_the_lock_stale(here, tmp_path, dhm):
    place = make(tmp_path / "orders", pack_dhm=orders("1.2.3"))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", place).code
    (here / "mine.dhm").write_text(MINE.replace("O001 warn", "O001 off").replace("id :", "carrier :"), encoding="utf-8")
    told = dhm("check", "--locked").out
    assert "`map Order.carrier` of `acme.orders` is overridden, and not in the lock" in told
    assert "mine.dhm does not override `map Order.id` of `acme.orders` any more" in told
    assert 0 == dhm("pack", "lock").code
    assert 0 == dhm("check", "--locked").code


def test_versions_that_suit_nobody_are_explained_as_a_table(here, tmp_path, dhm):
    for version in ("1.2.0", "1.3.0", "2.0.0"):
        publish(dhm, tmp_path, tmp_path / "index", version)
    base = "pack acme.shop 1.0.0 { requires acme.orders ^2.0 }\nuse acme.orders\nfn f(x: text) = orders.slug(x)\n"
    assert 0 == dhm("pack", "build", make(tmp_path / "shop", pack_dhm=base.split("use")[0]), "--index", tmp_path / "index").code
    with (here / "dhm.toml").open("a") as file:
        file.write('[packs]\n"acme.orders" = { version = "^1.2", index = "../index" }\n"acme.shop" = { index = "../index" }\n')
    ended = dhm("pack", "lock")
    assert 1 == ended.code
    lines = [" ".join(line.split()) for line in ended.err.splitlines()]
    for line in (
        "who requires it acme.orders",
        "acme.shop 1.0.0 ^2.0",
        "dhm.toml ^1.2",
        "help: there is 2.0.0, 1.3.0, 1.2.0; one of the ranges has to give way",
    ):
        assert line in lines, ended.err


def test_what_a_pack_requires_comes_from_the_same_index(here, tmp_path, dhm):
    for version in ("1.2.0", "1.3.0"):
        publish(dhm, tmp_path, tmp_path / "index", version)
    shop = make(tmp_path / "shop", pack_dhm="pack acme.shop 1.0.0 { requires acme.orders ~1.2 }\n")
    (shop / "use.dhm").write_text("use acme.orders\nfn f(x: text) = orders.slug(x)\n", encoding="utf-8")
    (here / "mine.dhm").write_text("use acme.shop\nfn g(x: text) = shop.f(x)\n", encoding="utf-8")
    make(tmp_path / "orders", pack_dhm=orders("1.2.9"))
    with (shop.parent / "dhm.toml").open("w") as file:
        file.write('[project]\nname = "packs"\n[packs]\n"acme.orders" = { path = "orders" }\n')
    assert 0 == dhm("pack", "build", shop, "--index", tmp_path / "index").code
    ended = dhm("pack", "add", "acme.shop", "--index", "../index")
    assert 0 == ended.code, ended.err
    assert "acme.shop 1.0.0 (^1.0)  index:../index\n  acme.orders 1.2.0 (~1.2)  index:../index\n" == dhm("pack", "tree").out.replace(
        "  acme.orders 1.2.0  index:../index\n", ""
    )
    assert 0 == dhm("check", "--locked").code
    # What comes through another pack can be looked at too, in each of the ways to name it.
    for old, more in (("acme.orders@1.2.0", ()), ("acme.orders", ()), ("acme.orders", ("--mine",))):
        assert "~ fn slug" not in (ended := dhm("pack", "diff", old, "acme.orders@1.3.0", *more)).out
        assert 0 == ended.code, ended.err
    top = make(
        tmp_path / "top", pack_dhm="pack acme.top 1.0.0 { requires acme.shop ^1.0 }\nuse acme.shop ^1.0 as s\nfn g(x: text) = s.f(x)\n"
    )
    with (tmp_path / "dhm.toml").open("a") as file:
        file.write('"acme.shop" = { path = "shop" }\n')
    assert 0 == dhm("pack", "build", top, "--index", tmp_path / "index").code
    (here / "mine.dhm").write_text("use acme.top\nfn g(x: text) = top.g(x)\n", encoding="utf-8")
    manifest = (here / "dhm.toml").read_text(encoding="utf-8")
    (here / "dhm.toml").write_text(manifest.replace("acme.shop", "acme.top"), encoding="utf-8")
    ended = dhm("pack", "lock")
    assert 0 == ended.code, ended.err
    assert "acme.orders 1.2.0 -> 1.3.0" in " ".join(dhm("pack", "diff", "acme.orders", "acme.orders@1.3.0").out.split())


def test_two_versions_are_told_apart_by_what_they_mean(here, tmp_path, dhm):
    publish(dhm, tmp_path, tmp_path / "index", "1.2.0")
    publish(dhm, tmp_path, tmp_path / "index", "1.3.0", "trim(lower(x))")
    text = orders("1.2.0").replace("DPD ", "DHL ").replace("source", "# another comment\n\nsource")
    other = make(tmp_path / "same", pack_dhm=text.replace("DHL ", "DPD "))
    assert 0 == dhm("pack", "add", "acme.orders@1.2.0", "--index", "../index").code
    told = dhm("pack", "diff", "acme.orders", "acme.orders@1.3.0", "--mine").out
    assert "~ fn slug\n      before  fn slug(x: text) = lower(x)\n      now     fn slug(x: text) = trim(lower(x))" in told
    assert told.endswith("mine.dhm\n  nothing changes\n"), told
    (here / "mine.dhm").write_text("use acme.orders as m\noverride checks m.Order { O001 warn }\n", encoding="utf-8")
    assert "~ m.Order.id" in dhm("pack", "diff", "acme.orders", "acme.orders@1.3.0", "--mine").out
    ended = dhm("pack", "diff", "acme.orders", other)
    assert "nothing means anything else" in ended.err


OVERRIDES = """\
pack acme.mid {version} {{
  requires acme.orders ^1.0
  exports orders_of_mid
}}
use acme.orders ^1.0 as b
lookup orders_of_mid (code: text) -> text {{
  | code | carrier |
  | DPD  | dpd     |
}}
{laid}
"""
LAID = "override lookup b.carriers {{\n  | code | carrier |\n  | TNT  | {carrier}     |\n}}"


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (LAID.format(carrier="03"), LAID.format(carrier="99"), ["lookup carriers"]),
        (LAID.format(carrier="03"), "# no more\n", ["lookup carriers"]),
        (LAID.format(carrier="03"), "# more\n" + LAID.format(carrier="03").replace("     |", " |"), []),
        ("override fn b.slug(x: text) = upper(x)", "override fn b.slug(x: text) = trim(x)", ["fn slug", "map Order.id"]),
        ("override map b.Order { id: 'a' }".replace("'", '"'), "override map b.Order { id: 'b' }".replace("'", '"'), ["map Order.id"]),
        ("override checks b.Order { O001 off }", "override checks b.Order { O001 warn }", ["checks Order.O001"]),
        ("override entity b.Order { more: text? }", "override entity b.Order { more: int? }", ["entity Order.more", "map Order.more"]),
        ('override source b.orders { delimiter ";" }', 'override source b.orders { delimiter "|" }', ["source orders.option delimiter"]),
    ],
    ids=["a row", "gone", "written otherwise", "fn", "map", "checks", "entity", "source"],
)
def test_what_a_pack_overrides_is_part_of_what_it_means(here, tmp_path, dhm, before, now, told):
    make(tmp_path / "orders", pack_dhm=orders("1.0.0"))
    make(tmp_path / "mid", pack_dhm=OVERRIDES.format(version="2.0.0", laid=before))
    make(tmp_path / "next", pack_dhm=OVERRIDES.format(version="2.1.0", laid=now))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", tmp_path / "orders").code
    assert 0 == dhm("pack", "add", "acme.mid", "--path", tmp_path / "mid").code
    shown = dhm("pack", "diff", tmp_path / "mid", tmp_path / "next")
    items = [line[4:].split(" of acme.orders")[0] for line in shown.out.splitlines() if line[2:3] in set("~+-")]
    assert [f"override {one}" for one in told] == items, shown.out
    make(tmp_path / "mid", pack_dhm=OVERRIDES.format(version="2.1.0", laid=now))
    means = "means something else" if told else "means the same"
    assert f"~ acme.mid 2.0.0 -> 2.1.0; {means}" in dhm("pack", "update", "acme.mid").err


def test_what_does_not_compile_is_told_and_is_no_pack_that_means_the_same(here, tmp_path, dhm):
    (here / "mine.dhm").write_text("# nothing yet\n", encoding="utf-8")
    make(tmp_path / "mid", pack_dhm=OVERRIDES.format(version="2.0.0", laid=LAID.format(carrier="03")))
    make(tmp_path / "next", pack_dhm=OVERRIDES.format(version="2.1.0", laid=LAID.format(carrier="99")))
    ended = dhm("pack", "diff", tmp_path / "mid", tmp_path / "next")
    assert ended.code == 1
    assert "DHM107" in ended.err
    assert "acme.orders" in ended.err
    assert "nothing means anything else" not in ended.err
    make(tmp_path / "orders", pack_dhm=orders("1.0.0"))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", tmp_path / "orders").code
    assert "override lookup carriers" in dhm("pack", "diff", tmp_path / "mid", tmp_path / "next").out
    make(tmp_path / "less", pack_dhm=orders("1.1.0").replace("O001", "O002"))
    (here / "mine.dhm").write_text(MINE, encoding="utf-8")
    ended = dhm("pack", "diff", tmp_path / "orders", tmp_path / "less", "--mine")
    assert ended.code == 1
    assert "`mine.dhm` with acme.orders 1.1.0 does not compile" in ended.err


def test_a_project_without_packs_says_so(here, dhm):
    (here / "mine.dhm").unlink()
    assert 0 == dhm("pack", "lock").code
    for command in ("verify", "tree"):
        ended = dhm("pack", command)
        assert ended.code == 0
        assert "there are no packs in dhm.toml" in ended.err


def test_a_pack_means_something_else_where_what_it_overrides_does_and_where_it_shows_less(here, tmp_path, dhm):
    make(tmp_path / "orders", pack_dhm=orders("1.0.0"))
    make(tmp_path / "mid", pack_dhm=OVERRIDES.format(version="2.0.0", laid=LAID.format(carrier="03")))
    assert 0 == dhm("pack", "add", "acme.orders", "--path", tmp_path / "orders").code
    assert 0 == dhm("pack", "add", "acme.mid", "--path", tmp_path / "mid").code
    make(tmp_path / "orders", pack_dhm=orders("1.0.1").replace("| dpd     |", "| DPD     |"))
    assert "~ acme.mid 2.0.0, what it requires changed; means something else" in dhm("pack", "update").err
    less = OVERRIDES.format(version="2.0.0", laid=LAID.format(carrier="03")).replace("  exports orders_of_mid\n", "")
    assert "- exports orders_of_mid" in dhm("pack", "diff", tmp_path / "mid", make(tmp_path / "less", pack_dhm=less)).out


TABLES = """pack acme.shop {version} {{ exports zone, fee }}
lookup zone(c: text) -> text {{
  | c  | z |
  | {key} | {zone} |
}}
decide fee(w: decimal) -> decimal {{
  | w   || f |
  | < 1 || {fee} |
  | -   || 9 |
}}
"""

READS = """use acme.shop as m
source q: csv {{ columns {{ id: text, c: text, w: decimal }} }}
entity X {{ id: text, z: text, f: decimal, known: bool }}
map X from r in q {{
  let paid: m.fee(r.w)
  id: r.id
  z: m.zone(r.c)
  f: paid
  known: r.c in m.zone
}}
{}"""


@pytest.mark.parametrize(
    ("now", "laid_on", "told"),
    [
        ({"zone": 2, "fee": 2}, "", ["z"]),
        ({"zone": 1, "fee": 3}, "", ["f"]),
        ({"zone": 2, "fee": 3}, "override lookup m.zone {\n  | c  | z |\n  | FR | 7 |\n}\n", ["f"]),
        ({"key": "ES"}, "", ["z", "known"]),
        ({"zone": 1, "fee": 2}, "", []),
    ],
    ids=["a lookup", "a decide", "a row that is overridden", "a key", "neither"],
)
def test_a_field_that_reads_a_table_changes_with_it(here, tmp_path, dhm, now, laid_on, told):
    before = make(tmp_path / "before", pack_dhm=TABLES.format(version="1.0.0", key="FR", zone=1, fee=2))
    after = make(tmp_path / "after", pack_dhm=TABLES.format(version="1.1.0", **{"key": "FR", "zone": 1, "fee": 2, **now}))
    assert 0 == dhm("pack", "add", "acme.shop", "--path", before).code
    (here / "mine.dhm").write_text(READS.format(laid_on), encoding="utf-8")
    mine = dhm("pack", "diff", before, after, "--mine").out.partition("mine.dhm\n")[2]
    assert told == [field for field in ("id", "z", "f", "known") if f"~ X.{field} " in mine], mine
    assert (not told) == ("nothing changes" in mine)


ROWS = """pack acme.shop {version}
param rate: decimal(4,2) = {rate}
source s: csv {{ columns {{ id: text, v: decimal at "{at}" }} }}
view good from r in s where r.v > {least} {{ id: r.id, v: r.v }}
entity F {{ id: text, w: decimal(8,2) }}
map F from r in good {{ id: r.id, w: round(r.v * $rate, 2) }}
"""


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"least": 5}, ["X (which rows there are)"]),
        ({"rate": 3}, ["X.w"]),
        ({"at": "V"}, ["X (which rows there are)", "X.w"]),
        ({}, []),
    ],
    ids=["a view", "a parameter", "a column of a source", "nothing"],
)
def test_a_field_follows_what_it_is_made_of_all_the_way_down(here, tmp_path, dhm, now, told):
    same = {"rate": 2, "least": 0, "at": "v"}
    before = make(tmp_path / "before", pack_dhm=ROWS.format(version="1.0.0", **same))
    after = make(tmp_path / "after", pack_dhm=ROWS.format(version="1.1.0", **(same | now)))
    assert 0 == dhm("pack", "add", "acme.shop", "--path", before).code
    script = "use acme.shop as m\nentity X { id: text, w: decimal(8,2) }\nmap X from f in m.F { id: f.id, w: f.w }\n"
    (here / "mine.dhm").write_text(script, encoding="utf-8")
    mine = dhm("pack", "diff", before, after, "--mine").out.partition("mine.dhm\n")[2]
    assert told == [one for one in ("X (which rows there are)", "X.id", "X.w") if f"~ {one}" in mine], mine


def test_a_pack_that_holds_a_program_or_names_a_host_is_refused_where_it_is_added_and_told_where_it_is_checked(here, tmp_path, dhm):
    place = make(tmp_path / "orders", pack_dhm=orders("1.2.3"))
    (place / "run.py").write_text("import os\n")
    for arguments in (("pack", "add", "acme.orders", "--path", place), ("pack", "build", place), ("pack", "verify", place)):
        ended = dhm(*arguments)
        assert (1, True) == (ended.code, "error[DHM121]: `run.py` cannot be in a pack: `.py` files are no data" in ended.err), ended.err
    assert "DHM121" in dhm("check", place).out
    (place / "run.py").unlink()
    (place / "more.dhm").write_text('fn where() = "https://api.acme.fr/"\n')
    ended = dhm("pack", "add", "acme.orders", "--path", place)
    assert (1, True) == (ended.code, "error[DHM122]: a pack names the host `api.acme.fr`" in ended.err)
    assert "DHM122" in dhm("check", place).out
    assert "packs" not in (here / "dhm.toml").read_text(encoding="utf-8")


def test_dhm_as_a_process_knows_its_group_of_commands(tmp_path):
    ended = subprocess.run([sys.executable, "-m", "datahub", "pack", "--help"], capture_output=True, text=True, timeout=60)
    assert 0 == ended.returncode
    assert all(f"\n  {name} " in ended.stdout for name in ("add", "build", "diff", "init", "lock", "outdated", "tree", "update", "verify"))


# ---------------------------------------------------------------- signatures


def key_pair(folder: Path, name: str, passphrase: bytes = b"") -> str:
    """A new key in `folder`, as OpenSSH writes it; its public half."""
    private = Ed25519PrivateKey.generate()
    locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    (folder / name).write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, locked))
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.fixture
def shelf(here, dhm) -> Path:
    """The archive of a pack in an index."""
    make(here / "src", pack_dhm=orders("1.2.0"))
    assert 0 == dhm("pack", "build", "src", "--index", "shelf").code
    return here / "shelf" / "acme.orders" / "acme.orders-1.2.0.tar.gz"


def asks_for(folder: Path, *signers: str) -> None:
    keys = ", ".join(f'"{one}"' for one in signers)
    packs = f'"acme.orders" = {{ version = "^1.0", index = "shelf", signers = [{keys}] }}'
    (folder / "dhm.toml").write_text(f'[project]\nname = "p"\n[packs]\n{packs}\n', encoding="utf-8")


def test_a_pack_that_one_of_the_signers_has_signed_is_taken(here, dhm, shelf):
    mine, other = key_pair(here, "mine"), key_pair(here, "other")
    for key in ("other", "mine", "mine"):
        assert 0 == dhm("pack", "sign", shelf, "--key", key).code
    told = dhm("pack", "verify", shelf).out
    assert [1, 1] == [told.count(f"signed by {one}") for one in (mine, other)]

    asks_for(here, f"{mine} packs@acme")

    assert 0 == dhm("pack", "lock").code
    (here / "mine.dhm").write_text(MINE, encoding="utf-8")
    assert 0 == dhm("pack", "lock").code
    assert 0 == dhm("check", "--locked", "mine.dhm").code


def test_a_pack_that_nobody_has_signed_whom_the_project_names_is_refused(here, dhm, shelf):
    mine, _ = key_pair(here, "mine"), key_pair(here, "other")
    asks_for(here, mine)
    assert "acme.orders 1.2.0 is not signed" in dhm("pack", "lock").err
    assert 0 == dhm("pack", "sign", shelf, "--key", "other").code
    ended = dhm("pack", "lock")
    assert (1, True) == (ended.code, "signed by nobody whom dhm.toml names" in ended.err)
    assert not (here / "dhm.lock").exists()


def test_a_signature_of_other_files_does_not_hold(here, dhm, shelf):
    mine = key_pair(here, "mine")
    assert 0 == dhm("pack", "sign", shelf, "--key", "mine").code
    signature = shelf.with_name(shelf.name + ".sig").read_bytes()
    shelf.parent.joinpath("index.json").unlink()
    make(here / "src", pack_dhm=orders("1.2.0", "upper(x)"))
    assert 0 == dhm("pack", "build", "src", "--index", "shelf").code
    shelf.with_name(shelf.name + ".sig").write_bytes(signature)
    asks_for(here, mine)
    for ended in (dhm("pack", "lock"), dhm("pack", "verify", shelf)):
        assert (1, True) == (ended.code, "does not hold" in ended.err), ended.err


def test_a_key_that_cannot_sign_is_told(here, dhm, shelf):
    key_pair(here, "shut", b"a passphrase")
    (here / "none").write_text("no key", encoding="utf-8")
    for key, told in (("shut", "has a passphrase"), ("none", "cannot be read"), ("absent", "cannot be read")):
        ended = dhm("pack", "sign", shelf, "--key", key)
        assert ended.code in (1, 2)
        assert told in ended.err


def test_a_signer_that_is_no_key_is_told_where_it_stands(here, dhm, shelf):
    asks_for(here, "ssh-rsa AAAA")
    ended = dhm("pack", "lock")
    assert "is no Ed25519 key" in ended.err
