import pytest

from tests.unit.semantic.expression_scopes import in_row, typed


@pytest.mark.parametrize(
    "text",
    [
        "r.stock is not null and r.stock > 3",
        "r.stock is null or r.stock > 3",
        "not (r.stock is null) and r.stock > 3",
        "not (r.stock is null or r.stock < 2)",
        "r.stock is not null and r.qty > 1 and r.stock > 3",
        "r.stock = 1 and r.stock > r.qty",
        "r.stock in (1, 2) and r.stock > 1",
        "if(r.stock is not null, r.stock > 3, false)",
        "if(r.stock is null, false, r.stock > 3)",
        "case when r.stock is not null then r.stock > 3 otherwise false end",
        "case when r.stock is null then false otherwise r.stock > 3 end",
        "case r.stock when null then false otherwise r.stock > 3 end",
        '$mode is not null and $mode > "a"',
        'r.customer.name is not null and r.customer.name > "a"',
        'any(l.note > "a" for l in r.lines where l.note is not null)',
    ],
)
def test_what_a_condition_says_of_null_is_known_where_it_leads(text):
    assert [] == typed(text).rules


@pytest.mark.parametrize(
    "text",
    [
        "r.stock is not null or r.stock > r.qty",
        "r.stock is null and r.stock > r.qty",
        "r.stock > 3 and r.qty > 1",
        "if(r.stock is not null, true, r.stock > 3)",
        "r.stock in (1, null) and r.stock > 1",
        "r.stock <> 1 and r.stock > 0",
        "(r.stock is not null or r.qty > 1) and r.stock > 3",
    ],
)
def test_and_is_not_known_elsewhere(text):
    assert ["DHM305"] == typed(text).rules


def test_a_field_of_a_struct_that_is_there_says_that_the_struct_is():
    found = typed('case when r.customer.name = "x" then r.customer.id otherwise "" end', silent=True)
    assert "text" == found.type.partition("(")[0]


def test_a_loop_hides_what_is_known_of_its_name():
    scope = in_row().narrow(frozenset(("r.stock",)))
    assert "int" == typed("r.stock", scope).type
    assert ["DHM305"] == typed('any(r.note > "a" for r in r.lines)', scope.narrow(frozenset(("r.note",)))).rules
