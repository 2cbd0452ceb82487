"""Angles: what spreadsheets and programs have and commerce seldom needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions.columns import all_valid, as_array, broadcast, valid
from datahub.functions.declare import Datum, Floats, Mask, Outcome, example, function
from datahub.functions.operators import as_float, finite

CATEGORY = "number"


def _declare(name: str, ufunc: Callable[..., Floats], outside: Callable[[Floats], Any], doc: str, **told: Any) -> None:
    def kernel(value: Datum) -> Outcome:
        column = as_array(value, 1)
        numbers = as_float(column)
        with np.errstate(all="ignore"):
            none: Mask = np.broadcast_to(outside(numbers), len(numbers))
            return finite(ufunc(numbers), valid(column), (none, "R603"))

    kernel.__doc__, kernel.__module__ = doc, __name__
    rejects = () if outside is _nowhere else ("R603",)
    function(f"{name}(value: number) -> float", category=CATEGORY, **{"rejects": rejects, **told})(kernel)


def _nowhere(numbers: Floats) -> Mask:
    return np.zeros(len(numbers), np.bool_)


def _beyond_one(numbers: Floats) -> Mask:
    far: Mask = np.abs(numbers) > 1
    return far


_declare(
    "sin",
    np.sin,
    _nowhere,
    "The sine of an angle in radians.",
    sql="SIN",
    excel="SIN",
    examples=[example("sin(0)", 0.0), example("sin(pi() / 2)", 1.0)],
)
_declare(
    "cos",
    np.cos,
    _nowhere,
    "The cosine of an angle in radians.",
    sql="COS",
    excel="COS",
    examples=[example("cos(0)", 1.0), example("cos(pi())", -1.0)],
)
_declare(
    "tan",
    np.tan,
    _nowhere,
    "The tangent of an angle in radians.",
    sql="TAN",
    excel="TAN",
    examples=[example("tan(0)", 0.0), example("tan(null)")],
)
_declare(
    "asin",
    np.arcsin,
    _beyond_one,
    "The angle in radians whose sine is the number; R603 beyond 1.",
    sql="ASIN",
    excel="ASIN",
    examples=[example("asin(0)", 0.0), example("asin(2)", rejected="R603")],
)
_declare(
    "acos",
    np.arccos,
    _beyond_one,
    "The angle in radians whose cosine is the number; R603 beyond 1.",
    sql="ACOS",
    excel="ACOS",
    examples=[example("acos(1)", 0.0), example("acos(2)", rejected="R603")],
)
_declare(
    "atan",
    np.arctan,
    _nowhere,
    "The angle in radians whose tangent is the number.",
    sql="ATAN",
    excel="ATAN",
    examples=[example("atan(0)", 0.0), example("degrees(atan(1))", 45.0)],
)
_declare(
    "sinh",
    np.sinh,
    _nowhere,
    "The hyperbolic sine; R602 where no float holds it.",
    rejects=("R602",),
    sql="SINH",
    excel="SINH",
    also=("GREL sinh",),
    examples=[example("sinh(0)", 0.0), example("sinh(1000)", rejected="R602")],
)
_declare(
    "cosh",
    np.cosh,
    _nowhere,
    "The hyperbolic cosine; R602 where no float holds it.",
    rejects=("R602",),
    sql="COSH",
    excel="COSH",
    also=("GREL cosh",),
    examples=[example("cosh(0)", 1.0), example("cosh(1000)", rejected="R602")],
)
_declare(
    "tanh",
    np.tanh,
    _nowhere,
    "The hyperbolic tangent.",
    sql="TANH",
    excel="TANH",
    also=("GREL tanh",),
    examples=[example("tanh(0)", 0.0), example("tanh(1000)", 1.0)],
)
_declare(
    "degrees",
    np.degrees,
    _nowhere,
    "An angle in radians as degrees; R602 where no float holds it.",
    rejects=("R602",),
    sql="DEGREES",
    excel="DEGREES",
    examples=[example("degrees(pi())", 180.0), example("degrees(0)", 0.0), example('degrees(float("1e308"))', rejected="R602")],
)
_declare(
    "radians",
    np.radians,
    _nowhere,
    "An angle in degrees as radians.",
    sql="RADIANS",
    excel="RADIANS",
    examples=[example("radians(180) = pi()", True), example("radians(0)", 0.0)],
)


@function("pi() -> float", category=CATEGORY, sql="PI", excel="PI", examples=[example("pi()", math.pi), example("pi() > 3", True)])
def pi() -> pa.Scalar:
    """The ratio of a circle's circumference to its diameter."""
    return pa.scalar(math.pi)


@function(
    "atan2(y: number, x: number) -> float",
    category=CATEGORY,
    sql="ATAN2",
    excel="ATAN2(x, y)",
    examples=[example("atan2(0, 1)", 0.0), example("degrees(atan2(1, 1))", 45.0)],
)
def atan2(y: Datum, x: Datum) -> Outcome:
    """The angle in radians of the point (x, y), in SQL's order: y first."""
    up, right = broadcast(y, x)
    return finite(np.arctan2(as_float(up), as_float(right)), all_valid(up, right))


EARTH_KM = 6371.0088
"""The mean radius of the earth."""


@function(
    "distance_km(latitude: number, longitude: number, to_latitude: number, to_longitude: number) -> float",
    category=CATEGORY,
    rejects=("R603",),
    sql="ST_DISTANCE",
    also=("VRL haversine",),
    examples=[
        example("round(distance_km(48.8566, 2.3522, 52.52, 13.405))", 877.0),
        example("distance_km(45.0, 5.0, 45.0, 5.0)", 0.0),
        example("distance_km(91.0, 0.0, 0.0, 0.0)", rejected="R603"),
    ],
)
def distance_km(latitude: Datum, longitude: Datum, to_latitude: Datum, to_longitude: Datum) -> Outcome:
    """How far it is from one place of the earth to another, in kilometres along the ground; R603 beyond a pole.

    The earth is taken for a ball, so that half a percent is not to be relied on.
    """
    columns = broadcast(latitude, longitude, to_latitude, to_longitude)
    degrees = [as_float(one) for one in columns]
    with np.errstate(all="ignore"):
        north, east, to_north, to_east = (np.radians(one) for one in degrees)
        half = np.sin((to_north - north) / 2) ** 2 + np.cos(north) * np.cos(to_north) * np.sin((to_east - east) / 2) ** 2
        far = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1)))
        beyond = (np.abs(degrees[0]) > 90) | (np.abs(degrees[2]) > 90)
        return finite(far, all_valid(*columns), (beyond, "R603"))
