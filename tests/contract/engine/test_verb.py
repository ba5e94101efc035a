"""What each verb promises, without any catastrophe."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]


async def send(bot: Any, message: Any = "yes", key: str = "A-1", **more: Any) -> None:
    await bot.ask("send", workflow_id="task-1", message=message, topic="decision", key=key, **more)


async def test_message_and_row_commit_together(launch: Launch, postgres: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")

    with pytest.raises(LookupError, match="the unit of work failed"):
        await send(bot, "lost", "A-0", row="decided", fail=True)
    assert await postgres.effects("decided") == []

    await send(bot, "kept", "A-1", row="decided")
    assert (await bot.result("task-1"))["decision"] == "kept"
    assert await postgres.effects("decided") == ["task-1/decided"]


async def test_second_message_under_one_key_is_dropped(
    launch: Launch, postgres: Any, poll: Poll, world: Any
) -> None:
    bot = await launch()
    await bot.start("fragile", "task-1", args=(0, 0))
    await poll(lambda: world.calls("seen"), "the workflow has come to its wait")
    await asyncio.gather(*(send(bot, n, "A-1") for n in range(5)))
    await send(bot, "other", "A-2")

    assert (await bot.result("task-1"))["decision"] in range(5)
    assert len(await postgres.fetch("select from dbos.notifications")) == 2


async def test_message_to_nobody_is_refused(launch: Launch) -> None:
    bot = await launch()
    with pytest.raises(LookupError, match="UnknownWorkflowError"):
        await send(bot)
    with pytest.raises(LookupError, match="UnknownWorkflowError"):
        await bot.state("task-1")


async def test_wait_ends_without_a_message(launch: Launch) -> None:
    bot = await launch()
    before = time.monotonic()
    assert await bot.ask("run", workflow="patience", workflow_id="task-1", args=[0.5]) is None
    assert 0.5 <= time.monotonic() - before < 2


async def test_cancelled_at_its_wait(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    bot = await launch("--every", "60")
    running = asyncio.create_task(
        bot.ask("run", workflow="approval", workflow_id="task-1", args=["rollback"])
    )
    await poll(postgres.effects, "the workflow has come to its wait")

    await bot.ask("cancel", workflow_id="task-1")

    with pytest.raises(LookupError, match="WorkflowCancelledError"):
        await asyncio.wait_for(running, 5)
    assert await bot.state("task-1") == "cancelled"
    assert world.calls("act") == []
    assert await bot.ask("health") == ["running", 0]
    await bot.close()
    assert bot.noise == "", "a cancelled workflow is no news"


async def test_cancelled_in_a_step(launch: Launch, world: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("gated", "task-1")
    await poll(lambda: world.calls("during"), "the step stands at its gate")
    await bot.ask("cancel", workflow_id="task-1")
    world.open("gate")
    await bot.close()

    assert world.calls("after") == [], "the step in flight ends, the next does not begin"


async def test_failed_step_is_the_same_on_a_replay(launch: Launch, world: Any, poll: Poll) -> None:
    bot = await launch()
    await bot.start("fragile", "task-1", args=(99, 0))
    await poll(lambda: world.calls("seen"), "the workflow has come to its wait")
    await bot.kill()

    bot = await launch()
    await poll(lambda: len(world.calls("seen")) == 2, "the workflow has come to its wait again")
    await send(bot)

    assert (await bot.result("task-1"))["outcome"] == "LookupError/find is not there"
    assert {each["outcome"] for each in world.calls("seen")} == {"LookupError/find is not there"}
    assert len(world.calls("find")) == 1


async def test_step_is_retried_under_its_key(launch: Launch, world: Any) -> None:
    bot = await launch()
    await bot.start("fragile", "task-1", args=(2, 3))
    await send(bot)

    assert (await bot.result("task-1"))["outcome"] == "found"
    assert [each["key"] for each in world.calls("find")] == ["task-1:find"] * 3


async def test_transaction_that_fails_leaves_nothing(launch: Launch, postgres: Any) -> None:
    await postgres.fetch("create unique index on effect (workflow, name)")
    bot = await launch()

    assert await bot.ask("run", workflow="violation", workflow_id="task-1", args=[]) == "IntegrityError"
    assert await postgres.effects() == []


async def test_deadlock_is_no_failure(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    await postgres.fetch("insert into effect (name) values ('one'), ('two')")
    bot = await launch()
    await bot.start("crossing", "task-1", args=("one", "two"))
    await bot.start("crossing", "task-2", args=("two", "one"))
    await poll(lambda: len(world.calls("locked")) == 2, "each has locked a row")
    world.open("gate")

    assert [await bot.result("task-1"), await bot.result("task-2")] == ["one", "two"]
    assert len(world.calls("locked")) == 3, "the one that gave way began again"


async def test_crowded_pool_is_no_failure(launch: Launch, world: Any, poll: Poll) -> None:
    bot = await launch("--pool-timeout", "0.2")
    holding = asyncio.create_task(bot.ask("hold", gate="gate"))
    await poll(lambda: world.calls("held"), "all connections are taken")
    await bot.start("rows", "task-1", args=(2,))
    crowded = time.monotonic()
    await poll(lambda: time.monotonic() - crowded > 0.6, "the pool has given up several times")
    world.open("gate")

    await holding
    assert await bot.result("task-1") == 2


async def test_transaction_is_read_committed(launch: Launch) -> None:
    bot = await launch()
    assert await bot.ask("run", workflow="isolation", workflow_id="task-1", args=[]) == "read committed"


async def test_failed_workflow_says_why(launch: Launch) -> None:
    bot = await launch()
    with pytest.raises(LookupError, match="WorkflowError: ValueError: no such plan"):
        await bot.ask("run", workflow="broken", workflow_id="task-1", args=[])

    found = await bot.ask("status", workflow_id="task-1")
    assert found == {
        "state": "failed",
        "name": "broken",
        "result": None,
        "error": "ValueError: no such plan",
    }
    assert "workflow task-1 (broken) failed" in bot.noise


async def test_only_json_is_stored(launch: Launch, postgres: Any) -> None:
    bot = await launch()
    with pytest.raises(LookupError, match="object is not JSON serializable"):
        await bot.ask("run", workflow="unstorable", workflow_id="task-1", args=[])
    await bot.ask("run", workflow="rows", workflow_id="task-2", args=[2])

    kinds = await postgres.fetch(
        "select serialization from dbos.workflow_status union select serialization from dbos.operation_outputs"
    )
    assert {row["serialization"] for row in kinds} == {"json"}


async def test_pickle_in_the_database_is_refused(
    launch: Launch, postgres: Any, poll: Poll, world: Any
) -> None:
    bot = await launch()
    await bot.start("approval", "task-1", args=("rollback",))
    await poll(postgres.effects, "the workflow has come to its wait")
    evil = "Y3Bvc2l4CnN5c3RlbQooUyd0cnVlJwp0Ui4="
    await postgres.fetch(
        "insert into dbos.notifications (destination_uuid, topic, message, serialization) "
        "values ('task-1', 'decision', $1, 'py_pickle')",
        evil,
    )

    async def failed() -> bool:
        return await bot.state("task-1") == "failed"

    await poll(failed, "the workflow has refused the message")
    assert (
        "a pickled value in the database is refused"
        in (await bot.ask("status", workflow_id="task-1"))["error"]
    )
    assert world.calls("act") == []
