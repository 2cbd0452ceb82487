"""No secret leaves by any way out: a canary stands in every place for one, runs succeed and fail, and everything that is left is searched (G18)."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import secrets
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, quote_plus

import pytest

from datahub.project.redaction import MASK, Redactor
from tests.jobs_world import SCRIPT
from tests.servers.ftp import Lies, lying
from tests.servers.ssh import plain_sftp

ONE_TARGET = SCRIPT.replace("target shop: api {}\n", "").replace("  write Offer to shop\n", "")
SLOTS = ("PASSWORD", "TOKEN", "HEADER", "SFTP", "FTP", "PHRASE", "HOOK")


def forms(secret):
    """Every form that is searched for; made here by itself, not by the redactor."""
    data = secret.encode()
    yield secret
    yield from (repr(secret)[1:-1], html.escape(secret), json.dumps(secret)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/"))
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret), quote(secret, safe="").lower())
    yield from (quote(quote(secret), safe=""), quote(quote(secret, safe=""), safe=""), quote_plus(quote_plus(secret)))
    yield re.sub("%25[0-9A-F]{2}", lambda found: found[0].lower(), quote(quote(secret, safe=""), safe=""))
    yield from (data.hex(), data.hex().upper(), data.hex(" "), data.hex(":"))
    yield from middles(secret)


def middles(secret):
    """The middle of it in base64, whatever stands around: no group that its neighbours have a part in."""
    for before in (b"", b"a", b"ab"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            if len(middle := encode(before + secret.encode() + b"xyz")[4:-8].decode()) >= 4:
                yield middle


def hits(secret, text):
    return [form for form in forms(secret) if form in text]


@pytest.mark.parametrize("secret", ["correct horse", 'p"a/s+s&<w>\\é', "-" * 5 + "BEGIN\nkey of sixteen signs or more\n", "tok-en"])
def test_a_secret_is_found_in_every_form(secret):
    redactor = Redactor()
    redactor.remember(secret)
    around = [base64.b64encode(f"{user}:{secret}{more}".encode()).decode() for user in ("u", "us", "use") for more in ("", "x", "xyz")]
    whole = [form for form in forms(secret) if form not in middles(secret)]
    for form in [*whole, *around]:
        cleaned = redactor(f"before {form} after")
        assert MASK in cleaned
        assert [] == hits(secret, cleaned), form


def test_text_without_secrets_stays_as_it_is():
    redactor = Redactor()
    assert "nothing known" == redactor("nothing known")
    redactor.remember("abc")  # too short: it would be in every other word
    redactor.remember("s3cret")
    assert "abcdef and no more" == redactor("abcdef and no more")
    assert f"the word is {MASK}." == redactor("the word is s3cret.")


@contextmanager
def echoing():
    """A web server that gives back what it was told in secret, as badly made ones do: in redirects, in reasons, in pages."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            told = self.headers.get("Authorization", "") + "|" + self.headers.get("X-Key", "")
            word = self.path.strip("/").split(".")[0]
            body = b"sku,price,stock\nA,1.50,3\nB,free,2\n" if word == "good" else told.encode()
            code = {"good": 200, "away": 302, "closed": 401, "broken": 500}[word]
            self.send_response(code, f"Sorry {told}" if code != 200 else "OK")
            if word == "away":
                self.send_header("Location", f"https://elsewhere.example/?t={told.removeprefix('Bearer ').removeprefix('Basic ')}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name that the library asks for

        def log_message(self, *_):
            """Nothing is told."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def project(url, sftp, ftp):
    head = '[project]\nname = "shop"\n\n[connections.here]\nkind = "local"\n'
    head += f"""
[connections.basic]
kind = "http"
url = "{url}"
insecure = true
user = "someone"
password = "${{env:PASSWORD}}"
headers = {{X-Key = "${{env:HEADER}}"}}

[connections.token]
kind = "http"
url = "{url}"
insecure = true
token = "${{file:secrets/token}}"

[connections.sftp]
kind = "sftp"
host = "127.0.0.1"
port = {sftp.port}
user = "dhm"
password = "${{env:SFTP}}"
fingerprint = "{sftp.fingerprint}"

[connections.keyed]
kind = "sftp"
host = "127.0.0.1"
port = {sftp.port}
user = "dhm"
key = "${{file:secrets/key}}"
passphrase = "${{env:PHRASE}}"
fingerprint = "{sftp.fingerprint}"

[connections.ftp]
kind = "ftp"
host = "127.0.0.1"
port = {ftp.port}
user = "dhm"
tls = "none"
insecure = true
password = "${{env:FTP}}"
"""
    jobs = {f"basic_{word}": ("basic", f"{word}.csv") for word in ("good", "away", "closed")}
    jobs |= {f"token_{word}": ("token", f"{word}.csv") for word in ("away", "broken")}
    jobs |= {name: (name, "list.csv") for name in ("sftp", "keyed", "ftp")}
    for job, (connection, path) in jobs.items():
        head += f"""
[jobs.{job}]
mapping = "offers.dhm"
retry.attempts = 1
triggers = {{kind = "webhook", path = "{job}", secrets = ["${{env:HOOK}}"]}}
[jobs.{job}.sources.feed]
connection = "{connection}"
path = "{path}"
[jobs.{job}.targets.list]
connection = "here"
folder = "out"
create_folders = true
name = "{job}-{{{{RUN}}}}.csv"
"""
    return head, list(jobs)


def left_behind(folder):
    """Everything that lies below a folder, names included, but for the place of the secrets themselves."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)), str(path)
        if path.is_file() and path.parent.name != "secrets":
            yield str(path.relative_to(folder)), path.read_bytes().decode("latin-1")


@pytest.mark.slow
def test_no_canary_is_left_anywhere(tmp_path):
    here, temporary, servers = tmp_path / "project", tmp_path / "tmp", tmp_path / "servers"
    for folder in (here / "secrets", temporary, servers):
        folder.mkdir(parents=True)
    canaries = {name: f'C4n{secrets.token_hex(6)}/+"&<{secrets.token_hex(4)}>' for name in SLOTS}
    (here / "secrets" / "token").write_text(canaries["TOKEN"])
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", canaries["PHRASE"], "-f", str(here / "secrets" / "key")], check=True)
    for path in (here / "secrets").iterdir():
        path.chmod(0o600)
    (here / "offers.dhm").write_text(ONE_TARGET, encoding="utf-8")
    lies = Lies(answers={"PASS": f"530 no, {canaries['FTP']} is wrong"})
    with echoing() as url, plain_sftp(servers) as sftp, lying(lies) as ftp:
        text, jobs = project(url, sftp, ftp)
        (here / "dhm.toml").write_text(text, encoding="utf-8")
        environment = {**os.environ, **canaries, "TMPDIR": str(temporary), "PYTHONWARNINGS": "default"}
        del environment["TOKEN"]

        def dhm(*given):
            command = [sys.executable, "-m", "datahub", *given]
            answer = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=120, check=False)
            return f"{given}: {answer.returncode}\n{answer.stdout}\n{answer.stderr}"

        said = [dhm("run", job, "--log", ("json", "text")[number % 2]) for number, job in enumerate(jobs)]
        said += [dhm("run", "basic_away", "--dry-run"), dhm("check"), dhm("runs", "ls")]
        said += [*(dhm("connections", "show", name) for name in ("basic", "keyed")), dhm("jobs", "show", "basic_good")]
    together = "\n".join(said)
    # It went as it was meant to: some of it well, some of it badly, and what the server gave back was about to be told.
    assert ["basic_good"] == [job for job, one in zip(jobs, said) if one.partition("\n")[0].endswith(": 0")]
    for words in (f"?t={MASK}", f"no, {MASK} is wrong", "HTTP 401", "HTTP 500", "refuses the login"):
        assert words in together
    found = {(name, "console", form) for name, canary in canaries.items() for form in hits(canary, together)}
    for place, content in left_behind(tmp_path):
        if place.startswith("servers"):
            continue
        found |= {(name, place, form) for name, canary in canaries.items() for form in hits(canary, content)}
    assert set() == found
    # Of runs that went badly too.
    assert 1 < len(sorted(here.rglob("report.html")))
    assert "report.json" in {path.name for path in here.rglob("*.json")}


