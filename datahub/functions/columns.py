"""What kernels are made of: broadcasting, validity, distinct values, and columns built from NumPy's memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.declare import Datum, Floats, Mask, Outcome
from datahub.records import record
from datahub.types.bits import closed, there, truth_array, truths
from datahub.types.repeated import repeated
from datahub.types.sizes import check_given, within

if TYPE_CHECKING:
    import numpy.typing as npt

Ints: TypeAlias = "npt.NDArray[np.int64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"

PIECE, LEAST = 256 << 10, 1024
"""How many bytes of texts a kernel is given at once, and how many texts at least."""
SAMPLE = 1024
"""How many rows are looked at to tell whether a column repeats itself."""
PATIENCE = 15
"""For how many batches at most it is taken to be as it was before."""


@record(frozen=True, slots=True)
class Reject:
    """What a Python function answers for a value that fails: the reject code."""

    code: str


def length_of(*arguments: Datum) -> int:
    """The length of the arrays among `arguments`; 1 where all are constant."""
    return max((len(one) for one in arguments if isinstance(one, pa.Array)), default=1)


def as_array(value: Datum, length: int) -> pa.Array:
    """`value` as an array; a constant is repeated."""
    return repeated(value, length) if isinstance(value, pa.Scalar) else value


def broadcast(*arguments: Datum) -> tuple[pa.Array, ...]:
    """All arguments as arrays of one length."""
    length = length_of(*arguments)
    return tuple(as_array(one, length) for one in arguments)


def constant(value: Datum) -> Any:
    """The Python value of an argument known to be constant (None for null): of an array it is the first."""
    if isinstance(value, pa.Scalar):
        return value.as_py()
    return value[0].as_py() if len(value) else None


def is_constant(value: Datum) -> bool:
    return isinstance(value, pa.Scalar)


def valid(value: Datum, length: int | None = None) -> Mask:
    """Which values are not null."""
    if isinstance(value, pa.Scalar):
        return np.full(1 if length is None else length, value.is_valid, np.bool_)
    return there(value)


def all_valid(*arguments: Datum) -> Mask:
    """Rows in which no argument is null."""
    length = length_of(*arguments)
    mask = np.ones(length, np.bool_)
    for one in arguments:
        if isinstance(one, pa.Scalar) or one.null_count:
            mask &= valid(one, length)
    return mask


def as_mask(values: Datum, length: int | None = None) -> Mask:
    """Truth values as a NumPy mask; null is false."""
    if isinstance(values, pa.Scalar):
        return np.full(length_of(values) if length is None else length, values.as_py() is True, np.bool_)
    return truths(values) if pa.types.is_boolean(values.type) else np.zeros(len(values), np.bool_)


def bools(mask: Mask, keep: Mask | None = None) -> pa.Array:
    """A NumPy mask as a column of truth values, null where `keep` is false."""
    return pa.Array.from_buffers(pa.bool_(), len(mask), [validity(keep), closed(mask)])


def validity(keep: Mask | None) -> pa.Buffer | None:
    """The validity bitmap of a column that is null where `keep` is false; None where nothing is."""
    if keep is None or keep.all():
        return None
    return closed(keep)


def nulled(values: pa.Array, mask: Mask) -> pa.Array:
    """`values`, but null where `mask` is true."""
    if not mask.any():
        return values
    return pc.if_else(truth_array(mask), pa.scalar(None, values.type), values)


def outcome(values: Datum, *failed: tuple[Mask, str]) -> Outcome:
    """`values` with those of the failures that name a row; failed rows are null."""
    pairs = tuple((mask, code) for mask, code in failed if mask.any())
    if pairs and isinstance(values, pa.Array):
        for mask, _ in pairs:
            values = nulled(values, mask)
    return Outcome(values, pairs)


# --- numbers -----------------------------------------------------------------------------------------------------


def ints(values: pa.Array) -> Ints:
    """The int64 values of a column of whole numbers, dates, times, timestamps or durations; what stands at a null is arbitrary."""
    width = values.type.bit_width
    if width == 64:
        return buffer_view(values, np.int64)
    if width == 32:
        return buffer_view(values, np.int32).astype(np.int64)
    return buffer_view(pc.cast(values, pa.int64()), np.int64)


def floats(values: pa.Array) -> Floats:
    """The float64 values of a column; what stands at a null is arbitrary."""
    return buffer_view(values, np.float64)


def buffer_view(values: pa.Array, kind: Any) -> npt.NDArray[Any]:
    """The data buffer of a fixed-width column as NumPy sees it; read only."""
    if not len(values):
        return np.empty(0, kind)
    start = values.offset
    return np.frombuffer(values.buffers()[1], kind, start + len(values))[start:]


def from_ints(numbers: npt.NDArray[Any], keep: Mask | None = None, kind: pa.DataType | None = None) -> pa.Array:
    """A column of `kind` (int64 unless told: date32, time64, timestamp and duration count likewise) that is null where `keep` is false."""
    kind = pa.int64() if kind is None else kind
    packed = np.ascontiguousarray(numbers, np.int32 if kind.bit_width == 32 else np.int64)
    return pa.Array.from_buffers(kind, len(packed), [validity(keep), pa.py_buffer(packed)])


def from_floats(numbers: Floats, keep: Mask | None = None) -> pa.Array:
    """A float64 column that is null where `keep` is false."""
    packed = np.ascontiguousarray(numbers, np.float64)
    return pa.Array.from_buffers(pa.float64(), len(packed), [validity(keep), pa.py_buffer(packed)])


def decimals_from_ints(numbers: Ints, keep: Mask | None, kind: pa.DataType) -> pa.Array:
    """A column of decimal `kind` out of its values as whole numbers, scaled by ten to the power of its scale."""
    words = 2 if kind.bit_width == 128 else 4
    # Zeros cost next to nothing, and most columns have no number below.
    packed = np.zeros((len(numbers), words), np.int64)
    packed[:, 0] = numbers
    if len(numbers) and numbers.min() < 0:
        packed[:, 1:] = (numbers >> 63)[:, None]
    return pa.Array.from_buffers(kind, len(numbers), [validity(keep), pa.py_buffer(packed)])


def decimals_as_ints(values: pa.Array) -> Ints | None:
    """The values of a decimal column as scaled whole numbers, or None where one of them needs more than 64 bits."""
    if not len(values):
        return np.empty(0, np.int64)
    words = values.type.bit_width // 64
    start = values.offset
    packed = np.frombuffer(values.buffers()[1], np.int64, (start + len(values)) * words).reshape(-1, words)[start:]
    low = packed[:, 0]
    sign = low >> 63
    small = packed[:, 1] == sign
    for word in range(2, words):
        small &= packed[:, word] == sign
    if small.all():
        return low
    if values.null_count and (small | ~valid(values)).all():
        return np.where(small, low, 0)
    return None


# --- texts -------------------------------------------------------------------------------------------------------


def text_offsets(values: pa.Array) -> npt.NDArray[np.int32]:
    """Where each text begins in `text_bytes`, and at the end where the last one ends: one more than there are texts."""
    if not len(values):
        return np.zeros(1, np.int32)
    start = values.offset
    return np.frombuffer(values.buffers()[1], np.int32, start + len(values) + 1)[start:]


def text_bytes(values: pa.Array) -> Bytes:
    """The UTF-8 bytes that `text_offsets` counts in: those of the whole buffer, also before a slice."""
    held = values.buffers()[2]
    return np.empty(0, np.uint8) if held is None else np.frombuffer(held, np.uint8)


def from_texts(offsets: npt.NDArray[Any], content: Bytes, keep: Mask | None = None) -> pa.Array:
    """A column of texts out of offsets and UTF-8 bytes, null where `keep` is false."""
    packed = np.ascontiguousarray(offsets, np.int32)
    buffers = [validity(keep), pa.py_buffer(packed), pa.py_buffer(np.ascontiguousarray(content, np.uint8))]
    return pa.Array.from_buffers(pa.string(), len(packed) - 1, buffers)


def glued(*parts: Datum | str | bytes) -> pa.Array:
    """The parts of each row as one text; null where one of them is null.

    Use it where a part is a Python text: Arrow finds the type of each such one again in every call, which costs more than
    to join a thousand rows.
    """
    return pc.binary_join_element_wise(
        *(fixed(part) if isinstance(part, str | bytes) else part for part in parts), _NOTHING[_is_binary(parts)]
    )


@lru_cache(maxsize=1024)
def fixed(value: str | bytes | bool) -> pa.Scalar:
    """A text, bytes or a truth value as the scalar of its type."""
    return pa.scalar(value, _FIXED[type(value)])


def _is_binary(parts: tuple[Datum | str | bytes, ...]) -> bool:
    return any(isinstance(part, pa.Array) and pa.types.is_binary(part.type) for part in parts)


_FIXED = {str: pa.string(), bytes: pa.binary(), bool: pa.bool_()}
_NOTHING = (fixed(""), fixed(b""))


# --- lists -------------------------------------------------------------------------------------------------------


def from_lists(offsets: npt.NDArray[Any], items: pa.Array, keep: Mask | None = None) -> pa.Array:
    """A column of lists: list i holds `items[offsets[i]:offsets[i + 1]]`, and is null where `keep` is false."""
    kind = pa.list_(pa.field("item", items.type))
    packed = np.ascontiguousarray(offsets, np.int32)
    return pa.Array.from_buffers(kind, len(packed) - 1, [validity(keep), pa.py_buffer(packed)], children=[items])


# --- distinct values ---------------------------------------------------------------------------------------------


def repeats(values: pa.Array) -> bool:
    """Whether it pays to work on the distinct values of a column, judged by a sample spread over it."""
    count = len(values)
    if count <= SAMPLE:
        return count >= 64 and bool(pc.count_distinct(values).as_py() * 3 < count)
    # Where nearly all of a few differ, it is not worth it: most columns that do not repeat themselves are told by these alone.
    if pc.count_distinct(values.take(_spread_over(count, SAMPLE // 8))).as_py() > SAMPLE // 8 - 8:
        return False
    return bool(pc.count_distinct(values.take(_spread_over(count, SAMPLE))).as_py() * 3 < SAMPLE)


@record(slots=True)
class Judgement:
    """Whether the values that come by one place of a plan repeat themselves; asked again the more seldom, the oftener it was so.

    Threads may share one: what it says decides how much time is taken, never what comes out.
    """

    answer: bool = False
    patience: int = 0
    left: int = 0

    def repeats(self, values: pa.Array) -> bool:
        """What `repeats` says of `values`, or has said of those before them."""
        if len(values) < 64:
            return False
        if self.left > 0:
            self.left -= 1
            return self.answer
        answer = repeats(values)
        self.patience = min(2 * self.patience + 1, PATIENCE) if answer == self.answer else 0
        self.answer, self.left = answer, self.patience
        return answer


@lru_cache(maxsize=64)
def _spread_over(count: int, places: int) -> pa.Array:
    return pa.array(np.linspace(0, count - 1, places).astype(np.int64))


def on_distinct(kernel: Callable[[pa.Array], Outcome | pa.Array], values: pa.Array, judgement: Judgement | None = None) -> Outcome:
    """What `kernel` gives for `values`, worked out on the distinct ones where the column repeats itself."""
    if not (repeats(values) if judgement is None else judgement.repeats(values)):
        return in_pieces(kernel, values)
    coded = values.dictionary_encode(null_encoding="encode")  # `matches` and `is blank` answer for null, too.
    return _spread(_as_outcome(kernel(coded.dictionary)), coded.indices)


def in_pieces(kernel: Callable[[pa.Array], Outcome | pa.Array], values: pa.Array) -> Outcome:
    """What `kernel` gives for `values`, worked out for some rows after others.

    Kernels pass over the bytes of texts many times; a piece that stays in the processor's own cache halves the time.
    """
    if not pa.types.is_string(values.type) or values.nbytes <= 2 * PIECE:
        return _as_outcome(kernel(values))
    rows = max(LEAST, len(values) * PIECE // values.nbytes)
    made = [_as_outcome(kernel(values.slice(start, rows))) for start in range(0, len(values), rows)]
    if any(isinstance(one.values, pa.Scalar) for one in made) or len({one.values.type for one in made}) > 1:
        return _as_outcome(kernel(values))
    codes = dict.fromkeys(code for one in made for _, code in one.failed)
    lengths = [len(one.values) for one in made]
    failed = tuple(
        (np.concatenate([_mask_of(one, code, length) for one, length in zip(made, lengths, strict=True)]), code) for code in codes
    )
    return Outcome(pa.concat_arrays([one.values for one in made]), failed)


def _mask_of(result: Outcome, code: str, length: int) -> Mask:
    """The rows that failed with `code`."""
    mask = np.zeros(length, np.bool_)
    for failed, other in result.failed:
        if other == code:
            mask |= failed
    return mask


def map_distinct(function: Callable[..., Any], kind: pa.DataType, *columns: Datum, nulls: bool = False) -> Outcome:
    """The column of `kind` that a Python function gives for the rows of `columns`, called once for each distinct row.

    Constants reach it as Python values. It may answer None (null) or a `Reject`. Rows in which a column is null are
    null and not shown to it, unless `nulls`.
    """
    length = length_of(*columns)
    arrays = [one for one in columns if isinstance(one, pa.Array)]
    if not arrays:
        return map_distinct(function, kind, *(as_array(one, 1) for one in columns), nulls=nulls)
    codes, firsts = combined_codes(arrays, nulls)
    # `to_pylist` on the distinct rows only: a Python function takes Python values.
    picked = iter([one.take(firsts).to_pylist() for one in arrays])
    # Constants are one value each.
    shown = [next(picked) if isinstance(one, pa.Array) else [one.as_py()] * len(firsts) for one in columns]
    if not nulls and any(isinstance(one, pa.Scalar) and not one.is_valid for one in columns):
        return Outcome(pa.nulls(length, kind))
    answers = within((function(*row) for row in zip(*shown, strict=True)), len(firsts))
    return _spread(_collected(answers, kind), codes)


def combined_codes(columns: Sequence[pa.Array], nulls: bool = False) -> tuple[pa.Array, pa.Array]:
    """For each row the number of its distinct combination of values, and for each combination the row it is first seen in.

    Rows with a null have no number, unless `nulls`: then null is a value as any other.
    """
    coded = [_codes(one, nulls) for one in columns]
    codes, size = coded[0]
    for more, count in coded[1:]:
        if size * count >= 2**62:
            codes, size = _dense(codes)
        codes = pc.add(pc.multiply(codes, pa.scalar(count, pa.int64())), more)
        size *= count
    encoded = codes.dictionary_encode()
    numbers = encoded.indices
    seen = np.where(valid(numbers), ints(numbers), -1)
    # Numbers are given in order of appearance: each first one is higher than all before it.
    highest = np.maximum.accumulate(seen) if len(seen) else seen
    return numbers, pa.array(np.flatnonzero(np.diff(highest, prepend=-1)))


def _codes(values: pa.Array, nulls: bool) -> tuple[pa.Array, int]:
    if pa.types.is_nested(values.type):
        return _nested_codes(values, nulls)
    coded = values.dictionary_encode(null_encoding="encode" if nulls else "mask")
    return coded.indices.cast(pa.int64()), max(len(coded.dictionary), 1)


def _nested_codes(values: pa.Array, nulls: bool) -> tuple[pa.Array, int]:
    # No kernel encodes lists or structs: rows count as distinct.
    numbers = np.arange(len(values), dtype=np.int64)
    return from_ints(numbers, None if nulls else valid(values)), max(len(values), 1)


def _dense(codes: pa.Array) -> tuple[pa.Array, int]:
    coded = codes.dictionary_encode()
    return coded.indices.cast(pa.int64()), max(len(coded.dictionary), 1)


def _collected(answers: list[Any], kind: pa.DataType) -> Outcome:
    codes = {one.code for one in answers if isinstance(one, Reject)}
    values = pa.array([None if isinstance(one, Reject) else one for one in answers], kind)
    masks = ((np.array([isinstance(one, Reject) and one.code == code for one in answers], np.bool_), code) for code in sorted(codes))
    return Outcome(values, tuple(masks))


def _spread(result: Outcome, indices: pa.Array) -> Outcome:
    """The outcome on distinct values, given to the rows that `indices` says have them."""
    check_given(result.values, indices)
    spread = [(as_mask(pa.array(mask).take(indices)), code) for mask, code in result.failed]
    return Outcome(result.values.take(indices), tuple((mask, code) for mask, code in spread if mask.any()))


def _as_outcome(result: Outcome | pa.Array) -> Outcome:
    return result if isinstance(result, Outcome) else Outcome(result)
