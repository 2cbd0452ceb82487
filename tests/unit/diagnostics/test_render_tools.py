"""What tools read: every form says the same, and each is read back by a reader that is not ours."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.render import FORMS, render
from datahub.document import Document
from tests.unit.diagnostics import samples

PATHS = ("mappings/offers.dhm", "commerce/offer.dhm")


def test_json_has_every_place_in_numbers_and_counts_by_severity():
    report = json.loads(render("json", samples.everything(), PATHS))
    assert {"error": 2, "warning": 1, "note": 1} == report["counts"]
    first = report["findings"][0]
    assert ("DHM101", "unknown-name", "error", "`articles` has no column `Reff`") == (
        first["code"],
        first["name"],
        first["severity"],
        first["message"],
    )
    assert {
        "path": "mappings/offers.dhm",
        "line": 10,
        "column": 10,
        "end_line": 10,
        "end_column": 14,
        "label": "not a column of `articles`",
    } == first["at"]
    edit = {"path": "mappings/offers.dhm", "line": 10, "column": 10, "end_line": 10, "end_column": 14, "text": "Ref"}
    assert {"title": "write `Ref`", "safe": True, "edits": [edit]} == first["fix"]


def test_github_escapes_what_its_commands_would_read():
    document = Document("a,b:c.dhm", "x\ny\n")
    finding = Diagnostic(samples.UNKNOWN, "100% of `x`", Label(samples.at(document, "x"), ""), notes=("first\nsecond",))
    expected = (
        "::error file=a%2Cb%3Ac.dhm,line=1,endLine=1,col=1,endColumn=2,title=DHM101 unknown-name::100%25 of `x`%0Anote: first%0Asecond\n"
    )
    assert expected == render("github", [finding], ())


def test_github_calls_a_note_a_notice():
    assert render("github", [samples.silent_null()], ()).startswith("::notice file=mappings/offers.dhm,line=4,")


def test_gitlab_gives_each_finding_a_fingerprint_that_lines_above_do_not_change():
    moved = Document(samples.OFFERS.path, "# a new first line\n" + samples.OFFERS.text)
    before = Diagnostic(samples.UNKNOWN, "no `Reff`", Label(samples.at(samples.OFFERS, "Reff"), ""))
    after = Diagnostic(samples.UNKNOWN, "no `Reff`", Label(samples.at(moved, "Reff"), ""))
    first, second = (json.loads(render("gitlab", [finding], ()))[0] for finding in (before, after))
    assert first["fingerprint"] == second["fingerprint"]
    assert (10, 11) == (first["location"]["positions"]["begin"]["line"], second["location"]["positions"]["begin"]["line"])


def test_gitlab_tells_two_findings_on_one_line_apart():
    entries = json.loads(render("gitlab", [samples.unknown_name(), samples.unknown_name()], ()))
    assert 2 == len({entry["fingerprint"] for entry in entries})
    assert {"major"} == {entry["severity"] for entry in entries}


def test_junit_counts_errors_as_failures_and_files_without_any_as_passed():
    report = etree.fromstring(render("junit", samples.everything(), PATHS).encode())
    assert ("3", "2") == (report.get("tests"), report.get("failures"))
    offers, entity = report.findall("testsuite")
    assert ("mappings/offers.dhm", "2", "2") == (offers.get("name"), offers.get("tests"), offers.get("failures"))
    assert ("commerce/offer.dhm", "1", "0") == (entity.get("name"), entity.get("tests"), entity.get("failures"))
    assert "warning[DHM203]" in (offers.findtext("system-out") or "")


def test_junit_survives_characters_that_xml_forbids():
    document = Document('a"<.dhm', "x: \x00\x1b & <y>\n")
    finding = Diagnostic(samples.UNKNOWN, 'a "quoted" & <fact>\x00', Label(samples.at(document, "y"), ""))
    report = etree.fromstring(render("junit", [finding], ()).encode())
    assert ['a "quoted" & <fact>�'] == [failure.get("message") for failure in report.findall(".//failure")]


def test_sarif_points_from_results_to_rules_places_and_fixes():
    run = json.loads(render("sarif", samples.everything(), PATHS))["runs"][0]
    assert ["DHM101", "DHM201", "DHM203", "DHM304"] == [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ["error", "error", "warning", "note"] == [result["level"] for result in run["results"]]
    first, second = run["results"][:2]
    region = {"startLine": 10, "startColumn": 10, "endLine": 10, "endColumn": 14}
    assert region == first["locations"][0]["physicalLocation"]["region"]
    assert "commerce/offer.dhm" == second["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert {"deletedRegion": region, "insertedContent": {"text": "Ref"}} == replacement


@pytest.mark.parametrize("form", FORMS)
def test_a_clean_report_is_well_formed(form):
    text = render(form, (), PATHS)
    if form in ("json", "sarif", "gitlab"):
        json.loads(text)
    elif form == "junit":
        assert 2 == len(etree.fromstring(text.encode()).findall(".//testcase"))
    else:
        assert "" == text
