from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as Digits

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datahub.formats.declare import BadInput
from datahub.types.model import Date, DateTime, Decimal, Enum, Int, ListOf, LocalDateTime, MapOf, Struct, Text
from tests.unit.formats.reading import column

DAYS = [datetime.fromisoformat("2024-07-01T00:00:00"), datetime.fromisoformat("2024-07-01T12:00:00")]


def parquet(**arrays):
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue().to_pybytes()


def arrow(*, stream=False, **arrays):
    out = pa.BufferOutputStream()
    table = pa.table(arrays)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue().to_pybytes()


@pytest.mark.parametrize("held", [pa.int8(), pa.int64(), pa.uint64(), pa.float64(), pa.string(), pa.large_string(), pa.decimal128(20, 0)])
def test_whole_numbers_are_read_from_whatever_holds_them(read, held):
    values = pa.array(["1", "100", None]).cast(pa.int64()).cast(held)
    assert [1, 100, None] == read("parquet", parquet(a=values), [column("a", Int(True))]).columns["a"]


def test_numbers_that_do_not_fit_fail(read):
    seen = read(
        "parquet",
        parquet(a=pa.array([1.5, 2.0, 1e300]), b=pa.array([Digits("1.234"), Digits("1.2"), None])),
        [column("a", Int()), column("b", Decimal(False, 9, 2))],
    )
    assert [None, 2, None] == seen.columns["a"]
    assert {("R101", "a", 0), ("R105", "b", 0), ("R201", "b", 2)} <= {failure[:3] for failure in seen.failures}


def test_the_scale_of_a_column_is_no_decimal_of_its_values(read):
    values = pa.array([Digits("1.00"), Digits("2.50"), Digits("-300.00"), None], pa.decimal128(10, 2))
    seen = read("parquet", parquet(a=values), [column("a", Int(True))])
    assert [1, None, -300, None] == seen.columns["a"]
    assert [("R101", "a", 1, "2.50")] == [failure[:4] for failure in seen.failures]


def test_floats_become_decimals_as_they_are_shown(read):
    assert [Digits("0.1"), Digits("12.35")] == read("parquet", parquet(a=pa.array([0.1, 12.35])), [column("a", Decimal())]).columns["a"]


def test_texts_are_read_as_the_source_says(read):
    data = parquet(d=pa.array(["31/12/2024", "31/02/2024"]), n=pa.array(["1,5", ""]))
    seen = read("parquet", data, [column("d", Date(), formats=("dd/MM/yyyy",)), column("n", Decimal(True), decimal=",")])
    assert [{"d": date(2024, 12, 31), "n": Digits("1.5")}, {"d": None, "n": None}] == seen.rows
    assert [("R106", "d", 1, "31/02/2024")] == [failure[:4] for failure in seen.failures]


def test_instants_and_days(read):
    naive = pa.array(DAYS, pa.timestamp("ns"))
    zoned = pa.array([datetime(2024, 7, 1, tzinfo=UTC)] * 2, pa.timestamp("ms", "Europe/Paris"))
    kinds = [column("a", Date(), at=["n"]), column("b", DateTime(), at=["n"], zone="Europe/Paris"), column("c", LocalDateTime(), at=["n"])]
    seen = read("parquet", parquet(n=naive, z=zoned), [*kinds, column("d", DateTime(), at=["z"])])
    assert [date(2024, 7, 1), None] == seen.columns["a"]
    assert [datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2024, 7, 1, 10, tzinfo=UTC)] == seen.columns["b"]
    assert DAYS == seen.columns["c"]
    assert [datetime(2024, 7, 1, tzinfo=UTC)] * 2 == seen.columns["d"]
    assert [("R106", "a", 1)] == [failure[:3] for failure in seen.failures]


def test_dictionaries_and_nested_values(read):
    kind = ListOf(Struct((("q", Int()), ("s", Enum(("a", "b"), True)))))
    states = pa.array(["a", "b", "a"]).dictionary_encode()
    items = pa.array([[{"q": 1, "s": "a"}], [{"q": None, "s": "z"}], []])
    seen = read("parquet", parquet(s=states, items=items), [column("s", Enum(("a", "b"))), column("items", kind)])
    assert ["a", "b", "a"] == seen.columns["s"]
    assert [[{"q": 1, "s": "a"}], [{"q": None, "s": None}], []] == seen.columns["items"]
    assert {("R201", "/items/0/q", 0, "q"), ("R109", "/items/0/s", 0, "s")} == {
        (code, path, element, inside) for code, _, _, _, path, element, inside in seen.failures
    }


def test_bytes_are_text_where_they_are_utf8(read):
    seen = read("parquet", parquet(a=pa.array([b"\xc3\xa9", b"\xff", None], pa.binary())), [column("a", Text(True))])
    assert ["é", None, None] == seen.columns["a"]
    assert [("R001", "a", 1, "\\xff")] == [failure[:4] for failure in seen.failures]


def test_a_structure_where_a_number_was_declared_fails(read):
    seen = read("parquet", parquet(a=pa.array([{"x": 1}, None])), [column("a", Int(True))])
    assert [("R006", "a", 0)] == [failure[:3] for failure in seen.failures]


