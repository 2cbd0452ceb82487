"""`dhm.toml` is read whole, from all its layers; every mistake in it is told once, at its place, with what to do."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyrings.alt.file import PlaintextKeyring

from datahub.connectors import models
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.project.binding import FilesFrom
from datahub.project.connection import Connection
from datahub.project.failures import TerminalError
from datahub.project.headers import Headers
from datahub.project.load import Request, check, environments, find, load
from datahub.project.model import Length
from datahub.project.redaction import Redactor
from datahub.project.secrets import Secret, Undefined


class Shop(Connection):
    reads = FilesFrom

    kind: Literal["shop"] = "shop"
    host: str
    port: int = 22
    password: Secret | None = None
    headers: Headers = {}
    options: dict[str, str] = {}
    timeout: Length = timedelta(seconds=30)
    tags: list[str] = []


KINDS: dict[str, type[Connection]] = {**models(), "shop": Shop}
HEAD = '[project]\nname = "p"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [("[roject", "end of document"), ("a = " + "9" * 5000, "is not TOML"), ("a = " + "[" * 5000, "is not TOML"), ("", "")],
    ids=["cut short", "thousands of digits", "lists without end", "nothing"],
)
def test_what_is_no_toml_is_told_at_a_place_in_the_file(tmp_path, text, message):
    (tmp_path / "dhm.toml").write_text(text, encoding="utf-8")
    found: list[Diagnostic] = []
    assert load(Request(tmp_path, variables={}), KINDS, found.append) is None
    assert found
    assert all(0 <= one.at.span.start <= one.at.span.end <= len(text) for one in found)
    assert not message or "is not TOML" in render(found)


@pytest.fixture
def project(tmp_path):
    def write(text, env="", variables=None, set=(), **files):
        (tmp_path / "dhm.toml").write_text(text, encoding="utf-8")
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_text(content, encoding="utf-8")
        found: list[Diagnostic] = []
        return load(Request(tmp_path, env, variables or {}, set), KINDS, found.append), found

    return write


def one(found, code):
    assert [code] == [finding.rule.code for finding in found], render(found)
    return found[0]


def at(finding):
    return finding.at.span.line, finding.at.span.text


def test_a_whole_project_is_read(project):
    loaded, found = project(
        HEAD
        + """
