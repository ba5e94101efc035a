"""kill -9 of Postgres while twenty approvals wait and a step runs: nothing is lost, and decisions soon wake all."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from bot.postgres import Cluster, ensure_running
from domain.task import TaskState
from tests.support.stage import Stage, set_embedded_stage
from tests.support.store import remove_cluster
from tests.support.wait import until

WAITING = 20
WAKE_SECONDS = 10.0
LATE_SECONDS = 3


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Cluster]:
    """The bot's own server, reached beside the bot."""
    async with await ensure_running(tmp_path / "data", lambda _: None) as cluster:
        yield cluster
    await remove_cluster(tmp_path / "data")


def kill_postmaster(cluster: Cluster) -> None:
    pid = int((cluster.home / "data" / "postmaster.pid").read_text().splitlines()[0])
    process = psutil.Process(pid)
    assert "postgres" in process.name()
    process.kill()


async def answers(stage: Stage) -> bool:
    """Whether the database is there, without any pool between."""
    with suppress(OSError, asyncpg.PostgresError):
        connection = await asyncpg.connect(stage.database_url, timeout=2)
        await connection.close()
        return True
    return False


async def is_away(stage: Stage) -> bool:
    return not await answers(stage)


async def submit(stage: Stage, request: str) -> int:
    task = await stage.ops.execute(request)
    await stage.ops.card(task, "Waits for approval")
    return task


async def decide(stage: Stage, task: int) -> None:
    """Click until it is acknowledged: what the bot could not take, it says so, and the person clicks again."""
    await until(lambda: stage.approve(task), f"the click on T-{task} is taken", 20, 0.1)


@pytest.mark.timeout(120)
async def test_decisions_wake_what_waits_after_postgres_was_killed(embedded: Cluster, tmp_path: Path) -> None:
    async with set_embedded_stage(embedded, tmp_path) as stage:
        waiting = [await submit(stage, f"deploy search v{100 + n}") for n in range(WAITING)]
        running = await submit(stage, "deploy checkout v44 to staging")
        await stage.world("faults", mode="late", times=1, delay_s=LATE_SECONDS, service="checkout")
        await stage.approve(running)
        await until(lambda: stage.calls(running), "the step runs")

        kill_postmaster(embedded)
        gone = time.monotonic()
        await until(lambda: is_away(stage), "it is gone", 5, 0.01)
        await until(lambda: answers(stage), "the bot has brought it back", 40, 0.05)
        back = time.monotonic()
        await asyncio.gather(*(decide(stage, task) for task in waiting))

        async def all_done() -> bool:
            states = [await stage.state(task) for task in [*waiting, running]]
            return all(state is TaskState.DONE for state in states)

        await until(all_done, "all tasks are done", 40, 0.05)
        assert time.monotonic() - back < WAKE_SECONDS + max(0.0, LATE_SECONDS - (back - gone))
        await stage.settled()
        assert not await stage.repeated()
        for task in [*waiting, running]:
            calls = await stage.calls(task)
            assert [(key, call["requests"], call["effects"]) for key, call in calls.items()] == [
                (f"T-{task}:1", 1, 1)
            ]
            ended = {"state": "done", "approvals": 1, "decisions": 1, "steps": ["done"]}
            assert await stage.final(task) == ended
