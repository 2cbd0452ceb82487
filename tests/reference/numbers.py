"""What operators and functions of numbers mean: whole numbers have 64 bits, decimals are exact, floats are finite."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from datahub.types import model as t
from tests.reference.meaning import Asked, Reject, as_decimal, means

Number = int | Decimal | float
MICRO = timedelta(microseconds=1)
MODES = {
    "round": ROUND_HALF_UP, "round_half_even": ROUND_HALF_EVEN, "round_half_down": ROUND_HALF_DOWN, "round_down": ROUND_DOWN,
    "trunc": ROUND_DOWN, "round_up": ROUND_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR,
}  # fmt: skip


# ---------------------------------------------------------------- what holds a number


def whole(value: int, code: str = "R602") -> int:
    """The number, if 64 bits hold it."""
    if not -(2**63) <= value < 2**63:
        raise Reject(code)
    return value


def exact(value: Fraction | Decimal | int, kind: t.Type, code: str = "R602", mode: str = ROUND_HALF_UP) -> Decimal:
    """The number at the scale of its type, rounded half away from zero, if its digits suffice."""
    wanted = as_decimal(kind)
    scaled = rounded(Fraction(value) * 10**wanted.scale, mode)
    if abs(scaled) >= 10**wanted.precision:
        raise Reject(code)
    with localcontext(prec=100):
        return Decimal(scaled).scaleb(-wanted.scale)


def rounded(value: Fraction, mode: str = ROUND_HALF_UP) -> int:
    """The whole number nearest to a fraction, or on the side that `mode` says."""
    floor = value.numerator // value.denominator
    over = value - floor
    half = Fraction(1, 2)
    up = {
        ROUND_HALF_UP: over > half or (over == half and value > 0),
        ROUND_HALF_DOWN: over > half or (over == half and value < 0),
        ROUND_HALF_EVEN: over > half or (over == half and floor % 2 == 1),
        ROUND_DOWN: over > 0 and value < 0,
        ROUND_UP: over > 0 and value > 0,
        ROUND_CEILING: over > 0,
        ROUND_FLOOR: False,
    }[mode]
    return floor + up


def finite(value: float, code: str = "R602") -> float:
    if not math.isfinite(value):
        raise Reject(code)
    return value


def micros(value: timedelta) -> int:
    return value // MICRO


def lasting(value: int) -> timedelta:
    """A duration of so many microseconds, if 64 bits hold them."""
    whole(value)
    return timedelta(microseconds=value)


def moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        raise Reject("R602") from None


# ---------------------------------------------------------------- operators


@means("+", asks=True)
def plus(asked: Asked, left: Any, right: Any) -> Any:
    match left:
        case datetime():
            return moved(left, right)
        case timedelta() if isinstance(right, datetime):
            return moved(right, left)
        case timedelta():
            return lasting(micros(left) + micros(right))
        case float():
            return finite(left + float(right))
        case int() if isinstance(asked.kind, t.Int):
            return whole(left + right)
        case _ if isinstance(right, float):
            return finite(float(left) + right)
        case _:
            return exact(Fraction(left) + Fraction(right), asked.kind)


@means("-", asks=True)
def minus(asked: Asked, left: Any, right: Any) -> Any:
    match left:
        case datetime() if isinstance(right, datetime):
            return left - right
        case datetime():
            return moved(left, -right)
        case timedelta():
            return lasting(micros(left) - micros(right))
        case float():
            return finite(left - float(right))
        case int() if isinstance(asked.kind, t.Int):
            return whole(left - right)
        case _ if isinstance(right, float):
            return finite(float(left) - right)
        case _:
            return exact(Fraction(left) - Fraction(right), asked.kind)


@means("*", asks=True)
def times(asked: Asked, left: Any, right: Any) -> Any:
    match left:
        case timedelta():
            return lasting(micros(left) * right)
        case _ if isinstance(right, timedelta):
            return lasting(left * micros(right))
        case _ if isinstance(left, float) or isinstance(right, float):
            return finite(float(left) * float(right))
        case int() if isinstance(asked.kind, t.Int):
            return whole(left * right)
        case _:
            return exact(Fraction(left) * Fraction(right), asked.kind)


@means("/", asks=True)
def over(asked: Asked, left: Any, right: Any) -> Any:
    if right in (0, timedelta()):
        raise Reject("R601")
    if isinstance(left, timedelta):
        if isinstance(right, timedelta):
            return exact(Fraction(micros(left), micros(right)), asked.kind)
        part = Fraction(micros(left), right)
        return lasting(int(abs(part) + Fraction(1, 2)) * (1 if part > 0 else -1))
    if isinstance(left, float) or isinstance(right, float):
        return finite(float(left) / float(right))
    return exact(Fraction(left) / Fraction(right), asked.kind)


@means("neg", asks=True)
def negative(asked: Asked, value: Any) -> Any:
    return minus(asked, type(value)() if not isinstance(value, float) else -0.0, value)


@means("not")
def negation(value: bool) -> bool:
    return not value


@means("and_not")
def and_not(left: bool, right: bool) -> bool:
    return left and not right


@means("xor")
def xor(left: bool, right: bool) -> bool:
    return left != right


@means("div", asks=True)
def div(asked: Asked, left: Number, right: Number) -> int:
    if right == 0:
        raise Reject("R601")
    return whole(math.floor(Fraction(left) / Fraction(right)))


@means("mod", asks=True)
def mod(asked: Asked, left: Any, right: Any) -> Any:
    if right == 0:
        raise Reject("R601")
    if isinstance(left, float) or isinstance(right, float):
        return finite(float(left) % float(right))
    rest = Fraction(left) - math.floor(Fraction(left) / Fraction(right)) * Fraction(right)
    return int(rest) if isinstance(asked.kind, t.Int) else exact(rest, asked.kind)


# ---------------------------------------------------------------- rounding


def _rounding(name: str) -> None:
    mode = MODES[name]

    @means(name, asks=True)
    def of(asked: Asked, value: Any, digits: int = 0) -> Any:
        if isinstance(value, float):
            return _rounded_float(value, digits, mode)
        digits = max(min(digits, 400), -400)
        nearest = rounded(Fraction(value) * Fraction(10) ** digits, mode) / Fraction(10) ** digits
        return whole(int(nearest)) if isinstance(asked.kind, t.Int) else exact(nearest, asked.kind)


def _rounded_float(value: float, digits: int, mode: str) -> float:
    """The digits of a float are those that it is written with."""
    if abs(digits) > 400:
        return value if digits > 0 else 0.0
    nearest = rounded(Fraction(repr(value)) * Fraction(10) ** digits, mode) / Fraction(10) ** digits
    try:
        return float(nearest)
    except OverflowError:
        raise Reject("R602") from None


for _name in MODES:
    _rounding(_name)


def _stepping(name: str, mode: str) -> None:
    @means(name, asks=True)
    def of(asked: Asked, value: Number, step: Number) -> Any:
        if step == 0:
            raise Reject("R601")
        size = abs(Fraction(step))
        nearest = rounded(Fraction(value) / size, mode) * size
        return whole(int(nearest)) if isinstance(asked.kind, t.Int) else exact(nearest, asked.kind)


for _name, _mode in (("round_to", ROUND_HALF_UP), ("ceil_to", ROUND_CEILING), ("floor_to", ROUND_FLOOR)):
    _stepping(_name, _mode)


# ---------------------------------------------------------------- functions


@means("abs")
def absolute(value: Any) -> Any:
    if isinstance(value, int):
        return whole(abs(value))
    return lasting(abs(micros(value))) if isinstance(value, timedelta) else value.copy_abs() if isinstance(value, Decimal) else abs(value)


@means("sign")
def sign(value: Number) -> int:
    return (value > 0) - (value < 0)


@means("clamp")
def clamp(value: Any, low: Any, high: Any) -> Any:
    return min(max(value, low), high)


@means("greatest")
def greatest(*values: Any) -> Any:
    return max(values)


@means("least")
def least(*values: Any) -> Any:
    return min(values)


@means("is_odd")
def is_odd(value: int) -> bool:
    return value % 2 == 1


@means("is_even")
def is_even(value: int) -> bool:
    return value % 2 == 0


@means("gcd")
def gcd(left: int, right: int) -> int:
    return whole(math.gcd(left, right))


@means("lcm")
def lcm(left: int, right: int) -> int:
    return whole(math.lcm(left, right))


@means("bit_and")
def bit_and(left: int, right: int) -> int:
    return left & right


@means("bit_or")
def bit_or(left: int, right: int) -> int:
    return left | right


@means("bit_xor")
def bit_xor(left: int, right: int) -> int:
    return left ^ right


@means("bit_not")
def bit_not(value: int) -> int:
    return -value - 1


@means("bit_shift_left")
def bit_shift_left(value: int, count: int) -> int:
    if count < 0:
        raise Reject("R603")
    if (value and count > 63) or not -(2**63) <= value * 2 ** min(count, 63) < 2**63:
        raise Reject("R602")
    return value * 2 ** min(count, 63)


@means("bit_shift_right")
def bit_shift_right(value: int, count: int) -> int:
    if count < 0:
        raise Reject("R603")
    return value // 2 ** min(count, 64)


@means("factorial")
def factorial(value: int) -> int:
    if value < 0:
        raise Reject("R603")
    if value > 20:
        raise Reject("R602")
    return value * factorial(value - 1) if value else 1


@means("combinations")
def combinations(count: int, taken: int) -> int:
    if taken < 0 or taken > count:
        raise Reject("R603")
    if min(taken, count - taken) > 64 or (count > 2**32 and min(taken, count - taken) > 1):
        raise Reject("R602")
    return whole(math.comb(count, taken))


@means("pi")
def pi() -> float:
    return math.pi


@means("power", asks=True)
def power(asked: Asked, base: Any, exponent: Any) -> Any:
    if isinstance(asked.kind, t.Int | t.Decimal) and abs(base) >= 2 and exponent > 400:
        raise Reject("R602")
    if isinstance(asked.kind, t.Int):
        return whole(base**exponent)
    if isinstance(asked.kind, t.Decimal):
        return exact(Fraction(base) ** exponent, asked.kind)
    if float(base) < 0 and not float(exponent).is_integer():
        raise Reject("R603")
    if base == 0 and exponent < 0:
        raise Reject("R603")
    try:
        return finite(math.pow(float(base), float(exponent)))
    except OverflowError:
        raise Reject("R602") from None


def _real(name: str, of: Any, code: str = "R603") -> None:
    @means(name)
    def meaning(*values: Number) -> float:
        try:
            return finite(of(*map(float, values)) + 0.0, code)
        except (ValueError, OverflowError, ZeroDivisionError):
            raise Reject(code) from None


for _name in ("acos", "asin", "atan", "atan2", "cos", "sin", "tan", "radians", "sqrt", "log10"):
    _real(_name, getattr(math, _name))
for _name in ("degrees", "sinh", "cosh"):
    _real(_name, getattr(math, _name), "R602")
_real("tanh", math.tanh)
_real("ln", math.log)
_real("exp", math.exp, "R602")


@means("log")
def log(base: Decimal, value: Decimal) -> float:
    if base <= 0 or base == 1 or value <= 0:
        raise Reject("R603")
    below = math.log(float(base))
    if not below:
        raise Reject("R603")
    return finite(math.log(float(value)) / below, "R603")


@means("distance_km")
def distance_km(latitude: Number, longitude: Number, to_latitude: Number, to_longitude: Number) -> float:
    """By the formula of haversines, on a ball of the earth's mean radius."""
    if not (-90 <= latitude <= 90 and -90 <= to_latitude <= 90):
        raise Reject("R603")
    a, b, x, y = (math.radians(float(one)) for one in (latitude, to_latitude, longitude, to_longitude))
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin((y - x) / 2) ** 2
    return finite(2 * 6371.0088 * math.asin(min(1.0, math.sqrt(h))), "R603")


