"""What does not fit between a job, its script and the other jobs is told with its code, at its place in `dhm.toml`, with what to do."""

from __future__ import annotations

import pytest

from datahub.cli.bindings import binding_findings
from datahub.cli.promised import promised
from datahub.diagnostics.render.text import render
from tests.jobs_project import Projected

HEAD = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.erp]
kind = "webhook"
url = "https://erp.example.com/hook"
secrets = ["${env:ERP}"]
"""
ORDERS = """\
[jobs.orders]
mapping = "orders.dhm"
sources.feed = {connection = "here", folder = "in"}
targets.kept = {connection = "here", folder = "out"}
parameters.shop = 7
"""
EXPORT = """\
[jobs.export]
mapping = "export.dhm"
triggers = {kind = "status", entity = "Order", statuses = ["PAID"]}
sources.orders.entity = "Order"
targets.erp = {connection = "here", folder = "erp"}
"""
SCRIPTS = {
    "orders.dhm": """\
param shop: int
source feed: csv { columns { id: text, status: enum(NEW, PAID) } }
entity Order {
  key id
  id     : text
  status : enum(NEW, PAID)
}
map Order from f in feed { include f }
target kept: jsonl {}
flow main { write Order to kept }
flow other { write Order to kept }
""",
    "export.dhm": """\
source orders: jsonl { columns { id: text } }
entity Sent {
  key id
  id : text
}
map Sent from o in orders { include o }
target erp: jsonl {}
flow main { write Sent to erp }
""",
}
FLOW = 'flow = "main"\n'


SCRIPTS["both.dhm"] = """\
source feed: csv { columns { id: text } }
entity A { id: text }
entity B { id: text }
map A from f in feed { include f }
map B from f in feed { include f }
target kept: jsonl {}
flow main {
  write A to kept
  write B to kept
}
"""


def found(folder, toml):
    return found_below(HEAD, folder, toml)


def found_below(head, folder, toml):
    for name, text in {**SCRIPTS, "dhm.toml": head + toml}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return binding_findings(folder)


def test_a_project_that_fits_has_no_findings(tmp_path):
    assert [] == found(tmp_path, ORDERS + FLOW + EXPORT)


def test_what_is_bound_wrongly_is_not_told_as_not_bound_too(tmp_path):
    """The reading of the file has said that there is no such connection."""
    assert [] == found(tmp_path, ORDERS.replace('targets.kept = {connection = "here"', 'targets.kept = {connection = "hree"') + FLOW)


def test_a_job_whose_connection_cannot_be_read_is_told_by_the_connection_alone(tmp_path):
    head = HEAD.replace('kind = "local"', 'kind = "sftp"')
    assert [] == found_below(head, tmp_path, ORDERS + FLOW)


SCRIPTS["two.dhm"] = """\
source feed: csv { columns { id: text } }
entity A { id: text }
map A from f in feed { include f }
target one: csv {}
target two: csv {}
flow main {
  write A to one
  write A to two
}
"""
TWO = """\
[jobs.two]
mapping = "two.dhm"
sources.feed = {connection = "here", folder = "in"}
targets.one = {connection = "here", folder = "out", name = "o-{{RUN}}.csv"}
targets.two = {connection = "here", folder = "./out/", name = "%s"%s}
"""


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("o-{{run}}.csv", "", "the targets `one` and `two` both leave `o-"),
        ("p.csv", ', done_file = "o-20260131-120000-4f2ab.csv"', "the `done_file` of the target `two` is `o-"),
        ("o-{{DATE}}.csv", "", ""),
        ("o-{{TARGET}}.csv", ', done_file = "{{STEM}}.done"', ""),
        ("{{NAME}}", "", ""),
        (
            "p.csv",
            ', done_file = "{{NAME}}.ok"}\nrejects = {connection = "here", folder = "out", name = "p.csv"',
            "the target `two` and `rejects` both leave `p.csv`",
        ),
        (
            "p.csv",
            '}\nrejects = {connection = "here", folder = "out", name = "r.csv", done_file = "p.csv"',
            "the `done_file` of `rejects` is `p.csv`, the file of the target `two`",
        ),
    ],
)
def test_no_two_files_of_a_run_have_one_name(tmp_path, name, more, says):
    told = found(tmp_path, TWO % (name, more))
    assert ([("DHM937", says)] if says else []) == [(one.rule.code, says) for one in told if says in one.message]


def targets(one, two, rejects=""):
    """A job with two targets of one folder, as `dhm check` sees it."""
    two = f"{two}, " if two else ""
    told = TWO.split("targets.one")[0] + f'targets.one = {{connection = "here", {one}}}\ntargets.two = {{{two}connection = "also"}}\n'
    return told + (f"rejects = {{{rejects}}}\n" if rejects else "") + '[connections.also]\nkind = "local"\nroot = "out"\n'


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (targets('folder = "out"', 'name = "two.csv", done_file = "one.csv"'), "the `done_file` of the target `two` is `one.csv`"),
        (targets('folder = "out"', 'name = "one.csv", exists = "replace"'), "the targets `one` and `two` both leave `one.csv`"),
        (targets('folder = "out", name = "{{STEM}}-x.csv"', 'name = "one-x.csv"'), "the targets `one` and `two` both leave `one-x.csv`"),
        (targets('folder = "out", exists = "number"', 'name = "one.csv", exists = "replace"'), "both leave `one.csv`"),
        (targets('folder = "out", exists = "number"', 'name = "one.csv", exists = "number"'), ""),
        (targets('folder = "in"', 'name = "one.csv"'), ""),
        (targets('folder = "out", done_file = "{{STEM}}.csv"', ""), "the `done_file` of the target `one` is `one.csv`, the file itself"),
        (targets('folder = "out"', "", 'connection = "also", name = "one.csv"'), "the target `one` and `rejects` both leave `one.csv`"),
    ],
)  # fmt: skip
def test_names_are_compared_by_the_place_that_they_are_at(tmp_path, job, says):
    told = [one.message for one in found(tmp_path, job) if one.rule.code == "DHM937"]
    assert (1 if says else 0) == len(told)
    assert not says or says in told[0]


SCRIPTS["pair.dhm"] = """\
source feed: csv { columns { id: text } }
source more: csv { columns { id: text } }
entity A { id: int }
map A from f in feed { id: int(f.id) }
map A from f in more { id: int(f.id) }
target one: csv {}
flow main { write A to one }
"""


@pytest.mark.parametrize(
    ("rejects", "says"),
    [
        ('name = "r.csv"', "the rejects of `feed` and `more` would both be `r.csv`"),
        ('name = "r-{{RUN}}.csv", exists = "replace"', "the rejects of `feed` and `more` would both be `r-"),
        ('name = "r.csv", exists = "number"', ""),
        ('name = "{{STEM}}.csv"', ""),
        ("", ""),
    ],
)
def test_the_rejects_of_two_sources_are_two_files(tmp_path, rejects, says):
    job = """\
