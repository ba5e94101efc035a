"""The audit trail: append-only, with pseudonyms in place of people."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text, Uuid, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import AuditEntry
from storage.database import metadata

person = Table(
    "person",
    metadata,
    Column("user_id", Text, primary_key=True, comment="Slack user id; deleting the row forgets the person"),
    Column("pseudonym", Uuid, nullable=False, unique=True, server_default=func.gen_random_uuid()),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    Column("actor", Uuid, nullable=True, comment="pseudonym; null for the system itself"),
    Column("action", Text, nullable=False),
    Column("object_type", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("facts", JSONB, nullable=False, server_default="{}"),
)


async def record(session: AsyncSession, entry: AuditEntry) -> None:
    """Append an entry within the caller's transaction."""
    await session.execute(
        text("SELECT record_audit(:actor, :action, :type, :id, :correlation, CAST(:facts AS jsonb))"),
        {
            "actor": entry.actor,
            "action": entry.action,
            "type": entry.object_type,
            "id": entry.object_id,
            "correlation": entry.correlation_id,
            "facts": json.dumps(entry.facts),
        },
    )


async def list_since(session: AsyncSession, since: datetime | None) -> AsyncIterator[dict[str, Any]]:
    """Entries from `since` on, oldest first, as plain rows (times aware, `actor` a pseudonym or None)."""
    query = select(audit).order_by(audit.c.id)
    if since is not None:
        query = query.where(audit.c.at >= since)
    async for row in (await session.stream(query)).mappings():
        yield dict(row)
