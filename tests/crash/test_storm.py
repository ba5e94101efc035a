"""A hundred tasks in all states, three kills at random moments, 429s and a socket refresh: each reaches its end."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from blocks.task import describe_state
from bot.postgres import Cluster
from domain.execution import StepState
from domain.task import TaskState
from tests.support.hand import key_of, text_of
from tests.support.stage import Stage, set_stage
from tests.support.wait import until

CHANNELS = ("C0OPS", "C0ENG", "C0INCIDENTS")
KILLS = 3
SECONDS = 150
AT_ONCE = 6
PATIENCE_SECONDS = 4.0
"""After an apology, or nothing at all, a person does it again."""
TASKS = 100
WAITS, ASKS = TaskState.AWAITING_APPROVAL, TaskState.NEEDS_INPUT
DONE = frozenset({TaskState.DONE})
HAPPENED = frozenset({StepState.DONE, StepState.UNDONE})
STEPS = "SELECT 'T-' || task || ':' || number AS key, state FROM step"


@dataclass
class Story:
    """What somebody wants, and how it may end. `acts` says what people do about it in each state."""

    request: str
    channel: str
    ends: frozenset[TaskState]
    acts: dict[TaskState, str] = field(default_factory=dict)
    acted: dict[TaskState, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A task as it stands, with the message of its card."""

    number: int
    state: TaskState
    card: dict[str, Any] | None


