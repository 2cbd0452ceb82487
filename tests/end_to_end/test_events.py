"""Jobs that others start, as they are served: a message to an address, the end of another job; killed in between, and served again."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import trustme
from standardwebhooks import Webhook as Signer

from datahub.cli.commands import serve
from datahub.cli.output import Log, Stop
from tests import commands

SECRET = "whsec_" + "YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="
SCRIPT = """\
param order: text = "none"

source feed: csv {
  columns {
    sku: text
  }
}
entity Offer {
  key sku
  sku: text
  order: text
}
target list: csv {}
map Offer from f in feed {
  sku: f.sku
  order: $order
}
flow main {
  write Offer to list
}
"""
PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[jobs.paid]
mapping = "offers.dhm"
triggers = {kind = "webhook", path = "orders", secrets = ["${env:HOOK}"], key = "data.id", version = "data.version", parameters = {order = "data.id"}}

[jobs.paid.sources.feed]
connection = "here"
folder = "in"
ready.stable = 0

[jobs.paid.targets.list]
connection = "here"
folder = "out"
create_folders = true
name = "{{RUN}}.csv"

[jobs.then]
mapping = "offers.dhm"
triggers = [{kind = "after-job", job = "paid"}]

[jobs.then.sources.feed]
connection = "here"
folder = "in"
ready.stable = 0

[jobs.then.targets.list]
connection = "here"
folder = "then"
create_folders = true
name = "{{RUN}}.csv"
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "dhm.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "offers.dhm").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("sku\nA\n", encoding="utf-8")
    return tmp_path


@contextmanager
def served(here, *more, at="127.0.0.1:0"):
    """`dhm serve` at a port of its own; the process, a client, and what it has said so far."""
    log = here / "serve.log"
    with log.open("ab") as file:
        start = file.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "datahub", "serve", "--listen", at, *more],
            cwd=here,
            stderr=file,
            env={**os.environ, "HOOK": SECRET},
        )
    try:
        port = until(lambda: re.search(r"listening at https?://[\d.]+:(\d+)", log.read_text()[start:]))[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            yield process, client
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def until(found, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not come")


def send(client, id, order="O-1", version=1):
    body, now = json.dumps({"type": "order.paid", "data": {"id": order, "version": version}}), datetime.now(UTC)
    signature = Signer(SECRET).sign(msg_id=id, timestamp=now, data=body)
    headers = {"webhook-id": id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    return client.post("/hooks/orders", content=body, headers=headers).status_code


def dhm(here, *given):
    ended = commands.dhm(*given, home=here)
    assert 0 == ended.code, ended.err
    return ended.out


def rows(here, query):
    with sqlite3.connect(here / ".dhm" / "default" / "ledger.sqlite", timeout=30) as ledger:
        return ledger.execute(query).fetchall()


def runs(here, job):
    return [status for (status,) in rows(here, f"SELECT status FROM run WHERE job = '{job}' ORDER BY rowid")]


def test_a_message_starts_its_job_and_that_one_the_next(here):
    with served(here) as (process, client):
        assert [200, 200] == [send(client, "m1"), send(client, "m1")]
        until(lambda: runs(here, "then") == ["success"])
        assert ["success"] == runs(here, "paid")
        assert "ready\n" == client.get("/readyz").text
        metrics = client.get("/metrics").text
        assert 'dhm_messages{box="in",state="done"} 1' in metrics
        assert 'dhm_job_last_run_succeeded{job="paid"} 1' in metrics
        assert 'dhm_hook_requests_total{hook="orders",status="200"} 2' in metrics
        process.send_signal(signal.SIGTERM)
        assert 143 == process.wait(60)
    (made,) = (here / "out").iterdir()
    assert "sku,order\nA,O-1\n" == made.read_text()
    assert 1 == len(list((here / "then").iterdir()))
    shown = {
        job: [dhm(here, "runs", "show", id) for (id,) in rows(here, f"SELECT id FROM run WHERE job = '{job}'")] for job in ("paid", "then")
    }
    ((by_message,), (by_run,)) = shown["paid"], shown["then"]
    assert re.search(r"message +orders/m1, about O-1\n", by_message), by_message
    assert re.search(r"after +run \S+ of paid\n", by_run), by_run


def test_what_a_message_lacks_is_told_of_its_run_and_of_itself(here):
    with served(here) as (_, client):
        assert 200 == send(client, "m1", [])
        until(lambda: runs(here, "paid") == ["success"])
    lacks = "it has no text or number at `data.id`"
    assert re.search(
        rf"message +orders/m1, {lacks}\n", dhm(here, "runs", "show", rows(here, "SELECT id FROM run WHERE job = 'paid'")[0][0])
    )
    assert re.search(rf"lacks +{lacks}\n", dhm(here, "messages", "show", "orders/m1"))


def test_what_was_acknowledged_before_a_kill_is_run_after_it(here):
    with served(here, "--log", "json") as (process, client):
        # Stopped, the loop does nothing with it; killed, it never will.
        assert {200} == {send(client, f"m{number}", f"O-{number}") for number in range(8)}
        process.kill()
        process.wait(30)
    with served(here):
        until(lambda: len(runs(here, "paid")) == 8 and set(runs(here, "paid")) == {"success"}, 120)
    given = sorted(json.loads(one)["order"] for (one,) in rows(here, "SELECT parameters FROM run WHERE job = 'paid'"))
    assert [f"O-{number}" for number in range(8)] == given
    lines = [line for line in (here / "serve.log").read_text().splitlines() if line.startswith("{")]
    assert {"at", "level", "message"} <= set(json.loads(lines[0]))


def test_a_message_that_an_overtaken_sender_brings_late_starts_nothing(here):
    with served(here) as (_, client):
        send(client, "new", version=10)
        until(lambda: runs(here, "paid"))
        send(client, "old", version=9)
        until(lambda: ("superseded",) in rows(here, "SELECT state FROM message"))
        assert 1 == len(runs(here, "paid"))


TOKEN = "5f1d0a9bd0c14e7fa2f3c1d8e9b7a6c5"
PROTECTED = ("--tls-cert", "tls/chain.pem", "--tls-key", "tls/key.pem", "--token", "${env:FIGURES}")


@pytest.fixture
def authority(here, monkeypatch):
    """What writes a certificate of its own into the project, anew each time; and what trusts it."""
    monkeypatch.setenv("FIGURES", TOKEN)
    ca = trustme.CA()
    (here / "tls").mkdir()

    def issue(authority):
        made = authority.issue_cert("127.0.0.1")
        made.private_key_pem.write_to_path(here / "tls" / "key.pem")
        for at, blob in enumerate(made.cert_chain_pems):
            blob.write_to_path(here / "tls" / "chain.pem", append=at > 0)
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    return issue, ca


def test_what_listens_for_other_machines_is_protected_by_tls_and_a_token(here, authority):
    issue, ca = authority
    trusting = issue(ca)
    with served(here, *PROTECTED, at="0.0.0.0:0") as (_, plain):
        port = plain.base_url.port
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting, trust_env=False, timeout=30) as client:
            assert 200 == send(client, "m1")
            assert (200, "ready\n") == ((ready := client.get("/readyz")).status_code, ready.text)
            assert [401, 401] == [client.get("/metrics", headers=one).status_code for one in ({}, {"Authorization": "Bearer x"})]
            assert "dhm_messages" in client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
        with pytest.raises(httpx.TransportError):
            plain.get("/healthz")
        # A renewed certificate is served without a restart, and one that is broken is not.
        other = trustme.CA()
        renewed = issue(other)
        until(lambda: "the certificate was read again" in (here / "serve.log").read_text())
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=renewed, trust_env=False, timeout=30) as client:
            assert 200 == client.get("/healthz").status_code
            (here / "tls" / "key.pem").write_text("no key")
            until(lambda: "the certificate of before is used still" in (here / "serve.log").read_text())
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=renewed, trust_env=False, timeout=30) as client:
            assert 200 == client.get("/healthz").status_code
    assert TOKEN not in (here / "serve.log").read_text()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--token", TOKEN], "everybody reads it"),
        (["--token", "${env:NOT_THERE}"], "`NOT_THERE` is not set"),
        (["--token", "${env:SHORT}"], "32 is the least"),
        (["--tls-cert", "none.pem"], "there is no file `none.pem`"),
        (["--tls-cert", "dhm.toml"], "no certificate with its key"),
        (["--tls-key", "dhm.toml"], "goes with `--tls-cert`"),
        (["--tls-cert", "tls/chain.pem", "--tls-key", "tls/other.pem"], "is not that of the certificate"),
    ],
)
def test_what_cannot_protect_is_told_before_anything_listens(here, authority, monkeypatch, capsys, given, words):
    issue, ca = authority
    issue(ca)
    (here / "tls" / "key.pem").rename(here / "tls" / "other.pem")
    issue(trustme.CA())
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("SHORT", "a-short-one")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    options = {name.removeprefix("--").replace("-", "_"): value for name, value in zip(given[::2], given[1::2], strict=True)}
    paths = {name: Path(value) for name, value in options.items() if name.startswith("tls")}
    asked = {"token": "", "tls_cert": None, "tls_key": None, **options, **paths}
    with pytest.raises(Stop) as told:
        serve.command(listen="127.0.0.1:0", behind_proxy=False, env="", workers=1, log=Log.TEXT, **asked)
    assert words in told.value.message + told.value.advice
    # Who reads that it serves may believe it.
    assert "serving" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("listen", "words"),
    [("0.0.0.0:0", "without TLS"), ("nowhere", "no place to listen at"), ("example.com:80", "no address of this machine")],
)
def test_an_address_that_others_reach_is_refused_without_a_proxy(here, listen, words):
    answer = commands.dhm("serve", "--listen", listen, home=here, HOOK=SECRET)
    assert 2 == answer.code
    assert words in answer.err


def test_while_the_project_is_broken_no_run_begins_and_a_process_is_not_tried_over_and_over(here):
    with served(here, "--log", "json") as (_, client):
        until(lambda: send(client, "m1") == 200 and "success" in runs(here, "paid"))
        # A process that has begun by then reads the project for itself.
        until(lambda: "success" in runs(here, "then"))
        (here / "dhm.toml").write_text(PROJECT.replace("ready.stable", "ready.stabel", 1), encoding="utf-8")
        until(lambda: "no run begins until it is mended" in (here / "serve.log").read_text())
        assert 200 == send(client, "m2", "O-2")
        time.sleep(2.5)
        assert 1 == len([one for one in runs(here, "paid") if one == "success"])
        (here / "dhm.toml").write_text(PROJECT, encoding="utf-8")
        until(lambda: ["success"] * 2 == list(runs(here, "paid")))
    lines = [json.loads(line) for line in (here / "serve.log").read_text().splitlines()]
    (wrong,) = [one for one in lines if one["level"] == "error"]
    assert ("DHM921", "`[jobs.paid.sources.feed.ready]` has no key `stabel`") == (wrong["code"], wrong["message"])
    assert 1 == sum("no run begins until it is mended" in one["message"] and one["level"] == "warning" for one in lines)


def test_each_line_of_a_run_names_it_and_a_copy_of_a_job_takes_messages_at_an_address_of_its_own(here):
    with served(here, "--log", "json") as (_, client):
        assert 200 == send(client, "m1")
        until(lambda: '"run success"' in (here / "serve.log").read_text())
    ((run,),) = rows(here, "SELECT id FROM run WHERE job = 'paid'")
    lines = [json.loads(line) for line in (here / "serve.log").read_text().splitlines()]
    assert {"run success", f"run {run} starts"} == {one["message"] for one in lines if one.get("run") == run}
    assert "ended" == lines[-1]["message"]
    dhm(here, "jobs", "copy", "paid", "paid-test")
    assert 'path = "paid-test"' in (here / "dhm.toml").read_text()
    with served(here) as (_, client):
        assert 200 == send(client, "m2")


def test_a_ledger_that_another_process_holds_keeps_no_operator_waiting_and_no_message_away(here):
    with served(here) as (_, client):
        ledger = sqlite3.connect(here / ".dhm" / "default" / "ledger.sqlite", isolation_level=None, timeout=30)
        ledger.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert 200 == client.get("/healthz").status_code
        for asked in ("/readyz", "/metrics"):
            assert (503, "the ledger does not answer: another process holds it\n") == ((got := client.get(asked)).status_code, got.text)
        assert time.monotonic() - begun < 20
        # It is on the disk beside the ledger.
        assert 200 == send(client, "m1")
        ledger.execute("ROLLBACK")
        ledger.close()
        until(lambda: "success" in runs(here, "paid"))
        assert "ready\n" == client.get("/readyz").text
        assert "dhm_job_last_run_succeeded" in client.get("/metrics").text
    assert "Traceback" not in (here / "serve.log").read_text()


def test_where_the_ledger_is_removed_nothing_more_is_acknowledged_and_serving_ends(here):
    with served(here) as (process, client):
        assert 200 == send(client, "m1")
        until(lambda: "success" in runs(here, "paid"))
        (here / ".dhm").rename(here / "moved")
        with suppress(httpx.TransportError):
            # It may have ended by then.
            assert 503 == send(client, "m2")
        assert 1 == process.wait(60)
    log = (here / "serve.log").read_text()
    assert "ledger.sqlite` was removed, or another was put in its place, while it was in use" in log
    assert "Traceback" not in log
    assert [] == [one for one in (here / "moved" / "default").glob("arrivals-*.sqlite") if b"m2" in one.read_bytes()]


def test_a_disk_that_takes_nothing_is_told_to_operators_once_and_is_over_by_itself(here):
    with served(here, "--log", "json") as (process, client):
        assert 200 == send(client, "m1")
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, most))
        # What the file has room for already may still be taken.
        until(lambda: send(client, f"m{time.monotonic_ns()}") == 503)
        assert [503] * 5 == [send(client, f"n{number}") for number in range(5)]
        answer = client.get("/readyz")
        assert 503 == answer.status_code
        assert "ready" not in answer.text
        assert 200 == client.get("/healthz").status_code
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        until(lambda: client.get("/readyz").status_code == 200)
        assert 200 == send(client, "n0")
    lines = [json.loads(line) for line in (here / "serve.log").read_text().splitlines()]
    told = [one["message"] for one in lines if one["level"] == "warning"]
    assert 1 == sum(one.startswith("messages cannot be taken, and are answered with 503: ") for one in told)
    assert "messages are taken again" in told


def test_whatever_comes_to_the_address_each_line_of_the_log_is_json(here):
    with served(here, "--log", "json") as (_, client):
        for sent in (
            b"garbage\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01",
        ):
            with socket.create_connection(("127.0.0.1", client.base_url.port), timeout=10) as one, suppress(ConnectionError):
                one.sendall(sent)
                one.recv(4096)
        assert 'hook="",status="400"' in client.get("/metrics").text
    assert all(json.loads(line) for line in (here / "serve.log").read_text().splitlines())


def test_what_libraries_say_is_a_line_like_all_others():
    say = (
        "from datahub.cli.output import Log, log_as; from datahub.cli.libraries import libraries_told; log_as(Log({!r})); libraries_told()"
    )
    does = """
import logging, threading, warnings
from datahub.project.redaction import redacted
redacted.remember("s3cr3t-of-many")
logging.getLogger("some.library").warning("not\\nwell: %s", "s3cr3t-of-many")
warnings.warn("old")
threading.Thread(target=lambda: 1 / 0).start()
"""
    expected = [
        "not well: •••",
        "UserWarning: old",
        "this is a mistake of DataHub, not of yours: Thread-1 (<lambda>) has ended (ZeroDivisionError: division by zero)",
    ]
    for form in ("json", "text"):
        text = subprocess.run(
            [sys.executable, "-c", say.format(form) + does], capture_output=True, text=True, check=True, timeout=60
        ).stderr
        lines = text.splitlines()
        assert expected == [json.loads(one)["message"] if form == "json" else one.partition(": ")[2] for one in lines]
