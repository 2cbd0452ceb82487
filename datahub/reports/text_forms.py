"""How values of each type are written in a file, as data: what is read, what is refused and why; tests read every one of them."""

from __future__ import annotations

from datahub.records import record


@record(frozen=True, slots=True)
class Reading:
    """A text in a file and what it becomes, as a script would write it; or the code under which its row is rejected."""

    text: str
    becomes: str


@record(frozen=True, slots=True)
class TextForm:
    """How one type is read from text: the column as declared, the options of its source, and examples."""

    column: str
    says: str
    readings: tuple[Reading, ...]
    options: str = ""


def _form(column: str, says: str, *pairs: tuple[str, str], options: str = "") -> TextForm:
    return TextForm(column, says, tuple(Reading(*pair) for pair in pairs), options)


TYPES: tuple[tuple[str, str], ...] = (
    ("bool", "True or false."),
    ("int", "A whole number of 64 bits; `int(16)` and `int(32)` fix the width of what is written."),
    ("decimal(p, s)", "An exact number of `p` digits, `s` of them after the point; `decimal` alone is `decimal(28, 10)`."),
    ("float", "A binary number of 64 bits. It is never infinite, and never no number."),
    ("text", "Text; `text(40)` has 40 characters at most, `text(1..40)` one at least. Characters are Unicode code points."),
    ("date", "A day of the calendar, years 1 to 9999."),
    ("time", "A time of day."),
    ("datetime", "An instant: the same for everyone, whatever their clocks show."),
    ("local_datetime", "What a clock on a wall shows, without a zone."),
    ("duration", "A length of time."),
    ("enum(a, b)", "One of the members; they are ordered as declared."),
    ("[T]", "A list of values of one type."),
    ("{a: T, b: U}", "A struct: named values."),
    ("map(T)", "Names to values of one type."),
    ("json", "A JSON value of unknown shape, kept as it is; `json_get` takes parts out."),
)
"""The types of the language; each has a `T?` that may be null as well."""

