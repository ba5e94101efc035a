"""Tasks: the table and its repository."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Sequence, Table, Text, func, select, text, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ask import Ask
from domain.card import CardDraft
from domain.task import Task, TaskState, task_name
from storage.card import write_content
from storage.database import Database, metadata

number_sequence = Sequence("task_number", metadata=metadata)

task = Table(
    "task",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("request", Text, nullable=False),
    Column("requester", Text, nullable=False, index=True),
    Column("channel", Text, nullable=False, index=True),
    Column("thread_ts", Text),
    Column("state", Text, nullable=False, index=True),
    Column("correlation_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True), comment="when its workflow began"),
    Column("ended_at", DateTime(timezone=True)),
)

# The number is drawn only for an event that is new; a repetition waits here until the first one has ended.
_CLAIM = """
INSERT INTO inbound_event (key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING nextval('task_number')
"""

_ACCEPT = """
WITH new_task AS (
    INSERT INTO task (number, request, requester, channel, thread_ts, state, correlation_id)
    VALUES ($1, $2, $3, $4, $5, 'planning', $6)
), new_lane AS (
    INSERT INTO lane (channel)
    SELECT $4 WHERE NOT EXISTS (SELECT FROM lane WHERE channel = $4) ON CONFLICT DO NOTHING
), tried_lane AS (
    UPDATE lane SET next_at = now() WHERE channel IN (
        SELECT channel FROM lane WHERE channel = $4 AND fault IS NOT NULL FOR UPDATE SKIP LOCKED)
), new_card AS (
    INSERT INTO card (key, channel, thread_ts, asker, content) VALUES ($7, $4, $5, $3, $8::jsonb)
)
SELECT record_audit($3, $9, 'task', $10, $6, '{}'::jsonb)
"""


async def accept(database: Database, ask: Ask, action: str, draw: Callable[[int], CardDraft]) -> int | None:
    """Commit a new task, its card (drawn once its number is known), its audit entry and the key of the event that
    brought it, all or nothing. Returns the task's number; None where the event was taken before.
    """
    async with database.quick.acquire() as connection, connection.transaction():
        number: int | None = await connection.fetchval(_CLAIM, ask.event_key)
        if number is None:
            return None
        card = draw(number)
        await connection.execute(
            _ACCEPT,
            number,
            ask.text,
            ask.person,
            card.place.channel,
            card.place.thread_ts,
            ask.correlation_id,
            card.key,
            json.dumps(write_content(card.content)),
            action,
            task_name(number),
        )
    return number


def _read(row: Row[Any]) -> Task:
    return Task(
        number=row.number,
        request=row.request,
        requester=row.requester,
        channel=row.channel,
        thread_ts=row.thread_ts,
        state=TaskState(row.state),
        correlation_id=row.correlation_id,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


async def find(session: AsyncSession, number: int, *, lock: bool = False) -> Task | None:
    """The task with this number. With `lock` its row stays locked until the transaction ends."""
    query = select(task).where(task.c.number == number)
    row = (await session.execute(query.with_for_update() if lock else query)).first()
    return _read(row) if row else None


async def set_state(session: AsyncSession, number: int, state: TaskState) -> None:
    """Move a task to `state`; an end is stamped with its time."""
    values: dict[str, Any] = {"state": state.value}
    if state.ended:
        values["ended_at"] = func.now()
    await session.execute(update(task).where(task.c.number == number).values(**values))


async def mark_started(session: AsyncSession, number: int) -> None:
    """Note that the task's workflow has begun; a second time changes nothing."""
    await session.execute(
        update(task).where(task.c.number == number, task.c.started_at.is_(None)).values(started_at=func.now())
    )


async def list_unstarted(session: AsyncSession, *, age_seconds: float, limit: int) -> list[int]:
    """Numbers of planning tasks that have no workflow after `age_seconds`, oldest first."""
    rows = await session.execute(
        text(
            "SELECT number FROM task WHERE started_at IS NULL AND state = 'planning'"
            " AND created_at < now() - make_interval(secs => :age) ORDER BY number LIMIT :limit"
        ),
        {"age": age_seconds, "limit": limit},
    )
    return [int(number) for number in rows.scalars()]


async def list_open(session: AsyncSession, *, requester: str, channel: str, limit: int) -> list[Task]:
    """Tasks that have not ended, of this person or this channel, newest first."""
    query = (
        select(task)
        .where(task.c.ended_at.is_(None), (task.c.requester == requester) | (task.c.channel == channel))
        .order_by(task.c.number.desc())
        .limit(limit)
    )
    return [_read(row) for row in await session.execute(query)]


async def count_by_state(session: AsyncSession) -> dict[str, int]:
    """How many open tasks stand in each state."""
    query = select(task.c.state, func.count()).where(task.c.ended_at.is_(None)).group_by(task.c.state)
    return {state: int(count) for state, count in await session.execute(query)}
