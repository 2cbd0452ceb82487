"""Why rows are rejected (Rnnn): the codes of a run, explained as those of the checker are.

A code of the language begins with R and three digits; the first of them says what kind of thing went wrong. A check of
a script gives its own code, and `codes { R201: … }` in an entity tells these under a platform's.
"""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity


def _row(code: str, name: str, summary: str, explanation: str) -> Rule:
    return Rule(code, name, Severity.ERROR, summary, explanation)


# ---------------------------------------------------------------- R0: the file

BAD_ENCODING = _row(
    "R001",
    "bad-encoding",
    "bytes that do not belong to the source's encoding",
    "A record holds bytes that its encoding has no character for. The rest of the file is read on. If every accent fails, "
    'the file is in another encoding: say so on the source, such as `encoding "cp1252"`.',
)
RAGGED_ROW = _row(
    "R002",
    "ragged-row",
    "a record with more or fewer values than the header",
    "A delimiter inside a value that is not quoted, or a line break, moved the values. No value of such a record is "
    "trusted. If every record is ragged, the file has another delimiter or another quote than the source says.",
)
EXTRA_COLUMN = _row(
    "R003",
    "extra-column",
    "a column that the source does not declare",
    "The source says `extra reject`: a file with columns that nobody knows is refused. Declare the column, or say `extra warn`.",
)
ABSENT_COLUMN = _row(
    "R004",
    "absent-column",
    "a declared column that the file does not have",
    "The header has no column of this name, and its type says that there is always a value. If it was renamed, name both: "
    '`at "OLD" or "NEW"`; if it may be missing, make its type nullable. Where no declared column is found at all, the '
    "delimiter is wrong.",
)
BAD_RECORD = _row(
    "R005",
    "bad-record",
    "a record that is not of the source's format",
    "JSON that does not end, a quote that is never closed, a page of HTML with the name of a CSV file. The message says "
    "where reading stopped.",
)
WRONG_NODE = _row(
    "R006",
    "wrong-node",
    "a value of another kind stands where the source declares one",
    "An object stands where a list is declared, or a list where a text is. The path says where.",
)

UNEVEN_PARTS = _row(
    "R007",
    "uneven-parts",
    "a cell whose parts are not those of its column",
    "A cell that `@split` cuts has more parts than its struct has fields, an entry of a map without its mark, or a key twice. "
    "Cut so, a part of it would be lost: the marks in the cell are others, or stand inside of a value.",
)

NOTHING_FOUND = _row(
    "R008",
    "nothing-found",
    "something that was to be fetched, and of which nothing was found",
    "The source calls an API for each element of a list. For this one there was nothing (HTTP 404 or 410), or it lacks what its call "
    'asks of it, and the call says `missing = "reject"`. It stands where its rows would have stood, with what was asked and answered.',
)

# ---------------------------------------------------------------- R1: conversion

NOT_AN_INT = _row(
    "R101",
    "not-an-int",
    "text that is no whole number",
    "A whole number is digits, perhaps behind a sign. `1.0` and `1e3` are none.",
)
INT_RANGE = _row(
    "R102",
    "int-range",
    "a number that does not fit its type",
    "An `int` has 64 bits, `int(32)` and `int(16)` fewer; a `decimal(6, 2)` has four digits before the point.",
)
NOT_A_BOOL = _row(
    "R103",
    "not-a-bool",
    "text that is neither the word for true nor that for false",
    'Say which words the file has, such as `bool("O", "N")`. Case counts, and blanks do unless the source trims.',
)
NOT_A_DECIMAL = _row(
    "R104",
    "not-a-decimal",
    "text that is no decimal number",
    'Numbers are read with the decimal mark of the source (`decimal ","`). Currency signs, units and words are not dropped silently.',
)
DIGITS_LOST = _row(
    "R105",
    "digits-lost",
    "a number with more decimals than its field",
    "Nothing is rounded silently. Say how: `round(x, 2)`, or `rounded half_up` on the field.",
)
NOT_A_DATE = _row(
    "R106",
    "not-a-date",
    "text that is no day of the calendar in the pattern asked for",
    '`31/02/2020` is no day. Where the pattern differs, say it on the column: `format "dd/MM/yyyy"`.',
)
NOT_A_DATETIME = _row(
    "R107",
    "not-a-datetime",
    "text that is no date and time in the pattern asked for",
    "As for R106, the pattern may differ. An instant also needs an offset in the text, or the zone of the source.",
)
NOT_A_TIME = _row(
    "R108",
    "not-a-time",
    "text that is no time of day",
    "Times are `14:30` or `14:30:00`, unless the column's `format` says otherwise.",
)
NOT_A_MEMBER = _row(
    "R109",
    "not-a-member",
    "a text that is no member of the enumeration",
    "Enumerations are closed. Translate the words of the file with a `lookup`.",
)
ZONE_GAP = _row(
    "R110",
    "zone-gap",
    "a local time that the zone does not have, or has twice",
    "When clocks go forward an hour does not exist; when they go back an hour exists twice. Such a time is no instant until"
    " the file says its offset.",
)
NOT_JSON = _row(
    "R111",
    "not-json",
    "text that is no JSON value",
    "The text is kept as JSON, so it must be some.",
)
NOT_A_DURATION = _row(
    "R112",
    "not-a-duration",
    "text that is no length of time",
    "Lengths of time are written as `P1DT2H` or `01:30:00`.",
)

# ---------------------------------------------------------------- R2: presence and shape

