"""Instants and lengths of time as a person reads them, in the time zone of the project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from datahub.zones import zone_named


def local(at: datetime | None, zone: str) -> str:
    """An instant on the clock of `zone`."""
    return "" if at is None else at.astimezone(zone_named(zone)).strftime("%Y-%m-%d %H:%M:%S")


def utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def length(much: timedelta | None) -> str:
    """How long something took."""
    if much is None:
        return ""
    seconds = much.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
