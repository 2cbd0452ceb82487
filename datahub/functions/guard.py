"""What stands round the kernel of an extension: it gives what its declaration says, or is told to be broken; nothing else gets in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import as_mask, map_distinct, valid
from datahub.functions.declare import Datum, Function, Kernel, Mask, Outcome, Overload, Parameter
from datahub.functions.extensions import BrokenExtension
from datahub.types.arrow import arrow_type
from datahub.types.shapes import Exact, ListShape, MapShape, Shape, StructShape, built, shape


def guarded(function: Function, overload: Overload) -> Kernel:
    """The kernel of an extension, whose every answer is checked."""
    wanted = result_type(overload)
    kernel = by_value(overload, wanted) if function.row_wise and wanted is not None else overload.kernel

    @wraps(overload.kernel)
    def called(*given: Any, **more: Any) -> Outcome:
        try:
            answer = kernel(*given, **more)
        except BrokenExtension:
            raise
        except (Exception, SystemExit) as problem:
            # What a library ends the process with is no end of a run: the reader would take its code for one of ours.
            reason = f"raised {type(problem).__name__}: {_short(str(problem))}"
            raise BrokenExtension(function.name, function.origin, reason) from problem
        try:
            return checked(answer, overload, given, wanted)
        except _Unfit as problem:
            raise BrokenExtension(function.name, function.origin, str(problem)) from problem

    return called


class _Unfit(Exception):
    """What an answer has that the declaration does not allow, as the end of a sentence."""


def _short(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def result_type(overload: Overload) -> pa.DataType | None:
    """The Arrow type that an overload gives; None where that depends on the arguments."""
    if overload.rule is not None:
        return None
    wanted = shape(overload.returns)
    return arrow_type(built(wanted, {})) if _is_closed(wanted) else None


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


def by_value(overload: Overload, kind: pa.DataType) -> Kernel:
    """A kernel out of a Python function of one row: called once for each distinct row, null where a strict argument is."""
    places = overload.parameters

    def kernel(*given: Any, **more: Any) -> Outcome:
        at = [number for number, one in enumerate(given) if isinstance(one, pa.Array | pa.Scalar)]
        strict = [not _place(places, number).nullable for number in at]

        def of_row(*row: Any) -> Any:
            if any(value is None and must for value, must in zip(row, strict, strict=True)):
                return None
            values = dict(zip(at, row, strict=True))
            return overload.kernel(*(values.get(number, one) for number, one in enumerate(given)), **more)

        return map_distinct(of_row, kind, *(given[number] for number in at), nulls=not all(strict))

    return kernel


def _place(places: Sequence[Parameter], number: int) -> Parameter:
    return places[min(number, len(places) - 1)]


def checked(answer: Any, overload: Overload, given: Sequence[Any], wanted: pa.DataType | None) -> Outcome:
    """The answer of a kernel, of the type and length that are due and with values where there must be some."""
    values, failed = (answer.values, answer.failed) if isinstance(answer, Outcome) else (answer, ())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array | pa.Scalar):
        help = "a kernel gives an Arrow array, or is declared with `row_wise=True`"
        raise _Unfit(f"gave a {type(values).__name__}, and {help}")
    length = _length(overload, given)
    if isinstance(values, pa.Array) and len(values) != length:
        raise _Unfit(f"gave {len(values):,} values for {length:,} rows")
    if wanted is not None:
        values = _brought(values, wanted, overload)
    lost = _failed(failed, overload, length)
    _check_gaps(values, ~lost & _live(overload, given, length), overload)
    return Outcome(values, tuple(failed))


def _length(overload: Overload, given: Sequence[Any]) -> int:
    if overload.kind == "aggregate":
        return len(given[1]) - 1
    return max((len(one) for one in given if isinstance(one, pa.Array)), default=1)


def _brought(values: Datum, wanted: pa.DataType, overload: Overload) -> Datum:
    """Values of the very type that is declared: texts however they are laid out, numbers that lose nothing."""
    if values.type == wanted:
        return values
    if _family(values.type) != _family(wanted) and not pa.types.is_null(values.type):
        raise _Unfit(f"gave {values.type}, and `{overload.signature}` needs {wanted}")
    try:
        return pc.cast(values, wanted)
    except pa.ArrowInvalid as problem:
        raise _Unfit(f"gave {values.type}, which does not fit {wanted}: {_short(str(problem))}") from problem


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
            raise _Unfit(f"rejected with {code}, which it does not declare")
        if np.asarray(mask).dtype != np.bool_ or np.shape(mask) != (length,):
            raise _Unfit(f"said by no mask of {length:,} truth values which rows fail with {code}")
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
        raise _Unfit(f"gave null where `{overload.signature}` has a value; declare `{overload.returns}?`, or reject the row")
    if pa.types.is_floating(values.type):
        odd = ~as_mask(pc.fill_null(pc.is_finite(values), True), length)
        if (live & odd).any():
            raise _Unfit("gave a float that is infinite or no number; reject such rows with R602 or R603")
