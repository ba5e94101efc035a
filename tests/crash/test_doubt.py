"""kill -9 during a call that must not be repeated: nobody repeats it, and a person is asked what is true."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.postgres import Cluster
from domain.task import TaskState
from tests.support.hand import text_of
from tests.support.stage import Stage, set_stage
from tests.support.trap import Point, open_trap
from tests.support.wait import until

ACTIONS = Path(__file__).with_name("actions.yaml")


@pytest.fixture(scope="module")
async def shared(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One stage for all: each test publishes a version of its own."""
    async with set_stage(cluster, tmp_path_factory.mktemp("doubt"), QD_ACTIONS=str(ACTIONS)) as stage:
        yield stage


@pytest.fixture
async def stage(shared: Stage) -> Stage:
    await shared.world("faults", clear=True)
    return shared


async def requests_of(stage: Stage, version: str) -> int:
    """How often the deployer was asked to publish it."""
    calls = (await stage.ops.world())["calls"]
    return sum(call["requests"] for call in calls if call["idempotency_key"] == f"publish-checkout-{version}")


async def is_in_doubt(stage: Stage, task: int) -> bool:
    return await stage.state(task) is TaskState.IN_DOUBT


async def check(stage: Stage, task: int, version: str, requests: int) -> None:
    """It ends in doubt, the card asks a person, and it was not repeated."""
    await until(lambda: is_in_doubt(stage, task), "the task is in doubt")
    words = text_of(await stage.ops.card(task, "In doubt"))
    assert "Please look" in words
    await until(lambda: stage.shown(f"report:{task}"), "the report")
    assert await requests_of(stage, version) == requests
    assert "approval.approve" not in words


async def test_killed_while_the_other_side_works(stage: Stage) -> None:
    await stage.world("faults", mode="late", times=1, delay_s=60)
    asking = asyncio.create_task(stage.ops.execute("publish checkout v50"))
    await until(lambda: requests_of(stage, "v50"), "the deployer is asked")
    await stage.bot.kill()
    task = await asking
    await stage.bot.start()
    await check(stage, task, "v50", requests=1)


async def test_killed_before_it_was_sent_cannot_be_told_from_after(stage: Stage) -> None:
    """The count of the call is held in the database, so that nothing was sent; the next process cannot know."""
    async with open_trap(stage.database_url) as trap:
        await trap.set([Point("count", "tell", "step", "NEW.calls = 1")], await stage.next_task())
        await stage.world("faults", mode="hang", times=1)
        task = await stage.ops.execute("publish checkout v51")
        await trap.sprung()
        await stage.bot.kill()
        await trap.clear()
    sent = await requests_of(stage, "v51")
    await stage.bot.start()
    await check(stage, task, "v51", requests=sent)


async def test_an_uncounted_call_is_made(stage: Stage) -> None:
    """Killed a moment earlier, before the count was committed: certainly nothing was sent, and it is done now."""
    async with open_trap(stage.database_url) as trap:
        await trap.set([Point("count", "hold", "step", "NEW.calls = 1")], await stage.next_task())
        task = await stage.ops.execute("publish checkout v52")
        await trap.sprung()
        await stage.bot.kill()
        await trap.clear()
    await stage.bot.start()
    await stage.ops.card(task, "Done")
    assert await requests_of(stage, "v52") == 1


async def test_what_is_repeated_after_a_kill_and_fails_may_have_been_done(stage: Stage) -> None:
    """The first request has its effect and is lost with the process; the second one, under the same key, fails."""
    await stage.world("faults", mode="late", times=1, delay_s=60)
    task = await stage.ops.execute("announce checkout v53")
    await until(lambda: stage.calls(task), "the deployer is asked")
    await stage.bot.kill()
    await stage.world("faults", mode="error", times=1)
    await stage.bot.start()
    await until(lambda: is_in_doubt(stage, task), "the task is in doubt")
    assert "may have been done" in text_of(await stage.ops.card(task, "In doubt"))
    call = (await stage.calls(task))[f"T-{task}:1"]
    assert (call["requests"], call["effects"]) == (2, 1)