def test_a_missing_column_is_refused_with_what_is_near(read):
    with pytest.raises(BadInput) as refusal:
        read("parquet", parquet(prise=pa.array([1])), [column("price", Int())])
    assert ("R004", "did you mean `prise`?") == (refusal.value.code, refusal.value.help)
    assert [None] == read("parquet", parquet(prise=pa.array([1])), [column("price", Int(True))]).columns["price"]


def test_cells_with_several_values_are_cut_as_those_of_a_text_file(read):
    pair = Struct((("qty", Int()), ("price", Decimal())))
    columns = [
        column("tags", ListOf(Text()), split=("|",)),
        column("nums", ListOf(Int()), split=(",",)),
        column("tiers", ListOf(pair), split=("|", ":")),
        column("words", MapOf(Text()), split=(";", "=")),
    ]
    texts = {"tags": ["a|b||c", "", None], "nums": ["1,2", "1,x", ""], "tiers": ["1:2.5|2:2", "", "1:z"], "words": ["k=v;l=", "", "m=n=o"]}
    seen = read("parquet", parquet(**{name: pa.array(values) for name, values in texts.items()}), columns)
    assert [["a", "b", "c"], [], []] == seen.columns["tags"]
    assert [[1, 2], [1, None], []] == seen.columns["nums"]
    assert [{"qty": 1, "price": Digits("2.5")}, {"qty": 2, "price": Digits(2)}] == seen.columns["tiers"][0]
    assert [[("k", "v")], [], [("m", "n=o")]] == seen.columns["words"]
    assert {("R101", "nums", 1, "x"), ("R104", "tiers", 2, "z")} == {failure[:4] for failure in seen.failures}


def test_text_without_marks_where_a_list_was_declared_fails(read):
    seen = read("parquet", parquet(a=pa.array(["x", None])), [column("a", ListOf(Text(), True))])
    assert [("R006", "a", 0)] == [failure[:3] for failure in seen.failures]


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_wanted_column_that_stands_twice_is_refused(read, kind):
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    out = pa.BufferOutputStream()
    if kind == "parquet":
        pq.write_table(table, out)
    else:
        with pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(BadInput, match="column `a` stands 2 times") as refusal:
        read(kind, out.getvalue().to_pybytes(), [column("a", Int())])
    assert "R003" == refusal.value.code


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_files_and_streams(read, stream):
    seen = read("arrow", arrow(stream=stream, a=pa.array([1, 2])), [column("a", Int())])
    assert [1, 2] == seen.columns["a"]
    assert [1, 2] == seen.lines


def test_damaged_files_are_refused(read):
    whole = parquet(a=pa.array(range(1000)))
    for data in (whole[:-4], whole[10:], b"", whole[:4] + bytes(500) + whole[504:]):
        with pytest.raises(BadInput, match="no Parquet file, or is damaged"):
            read("parquet", data, [column("a", Int())])
    with pytest.raises(BadInput, match="no Arrow file, or is damaged"):
        read("arrow", arrow(a=pa.array([1]))[:-30], [column("a", Int())])


NO_TEXT = pa.array([b"A1", b"\xff\xfe", b"A3"])


@pytest.mark.parametrize("held", [pa.string(), pa.large_string()])
def test_what_a_file_calls_text_and_is_none_fails_with_its_row(read, held):
    said = NO_TEXT.cast(pa.large_binary() if held == pa.large_string() else pa.binary()).view(held)
    seen = read("parquet", parquet(a=said), [column("a", Text())])
    assert (["A1", None, "A3"], [("R001", "a", 1)]) == (seen.columns["a"], [one[:3] for one in seen.failures])


def test_a_decimal_of_more_places_than_there_can_be_is_refused(read):
    held = pa.array([Digits(1)], pa.decimal128(7, 0)).buffers()
    data = arrow(a=pa.Array.from_buffers(pa.decimal128(7, -9_999_999), 1, held))
    with pytest.raises(BadInput, match="is damaged"):
        read("arrow", data, [column("a", Decimal(True))])


def contradictory():
    much = pa.array([Digits("12345678901234.00")], pa.decimal128(20, 2))
    yield "decimals with more digits than they have", pa.Array.from_buffers(pa.decimal128(12, 2), 1, much.buffers())
    yield "texts in lists that are none", pa.ListArray.from_arrays([0, 3], NO_TEXT.view(pa.string()))


@pytest.mark.parametrize("values", [pytest.param(values, id=name) for name, values in contradictory()])
def test_a_parquet_file_that_contradicts_itself_is_refused(read, values):
    kind = Decimal(True, 12, 2) if pa.types.is_decimal(values.type) else ListOf(Text(), True)
    with pytest.raises(BadInput, match="is damaged") as caught:
        read("parquet", parquet(a=values), [column("a", kind)])
    assert "R005" == caught.value.code


@pytest.mark.parametrize(("kind", "write"), [("parquet", parquet), ("arrow", arrow)])
def test_a_file_with_names_that_are_no_text_is_refused(read, kind, write):
    data = write(qwertz=pa.array([1])).replace(b"qwertz", b"qw\xffrtz")
    with pytest.raises(BadInput, match="is damaged"):
        read(kind, data, [column("a", Int(True))])
