"""Blocks read ahead while what their rows ask is made ready."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from datahub.engine.reading import AHEAD, ahead


@dataclass(frozen=True)
class Block:
    number: int
    length: int


BLOCKS = [[Block(number, AHEAD // 2)] for number in range(12)]


def read_ahead(threads: int, waits: Any, read: Any = lambda blocks: blocks[0].number) -> tuple[list[int], int]:
    """The numbers that were read, and how many blocks were taken before the first was asked for."""
    taken = 0

    def several() -> Any:
        nonlocal taken
        for blocks in BLOCKS:
            taken += 1
            yield blocks

    with ThreadPoolExecutor(threads) as pool:
        given = ahead(pool, several(), read, threads, waits)
        blocks, rows = next(given)
        first = taken
        numbers = [rows(), *(more() for _, more in given)]
    assert blocks == BLOCKS[0]
    return numbers, first


@pytest.mark.parametrize(("threads", "early"), [(1, 2), (2, 4)])
def test_as_many_are_read_ahead_as_there_is_room_for(threads: int, early: int) -> None:
    assert (list(range(12)), early) == read_ahead(threads, lambda: True)


def test_none_is_read_ahead_where_nothing_is_waited_for() -> None:
    assert (list(range(12)), 1) == read_ahead(2, lambda: False)


def test_what_is_wrong_with_a_block_is_told_when_its_turn_comes() -> None:
    def read(blocks: list[Block]) -> int:
        if blocks[0].number == 1:
            raise ValueError("the second")
        return blocks[0].number

    with pytest.raises(ValueError, match="the second"):
        read_ahead(2, lambda: True, read)
