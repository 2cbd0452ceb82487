"""Every pitfall of transports has its row in docs/transports.md, with every test of it, and the servers that these tests talk to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PITFALLS = [
    *(f"S{number}" for number in range(1, 12)),
    *(f"F{number}" for number in range(1, 13)),
    *(f"H{number}" for number in range(1, 6)),
]
ROWS = {
    found[1]: (found[2], found[3])
    for found in re.finditer(
        r"^\| ([SFH]\d+) \| .*? \| (.*) \| ([^|]*) \|$", (ROOT / "docs/transports.md").read_text(encoding="utf-8"), re.MULTILINE
    )
}
LINK = re.compile(r"\[([^\]]+)\]\(\.\./(tests/[^)]+\.py)\)")
PROTOCOLS = {"S": "tests/transports/test_sftp.py", "F": "tests/transports/test_ftp.py", "H": "tests/transports/test_http.py"}
SHOWN_BY = {
    "S": {"sshd": r"\bsshd\b", "plain": r"\bplain\b", "proxy": r"\bproxy\("},
    "F": {
        "mlsd": r"'plain'|\bALL\b|pyftpd\(tmp_path, 'none', 'mlsd'",
        "unix": r"'unix'|\bALL\b",
        "windows": r"'windows'|\bALL\b",
        "explicit": r"'explicit'|\bALL\b",
        "implicit": r"'implicit'|\bALL\b",
        "vsftpd": r"'vsftpd'|\bALL\b",
        "lying": r"\blying\(",
        "proxy": r"\bproxy\(",
    },
    "H": {"nginx": r"\bweb\b", "answering": r"\banswering\(", "proxy": r"\bproxy\("},
}
"""What in a test tells that it talks to a server."""


def functions(path: str) -> dict[str, str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        one.name: "\n".join(ast.unparse(part) for part in (*one.decorator_list, one))
        for one in tree.body
        if isinstance(one, ast.FunctionDef)
    }


def test_every_pitfall_has_its_row():
    assert list(ROWS) == PITFALLS


@pytest.mark.parametrize("pitfall", PITFALLS)
def test_a_row_names_all_tests_of_its_pitfall_and_no_others(pitfall):
    linked = {(path, f"test_{words.replace(' ', '_')}") for words, path in LINK.findall(ROWS[pitfall][0])}
    assert linked
    assert all(name in functions(path) for path, name in linked)
    own = PROTOCOLS[pitfall[0]]
    assert {name for name in functions(own) if name.startswith(f"test_{pitfall.lower()}_")} == {
        name for path, name in linked if path == own
    }


@pytest.mark.parametrize("pitfall", [one for one in PITFALLS if one != "F7"])
def test_the_servers_of_a_row_are_those_of_its_tests(pitfall):
    texts = [text for name, text in functions(PROTOCOLS[pitfall[0]]).items() if name.startswith(f"test_{pitfall.lower()}_")]
    found = {server for server, sign in SHOWN_BY[pitfall[0]].items() if any(re.search(sign, text) for text in texts)}
    assert set(ROWS[pitfall][1].split(", ")) == found
