"""`dhm jobs copy`: the copy says what its job says, however the file is written, and nothing else of the file changes."""

from __future__ import annotations

import tomllib

import pytest

from tests import commands

HEAD = '[project]\nname = "c"\n'
HERE = '\n[connections.here]\nkind = "local"\n'
THERE = '\n[connections.there]\nkind = "local"\n'
TABLE = """
# What the supplier sends.
[jobs.o]
mapping = "o.dhm"  # as it was agreed
sources.feed = {connection = "here", folder = "in"}
targets.t = {connection = "here", folder = "out"}
"""
OTHER = TABLE.replace("jobs.o", "jobs.x")
PARTS = '\n[jobs.o]\nmapping = "o.dhm"\ntargets.t = {connection = "here", folder = "out"}\n'
SOURCE = '\n[jobs.o.sources.feed]\nconnection = "here"\nfolder = "in"\n'
DOTTED = """
jobs.o.mapping = "o.dhm"
jobs.o.sources.feed = {connection = "here", folder = "in"}
jobs.o.targets.t = {connection = "here", folder = "out"}
"""
INLINE = (
    'jobs.o = {mapping = "o.dhm", sources.feed = {connection = "here", folder = "in"}, targets.t = {connection = "here", folder = "out"}}\n'
)
INLINE_JOBS = 'jobs = {o = {mapping = "o.dhm", sources.feed = {connection = "here", folder = "in"}, targets.t = {connection = "here"}}}\n'
HOOK = '\n[[jobs.o.triggers]]\nkind = "webhook"\npath = "o"\nsecrets = ["${env:HOOK_OF_O}"]\n'


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        HEAD + HERE + TABLE,
        HEAD + HERE + TABLE + THERE + OTHER,
        HEAD + HERE + OTHER + THERE + TABLE,
        HEAD + HERE + TABLE + THERE,
        HEAD + HERE + PARTS + THERE + SOURCE,
        HEAD + HERE + PARTS + THERE + OTHER + SOURCE,
        HEAD + HERE + TABLE + HOOK + THERE + OTHER,
        DOTTED.lstrip() + HEAD + HERE,
        DOTTED.lstrip() + HEAD + HERE + OTHER,
        INLINE + HEAD + HERE,
        INLINE_JOBS + HEAD + HERE,
    ],
)
def test_the_copy_says_what_its_job_says_and_nothing_else_changes(tmp_path, monkeypatch, text, ends):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK_OF_O", "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM=")
    (tmp_path / "o.dhm").write_text("source feed: csv { columns { sku: text } }\n")
    path = tmp_path / "dhm.toml"
    path.write_bytes(text.replace("\n", ends).encode())
    before = tomllib.loads(text)
    ended = commands.dhm("jobs", "copy", "o", "p")
    assert 0 == ended.code, ended.err
    after = tomllib.loads(path.read_bytes().decode())
    made = after["jobs"].pop("p")
    assert before == after
    assert made.pop("enabled") is False
    for one in made.get("triggers", []):
        assert "p" == one["path"]
        one["path"] = "o"
    assert before["jobs"]["o"] == made
    lines = path.read_bytes().decode().split("\n")[:-1]
    assert {"\r\n" == ends} == {line.endswith("\r") for line in lines}
    assert 2 == commands.dhm("jobs", "copy", "o", "p").code


def test_a_description_of_several_lines_is_one_in_the_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dhm.toml").write_text(HEAD + HERE + TABLE + 'description = """What comes\nat night"""\n')
    assert "What comes at night" in commands.dhm("jobs", "list").out
