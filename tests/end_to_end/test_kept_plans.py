"""Plans are kept from run to run, and made again as soon as anything changes that they were made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datahub.cli.kept_plans import MOST
from datahub.functions.extensions import extension

SCRIPT = """use "parts.dhm" as parts

source feed: csv {
  columns {
    ref   : text
    price : decimal(12,2)
  }
}

entity Offer {
  key ref
  ref   : text
  price : decimal(12,2)
}

map Offer from f in feed {
  let unused : upper(f.ref)

  ref   : parts.tidy(f.ref)
  price : f.price * 2
}

flow one {
  write Offer to offers
}

flow two {
  write Offer to others
}

target offers: csv {
}

target others: csv {
}
"""
PARTS = "fn tidy(x: text) = lower(x)\n"
PROBE = """
import os, sys
leave = os._exit
def told(code):
    print(sorted({"datahub.compiler", "datahub.syntax.ast", "datahub.lint"} & set(sys.modules)), file=sys.stderr)
    sys.stderr.flush()
    leave(code)
os._exit = told
from datahub.cli.main import program
program()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "a.dhm").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "parts.dhm").write_text(PARTS, encoding="utf-8")
    (tmp_path / "feed.csv").write_text("ref,price\nA,1.5\nB,x\nC,2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # Other tests of this process may have loaded some, and then nothing is kept.
    extension.cache_clear()
    return tmp_path


@pytest.fixture
def run(folder: Path, dhm):
    """Runs the script, and says whether its plan was the one that was kept, and what else was said."""

    def once(*more: str, code: int = 0) -> tuple[str, str]:
        before = {path: path.stat().st_ino for path in kept(folder)}
        ended = dhm("run", "a.dhm", "--source", "feed=feed.csv", *(more or ("--flow", "one")))
        assert code == ended.code, ended.err
        after = {path: path.stat().st_ino for path in kept(folder)}
        said = "\n".join(line for line in ended.err.splitlines() if not line.startswith("done:"))
        return "kept" if before == after and after else "compiled", said

    return once


def results(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "out" / "run" / "report.json").read_text())
    changing = {"started", "seconds", "operators"}
    files = {path.name: path.read_bytes() for path in sorted((folder / "out").rglob("*.csv"))}
    return {**{name: value for name, value in report.items() if name not in changing}, **files}


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "cache" / "dhm" / "plans").glob("*"))


def test_the_second_run_compiles_nothing_and_does_and_says_the_same(folder, run):
    how, said = run()
    first = results(folder)
    assert "compiled" == how
    assert "has 1 warning" in said
    assert b"a,3.00" in first["offers.csv"]
    assert ("kept", said) == run()
    assert first == results(folder)


def test_a_kept_plan_needs_no_compiler(folder, run):
    run()
    command = [sys.executable, "-c", PROBE, "run", "a.dhm", "--source", "feed=feed.csv", "--flow", "one", "--quiet"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "[]" == ended.stderr.splitlines()[-1]


def test_flows_of_a_script_are_kept_apart(folder, run):
    assert "compiled" == run("--flow", "one")[0]
    assert "compiled" == run("--flow", "two")[0]
    assert "kept" == run("--flow", "two")[0]
    assert (folder / "out" / "others.csv").exists()


def test_a_changed_script_is_compiled(folder, run):
    run()
    (folder / "a.dhm").write_text(SCRIPT.replace("* 2", "* 3"), encoding="utf-8")
    assert "compiled" == run()[0]
    assert b"a,4.50" in results(folder)["offers.csv"]
    assert "kept" == run()[0]
    assert 1 == len(kept(folder))


def test_a_changed_file_that_is_used_is_followed(folder, run):
    run()
    (folder / "parts.dhm").write_text(PARTS.replace("lower", "upper"), encoding="utf-8")
    assert "compiled" == run()[0]
    assert b"A,3.00" in results(folder)["offers.csv"]


def test_a_file_that_leads_elsewhere_is_followed(folder, run):
    (folder / "parts.dhm").rename(folder / "first.dhm")
    (folder / "parts.dhm").symlink_to("first.dhm")
    run()
    (folder / "second.dhm").write_text(PARTS.replace("lower", "upper"), encoding="utf-8")
    (folder / "parts.dhm").unlink()
    (folder / "parts.dhm").symlink_to("second.dhm")
    assert "compiled" == run()[0]
    assert b"A,3.00" in results(folder)["offers.csv"]


def test_a_file_that_was_not_there_is_noticed(folder, run):
    run()
    (folder / "pack.dhm").write_text("pack acme.offers 1.0.0\n", encoding="utf-8")
    assert "compiled" == run()[0]


def test_what_does_not_compile_is_not_kept(folder, run):
    (folder / "a.dhm").write_text(SCRIPT.replace("f.price * 2", "f.prise * 2"), encoding="utf-8")
    first = run(code=2)
    assert "compiled" == first[0]
    assert first == run(code=2)
    assert [] == kept(folder)


def test_packs_of_a_project_are_asked_each_time(folder, run):
    (folder / "a.dhm").write_text("use djust.rows ^1 as rows\n" + SCRIPT, encoding="utf-8")
    (folder / "dhm.toml").write_text('[project]\nname = "p"\n', encoding="utf-8")
    for _ in range(2):
        assert "compiled" == run()[0]
    (folder / "dhm.toml").unlink()
    assert ["compiled", "kept"] == [run()[0] for _ in range(2)]


def test_another_code_of_the_program_keeps_nothing(folder, run):
    run()
    (path,) = kept(folder)
    head, _, plan = path.read_text(encoding="utf-8").partition("\n")
    path.write_text(json.dumps({**json.loads(head), "program": "another"}) + "\n" + plan, encoding="utf-8")
    assert "compiled" == run()[0]
    assert head == path.read_text(encoding="utf-8").partition("\n")[0]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", b"[1]\n[2]", None])
def test_what_was_damaged_is_made_again(folder, run, damage):
    run()
    (path,) = kept(folder)
    path.write_bytes(path.read_bytes().replace(b'"lower"', b'"upper"') if damage is None else damage)
    assert "compiled" == run()[0]
    assert "kept" == run()[0]


def test_without_a_place_to_keep_them_runs_are_as_ever(folder, run, monkeypatch):
    (folder / "file").write_text("")
    for place in (str(folder / "file"), "/proc"):
        monkeypatch.setenv("XDG_CACHE_HOME", place)
        run()
        assert b"a,3.00" in results(folder)["offers.csv"]


def test_what_is_kept_is_bounded_and_private(folder, run):
    run()
    (path,) = kept(folder)
    assert 0o700 == path.parent.stat().st_mode & 0o777
    for number in range(MOST + 10):
        (path.parent / f"{number:032}.json").write_text("")
        os.utime(path.parent / f"{number:032}.json", (number, number))
    path.unlink()
    run()
    assert MOST // 2 == len(kept(folder))
    assert path in kept(folder)
