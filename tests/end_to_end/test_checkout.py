"""The tasks that a person types first."""

from __future__ import annotations

import os
import subprocess
import sys


def test_the_demo_tells_its_story(root, tmp_path):
    ended = subprocess.run([sys.executable, str(root / "examples" / "demo.py")], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    for part in ("error[DHM", "out/tour/run/rejects/feed.csv", '"sku":"A-104"', "sur devis", "31/02/2026"):
        assert part in ended.stdout + ended.stderr, part


def test_make_help_lists_every_task(root):
    text = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True).stdout
    for task in ("demo", "test", "check", "fix", "spec", "accept", "bench", "help"):
        assert f"  make {task} " in text


def test_ci_calls_make_test(root):
    script = root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "exec make test" in script.read_text()
    assert 0 == subprocess.run(["bash", "-n", str(script)], check=False).returncode
