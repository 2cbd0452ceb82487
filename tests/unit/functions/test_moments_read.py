"""Instants read out of texts by their bytes: the same, whether all texts are of one length or not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datahub.functions.conversions import to_datetime

ALIKE = [
    "2025-09-12T06:03:24Z",
    "2025-02-30T06:03:24Z",
    "2025-09-12T06:03:24z",
    "2025-09-12T06:03:24+",
    "1969-12-31T23:59:59Z",
    "2025-09-12T0x:03:24Z",
]
OFFSETS = ["2025-09-12T06:03:24+02:00", "2025-09-12T06:03:24-18:00", "2025-09-12T06:03:24+02-00", "2025-09-12T06:03:24+19:00"]


@pytest.mark.parametrize("texts", [ALIKE, OFFSETS])
def test_texts_of_one_length_are_read_as_among_others(texts: list[str]) -> None:
    """Of one length they lie at even distances; with another behind, or before a slice, they do not."""
    alone = to_datetime(pa.array(texts))
    among = to_datetime(pa.array([*texts, "2025-09-12T06:03Z", None, ""]))
    sliced = to_datetime(pa.array(["2025-09-12T06:03Z", *texts])[1:])
    assert alone.values.equals(among.values.slice(0, len(texts)))
    assert alone.values.equals(sliced.values)
    for (mask, code), (longer, other), (later, _) in zip(alone.failed, among.failed, sliced.failed, strict=True):
        assert (code, mask.tolist()) == (other, longer.tolist()[: len(texts)])
        assert mask.tolist() == later.tolist()


def test_no_texts_are_no_instants() -> None:
    assert not len(to_datetime(pa.array([], pa.string())).values)
