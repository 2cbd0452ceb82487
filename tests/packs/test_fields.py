"""Every field that the domain page knows of DJUST and Mirakl is in the packs, required where it says so; a page shows where."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from datahub.packs.folders import Folders
from datahub.resources import folder
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.ir import EntityField, EntityShape, Program
from datahub.semantic.walk import columns_read
from datahub.syntax.parser import parse
from datahub.types import model as t

PACKS = folder("stdlib_mappings")
FIELDS = tomllib.loads((Path(__file__).parent / "fields.toml").read_text(encoding="utf-8"))
NEEDED = {"y": "yes", "-": "no", "c": "it depends", "?": "open"}
CODES = [f"F-E-{number:03}" for number in (1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 33)]


@cache
def program(pack: str) -> Program:
    loader = Folders()
    return elaborate_whole(parse(loader.document(PACKS / pack / "pack.dhm"), lambda _: None), loader, lambda _: None).program


@cache
def entities(pack: str) -> dict[str, EntityShape]:
    return {shape.name: shape for shape in program(pack).entities}


def rows() -> Iterator[tuple[str, str, str, str]]:
    """The number of the section, what the domain page says, whether it is needed, one field of an entity (or nothing)."""
    for section in FIELDS["section"]:
        for said, needs, where, _ in section["rows"]:
            for place in where.split() or [""]:
                yield section["number"], said, needs, place


def field_at(place: str) -> EntityField:
    entity, _, name = place.partition(".")
    return next(one for one in entities("djust")[entity].fields if one.name == name)


def asked(place: str, on: str) -> bool:
    """Whether a row without the field is refused, or gets a value that the platform takes, when rows are made or changed."""
    entity = place.partition(".")[0]
    shape, one = entities("djust")[entity], field_at(place)
    if one.name in shape.key or on in one.required_on:
        return True
    checks = [check for name, check in program("djust").checks if name == entity and check.code == "F-E-001"]
    told = any(one.name in columns_read(check.condition) for check in checks)
    return on == "create" and (one.default is not None or not one.type.nullable or told)


@pytest.mark.parametrize(("number", "said", "needs", "place"), list(rows()))
def test_a_field_of_the_domain_is_in_the_pack_and_asked_where_it_must_be_there(number, said, needs, place):
    if not place:
        return
    entity, _, name = place.partition(".")
    assert name in {one.name for one in entities("djust")[entity].fields}, f"{number} {said}"
    for on, need in zip(("create", "update"), needs, strict=False):
        if need == "y" and place not in UNKEYED:
            assert asked(place, on), f"{place} must be there on {on}"
    if needs[:1] == "-":
        one = field_at(place)
        assert one.type.nullable or one.default is not None, f"{place} need not be there"


UNKEYED = {"ClassificationCategory.classificationExternalId", "Assortment.assortmentExternalId"}
"""What entities without a key (several rows for each) are known by: their type asks for it in every row."""


def test_what_entities_without_a_key_are_known_by_is_in_every_row():
    assert [] == [place for place in UNKEYED if field_at(place).type.nullable or field_at(place).default is not None]


def test_every_code_of_the_platform_is_told_by_something():
    shapes, checks = entities("djust").values(), program("djust").checks
    told = {code for shape in shapes for _, code in shape.translate} | {check.code for _, check in checks}
    assert [] == [code for code in CODES if code not in told]


@pytest.mark.parametrize("file", FIELDS["file"], ids=lambda one: one["name"])
def test_a_file_of_mirakl_has_its_columns(file):
    target = next(one for one in program("mirakl").targets if one.name == file["target"])
    written = {header for _, header in target.columns}
    assert [] == [column for column in file["columns"] if column not in written]


def member(kind: t.Type, path: list[str]) -> bool:
    base = t.base_of(kind)
    while isinstance(base, t.ListOf):
        base = t.base_of(base.item)
    if not path:
        return True
    inner = base.get(path[0]) if isinstance(base, t.Struct) else None
    return inner is not None and member(inner, path[1:])


@pytest.mark.parametrize("payload", FIELDS["payload"], ids=lambda one: one["name"])
def test_a_payload_of_mirakl_has_its_fields(payload):
    made = program("mirakl")
    sources = {one.name: {column.name: column.type for column in one.columns} for one in made.sources}
    there = (sources | {one.name: {field.name: field.type for field in one.fields} for one in made.entities})[payload["where"]]
    lacking = [path for path in payload["fields"] if (parts := path.split("."))[0] not in there or not member(there[parts[0]], parts[1:])]
    assert [] == lacking


# ---------------------------------------------------------------- against the domain page itself


@pytest.fixture(scope="module")
def domain(root: Path) -> str:
    page = root.parent / "shared" / "domain" / "djust-and-mirakl.md"
    if not page.is_file():
        why = "there is no ../shared beside this checkout: the domain page is missing"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(why)
        pytest.skip(why)
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("section", FIELDS["section"], ids=lambda one: one["number"])
def test_no_row_of_the_domain_page_is_lost(section, domain):
    text = domain.split(f"\n### {section['number']} ", 1)[1].split("\n### ", 1)[0]
    said = {row[0] for row in section["rows"]}
    table = [line for line in text.split("\n") if line.startswith("|")][2:]
    cells = [re.split(r"(?<!\\)\|", line)[1].strip() for line in table]
    assert [] == [cell for cell in cells if cell not in said]
    assert [] == [one for one in said if " ".join(one.split()) not in " ".join(text.split())]


def test_no_column_of_a_file_on_the_domain_page_is_lost(domain):
    for file in FIELDS["file"]:
        if file["name"] == "OF01":
            listed = domain.split("- OF01 columns: ", 1)[1].split(". Variants", 1)[0].split("; ")
        else:
            found = re.search(rf"{file['name']}:? (offer-[^.\n]*|[a-z][a-z;-]+)", domain[domain.index("### 3.4") :])
            assert found is not None, file["name"]
            listed = re.findall(r"[a-z]+(?:-[a-z]+)*", found[1].replace("channels a|b", ""))
        assert set(listed) <= set(file["columns"]), file["name"]


def test_no_name_of_a_payload_on_the_domain_page_is_lost(domain):
    text = domain.split("### 3.5 Entities", 1)[1].split("### 3.6", 1)[0]
    named = set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text))
    made = program("mirakl")
    known = set(
        re.findall(r"\w+", repr([(one.name, one.columns) for one in made.sources] + [(one.name, one.fields) for one in made.entities]))
    )
    assert set() == named - known - ELSEWHERE


ELSEWHERE = {"shop_ids", "updated_since", "resolve_incident", "max_level", "all_operator_attributes", "with_roles"}
"""Names of 3.5 that are parameters of calls, or parts of their addresses."""


# ---------------------------------------------------------------- the page


def test_the_page_of_fields_is_what_the_packs_have(root):
    path, made = root / "docs" / "djust-fields.md", page()
    if os.environ.get("DHM_ACCEPT"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def page() -> str:
    parts = [HEAD]
    for section in FIELDS["section"]:
        parts.append(
            f"\n## {section['title']}\n\n| DJUST | Created | Changed | Here | Type | Asked | Note |\n|---|---|---|---|---|---|---|\n"
        )
        for said, needs, where, note in section["rows"]:
            for place in where.split() or [""]:
                create, update = (NEEDED.get(one, "") for one in needs.ljust(2)[:2])
                shown = [f"`{place}`", f"`{t.spelled(field_at(place).type)}`", how(place)] if place else ["", "", ""]
                cells = (said.replace("|", "\\|"), create, update, *(one.replace("|", "\\|") for one in shown), note)
                parts.append("| " + " | ".join(cells) + " |\n")
    parts.append("\n## Files of Mirakl\n\n| File | Target | Columns |\n|---|---|---|\n")
    parts += [f"| {one['name']} | `{one['target']}` | {', '.join(one['columns'])} |\n" for one in FIELDS["file"]]
    parts.append("\n## Payloads of Mirakl\n\n| Call | Here | What it is | Fields |\n|---|---|---|---|\n")
    parts += [f"| {one['name']} | `{one['where']}` | {one['about']} | {', '.join(one['fields'])} |\n" for one in FIELDS["payload"]]
    return "".join(parts)


def how(place: str) -> str:
    shape, one = entities("djust")[place.partition(".")[0]], field_at(place)
    said = ["key" if one.name in shape.key else "", "" if one.type.nullable or one.default is not None else "never null"]
    said += ["else a default" if one.default is not None else "", f"on {' and '.join(one.required_on)}" if one.required_on else ""]
    checks = [check.code for name, check in program("djust").checks if name == shape.name and one.name in columns_read(check.condition)]
    return ", ".join(part for part in (*said, *dict.fromkeys(checks)) if part)


HEAD = """# Fields of DJUST and Mirakl

What the documentation of DJUST says of each field (whether it must be there when a row is created, and when one is changed), and what the packs `djust` and
`mirakl` make of it: the field, its type, and what asks for it or looks at it. `[C]`: versions of the documentation disagree; `[?]`: it leaves this
open. A test holds this page to the packs, and the packs to the domain page that they were written from, so that no field of it is lost.
"""
