"""Completed rules to nodes: one function for each rule of the grammar that makes something, by topic."""

from __future__ import annotations

from collections.abc import Callable

from datahub.syntax.nodes import declarations, expressions, operators, outputs, rowsets, texts, types

ACTIONS: dict[str, Callable[..., object]] = {}
for _module in (declarations, expressions, operators, outputs, rowsets, texts, types):
    ACTIONS |= _module.ACTION.by_rule
