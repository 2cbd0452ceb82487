"""`dhm init`, `dhm connections …` and `dhm schema`, on a project as a person has it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib

import asyncssh
import jsonschema
import pytest

from datahub.cli.output import Exit
from tests.servers.ftp import PASSWORD, pyftpd
from tests.servers.ssh import openssh
from tests.servers.web import Answers, answering


@pytest.fixture
def shop(dhm, tmp_path, monkeypatch):
    """A project made by `dhm init`, in which commands are typed."""
    assert Exit.DONE == dhm("init", tmp_path / "shop").code
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def add(shop, text):
    with (shop / "dhm.toml").open("a", encoding="utf-8") as file:
        file.write(text)


# ------------------------------------------------------------------------------------------------ init


def test_a_project_that_was_made_runs_at_once(shop, dhm):
    assert Exit.DONE == dhm("check").code
    assert Exit.DONE == dhm("fmt", "--check").code
    ended = dhm("run", "mappings/offers.dhm", "--source", "feed=in/feed.csv")
    assert (Exit.DONE, 3) == (ended.code, len((shop / "out" / "offers.csv").read_text().splitlines()))
    assert "OFFER_PRICE" in ended.err
    assert "shop" == tomllib.loads((shop / "dhm.toml").read_text())["project"]["name"]


def test_the_job_of_a_project_that_was_made_runs_at_once(shop, dhm):
    assert Exit.DONE == dhm("run", "offers").code
    (written,) = (shop / "out").glob("offers-*.csv")
    assert ["sku,title,price,quantity", "A-1"] == [written.read_text().splitlines()[0], written.read_text().splitlines()[1][:3]]
    assert ["feed.csv"] == [path.name for path in (shop / "done").iterdir()]


def test_what_is_to_be_typed_next_can_be_typed(dhm, tmp_path):
    ended = dhm("init", tmp_path / "a b" / "l'été")
    _, cd, folder, and_then, *command = shlex.split(ended.err)[1:]
    assert ("cd", str(tmp_path / "a b" / "l'été"), "&&", ["dhm", "run", "offers"]) == (cd, folder, and_then, command)


def test_nothing_is_written_over(shop, dhm, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "dhm.toml").write_text("mine")
    ended = dhm("init", tmp_path / "other")
    assert (Exit.USAGE, "mine") == (ended.code, (tmp_path / "other" / "dhm.toml").read_text())
    assert ["dhm.toml"] == [path.name for path in (tmp_path / "other").iterdir()]


@pytest.mark.parametrize("folder", ["x", "x/y", "x/y/z", "f", "dangling", "dangling/y"])
def test_a_file_is_no_folder_of_a_project(folder, dhm, tmp_path):
    (tmp_path / "x").write_text("mine")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "in").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    ended = dhm("init", tmp_path / folder)
    assert (Exit.USAGE, before) == (ended.code, sorted(tmp_path.rglob("*")))
    assert "is a file, and no folder" in " ".join(ended.err.split())
    assert "nothing was written" in " ".join(ended.err.split())


def test_what_a_name_of_a_project_is_is_told(dhm, tmp_path):
    ended = dhm("init", tmp_path / "new", "--name", 'a"b]')
    assert (Exit.USAGE, False) == (ended.code, (tmp_path / "new").exists())
    assert "letters, digits" in " ".join(ended.err.split())


# ------------------------------------------------------------------------------------------------ list, show


def test_connections_are_listed_with_the_jobs_that_use_them(shop, dhm):
    add(shop, '\n[connections.erp]\nkind = "sftp"\nhost = "h.example"\nuser = "u"\npassword = "${env:NOPE}"\n')
    rows = dhm("connections", "list").out.splitlines()
    assert ["here", "erp"] == [row.split()[0] for row in rows]
    assert "offers" in rows[0]
    assert "h.example:22" in rows[1]
    assert ["here", "erp"] == [one["name"] for one in json.loads(dhm("connections", "list", "--json").out)]


def test_show_explains_where_each_value_comes_from(shop, dhm, monkeypatch):
    add(
        shop,
        """
