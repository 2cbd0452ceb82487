"""A secret that a cut goes through is not told either: it is planted across each bound at which texts of others are cut (G18)."""

from __future__ import annotations

import ftplib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from datahub.cli.commands.messages.ls import _short as message
from datahub.cli.commands.preview import _cut as cell
from datahub.cli.summary import _example
from datahub.connectors.declare import Place
from datahub.connectors.ftp_listing import entries
from datahub.connectors.ftp_session import FtpSession
from datahub.connectors.http_client import elsewhere
from datahub.connectors.kinds.webhook import Webhook
from datahub.connectors.rest.guard import followed, origin
from datahub.connectors.rest.session import Request, refused
from datahub.connectors.rest.values import decoded, described
from datahub.connectors.webhook_out import WebhookOut
from datahub.engine.issues import message as told_of_value
from datahub.frames.frame import Failure
from datahub.project.failures import DataHubError
from datahub.project.redaction import redacted
from datahub.project.secrets import Vault
from datahub.reports.page import _short as in_report
from datahub.reports.report import CodeCount

CANARY = "Qm7CvNzrY4kV4zWx81LmKp3RtYb6NcDf20HjGs95"
LEAST = 6
"""Of which so many characters from its beginning are too many."""


def answer(text):
    return str(refused(httpx.Response(400, content=text.encode()), Request("GET", "http://h/x")))


def moved(text):
    return str(elsewhere(httpx.Response(302, headers={"location": text}), "x"))


def raised(call, *given):
    with pytest.raises(DataHubError) as problem:
        call(*given)
    return str(problem.value)


def receiver(text):
    told = {"url": "http://127.0.0.1:1/x", "insecure": True, "secrets": ["${env:HOOK}"]}
    out = WebhookOut(
        Webhook.model_validate(told, context={"vault": Vault({"HOOK": "whsec_bm90aGluZyB0aGF0IG1hdHRlcnM"})}), Place(Path(), Path())
    )
    out._client = httpx.Client(transport=httpx.MockTransport(lambda asked: httpx.Response(500, content=text.encode())))
    return raised(out.post, "id", b"{}", datetime.now(UTC))


def ftp(text):
    session: Any = SimpleNamespace(name="x", lost=False)
    return str(FtpSession._answer(session, ftplib.error_proto(text), ""))


def rejected(text):
    return told_of_value(Failure(np.zeros(1, np.int64), "R104"), pa.array([text]), 1).to_pylist()[0]


WAYS = {
    "an answer that refuses": answer,
    "a redirect": moved,
    "an answer of who takes messages": receiver,
    "an answer that is no JSON": lambda text: raised(decoded, b"{" + text.encode(), "x"),
    "a value of an answer": described,
    "an address out of an answer": lambda text: raised(origin, f"ftp://{text}"),
    "a host out of an answer": lambda text: raised(followed, f"http://{text.replace(' ', '-')}/", "http://h", ()),
    "an answer that is no FTP": ftp,
    "a listing": lambda text: raised(lambda: list(entries([text], ""))),
    "a message": message,
    "a cell of a preview": cell,
    "a value in a summary": lambda text: _example(
        CodeCount("error", "R104", 1, "m", ({"value": text, "message": "m"},)), ({"value": text, "message": "m"},)
    ),
    "a value in a report": in_report,
    "a value of a rejected row": rejected,
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_a_secret_is_left_at_a_cut(way):
    redacted.remember(CANARY)
    for before in range(0, 420, 5):
        told = redacted(WAYS[way]("." * before + f" {CANARY} and more {'.' * 400}"))
        assert CANARY[:LEAST].lower() not in told.lower(), (before, told)