[defaults.connection.shop]
port = 2222
[defaults.job]
description = "by default"
[connections.erp]
kind = "shop"
host = "erp.example"
password = "${env:ERP_PASSWORD}"
timeout = "2 min"
[jobs.offers]
mapping = "offers.dhm"
sources.feed = { connection = "erp", folder = "out", pattern = "*.csv", after = { action = "move", folder = "done" } }
[packs]
"commerce.core" = "^1.4"
"""
    )
    assert [] == found
    erp = loaded.project.connections["erp"]
    assert ("erp.example", 2222, timedelta(minutes=2)) == (erp.host, erp.port, erp.timeout)
    assert ("done", "by default") == (loaded.project.jobs["offers"].sources["feed"].after.folder, loaded.project.jobs["offers"].description)
    assert "^1.4" == loaded.project.packs["commerce.core"].version


def test_layers_lie_on_each_other_from_defaults_to_the_command_line(project):
    text = HEAD + '[defaults.connection.shop]\nport = 1\n[connections.erp]\nkind = "shop"\nhost = "file"\ntags = ["a"]\n'
    prod = '[connections.erp]\nhost = "prod"\ntags = ["b"]\n'
    variables = {"DHM_CONNECTIONS__ERP__HOST": "variable"}
    assert ("file", 1) == (project(text)[0].project.connections["erp"].host, project(text)[0].project.connections["erp"].port)
    assert "prod" == project(text, "prod", dhm_prod_toml=prod)[0].project.connections["erp"].host
    assert ["b"] == project(text, "prod", dhm_prod_toml=prod)[0].project.connections["erp"].tags
    assert "variable" == project(text, "prod", variables)[0].project.connections["erp"].host
    assert "set" == project(text, "prod", variables, (("connections.erp.host", "set"),))[0].project.connections["erp"].host


def test_a_reference_is_read_in_the_type_of_its_field(project):
    text = (
        HEAD + '[connections.erp]\nkind = "shop"\nhost = "${env:H:-none.example}"\nport = "${env:PORT}"\noptions.x = "$${env:A} ${env:B}"\n'
    )
    loaded, found = project(text, variables={"PORT": "2222", "B": "b"})
    assert [] == found
    erp = loaded.project.connections["erp"]
    assert (2222, "none.example", {"x": "${env:A} b"}) == (erp.port, erp.host, erp.options)


def test_a_secret_is_fetched_when_it_is_used_and_remembered(project, tmp_path):
    text = HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\npassword = "${file:secret}"\nheaders.X = "Bearer ${env:TOKEN}"\n'
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "secret").chmod(0o600)
    loaded, _ = project(text, variables={"TOKEN": "tok-en"})
    erp = loaded.project.connections["erp"]
    assert set() == loaded.vault.revealed
    assert ("s3cret", "Bearer tok-en") == (erp.password.reveal(), erp.headers["X"].reveal())
    assert {"s3cret", "Bearer tok-en", "tok-en"} == loaded.vault.revealed
    assert "s3cret" not in repr(erp) + str(erp.model_dump()) + erp.model_dump_json()


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("password", "pre-${env:S}", False),
        ("password", "SuperGeheim${env:S:-}", False),
        ("password", "${env:S}x", False),
        ("password", "$${env:S}${env:T}", False),
        ("password", "${env:A:-geheim}${env:S}", False),
        ("password", "${env:S}", True),
        ("password", "${env:S}:${env:T}", True),
        ("headers.Authorization", "Bearer ${env:S}", True),
        ("headers.Authorization", "Token token=${env:S}", True),
        ("headers.Authorization", "Geheim ${env:S:-}", False),
        ("headers.Authorization", "OAuth ${env:S}", True),
        ("headers.Authorization", "Klaviyo-API-Key ${env:S}", True),
        ("headers.Authorization", "SSWS ${env:S}", True),
        ("headers.Authorization", "Signature keyId=${env:T},algorithm=hs2019,signature=${env:S}", True),
        ("headers.Cookie", "PHPSESSID=${env:S}", True),
        ("headers.Cookie", "JSESSIONID=${env:S}; Path=/; Secure", True),
        ("headers.Authorization", "OAuth geheim${env:S}", False),
        ("headers.Authorization", "OAuth ${env:S} geheim", False),
        ("headers.Authorization", "geheim", False),
        ("headers.Authorization", "Signature token=geheim,signature=${env:S}", False),
        ("headers.Authorization", "A1B2C3D4E5F6G7H8I9J0K1L2 ${env:S}", False),
        ("headers.Cookie", "sid=geheim; ${env:S:-}", False),
        ("headers.Cookie", "sid=${env:S:-geheim}", False),
        ("headers.X-Api-Key", "4711${env:S}", False),
        ("headers.X-Tenant", "acme-${env:STAGE}", True),
        ("options.token", "4711${env:S:-}", False),
        ("options.url", "https://u:4711${env:S:-}@h.example", False),
        ("options.url", "https://u:${env:S}@h.example", True),
        ("options.connection_string", "AccountName=a;AccountKey=${env:S}", True),
    ],
)
def test_what_is_secret_is_referred_to_whole(project, key, value, fits):
    _, told = project(
        HEAD + f'[connections.erp]\nkind = "shop"\nhost = "h"\n{key} = "{value}"\n', variables={"S": "s", "T": "t", "STAGE": "x"}
    )
    assert ([] if fits else ["DHM925"]) == [one.rule.code for one in told]


LONG = "Str0ngPassw0rd!longer"


@pytest.fixture
def redactor(monkeypatch):
    """A redactor that knows nothing yet: that of the process serves all tests."""
    made = Redactor()
    monkeypatch.setattr("datahub.project.secrets.redacted", made)
    return made


@pytest.mark.parametrize(
    ("template", "value", "secret"),
    [
        ("https://u:${env:S}@h.example/x", LONG, LONG),
        ("https://u:${env:S}@h.example/x", "p%40ss/w%3Ard", "p@ss/w:rd"),
        ("https://${env:S}@h.example/x", LONG, LONG),
        ("https://${env:S}@h.example/x", f"someone:{LONG}", LONG),
        ("https://${env:S}:${env:S}@h.example", LONG, LONG),
        ("http://u:${env:S}@p:1", LONG, LONG),
        ("${env:S}", f"https://u:{LONG}@h.example/x", LONG),
        ("${env:S}", "https://hooks.example/services/a1B2c3D4e5F6g7H8i9J0k1", "a1B2c3D4e5F6g7H8i9J0k1"),
        ("https://${env:S}", f"u:{LONG}@h.example/x", LONG),
        ("https://h.example/${env:S}/x", LONG, LONG),
        ("https://h.example/x?key=${env:S}", LONG, LONG),
        ("${env:SHOP_TOKEN}", LONG, LONG),
        ("x/${file:s.txt}/y", LONG, LONG),
    ],
)
@pytest.mark.parametrize("where", ['options.x = "%s"', 'tags = ["%s"]'])
def test_what_is_secret_of_an_address_is_known_to_the_redactor_from_its_reading(
    project, redactor, tmp_path, template, value, secret, where
):
    (tmp_path / "s.txt").write_text(value)
    (tmp_path / "s.txt").chmod(0o600)
    told = HEAD + f'[connections.erp]\nkind = "shop"\nhost = "h"\n{where % template}\n'
    loaded, found = project(told, variables={"S": value, "SHOP_TOKEN": value})
    assert [] == found
    for form in (secret, quote(secret, safe=""), quote(secret), str(loaded.project.connections["erp"])):
        assert secret not in redactor(f"before {form} after")
        assert quote(secret, safe="") not in redactor(f"before {form} after")


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("https://${env:S}/x", "shopsystem-zwo.example"),
        ("https://${env:S}:${env:T}/x", "shopsystem-zwo.example"),
        ("https://${env:S}:${env:T}@h.example/x", "somebody-else"),
        ("https://h.example/${env:S}/x", "stagin2"),
        ("${env:S}", "https://shopsystem-zwo.example/orders"),
        ("in/${env:S}", "shopsystem-zwo"),
    ],
)
def test_hosts_users_and_words_are_no_secret(project, redactor, template, value):
    project(HEAD + f'[connections.erp]\nkind = "shop"\nhost = "h"\noptions.x = "{template}"\n', variables={"S": value, "T": "8443"})
    assert value == redactor(value)


def test_a_secret_of_a_free_table_is_known_to_the_redactor(project, redactor):
    _, found = project(HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\noptions.secret = "${env:S}"\n', variables={"S": LONG})
    assert ([], "an •••") == (found, redactor(f"an {LONG}"))


def test_a_file_that_everybody_can_read_is_no_secret(project, tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "secret").chmod(0o644)
    loaded, _ = project(HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\npassword = "${file:secret}"\n')
    with pytest.raises(Undefined, match="everybody on this machine can read"):
        loaded.project.connections["erp"].password.reveal()


def test_a_secret_that_is_not_there_is_told_by_its_name(project):
    loaded, _ = project(HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\npassword = "${env:NOPE}"\n')
    with pytest.raises(Undefined, match="`NOPE` is not set"):
        loaded.project.connections["erp"].password.reveal()


@pytest.fixture
def wallet(tmp_path):
    """A real keyring, in a file."""
    before, one = keyring.get_keyring(), PlaintextKeyring()
    one.file_path = str(tmp_path / "wallet.cfg")
    keyring.set_keyring(one)
    yield one
    keyring.set_keyring(before)


def test_a_secret_comes_out_of_the_keyring(project, wallet):
    wallet.set_password("erp", "feed", "wallet-5ecret")
    text = HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\npassword = "${keyring:erp/feed}"\n'
    erp = project(text)[0].project.connections["erp"]
    assert "wallet-5ecret" == erp.password.reveal()
    wallet.delete_password("erp", "feed")
    with pytest.raises(Undefined, match="the keyring has no password of `feed` for `erp`") as told:
        erp.password.reveal()
    assert "`keyring set erp feed`" == told.value.help


def test_a_keyring_that_is_not_there_says_so(project, wallet):
    keyring.set_keyring(NoKeyring())
    text = HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\npassword = "${keyring:erp/feed}"\n'
    with pytest.raises(Undefined, match="the keyring does not answer: No recommended backend"):
        project(text)[0].project.connections["erp"].password.reveal()


def test_a_variable_may_hold_a_secret(project):
    variables = {"DHM_CONNECTIONS__MY_ERP__PASSWORD": "s3cret"}
    loaded, found = project(HEAD + '[connections.my-erp]\nkind = "shop"\nhost = "h"\n', variables=variables)
    assert [] == found
    assert "s3cret" == loaded.project.connections["my-erp"].password.reveal()


def test_a_connection_that_refers_to_nothing_is_told_apart(project):
    text = '[connections.erp]\nkind = "shop"\nhost = "h"\nport = "${env:NOPE}"\n[connections.other]\nkind = "shop"\nhost = "h"\n'
    loaded, found = project(HEAD + text)
    assert [] == found
    assert ["other"] == list(loaded.project.connections)
    finding = one(loaded.lacking["erp"], "DHM926")
    assert (6, '"${env:NOPE}"') == at(finding)
    assert "${env:NOPE:-…}" in finding.help
    with pytest.raises(Undefined, match=r"the connection `erp` cannot be used: .* `NOPE` is not set \(.*:6:8\)"):
        loaded.usable("erp")


def test_what_else_is_wrong_with_a_connection_that_refers_to_nothing_is_an_error(project):
    loaded, found = project(HEAD + '[connections.erp]\nkind = "shop"\nhost = "${env:NOPE}"\nprot = 5\n')
    assert loaded is None
    assert {"DHM921", "DHM926"} == {finding.rule.code for finding in found}


@pytest.mark.parametrize("dotted", ["b.port", "connections.b.prt", "connections.new.kind"])
def test_what_the_command_line_sets_is_told_of_there(tmp_path, dotted):
    (tmp_path / "dhm.toml").write_text(HEAD + '[connections.b]\nkind = "shop"\nhost = "h"\n', encoding="utf-8")
    found: list[Diagnostic] = []
    assert load(Request(tmp_path, variables={}, set=((dotted, "sftp"),)), KINDS, found.append) is None
    assert {f"--set {dotted}"} == {finding.at.span.document.path for finding in found}


def test_what_a_job_refers_to_must_be_there(project):
    loaded, found = project(HEAD + '[jobs.x]\nmapping = "m.dhm"\ndescription = "${env:NOPE}"\n')
    assert loaded is None
    assert (5, '"${env:NOPE}"') == at(one(found, "DHM926"))


@pytest.mark.parametrize(
    ("line", "code", "where", "help"),
    [
        ('password = "hunter2"', "DHM925", '"hunter2"', "${env:ERP_PASSWORD}"),
        ('password = "${env:P:-hunter2}"', "DHM925", '"${env:P:-hunter2}"', "${env:ERP_PASSWORD}"),
        ('headers = { X-Api-Key = "abc" }', "DHM925", '"abc"', "ERP_HEADERS_X_API_KEY"),
        ('options.api_key = "abc"', "DHM925", '"abc"', "${env:NAME}"),
        ('tags = ["https://user:pass@host/x"]', "DHM925", '"https://user:pass@host/x"', "${env:NAME}"),
        ("prot = 5", "DHM921", "prot", "did you mean `port`?"),
        ("nothing_like_it = 5", "DHM921", "nothing_like_it", None),
        ('port = "many"', "DHM922", '"many"', None),
        ("port = true", "DHM922", "true", None),
        ('timeout = "soon"', "DHM922", '"soon"', None),
        ("tags = [1]", "DHM922", "1", None),
        ('options.x = "${vault:NOPE}"', "DHM928", '"${vault:NOPE}"', "${env:NAME}"),
    ],
)
def test_a_mistake_is_told_once_at_its_place(project, line, code, where, help):
    loaded, found = project(HEAD + f'[connections.erp]\nkind = "shop"\nhost = "h"\n{line}\n')
    finding = one(found, code)
    assert loaded is None
    assert (6, where) == at(finding)
    assert (finding.help is None) if help is None else help in finding.help
    assert "hunter2" not in finding.message


def test_a_missing_key_is_told_at_its_table(project):
    finding = one(project(HEAD + '[connections.erp]\nkind = "shop"\n')[1], "DHM923")
    assert (3, "erp") == at(finding)
    assert "DHM_CONNECTIONS__ERP__HOST" in finding.help


def test_a_kind_that_is_not_known_is_told_with_the_nearest(project):
    finding = one(project(HEAD + '[connections.erp]\nkind = "shp"\nhost = "h"\n')[1], "DHM924")
    assert ((4, '"shp"'), "did you mean `shop`?") == (at(finding), finding.help)


@pytest.mark.parametrize("line", ["retention.rejects = 90", 'retention.payloads = "90"'])
def test_how_long_something_is_kept_has_a_unit(project, line):
    """Seconds are nobody's meaning there."""
    finding = one(project(HEAD + f'[jobs.a]\nmapping="a.dhm"\n{line}\n')[1], "DHM922")
    assert "90 has no unit" in finding.message
    assert "write `90 d` for days" == finding.help


