"""What can be wrong with functions that other distributions bring."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

BROKEN_EXTENSION = Rule(
    "DHM125",
    "broken-extension",
    Severity.ERROR,
    "a function of an installed distribution cannot be used",
    "A function with a point in its name, such as `acme.stock_code`, comes from a Python distribution that is installed beside DataHub. "
    "This one cannot be loaded, or is declared in a way that nothing could be checked by: a type that does not exist, a code that rows "
    "are not rejected with, two distributions that offer the same name. `dhm functions --verify` tells all that is wrong with those "
    "installed.",
)

SLOW_EXTENSION = Rule(
    "DHM603",
    "slow-extension",
    Severity.WARNING,
    "a function is called that takes one value after the other",
    "Functions work on whole columns. This one is a Python function of a single row, and says so: it is called once for each distinct "
    "row, which takes a microsecond a row and more, a hundred times what a column takes. Where values repeat themselves that is no "
    "matter: allow it there, and say why. Else write it over Arrow arrays.",
)
