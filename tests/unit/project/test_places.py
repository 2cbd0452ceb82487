"""Every key and value of a TOML text is found where it stands."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from datahub.document import Document
from datahub.project.places import places

SAMPLE = '''\
# head
title = "a # b"   # comment
[owner]
"quoted key" = 'x'
born = 1979-05-27 07:32:00
nested.deep."er" = [1, [2, "x"], { a = 1, b = [ "]" , ] }]
text = """
[not.a.table]
he said ""hi\\"""""
raw = \'\'\'it's [ok]\'\'\'

[servers.alpha]
ip = "10.0.0.1"
[[products]]
name = "one"
[products.size]
w = 1
[[products.parts]]
id = 7
[[products]]
name = "two"
[[products.parts]]
id = 8
[[products.parts]]
id = 9
'''


def leaves(value, path=()):
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, (*path, key))
        case list() if value and all(isinstance(one, dict) for one in value):
            for number, inner in enumerate(value):
                yield from leaves(inner, (*path, number))
        case _:
            yield path, value


def assert_all_found(text):
    document = Document("dhm.toml", text)
    found = places(document)
    for path, value in leaves(tomllib.loads(text)):
        if value == {}:
            continue
        assert value == tomllib.loads(f"x = {found[path].value.text}")["x"], path
        key = found[path].key.text
        if isinstance(path[-1], str):
            assert path[-1] == next(iter(tomllib.loads(f"{key} = 1")))


def test_values_and_keys_of_every_form_are_found():
    assert_all_found(SAMPLE)


def test_a_value_in_an_array_has_a_place_of_its_own():
    found = places(Document("t", SAMPLE))
    assert "2" == found["owner", "nested", "deep", "er", 1, 0].value.text
    assert '"]"' == found["owner", "nested", "deep", "er", 2, "b", 0].value.text


def test_a_table_stands_at_its_header():
    found = places(Document("t", SAMPLE))
    assert ("alpha", "[servers.alpha]") == (found["servers", "alpha"].key.text, found["servers", "alpha"].value.text)
    assert "[[products]]" == found["products", 1].value.text
    assert "servers" == found[("servers",)].key.text


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_end_of_lines_does_not_matter(end):
    assert_all_found(SAMPLE.replace("\n", end))


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6)
values = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])) | st.integers(-5, 5) | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(names, values, max_size=4))
def test_whatever_is_written_is_found(tree):
    assert_all_found(tomlkit.dumps(tree))