def test_a_secret_among_several_is_called_by_their_name(project):
    line = 'triggers = {kind = "webhook", path = "x", secrets = ["whsec_notaword"]}'
    (finding,) = project(HEAD + f'[jobs.a]\nmapping="a.dhm"\n{line}\n')[1]
    assert ("DHM925", "`secrets` is a secret, and it stands here") == (finding.rule.code, finding.message)
    assert 'write `secrets = ["${env:A_TRIGGERS_SECRETS}"]`' in finding.help


@pytest.mark.parametrize(
    "written, code, told",
    [("{}", "DHM923", "{}"), ('"x"', "DHM923", '"x"'), ('{kind = "nope"}', "DHM922", '"nope"'), ("{kind = 3}", "DHM922", "3")],
)
def test_what_is_no_trigger_is_told_at_its_place(project, written, code, told):
    finding = one(project(HEAD + f'[jobs.a]\nmapping="a.dhm"\ntriggers = [{written}]\n')[1], code)
    assert (told, True) == (at(finding)[1], "kind" in finding.message)


def test_a_job_that_names_no_connection_is_told(project):
    text = HEAD + '[connections.erp]\nkind="shop"\nhost="h"\n[jobs.a]\nmapping="a.dhm"\nsources.x = {connection = "epr", path = "x"}\n'
    finding = one(project(text)[1], "DHM927")
    assert ((8, '"epr"'), "did you mean `erp`?") == (at(finding), finding.help)


