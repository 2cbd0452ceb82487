"""The right to work on a run, and how it is given back by whoever hears of the end in time, and by whoever does not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime

from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, RunStatus
from datahub.state.sqlite.ledger import SqliteLedger

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
_LONG = """\
import hashlib, sys, threading, time
from datetime import UTC, datetime
from pathlib import Path
from datahub.runner.jobs.hold import Hold
from datahub.state.owner import this_process
from datahub.state.sqlite.ledger import SqliteLedger
store = SqliteLedger(Path(sys.argv[1]))
claim, _ = store.runs.claim("offers", this_process(), datetime.now(UTC))
main = time.pthread_getcpuclockid(threading.main_thread().ident)
def tell():
    # Not before the step is at work: a signal that comes before it is heard.
    before = time.clock_gettime(main)
    while time.clock_gettime(main) < before + 0.2:
        time.sleep(0.01)
    print("begun", flush=True)
with Hold(store, claim):
    threading.Thread(target=tell, daemon=True).start()
    # One step that hears no signal before it is over.
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""


def test_who_was_told_to_end_and_is_killed_within_one_long_step_has_not_crashed(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteLedger(path)) as store:
        fire = Fire("offers", FireKind.MANUAL, NOON)
        store.runs.submit(fire, Admission(), NOON)
        for told in (True, False):
            busy = subprocess.Popen([sys.executable, "-c", _LONG, str(path)], stdout=subprocess.PIPE, text=True)
            assert busy.stdout is not None
            assert "begun\n" == busy.stdout.readline()
            if told:
                busy.send_signal(signal.SIGTERM)
                until = time.monotonic() + 10
                while not store.leases.given_back("job:offers") and time.monotonic() < until:
                    time.sleep(0.05)
                assert busy.poll() is None
            busy.kill()
            busy.communicate()
            found = store.runs.claim("offers", this_process(), NOON)
            assert found is not None
            again, run = found
            assert ((RunStatus.FETCHING, 1) if told else (RunStatus.CRASHED, 2)) == (run.status, run.attempt)
            store.leases.release(again.scope, again.epoch)