[jobs.pair]
mapping = "pair.dhm"
sources.feed = {connection = "here", folder = "in"}
sources.more = {connection = "here", folder = "in2"}
targets.one = {connection = "here", folder = "out"}
rejects = {connection = "here", folder = "rej"%s}
"""
    told = [one.message for one in found(tmp_path, job % (f", {rejects}" if rejects else "")) if one.rule.code == "DHM937"]
    assert (1 if says else 0) == len(told)
    assert not says or says in told[0]


def test_what_a_target_of_documents_cannot_be_is_told_once(tmp_path, monkeypatch, dhm):
    documents = ORDERS.replace('folder = "out"}', 'folder = "out", document = "json", name = "{{ID}}.json"}')
    found(tmp_path, documents + FLOW)
    monkeypatch.chdir(tmp_path)
    assert 1 == dhm("check", "dhm.toml").out.count("and it takes documents")


WRONG = {
    "a script that is not there": (ORDERS.replace("orders.dhm", "order.dhm"), "DHM930", '"order.dhm"', "did you mean `orders.dhm`?"),
    "a pack that is not there": (ORDERS.replace("orders.dhm", "pack:acme.none"), "DHM930", '"pack:acme.none"', "dhm pack add acme.none"),
    "several flows": (ORDERS, "DHM930", '"orders.dhm"', ""),
    "a flow that is not there": (ORDERS + 'flow = "mian"\n', "DHM930", '"mian"', ""),
    "a source that is bound to nothing": (
        (ORDERS + FLOW).replace("sources.feed", "sources.fede"),
        "DHM931",
        "[jobs.orders]",
        "write `[jobs.orders.sources.feed]`",
    ),
    "a source that the script has not": ((ORDERS + FLOW).replace("sources.feed", "sources.fede"), "DHM932", "fede", "did you mean `feed`?"),
    "a target that nothing is written to": (
        ORDERS + FLOW + 'targets.more = {connection = "here", folder = "x"}\n',
        "DHM932",
        "more",
        "it has `kept`",
    ),
    "a parameter that the script has not": (ORDERS + FLOW + "parameters.shpo = 1\n", "DHM933", "shpo", "did you mean `shop`?"),
    "a value that is none of the parameter": ((ORDERS + FLOW).replace("= 7", '= "seven"'), "DHM933", '"seven"', ""),
    "a parameter without a value": (
        (ORDERS + FLOW).replace("parameters.shop = 7\n", ""),
        "DHM933",
        "[jobs.orders]",
        "write `parameters.shop = …`",
    ),
    "a start after no job": (
        ORDERS + FLOW + 'triggers = {kind = "after-job", job = "ordres"}\n',
        "DHM934",
        '{kind = "after-job", job = "ordres"}',
        "did you mean `orders`?",
    ),
    "a start after itself": (
        ORDERS + FLOW + 'triggers = {kind = "after-job", job = "orders"}\n',
        "DHM934",
        "",
        "started by something else",
    ),
    "an entity that no job delivers": (
        ORDERS + FLOW + EXPORT.replace('"Order"', '"Ordre"'),
        "DHM935",
        '{kind = "status", entity = "Ordre", statuses = ["PAID"]}',
        "did you mean `Order`?",
    ),
    "a status that the field never has": (ORDERS + FLOW + EXPORT.replace("PAID", "PIAD"), "DHM935", "", "did you mean `PAID`?"),
    "a field that the entity has not": (
        ORDERS + FLOW + EXPORT.replace('entity = "Order",', 'entity = "Order", field = "statsu",'),
        "DHM935",
        "",
        'write `field = "status"`',
    ),
    "a source that nobody binds to what is waited for": (
        ORDERS + FLOW + EXPORT.replace('sources.orders.entity = "Order"', 'sources.orders = {connection = "here", folder = "x"}'),
        "DHM935",
        "",
        'bind one: `sources.NAME.entity = "Order"`',
    ),
    "rows that nobody remembers": (
        ORDERS + FLOW + EXPORT.replace('triggers = {kind = "status", entity = "Order", statuses = ["PAID"]}\n', ""),
        "DHM935",
        '"Order"',
        'write `remember = ["Order"]` below `[jobs.orders]`',
    ),
    "files that no source reads": (
        ORDERS + FLOW + EXPORT.replace('{kind = "status", entity = "Order", statuses = ["PAID"]}', '{kind = "file"}'),
        "DHM935",
        '{kind = "file"}',
        "bind a source to files",
    ),
    "an address that is taken": (
        ORDERS
        + FLOW
        + 'triggers = [{kind = "webhook", path = "o", secrets = ["${env:A}"]}, {kind = "webhook", path = "o", secrets = ["${env:A}"]}]\n',
        "DHM936",
        "",
        "start after the other",
    ),
    "one name for the files of two entities": (
        """\