[defaults.connection.sftp]
port = 2222
[connections.erp]
kind = "sftp"
host = "test.example"
user = "u"
password = "${env:ERP_PASSWORD}"
key = "${env:NOPE}"
""",
    )
    (shop / "dhm.prod.toml").write_text('[connections.erp]\nhost = "prod.example"\n')
    monkeypatch.setenv("ERP_PASSWORD", "hunter2")
    monkeypatch.setenv("DHM_CONNECTIONS__ERP__USER", "someone")
    ended = dhm("connections", "show", "erp", "--explain", "--env", "prod", "--set", "connections.erp.root=out")
    said = {line.split(" = ")[0].strip(): line for line in ended.out.splitlines()[1:]}
    lines = (shop / "dhm.toml").read_text().splitlines()
    place = {text: number for number, text in enumerate(lines, 1)}
    written = 'host = "test.example"'
    assert said["host"].endswith(f"dhm.prod.toml:2:8, over dhm.toml:{place[written]}:8")
    assert said["port"].endswith(f"dhm.toml:{place['port = 2222']}:8")
    assert "the variable DHM_CONNECTIONS__ERP__USER, over dhm.toml:" in said["user"]
    assert said["password"].endswith("(is there)")
    assert "(missing: the environment variable `NOPE` is not set)" in said["key"]
    assert said["root"].endswith("--set connections.erp.root")
    assert said["deadline"].endswith("default")
    assert "hunter2" not in ended.out + ended.err


ADDRESSES = """
[connections.api]
kind = "rest"
url = "https://a.example/${env:CANARY}/x"
proxy = "http://u:${env:CANARY}@p.example:1"
headers = { Authorization = "OAuth ${env:CANARY}" }
[connections.box]
kind = "store"
protocol = "abfs"
root = "b"
options = { endpoint_url = "https://k:${env:CANARY}@h.example", client_kwargs = { token = "${env:CANARY}" } }
[connections.hook]
kind = "webhook"
url = "${env:CANARY_ADDRESS}"
secrets = ["${env:CANARY}"]
"""


def test_what_was_given_by_reference_is_shown_as_that_also_within_addresses(shop, dhm, monkeypatch):
    add(shop, ADDRESSES)
    secret = "Str0ngCanary!longer"
    monkeypatch.setenv("CANARY", secret)
    monkeypatch.setenv("CANARY_ADDRESS", f"https://h.example/services/{secret}")
    told = ""
    for name in ("api", "box", "hook"):
        for more in ((), ("--explain",), ("--json",)):
            told += dhm("connections", "show", name, *more).out
    listed = dhm("connections", "list").out + dhm("connections", "list", "--json").out
    assert secret not in told + listed
    for written in ("https://a.example/${env:CANARY}/x", "http://u:${env:CANARY}@p.example:1", "https://k:${env:CANARY}@h.example"):
        assert 3 == told.count(written)
    assert 3 == told.count('"OAuth ${env:CANARY}"')
    assert "(is there)" in told
    assert "https://a.example/…" in listed
    assert "https://h.example/…" in listed


@pytest.mark.parametrize("kind", ["rest", "http", "webhook"])
def test_an_address_has_no_user_and_is_not_sent_or_shown_with_one(shop, dhm, monkeypatch, kind):
    more = 'secrets = ["${env:CANARY}"]\n' if kind == "webhook" else ""
    add(shop, f'\n[connections.api]\nkind = "{kind}"\nurl = "https://u:${{env:CANARY}}@a.example"\n{more}')
    ended = dhm("check")
    assert "an address has no user and no password in it" in ended.err + ended.out
    assert "they have keys of their own: `user` and `password`, or `auth`" in ended.err + ended.out
    monkeypatch.setenv("CANARY", "An0therCanary!longer")
    for command in (("connections", "list"), ("connections", "test", "api")):
        ended = dhm(*command)
        assert Exit.USAGE == ended.code
        assert "An0therCanary" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "hree"), "did you mean `here`?"),
        (("test", ""), "the name of the connection is empty"),
        (("ls", "here", "nothing"), "there is no `nothing`"),
        (("trust", "here"), "only hosts that speak SSH"),
        (("list", "--env", "nope"), "no environment `nope`"),
        (("list", "--set", "x"), "has no `=`"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_sentence(shop, dhm, arguments, says):
    ended = dhm("connections", *arguments)
    assert ended.code in (Exit.USAGE, Exit.WRONG)
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_list_says_to_which_host_a_store_speaks_and_not_as_whom(shop, dhm, monkeypatch):
    monkeypatch.setenv("CANARY", "canary-of-91-trumpets")
    told = '{ base_url = "https://feed:${env:CANARY}@files.example:8443/dav" }'
    add(shop, f'\n[connections.share]\nkind = "store"\nprotocol = "webdav"\nroot = "out"\noptions = {told}\n')
    add(shop, '\n[connections.lake]\nkind = "store"\nprotocol = "s3"\nroot = "b"\noptions = { endpoint_url = "https://s3.example" }\n')
    ended = dhm("connections", "list")
    assert "webdav files.example:8443 out" in ended.out
    assert "s3 s3.example b" in ended.out
    assert "canary" not in ended.out


def test_a_mistake_in_the_project_is_shown_at_its_place(shop, dhm):
    add(shop, '\n[connections.erp]\nkind = "sftp"\nhost = "h"\nuser = "u"\npassword = "hunter2"\n')
    ended = dhm("connections", "list")
    assert Exit.USAGE == ended.code
    assert "error[DHM925]: `password` is a secret, and it stands here" in ended.err
    assert re.search(r"--> dhm\.toml:\d+:12", ended.err)


def test_check_looks_at_the_project_too(shop, dhm):
    add(shop, '\n[connections.erp]\nkind = "ftp"\nhost = "${env:NOPE}"\ntls = "none"\ninsecure = true\npasword = "x"\n')
    (shop / "dhm.prod.toml").write_text("[connections.erp]\nprot = 1\n")
    ended = dhm("check", "--output", "json")
    assert Exit.WRONG == ended.code
    assert "DHM921" in ended.out
    assert "dhm.prod.toml" in ended.out
    assert "DHM926" not in ended.out
    assert Exit.WRONG == dhm("check", "dhm.toml").code


def test_what_is_meant_in_the_project_is_allowed(shop, dhm):
    text = '\n[connections.erp]\nkind = "ftp"\nhost = "h"\ntls = "none"\n# dhm: allow DHM929 because "a line of our own"\ninsecure = true\n'
    add(shop, text)
    (shop / "dhm.prod.toml").write_text("")
    ended = dhm("check")
    assert (Exit.DONE, "") == (ended.code, ended.out)


@pytest.mark.parametrize(
    ("protocol", "options", "code", "says"),
    [
        ("s3", '{ endpoint_url = "http://minio.example:9000" }', Exit.DONE, "warning[DHM929]"),
        ("s3", '{ client_kwargs = { endpoint_url = "http://minio.example:9000" } }', Exit.DONE, "warning[DHM929]"),
        ("webdav", '{ base_url = "http://files.example", insecure = true }', Exit.DONE, "warning[DHM929]"),
        ("webdav", '{ base_url = "http://files.example" }', Exit.WRONG, "shows files and password to everyone between"),
        ("s3", '{ endpoint_url = "https://minio.example:9000" }', Exit.DONE, ""),
        ("s3", '{ endpoint_url = "http://u:${env:SHOP_S3:-abc}@minio.example" }', Exit.WRONG, "no user and no password"),
    ],
)
def test_a_store_that_is_spoken_to_without_tls_is_told_of(protocol, options, code, says, shop, dhm):
    add(shop, f'\n[connections.lake]\nkind = "store"\nprotocol = "{protocol}"\noptions = {options}\n')
    ended = dhm("check")
    assert code == ended.code, ended.out + ended.err
    told = ended.out + ended.err
    assert says in told
    assert bool(says) == ("http://" in told)


def test_outside_of_a_project_there_are_no_connections(dhm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "dhm init" in dhm("connections", "list").err


# ------------------------------------------------------------------------------------------------ test, ls, trust


def test_a_host_is_trusted_tried_and_listed(shop, dhm, tmp_path, monkeypatch):
    (tmp_path / "sshd").mkdir()
    with openssh(tmp_path / "sshd") as server:
        monkeypatch.setenv("KEY", server.key)
        add(
            shop,
            f'\n[connections.erp]\nkind = "sftp"\nhost = "127.0.0.1"\nport = {server.port}\nuser = "{server.user}"\nkey = "${{env:KEY}}"\n',
        )
        (server.folder / "in").mkdir()
        (server.folder / "in" / "a.csv").write_text("x" * 1234)

        untrusted = dhm("connections", "test", "erp")
        assert Exit.WRONG == untrusted.code
        assert "dhm connections trust" in untrusted.err
        assert Exit.WRONG == dhm("connections", "trust", "erp", "--fingerprint", "SHA256:other").code
        assert not (shop / "known_hosts").exists()
        assert Exit.USAGE == dhm("connections", "trust", "erp").code
        trusted = dhm("connections", "trust", "erp", "--fingerprint", server.fingerprint)
        assert (Exit.DONE, f"{server.fingerprint}\n") == (trusted.code, trusted.out)

        once_more = dhm("connections", "trust", "erp", "--fingerprint", server.fingerprint)
        assert (Exit.DONE, True) == (once_more.code, "it is known already, by known_hosts" in once_more.err)
        known = (shop / "known_hosts").read_text()
        _, kind, key = known.split()
        strange = asyncssh.generate_private_key(kind)
        (shop / "known_hosts").write_text(known.replace(key, strange.export_public_key().decode().split()[1]))
        refused = dhm("connections", "trust", "erp")
        assert (Exit.USAGE, True) == (refused.code, f"Known so far: {strange.get_fingerprint()}. This is another" in refused.err)
        assert Exit.DONE == dhm("connections", "trust", "erp", "--fingerprint", server.fingerprint).code
        assert known == (shop / "known_hosts").read_text()

        pinned = ("connections", "trust", "erp", "--set", "connections.erp.fingerprint=" + server.fingerprint)
        assert Exit.DONE == dhm(*pinned).code
        other = dhm(*pinned[:-1], "connections.erp.fingerprint=SHA256:" + "A" * 43)
        assert (Exit.WRONG, f"{server.fingerprint}\n") == (other.code, other.out)
        assert f'write `fingerprint = "{server.fingerprint}"`' in other.err

        tried = dhm("connections", "test")
        assert Exit.DONE == tried.code, tried
        assert ["here", "erp"] == [line.split()[0] for line in tried.out.splitlines()]
        assert re.search(r"erp +ok +1 entry in", tried.out)
        assert re.fullmatch(r"1,234  \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  a.csv\n", dhm("connections", "ls", "erp", "in").out)
        assert [{"path": "in/a.csv", "kind": "file", "size": 1234}] == [
            {key: one[key] for key in ("path", "kind", "size")} for one in json.loads(dhm("connections", "ls", "erp", "in", "--json").out)
        ]
    gone = dhm("connections", "test", "erp", "--set", "connections.erp.connect_timeout=2")
    assert Exit.LATER == gone.code


def test_secrets_never_reach_the_command_line_of_others(shop, dhm, monkeypatch):
    ended = dhm("connections", "list", "--set", "connections.erp.password=hunter2", "--set", "connections.erp.kind=sftp")
    assert Exit.USAGE == ended.code
    assert "DHM925" in ended.err


def test_a_job_reads_from_one_host_and_writes_to_another(shop, dhm, tmp_path, monkeypatch):
    for name in ("sshd", "ftp"):
        (tmp_path / name).mkdir()
    with openssh(tmp_path / "sshd") as source, pyftpd(tmp_path / "ftp", "explicit") as target:
        monkeypatch.setenv("KEY", source.key)
        monkeypatch.setenv("FTP_PASSWORD", PASSWORD)
        for folder in ("feed", "done"):
            (source.folder / folder).mkdir()
        (source.folder / "feed" / "a.csv").write_text((shop / "in" / "feed.csv").read_text())
        (source.folder / "feed" / "b.csv.part").write_text("half")
        (shop / "dhm.prod.toml").write_text(
            f"""