@pytest.mark.parametrize("secret", ["Qm7CanaryTokenV4zWx81LmKp3RtYb6NcDf20HjGs95", "p/+&\"@'ä b%c<d>e"])
@pytest.mark.parametrize("form", [lambda one: one, html.escape, quote, lambda one: one.encode().hex(), lambda one: json.dumps(one)[1:-1]])
def test_a_secret_that_was_cut_off_leaves_no_beginning(secret, form):
    redactor = Redactor()
    redactor.remember(secret)
    told = form(secret)
    for length in range(6, len(told)):
        for mark in ("…", " …", "\\u2026"):
            assert told[:6] not in redactor(f"it says: Bearer {told[:length]}{mark} and more of it"), (length, mark)
        for end in ("", "`", '"', "<"):
            assert length < 12 or told[:6] not in redactor(f"it says: Bearer {told[:length]}{end}"), (length, end)


def test_a_word_that_a_secret_begins_with_is_no_secret():
    redactor = Redactor()
    redactor.remember("production-Xk29")
    for said in ("the environment `production` is there", "production", "production…ready-made"[:10] + "s", '{"env": "production"}'):
        assert said == redactor(said)


@pytest.mark.parametrize("before", range(40, 90, 7))
@pytest.mark.parametrize("times", [1, 3, 400])
def test_what_is_cut_has_no_part_of_a_secret_at_its_end(before, times):
    redactor = Redactor()
    redactor.remember("Qm7CanaryTokenV4zWx81LmKp3RtYb6NcDf20HjGs95")
    said = redactor.cut("." * before + "Qm7CanaryTokenV4zWx81LmKp3RtYb6NcDf20HjGs95" * times + "." * 50, 80)
    assert "Qm" not in said
    assert len(said) <= 81
    assert said == f"{'.' * before}{MASK * times}{'.' * 50}"[:80] + "…"
