"""Offered answers: the buttons under a question."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.execution import Choice
from storage.database import metadata

choice = Table(
    "choice",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("task", BigInteger, ForeignKey("task.number"), nullable=False, index=True),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
)


async def offer(session: AsyncSession, task: int, key: str, values: Sequence[str]) -> None:
    """Replace what a task offers."""
    await session.execute(delete(choice).where(choice.c.task == task))
    if values:
        await session.execute(
            insert(choice), [{"task": task, "key": key, "value": value} for value in values]
        )


async def find(session: AsyncSession, choice_id: int) -> Choice | None:
    """The choice with this id, while it is offered."""
    row = (await session.execute(select(choice).where(choice.c.id == choice_id))).first()
    return Choice(row.id, row.task, row.key, row.value) if row else None


async def list_of(session: AsyncSession, task: int) -> tuple[Choice, ...]:
    """What a task offers, in order."""
    rows = await session.execute(select(choice).where(choice.c.task == task).order_by(choice.c.id))
    return tuple(Choice(row.id, row.task, row.key, row.value) for row in rows)
