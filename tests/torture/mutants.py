"""Mistakes that a data hub could make, planted in a child: a harness that lets one of them live shows nothing."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from datahub.connectors.declare import Receipt
from datahub.connectors.files_in import FilesIn
from datahub.connectors.files_out import FilesOut
from datahub.connectors.given_names import GivenNames
from datahub.faults import reach
from datahub.runner.jobs import disposing, fetch, hold, outbox, perform
from datahub.runner.jobs.files_of_run import FilesOfRun
from datahub.state.owner import Owner
from datahub.state.records import BatchState, FileState, ItemStatus, MessageState
from datahub.state.sqlite import deliveries, items, runs, snapshots
from datahub.state.sqlite.deliveries import SqliteCursors, SqliteDeliveries
from datahub.state.sqlite.entries import SqliteEntries
from datahub.state.sqlite.items import SqliteItems
from datahub.state.sqlite.ledger import SqliteLedger
from tests.jobs_world import ShopSender


def apply(name: str) -> None:
    """Plant the mutant; none where the name is empty."""
    if name:
        (MUTANTS | CHAIN_MUTANTS | SPAN_MUTANTS | {takes_nothing.__name__: takes_nothing})[name]()


def plant(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


def mark_before_send() -> None:
    mark = SqliteDeliveries.mark

    def early(self, claim, batch, state, answer=""):
        mark(self, claim, batch, BatchState.DONE if state is BatchState.SENDING else state, answer)

    plant(SqliteDeliveries, "mark", early)


def mark_before_show() -> None:
    show = FilesOfRun._show

    def early(self, file):
        self._store.deliveries.mark_file(self._claim, file, FileState.DONE)
        show(self, file)

    plant(FilesOfRun, "_show", early)


def unstable_key() -> None:
    send = ShopSender.send
    plant(ShopSender, "send", lambda self, body, key, about=None: send(self, body, f"{key}{os.getpid()}", about))


def boundaries_anew() -> None:
    """What was planned is forgotten, and cut in other places the next time."""

    attempts: list[int] = []

    def planned(self, run):
        with self._ledger.writing() as sql:
            attempts[:] = sql.execute("SELECT attempt FROM run WHERE id = ?", (run,)).fetchone()
            for table in ("planned", "batch", "out_file", "sending"):
                sql.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        return False

    plant(SqliteDeliveries, "planned", planned)
    plant(ShopSender, "rows", property(lambda self: 6 + attempts[0], lambda self, rows: None))


def no_epoch() -> None:
    for module in (deliveries, items, runs, snapshots):
        plant(module, "fence", lambda sql, claim: None)
    plant(hold.Hold, "check", lambda self: None)


def cursor_early() -> None:
    def at_once(self, claim, scope, stream, value):
        with self._ledger.writing() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO position (scope, stream, value, run) VALUES (?, ?, ?, ?)", (scope, stream, value, claim.run)
            )

    plant(SqliteCursors, "propose", at_once)


def archive_first() -> None:
    land_all = FilesIn.land_all

    def away(self, splits, folder):
        for several in land_all(self, splits, folder):
            for landed in several:
                self.settle(landed, succeeded=True)
            yield several

    plant(FilesIn, "land_all", away)


def dedupe_off() -> None:
    plant(SqliteItems, "seen", lambda self, *_: None)
    plant(SqliteItems, "same_content", lambda self, *_: None)
    known = SqliteItems.known

    def unknown(self, *about):
        found = known(self, *about)
        # What was just staged is asked for within the transaction that stages it.
        return found if found is None or self._ledger._depth else replace(found, status=ItemStatus.STAGED)

    plant(SqliteItems, "known", unknown)


def lock_stays() -> None:
    """The death of an owner does not end its lease: somebody would have to remove it."""
    plant(Owner, "alive", property(lambda self: True))


def half_shown() -> None:
    """Files are written under their own name."""

    def stage(self, output, given=None):
        path = self._at(self._name(output, given or GivenNames()))
        data = output.path.read_bytes()
        with (self._files._root / path).open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            reach("half_written")
            file.write(data[len(data) // 2 :])
        return Receipt(output, path, f"{path}.part", len(data), "")

    plant(FilesOut, "stage", stage)


def done_before_sent() -> None:
    """Files count as read, and the run as done, once they are landed."""
    fetch = vars(perform)["fetch"]

    def early(context, claim, run, hold, range_of=None):
        told = fetch(context, claim, run, hold, range_of)
        context.store.items.done(claim)
        with context.store.together() as sql:
            sql.execute("UPDATE run SET status = 'success' WHERE id = ?", (claim.run,))
        reach("landed")
        return told

    plant(perform, "fetch", early)


def disposed_early() -> None:
    """Files count as moved away before they are."""

    def early(context, claim, run, hold):
        waiting = [one for one in context.store.items.taken(claim.run) if not one.disposed]
        context.store.items.disposed(claim, [one.item.id for one in waiting])
        for one in waiting:
            disposing._settled(context, run, one)
        return ()

    plant(perform, "dispose", early)


def apart() -> None:
    """What belongs together is written statement by statement."""

    @contextmanager
    def writing(self):
        with self._lock:
            yield _Apart(self._connection)

    plant(SqliteLedger, "writing", writing)


class _Apart:
    def __init__(self, connection) -> None:
        self._connection = connection

    def execute(self, *given):
        made = self._connection.execute(*given)
        if "INTO planned" in given[0]:
            reach("torn")
        return made

    def executemany(self, query, several):
        for one in several:
            self.execute(query, one)


MUTANTS = {
    made.__name__: made
    for made in (
        mark_before_send,
        mark_before_show,
        unstable_key,
        boundaries_anew,
        no_epoch,
        cursor_early,
        archive_first,
        dedupe_off,
        lock_stays,
        half_shown,
        done_before_sent,
        disposed_early,
        apart,
    )
}


# ---------------------------------------------------------------- between jobs


def entries_apart() -> None:
    """What entered a status is written down after the run has arrived, in a transaction of its own."""
    commit = perform._Work._commit
    put = SqliteEntries.put
    waiting: list[Any] = []
    plant(SqliteEntries, "put", lambda self, claim, several, now: waiting.append((self, claim, list(several), now)))

    def later(self, hold):
        commit(self, hold)
        if waiting:
            reach("apart")
        for one in waiting:
            put(*one)
        waiting.clear()

    plant(perform._Work, "_commit", later)


def entries_twice() -> None:
    """A job that waits for a status forgets how far it has read."""
    after = SqliteEntries.after
    plant(SqliteEntries, "after", lambda self, job, entity, number, limit: after(self, job, entity, 0, limit))


def told_early() -> None:
    """Messages are written down when the run is planned, and anew when it arrives."""
    make = perform._Work._make

    def early(self, hold):
        make(self, hold)
        self._announce_rows()
        with self._store.together() as sql:
            sql.execute("UPDATE message SET id = id || '-early' WHERE box = 'out'")

    plant(perform._Work, "_make", early)


def mark_before_post() -> None:
    sent = outbox._sent

    def early(store, connection, poster, message):
        store.outbox.mark(message.id, MessageState.DONE)
        return sent(store, connection, poster, message)

    plant(outbox, "_sent", early)


CHAIN_MUTANTS = {made.__name__: made for made in (entries_apart, entries_twice, told_early, mark_before_post)}


# ---------------------------------------------------------------- a range of time once more


def range_remembers() -> None:
    """A range of the past counts as what was delivered last."""
    made = vars(perform)["Remembered"]
    plant(perform, "Remembered", lambda context, nothing=False: made(context))


def range_disposes() -> None:
    """Files of a range are moved away as those that are new."""
    plant(fetch, "_take_apart", fetch._take)


SPAN_MUTANTS = {made.__name__: made for made in (range_remembers, range_disposes)}


def takes_nothing() -> None:
    """No mistake at all: code that cannot be run, and is not to be taken for one that was found."""
    plant(perform, "Remembered", lambda: None)
