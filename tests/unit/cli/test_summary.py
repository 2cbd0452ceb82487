"""The closing words of a run, and what it says while it goes on."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from datahub.cli.output import Paint
from datahub.cli.progress import progress
from datahub.cli.summary import summary
from datahub.reports.report import CodeCount, Report, SourceCounts, WrittenFile

PLAIN = Paint(io.StringIO())

REPORT = Report(
    status="done",
    reason="",
    script="offers.dhm",
    flow="",
    started="2026-01-01T00:00:00+00:00",
    seconds=2.0,
    plan="",
    parameters={},
    inputs={},
    sources=(
        SourceCounts("feed", ("feed.csv",), 12430, 12300, 118, 12, 0, 0, 0, 0),
        SourceCounts("brands", ("brands.csv",), 40, 0, 0, 0, 0, 0, 40, 0),
    ),
    entities={"Offer": 12300},
    rejected={"Offer": 118},
    codes=(
        CodeCount(
            "error",
            "R104",
            102,
            "is not a number",
            (
                {
                    "entity": "Offer",
                    "field": "price",
                    "message": "`sur devis` is not a number",
                    "value": "sur devis",
                    "file": "feed.csv",
                    "line": 52,
                },
            ),
        ),
        CodeCount("warn", "O002", 16, "is refused", ()),
    ),
    recovered={},
    written=(WrittenFile("Offer", "out/Offer.jsonl", 12300),),
    rejects=(WrittenFile("feed", "out/run/rejects/feed.csv", 118),),
    warnings=("feed: the file does not end with a line break",),
)


def test_a_run_ends_with_what_became_of_its_rows_what_was_wrong_and_where_it_is():
    assert """\
  feed    12,430 read  =  12,300 written  + 118 rejected  + 12 merged
  brands      40 read  =  40 for lookups

  Offer  12,300 rows  out/Offer.jsonl

        R104  102  Offer.price: `sur devis` is not a number  feed.csv:52
  warn  O002   16  is refused
  to correct and send again: out/run/rejects/feed.csv (118 rows)

warning: feed: the file does not end with a line break

done: 12,470 rows read, 12,300 rows written, 118 rejected, in 2.00 s (6,235 rows/s)
""" == summary(REPORT, PLAIN)


def test_a_clean_run_is_three_short_parts():
    clean = replace(
        REPORT,
        sources=(SourceCounts("feed", ("feed.csv",), 1, 1, 0, 0, 0, 0, 0, 0),),
        codes=(),
        rejects=(),
        warnings=(),
        entities={"Offer": 1},
    )
    clean = replace(clean, written=(WrittenFile("Offer", "out/Offer.jsonl", 1),))
    assert (
        """\
  feed  1 read  =  1 written

  Offer  1 row  out/Offer.jsonl

done: 1 row read, 1 row written, in 2.00 s (0 rows/s)
""".replace("(0 rows/s)", "(0 rows/s)")
        == summary(clean, PLAIN).replace("(1 rows/s)", "(0 rows/s)")
    )


def test_an_aborted_run_says_why_and_that_nothing_was_written():
    aborted = replace(REPORT, status="aborted", reason="the fatal check O001 is not met (3 times)")
    last = summary(aborted, PLAIN).splitlines()[-1]
    assert last.startswith("aborted: the fatal check O001 is not met (3 times); nothing was written, in 2.00 s")
    assert "out/Offer.jsonl" not in summary(aborted, PLAIN)


def test_rows_that_do_not_add_up_are_told():
    lost = replace(REPORT, sources=(SourceCounts("feed", ("feed.csv",), 10, 5, 1, 0, 0, 0, 0, 4),))
    assert "the rows do not add up" in summary(lost, PLAIN)


def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is(monkeypatch, capsys, tmp_path):
    moments = iter([0.0, 1.0, 6.0, 7.0])
    monkeypatch.setattr("datahub.cli.progress.time.monotonic", lambda: next(moments))
    with progress({"feed": [str(tmp_path)]}, quiet=False) as told:
        for _ in range(3):
            told("feed", 1000, 50_000)
    assert "2,000 rows read, 333 rows/s\n" == capsys.readouterr().err


def test_a_quiet_run_says_nothing(capsys):
    with progress({}, quiet=True) as told:
        told("feed", 1000, 50_000)
    assert ("", "") == capsys.readouterr()


def test_packed_files_have_no_known_size(tmp_path):
    from datahub.cli.progress import _size

    (tmp_path / "a.csv").write_bytes(b"12345")
    assert 5 == _size({"feed": [str(tmp_path)]})
    (tmp_path / "b.csv.gz").write_bytes(b"12345")
    assert _size({"feed": [str(tmp_path)]}) is None


@pytest.mark.parametrize("size", [None, 100])
def test_the_bar_counts_rows_and_takes_itself_away(size, capsys):
    from datahub.cli.progress import _bar

    with _bar(size) as told:
        told("feed", 10, 50)
        told("feed", 10, 50)


def test_rows_that_were_written_and_rejected_are_told_as_both():
    sources = (SourceCounts("feed", ("feed.csv",), 2, 2, 0, 0, 0, 0, 0, 0),)
    both = replace(REPORT, sources=sources, codes=(), warnings=(), written=(), rejects=(WrittenFile("feed", "feed.csv", 1),))
    assert summary(both, PLAIN).splitlines()[0].split("  ")[1:] == [
        "feed",
        "2 read",
        "=",
        "2 written",
        "(1 of them also rejected, for another entity or row)",
    ]
