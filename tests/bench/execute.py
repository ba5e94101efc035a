"""The bench of `/execute`: how soon a card stands and a click takes effect while 200 tasks wait, and how soon all goes
on after the bot or Postgres was killed.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from bot.postgres import Cluster
from sandbox.hand.gesture import Gesture, HandError
from sandbox.hand.house import channel
from sandbox.hand.press import click
from sandbox.hand.talk import command
from sandbox.interaction import InteractionError
from sandbox.server import Sandbox, serve
from tests.bench.load import saturating
from tests.bench.watch import Watch, watching
from tests.support.process import BotProcess
from tests.support.store import fresh_database

WAITING = 200
CHANNELS = 10
PER_SECOND = 5.0
WOKEN = 10
PATIENCE_SECONDS = 120.0
PRESS_SECONDS = 3.0
TARGETS = {
    "card_p99_ms": "< 400",
    "click_to_step_p99_ms": "< 250",
    "recovery_seconds": "< 10",
    "wake_up_seconds": "< 10",
}


class House:
    """A sandbox with ten channels, the bot in them, and what is seen there."""

    def __init__(self, sandbox: Sandbox, bot: BotProcess, watch: Watch) -> None:
        self.sandbox, self.bot, self.watch = sandbox, bot, watch
        self.channels: list[str] = []

    async def make_channels(self) -> None:
        members = ["U0DEV", "U0LEAD", "U0QUARTERDECK"]
        for number in range(CHANNELS):
            made = await channel(self._gesture(name=f"bench-{number}", members=members))
            self.channels.append(made["id"])

    async def execute(self, number: int) -> int:
        """Ask for a roll-back; returns the task's number."""
        words = {"command": "/execute", "text": f"roll back checkout to v{number}"}
        place = self.channels[number % CHANNELS]
        answer = await command(self._gesture(user="U0DEV", channel=place, **words))
        return int(answer["response"]["text"].split()[0].removeprefix("T-"))

    async def approve(self, task: int) -> None:
        """Click as the tech lead. What Slack cannot deliver is told as HandError or InteractionError."""
        card = self.watch.sights[task][-1]
        where = {"channel": card.channel, "ts": card.ts}
        await click(self._gesture(user="U0LEAD", action_id="approval.approve", **where))

    def _gesture(self, **body: Any) -> Gesture:
        return Gesture(self.sandbox.desk, body)


async def measure_execute(cluster: Cluster, folder: Path, seconds: float) -> dict[str, Any]:
    """All of it, on a sandbox and a database of its own. Cards and clicks come for three times `seconds`."""
    async with serve(0) as sandbox, fresh_database(cluster) as url, watching(sandbox) as watch:
        sandbox.desk.limits.set_scale(0)
        bot = BotProcess(sandbox.url, url, folder / "execute.log", **_quiet())
        await bot.start()
        house = House(sandbox, bot, watch)
        try:
            await house.make_channels()
            parked = await park(house, WAITING)
            found = await measure_rate(house, 3 * seconds)
            found |= await measure_recovery(house, parked)
            found |= await measure_wake_up(house, cluster, parked)
        except TimeoutError:
            sys.stderr.write(bot.read_log()[-5_000:])
            raise
        finally:
            await bot.kill()
    return {**found, **await measure_acceptance(cluster, folder, seconds)}


def _quiet() -> dict[str, str]:
    return {"QD_SLACK_CHANNEL_INTERVAL_SECONDS": "0", "QD_LOG_LEVEL": "WARNING"}


async def park(house: House, count: int) -> list[int]:
    """Tasks that wait for an approval; returns when all their cards show the buttons."""
    tasks = []
    for begin in range(0, count, CHANNELS):
        asked = (house.execute(number) for number in range(begin, begin + CHANNELS))
        tasks += await asyncio.gather(*asked)
    await house.watch.until(
        lambda: all(house.watch.waits(task) for task in tasks), "all wait", PATIENCE_SECONDS
    )
    return tasks


async def at_rate(count: int, act: Callable[[int], Awaitable[Any]]) -> list[tuple[float, Any]]:
    """Act at a fixed rate, however long each takes: when each began (`time.time()`), and its result."""
    began = time.perf_counter()

    async def one(number: int) -> tuple[float, Any]:
        started = time.time()
        return started, await act(number)

    acting = []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
        acting.append(asyncio.create_task(one(number)))
    return list(await asyncio.gather(*acting))