# ---------------------------------------------------------------- conversions


def ten(code: str = "R102") -> Any:
    return lambda value: exact(value, t.Decimal(False, 28, 10), code)


@means("int")
def to_int(value: Any, base: int = 10) -> int:
    match value:
        case str():
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
            if re.fullmatch(f"[+-]?[{digits}]+", value, re.IGNORECASE | re.ASCII) is None:
                raise Reject("R101")
            return whole(int(value, base), "R102")
        case float() | Decimal():
            if value != int(value):
                raise Reject("R105")
            return whole(int(value), "R102")
        case _:
            return int(value)


@means("decimal", asks=True)
def to_decimal(asked: Asked, value: Any, mark: str = ".", groups: str = "") -> Decimal:
    if isinstance(value, str):
        return _decimal_text(value, mark, groups)
    if isinstance(value, float):
        return exact(Fraction(repr(value)), t.Decimal(False, 28, 10), "R102")
    if isinstance(value, Decimal) and Fraction(value) * 10**10 % 1:
        # Of the fraction: `abs` of a Decimal rounds to the 28 digits of its context.
        raise Reject("R105" if abs(Fraction(value)) < 10**18 else "R102")
    return exact(value, t.Decimal(False, 28, 10), "R102")


def _decimal_text(value: str, mark: str, groups: str) -> Decimal:
    between = groups or (" \u00a0\u202f\u2009." if mark == "," else "")
    whole_part = rf"\d{{1,3}}(?P<group>[{re.escape(between)}])\d{{3}}(?:(?P=group)\d{{3}})*|\d*" if between else r"\d*"
    match = re.fullmatch(rf"(?P<sign>[+-]?)(?P<whole>{whole_part})(?:{re.escape(mark)}(?P<rest>\d+))?", value, re.ASCII)
    if match is None or not (match["whole"] or match["rest"]):
        raise Reject("R104")
    number = Fraction(match["sign"] + "0" + re.sub(r"[^0-9]", "", match["whole"]) + "." + (match["rest"] or "0"))
    if number * 10**10 % 1:
        raise Reject("R105" if abs(number) < 10**18 else "R102")
    return exact(number, t.Decimal(False, 28, 10), "R102")


