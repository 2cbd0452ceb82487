"""What Mirakl can answer at each step of an import, and what becomes of the rows: the table of docs/how-to/deliver-to-mirakl.md."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from datahub.connectors.declare import UNSAID, Answer, Place, TerminalError, TransientError
from datahub.connectors.kinds.mirakl import Mirakl
from datahub.connectors.mirakl import following
from datahub.connectors.mirakl.imports import MiraklImports
from datahub.connectors.mirakl.told import MiraklTo
from datahub.connectors.rest.session import Session
from datahub.dev.serving import Asked, FakeServer, Given
from datahub.project.secrets import Secret

ROWS = pa.table({"sku": ["A", "B", "C", "Dé"], "quantity": [1, 2, 3, 4]})
HEAD = "sku;quantity;error-line;error-message\n"
DONE = {"status": "COMPLETE", "lines_in_success": 3, "lines_in_error": 1, "has_error_report": True}


class Platform:
    """A platform that takes each file as an import, and says of it whatever it was told to say."""

    def __init__(self) -> None:
        self.status: list[Any] = []
        """What is answered to each question for a status; the last of them from then on."""
        self.report: list[Any] = []
        self.taken: Any = None
        self.files: list[str] = []
        self.asked: list[str] = []

    def __call__(self, asked: Asked) -> Given:
        if asked.method == "POST":
            self.files.append(asked.parts()["file"].decode())
            return _given({"import_id": 100 + len(self.files)} if self.taken is None else self.taken, 201)
        self.asked.append(asked.path)
        said = self.report if asked.path.endswith("error_report") else self.status
        return _given(said.pop(0) if len(said) > 1 else said[0])

    def refusal(self, status: int, message: str) -> Any:
        return {"message": message}


def _given(said: Any, status: int = 200) -> Given:
    return said if isinstance(said, Given) else Given(status, said.encode() if isinstance(said, str) else said)


class Shop:
    def __init__(self, folder: Path, url: str, platform: Platform) -> None:
        self.place, self.platform = Place(folder, folder), platform
        self._connection = Mirakl.model_validate({"url": url, "insecure": True, "key": Secret("k3y"), "frequency": 0, "attempts": 1})

    def send(self, entity: str = "offers", table: pa.Table = ROWS, **told: Any) -> Answer:
        mine = MiraklTo.model_validate({"connection": "x", "entity": entity, "patience": 0.3} | told)
        imports = MiraklImports(Session(self._connection, self.place, None), self._connection, mine, self.place)
        try:
            return imports.send(imports.render(table), "k")
        finally:
            imports.close()

    def grow_old(self, seconds: float) -> None:
        """As if the imports that are known had been begun so long ago."""
        for one in (self.place.state / "mirakl").iterdir():
            os.utime(one, (time.time() - seconds,) * 2)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    platform = Platform()
    with FakeServer(platform) as server:
        yield Shop(tmp_path, server.url, platform)


def _codes(answer: Answer) -> dict[int, str]:
    return {one.row: one.code for one in answer.refused}


@pytest.mark.parametrize(
    "report, message",
    [
        ((HEAD + "B;2;3;mauvaise donnée\n").encode("latin-1"), "mauvaise donnée"),
        ((HEAD + "B;2;3;mauvaise donnée\n").encode("utf-16"), "mauvaise donnée"),
        ((HEAD + " B ;2;3;bad\n").encode(), "bad"),
        ((HEAD + "B;2;99999999999999999999;bad\n").encode(), "bad"),
        ((HEAD + "B;2;³;bad\0\n").encode(), "bad\0"),
        ((HEAD + "B;2;3;bad\n").replace(";", ",").encode(), "bad"),
    ],
)
def test_a_report_is_read_in_whatever_it_is_written(shop: Shop, report: bytes, message: str) -> None:
    shop.platform.status, shop.platform.report = [DONE], [report]
    (refused,) = shop.send().refused
    assert (1, "MIRAKL", message) == (refused.row, refused.code, refused.message)


def test_a_line_with_letters_is_found_in_a_report_that_is_not_utf_8(shop: Shop) -> None:
    shop.platform.status, shop.platform.report = [DONE], [(HEAD + "Dé;4;5;no\n").encode("cp1252")]
    assert {3: "MIRAKL"} == _codes(shop.send())


@pytest.mark.parametrize(
    "status, report, why",
    [
        (DONE, b"", "the error report of import 101 is empty"),
        (DONE, b"\n", "the error report of import 101 is empty"),
        (DONE, b"null", "the error report of import 101 has no column with reasons: `null`"),
        (DONE, b"<html>", "the error report of import 101 has no column with reasons: `<html>`"),
        (DONE, b"error-line;error-message\n3;bad\n", "the error report of import 101 has no column `sku`"),
        (DONE, (HEAD + "Z;2;9;bad\n").encode(), "has a line that was not sent: `Z 2 9 bad`"),
        (DONE, (HEAD + "B;2;3;\n").encode(), "import 101 has 1 line in error, and its error report names 0"),
        (DONE, Given(404, {"message": "no"}), "the error report of import 101 is not there"),
        (DONE | {"lines_in_error": 2, "has_error_report": False}, b"", "import 101 has 2 lines in error, and no report of them"),
        (DONE | {"lines_in_error": None}, HEAD.encode(), "import 101 has an error report that names no line"),
        (DONE | {"lines_in_error": 0, "has_error_report": False, "lines_read": 3}, b"", "tells that it has read 3 of 4 lines"),
    ],
)
def test_where_an_import_does_not_say_which_lines_are_in_error_all_of_it_comes_back(shop: Shop, status: Any, report: Any, why: str) -> None:
    shop.platform.status, shop.platform.report = [status], [report]
    answer = shop.send()
    assert dict.fromkeys(range(4), UNSAID) == _codes(answer)
    assert why in answer.refused[0].message
    assert answer.refused[0].message.endswith("whether this line was taken is to be looked up")
    # It was looked at again before, in case the report was being made, and then never more.
    assert 3 == sum(not one.endswith("error_report") for one in shop.platform.asked)
    assert 1 == len(shop.platform.files)


def test_more_lines_in_error_than_the_report_names_leave_the_others_in_doubt(shop: Shop) -> None:
    shop.platform.status = [DONE | {"lines_in_error": 3}]
    shop.platform.report = [(HEAD + "B;2;3;bad\nB;2;3;worse\n").encode()]
    answer = shop.send()
    assert {0: UNSAID, 1: "MIRAKL", 2: UNSAID, 3: UNSAID} == _codes(answer)
    # Two things that are wrong with one line are one line in error.
    assert "3 lines in error, and its error report names 1" in answer.refused[0].message
    assert "bad; worse" == answer.refused[1].message


def test_a_report_that_is_made_a_moment_later_is_waited_for(shop: Shop) -> None:
    shop.platform.status = [DONE | {"has_error_report": False}, DONE]
    shop.platform.report = [Given(404, {}), (HEAD + "B;2;3;bad\n").encode()]
    assert {1: "MIRAKL"} == _codes(shop.send())


@pytest.mark.parametrize(
    "status",
    [
        DONE | {"lines_in_error": "0", "has_error_report": "false"},
        DONE | {"lines_in_error": 0, "has_error_report": None},
        DONE | {"lines_in_error": 0},
        {"status": "COMPLETE"},
    ],
)
def test_what_nothing_is_wrong_with_is_delivered(shop: Shop, status: Any) -> None:
    shop.platform.status, shop.platform.report = [status], [(HEAD + "B;2;3;\n").encode()]
    assert () == shop.send().refused


def test_a_report_with_other_keys_can_be_read_once_the_job_names_them(shop: Shop) -> None:
    shop.platform.status, shop.platform.report = [DONE], [b"quantity;error-message\n2;bad\n"]
    with pytest.raises(TerminalError, match="has no column `sku`") as failure:
        shop.send()
    assert "`key` of the target" in failure.value.help
    assert {1: "MIRAKL"} == _codes(shop.send(key=["quantity"]))
    assert 1 == len(shop.platform.files)


# ---------------------------------------------------------------------------------------------------------- status


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "TRANSFORMATION_FAILED"])
def test_an_import_that_failed_is_told_once_and_begun_anew(shop: Shop, state: str) -> None:
    shop.platform.status = [{"status": state, "reason_status": "the platform was at work on itself"}, {"status": "COMPLETE"}]
    with pytest.raises(TerminalError, match=f"import 101 of offers ended as {state}: the platform was at work on itself") as failure:
        shop.send()
    assert "the next run sends these lines as a new import" in failure.value.help
    assert not failure.value.untouched
    assert "102" == shop.send().reference
    assert shop.platform.files[0] == shop.platform.files[1]


@pytest.mark.parametrize("entity", ["offers", "prices"])
def test_an_import_that_the_platform_does_not_know_any_more_is_begun_anew(shop: Shop, entity: str) -> None:
    gone: Any = Given(404, {"message": "no such import"}) if entity == "offers" else {"data": []}
    done: Any = {"status": "COMPLETE"} if entity == "offers" else {"data": [{"import_id": 102, "status": "COMPLETE"}]}
    table = ROWS if entity == "offers" else ROWS.rename_columns(["offer_sku", "price"])
    shop.platform.status = [gone]
    # It may not be listed yet.
    with pytest.raises(TransientError, match=r"import 101 of .* is still not known yet"):
        shop.send(entity, table)
    shop.grow_old(601)
    shop.platform.status = [gone, done]
    assert "102" == shop.send(entity, table).reference
    assert 2 == len(shop.platform.files)


def test_a_platform_that_knows_none_of_its_imports_is_told_and_not_asked_without_an_end(shop: Shop, monkeypatch: Any) -> None:
    monkeypatch.setattr(following, "_SETTLED", 0.0)
    shop.platform.status = [Given(404, {})]
    with pytest.raises(TerminalError, match="took the file as import 101 of offers, and does not know that import") as failure:
        shop.send()
    assert "shop_id" in failure.value.help
    assert [1, 1] == [len(shop.platform.files), len(shop.platform.asked)]


def test_an_import_without_an_end_is_let_go_after_a_day(shop: Shop) -> None:
    shop.platform.status = [{"status": "SOME_STATE_OF_2031"}]
    with pytest.raises(TransientError, match="is still SOME_STATE_OF_2031"):
        shop.send()
    shop.grow_old(25 * 3600)
    with pytest.raises(TerminalError, match="is SOME_STATE_OF_2031 since 25 hours"):
        shop.send()
    shop.platform.status = [{"status": "COMPLETE"}]
    assert "102" == shop.send().reference


@pytest.mark.parametrize("status", [[], None, "COMPLETE", 7])
def test_a_status_that_is_none_is_told(shop: Shop, status: Any) -> None:
    shop.platform.status = [Given(200, status)]
    with pytest.raises(TerminalError, match="OF02 answers no import: `") as failure:
        shop.send()
    assert "import 101 of offers was taken" in failure.value.help
    shop.platform.status = [{"status": "COMPLETE"}]
    assert ("101", 1) == (shop.send().reference, len(shop.platform.files))


@pytest.mark.parametrize("page", [[], None, {"data": {"a": 1}}, {"data": "x"}])
def test_a_list_of_imports_that_is_none_is_told(shop: Shop, page: Any) -> None:
    shop.platform.status = [Given(200, page)]
    with pytest.raises(TerminalError, match="PRI02 answers no list of imports"):
        shop.send("prices", ROWS.rename_columns(["offer_sku", "price"]))


@pytest.mark.parametrize("data", [[], None])
def test_a_list_that_leads_back_to_itself_ends(shop: Shop, data: Any) -> None:
    shop.platform.status = [{"data": data, "next_page_token": "x"}]
    with pytest.raises(TerminalError, match="PRI02 answers a list that goes in a circle"):
        shop.send("prices", ROWS.rename_columns(["offer_sku", "price"]), patience=3600)
    assert 2 == len(shop.platform.asked)


def test_a_list_without_an_end_is_left_when_patience_is_over(shop: Shop) -> None:
    class Endless(list[Any]):
        def pop(self, index: Any = 0) -> Any:
            return {"data": [], "next_page_token": os.urandom(8).hex()}

    shop.platform.status = Endless([0, 0])
    with pytest.raises(TransientError, match=r"import 101 is not found in \d+ pages of the list of imports \(PRI02\)"):
        shop.send("prices", ROWS.rename_columns(["offer_sku", "price"]))


@pytest.mark.parametrize("taken", [{}, [], {"import_id": None}, {"import_id": True}, {"import_id": "../../users"}, {"import_id": [1]}, ""])
def test_a_file_that_is_taken_without_a_number_is_told(shop: Shop, taken: Any) -> None:
    shop.platform.taken = Given(201, taken if taken != "" else b"")
    with pytest.raises(TerminalError, match="Mirakl took the file, and gave no `import_id`"):
        shop.send()
    assert [] == shop.platform.asked


def test_what_was_kept_of_an_import_and_cannot_be_read_is_begun_anew(shop: Shop) -> None:
    shop.platform.status = [{"status": "RUNNING"}]
    with pytest.raises(TransientError):
        shop.send()
    for one in (shop.place.state / "mirakl").iterdir():
        one.write_text("{", encoding="utf-8")
    shop.platform.status = [{"status": "COMPLETE"}]
    assert "102" == shop.send().reference


def test_lines_that_are_sent_again_are_never_taken_for_others(shop: Shop) -> None:
    """The second import of an attempt that broke off is gone on with only by the same lines."""
    shop.platform.status = [DONE, {"status": "RUNNING"}]
    shop.platform.report = [(HEAD + "B;2;3;bad\n").encode()]
    with pytest.raises(TransientError, match="import 102"):
        shop.send(resend=1)
    shop.platform.status = [DONE, {"status": "COMPLETE"}]
    shop.platform.report = [(HEAD + "C;3;4;bad\n").encode()]
    assert "101, 103" == shop.send(resend=1).reference
    assert "C;3" in shop.platform.files[2]


# ---------------------------------------------------------------------------------------------------------- told to end

PROJECT = {
    "dhm.toml": """
