"""How the meaning of a function is written down here: a Python function of one row's values, under the function's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from datahub.types import model as t


class Reject(Exception):
    """There is no value, for the reason that `code` says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """What a meaning may want to know beside the values: types of the arguments and of the result, the run's instant and zone."""

    kinds: tuple[t.Type, ...]
    kind: t.Type
    now: datetime
    zone: str
    constants: tuple[bool, ...] = ()

    @property
    def numbers(self) -> tuple[t.Decimal, ...]:
        """The arguments' types as decimals."""
        return tuple(as_decimal(kind) for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`takes_null`: it is asked for nulls too; of all others null in is null out. `asks`: it wants `Asked` before the values."""

    of: Callable[..., Any]
    takes_null: bool
    asks: bool


MEANINGS: dict[str, Meaning] = {}
"""Functions and operators by name."""

AGGREGATES: dict[str, Meaning] = {}
"""Aggregates by name: of a list of values, nulls among them."""

F = TypeVar("F", bound=Callable[..., Any])


def means(*names: str, nulls: bool = False, asks: bool = False) -> Callable[[F], F]:
    """The decorated function says what `names` mean."""

    def declare(of: F) -> F:
        for name in names:
            MEANINGS[name] = Meaning(of, nulls, asks)
        return of

    return declare


def aggregates(*names: str, asks: bool = False) -> Callable[[F], F]:
    """The decorated function says what the aggregates `names` mean: of values, then of their constants."""

    def declare(of: F) -> F:
        for name in names:
            AGGREGATES[name] = Meaning(of, True, asks)
        return of

    return declare


def as_decimal(kind: t.Type) -> t.Decimal:
    base = t.base_of(kind)
    return base if isinstance(base, t.Decimal) else t.Decimal(False, 19, 0)
