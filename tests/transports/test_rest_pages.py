"""What a walk over pages makes of what comes: each line of the table in docs/how-to/call-a-rest-api.md, against a real HTTP server."""

from __future__ import annotations

import itertools
import json

import pytest

from datahub.connectors.declare import TerminalError, TransientError
from datahub.project.redaction import redacted
from tests.servers.api import api
from tests.transports.test_rest import World

ROWS = [{"id": number} for number in range(25)]
EVERY = list(range(25))
PAGES, TOTAL = {"pages": "$.pages"}, {"total": "$.total"}
NUMBER, OFFSET = {"kind": "number"}, {"kind": "offset", "size": 5}
SIZED = {"kind": "number", "size": 5}


@pytest.fixture
def server():
    with api() as one:
        yield one


class Read:
    """What a job's source takes of a list, and what it says of it."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def __call__(self, paging, page, *, rows="$.rows"):
        """`page`: the answer to the page's place in the list, counted from 0; for a cursor that is what it leads to."""
        ticks = itertools.count()

        def answer(asked):
            query = {name: int(value) for name, value in asked.query.items()}
            place = query.get("page", 1) - 1 if paging["kind"] == "number" else query.get("offset", query.get("cursor", 0))
            given = page(place)
            # As very many APIs do, it says when and to whom it answered.
            return given if isinstance(given, tuple) else {"requestId": f"r-{next(ticks)}", "took": next(ticks) * 0.1} | given

        self.server.routes["GET /rows"] = answer
        self.server.seen.clear()
        world = World(self.server, self.folder)
        source = world.source({"path": "rows", "paging": paging}, rows=rows)
        source.start(None)
        try:
            splits = list(source.splits())
            self.note = "; ".join(source.left())
            assert self.note == "".join(one.note for one in splits) or not splits
            self.aside = "".join(one.aside for one in splits)
            landed = [source.land(split, world.folder) for split in splits]
            return [json.loads(line)["id"] for one in landed for line in one.path.read_text().splitlines()]
        finally:
            source.close()

    @property
    def requests(self):
        return len(self.server.seen)


@pytest.fixture
def read(server, tmp_path):
    return Read(server, tmp_path)


def window(kind, place, rows=ROWS):
    """Five rows at a page, or at an offset."""
    start = place if kind["kind"] == "offset" else place * 5
    return rows[start : start + 5]


def counted(rows, **told):
    return {"rows": rows, "pages": 5, "total": 25} | told


def leads(rows, place, last=4):
    return {"rows": rows, "next": str(place + 1) if place < last else None}


CURSOR = {"kind": "cursor", "next": "$.next"}

# ---------------------------------------------------------------------------------------------------------- rows that come again


@pytest.mark.parametrize("count", [PAGES, TOTAL, {}, {"size": 5}, {"size": 5} | TOTAL], ids=str)
@pytest.mark.parametrize("kind", [NUMBER, OFFSET], ids=["number", "offset"])
def test_a_server_that_takes_no_page_is_told_by_its_rows_whatever_else_changes(read, kind, count):
    with pytest.raises(TerminalError, match="the second page has the rows of the first") as told:
        read(kind | count, lambda place: counted(ROWS[:5]))
    assert "the server does not take the page's `parameter`: look at its name" in told.value.help
    assert 2 == read.requests


def test_a_server_that_takes_no_page_is_told_where_it_has_one_row(read):
    with pytest.raises(TerminalError, match="the second page has the rows of the first"):
        read(NUMBER, lambda place: {"rows": ROWS[:1]})


def test_a_cursor_that_moves_over_rows_that_do_not_is_told(read):
    with pytest.raises(TerminalError, match="a page has the rows of the one before it"):
        read(CURSOR, lambda place: leads(ROWS[:5], place, 1000))
    assert 2 == read.requests


def test_one_row_that_never_moves_is_told_under_a_cursor_too(read):
    with pytest.raises(TerminalError, match="a page has the rows of the one before it"):
        read(CURSOR, lambda place: leads(ROWS[:1], place, 1000))
    assert 3 == read.requests


@pytest.mark.parametrize("kind", [NUMBER, CURSOR], ids=["number", "cursor"])
def test_pages_that_begin_anew_are_told(read, kind):
    with pytest.raises(TerminalError, match="in a circle"):
        read(kind, lambda place: leads(window(NUMBER, place % 5), place, 1000))
    assert 7 == read.requests


