"""The codes under which rows are rejected, and what each says of a value in a message."""

from __future__ import annotations

from datahub.diagnostics import rules_rows
from datahub.diagnostics.rule import Rule

ROW_CODES: dict[str, Rule] = {rule.code: rule for rule in vars(rules_rows).values() if isinstance(rule, Rule)}
"""Every code of the language for rejected rows, explained."""

_PHRASES = {
    "R001": "has bytes that are not of its encoding",
    "R002": "has more or fewer values than the header",
    "R003": "stands in a column that is not declared",
    "R004": "has no column in the file",
    "R005": "cannot be read as a record",
    "R006": "is of another kind than declared",
    "R007": "has other parts than its column",
    "R008": "has nothing to be found of it",
    "R101": "is not a whole number",
    "R102": "is too large for its type",
    "R103": "is neither true nor false",
    "R104": "is not a number",
    "R105": "has more decimals than its field",
    "R106": "is not a date",
    "R107": "is not a date and time",
    "R108": "is not a time of day",
    "R109": "is not a member of the enumeration",
    "R110": "is no instant: it has no zone, or clocks there skip or repeat it",
    "R111": "is not JSON",
    "R112": "is not a length of time",
    "R201": "must be there",
    "R202": "is too long",
    "R203": "is too short",
    "R204": "does not match its pattern",
    "R301": "does not meet its condition",
    "R302": "is a key, and must be there",
    "R303": "is a key that an earlier row has",
    "R401": "is not in the table",
    "R402": "has no value yet on this day",
    "R403": "has more than one match",
    "R404": "has no match",
    "R405": "has no row in the decision table",
    "R406": "has more than one row in the decision table",
    "R501": "belongs to a group with a rejected row",
    "R502": "stands and falls with a row that was rejected",
    "R503": "refers to a row that does not exist",
    "R504": "refers to a row that was rejected",
    "R505": "comes back to the row itself",
    "R511": "differs from other rows of its group",
    "R601": "divides by zero",
    "R602": "gives more than its type can hold",
    "R603": "has no answer here",
    "R604": "is no position there",
    "R703": "cannot be written in its target",
}

_MISFITS = {
    "R102": "is too large for",
    "R105": "has more decimals than",
    "R109": "is not one of",
    "R202": "is too long for",
    "R203": "is too short for",
}
"""What a code says where the type is known that the value does not fit."""
LATER = "later"
"""`wanted` of a doubled key (R303) where the last row of it is kept, and not the first."""
CONDITION = "R301"
"""The code of a condition that does not hold; `wanted` is the condition."""
OUTSIDE = "R603"
"""The code of what a function has no answer for; `wanted` is the function."""
_LONGEST = 80
"""A type that takes more room, such as an enumeration of many members, is not shown with each value."""


def phrase(code: str, wanted: str = "") -> str:
    """What a code says of the value beside it, and of the type or function `wanted`; of a code of a script that the value is refused."""
    if code == OUTSIDE and wanted:
        return f"has no answer in {wanted}: `dhm functions {wanted}` says what it takes"
    if code == CONDITION and 0 < len(wanted) <= _LONGEST:
        return f"does not meet `{wanted}`"
    if code == "R303" and wanted == LATER:
        return "is a key that a later row has"
    if code in _MISFITS and 0 < len(wanted) <= _LONGEST:
        return f"{_MISFITS[code]} {wanted}"
    return _PHRASES.get(code, "is refused")
