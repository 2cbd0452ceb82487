"""The options of a declared source or target, with what they are where nothing is written."""

from __future__ import annotations

from typing import Any

from datahub.semantic.ir import SourceShape, TargetShape
from datahub.semantic.kinds import SOURCES, TARGETS


def option(shape: SourceShape | TargetShape, name: str) -> Any:
    """The value of option `name`: as declared, else as the kind has it."""
    for key, value in shape.options:
        if key == name:
            return value
    kinds = SOURCES if isinstance(shape, SourceShape) else TARGETS
    declared = kinds[shape.kind].option(name) if shape.kind in kinds else None
    return declared.default if declared else None