@means("float")
def to_float(value: Any, mark: str = ".") -> float:
    if not isinstance(value, str):
        return finite(float(value), "R102")
    plain = value.replace(mark, ".") if value.count(mark) <= 1 and (mark == "." or "." not in value) else "x"
    if re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", plain, re.ASCII) is None:
        raise Reject("R104")
    return finite(float(plain), "R102")


@means("bool")
def to_bool(value: Any, yes: str = "", no: str = "") -> bool:
    if not isinstance(value, str):
        return value != 0
    if yes or no:
        if value not in (yes, no):
            raise Reject("R103")
        return value == yes
    low = value.lower()
    if low in ("true", "t", "yes", "y", "on", "1"):
        return True
    if low in ("false", "f", "no", "n", "off", "0"):
        return False
    raise Reject("R103")


@means("format_int")
def format_int(value: int, base: int = 10) -> str:
    digits, rest = "", abs(value)
    while rest or not digits:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % base] + digits
        rest //= base
    return ("-" if value < 0 else "") + digits


# ---------------------------------------------------------------- comparison


@means("=", nulls=True)
def equal(left: Any, right: Any) -> bool:
    return bool(left == right)


@means("<>", nulls=True)
def different(left: Any, right: Any) -> bool:
    return bool(left != right)


def _ordering(name: str, of: Any) -> None:
    @means(name, nulls=True)
    def meaning(left: Any, right: Any) -> bool:
        return left is not None and right is not None and bool(of(left, right))