REQUIRED = _row(
    "R201",
    "required",
    "nothing stands where a value must be",
    "A type without `?` is never null, in sources too. If the value may be missing, write the `?`, or say what counts "
    "instead: `x default y`.",
)
TOO_LONG = _row(
    "R202",
    "too-long",
    "a text longer than its field",
    "Cut it with `left(x, n)` if that is meant; a target would cut it silently, or refuse it.",
)
TOO_SHORT = _row(
    "R203",
    "too-short",
    "a text shorter than its field asks for",
    "`text(1..40)` has at least one character: empty text does not fill it.",
)
NO_MATCH = _row(
    "R204",
    "no-match",
    "a text that does not match the pattern of its type",
    "A named type may say `matches /…/`; the whole text must match.",
)

# ---------------------------------------------------------------- R3: the entity

CONSTRAINT = _row(
    "R301",
    "constraint",
    "a condition on a field or type that does not hold",
    "The `where` of a field, or of a named type, is false for this row.",
)
KEY_MISSING = _row(
    "R302",
    "key-missing",
    "a row without its key",
    "A field of the entity's key is null, so that nobody can find the row again.",
)
KEY_TWICE = _row(
    "R303",
    "key-twice",
    "a second row with the same key",
    "The first row with the key stays, the others are rejected. Say who wins with `order by …` and `unique by … keep last`.",
)

# ---------------------------------------------------------------- R4: tables and joins

LOOKUP_MISS = _row(
    "R401",
    "lookup-miss",
    "a key that the lookup does not have",
    'Add the row to the table, or say what a miss gives: `otherwise null`, `otherwise "…"`.',
)
NO_PERIOD = _row(
    "R402",
    "no-period",
    "a key that has no value yet on this day",
    "The first day that the table has for this key (`asof`) is after the day that was asked for.",
)
SEVERAL_MATCHES = _row(
    "R403",
    "several-matches",
    "a join that found more than one row",
    "A join takes at most one row, so that nothing is counted twice. Make the rows unique first, or say `join many`.",
)
NO_MATCHING_ROW = _row(
    "R404",
    "no-matching-row",
    "a required join that found no row",
    "`join required` rejects rows without a match; a plain `join` keeps them with nulls.",
)
NO_DECISION = _row(
    "R405",
    "no-decision",
    "a decision table without a row for these inputs",
    "No row fits, and the table says no `otherwise`. Add the row that is missing, or what holds for the rest.",
)
SEVERAL_DECISIONS = _row(
    "R406",
    "several-decisions",
    "a decision table with more than one row for these inputs",
    "`policy unique` promises that one row fits at most. Narrow one of the rows, or let the `first` decide.",
)

# ---------------------------------------------------------------- R5: rows that stand together

GROUP_INCOMPLETE = _row(
    "R501",
    "group-incomplete",
    "a group with a rejected row",
    "A list of prices that lacks one is a wrong price, so the whole group is rejected. `group by partial` keeps the rest.",
)
OWNER_REJECTED = _row(
    "R502",
    "owner-rejected",
    "a row whose owner, or whose owned row, was rejected",
    "Owner and owned are delivered together or not at all (`owns`): an order whose line was rejected is rejected, and with it its other "
    "lines. The message names the row that began it: mend that one, and send all of them again. Where the key of an owner comes twice "
    "(R303), rows go with the owner of their own record; where that is not known, all of that key are rejected.",
)
REFERENCE_MISSING = _row(
    "R503",
    "reference-missing",
    "a reference to a row that does not exist",
    "No row of the entity named by `references` has this key: neither one of this run, written or rejected, nor one that the project "
    "remembers of earlier runs (`remember` in the job that delivers it). A key that is null refers to nothing, and is no failure.",
)
REFERENCE_REJECTED = _row(
    "R504",
    "reference-rejected",
    "a reference to a row that was rejected",
    "The message names the row that was rejected. Mend it, and send this one with it again.",
)
RING = _row(
    "R505",
    "ring",
    "a row of a tree that comes back to itself",
    "Its parent, or the parent of that, and so on, is the row itself, so that none of them hangs from a root. Mend one of the parents.",
)
DISAGREE = _row(
    "R511",
    "disagree",
    "rows of a group with different values where one is asked for",
    "`same(x)` takes a value on which all rows of the group agree; null counts as a value.",
)

# ---------------------------------------------------------------- R6: arithmetic

DIVIDED_BY_ZERO = _row(
    "R601",
    "divided-by-zero",
    "a division by zero",
    "Guard it: `if(b = 0, null, a / b)`, or `a / nullif(b, 0)`.",
)
OVERFLOW = _row(
    "R602",
    "overflow",
    "a result too large for its type",
    "A whole number has 64 bits, a decimal as many digits as its type says, and dates are of the years 1 to 9999.",
)
OUTSIDE_DOMAIN = _row(
    "R603",
    "outside-domain",
    "an argument that the function has no answer for",
    "Such as the root of a negative number, or the code of a country that is none. `x on error y` says what holds then.",
)
NO_SUCH_POSITION = _row(
    "R604",
    "no-such-position",
    "a position outside a list or text",
    "Positions count from 1, and a list has no more than its length. Guard it, or answer with `on error`.",
)

# ---------------------------------------------------------------- R7: the target

UNFIT = _row(
    "R703",
    "unfit-for-target",
    "a value that its target has no way to write",
    "A letter that the target's `encoding` lacks, a part that holds the mark which `@split` puts beside it, a control character in XML, "
    "more characters than a cell of a workbook holds. Replace it in the map, or declare the target otherwise.",
)
