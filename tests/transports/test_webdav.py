"""Where shares of WebDAV bite, against WsgiDAV."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from datetime import timedelta

import pytest
from pydantic import ValidationError

from datahub.connectors.declare import Missing, Taken, TerminalError, TransientError
from datahub.connectors.kinds.store import Store
from datahub.connectors.store_files import StoreFiles
from datahub.project.secrets import Secret, Vault
from datahub.state.records import RunStatus
from tests.jobs_project import Projected
from tests.reading import content
from tests.servers.proxy import Fault, proxy
from tests.servers.webdav import PASSWORD, USER, webdav


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    with webdav(tmp_path_factory.mktemp("webdav")) as one:
        yield one


@pytest.fixture
def connect(share):
    made = []

    def make(password=PASSWORD, **options):
        secrets = {"password": Secret("${env:P}", Vault({"P": password}))}
        told = {"base_url": share.url, "user": USER, "insecure": True} | options
        made.append(StoreFiles(Store(protocol="webdav", options=told, secrets=secrets, deadline=timedelta(seconds=5))))
        return made[-1]

    yield make
    for files in made:
        files.close()


def test_a_wrong_password_is_ours_to_mend(connect):
    with pytest.raises(TerminalError, match="401") as problem:
        list(connect(password="another-0ne").list(""))
    assert "secrets" in problem.value.help


def test_a_password_is_not_sent_without_tls_unless_that_is_said(connect):
    with pytest.raises(ValidationError, match="shows files and password to everyone between"):
        connect(insecure=False)


def test_an_option_that_the_library_does_not_take_is_told_as_that(connect):
    with pytest.raises(TerminalError, match="no_such_option"):
        list(connect(no_such_option=1).list(""))


@pytest.mark.parametrize("name", ["a?b.csv", "a#b.csv", "a%2e%2eb.csv", "100%.csv", "[a]*.csv", "é & ü.csv"])
def test_a_name_is_no_part_of_an_address(name, share, connect):
    files = connect()
    with files.write(name) as stream:
        stream.write(name.encode())
    assert name.encode() == (share.folder / name).read_bytes() == content(files, name)
    assert name in [one.name for one in files.list("")]
    files.remove(name)
    with pytest.raises(Missing):
        files.look(name)


def test_a_new_name_is_there_or_is_refused(share, connect):
    files = connect()
    for letter in "!#$%&'()*+,;=:@[]{}|^~`<>? é\"":
        old, new = "renamed-from.tmp", f"renamed {letter} to%41.csv"
        (share.folder / old).write_bytes(letter.encode())
        refused = letter in "?;"
        with pytest.raises(TerminalError, match="cannot be the new name") if refused else nullcontext():
            files.rename(old, new, replace=False)
        assert letter.encode() == (share.folder / (old if refused else new)).read_bytes()


def test_the_server_itself_keeps_what_has_the_name(share, connect, monkeypatch):
    files = connect()
    for name in ("taken-from.csv", "taken.csv"):
        (share.folder / name).write_bytes(name.encode())
    # As if it had come between the look and the move.
    monkeypatch.setattr(StoreFiles, "_there", lambda *_: False)
    with pytest.raises(Taken):
        files.rename("taken-from.csv", "taken.csv", replace=False)
    assert b"taken.csv" == (share.folder / "taken.csv").read_bytes()
    assert (share.folder / "taken-from.csv").exists()


@pytest.mark.parametrize("act", ["cut", "reset", "stall"])
def test_a_download_that_breaks_off_comes_whole_or_fails(act, share, connect):
    data = os.urandom(3_000_000)
    (share.folder / "large.bin").write_bytes(data)
    port = int(share.url.rpartition(":")[2])
    with proxy(port, Fault(1_000_000, act), Fault(1_000_000, act)) as between:
        files = connect(base_url=f"http://127.0.0.1:{between.port}")
        # Its library asks again for what was reset, and not for what was cut.
        with suppress(TransientError) if act == "reset" else pytest.raises(TransientError):
            assert data == content(files, "large.bin")
    assert data == content(connect(), "large.bin")


def test_a_name_that_is_taken_is_replaced_in_one_step(share, connect, monkeypatch):
    files = connect()
    for name in ("old.csv", "new.csv"):
        (share.folder / name).write_bytes(name.encode())
    before = (share.folder / "new.csv").stat().st_ino
    files.rename("new.csv", "old.csv", replace=True)
    assert b"new.csv" == (share.folder / "old.csv").read_bytes()
    # What is moved is the same file; a copy is another.
    assert before == (share.folder / "old.csv").stat().st_ino


def test_a_document_that_cannot_have_its_name_is_refused_and_the_others_arrive(share, tmp_path, monkeypatch):
    monkeypatch.setenv("SHARE_PASSWORD", PASSWORD)
    toml = f"""\
[project]
name = "export"
[connections.here]
kind = "local"
[connections.share]
kind = "store"
protocol = "webdav"
options = {{ base_url = "{share.url}", user = "{USER}", insecure = true }}
secrets = {{ password = "${{env:SHARE_PASSWORD}}" }}
[jobs.orders]
mapping = "orders.dhm"
sources.shop = {{ connection = "here", folder = "in", ready = {{ stable = 0 }} }}
targets.erp = {{ connection = "share", folder = "orders", create_folders = true, document = "json", name = "{{{{ID}}}}.json" }}
"""
    script = """\
source shop: csv { columns { id: text } }
entity Order {
  key id
  id : text
}
target erp: api { }
map Order from o in shop { id: o.id }
flow main { write Order to erp }
"""
    project = Projected(tmp_path, {"dhm.toml": toml, "orders.dhm": script, "in/a.csv": "id\nA?1\nB-2\nC;3\nD-4\n"})
    ending = project.by_hand("orders")
    assert (RunStatus.SUCCESS, 2) == (ending.run.status, ending.refused), ending.run.reason
    assert ["B-2.json", "D-4.json"] == sorted(path.name for path in (share.folder / "orders").iterdir())
    project.close()
