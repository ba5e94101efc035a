"""A process that runs no workflows sends to one that waits in another."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from workflows import engine

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]


@pytest.fixture
async def session(postgres: Any) -> AsyncIterator[AsyncSession]:
    """Of this process, which has no engine of its own."""
    database = create_async_engine(postgres.cluster.dsn("asyncpg"))
    async with AsyncSession(database) as opened:
        yield opened
    await database.dispose()


async def test_a_workflow_of_another_process_wakes(
    launch: Launch, postgres: Any, poll: Poll, session: AsyncSession
) -> None:
    bot = await launch("--every", "60")  # nothing but the message itself wakes it
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")

    async with engine.attach(postgres.dsn):
        async with session.begin():
            await engine.send(session, "task-1", "yes", "decision", "A-1")
        async with session.begin():
            await engine.send(session, "task-1", "again", "decision", "A-1")
        sent = time.monotonic()
        assert (await bot.result("task-1"))["decision"] == "yes"
        assert time.monotonic() - sent < 5
    assert len(await postgres.fetch("select from dbos.notifications")) == 1


async def test_a_message_whose_transaction_is_rolled_back_was_never_sent(
    launch: Launch, postgres: Any, poll: Poll, session: AsyncSession
) -> None:
    bot = await launch()
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")

    async with engine.attach(postgres.dsn):
        async with session.begin() as transaction:
            await engine.send(session, "task-1", "lost", "decision", "A-1")
            await transaction.rollback()
        assert await postgres.fetch("select from dbos.notifications") == []

        with pytest.raises(engine.UnknownWorkflowError):
            async with session.begin():
                await engine.send(session, "task-9", "yes", "decision", "A-1")


async def test_only_within_the_block_and_only_once(postgres: Any, session: AsyncSession) -> None:
    async with engine.attach(postgres.dsn):
        with pytest.raises(RuntimeError, match="can send already"):
            async with engine.attach(postgres.dsn):
                pass
        with pytest.raises(engine.NotLaunchedError):
            await engine.status("task-1")
    with pytest.raises(engine.NotLaunchedError):
        await engine.send(session, "task-1", "yes", "decision", "A-1")
