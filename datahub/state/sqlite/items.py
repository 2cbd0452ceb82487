"""Files that were seen, in the ledger: which content lay where under which name, and which run took it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from datahub.state.records import Claim, Item, ItemStatus, Taken
from datahub.state.sqlite.instants import read, written
from datahub.state.sqlite.leases import fence

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger


# What a run has read that was overtaken is not what its name had last, however late it is done with.
_READ_AT = "max(read_at, (SELECT run.read_at FROM run WHERE run.id = ?2))"


class SqliteItems:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def known(self, place: str, name: str, sha256: str) -> Item | None:
        rows = self._ledger.rows("SELECT * FROM item WHERE place = ? AND name = ? AND sha256 = ?", (place, name, sha256))
        return self._item(rows[0]) if rows else None

    def seen(self, place: str, name: str, fingerprint: str) -> Item | None:
        if not fingerprint:
            return None
        rows = self._ledger.rows(
            "SELECT * FROM item WHERE place = ? AND name = ? AND fingerprint = ? ORDER BY id DESC LIMIT 1", (place, name, fingerprint)
        )
        return self._item(rows[0]) if rows else None

    def latest(self, place: str, name: str) -> Item | None:
        rows = self._ledger.rows(
            "SELECT * FROM item WHERE place = ? AND name = ? AND status <> 'staged' ORDER BY read_at DESC, changed DESC, id DESC LIMIT 1",
            (place, name),
        )
        return self._item(rows[0]) if rows else None

    def same_content(self, place: str, sha256: str) -> Item | None:
        rows = self._ledger.rows("SELECT * FROM item WHERE place = ? AND sha256 = ? AND status = 'done' LIMIT 1", (place, sha256))
        return self._item(rows[0]) if rows else None

    def earlier(self, run: str, item: Item) -> tuple[str, str] | None:
        rows = self._ledger.rows(
            "SELECT item.name, run.id FROM item JOIN taken ON taken.item = item.id JOIN run ON run.id = taken.run"
            " WHERE item.place = ? AND item.sha256 = ? AND taken.source <> '' AND run.id <> ? AND run.status = 'success'"
            " ORDER BY run.rowid DESC LIMIT 1",
            (item.place, item.sha256, run),
        )
        return (rows[0]["name"], rows[0]["id"]) if rows else None

    def done_at(self, place: str) -> Sequence[Item]:
        rows = self._ledger.rows("SELECT * FROM item WHERE place = ? AND status = 'done' ORDER BY id", (place,))
        return tuple(map(self._item, rows))

    def stage(self, claim: Claim, source: str, item: Item) -> Item:
        staged = self._ledger.below.kept(item.staged)
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                "INSERT INTO item (place, name, size, sha256, status, staged, fingerprint, split, changed) VALUES (?,?,?,?,?,?,?,?,?)"
                # What was read before stays that until the run is done, and if it fails, is looked at once more.
                " ON CONFLICT (place, name, sha256) DO UPDATE SET status = iif(? = '', status, excluded.status), staged = excluded.staged,"
                " fingerprint = iif(? = '', fingerprint, excluded.fingerprint), split = excluded.split, changed = excluded.changed",
                (
                    *(item.place, item.name, item.size, item.sha256, ItemStatus.STAGED, staged, item.fingerprint, item.split),
                    *(_now(), source, source),
                ),
            )
            found = self.known(item.place, item.name, item.sha256)
            assert found is not None
            sql.execute(
                "INSERT INTO taken SELECT ?, ?, ?, (SELECT count(*) FROM taken WHERE run = ?), 0 ON CONFLICT DO NOTHING",
                (claim.run, found.id, source, claim.run),
            )
            return found

    def let_go(self, claim: Claim, source: str) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("DELETE FROM taken WHERE run = ? AND source = ?", (claim.run, source))

    def give_back(self, claim: Claim, items: Sequence[int]) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("DELETE FROM taken WHERE run = ? AND item IN (SELECT value FROM json_each(?))", (claim.run, json.dumps(items)))

    def taken(self, run: str) -> Sequence[Taken]:
        rows = self._ledger.rows("SELECT * FROM taken JOIN item ON item.id = taken.item WHERE taken.run = ? ORDER BY position", (run,))
        return tuple(Taken(self._item(row), row["source"], bool(row["disposed"])) for row in rows)

    def disposed(self, claim: Claim, items: Sequence[int]) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                "UPDATE taken SET disposed = 1 WHERE run = ? AND item IN (SELECT value FROM json_each(?))", (claim.run, json.dumps(items))
            )

    def crashed(self, claim: Claim) -> Sequence[Item]:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("UPDATE item SET crashes = crashes + 1 WHERE id IN (SELECT item FROM taken WHERE run = ?)", (claim.run,))
            return tuple(one.item for one in self.taken(claim.run))

    def quarantine(self, claim: Claim) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                f"UPDATE item SET status = 'quarantined', changed = ?1, read_at = {_READ_AT}"
                " WHERE id IN (SELECT item FROM taken WHERE run = ?2)",
                (_now(), claim.run),
            )

    def aside(self, place: str) -> Sequence[tuple[str, str]]:
        rows = self._ledger.rows(
            "SELECT item.name, max(run) AS run FROM item JOIN taken ON taken.item = item.id"
            " WHERE place = ? AND item.status = 'quarantined' GROUP BY item.id ORDER BY item.changed, item.id",
            (place,),
        )
        return tuple((row["name"], row["run"]) for row in rows)

    def done(self, claim: Claim) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                f"UPDATE item SET status = 'done', crashes = 0, changed = ?1, read_at = {_READ_AT},"
                " fingerprint = coalesce(json_extract(split, '$.fingerprint'), fingerprint)"
                " WHERE id IN (SELECT item FROM taken WHERE run = ?2)",
                (_now(), claim.run),
            )

    def needed(self) -> Sequence[str]:
        rows = self._ledger.rows(
            "SELECT staged FROM item JOIN taken ON taken.item = item.id JOIN run ON run.id = taken.run WHERE run.ended IS NULL"
        )
        return tuple(self._ledger.below.found(row["staged"]) for row in rows)

    def takers(self) -> Mapping[str, Sequence[str]]:
        # A place begins with the job whose source it is, but for what a person has corrected; runs go before files do.
        rows = self._ledger.rows(
            "SELECT staged, substr(place, 1, instr(place, ':') - 1) AS job FROM item UNION"
            " SELECT item.staged, run.job FROM item JOIN taken ON taken.item = item.id JOIN run ON run.id = taken.run"
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(self._ledger.below.found(row["staged"]), []).append(row["job"])
        return found

    def listed(self, place: str, met: Sequence[int], now: datetime, every: timedelta) -> None:
        rows = self._ledger.rows("SELECT at FROM listed WHERE place = ?", (place,))
        if rows and rows[0]["at"] > written(now - every):
            # Folders are looked at every few seconds, and may have a hundred thousand files.
            return
        with self._ledger.writing() as sql:
            sql.execute("INSERT INTO listed VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", (place, written(now)))
            # Where a name has something newer since, that stays what it had last.
            sql.execute(
                "UPDATE item SET changed = ?1 WHERE id IN (SELECT value FROM json_each(?2)) AND status = 'done' AND changed < ?1"
                " AND NOT EXISTS (SELECT 1 FROM item AS other WHERE other.place = item.place AND other.name = item.name"
                " AND other.status <> 'staged' AND (other.read_at, other.changed, other.id) > (item.read_at, item.changed, item.id))",
                (written(now), json.dumps(met)),
            )

    def forget(self, now: datetime, keep: timedelta, job: str = "", besides: Sequence[str] = ()) -> int:
        with self._ledger.writing() as sql:
            # A place begins with the job whose source it is.
            of = "substr(place, 1, instr(place, ':') - 1)"
            places = sql.execute(
                "SELECT place, at, min(changed) AS first FROM item LEFT JOIN listed USING (place)"
                f" WHERE (? = '' OR {of} = ?) AND {of} NOT IN (SELECT value FROM json_each(?)) GROUP BY place",
                (job, job, json.dumps(besides)),
            ).fetchall()
            gone = 0
            for row in places:
                # The places of a job that is gone are listed no more.
                listed = row["at"] if job else None
                before = written((now if listed is None else min(now, read(listed))) - keep)
                if row["first"] < before:
                    gone += sql.execute(
                        "DELETE FROM item WHERE place = ? AND status = 'done' AND changed < ? AND id NOT IN (SELECT item FROM taken)",
                        (row["place"], before),
                    ).rowcount
            sql.execute("DELETE FROM listed WHERE place NOT IN (SELECT place FROM item)")
            return gone

    def _item(self, row: sqlite3.Row) -> Item:
        return Item(
            id=row["id"],
            place=row["place"],
            name=row["name"],
            size=row["size"],
            sha256=row["sha256"],
            status=ItemStatus(row["status"]),
            staged=self._ledger.below.found(row["staged"]),
            fingerprint=row["fingerprint"],
            split=row["split"],
            crashes=row["crashes"],
            read_at=row["read_at"],
        )


def _now() -> str:
    return written(datetime.now(UTC))
