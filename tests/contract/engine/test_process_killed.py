"""kill -9 of the process: at a wait, in a step, in a sleep, and a hundred times over."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]


async def written(postgres: Any, count: int) -> bool:
    return len(await postgres.effects()) >= count


async def test_killed_while_it_waits(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")
    await bot.kill()

    # However long the others are patient: a process that starts takes over what is left at once.
    bot = await launch("--grace", "3600")
    await bot.ask("send", workflow_id="task-1", message={"approved": True}, topic="decision", key="A-1")

    assert await bot.result("task-1") == {"subject": "rollback", "decision": {"approved": True}}
    assert len(world.calls("ask")) == 1
    assert len(world.calls("act")) == 1
    assert await postgres.effects() == ["task-1/record"]


async def test_message_that_came_while_nobody_ran_is_found(launch: Launch, postgres: Any, poll: Poll) -> None:
    bot, other = await launch(), await launch("--version", "of-another-deployment")
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")
    await bot.kill()

    await other.ask("send", workflow_id="task-1", message="yes", topic="decision", key="A-1")

    bot = await launch()
    assert (await bot.result("task-1"))["decision"] == "yes"


async def test_killed_in_a_step(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("gated", "task-1")
    await poll(lambda: world.calls("during"), "the step stands at its gate")
    await bot.kill()

    world.open("gate")
    bot = await launch()

    assert await bot.result("task-1") == "through"
    assert len(world.calls("before")) == 1
    assert len(world.calls("after")) == 1
    assert await postgres.effects() == ["task-1/record"]
    keys = [each["key"] for each in world.calls("during")]
    assert keys == ["task-1:during"] * 2, "the step in flight runs again, under the key it had"


async def test_transactions_commit_exactly_once(launch: Launch, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    ids = [f"task-{n:02}" for n in range(20)]
    for enough in (15, 45):
        starting = asyncio.create_task(bot.start("rows", *ids, args=(5,)))
        await poll(lambda count=enough: written(postgres, count), f"{enough} rows are written")
        await bot.kill()
        await asyncio.wait([starting])
        bot = await launch()
    await bot.start("rows", *ids, args=(5,))
    for each in ids:
        assert await bot.result(each) == 5
    assert await postgres.effects() == [f"{each}/row-{n}" for each in ids for n in range(5)]


async def test_sleep_ends_when_it_would_have(launch: Launch, world: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("nap", "task-1", args=(3.0,))
    await poll(lambda: world.calls("lie down"), "it sleeps")
    await poll(lambda: time.time() - world.calls("lie down")[0]["at"] > 1, "it has slept for a while")
    await bot.kill()

    bot = await launch()

    assert await bot.result("task-1") == "rested"
    slept = world.calls("get up")[0]["at"] - world.calls("lie down")[0]["at"]
    assert 3.0 <= slept < 4.8
    assert len(world.calls("lie down")) == 1


async def test_recovered_more_often_than_the_library_likes(launch: Launch, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")
    await bot.kill()
    await postgres.fetch("update dbos.workflow_status set recovery_attempts = 5000")

    bot = await launch()
    await bot.ask("send", workflow_id="task-1", message="yes", topic="decision", key="A-1")

    assert (await bot.result("task-1"))["decision"] == "yes"
