"""Which fields hang on the time of a run: on that alone, or on their row too."""

from __future__ import annotations

import pytest

from datahub.plan.hanging import Hanging, hanging
from tests.jobs_world import compiled

SCRIPT = """\
source rows: csv {{
  columns {{
    id: int
    name: text
    until: date
  }}
}}
entity Thing {{
  key id
  id: int
  name: text
  made: {kind}
}}
view stamped from r in rows {{
  id: r.id
  name: r.name
  until: r.until
  at: now()
}}
map Thing from {{}}
"""


def told(clauses, made, kind="text?", more=""):
    script = SCRIPT.format(kind=kind).replace(
        "map Thing from {}", f"{more}\nmap Thing from {clauses} {{\n  id: s.id\n  name: s.name\n  made: {made}\n}}"
    )
    return hanging(compiled(script))["Thing"]


@pytest.mark.parametrize(
    "made, kind, wanted",
    [
        pytest.param("now()", "datetime", Hanging(("made",)), id="the time alone"),
        pytest.param("text(year(today()))", "text", Hanging(("made",)), id="made of the time alone"),
        pytest.param("s.at", "datetime", Hanging(("made",)), id="by a view"),
        pytest.param("s.until < today()", "bool", Hanging((), ("made",)), id="of the time and of the row"),
        pytest.param('if(s.name = "a", now(), null)', "datetime?", Hanging((), ("made",)), id="where the row says so"),
        pytest.param('"x"', "text", Hanging(), id="a constant"),
        pytest.param("s.name", "text", Hanging(), id="the row"),
    ],
)
def test_what_a_field_is_made_of_says_whether_it_hangs_on_the_run(made, kind, wanted):
    assert wanted == told("s in stamped", made, kind)


def test_what_a_join_brings_may_be_missing_and_so_says_something_of_the_row():
    more = "view other from o in stamped {\n  id: o.id\n  at: now()\n}\n"
    assert Hanging((), ("made",)) == told("s in stamped\n  join o in other on o.id = s.id\n", "o.at", "datetime?", more)
