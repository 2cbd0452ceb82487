"""What stands round the kernel of an extension: it gives what its declaration says, or is told to be broken; nothing else gets in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.answers import Unlike, hold, written
from datahub.functions.columns import Reject, as_array, as_mask, map_distinct, valid
from datahub.functions.declare import Datum, Function, Kernel, Mask, Outcome, Overload, Parameter
from datahub.functions.extensions import BrokenExtension
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from datahub.types.shapes import Exact, ListShape, MapShape, Shape, StructShape, built, shape


def guarded(function: Function, overload: Overload) -> Kernel:
    """The kernel of an extension, whose every answer is checked."""
    declared = _given_type(overload)
    kernel = by_value(overload, declared) if function.row_wise and declared is not None else overload.kernel

    @wraps(overload.kernel)
    def called(*given: Any, **more: Any) -> Outcome:
        try:
            answer = kernel(*given, **more)
        except BrokenExtension:
            raise
        except Unlike as problem:
            raise BrokenExtension(function.name, function.origin, str(problem)) from problem
        except (Exception, SystemExit) as problem:
            # What a library ends the process with is no end of a run: the reader would take its code for one of ours.
            reason = f"raised {type(problem).__name__}: {_short(str(problem))}"
            raise BrokenExtension(function.name, function.origin, reason) from problem
        try:
            return checked(answer, overload, given, declared)
        except Unlike as problem:
            raise BrokenExtension(function.name, function.origin, str(problem)) from problem

    return called


def _short(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _given_type(overload: Overload) -> t.Type | None:
    """The type that an overload gives; None where that depends on the arguments."""
    if overload.rule is not None:
        return None
    wanted = shape(overload.returns)
    return built(wanted, {}) if _is_closed(wanted) else None


def _is_closed(wanted: Shape) -> bool:
    match wanted:
        case Exact():
            return True
        case ListShape(item=inner) | MapShape(value=inner):
            return _is_closed(inner)
        case StructShape(fields=fields):
            return all(_is_closed(inner) for _, inner in fields)
        case _:
            return False


def by_value(overload: Overload, declared: t.Type) -> Kernel:
    """A kernel out of a Python function of one row: called once for each distinct row, null where a strict argument is."""
    places, kind = overload.parameters, arrow_type(declared)

    def kernel(*given: Any, **more: Any) -> Outcome:
        at = [number for number, one in enumerate(given) if isinstance(one, pa.Array | pa.Scalar)]
        strict = [not _place(places, number).nullable for number in at]
        answers: list[Any] = []

        def of_row(*row: Any) -> Any:
            if any(value is None and must for value, must in zip(row, strict, strict=True)):
                return None
            values = dict(zip(at, row, strict=True))
            answer = overload.kernel(*(values.get(number, one) for number, one in enumerate(given)), **more)
            if answer is not None and not isinstance(answer, Reject):
                hold(answer, declared)
                answers.append(answer)
            return answer

        try:
            return map_distinct(of_row, kind, *(given[number] for number in at), nulls=not all(strict))
        except _REFUSED:
            # Whose refusal it is, the function's own or Arrow's of an answer that is too large, is seen by asking Arrow again.
            for answer in answers:
                _hold_size(answer, declared, kind)
            raise

    return kernel


_REFUSED = (pa.ArrowException, ValueError, OverflowError)


def _hold_size(answer: Any, declared: t.Type, kind: pa.DataType) -> None:
    try:
        pa.scalar(answer, kind)
    except _REFUSED as problem:
        raise Unlike(f"gave {written(answer)}, which does not fit {t.spelled(declared)}: {_short(str(problem))}") from problem


def _place(places: Sequence[Parameter], number: int) -> Parameter:
    return places[min(number, len(places) - 1)]


def checked(answer: Any, overload: Overload, given: Sequence[Any], declared: t.Type | None) -> Outcome:
    """The answer of a kernel, of the type and length that are due and with values where there must be some."""
    values, failed = (answer.values, answer.failed) if isinstance(answer, Outcome) else (answer, ())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array | pa.Scalar):
        help = "a kernel gives an Arrow array, or is declared with `row_wise=True`"
        raise Unlike(f"gave a {type(values).__name__}, and {help}")
    length = _length(overload, given)
    if isinstance(values, pa.Array) and len(values) != length:
        raise Unlike(f"gave {len(values):,} values for {length:,} rows")
    if declared is not None:
        values = _brought(values, arrow_type(declared), overload)
    lost = _failed(failed, overload, length)
    live = ~lost & _live(overload, given, length)
    _check_gaps(values, live, overload)
    if declared is not None and pa.types.is_nested(values.type):
        _check_within(as_array(values, length).filter(pa.array(live)), declared, overload)
    return Outcome(values, tuple(failed))


def _length(overload: Overload, given: Sequence[Any]) -> int:
    if overload.kind == "aggregate":
        return len(given[1]) - 1
    return max((len(one) for one in given if isinstance(one, pa.Array)), default=1)


def _brought(values: Datum, wanted: pa.DataType, overload: Overload) -> Datum:
    """Values of the very type that is declared: texts however they are laid out, numbers that lose nothing."""
    if values.type == wanted:
        return values
    if not _alike(values.type, wanted):
        raise Unlike(f"gave {values.type}, and `{overload.signature}` needs {wanted}")
    try:
        return pc.cast(values, wanted)
    except pa.ArrowException as problem:
        raise Unlike(f"gave {values.type}, which does not fit {wanted}: {_short(str(problem))}") from problem


def _alike(kind: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of a type may be those of the declared one: of the same family, and all that is within them likewise."""
    if pa.types.is_null(kind):
        return True
    if _family(kind) != _family(wanted):
        return False
    if pa.types.is_struct(wanted):
        names = {one.name for one in wanted}
        return kind.num_fields == len(names) and all(one.name in names and _alike(one.type, wanted.field(one.name).type) for one in kind)
    if pa.types.is_map(wanted):
        return _alike(kind.key_type, wanted.key_type) and _alike(kind.item_type, wanted.item_type)
    return not pa.types.is_list(wanted) or _alike(kind.value_type, wanted.value_type)


