"""The reference shares no kernel with the engine: what it imports of the product are the typed program and the types."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[1] / "reference").glob("*.py"))
SHARED = ("datahub.semantic.ir", "datahub.semantic.walk", "datahub.semantic", "datahub.types", "datahub.types.model")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_reference_shares_nothing_but_the_typed_program(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert not {name for name in imported if name.partition(".")[0] in ("datahub", "pyarrow", "numpy")} - set(SHARED)


def test_there_is_a_reference() -> None:
    assert len(FILES) > 8
