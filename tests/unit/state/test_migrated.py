"""What an older ledger knows is what the newer one goes by."""

from __future__ import annotations

from contextlib import closing

from datahub.state.sqlite.ledger import SqliteLedger
from datahub.state.sqlite.schema import VERSIONS
from tests.contracts.test_state import NOON
from tests.contracts.test_state_whole import arrive

BEFORE = 14
"""The version that knew no moments of reading."""


def test_a_run_that_failed_before_the_ledger_knew_when_it_had_read_moves_nothing_back(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteLedger(path, versions=VERSIONS[:BEFORE])) as old, old.writing() as sql:
        for run, status in (("1", "failed"), ("2", "success")):
            sql.execute(
                "INSERT INTO run (id, job, kind, fire_at, status, as_of, input_digest, scope) VALUES (?, 'offers', 'manual', ?, ?, ?, 'd', ?)",
                (run, NOON.isoformat(), status, NOON.isoformat(), "job:offers"),
            )
        sql.execute("INSERT INTO position VALUES ('place', 'position', '2', '2')")
        sql.execute("INSERT INTO proposed VALUES ('1', 'place', 'position', '1')")
    with closing(SqliteLedger(path)) as store:
        overtaken = store.runs.overtaken("1")
        assert overtaken is not None
        assert "2" == overtaken.id
        arrive(store, "1")
        assert "2" == store.cursors.value("place", "position")
