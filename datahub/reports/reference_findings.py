"""The reference of findings and of the codes under which rows are rejected."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.rule import Rule
from datahub.reports.catalogue import rules
from datahub.reports.examples import as_markdown
from datahub.reports.markdown import code, page, table

_FAMILIES = {
    "DHM0": "Text",
    "DHM1": "Names and packs",
    "DHM2": "Types",
    "DHM3": "Null and errors",
    "DHM4": "Logic",
    "DHM5": "Mappings",
    "DHM6": "Cost",
    "DHM7": "Tests",
    "DHM8": "Style",
    "DHM9": "Files and allowances",
    "R0": "The file",
    "R1": "Conversion",
    "R2": "Presence and shape",
    "R3": "The entity",
    "R4": "Lookups, joins and decisions",
    "R5": "Rows that belong together",
    "R6": "Arithmetic",
    "R7": "The target",
}


def finding_pages() -> dict[str, str]:
    """The pages of findings and of row codes, by path."""
    every = list(rules().values())
    findings = [one for one in every if one.code.startswith("DHM")]
    rows = [one for one in every if not one.code.startswith("DHM")]
    return {
        "findings.md": page(
            "Findings",
            "What `dhm check` can find in a script; `dhm explain CODE` tells the same in a terminal. A warning or note that is meant to be"
            ' there is allowed by a comment, `# dhm: allow CODE because "…"`, on the line above or behind the code.',
            *_family_tables(findings),
            *(part for one in findings for part in _entry(one)),
        ),
        "row-codes.md": page(
            "Row codes",
            "Why a row is rejected. `dhm check --signature` lists which of them each field of a script can give. Codes of one's own"
            " are those of `checks`, of `on error reject CODE` and of `unique by … reject CODE`.",
            *_family_tables(rows),
            *(part for one in rows for part in _entry(one)),
        ),
    }


def _family_tables(every: list[Rule]) -> Iterator[str]:
    for family, title in _FAMILIES.items():
        group = [one for one in every if one.code.startswith(family)]
        if group:
            yield f"**{title}**"
            yield table(("Code", "Name", "What it says"), ((one.code, code(one.name), one.summary) for one in group))


def _entry(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code} {rule.name}"
    told = "" if rule.code.startswith("R") else f" ({rule.severity.value})"
    yield f"{rule.summary[:1].upper()}{rule.summary[1:]}{told}."
    yield rule.explanation
    yield as_markdown(rule.code)
