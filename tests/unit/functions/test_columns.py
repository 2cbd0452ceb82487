"""The toolbox of kernels."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datahub.functions import columns as c
from datahub.functions.declare import Outcome


def test_a_python_function_is_called_once_for_each_distinct_row() -> None:
    seen: list[tuple[str, int]] = []

    def joined(letter: str, count: int) -> str:
        seen.append((letter, count))
        return letter * count

    result = c.map_distinct(joined, pa.string(), pa.array(["a", "b", "a", None, "b", "a"]), pa.array([1, 2, 1, 1, 3, None]))
    assert ["a", "bb", "a", None, "bbb", None] == result.values.to_pylist()
    assert [("a", 1), ("b", 2), ("b", 3)] == seen


def test_a_constant_reaches_the_function_as_it_is() -> None:
    result = c.map_distinct(lambda a, b: a + b, pa.int64(), pa.array([1, 2, 1]), pa.scalar(10))
    assert [11, 12, 11] == result.values.to_pylist()


def test_a_null_constant_gives_null_everywhere() -> None:
    result = c.map_distinct(lambda a, b: a + b, pa.int64(), pa.array([1, 2, 1]), pa.scalar(None, pa.int64()))
    assert [None, None, None] == result.values.to_pylist()


def test_nulls_are_shown_where_asked() -> None:
    result = c.map_distinct(lambda a, b: f"{a}{b}", pa.string(), pa.array([1, None, 1, None]), pa.array(["x", "x", None, None]), nulls=True)
    assert ["1x", "Nonex", "1None", "NoneNone"] == result.values.to_pylist()


def test_rejects_come_back_as_masks_by_code() -> None:
    answers = {"a": "A", "b": c.Reject("R603"), "c": c.Reject("R601")}
    result = c.map_distinct(answers.__getitem__, pa.string(), pa.array(["a", "b", "c", "b", None]))
    assert ["A", None, None, None, None] == result.values.to_pylist()
    assert {"R603": [1, 3], "R601": [2]} == {code: np.flatnonzero(mask).tolist() for mask, code in result.failed}


def test_combining_many_wide_columns_does_not_overflow() -> None:
    columns = [pa.array(range(1000)) for _ in range(9)]
    codes, firsts = c.combined_codes(columns)
    assert list(range(1000)) == codes.to_pylist()
    assert list(range(1000)) == firsts.to_pylist()


@pytest.mark.parametrize("count", [3, 500, 5000])
def test_working_on_distinct_values_changes_nothing(count: int) -> None:
    values = pa.array([None if i % 7 == 0 else f"v{i % 11}" for i in range(count)])

    def kernel(texts: pa.Array) -> Outcome:
        raised = pa.array([text and text.upper() for text in texts.to_pylist()])
        return c.outcome(raised, (c.as_mask(pa.compute.equal(texts, "v3")), "R1"))

    direct, distinct = kernel(values), c.on_distinct(kernel, values)
    assert direct.values.equals(distinct.values)
    assert [(mask.tolist(), code) for mask, code in direct.failed] == [(mask.tolist(), code) for mask, code in distinct.failed]


@pytest.mark.parametrize("kind", [pa.decimal128(12, 2), pa.decimal256(50, 2)])
def test_decimals_go_to_whole_numbers_and_back(kind: pa.DataType) -> None:
    values = pa.array([Decimal("1.25"), None, Decimal("-0.01"), Decimal("9999999999.99")], kind)[1:]
    numbers = c.decimals_as_ints(values)
    assert numbers is not None
    assert [-1, 999999999999] == numbers[1:].tolist()
    assert values.equals(c.decimals_from_ints(numbers, c.valid(values), kind))
    assert values[2:].equals(c.decimals_from_ints(numbers[2:], None, kind))


def test_decimals_beyond_64_bits_are_not_whole_numbers_of_64_bits() -> None:
    assert c.decimals_as_ints(pa.array([Decimal(2**63)], pa.decimal128(38, 0))) is None
    assert c.decimals_as_ints(pa.array([Decimal(-(2**63))], pa.decimal128(38, 0))) is not None


def test_a_slice_of_texts_is_seen_as_its_own_bytes() -> None:
    values = pa.array(["one", None, "été", "four"])[2:]
    offsets, content = c.text_offsets(values), c.text_bytes(values)
    assert "été" == bytes(content[offsets[0] : offsets[1]]).decode()
    assert ["été", "four"] == c.from_texts(offsets, content).to_pylist()


def test_failed_rows_are_null_in_an_outcome() -> None:
    result = c.outcome(pa.array([1, 2, 3]), (np.array([False, True, False]), "R602"), (np.zeros(3, np.bool_), "R601"))
    assert [1, None, 3] == result.values.to_pylist()
    assert ["R602"] == [code for _, code in result.failed]


def test_a_kernel_over_pieces_gives_what_it_gives_over_the_whole() -> None:
    texts = pa.array([None if number % 17 == 0 else f"{number} " * 30 for number in range(40_000)])
    assert texts.nbytes > 4 * c.PIECE

    def kernel(values: pa.Array) -> Outcome:
        lengths = pc.binary_length(values)
        numbers = c.as_mask(pc.equal(pc.bit_wise_and(lengths, 1), 0)) & c.valid(values)
        rare = c.as_mask(pc.starts_with(values, "39999 "))
        return Outcome(pc.utf8_upper(values), ((numbers & ~rare, "R101"), (rare, "R102")))

    whole, pieces = kernel(texts), c.in_pieces(kernel, texts)
    assert pieces.values.equals(whole.values)
    assert [code for _, code in pieces.failed] == ["R101", "R102"]
    assert all(np.array_equal(one, other) for (one, _), (other, _) in zip(pieces.failed, whole.failed, strict=True))


def test_a_column_is_looked_at_the_more_seldom_the_oftener_it_was_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    plain = c.repeats

    def looking(values: pa.Array) -> bool:
        looked.append(len(values))
        return plain(values)

    monkeypatch.setattr(c, "repeats", looking)
    all_differ, all_same = pa.array([str(number) for number in range(100)]), pa.array(["a"] * 100)
    judgement = c.Judgement()
    assert not any(judgement.repeats(all_differ) for _ in range(200))
    assert 4 + (200 - 1 - 2 - 4 - 8) // 16 + 1 >= len(looked)
    answers = [judgement.repeats(all_same) for _ in range(2 * c.PATIENCE)]
    assert answers[-1]
    assert sorted(answers) == answers
    assert not judgement.repeats(all_same.slice(0, 63))