def _family(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _family(kind.value_type)
    for name, test in _FAMILIES:
        if test(kind):
            return name
    return str(kind)


_FAMILIES = (
    ("text", lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)),
    ("int", pa.types.is_integer),
    ("decimal", pa.types.is_decimal),
    ("list", lambda kind: pa.types.is_list(kind) or pa.types.is_large_list(kind)),
    ("struct", pa.types.is_struct),
    ("map", pa.types.is_map),
    ("duration", pa.types.is_duration),
    ("time", pa.types.is_time),
)


def _failed(failed: Sequence[tuple[Mask, str]], overload: Overload, length: int) -> Mask:
    """The rows that a kernel says have failed, each with a code that it declares."""
    lost = np.zeros(length, np.bool_)
    for mask, code in failed:
        if code not in overload.rejects:
            raise Unlike(f"rejected with {code}, which it does not declare")
        if np.asarray(mask).dtype != np.bool_ or np.shape(mask) != (length,):
            raise Unlike(f"said by no mask of {length:,} truth values which rows fail with {code}")
        lost |= mask
    return lost


def _live(overload: Overload, given: Sequence[Any], length: int) -> Mask:
    """The rows that have all arguments which must be there."""
    live = np.ones(length, np.bool_)
    if overload.kind == "aggregate":
        return live
    for number, one in enumerate(given):
        if isinstance(one, pa.Array | pa.Scalar) and not _place(overload.parameters, number).nullable:
            live &= valid(one, length)
    return live


def _check_gaps(values: Datum, live: Mask, overload: Overload) -> None:
    """No row that is live lacks its value, unless the declaration says `?`, and no float is without an answer."""
    length = len(live)
    if not overload.returns.endswith("?") and overload.rule is None and (live & ~valid(values, length)).any():
        raise Unlike(f"gave null where `{overload.signature}` has a value; declare `{overload.returns}?`, or reject the row")
    if pa.types.is_floating(values.type):
        odd = ~as_mask(pc.fill_null(pc.is_finite(values), True), length)
        if (live & odd).any():
            raise Unlike("gave a float that is infinite or no number; reject such rows with R602 or R603")


def _check_within(values: pa.Array, kind: t.Type, overload: Overload) -> None:
    """No list, struct or map holds a null that its type does not allow; those that are null themselves hold nothing."""
    there = values.drop_null()
    match kind:
        case t.ListOf(item=item):
            parts = [(there.flatten(), item)]
        case t.MapOf(value=item):
            parts = [(there.items.slice(there.offsets[0].as_py(), there.offsets[-1].as_py() - there.offsets[0].as_py()), item)]
        case t.Struct(fields=fields):
            parts = [(pc.struct_field(there, [place]), inner) for place, (_, inner) in enumerate(fields)]
        case _:
            parts = []
    for inside, inner in parts:
        if inside.null_count and not inner.nullable:
            there_is = t.spelled(inner)
            raise Unlike(f"gave null within a value, where `{overload.signature}` has {there_is}; declare `{there_is}?`, or reject the row")
        _check_within(inside, inner, overload)
