"""The wheel, in an environment that has nothing else: grammar and standard packs are in it, and a script runs anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The `dhm` of an environment into which the wheel alone was installed."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    answer = subprocess.run(
        [place / "bin" / "python", "-m", "pip", "install", "--quiet", str(wheel)], capture_output=True, text=True, check=False
    )
    assert 0 == answer.returncode, answer.stderr
    return place / "bin" / "dhm"


def test_the_wheel_has_grammar_packs_licence_and_types_and_nothing_else(wheel, root):
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith("dhm_datahub-")
    assert {"datahub", wheel.name.rsplit("-", 3)[0] + ".dist-info"} == {name.split("/")[0] for name in names}
    assert "datahub/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    for folder in ("grammar", "stdlib_mappings"):
        here = {f"datahub/{path.relative_to(root).as_posix()}" for path in (root / folder).rglob("*") if path.is_file()}
        assert here <= set(names)
    assert any(name.startswith("datahub/grammar/") for name in names)
    assert "datahub/diagnostics/examples/R104.md" in names
    assert [] == [name for name in names if name.split("/")[-1].startswith("test_") or name.endswith(".pyc")]


def test_a_script_runs_outside_the_checkout(installed, root, tmp_path):
    for name in ("offers.dhm", "feed.csv"):
        (tmp_path / name).write_bytes((root / "examples" / "tour" / name).read_bytes())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    dhm = [str(installed)]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*dhm, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    checked = run("check", "offers.dhm")
    assert (0, "") == (checked.returncode, checked.stdout), checked.stderr
    ran = run("run", "offers.dhm", "--source", "feed=feed.csv")
    assert 0 == ran.returncode, ran.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "Offer.jsonl").read_text(encoding="utf-8").splitlines()]
    assert ["A-100", "A-104"] == [row["sku"] for row in rows]
    assert "Traceback" not in checked.stderr + ran.stderr


def test_a_script_uses_and_overrides_a_pack_that_comes_with_the_wheel(installed, tmp_path):
    script = 'use djust ^1.0\noverride entity djust.Attribute {\n  origin : text = "shop"\n}\nfn f(x: int) = x\ntest "f" {\n  assert f(1) = 1\n}\n'
    (tmp_path / "mine.dhm").write_text(script, encoding="utf-8")
    (tmp_path / "dhm.toml").write_text('[project]\nname = "shop"\n', encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(installed), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    for arguments in (("pack", "lock"), ("check", "--locked"), ("test",), ("pack", "verify"), ("docs", "mine.dhm", "--all")):
        ended = run(*arguments)
        assert 0 == ended.returncode, ended.stdout + ended.stderr