TEXT_FORMS: tuple[TextForm, ...] = (
    _form(
        "bool", "The words `true` and `false`, as they are, in capitals (`TRUE`) or with one (`True`).",
        ("true", "true"), ("FALSE", "false"), ("True", "true"), ("tRUE", "R103"), ("1", "R103"),
    ),
    _form('bool("O", "N")', "The two words of the declaration, first the one for true.", ("O", "true"), ("N", "false"), ("o", "R103")),
    _form(
        "int",
        "Digits, with a sign or without.",
        ("42", "42"),
        ("-7", "-7"),
        ("+007", "7"),
        ("4.0", "R101"),
        ("1e3", "R101"),
        ("0x10", "R101"),
        ("1 000", "R101"),
        ("9223372036854775808", "R102"),
    ),
    _form(
        "decimal(9, 2)",
        "Digits with one decimal mark. No digit is dropped: what does not fit is a reject.",
        ("12.50", "12.50"),
        ("-3", "-3.00"),
        (".5", "0.50"),
        ("12.500", "12.50"),
        ("12.505", "R105"),
        ("12345678.00", "R102"),
        ("1,234.50", "R104"),
        ("12,5", "R104"),
        ("1e3", "R104"),
        ("12.5 €", "R104"),
    ),
    _form(
        "decimal(9, 2)",
        "With another decimal mark, groups of digits may be set apart by spaces (a no-break space too) or points.",
        ("12,50", "12.50"),
        ("1 234,50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("12.50", "R104"),
        options='decimal ","',
    ),
    _form("float", "As a decimal, or with an exponent.", ("12.5", "12.5"), ("1e3", "1000.0"), ("nan", "R104"), ("inf", "R104")),
    _form("text", "As it stands; zeros and spaces (here `␣`) are kept.", ("007", '"007"'), (" a ", '" a "')),
    _form("text", "With `trim true` the spaces around every value are dropped.", (" a ", '"a"'), options="trim true"),
    _form("text(3)", "Characters are counted, not bytes.", ("été", '"été"'), ("abcd", "R202")),
    _form(
        "date",
        "ISO 8601: year, month, day.",
        ("2024-05-01", "2024-05-01"),
        ("2024-02-30", "R106"),
        ("2024-5-1", "R106"),
        ("20240501", "R106"),
    ),
    _form(
        'date format "dd/MM/yyyy"',
        "By a pattern, on the column (`format`) or for the whole source (`dates`).",
        ("01/05/2024", "2024-05-01"),
        ("1/5/2024", "R106"),
        ("31/02/2024", "R106"),
    ),
    _form('date format "d/M/yyyy"', "One letter takes one digit or two.", ("1/5/2024", "2024-05-01"), ("01/05/2024", "2024-05-01")),
    _form(
        'date format "d MMMM yyyy"',
        "Names of months are those of the source's `locale`, in full or short.",
        ("1 mai 2024", "2024-05-01"),
        ("1 févr. 2024", "2024-02-01"),
        options='locale "fr"',
    ),
    _form("time", "Hours and minutes, seconds if there are any.",
          ("10:30", "10:30:00"), ("10:30:15", "10:30:15"), ("24:00", "R108"), ("9:05", "R108")),
    _form(
        "datetime",
        "ISO 8601 with an offset; `T` or a space between day and time.",
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"),
        ("2024-05-01 10:00+02:00", "2024-05-01T08:00:00Z"),
        ("2024-05-01T10:00:00", "R110"),
        ("1714550400", "R107"),
    ),
    _form(
        "datetime",
        "A local time is an instant where the source says in which zone. A time that clocks skipped or showed twice is a reject.",
        ("2024-05-01T10:00:00", "2024-05-01T08:00:00Z"),
        ("2024-03-31T02:30:00", "R110"),
        ("2024-10-27T02:30:00", "R110"),
        options='zone "Europe/Paris"',
    ),
    _form(
        "local_datetime",
        "ISO 8601 without an offset; a day alone is its midnight.",
        ("2024-05-01 10:00", "2024-05-01T10:00:00"),
        ("2024-05-01", "2024-05-01T00:00:00"),
        ("2024-05-01T10:00:00Z", "R107"),
    ),
    _form(
        "duration",
        "ISO 8601, numbers with units, or a clock's form. Months and years have no fixed length and are refused.",
        ("PT1H30M", "PT1H30M"),
        ("1h 30m", "PT1H30M"),
        ("1:30:00", "PT1H30M"),
        ("1005ms", "PT1.005S"),
        ("P1Y", "R112"),
        ("90", "R112"),
    ),
    _form("enum(low, high)", "A member, letter by letter.", ("low", '"low"'), ("LOW", "R109")),
    _form("json", "One JSON value.", ('{"a": 1}', '{"a": 1}'), ("[1,]", "R111")),
    _form('[text] @split("|")', "Several values in one cell, cut at a mark; an empty cell is an empty list.",
          ("a|b", '["a", "b"]'), ("", "[]")),
    _form('[int] @split("|")', "Each part is read as its type says.", ("1|2", "[1, 2]"), ("1|x", "R101")),
    _form(
        '[{qty: int, price: decimal(9, 2)}] @split("||", "|")',
        "A list of structs: the first mark between structs, the second between their parts.",
        ("1|10.5||10|9", "[{qty: 1, price: 10.50}, {qty: 10, price: 9.00}]"),
    ),
)  # fmt: skip
"""What text becomes, type by type, in sources whose values are text."""

PATTERN_LETTERS: tuple[tuple[str, str, str], ...] = (
    ("yyyy", "2024", "year"),
    ("yy", "24", "year of two digits; read as 1969 to 2068"),
    ("u", "2024", "year"),
    ("M", "5", "month, one digit or two"),
    ("MM", "05", "month, two digits"),
    ("MMM", "May", "month, short name"),
    ("MMMM", "May", "month, full name"),
    ("LLLL", "May", "month, full name, as it stands alone"),
    ("d", "1", "day, one digit or two"),
    ("dd", "01", "day, two digits"),
    ("DDD", "122", "day of the year"),
    ("E", "Wed", "weekday, short name"),
    ("EEEE", "Wednesday", "weekday, full name"),
    ("HH", "14", "hour, 0 to 23"),
    ("hh a", "02 PM", "hour, 1 to 12, with the half of the day"),
    ("mm", "05", "minute"),
    ("ss", "09", "second"),
    ("SSS", "123", "parts of a second, as many digits as letters"),
    ("X", "Z", "offset from UTC, `Z` for none"),
    ("xxx", "+00:00", "offset from UTC, hours and minutes"),
    ("Z", "+0000", "offset from UTC, without a colon"),
    ("Q", "2", "quarter"),
    ("d 'of' MMMM", "1 of May", "what stands between quotes is text"),
    ("%d/%m/%Y", "01/05/2024", "the letters of C, Python and SQL are read too"),
)
"""What a pattern of dates may hold: how `2024-05-01T14:05:09.123456Z` is written by it, and what it is."""
