"""What people and schedulers type: results, words and exit codes of every command."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

OFFERS = """\
source feed: csv {
  delimiter ";"  decimal ","
  columns {
    ref   : text
    price : decimal
    stock : int
  }
}

entity Offer {
  key sku
  sku   : text(1..20)
  price : decimal(10, 2)  where price > 0
  stock : int
}

map Offer from f in feed
  where f.stock > 0
{
  sku   : upper(f.ref)
  price : f.price
  stock : f.stock
}

test "a reference becomes upper case" {
  given feed
    | ref | price | stock |
    | a   | 1,50  | 2     |
  expect Offer
    | sku | price | stock |
    | A   | 1.5   | 2     |
}
"""
FEED = "ref;price;stock\na;1,50;2\nb;free;1\nc;3,00;0\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a script and its feed, in which the command is typed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "offers.dhm").write_text(OFFERS, encoding="utf-8")
    (tmp_path / "feed.csv").write_text(FEED, encoding="utf-8")
    return tmp_path


def broken(here) -> None:
    (here / "broken.dhm").write_text(OFFERS.replace("f.ref)", "f.reff)"), encoding="utf-8")


# ---------------------------------------------------------------- check


def test_a_script_without_mistakes_is_ok(here, dhm):
    ended = dhm("check")
    assert (0, "", "ok: nothing wrong in 1 script\n") == (ended.code, ended.out, ended.err)


def test_errors_are_told_on_standard_output_and_end_with_1(here, dhm):
    broken(here)
    ended = dhm("check", "broken.dhm", "offers.dhm")
    assert 1 == ended.code
    assert "error[DHM101]: `f` has no field `reff`\n  --> broken.dhm:20:19\n" in ended.out
    assert ended.err.startswith("1 error in 2 scripts")


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab"])
def test_tools_get_nothing_but_their_document(here, dhm, form):
    broken(here)
    assert "DHM101" in json.dumps(json.loads(dhm("check", "broken.dhm", "--output", form).out))
    assert 0 == dhm("check", "offers.dhm", "--output", form).code


def test_safe_fixes_are_applied_until_there_are_none(here, dhm):
    script = OFFERS.replace("where f.stock > 0", "WHERE f.stock != 0 && f.price == 1.5")
    (here / "offers.dhm").write_text(script, encoding="utf-8")
    assert 1 == dhm("check").code
    ended = dhm("check", "--fix")
    assert (0, "") == (ended.code, ended.out)
    assert "applied" in ended.err
    assert "  where f.stock <> 0 and f.price = 1.5\n" in (here / "offers.dhm").read_text(encoding="utf-8")


def test_a_script_that_needs_no_fix_is_not_touched(here, dhm):
    os.utime(here / "offers.dhm", (1, 1))
    dhm("check", "--fix")
    assert 1 == (here / "offers.dhm").stat().st_mtime


def test_the_signature_lists_the_codes_of_every_field(here, dhm):
    ended = dhm("check", "--signature")
    assert "Offer.price  R102 R104 R105 R201\n" in ended.out


def test_a_script_that_is_no_text_does_not_keep_the_others_from_being_checked(here, dhm):
    (here / "a.dhm").write_bytes(b"# caf\xe9\n")
    broken(here)
    ended = dhm("check")
    assert ("DHM903" in ended.out, "DHM101" in ended.out, 1) == (True, True, ended.code)


# ---------------------------------------------------------------- fmt


def test_fmt_writes_the_one_style_and_then_leaves_it(here, dhm):
    (here / "offers.dhm").write_text(OFFERS.replace("  : ", ":"), encoding="utf-8")
    assert (1, "") == (dhm("fmt", "--check").code, dhm("fmt", "--check").out)
    shown = dhm("fmt", "--diff")
    assert 1 == shown.code
    assert "+  sku   : upper(f.ref)\n" in shown.out
    assert 0 == dhm("fmt").code
    once = (here / "offers.dhm").read_text(encoding="utf-8")
    assert (0, once) == (dhm("fmt", "--check").code, (here / "offers.dhm").read_text(encoding="utf-8"))


def test_fmt_leaves_a_script_that_does_not_parse_and_says_why(here, dhm):
    (here / "a.dhm").write_text("map {\n", encoding="utf-8")
    ended = dhm("fmt", "a.dhm")
    assert (1, "map {\n") == (ended.code, (here / "a.dhm").read_text(encoding="utf-8"))
    assert "error[DHM001]" in ended.err


def test_fmt_is_a_filter_as_well(here, dhm, monkeypatch):
    class Input:
        buffer = io.BytesIO(b'param a:text="x"')

    monkeypatch.setattr(sys, "stdin", Input())
    assert 'param a: text = "x"\n' == dhm("fmt", "-").out


# ---------------------------------------------------------------- explain, functions, eval


def test_explain_tells_a_code_or_a_name_with_its_examples(dhm):
    page = dhm("explain", "dhm101").out
    assert page == dhm("explain", "unknown-name").out
    assert "error[DHM101] unknown-name: " in page
    assert re.search(
        r"This has it:\n\n  offers\.dhm\n    entity.*\n  - .*\n  \$ dhm check offers\.dhm\n  error\[DHM101\].*This has not:.*\n  \+ ",
        page,
        re.DOTALL,
    )
    assert "R104" in dhm("explain", "r104").out


def test_explain_names_the_nearest_of_what_does_not_exist(dhm):
    ended = dhm("explain", "unknown-nam")
    assert (2, "error: no finding is called `unknown-nam`\n  help: did you mean `unknown-name`?\n") == (ended.code, ended.err)


def test_explain_lists_everything_and_gives_json(dhm):
    assert {"code", "name", "severity", "summary", "explanation", "bad", "good"} == set(json.loads(dhm("explain", "--json").out)[0])
    assert len(dhm("explain").out.splitlines()) == len(json.loads(dhm("explain", "--json").out))


def test_explain_prints_the_plan_of_a_script(here, dhm):
    assert "exchange: rows with equal sku meet" in dhm("explain", "offers.dhm").out
    json.loads(dhm("explain", "offers.dhm", "--json").out)


def test_functions_are_listed_found_and_told(dhm):
    assert "upper" in dhm("functions").out
    assert dhm("functions", "upper").out.startswith("upper(")
    assert {"name", "signatures", "examples"} <= set(json.loads(dhm("functions", "upper", "--json").out)[0])
    ended = dhm("functions", "uper")
    assert (2, True) == (ended.code, "did you mean `upper`?" in ended.err)


def test_an_expression_is_evaluated(dhm):
    assert (0, "ABC!\n") == (dhm("eval", 'upper("abc") & "!"').code, dhm("eval", 'upper("abc") & "!"').out)
    assert (0, "null\n") == (dhm("eval", "null").code, dhm("eval", "null").out)
    rejected = dhm("eval", "1 / 0")
    assert (1, "", True) == (rejected.code, rejected.out, rejected.err.startswith("rejected: R601 "))
    refused = dhm("eval", "1 +")
    assert (1, "", True) == (refused.code, refused.out, "error[DHM001]" in refused.err)
    assert 2 == dhm("eval").code
    assert (0, "-3\n") == (dhm("eval", "-5 + 2").code, dhm("eval", "-5 + 2").out)
    assert (2, True) == (dhm("eval", "--nope").code, "there is no option `--nope`" in dhm("eval", "--nope").err)


def test_expressions_are_answered_line_by_line(dhm, monkeypatch):
    class Input:
        buffer = io.BytesIO(b'{"expr": "1.50 + 1"}\n{"expr": "null"}\n{"expr": "1 / 0"}\n{"expr": "nope(1)"}\nx\n{"expr": 1}\n')

    monkeypatch.setattr(sys, "stdin", Input())
    ended = dhm("eval", "--jsonl")
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [("value",), ("null",), ("rejected",), ("refused",), ("refused",), ("refused",)] == [tuple(answer)[:1] for answer in answers]
    assert ("2.50", "R601", "DHM105") == (answers[0]["value"], answers[2]["rejected"], answers[3]["refused"])
    assert 0 == ended.code


# ---------------------------------------------------------------- run


def test_a_run_writes_tells_and_accepts_rejects(here, dhm):
    ended = dhm("run", "offers.dhm", "--source", "feed=feed.csv")
    assert (0, "") == (ended.code, ended.out)
    assert "feed  3 read  =  1 written  + 1 rejected  + 1 filtered" in ended.err
    assert '{"sku":"A","price":1.50,"stock":2}\n' == (here / "out" / "Offer.jsonl").read_text(encoding="utf-8")
    assert "free" in (here / "out" / "run" / "rejects" / "feed.csv").read_text(encoding="utf-8")
    assert 3 == json.loads((here / "out" / "run" / "report.json").read_text())["sources"][0]["read"]


def test_a_run_can_be_asked_to_fail_on_rejects_and_to_say_nothing(here, dhm):
    ended = dhm("run", "offers.dhm", "--source", "feed=feed.csv", "--fail-on-rejects", "--quiet")
    assert (3, "", "") == (ended.code, ended.out, ended.err)


@pytest.mark.parametrize("size", ["0B", "1.5 KB", "2GiB"])
def test_the_memory_of_a_run_does_not_change_its_result(here, dhm, size):
    assert 0 == dhm("run", "offers.dhm", "--source", "feed=feed.csv", "--memory", size, "--format", "csv").code
    assert "sku,price,stock\nA,1.5,2\n" == (here / "out" / "Offer.csv").read_text().replace("1.50", "1.5")


@pytest.mark.parametrize(("text", "code"), [("", 4), ("ref;price;stock\n", 4), ("ref;price;stock\na;1;1\n", 0)])
def test_a_run_can_be_asked_to_fail_without_input(here, dhm, text, code):
    (here / "feed.csv").write_text(text)
    assert 0 == dhm("run", "offers.dhm", "--source", "feed=feed.csv").code
    assert code == dhm("run", "offers.dhm", "--source", "feed=feed.csv", "--fail-on-empty").code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.dhm"], "there is no script `nowhere.dhm`"),
        (["offers.dhm"], "the source `feed` has no file"),
        (["offers.dhm", "--source", "feed"], "names no source and file"),
        (["offers.dhm", "--source", "feed=nowhere.csv"], "there is no file `nowhere.csv`"),
        (["offers.dhm", "--source", "feed=feed.csv", "--source", "food=feed.csv"], "the script has no source `food`"),
        (["offers.dhm", "--source", "feed=feed.csv", "--param", "x=1"], "the script has no parameter `x`"),
        (["offers.dhm", "--source", "feed=feed.csv", "--flow", "x"], "the script has no flow `x`"),
        (["offers.dhm", "--source", "feed=feed.csv", "--as-of", "monday"], "`monday` is no instant"),
        (["offers.dhm", "--source", "feed=feed.csv", "--memory", "much"], "`--memory much` is no size"),
        (["offers.dhm", "--source", "feed=feed.csv", "--format", "xml"], "'xml'"),
        (["offers.dhm", "--source", "feed=feed.csv", "--out", "feed.csv"], "`feed.csv` is a file, and the results need a folder"),
    ],
)
def test_wrong_usage_ends_with_2_and_touches_nothing(here, dhm, arguments, said):
    ended = dhm("run", *arguments)
    assert 2 == ended.code
    assert said in ended.err
    assert not (here / "out").exists()


def test_a_script_that_does_not_compile_ends_a_run_with_2(here, dhm):
    broken(here)
    ended = dhm("run", "broken.dhm", "--source", "feed=feed.csv")
    assert (2, True, False) == (ended.code, "error[DHM101]" in ended.err, (here / "out").exists())


def test_a_value_that_a_target_cannot_take_rejects_its_row(here, dhm):
    (here / "tags.dhm").write_text(
        'source items: csv { columns { id: text, tags: [text] @split(",") } }\n'
        "entity Item { id: text, tags: [text] }\n"
        "map Item from i in items { include i }\n"
        'target tagged: csv { columns { id, tags: [text] @split("|") } }\n'
        "flow all { write Item to tagged }\n",
        encoding="utf-8",
    )
    (here / "items.csv").write_text('id,tags\na,"x,y|z"\nb,"x,y"\n', encoding="utf-8")
    ended = dhm("run", "tags.dhm", "--source", "items=items.csv", "--out", "out")
    assert 0 == ended.code, ended.err
    assert 'R703  1  Item.tags: "y|z" holds `|`, which stands between two values of its cell' in ended.err
    assert "id,tags\nb,x|y\n" == (here / "out" / "tagged.csv").read_text()


def test_a_code_of_a_warning_and_an_error_shows_a_row_of_each(here, dhm):
    (here / "twice.dhm").write_text(
        "source s: csv { columns { id: text, a: text?, b: text? } }\n"
        "entity Q {\n  key id\n  id: text\n  a: text?\n  b: text?\n}\n"
        "map Q from r in s { include r }\n"
        'checks Q {\n  `F-E-001` error: a is not null "a missing"\n  `F-E-001` warn: b is not null "no b"\n}\n',
        encoding="utf-8",
    )
    (here / "s.csv").write_text("id,a,b\n1,x,\n2,,y\n", encoding="utf-8")
    ended = dhm("run", "twice.dhm", "--source", "s=s.csv", "--out", "out")
    assert "warn  F-E-001  1  Q.b: no b  s.csv:2" in ended.err
    assert "      F-E-001  1  Q.a: a missing  s.csv:3" in ended.err


def test_an_aborted_run_says_what_is_there_of_an_earlier_one(here, dhm):
    flow = "target shop: csv {}\nflow all {\n  write Offer to shop\n  abort when rejected(Offer) > 1\n}\n"
    (here / "offers.dhm").write_text(OFFERS.partition("\ntest ")[0] + "\n" + flow, encoding="utf-8")
    assert 0 == dhm("run", "offers.dhm", "--source", "feed=feed.csv").code
    before = (here / "out" / "shop.csv").read_text()
    (here / "feed.csv").write_text(FEED + "d;free;1\n")
    ended = dhm("run", "offers.dhm", "--source", "feed=feed.csv")
    assert (1, before) == (ended.code, (here / "out" / "shop.csv").read_text())
    assert "warning: `out/shop.csv` is of an earlier run: this one wrote nothing" in ended.err


def test_an_input_that_is_wrong_as_a_whole_ends_a_run_with_1(here, dhm):
    (here / "feed.csv").write_text("<!DOCTYPE html><p>Service unavailable</p>\n")
    ended = dhm("run", "offers.dhm", "--source", "feed=feed.csv")
    assert (1, "") == (ended.code, ended.out)
    assert "feed.csv" in ended.err
    assert not (here / "out" / "Offer.jsonl").exists()


def long_run(here):
    """A run that has begun to write and is far from its end."""
    with (here / "feed.csv").open("a", encoding="utf-8") as feed:
        feed.writelines(f"r{number};1,50;2\n" for number in range(2_000_000))
    command = [sys.executable, "-m", "datahub", "run", "offers.dhm", "--source", "feed=feed.csv", "--quiet"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in here.glob("out/.*.part")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_run_that_is_stopped_leaves_no_result(here, name, code):
    process = long_run(here)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert (code, "") == (process.returncode, said)
    assert [] == [path for path in here.glob("out/**/*") if path.is_file()]


def test_what_a_killed_run_left_goes_with_the_next_one(here, dhm):
    process = long_run(here)
    process.kill()
    process.communicate(timeout=60)
    assert [".Offer.jsonl"] == [path.name[:12] for path in here.glob("out/*.part")]
    (here / "feed.csv").write_text(FEED)
    assert 0 == dhm("run", "offers.dhm", "--source", "feed=feed.csv").code
    assert [] == list(here.glob("out/**/*.part"))


# ---------------------------------------------------------------- test, preview, infer


def test_tests_pass_and_differences_are_shown_as_tables(here, dhm):
    assert (0, "", "1 passed\n") == tuple(getattr(dhm("test"), name) for name in ("code", "out", "err"))
    (here / "offers.dhm").write_text(OFFERS.replace("| A   | 1.5   | 2     |", "| A   | 1.6   | 2     |"), encoding="utf-8")
    ended = dhm("test")
    assert (1, "1 failed\n") == (ended.code, ended.err)
    assert "failed a reference becomes upper case\n  --> offers.dhm:25:6\n" in ended.out
    assert "    - | A   | 1.6   | 2     |\n    + | A   | 1.5   | 2     |\n" in ended.out


def test_a_test_that_expects_nothing_fails(here, dhm):
    script = "source s: csv { columns { a: int } }\nentity E { a: int }\nmap E from r in s { include r }\n"
    (here / "offers.dhm").write_text(f'{script}test "nothing" {{\n  given s\n    | a |\n    | 1 |\n}}\n', encoding="utf-8")
    ended = dhm("test")
    assert (1, "1 failed\n") == (ended.code, ended.err)
    assert "it expects nothing: write `expect`, or `assert`" in ended.out


def test_tests_are_chosen_by_name(here, dhm):
    assert "1 passed\n" == dhm("test", "--only", "upper").err
    assert dhm("test", "--only", "lower").err.startswith("no tests whose name has `lower` in it here")


def test_a_script_that_does_not_compile_is_not_tested(here, dhm):
    broken(here)
    ended = dhm("test")
    assert (1, "1 passed, 1 script not compiled\n") == (ended.code, ended.err.splitlines(keepends=True)[-1])


def test_a_preview_shows_before_and_after_and_writes_nothing(here, dhm):
    ended = dhm("preview", "offers.dhm", "--source", "feed=feed.csv")
    assert (
        """\
