"""What the engine costs its process, and how it leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS, _serialization, _sys_db
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from workflows import engine
from workflows.engine import library

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]
WAITING = 100


async def test_closes_at_once_and_forgets_nothing(
    launch: Launch, world: Any, postgres: Any, poll: Poll
) -> None:
    bot = await launch()
    ids = [f"task-{n:03}" for n in range(WAITING)]
    await bot.start("approval", *ids, args=("rollback",))
    await poll(lambda: written(postgres, WAITING), "all wait")
    assert await bot.ask("health") == ["running", WAITING]

    assert await bot.close() == 0
    assert world.calls("closed")[0]["seconds"] < 1
    assert bot.noise == ""
    statuses = await postgres.fetch("select distinct status from dbos.workflow_status")
    assert [row["status"] for row in statuses] == ["PENDING"]

    bot = await launch()
    await asyncio.gather(
        *(bot.ask("send", workflow_id=each, message="yes", topic="decision", key="A-1") for each in ids)
    )
    for each in ids:
        assert (await bot.result(each))["decision"] == "yes"
    assert len(world.calls("ask")) == len(world.calls("act")) == WAITING


async def test_step_in_flight_ends_before_it_closes(launch: Launch, world: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("gated", "task-1")
    await poll(lambda: world.calls("during"), "the step stands at its gate")
    closing = asyncio.create_task(bot.close())
    world.open("gate")
    assert await closing == 0
    assert world.calls("after") == [], "no step begins while it closes"

    bot = await launch()
    assert await bot.result("task-1") == "through"
    assert len(world.calls("during")) == len(world.calls("after")) == 1


async def test_busy_workflows_do_not_hold_it_up(
    launch: Launch, world: Any, postgres: Any, poll: Poll
) -> None:
    bot = await launch()
    await bot.start("rows", *(f"task-{n}" for n in range(8)), args=(10_000,))
    await poll(lambda: written(postgres, 20), "all are busy")

    assert await bot.close() == 0
    assert world.calls("closed")[0]["seconds"] < 2
    found = await postgres.fetch("select distinct status from dbos.workflow_status")
    assert [row["status"] for row in found] == ["PENDING"]


async def test_few_connections_under_load(launch: Launch, postgres: Any) -> None:
    bot = await launch()
    most = 0
    working = asyncio.create_task(bot.start("rows", *(f"task-{n}" for n in range(40)), args=(4,)))
    count = "select count(*) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()"
    while not working.done() or len(await postgres.effects()) < 160:
        most = max(most, (await postgres.fetch(count))[0][0])
    assert most <= 5 + 6, "five of our own pool, six of the engine"
    assert most > 6


async def test_recovering_until_all_is_taken_up(launch: Launch, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("approval", *(f"task-{n}" for n in range(50)), args=("rollback",))
    await poll(lambda: written(postgres, 50), "all wait")
    await bot.kill()

    bot = await launch()
    assert (await bot.ask("health"))[0] == "recovering"

    async def recovered() -> bool:
        return bool(await bot.ask("health") == ["running", 50])

    await poll(recovered, "all are taken up")


async def test_does_not_launch_without_a_database(tmp_path: Path) -> None:
    database = create_async_engine(f"postgresql+asyncpg://nobody@/nothing?host={tmp_path}")

    with pytest.raises((OSError, SQLAlchemyError)):
        await engine.launch(engine.Config(f"postgresql://nobody@/nothing?host={tmp_path}", database))

    assert engine.Engine.running is None
    with pytest.raises(engine.NotLaunchedError):
        await engine.status("task-1")


def test_services_come_as_they_were_bound() -> None:
    engine.bind(Path("/"))
    assert engine.services(Path) == Path("/")
    with pytest.raises(TypeError, match="bound to PosixPath, not str"):
        engine.services(str)


def test_seams_of_the_pinned_library() -> None:
    """What library.py reaches into. When one of these fails, read the library's new source before anything else."""
    assert version("dbos") == "3.4.0"
    assert _serialization.DBOSDefaultSerializer.name() == "py_pickle"
    assert hasattr(_sys_db, "time")
    names = DBOS._destroy.__code__.co_names + DBOS.__init__.__code__.co_names
    assert "_workflow_tasks" in names
    assert "_sys_db_field" in names
    assert "notifications_map" in _sys_db.SystemDatabase.__init__.__code__.co_names
    assert "_retry_connection_errors" in _sys_db.SystemDatabase.__init__.__code__.co_names
    waiters = _sys_db.ThreadSafeEventDict()
    waiters.add("task-1::go", _sys_db.LoopAwareEvent(), ("task-1", "go", None))
    [(_, parts, signal)] = waiters.snapshot()
    assert parts == ("task-1", "go", None)
    assert callable(signal.set)
    assert library.SCHEMA == "dbos"


async def written(postgres: Any, count: int) -> bool:
    return len(await postgres.effects()) >= count
