"""What `dhm check` finds in the examples, in the forms of tools: each is well made, the same each time, and says how to mend what it can."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from datahub.reports.catalogue import rules
from datahub.reports.examples import example
from tests.typed_pages import lay, run_here

CHECKED = [code for code in rules() if (last := example(code).bad.console[-1].command).startswith("dhm check")]
"""The codes that `dhm check` tells; the others are told when something runs."""
GITHUB = re.compile(r"::(error|warning|notice) file=[^,]+,line=\d+,endLine=\d+,(?:col=\d+,endColumn=\d+,)?title=DHM\d{3} [\w-]+::.+")


def in_form(code: str, home: Path, form: str) -> str:
    return run_here(f"{example(code).bad.console[-1].command} --output {form}", home, talk=False)[0]


@pytest.mark.parametrize("code", CHECKED)
def test_every_form_of_a_finding_is_well_made_and_what_can_be_mended_is(code: str, tmp_path: Path) -> None:
    *before, last = (one.command for one in example(code).bad.console)
    lay(example(code).bad.files, tmp_path)
    for command in before:
        run_here(command, tmp_path)

    document = json.loads(in_form(code, tmp_path, "json"))
    findings: list[dict[str, Any]] = document["findings"]
    assert {code} == {one["code"] for one in findings}
    assert all(one["at"]["line"] >= 1 and one["message"] and one["message"][-1] != "." for one in findings)
    assert sum(document["counts"].values()) == len(findings)

    sarif = in_form(code, tmp_path, "sarif")
    run = json.loads(sarif)["runs"][0]
    (rule,) = run["tool"]["driver"]["rules"]
    assert code == rule["id"]
    assert re.search(r"This has it:.*This has not:", rule["help"]["markdown"], re.DOTALL)
    prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]
    assert len(findings) == len(set(prints))
    assert sarif == in_form(code, tmp_path, "sarif"), "it is other the second time"

    gitlab = json.loads(in_form(code, tmp_path, "gitlab"))
    assert {rules()[code].name} == {one["check_name"] for one in gitlab}
    assert all(one["location"]["path"] and one["location"]["positions"]["begin"]["line"] >= 1 for one in gitlab)
    assert len(findings) == len({one["fingerprint"] for one in gitlab})

    told = in_form(code, tmp_path, "github").strip().splitlines()
    assert [] == [line for line in told if not GITHUB.fullmatch(line)]
    assert len(findings) == len(told)

    suites = ET.fromstring(in_form(code, tmp_path, "junit"))
    assert str(document["counts"]["error"]) == suites.attrib["failures"]

    if any(one["fix"] and one["fix"]["safe"] for one in findings):
        printed, _ = run_here(f"{last} --fix", tmp_path)
        assert " applied" in printed
        assert f"[{code}]" not in printed, "it is mended, and still told"
