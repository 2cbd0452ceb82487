"""Regular expressions (RE2): matching, searching, extracting, replacing, splitting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.chosen_matches import counted, split_at
from datahub.functions.columns import as_array, as_mask, bools, broadcast, from_lists, glued, length_of, map_distinct, valid
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.groups import (
    every_match,
    first_match,
    group_names,
    may_be_empty,
    number_of,
    rewriting,
)
from datahub.functions.text_growth import in_turn, nth_replaced, replaced, replaced_by
from datahub.functions.text_search import characters_before
from datahub.types import model as t

CATEGORY = "text"


@function(
    "matches(value: text?, pattern: pattern!) -> bool",
    kind="operator",
    sql="REGEXP_LIKE(x, '^…$')",
    also=("VRL match", "DataWeave matches", "FEEL matches", "CEL matches", "JSONata $match"),
    distinct=True,
    examples=[
        example('"AB-12" matches /[A-Z]+-\\d+/', True),
        example('"AB-12x" matches /[A-Z]+-\\d+/', False),
        example('"ab" matches /AB/i', True),
        example('"été" matches /\\w+/', False),
        example("null matches /a/", False),
    ],
)
def matches(value: Datum, pattern: str) -> pa.Array:
    """Whether the pattern matches the whole text; false for null. `found` looks for it anywhere. Written `x matches /…/`.

    Patterns are those of RE2: `\\w`, `\\d` and `\\b` know A to Z and 0 to 9 alone, `\\p{L}` every letter of Unicode 15.1.
    """
    return bools(as_mask(pc.match_substring_regex(as_array(value, 1), rf"\A(?:{pattern})\z")))


@function(
    "found(value: text?, pattern: pattern!) -> bool",
    category=CATEGORY,
    sql="REGEXP_LIKE",
    excel="REGEXTEST",
    also=(
        "VRL match",
        "DataWeave contains",
        "Bloblang re_match",
        "jq test",
        "JSONata $contains",
        "CEL matches",
        "Polars str.contains",
        "JSLT test",
    ),
    distinct=True,
    examples=[
        example('found("a teapot", /teapot/)', True),
        example('found("a teapot", /^teapot/)', False),
        example("found(null, /a/)", False),
    ],
)
def found(value: Datum, pattern: str) -> pa.Array:
    """Whether the pattern matches somewhere in the text; false for null."""
    return bools(as_mask(pc.match_substring_regex(as_array(value, 1), pattern)))


@function(
    "found_any(value: text?, patterns: [pattern]!) -> bool",
    category=CATEGORY,
    also=("VRL match_any",),
    distinct=True,
    examples=[example('found_any("a teapot", [/pan/, /teapot/])', True), example("found_any(null, [/a/])", False)],
)
def found_any(value: Datum, patterns: Sequence[str]) -> pa.Array:
    """Whether one of the patterns matches somewhere in the text; false for null."""
    texts = as_array(value, 1)
    hit = np.zeros(len(texts), np.bool_)
    for pattern in patterns:
        hit |= as_mask(pc.match_substring_regex(texts, pattern))
    return bools(hit)


@function("contains(value: text, pattern: pattern!) -> bool", category=CATEGORY, examples=[example('contains("abba", /b+/)', True)])
def contains_pattern(value: Datum, pattern: str) -> pa.Array:
    """Whether the pattern matches somewhere in the text."""
    return pc.match_substring_regex(as_array(value, 1), pattern)


@function(
    "find(value: text, pattern: pattern!, start: int! = 1) -> int?",
    category=CATEGORY,
    sql="REGEXP_INSTR",
    also=("Excel SEARCH",),
    examples=[example('find("abc12", /\\d/)', 4), example('find("abc", /\\d/)')],
)
def find_pattern(value: Datum, pattern: str, start: int) -> pa.Array:
    """The position, counted from 1, at which the pattern first matches, looked for from `start` on; null where it does not.

    What stands before `start` is cut off first: `^` matches there.
    """
    texts = as_array(value, 1)
    rest = texts if start <= 1 else pc.utf8_slice_codeunits(texts, start - 1)
    places = pc.fill_null(pc.find_substring_regex(rest, pattern), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return pc.add(characters_before(rest, places), max(start - 1, 0))


@function(
    "count_matches(value: text, part: text) -> int",
    "count_matches(value: text, pattern: pattern!, start: int! = 1) -> int",
    category=CATEGORY,
    sql="REGEXP_COUNT",
    also=("DataWeave countMatches", "Polars str.count_matches", "jq match"),
    examples=[
        example('count_matches("banana", "an")', 2),
        example('count_matches("a1b22", /\\d+/)', 2),
        example('count_matches("", /a/)', 0),
    ],
)
def count_matches(value: Datum, pattern: Any, start: int = 1) -> pa.Array:
    """How often a text or pattern stands in the text, from position `start` on, where `^` matches; nothing behind a match counts too."""
    if isinstance(pattern, str):
        texts = as_array(value, 1)
        rest = texts if start <= 1 else pc.utf8_slice_codeunits(texts, start - 1)
        return counted(rest, pattern)
    return _count_texts(as_array(value, length_of(value, pattern)), pattern)


def _count_texts(texts: pa.Array, part: Datum) -> pa.Array:
    if isinstance(part, pa.Scalar) and part.as_py():
        return pc.cast(pc.count_substring(texts, part.as_py()), pa.int64())
    return map_distinct(lambda text, sought: text.count(sought) if sought else 0, pa.int64(), texts, part).values


# --- extracting --------------------------------------------------------------------------------------------------


def _group_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    group = constants[-1] if len(kinds) > 2 else 0
    return t.Text(True) if isinstance(constants[1], str) and number_of(constants[1], group) is not None else None


@function(
    "extract(value: text, pattern: pattern!, group: int! = 0) -> text?",
    "extract(value: text, pattern: pattern!, group: text!) -> text?",
    category=CATEGORY,
    rule=_group_rule,
    sql="REGEXP_SUBSTR",
    excel="REGEXEXTRACT",
    also=(
        "VRL parse_regex",
        "JSONata $match",
        "DataWeave match",
        "Bloblang re_find_object",
        "jq capture",
        "GREL find",
        "Polars str.extract",
        "FEEL extract",
        "CEL regex.extract",
        "JSLT capture",
    ),
    distinct=True,
    examples=[
        example('extract("ref AB-12", /[A-Z]+-(\\d+)/)', "AB-12"),
        example('extract("ref AB-12", /[A-Z]+-(\\d+)/, 1)', "12"),
        example('extract("ref AB-12", /(?P<no>\\d+)/, "no")', "12"),
        example('extract("none", /\\d/)'),
    ],
)
def extract(value: Datum, pattern: str, group: int | str = 0) -> pa.Array:
    """What the pattern matched first, or one of its groups, by number or name; null where it does not match."""
    return first_match(as_array(value, 1), pattern, (number_of(pattern, group) or 0,))[0]


@function(
    "extract(value: text, pattern: pattern!, start: int!, occurrence: int!, group: int! = 0) -> text?",
    category=CATEGORY,
    rule=lambda kinds, constants: _group_rule(kinds, constants) if len(kinds) > 4 else t.Text(True),
    examples=[example('extract("a1 b2", /[a-z](\\d)/, 1, 2, 1)', "2"), example('extract("a1", /\\d/, 1, 2, 0)')],
)
def extract_occurrence(value: Datum, pattern: str, start: int, occurrence: int, group: int = 0) -> pa.Array:
    """What the pattern matched for the nth time, from position `start` on; null where it does not."""
    texts = _from(as_array(value, 1), start)
    offsets, columns = every_match(texts, pattern, (group,))
    at = offsets[:-1] + occurrence - 1
    there = (occurrence >= 1) & (at < offsets[1:])
    return columns[0].take(pa.array(at, mask=~there))


def _groups_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    if not isinstance(constants[1], str):
        return None
    names = group_names(constants[1])
    return t.Struct(tuple((name, t.Text()) for name in names if name), True) if any(names) else t.ListOf(t.Text(), True)


@function(
    "extract_groups(value: text, pattern: pattern!) -> any",
    category=CATEGORY,
    rule=_groups_rule,
    also=(
        "VRL parse_regex",
        "Bloblang re_find_object",
        "jq capture",
        "Polars str.extract_groups",
        "GREL match",
        "JSLT capture",
        "Bloblang re_find_all_object",
        "Bloblang re_find_all_submatch",
    ),
    examples=[
        example('extract_groups("AB-12", /(?P<kind>[A-Z]+)-(?P<no>\\d+)/)', {"kind": "AB", "no": "12"}),
        example('extract_groups("AB-12", /([A-Z]+)-(\\d+)/)', ["AB", "12"]),
        example('extract_groups("none", /(\\d)/)'),
    ],
)
def extract_groups(value: Datum, pattern: str) -> pa.Array:
    """What the groups of the pattern's first match are: a struct of those with names, else a list; null where it does not match."""
    texts, names = as_array(value, 1), group_names(pattern)
    wanted = tuple(at for at, name in enumerate(names, start=1) if name or not any(names))
    columns = first_match(texts, pattern, wanted) if wanted else []
    missing = ~valid(columns[0]) if columns else ~as_mask(pc.match_substring_regex(texts, pattern))
    if any(names):
        return pa.StructArray.from_arrays(columns, [names[at - 1] for at in wanted], mask=pa.array(missing))
    return _as_lists(columns, missing)


