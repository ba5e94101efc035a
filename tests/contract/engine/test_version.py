"""A deployment that changes a workflow while some of its kind wait."""

from collections.abc import Awaitable, Callable
from typing import Any

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]


async def test_waiting_workflows_go_on_after_a_change(
    launch: Launch, world: Any, postgres: Any, poll: Poll
) -> None:
    bot = await launch("--code", "old")
    await bot.start("release", "before-the-change", "past-the-change")
    await bot.ask("send", workflow_id="past-the-change", message=1, topic="go", key="1")
    await poll(lambda: shipped(postgres, 1), "one has come past the place of the change")
    await bot.kill()

    bot = await launch("--code", "new")
    await bot.start("release", "after-the-change")
    for each in ("before-the-change", "after-the-change"):
        await bot.ask("send", workflow_id=each, message=1, topic="go", key="1")
    await poll(lambda: shipped(postgres, 3), "all have shipped")
    await bot.kill()

    bot = await launch("--code", "new")
    for each in ("before-the-change", "past-the-change", "after-the-change"):
        await bot.ask("send", workflow_id=each, message=1, topic="end", key="2")
    assert await bot.result("past-the-change") == "old way"
    assert await bot.result("before-the-change") == await bot.result("after-the-change") == "new way"
    checked = sorted(each["key"] for each in world.calls("check"))
    assert checked == ["after-the-change:check", "before-the-change:check"]
    assert len(world.calls("build")) == len(world.calls("ship")) == 3


async def test_another_version_leaves_them_to_theirs(
    launch: Launch, world: Any, postgres: Any, poll: Poll
) -> None:
    bot = await launch()
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")
    await bot.kill()

    other = await launch("--version", "wf-2", "--grace", "0")
    await other.ask("send", workflow_id="task-1", message="yes", topic="decision", key="A-1")
    assert await other.ask("health") == ["running", 0]
    assert await other.state("task-1") == "running"

    bot = await launch()
    assert (await bot.result("task-1"))["decision"] == "yes"
    assert len(world.calls("ask")) == 1


async def shipped(postgres: Any, count: int) -> bool:
    return len(await postgres.effects("shipped")) >= count
