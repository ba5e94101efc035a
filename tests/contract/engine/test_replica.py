"""Two processes on one database: a dead one's work is taken over, a living one's is left alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

Launch = Callable[..., Awaitable[Any]]
Poll = Callable[..., Awaitable[Any]]


async def test_work_of_a_killed_process_is_adopted(
    launch: Launch, world: Any, postgres: Any, poll: Poll
) -> None:
    first, second = await asyncio.gather(launch(), launch())
    await first.start("approval", "waits", args=("rollback",))
    await first.start("gated", "works")
    await poll(postgres.effects, "the workflow has come to its wait")
    await poll(lambda: world.calls("during"), "the step stands at its gate")

    await first.kill()
    killed = time.time()
    world.open("gate")
    assert await second.result("works") == "through"
    await second.ask("send", workflow_id="waits", message="yes", topic="decision", key="A-1")
    assert (await second.result("waits"))["decision"] == "yes"

    assert world.calls("after")[0]["at"] - killed < 5
    assert {each["pid"] for each in world.calls("after")} == {second.process.pid}
    assert len(world.calls("before")) == len(world.calls("ask")) == 1, "no step that had ended runs again"
    assert [each["key"] for each in world.calls("during")] == ["works:during"] * 2
    assert await postgres.effects() == ["waits/record", "works/record"]


async def test_work_of_a_living_process_is_left_alone(launch: Launch, world: Any, poll: Poll) -> None:
    first, second = await asyncio.gather(launch(), launch("--grace", "0"))
    await first.start("gated", "works")
    await poll(lambda: world.calls("during"), "the step stands at its gate")
    watched = time.monotonic()
    await poll(lambda: time.monotonic() - watched > 1.5, "the second has looked for orphans several times")
    world.open("gate")

    assert await second.result("works") == "through"
    assert {each["pid"] for each in world.calls("during") + world.calls("after")} == {first.process.pid}
    assert len(world.calls("during")) == 1


async def test_lost_lock_is_taken_again(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    first, second = await asyncio.gather(launch(), launch("--grace", "1.5"))
    await first.start("gated", "works")
    await poll(lambda: world.calls("during"), "the step stands at its gate")

    cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()"
    assert len(await postgres.fetch(cut)) >= 2
    watched = time.monotonic()
    await poll(lambda: time.monotonic() - watched > 2.5, "the grace is over")
    world.open("gate")

    assert await second.result("works") == "through"
    assert len(world.calls("during")) == 1, "both were taken for living"


async def test_start_of_one_id_by_both_runs_once(launch: Launch, world: Any, postgres: Any) -> None:
    first, second = await asyncio.gather(launch(), launch())
    world.open("gate")
    await asyncio.gather(*(bot.start("gated", "task-1") for bot in (first, second, first)))

    assert await first.result("task-1") == await second.result("task-1") == "through"
    await second.start("gated", "task-1")
    for name in ("before", "during", "after"):
        assert len(world.calls(name)) == 1
    assert await postgres.effects() == ["task-1/record"]


async def test_cancelled_by_the_other(launch: Launch, world: Any, postgres: Any, poll: Poll) -> None:
    first, second = await asyncio.gather(launch(), launch())
    running = asyncio.create_task(
        first.ask("run", workflow="approval", workflow_id="task-1", args=["rollback"])
    )
    await poll(postgres.effects, "the workflow has come to its wait")

    await second.ask("cancel", workflow_id="task-1")

    assert await first.state("task-1") == "cancelled"
    await asyncio.wait([running], timeout=5)
    assert "WorkflowCancelledError" in str(running.exception())
    await second.ask("send", workflow_id="task-1", message="yes", topic="decision", key="A-1")
    assert await first.state("task-1") == "cancelled"
    assert world.calls("act") == []
