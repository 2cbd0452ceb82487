"""The naughty strings: through every writer and back by `run`, and through every function that takes text.

`blns.json` is an array of 515 strings (the file has 517 lines, of which the first and last are the brackets); one of them, the
first, is empty.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

import datahub
from datahub.functions import load
from datahub.functions.declare import Overload, Parameter
from datahub.runner.run import Options
from datahub.runner.run import run as run_plan
from tests.acceptance.conftest import plain, written

FILES = ("csv", "json", "jsonl", "parquet", "arrow")
NESTED = "list: [text], map: map(text)"
COPY = """
source strings: {source} {{
  empty text
  columns {{ n: int, text: text, {more} }}
}}
entity String {{
  key n
  n: int, text: text, {more}
}}
map String from s in strings {{ include s }}
flow copy {{ write String to out }}
target out: {target} {{ }}
"""
# What stands for a parameter of a type: the first of a call, the second, and so on, the last once more where there are more.
ARGUMENTS = {
    "text": ("s.text", "s.next", "s.last"),
    "int": ("2", "3"),
    "bool": ("true",),
    "decimal": ("2.5",),
    "[text]": ("[s.next, s.last]",),
    "map(text)": ('index_by([{key: s.next, value: s.last}], "key", "value")',),
}
CONSTANTS = {
    "text": ('"a"', '"e"', '"o"'),
    "int": ("1", "2"),
    "bool": ("true",),
    "pattern": (r"/[a-z]+|\d/",),
    "[text]": ('["a", "<"]', '["e", ">"]'),
    "[int]": ("[1, 3]",),
    "[pattern]": (r"[/\w+/, /<[^>]*>/]",),
}
# Constants that must be of certain words, and what they are.
WORDS = {
    "form": '"alpha_2"',
    "language": '"fr"',
    "pattern": '"yyyy-MM-dd"',
    "zone": '"Europe/Paris"',
    "locale": '"fr"',
    "alphabet": '"url"',
    "mark": '","',
    "groups": '"."',
}
# Signatures whose constants must fit one another.
CALLS = {
    "parse_duration(value: text, unit: text!)": 'parse_duration(s.text, "h")',
    "extract(value: text, pattern: pattern!, group: text!)": r'extract(s.text, /(?P<word>\w+)/, "word")',
    "extract_all(value: text, pattern: pattern!, group: int!)": r"extract_all(s.text, /(\w)(\w)/, 2)",
}
PLAIN = ("text", "int", "bool", "decimal", "float", "[text]")


@pytest.fixture(scope="module")
def naughty(realdata):
    strings = json.loads((realdata / "blns/blns.json").read_text(encoding="utf-8"))
    assert (515, 1) == (len(strings), strings.count(""))
    return strings


@pytest.fixture(scope="module")
def records(naughty):
    return [
        {"n": n, "text": text, "list": [text, naughty[-n - 1], text], "map": {text: naughty[-n - 1], "k": text}}
        for n, text in enumerate(naughty)
    ]


def copied(source, target, path, folder):
    """The file that a copy of `path` in the format `target` is."""
    # A cell of delimited text holds no list.
    flat = "csv" in (source, target)
    script = COPY.format(source=source, target=target, more="" if flat else NESTED)
    report = run_plan(datahub.compile(script), {"strings": [str(path)]}, folder, options=Options())
    assert report.adds_up
    assert (515, 515) == (report.rows_read, report.entities["String"])
    (file,) = report.written
    return Path(file.path)


@pytest.mark.parametrize("kind", FILES)
def test_strings_come_back_from_every_format(kind, records, tmp_path):
    given = tmp_path / "given.json"
    given.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    there = copied("json", kind, given, tmp_path / "there")
    back = copied(kind, "jsonl", there, tmp_path / "back")
    found = written(back)
    assert [{name: row[name] for name in found[0]} for row in records] == found


@pytest.mark.parametrize("escaped", [True, False])
def test_strings_come_out_of_json_however_they_are_written(escaped, records, tmp_path):
    given = tmp_path / "given.jsonl"
    given.write_text("".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in records), encoding="utf-8")
    script = COPY.format(source="jsonl", target="jsonl", more=NESTED)
    assert records == plain(datahub.run(script, {"strings": given}).entities["String"])


def calls():
    """Every function that takes text, once for each of its signatures: what is called, and the type of what comes out."""
    for function in load().values():
        for overload in function.overloads:
            takes_text = any(one.type.rstrip("?") == "text" and not one.constant for one in overload.parameters)
            # `file_name` is the name of a row's file where a script calls it.
            if function.kind == overload.kind == "function" and takes_text and function.name != "file_name":
                yield overload, CALLS.get(overload.signature.split(" -> ")[0]) or f"{function.name}({', '.join(arguments(overload))})"


def arguments(overload: Overload):
    number = 0
    for one in overload.parameters:
        if not one.optional:
            yield argument(one, number)
            number += 1


def argument(one: Parameter, number: int) -> str:
    if one.constant and one.type == "text" and one.name in WORDS:
        return WORDS[one.name]
    kind = "map(text)" if one.type == "map(T)" else one.type.rstrip("?")
    choices = (CONSTANTS if one.constant else ARGUMENTS)[kind]
    return choices[min(number, len(choices) - 1)]


def test_no_function_of_text_loses_a_row_or_stops(naughty):
    called = list(calls())
    assert len(called) >= 140
    fields, values = [], []
    for number, (overload, call) in enumerate(called):
        kind = overload.returns.rstrip("?")
        shown = kind in PLAIN
        guarded = f"({call} on error null)" if overload.rejects else call
        fields.append(f"  f{number}: {kind if shown else 'bool'}?")
        values.append(f"  f{number}: {guarded if shown else f'{guarded} is null'}")
    newline = "\n"
    script = f"""
source strings: jsonl {{ empty text, columns {{ n: int, text: text, next: text, last: text }} }}
entity Out {{
  key n
  n: int
{newline.join(fields)}
}}
map Out from s in strings {{
  n: s.n
{newline.join(values)}
}}
"""
    rows = [{"n": n, "text": text, "next": naughty[n - 1], "last": naughty[-n]} for n, text in enumerate(naughty)]
    result = datahub.run(script, {"strings": pa.Table.from_pylist(rows)})
    assert {"written": 515} == {fate: count for fate, count in result.fates["strings"].items() if count}
    found = plain(result.entities["Out"])
    # What a function makes of a string does not depend on the strings beside it.
    alone = plain(datahub.run(script, {"strings": pa.Table.from_pylist(rows)}, threads=1, batch_rows=1).entities["Out"])
    assert found == alone
