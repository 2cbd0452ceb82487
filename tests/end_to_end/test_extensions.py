"""Functions of a distribution that is built, installed into an environment and used: they are like builtin ones; broken ones are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """\
source items: csv { columns { sku: text, name: text?, price: decimal(12,2), cost: decimal(12,2)?, shelf: text, qty: int } }
entity Item {
  key sku
  sku    : text
  margin : decimal(38,4)
  slogan : text?
  place  : int?
}
map Item from i in items where acme.stock_code(i.sku) <> "ZZ-0000" {
  sku    : acme.stock_code(i.sku)
  margin : acme.margin(i.price, i.cost)
  slogan : acme.slogan(i.name, "!")  # dhm: allow DHM603 because "there are few names"
  place  : acme.shelf(i.sku, "B").place
}
entity Shelf {
  key shelf
  shelf  : text
  spread : int?
}
map Shelf from i in items group by shelf: i.shelf { shelf: shelf, spread: acme.spread(i.qty) }
test "a margin" { assert acme.margin(10, 5) = 0.5 }
"""
ITEMS = "sku,name,price,cost,shelf,qty\nab-1234,shoe,12.50,10,S1,1\nab-123,boot,12.50,10,S1,9\nab-1235,,12.50,,S1,4\nab-1236,hat,0,1,S2,4\n"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Place(NamedTuple):
    """An environment of its own, with DataHub as it is here and what was installed into it."""

    python: Path

    def dhm(self, *arguments: str, cwd: Path) -> Ended:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [str(self.python), "-m", "datahub", *arguments]
        ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)


def environment(folder: Path, root: Path, *distributions: str) -> Place:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    home = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True, check=True
    ).stdout
    # What this environment has, DataHub among it, is seen from there: nothing is fetched.
    Path(home.strip(), "here.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    for name in distributions:
        wheels = folder / "wheels" / name
        source = root / "tests" / "extensions" / name
        done("-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source))
        done("-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps", *map(str, wheels.glob("*.whl")))
    return Place(python)


def done(*arguments: str) -> None:
    ended = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def acme(root, tmp_path_factory) -> Place:
    return environment(tmp_path_factory.mktemp("acme"), root, "acme_functions")


@pytest.fixture(scope="module")
def broken(root, tmp_path_factory) -> Place:
    return environment(tmp_path_factory.mktemp("broken"), root, "broken_functions")


def test_a_script_calls_them_like_builtin_functions(acme, tmp_path):
    (tmp_path / "s.dhm").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    assert Ended(0, "", "ok: nothing wrong in 1 script\n") == acme.dhm("check", "s.dhm", cwd=tmp_path)
    assert "1 passed" in acme.dhm("test", "s.dhm", cwd=tmp_path).err
    ran = acme.dhm("run", "s.dhm", "--source", "items=items.csv", cwd=tmp_path)
    assert 0 == ran.code, ran.err
    rows = {
        name: [json.loads(line) for line in (tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()] for name in ("Item", "Shelf")
    }
    assert [
        {"sku": "AB-1234", "margin": 0.2, "slogan": "Buy shoe!", "place": 34},
        {"sku": "AB-1235", "margin": 1.0, "slogan": None, "place": 35},
    ] == rows["Item"]
    assert [{"shelf": "S1", "spread": 8}, {"shelf": "S2", "spread": 0}] == rows["Shelf"]
    assert 'sku: "ab-123" has no answer in acme.stock_code: `dhm functions acme.stock_code` says what it takes  items.csv:3' in ran.err
    assert "R601  1  Item.margin" in ran.err


def test_a_plan_knows_the_version_that_it_calls(acme, tmp_path):
    (tmp_path / "s.dhm").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "p.dhm").write_text(SCRIPT.partition("map Item")[0] + "map Item from i in items { sku: i.sku, margin: i.price }\n")
    before, plain = (digest(acme, name, tmp_path) for name in ("s.dhm", "p.dhm"))
    kept = told(acme, "to_json(plan)", "s.dhm", tmp_path)
    (metadata,) = acme.python.parent.parent.glob("lib/python*/site-packages/acme_functions-*/METADATA")
    written = metadata.read_text(encoding="utf-8")
    try:
        metadata.write_text(written.replace("Version: 1.2.0", "Version: 1.3.0"), encoding="utf-8")
        assert before != digest(acme, "s.dhm", tmp_path)
        assert plain == digest(acme, "p.dhm", tmp_path)
        (tmp_path / "plan.json").write_text(kept, encoding="utf-8")
        read = "from datahub.plan.serde import from_json, UnreadablePlan\ntry: from_json(open('plan.json').read())\nexcept UnreadablePlan as told: print(told)"
        refused = subprocess.run([acme.python, "-c", read], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert "the plan calls `acme.margin` of acme-functions 1.2.0, and installed here is acme-functions 1.3.0\n" == refused
    finally:
        metadata.write_text(written, encoding="utf-8")
    assert before == digest(acme, "s.dhm", tmp_path)


def digest(place: Place, script: str, folder: Path) -> str:
    return told(place, "digest(plan)", script, folder)


def told(place: Place, what: str, script: str, folder: Path) -> str:
    asks = f"from datahub.runner.embed import compile\nfrom datahub.plan.serde import digest, to_json\nplan = compile(open({script!r}).read())\nprint({what})"
    ended = subprocess.run([place.python, "-c", asks], cwd=folder, capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout.strip()


def test_one_that_goes_value_by_value_is_linted(acme, tmp_path):
    (tmp_path / "s.dhm").write_text(SCRIPT.partition("  # dhm: allow")[0] + "\n  place : 1\n}\n", encoding="utf-8")
    told = acme.dhm("check", "s.dhm", cwd=tmp_path)
    assert "warning[DHM603]: `acme.slogan` of acme-functions 1.2.0 takes one value after the other" in told.err + told.out
    assert "1 warning in 1 script" in told.err


def test_the_terminal_and_the_pages_tell_of_them(acme, tmp_path):
    page = acme.dhm("functions", "acme.stock_code", cwd=tmp_path).out
    assert page.startswith("acme.stock_code(value: text) -> text\n")
    for line in ("null in    null out", "rejects    R603", "from       acme-functions 1.2.0", '  acme.stock_code("12")         →  R603'):
        assert line in page
    assert page == acme.dhm("functions", "STOCKCODE", cwd=tmp_path).out
    assert "cost       one value after the other (DHM603)" in acme.dhm("functions", "acme.slogan", cwd=tmp_path).out
    listed = acme.dhm("functions", cwd=tmp_path).out
    assert "Functions of installed distributions\n  acme.margin" in listed
    assert 0 == acme.dhm("functions", "--pages", "pages", cwd=tmp_path).code
    assert "# acme.margin\n" in (tmp_path / "pages" / "functions" / "extensions" / "acme.margin.md").read_text(encoding="utf-8")
    assert "acme-functions 1.2.0" in acme.dhm("version", cwd=tmp_path).out


def test_an_expression_is_evaluated_with_them_and_a_slip_is_told(acme, tmp_path):
    assert Ended(0, "Buy shoe!!\n", "") == acme.dhm("eval", 'acme.slogan("shoe", "!", 2)', cwd=tmp_path)
    assert "rejected: R603" in acme.dhm("eval", 'acme.stock_code("12")', cwd=tmp_path).err
    assert "help: write `acme.stock_code`" in acme.dhm("eval", 'acme.stock_cod("12")', cwd=tmp_path).err
    assert "DHM201" in acme.dhm("eval", "acme.stock_code(12)", cwd=tmp_path).err


def test_the_laws_of_functions_hold_for_them(acme, tmp_path):
    told = acme.dhm("functions", "--verify", cwd=tmp_path)
    assert 0 == told.code, told.out
    assert 5 == told.out.count(": ok (acme-functions 1.2.0)\n")


BROKEN = {
    "broken.absent": "cannot be loaded: ModuleNotFoundError: No module named 'broken_functions.nowhere'",
    "broken.code": "rejects with `ACME1`, which is no code of rows",
    "broken.kernel": "and its kernel has other parameters",
    "broken.other": "is not declared by `broken_functions.kernels:plain_python`",
    "broken.secret": "goes over its values one by one (`to_pylist`) and does not say so",
    "broken.type": "and `string` is no type",
    "acme.slogan": "is not declared by",
}
"""What is wrong with each that cannot be loaded."""
UNLAWFUL = {
    "broken.bytes": ('"x"', "gave binary, and `broken.bytes(value: text) -> text` needs string"),
    "broken.exits": ('"x"', "raised SystemExit: 3"),
    "broken.gaps": ('"x"', "gave null where `broken.gaps(value: text) -> text` has a value; declare `text?`, or reject the row"),
    "broken.half": ('"x"', "gave 0.5 (float) where int is declared"),
    "broken.large": ('"x"', "gave 1000000000000000000000000000000, which does not fit int: "),
    "broken.long": ('"x"', "gave 2 values for 1 rows"),
    "broken.nan": ("1.5", "gave a float that is infinite or no number"),
    "broken.raises": ('"x"', "raised RuntimeError: no licence for it"),
    "broken.undeclared": ('"x"', "rejected with R603, which it does not declare"),
}
"""What is wrong with each that breaks what it declares when it is called."""


def test_one_that_cannot_be_loaded_is_told_where_it_is_called(broken, tmp_path):
    for name, reason in BROKEN.items():
        told = broken.dhm("eval", f'{name}("x")', cwd=tmp_path)
        assert 1 == told.code
        assert f"error[DHM125]: the function `{name}` of broken-functions 0.9" in told.err
        assert reason in told.err, name
        assert "help: it is a mistake of broken-functions 0.9" in told.err or "its kernel needs the decorator" in told.err


def test_one_that_breaks_its_word_ends_the_run_in_a_sentence_and_leaves_nothing(broken, tmp_path):
    (tmp_path / "items.csv").write_text("sku,n\na,1.5\nb,2.5\n", encoding="utf-8")
    for name, (constant, reason) in UNLAWFUL.items():
        told = broken.dhm("eval", f"{name}({constant})", cwd=tmp_path)
        assert (1, "") == told[:2]
        assert reason in told.err, name
        given = {"broken.nan": "float", "broken.half": "int", "broken.large": "int"}.get(name, "text")
        argument = "float(i.n)" if name == "broken.nan" else "i.sku"
        script = (
            "source items: csv { columns { sku: text, n: decimal } }\nentity E { sku: text, v: " + given + " }\n"
            f"map E from i in items {{ sku: i.sku, v: {name}({argument}) }}\n"
        )  # fmt: skip
        (tmp_path / "s.dhm").write_text(script, encoding="utf-8")
        ran = broken.dhm("run", "s.dhm", "--source", "items=items.csv", cwd=tmp_path)
        assert 1 == ran.code, ran.err
        assert f"error: the function `{name}` of broken-functions 0.9" in ran.err
        assert not list((tmp_path / "out").glob("*.jsonl")) if (tmp_path / "out").exists() else True


def test_the_laws_find_what_calls_alone_do_not(broken, tmp_path):
    told = broken.dhm("functions", "--verify", cwd=tmp_path)
    assert 1 == told.code
    for law in (
        "broken.cut: how a column is cut does not show; but rows 2 to 8 alone give something else",
        "broken.says: `broken.says(1)` gives 3; but 1",
        "broken.says: the kernel gives what its reference says; but ",
        "upper: the function `upper` of broken-functions 0.9 has no name such as `acme.stock_code`",
    ):
        assert law in told.out
    assert "BIG" in broken.dhm("eval", 'upper("big")', cwd=tmp_path).out


def test_two_distributions_that_offer_one_name_are_told(root, tmp_path):
    both = environment(tmp_path / "both", root, "acme_functions", "broken_functions")
    told = both.dhm("eval", 'acme.slogan("shoe", "!")', cwd=tmp_path)
    assert "of acme-functions 1.2.0 and broken-functions 0.9 is offered more than once" in told.err
    assert "help: uninstall one of them" in told.err


def test_a_script_without_the_distribution_is_told_where_functions_come_from(root, tmp_path, dhm):
    (tmp_path / "s.dhm").write_text(SCRIPT, encoding="utf-8")
    told = dhm("check", str(tmp_path / "s.dhm"))
    assert "there is no function `acme.stock_code`" in told.err + told.out
    assert "or of an installed distribution that brings functions" in told.err + told.out