def test_a_target_on_a_connection_that_takes_none_is_told(project):
    text = HEAD + '[connections.erp]\nkind="shop"\nhost="h"\n[jobs.a]\nmapping="a.dhm"\ntargets.x = {connection = "erp", name = "x"}\n'
    assert (8, '"erp"') == at(one(project(text)[1], "DHM922"))


@pytest.mark.parametrize(("text", "line"), [("a = \n", 1), ("[project]\nname = 'x'\nname = 'y'\n", 3), ("[project\n", 1), ('x = "abc', 1)])
def test_what_is_no_toml_is_told_at_its_line(project, text, line):
    assert line == one(project(text)[1], "DHM920").at.span.line


def test_a_section_that_is_no_table_is_told(project):
    assert (1, "5") == at(one(project("connections = 5\n" + HEAD)[1], "DHM922"))


def test_an_environment_that_is_not_there_is_told_with_those_that_are(project, tmp_path):
    (tmp_path / "dhm.prod.toml").write_text("")
    with pytest.raises(TerminalError, match="no environment `prd`") as told:
        project(HEAD, "prd")
    assert "did you mean `prod`?" == told.value.help
    assert ["prod"] == environments(tmp_path)


def test_a_mistake_in_an_overlay_stands_there(project):
    finding = one(project(HEAD, "prod", dhm_prod_toml="[project]\nnmae = 5\n")[1], "DHM921")
    assert "dhm.prod.toml" == Path(finding.at.span.document.path).name