[connections.erp]
kind = "sftp"
host = "127.0.0.1"
port = {source.port}
user = "{source.user}"
key = "${{env:KEY}}"
fingerprint = "{source.fingerprint}"

[connections.shop]
kind = "ftp"
host = "127.0.0.1"
port = {target.port}
user = "{target.user}"
password = "${{env:FTP_PASSWORD}}"
ca_file = "{target.ca_file}"

[jobs.offers.sources.feed]
connection = "erp"
folder = "feed"

[jobs.offers.targets.offers]
connection = "shop"
folder = "offers"
name = "offers-{{{{RUN}}}}.csv"
done_file = "{{{{STEM}}}}.ok"
"""
        )
        ended = dhm("run", "offers", "--env", "prod")
        assert Exit.DONE == ended.code, ended
        assert ["b.csv.part"] == [path.name for path in (source.folder / "feed").iterdir()]
        assert ["a.csv"] == [path.name for path in (source.folder / "done").iterdir()]
        written = sorted(path.name for path in (target.folder / "offers").iterdir())
        assert ["csv", "ok"] == [name.rpartition(".")[2] for name in written]
        assert 3 == len((target.folder / "offers" / written[0]).read_text().splitlines())
        assert Exit.DONE == dhm("run", "offers", "--env", "prod").code
        assert written == sorted(path.name for path in (target.folder / "offers").iterdir())


# ------------------------------------------------------------------------------------------------ schema


def test_the_schema_takes_the_project_that_was_made_and_knows_every_kind(shop, dhm):
    schema = json.loads(dhm("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    tree = tomllib.loads((shop / "dhm.toml").read_text())
    check.validate(tree)
    tree["connections"]["erp"] = {"kind": "sftp", "host": "h", "user": "u", "port": "${env:PORT}", "password": "${env:P}"}
    check.validate(tree)
    tree["connections"]["erp"]["prot"] = 1
    assert not check.is_valid(tree)
    del tree["connections"]["erp"]["prot"]
    tree["connections"]["erp"]["password"] = "hunter2"
    assert not check.is_valid(tree)


def test_listing_connections_loads_neither_arrow_nor_the_libraries_of_transports(shop):
    asked = (
        "import sys; sys.argv = ['dhm', 'connections', 'list']\nfrom datahub.cli.main import main\ntry: main()\nexcept SystemExit: pass\n"
    )
    asked += "print(sorted({'pyarrow', 'asyncssh', 'httpx', 'fsspec'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "[]" == ended.stdout.splitlines()[-1]


LACKS = """
[connections.far]
kind = "sftp"
host = "${env:FAR_HOST}"
user = "u"
password = "${env:FAR_WORD}"