Offer from feed.csv:2
  sku    ref `a`       "A"
  price  price `1,50`  1.5
  stock  stock `2`     2

rejected Offer from feed.csv:3
  price  price `free`  R104 "free" is not a number
"""
        == ended.out
    )
    assert "feed: 3 rows read, 1 written, 1 rejected, 1 filtered\nnothing was written\n" == ended.err
    assert {"offers.dhm", "feed.csv"} == {path.name for path in here.iterdir()}


def test_a_preview_shows_what_a_joined_field_came_from(here, dhm):
    (here / "joined.dhm").write_text(
        "source items: csv { columns { sku: text, brand: text } }\n"
        'source brands: csv { columns { code: text, name: text at "Brand name" } }\n'
        "entity Offer { sku: text, brand: text }\n"
        "map Offer from i in items join b in brands on b.code = i.brand {\n"
        '  sku: i.sku, brand: upper(b.name) default "none"\n}\n'
    )
    (here / "items.csv").write_text("sku,brand\nA,x\nB,y\n")
    (here / "brands.csv").write_text("code,Brand name\nx,Xavier\n")
    ended = dhm("preview", "joined.dhm", "--source", "items=items.csv", "--source", "brands=brands.csv")
    assert ['brand  Brand name `Xavier`  "XAVIER"', 'brand  Brand name null  "none"'] == [
        line.strip() for line in ended.out.splitlines() if "brand" in line
    ]


def test_a_preview_shows_nested_values_as_they_came(here, dhm):
    (here / "nested.dhm").write_text(
        "source s: jsonl { columns { id: int, l: [{x: int, y: text?}], st: {a: int}?, m: map(text)?, t: [text] } }\n"
        "source b: jsonl { columns { id: int, tags: [text]? } }\n"
        "entity E { id: int, n: int?, a: int?, m: text?, t: text, tags: int? }\n"
        "map E from r in s join b in b on b.id = r.id {\n"
        '  id: r.id, n: first(e.x for e in r.l), a: r.st.a, m: get(r.m, "k"), t: join_text(",", r.t), tags: length(b.tags)\n}\n'
    )
    (here / "s.jsonl").write_text(
        '{"id": 1, "l": [{"x": 1, "y": "z"}, {"x": 2}], "st": {"a": 5}, "m": {"k": "v"}, "t": ["a", "b"]}\n'
        '{"id": 2, "l": [], "t": []}\n{"id": 3, "l": [{"x": "bad"}], "t": ["c"]}\n'
    )
    (here / "b.jsonl").write_text('{"id": 1, "tags": ["u"]}\n')
    ended = dhm("preview", "nested.dhm", "--source", "s=s.jsonl", "--source", "b=b.jsonl")
    assert (
        """\
