"""One function for each way to break what a declaration says."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import Outcome, example, function

CALLS = [0]


@function("upper(value: text) -> text")
def upper(value):
    """Never asked: the builtin of the name has no point in it."""
    raise AssertionError


@function("broken.raises(value: text) -> text")
def raises(value):
    """Raises."""
    raise RuntimeError("no licence\nfor it")


@function("broken.exits(value: text) -> text")
def exits(value):
    """Ends the process, as a library may that looks for its licence."""
    raise SystemExit(3)


@function("broken.type(value: string) -> text")
def unknown_type(value):
    """Says a type that is none."""
    return value


@function("broken.code(value: text) -> text", rejects=("ACME1",))
def own_code(value):
    """Declares a code that no row is rejected with."""
    return value


@function("broken.undeclared(value: text) -> text")
def undeclared(value):
    """Rejects with a code that it does not declare."""
    return Outcome(value, ((np.ones(len(value), np.bool_), "R603"),))


@function("broken.kernel(value: text, other: text) -> text")
def other_kernel(value):
    """Takes fewer than it says."""
    return value


@function("broken.secret(value: text) -> int")
def goes_one_by_one(value):
    """Goes over its values and does not say so."""
    return pa.array([len(one or "") for one in value.to_pylist()])


def plain_python(value):
    return value


@function("broken.long(value: text) -> text")
def too_long(value):
    """Gives a value too many."""
    return pa.concat_arrays([value, value])


@function("broken.bytes(value: text) -> text")
def gives_bytes(value):
    """Gives another type than it says."""
    return pc.cast(value, pa.binary())


@function("broken.gaps(value: text) -> text")
def gaps(value):
    """Gives null where it says that there is a value."""
    return pa.nulls(len(value), pa.string())


@function("broken.nan(value: float) -> float")
def no_number(value):
    """Gives a float that is none."""
    return pa.array(np.full(len(value), np.nan))


@function("broken.cut(value: int) -> int", examples=[example("broken.cut(1)", 0)])
def cut(value):
    """Gives the place in the block: other blocks, other answers."""
    return pa.array(np.arange(len(value)))


@function("broken.says(value: int) -> int", reference=lambda value: value * 2, examples=[example("broken.says(1)", 3)])
def says_otherwise(value):
    """Gives something else than its reference and its example."""
    return value


@function("broken.half(value: text) -> int", row_wise=True)
def half(value):
    """Gives the half of an int, which is none."""
    return len(value) * 0.5


@function("broken.large(value: text) -> int", row_wise=True)
def large(value):
    """Gives more than an int holds."""
    return 10**30
