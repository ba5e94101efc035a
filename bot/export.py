"""`quarterdeck export`: what we keep, one JSON object a line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from storage.audit import list_since
from storage.database import Database

Write = Callable[[str], object]


def read_time(text: str) -> datetime:
    """An aware time from `2026-03-01` or `2026-03-01T12:00:00+01:00`; UTC where no offset is given.

    Raises ValueError with a sentence.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no date: write it like 2026-03-01 or 2026-03-01T12:00:00+01:00"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def export_audit(database: Database, since: datetime | None, write: Write) -> None:
    """Write the audit entries from `since` on, oldest first. People are pseudonyms in them."""
    async with database.unit_of_work() as session:
        async for row in list_since(session, since):
            write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