_ordering("<", lambda left, right: left < right)
_ordering("<=", lambda left, right: left <= right)
_ordering(">", lambda left, right: left > right)
_ordering(">=", lambda left, right: left >= right)


@means("between_inclusive", nulls=True)
def between(value: Any, low: Any, high: Any) -> bool:
    return value is not None and low is not None and high is not None and bool(low <= value <= high)


@means("enum_rank", nulls=True)
def enum_rank(value: str | None, members: tuple[str, ...]) -> int | None:
    return members.index(value) + 1 if value in members else None


@means("in_list", nulls=True)
def in_list(value: Any, values: Any) -> bool:
    return value is not None and values is not None and any(one is not None and one == value for one in values)


@means("not_in_list", nulls=True)
def not_in_list(value: Any, values: Any) -> bool:
    return value is not None and values is not None and not in_list(value, values)


@means("in_set", nulls=True)
def in_set(value: Any, values: Any) -> bool:
    return value in values


@means("not_in_set", nulls=True)
def not_in_set(value: Any, values: Any) -> bool:
    return value is not None and value not in values


@means("is_null", nulls=True)
def is_null(value: Any) -> bool:
    return value is None


@means("nullif", nulls=True)
def nullif(value: Any, other: Any) -> Any:
    return None if value == other else value


@means("choose", nulls=True)
def choose(index: int | None, *values: Any) -> Any:
    return values[index - 1] if index is not None and 1 <= index <= len(values) else None


@means("switch", nulls=True)
def switch(value: Any, *rest: Any) -> Any:
    pairs = list(zip(rest[::2], rest[1::2]))
    for when, then in pairs:
        if value == when:
            return then
    return rest[-1] if len(rest) % 2 else None


# ---------------------------------------------------------------- numbers as text


LANGUAGES = {"fr": (",", "\u202f"), "de": (",", "."), "es": (",", "."), "it": (",", "."), "nl": (",", "."), "pt": (",", ".")}


def fraction_of(value: Number) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def fixed(value: Fraction, places: int) -> tuple[str, str, str]:
    """Sign, whole digits and fraction of a number rounded half away from zero."""
    scaled = rounded(value * 10**places)
    digits = str(abs(scaled)).rjust(places + 1, "0")
    return ("-" if scaled < 0 else ""), digits[: len(digits) - places], digits[len(digits) - places :]


