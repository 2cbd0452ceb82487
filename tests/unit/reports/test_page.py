"""The page of a run: every number that adds up, no value as markup, nothing loaded from anywhere."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from datahub.diagnostics.row_codes import ROW_CODES
from datahub.project.redaction import redacted
from datahub.reports.for_senders import FOR_SENDERS
from datahub.reports.html import element
from datahub.reports.page import JobFacts, as_page, as_short_page, write_page
from datahub.reports.report import CodeCount, OperatorCounts, Report, SourceCounts, WrittenFile

EVIL = "<script>alert(1)</script>\" onload='x'"


def sample(**told):
    return {"line": 4, "file": "feed.csv", "entity": "Item", "field": "price", "value": "free", "message": "is not a number", **told}


def report(**told):
    basis = Report(
        status="done",
        reason="",
        script="offers.dhm",
        flow="main",
        started="2026-11-27T02:30:00+00:00",
        seconds=1.5,
        plan="abc",
        parameters={"shop": "42"},
        inputs={"in/feed.csv": "00ff"},
        sources=(SourceCounts("feed", ("feed.csv",), 1200, 1000, 150, 10, 30, 10, 0, 0),),
        entities={"Item": 1000},
        rejected={"Item": 150},
        codes=(CodeCount("error", "R104", 150, "is not a number", (sample(),)), CodeCount("warn", "W1", 3, "is refused", (sample(),))),
        recovered={"R101": 7},
        written=(WrittenFile("shop", "out/shop.csv", 1000),),
        rejects=(WrittenFile("feed", "run/rejects/feed.csv", 150),),
        warnings=("feed: the column `colour` is not declared",),
        operators=(OperatorCounts("Map", 1200, 0, 1050, 150, 0, 0, 0, 0.75),),
    )
    return replace(basis, **told)


class Reader(HTMLParser):
    """What a browser would take of a page: its text, its elements, what it would load."""

    def __init__(self, page):
        super().__init__()
        self.words, self.tags, self.loaded, self.open = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "onload", "onclick")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_a_landed_file_has_the_name_that_people_know():
    (path,) = report().inputs
    facts = JobFacts("offers", "20261127-1", "success", names={path: "monday.csv"})
    assert "SHA-256 of monday.csv" in Reader(as_page(report(), facts)).text
    assert "monday.csv" not in Reader(as_page(report())).text


def test_a_page_says_what_became_of_every_row():
    read = Reader(as_page(report()))
    assert [] == read.open
    for words in ("done, with refused rows", "1,200", "1,000", "accepted", "150", "refused", "merged into another row", "left out"):
        assert words in read.text
    assert "All 1,200 rows that were read are accounted for" in read.text
    assert "The 150 refused rows of feed, to be corrected and sent again: run/rejects/feed.csv" in read.text
    assert "the column colour is not declared" in read.text
    assert "7 values with R101" in read.text
    assert "1.50 seconds, 800 rows a second" in read.text


def test_a_code_of_the_language_says_what_to_do_and_one_of_a_script_says_where_it_stands():
    codes = (CodeCount("error", "R104", 1, "", (sample(),)), CodeCount("error", "X7", 1, "", (sample(script="offers.dhm:12"),)))
    text = Reader(as_page(report(codes=codes))).text
    assert "Numbers are read with the decimal mark of the source" in text
    assert "the check at offers.dhm:12" in text


@pytest.mark.parametrize("name", ["value", "message", "field", "file", "key"])
def test_no_value_becomes_markup(name):
    read = Reader(as_page(report(codes=(CodeCount("error", "X1", 1, EVIL, (sample(**{name: EVIL}),)),))))
    assert "script" not in read.tags
    assert [] == read.loaded
    assert "alert(1)" in read.text


def test_what_a_user_names_becomes_no_markup_either():
    facts = JobFacts(EVIL, EVIL, "held", EVIL, EVIL, ((EVIL, EVIL, EVIL),))
    told = report(script=EVIL, flow=EVIL, reason=EVIL, warnings=(EVIL,), parameters={EVIL: EVIL}, inputs={EVIL: EVIL}, plan=EVIL)
    page = as_page(told, facts)
    read = Reader(page)
    assert {"script", "img"}.isdisjoint(read.tags)
    assert [] == read.loaded
    assert re.search(r"https?:|url\(|@import", page) is None
    assert "default-src 'none'" in page


def test_an_attribute_is_escaped():
    assert '<i title="a&quot;b">1,000</i>' == element("i", 1000, title='a"b')


@pytest.mark.parametrize(
    ("status", "words"),
    [("success", "done, with refused rows"), ("held", "held"), ("rejected_over_limit", "rejected over limit"), ("failed", "failed")],
)
def test_the_end_of_a_job_is_what_the_page_says(status, words):
    text = Reader(as_page(report(), JobFacts("offers", "20261127-1", status, "why", "do that"))).text
    assert f"offers {words}" in text
    assert "What to do: do that" in text


def test_rows_that_do_not_add_up_are_told_first_of_all():
    broken = report(sources=(SourceCounts("feed", (), 10, 8, 1, 0, 0, 0, 0, 1),))
    text = Reader(as_page(broken)).text
    assert "The rows do not add up" in text
    assert "accounted for" not in text


def test_a_page_holds_no_secret(tmp_path, monkeypatch):
    secret = 'an"other&secret'
    redacted.remember(secret)
    try:
        text = write_page(report(warnings=(f"the server said {secret}",)), tmp_path).read_text()
        report(warnings=(f"the server said {secret}",)).write(tmp_path / "report.json")
    finally:
        monkeypatch.setattr(redacted, "_known", set())
        monkeypatch.setattr(redacted, "_pattern", None)
    assert "the server said •••" in text
    assert "other" not in (tmp_path / "report.json").read_text()


def test_a_row_that_was_noticed_and_refused_is_not_called_accepted():
    # Line 4 stands under both.
    text = Reader(as_page(report())).text
    assert 2 == text.count("feed.csv, line 4")
    assert "accepted" not in text[text.index("Noticed") :]
    assert "None of this refuses a row; a row that was refused as well stands above." in text


def test_a_page_tells_the_time_of_the_project():
    facts = JobFacts("offers", "20261127-1", "success", zone="Europe/Paris")
    assert "2026-11-27 03:30:00 Europe/Paris" in Reader(as_page(report(), facts)).text
    assert "2026-11-27 02:30:00 UTC" in Reader(as_page(report())).text


def test_a_run_that_read_no_row_has_a_page_that_says_why():
    begun, files = datetime(2026, 11, 27, 2, 30, tzinfo=UTC), ((EVIL, 1200, "00ff"),)
    told = JobFacts(
        "offers", "20261127-1", "failed", "feed.csv lacks the column `price`", "ask the sender", zone="Asia/Tokyo", begun=begun, files=files
    )
    read = Reader(as_short_page(told))
    for words in (
        "2026-11-27 11:30:00 Asia/Tokyo",
        "failed",
        "lacks the column price",
        "What to do: ask the sender",
        "None was read",
        EVIL,
        "1,200",
        "00ff",
    ):
        assert words in read.text
    assert [] == read.loaded


def test_the_sender_of_a_file_that_was_not_read_is_told_what_to_do():
    text = Reader(as_short_page(JobFacts("offers", "1", "failed", "no column `price`", "declare it", code="R004"))).text
    assert text.index(f"What to do: {FOR_SENDERS['R004']}") < text.index("For whoever keeps the script: declare it")


def test_the_name_of_a_field_is_not_broken_where_there_is_room():
    style = as_page(report())
    assert "@media (min-width:40.01rem){.samples td[data-name=Field]{overflow-wrap:normal}}" in style
    assert 'data-name="Field"' in style


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_are_read_by_day_and_by_night():
    style = as_page(report())
    night = style[style.index("prefers-color-scheme:dark") :]
    for name in ("faint", "well", "wrong"):
        for text, ground in ((style, "#ffffff"), (night, "#121212")):
            (colour, *_) = re.findall(rf"--{name}:(#[0-9a-f]+)", text)
            colour = colour if len(colour) == 7 else "#" + "".join(one * 2 for one in colour[1:])
            light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


def test_advice_for_senders_needs_no_script():
    assert set(ROW_CODES) == set(FOR_SENDERS)
    assert [] == [code for code, words in FOR_SENDERS.items() if "`" in words or not words.endswith(".")]
    text = Reader(as_page(report())).text
    assert text.index(FOR_SENDERS["R104"]) < text.index("For whoever keeps the script: Numbers are read")
