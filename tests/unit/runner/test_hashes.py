"""Hashes of inputs, asked for before or while other work is done."""

from __future__ import annotations

import hashlib

from datahub.runner.hashes import CHUNK, Hashes


def test_all_that_was_asked_for_is_hashed_once_however_large(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"a;b\n")
    large.write_bytes(b"0123456789abcdef" * (CHUNK // 8) + b"!")
    hashes = Hashes()
    hashes.ask([str(small)])
    hashes.ask([str(large), str(small)])
    assert {str(one): hashlib.sha256(one.read_bytes()).hexdigest() for one in (small, large)} == hashes.result()


def test_what_is_no_file_or_gone_is_passed_over(tmp_path):
    there = tmp_path / "there"
    there.write_bytes(b"")
    hashes = Hashes()
    hashes.ask([str(tmp_path), str(tmp_path / "gone"), str(there)])
    assert {str(there): hashlib.sha256(b"").hexdigest()} == hashes.result()


def test_nothing_asked_is_nothing_found():
    assert {} == Hashes().result()
