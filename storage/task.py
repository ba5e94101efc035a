"""Tasks: the table and its repository."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Float, Sequence, Table, Text, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain.approval import Assessment, Level
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
    Column("type", Text, nullable=False, server_default="execution"),
    Column("agent", Text, comment="who planned it"),
    Column("answers", JSONB, nullable=False, server_default="{}"),
    Column("question", JSONB),
    Column("level", Text),
    Column("score", Float),
    Column("reasons", JSONB, nullable=False, server_default="[]"),
    Column("note", Text, comment="why it ended as it did"),
    Column("ended_at", DateTime(timezone=True)),
)

# The number is drawn only for an event that is new; a repetition waits here until the first one has ended.
_CLAIM = """
INSERT INTO inbound_event (key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING nextval('task_number')
"""

_ACCEPT = """
WITH new_task AS (
    INSERT INTO task (number, request, requester, channel, thread_ts, state, correlation_id, answers)
    VALUES ($1, $2, $3, $4, $5, 'planning', $6, $11::jsonb)
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


async def accept(
    database: Database,
    ask: Ask,
    action: str,
    draw: Callable[[int], CardDraft],
    answers: Mapping[str, str] | None = None,
) -> int | None:
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
            json.dumps(dict(answers or {})),
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


async def list_undoing(session: AsyncSession, number: int) -> list[Task]:
    """The tasks that take this one back, or tried to, newest first."""
    query = select(task).where(task.c.answers["undoes"].astext == str(number)).order_by(task.c.number.desc())
    return [_read(row) for row in await session.execute(query)]


async def count_by_state(session: AsyncSession) -> dict[str, int]:
    """How many open tasks stand in each state."""
    query = select(task.c.state, func.count()).where(task.c.ended_at.is_(None)).group_by(task.c.state)
    return {state: int(count) for state, count in await session.execute(query)}


@dataclass(frozen=True)
class Planning:
    """What planning a task knows besides the task: answers so far, and the open question as stored."""

    answers: dict[str, str]
    question: dict[str, Any] | None
    assessment: Assessment | None
    note: str | None


async def get_planning(session: AsyncSession, number: int) -> Planning:
    """The planning state of a task that exists."""
    row = (await session.execute(select(task).where(task.c.number == number))).one()
    assessment = Assessment(Level(row.level), row.score, tuple(row.reasons)) if row.level else None
    return Planning(dict(row.answers), row.question, assessment, row.note)


async def ask(session: AsyncSession, number: int, question: dict[str, Any]) -> None:
    """The task needs an answer."""
    await session.execute(
        update(task)
        .where(task.c.number == number)
        .values(state=TaskState.NEEDS_INPUT.value, question=question)
    )


async def add_answer(session: AsyncSession, number: int, key: str, value: str) -> None:
    """Keep an answer and go on planning."""
    await session.execute(
        text(
            "UPDATE task SET answers = answers || jsonb_build_object(CAST(:key AS text), CAST(:value AS text)),"
            " question = NULL, state = 'planning' WHERE number = :number"
        ),
        {"number": number, "key": key, "value": value},
    )


async def note_planner(session: AsyncSession, number: int, agent: str) -> None:
    """Who planned the task; one that answers say it undoes another is of that type."""
    await session.execute(
        text(
            "UPDATE task SET agent = :agent, type = CASE WHEN answers ? 'undoes' THEN 'undo' ELSE type END"
            " WHERE number = :number"
        ),
        {"number": number, "agent": agent},
    )


async def assess(session: AsyncSession, number: int, assessment: Assessment) -> None:
    """Keep how risky the plan is."""
    values = {"level": assessment.level.value, "score": assessment.score, "reasons": list(assessment.reasons)}
    await session.execute(update(task).where(task.c.number == number).values(**values))


async def end(session: AsyncSession, number: int, state: TaskState, note: str) -> None:
    """End a task, with the sentence that says why."""
    await session.execute(
        update(task)
        .where(task.c.number == number)
        .values(state=state.value, note=note, question=None, ended_at=func.now())
    )


async def find_waiting_in_thread(session: AsyncSession, channel: str, thread_ts: str) -> int | None:
    """The task that waits for an answer in this thread: its own, or the one under its card."""
    found = await session.execute(
        text(
            "SELECT t.number FROM task t LEFT JOIN card c ON c.key = 'task:' || t.number"
            " WHERE t.state = 'needs_input' AND t.channel = :channel"
            " AND (t.thread_ts = :thread OR c.ts = :thread) ORDER BY t.number DESC LIMIT 1"
        ),
        {"channel": channel, "thread": thread_ts},
    )
    return found.scalar()
