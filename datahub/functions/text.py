"""Text: cleaning, length, and putting together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.bounds import together
from datahub.functions.columns import (
    Reject,
    all_valid,
    as_array,
    broadcast,
    from_ints,
    ints,
    map_distinct,
    nulled,
    text_offsets,
    valid,
)
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.text_memory import bytes_of
from datahub.functions.white_space import WHITE_SPACE, with_single_spaces, without_controls
from datahub.functions.written import as_text
from datahub.types import model as t
from datahub.types.sizes import checked

LONGEST = 1_000_000
"""How many characters a function may make of a few: a slip in a script shall not eat the memory."""
SHORT = 1000
"""A width that is written out and not above this cannot go wrong."""


def _short_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    """Text, where the second argument is a small constant: then nothing can grow too long."""
    return t.Text() if len(kinds) > 1 and isinstance(constants[1], int) and constants[1] <= SHORT else None


def each(
    values: Datum, options: tuple[Datum, ...], fast: Callable[..., pa.Array], slow: Callable[..., Any], kind: pa.DataType | None = None
) -> Any:
    """A kernel where the options are constant; where they change by row, Python on the distinct combinations."""
    if isinstance(values, pa.Array) and all(isinstance(option, pa.Scalar) and option.is_valid for option in options):
        # Constants are one value each.
        return fast(values, *(option.as_py() for option in options))
    result = map_distinct(slow, kind or pa.string(), values, *options)
    return result if result.failed else result.values


# --- cleaning ----------------------------------------------------------------------------------------------------


@function(
    "trim(value: text) -> text",
    "trim(value: text, characters: text) -> text",
    sql="TRIM",
    excel="TRIM",
    also=(
        "VRL strip_whitespace",
        "DataWeave trim",
        "GREL trim",
        "Bloblang trim",
        "jq trim",
        "CEL trim",
        "GREL strip",
        "GREL chomp",
        "FEEL trim",
    ),
    examples=[example('trim("  a b  ")', "a b"), example('trim("**a**", "*")', "a"), example("trim(null)")],
)
def trim(value: Datum, characters: Datum | None = None) -> Any:
    """The text without white space at either end, or without the `characters` told.

    White space is what `normalize_spaces` says.
    """
    return _trimmed(value, characters, pc.utf8_trim, str.strip)


@function(
    "trim_left(value: text) -> text",
    "trim_left(value: text, characters: text) -> text",
    sql="LTRIM",
    also=("Bloblang trim", "jq ltrimstr"),
    examples=[example('trim_left("  a ")', "a "), example('trim_left("007", "0")', "7")],
)
def trim_left(value: Datum, characters: Datum | None = None) -> Any:
    """The text without white space at its beginning, or without the `characters` told."""
    return _trimmed(value, characters, pc.utf8_ltrim, str.lstrip)


@function(
    "trim_right(value: text) -> text",
    "trim_right(value: text, characters: text) -> text",
    sql="RTRIM",
    also=("Bloblang trim", "jq rtrimstr"),
    examples=[example('trim_right("  a ")', "  a"), example('trim_right("1.50", "0")', "1.5")],
)
def trim_right(value: Datum, characters: Datum | None = None) -> Any:
    """The text without white space at its end, or without the `characters` told."""
    return _trimmed(value, characters, pc.utf8_rtrim, str.rstrip)


def _trimmed(value: Datum, characters: Datum | None, told: Callable[..., pa.Array], slow: Callable[..., str]) -> Any:
    if characters is None:
        return told(as_array(value, 1), WHITE_SPACE)
    return each(
        value,
        (characters,),
        lambda texts, signs: told(texts, signs) if signs else texts,
        lambda text, signs: slow(text, signs) if signs else text,
    )


@function(
    "normalize_spaces(value: text) -> text",
    sql="TRIM(REGEXP_REPLACE(x, '\\s+', ' '))",
    excel="TRIM",
    also=("JSONata $trim", "XPath normalize-space", "Bloblang trim", "pandas str.split.join"),
    distinct=True,
    examples=[example('normalize_spaces("  a \\t b ")', "a b"), example('normalize_spaces("")', "")],
)
def normalize_spaces(value: Datum) -> pa.Array:
    """The text without white space at its ends, and with one space for each run of it inside.

    White space is what Unicode calls so: tabs, line ends, and spaces of all widths, no-break ones too.
    """
    return with_single_spaces(as_array(value, 1))


@function(
    "clean(value: text) -> text?",
    excel="CLEAN",
    sql="NULLIF(TRIM(x), '')",
    also=("GREL trim", "janitor clean"),
    distinct=True,
    examples=[example('clean("  a\\t\\tb ")', "a b"), example('clean("   ")'), example('clean("")')],
)
def clean(value: Datum) -> pa.Array:
    """The text fit for a catalogue: without what shows nothing, spaces as `normalize_spaces` leaves them; null where nothing is left.

    Nothing is shown by control characters, and by U+200B, U+2060 and U+FEFF (spaces of no width, and marks of the byte order). Joiners
    stay: U+200C and U+200D change how letters and emoji are shown.
    """
    texts = with_single_spaces(without_controls(as_array(value, 1)))
    return nulled(texts, np.diff(text_offsets(texts)) == 0)


# --- length ------------------------------------------------------------------------------------------------------


@function(
    "length(value: text) -> int",
    sql="CHAR_LENGTH",
    excel="LEN",
    also=(
        "VRL strlen",
        "JSONata $length",
        "DataWeave sizeOf",
        "Bloblang length",
        "jq length",
        "GREL length",
        "CEL size",
        "FEEL string length",
    ),
    examples=[example('length("été")', 3), example('length("")', 0), example('length("💩")', 1)],
)
def length(value: Datum) -> pa.Array:
    """How many characters a text has, counted in code points."""
    texts = as_array(value, 1)
    content, ends = bytes_of(texts)
    if not (content >= 128).any():
        return from_ints(np.diff(ends), valid(texts))
    return pc.cast(pc.utf8_length(texts), pa.int64())


@function(
    "byte_length(value: text) -> int",
    sql="OCTET_LENGTH",
    excel="LENB",
    also=("VRL length", "jq utf8bytelength", "Polars str.len_bytes"),
    examples=[example('byte_length("été")', 5), example('byte_length("")', 0)],
)
def byte_length(value: Datum) -> pa.Array:
    """How many bytes a text has in UTF-8."""
    texts = as_array(value, 1)
    return from_ints(np.diff(text_offsets(texts)), valid(texts))


# --- putting together --------------------------------------------------------------------------------------------


@function(
    "text(value: any) -> text",
    sql="CAST(x AS VARCHAR)",
    excel="TEXT",
    also=(
        "VRL to_string",
        "JSONata $string",
        "DataWeave as String",
        "Bloblang string",
        "jq tostring",
        "GREL toString",
        "CEL string",
        "FEEL string",
    ),
    examples=[
        example("text(12.50)", "12.5"),
        example("text(true)", "true"),
        example('text(date("2024-05-01"))', "2024-05-01"),
        example("text(null)"),
    ],
)
def text(value: Datum) -> pa.Array:
    """The text of any value, as files and messages show it.

    Numbers are plain digits, without zeros at the end of a fraction; `text(x, "0.00")` says how many are wanted. Dates
    and times are ISO 8601, instants in UTC. Lists and structs are JSON.
    """
    return as_text(value)


@function(
    "concat_text(values: text...) -> text",
    rejects=("R603",),
    sql="||",
    excel="CONCATENATE",
    also=("DataWeave ++", "FEEL +", "jq add"),
    examples=[
        example('concat_text("a", "b", "c")', "abc"),
        example('concat_text("a", null)'),
        example('concat_text(replace(repeat("a", 4000), "a", repeat("b", 4000)), repeat("c", 900000))', rejected="R603"),
    ],
)
def concat_text(*values: Datum) -> pa.Array | Outcome:
    """Texts as one; null where one of them is null. `join_text` skips nulls instead. R603 where that would be more than 16 MiB."""
    return together(*values)


@function(
    "repeat(value: text, count: int) -> text",
    rejects=("R603",),
    sql="REPEAT",
    excel="REPT",
    also=("DataWeave repeat", "Bloblang repeat", "jq *"),
    examples=[example('repeat("ab", 3)', "ababab"), example('repeat("ab", 0)', ""), example('repeat("ab", 1000000)', rejected="R603")],
)
def repeat(value: Datum, count: Datum) -> Outcome:
    """The text so many times; empty where the count is not above zero.

    R603 where that would be more than a million bytes.
    """
    texts, counts = broadcast(value, count)
    times = np.where(valid(counts), np.maximum(ints(counts), 0), 0)
    sizes = np.diff(text_offsets(texts)).astype(np.int64)
    long = (sizes > 0) & (times > LONGEST // np.maximum(sizes, 1))
    keep = all_valid(texts, counts)
    checked(int((sizes * np.where(long | ~keep, 0, np.minimum(times, LONGEST))).sum()), len(texts))
    repeated = pc.binary_repeat(texts, pa.array(np.where(long | ~keep, 0, np.minimum(times, LONGEST))))
    return Outcome(nulled(repeated, long | ~keep), ((long & keep, "R603"),) if (long & keep).any() else ())


@function(
    "reverse(value: text) -> text",
    sql="REVERSE",
    also=("DataWeave reverse", "Bloblang reverse", "jq reverse", "GREL reverse"),
    examples=[example('reverse("été!")', "!été"), example('reverse("")', "")],
)
def reverse(value: Datum) -> pa.Array:
    """The characters in the opposite order."""
    return pc.utf8_reverse(as_array(value, 1))


@function('pad_left(value: text, width: int, fill: text = " ") -> text', rejects=("R603",))
@function(
    'pad_left(value: text, width: int, fill: text = " ") -> text',
    rule=_short_rule,
    sql="LPAD",
    also=("JSONata $pad", "DataWeave leftPad", "pandas str.zfill", "Polars str.pad_start"),
    examples=[
        example('pad_left("7", 3, "0")', "007"),
        example('pad_left("abc", 2)', "abc"),
        example('pad_left("7", 4)', "   7"),
        example('pad_left("a", 2000000000)', rejected="R603"),
    ],
)
def pad_left(value: Datum, width: Datum, fill: Datum) -> Any:
    """The text filled up on the left to so many characters; a longer one stays as it is.

    `fill` of several characters is repeated and cut; an empty one is a space. R603 beyond a million characters.
    """
    return each(value, (width, fill), _padded(pc.utf8_lpad, True), lambda text, count, signs: _pad_one(text, count, signs, True))


@function('pad_right(value: text, width: int, fill: text = " ") -> text', rejects=("R603",))
@function(
    'pad_right(value: text, width: int, fill: text = " ") -> text',
    rule=_short_rule,
    sql="RPAD",
    also=("JSONata $pad", "DataWeave rightPad", "Polars str.pad_end"),
    examples=[
        example('pad_right("abc", 5, ".")', "abc.."),
        example('pad_right("abc", 8, "-+")', "abc-+-+-"),
        example('pad_right("a", 2000000000)', rejected="R603"),
    ],
)
def pad_right(value: Datum, width: Datum, fill: Datum) -> Any:
    """The text filled up on the right to so many characters; a longer one stays as it is.

    `fill` of several characters is repeated and cut; an empty one is a space. R603 beyond a million characters.
    """
    return each(value, (width, fill), _padded(pc.utf8_rpad, False), lambda text, count, signs: _pad_one(text, count, signs, False))


def _padded(kernel: Callable[..., pa.Array], left: bool) -> Callable[..., Any]:
    def pad(texts: pa.Array, count: int, signs: str) -> pa.Array | Outcome:
        if len(signs) == 1 and count <= SHORT:
            return kernel(texts, max(count, 0), signs)
        result = map_distinct(lambda text: _pad_one(text, count, signs, left), pa.string(), texts)
        return result if result.failed else result.values

    return pad


def _pad_one(text: str, count: int, signs: str, left: bool) -> str | Reject:
    missing = count - len(text)
    if missing <= 0:
        return text
    if count > LONGEST:
        return Reject("R603")
    filling = ((signs or " ") * missing)[:missing]
    return filling + text if left else text + filling