def write_stories() -> list[Story]:
    """A hundred, of each kind as many: they take turns."""
    return [KINDS[n % len(KINDS)](n, CHANNELS[n // len(KINDS) % len(CHANNELS)]) for n in range(TASKS)]


def _quick(n: int, channel: str) -> Story:
    return Story(f"deploy checkout v{n} to staging", channel, DONE, {WAITS: "approve"})


def _patient(n: int, channel: str) -> Story:
    """It waits until all kills are over."""
    if n % 4 < 2:
        return Story(f"deploy search v{n}", channel, DONE, {WAITS: "approve later"})
    return Story(f"deploy search v{n}", channel, frozenset({TaskState.REJECTED}), {WAITS: "reject later"})


def _troubled(n: int, channel: str) -> Story:
    """Its deployer answers late or not at all, fails, loses answers; a kill may make a failure a doubt."""
    ends = DONE | {TaskState.FAILED, TaskState.IN_DOUBT}
    return Story(f"deploy auth v{n} to staging", channel, ends, {WAITS: "approve"})


def _unclear(n: int, channel: str) -> Story:
    """It does not say which service."""
    return Story(f"deploy v{n} to staging", channel, DONE, {ASKS: "answer", WAITS: "approve"})


def _cancelled(n: int, channel: str) -> Story:
    """Cancelled while it waits, or while it runs: then its last step may have been under way."""
    request, ends = f"deploy payments v{n} to staging, then to production", frozenset({TaskState.CANCELLED})
    if n % 4 < 2:
        return Story(request, channel, ends, {WAITS: "cancel"})
    return Story(request, channel, ends | DONE, {WAITS: "approve", TaskState.RUNNING: "cancel"})


def _failing(n: int, channel: str) -> Story:
    """Its second step fails, and its first is taken back."""
    request = f"deploy mobile-api v{n} to staging, then to production"
    return Story(request, channel, frozenset({TaskState.COMPENSATED}), {WAITS: "approve"})


KINDS = (_quick, _patient, _troubled, _unclear, _cancelled, _failing)


class Crowd:
    """Everybody who asks, decides, answers and cancels. What nothing came of is done again; what was said is not."""

    def __init__(self, stage: Stage, stories: list[Story]) -> None:
        self.stage = stage
        self.stories = stories
        self.calm = False
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def work(self) -> None:
        """Until every task has ended."""
        while True:
            seen = await self.look()
            left = [each for each in self.stories if not self._ended(seen.get(each.request))]
            if not left:
                return
            await asyncio.gather(*(self._tend(each, seen.get(each.request)) for each in left))
            await asyncio.sleep(0.25)

    async def look(self) -> dict[str, Seen]:
        """Every task by its request."""
        cards = {key_of(each): each for each in await self.stage.hand.cards()}
        rows = await self.stage.rows.fetch("SELECT number, request, state FROM task")
        assert len({row["request"] for row in rows}) == len(rows), "a request was taken twice"
        return {
            row["request"]: Seen(row["number"], TaskState(row["state"]), cards.get(f"task:{row['number']}"))
            for row in rows
        }

    @staticmethod
    def _ended(seen: Seen | None) -> bool:
        return seen is not None and seen.state.ended

    async def _tend(self, story: Story, seen: Seen | None) -> None:
        async with self._gate:
            if seen is None:
                await self._send(story)
                return
            act = story.acts.get(seen.state, "")
            last = story.acted.get(seen.state)
            waits = last is not None and (act == "answer" or time.monotonic() - last < PATIENCE_SECONDS)
            if not act or waits or (act.endswith("later") and not self.calm):
                return
            if await self._act(act, story, seen):
                story.acted[seen.state] = time.monotonic()

    async def _send(self, story: Story) -> None:
        """Type it; again in the next round if it is not there by then."""
        await self.stage.hand.command(f"/execute {story.request}", channel=story.channel)

    async def _act(self, act: str, story: Story, seen: Seen) -> bool:
        if act == "cancel":
            answer = await self.stage.hand.command(f"/cancel T-{seen.number}", channel=story.channel)
            return bool(answer["ok"])
        if seen.card is None:
            return False
        if act == "answer":
            await self.stage.hand.say("checkout", channel=story.channel, thread_ts=seen.card["ts"])
            return True
        action = "approval.reject" if act.startswith("reject") else "approval.approve"
        if action not in str(seen.card["blocks"]):
            return False
        clicked = await self.stage.hand(
            "click", user="U0LEAD", channel=story.channel, ts=seen.card["ts"], action_id=action
        )
        return bool(clicked["ok"]) and (action == "approval.approve" or await self._give_reason(seen.number))

    async def _give_reason(self, task: int) -> bool:
        """Fill in the form that the click has opened, if it is there."""
        found = await self.stage.rows.fetchval("SELECT number FROM approval WHERE task = $1", task)
        for view in (await self.stage.hand.state())["views"]:
            if f"A-{found}" in str(view["view"]):
                values = {"reason": {"reason": {"value": "not today"}}}
                answer = await self.stage.hand("submit", user="U0LEAD", view_id=view["id"], values=values)
                return bool(answer["ok"])
        return False


async def trouble(stage: Stage) -> None:
    """What the deployer does to some services, beside doing it."""
    for mode, times in (("late", 6), ("error", 3), ("lost", 3), ("hang", 2)):
        await stage.world("faults", mode=mode, times=times, delay_s=2, service="auth")
    await stage.world("faults", mode="late", times=0, delay_s=1, service="payments")
    await stage.world("faults", mode="error", times=0, service="mobile-api", environment="production")
    await stage.world("deploy", service="mobile-api", environment="staging", version="v1")


async def has_grown(stage: Stage, target: int) -> bool:
    """Whether the journal of all workflows is that long."""
    return bool(await stage.rows.fetchval("SELECT count(*) FROM dbos.operation_outputs") >= target)


async def shake(stage: Stage, crowd: Crowd, chance: random.Random) -> None:
    """Three kills, each at a random length of the journal, with 429s before and a refreshed socket after."""
    for kill in range(KILLS):
        target = 120 + 180 * kill + chance.randrange(150)
        await until(partial(has_grown, stage, target), f"{target} entries before kill {kill}", SECONDS, 0.005)
        for method in ("chat.postMessage", "chat.update"):
            await stage.hand("faults", rate_limit={"method": method, "retry_after": 1, "times": 5})
        await stage.bot.kill()
        await stage.bot.start()
        if kill == 1:
            await stage.hand("faults", refresh=True)
    crowd.calm = True


@pytest.mark.timeout(SECONDS + 60)
async def test_hundred_tasks_reach_their_end(cluster: Cluster, tmp_path: Path) -> None:
    chance = random.Random()
    seed = chance.randrange(1_000_000)
    chance.seed(seed)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure
    async with set_stage(cluster, tmp_path) as stage:
        crowd = Crowd(stage, write_stories())
        await trouble(stage)
        shaking = asyncio.create_task(shake(stage, crowd, chance))
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                await crowd.work()
                await shaking
        shaking.cancel()
        await check(stage, crowd)


async def check(stage: Stage, crowd: Crowd) -> None:
    """Every task has ended as it may, its card says so, and nothing stands or was done twice."""
    seen = await crowd.look()
    assert set(seen) == {each.request for each in crowd.stories}
    wrong = [
        f"{each.request}: {seen[each.request].state}"
        for each in crowd.stories
        if seen[each.request].state not in each.ends
    ]
    assert not wrong, wrong
    await stage.settled()
    assert not await stage.repeated()
    seen = await crowd.look()
    for task in seen.values():
        assert task.card is not None
        assert describe_state(task.state) in text_of(task.card)
    await check_effects(stage)
    many = "SELECT approval FROM decision GROUP BY approval HAVING count(*) > 1"
    assert not await stage.rows.fetch(many), "one decision each"
    print(Counter(task.state.value for task in seen.values()))  # noqa: T201 - shown with a failure


async def check_effects(stage: Stage) -> None:
    """What a receipt calls done has happened once; what failed or was never begun has not."""
    calls = {each["idempotency_key"]: each["effects"] for each in (await stage.ops.world())["calls"]}
    assert set(calls.values()) <= {0, 1}
    steps = {row["key"]: StepState(row["state"]) for row in await stage.rows.fetch(STEPS)}
    known = {key: state for key, state in steps.items() if state is not StepState.IN_DOUBT}
    wrong = {key: state for key, state in known.items() if calls.get(key, 0) != (state in HAPPENED)}
    assert not wrong, wrong
    undone = {key for key, state in steps.items() if state is StepState.UNDONE}
    assert {f"{key}:undo" for key in undone} == {key for key in calls if key.endswith(":undo")}
