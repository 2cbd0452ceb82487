"""What the functions of texts mean: positions are 1-based, lengths are code points."""

from __future__ import annotations

import html
import re
from typing import Any

from anyascii import anyascii

from tests.reference.characters import category, composed, decomposed
from tests.reference.meaning import Asked, Reject, means
from tests.reference.patterns import compiled, every_match, expanded, substituted

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Unicode calls white space."""
SHOWING_NOTHING = "\u200b\u2060\ufeff"
"""Spaces of no width, and marks of the byte order, that `clean` drops beside control characters."""
MOST = 1_000_000
LONGEST = 16 * 1024 * 1024


# ---------------------------------------------------------------- letters


NEWER = (
    (0x19B, 0xA7DC, 1), (0x264, 0xA7CB, 1), (0x277, 0xA7DD, 1), (0x27C, 0xA7E2, 1), (0x1C8A, 0x1C89, 1), (0xA7CD, 0xA7CC, 1),
    (0xA7CF, 0xA7CE, 1), (0xA7D3, 0xA7D2, 1), (0xA7D5, 0xA7D4, 1), (0xA7DB, 0xA7DA, 1), (0xAB4B, 0xAB6C, 2), (0x10D70, 0x10D50, 22),
    (0x16EBB, 0x16EA0, 25), (0x1DF41, 0x1DF40, 1), (0x1DF49, 0x1DF48, 1), (0x1DF4B, 0x1DF4A, 1), (0x1DF4E, 0x1DF4D, 1),
    (0x1DF52, 0x1DF51, 1), (0x1DF69, 0x1DF68, 1), (0x1DF6B, 0x1DF6A, 1), (0x1DF6D, 0x1DF6C, 1), (0x1DF6F, 0x1DF6E, 1), (0x1DF73, 0x1DF72, 1),
    (0x1DF75, 0x1DF74, 1), (0x1DF77, 0x1DF76, 1), (0x1DF79, 0x1DF78, 1), (0x1DF7B, 0x1DF7A, 1), (0x1DF7D, 0x1DF7C, 1), (0x1DF7F, 0x1DF7E, 1),
)  # fmt: skip
"""What Unicode 15 to 17 gave capitals, as runs of small letters: the first, its capital, how many. Python 3.11 knows Unicode 14."""
CAPITALS = {chr(small + at): chr(capital + at) for small, capital, count in NEWER for at in range(count)}
SMALL = {capital: small for small, capital in CAPITALS.items()}


def upper_letter(letter: str) -> str:
    """One letter for one: those whose capital would be two stay, but for `ß`."""
    if letter == "ß":
        return "ẞ"
    if letter in CAPITALS:
        return CAPITALS[letter]
    return next((one for one in (letter.upper(), letter.title()) if len(one) == 1), letter)


def lower_letter(letter: str) -> str:
    if letter in SMALL:
        return SMALL[letter]
    return letter.lower() if len(letter.lower()) == 1 else letter.lower()[0]


@means("upper")
def upper(value: str) -> str:
    return "".join(map(upper_letter, value))


@means("lower")
def lower(value: str) -> str:
    return "".join(map(lower_letter, value))


@means("capitalize")
def capitalize(value: str) -> str:
    return "".join(map(upper_letter, value[:1])) + lower(value[1:])


@means("title_case")
def title_case(value: str, breaks: str = "") -> str:
    """Words are what stands between the spaces of ASCII, and the characters that break them."""
    found, inside = [], False
    for letter in map(lower_letter, value):
        found.append(letter if inside else upper_letter(letter))
        inside = letter > " " and letter not in breaks
    return "".join(found)


def folded(value: str) -> str:
    return lower(value)


# ---------------------------------------------------------------- space


@means("trim")
def trim(value: str, characters: str = SPACES) -> str:
    return value.strip(characters) if characters else value


@means("trim_left")
def trim_left(value: str, characters: str = SPACES) -> str:
    return value.lstrip(characters) if characters else value


@means("trim_right")
def trim_right(value: str, characters: str = SPACES) -> str:
    return value.rstrip(characters) if characters else value


@means("normalize_spaces")
def normalize_spaces(value: str) -> str:
    return re.sub(f"[{SPACES}]+", " ", value).strip(" ")


@means("clean")
def clean(value: str) -> str | None:
    spaced = normalize_spaces(value)
    return normalize_spaces("".join(one for one in spaced if category(one) != "Cc" and one not in SHOWING_NOTHING)) or None


@means("is_blank", nulls=True)
def is_blank(value: str | None) -> bool:
    return value is None or not value.strip(SPACES)


# ---------------------------------------------------------------- parts


@means("left")
def left(value: str, count: int = 1) -> str:
    return value[: max(count, 0)]


@means("right")
def right(value: str, count: int = 1) -> str:
    return value[max(len(value) - count, 0) :] if count > 0 else ""


@means("mid")
def mid(value: Any, start: int, count: int = 2**70) -> Any:
    """`count` from position `start`, from the end where that is below zero."""
    first = start - 1 if start > 0 else max(len(value) + start, 0) if start < 0 else 0
    over = start - 1 if start > 0 else len(value) + start if start < 0 else -1
    last = over + max(count, 0) if over >= 0 or start < 0 else count - 1
    return value[first : max(last, first)] if count > 0 else value[:0]


@means("slice")
def slice_of(value: Any, start: int, stop: int = 2**62) -> Any:
    return value[start:stop]


@means("splice")
def splice(value: str, start: int, count: int, by: str) -> str:
    first = min(max(start - 1, 0), len(value))
    return value[:first] + by + value[first + max(count, 0) :]


@means("char_at")
def char_at(value: str, position: int) -> str | None:
    return value[position - 1 if position > 0 else position] if 0 < abs(position) <= len(value) else None


@means("truncate")
def truncate(value: str, count: int, ending: str = "") -> str:
    return value if len(value) <= max(count, 0) else value[: max(count, 0)] + ending


def nth_at(value: str, mark: str, n: int) -> int:
    """Where the n-th mark stands, found one after the other from the end that is counted from; -1 where there are fewer."""
    if n == 0:
        raise Reject("R603")
    at = -1
    edge = 0 if n > 0 else len(value)
    for _ in range(min(abs(n), len(value) + 1)):
        at = value.find(mark, edge) if n > 0 else value.rfind(mark, 0, edge)
        if at < 0:
            return -1
        edge = at + len(mark) if n > 0 else at
    return at


@means("before")
def before(value: str, mark: str, occurrence: int | None = None) -> str:
    if occurrence is not None:
        at = nth_at(value, mark, occurrence)
        if not mark:
            return "" if occurrence > 0 else value
        return value if at < 0 else value[:at]
    return value.partition(mark)[0] if mark else ""


@means("replace_nth")
def replace_nth(value: str, old: str, new: str, occurrence: int) -> str:
    at = nth_at(value, old, occurrence)
    return value if at < 0 or not old else value[:at] + new + value[at + len(old) :]


@means("translate")
def translate(value: str, characters: str, by: str) -> str:
    found = []
    for one in value:
        at = characters.find(one)
        found.append(one if at < 0 else by[at : at + 1])
    return "".join(found)


@means("split_lengths")
def split_lengths(value: str, lengths: list[int]) -> list[str]:
    found = []
    for length in lengths:
        found.append(value[: max(length, 0)])
        value = value[max(length, 0) :]
    return found


@means("after")
def after(value: str, mark: str, occurrence: int | None = None) -> str:
    if occurrence is not None:
        at = nth_at(value, mark, occurrence)
        if not mark:
            return value if occurrence > 0 else ""
        return value if at < 0 else value[at + len(mark) :]
    return value.partition(mark)[2] if mark and mark in value else value


@means("before_last")
def before_last(value: str, mark: str) -> str:
    return value.rpartition(mark)[0] if mark and mark in value else value


@means("after_last")
def after_last(value: str, mark: str) -> str:
    return value.rpartition(mark)[2] if mark else ""


@means("split")
def split(value: str, mark: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if mark == "":
        parts = list(value)
        return parts if limit < 0 or limit >= len(parts) else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
    return value.split(mark, limit - 1 if limit > 0 else -1)


@means("base_name", "file_name")
def base_name(path: str) -> str | None:
    return path.rstrip("/").rpartition("/")[2] or None


@means("folder")
def folder(path: str) -> str:
    bare = path.rstrip("/")
    if not bare:
        return "/" if path else "."
    above, mark, _ = bare.rpartition("/")
    return (above.rstrip("/") or "/") if mark else "."


# ---------------------------------------------------------------- searching


@means("length")
def length(value: Any) -> int:
    return len(value)


@means("byte_length")
def byte_length(value: str) -> int:
    return len(value.encode())


@means("find")
def find(value: str, part: str, start: int = 1) -> int | None:
    at = value.find(part, max(start - 1, 0)) if start >= 1 and start <= len(value) + 1 else value.find(part) if start < 1 else -1
    return at + 1 if at >= 0 else None


@means("find_last")
def find_last(value: str, part: str) -> int | None:
    at = value.rfind(part)
    return at + 1 if at >= 0 else None


@means("count_matches")
def count_matches(value: str, part: str) -> int:
    return value.count(part) if part else 0


@means("contains")
def contains(value: Any, part: Any, case_sensitive: bool = True) -> bool:
    if isinstance(value, list):
        return any(one is not None and one == part for one in value)
    return part in value if case_sensitive else folded(part) in folded(value)


@means("contains_all")
def contains_all(value: Any, parts: list[Any], case_sensitive: bool = True) -> bool:
    return all(one is not None and contains(value, one, case_sensitive) for one in parts)


@means("contains_any")
def contains_any(value: Any, parts: list[Any], case_sensitive: bool = True) -> bool:
    return any(one is not None and contains(value, one, case_sensitive) for one in parts)


@means("starts_with")
def starts_with(value: str, prefix: str, case_sensitive: bool = True) -> bool:
    return value.startswith(prefix) if case_sensitive else folded(value).startswith(folded(prefix))


@means("ends_with")
def ends_with(value: str, suffix: str, case_sensitive: bool = True) -> bool:
    return value.endswith(suffix) if case_sensitive else folded(value).endswith(folded(suffix))


@means("like")
def like(value: str, pattern: str, ignore_case: bool = False) -> bool:
    """`%` is any text, `_` one character, a backslash takes the next one of them as it is."""
    found, letters = "", iter(pattern)
    for letter in letters:
        if letter == "\\":
            following = next(letters, "")
            found += re.escape(following if following in ("%", "_", "\\") and following else "\\" + following)
        else:
            found += ".*" if letter == "%" else "." if letter == "_" else re.escape(letter)
    text = lower(value) if ignore_case else value
    return re.fullmatch(lower(found) if ignore_case else found, text, re.DOTALL) is not None


# ---------------------------------------------------------------- making


def in_bounds(made: str, *of: str) -> str:
    """A text that was made of others: of 16 MiB at most, unless one of them is longer."""
    if len(made) > LONGEST // 4 and len(made.encode()) > max(LONGEST, *(len(one.encode()) for one in of)):
        raise Reject("R603")
    return made


@means("&")
def joined(first: str, second: str) -> str:
    return in_bounds(first + second, first, second)


@means("concat_text")
def concat_text(*values: str) -> str:
    return in_bounds("".join(values), *values)


@means("repeat")
def repeat(value: str, count: int) -> str:
    if count > 0 and len(value.encode()) * count > MOST:
        raise Reject("R603")
    return value * max(count, 0)


def _fill(value: str, width: int, fill: str) -> str:
    lacking = width - len(value)
    if width > MOST:
        raise Reject("R603")
    return ((fill or " ") * lacking)[:lacking] if lacking > 0 else ""


@means("pad_left")
def pad_left(value: str, width: int, fill: str = " ") -> str:
    return _fill(value, width, fill) + value


@means("pad_right")
def pad_right(value: str, width: int, fill: str = " ") -> str:
    return value + _fill(value, width, fill)


@means("replace")
def replace(value: str, old: str, new: str, count: int = -1) -> str:
    if not old:
        return value
    found = value.count(old) if count < 0 else min(value.count(old), count)
    size, longest = len(value.encode()), len(new.encode())
    if size + found * (longest - len(old.encode())) > max(LONGEST, size, longest):
        raise Reject("R603")
    return value.replace(old, new, max(count, -1))


@means("replace_each")
def replace_each(value: str, old: Any, new: Any = None) -> str:
    for one, other in old.items() if isinstance(old, dict) else zip(old, new, strict=True):
        value = replace(value, one, other) if other is not None else value
    return value


@means("remove_prefix")
def remove_prefix(value: str, prefix: str) -> str:
    return value.removeprefix(prefix)


@means("remove_suffix")
def remove_suffix(value: str, suffix: str) -> str:
    return value.removesuffix(suffix)


@means("reverse")
def reverse(value: Any) -> Any:
    return value[::-1]


@means("char")
def char(code: int) -> str:
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise Reject("R603")
    return chr(code)


@means("code")
def code(value: str) -> int | None:
    return ord(value[0]) if value else None


@means("digits")
def digits(value: str) -> str:
    return "".join(one for one in value if one in "0123456789")


@means("letters")
def letters(value: str) -> str:
    return "".join(one for one in value if category(one)[0] in "LM")


# ---------------------------------------------------------------- wording


def unmarked(value: str) -> str:
    return "".join(one for one in decomposed(value) if category(one) != "Mn")


@means("strip_accents")
def strip_accents(value: str) -> str:
    return value if value.isascii() else composed(unmarked(value))


@means("ascii")
def in_ascii(value: str) -> str:
    return str(anyascii(value))


def plain_ascii(value: str) -> str:
    return "".join(one for one in in_ascii(value).lower() if one in "abcdefghijklmnopqrstuvwxyz0123456789 \t\n\v\f\r")


@means("fingerprint")
def fingerprint(value: str) -> str:
    return " ".join(sorted(set(re.findall("[a-z0-9]+", plain_ascii(value)))))


@means("ngram_fingerprint")
def ngram_fingerprint(value: str, size: int = 2) -> str:
    if size < 1:
        raise Reject("R603")
    letters = "".join(re.findall("[a-z0-9]", plain_ascii(value)))
    if len(letters) < size:
        return letters
    pieces = {letters[at : at + size] for at in range(len(letters)) if at + size <= len(letters)}
    return "".join(sorted(pieces))


@means("slug")
def slug(value: str) -> str:
    return re.sub("[^a-z0-9]+", "-", unmarked(lower(value))).strip("-")


def words(value: str, written: str) -> list[str]:
    """The words in lower case: they end at what is no letter or digit, and before capitals."""
    kinds = [category(one) for one in value]
    cut = ""
    for at, letter in enumerate(value):
        if written in ("", "camelCase", "PascalCase") and at and kinds[at] == "Lu":
            small_before = kinds[at - 1] in ("Ll", "Nd")
            small_after = kinds[at - 1] == "Lu" and at + 1 < len(value) and kinds[at + 1] == "Ll"
            cut += " " if small_before or small_after else ""
        cut += letter
    apart = {"snake_case": "_", "kebab-case": "-", "camelCase": " ", "PascalCase": " ", "SCREAMING_SNAKE": "_"}.get(written)
    if apart is not None:
        cut = re.sub(f"{apart}+", " ", cut)
    else:
        cut = "".join(one if category(one)[0] in "LM" or category(one) == "Nd" else "\0" for one in cut)
        cut = re.sub("\0+", " ", cut)
    return lower(cut.strip(" ")).split(" ")


@means("snake_case")
def snake_case(value: str, written: str = "") -> str:
    return "_".join(words(value, written))


@means("kebab_case")
def kebab_case(value: str, written: str = "") -> str:
    return "-".join(words(value, written))


@means("upper_snake_case")
def upper_snake_case(value: str, written: str = "") -> str:
    return upper("_".join(words(value, written)))


@means("pascal_case")
def pascal_case(value: str, written: str = "") -> str:
    return "".join(capitalize(one) for one in words(value, written))


@means("camel_case")
def camel_case(value: str, written: str = "") -> str:
    first, *rest = words(value, written)
    return first + "".join(capitalize(one) for one in rest)


@means("roman")
def roman(value: int) -> str:
    if not 1 <= value <= 3999:
        raise Reject("R603")
    ones = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    tens = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC")
    hundreds = ("", "C", "CC", "CCC", "CD", "D", "DC", "DCC", "DCCC", "CM")
    return "M" * (value // 1000) + hundreds[value // 100 % 10] + tens[value // 10 % 10] + ones[value % 10]


@means("edit_distance")
def edit_distance(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        before_, row[0] = row[0], at
        for place, other in enumerate(second, 1):
            before_, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before_ + (letter != other))
    return row[-1]


@means("similarity")
def similarity(first: str, second: str) -> float:
    longest = max(len(first), len(second))
    return 1 - edit_distance(first, second) / longest if longest else 1.0


@means("phonetic")
def phonetic(value: str) -> str:
    """Soundex: equal codes side by side count once, also with `h` or `w` between them."""
    groups = {"BFPV": "1", "CGJKQSXZ": "2", "DT": "3", "L": "4", "MN": "5", "R": "6"}
    codes = {letter: number for group, number in groups.items() for letter in group}
    plain = [one for one in upper(strip_accents(value)) if "A" <= one <= "Z"]
    if not plain:
        return ""
    found, last = plain[0], codes.get(plain[0], "")
    for letter in plain[1:]:
        number = codes.get(letter, "")
        if number and number != last:
            found += number
        if letter not in "HW":
            last = number
    return (found + "000")[:4]


# ---------------------------------------------------------------- markup


@means("html_escape")
def html_escape(value: str) -> str:
    return "".join({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}.get(one, one) for one in value)


@means("html_unescape")
def html_unescape(value: str) -> str:
    return html.unescape(value)


@means("html_strip")
def html_strip(value: str) -> str:
    value = re.sub(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", " ", value, flags=re.IGNORECASE | re.DOTALL)
    value = html.unescape(re.sub(r"<[A-Za-z/!?][^>]*>", " ", value))
    return re.sub("[ \t\n\v\f\r\xa0]+", " ", value).strip(" ")


# ---------------------------------------------------------------- patterns


@means("matches", nulls=True)
def matches(value: str | None, pattern: str) -> bool:
    return value is not None and compiled(pattern).fullmatch(value) is not None


@means("found", nulls=True)
def found(value: str | None, pattern: str) -> bool:
    return value is not None and compiled(pattern).search(value) is not None


@means("found_any", nulls=True)
def found_any(value: str | None, patterns: tuple[str, ...]) -> bool:
    return any(found(value, one) for one in patterns)


@means("contains/pattern")
def contains_pattern(value: str, pattern: str) -> bool:
    return found(value, pattern)


@means("redact")
def redact(value: str, patterns: tuple[str, ...], by: str = "[REDACTED]") -> str:
    for one in patterns:
        value = in_bounds(substituted(compiled(one), lambda _: by, value), value)
    return value


@means("count_matches/pattern")
def count_pattern(value: str, pattern: str, start: int = 1) -> int:
    rest = value[max(start - 1, 0) :]
    # One that asks where it stands matches nothing here and not there: behind a match it is not looked for.
    asks = re.search(r"\^|\$|\\[AbBz]", re.sub(r"\[.*?\]", "", pattern))
    return len(list(every_match(compiled(pattern), rest) if asks else compiled(pattern).finditer(rest)))


@means("find/pattern")
def find_pattern(value: str, pattern: str, start: int = 1) -> int | None:
    skipped = max(start - 1, 0)
    match = compiled(pattern).search(value[skipped:]) if skipped <= len(value) else None
    return match.start() + skipped + 1 if match else None


def _group(match: Any, group: int | str) -> str:
    return match.group(group) or ""


@means("extract/pattern")
def extract(value: str, pattern: str, *rest: Any) -> str | None:
    if len(rest) >= 2:
        start, occurrence, group = (*rest, 0)[:3]
        all_of = list(every_match(compiled(pattern), value[max(start - 1, 0) :]))
        return _group(all_of[occurrence - 1], group) if 0 < occurrence <= len(all_of) else None
    match = compiled(pattern).search(value)
    return _group(match, rest[0] if rest else 0) if match else None


@means("extract_all/pattern", asks=True)
def extract_all(asked: Asked, value: str, pattern: str, group: int = 0) -> list[Any]:
    regex = compiled(pattern)
    if regex.groupindex and len(asked.kinds) < 3:
        return [{name: match.group(name) or "" for name in regex.groupindex} for match in every_match(regex, value)]
    return [_group(match, group) for match in every_match(regex, value)]


@means("extract_groups/pattern")
def extract_groups(value: str, pattern: str) -> Any:
    regex = compiled(pattern)
    match = regex.search(value)
    if match is None:
        return None
    return {name: match.group(name) or "" for name in regex.groupindex} if regex.groupindex else [one or "" for one in match.groups()]


@means("replace/pattern", asks=True)
def replace_pattern(asked: Asked, value: str, pattern: str, new: str, *rest: int) -> str:
    """In a constant `$1` is what a group matched; in a column a dollar sign is a dollar sign."""
    regex = compiled(pattern)
    if not asked.constants[2]:
        return in_bounds(substituted(regex, lambda _: new, value), value, new)
    if len(rest) == 2:
        start, occurrence = rest
        head, tail = value[: max(start - 1, 0)], value[max(start - 1, 0) :]
        if occurrence == 0:
            return head + in_bounds(substituted(regex, lambda match: expanded(match, new), tail), tail)
        number = iter(range(1, len(tail) + 2))
        return head + substituted(regex, lambda match: expanded(match, new) if next(number) == occurrence else match.group(), tail)
    count = rest[0] if rest else -1
    return value if count == 0 else in_bounds(substituted(regex, lambda match: expanded(match, new), value, max(count, 0)), value)


@means("split/pattern")
def split_pattern(value: str, pattern: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    parts: list[str] = []
    at = 0
    for match in compiled(pattern).finditer(value):
        if limit > 0 and len(parts) == limit - 1:
            break
        if match.end() > match.start():
            parts.append(value[at : match.start()])
            at = match.end()
    return [*parts, value[at:]]
