"""Of the files of DJUST and of shops a line is blank where all of it is: whatever one cell says is written, or told, and never passed over."""

from __future__ import annotations

import re

import pytest

from datahub.packs.folders import Folders
from datahub.resources import folder
from datahub.syntax import ast
from datahub.syntax.parser import parse

FILES = folder("stdlib_mappings") / "djust" / "files"
# Marks that an account has no address are in the rows of accounts that have none.
VALUES = {"int?": "3", "decimal?": "3", "[{quantity: int, price: decimal}]?": "1|2"}


def sources() -> dict[str, list[tuple[str, str]]]:
    """The columns of each source, as a header has them, with a value for each."""
    found = {}
    for path in sorted(FILES.glob("*.dhm")):
        text = path.read_text(encoding="utf-8")
        if said := re.search(r"source (\w+): csv \{.*?columns \{\n(.*?)\n  \}\n\}", text, re.DOTALL):
            columns = re.findall(r"^\s+\w+\s*: (.+?)\s+at (?:\"([^\"]+)\"|/\^(\w+[_-])\(.+/)", said[2], re.MULTILINE)
            assert len(columns) == sum(not line.strip().startswith("#") for line in said[2].splitlines())
            found[said[1]] = [(name or prefix + "1", VALUES.get(kind, "TRUE")) for kind, name, prefix in columns]
    return found


SOURCES = sources()


def test_every_source_is_looked_at():
    scripts = [parse(Folders().document(path), lambda _: None) for path in FILES.glob("*.dhm")]
    declared = {one.name.text for script in scripts for one in script.declarations if isinstance(one, ast.Source)}
    assert declared == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_what_one_cell_says_is_not_passed_over(source, tmp_path, dhm):
    entities = sorted(
        set(re.findall(rf"^map (d\.\w+) from r in {source}\b", "\n".join(p.read_text() for p in FILES.glob("*.dhm")), re.MULTILINE))
    )
    assert entities
    script = (
        "use djust ^1.0 as d\nuse djust.files ^1.0 as f\ntarget out: jsonl { whole false }\nflow all { write "
        + ", ".join(entities)
        + " to out }\n"
    )
    (tmp_path / "s.dhm").write_text(script, encoding="utf-8")
    columns = SOURCES[source]
    lines = [";".join(name for name, _ in columns)]
    lines += [";".join(value if at == own else "" for at, (_, value) in enumerate(columns)) for own in range(len(columns))]
    lines += [";" * (len(columns) - 1), ";" * (len(columns) - 1)]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = dhm("run", tmp_path / "s.dhm", "--source", f"f.{source}={tmp_path / 'in.csv'}", "--out", tmp_path / "out")
    assert re.search(rf"{len(columns) + 2} read .*\+ 2 filtered", ended.err), ended.err


COMMERCE = folder("stdlib_mappings") / "commerce"
# What else the packs read beside the file in question.
OTHERS = {
    "google": {"google_rss": "<rss><channel></channel></rss>"},
    "products": {"combinations": "Product ID\n"},
    "combinations": {"products": "Product ID\n"},
    "akeneo": {"akeneo_models": "code\n"},
}
# Columns whose names are patterns.
PATTERNS = {
    "shopify": ["Material (product.metafields.custom.material)", "Price / Swiss", "Included / Swiss"],
    "woocommerce": ["Attribute 1 name", "Attribute 1 value(s)", "Nom de l'attribut 1", "Valeur(s) de l'attribut 1"],
    "spree": ["category1", "option1_name", "option1_value", "image1_src", "custom_field.custom.watt"],
    "google": ["color"],
    "akeneo": ["name-en_US", "price-EUR", "X_SELL-products", "size"],
}
# Rows of Magento that say a store view are its words for a product, and no product.
PASSED_OVER = {"magento": 3}
# The models of Akeneo are looked up alone: none of their rows is a product.
LOOKED_UP = {"akeneo_models"}


def shops() -> dict[str, tuple[str, str, list[str]]]:
    """The pack of each CSV source of shops, its delimiter, and its columns as a header has them."""
    found = {}
    for path in sorted(COMMERCE.glob("*/pack.dhm")):
        text = path.read_text(encoding="utf-8")
        for name, options, columns in re.findall(
            r"^source (\w+): csv \{(.*?)\n  columns \{\n(.*?)\n  \}\n\}", text, re.DOTALL | re.MULTILINE
        ):
            delimiter = re.search(r'delimiter "(.+?)"', options)
            plain = re.findall(r'^    \w+\s*: \S+\s+at "([^"]+)"', columns, re.MULTILINE)
            found[name] = (path.parent.name, delimiter[1].replace("\\t", "\t") if delimiter else ",", plain + PATTERNS.get(name, []))
    return found


SHOPS = shops()


def test_every_file_of_shops_is_looked_at():
    scripts = [parse(Folders().document(path), lambda _: None) for path in COMMERCE.glob("*/pack.dhm")]
    declared = {one.name.text for script in scripts for one in script.declarations if isinstance(one, ast.Source)}
    assert declared == {*SHOPS, "google_rss", "bmecat"}


@pytest.mark.parametrize("source", sorted(SHOPS.keys() - LOOKED_UP))
def test_what_one_cell_of_a_shop_says_is_not_passed_over(source, tmp_path, dhm):
    pack, delimiter, columns = SHOPS[source]
    lines = [delimiter.join(f'"{name}"' for name in columns)]
    lines += [delimiter.join("7" if at == own else "" for at in range(len(columns))) for own in range(len(columns))]
    lines += [delimiter * (len(columns) - 1)] * 2
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = ["--source", f"{source}={tmp_path / 'in.csv'}"]
    for other, text in OTHERS.get(source, {}).items():
        (tmp_path / other).write_text(text, encoding="utf-8")
        given += ["--source", f"{other}={tmp_path / other}"]
    ended = dhm("run", COMMERCE / pack / "pack.dhm", *given, "--out", tmp_path / "out")
    assert re.search(rf"\b{source} +{len(columns) + 2} read .*\+ {PASSED_OVER.get(source, 2)} filtered", ended.err), ended.err
