"""What every source and every sender must do, whatever is behind it: give all or nothing, send once, name what is refused."""

from __future__ import annotations

import hashlib

import pytest

from datahub.connectors import load
from datahub.connectors.declare import DataHubError, Incremental, Place, TransientError, Uncertain
from datahub.connectors.rest.told import RestTo
from datahub.dev.djust import SECRET
from datahub.formats.written import OMITTED
from tests.contracts.ways import KIND_OF, ROWS, SENDERS, SOURCES, giving, taking

KINDS = load()
SKUS = [row["sku"] for row in ROWS]


def test_every_connector_that_gives_or_takes_rows_is_in_the_suites():
    kinds = load()
    gives = {name for name, connector in kinds.items() if connector.source is not None or connector.files is not None}
    assert gives == {KIND_OF.get(name, name) for name in SOURCES}
    takes = {name for name, connector in kinds.items() if connector.sender is not None}
    assert takes == {KIND_OF.get(name, name).partition("-")[0] for name in SENDERS}


@pytest.fixture(params=SOURCES)
def gives(request, tmp_path):
    with giving(request.param, tmp_path / "world") as one:
        yield one


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "landed").mkdir()
    return tmp_path / "landed"


@pytest.fixture(autouse=True)
def _world(tmp_path):
    (tmp_path / "world").mkdir()


def landed(source, folder):
    return [source.land(split, folder) for split in source.splits()]


def test_a_source_lands_all_it_has_under_the_digest_of_its_content(gives, folder):
    source = gives.open()
    if isinstance(source, Incremental):
        source.start(None)
    files = landed(source, folder)
    source.close()
    assert SKUS == [sku for one in files for sku in gives.skus(one.path.read_bytes())]
    for one in files:
        data = one.path.read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest(), one.path.name) == (one.size, one.sha256, one.sha256)
        assert one.path.parent == folder
        assert one.name.isprintable()
        assert "/" not in one.name
    assert sorted(one.sha256 for one in files) == sorted(path.name for path in folder.iterdir())


def test_a_source_gives_the_same_again_until_it_is_told_that_all_went_well(gives, folder):
    source = gives.open()
    first = landed(source, folder)
    source.close()
    # A source that was closed is used again by the next run.
    again = landed(source, folder)
    assert [one.sha256 for one in first] == [one.sha256 for one in again]
    for one in again:
        source.settle(one, succeeded=True)
        source.settle(one, succeeded=True)
    source.close()


def test_a_source_with_nothing_has_nothing(gives, folder):
    gives.empty()
    source = gives.open()
    found = landed(source, folder)
    source.close()
    # A download is a file, also one without rows.
    assert [] == [sku for one in found for sku in gives.skus(one.path.read_bytes())]


def test_a_source_that_cannot_be_reached_is_a_failure_of_the_world_and_leaves_nothing(gives, folder):
    source = gives.open()
    gives.down()
    with pytest.raises(DataHubError):
        landed(source, folder)
    source.close()
    assert [] == list(folder.iterdir())


# ------------------------------------------------------------------------------------------------------ senders


@pytest.fixture(params=SENDERS)
def takes(request, tmp_path):
    with taking(request.param, tmp_path / "world") as one:
        yield one


def test_a_sender_names_the_row_that_is_refused_and_delivers_the_others(takes):
    one = takes.open()
    answer = one.send(one.render(takes.table), "key-1")
    one.close()
    assert [takes.bad] == [refusal.row for refusal in answer.refused]
    assert all(refusal.message for refusal in answer.refused)
    assert takes.good == sorted(set(takes.taken()))


def test_what_a_sender_makes_of_rows_depends_on_the_rows_alone(takes):
    one, other = takes.open(), takes.open()
    assert one.render(takes.table) == one.render(takes.table) == other.render(takes.table)
    assert one.render(takes.table) != one.render(takes.table.slice(1))
    assert one.rows >= 1


def test_a_key_that_is_sent_again_does_nothing_more_and_says_the_same(takes):
    one = takes.open()
    assert one.keyed
    body = one.render(takes.table)
    first = one.send(body, "key-1")
    before = list(takes.taken())
    # Another process goes on: nothing of the first is left but what is on disk.
    again = takes.open()
    assert first.refused == again.send(body, "key-1").refused
    assert before == list(takes.taken())
    one.close()
    again.close()


def test_a_sender_whose_other_side_is_gone_says_that_nothing_arrived(takes):
    takes.down()
    one = takes.open()
    with pytest.raises(TransientError) as problem:
        one.send(one.render(takes.table), "key-1")
    assert (False, True) == (isinstance(problem.value, Uncertain), problem.value.untouched)
    one.close()


def test_a_sender_that_was_closed_sends_again(takes):
    one = takes.open()
    one.send(one.render(takes.table.slice(0, 1)), "key-1")
    one.close()
    one.send(one.render(takes.table.slice(1, 1)), "key-2")
    one.close()
    assert takes.good == sorted(set(takes.taken()))


def test_what_a_row_leaves_out_is_no_column(takes):
    one = takes.open()
    name = takes.table.column_names[-1]
    marked = takes.table.append_column(OMITTED + name, [[False] * takes.table.num_rows])
    assert OMITTED.encode() not in one.render(marked)
    one.close()


def test_a_sender_says_where_it_sends_without_a_secret_and_whether_what_it_is_not_given_is_deleted(takes, request):
    one, other = takes.open(), takes.open()
    assert one.address == other.address
    assert one.manner == other.manner
    assert "http://" in one.address
    assert SECRET not in one.address
    assert one.replaces is ("prices" in request.node.name)
    one.close()
    other.close()


def test_where_a_sender_sends_is_told_apart_by_path_and_query_and_how_by_method_and_form(tmp_path):
    def sender(**told):
        way = KINDS["rest"].connection.model_validate({"kind": "rest", "url": "https://shop.example/api"})
        make = KINDS["rest"].sender
        assert make is not None
        return make(way, RestTo.model_validate({"connection": "x", "path": "orders"} | told), Place(tmp_path, tmp_path))

    base = sender()
    addresses = [sender(path="offers").address, sender(parameters={"tenant": "b"}).address]
    manners = [sender(method="PUT").manner, sender(envelope="orders").manner, sender(batch=1, single=True).manner]
    assert 3 == len({base.address, *addresses})
    assert {base.manner} == {sender(path="offers").manner, sender(batch=7).manner}
    assert 4 == len({base.manner, *manners})
    assert {base.address} == {sender(method="PUT").address, sender(batch=7).address}
