"""kill -9 of Postgres, and its return: nothing fails, and what waits wakes within ten seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]
WAKE_SECONDS = 10.0


async def test_waiting_workflows_wake_soon_after_its_return(
    launch: Launch, postgres: Any, poll: Poll
) -> None:
    bot = await launch("--every", "5")
    early, late = [f"early-{n}" for n in range(10)], [f"late-{n}" for n in range(10)]
    await bot.start("approval", *early, *late, args=("rollback",))
    await poll(lambda: settled(postgres, 20), "all wait")

    postgres.kill()
    # Sent the moment the database takes it, while the listener of the engine has not come back.
    sending = asyncio.gather(*(send(bot, each) for each in early))
    await poll(lambda: is_down(bot), "the engine says that the database is gone")
    await postgres.bring_back()
    back = time.monotonic()
    await sending
    assert time.monotonic() - back < 5
    for each in early:
        assert (await bot.result(each, WAKE_SECONDS))["decision"] == "yes"
    assert time.monotonic() - back < WAKE_SECONDS

    await poll(lambda: is_running(bot), "the engine says that all is well")
    for each in late:
        await send(bot, each)
        assert (await bot.result(each, 2))["decision"] == "yes"


async def test_work_in_flight_is_waited_out(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    ids = [f"task-{n}" for n in range(8)]
    await bot.start("gated", "at-a-gate")
    await bot.start("rows", *ids, args=(25,))
    await poll(lambda: settled(postgres, 20), "some rows are written")
    await poll(lambda: world.calls("during"), "the step stands at its gate")

    postgres.kill()
    starting = asyncio.create_task(bot.start("rows", "late", args=(3,)))
    world.open("gate")
    await poll(lambda: is_down(bot), "the engine says that the database is gone")
    gone = time.monotonic()
    await poll(lambda: time.monotonic() - gone > 2.5, "it is away for longer than the first retries")
    await postgres.bring_back()
    back = time.monotonic()

    await starting
    for each in ids:
        assert await bot.result(each) == 25
    assert await bot.result("at-a-gate") == "through"
    assert await bot.result("late") == 3
    assert time.monotonic() - back < WAKE_SECONDS
    assert len(await postgres.effects("row-%")) == len(set(await postgres.effects("row-%"))) == 8 * 25 + 3
    assert len(world.calls("during")) == 1, "a step that had ended is only recorded again"


async def test_closes_while_it_is_away(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    bot = await launch("--drain", "0.5")
    await bot.start("approval", *(f"task-{n}" for n in range(20)), args=("rollback",))
    await poll(lambda: settled(postgres, 20), "all wait")
    await bot.start("rows", "busy", args=(10_000,))

    postgres.kill()
    await poll(lambda: is_down(bot), "the engine says that the database is gone")
    before = time.monotonic()

    assert await bot.close() == 0
    assert time.monotonic() - before < 5
    assert "Traceback" not in bot.noise
    assert world.calls("closed")[0]["seconds"] < 4

    await postgres.bring_back()
    found = await postgres.fetch("select distinct status from dbos.workflow_status")
    assert [row["status"] for row in found] == ["PENDING"]


async def test_outage_is_told_in_few_lines(launch: Launch, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("rows", *(f"task-{n}" for n in range(10)), args=(200,))
    await poll(lambda: settled(postgres, 20), "some rows are written")

    postgres.kill()
    await poll(lambda: is_down(bot), "the engine says that the database is gone")
    await postgres.bring_back()
    await poll(lambda: is_running(bot), "the engine says that all is well")

    assert "the engine lost the database" in bot.noise
    assert len(bot.noise.splitlines()) < 60, bot.noise
    assert "row-" not in bot.noise, "no parameter of a statement reaches the log"


async def send(bot: Any, workflow_id: str) -> None:
    await bot.ask("send", workflow_id=workflow_id, message="yes", topic="decision", key="A-1")


async def settled(postgres: Any, rows: int) -> bool:
    return len(await postgres.effects()) >= rows


async def is_down(bot: Any) -> bool:
    return (await bot.ask("health"))[0] == "down"


async def is_running(bot: Any) -> bool:
    return (await bot.ask("health"))[0] == "running"
