"""How findings look on a screen."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.render.text import render, render_one
from datahub.document import Document, Span
from tests.unit.diagnostics import samples


def test_a_finding_shows_its_place_the_place_that_explains_it_facts_and_what_to_do():
    assert """\
error[DHM101]: `articles` has no column `Reff`
  --> mappings/offers.dhm:10:10
   |
10 |   sku: a.Reff
   |          ^^^^ not a column of `articles`
  ::: mappings/offers.dhm:2:3
   |
 2 |   columns {
   |   ------- its columns are declared here
   |
   = note: its columns are `Ref` and `Stock`
   = help: write `Ref` (`dhm check --fix` does this)
   = more: dhm explain unknown-name
""" == render_one(samples.unknown_name())


def test_a_second_place_may_lie_in_another_file_and_help_may_have_lines():
    assert """\
error[DHM201]: `quantity` takes an int, but `Stock` is text
  --> mappings/offers.dhm:11:13
   |
11 |   quantity: a.Stock
   |             ^^^^^^^ this is text
  ::: commerce/offer.dhm:3:3
   |
 3 |   quantity: int
   |   ------------- `quantity` is declared as an int here
   |
   = note: a column of a CSV file is text until it is converted
   = help: convert it:
           `quantity: int(a.Stock)`
   = more: dhm explain type-mismatch
""" == render_one(samples.type_mismatch())


def test_two_places_on_one_line_share_the_line():
    document = Document("a.dhm", "check x > y\n")
    finding = Diagnostic(
        samples.MISMATCH,
        "text compared with a number",
        Label(samples.at(document, "y"), "a number"),
        also=(Label(samples.at(document, "x"), "text"),),
    )
    assert """\
error[DHM201]: text compared with a number
 --> a.dhm:1:11
  |
1 | check x > y
  |           ^ a number
  |       - text
  |
  = more: dhm explain type-mismatch
""" == render_one(finding)


def test_colour_changes_no_character():
    import re

    for finding in samples.everything():
        painted = render_one(finding, colour=True)
        assert painted != render_one(finding)
        assert render_one(finding) == re.sub("\x1b\\[[0-9;]*m", "", painted)


def test_the_mark_stands_below_its_text_after_tabs_and_wide_letters():
    document = Document("a.dhm", "\ttitle: 日本語é x\n")
    lines = render_one(_mark(document, "x")).splitlines()
    assert "1 |     title: 日本語é x" == lines[3]
    # Each of the three letters takes two cells of a terminal.
    assert "  |" + " " * (1 + 4 + len("title: ") + 6 + len("é ")) + "^" == lines[4]


def test_characters_that_hide_text_are_shown_as_a_mark():
    document = Document("a.dhm", "x: \u202e\x00\x1b[31m y\n")
    shown = render_one(_mark(document, "y"))
    assert "1 | x: ���[31m y" == shown.splitlines()[3]
    assert not {"\u202e", "\x00", "\x1b"} & set(shown)


def test_a_long_line_is_cut_around_its_place():
    document = Document("a.dhm", "a" * 5000 + " here " + "b" * 5000)
    line, mark = render_one(_mark(document, "here")).splitlines()[3:5]
    assert len(line) < 160
    assert "here" == line[mark.index("^") : mark.rindex("^") + 1]
    assert "… a" in line
    assert line.endswith("b …")


def test_a_place_over_several_lines_is_marked_from_its_first_to_its_last():
    document = Document("a.dhm", "map X from a {\n  b: c\n}\n")
    finding = Diagnostic(samples.UNKNOWN, "all of it", Label(Span(document, 0, len(document.text)), "this map"))
    marked = ["1 |   map X from a {", "  |  _^", "2 | |   b: c", "3 | | }", "  | |_^ this map"]
    assert marked == render_one(finding).splitlines()[3:8]


def test_of_a_place_over_many_lines_the_first_and_the_last_ones_are_shown():
    document = Document("a.dhm", "x: case\n" + "".join(f"  when {n} then {n}\n" for n in range(9)) + "end\ny: z\n")
    start, end = document.text.index("case"), document.text.index("end") + 3
    label = Label(Span(document, document.text.index("z"), document.text.index("z") + 1), "and this")
    shown = render_one(Diagnostic(samples.UNKNOWN, "all of it", Label(Span(document, start, end), "this"), (label,))).splitlines()[1:]
    assert [
        "  --> a.dhm:1:4",
        "   |",
        " 1 |   x: case",
        "   |  ____^",
        " 2 | |   when 0 then 0",
        " …",
        "10 | |   when 8 then 8",
        "11 | | end",
        "   | |_^ this",
        "  ::: a.dhm:12:4",
        "   |",
        "12 | y: z",
        "   |    - and this",
    ] == shown[:13]


def test_a_place_at_the_end_of_the_text_is_shown_behind_it():
    document = Document("a.dhm", "map X")
    finding = Diagnostic(samples.UNKNOWN, "the file ends here", Label(Span(document, 5, 5), "a `{` was expected"))
    assert ["1 | map X", "  |      ^ a `{` was expected"] == render_one(finding).splitlines()[3:5]
    empty = Document("a.dhm", "")
    assert "1 |" == render_one(Diagnostic(samples.UNKNOWN, "nothing", Label(Span(empty, 0, 0), ""))).splitlines()[3]


def test_a_blank_line_stands_between_two_findings():
    assert 3 == render(samples.everything(), ()).count("\n\n")


def _mark(document: Document, text: str) -> Diagnostic:
    return Diagnostic(samples.UNKNOWN, "a fact", Label(samples.at(document, text), ""))
