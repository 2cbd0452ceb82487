"""Quantities in one unit turned into another: weights, volumes, lengths, areas and temperatures, metric and imperial, exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import lcm

import numpy as np
import pyarrow as pa

from datahub.functions import exact
from datahub.functions.columns import all_valid, broadcast, combined_codes, ints, map_distinct, outcome, valid
from datahub.functions.declare import Datum, Outcome, example, function

SCALE = 10
"""Digits after the point of what a conversion gives."""
PRECISION = 28
# How many kilograms, cubic metres, metres, square metres, kelvins one is: exact by definition, or (US gallon, pound) by treaty.
FACTORS: dict[str, dict[str, str]] = {
    "weight": {
        "kg KGM": "1", "g GRM": "0.001", "mg MGM": "0.000001", "t TNE": "1000",
        "lb LBR lbm": "0.45359237", "oz ONZ ozm": "0.028349523125",
    },
    "volume": {
        "m3 m³ MTQ": "1", "L LTR": "0.001", "dL DLT": "0.0001", "cL CLT": "0.00001", "mL MLT": "0.000001",
        "dm3 DMQ": "0.001", "cm3 CMQ": "0.000001",
        "gal GLL": "0.003785411784", "qt QTL": "0.000946352946", "pt PTL": "0.000473176473", "fl_oz floz OZA": "0.0000295735295625",
        "uk_gal GLI": "0.00454609", "uk_qt QTI": "0.0011365225", "uk_pt PTI": "0.00056826125", "uk_fl_oz OZI": "0.0000284130625",
    },
    "length": {
        "m MTR": "1", "km KMT": "1000", "dm DMT": "0.1", "cm CMT": "0.01", "mm MMT": "0.001",
        "mi SMI": "1609.344", "yd YRD": "0.9144", "ft FOT": "0.3048", "in INH": "0.0254",
    },
    "area": {
        "m2 m² MTK": "1", "km2 km² KMK": "1000000", "ha HAR": "10000", "cm2 CMK": "0.0001", "mm2 MMK": "0.000001", "dm2 DMK": "0.01",
        "ft2 ft² FTK": "0.09290304", "in2 INK": "0.00064516", "yd2 YDK": "0.83612736",
    },
    "temperature": {"K KEL": "1", "C °C CEL": "1", "F °F FAH": "5/9"},
}  # fmt: skip
ZEROS = {"C": "273.15", "F": "459.67"}
"""At how many of its own degrees above the coldest a scale has its zero."""
UNITS = {
    name.casefold().replace("_", " "): (kind, Fraction(factor))
    for kind, units in FACTORS.items()
    for names, factor in units.items()
    for name in names.split(" ")
}
STARTS = {
    name.casefold(): Fraction(ZEROS[names.split(" ")[0]]) * Fraction(factor)
    for names, factor in FACTORS["temperature"].items()
    for name in names.split(" ")
    if names.split(" ")[0] in ZEROS
}


@function(
    "convert_unit(value: decimal, source: text, target: text) -> decimal",
    rejects=("R603", "R602"),
    excel="CONVERT",
    also=("UN/ECE Recommendation 20", "pint Quantity.to"),
    examples=[
        example('convert_unit(2, "lb", "kg")', Decimal("0.90718474")),
        example('convert_unit(850, "g", "kg")', Decimal("0.85")),
        example('convert_unit(1, "GLL", "L")', Decimal("3.785411784")),
        example('convert_unit(68, "F", "C")', 20),
        example('convert_unit(1, left("kg", 2), "m")', rejected="R603"),
        example('convert_unit(99999999999999999999999999999999999999, "km", "mm")', rejected="R602"),
    ],
)
def convert_unit(value: Datum, source: Datum, target: Datum) -> Outcome:
    """A quantity in another unit, to ten digits after the point, half away from zero.

    Weights `kg g mg t lb oz`; volumes `m3 L dL cL mL dm3 cm3 gal qt pt fl_oz`, and `uk_gal uk_qt uk_pt uk_fl_oz`: as in
    Excel those without `uk_` are those of the United States; lengths `m km dm cm mm mi yd ft in`; areas `m2 km2 ha cm2
    mm2 dm2 ft2 in2 yd2`; temperatures `C F K`, as a thermometer shows them; also the codes of UN/ECE Recommendation 20
    (`KGM`, `LTR` …). Case does not matter. An unknown unit, or two units of different kinds, are a reject (R603); where
    both are written in the script, `dhm check` says so.
    """
    values, sources, targets = broadcast(value, source, target)
    codes, firsts = combined_codes([sources, targets])
    pair = np.where(valid(codes), ints(codes), -1)
    here = valid(values)
    scale = values.type.scale if pa.types.is_decimal(values.type) else 0
    numbers = np.where(here, exact.scaled(values), 0)
    result: exact.Exact = np.zeros(len(values), np.int64)
    strange = np.zeros(len(values), np.bool_)
    # `to_pylist` on the distinct pairs of units only.
    pairs = zip(sources.take(firsts).to_pylist(), targets.take(firsts).to_pylist(), strict=True)
    # Once for each distinct pair of units.
    for number, (old, new) in enumerate(pairs):
        rows = pair == number
        factor = factor_of(old, new)
        if factor is None:
            strange |= rows
            continue
        exactly, more = factor * 10**SCALE / 10**scale, shift_of(old, new) * 10**SCALE
        common = lcm(exactly.denominator, more.denominator)
        moved = exact.times(numbers[rows], int(exactly * common))
        if more:
            # Only between scales that begin at different places: sums of Python's numbers never overflow.
            moved = moved.astype(object) + int(more * common)
        made = exact.quotient(moved, common)
        result = result.astype(object) if made.dtype == object else result
        result[rows] = made
    large = ~exact.fits(result, PRECISION)
    keep = all_valid(values, sources, targets) & ~large & ~strange
    return outcome(exact.as_decimals(result, keep, pa.decimal128(PRECISION, SCALE)), (strange & here, "R603"), (large, "R602"))


def factor_of(old: str, new: str) -> Fraction | None:
    """How many of the new unit one of the old is; None where they do not measure the same."""
    first, second = (UNITS.get(_bare(name)) for name in (old, new))
    if first is None or second is None or first[0] != second[0]:
        return None
    return first[1] / second[1]


def shift_of(old: str, new: str) -> Fraction:
    """What is added behind the factor: scales of temperature begin at different places."""
    begins, ends = (STARTS.get(_bare(name), Fraction()) for name in (old, new))
    return (begins - ends) / UNITS[_bare(new)][1]


@function(
    "unit_kind(unit: text) -> text?",
    also=("pint Unit.dimensionality",),
    examples=[example('unit_kind("lb")', "weight"), example('unit_kind("LTR")', "volume"), example('unit_kind("pcs")', None)],
)
def unit_kind(unit: Datum) -> pa.Array:
    """What a unit measures: `weight`, `volume`, `length`, `area` or `temperature`; null for a unit that `convert_unit` does not know."""
    return map_distinct(lambda name: UNITS.get(_bare(name), (None,))[0], pa.string(), unit).values


def kind_of(name: str) -> str | None:
    """What a unit measures; None for one that is not known."""
    found = UNITS.get(_bare(name))
    return found[0] if found else None


def _bare(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())
