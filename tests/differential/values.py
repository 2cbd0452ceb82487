"""Values of every type, with the ones that trip: ends of ranges, halves, nothing, letters of two bytes and of four."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from datahub.types import model as t
from tests.reference.characters import category

MOST_NULLS = 0.08
WORDS = (
    "", " ", "a", "A", "ab", "abc", "été", "Été", "ÉTÉ", "Œuvre ß", "straße", "日本", "a-b_c D", "XMLHttp2", "inputString", "x" * 30, "1", "42", "-7",
    "12.50", "1 234,56", "2024-05-01", "true", "N/A", "a,b,,c", "a=1 b=2", "banana", "  two  words ", "\t tab\n", "\u00a0nbsp\u2003", "😊e\u0301",
    "ﬀ ŉ ǰ İ ı", "ΣΑΣ", "ǅ", "O'Neil", 'say "hi"', "back\\slash", "100%", "a_b", "$1", "/in/orders.csv", "/in/", "/", "orders", "Jean-Pierre",
)  # fmt: skip
EVERY = tuple(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
LETTERS = "abcXYZ019 -_.,;/%=éßÉœ日😊\u0301\u00a0\"'<&"
SPECIAL: dict[str, tuple[str, ...]] = {
    "number": (
        "0", "-0", "+5", "007", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e3", "0x10", "1_000", "١٢", "1.", ".5", "-.5", ".",
        "1,5", "1.234,56", "1 234,5", "1\u00a0234", "1\u202f234,56", "1'234.5", "12 34", "999999999999999999", "1234567890123456789.5", "0.00000000001",
        "0.0000000001", "nan", "inf", "-inf", "1e400", "1e-400", "2.5e3", "2.5E+3", " 1", "1 ", "1.2.3", "--1", "1-", "1.234.567,8", "1,234.5", "zz", "7f", "1010",
        "9999999999999999999.12345678901", "99999999999999999999999999.999999999999", "999999999999999999.99999999999", "99,999,999,999,999,999,999.12345678901",
    ),
    "bool": ("true", "TRUE", "t", "yes", "Y", "on", "1", "false", "f", "No", "n", "OFF", "0", "O", "N", "oui", "vrai", " true", "2", ""),
    "date": (
        "2024-02-29", "2023-02-29", "31/02/2020", "29/02/2024", "01/05/2024", "1/5/2024", "00/00/0000", "2024-5-1", "0001-01-01", "9999-12-31", "10000-01-01",
        "24-05-01", "01/05/24", "01/05/68", "01/05/69", "1 mai 2024", "1 MAI 2024", "12 août 2023", "3 mars 1999", " 01/05/2024", "01/05/2024 ", "2024-05-01T10:00:00",
        "2024-05-01T10:00:00Z", "2024-05-01T10:00", "2024-05-01 10:00:00", "2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00.123", "2024-05-01T10:00:00.123456Z",
        "2024-05-01T10:00:00.1234567Z", "2024-05-01T10:00:00.123456789", "10:30:00.1234567891",
        "2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-10-27T02:30:00+01:00", "2024-03-31T01:59:59", "2038-01-19T03:14:08", "2055-07-01T12:00:00",
        "1890-01-01T00:00:00", "24:00", "23:59:60", "10:30", "10:30:00", "10:30:00.5", "9:30", "10.30", "31/12/2024 23:59", "01/05/2024 10:00", "May 1, 2024",
        "2024-05-01T25:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00",
    ),
    "duration": (
        "PT1H30M", "1h 30m", "90m", "1005ms", "1:30:00", "P1DT12H", "PT0S", "-PT1.5S", "P1W", "PT", "P", "1 month", "1.5h", "0.0000001s", "2d", "-1d", "+1:00",
        "1:60", "PT1.1234567S", "99999999999999999999d", "1h30", "30min", "5 s", "10us", "P1Y", "106751991d", "106751992d",
    ),
    "commerce": (
        "4006381333931", "4006381333932", "73513537", "036000291452", "10614141000415", "400638133393", "0012345", "978-3-16-148410-0", "0-306-40615-2", "0306406153",
        "043942089X", "FR76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189", "DE89370400440532013000", "GB82WEST12345698765432", "AGRIFRPPXXX", "AGRIFRPP",
        "AGRIFRP", "DEUTDEFF500", "FR40303265045", "FR41303265045", "40303265045", "FR 40 303 265 045", "DE136695976", "EL094259216", "GB980780684", "XI123456789", "BE0403019261",
        "552008443", "552 008 443", "552008444", "73282932000074", "73282932000079", "35600000049837", "4111111111111111", "4111111111111112", "79927398713",
        "01 23 45 67 89", "+44 20 7946 0958", "0044 20 7946 0958", "+33123456789", "12", "06.12.34.56.78", "030 12345678", "+1 650 253 0000",
        "FR", "fr", "FRA", "250", "France", "Allemagne", "ALLEMAGNE", "Deutschland", "UK", "EL", "GR", "gb", "Atlantis", "Côte d’Ivoire", "Cote d'Ivoire", "XX", "Niederlande",
        "EUR", "eur", "JPY", "BHD", "CLF", "XXX", "XAU", "USD", "fr-BE", "fr_BE", "français", "Deutsch", "German", "deu", "ger", "xx", "Klingonisch", "zh",
        "kg", "KG", "g", "lb", "oz", "L", "ml", "m3", "cm", "mm", "in", "ft2", "GLL", "LTR", "fl_oz", "fl oz", " kg ", "pcs", "C", "°F", "kel", "FAH", "m²", "uk_gal",
        "jean.martin@example.com", "jean@localhost", "a..b@c.de", "é@x.fr", "a@été.fr", "a@-b.fr", "a@b-c.fr", "a@b--c.fr", "@b.c", "a@b.c.", "x" * 64 + "@y.fr",
        "x" * 65 + "@y.fr", "a@" + "y" * 64 + ".fr", "https://shop.example.com/p/42?x=1", "shop.example.com", "http://a.b", "HTTPS://A.B/ c", "ftp://u:p@h:21/x",
        "http://[::1]/", "http://été.fr/", "http://-a.fr", "https://a.b:99999999", "mailto:a@b.c", "http://" + "y" * 64 + ".fr",
    ),
    "markup": (
        "<p>Livré avec <b>notice</b><br/>&nbsp;norme&nbsp;CE</p>", "1 < 2 &amp; &lt;A&gt;", "a<script>x > y</script> b<!-- c -->", "Caf&eacute; &amp; th&#233;",
        "&amp;lt;", "R&D", "&#x1F600;", "&#0;", "&notit;", "&copy 2024", "<", "<a", "a<b>c", "&", "&;", "&#;", "<style>p{}</style>t", "&#128;", "&nosuch;", "<!x>y",
        "<SCRIPT>a</script >b", "&Aacute;&nbsp;&#160;", "x&ampy", "<p\n>q",
    ),
    "encoded": (
        "YQ==", "YQ", "YWI=", "eW91", "***", "Y", "w6k=", "6Q==", "_-_-", "+/+/", "Y Q=", "6162", "736F6D65", "7", "zz", "e9", "c3a9", "foo%20bar%3F", "a+b", "%E0%A4%A",
        "%zz", "50%", "%C3%A9", "%E9", "a b&c", "https://mozilla.org/?x=шеллы", "aad03681-8b63-5304-89e0-8ca8f49461b5", "dns", "url",
    ),
    "json": (
        '{"a": {"b": [1, 2.50]}}', "[1]", "3", '"x"', "null", "[1, {\"a\": null}]", '{"a": 1, "a": 2}', "oops", "", "[1,]", "NaN", "1e5", '{"a b": "é\\u00e9"}',
        '{"a": "x", "z": true}', "[[1, 2], [3]]", "01", " 1 ", '{"a": 12345678901234567890.10}', "[]", "{}", '["\\ud83d\\ude00"]',
    ),
    "records": (
        'foo,bar,"foo "", bar"', 'a,"b', '"a"b,c', 'a"b,c', ",", "", '""', '"a\nb",c', "a;b;c", "zork=zook zonk=nork", 'path:"/cart", host:x.com', "a=1 beta", 'k="v w" x=y',
        "=", "a=b=c", 'a="x\\"y"', "foo=1&bar=a+b%21", "?a=1&a=2&z", "/in?a=1#b=2", "http://a.b/c=d", "a=&b", "&&", "a=%zz", "https://u:p%40@shop.example.com:8443/p/42?ref=feed&x=%C3%A9#top", "no address", "http:",
        "http://h:99999/", "mailto:a@b.c", "http://[::1", "https://EXAMPLE.com", "1024KiB", "4TB", "a lot", "1.5 GB", "12", "7 B", "1e3 kB", "3 KIB", "100000000 EB", "٣ KB",
    ),
}  # fmt: skip


def text(r: random.Random, pool: tuple[str, ...] = ()) -> str:
    if pool and r.random() < 0.75:
        chosen = r.choice(pool)
        return chosen if r.random() < 0.2 else slipped(chosen, r)
    if r.random() < 0.2:
        return r.choice(WORDS)
    rare = r.choice((0, 0, 0.2, 1))
    return "".join(drawn(r) if r.random() < rare else r.choice(LETTERS) for _ in range(r.randint(0, 12)))


def drawn(r: random.Random) -> str:
    """A character of any block of Unicode, each as likely as another."""
    return r.choice(r.choice(_blocks()))


@cache
def _blocks() -> tuple[tuple[str, ...], ...]:
    """Characters that are assigned, by blocks of 128."""
    found: dict[int, list[str]] = {}
    for one in EVERY:
        if category(one) not in ("Cn", "Co"):
            found.setdefault(ord(one) // 128, []).append(one)
    return tuple(map(tuple, found.values()))


def slipped(value: str, r: random.Random) -> str:
    """A text with one slip of the pen: a sign put in, left out or changed for another."""
    at = r.randint(0, len(value))
    return value[:at] + r.choice(("", r.choice(LETTERS), r.choice("0123456789"), drawn(r))) + value[at + r.randint(0, 1) :]


def whole(r: random.Random) -> int:
    kind = r.random()
    if kind < 0.4:
        return r.randint(-12, 40)
    if kind < 0.5:
        return r.choice(
            (100, 999, 1000, 1999, 2000, 2024, 3999, 4000, 65, 233, 55296, 1114111, 1114112, 10**6, 10**9, -(10**6), 86_400, 1_714_557_600)
        )
    if kind < 0.8:
        most = 10 ** r.randint(2, 18)
        return r.randint(-most, most)
    if kind < 0.9:
        return r.choice((2**63 - 1, -(2**63), 2**62, -(2**62), 2**31, 2**53 + 1, 10**18, -(10**18), 2**32))
    return r.randint(-(2**63), 2**63 - 1)


def decimal(r: random.Random, precision: int, scale: int) -> Decimal:
    kind = r.random()
    most = 10**precision - 1
    if kind < 0.5:
        number = r.randint(-5000, 5000) * 10 ** max(scale - 3, 0)
    elif kind < 0.7:
        number = r.choice(
            (0, 5, 25, -5, -25, 15, 35, 125, 10**scale, -(10**scale), 5 * 10 ** max(scale - 1, 0), 25 * 10 ** max(scale - 1, 0))
        )
    elif kind < 0.85:
        nines = 10 ** r.randint(1, precision) - 1
        number = r.choice((most, -most, most - 1, 10 ** (precision - 1), -(10 ** (precision - 1)), most // 2, nines, -nines, nines // 2))
    else:
        number = r.randint(-most, most)
    digits = tuple(int(one) for one in str(abs(max(min(number, most), -most))))
    return Decimal((int(number < 0), digits, -scale))


def real(r: random.Random) -> float:
    kind = r.random()
    if kind < 0.5:
        return r.randint(-4000, 4000) / 8
    if kind < 0.8:
        return r.choice(
            (
                0.0,
                -0.0,
                0.1,
                2.675,
                2.5,
                -2.5,
                1.5,
                1e-7,
                1e16,
                1e300,
                -1e300,
                5e-324,
                1.7976931348623157e308,
                9.007199254740993e15,
                0.5,
                -0.5,
                1.0,
                90.0,
                3.0,
            )
        )
    if kind < 0.95:
        return r.uniform(-1000, 1000)
    found = struct.unpack("d", struct.pack("Q", r.getrandbits(64)))[0]
    return float(found) if found == found and abs(found) != float("inf") else 1.0


def day(r: random.Random) -> date:
    if r.random() < 0.15:
        return r.choice(
            (
                date(1, 1, 1),
                date(9999, 12, 31),
                date(2024, 2, 29),
                date(1900, 2, 28),
                date(2000, 2, 29),
                date(1970, 1, 1),
                date(1969, 12, 31),
            )
        )
    if r.random() < 0.2:
        return date.fromordinal(r.randint(1, date.max.toordinal()))
    return date(2019, 12, 25) + timedelta(days=r.randint(0, 2000))


def clock(r: random.Random) -> time:
    if r.random() < 0.2:
        return r.choice((time(0), time(23, 59, 59, 999999), time(12), time(0, 0, 0, 1)))
    return time(
        r.randint(0, 23),
        r.choice((0, 30, r.randint(0, 59))),
        r.choice((0, r.randint(0, 59))),
        r.choice((0, 0, 500000, r.randint(0, 999999))),
    )


CHANGES = (
    datetime(2024, 3, 31, 1),
    datetime(2024, 10, 27, 1),
    datetime(2055, 3, 28, 1),
    datetime(2024, 3, 31, 2, 30),
    datetime(2024, 10, 27, 2, 30),
    datetime(2024, 3, 10, 7),
)


def local(r: random.Random) -> datetime:
    if r.random() < 0.25:
        return r.choice(CHANGES) + timedelta(minutes=r.choice((-61, -60, -1, 0, 1, 30, 59, 60, 61)))
    if r.random() < 0.05:
        return r.choice((datetime(1, 1, 2), datetime(9999, 12, 30, 23, 59, 59, 999999)))
    # A day from the ends: clocks to the east of the last instant show the year 10000.
    return datetime.combine(min(max(day(r), date(1, 1, 2)), date(9999, 12, 30)), clock(r))


def lasting(r: random.Random) -> timedelta:
    if r.random() < 0.1:
        return r.choice((timedelta(microseconds=-1), timedelta(days=106_751_990), timedelta(days=-106_751_990), timedelta()))
    return timedelta(
        days=r.choice((0, 0, r.randint(-400, 400))), minutes=r.randint(-3000, 3000), microseconds=r.choice((0, 0, r.randint(0, 10**6)))
    )


SIMPLE: dict[type, Callable[[random.Random], Any]] = {
    t.Bool: lambda r: r.random() < 0.5,
    t.Int: whole,
    t.Float: real,
    t.Text: text,
    t.Date: day,
    t.Time: clock,
    t.LocalDateTime: local,
    t.DateTime: lambda r: local(r).replace(tzinfo=UTC),
    t.Duration: lasting,
    t.Json: lambda r: r.choice([one for one in SPECIAL["json"] if one not in ("oops", "", "[1,]", "NaN", "01")]),
}


def value(kind: t.Type, r: random.Random, pool: tuple[str, ...] = (), small: bool = False) -> Any:
    """A value of a type; null at times where it may be."""
    if kind.nullable and r.random() < MOST_NULLS:
        return None
    match t.base_of(kind):
        case t.Decimal(precision=precision, scale=scale):
            return decimal(r, precision, scale)
        case t.Enum(members=members):
            return r.choice(members)
        case t.ListOf(item=item):
            base = [value(item, r, pool, True) for _ in range(r.choice((0, 1, 2, 3, 4, 7)))]
            return [*base, *base[:2]] if r.random() < 0.4 else base
        case t.MapOf(value=inner):
            return {key: value(inner, r, pool, True) for key in r.sample(("a", "b", "c", "-", "é"), r.randint(0, 4))}
        case t.Struct(fields=fields):
            return {name: value(inner, r, pool, small) for name, inner in fields}
        case t.Text():
            return r.choice(pool[:6] or WORDS[:9]) if small else text(r, pool)
        case t.Int() if small:
            return r.randint(-3, 9) if r.random() < 0.9 else r.choice((100, 999, -1000, 2000))
        case t.Date() if small:
            return date(2024, 2, 20) + timedelta(days=r.randint(0, 40))
        case t.Float() if small:
            return r.randint(-4000, 4000) / 8
        case base:
            return SIMPLE[type(base)](r)
