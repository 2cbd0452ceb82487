"""Rejected rows that are replayed alone, by code and key: whatever the format, they are the records as they came."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import typer

from datahub.connectors.declare import TerminalError
from datahub.runner.jobs.picked_rejects import picked
from datahub.runner.jobs.rejected_rows import Wanted
from datahub.runner.jobs.replay import replay
from datahub.runner.jobs.replayed import replayed
from datahub.state.records import Admission, Fire, FireKind
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv {}
entity Offer {
  key sku
  sku: text(1..5)
  price: decimal(8,2)
}
map Offer from f in feed { sku: text(f.sku), price: decimal(text(f.price)) }
target kept: jsonl {}
flow main { write Offer to kept }
"""
CSV = {
    "a.csv": 'sku,price\nA1,free\nA2,1\n"A3",\n',
    "b.csv": 'sku,price\nB1,2\n"B,2",oops\nB3,free\n',
}
JSONL = {"a.jsonl": '{"sku": "A1", "price": "free"}\n{"sku": "A3", "price": null}\n{"sku":"B,2","price":"oops"}\n'}
JSON = {"a.json": '{"rows": [{"sku": "A1", "price": "free"},\n {"sku": "A3", "price": null}, {"sku":"B,2","price":"oops"}]}'}
XML = {
    "a.xml": "<all><row><sku>A1</sku><price>free</price></row><row><sku>A3</sku></row><row><sku>B,2</sku><price>oops</price></row></all>"
}
SOURCES = {
    "csv": ("csv { columns { sku: text, price: text? } }", CSV),
    "jsonl": ("jsonl { columns { sku: text, price: text? } }", JSONL),
    "json": ('json { rows "$.rows" columns { sku: text, price: text? } }', JSON),
    "xml": ('xml { rows "/all/row" columns { sku: text, price: text? } }', XML),
}


def made(folder, kind):
    declared, files = SOURCES[kind]
    script = SCRIPT.replace("csv {}", declared).replace("decimal(text(f.price))", "decimal(f.price)").replace("text(f.sku)", "f.sku")
    shop = Projected(folder, {"dhm.toml": PROJECT, "offers.dhm": script, **{f"in/{name}": text for name, text in files.items()}})
    shop.by_hand("offers")
    return shop, shop.store.rejects.list()[0]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    "wanted, keys",
    [(Wanted("R104"), {"A1", "B,2", "B3"}), (Wanted("R2*"), {"A3"}), (Wanted(key="B,2"), {"B,2"}), (Wanted("R104", key="A"), {"A1"})],
)
def test_the_rows_that_are_wanted_fall_again_and_no_other(tmp_path, kind, wanted, keys):
    shop, rejects = made(tmp_path, kind)
    path, places = picked(shop.context("offers"), rejects, wanted, tmp_path)
    ending = replay(shop.context("offers"), rejects, path, places=places)
    there = {"A1", "A3", "B,2", *({"B3"} if kind == "csv" else set())}
    assert (len(keys & there), len(places)) == (ending.run.counts.rejected, ending.run.counts.read)
    (again,) = shop.store.rejects.list(ending.run.id)
    text = (tmp_path / again.path).read_text(encoding="utf-8")
    assert {key: key in keys for key in there} == {key: key in text for key in there}
    # The others are still to be replayed.
    assert (len(there) - len(places), True) == ((found := replayed(shop.store, rejects)).left, found.certain)
    shop.close()


@pytest.mark.parametrize(
    "asks", ["count(Offer) < previous_count(Offer) * 80%", "count(Offer) < 3", "count(Offer) + previous_count(Offer) < 9"]
)
def test_what_a_script_says_of_how_many_rows_there_are_is_not_asked_of_a_replay(tmp_path, asks):
    declared = SCRIPT.replace("csv {}", "csv { columns { sku: text, price: text? } }")
    script = declared.replace("write Offer to kept", f"write Offer to kept\n  abort when {asks}\n  abort when rejected(Offer) > 2\n")
    files = {"in/a.csv": "sku,price\n" + "".join(f"A{number},1\n" for number in range(9)) + "B,free\n"}
    shop = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": script, **files})
    assert (9, 1) == ((first := shop.by_hand("offers").run.counts).written, first.rejected)
    rejects = shop.store.rejects.list()[0]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("sku,price\nB,free\nC,free\nD,free\n")
    ending = replay(shop.context("offers"), rejects, wrong)
    assert ("failed", "ABORTED") == (ending.run.status.value, ending.run.code)
    assert ending.help.startswith(
        f"nothing of it was delivered, and all of it is still to be replayed: `dhm rejects replay {rejects.run} --file"
    )
    (right := tmp_path / "right.csv").write_text("sku,price\nB,2\n")
    ending = replay(shop.context("offers"), rejects, right)
    assert ("success", 1) == (ending.run.status.value, ending.run.counts.written)
    assert ending.report is not None
    assert any("is not asked of a part" in note for note in ending.report.notes)
    # It is no measure of what comes after it.
    shop.put("in/b.csv", "sku,price\nA1,3\nA2,3\n")
    assert ("ABORTED" if "< 9" not in asks else "") == shop.by_hand("offers").run.code
    shop.close()


