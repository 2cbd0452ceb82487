"""Files and packs that a script uses."""

from tests.unit.semantic.programs import OFFER, ROWS, findings, messages, program

UNITS = """\
type Code = text(1..3)
lookup iso (erp: text) -> Code {
  | erp | iso |
  | PCE | C62 |
  otherwise error
}
fn short(x: text) = left(x, 3)
entity Unit {
  key code
  code : Code
}
"""


def test_names_of_a_used_file_stand_behind_its_name():
    text = ROWS + 'use "units.dhm" as u\nmap u.Unit from r in rows {\n  code: u.iso(u.short(r.sku))\n}\n'
    made = program(text, units_dhm=UNITS)
    assert ["u.Unit"] == [one.entity for one in made.maps]
    assert ["u.iso"] == [one.name for one in made.lookups]


def test_a_file_without_another_name_is_called_as_it_is():
    text = ROWS + 'use "units.dhm"\nmap units.Unit from r in rows {\n  code: units.iso(r.sku)\n}\n'
    assert "units.Unit" == program(text, units_dhm=UNITS).entities[0].name


def test_a_pack_is_called_by_the_last_part_of_its_name():
    text = ROWS + "use acme.units ^1.2\nmap units.Unit from r in rows {\n  code: units.iso(r.sku)\n}\n"
    assert "units.Unit" == program(text, **{"acme.units__^1.2": UNITS}).entities[0].name


def test_what_is_not_there_is_told_once():
    text = ROWS + 'use "units.dhm" as u\nmap u.Unit from r in rows {\n  code: u.iso(r.sku)\n}\n'
    assert [("DHM107", '"units.dhm"')] == findings(text)


def test_an_unknown_name_behind_a_used_file_is_told():
    text = ROWS + OFFER + 'use "units.dhm" as u\nmap Offer from r in rows {\n  sku: u.isso(r.sku)\n  price: r.price\n}\n'
    assert [("DHM105", "u.isso")] == findings(text, units_dhm=UNITS)


def test_files_that_use_each_other_are_told():
    assert ["`b.dhm` uses itself"] == messages('use "a.dhm" as a\n', a_dhm='use "b.dhm" as b\n', b_dhm='use "b.dhm" as b\n')


def test_a_file_used_by_two_is_one_module():
    top = ROWS + 'use "units.dhm" as u\nuse "more.dhm" as m\nmap m.Box from r in rows {\n  code: u.iso(r.sku)\n}\n'
    more = 'use "units.dhm" as units\nentity Box {\n  key code\n  code : units.Code\n}\n'
    made = program(top, units_dhm=UNITS, more_dhm=more)
    assert ["u.Unit", "m.Box"] == [one.name for one in made.entities]
    assert "u.Code" == made.entities[1].fields[0].type.name


def test_a_condition_of_a_type_holds_where_only_its_entity_is_known():
    types = "type Sku = text matches /[A-Z]+/\n"
    shop = 'use "types.dhm" as t\nentity Item {\n  key sku\n  sku : t.Sku\n}\n'
    text = ROWS + 'use "shop.dhm" as s\nmap s.Item from r in rows {\n  sku: r.sku\n}\n'
    made = program(text, types_dhm=types, shop_dhm=shop)
    assert ["R204"] == [code for _, code in made.maps[0].body.fields[0].value.conditions]


def test_a_pack_keeps_to_itself_what_it_does_not_export():
    pack = "pack acme.units 1.0.0 {\n  exports iso\n}\n" + UNITS
    text = ROWS + OFFER + "use acme.units ^1.0 as u\nmap Offer from r in rows {\n  sku: u.short(u.iso(r.sku))\n  price: r.price\n}\n"
    assert [("DHM108", "u.short")] == findings(text, **{"acme.units__^1.0": pack})


def test_the_files_of_a_pack_are_one_module_and_may_use_the_same():
    files = {
        "acme.shop/pack": "pack acme.shop 1.0.0\n",
        "acme.shop/a": 'use "units.dhm" as u\ntype Unit = u.Code\n',
        "acme.shop/b": 'use "units.dhm" as u\nentity Box {\n  key unit\n  unit : Unit\n  code : u.Code\n}\n',
        "units.dhm": UNITS,
    }
    made = program('use acme.shop as s\nuse "units.dhm" as v\n', **files)
    assert ["s.Box"] == [one.name for one in made.entities if one.name.startswith("s.")]
    assert ["s.Unit", "v.Code"] == [one.type.name for one in made.entities[-1].fields]


def test_two_uses_cannot_have_one_name():
    assert ["DHM103"] == [code for code, _ in findings('use "a.dhm" as u\nuse "b.dhm" as u\n', a_dhm=UNITS, b_dhm=UNITS)]


def test_mistakes_of_a_used_file_are_told_in_that_file():
    assert [("DHM101", "txt")] == findings('use "a.dhm" as a\n', a_dhm="type T = txt\n")


def test_a_type_of_another_pack_is_not_taken_for_one_of_the_same_full_name():
    # Here `m` is `a`; in `a` it is `b`, which has a `Code` as well.
    b = "type Code = text matches /b+/\n"
    a = 'use "b.dhm" as m\ntype Code = text matches /a+/\nentity Item {\n  key code\n  code : Code\n}\n'
    made = program(ROWS + 'use "a.dhm" as m\nmap m.Item from r in rows {\n  code: r.sku\n}\n', a_dhm=a, b_dhm=b)
    ((asked, _),) = made.maps[0].body.fields[0].value.conditions
    assert "a+" in str(asked)
