"""Which rejected rows a corrected file holds: the file says so itself, or nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from datahub.runner.jobs.reject_places import held
from tests.unit.runner.jobs.test_picked_rejects import made

CUTS = {
    "csv": lambda text: "".join(line for line in text.splitlines(keepends=True) if "B,2" not in line),
    "jsonl": lambda text: "".join(line for line in text.splitlines(keepends=True) if "B,2" not in line),
    "xml": lambda text: text[: text.index("<row><sku>B,2")] + text[text.index("</row>", text.index("<sku>B,2")) + 6 :],
}


@pytest.mark.parametrize("kind", CUTS)
def test_a_file_from_which_a_row_was_taken_holds_the_others(tmp_path, kind):
    shop, rejects = made(tmp_path, kind)
    (file := tmp_path / f"some.{kind}").write_text(CUTS[kind](Path(rejects.path).read_text(encoding="utf-8").replace("free", "1")))
    whole, some = held(shop.context("offers"), rejects, Path(rejects.path)), held(shop.context("offers"), rejects, file)
    assert (rejects.rows, list(range(rejects.rows))) == (whole.rows, list(whole.places or ()))
    assert (rejects.rows - 1, {"csv": [0, 1, 3]}.get(kind, [0, 1])) == (some.rows, list(some.places or ()))
    shop.close()


def test_a_number_that_rows_of_two_files_have_tells_them_apart_only_where_both_are_there(tmp_path):
    shop, rejects = made(tmp_path, "csv")
    head, *lines = Path(rejects.path).read_text(encoding="utf-8").splitlines()
    alike = [line for line in lines if ",3,4," in line]
    assert 2 == len(alike)
    (file := tmp_path / "some.csv").write_text("\n".join([head, alike[1]]))
    assert (1, None) == ((found := held(shop.context("offers"), rejects, file)).rows, found.places)
    file.write_text("\n".join([head, *alike]))
    assert (2, [1, 3]) == ((found := held(shop.context("offers"), rejects, file)).rows, found.places)
    (other := tmp_path / "other.csv").write_text("sku,price\nA1,2\n")
    assert (1, None) == ((found := held(shop.context("offers"), rejects, other)).rows, found.places)
    shop.close()