E from s.jsonl:1
  id    id `1`                                  1
  n     l `[{"x":1,"y":"z"},{"x":2,"y":null}]`  1
  a     st `{"a":5}`                            5
  m     m `{"k":"v"}`                           "v"
  t     t `["a","b"]`                           "a,b"
  tags                                          1

rejected E from s.jsonl:2
  t  t `[]`  R201 must be there

rejected E from s.jsonl:3
  n  l `bad`  R101 "bad" is not a whole number
"""
        == ended.out
    )


def test_a_preview_of_groups_shows_what_the_first_member_has(here, dhm):
    (here / "groups.dhm").write_text(
        "source s: csv { columns { id: int, g: text } }\nentity P { g: text, n: int, f: int }\n"
        "map P from r in s group by r.g { g: upper(r.g), n: count(*), f: first(r.id) }\n"
    )
    (here / "s.csv").write_text("id,g\n1,x\n2,x\n3,y\n")
    assert (
        """\
P from s.csv:2 and 1 row more
  g  g `x`   "X"
  n          2
  f  id `1`  1

P from s.csv:4
  g  g `y`   "Y"
  n          1
  f  id `3`  3
"""
        == dhm("preview", "groups.dhm", "--source", "s=s.csv").out
    )


def test_a_preview_shows_what_elements_have(here, dhm):
    (here / "elements.dhm").write_text(
        "source s: json { columns { id: int, l: [{x: int, y: text?}] } }\n"
        'source c: csv { columns { id: int, l: [int] @split("|") } }\n'
        "entity L { id: int, x: int, y: text? }\nentity C { id: int, x: int }\n"
        "map L from r in s each e in r.l { id: r.id, x: e.x * 10, y: e.y }\nmap C from r in c each e in r.l { id: r.id, x: e * 10 }\n"
    )
    (here / "s.json").write_text('[{"id": 1, "l": [{"x": 1, "y": "u"}, {"x": 2}]}]')
    (here / "c.csv").write_text("id,l\n1,4|5\n")
    assert (
        """\