def in_threes(digits: str, mark: str) -> str:
    return re.sub(r"(?<=\d)(?=(\d{3})+$)", lambda _: mark, digits) if mark else digits


@means("format_number", asks=True)
def format_number(asked: Asked, value: Number, pattern: str | int, *rest: str) -> str:
    if isinstance(pattern, int):
        mark, groups = (*rest, ".", "")[:2] if len(rest) != 1 else (rest[0], "")
        return _marked(fraction_of(value), max(pattern, 0), mark, groups)
    if len(rest) == 1 and not re.search("[#0]", pattern):
        places = 0
        while fraction_of(value) * 10**places % 1:
            places += 1
        return _marked(fraction_of(value), places, pattern, rest[0])
    return by_picture(fraction_of(value), pattern, rest[0] if rest else "")


def _marked(value: Fraction, places: int, mark: str, groups: str) -> str:
    sign, digits, fraction = fixed(value, places)
    return sign + in_threes(digits, groups) + (mark + fraction if fraction else "")


def by_picture(value: Fraction, pattern: str, locale: str) -> str:
    """`0` is always there, `#` where needed, `,` sets groups of three apart, `%` counts hundredths, `E+00` is an exponent."""
    point, group = LANGUAGES.get(locale, (".", ","))
    scientific = re.fullmatch(r"(0+)(?:\.(0+))?([eE])(\+?)(0+)", pattern)
    if scientific:
        return by_exponent(value, point, *scientific.groups(""))
    positive, _, negative = pattern.partition(";")
    own = bool(negative) and value < 0
    picture = negative if own else positive
    match = re.search(r"[#0,]*0?(?:\.([0#]*))?", picture[re.search("[#0]", picture).start() :])  # type: ignore[union-attr]
    assert match is not None
    start = re.search("[#0]", picture).start()  # type: ignore[union-attr]
    body = match.group()
    prefix, suffix = picture[:start], picture[start + len(body) :]
    whole_part, _, places = body.partition(".")
    if "%" in prefix + suffix:
        value *= 100
    sign, digits, fraction = fixed(abs(value) if own else value, len(places))
    least = places.count("0")
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    digits = digits.lstrip("0").rjust(whole_part.count("0"), "0")
    if not digits and not fraction:
        digits = "0"
    digits = in_threes(digits, group) if "," in whole_part else digits
    return sign + prefix + digits + (point + fraction if fraction else "") + suffix


def by_exponent(value: Fraction, point: str, whole: str, places: str, letter: str, plus: str, digits: str) -> str:
    """As many digits before the point as the picture has, whatever the size: the exponent that leaves so many when rounded."""
    exponent = 0
    if value:
        while abs(value) / Fraction(10) ** exponent >= 10 ** len(whole):
            exponent += 1
        while abs(value) / Fraction(10) ** exponent < 10 ** (len(whole) - 1):
            exponent -= 1
        if len(fixed(abs(value) / Fraction(10) ** exponent, len(places))[1]) > len(whole):
            exponent += 1
    sign, before, after = fixed(value / Fraction(10) ** exponent, len(places))
    power = ("-" if exponent < 0 else plus) + str(abs(exponent)).rjust(len(digits), "0")
    return sign + before.rjust(len(whole), "0") + (point + after if places else "") + letter + power


def plain(value: Any) -> str:
    """A value as text, in the one form that its type has."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
        case datetime():
            zulu = "Z" if value.tzinfo else ""
            return value.replace(tzinfo=None).isoformat(timespec=_spec(value.microsecond)) + zulu
        case date():
            return value.isoformat()
        case timedelta():
            return duration_text(micros(value))
        case str():
            return value
        case int():
            return str(value)
        case _:
            return str(value.isoformat(timespec=_spec(value.microsecond)))


def _spec(microsecond: int) -> str:
    return "seconds" if not microsecond else "microseconds" if microsecond % 1000 else "milliseconds"


def duration_text(value: int) -> str:
    rest, second = divmod(abs(value), 1_000_000)
    days, hours, minutes, seconds = rest // 86400, rest // 3600 % 24, rest // 60 % 60, rest % 60
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or second:
        clock += f"{seconds}.{second:06d}".rstrip("0").rstrip(".") + "S"
    if not days and not clock:
        clock = "0S"
    return ("-" if value < 0 else "") + "P" + (f"{days}D" if days else "") + ("T" + clock if clock else "")
