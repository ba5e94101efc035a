"""What has knocked already: one row for each outside event, so that nothing is done twice."""

import json
from datetime import datetime

from sqlalchemy import Column, DateTime, Table, Text, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import AuditEntry
from storage.database import Database, metadata

RETENTION_HOURS = 24

inbound_event = Table(
    "inbound_event",
    metadata,
    Column("key", Text, primary_key=True, comment="the sender's own id of the event, with its kind in front"),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)

presence = Table(
    "presence",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


async def claim(session: AsyncSession, key: str) -> bool:
    """Take the event `key`; False where it was taken before. A concurrent claim waits for the first to end."""
    statement = insert(inbound_event).values(key=key).on_conflict_do_nothing().returning(inbound_event.c.key)
    return (await session.execute(statement)).first() is not None


_ACCEPT = """
WITH event AS (
    INSERT INTO inbound_event (key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING key
)
SELECT record_audit($2, $3, $4, $5, $6, $7::jsonb) FROM event
"""


async def accept(database: Database, key: str, entry: AuditEntry) -> bool:
    """Take the event `key` and record what it asked, in one commit; False where it was taken before."""
    done = await database.quick.fetchrow(
        _ACCEPT,
        key,
        entry.actor,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.correlation_id,
        json.dumps(entry.facts),
    )
    return done is not None


async def known(session: AsyncSession, keys: list[str]) -> set[str]:
    """Those of `keys` that were taken before."""
    rows = await session.execute(
        text("SELECT key FROM inbound_event WHERE key = ANY(:keys)").bindparams(keys=keys)
    )
    return set(rows.scalars())


async def prune(session: AsyncSession) -> int:
    """Forget events older than the retention; returns how many."""
    result = await session.execute(
        text("DELETE FROM inbound_event WHERE received_at < now() - make_interval(hours => :hours)"),
        {"hours": RETENTION_HOURS},
    )
    return int(getattr(result, "rowcount", 0))


async def touch_presence(session: AsyncSession, name: str) -> None:
    """Note that `name` is listening now."""
    statement = insert(presence).values(name=name)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"seen_at": func.now()})
    )


async def find_presence(session: AsyncSession, name: str) -> datetime | None:
    """When `name` was last noted as listening; None if never."""
    row = (await session.execute(presence.select().where(presence.c.name == name))).first()
    return row.seen_at if row else None