def test_a_mistake_in_a_variable_stands_there_and_does_not_show_it(project):
    text = HEAD + '[connections.erp]\nkind = "shop"\nhost = "h"\n'
    finding = one(project(text, variables={"DHM_CONNECTIONS__ERP__PORT": "many"})[1], "DHM922")
    assert "the variable DHM_CONNECTIONS__ERP__PORT" == finding.at.span.document.path
    assert not re.search("many", render([finding]))


def test_a_connection_without_protection_is_warned_of(project):
    loaded, found = project(HEAD + '[connections.old]\nkind = "ftp"\nhost = "h"\ntls = "none"\ninsecure = true\n')
    assert ("DHM929", (7, "true")) == (one(found, "DHM929").rule.code, at(found[0]))
    assert loaded.project.connections["old"].insecure


def test_files_are_checked_in_themselves_and_each_environment_in_turn(project, tmp_path):
    text = HEAD + '[connections.erp]\nkind = "shop"\nport = "${env:NOPE}"\n'
    (tmp_path / "dhm.toml").write_text(text)
    assert ["DHM923"] == [one.rule.code for one in check(tmp_path, KINDS)[0]]
    (tmp_path / "dhm.prod.toml").write_text('[connections.erp]\nhost = "h"\n')
    assert [] == check(tmp_path, KINDS)[0]
    (tmp_path / "dhm.test.toml").write_text('[connections.erp]\nport = "many"\n')
    assert ["DHM922", "DHM923"] == sorted(one.rule.code for one in check(tmp_path, KINDS)[0])


