"""kill -9 at every journalled point of an `/execute` with two steps and one approval: nothing lost, nothing doubled."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.postgres import Cluster
from tests.support.journal import batches, points_in, read_journal
from tests.support.stage import Stage, set_stage
from tests.support.trap import Point, Trap, open_trap
from tests.support.wait import until

LANES = 3
SERVICES = ("checkout", "payments", "search", "auth")
LATE_SECONDS = 60


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: a version that no other wish has."""

    service: str
    version: str

    @property
    def request(self) -> str:
        return f"deploy {self.service} {self.version} to staging, then to production"


def wishes(start: int) -> Iterator[Wish]:
    """One after the other, each for another service than the three before it."""
    for number in range(start, start + 1000):
        yield Wish(SERVICES[number % len(SERVICES)], f"v{number}")


def points_beside() -> list[Point]:
    """What stands in no journal: the acceptance, the start, the decision, the count of a call, messages, the end."""
    started = "NEW.workflow_uuid = 'T-{task}'"
    ended = f"{started} AND NEW.status = 'SUCCESS'"
    shown = "NEW.ts IS NOT NULL AND NEW.key = "
    counted = "NEW.task = {task} AND NEW.calls = 1 AND NEW.number = "
    return [
        Point("accept", "hold", "task"),
        Point("accept", "tell", "task"),
        Point("start", "hold", "dbos.workflow_status", started),
        Point("start", "tell", "dbos.workflow_status", started),
        Point("decision", "hold", "decision"),
        Point("decision", "tell", "decision"),
        *(
            Point(f"count {step}", kind, "step", counted + str(step))
            for step in (1, 2)
            for kind in ("hold", "tell")
        ),
        Point("card stands", "hold", "card", f"{shown} 'task:{{task}}'"),
        Point("report stands", "hold", "card", f"{shown} 'report:{{task}}'"),
        Point("end", "hold", "dbos.workflow_status", ended),
        Point("end", "tell", "dbos.workflow_status", ended),
    ]


async def kill_at(stage: Stage, trap: Trap, points: Sequence[Point], numbers: Iterator[Wish]) -> None:
    """A task for each point, one kill there, one restart; then everything is as if nothing had been."""
    wanted = [next(numbers) for _ in points]
    await trap.set(points, await stage.next_task())
    working = asyncio.gather(*(stage.persist(wish.request) for wish in wanted))
    await trap.sprung()
    await stage.bot.kill()
    await leave(working)
    await trap.clear()
    await stage.bot.start()
    await check(stage, wanted)


async def leave(working: asyncio.Future[Any]) -> None:
    """People whose bot has gone."""
    working.cancel()
    with suppress(asyncio.CancelledError, AssertionError):
        await working


async def kill_while_deployer_works(stage: Stage, environment: str, wish: Wish) -> None:
    """The deployer has done it and not answered yet."""
    await stage.world("faults", mode="late", times=1, delay_s=LATE_SECONDS, environment=environment)
    working = asyncio.gather(stage.persist(wish.request))
    await until(lambda: has_version(stage, wish, environment), "the deployer has done it")
    await stage.bot.kill()
    await leave(working)
    await stage.bot.start()
    await check(stage, [wish])
    task = await stage.find(wish.request)
    assert task is not None
    key = f"T-{task}:{1 if environment == 'staging' else 2}"
    assert (await stage.calls(task))[key]["requests"] == 2, "it was asked again with the same key"


async def kill_after_ack(stage: Stage, wish: Wish) -> None:
    """The click was acknowledged a moment ago: it is not made again."""
    await stage.hand.command(f"/execute {wish.request}")
    task = await until(lambda: stage.find(wish.request), "the task is taken")
    await until(lambda: stage.approve(task), "the click is acknowledged")
    await stage.bot.kill()
    assert (await stage.final(task))["decisions"] == 1
    await stage.bot.start()
    await check(stage, [wish])


async def has_version(stage: Stage, wish: Wish, environment: str) -> bool:
    return await stage.ops.version(wish.service, environment) == wish.version


async def check(stage: Stage, wanted: Sequence[Wish]) -> None:
    """All is done in the end, for those who go on asking for it: nothing lost, nothing doubled."""
    tasks = await asyncio.gather(*(stage.persist(wish.request) for wish in wanted))
    for task, wish in zip(tasks, wanted, strict=True):
        await check_one(stage, task, wish)


async def check_one(stage: Stage, task: int, wish: Wish) -> None:
    """One card, one report, each effect once, one decision, one task, done; and so says the audit trail."""
    await stage.ops.card(task, "Done")
    assert len(await stage.shown(f"report:{task}")) == 1
    effects = {key: call["effects"] for key, call in (await stage.calls(task)).items()}
    assert effects == {f"T-{task}:1": 1, f"T-{task}:2": 1}
    assert await has_version(stage, wish, "staging")
    assert await has_version(stage, wish, "production")
    ended = {"state": "done", "approvals": 1, "decisions": 1, "steps": ["done", "done"]}
    assert await stage.final(task) == ended
    assert await stage.audited(task) == [
        *("task.submitted", "task.started", "task.planned", "approval.requested", "approval.approved"),
        *("step.intended", "step.ended", "step.intended", "step.ended", "task.ended"),
    ]


async def play(stage: Stage, scenes: Sequence[list[Point] | str], numbers: Iterator[Wish]) -> list[str]:
    """Kill in one scene after the other; what went wrong where."""
    wrong = []
    async with open_trap(stage.database_url) as trap:
        for scene in scenes:
            try:
                if isinstance(scene, list):
                    await kill_at(stage, trap, scene, numbers)
                elif scene == "acknowledged":
                    await kill_after_ack(stage, next(numbers))
                else:
                    await kill_while_deployer_works(stage, scene, next(numbers))
            except (AssertionError, TimeoutError) as error:
                name = scene if isinstance(scene, str) else ", ".join(map(str, scene))
                wrong.append(f"{name}: {error!r} (see {stage.bot.log})")
                break
    if not wrong:
        await stage.settled()
        wrong = [f"stands twice: {key}" for key in await stage.repeated()]
    return wrong


@pytest.mark.timeout(300)
async def test_kill_at_every_point_of_two_steps_and_an_approval(cluster: Cluster, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        stages = await asyncio.gather(
            *(stack.enter_async_context(set_stage(cluster, tmp_path / str(lane))) for lane in range(LANES))
        )
        lines = [wishes(1000 * (lane + 1)) for lane in range(LANES)]
        rehearsed = [
            await stage.persist(next(line).request) for stage, line in zip(stages, lines, strict=True)
        ]
        journal = await read_journal(stages[0], rehearsed[0])
        assert {"plan-0", "call-1", "call-2", "settle", "report", "DBOS.recv"} <= set(journal.values())
        scenes: list[list[Point] | str] = [
            *([point] for point in points_beside()),
            *("acknowledged", "staging", "production"),
            *batches(points_in(journal)),
        ]
        played = await asyncio.gather(
            *(
                play(stage, scenes[lane::LANES], line)
                for lane, (stage, line) in enumerate(zip(stages, lines, strict=True))
            )
        )
    wrong = [each for lane in played for each in lane]
    assert not wrong, "\n".join(wrong)