[project]
name = "p"
[connections.here]
kind = "local"
[connections.shop]
kind = "mirakl"
url = "URL"
insecure = true
key = "${env:SHOP_KEY}"
frequency = "0.05 s"
[jobs.offers]
mapping = "offers.dhm"
[jobs.offers.sources.feed]
connection = "here"
folder = "in"
ready.stable = 0
[jobs.offers.targets.shop]
connection = "shop"
entity = "offers"
""",
    "offers.dhm": """
source feed: csv {
  columns { sku: text }
}
entity Offer {
  key sku
  sku : text
}
target shop: api { }
map Offer from f in feed {
  sku : f.sku
}
flow main {
  write Offer to shop
}
""",
    "in/feed.csv": "sku\nA\nB\n",
}


def test_one_signal_ends_a_run_that_waits_for_an_import_and_the_next_goes_on_with_it(tmp_path: Path) -> None:
    platform = Platform()
    platform.status = [{"status": "RUNNING"}]
    with FakeServer(platform) as server:
        for name, text in PROJECT.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text.replace("URL", server.url), encoding="utf-8")
        command = [sys.executable, "-m", "datahub", "run", "offers"]
        environment = {**os.environ, "SHOP_KEY": "k3y-of-a-shop"}
        with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
            until = time.monotonic() + 60
            while len(platform.asked) < 3 and time.monotonic() < until:
                time.sleep(0.05)
            run.send_signal(signal.SIGTERM)
            told, _ = run.communicate(timeout=20)
        assert 143 == run.returncode, told
        assert "goes on where it is with the next `dhm run offers`" in told
        platform.status = [{"status": "COMPLETE"}]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert 0 == done.returncode, done.stdout + done.stderr
    assert 1 == len(platform.files)
    assert json.loads(next((tmp_path / ".dhm").rglob("mirakl/*.json")).read_text()) == {"import_id": "101"}