L from s.json:1
  id  id `1`  1
  x   x `1`   10
  y   y `u`   "u"

L from s.json:1
  id  id `1`  1
  x   x `2`   20
  y   y null  null

C from c.csv:2
  id  id `1`  1
  x   l `4`   40

C from c.csv:2
  id  id `1`  1
  x   l `5`   50
"""
        == dhm("preview", "elements.dhm", "--source", "s=s.json", "--source", "c=c.csv").out
    )


def test_a_preview_reads_no_more_rows_than_asked_for(here, dhm):
    assert "feed: 1 row read, 1 written\n" in dhm("preview", "offers.dhm", "--source", "feed=feed.csv", "--rows", "1").err


def test_a_source_is_inferred_and_compiles(here, dhm):
    ended = dhm("infer", "feed.csv", "--name", "items")
    assert 0 == ended.code
    assert "source items: csv {\n" in ended.out
    (here / "items.dhm").write_text(ended.out, encoding="utf-8")
    assert 0 == dhm("check", "items.dhm").code
    assert (2, 1) == (dhm("infer", "nowhere.csv").code, _empty(here, dhm))


def _empty(here, dhm) -> int:
    (here / "empty.csv").write_text("")
    code: int = dhm("infer", "empty.csv").code
    return code


def test_versions_are_told(dhm):
    assert {"dhm", "python", "pyarrow"} <= set(json.loads(dhm("version", "--json").out))
