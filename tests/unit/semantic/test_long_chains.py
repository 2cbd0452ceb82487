"""Chains of many terms go the whole way: checked, printed, compiled and run."""

from __future__ import annotations

import pyarrow as pa

import datahub

TERMS = 600
SCRIPT = f"""\
source items: csv {{
  columns {{
    sku: text
  }}
}}

entity Offer {{
  key sku
  sku   : text
  total : int
  known : bool
  free  : bool
  name  : text
}}

map Offer from i in items {{
  sku   : i.sku
  total : {" + ".join(["length(i.sku)"] * TERMS).replace(" + ", chr(10) + "    + ")}
  known : {" or ".join(f'i.sku = "s{n}"' for n in range(TERMS)).replace(" or ", chr(10) + "    or ")}
  free  : {" and ".join(f'i.sku <> "s{n}"' for n in range(TERMS)).replace(" and ", chr(10) + "    and ")}
  name  : {" & ".join(["i.sku"] * TERMS).replace(" & ", chr(10) + "    & ")}
}}
"""


def test_a_chain_of_many_terms_is_checked_and_run():
    assert () == datahub.check(SCRIPT)
    done = datahub.run(SCRIPT, {"items": pa.table({"sku": ["s599", "other"]})})
    first, second = done.entities["Offer"].to_pylist()
    assert (4 * TERMS, True, False, "s599" * TERMS) == (first["total"], first["known"], first["free"], first["name"])
    assert (5 * TERMS, False, True) == (second["total"], second["known"], second["free"])