async def measure_rate(house: House, seconds: float) -> dict[str, Any]:
    """Cards, then clicks, five a second over ten channels, while the parked tasks wait."""
    watch, count = house.watch, max(CHANNELS, int(PER_SECOND * seconds))
    spent = [cpu_seconds(house)]
    asked = await at_rate(count, house.execute)
    await watch.until(lambda: all(watch.waits(task) for _, task in asked), "all wait", PATIENCE_SECONDS)
    cards = [watch.sights[task][0].at - began for began, task in asked]
    buttons = [_seen(watch, task, "Waits for approval") - began for began, task in asked]

    spent.append(cpu_seconds(house))
    clicked = await at_rate(count, lambda number: press(house, asked[number][1]))
    tasks = [task for _, task in asked]
    await watch.until(
        lambda: all(watch.first(task, "Done") for task in tasks), "all are done", PATIENCE_SECONDS
    )
    spent.append(cpu_seconds(house))
    calls = watch.calls()
    pairs = [(began, task) for (began, _), task in zip(clicked, tasks, strict=True)]
    return {
        **_quantiles("card", cards),
        **_quantiles("card_with_buttons", buttons),
        **_quantiles("click_to_step", [calls[task] - began for began, task in pairs]),
        **_quantiles("click_to_done_card", [_seen(watch, task, "Done") - began for began, task in pairs]),
        "cpu_ms_per_execute": round(1000 * (spent[1] - spent[0]) / count, 1),
        "cpu_ms_per_click": round(1000 * (spent[2] - spent[1]) / count, 1),
        "clicks_repeated": sum(clicks - 1 for _, clicks in clicked),
        "samples": count,
        "waiting": WAITING,
    }


def cpu_seconds(house: House) -> float:
    """What the bot's process has spent so far, which a busy machine hardly changes."""
    times = psutil.Process(house.bot.pid).cpu_times()
    return float(times.user + times.system)


def _seen(watch: Watch, task: int, state: str) -> float:
    sight = watch.first(task, state)
    assert sight is not None
    return sight.at


def _quantiles(name: str, seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {f"{name}_p50_ms": at(0.5), f"{name}_p99_ms": at(0.99)}


async def measure_recovery(house: House, parked: list[int]) -> dict[str, float]:
    """kill -9 with 200 waiting; from the next start to ready, and until a click on a card from before takes effect."""
    await house.bot.kill()
    began = time.time()
    await house.bot.start()
    ready = time.time() - began
    await _is_running(house)
    task = parked.pop(0)
    await press(house, task)
    await house.watch.until(lambda: task in house.watch.calls(), "the step is made", PATIENCE_SECONDS)
    return {
        "recovery_ready_seconds": round(ready, 2),
        "recovery_seconds": round(house.watch.calls()[task] - began, 2),
    }


async def _is_running(house: House) -> None:
    """Until everything that was left behind has been taken up."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while '"engine": "running"' not in (await house.bot.get("/readyz"))[1]:  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.02)


async def measure_wake_up(house: House, cluster: Cluster, parked: list[int]) -> dict[str, float]:
    """kill -9 of Postgres; from its return until ten tasks that waited have been approved and go on."""
    kill_postgres(cluster)
    await cluster.revive(lambda _: None)
    back = time.time()
    tasks = [parked.pop(0) for _ in range(WOKEN)]
    await asyncio.gather(*(press(house, task) for task in tasks))
    await house.watch.until(lambda: house.watch.calls().keys() >= set(tasks), "all go on", PATIENCE_SECONDS)
    calls = house.watch.calls()
    return {"wake_up_seconds": round(max(calls[task] for task in tasks) - back, 2)}


async def press(house: House, task: int) -> int:
    """Click until the card moves on, as people do who are told that it could not be confirmed; returns how often."""
    clicks = 0
    while house.watch.waits(task):
        clicks += 1
        try:
            await house.approve(task)
        except (HandError, InteractionError):
            await asyncio.sleep(0.1)
            continue
        with suppress(TimeoutError):
            await house.watch.until(lambda: not house.watch.waits(task), "it moves on", PRESS_SECONDS)
    return clicks


def kill_postgres(cluster: Cluster) -> None:
    """kill -9 of the postmaster."""
    process = psutil.Process(int((cluster.home / "data" / "postmaster.pid").read_text().splitlines()[0]))
    os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([process], timeout=5)


async def measure_acceptance(cluster: Cluster, folder: Path, seconds: float) -> dict[str, float]:
    """Accepted `/execute` a second with 64 in flight."""
    async with serve(0) as sandbox, fresh_database(cluster) as url:
        sandbox.desk.limits.set_scale(0)
        bot = BotProcess(sandbox.url, url, folder / "accept.log", **_quiet())
        await bot.start()
        try:
            acks = await saturating(sandbox, 64, seconds)
        finally:
            await bot.kill()
    return {"execute_accepted_per_second": acks.summary()["per_second"], "execute_failed": acks.failed}