[connections.ops]
kind = "webhook"
url = "${env:OPS_URL}"
secrets = ["${env:OPS_WORD}"]

[jobs.far]
mapping = "mappings/offers.dhm"
sources.feed = { connection = "far", folder = "in" }
targets.offers = { connection = "far", folder = "out" }
notify = { connection = "ops", on = ["failed"] }
"""


def test_a_variable_that_is_not_set_stops_only_what_uses_its_connection(shop, dhm):
    add(shop, LACKS)
    says = "the environment variable `FAR_HOST` is not set"
    assert Exit.DONE == dhm("run", "offers").code
    assert Exit.DONE == dhm("jobs", "list").code
    for command in (("run", "far"), ("jobs", "show", "far")):
        ended = dhm(*command)
        assert Exit.USAGE == ended.code
        assert re.search(rf"the connection `far` cannot be used: {says} \(dhm\.toml:\d+:8\)", ended.err)
    ended = dhm("connections", "ls", "far")
    assert Exit.USAGE == ended.code
    assert f"error[DHM926]: {says}" in ended.err
    ended = dhm("connections", "list")
    assert re.search(rf"(?m)^far +sftp +\({says}\) +far$", ended.out)
    ended = dhm("connections", "show", "far", "--explain")
    assert Exit.DONE == ended.code
    assert f"(missing: {says})" in ended.out
    ended = dhm("connections", "test")
    assert Exit.WRONG == ended.code
    assert re.search(rf"(?m)^far +failed +.*{says}", ended.out)
    assert re.search(r"(?m)^\w+ +ok ", ended.out)


def test_check_tells_what_is_not_set_and_does_not_fail_for_it(shop, dhm):
    add(shop, LACKS)
    ended = dhm("check")
    assert (Exit.DONE, "") == (ended.code, ended.out)
    assert "note: the environment variable `FAR_HOST` is not set here (dhm.toml:" in ended.err
    assert "what uses the connection `ops` cannot run" in ended.err
    add(shop, 'parameters.shop = "${env:SHOP_NAME}"\n')
    assert "`SHOP_NAME` is not set here" in dhm("check").err


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("403 Forbidden", "has nothing at the address itself (HTTP 403)"),
        ("404 Not Found", "has nothing at the address itself (HTTP 404)"),
        ("200 OK", "the address answers"),
        ("401 Unauthorized", ""),
        ("301 Moved", ""),
    ],
)
def test_what_a_web_server_has_at_its_bare_address_says_nothing_of_who_we_are(shop, dhm, status, says):
    given = Answers([f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()])
    with answering(given) as server:
        add(shop, f'\n[connections.web]\nkind = "http"\nurl = "{server.url}"\ninsecure = true\n')
        ended = dhm("connections", "test", "web")
    assert (Exit.DONE if says else Exit.WRONG) == ended.code
    assert says in ended.out
    assert "lets us in" not in ended.out


def test_a_page_that_is_forbidden_leaves_open_whether_the_password_is_right(shop, dhm, monkeypatch):
    monkeypatch.setenv("WEB_WORD", "tenfold-marrow-42")
    given = Answers([b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"])
    with answering(given) as server:
        told = 'insecure = true\nuser = "u"\npassword = "${env:WEB_WORD}"\n'
        add(shop, f'\n[connections.web]\nkind = "http"\nurl = "{server.url}"\n{told}')
        ended = dhm("connections", "test", "web")
    assert Exit.DONE == ended.code
    assert "whether it lets us in, a file tells" in ended.out


@pytest.mark.parametrize("auth", ["", 'auth = { kind = "bearer", token = "${env:API_WORD}" }\n'])
def test_an_api_that_shows_its_address_to_nobody_leaves_open_whether_the_key_is_right(shop, dhm, monkeypatch, auth):
    monkeypatch.setenv("API_WORD", "tenfold-marrow-43")
    given = Answers([b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"])
    with answering(given) as server:
        add(shop, f'\n[connections.api]\nkind = "rest"\nurl = "{server.url}"\ninsecure = true\n{auth}')
        ended = dhm("connections", "test", "api")
    assert Exit.DONE == ended.code
    assert "shows nothing at the address itself (HTTP 403)" in ended.out
    assert bool(auth) == ("whether it lets us in, a call tells" in ended.out)


def test_an_api_that_gives_nothing_at_its_address_answers(shop, dhm):
    given = Answers([b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"])
    with answering(given) as server:
        add(shop, f'\n[connections.api]\nkind = "rest"\nurl = "{server.url}"\ninsecure = true\n')
        ended = dhm("connections", "test", "api")
    assert Exit.DONE == ended.code
    assert "nothing to read at the address itself" in ended.out