def test_pages_of_one_row_may_be_alike_where_rows_have_no_id(read):
    rows = [[{"id": 1}], [], [{"id": 1}], [{"id": 2}], [{"id": 1}]]
    assert [1, 1, 2, 1] == read(CURSOR, lambda place: leads(rows[place], place))


@pytest.mark.parametrize("paging", [NUMBER | PAGES, OFFSET | TOTAL, CURSOR, NUMBER], ids=str)
def test_pages_of_the_same_rows_are_taken_where_the_project_says_so(read, paging):
    alike = [{"id": 1}] * 5
    count = range(5) if paging["kind"] == "number" or "next" in paging else range(0, 25, 5)
    found = read(
        paging | {"same_rows": "take"},
        lambda place: counted(alike if place in count else []) | leads([], place) | {"rows": alike if place in count else []},
    )
    assert [1] * 25 == found


# ---------------------------------------------------------------------------------------------------------- empty and short pages


@pytest.mark.parametrize("empty", [(1,), (1, 2), (0,), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("kind", [NUMBER | PAGES, NUMBER | PAGES | TOTAL, SIZED | TOTAL, OFFSET | TOTAL, CURSOR, CURSOR | TOTAL], ids=str)
def test_an_empty_page_is_not_the_end_where_something_tells_of_others(read, kind, empty):
    step = 5 if kind["kind"] == "offset" else 1
    found = read(kind, lambda place: counted([] if place // step in empty else window(kind, place)) | {"next": leads([], place)["next"]})
    assert [one for one in EVERY if one // 5 not in empty] == found
    # By number, the page behind the last is looked at, for rows that are missing.
    assert 5 + (kind == SIZED | TOTAL) == read.requests
    assert ("`$.total`), and gave" in read.note) == ("total" in kind)


def test_an_empty_page_says_nothing_of_a_size_that_nothing_tells_of(read):
    assert EVERY[:5] + EVERY[10:] == read(NUMBER | TOTAL, lambda place: counted([] if place == 1 else window(NUMBER, place)))
    assert [] == read(NUMBER | TOTAL, lambda place: counted([]))
    assert "the API tells of 25 rows (`$.total`), and gave 0" in read.note


def test_an_empty_page_that_counts_nothing_is_not_asked_for_the_count(read):
    assert 20 == len(read(SIZED | TOTAL, lambda place: {"rows": [], "total": None} if place == 1 else counted(window(NUMBER, place))))
    assert 20 == len(read(SIZED | TOTAL, lambda place: {"rows": []} if place == 1 else counted(window(NUMBER, place))))


def test_less_is_given_at_an_offset_than_was_asked_for(read):
    """An empty page is as large as those that came, so none of the rows behind it is passed over."""
    found = read({"kind": "offset", "size": 10} | TOTAL, lambda place: counted([] if place == 10 else window(OFFSET, place)))
    assert [one for one in EVERY if one not in range(10, 15)] == found


def test_without_a_count_an_empty_page_is_the_end(read):
    assert EVERY[:10] == read(NUMBER, lambda place: {"rows": [] if place == 2 else window(NUMBER, place)})
    assert "" == read.note


def test_fewer_rows_than_the_api_tells_of_are_told(read):
    short = lambda place: counted(window(NUMBER, place)[: 3 if place == 1 else 5])  # noqa: E731
    assert 23 == len(read(SIZED | TOTAL, short))
    assert read.note.endswith("/rows: the API tells of 25 rows (`$.total`), and gave 23")
    assert 23 == len(read(SIZED | TOTAL | PAGES, short))
    assert "gave 23" in read.note
    with pytest.raises(TransientError, match="and gave 23"):
        read(SIZED | TOTAL | {"gaps": "fail"}, short)
    assert 23 == len(read(SIZED | PAGES, short))
    assert "" == read.note


@pytest.mark.parametrize("behind", [{"rows": [], "total": 25}, (404, {}), (400, {}), {"rows": ROWS[20:], "total": 25}], ids=str)
def test_what_comes_behind_the_last_page_is_no_row(read, behind):
    short = lambda place: behind if place > 4 else counted(window(NUMBER, place)[: 4 if place > 2 else 5])  # noqa: E731
    if isinstance(behind, dict) and behind["rows"]:
        behind["rows"] = ROWS[20:24]
    assert 23 == len(read(SIZED | TOTAL, short))
    assert "gave 23" in read.note


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("kind", [SIZED | TOTAL, OFFSET | TOTAL, NUMBER | PAGES, NUMBER | TOTAL], ids=str)
def test_a_list_begins_where_the_api_says(read, kind, first):
    shift = first - (0 if kind["kind"] == "offset" else 1)
    assert EVERY == read(kind | {"first": first}, lambda place: counted(window(kind, place - shift)))
    assert (5, "") == (read.requests, read.note)


@pytest.mark.parametrize("kind", [SIZED | TOTAL, SIZED | PAGES, OFFSET | TOTAL], ids=str)
def test_pages_that_are_passed_over_on_purpose_are_not_missed(read, kind):
    first = 10 if kind["kind"] == "offset" else 3
    assert EVERY[10:] == read(kind | {"first": first}, lambda place: counted(window(kind, place)))
    assert (3, "") == (read.requests, read.note)


# ---------------------------------------------------------------------------------------------------------- counts


def test_a_list_that_becomes_shorter_while_it_is_read_is_told(read):
    """Three orders were accepted meanwhile, so three others moved up, and were passed over."""
    shrinks = lambda place: {"rows": window(OFFSET, place, ROWS[3:] if place else ROWS), "total": 22 if place else 25}  # noqa: E731
    assert EVERY[:5] + EVERY[8:] == read(OFFSET | TOTAL, shrinks)
    assert read.note.endswith("became shorter while it was read (`$.total` was 25, and then 22): rows may have been passed over")
    with pytest.raises(TransientError, match="became shorter"):
        read(OFFSET | TOTAL | {"gaps": "fail"}, shrinks)
    assert 20 == len(read(NUMBER | PAGES, lambda place: {"rows": window(NUMBER, place), "pages": 5 - (place > 1)}))
    assert "`$.pages` was 5, and then 4" in read.note


def test_a_list_that_becomes_longer_is_read_to_its_end(read):
    assert EVERY == read(OFFSET | TOTAL, lambda place: {"rows": window(OFFSET, place), "total": 20 if place < 10 else 25})
    assert "" == read.note


def test_what_is_left_may_become_less_where_answers_lead_on(read):
    assert EVERY == read(CURSOR | TOTAL, lambda place: leads(window(NUMBER, place), place) | {"total": 25 - place * 5})
    assert EVERY == read(CURSOR | TOTAL, lambda place: leads(window(NUMBER, place), place) | ({"total": 25} if not place else {}))
    assert "" == read.note


def test_a_count_of_something_else_is_told(read):
    assert EVERY[:5] == read(NUMBER | TOTAL, lambda place: {"rows": window(NUMBER, place), "total": 0})
    assert "the API tells of 0 rows (`$.total`), and gave 5: others may be behind, if that counts something else" in read.note
    assert EVERY[:5] == read(NUMBER | PAGES, lambda place: {"rows": window(NUMBER, place), "pages": 0})
    assert "the API tells of 0 pages (`$.pages`), and gave rows" in read.note


@pytest.mark.timeout(20)
def test_a_count_beyond_all_bounds_is_told_at_once(read):
    with pytest.raises(TerminalError, match=r"`\$.count` counts more than there can be: `1E\+999999999`"):
        read(NUMBER | {"total": "$.count"}, lambda place: (200, b'{"rows": [{"id": 1}], "count": 1e999999999}'))


@pytest.mark.parametrize("count", [-1, 2.5, True, None, "many"])
@pytest.mark.parametrize("kind", [NUMBER | {"total": "$.count"}, NUMBER | {"pages": "$.count"}], ids=str)
def test_a_count_that_counts_nothing_ends_the_run(read, kind, count):
    with pytest.raises(TerminalError, match=r"`\$.count` (is no number|counts nothing)"):
        read(kind, lambda place: {"rows": window(NUMBER, place), "count": count})


# ---------------------------------------------------------------------------------------------------------- behind the last page


@pytest.mark.parametrize("count", [1, 5, 23, 24, 25])
@pytest.mark.parametrize("kind", [NUMBER, SIZED, OFFSET], ids=str)
def test_a_page_behind_the_last_may_be_none_whatever_the_number_of_rows(read, kind, count):
    def page(place):
        rows = window(kind, place, ROWS[:count])
        return {"rows": rows} if rows else (404, {"detail": "Invalid page."})

    assert EVERY[:count] == read(kind, page)
    full = "size" not in kind or count % 5 == 0
    assert ("answered by HTTP 404, and counts as the end" in read.aside) == full


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_gives_only_so_many_is_not_at_its_end(read, status):
    with pytest.raises(TerminalError, match=f"HTTP {status}"):
        read(SIZED, lambda place: (status, {"message": "only the first 10 results"}) if place > 1 else {"rows": window(NUMBER, place)})


@pytest.mark.parametrize("kind", [NUMBER | PAGES, SIZED | TOTAL, OFFSET | TOTAL, CURSOR, CURSOR | TOTAL], ids=str)
def test_a_page_that_something_tells_of_must_be_there(read, kind):
    last = 10 if kind["kind"] == "offset" else 2
    with pytest.raises(TerminalError, match="HTTP 404"):
        read(kind, lambda place: (404, {}) if place == last else counted(window(kind, place)) | {"next": leads([], place)["next"]})


def test_the_first_page_must_be_there(read):
    with pytest.raises(TerminalError, match="HTTP 404"):
        read(NUMBER, lambda place: (404, {}))


@pytest.mark.parametrize("count", [10, 23, 25])
@pytest.mark.parametrize("kind", [NUMBER, SIZED, OFFSET], ids=str)
def test_a_server_that_gives_its_last_page_again_is_at_its_end(read, kind, count):
    last = (count - 1) // 5 * (5 if kind["kind"] == "offset" else 1)
    assert EVERY[:count] == read(kind, lambda place: {"rows": window(kind, min(place, last), ROWS[:count])})
    assert ("behind the last page the API gives it again" in read.aside) == ("size" not in kind or count % 5 == 0)


def test_a_list_of_one_page_that_is_given_again_needs_a_word(read):
    with pytest.raises(TerminalError) as told:
        read(SIZED, lambda place: {"rows": ROWS[:5]})
    assert 'if it gives its last page again, `"end"`' in told.value.help
    assert EVERY[:5] == read(SIZED | {"same_rows": "end"}, lambda place: {"rows": ROWS[:5]})


@pytest.mark.parametrize("behind", [{"rows": ROWS[20:]}, {"rows": []}, (404, {})], ids=["others", "none", "404"])
def test_a_page_that_comes_again_and_is_not_the_last_ends_the_run(read, behind):
    pages = [{"rows": ROWS[:5]}, {"rows": ROWS[5:10]}, {"rows": ROWS[5:10]}, behind, {"rows": []}]
    with pytest.raises(TerminalError, match="has the rows of the one before it, and is not the last"):
        read(NUMBER, lambda place: pages[place])


# ---------------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "link",
    [
        "http://[::1",
        "http://a:b/",
        "/x\u0000y",
        "/x\u007fy",
        "https://\u00ad/",
        "http://ex\u00adample.com/",
        "x" * 70_000,
        f"http://{'x' * 300}.example/",
    ],
    ids=lambda link: repr(link[:20]),
)
@pytest.mark.parametrize("kind", ["next_url", "link"])
def test_a_next_address_that_is_none_is_told(read, kind, link):
    if kind == "link" and not (link.isascii() and link.isprintable()):
        pytest.skip("no header can have it")
    header = {"Link": f'<{link}>; rel="next"'}
    paging = {"kind": "next_url", "next": "$.next"} if kind == "next_url" else {"kind": "link"}
    with pytest.raises(TerminalError, match=r"is no address|leads to|cannot be sent") as told:
        read(paging, lambda place: (200, {"rows": ROWS[:5], "next": link}, header if kind == "link" else {}))
    assert len(told.value.message) + len(told.value.help) < 700


def test_an_address_of_numbers_and_colons_is_advised_as_it_is_written(read):
    with pytest.raises(TerminalError, match=r"leads to `http://\[::1\]:18661`") as told:
        read({"kind": "next_url", "next": "$.next"}, lambda place: {"rows": ROWS[:5], "next": "http://[::1]:18661/"})
    assert '`follow_hosts = ["[::1]:18661"]`' in told.value.help


@pytest.mark.parametrize("before", [150, 195, 200])
@pytest.mark.parametrize("scheme", ["http://", "ftp://", ""])
def test_an_address_that_is_cut_shows_no_part_of_a_secret(read, scheme, before):
    redacted.remember("Zk4CutTokenT8wQx37")
    link = f"{scheme}{'a' * before}Zk4CutTokenT8wQx37.example/{'b' * 300}"
    with pytest.raises(TerminalError) as told:
        read({"kind": "next_url", "next": "$.next"}, lambda place: {"rows": ROWS[:5], "next": link} if not place else (404, {}))
    assert "Zk4" not in told.value.message + told.value.help
