"""kill -9 at every journalled point of a taking back: what was done is undone once, and people are told once."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bot.postgres import Cluster
from tests.support.journal import batches, points_in, read_journal
from tests.support.stage import Stage, set_stage
from tests.support.trap import Point, Trap, open_trap


def request(version: int) -> str:
    return f"deploy mobile-api v{version} to staging, then to production"


async def kill_at(stage: Stage, trap: Trap, points: Sequence[Point], version: int) -> None:
    """A task for each point, one kill, one restart; then each has been taken back once."""
    wanted = [request(version + number) for number in range(len(points))]
    await trap.set(points, await stage.next_task())
    working = asyncio.gather(*map(stage.persist, wanted))
    await trap.sprung()
    await stage.bot.kill()
    working.cancel()
    with suppress(asyncio.CancelledError, AssertionError):
        await working
    await trap.clear()
    await stage.bot.start()
    for task in await asyncio.gather(*map(stage.persist, wanted)):
        await check(stage, task)


async def check(stage: Stage, task: int) -> None:
    """The first step was done and undone, the second refused; one card, one report, and the trail says each once."""
    ended = {"state": "compensated", "approvals": 1, "decisions": 1, "steps": ["undone", "failed"]}
    assert await stage.final(task) == ended
    effects = {key: call["effects"] for key, call in (await stage.calls(task)).items()}
    assert effects == {f"T-{task}:1": 1, f"T-{task}:1:undo": 1, f"T-{task}:2": 0}
    await stage.ops.card(task, "Failed, and undone")
    assert len(await stage.shown(f"report:{task}")) == 1
    trail = await stage.audited(task)
    assert trail[-3:] == ["step.ended", "step.undone", "task.ended"]
    assert len(trail) == len(set(trail)) + 2, "two steps were intended and ended, all else came once"


@pytest.mark.timeout(180)
async def test_kill_at_every_point_of_a_taking_back(cluster: Cluster, tmp_path: Path) -> None:
    async with set_stage(cluster, tmp_path) as stage, open_trap(stage.database_url) as trap:
        await stage.world("deploy", service="mobile-api", environment="staging", version="v1")
        await stage.world("faults", mode="error", times=0, service="mobile-api", environment="production")
        rehearsed = await stage.persist(request(200))
        await check(stage, rehearsed)
        journal = await read_journal(stage, rehearsed)
        failed = next(number for number, name in journal.items() if name == "receipt-2")
        points = points_in({number: name for number, name in journal.items() if number >= failed})
        assert len(points) >= 10, journal
        for number, batch in enumerate(batches(points), start=1):
            await kill_at(stage, trap, batch, 200 + 10 * number)
        await stage.settled()
        assert not await stage.repeated()