def test_a_project_is_found_from_folders_below(project, tmp_path):
    project(HEAD)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert tmp_path == find(tmp_path / "a" / "b")


def test_a_job_says_when_it_runs_and_what_it_does_when_things_go_wrong(project):
    text = (
        f'{HEAD}[connections.here]\nkind = "local"\n[jobs.offers]\nmapping = "offers.dhm"\nschedule = ["every day at 02:30", '
        '{every = "*/5 * * * *", timezone = "Europe/Paris", jitter = "30 s"}]\noverlap = "WAIT_FOR_NEXT"\n'
        'tolerance.share = "5%"\nguards = {shrink = 0.3}\nrejects = {connection = "here", folder = "rejects"}\n'
    )
    loaded, found = project(text)
    assert [] == found
    job = loaded.project.jobs["offers"]
    assert [("30 2 * * *", ""), ("*/5 * * * *", "Europe/Paris")] == [(one.cron, one.timezone) for one in job.schedule]
    assert ("skip", "0.05", "0.3", "rejects") == (job.overlap, str(job.tolerance.share), str(job.guards.shrink), job.rejects.folder)


@pytest.mark.parametrize(
    "line, said",
    [
        ('schedule = "every 25 minutes"', "an hour has no whole number of 25 minutes"),
        ('schedule = {every = "@daily", timezone = "Paris"}', "this is no time zone"),
        ('tolerance.share = "500%"', "this is not a share"),
        ('overlap = "sometimes"', "queue_one"),
    ],
)
def test_what_a_job_cannot_mean_is_told_at_its_place(project, line, said):
    _, found = project(f'{HEAD}[jobs.offers]\nmapping = "offers.dhm"\n{line}\n')
    told = one(found, "DHM922")
    assert said in render([told])


@pytest.mark.parametrize(("key", "table"), [('catch_up = "latest"', "schedule"), ("share = 0.5", "tolerance"), ("attempts = 2", "retry")])
def test_a_key_that_stands_above_its_table_is_told_where_it_belongs(project, key, table):
    _, found = project(HEAD + f'[connections.erp]\nkind = "shop"\nhost = "h"\n[jobs.offers]\nmapping = "offers.dhm"\n{key}\n')
    assert one(found, "DHM921").help.startswith(f"it is a key of `{table}`: write `{table} = {{…, ")
