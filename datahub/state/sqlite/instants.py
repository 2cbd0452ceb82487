"""Instants as the ledger writes them: UTC, of one width, so that they are ordered as text."""

from __future__ import annotations

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def written_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else written(moment)


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_or_null(text: str | None) -> datetime | None:
    return None if text is None else read(text)