def _as_lists(columns: list[pa.Array], missing: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Array:
    count, width = len(missing), len(columns)
    order = np.arange(count * width).reshape(width, count).T.ravel()
    items = pa.concat_arrays(columns).take(pa.array(order)) if columns else pa.array([], pa.string())
    return from_lists(np.arange(count + 1) * width, items, ~missing)


def _every_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    if not isinstance(constants[1], str):
        return None
    if len(kinds) > 2:
        return t.ListOf(t.Text()) if number_of(constants[1], constants[2]) is not None else None
    names = [name for name in group_names(constants[1]) if name]
    if len(names) > 9:
        return None
    return t.ListOf(t.Struct(tuple((name, t.Text()) for name in names))) if names else t.ListOf(t.Text())


@function(
    "extract_all(value: text, pattern: pattern!, group: int!) -> [text]",
    "extract_all(value: text, pattern: pattern!) -> any",
    category=CATEGORY,
    rule=_every_rule,
    sql="REGEXP_EXTRACT_ALL",
    also=(
        "VRL parse_regex_all",
        "JSONata $match",
        "DataWeave scan",
        "Bloblang re_find_all",
        "jq scan",
        "Polars str.extract_all",
        "GREL find",
        "CEL regex.extractAll",
        "FEEL extract",
        "GREL splitByCharType",
    ),
    examples=[
        example('extract_all("a1 b22", /\\d+/)', ["1", "22"]),
        example('extract_all("a1 b22", /[a-z](\\d+)/, 1)', ["1", "22"]),
        example('extract_all("none", /\\d/)', []),
        example('extract_all("a1 b2", /(?P<l>[a-z])(?P<n>\\d)/)', [{"l": "a", "n": "1"}, {"l": "b", "n": "2"}]),
    ],
)
def extract_all(value: Datum, pattern: str, group: int | None = None) -> pa.Array:
    """All that the pattern matches, or what one of its groups does, in order; structs where its groups have names."""
    texts, names = as_array(value, 1), group_names(pattern)
    named = tuple(at for at, name in enumerate(names, start=1) if name)
    if group is None and named:
        offsets, columns = every_match(texts, pattern, named)
        return from_lists(offsets, pa.StructArray.from_arrays(columns, [names[at - 1] for at in named]), valid(texts))
    offsets, columns = every_match(texts, pattern, (group or 0,))
    return from_lists(offsets, columns[0], valid(texts))


# --- replacing and splitting -------------------------------------------------------------------------------------


@function(
    "replace(value: text, pattern: pattern!, new: text!, count: int! = -1) -> text",
    category=CATEGORY,
    sql="REGEXP_REPLACE",
    excel="REGEXREPLACE",
    also=(
        "Bloblang re_replace_all",
        "jq gsub",
        "FEEL replace",
        "Polars str.replace_all",
        "CEL regex.replace",
        "Bloblang re_replace",
        "Bloblang replace_many",
    ),
    rejects=("R603",),
    distinct=True,
    examples=[
        example('replace("a1b22", /\\d+/, "#")', "a#b#"),
        example('replace("2024-05-01", /(\\d+)-(\\d+)-(\\d+)/, "$3/$2/$1")', "01/05/2024"),
        example('replace("265 USD", /(\\d+) USD/, "$$$1")', "$265"),
        example('replace("aaa", /a/, "b", 2)', "bba"),
    ],
)
def replace_pattern(value: Datum, pattern: str, new: str, count: int) -> pa.Array | Outcome:
    """The text with what the pattern matches replaced: all of it, or the first `count` matches.

    In the replacement `$1` is what the first group matched (`\\1` is the same), `$0` the whole match, `${name}` a group by
    its name, and `$$` a dollar sign. A group that the pattern does not have is refused when the script is checked. R603
    where the text would grow beyond 16 MiB.
    """
    texts = as_array(value, 1)
    if count > 0 and may_be_empty(pattern):
        raise ValueError("it may match where nothing stands, and such matches are not counted")
    plain, written = rewriting(pattern, new)
    if count == 0:
        return texts
    return replaced(texts, plain, written, max(count, -1))


def _column_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    return None if isinstance(constants[2], str) else t.Text()


@function("replace(value: text, pattern: pattern!, new: text) -> text", rejects=("R603",), category=CATEGORY, rule=_column_rule)
def replace_by_column(value: Datum, pattern: str, new: Datum) -> pa.Array | Outcome:
    """The text with what the pattern matches replaced by another text of the row, in which `$` is a dollar sign."""
    texts, others = broadcast(value, new)
    return replaced_by(texts, pattern, others)


@function(
    "replace(value: text, pattern: pattern!, new: text!, start: int!, occurrence: int!) -> text",
    rejects=("R603",),
    category=CATEGORY,
    examples=[example('replace("aXbXc", /X/, "-", 1, 0)', "a-b-c"), example('replace("aXbXc", /X/, "-", 1, 2)', "aXb-c")],
)
def replace_occurrence(value: Datum, pattern: str, new: str, start: int, occurrence: int) -> pa.Array | Outcome:
    """The text with the nth match from position `start` on replaced; all of them where `occurrence` is 0, none where it is below."""
    texts = as_array(value, 1)
    head = pc.utf8_slice_codeunits(texts, 0, max(start - 1, 0))
    rest = _from(texts, start)
    changed = replace_pattern(rest, pattern, new, -1) if occurrence == 0 else nth_replaced(rest, pattern, new, occurrence)
    if isinstance(changed, Outcome):
        return Outcome(glued(head, changed.values), changed.failed)
    return glued(head, changed)


def _from(texts: pa.Array, start: int) -> pa.Array:
    return texts if start <= 1 else pc.utf8_slice_codeunits(texts, start - 1)


@function(
    "split(value: text, pattern: pattern!, limit: int! = -1) -> [text]",
    category=CATEGORY,
    sql="REGEXP_SPLIT_TO_ARRAY",
    examples=[example('split("a1b22c", /\\d+/)', ["a", "b", "c"]), example('split("a, b;c", /[,;] */, 2)', ["a", "b;c"])],
)
def split_pattern(value: Datum, pattern: str, limit: int) -> pa.Array:
    """The parts of a text between what the pattern matches; with a limit the last part holds all that is left."""
    texts = as_array(value, 1)
    if may_be_empty(pattern):
        # Arrow would split there for ever.
        raise ValueError("it may match where nothing stands; `chunks(x, 1)` gives the characters of a text")
    if limit == 0:
        return from_lists(np.zeros(len(texts) + 1), pa.array([], pa.string()), valid(texts))
    return split_at(texts, pattern, limit - 1 if limit > 0 else None)


@function(
    'redact(value: text, patterns: [pattern]!, by: text! = "[REDACTED]") -> text',
    rejects=("R603",),
    category=CATEGORY,
    also=("VRL redact",),
    distinct=True,
    examples=[
        example('redact("id 123456", [/\\d+/])', "id [REDACTED]"),
        example('redact("id", [/\\d+/])', "id"),
        example('redact(repeat("a", 20000), [/a/, /a/, /a/], "aaaaaaaaaa")', rejected="R603"),
    ],
)
def redact(value: Datum, patterns: Sequence[str], by: str) -> pa.Array | Outcome:
    """The text with all that the patterns match replaced: personal data that must not leave. R603 where it would grow beyond 16 MiB."""
    written = by.replace("\\", "\\\\")
    return in_turn(as_array(value, 1), [partial(replaced, plain=pattern, written=written) for pattern in patterns])
