"""`# dhm: allow`: what it silences, and what is told when it silences nothing or says no reason."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.mend import mend
from datahub.diagnostics.suppress import suppress
from datahub.document import Document, Span
from tests.unit.diagnostics import samples


def codes(text: str, *found: tuple[str, int]) -> list[tuple[str, int]]:
    """Code and line of what is left of findings (rule name, line) in a script."""
    return [(finding.rule.code, finding.at.span.line) for finding in left(text, *found)]


def left(text: str, *found: tuple[str, int]) -> list[Diagnostic]:
    document = Document("a.dhm", text)
    rules = {"narrow": samples.NARROW, "mismatch": samples.MISMATCH, "silent": samples.SILENT}
    findings = [Diagnostic(rules[rule], "a fact", Label(_line(document, line), "")) for rule, line in found]
    return suppress(findings, [document])


def _line(document: Document, number: int) -> Span:
    start = document.line_starts[number - 1]
    return Span(document, start, start + len(document.line(number)))


def test_a_comment_alone_on_its_line_allows_a_finding_of_the_next():
    assert [] == codes('# dhm: allow DHM203 because "cut by the shop"\nx: y\n', ("narrow", 2))


def test_a_comment_behind_code_allows_a_finding_of_its_own_line():
    assert [] == codes('x: y  # dhm: allow DHM203 because "cut by the shop"\nz: y\n', ("narrow", 1))


def test_comments_and_blank_lines_between_do_not_matter():
    assert [] == codes('# dhm: allow DHM203 because "a"\n# more\n\n# dhm: allow DHM304 because "b"\nx: y\n', ("narrow", 5), ("silent", 5))


def test_several_codes_and_names_stand_in_one_comment():
    assert [] == codes('# dhm: allow DHM203, silent-null because "both are meant"\nx: y\n', ("narrow", 2), ("silent", 2))


def test_another_line_another_code_and_another_file_are_not_silenced():
    assert [("DHM203", 3), ("DHM901", 1)] == codes('# dhm: allow DHM203 because "a"\nx: y\nz: y\n', ("narrow", 3))
    assert [("DHM304", 2), ("DHM901", 1)] == codes('# dhm: allow DHM203 because "a"\nx: y\n', ("silent", 2))
    elsewhere = samples.narrowing()
    here = Document("a.dhm", '# dhm: allow DHM203 because "a"\n\nx: y\n')
    assert elsewhere in suppress([elsewhere], [here])


def test_an_error_is_never_allowed_and_that_is_told():
    found = left('# dhm: allow DHM201 because "it works on my machine"\nx: y\n', ("mismatch", 2))
    assert ["DHM201", "DHM901"] == [finding.rule.code for finding in found]
    assert "`DHM201` is an error on line 2, and an error cannot be allowed" == found[1].message
    assert found[1].fix is None


def test_an_allowance_without_a_reason_silences_and_is_told():
    found = left("x: y  # dhm: allow DHM203\n", ("narrow", 1))
    assert [("DHM902", 'say why: `# dhm: allow DHM203 because "…"`')] == [(finding.rule.code, finding.help) for finding in found]
    assert [("DHM902", 1)] == codes('x: y  # dhm: allow DHM203 because ""\n', ("narrow", 1))


def test_an_unused_allowance_is_removed_with_its_line():
    found = left('a: b\n  # dhm: allow DHM203 because "old"\nx: y\n')
    assert ("a: b\nx: y\n", 1) == mend(found[0].at.span.document, found)


def test_an_unused_allowance_behind_code_leaves_the_code():
    found = left('x: y  # dhm: allow DHM203, DHM304 because "old"\r\nz: 1\r\n')
    assert ["DHM901", "DHM901"] == [finding.rule.code for finding in found]
    assert ("x: y\r\nz: 1\r\n", 1) == mend(found[0].at.span.document, found)


def test_an_allowance_of_which_half_is_used_is_left_to_a_person():
    found = left('x: y  # dhm: allow DHM203, DHM304 because "old"\n', ("narrow", 1))
    assert [("DHM901", None, "DHM304")] == [(finding.rule.code, finding.fix, finding.at.span.text) for finding in found]


def test_a_directive_that_says_something_else_is_told():
    assert [("DHM904", 1)] == codes("# dhm: alow DHM203\nx: y\n")
    assert [("DHM203", 2), ("DHM904", 1)] == sorted(codes("# dhm: ignore[DHM203]\nx: y\n", ("narrow", 2)))


def test_text_that_looks_like_a_directive_is_none():
    assert [] == codes('x: "see # dhm: allow DHM203"\n')
    assert [] == codes('given a json """\n# dhm: allow DHM203\n"""\n')


def test_an_apostrophe_in_the_code_before_hides_nothing():
    assert [] == codes("| it's | l'oréal |  # dhm: allow DHM203 because \"it's right\"\n", ("narrow", 1))


def test_one_comment_allows_a_finding_in_the_whole_file_wherever_it_stands():
    assert [] == codes('x: y\n# dhm: allow DHM203 in file because "old"\nz: y\n', ("narrow", 1), ("narrow", 3))
    assert [("DHM304", 1)] == codes('x: y\n# dhm: allow DHM203 in file because "old"\nz: y\n', ("silent", 1), ("narrow", 3))


def test_one_comment_allows_a_finding_in_what_begins_below_it_up_to_its_closing_bracket():
    text = '# dhm: allow DHM203 in block because "old"\nmap X\n  where a\n{\n  x: y\n\n  z: {\n    a: b\n  }\n}\nmap Z {\n}\n'
    assert [] == codes(text, *(("narrow", line) for line in (2, 5, 8, 10)))
    assert [("DHM203", 11)] == codes(text, ("narrow", 5), ("narrow", 11))
    inner = 'map X {\n  a: {  # dhm: allow DHM203 in block because "old"\n    b: c\n  }\n  d: e\n}\n'
    assert [("DHM203", 5)] == codes(inner, ("narrow", 3), ("narrow", 5))
    assert [("DHM203", 3)] == codes('# dhm: allow DHM203 in block because "old"\na: b\nc: d\n', ("narrow", 2), ("narrow", 3))


def test_an_allowance_of_many_lines_without_effect_says_where_nothing_is():
    found = left('# dhm: allow DHM203 in file because "old"\nx: y\n') + left('# dhm: allow DHM203 in block because "old"\nx {\n}\n')
    assert [
        "`DHM203` is allowed here, but this file does not raise it",
        "`DHM203` is allowed here, but what stands on lines 2 to 3 does not raise it",
    ] == [one.message for one in found]
    (unsaid,) = left("# dhm: allow DHM203 in file\nx: y\n", ("narrow", 2))
    assert 'say why: `# dhm: allow DHM203 in file because "…"`' == unsaid.help
