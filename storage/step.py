"""The steps of plans, with their receipts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, Table, Text, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain.execution import StepRecord, StepState
from storage.database import Database, metadata

step = Table(
    "step",
    metadata,
    Column("task", BigInteger, ForeignKey("task.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("action", Text, nullable=False),
    Column("arguments", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("request", JSONB, nullable=False, comment="as approvers see it, nothing expanded"),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("receipt", JSONB),
    Column("undo_calls", Integer, nullable=False, server_default="0"),
    Column("undo_receipt", JSONB),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
)


async def replace_all(session: AsyncSession, task: int, steps: Sequence[Mapping[str, Any]]) -> None:
    """Write a plan: each step's number, action, arguments, digest and request."""
    await session.execute(step.delete().where(step.c.task == task))
    await session.execute(step.insert(), [{"task": task, **each} for each in steps])


async def list_of(session: AsyncSession, task: int) -> tuple[StepRecord, ...]:
    """The steps of a task in their order."""
    rows = await session.execute(select(step).where(step.c.task == task).order_by(step.c.number))
    return tuple(_read(row) for row in rows)


async def begin(session: AsyncSession, task: int, number: int) -> None:
    """The step's intent is recorded: from here on its effect may exist."""
    await session.execute(
        _of(task, number).values(
            state=StepState.RUNNING.value, started_at=func.coalesce(step.c.started_at, func.now())
        )
    )


async def end(
    session: AsyncSession, task: int, number: int, state: StepState, receipt: Mapping[str, Any]
) -> None:
    """The step's receipt."""
    await session.execute(
        _of(task, number).values(state=state.value, receipt=dict(receipt), ended_at=func.now())
    )


async def note_retry(
    session: AsyncSession, task: int, number: int, note: Mapping[str, Any], *, undo: bool
) -> bool:
    """Note that the call under way is repeated; False where it has ended, and its receipt stays."""
    state, column = (StepState.UNDOING, "undo_receipt") if undo else (StepState.RUNNING, "receipt")
    changed = _of(task, number).where(step.c.state == state.value).values({column: dict(note)})
    return (await session.execute(changed.returning(step.c.number))).first() is not None


async def begin_undo(session: AsyncSession, task: int, number: int) -> None:
    """The intent to take a step back."""
    await session.execute(_of(task, number).values(state=StepState.UNDOING.value))


async def end_undo(
    session: AsyncSession, task: int, number: int, state: StepState, receipt: Mapping[str, Any]
) -> None:
    """The receipt of taking a step back."""
    await session.execute(_of(task, number).values(state=state.value, undo_receipt=dict(receipt)))


async def count_call(database: Database, task: int, number: int, *, undo: bool = False) -> int:
    """Note, in a commit of its own, that the call is about to be made; returns the how-manieth that is. More than
    one means that an earlier process died in it.
    """
    column = "undo_calls" if undo else "calls"
    count: int = await database.quick.fetchval(
        f"UPDATE step SET {column} = {column} + 1 WHERE task = $1 AND number = $2 RETURNING {column}",  # noqa: S608
        task,
        number,
    )
    return count


def _of(task: int, number: int) -> Any:
    return update(step).where(step.c.task == task, step.c.number == number)


def _read(row: Row[Any]) -> StepRecord:
    return StepRecord(
        task=row.task,
        number=row.number,
        action=row.action,
        arguments=row.arguments,
        digest=row.digest,
        request=row.request,
        state=StepState(row.state),
        calls=row.calls,
        receipt=row.receipt,
        undo_receipt=row.undo_receipt,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