[jobs.both]
mapping = "both.dhm"
sources.feed = {connection = "here", folder = "in"}
targets.kept = {connection = "here", folder = "out", name = "kept-{{RUN}}.jsonl"}
""",
        "DHM937",
        "kept-{{RUN}}",
        "put `{{STEM}}` into `name`",
    ),
    "a format for rows that are sent": (
        """\
[connections.shop]
kind = "rest"
url = "https://shop.example"
[jobs.both]
mapping = "both.dhm"
sources.feed = {connection = "here", folder = "in"}
targets.kept = {connection = "shop", path = "orders"}
""",
        "DHM937",
        'path = "orders"',
        "target kept: api {}",
    ),
    "a source of another kind than the rows of an API": (
        """\
[connections.shop]
kind = "rest"
url = "https://shop.example"
[jobs.orders]
mapping = "orders.dhm"
flow = "main"
parameters.shop = 7
sources.feed = {connection = "shop", calls = [{path = "orders"}]}
targets.kept = {connection = "here", folder = "out"}
""",
        "DHM937",
        '{connection = "shop", calls = [{path = "orders"}]}',
        "declare it `source feed: jsonl`",
    ),
    "a receiver that is none": (
        ORDERS + FLOW + 'notify = {connection = "here"}\n',
        "DHM937",
        '{connection = "here"}',
        "of the kind `webhook`",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_told_at_its_place(tmp_path, case):
    toml, code, place, advice = WRONG[case]
    told = [one for one in found(tmp_path, toml) if one.rule.code == code]
    assert told, case
    assert (tmp_path / "dhm.toml").samefile(told[0].at.span.document.path)
    assert place in told[0].at.span.text
    assert advice in (told[0].help or "")
    assert code in render(told)


def test_a_job_runs_what_a_pack_exports(tmp_path, monkeypatch, capsys):
    pack = """\
pack acme.shop 1.0.0 {
  about   "What a shop delivers"
  exports feed, Item, shop, main
}
source feed: csv { columns { sku: text } }
entity Item {
  key sku
  sku : text
}
map Item from f in feed { include f }
target shop: jsonl {}
flow main { write Item to shop }
"""
    toml = """\
[project]
name = "shop"
[packs]
"acme.shop" = {path = "packs/shop"}
[connections.here]
kind = "local"
[jobs.items]
mapping = "pack:acme.shop"
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.shop = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
    shop = Projected(tmp_path, {"dhm.toml": toml, "packs/shop/pack.dhm": pack, "in/a.csv": "sku\nA\n"})
    assert [] == binding_findings(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert 0 == promised([], told=True)
    assert "job items: shop: effect once" in capsys.readouterr().err
    assert 1 == shop.by_hand("items").run.counts.written
    assert [[{"sku": "A"}]] == shop.rows("out")
    shop.close()


def test_the_files_of_two_entities_go_to_one_target_under_names_of_their_own(tmp_path):
    toml = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.both]
mapping = "both.dhm"
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{STEM}}-{{RUN}}.jsonl"}
"""
    shop = Projected(tmp_path, {"dhm.toml": toml, "both.dhm": SCRIPTS["both.dhm"], "in/a.csv": "id\n1\n"})
    run = shop.by_hand("both").run
    assert [f"A-{run.id}.jsonl", f"B-{run.id}.jsonl"] == sorted(path.name for path in (tmp_path / "out").iterdir())
    shop.close()
