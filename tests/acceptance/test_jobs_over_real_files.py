"""Real catalogues as files that come day by day: one with a mistake, then as it should have been, then the same once more.

What is delivered is what the mapping makes of the good file in one go; what was rejected on the first day completes it where a row says
all of itself.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from decimal import Decimal

import pytest

import datahub
from datahub.runner.jobs.replay import replay
from tests.acceptance.conftest import MAPPINGS, plain, written
from tests.jobs_project import Projected

SAMPLE = "woocommerce/sample-data/sample_products.csv"
SALEOR = "saleor/saleor/static/populatedb_data.json"
SHOPS = {
    "spree": ({"rows": "spree/products.csv", "translations": "spree/product_translations.csv"}, ",129.99,", ",free,", 2),
    "woocommerce": ({"items": SAMPLE}, ",18,20,", ",free,20,", 1),
    "shopify": ({"rows": "shopify/product_template.csv"}, ",19.99,", ",free,", 1),
    "saleor": ({"records": SALEOR}, '"price_amount": "', '"price_amount": "free', 1),
}
"""Of each the files of its sources, the first of which drives the job; what is good there and what is wrong; how many rows fall for that."""


@pytest.fixture(params=sorted(SHOPS))
def shop(request, tmp_path, realdata):
    files, good, bad, falls = SHOPS[request.param]
    paths = {source: realdata / name for source, name in files.items()}
    script = MAPPINGS / f"{request.param}.dhm"
    entities = [output.entity for output in datahub.compile(script).outputs]
    toml = ['[project]\nname = "shop"\n[connections.here]\nkind = "local"\n[jobs.shop]\nmapping = "shop.dhm"\ntolerance.share = "100%"']
    for number, source in enumerate(paths):
        after = "" if number else ', after = {action = "move", folder = "done"}'
        toml.append(f'sources.{source} = {{connection = "here", folder = "{source}", ready.stable = 0{after}}}')
    place = 'connection = "here", create_folders = true, name = "{{RUN}}.jsonl"'
    toml += [f'targets.t{one.lower()} = {{folder = "{one}", {place}}}' for one in entities]
    targets = "".join(f"\ntarget t{one.lower()}: jsonl {{}}\n" for one in entities)
    flow = "".join(f"  write {one} to t{one.lower()}\n" for one in entities)
    text = f"{script.read_text(encoding='utf-8')}{targets}\nflow main {{\n{flow}}}\n"
    made = Projected(tmp_path, {"dhm.toml": "\n".join(toml) + "\n", "shop.dhm": text})
    for source, path in paths.items():
        (tmp_path / source).mkdir()
        shutil.copy(path, tmp_path / source)
    source, path = next(iter(paths.items()))
    whole = {name: plain(table) for name, table in datahub.run(script, paths).entities.items()}
    yield made, tmp_path / source / path.name, path.read_bytes(), (good.encode(), bad.encode(), falls), whole
    made.close()


def delivered(shop, whole):
    """What the last run delivered of each entity."""
    return {one: written(max((shop.folder / one).glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)) for one in whole}


def test_a_mistake_is_rejected_and_the_corrected_file_delivers_all_of_it(shop):
    shop, path, data, (good, bad, falls), whole = shop
    path.write_bytes(data.replace(good, bad, 1))
    ending = shop.by_hand("shop")
    assert ("success", True, falls) == (ending.run.status.value, ending.run.counts.add_up, ending.rejected)
    assert whole != (before := delivered(shop, whole))
    (rejects,) = shop.store.rejects.list()
    assert falls == rejects.rows
    path.write_bytes(data)
    second = shop.by_hand("shop")
    assert ("success", 0, whole) == (second.run.status.value, second.rejected, delivered(shop, whole))
    # The same once more, under the same name: it is known, delivers nothing and is moved away.
    path.write_bytes(data)
    assert shop.by_hand("shop").run.reason.startswith(f"nothing new: `{path.name}` has what run {second.run.id} read")
    assert ([], 3) == (list(path.parent.iterdir()), len(list((shop.folder / "done").iterdir())))
    if path.name == "sample_products.csv":
        mended = shop.folder / path.name
        mended.write_bytes((shop.folder / rejects.path).read_bytes().replace(bad, good, 1))
        again = replay(shop.context("shop"), rejects, mended).run
        assert ("success", falls, 0) == (again.status.value, again.counts.read, again.counts.rejected)
        # A replay delivers no file where it has no row.
        files = {one: shop.folder / one / f"{again.id}.jsonl" for one in whole}
        after = {one: written(path) if path.exists() else [] for one, path in files.items()}
        assert {one: lines(rows) for one, rows in whole.items()} == {one: lines(before[one]) + lines(after[one]) for one in whole}


def lines(rows):
    return Counter(json.dumps(row, sort_keys=True, default=lambda value: str(Decimal(value))) for row in rows)
