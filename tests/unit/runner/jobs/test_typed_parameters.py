"""Parameters that are typed with `dhm run JOB`: each run has its own, and what cannot be read touches nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from datahub.cli.job_run import Asked, run_job
from datahub.cli.output import Exit, Stop
from datahub.state.records import Admission, Fire, FireKind
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
parameters = {factor = 2}
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
param factor: int
source feed: csv { columns { id: text } }
entity Offer {
  key id
  id: text
  factor: int
}
map Offer from f in feed { id: f.id, factor: $factor }
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": SCRIPT, "in/1.csv": "id\nA\n"})
    yield made
    made.close()


def test_a_run_with_parameters_of_its_own_is_made_behind_one_that_waits(shop):
    now = datetime.now(UTC)
    shop.store.runs.submit(Fire("offers", FireKind.EVENT, now, "m"), Admission(), now)
    assert Exit.DONE == run_job(Asked("offers", parameters=(("factor", "9"),)))
    typed, waiting = shop.store.runs.list()
    assert ["success", "success"] == [waiting.status.value, typed.status.value]
    assert [{}, {"factor": "9"}] == [json.loads(one.parameters) for one in (waiting, typed)]
    # Without any, the one that waits is as good.
    shop.store.runs.submit(Fire("offers", FireKind.EVENT, now, "n"), Admission(), now)
    run_job(Asked("offers"))
    assert "skipped" == shop.store.runs.list()[0].status.value


@pytest.mark.parametrize(
    "given, said",
    [
        (("nix", "3"), "the script of the job `offers` has no parameter `nix`"),
        (("factor", "xx"), "`factor` takes int, and `xx` is none"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_a_parameter_that_cannot_be_read_touches_nothing(shop, given, said, dry):
    with pytest.raises(Stop) as stopped:
        run_job(Asked("offers", parameters=(given,), dry=dry))
    assert (said, Exit.USAGE) == (stopped.value.message, stopped.value.code)
    assert () == tuple(shop.store.runs.list())