@pytest.mark.parametrize("limit", ['share = "5%"', "rows = 1"])
def test_those_of_the_rejects_that_are_right_go_whatever_the_job_tolerates(tmp_path, limit):
    """All rows of a replay were wrong once: a share of them that is right is no measure."""
    toml = PROJECT.replace('mapping = "offers.dhm"', f'mapping = "offers.dhm"\ntolerance.{limit.replace("1", "3")}', 1)
    files = {"in/a.csv": "sku,price\n" + "".join(f"A{number},1\n" for number in range(97)) + "B,x1\nC,x2\nD,x3\n"}
    shop = Projected(
        tmp_path, {"dhm.toml": toml, "offers.dhm": SCRIPT.replace("csv {}", "csv { columns { sku: text, price: text? } }"), **files}
    )
    first = shop.by_hand("offers").run
    assert ("success", 97, 3) == (first.status.value, first.counts.written, first.counts.rejected)
    (rejects,) = shop.store.rejects.list()
    (partly := tmp_path / "partly.csv").write_text("sku,price\nB,11\nC,x2\nE,x\nF,x\nG,x\n")
    ending = replay(shop.context("offers"), rejects, partly)
    assert ("success", 1, 4) == (ending.run.status.value, ending.run.counts.written, ending.run.counts.rejected)
    (left,) = shop.store.rejects.list(ending.run.id)
    assert 4 == left.rows
    shop.close()


def test_a_replay_and_a_run_that_goes_on_say_nothing_where_they_are_to_be_quiet(tmp_path, monkeypatch, capsys):
    from datahub.cli.commands.rejects.replay import command as replayed
    from datahub.cli.commands.runs.resume import command as resumed

    shop, rejects = made(tmp_path, "csv")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.csv").write_text("sku,price\nA1,2\n")
    capsys.readouterr()
    with pytest.raises(typer.Exit):
        replayed(rejects.run, file=tmp_path / "right.csv", quiet=True)
    assert ("", "") == capsys.readouterr()
    now = datetime.now(UTC)
    waits = shop.store.runs.submit(Fire("offers", FireKind.MANUAL, now), Admission(), now)
    with pytest.raises(typer.Exit):
        resumed(waits.id, quiet=True)
    assert ("", "") == capsys.readouterr()
    shop.close()


def test_where_rows_fell_together_nothing_is_guessed(tmp_path):
    script = SCRIPT.replace("csv {}", "csv { columns { sku: text, price: decimal } }").replace(
        "map Offer from f in feed { sku: text(f.sku), price: decimal(text(f.price)) }",
        "map Offer from f in feed group by f.sku { sku: f.sku, price: sum(f.price) }",
    )
    files = {"in/a.csv": "sku,price\nA1,1\nA1,x\nA2,1\n"}
    shop = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": script, **files})
    shop.by_hand("offers")
    (rejects,) = shop.store.rejects.list()
    assert 2 == rejects.rows
    with pytest.raises(TerminalError, match="together with others"):
        picked(shop.context("offers"), rejects, Wanted("R104"), tmp_path)
    shop.close()


def test_what_fell_for_a_joined_row_is_not_guessed(tmp_path):
    script = SCRIPT.replace("csv {}", "csv { columns { sku: text, price: decimal } }").replace(
        "map Offer from f in feed { sku: text(f.sku), price: decimal(text(f.price)) }",
        "map Offer from f in feed join o in feed on o.sku = f.price_of { sku: f.sku, price: o.price }",
    )
    script = script.replace("price: decimal }", "price: decimal?, price_of: text? }")
    # The row named is the second, which has the cell; the one rejected is the first.
    shop = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": script, "in/a.csv": "sku,price,price_of\nA1,1,A2\nA2,x,A3\nA3,2,A3\n"})
    shop.by_hand("offers")
    (rejects,) = shop.store.rejects.list()
    assert 1 == rejects.rows
    with pytest.raises(TerminalError, match="together with others"):
        picked(shop.context("offers"), rejects, Wanted("R101"), tmp_path)
    with pytest.raises(TerminalError, match="together with others"):
        picked(shop.context("offers"), rejects, Wanted("R104"), tmp_path)
    shop.close()


def test_rows_of_files_with_other_headers_are_replayed_by_their_file(tmp_path):
    declared = SCRIPT.replace("csv {}", 'csv { columns { sku: text at "sku" or "ref", price: text? } }')
    script = declared.replace("decimal(text(f.price))", "decimal(f.price)").replace("text(f.sku)", "f.sku")
    files = {"in/a.csv": "sku,price\nA1,free\n", "in/b.csv": "price,ref,note\noops,B1,x\nfree,B2,y\n"}
    shop = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": script, **files})
    shop.by_hand("offers")
    first, second = sorted(shop.store.rejects.list(), key=lambda one: one.source)
    assert ["feed", "feed-2"] == [first.source, second.source]
    with pytest.raises(TerminalError, match="headers of their own"):
        picked(shop.context("offers"), second, Wanted("R104"), tmp_path)
    path = tmp_path / "corrected.csv"
    path.write_text((tmp_path / second.path).read_text().replace("oops", "7"))
    ending = replay(shop.context("offers"), second, path)
    assert (2, 1, 1) == (ending.run.counts.read, ending.run.counts.written, ending.run.counts.rejected)
    shop.close()
